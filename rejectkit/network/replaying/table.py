"""What becomes of records under changed rules, as a table: each distinct reason is put into words once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.flows import NONE, Bools, Ints
from rejectkit.network.judging.engine import NO, YES, Judgements, judge
from rejectkit.network.judging.tables import alike
from rejectkit.network.judging.words import CANNOT_TELL as CANNOT
from rejectkit.network.judging.words import Said, Speaker
from rejectkit.network.model import PORTED, Network
from rejectkit.network.packets import EGRESS, INGRESS, Packets
from rejectkit.network.replaying.roles import ANSWERS
from rejectkit.network.replaying.ruled import Codes, answering, asking, is_icmp, turned
from rejectkit.network.replaying.turns import CANNOT_TELL, Turn

_BARE = (Turn.SAME_UNTOUCHED, Turn.SAME_NO_FLOW, Turn.SAME_LATE, Turn.SAME_BPA, Turn.SAME_ENCRYPTION, Turn.TELL_GONE,
         Turn.TELL_UNKNOWN, Turn.TELL_ROLE, Turn.TELL_DIRECTION, Turn.TELL_ADDRESS)  # fmt: skip

_SENTENCES = {
    Turn.SAME_UNTOUCHED: "The change does not bear on it.",
    Turn.SAME_NO_FLOW: "The record is of no flow.",
    Turn.SAME_PASSES: "It was accepted and still would be.",
    Turn.SAME_REFUSED: "It was refused and still would be.",
    Turn.SAME_OTHER: "Both layers refuse it today. The change mends one of them; the other one still refuses it.",
    Turn.SAME_UNASKED: "An answer that was refused; the request that it answers would be refused now.",
    Turn.SAME_ALREADY: (
        "It was accepted although the rules refuse it before the change too: they have changed since, or it belongs to "
        "a connection that was open."
    ),
    Turn.SAME_ALLOWED: (
        "It was refused although the rules let it pass before the change too: they have changed since, or no rule "
        "refused it. The change does not make the difference."
    ),
    Turn.SAME_LATE: (
        "A packet that came after its connection had closed: no rule refused it, so a change of rules lets it not in."
    ),
    Turn.SAME_BPA: "VPC Block Public Access refused it, which is asked whatever the rules are.",
    Turn.SAME_ENCRYPTION: "VPC encryption control refused it, which is asked whatever the rules are.",
    Turn.IN_PASSES: "It was refused, and would be let pass.",
    Turn.IN_ANSWER: "An answer that was refused, and would be let pass.",
    Turn.IN_NO_ANSWER: "It was refused, and would be let pass; but its answer would be refused, so nothing is gained.",
    Turn.OUT_REFUSED: "It was accepted, and would be refused.",
    Turn.OUT_ANSWER: "An answer that was accepted, and would be refused.",
    Turn.OUT_UNASKED: "It answers a request that would be refused, so it would never be sent.",
    Turn.TELL_RULES: "The change bears on it, and what the rules do with it then is not known.",
    Turn.TELL_GONE: "Its network interface is not in the changed network.",
    Turn.TELL_UNKNOWN: "Its network interface is in neither network, so whether the change bears on it is not known.",
    Turn.TELL_PAST: (
        "It was accepted although the rules refuse it before the change too. The change adds another refusal; whether "
        "that one would have counted is not known."
    ),
    Turn.TELL_ROLE: "Whether it begins something or is an answer is not known, and makes the difference.",
    Turn.TELL_DIRECTION: "Which way it went cannot be told, and the change bears on it.",
    Turn.TELL_ADDRESS: "The record has no addresses, so whether the change bears on it is not known.",
}
_NOTHING = Said("", "", "", "")
_PING = " The record does not tell the type of ICMP; this is so for a ping."


@dataclass(frozen=True, slots=True)
class Shown:
    """What decides on flows under the changed rules, one element a flow.

    Attributes
    ----------
    flows : Packets
    role : array of int8
    packets : Packets
        What is judged: the flow as it begins, as an answer, or the request that it answers.
    judged : Judgements
    turn : array of int
        With IN_NO_ANSWER where the answer to what is let in would be refused.
    answers : Packets
        The answers.
    answered : Judgements
        What becomes of them.
    """

    flows: Packets
    role: Codes
    packets: Packets
    judged: Judgements
    turn: Ints
    answers: Packets
    answered: Judgements

    @classmethod
    def of(cls, after: Network, packets: Packets, role: Codes, turn: Ints) -> Shown:
        """Judge what decides; the flows are packets made for the changed network."""
        unasked = np.isin(turn, (Turn.OUT_UNASKED, Turn.SAME_UNASKED))
        shown = _either(role == ANSWERS, answering(packets), asking(packets))
        shown = _either(unasked, asking(turned(packets)), shown)
        answers = answering(turned(packets))
        answered = judge(after, answers)
        lost = (turn == Turn.IN_PASSES) & (answered.acl == NO) & np.isin(packets.protocol, PORTED)
        told = np.where(lost, Turn.IN_NO_ANSWER, turn)
        return cls(packets, role, shown, judge(after, shown), told, answers, answered)

    def client(self) -> Ints:
        """Return who began each flow, a position among the packets' names."""
        flows = self.flows
        return np.where(flows.egress == (self.role != ANSWERS), flows.own, flows.peer).astype(np.int64)

    def port(self) -> Ints:
        """Return the service's port, NONE where there is none."""
        port = np.where(self.role == ANSWERS, self.flows.src_port, self.flows.dst_port)
        return np.where(np.isin(self.flows.protocol, PORTED), port, NONE).astype(np.int64)

    def said(self, after: Network) -> tuple[list[Said], list[Turn], npt.NDArray[np.intp]]:
        """Return each distinct reason with its turn, and which of them each flow has."""
        one, two = self.judged, self.answered
        bare, icmp = np.isin(self.turn, _BARE), is_icmp(self.packets)
        parts = [
            self.packets.interface, self.packets.egress, self.packets.reply,
            self.packets.places.family[self.packets.peer], np.where(one.allowed == YES, 0, self.packets.protocol),
            one.allowed, one.group, one.acl, one.group_rule, one.acl_entry, one.why, one.exempt,
            np.where(self.turn == Turn.IN_NO_ANSWER, two.acl_entry, -1), icmp,
        ]  # fmt: skip
        whose, example = alike([self.turn, *(np.where(bare, 0, part) for part in parts)])
        speaker, reply = Speaker(after, self.packets, one), Speaker(after, self.answers, two)
        found = []
        for row in example.tolist():
            turn = Turn(int(self.turn[row]))
            words = _NOTHING if turn in _BARE else speaker.say(row)
            told = [_SENTENCES[turn], words.because]
            if turn == Turn.IN_NO_ANSWER:
                told.append(f"Of the answer: {_lower(reply.say(row).because)}")
            if turn not in _BARE and icmp[row]:
                told.append(_PING.strip())
            found.append(words._replace(because=" ".join(part for part in told if part)))
        return found, [Turn(int(self.turn[row])) for row in example.tolist()], whose


