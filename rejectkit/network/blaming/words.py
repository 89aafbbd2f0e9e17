"""Why a flow was refused, in sentences: one for each distinct reason, not for each record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from rejectkit.exploring.words import listing, moment
from rejectkit.network.blaming.cases import Case
from rejectkit.network.model import IMPLICIT, AclEntry, Interface, Network
from rejectkit.plans import printable

ABSENT = "absent"
"""The rule of a refusal by security groups: they have none that admits the flow."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one sentence is about.

    Attributes
    ----------
    case : Case
    interface : Interface or None
    entry : (str, AclEntry or None), optional
        The ACL's entry that refuses, with the ACL's id; an entry of None is the implicit deny.
    egress, six : bool
        Whether it left; whether it is IPv6.
    both : bool
        Whether the other layer refuses it too.
    sure : bool
        Whether the direction is.
    newer : bool
        Whether the record is newer than the rules.
    shaken : bool
        Whether accepted flows show that the rules were others.
    """

    case: Case
    interface: Interface | None = None
    entry: tuple[str, AclEntry | None] | None = None
    egress: bool = False
    six: bool = False
    both: bool = False
    sure: bool = True
    newer: bool = False
    shaken: bool = False

    @property
    def resource(self) -> str | None:
        """Ids of the groups or of the ACL that refused it."""
        if self.case.family == "GROUP" and self.interface:
            return " ".join(sorted(self.interface.groups)) or None
        return self.entry[0] if self.case.family in ("ACL", "REPLY") and self.entry else None

    @property
    def rule(self) -> str | None:
        """Number of the ACL's rule; `absent` of groups."""
        if self.case.family == "GROUP":
            return ABSENT
        return str(number(self)) if self.case.family in ("ACL", "REPLY") and self.entry else None

    @property
    def also(self) -> str | None:
        """The layer that refuses it too."""
        if not self.both:
            return None
        return (Case.GROUP_FIRST if self.case.family == "ACL" else Case.ACL_FIRST).layer(self.egress)


def read_at(network: Network) -> float | None:
    """Return when a network was read, in seconds since the epoch; without a time zone it is taken as UTC."""
    at = network.at
    return None if at is None else (at.replace(tzinfo=UTC) if at.tzinfo is None else at).timestamp()


def number(reason: Reason) -> int:
    """Return the number of the entry that refuses."""
    entry = reason.entry[1] if reason.entry else None
    return entry.number if entry else IMPLICIT[6 if reason.six else 4]


