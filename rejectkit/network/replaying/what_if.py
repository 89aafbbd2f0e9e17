"""What if: what a change of rules would make of all that was seen, accepted and refused."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.flows import UNKNOWN, Bools, Flows, Ints
from rejectkit.network.blaming.cases import Case, decide
from rejectkit.network.blaming.past import Past
from rejectkit.network.blaming.rules import packets_of, say
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.blaming.traces import Traces
from rejectkit.network.given import check, filled
from rejectkit.network.model import Network
from rejectkit.network.packets import Packets
from rejectkit.network.replaying.change import Changed, changed_network, everywhere
from rejectkit.network.replaying.difference import Difference
from rejectkit.network.replaying.roles import ANSWERS, ASKS, EITHER, roles
from rejectkit.network.replaying.ruled import Codes, Ruled, other_way, turned
from rejectkit.network.replaying.table import Shown, as_table
from rejectkit.network.replaying.told import told
from rejectkit.network.replaying.turns import Both, Turn, open_in_both, turns
from rejectkit.sources.base import Watch

_NOBODY = -1


def what_if(records: pd.DataFrame, network: Network, changed: Changed, *, watch: Watch | None = None) -> pd.DataFrame:
    """Say of each record what a change of rules would make of it.

    Parameters
    ----------
    records : DataFrame
        Flow records as `source.records(action=None)` gives them, accepted and refused. Needs interfaceId, srcAddr,
        dstAddr, srcPort, dstPort, protocol, action, and start or @timestamp; tcpFlags and flowDirection make it surer.
    network : Network
        The rules as they are.
    changed : Network, change, suggestion, or several of the last two
        What is tried: `AddRule`, `RemoveRule`, `AddEntry`, `RemoveEntry`, `ReplaceEntry`; what `suggest` returns; or
        a whole network, where interfaces may have other groups and subnets another network ACL.
    watch : Watch, optional
        Told how far it is; may cancel.

    Returns
    -------
    DataFrame
        One row per record, its index kept.

        - `outcome` : `unchanged`, `newly accepted`, `newly rejected` or `cannot tell`.
        - `layer`, `resource`, `rule` : who refuses it under the changed rules, as `blame` names them; where it passes,
          the group and its rule that let it, and no layer. Null where the change does not bear on the record.
        - `because` : a sentence; a category.
        - `direction` : ingress or egress as seen from the interface.
        - `clientAddr` : who began the flow; of an answer its destination. `port` : the service's port, Int64; null
          where there is none. All three are null where the change does not bear on the record.

        `attrs["told"]` has sentences on what the whole answer stands on.

    Raises
    ------
    ArgumentError
        If a column is missing, an argument is of another kind, or the change cannot be made.
    QueryCancelledError
        If `watch` was cancelled.

    Notes
    -----
    A record on which the change does not bear is unchanged, even if nobody can tell who refused it. Late packets and
    those that Block Public Access or encryption control refused are: no rule refused them. An answer is newly rejected
    if its request is, for it would not be sent. A flow that both layers refuse is unchanged until both are mended.
    Each record is judged at its own interface. Source: VPC user guide, "Security group connection tracking", "Network
    ACLs"; how they are joined is *inferred*.

    Examples
    --------
    >>> from rejectkit.network import AddRule, GroupRule, Interface, Network, SecurityGroup, Subnet, what_if
    >>> from rejectkit.records import LogFormat
    >>> network = Network(
    ...     subnets=(Subnet("subnet-1", "vpc-1", ("10.0.2.0/24",)),),
    ...     groups=(SecurityGroup("sg-1", "db"),),
    ...     interfaces=(Interface("eni-1", "subnet-1", "vpc-1", ("10.0.2.9",), groups=("sg-1",)),),
    ... )
    >>> line = "2 1 eni-1 10.0.2.7 10.0.2.9 40001 5432 6 3 180 1793521440 1793521470 REJECT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> rule = GroupRule("sg-1", False, 6, 5432, 5432, "10.0.2.0/24")
    >>> what_if(table, network, AddRule(rule)).loc[0, "outcome"]
    'newly accepted'
    """
    check(records, network, "what rules do with them")
    hand = watch or Watch()
    hand.report(0.0, "reading the records")
    after = changed_network(network, changed)
    flows = Flows.of(filled(records))
    hand.check()
    hand.report(0.2, "which way each went")
    sides = Sides.of(flows, everywhere(network, after))
    sides = replace(sides, interface=np.where(sides.interface < len(network.interfaces), sides.interface, _NOBODY))
    difference = Difference(network, after)
    at = np.flatnonzero(difference.concerned[sides.interface])
    today = packets_of(flows, sides, at)
    then = replace(today, interface=_interfaces(flows, after)[at])
    hand.check()
    hand.report(0.3, "asking the rules, as they are and changed")
    near = np.flatnonzero(_near(difference, today, sides.direction[at] == UNKNOWN))
    at, today, then = at[near], today.taken(near), then.taken(near)
    both = _asked(network, after, difference, today, then)
    aside = _other_way(network, after, difference, sides.direction[at], today, then)
    touched = np.flatnonzero(both.asks | both.answers | aside)
    both, today, then, rows = both.taken(touched), today.taken(touched), then.taken(touched), at[touched]
    hand.check()
    hand.report(0.6, "what each record is")
    role, cases = _roles(records, network, flows, sides, today, both.before, rows)
    turn = _turns(flows, sides, both, rows, role, cases)
    gone = (then.interface == _NOBODY) & (turn != Turn.SAME_UNTOUCHED) & ~_no_rule(cases)
    turn[gone] = np.where(today.interface[gone] == _NOBODY, Turn.TELL_UNKNOWN, Turn.TELL_GONE)
    hand.check()
    hand.report(0.8, "saying why")
    shown = Shown.of(after, then, role, turn)
    whole = _of_records(records, flows, difference.same)
    frame = as_table(records.index, whole, flows.row[rows], shown, after)
    frame.attrs["told"] = told(network, shown.turn)
    hand.report(1.0, "done")
    return frame


def _interfaces(flows: Flows, network: Network) -> npt.NDArray[np.int32]:
    """Return the position of each flow's interface in a network."""
    position = {one.id: at for at, one in enumerate(network.interfaces)}
    places = [position.get(str(name), _NOBODY) for name in flows.interfaces]
    return np.array([*places, _NOBODY], np.int32)[flows.interface]