def as_table(index: pd.Index, turn: Ints, at: Ints, shown: Shown, after: Network) -> pd.DataFrame:
    """Return one row per record.

    Parameters
    ----------
    index : Index
        Of the records.
    turn : array of int
        The turn of each record on which the change does not bear, or of which nothing more is said.
    at : array of int
        Positions among the records of those that are `shown`.
    """
    said, kinds, whose = shown.said(after)
    code = turn.copy()
    code[at] = len(Turn) + whose
    reasons = [*(_NOTHING._replace(because=_SENTENCES[one]) for one in Turn), *said]
    kinds = [*Turn, *kinds]
    layers = [CANNOT if kind.outcome == CANNOT_TELL else one.layer for kind, one in zip(kinds, reasons, strict=True)]
    port = _spread(len(turn), at, shown.port())
    return pd.DataFrame(
        {
            "outcome": _texts([one.outcome for one in kinds], code),
            "layer": _texts(layers, code),
            "resource": _texts([one.resource for one in reasons], code),
            "rule": _texts([one.rule for one in reasons], code),
            "because": _categories([one.because for one in reasons], code),
            "direction": _texts([INGRESS, EGRESS], _spread(len(turn), at, shown.flows.egress.astype(np.int64))),
            "clientAddr": _texts(list(shown.flows.names), _spread(len(turn), at, shown.client())),
            "port": pd.arrays.IntegerArray(np.maximum(port, 0), port == NONE),
        },
        index=index,
    )


def _spread(size: int, at: Ints, values: Ints) -> Ints:
    whole = np.full(size, NONE, np.int64)
    whole[at] = values
    return whole


def _texts(values: list[str], code: Ints) -> pd.api.extensions.ExtensionArray:
    """Return the value of each code as text, null for NONE and for empty text."""
    texts = np.array([*(value or None for value in values), None], object)
    return pd.array(texts, dtype="str").take(np.where(code == NONE, len(values), code))


def _categories(values: list[str], code: Ints) -> pd.Categorical:
    used = np.unique(code)
    texts, which = np.unique(np.array([values[one] for one in used], object), return_inverse=True)
    place = np.zeros(len(values), np.int64)
    place[used] = which
    return pd.Categorical.from_codes(place[code], categories=pd.Index(texts, dtype="str"))


def _either(where: Bools, one: Packets, other: Packets) -> Packets:
    """Return the one packets where that is so, else the other ones."""
    names = ("egress", "src_port", "dst_port", "icmp_type", "icmp_code", "reply")
    return replace(other, **{name: np.where(where, getattr(one, name), getattr(other, name)) for name in names})


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
