"""The rules that say what kind of source refused each flow, as pure functions of the records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from rejectkit.exploring.evidence import Evidence, dense, distinct
from rejectkit.exploring.flows import EGRESS, NONE, Bools, Flows, Ints
from rejectkit.exploring.networks import LINK_LOCAL, MULTICAST, NOT_AN_ADDRESS, NOWHERE, PRIVATE, PUBLIC
from rejectkit.exploring.services import SERVICES
from rejectkit.exploring.thresholds import Thresholds

FIN, SYN, RST, ACK = 1, 2, 4, 16
TCP, UDP = 6, 17
EVERYDAY = (53, 80, 123, 443)
"""Ports any host calls all over the internet; many destinations there are no sweep."""

HAMMERED = (21, 22, 23, 445, 1433, 2222, 2323, 3306, 3389, 5060, 5432, 5900, 6379)
"""Ports where bots try passwords around the clock (*inferred*); there persistence does not speak for a client."""

_ANSWERING = np.array(sorted(port for port in SERVICES if port < 32768))
_SERVED = np.array(sorted(SERVICES))
_LOOSE_RANGES = ("", "-", "EC2")  # EC2 is where any customer's machine may stand, a scanner's too


class Reason(IntEnum):
    """Why a refused flow is of its kind; `ACCEPTED` is not judged."""

    ACCEPTED = 0
    PROBE_NAMED = 1
    LATE_SEEN = 2
    REPLY_SEEN = 3
    AWS_RANGE = 4
    AWS_CHECKER = 5
    AWS_LOCAL = 6
    AWS_RESOLVER = 7
    LATE_FLAGS = 8
    REPLY_FLAGS = 9
    REPLY_ASKED = 10
    REPLY_PORTS = 11
    REPLY_STRAY = 12
    UNSURE_ADDRESS = 13
    PROBE_PORTS = 14
    PROBE_SERVICES = 15
    INSIDE_TRIES = 16
    SCANNER_PORTS = 17
    SCANNER_HOSTS = 18
    UNSURE_LET_IN = 19
    UNSURE_INSISTS = 20
    UNSURE_STRAY = 21
    UNSURE_SERVED = 22
    SCANNER_KNOCKS = 23

    @property
    def kind(self) -> str | None:
        """The kind it makes a flow; None for an accepted one."""
        return self.name.split("_")[0].lower() if self else None


Put = Callable[[Reason, Bools], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """Records with what the rules say of them.

    Attributes
    ----------
    flows : Flows
    reasons : array of int
        A `Reason` for each record.
    directions : array of int
        INGRESS, EGRESS or UNKNOWN for each record.
    own, inside, named : array of bool
        For each of the flows' names: an interface's own address; inside by any rule; inside by the user's word.
    evidence : Evidence
    accepts : bool
        Whether there are accepted flows at all; without them much is judged by ports alone.
    """

    flows: Flows
    reasons: Ints
    directions: Ints
    own: Bools
    inside: Bools
    named: Bools
    evidence: Evidence
    accepts: bool


def insiders(flows: Flows, own: Bools) -> Bools:
    """Tell for each of the flows' names whether it is inside by what the records say.

    Private ranges are (RFC 1918, RFC 4193, RFC 6598); so is the interfaces' own side, whatever its range. Amazon
    gives a VPC a /56 of public IPv6 addresses, so the /56 of an interface's own address is inside, and so are both
    ends of a record in one /56.
    """
    inside: Bools = (flows.kinds == PRIVATE) | (own & (flows.kinds == PUBLIC))
    six = (flows.places.family == 6) & (flows.kinds == PUBLIC)
    block = flows.places.high >> np.uint64(8)
    near = six[flows.src] & six[flows.dst] & (block[flows.src] == block[flows.dst])
    inside |= six & np.isin(block, np.concatenate([block[six & own], block[flows.src[near]]]))
    return inside & ~flows.places.amazon_local()


def judge(
    flows: Flows, limits: Thresholds, probes: list[str] | None = None, networks: list[str] | None = None
) -> Judged:
    """Give each refused flow its reason; the first rule that fits decides.

    Parameters
    ----------
    flows : Flows
        Refused flows, and accepted ones as evidence.
    limits : Thresholds
    probes : list of str
        Addresses or networks of the user's own scanners.
    networks : list of str
        Networks that are inside, beside those that show themselves.
    """
    directions, sure = flows.sides()
    own = flows.own(directions, sure)
    named = flows.places.within(networks or [])
    inside = insiders(flows, own) | named
    evidence = Evidence.of(flows, ~inside)
    reasons = np.where(flows.reject, NONE, int(Reason.ACCEPTED))
    who = np.where(directions == EGRESS, flows.src, flows.who)
    insider = inside[who]
    accepts = not flows.reject.all()

    def put(reason: Reason, where: Bools) -> None:
        reasons[where & (reasons == NONE)] = reason

    put(Reason.PROBE_NAMED, flows.places.within(probes or [])[who])
    tcp = flows.protocol == TCP
    flagged = tcp & (flows.flags != NONE)
    attempt = flagged & (flows.flags & SYN != 0) & (flows.flags & ACK == 0)
    answer = flagged & (flows.flags & SYN != 0) & (flows.flags & ACK != 0)
    midway = flagged & (flows.flags & SYN == 0)
    ported = (tcp | (flows.protocol == UDP)) & (flows.src_port != flows.dst_port)
    put(Reason.LATE_SEEN, ported & ~attempt & (evidence.same <= limits.late_within))
    put(Reason.REPLY_SEEN, ~attempt & (evidence.swapped <= limits.reply_within))
    checker = flows.places.health_checkers()[who] | (flows.service == "ROUTE53_HEALTHCHECKS")
    put(Reason.AWS_CHECKER, ~insider & checker)
    put(Reason.AWS_RANGE, ~insider & ~np.isin(flows.service, _LOOSE_RANGES))
    put(Reason.AWS_LOCAL, flows.places.amazon_local()[who])
    put(Reason.AWS_RESOLVER, _resolver(flows, own, inside)[who] & (flows.src_port == 53))
    put(Reason.REPLY_FLAGS, answer & (insider | evidence.asked | (not accepts)))
    put(Reason.LATE_FLAGS, midway & (insider | evidence.asked | evidence.let_in | (not accepts)))
    serving = ported & ~attempt & np.isin(flows.src_port, _ANSWERING) & (flows.dst_port >= 1024)
    put(Reason.REPLY_ASKED, serving & ~midway & evidence.asked)
    put(Reason.REPLY_PORTS, serving & ~midway & insider & (flows.dst_port >= limits.ephemeral_from))
    odd = np.isin(flows.kinds, (MULTICAST, NOWHERE, NOT_AN_ADDRESS, LINK_LOCAL))
    put(Reason.UNSURE_ADDRESS, odd[who] | odd[flows.dst] & ~flows.places.amazon_local()[flows.dst])
    _inside(flows, insider & (reasons == NONE), inside, limits, put)
    serving &= ~np.isin(flows.dst_port, _SERVED)
    serving &= (flows.src_port < 1024) | (flows.dst_port >= limits.ephemeral_from)
    answers = _mostly(flows, reasons == NONE, serving | answer)
    put(Reason.REPLY_STRAY if accepts else Reason.REPLY_PORTS, answers)
    _outside(flows, reasons == NONE, midway | answer, evidence, limits, put)
    return Judged(flows, reasons, directions, own, inside, named, evidence, accepts)


def _inside(flows: Flows, left: Bools, inside: Bools, limits: Thresholds, put: Put) -> None:
    """Tell an inside source that wants one thing from one that tries everything."""
    size, src, dst = len(flows.names), flows.src[left], flows.dst[left]
    port, protocol = flows.dst_port[left], flows.protocol[left]
    tries = _ratio(np.bincount(src, minlength=size), distinct(src, size, dst, port, protocol))
    low = port < limits.ephemeral_from
    ports = distinct(src[low], size, port[low], protocol[low])
    odd = inside[dst] | ~np.isin(port, EVERYDAY)
    services = distinct(src[odd], size, dst[odd], port[odd], protocol[odd])
    put(Reason.PROBE_PORTS, left & (ports >= limits.probe_ports)[flows.src])
    put(Reason.PROBE_SERVICES, left & ((services >= limits.probe_services) & (tries <= limits.probe_tries))[flows.src])
    put(Reason.INSIDE_TRIES, left)


def _outside(flows: Flows, left: Bools, astray: Bools, evidence: Evidence, limits: Thresholds, put: Put) -> None:
    """Tell a scanner from a public source that may have a reason."""
    size, src = len(flows.names), flows.src[left]
    dst, port, protocol = flows.dst[left], flows.dst_port[left], flows.protocol[left]
    number = np.bincount(src, minlength=size)
    packets = _ratio(np.bincount(src, flows.packets[left], size), number)
    hosts = np.maximum(distinct(src, size, dst), distinct(src, size, flows.interface[left]))
    ports = distinct(src, size, port, protocol)
    tries = _ratio(number, distinct(src, size, dst, port, protocol))
    insists = (packets > limits.scan_packets) & (number >= limits.insist_flows)
    hammered = np.bincount(src[np.isin(port, HAMMERED)], minlength=size) == number
    insists |= (tries >= limits.persist_flows) & (hosts < limits.scan_hosts) & ~hammered
    put(Reason.SCANNER_PORTS, left & (ports >= limits.scan_ports)[flows.src])
    put(Reason.SCANNER_HOSTS, left & ((hosts >= limits.scan_hosts) & ~insists)[flows.src])
    put(Reason.UNSURE_LET_IN, left & evidence.let_in)
    put(Reason.UNSURE_STRAY, left & astray)
    put(Reason.UNSURE_INSISTS, left & insists[flows.src])
    crowds = np.zeros(len(flows.row), np.int64)
    door, doors = _doors(flows, left)
    crowds[left] = distinct(door, doors, src)[door]
    put(Reason.UNSURE_SERVED, left & evidence.served & (crowds < limits.crowd))
    put(Reason.SCANNER_KNOCKS, left)


def _resolver(flows: Flows, own: Bools, inside: Bools) -> Bools:
    """Tell for each name whether it may be the VPC's resolver: the second address of a /24 an interface is in.

    Amazon's DNS is at the VPC's base address plus two, and that address is reserved in each subnet (VPC user
    guide, "Subnet CIDR blocks"); where the subnets begin is *inferred*.
    """
    four = (flows.places.family == 4) & inside
    block = flows.places.low >> np.uint64(8)
    second: Bools = four & ~own & (flows.places.low & np.uint64(255) == 2)
    return second & np.isin(block, block[four & own])


def _mostly(flows: Flows, among: Bools, such: Bools) -> Bools:
    """Tell the records among some whose source has at most one in ten there that is not such."""
    size = len(flows.names)
    others = np.bincount(flows.src[among & ~such], minlength=size)
    mostly: Bools = (others * 10 <= np.bincount(flows.src[among], minlength=size))[flows.src]
    return among & mostly


def _doors(flows: Flows, left: Bools) -> tuple[Ints, int]:
    """Return a number per destination, protocol and port, and how many there are."""
    numbers = dense(flows.dst[left], flows.protocol[left], flows.dst_port[left])
    return numbers, int(numbers.max(initial=-1)) + 1


def _ratio(part: npt.ArrayLike, whole: Ints) -> npt.NDArray[np.float64]:
    return np.asarray(part) / np.maximum(whole, 1)
