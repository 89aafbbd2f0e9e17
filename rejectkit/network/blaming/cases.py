"""Which case each refused flow is: one of a few, each with its layer and how certain it is."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from rejectkit.exploring.flows import EGRESS, NONE, UNKNOWN, Bools, Ints
from rejectkit.network.blaming.past import Past
from rejectkit.network.blaming.rules import Said
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.blaming.traces import Traces
from rejectkit.network.judging.engine import NO, OPEN, YES
from rejectkit.network.model import Network

CERTAIN, LIKELY, CANNOT_TELL = "certain", "likely", "cannot tell"


class Case(IntEnum):
    """What a refused flow is; the part of the name before the first `_` is the family, and has the layer.

    The first that fits decides, in the order of `decide`.
    """

    NONE = 0
    BPA = 1
    ENCRYPTION = 2
    LATE_SEEN = 3
    LATE_LIKE = 4
    LATE_CHANGED = 5
    LATE_ANSWER = 6
    LATE_FLAGS = 7
    LATE_PORTS = 8
    REPLY_SEEN = 9
    REPLY_PING = 10
    REPLY_CHANGED = 11
    REPLY_LIKE = 12
    REPLY_FLAGS = 13
    REPLY_PORTS = 14
    REPLY_ECHO = 15
    ACL_FIRST = 16
    ACL_PING = 17
    ACL_STRAY = 18
    ACL_PORTS = 19
    ACL_CHANGED = 20
    ACL_GROUP = 21
    GROUP_FIRST = 22
    GROUP_PING = 23
    GROUP_UNASKED = 24
    GROUP_STRAY = 25
    GROUP_PORTS = 26
    GROUP_CHANGED = 27
    GROUP_OTHER = 28
    GROUP_ACL = 29
    GROUP_REST = 30
    TELL_EXEMPT = 31
    TELL_ALLOWED = 32
    TELL_ANSWER = 33
    TELL_PING = 34
    TELL_NEWER = 35
    TELL_DIRECTION = 36
    TELL_INTERFACE = 37
    TELL_RULES = 38
    TELL_ADDRESS = 39

    @property
    def family(self) -> str:
        """BPA, ENCRYPTION, LATE, REPLY, ACL, GROUP or TELL (cannot tell); NONE for what is not judged."""
        return _FAMILIES[self]

    @property
    def certainty(self) -> str | None:
        """How certain the layer is, if the direction is."""
        if self is Case.NONE:
            return None
        if self.family == "TELL":
            return CANNOT_TELL
        return CERTAIN if self in _CERTAIN else LIKELY

    def layer(self, egress: bool) -> str | None:
        """Return the layer's name."""
        return _LAYERS[self.family][int(egress)]


_FAMILIES = {case: case.name.partition("_")[0] for case in Case}
_CERTAIN = {
    Case.BPA,
    Case.ENCRYPTION,
    Case.LATE_SEEN,
    Case.REPLY_SEEN,
    Case.ACL_FIRST,
    Case.GROUP_FIRST,
    Case.GROUP_UNASKED,
}
_LAYERS: dict[str, tuple[str | None, str | None]] = {
    "NONE": (None, None),
    "BPA": ("bpa", "bpa"),
    "ENCRYPTION": ("encryption", "encryption"),
    "LATE": ("late", "late"),
    "REPLY": ("nacl-reply", "nacl-reply"),
    "ACL": ("nacl-in", "nacl-out"),
    "GROUP": ("sg-in", "sg-out"),
    "TELL": ("cannot-tell", "cannot-tell"),
}

Put = Callable[[Case, Bools], None]


def decide(
    network: Network, sides: Sides, traces: Traces, said: Said, past: Past, reason: npt.NDArray[np.object_]
) -> Ints:
    """Return the case of each refused flow.

    Parameters
    ----------
    reason : array of object
        What the records give as the reason of the refusal: BPA, EC or nothing, one element per refused flow.
    """
    cases = np.zeros(len(traces.at), np.int64)

    def put(case: Case, where: Bools) -> None:
        cases[where & (cases == 0)] = case

    put(Case.BPA, reason == "BPA")
    put(Case.ENCRYPTION, reason == "EC")
    peer, direction = sides.peer[traces.at], sides.direction[traces.at]
    egress = direction == EGRESS
    put(Case.TELL_DIRECTION, direction == UNKNOWN)
    put(Case.TELL_ADDRESS, sides.odd[peer])
    _late(traces, said, put)
    put(Case.TELL_EXEMPT, said.exempt)
    put(Case.TELL_NEWER, past.like)
    _answers(traces, said, sides.inside[peer], egress, put)
    public = np.array([bool(one.public) for one in network.interfaces] + [True], np.bool_)
    _by_ports(traces, said, sides.inside[peer], ~public[sides.interface[traces.at]], egress, put)
    put(Case.GROUP_OTHER, said.denied & said.refused & past.acl_near & ~past.group_near & ~egress)
    _begins(traces, said, egress, put)
    put(Case.TELL_INTERFACE, sides.interface[traces.at] == NONE)
    put(Case.TELL_RULES, np.ones(len(cases), np.bool_))
    return cases