def _near(difference: Difference, packets: Packets, unknown: Bools) -> Bools:
    """Tell the flows on which a difference may bear, as they begin or as answers; either way where that is unknown."""
    found = difference.bears(packets) | difference.bears(turned(packets))
    rows = np.flatnonzero(unknown)
    if len(rows):
        there = other_way(packets.taken(rows))
        found[rows] |= difference.bears(there) | difference.bears(turned(there))
    return found


def _asked(network: Network, after: Network, difference: Difference, today: Packets, then: Packets) -> Both:
    """Ask both networks; what neither can tell of is touched if what differs may bear on it."""
    before, now = Ruled.of(network, today), Ruled.of(after, then)
    asks, answers = before.differs(now)
    open_asks, open_answers = open_in_both(before, now)
    asks |= open_asks & difference.bears(today)
    answers |= open_answers & difference.bears(turned(today))
    return Both(before, now, asks, answers)


def _other_way(
    network: Network, after: Network, difference: Difference, direction: Ints, today: Packets, then: Packets
) -> Bools:
    """Tell the flows of unknown direction, taken as inbound before, that are touched if they were outbound."""
    found = np.zeros(len(today), np.bool_)
    rows = np.flatnonzero(direction == UNKNOWN)
    if len(rows):
        there, then = other_way(today.taken(rows)), other_way(then.taken(rows))
        both = _asked(network, after, difference, there, then)
        found[rows] = both.asks | both.answers
    return found


