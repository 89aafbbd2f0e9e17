"""Judgements in words: who decides, by which rule, and a sentence that says so."""

from __future__ import annotations

from typing import Final, NamedTuple

from rejectkit.network.judging.codes import NO_KIND, WHY
from rejectkit.network.judging.engine import NO, NOT_ASKED, OPEN, YES, Judgements
from rejectkit.network.model import ICMP, ICMP6, IMPLICIT, AclEntry, GroupRule, Network
from rejectkit.network.packets import UNKNOWN, Packets
from rejectkit.plans import printable

ABSENT: Final = "absent"
"""The `rule` of a refusal by security groups: none of their rules lets the packet pass."""
CANNOT_TELL: Final = "cannot-tell"

_KINDS: Final = {ICMP: "ICMP type", ICMP6: "ICMP type", UNKNOWN: "protocol"}


class Said(NamedTuple):
    """Layer, rule, resource and sentence of a verdict."""

    layer: str
    rule: str
    resource: str
    because: str


class Speaker:
    """Says of a packet, by its row, why it passes or is refused."""

    def __init__(self, network: Network, packets: Packets, judged: Judgements) -> None:
        self._network, self._packets, self._judged = network, packets, judged

    def say(self, row: int) -> Said:
        """Return what decides on a packet."""
        judged = self._judged
        if judged.exempt[row]:
            return Said("", "", "", "Neither security groups nor network ACLs filter this traffic.")
        if judged.allowed[row] == YES:
            return self._passes(row)
        if judged.allowed[row] == OPEN:
            return _said(CANNOT_TELL, "", "", f"whether it passes cannot be told: {self._why(row)}")
        return self._refused(row)

    def _passes(self, row: int) -> Said:
        judged, at = self._judged, int(self._judged.group_rule[row])
        rule = judged.group_rules[at] if at >= 0 else None
        if rule:
            first = f"{self._group(rule.group)} lets it pass: {rule}" + (f", {rule.id}" if rule.id else "")
        elif self._packets.reply[row]:
            first = "it is a reply, of which security groups are not asked"
        else:
            first = "its interface has no security group"
        acl, entry = self._entry(row)
        if judged.acl[row] == NOT_ASKED:
            second = "the other end is in the same subnet, so that no network ACL is asked"
        else:
            second = f"{self._acl(acl)} lets it pass: {entry}"
        return _said("", rule_name(rule) if rule else "", rule.group if rule else "", f"{first}; {second}")

    def _refused(self, row: int) -> Said:
        group, acl = int(self._judged.group[row]), int(self._judged.acl[row])
        if group != NO and acl != NO:
            which = f"which of them cannot be told, as its {self._kind(row)} is not known"
            words = f"its security groups or its network ACL refuse it, whichever kind it is; {which}"
            return _said(CANNOT_TELL, "", "", words)
        if group == NO and (acl != NO or self._packets.egress[row]):
            more = f"; {self._acl_refuses(row, ' too')}" if acl == NO else self._open("its network ACL", acl, row)
            return _said(f"sg-{self._way(row)}", ABSENT, " ".join(self._carried(row)), self._groups_refuse(row) + more)
        more = f"; {self._groups_refuse(row)} either" if group == NO else self._open("its security groups", group, row)
        reply = bool(self._packets.reply[row])
        words = ("it is a reply; " if reply else "") + self._acl_refuses(row) + more
        layer = "nacl-reply" if reply else f"nacl-{self._way(row)}"
        return _said(layer, self._number(row), self._entry(row)[0], words)

    def _groups_refuse(self, row: int) -> str:
        names = [self._group(name) for name in self._carried(row)]
        whose = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        return f"{whose} {'have' if len(names) > 1 else 'has'} no {self._way(row)}bound rule that lets it pass"

    def _acl_refuses(self, row: int, too: str = "") -> str:
        acl, entry = self._entry(row)
        last = f"no {self._way(row)}bound rule before its last, {self._number(row)}, fits"
        return f"{self._acl(acl)} refuses it{too}: {entry or last}"

    def _number(self, row: int) -> str:
        """Return the number of the ACL's rule that decides; the last one's differs by IP version."""
        _, entry = self._entry(row)
        return str(entry.number if entry else IMPLICIT[int(self._packets.places.family[self._packets.peer[row]])])

    def _open(self, layer: str, code: int, row: int) -> str:
        return f"; what {layer} would do cannot be told: {self._why(row)}" if code == OPEN else ""

    def _why(self, row: int) -> str:
        why = int(self._judged.why[row])
        if why == NO_KIND:
            return f"its {self._kind(row)} is not known, and the rules let some pass and refuse others"
        return WHY[why]

    def _kind(self, row: int) -> str:
        return _KINDS.get(int(self._packets.protocol[row]), "port")

    def _way(self, row: int) -> str:
        return "out" if self._packets.egress[row] else "in"

    def _entry(self, row: int) -> tuple[str, AclEntry | None]:
        at = int(self._judged.acl_entry[row])
        return self._judged.acl_entries[at] if at >= 0 else ("", None)

    def _carried(self, row: int) -> list[str]:
        at = int(self._packets.interface[row])
        return sorted(self._network.interfaces[at].groups) if at != UNKNOWN else []

    def _group(self, name: str) -> str:
        group = self._network.group_of.get(name)
        return f"security group {name} ({printable(group.name)})" if group and group.name else f"security group {name}"

    def _acl(self, name: str) -> str:
        acl = self._network.acl_of.get(name)
        return f"network ACL {name} ({printable(acl.name)})" if acl and acl.name else f"network ACL {name}"


def rule_name(rule: GroupRule) -> str:
    """Return what a verdict calls a rule of a group: its id, or its words where it has none."""
    return rule.id or str(rule)


def _said(layer: str, rule: str, resource: str, words: str) -> Said:
    return Said(layer, rule, resource, f"{words[:1].upper()}{words[1:]}.")
