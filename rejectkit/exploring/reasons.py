"""Why a source is of its kind, in one sentence with its figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rejectkit.exploring.rules import Reason
from rejectkit.exploring.services import port_label
from rejectkit.exploring.words import count, listing, pace, span

OTHERS = {
    "scanner": "scanning",
    "inside": "inside mistakes",
    "reply": "refused replies",
    "late": "late packets",
    "aws": "from AWS services",
    "probe": "probing",
    "unsure": "unsure",
}
"""What the rest of a source's flows is called, by kind."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted of one source's flows of its kind.

    Attributes
    ----------
    place : str
        What the address is: `a private address`.
    flows, packets, ports, hosts, services, doors : int
        Flows and packets; distinct destination ports, destinations, pairs of these, and source ports.
    seconds : int
        From the first flow to the last.
    target : tuple
        Destination, port and protocol that most flows went to; `aimed` is how many, and `gap` the median of
        the seconds between two of them.
    door : tuple
        Port and protocol that most flows came from.
    since : int
        Shortest time from an accepted flow of the conversation, in seconds.
    service : str
        AWS range.
    accepts, served : bool
        Whether the records have accepted flows; whether the ports tried let others in.
    rest : tuple of (kind, flows)
        The source's flows of other kinds, most first.
    """

    place: str
    flows: int
    packets: int
    ports: int
    hosts: int
    services: int
    doors: int
    seconds: int
    target: tuple[str, int, int]
    aimed: int
    gap: float
    door: tuple[int, int]
    since: int
    service: str
    accepts: bool
    served: bool
    rest: Sequence[tuple[str, int]]


def sentence(reason: Reason, facts: Facts) -> str:
    """Return the sentence for a reason; what the source's other flows are is said at its end.

    Examples
    --------
    >>> facts = Facts("a private address", 3, 9, 1, 1, 1, 3, 120, ("10.0.2.9", 5432, 6), 3, 60, (40000, 6), 0, "",
    ...               True, False, [("late", 1)])
    >>> print(sentence(Reason.INSIDE_TRIES, facts))
    a private address that keeps trying 5432 (PostgreSQL) of 10.0.2.9: 3 flows refused in 2 min, about one \
