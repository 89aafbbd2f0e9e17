"""Blame against the scenario's ground truth, which is written down as traffic is planted: no rule is asked for it.

By hand: `REJECTKIT_BLAME_SEEDS=10` plays so many scenarios, `REJECTKIT_BLAME_SCALE=20` makes each of 240,000 records,
`REJECTKIT_BLAME_EDITS=1000` tries every rule that may have come or gone since.
"""

from __future__ import annotations

import os
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

from rejectkit.network import AclEntry, AddEntry, AddRule, Change, GroupRule, Network, RemoveEntry, RemoveRule, blame
from rejectkit.network.model import ALL, TCP
from rejectkit.records import LogFormat
from rejectkit.sandbox.playing.scenario import Scenario, network_json, scenario
from rejectkit.sandbox.vpc import describe

SEEDS = range(1, 1 + int(os.environ.get("REJECTKIT_BLAME_SEEDS", "1")))
SCALE = float(os.environ.get("REJECTKIT_BLAME_SCALE", "1"))
EDITS = int(os.environ.get("REJECTKIT_BLAME_EDITS", "5"))

FORMATS = ("whole", "default")
COLUMNS = ["layer", "resource", "rule"]

played = lru_cache(maxsize=2)(scenario)


@lru_cache(maxsize=2)
def records(seed: int, scale: float, form: str) -> pd.DataFrame:
    """Return a scenario's records, of the default format or with all its fields."""
    frame = played(seed=seed, scale=scale).records()
    return frame[["@timestamp", *LogFormat.default().columns]] if form == "default" else frame


@lru_cache(maxsize=2)
def truth(seed: int, scale: float) -> pd.DataFrame:
    """Return the truth about its refused records."""
    one = played(seed=seed, scale=scale)
    return one.truth[one.records()["action"].eq("REJECT").fillna(False)]


@lru_cache(maxsize=1)
def today(one: Scenario) -> Network:
    """Return its network."""
    return Network.from_json(network_json(one))


def right(answer: pd.DataFrame, expected: pd.DataFrame) -> pd.Series:
    """Tell the records whose layer, resource and rule are those of the truth."""
    return answer[COLUMNS].fillna("").eq(expected[COLUMNS].fillna("")).all(axis=1)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("seed", SEEDS)
def test_layer_and_rule_are_those_that_were_planted(seed: int, form: str) -> None:
    """Right for 99 % of what is judged, no more than 2 % that cannot be told, nothing certain and wrong."""
    expected, frame = truth(seed, SCALE), records(seed, SCALE, form)
    answer = blame(frame, today(played(seed=seed, scale=SCALE)))
    assert answer["layer"].notna().equals(frame["action"].eq("REJECT").fillna(False).astype(bool))
    answer = answer.loc[expected.index]
    judged, good = answer["layer"] != "cannot-tell", right(answer, expected)
    planted = expected["mistake"].notna()
    assert good[judged].mean() >= 0.99
    assert (~judged).mean() <= 0.02
    assert (judged & ~good & (answer["certainty"] == "certain")).sum() == 0
    assert set(expected.loc[planted & good, "mistake"]) == set(expected.loc[planted, "mistake"])
    assert good[planted].mean() >= 0.99, "the mistakes are few among the scanners' records"
    assert (answer.loc[judged, "certainty"] != "cannot tell").all()


@pytest.mark.parametrize("form", FORMATS)
def test_refused_records_alone(form: str) -> None:
    """Without accepted records less is certain, and what is certain is right."""
    expected = truth(1, SCALE)
    answer = blame(records(1, SCALE, form).loc[expected.index], today(played(seed=1, scale=SCALE)))
    judged, good = answer["layer"] != "cannot-tell", right(answer, expected)
    assert (judged & ~good & (answer["certainty"] == "certain")).sum() == 0
    assert (~judged).mean() <= 0.02
    assert good[judged].mean() >= 0.98, "late packets cannot be seen without the accepted ones"


