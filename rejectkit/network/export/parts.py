"""What the exports of edits share: what only adds, and names for what is added."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.network.changing.targets import Target, targets_of
from rejectkit.network.model import ALL, GroupRule, protocol_name


def additions(edits: Any, language: str) -> tuple[Target, ...]:
    """Return what edits add.

    Raises
    ------
    ArgumentError
        If one takes something away or replaces it: a template says what is to be there, and what it did not make it
        can neither take away nor change.
    """
    targets = targets_of(edits)
    others = [one for one in targets if one.before is not None]
    if others:
        told = ", ".join(f"'{one.before}' of {one.resource}" for one in others[:3])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ArgumentError(
            f"{language} cannot take away or replace what it did not make: {told}{more}; take `cli` or `plan` for "
            "these edits, or remove them from where they are written"
        )
    return targets


def words_of(target: Target) -> tuple[str, ...]:
    """Return words that name what is added, the last of them so that no two of a kind share all.

    The same addition has the same words every time, whatever else is added beside it.

    Examples
    --------
    >>> from rejectkit.network.edits import AddRule
    >>> words_of(targets_of(AddRule(GroupRule("sg-0a1b", False, 6, 5432, 5432, "sg-0c2d")))[0])
    ('inbound', 'tcp', '5432', 'e91be0fd')
    """
    thing = target.thing
    protocol = "all" if thing.protocol == ALL else protocol_name(thing.protocol)
    number = str(thing.from_port) if isinstance(thing, GroupRule) else str(thing.number)
    digest = hashlib.sha256(repr(target.key).encode()).hexdigest()[:8]
    parts: Iterable[str] = ("outbound" if thing.egress else "inbound", protocol, number.replace(str(ALL), ""), digest)
    return tuple(filter(None, parts))