def _late(traces: Traces, said: Said, put: Put) -> None:
    """Tell what comes after an accepted flow of the same ends and ports.

    Where today's rules refuse the flow that was accepted, they have changed since, and then the change may be what
    refused it: only FIN or RST speak for a late packet all the same.
    """
    seen = traces.ported & traces.seen & ~traces.opens & ~traces.answers
    near = seen & traces.lately
    held = said.passes | (said.group == OPEN) | (traces.like_answer & (said.back != NO))
    stands = ~said.denied & ((said.passes & said.open) | (said.back == YES))
    put(Case.LATE_SEEN, near & traces.closes & stands)
    put(Case.LATE_LIKE, seen & traces.midway & ~said.denied & (traces.lately | traces.closes))
    put(Case.LATE_CHANGED, near & traces.closes)
    put(Case.LATE_LIKE, near & ~traces.midway & ~said.denied & held)


def _answers(traces: Traces, said: Said, inside: Bools, egress: Bools, put: Put) -> None:
    """Tell replies, and other packets that begin no connection."""
    reply = traces.answered & ~traces.opens & ~(traces.seen & traces.ported & ~said.denied)
    apart = reply & (traces.ported | (traces.icmp & traces.at_once))
    put(Case.REPLY_PING, apart & traces.icmp & said.denied & said.ping_acl)
    put(Case.REPLY_CHANGED, apart & said.denied & traces.seen)
    put(Case.REPLY_SEEN, apart & said.denied)
    put(Case.REPLY_LIKE, reply & said.denied)
    other = reply & ~traces.icmp
    put(Case.LATE_ANSWER, other & said.open & (traces.closes | said.refused))
    put(Case.TELL_ANSWER, other & said.open & said.passes)
    put(Case.ACL_CHANGED, traces.midway & traces.seen & traces.lately & said.denied)

    asked = egress | traces.asked | inside | ~traces.watched
    put(Case.REPLY_FLAGS, traces.answers & said.denied & asked)
    put(Case.ACL_STRAY, traces.answers & said.denied)
    put(Case.GROUP_UNASKED, traces.answers & said.open & said.refused & ~egress & traces.watched & ~traces.asked)
    put(Case.GROUP_STRAY, traces.answers & said.open & said.refused)
    put(Case.TELL_ANSWER, traces.answers & said.open & said.passes)

    question = traces.like_answer & (said.back == YES) & (traces.asked | ~traces.watched)
    put(Case.REPLY_PORTS, traces.midway & said.denied & question)
    put(Case.ACL_STRAY, traces.midway & said.denied)
    known = traces.asked | traces.let_in | inside | ~traces.watched
    put(Case.LATE_FLAGS, traces.midway & said.open & (said.passes | (said.refused & known)))
    put(Case.GROUP_STRAY, traces.midway & said.open & said.refused)


def _by_ports(traces: Traces, said: Said, inside: Bools, alone: Bools, egress: Bools, put: Put) -> None:
    """Tell what has no flags and the ports of an answer; never for certain. `alone`: it has no public address."""
    bare = ~(traces.opens | traces.answers | traces.midway)
    like = traces.like_answer & bare
    put(Case.REPLY_PORTS, like & said.denied & (said.back != NO) & (traces.asked | ~traces.watched))
    put(Case.ACL_PORTS, like & said.denied)
    known = inside | traces.asked | (~traces.watched & alone)
    put(Case.LATE_PORTS, like & said.open & said.refused & known & (said.back != NO))
    put(Case.GROUP_PORTS, like & said.open & said.refused)
    maybe = traces.may_answer & bare & ~traces.watched & (said.back == YES)
    put(Case.REPLY_PORTS, maybe & said.denied & traces.blind & egress)
    put(Case.ACL_PORTS, maybe & said.denied & (said.passes | ~egress))
    put(Case.GROUP_PORTS, maybe & said.refused)


def _begins(traces: Traces, said: Said, egress: Bools, put: Put) -> None:
    """Tell which layer refused a flow at its beginning: inbound the ACL is first on the path, outbound the groups."""
    inward, ping = ~egress, said.ping_acl | said.ping_group
    changed = traces.ported & traces.seen & traces.lately & ~traces.opens
    put(Case.ACL_CHANGED, changed & said.denied & (inward | ~said.refused))
    put(Case.GROUP_CHANGED, changed & said.refused)
    maybe = traces.icmp & ~traces.watched & said.denied & (said.back != NO)
    put(Case.REPLY_ECHO, maybe & egress & (said.back == YES) & traces.blind)
    put(Case.GROUP_PING, maybe & egress & said.refused)
    put(Case.ACL_PING, maybe)
    put(Case.ACL_PING, said.denied & ((said.ping_acl & inward) | (ping & egress & said.passes)))
    put(Case.GROUP_PING, said.refused & ((said.ping_group & egress) | (ping & inward & said.open)))
    put(Case.ACL_FIRST, said.denied & (inward | said.passes))
    put(Case.GROUP_FIRST, said.refused & (egress | said.open))
    put(Case.ACL_GROUP, said.denied & (said.group == OPEN))
    put(Case.GROUP_ACL, said.refused & (said.acl == OPEN))
    put(Case.GROUP_REST, (said.group == OPEN) & said.open)
    put(Case.TELL_PING, ping & said.passes & said.open)
    put(Case.TELL_ALLOWED, said.passes & said.open)
