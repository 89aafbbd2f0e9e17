"""What blame found, as a table: a row a record, and each distinct reason put into words once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from rejectkit.exploring.evidence import dense
from rejectkit.exploring.flows import EGRESS, INGRESS, NONE, Bools, Flows, Ints
from rejectkit.network.blaming.cases import CERTAIN, LIKELY, Case
from rejectkit.network.blaming.past import Past
from rejectkit.network.blaming.rules import Said
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.blaming.traces import Traces
from rejectkit.network.blaming.words import Reason, Writer, read_at
from rejectkit.network.model import PORTED, Network

_BY_RECORD = {"": Case.TELL_ADDRESS, "BPA": Case.BPA, "EC": Case.ENCRYPTION}


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found of flows; `cases` has an element per refused flow, and so have `traces` and `said`."""

    network: Network
    flows: Flows
    sides: Sides
    traces: Traces
    said: Said
    past: Past
    cases: Ints

    @property
    def rows(self) -> Ints:
        """Positions of the refused flows in the table of records."""
        return self.flows.row[self.traces.at]

    def family(self, *names: str) -> Bools:
        """Tell the refused flows whose case is of one of the families."""
        return np.array([case.family in names for case in Case])[self.cases]

    def ports(self) -> Ints:
        """Return the service's port of each refused flow, NONE where there is none; a reply comes from it."""
        flows, at = self.flows, self.traces.at
        turned = self.family("REPLY") | (self.family("LATE") & self.traces.like_answer)
        ports = np.where(turned, flows.src_port[at], flows.dst_port[at])
        return np.where(np.isin(flows.protocol[at], PORTED), ports, NONE)

    def newer(self) -> Bools:
        """Tell the refused flows that began after the rules were read."""
        read = read_at(self.network)
        return self.flows.start[self.traces.at] > (np.inf if read is None else read)

    def shaken(self, both: Bools) -> Bools:
        """Tell the refused flows for which today's rules do not stand.

        That is, where flows that they would refuse were accepted later; and before, if there is another layer that
        may have refused it until they changed.
        """
        past = self.past
        by_group = past.group_near | (both & past.group_ever)
        by_acl = past.acl_later | (both & past.acl_ever)
        return np.where(self.family("GROUP"), by_group, by_acl) & self.family("GROUP", "ACL", "REPLY")

    def reasons(self) -> tuple[list[Reason], Ints]:
        """Return the distinct reasons, and which of them each refused flow has."""
        at, sides, said = self.traces.at, self.sides, self.said
        group, acl = self.family("GROUP"), self.family("ACL")
        both = (group & said.denied) | (acl & said.refused)
        answers = {
            "egress": sides.direction[at] == EGRESS,
            "six": self.flows.places.family[sides.peer[at]] == 6,
            "both": both,
            "sure": sides.sure[at],
            "newer": self.newer(),
            "shaken": self.shaken(both),
        }
        kind = self.cases.copy()
        for answer in answers.values():
            kind = kind * 2 + answer
        interface = np.where(group | acl | self.family("TELL"), sides.interface[at], NONE)
        entry = np.where(acl | both | self.family("REPLY"), said.entry, NONE)
        number = dense(kind, interface, entry)
        first = np.flatnonzero(np.diff(np.maximum.accumulate(number), prepend=-1))
        reasons = [
            Reason(
                case=Case(int(self.cases[row])),
                interface=self.network.interfaces[interface[row]] if interface[row] != NONE else None,
                entry=said.entries[entry[row]] if entry[row] != NONE else None,
                **{name: bool(answer[row]) for name, answer in answers.items()},
            )
            for row in first.tolist()
        ]
        return reasons, number


def as_table(records: pd.DataFrame, given: npt.NDArray[np.object_], found: Found) -> pd.DataFrame:
    """Return one row per record; `given` is the reason that each record itself gives."""
    size, flows, at = len(records), found.flows, found.traces.at
    reasons, number = found.reasons()
    code = _spread(size, found.rows, number)
    rejected = records["action"].isin(["REJECT"]).to_numpy(dtype=bool)
    bare = np.flatnonzero(rejected & (code == NONE))  # without addresses
    words = list(_BY_RECORD)
    code[bare] = [len(reasons) + (words.index(given[row]) if given[row] in words else 0) for row in bare]
    reasons += [Reason(case) for case in _BY_RECORD.values()]

    def told(values: Iterable[str | None]) -> pd.api.extensions.ExtensionArray:
        return _texts([*values], code)

    writer = Writer(found.network)
    port = _spread(size, found.rows, found.ports())
    return pd.DataFrame(
        {
            "layer": told(one.case.layer(one.egress) for one in reasons),
            "resource": told(one.resource for one in reasons),
            "rule": told(one.rule for one in reasons),
            "certainty": told(_certainty(one) for one in reasons),
            "because": _categories([writer.sentence(one) for one in reasons], code),
            "direction": _texts(["ingress", "egress"], _spread(size, found.rows, _ways(found.sides.direction[at]))),
            "peerAddr": _texts(flows.names, _spread(size, found.rows, found.sides.peer[at])),
            "port": pd.arrays.IntegerArray(np.maximum(port, 0), port == NONE),
            "also": told(one.also for one in reasons),
        },
        index=records.index,
    )


def _certainty(reason: Reason) -> str | None:
    """Return how certain a reason is; nothing is that stands on a direction, or on rules, that are not."""
    certainty = reason.case.certainty
    stands = reason.case in _BY_RECORD.values() or (reason.sure and not reason.shaken)
    return certainty if stands or certainty != CERTAIN else LIKELY


def _ways(direction: Ints) -> Ints:
    return np.select([direction == INGRESS, direction == EGRESS], [0, 1], NONE)


def _spread(size: int, rows: Ints, values: Ints) -> Ints:
    whole = np.full(size, NONE, np.int64)
    whole[rows] = values
    return whole


def _texts(values: Iterable[str | None], code: Ints) -> pd.api.extensions.ExtensionArray:
    """Return the value of each code as text, null for NONE."""
    return pd.array(np.array([*values], object), dtype="str").take(code, allow_fill=True)


def _categories(values: list[str], code: Ints) -> pd.Categorical:
    """Return the value of each code as a category, null for NONE."""
    used = np.unique(code[code != NONE])
    texts, which = np.unique(np.array([values[one] for one in used], object), return_inverse=True)
    place = np.full(len(values) + 1, NONE, np.int64)
    place[used] = which
    return pd.Categorical.from_codes(place[code], categories=pd.Index(texts, dtype="str"))
