"""Flow logs recorded elsewhere: each file is read, or refused with a sentence that says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rejectkit.errors import FormatError, UnreadableError
from rejectkit.records import LogFormat
from rejectkit.sources.files.source import FileSource

SEKOIA = "flowlogs-sekoia/111111111111_vpcflowlogs_eu-west-"
CASES = [  # file, records, rejects (None: there is no action field), lines skipped; counted with awk
    ("flowlogs-obsrvbl/V2_RECORDS.log", 5, 1, 0),
    ("flowlogs-obsrvbl/V3_FILE.log", 2, None, 0),
    ("flowlogs-obsrvbl/V4_FILE.log", 2, None, 0),
    ("flowlogs-obsrvbl/V5_FILE.log", 2, 0, 1),
    ("flowlogs-obsrvbl/V6_FILE.log", 1, None, 0),
    ("flowlogs-obsrvbl/flows.parquet", 3, 0, 0),
    ("flowlogs-otel/valid_vpc_flow_cw.json", 2, 1, 0),
    ("flowlogs-otel/valid_vpc_flow_log.log", 1, 0, 0),
    ("flowlogs-otel/valid_vpc_flow_log_multi.log", 2, 1, 0),
    (f"{SEKOIA}2_fl-0dcbf7c4c2483c6b6_20220221T1955Z_7fe2e5f7.log", 5, 3, 0),
    (f"{SEKOIA}2_fl-0dcbf7c4c2483c6b6_20220221T2025Z_55a7d2af.log", 5, 5, 0),
    (f"{SEKOIA}3_fl-032a163fae170ae52_20220831T1255Z_2ad4bef5.parquet", 7, 3, 0),
    ("flowlogs-sekoia/test_parquet.parquet", 8, 4, 0),
    ("flowlogs-vrl/format0.log", 7, 2, 0),
    ("flowlogs-vrl/format1.log", 8, 0, 0),
    ("flowlogs-vrl/format2.log", 6, None, 0),
    ("flowlogs-vrl/format3.log", 4, 0, 0),
    ("flowlogs-vrl/format4.log", 2, 0, 0),
    ("flowlogs-vrl/format5.log", 1, 0, 0),
]
REFUSED = [
    ("flowlogs-kentik/lines.json", FormatError, "is JSON, but without CloudWatch log events"),
    ("flowlogs-sekoia/test_parquet_result.json", FormatError, "is JSON, but without CloudWatch log events"),
    (
        "flowlogs-otel/valid_vpc_flow_cw_custom.json",
        FormatError,
        "has 4 fields where the format has 14; say the format",
    ),
    (
        "flowlogs-otel/vpc_flow_log_too_few_fields.log",
        UnreadableError,
        "1 of 1 lines .*13 fields where the format has 14",
    ),
    (
        "flowlogs-otel/vpc_flow_log_too_many_fields.log",
        UnreadableError,
        "1 of 1 lines .*15 fields where the format has 14",
    ),
]


@pytest.mark.parametrize(("name", "records", "rejects", "skipped"), CASES)
def test_file_is_read(shared: Path, name: str, records: int, rejects: int | None, skipped: int) -> None:
    """Records, rejects and skipped lines are those that awk counts."""
    source = FileSource(shared / "data" / name)
    assert source.run("stats count(*) as n")["n"][0] == records
    assert len(source.skipped) == skipped
    assert ("action" in source.fields) == (rejects is not None)
    if rejects is not None:
        assert source.run('filter action = "REJECT" | stats count(*) as n')["n"][0] == rejects


@pytest.mark.parametrize(("name", "error", "why"), REFUSED)
def test_file_is_refused(shared: Path, name: str, error: type[Exception], why: str) -> None:
    """The sentence names the file and says why."""
    with pytest.raises(error, match=f"{Path(name).name}.*{why}"):
        FileSource(shared / "data" / name).run("stats count(*) as n")


def test_every_file_is_in_a_table_above(shared: Path) -> None:
    """None is forgotten."""
    there = {str(path.relative_to(shared / "data")) for path in (shared / "data").glob("flowlogs-*/*")}
    assert there == {case[0] for case in CASES} | {case[0] for case in REFUSED}


def test_custom_format_is_read_once_it_is_said(shared: Path) -> None:
    """The envelope of four-field lines."""
    path = shared / "data" / "flowlogs-otel" / "valid_vpc_flow_cw_custom.json"
    source = FileSource(path, LogFormat(("version", "interface-id", "srcaddr", "dstaddr")))
    assert source.run("fields dstAddr")["dstAddr"].tolist() == ["172.31.9.12", "172.31.16.21"]


def test_captured_lines_of_other_orders(shared: Path, tmp_path: Path) -> None:
    """Kentik's lines, put into files by their version; where a line misses a field it is skipped with its reason."""
    lines = json.loads((shared / "data" / "flowlogs-kentik" / "lines.json").read_text())
    path = tmp_path / "v3.log"
    path.write_text("\n".join([lines["v3_header"], *(line for line in lines["test_lines"] if line.startswith("3 "))]))
    assert FileSource(path).records(action=None)["action"].tolist() == ["ACCEPT", "REJECT"]
    path.write_text("\n".join(line for line in lines["comment_lines_real"] if line.startswith("2 ")))
    assert FileSource(path).run("stats count(*) as n")["n"][0] == 6


def test_parquet_equals_its_authors_own_rows(shared: Path) -> None:
    """Value by value, in the order of the file."""
    folder = shared / "data" / "flowlogs-sekoia"
    expected = [json.loads(row) for row in json.loads((folder / "test_parquet_result.json").read_text())]
    (path,) = folder.glob("1*.parquet")
    records = FileSource(path).records(action=None).drop(columns="@timestamp")
    got = [
        dict(zip(LogFormat.default().fields, row, strict=True)) for row in records.astype(object).to_numpy().tolist()
    ]
    by_start = sorted(expected, key=lambda row: json.dumps(row, sort_keys=True))
    named = [{key.replace("-", "_"): value for key, value in row.items()} for row in got]
    assert sorted(named, key=lambda row: json.dumps(row, sort_keys=True)) == by_start