def mends(network: Network) -> dict[str, Change]:
    """Return by name of a mistake the change of a rule that ends it."""
    groups = {one.name: one.id for one in network.groups}
    acls = {one.name: one.id for one in network.acls}
    deny = next(one for one in network.acl_of[acls["app"]].entries if one.number == 90)
    return {
        "db-group": AddRule(GroupRule(groups["db"], False, TCP, 5432, 5432, groups["orders"])),
        "scrape-port": AddRule(GroupRule(groups["orders"], False, TCP, 9100, 9100, groups["monitor"])),
        "nacl-ephemeral": AddEntry(
            acls["shared"], AclEntry(120, True, True, TCP, "192.168.0.0/16", 1024, 65535)
        ),
        "nacl-deny": RemoveEntry(acls["app"], deny),
        "mail-egress": AddRule(GroupRule(groups["batch"], True, TCP, 587, 587, "0.0.0.0/0")),
        "mail-relay": AddEntry(acls["shared"], AclEntry(130, True, True, TCP, "192.168.30.25/32", 587, 587)),
    }  # fmt: skip


@pytest.mark.parametrize(
    "mistake", ["db-group", "scrape-port", "nacl-ephemeral", "nacl-deny", "mail-egress", "mail-relay"]
)
def test_what_was_mended_since_cannot_be_told(mistake: str) -> None:
    """Records older than the rule that would let them pass: they say so, and all others stay as they are."""
    one, expected = played(seed=1, scale=1.0), truth(1, 1.0)
    frame, network = records(1, 1.0, "whole"), today(one)
    mine = expected["mistake"] == mistake
    whole = blame(frame, network.changed(mends(network)[mistake]))
    answer = whole.loc[expected.index]
    assert mine.any()
    assert answer.loc[mine, "layer"].eq("cannot-tell").all()
    assert answer.loc[mine, "because"].str.contains("have changed since").all()
    assert right(answer[~mine], expected[~mine]).mean() >= 0.99
    assert (~right(answer, expected) & answer["certainty"].eq("certain")).sum() == 0


def test_the_rules_of_the_morning_do_not_explain_the_afternoon() -> None:
    """With the network as it was before the deny rule, its records cannot be told; the morning's are as ever."""
    one, expected = played(seed=1, scale=1.0), truth(1, 1.0)
    before = Network.from_json(describe.network_json(one.network_before))
    answer = blame(records(1, 1.0, "default"), before).loc[expected.index]
    mine = expected["mistake"] == "nacl-deny"
    assert answer.loc[mine, "layer"].eq("cannot-tell").all()
    assert right(answer[~mine], expected[~mine]).mean() >= 0.99


def changes(network: Network) -> list[Change]:
    """Return what may have come or gone between the records and the snapshot: every rule, and denies above all."""
    rules: list[Change] = [RemoveRule(rule) for group in network.groups for rule in group.rules]
    entries: list[Change] = [RemoveEntry(acl.id, entry) for acl in network.acls for entry in acl.entries]
    denies: list[Change] = [
        AddEntry(acl.id, AclEntry(1, way, False, ALL, cidr))
        for acl in network.acls
        for way in (False, True)
        for cidr in ("0.0.0.0/0", "10.0.0.0/8")
    ]
    return [*rules, *entries, *denies]


def test_rules_that_changed_since_make_nothing_certain_and_wrong() -> None:
    """Whatever rule is gone today, or whatever deny of all is new: accepted records show it, and nothing is certain."""
    one, expected = played(seed=1, scale=1.0), truth(1, 1.0)
    network, every = today(one), changes(today(one))
    chosen = np.random.default_rng(7).permutation(len(every))[:EDITS]
    for number, place in enumerate(chosen.tolist()):
        frame = records(1, 1.0, FORMATS[number % 2])
        answer = blame(frame, network.changed(every[place])).loc[expected.index]
        wrong = ~right(answer, expected) & answer["certainty"].eq("certain")
        assert not wrong.any(), (every[place], answer[wrong].head().to_dict("records"))
