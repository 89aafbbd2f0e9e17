"""The rules: what a VPC lets pass, who refused a record, which rule to change, and what a change would do.

>>> from rejectkit.network import Network
>>> Network.from_json("data/network.json").groups[0].name
'batch'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rejectkit.network.advising.suggest import suggest
    from rejectkit.network.advising.suggestion import Admits, Suggestion
    from rejectkit.network.blaming.blame import blame
    from rejectkit.network.changing.plan import plan
    from rejectkit.network.changing.undo import undo
    from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveEntry, RemoveRule, ReplaceEntry
    from rejectkit.network.export.cli import cli
    from rejectkit.network.export.template import template
    from rejectkit.network.export.terraform import terraform
    from rejectkit.network.model import (
        AclEntry,
        GroupRule,
        Interface,
        Network,
        NetworkAcl,
        PrefixList,
        SecurityGroup,
        Subnet,
        Vpc,
    )
    from rejectkit.network.packets import Packet
    from rejectkit.network.replaying.surprises import surprises
    from rejectkit.network.replaying.what_if import what_if
    from rejectkit.network.snapshots.diffs import difference
    from rejectkit.network.usage.usage import overwide, unused
    from rejectkit.network.verdicts import Verdict

__all__ = [
    "AclEntry",
    "AddEntry",
    "AddRule",
    "Admits",
    "Change",
    "GroupRule",
    "Interface",
    "Network",
    "NetworkAcl",
    "Packet",
    "PrefixList",
    "RemoveEntry",
    "RemoveRule",
    "ReplaceEntry",
    "SecurityGroup",
    "Subnet",
    "Suggestion",
    "Verdict",
    "Vpc",
    "blame",
    "cli",
    "difference",
    "overwide",
    "plan",
    "suggest",
    "surprises",
    "template",
    "terraform",
    "undo",
    "unused",
    "what_if",
]

# A name is found in its home on first use.
_HOMES = {
    "AclEntry": "model",
    "AddEntry": "edits",
    "AddRule": "edits",
    "Admits": "advising.suggestion",
    "Change": "edits",
    "GroupRule": "model",
    "Interface": "model",
    "Network": "model",
    "NetworkAcl": "model",
    "Packet": "packets",
    "PrefixList": "model",
    "RemoveEntry": "edits",
    "RemoveRule": "edits",
    "ReplaceEntry": "edits",
    "SecurityGroup": "model",
    "Subnet": "model",
    "Suggestion": "advising.suggestion",
    "Verdict": "verdicts",
    "Vpc": "model",
    "blame": "blaming.blame",
    "cli": "export.cli",
    "difference": "snapshots.diffs",
    "overwide": "usage.usage",
    "plan": "changing.plan",
    "suggest": "advising.suggest",
    "surprises": "replaying.surprises",
    "template": "export.template",
    "terraform": "export.terraform",
    "undo": "changing.undo",
    "unused": "usage.usage",
    "what_if": "replaying.what_if",
}


def __getattr__(name: str) -> Any:
    """Find a public name in its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rejectkit.network' has no name {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f"rejectkit.network.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