class Writer:
    """Puts reasons into words; what it has said of an interface's groups it remembers."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._groups: dict[tuple[str, ...], str] = {}

    def sentence(self, reason: Reason) -> str:
        """Return a reason in words."""
        told = _SENTENCES[reason.case](_Words(self, reason))
        if not reason.sure and reason.case.family not in ("TELL", "NONE", "BPA", "ENCRYPTION"):
            told += f" That it went {_way(reason.egress)} is told by its addresses only."
        if reason.shaken:
            told += (
                " But flows that these rules would refuse were accepted in the time of the records: they have changed."
            )
        return told

    def groups(self, ids: tuple[str, ...]) -> str:
        """Return security groups by name and id."""
        if ids not in self._groups:
            known = self.network.group_of
            names = [_named(name, known[name].name if name in known else "") for name in sorted(ids)]
            self._groups[ids] = f"security group{'s' if len(names) > 1 else ''} {listing(names, 4)}"
        return self._groups[ids]


class _Words:
    """The parts of a sentence."""

    def __init__(self, writer: Writer, reason: Reason) -> None:
        self.writer, self.network, self.reason = writer, writer.network, reason

    @property
    def way(self) -> str:
        return _way(self.reason.egress)

    @property
    def when(self) -> str:
        at = read_at(self.network)
        return "The rules of the snapshot" if at is None else f"The rules of {moment(at)}"

    @property
    def since(self) -> str:
        """Say that the rules are not of the time of the record."""
        at = read_at(self.network)
        if at is None:
            return " These are the snapshot's rules; the record is of another time."
        return f" These are the rules of {moment(at)}; the record is {'newer' if self.reason.newer else 'older'}."

    @property
    def groups(self) -> str:
        return self.writer.groups(self.reason.interface.groups if self.reason.interface else ())

    @property
    def acl(self) -> str:
        name = self.reason.entry[0] if self.reason.entry else ""
        return f"network ACL {_named(name, self.network.acl_of[name].name)}" if name else "its network ACL"

    @property
    def denies(self) -> str:
        """Say which entry of the ACL refuses."""
        entry = self.reason.entry[1] if self.reason.entry else None
        if entry:
            return f"In {self.acl}, {entry}."
        return f"No {self.way} rule of {self.acl} fits before its last one, {number(self.reason)}, which denies all."

    @property
    def lacks(self) -> str:
        """Say that the groups admit it not."""
        either = "Neither of its" if self.reason.interface and len(self.reason.interface.groups) == 2 else "None of its"
        if self.reason.interface and len(self.reason.interface.groups) > 1:
            return f"{either} {self.groups} has an {self.way} rule that admits it."
        return f"No {self.way} rule of {self.groups} admits it."

    @property
    def too(self) -> str:
        """Say that the other layer refuses it too."""
        if not self.reason.both:
            return ""
        if self.reason.case.family == "ACL":
            first = " The network ACL comes first on the way in." if not self.reason.egress else ""
            return f" No rule of {self.groups} admits it either.{first}"
        first = " The group comes first on the way out." if self.reason.egress else ""
        return f" Rule {number(self.reason)} of {self.acl} would refuse it too.{first}"

    @property
    def name(self) -> str:
        one = self.reason.interface
        return _named(one.id, one.name) if one else "the interface"


def _way(egress: bool) -> str:
    return "outbound" if egress else "inbound"


def _named(name: str, title: str) -> str:
    return f"{printable(title)} ({name})" if title and title != name else name


_NOT_TRACKED = "A network ACL does not remember what it let pass, so replies need a rule of their own."
_CHANGED = "The same was accepted shortly before, which these rules would not have: they have changed since."
_PING = "The record does not tell the type of ICMP; this is so for a ping."

_SENTENCES: dict[Case, Callable[[_Words], str]] = {
    Case.NONE: lambda w: "",
    Case.BPA: lambda w: (
        "VPC Block Public Access refused it: the record itself says so; no group and no ACL is to blame."
    ),
    Case.ENCRYPTION: lambda w: (
        "VPC encryption control refused it: the record itself says so; no group and no ACL is to blame."
    ),
    Case.LATE_SEEN: lambda w: (
        "A packet that came after its connection had closed: FIN or RST without SYN, and the records have the accepted "
        "flow of the same ends and ports before it. No rule is to blame."
    ),
    Case.LATE_LIKE: lambda w: (
        "Probably a packet that came after its connection had closed or been forgotten: the records have an accepted "
        "flow of the same ends and ports before it."
    ),
    Case.LATE_CHANGED: lambda w: (
        "Probably a packet that came after its connection had closed: FIN or RST without SYN, after an accepted flow "
        f"of the same ends and ports. The rules would refuse that flow today, so they have changed since.{w.since}"
    ),
    Case.LATE_ANSWER: lambda w: (
        "Probably a reply that came too late: the flow that it answers was accepted, and replies of known flows pass "
        f"the groups; the network ACL lets it pass.{w.since}"
    ),
    Case.LATE_FLAGS: lambda w: (
        "Probably a packet that came after its connection had closed or been forgotten: it has no SYN, so it begins "
        "none."
    ),
    Case.LATE_PORTS: lambda w: (
        "Probably a late reply: its ports are those of an answer, which the groups would let pass while the connection "
        f"is known, and the network ACL lets it pass.{w.since}"
    ),
    Case.REPLY_SEEN: lambda w: f"A reply to a flow that was accepted. {_NOT_TRACKED} {w.denies}{w.since}",
    Case.REPLY_PING: lambda w: (
        f"Probably the reply to a ping that was accepted. {_NOT_TRACKED} {w.denies} {_PING}{w.since}"
    ),
    Case.REPLY_CHANGED: lambda w: f"A reply to a flow that was accepted. {w.denies} {_CHANGED}{w.since}",
    Case.REPLY_LIKE: lambda w: (
        f"Probably a reply: a flow with its ends exchanged was accepted. {_NOT_TRACKED} {w.denies}{w.since}"
    ),
    Case.REPLY_FLAGS: lambda w: (
        "Probably a reply, for it has SYN-ACK; the question is not among the records. "
        f"{_NOT_TRACKED} {w.denies}{w.since}"
    ),
    Case.REPLY_PORTS: lambda w: (
        "Probably a reply, by its ports and because the question would pass; that is not among the records. "
        f"{_NOT_TRACKED} {w.denies}{w.since}"
    ),
    Case.REPLY_ECHO: lambda w: (
        "Probably the reply to a ping, for the rules let pings come in; the ping is not among the records. "
        f"{_NOT_TRACKED} {w.denies}{w.since}"
    ),
    Case.ACL_FIRST: lambda w: f"{w.denies}{w.too}{w.since}",
    Case.ACL_PING: lambda w: f"{w.denies} {_PING}{w.too}{w.since}",
    Case.ACL_STRAY: lambda w: (
        f"{w.denies} The packet begins no connection; it may be a stray or a reply.{w.too}{w.since}"
    ),
    Case.ACL_PORTS: lambda w: (
        f"{w.denies} By its ports it may be a reply, but to nothing in the records.{w.too}{w.since}"
    ),
    Case.ACL_CHANGED: lambda w: f"{w.denies} {_CHANGED}{w.too}{w.since}",
    Case.ACL_GROUP: lambda w: f"{w.denies} Whether its groups would admit it is not known.{w.since}",
    Case.GROUP_FIRST: lambda w: f"{w.lacks}{w.too}{w.since}",
    Case.GROUP_PING: lambda w: f"{w.lacks} {_PING}{w.too}{w.since}",
    Case.GROUP_UNASKED: lambda w: (
        f"An answer (SYN-ACK) to nothing that was asked in the records, so it counts as new. {w.lacks}{w.since}"
    ),
    Case.GROUP_STRAY: lambda w: (
        f"{w.lacks} The packet begins no connection, and the records have none that it belongs to.{w.too}{w.since}"
    ),
    Case.GROUP_PORTS: lambda w: (
        f"{w.lacks} By its ports it may be a late answer, but to nothing in the records.{w.too}{w.since}"
    ),
    Case.GROUP_CHANGED: lambda w: f"{w.lacks} {_CHANGED}{w.too}{w.since}",
    Case.GROUP_OTHER: lambda w: (
        f"{w.lacks} Rule {number(w.reason)} of {w.acl} refuses it today too, and comes first on the way in; but flows "
        f"that it would refuse were accepted later than this one, so it was probably not there.{w.since}"
    ),
    Case.GROUP_ACL: lambda w: f"{w.lacks} What its network ACL says is not known.{w.since}",
    Case.GROUP_REST: lambda w: (
        f"No rule of {w.groups} is known to admit it, and the network ACL lets it pass. A rule names a group, a prefix "
        f"list or a type of ICMP of which not all is known.{w.since}"
    ),
    Case.TELL_EXEMPT: lambda w: (
        "Neither security groups nor network ACLs can refuse this traffic (Amazon DNS, DHCP, metadata, time, Windows "
        "licences, the subnet's router), so no rule did: it probably came late."
    ),
    Case.TELL_ALLOWED: lambda w: (
        f"{w.when} would let it pass: they have changed since, or the packet came late, after its connection had "
        f"closed. The record does not tell which.{_without_groups(w)}"
    ),
    Case.TELL_ANSWER: lambda w: (
        f"A reply, and {w.when[0].lower()}{w.when[1:]} would let it pass: they have changed since, or it came late, "
        "after its connection had closed. The record does not tell which."
    ),
    Case.TELL_PING: lambda w: (
        f"{w.when} would let a ping pass and not every other kind of ICMP, and the record does not tell the kind: it "
        "was another, or they have changed since."
    ),
    Case.TELL_NEWER: lambda w: (
        f"{w.when} refuse it, but its like was accepted afterwards, so they are newer than that. What refused this one "
        "is not known."
    ),
    Case.TELL_DIRECTION: lambda w: "Which way it went cannot be told: neither end is known to be the interface's own.",
    Case.TELL_INTERFACE: lambda w: (
        "Its network interface is not in the network snapshot, so its groups and its subnet are not known."
    ),
    Case.TELL_RULES: lambda w: (
        f"What {w.name} or its subnet lets pass is not known in full: the snapshot lacks its network ACL, its subnet, "
        "or what a rule names."
    ),
    Case.TELL_ADDRESS: lambda w: "The record has no addresses to judge.",
}


def _without_groups(words: _Words) -> str:
    one = words.reason.interface
    if one is None or one.groups:
        return ""
    kind = "" if one.kind == "interface" else f", a {one.kind.replace('_', ' ')},"
    return f" {words.name}{kind} has no security group."
