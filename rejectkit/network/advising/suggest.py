"""Advice: the fewest and smallest changes of rules that would let pass what should pass, and was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring.networks import as_list
from rejectkit.exploring.words import count
from rejectkit.network.advising.acls import Desk
from rejectkit.network.advising.check import mend, mistakes_of
from rejectkit.network.advising.facts import Facts
from rejectkit.network.advising.flows import Line, Seen, seen
from rejectkit.network.advising.groups import needs
from rejectkit.network.advising.peers import Limits
from rejectkit.network.advising.ports import Ports, ports_of, right_port
from rejectkit.network.advising.suggestion import Suggestion
from rejectkit.network.advising.told import told
from rejectkit.network.advising.words import Names
from rejectkit.network.blaming.blame import blame
from rejectkit.network.edits import Change
from rejectkit.network.model import Network
from rejectkit.sources.base import Watch

__all__ = ["Suggestion", "suggest"]

_WIDEST: Final = (8, 32)
_AT_ONCE: Final = 2_000  # mistakes whose packets are judged at once
_TOLD: Final = 20  # mistakes from one report of progress to the next


def suggest(
    records: pd.DataFrame,
    network: Network,
    *,
    sources: str | Iterable[str] = (),
    not_sources: str | Iterable[str] = (),
    widest: int = 24,
    evidence: int = 1,
    blamed: pd.DataFrame | None = None,
    watch: Watch | None = None,
) -> list[Suggestion]:
    """Propose changes of rules for what was refused by mistake, what hurts most first.

    Parameters
    ----------
    records : DataFrame
        Flow records as `source.records(action=None)` gives them; what `blame` and `classify.sources` need.
    network : Network
        The rules, as `Network.from_ec2` or `Network.from_json` gives them.
    sources : addresses or networks, optional
        Sources that are to pass although they are not inside: partners, say. A scanner or probe only if its very
        address is given.
    not_sources : addresses or networks, optional
        Sources that no rule is to be for.
    widest : int, default 24
        Shortest prefix of an IPv4 CIDR that several addresses are put together in, 8 to 32; one of IPv6 has at most
        as many addresses. No group is referred to whose other members have more addresses than that.
    evidence : int, default 1
        Refused flows that there have to be for a suggestion.
    blamed : DataFrame, optional
        What `blame(records, network)` gave, if that was asked already.
    watch : Watch, optional
        Told how far it is; may cancel.

    Returns
    -------
    list of Suggestion
        One for each mistake, most refused flows first. Some advise to change no rule.

    Raises
    ------
    ArgumentError
        If a column is missing, an address cannot be, or an argument is of another kind.
    QueryCancelledError
        If `watch` was cancelled.

    Notes
    -----
    Rules are proposed only for flows that `blame` lays to a rule, certain or likely, and only for inside sources (as
    `classify.sources` tells them) and chosen ones. A refused answer is by mistake where whoever asked is inside, or
    where the question had been let out.

    A suggestion is for one service, one group or ACL, and one kind of other end: a group where the sources are
    interfaces that share one, else CIDRs, or a prefix list that admits no more than they do. Where another layer, or
    the way back, would refuse the same flows, it has changes for that too. All of it is tried with the engine behind
    `Network.verdict` before it is proposed. ICMP's type is not in the records; it is taken to be echo.

    Examples
    --------
    >>> from rejectkit.network import Interface, Network, NetworkAcl, SecurityGroup, Subnet, suggest
    >>> from rejectkit.records import LogFormat
    >>> network = Network(
    ...     subnets=(Subnet("subnet-1", "vpc-1", ("10.0.2.0/24",)),),
    ...     groups=(SecurityGroup("sg-1", "db", vpc="vpc-1"), SecurityGroup("sg-2", "app", vpc="vpc-1")),
    ...     acls=(NetworkAcl("acl-1", subnets=("subnet-1",)),),
    ...     interfaces=(
    ...         Interface("eni-1", "subnet-1", "vpc-1", ("10.0.2.9",), groups=("sg-1",)),
    ...         Interface("eni-2", "subnet-1", "vpc-1", ("10.0.2.7",), groups=("sg-2",)),
    ...     ),
    ... )
    >>> line = "2 1 eni-1 10.0.2.7 10.0.2.9 40001 5432 6 3 180 1793521440 1793521470 REJECT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> for one in suggest(table, network):
    ...     print(*(str(edit.rule) for edit in one.edits))
    inbound tcp 5432 from sg-2
    """
    chosen, unwanted = _checked(network, sources, not_sources, widest, evidence)
    hand = watch or Watch()
    hand.report(0.0, "who refused what")
    if blamed is None:
        blamed = blame(records, network)
    elif len(blamed) != len(records) or not blamed.index.equals(records.index):
        raise ArgumentError(
            "`blamed` is not of these records; give what blame(records, network) gives, or leave it out"
        )
    hand.check()
    hand.report(0.6, "what of it is by mistake")
    known = seen(records, blamed, network, chosen, unwanted)
    hand.check()
    hand.report(0.65, "what would mend it")
    facts = Facts(network)
    limits, desk, names = Limits.of(widest, known.shunned), Desk(network), Names(facts)
    ports = ports_of(known.lines, known.served)
    facts.outside(one.peer for one in known.lines)
    mistakes = []
    for one in _mistakes(names, known, ports, limits):
        hand.check()
        if sum(line.flows for line in one[0]) >= evidence:
            mistakes.append(one)
    mistakes.sort(key=lambda one: -sum(line.flows for line in one[0]))
    found, mending = list[Suggestion](), f"what would mend {count(len(mistakes), 'mistake')}"
    for part in _parts(mistakes):
        hand.check()
        cases = mistakes_of(facts, [lines for lines, _, _ in part])
        for (lines, edits, right), case in zip(part, cases, strict=True):
            hand.check()
            if len(found) % _TOLD == 0:
                hand.report(0.7 + 0.3 * len(found) / len(mistakes), mending)
            mended = mend(facts, case, edits, ports, limits, desk) if right is None else None
            found.append(told(names, lines, mended, right, known))
    hand.report(1.0, "done")
    return sorted(found, key=lambda one: (-one.flows, -one.hosts, one.first, one.sentence))


def _checked(
    network: Network, sources: str | Iterable[str], not_sources: str | Iterable[str], widest: int, evidence: int
) -> tuple[list[str], list[str]]:
    if not isinstance(network, Network):
        raise ArgumentError(
            f"the network is a {type(network).__name__}; give a Network, as Network.from_ec2 or Network.from_json does"
        )
    low, high = _WIDEST
    if not _is_whole(widest) or not low <= widest <= high:
        raise ArgumentError(f"widest is {widest!r}; it is the prefix length of an IPv4 CIDR, {low} to {high}")
    if not _is_whole(evidence) or evidence < 1:
        raise ArgumentError(f"evidence is {evidence!r}; it is a number of refused flows, 1 or more")
    return as_list(sources), as_list(not_sources)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _parts(mistakes: Sequence[Found]) -> Iterator[Sequence[Found]]:
    yield from (mistakes[at : at + _AT_ONCE] for at in range(0, len(mistakes), _AT_ONCE))


Found = tuple[Sequence[Line], Sequence[Change], int | None]


def _mistakes(names: Names, known: Seen, ports: dict[Line, Ports], limits: Limits) -> Iterator[Found]:
    """Yield the lines of each mistake, the changes that begin its mend, and the port to ask for in place of its own."""
    network, wrong = names.network, dict[Line, int]()
    for one in known.lines:
        host = None if one.reply else names.owner(one.destination, one)
        port = right_port(names.network, host, one, known.served) if host else None
        if port is not None:
            wrong[one] = port
    for lines in _grouped(wrong, lambda one: (one.layer, one.destination, one.port)):
        yield lines, (), wrong[lines[0]]
    left = [one for one in known.lines if one not in wrong]
    by_group = {_flow(one) for one in left if one.layer.startswith("sg")}
    for egress in (False, True):
        mine = [one for one in left if one.egress == egress and not one.reply and _flow(one) in by_group]
        for need in needs(names.facts, mine, ports, limits, egress):
            yield need.lines, need.edits, None
        lost = [one for one in mine if not any(group in network.group_of for group in one.interface.groups)]
        for lines in _grouped(lost, lambda one: (one.interface.groups, one.protocol, ports[one], one.version)):
            yield lines, (), None
    others = [one for one in left if one.reply or _flow(one) not in by_group]

    def kind(one: Line) -> tuple[object, ...]:
        guard = network.guard_of[one.interface.subnet].id if one.interface.subnet in network.guard_of else ""
        service = None if one.reply else ports[one]
        return guard, one.egress, one.reply, one.rule, one.protocol, one.version, service

    for lines in _grouped(others, kind):
        yield lines, (), None


def _flow(one: Line) -> tuple[object, ...]:
    """Return what is the same of flows that one mistake is about, whichever layer refused each."""
    return one.interface.id, one.egress, one.peer, one.protocol, one.port


def _grouped(lines: Iterable[Line], kind: Callable[[Line], object]) -> Iterator[list[Line]]:
    found: dict[object, list[Line]] = {}
    for one in lines:
        found.setdefault(kind(one), []).append(one)
    yield from found.values()
