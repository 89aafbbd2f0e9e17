"""The findings of the sample: every planted mistake is one, and each finding's query shows what it speaks of."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from making_flows import lines
from memory_source import MemorySource, shown

from rejectkit.exploring.summary import summarize
from rejectkit.findings import Finding

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def sample() -> MemorySource:
    """The sample's records."""
    texts = [gzip.decompress(path.read_bytes()).decode() for path in sorted((ROOT / "data").rglob("*.log.gz"))]
    return MemorySource(lines("\n".join(text.split("\n", 1)[1].strip() for text in texts)))


@pytest.fixture(scope="module")
def of_sample(sample: MemorySource) -> list[Finding]:
    """The sample's findings."""
    return summarize(sample)


def test_every_finding_of_the_sample_is_shown_by_its_query(sample: MemorySource, of_sample: list[Finding]) -> None:
    """The query of each finding runs, and has every pair of the finding with at least as many flows."""
    for finding in of_sample:
        shown(sample, finding)


PLANTED = [
    r"10\.20\.10\.31 and 10\.20\.11\.31 are refused at 5432 \(PostgreSQL\) of 10\.20\.20\.10: \d+ flows since "
    r"2026-11-01 00:0\d UTC or before, .* and it goes on",
    r"10\.20\.10\.40 is refused at 9100 \(node exporter\) of 10\.20\.10\.31 and 10\.20\.11\.31: [\d,]+ flows since "
    r"2026-11-01 06:0\d UTC \(none in the 6 h before\), about one a minute, and it goes on",
    r"2\d addresses of 192\.168\.10\.0/24 are refused at 443 \(HTTPS\) of 10\.20\.10\.21 and 10\.20\.11\.21: \d+ flows "
    r"since 2026-11-01 14:2\d UTC .*Until 2026-11-01 14:\d\d UTC \d+ such flows were accepted",
    r"10\.20\.11\.50 is refused at 3306 \(MySQL\) of 10\.20\.20\.10: \d+ flows",
    r"10\.20\.11\.50 is not let out to 587 \(mail submission\) of [\d.]+ and [\d.]+: \d+ flows",
    r"10\.20\.30\.20 is not let out to 587 \(mail submission\) of 192\.168\.30\.25: \d+ flows",
    r"Replies from 8443 \(HTTPS alternate\) of 10\.20\.30\.20 to \d+ addresses of 192\.168\.40\.0/24 are refused on their "
    r"way out: \d+ flows",
]


@pytest.mark.parametrize("pattern", PLANTED)
def test_every_planted_mistake_of_the_sample_is_a_warning(pattern: str, of_sample: list[Finding]) -> None:
    """Each mistake planted in the sample has its finding, with addresses, service and time; and the warning stands."""
    assert [finding.severity for finding in of_sample if re.search(pattern, finding.sentence)] == ["warning"]


def test_nothing_but_mistakes_and_losses_is_a_warning(of_sample: list[Finding]) -> None:
    """The sample's warnings are the planted mistakes and the skipped intervals, and no other."""
    warnings = [finding for finding in of_sample if finding.severity == "warning"]
    assert len(warnings) == len(PLANTED) + 1


def test_the_whole_of_the_sample_adds_up(sample: MemorySource, of_sample: list[Finding]) -> None:
    """The figures of the sentence on the whole are those of the records."""
    records = sample.records(None, None)
    refused, every = int((records["action"] == "REJECT").sum()), len(records)
    (one,) = [finding.sentence for finding in of_sample if "were refused," in finding.sentence]
    assert one.startswith(f"{refused:,} of {every:,} flows")
    assert sum(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) (?=\D)", one.split(": ")[-1])) == refused
