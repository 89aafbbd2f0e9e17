"""Rules in their normal spelling, as the service tells them; what no rule can have is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.network.protocols import ALL, ICMP, ICMP6, PORTED
from rejectkit.network.rulevalues import IMPLICIT, AclEntry, GroupRule
from rejectkit.network.snapshots.place import network as cidr_of

HIGHEST: Final = 65535
ID: Final = re.compile(r"(?:sg|pl|acl)-[\w.-]+", re.ASCII)
"""What an id may be: there is nothing in it that a script or template would read otherwise."""
_ACCOUNT: Final = re.compile(r"[\w-]*", re.ASCII)

Thing = GroupRule | AclEntry


def normal(thing: Any) -> Any:
    """Return a rule or an entry as the service tells it: no host bits, every port as 0 to 65535, no idle ports.

    Raises
    ------
    ArgumentError
        If protocol, ports, number or other end cannot be.

    Examples
    --------
    >>> print(normal(GroupRule("sg-0a1b", False, 6, -1, -1, "10.0.3.7/16")))
    inbound tcp 0-65535 from 10.0.0.0/16
    """
    if not ALL <= thing.protocol <= 255:
        raise ArgumentError(f"the protocol of {thing} is {thing.protocol}; give 0 to 255, or -1 for every one")
    low, high = _ports(thing)
    if isinstance(thing, GroupRule):
        if thing.protocol in (ICMP, ICMP6):
            low, high = _icmp(thing, thing.from_port, thing.to_port)
        return replace(thing, from_port=low, to_port=high, peer=_peer(thing))
    if not 1 <= thing.number < IMPLICIT[4]:
        raise ArgumentError(f"rule number {thing.number} cannot be: a network ACL has 1 to {IMPLICIT[4] - 1}")
    kind, code = _icmp(thing, thing.icmp_type, thing.icmp_code) if thing.protocol in (ICMP, ICMP6) else (ALL, ALL)
    cidr = _cidr(thing, thing.cidr)
    return replace(thing, from_port=low, to_port=high, icmp_type=kind, icmp_code=code, cidr=cidr)


def _ports(thing: Thing) -> tuple[int, int]:
    low, high = thing.from_port, thing.to_port
    if thing.protocol not in PORTED:
        return ALL, ALL
    if low == high == ALL:
        return 0, HIGHEST
    if not 0 <= low <= high <= HIGHEST:
        raise ArgumentError(f"the ports of {thing} are {low} to {high}; give 0 to {HIGHEST}, upwards, or -1 twice")
    return low, high


def _icmp(thing: Thing, kind: int, code: int) -> tuple[int, int]:
    if not (ALL <= kind <= 255 and ALL <= code <= 255):
        raise ArgumentError(f"type and code of {thing} are {kind} and {code}; give 0 to 255, or -1 for every one")
    return kind, ALL if kind == ALL else code


def _peer(rule: GroupRule) -> str:
    if not rule.peer.startswith(("sg-", "pl-")):
        return _cidr(rule, rule.peer)
    if not ID.fullmatch(rule.peer):
        raise ArgumentError(f"a rule of {rule.group} names the group or prefix list {rule.peer!r}, which is no id")
    if not _ACCOUNT.fullmatch(rule.peer_owner):
        raise ArgumentError(f"a rule of {rule.group} names the account {rule.peer_owner!r}, which is no id")
    return rule.peer


def _cidr(thing: Thing, text: str) -> str:
    try:
        return str(cidr_of(text))
    except ValueError:
        raise ArgumentError(
            f"the other end of {thing} is {text!r}; give a CIDR"
            + (", or the id of a group or prefix list" if isinstance(thing, GroupRule) else "")
        ) from None