a minute; besides: late packets (1 flow)
    """
    text = _SENTENCES[reason](facts)
    if facts.rest:
        text += "; besides: " + listing((f"{OTHERS[kind]} ({count(n, 'flow')})" for kind, n in facts.rest), 9)
    return text


def _target(facts: Facts) -> str:
    """Return what was tried: one service by name, several by number."""
    host, port, protocol = facts.target
    if facts.services == 1:
        return f"{port_label(port, protocol)} of {host}"
    if facts.ports == 1:
        return f"{port_label(port, protocol)} of {count(facts.hosts, 'host')}"
    most = f"{'mostly' if 2 * facts.aimed > facts.flows else 'for example'} {port_label(port, protocol)}"
    if facts.hosts == 1:
        return f"{count(facts.ports, 'port')} of {host}, {most}"
    return f"{count(facts.ports, 'port')} of {count(facts.hosts, 'host')}, {most} of {host}"


def _often(facts: Facts) -> str:
    """Return how often: `12 flows refused in 2 h`."""
    if facts.flows == 1:
        return f"1 flow of {count(facts.packets, 'packet')} refused"
    return f"{count(facts.flows, 'flow')} refused" + (f" in {span(facts.seconds)}" if facts.seconds else "")


def _steadily(facts: Facts) -> str:
    """Return how often, and how far apart at one service: `12 flows refused in 2 h, about one every 10 min`."""
    if facts.gap < 1 or facts.aimed < 3:
        return _often(facts)
    where = " at each" if facts.services > 1 else ""
    return f"{_often(facts)}, {pace(facts.gap)}{where}"


def _each(facts: Facts) -> str:
    """Return packets per flow."""
    mean = f"{facts.packets / facts.flows:.1f}".removesuffix(".0")
    return f"{mean} packet{'' if mean == '1' else 's'} a flow"


def _door(facts: Facts) -> str:
    more = f" and {count(facts.doors - 1, 'other port')}" if facts.doors > 1 else ""
    return port_label(*facts.door) + more


def _tries(facts: Facts) -> str:
    verb = "was refused at" if facts.flows == 1 else "keeps trying" if facts.services == 1 else "tries"
    return f"{facts.place} that {verb} {_target(facts)}: {_steadily(facts)}"


def _knocks(facts: Facts) -> str:
    where = ""
    if facts.served:
        where = ", where others are let in but many strangers are refused"
    elif facts.accepts:
        where = ", where no flow from outside is accepted"
    each = f", {_each(facts)}" if facts.flows > 1 else ""
    return f"{facts.place} that knocked at {_target(facts)}{where}: {_often(facts)}{each}"


def _late(facts: Facts) -> str:
    ago = f"until {span(facts.since)} before" if facts.since > 0 else "just before"
    return f"late packets of conversations that were accepted {ago}: {_often(facts)}"


_SENTENCES: dict[Reason, Callable[[Facts], str]] = {
    Reason.PROBE_NAMED: lambda f: f"an address you named as a probe of your own: {_often(f)} at {_target(f)}",
    Reason.LATE_SEEN: _late,
    Reason.REPLY_SEEN: lambda f: (
        f"replies from {_door(f)} to flows that were accepted: {_often(f)}; a security group lets replies pass, "
        "so a network ACL refused them"
    ),
    Reason.AWS_RANGE: lambda f: f"an address of AWS's range {f.service}: {_often(f)} at {_target(f)}",
    Reason.AWS_CHECKER: lambda f: (
        f"a Route 53 health checker, by its published ranges, that keeps trying {_target(f)}: {_steadily(f)}"
    ),
    Reason.AWS_LOCAL: lambda f: f"a link-local address, where Amazon's services on the host answer: {_often(f)}",
    Reason.AWS_RESOLVER: lambda f: (
        f"answers from DNS of an address AWS reserves in each subnet, probably the VPC's resolver: {_often(f)}"
    ),
    Reason.LATE_FLAGS: lambda f: (
        f"packets that begin no connection (no SYN among their flags), so one that had been closed or forgotten: "
        f"{_often(f)}"
    ),
    Reason.REPLY_FLAGS: lambda f: f"replies from {_door(f)} (SYN-ACK among their flags): {_often(f)}",
    Reason.REPLY_ASKED: lambda f: (
        f"replies by their ports, from {_door(f)}, to which these records show flows accepted: {_often(f)}"
    ),
    Reason.REPLY_PORTS: lambda f: (
        f"replies by their ports alone, from {_door(f)} to ports as clients use; the question is not in these "
        f"records: {_often(f)}"
    ),
    Reason.REPLY_STRAY: lambda f: (
        f"answers from {_door(f)} to what nobody here asked: {_often(f)}; somebody forged your addresses, or scans "
        "from a service's port"
    ),
    Reason.UNSURE_ADDRESS: lambda f: (
        f"multicast, broadcast or no host's address, which a VPC does not carry: {_often(f)} at {_target(f)}"
    ),
    Reason.PROBE_PORTS: lambda f: (
        f"{f.place} that tried {_target(f)}: a vulnerability scanner of yours, or a machine to look at"
    ),
    Reason.PROBE_SERVICES: lambda f: (
        f"{f.place} that swept {_target(f)}, few tries each: a scanner of yours, or a machine to look at"
    ),
    Reason.INSIDE_TRIES: _tries,
    Reason.SCANNER_PORTS: lambda f: f"{f.place} that tried {_target(f)}: {_often(f)}, {_each(f)}",
    Reason.SCANNER_HOSTS: lambda f: f"{f.place} that swept {_target(f)}: {_often(f)}, {_each(f)}",
    Reason.UNSURE_LET_IN: lambda f: (
        f"{f.place} that is let in at {_target(f)} at other times: {_often(f)}; late packets, or a rule that changed"
    ),
    Reason.UNSURE_INSISTS: lambda f: (
        f"{f.place} that insists on {_target(f)}: {_steadily(f)}, {_each(f)}; a bot, or somebody who should be let in"
    ),
    Reason.UNSURE_STRAY: lambda f: (
        f"packets of a connection these records do not have: {_often(f)} at {_target(f)}; a stealthy scan, or one "
        "that began before"
    ),
    Reason.UNSURE_SERVED: lambda f: (
        f"{f.place} refused at {_target(f)}, where others are let in: {_often(f)}; a scanner, or somebody forgotten"
    ),
    Reason.SCANNER_KNOCKS: _knocks,
}
