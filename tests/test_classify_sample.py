"""The kinds of the sample's records, and of other days of the sandbox, against the truth about each."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from making_flows import lines

from rejectkit.exploring import classify
from rejectkit.records import LogFormat
from rejectkit.sandbox.playing.scenario import scenario

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    """The sample's records in the order of its truth, with `truth` (kind), `mistake` and `layer`."""
    texts = [gzip.decompress(path.read_bytes()).decode() for path in sorted((ROOT / "data").rglob("*.log.gz"))]
    records = lines("\n".join(text.split("\n", 1)[1].strip() for text in texts))
    truth = pd.read_csv(ROOT / "data" / "truth.csv.gz")
    return records.assign(truth=truth["kind"], mistake=truth["mistake"], layer=truth["layer"])


def refused(records: pd.DataFrame) -> pd.DataFrame:
    """Return the refused records with `kind` as judged, and the truth as this module calls it.

    The truth calls a server's reply that a network ACL refused part of an inside mistake; here such a record is
    a reply, whose finding blames the ACL.
    """
    judged = records.assign(kind=classify.records(records.drop(columns=["truth", "mistake", "layer"])))
    some = judged[judged["action"] == "REJECT"]
    return some.assign(truth=some["truth"].where(some["layer"] != "nacl-reply", "reply"))


def test_every_record_of_the_sample_is_what_it_is_in_truth(sample: pd.DataFrame) -> None:
    """Of the sample's refused records, in the default format, at least 99.5 % are judged as they were made."""
    found = refused(sample)
    assert (found["kind"] == found["truth"]).mean() >= 0.995


def test_the_samples_mistakes_are_found_and_no_scanner_is_among_them(sample: pd.DataFrame) -> None:
    """Every source of a planted inside mistake is inside, or says that some of its flows are; no scanner is."""
    found = refused(sample)
    rows = classify.sources(sample).set_index("srcAddr")
    planted = found[found["truth"] == "inside"]
    assert planted["mistake"].nunique() == 6
    for source in planted["srcAddr"].unique():
        assert rows.loc[source, "kind"] == "inside" or "inside mistakes" in rows.loc[source, "why"], source
    scanners = found.loc[found["truth"] == "scanner", "srcAddr"].unique()
    assert len(scanners) > 1000
    assert not rows.loc[scanners, "kind"].isin(["inside", "probe"]).any()


@pytest.mark.parametrize(("seed", "hours", "scale"), [(1, 6, 1.0), (2, 24, 0.3), (3, 2, 4.0)])
@pytest.mark.parametrize("rich", [False, True])
def test_other_days_of_the_sandbox_are_judged_as_well(seed: int, hours: int, scale: float, rich: bool) -> None:
    """Other seeds, lengths and sizes are judged as right as the sample, with the default fields and with more."""
    day = scenario(seed=seed, hours=hours, scale=scale)
    records = day.records()
    if not rich:
        records = records[["@timestamp", *LogFormat.default().columns]]
    truth = day.truth
    found = refused(records.assign(truth=truth["kind"], mistake=truth["mistake"], layer=truth["layer"]))
    right = found["kind"] == found["truth"]
    assert right.mean() >= 0.99
    assert right.groupby(found["truth"]).mean().min() >= 0.9


def test_without_accepted_flows_inside_and_scanners_are_still_told(sample: pd.DataFrame) -> None:
    """From REJECT records alone, inside sources and scanners are as sure as before."""
    found = refused(sample[sample["action"] == "REJECT"])
    told = found[found["truth"].isin(["inside", "scanner", "probe"])]
    assert (told["kind"] == told["truth"]).mean() >= 0.995
