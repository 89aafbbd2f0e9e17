"""From the advice to the next hours: what is suggested, applied in the sandbox, ends the mistakes as was predicted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.sandbox import Sandbox, scenario
from tests.on_sandbox import hurry

DAY = scenario(seed=5)
MENDED = {"db-group", "scrape-port", "nacl-ephemeral", "nacl-deny", "mail-egress", "mail-relay"}


class Followed(NamedTuple):
    """A sandbox in which all advice was followed, at `since`, and the day then ended."""

    sandbox: Sandbox
    network: rk.Network
    advice: list[rk.network.Suggestion]
    since: pd.Timestamp
    undo: Path


def source(sandbox: Sandbox) -> rk.InsightsSource:
    """Return the log group of the sandbox."""
    return rk.InsightsSource("/vpc/poc/flow-logs", sandbox.session, budget=hurry(), keep=False, progress=False)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    """Eighteen hours, the advice on them, applied; then the rest of the day, and what is late of it."""
    with rk.sandbox.start(DAY) as sandbox:
        sandbox.advance("18h")
        network = rk.Network.from_ec2(sandbox.session, budget=hurry(), progress=False)
        advice = rk.network.suggest(source(sandbox).records(action=None), network)
        undo = tmp_path_factory.mktemp("undo") / "undo.json"
        plan = rk.network.plan(advice, sandbox.session, network=network, undo=undo, budget=hurry())
        plan.apply(confirm=True)
        since = pd.Timestamp(sandbox.clock.now())
        sandbox.advance("7h")
        yield Followed(sandbox, network, advice, since, undo)


def test_every_record_since_is_as_predicted(followed: Followed) -> None:
    """The lines that came since are the scenario's, but those that what-if said would be newly accepted."""
    assert followed.sandbox.scenario is not None
    made, lines = followed.sandbox.scenario.records(), followed.sandbox.scenario.lines()
    edits = list(dict.fromkeys(edit for one in followed.advice for edit in one.edits))
    told = rk.network.what_if(made, followed.network, edits)["outcome"]
    later = (made["@timestamp"] >= followed.since).to_numpy()
    assert set(told[later]) == {"unchanged", "newly accepted"}
    expected = [
        line.replace("REJECT", "ACCEPT") if outcome == "newly accepted" and new else line
        for line, outcome, new in zip(lines, told, later, strict=True)
    ]
    window = rk.Window(DAY.window.start, followed.sandbox.clock.now())
    got = source(followed.sandbox).run("fields @message", window, all_rows=True)["@message"]
    assert sorted(got) == sorted(expected)
    assert ((told == "newly accepted").to_numpy() & later).sum() > 200


def test_the_mistakes_are_gone(followed: Followed) -> None:
    """Of what was planted and rules can mend, nothing is refused any more; what was refused by right still is."""
    assert followed.sandbox.scenario is not None
    truth = followed.sandbox.truth.assign(line=followed.sandbox.scenario.lines())
    began = followed.sandbox.scenario.records()["@timestamp"]
    later = truth[(began >= followed.since).to_numpy()]
    now = source(followed.sandbox).run('filter action = "REJECT" | fields @message', all_rows=True)["@message"]
    left = later[later["line"].isin(set(now))]
    assert not set(left["mistake"].dropna()) & MENDED
    assert {"scanner", "late", "inside"} <= set(left["kind"])  # of inside the client that asks for the wrong port
    assert set(left.loc[left["kind"] == "inside", "mistake"]) == {"wrong-port"}


def test_one_call_takes_it_back(followed: Followed) -> None:
    """After undo the rules are those before the advice was followed."""
    rk.network.undo(followed.undo, followed.sandbox.session, budget=hurry()).apply()
    now = rk.Network.from_ec2(followed.sandbox.session, budget=hurry(), progress=False)
    assert followed.network.diff(now).empty
