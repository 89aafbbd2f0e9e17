"""What-if predicts of every record of the scenario what the sandbox makes of it once the change is in force."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from rejectkit.errors import ArgumentError
from rejectkit.network import AddEntry, AddRule, Network, RemoveEntry, RemoveRule, surprises, what_if
from rejectkit.network.edits import Change
from rejectkit.network.model import PORTED
from rejectkit.records import LogFormat
from rejectkit.sandbox import Scenario, scenario
from rejectkit.sandbox.playing.enforcing import ACCEPTED, AS_IT_WAS, outcomes
from rejectkit.sandbox.vpc.describe import network_json
from tests.test_sandbox_enforcing import DAY, MENDS

_DEFAULT = ["@timestamp", *LogFormat.default().columns]


@cache
def network(day: Scenario, early: bool = False) -> Network:
    """Return the scenario's network at the end of its window, or at its beginning."""
    return Network.from_json(network_json(day.network_before if early else day.network))


@cache
def records(day: Scenario) -> pd.DataFrame:
    """Return the scenario's records."""
    return day.records()


def removals() -> dict[str, Change]:
    """Return the removals of rules that most traffic hangs on: of groups inbound and outbound, of ACLs both ways."""
    planted = network(DAY)
    chosen = ("web inbound tcp 8080", "web outbound", "alb inbound tcp 443 from 0", "db inbound tcp 5432 from 10.50")
    groups = {f"{group.name} {rule}": rule for group in planted.groups for rule in group.rules}
    found: dict[str, Change] = {
        name: RemoveRule(rule) for name, rule in groups.items() if any(name.startswith(one) for one in chosen)
    }
    for acl in planted.acls:
        for entry in acl.entries:
            name = f"{acl.name} {entry}"
            if name.startswith(("app outbound rule 100", "data inbound rule 100", "shared outbound rule 110")):
                found[name] = RemoveEntry(acl.id, entry)
    return found


def becomes(day: Scenario, change: Change) -> npt.NDArray[np.object_]:
    """Return what the sandbox makes of each record, in what-if's words; a refused answer never sent is still refused."""
    made = outcomes(day, network(day).changed(change))
    refused = records(day)["action"].eq("REJECT").fillna(False).to_numpy(bool)
    gone = np.where(refused, "unchanged", "newly rejected")
    return np.select([made == AS_IT_WAS, made == ACCEPTED], ["unchanged", "newly accepted"], gone).astype(object)


def predicted(day: Scenario, change: Change, columns: list[str] | None = None) -> npt.NDArray[np.object_]:
    """Return what-if's outcomes, with the rules that were in force when each record was made."""
    table = records(day) if columns is None else records(day)[columns]
    early = day.starts < day.changed.timestamp()
    found = np.empty(len(table), object)
    for part, rules in ((early, network(day, early=True)), (~early, network(day))):
        try:
            found[part] = what_if(table[part], rules, change)["outcome"].to_numpy(object)
        except ArgumentError:  # the rule that is removed was not there yet
            found[part] = "unchanged"
    return found


@pytest.mark.parametrize("columns", [None, _DEFAULT], ids=["all fields", "default format"])
@pytest.mark.parametrize("mistake", MENDS)
def test_the_mend_of_each_mistake_does_what_was_predicted(mistake: str, columns: list[str] | None) -> None:
    """Every record of a day: exactly the refused ones of the mistake are newly accepted, and nothing else changes."""
    want = becomes(DAY, MENDS[mistake])
    assert (want == "newly accepted").sum() > 20
    assert (predicted(DAY, MENDS[mistake], columns) == want).all()


@pytest.mark.parametrize("columns", [None, _DEFAULT], ids=["all fields", "default format"])
@pytest.mark.parametrize("removal", removals())
def test_a_removed_rule_does_what_was_predicted(removal: str, columns: list[str] | None) -> None:
    """Requests and answers are newly rejected as the sandbox refuses them.

    Pings, and answers to clients' ports below 32768 without flags, are left out: the sandbox takes them for requests.
    """
    change, table = removals()[removal], records(DAY)
    want, got = becomes(DAY, change), predicted(DAY, change, columns)
    flags = table["tcpFlags"].fillna(0).to_numpy(int) & 18 > 0
    low = table[["srcPort", "dstPort"]].max(axis=1).fillna(0).to_numpy(int) < 32768
    told = table["protocol"].isin(PORTED).to_numpy(bool) & (flags | ~low)
    assert (want[told] == "newly rejected").sum() > 50
    assert (got[told] == want[told]).all()


@pytest.mark.parametrize("seed", [3, 29])
def test_other_days_are_predicted_too(seed: int) -> None:
    """All mends at once, on days drawn otherwise: what is newly accepted is what was planted, and from inside only."""
    day = scenario(seed=seed)
    edits = list(MENDS.values())
    table, truth = records(day), day.truth
    late = ~(day.starts < day.changed.timestamp())
    found = what_if(table[late], network(day), edits)
    want = (truth["mistake"].isin(list(MENDS)) & table["action"].eq("REJECT").fillna(False))[late].to_numpy(bool)
    assert ((found["outcome"] == "newly accepted").to_numpy() == want).all()
    assert set(found["outcome"]) == {"unchanged", "newly accepted"}
    added = surprises(found, table[late])
    assert added["flows"].sum() == table[late]["action"].notna().sum()
    assert added.loc[added["outcome"] == "newly accepted", "kind"].tolist() == ["inside"]


def test_the_kinds_of_change_are_all_tried() -> None:
    """The mends and removals above add and remove rules of groups and of network ACLs."""
    kinds = {type(change) for change in (*MENDS.values(), *removals().values())}
    assert kinds == {AddRule, RemoveRule, AddEntry, RemoveEntry}
