"""What notebook 2 says in prose is true of what it computes, and of days that it does not show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

import rejectkit as rk
from rejectkit import demo
from rejectkit.monitoring.alarms.evaluation import DOCUMENTED
from rejectkit.sandbox import Delivery
from rejectkit.sandbox.playing.pipeline import arrivals

NAME = "02_alert_timing.ipynb"
FROM, TO = "2026-11-01T10:00Z", "2026-11-01T18:00Z"
OFFICE = "192.168.0.0/16"


def cells() -> list[Any]:
    """Return the cells of the notebook."""
    path = next(Path(path) for path in demo.notebooks() if Path(path).name == NAME)
    return list(nbformat.read(path, as_version=4).cells)


def cell(begins: str) -> str:
    """Return the one code cell that has a line which begins so."""
    found = [
        one.source
        for one in cells()
        if one.cell_type == "code" and any(line.startswith(begins) for line in one.source.splitlines())
    ]
    assert len(found) == 1, (begins, len(found))
    return str(found[0])


def events(seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return what Logs Insights answers the notebook's query, made without a sandbox, and each event's mistake."""
    played = rk.sandbox.scenario("poc", seed)
    records = played.records()
    frame = pd.DataFrame(
        {
            "@timestamp": records["@timestamp"],
            "@ingestionTime": pd.to_datetime(arrivals(played, Delivery()), unit="ms", utc=True),
            "@message": played.lines(),
            "end": records["end"],
        }
    )
    kept = (frame["@timestamp"] >= FROM) & (frame["@timestamp"] < TO) & (frame["@ingestionTime"] <= TO)
    return frame[kept].reset_index(drop=True), played.truth["mistake"][kept].reset_index(drop=True)


@pytest.fixture(scope="module")
def day() -> dict[str, Any]:
    """Give what the notebook has after its sweep and its recommendation, by its own cells."""
    frame, mistake = events(7)
    have: dict[str, Any] = {"rk": rk, "pd": pd, "events": frame, "recipe": rk.Monitor(log_group="g")}
    have["incident"] = mistake.where(mistake == "nacl-deny")
    for begins in ("choices = {", "settings = ", "advice = "):
        exec(cell(begins), have)
    return have


def figures(frame: pd.DataFrame, rule: Any, pattern: Any = None) -> dict[int, pd.DataFrame]:
    """Return the figures at the delays of the notebook's tables, in minutes."""
    return {n: rk.monitoring.backtest(frame, rule, pattern, delay=60 * n).figures for n in (1, 3, 5, 10)}


def test_the_recipe_is_always_in_alarm_or_blind(day: dict[str, Any]) -> None:
    """At no delay and over no range does it judge most of the rejects: it is in ALARM all day, or never."""
    for found in figures(day["events"], day["recipe"]).values():
        assert ((found["alarmShare"] > 0.9) | (found["alarmShare"] == 0)).all()
        assert (found["missedShare"] > 0.7).all()
        assert (found.loc[found["alarmShare"] == 0, "missedShare"] == 1).all()


def test_the_recipe_as_records_really_came(day: dict[str, Any]) -> None:
    """Over N it is silent and has seen nothing; over N+8 it is mostly in ALARM and misses most of the rejects."""
    shortest, longest = rk.monitoring.backtest(day["events"], day["recipe"]).figures.itertuples()
    assert (shortest.pages, shortest.missedShare) == (0, 1)
    assert longest.alarmShare > 0.5
    assert longest.missedShare > 0.5


def test_no_page_of_the_recipe_took_four_minutes(day: dict[str, Any]) -> None:
    """The sandbox's alarm, over N+2, pages for quick records only; half of all records take longer."""
    found = rk.monitoring.backtest(day["events"], day["recipe"], evaluation=DOCUMENTED)
    assert len(found.notifications) > 20
    assert found.notifications["seconds"].max() < 240
    late = day["events"]["@ingestionTime"] - pd.to_datetime(day["events"]["end"], unit="s", utc=True)
    assert late.median() > pd.Timedelta("4min")


def test_only_the_pattern_of_the_offices_tells_of_nothing_else(day: dict[str, Any]) -> None:
    """With every other pattern no rule catches the mistake without paging for something besides."""
    settings = day["settings"]
    alone = settings[(settings["caught"] == 1) & (settings["otherPagesPerDay"] == 0)]
    assert set(alone["pattern"]) == {"rejects from the offices"}
    assert set(settings["pattern"]) == set(day["choices"])
    assert day["advice"].row["pattern"] == "rejects from the offices"


@pytest.mark.parametrize("seed", [7, 3])
def test_the_recommended_setting_pages_once_and_misses_nothing(day: dict[str, Any], seed: int) -> None:
    """One page at each delay, over both ranges, for the mistake; on a day that it was not chosen on too."""
    frame, mistake = (day["events"], None) if seed == 7 else events(seed)
    pattern = day["patterns"]["rejects from the offices"]
    for found in figures(frame, day["advice"].rule, pattern).values():
        assert found["pages"].tolist() == [1, 1]
        assert found["missed"].tolist() == [0, 0]
    if mistake is not None:
        hits = rk.monitoring.backtest(frame, day["advice"].rule, pattern).events.hits
        assert set(mistake[hits]) == {"nacl-deny"}


def test_a_reject_from_the_offices_is_never_noise() -> None:
    """Whatever the day, all that is refused from the offices is the mistake."""
    for seed in (3, 7):
        played = rk.sandbox.scenario("poc", seed)
        records = played.records()
        refused = (records["action"] == "REJECT") & records["srcAddr"].str.startswith(OFFICE[:8]).fillna(False)
        assert set(played.truth["mistake"][refused]) == {"nacl-deny"}


def test_the_day_after_is_not_the_day_of_the_choice() -> None:
    """The second sandbox plays another day than the first: another seed."""
    begins = [one.source for one in cells() if one.cell_type == "code" and "rk.sandbox.start(" in one.source]
    assert len(begins) == 2
    assert "seed=" not in begins[0]
    assert "seed=8" in begins[1]