def _roles(
    records: pd.DataFrame,
    network: Network,
    flows: Flows,
    sides: Sides,
    today: Packets,
    before: Ruled,
    rows: Ints,
) -> tuple[Codes, Ints]:
    """Return the role of each touched flow, and the case that blame makes of it: NONE for accepted ones."""
    cases = np.full(len(rows), int(Case.NONE))
    role = roles(network, flows, today, before, rows)
    refused = np.flatnonzero(flows.reject[rows])
    if not len(refused):
        return role, cases
    kept = ~flows.reject
    kept[rows] = True
    kept[int(flows.start.argmin())] = True  # the records begin when they do
    some, ends = _taken(flows, sides, np.flatnonzero(kept))
    traces = Traces.of(some)
    said = say(network, some, ends, traces)
    past = Past.of(network, some, ends, traces, said)
    found = np.full(len(records), int(Case.NONE))
    at = some.row[traces.at]
    found[at] = decide(network, ends, traces, said, past, _given(records)[at])
    cases[refused] = found[flows.row[rows[refused]]]
    known = np.array([_ROLES.get(case.family, EITHER) for case in Case], np.int8)
    known[list(_EITHER)] = EITHER
    known[Case.TELL_ANSWER] = ANSWERS
    by_case = known[cases[refused]]
    role[refused] = np.where(by_case == EITHER, role[refused], by_case)
    return role, cases


def _taken(flows: Flows, sides: Sides, at: Ints) -> tuple[Flows, Sides]:
    """Return some of the flows, with their sides."""
    shared = ("names", "places", "kinds", "interfaces")
    arrays = {one.name: getattr(flows, one.name)[at] for one in fields(flows) if one.name not in shared}
    ends = {name: getattr(sides, name)[at] for name in ("interface", "direction", "sure", "own", "peer")}
    return replace(flows, **arrays), replace(sides, **ends)


_ROLES = {"REPLY": ANSWERS, "ACL": ASKS, "GROUP": ASKS}  # of blame's families of cases
_EITHER = (Case.ACL_STRAY, Case.ACL_PORTS, Case.ACL_CHANGED)  # may be answers all the same
_REASONS = {"BPA": Turn.SAME_BPA, "ENCRYPTION": Turn.SAME_ENCRYPTION, "LATE": Turn.SAME_LATE}


def _no_rule(cases: Ints) -> Bools:
    """Tell the cases in which no rule refused."""
    return np.array([case.family in _REASONS for case in Case])[cases]


def _turns(flows: Flows, sides: Sides, both: Both, rows: Ints, role: Codes, cases: Ints) -> Ints:
    """Return the turn of each touched flow."""
    turn = turns(both, flows.reject[rows], role)
    turn[sides.direction[rows] == UNKNOWN] = Turn.TELL_DIRECTION
    reason = np.array([_REASONS.get(case.family, Turn.SAME_UNTOUCHED) for case in Case])
    return np.where(_no_rule(cases), reason[cases], turn)


def _given(records: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the reason that each record itself gives: BPA, EC or empty text."""
    if "rejectReason" not in records:
        return np.full(len(records), "", object)
    return records["rejectReason"].astype("str").fillna("").to_numpy(object)


def _of_records(records: pd.DataFrame, flows: Flows, is_same: bool) -> Ints:
    """Return the turn of each record on which the change does not bear."""
    turn = np.full(len(records), Turn.SAME_NO_FLOW, np.int64)
    turn[flows.row] = Turn.SAME_UNTOUCHED
    nowhere = records["action"].isin(("ACCEPT", "REJECT")).to_numpy(dtype=bool, copy=True)
    nowhere[flows.row] = False
    turn[nowhere] = Turn.SAME_UNTOUCHED if is_same else Turn.TELL_ADDRESS
    return turn
