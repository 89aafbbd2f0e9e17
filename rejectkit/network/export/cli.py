"""The AWS CLI lines of edits, for a POSIX shell."""

from __future__ import annotations

import re
from typing import Any

from rejectkit.network.changing.calls import call_of, described, tags_of
from rejectkit.network.changing.steps import named
from rejectkit.network.changing.targets import Target, flattened, targets_of
from rejectkit.network.changing.undofile import change_id
from rejectkit.network.model import GroupRule, Network
from rejectkit.plans import printable
from rejectkit.plans.quoting import command


def cli(edits: Any, network: Network | None = None) -> str:
    r"""Return the AWS CLI lines that do what edits say, in the order of `plan`.

    Region, account and credentials are those of the CLI's environment. Rules that are made have a description and the
    tag `rejectkit:change`, as those of `plan` have.

    Parameters
    ----------
    edits : edit, suggestion, or iterable of them
        What is wanted.
    network : Network, optional
        What it is done to: the lines then have the names of groups and ACLs.

    Returns
    -------
    str
        A script for a POSIX shell. It stops at the first line that AWS refuses.

    Raises
    ------
    ArgumentError
        If an edit cannot be, or edits do not fit each other, or the network.

    Notes
    -----
    There is no undo file, and no dry run: `plan` does more. A script cannot be run twice: a rule that is there already
    is refused. Source: AWS CLI reference.

    Examples
    --------
    >>> from rejectkit.network.edits import RemoveEntry
    >>> from rejectkit.network.model import AclEntry
    >>> print(cli(RemoveEntry("acl-0a1b", AclEntry(90, False, False, 6, "10.0.0.0/8", 22, 22))).rstrip())
    #!/bin/sh
    set -eu
    <BLANKLINE>
    # acl-0a1b: take out inbound rule 90 denies tcp 22 from 10.0.0.0/8
    aws ec2 delete-network-acl-entry \
      --network-acl-id acl-0a1b \
      --rule-number 90 \
      --ingress
    """
    targets, place = targets_of(edits), network or Network()
    if network is not None:
        network.changed(*flattened(edits))
    change = change_id(targets, place.account, place.region)
    return "\n\n".join(["#!/bin/sh\nset -eu", *(_lines(one, change, place) for one in targets)]) + "\n"


def _lines(target: Target, change: str, network: Network) -> str:
    wanted = target.after
    rule = wanted if isinstance(wanted, GroupRule) else None
    told = (described(rule), tags_of(rule, change, {})) if rule else ("", ())
    call = call_of(target, target.before, *told)
    params = dict(call.params)
    side = () if target.is_rule else ("--egress" if params.pop("Egress") else "--ingress",)
    line = command("ec2", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", call.operation).lower(), params, *side)
    return f"# {printable(named(network, target.resource))}: {_words(target)}\n{line}"


def _words(target: Target) -> str:
    if target.before is None:
        return f"put in {target.after}"
    if target.after is None:
        return f"take out {target.before}"
    return f"put {target.after} in the place of {target.before}"
