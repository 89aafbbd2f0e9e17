"""FileSource: what it finds, how it tells the format, what it answers, and how it fails."""

from __future__ import annotations

import gzip
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rejectkit.errors import (
    ArgumentError,
    FormatError,
    QueryCancelledError,
    QueryError,
    SourceNotFoundError,
    UnreadableError,
)
from rejectkit.insights import compile_query, parse
from rejectkit.records import LogFormat
from rejectkit.sources.base import Source, Watch
from rejectkit.sources.files.cache import Cache
from rejectkit.sources.files.relations import RELATION, Union
from rejectkit.sources.files.shapes import Shape
from rejectkit.sources.files.source import FileSource
from rejectkit.window import Window

DEFAULT = LogFormat.default()
SSH = (
    "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
)
RDP = (
    "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK"
)
NODATA = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA"
SKIPDATA = "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA"
PING = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK"
IPV6 = (
    "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 "
    "34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK"
)
LINES = (SSH, RDP, NODATA, SKIPDATA, PING, IPV6)
COUNT = "stats count(*) as n"

Make = Callable[..., FileSource]


@pytest.fixture
def source(tmp_path: Path) -> Make:
    """A FileSource with a cache of its own over the test's folder."""

    def make(*names: str, **options: object) -> FileSource:
        paths = [str(tmp_path / "logs" / name) for name in names] or [str(tmp_path / "logs")]
        return FileSource(paths, **{"cache": Cache(tmp_path / "cache"), **options})  # type: ignore[arg-type]  # as given

    return make


def put(tmp_path: Path, name: str, data: str | bytes) -> Path:
    """Write a file of logs; gzip'd if its name says so."""
    path = tmp_path / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = data.encode() if isinstance(data, str) else data
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


def text(*lines: str, header: LogFormat | None = DEFAULT) -> str:
    """Return a delivery's text."""
    return "".join(f"{line}\n" for line in ([header.header, *lines] if header else lines))


def messages(source: FileSource) -> list[str]:
    """Return all raw lines, sorted."""
    return sorted(source.run("fields @message", all_rows=True)["@message"])


# what it finds


def test_is_a_source(tmp_path: Path, source: Make) -> None:
    """FileSource is what the rest of rejectkit asks of a source."""
    put(tmp_path, "a.log", text(*LINES))
    assert isinstance(source(), Source)


@pytest.mark.parametrize(
    "name",
    [
        "123456789010_vpcflowlogs_eu-west-1_fl-1_20141214T0400Z_aa.log.gz",
        "AWSLogs/123456789010/vpcflowlogs/eu-west-1/2014/12/14/04/x.log.gz",
        "AWSLogs/aws-account-id=123456789010/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2014/month=12/day=14/x.log.gz",
        "exported/eni-1235b8ca123456789-all/000000.gz",
        "firehose/2014/12/14/delivery-1-2014-12-14-04-00-00",
        "old.log.1",
    ],
)
def test_folder_is_searched_to_any_depth(tmp_path: Path, source: Make, name: str) -> None:
    """Both S3 layouts, exports and rotated files are found below a folder."""
    put(tmp_path, name, text(*LINES))
    assert source().run(COUNT)["n"][0] == len(LINES)


def test_folder_leaves_what_is_no_flow_log(tmp_path: Path, source: Make) -> None:
    """Hidden files, notes, CloudWatch's trial file, other services' logs and tables of one's own are not read."""
    put(tmp_path, "AWSLogs/1/vpcflowlogs/eu-west-1/2014/12/14/x.log.gz", text(*LINES))
    put(tmp_path, "AWSLogs/1/CloudTrail/eu-west-1/2014/12/14/x.json.gz", '{"Records": []}')
    for name in ("README.md", ".hidden.log", "_SUCCESS", "aws-logs-write-test", "notes.csv", "truth.csv.gz"):
        put(tmp_path, name, "Permission Check Successful")
    found = source()
    assert [Path(file).name for file in found.files] == ["x.log.gz"]
    assert found.run(COUNT)["n"][0] == len(LINES)


def test_globs_lists_and_repeats(tmp_path: Path, source: Make) -> None:
    """Globs cross folders, several paths add up, and a file named twice is read once."""
    put(tmp_path, "a/x.log", text(SSH))
    put(tmp_path, "b/y.log.gz", text(RDP, PING))
    assert source("**/*.log*").run(COUNT)["n"][0] == 3
    assert source("a", "b/*.gz", "b", "b/y.log.gz").run(COUNT)["n"][0] == 3
    assert source("a/x.log").files == (str(tmp_path / "logs/a/x.log"),)


def test_new_file_is_seen_by_the_next_question(tmp_path: Path, source: Make) -> None:
    """A delivery that comes meanwhile belongs to the next answer."""
    put(tmp_path, "a.log", text(SSH))
    found = source()
    assert found.run(COUNT)["n"][0] == 1
    put(tmp_path, "b.log", text(RDP))
    assert found.run(COUNT)["n"][0] == 2
    put(tmp_path, "b.log", text(RDP, PING))
    assert found.run(COUNT)["n"][0] == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/x.log", r"there is no file or folder '.*nowhere/x.log' \(looked for .*\); the folder '.*' exists"),
        ("*.parquet", r"no file matches '.*\*.parquet' \(looked for .*\)"),
        ("notes", r"no flow-log file in the folder '.*notes': it holds 1 other files, for example 'README.md'"),
    ],
)
def test_missing_path_says_what_was_looked_for(tmp_path: Path, source: Make, name: str, message: str) -> None:
    """Nothing found is an error at once, with the path that was tried."""
    put(tmp_path, "a.log", text(SSH))
    put(tmp_path, "notes/README.md", "notes")
    with pytest.raises(SourceNotFoundError, match=message):
        source(name)


def test_arguments_that_cannot_be_used_are_refused() -> None:
    """No path at all, an address of elsewhere, and what is no format or cache, say how to go on."""
    with pytest.raises(ArgumentError, match="'https://bucket/AWSLogs/' is no place in S3"):
        FileSource("https://bucket/AWSLogs/")
    with pytest.raises(ArgumentError, match="overlap is -1; give seconds"):
        FileSource(".", overlap=-1)
    with pytest.raises(ArgumentError, match="memory is 5; give bytes"):
        FileSource(".", memory=5)
    with pytest.raises(ArgumentError, match="no path is given"):
        FileSource([])
    with pytest.raises(ArgumentError, match="format is 14"):
        FileSource(".", format=14)  # type: ignore[arg-type]  # the case
    with pytest.raises(ArgumentError, match="cache is 'no'"):
        FileSource(".", cache="no")  # type: ignore[arg-type]  # the case


# how it tells the format


def test_header_tells_the_format_in_any_order(tmp_path: Path, source: Make) -> None:
    """Columns come in the header's order; unknown ones are text under the same naming rule."""
    fmt = LogFormat(("log-status", "dstport", "pkt-srcaddr", "my-own-field", "action", "start"))
    put(tmp_path, "a.log", text("OK 22 10.0.0.1 007 REJECT 1418530010", header=fmt))
    found = source()
    assert found.fields == ("logStatus", "dstPort", "pktSrcAddr", "myOwnField", "action", "start")
    record = found.records().iloc[0]
    assert (record["dstPort"], record["myOwnField"], str(record["@timestamp"])) == (
        22,
        "007",
        "2014-12-14 04:06:50+00:00",
    )


def test_lines_without_header_are_the_default_format_if_they_fit(tmp_path: Path, source: Make) -> None:
    """CloudWatch has no header lines; most of the first lines decide."""
    put(tmp_path, "a.log", text(*LINES, "one odd line", header=None))
    found = source()
    assert found.fields == DEFAULT.columns
    assert found.run(COUNT)["n"][0] == len(LINES)


def test_lines_that_fit_nothing_ask_for_the_format(tmp_path: Path, source: Make) -> None:
    """An example line, and how to say the format."""
    put(tmp_path, "a.log", text("10.0.0.1 22 REJECT", header=None))
    with pytest.raises(
        FormatError, match=r"a.log has no header line.*'10.0.0.1 22 REJECT' has 3 fields.*FileSource\(path, format="
    ):
        source().run(COUNT)


@pytest.mark.parametrize(
    "given", [LogFormat(("srcaddr", "dstport", "action")), "${srcaddr} ${dstport} ${action}", "srcaddr dstport action"]
)
def test_format_may_be_given(tmp_path: Path, source: Make, given: LogFormat | str) -> None:
    """As a LogFormat, in AWS's spelling or as a header line; files that say theirs may be among them."""
    put(tmp_path, "a.log", text("10.0.0.1 22 REJECT", header=None))
    put(tmp_path, "b.log", text("10.0.0.2 23 REJECT", header=LogFormat(("srcaddr", "dstport", "action"))))
    assert sorted(source(format=given).records()["dstPort"]) == [22, 23]


def test_header_that_contradicts_the_format_given(tmp_path: Path, source: Make) -> None:
    """Which of the two is right is not for rejectkit to guess."""
    put(tmp_path, "a.log", text(SSH))
    with pytest.raises(FormatError, match=r"says in its header .* leave the format out"):
        source(format="${srcaddr} ${action}").run(COUNT)


def test_format_changing_in_mid_file_is_an_error(tmp_path: Path, source: Make) -> None:
    """Another header in between names the line at which to split."""
    put(tmp_path, "a.log", text(SSH, "srcaddr dstaddr action", "10.0.0.1 10.0.0.2 REJECT"))
    with pytest.raises(
        UnreadableError, match=r"a\.log changes its log format: line 3 is the header 'srcaddr dstaddr action'"
    ):
        source().run(COUNT)


@pytest.mark.parametrize("content", ["", "\n\n", text(), text() * 2])
def test_empty_file_has_no_records(tmp_path: Path, source: Make, content: str) -> None:
    """Nothing, empty lines, or only headers: no record, no error, the columns of the format."""
    put(tmp_path, "a.log", content)
    put(tmp_path, "b.log.gz", content)
    for _ in range(3):  # as it is, kept, from what was kept
        found = source()
        assert found.run(COUNT)["n"][0] == 0
        assert list(found.records().columns) == ["@timestamp", *DEFAULT.columns]
        assert found.skipped.empty


# what is around a line


def test_console_csv(tmp_path: Path, source: Make) -> None:
    """The console's export quotes the message and gives the event's time in milliseconds, or as text."""
    put(tmp_path, "a.csv", f'timestamp,message\n1418530010123,"{SSH}"\n1418530010456,{RDP}\n')
    put(
        tmp_path,
        "b.csv.gz",
        f'"@timestamp","@message","@logStream"\r\n"2014-12-14 04:06:50.789","{PING}","eni-1-all"\r\n',
    )
    answer = source().run("fields @timestamp, @message, @logStream | sort @timestamp asc")
    assert list(answer["@message"]) == [SSH, RDP, PING]
    assert list(answer["@timestamp"].dt.strftime("%S.%f").str[:6]) == ["50.123", "50.456", "50.789"]
    assert answer["@logStream"].tolist()[2] == "eni-1-all"


def envelope(*lines: str, **more: object) -> str:
    """Return what a subscription sends."""
    events = [{"id": str(at), "timestamp": 1418530010000 + at, "message": line} for at, line in enumerate(lines)]
    return json.dumps(
        {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789010",
            "logGroup": "vpc",
            "logStream": "eni-1-all",
            "logEvents": events,
        }
        | more
    )


CONTROL = json.dumps(
    {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "CWL CONTROL MESSAGE: Checking health"}]}
)


@pytest.mark.parametrize(
    "content",
    [
        envelope(SSH, RDP, NODATA),
        envelope(SSH) + envelope(RDP, NODATA),
        f"{CONTROL}\n{envelope(SSH)}\n{envelope(RDP, NODATA)}\n",
        json.dumps([json.loads(envelope(SSH, RDP)), json.loads(envelope(NODATA))], indent=2),
        json.dumps(
            {
                "events": [
                    {"logStreamName": "eni-1-all", "timestamp": 1418530010000, "message": x, "ingestionTime": 5}
                    for x in (SSH, RDP, NODATA)
                ]
            }
        ),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.gz"])
def test_envelopes_of_log_events(tmp_path: Path, source: Make, content: str, name: str) -> None:
    """Subscription envelopes, alone, on a line each, run together or in a list; and what the API's calls print."""
    put(tmp_path, name, content)
    found = source()
    assert messages(found) == sorted([SSH, RDP, NODATA])
    assert set(found.run("fields @logStream")["@logStream"]) == {"eni-1-all"}
    assert found.skipped.empty


def test_envelope_keeps_the_events_around_a_line_that_does_not_fit(tmp_path: Path, source: Make) -> None:
    """Line numbers count events; group and stream go with each record."""
    put(tmp_path, "a.json", envelope(SSH, "START RequestId", RDP))
    found = source()
    answer = found.run("fields @timestamp, @log, dstPort | sort @timestamp asc")
    assert answer["@log"].tolist() == ["123456789010:vpc"] * 2
    assert answer["dstPort"].tolist() == [22, 3389]
    assert found.skipped[["line", "reason"]].to_numpy().tolist() == [[2, "2 fields where the format has 14"]]


def test_export_to_s3_has_a_time_before_each_line(tmp_path: Path, source: Make) -> None:
    """CloudWatch's export task writes ISO times; the message is the line without it."""
    put(
        tmp_path,
        "000000.gz",
        text(f"2014-12-14T04:06:50.123Z {SSH}", f"2014-12-14T04:06:50.124Z {NODATA}", header=None),
    )
    answer = source().run("fields @timestamp, @message | sort @timestamp asc")
    assert list(answer["@message"]) == [SSH, NODATA]
    assert answer["@timestamp"][0] == pd.Timestamp("2014-12-14 04:06:50.123", tz="UTC")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}', "without CloudWatch log events"),
        (envelope(SSH, RDP)[:-30], "is not whole JSON"),
        ('{"logEvents": [{"mess', "is not whole JSON"),
        (envelope(SSH) + '{"a": 1}', "a document has a and no logEvents"),
    ],
)
def test_other_json_is_an_error(tmp_path: Path, source: Make, content: str, message: str) -> None:
    """JSON of something else, or cut short, is not an empty answer."""
    put(tmp_path, "a.json", content)
    with pytest.raises((FormatError, UnreadableError), match=message):
        source().run(COUNT)


# Parquet


def parquet(tmp_path: Path, **columns: pa.Array) -> None:
    """Write a Parquet file."""
    path = tmp_path / "logs" / "a.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def test_parquet_as_delivered_and_as_others_write_it(tmp_path: Path, source: Make) -> None:
    """Numbers as text, account ids as numbers, `-` or null for no value: all give the same records."""
    parquet(
        tmp_path,
        account_id=pa.array([12345678901, None]),
        dstport=pa.array(["22", "-"]),
        srcport=pa.array([1.0, None]),
        packets=pa.array(["None", ""]),
        start=pa.array([1418530010000, 1418530020000], pa.timestamp("ms")),
        action=pa.array(["REJECT", "-"]).dictionary_encode(),
    )
    found = source()
    answer = found.run("fields accountId, dstPort, srcPort, packets, start, action | sort start asc")
    assert answer.astype(object).where(answer.notna(), None).to_numpy().tolist() == [
        ["012345678901", 22, 1, None, 1418530010, "REJECT"],
        [None, None, None, None, 1418530020, None],
    ]
    assert messages(found)[1] == "012345678901 22 1 - 1418530010 REJECT"


def test_parquet_rows_that_do_not_fit_are_skipped(tmp_path: Path, source: Make) -> None:
    """A row with a word for a number is no record; its number counts from 1."""
    parquet(tmp_path, dstport=pa.array(["22", "rdp", "-1"] + ["80"] * 3), srcaddr=pa.array(["10.0.0.1"] * 6))
    found = source()
    assert found.run(COUNT)["n"][0] == 4
    assert found.skipped[["line", "reason"]].to_numpy().tolist() == [
        [2, "dstport is 'rdp', not a whole number"],
        [3, "dstport is '-1', not a whole number"],
    ]


def test_parquet_of_something_else(tmp_path: Path, source: Make) -> None:
    """Its columns are named."""
    parquet(tmp_path, name=pa.array(["x"]), age=pa.array([1]))
    with pytest.raises(FormatError, match="is not of flow logs: its columns are name, age"):
        source().run(COUNT)


def test_damaged_parquet(tmp_path: Path, source: Make) -> None:
    """Half a file is an error."""
    parquet(tmp_path, dstport=pa.array([22]), srcaddr=pa.array(["10.0.0.1"]))
    path = tmp_path / "logs" / "a.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableError, match=r"a\.parquet is damaged"):
        source().run(COUNT)


# lines that do not fit


def test_skipped_lines_are_the_same_whatever_was_asked(tmp_path: Path, source: Make) -> None:
    """Read as it is, read to be kept, and from what was kept; before and after any question."""
    put(tmp_path, "a.log", text(*LINES, RDP.replace(" 3389 ", " rdp ")))
    put(tmp_path, "b.log.gz", text("odd", *LINES))
    expected = [
        [str(tmp_path / "logs/a.log"), 8, "dstport is 'rdp', not a whole number"],
        [str(tmp_path / "logs/b.log.gz"), 2, "1 field where the format has 14"],
    ]
    assert source(cache=False).skipped.to_numpy().tolist() == expected
    for query in (COUNT, "fields srcAddr | limit 1", "fields @message", "stats sum(bytes) by action"):
        found = source()
        found.run(query)
        assert found.skipped.to_numpy().tolist() == expected
        assert dict(found.skipped.dtypes.astype(str)) == {"file": "str", "line": "int64", "reason": "str"}


def test_line_numbers_count_through_the_blocks_of_a_file(tmp_path: Path, source: Make) -> None:
    """A block is 4 MiB; the file after it starts from 1 again."""
    many = [SSH] * 60_000
    put(tmp_path, "a.log.gz", text(*many[:50_000], "odd", *many[50_000:]))
    put(tmp_path, "b.log", text(SSH, "odd"))
    found = source()
    assert found.run(COUNT)["n"][0] == 60_001
    assert found.skipped["line"].tolist() == [50_002, 3]


def test_mostly_unreadable_file_is_an_error(tmp_path: Path, source: Make) -> None:
    """More than half: the counts, a line as example, and how to mend it; half is not more than half."""
    put(tmp_path, "a.log", text(SSH, "odd 1", "odd 2"))
    with pytest.raises(
        UnreadableError,
        match=r"a.log: 2 of 3 lines cannot be read in the default format; for example line 3, 'odd 1': 2 fields",
    ):
        source().run(COUNT)
    put(tmp_path, "a.log", text(SSH, RDP, "odd 1", "odd 2"))
    assert source().run(COUNT)["n"][0] == 2


@pytest.mark.parametrize("asked", [COUNT, "fields srcAddr | limit 1"])
def test_cut_or_damaged_gzip_is_an_error(tmp_path: Path, source: Make, asked: str) -> None:
    """Not a byte is lost in silence, also where the query would be content with the first lines."""
    path = put(tmp_path, "a.log.gz", text(*LINES * 2000))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableError, match=r"a.log.gz is cut short: .* fetch the file again"):
        source().run(asked)
    path.write_bytes(whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:])
    with pytest.raises(UnreadableError, match=r"a.log.gz is damaged: .* fetch the file again"):
        source().run(asked)


def test_gzip_in_several_members_with_zeros_behind(tmp_path: Path, source: Make) -> None:
    """Files that were put together by `cat`, and padded ones, are read to the end."""
    path = put(tmp_path, "a.log.gz", text(SSH))
    path.write_bytes(path.read_bytes() + gzip.compress(text(RDP, header=None).encode()) + b"\0" * 600)
    assert messages(source()) == sorted([SSH, RDP])


def test_other_compression_and_endless_lines_are_named(tmp_path: Path, source: Make) -> None:
    """What is not read says so."""
    put(tmp_path, "a.log", b"PK\x03\x04rest")
    with pytest.raises(UnreadableError, match="compressed with zip"):
        source().run(COUNT)
    put(tmp_path, "a.log", text(SSH).encode() + b"x" * (17 << 20))
    with pytest.raises(UnreadableError, match="16 MiB without a line end"):
        source().run(COUNT)


# the answer


def test_records_are_typed_and_oldest_first(tmp_path: Path, source: Make) -> None:
    """Whole numbers Int64, text str, times aware; NODATA and SKIPDATA are never rejects."""
    put(tmp_path, "a.log", text(*LINES))
    records = source().records()
    assert list(records["dstPort"]) == [3389, 0]
    assert str(records["dstPort"].dtype) == "Int64"
    assert str(records["@timestamp"].dtype) == "datetime64[ms, UTC]"
    assert list(source().records(action=None)["logStatus"]) == ["OK"] * 4


def test_dash_is_a_value_of_a_field_that_the_format_has(tmp_path: Path, source: Make) -> None:
    """It is there, as a text, and no number; in the answer it is null."""
    put(tmp_path, "a.log", text(*LINES))
    for _ in range(3):
        found = source()
        assert found.run('filter srcAddr = "-" | stats count(*) as n')["n"][0] == 2
        assert found.run("filter ispresent(dstPort) | stats count(*) as n")["n"][0] == len(LINES)
        assert found.run("filter dstPort < 1 | stats count(*) as n")["n"][0] == 1
        assert found.run('filter logStatus = "NODATA" | fields srcAddr, dstPort').isna().all(axis=None)


def test_window_is_half_open_on_start(tmp_path: Path, source: Make) -> None:
    """A record that starts at the window's end is outside."""
    put(tmp_path, "a.log", text(SSH, SSH.replace("1418530010", "1418530011")))
    window = Window.parse("2014-12-14 04:06:50", "2014-12-14 04:06:51")
    assert source().run(COUNT, window)["n"][0] == 1


def test_window_over_records_without_time_is_refused(tmp_path: Path, source: Make) -> None:
    """Rather than an answer over all of time."""
    put(tmp_path, "a.log", text("10.0.0.1 22 REJECT", header=LogFormat(("srcaddr", "dstport", "action"))))
    with pytest.raises(FormatError, match="has no field `start`"):
        source().run(COUNT, Window.parse("2014-12-14", "2014-12-15"))


def test_formats_side_by_side(tmp_path: Path, source: Make) -> None:
    """A field that only some files have is missing in the others' records; `-` is still a value of it."""
    put(tmp_path, "a.log", text(*LINES))
    put(
        tmp_path,
        "b.log",
        text(
            "10.0.0.1 - 3 ACCEPT",
            "10.0.0.2 2 4 ACCEPT",
            header=LogFormat(("srcaddr", "tcp-flags", "dstport", "action")),
        ),
    )
    for _ in range(3):
        found = source()
        assert found.fields == (*DEFAULT.columns, "tcpFlags")
        assert found.run("filter ispresent(tcpFlags) | stats count(*) as n")["n"][0] == 2
        assert found.run("filter not ispresent(tcpFlags) | stats count(*) as n")["n"][0] == len(LINES)
        assert sorted(found.run("filter dstPort < 23 | fields dstPort")["dstPort"]) == [0, 3, 4, 22, 22]
        assert found.run("filter tcpFlags = 2 | fields srcAddr, tcpFlags").to_numpy().tolist() == [["10.0.0.2", 2]]
        assert messages(found) == sorted([*LINES, "10.0.0.1 - 3 ACCEPT", "10.0.0.2 2 4 ACCEPT"])
        assert found.run("filter logStatus = 'NODATA' | fields action, dstAddr").isna().all(axis=None)


def test_message_is_the_line_to_the_byte(tmp_path: Path, source: Make) -> None:
    """Double blanks, tabs and leading zeros are there again, whether kept or not."""
    odd = [RDP.replace(" 6 ", "  6 "), PING.replace(" ", "\t", 1), SSH.replace(" 22 ", " 022 "), SSH + " "]
    put(tmp_path, "a.log", text(*LINES, *odd))
    for _ in range(3):
        assert messages(source()) == sorted([*LINES, *odd])


def test_bad_query_is_refused_before_anything_is_read(tmp_path: Path, source: Make) -> None:
    """A broken file does not hide a broken query."""
    put(tmp_path, "a.log", text("odd"))
    with pytest.raises(QueryError, match="unexpected symbol"):
        source().run("filter (")


def test_column_without_a_single_value(tmp_path: Path, source: Make) -> None:
    """A word column in which every line has `-`: DuckDB 1.4 crashes on an empty dictionary."""
    fmt = LogFormat(("instance-id", "srcaddr", "dstport", "log-status"))
    put(tmp_path, "a.log", text("- 10.0.0.1 22 -", "- 10.0.0.1  22 -", "odd", "- 10.0.0.1 022 -", header=fmt))
    for _ in range(3):
        answer = source().run("stats count(*) as n by instanceId, logStatus")
        assert answer["n"].tolist() == [3]
        assert answer["instanceId"].isna().all()


@pytest.mark.parametrize(
    "query",
    [
        "fields @message",
        "parse @message '* *' as a, b | stats count(*) by a | sort a | limit 3",
        "filter ispresent(srcAddr) | stats count_distinct(srcAddr) as n by bin(5m) | stats max(n)",
        "sort dstPort | dedup srcAddr",
    ],
)
def test_query_reads_its_records_once(query: str) -> None:
    """Files that are read while the query runs can be read only once in it."""
    sql = compile_query(parse(query), Union((Shape("text", DEFAULT),)).table()).sql
    assert sql.count(RELATION) == 1


def test_names_that_only_case_or_quotes_tell_apart(tmp_path: Path, source: Make) -> None:
    """Field names of one's own may look like others, or like SQL."""
    fmt = LogFormat(("srcaddr", "srcAddr2", "SrcAddr2", 'a"b', "select", "k1", "raw"))
    put(tmp_path, "a.log", text("1 2 3 4 5 6 7", header=None))
    found = source(format=fmt)
    assert found.run('fields srcAddr, srcAddr2, SrcAddr2, `a"b`, select, k1, raw').to_numpy().tolist() == [
        list("1234567")
    ]


# work that is watched, stopped, shared


def test_progress_goes_from_nothing_to_done(tmp_path: Path, source: Make) -> None:
    """Fractions of the bytes on disk never go back."""
    for name in "abc":
        put(tmp_path, f"{name}.log.gz", text(*LINES * 5000))
    seen: list[float] = []
    source().run(COUNT, watch=Watch(lambda fraction, _: seen.append(fraction)))
    assert seen == sorted(seen)
    assert len(seen) > 3
    assert seen[-1] == 1.0


@pytest.mark.parametrize("asked_before", [False, True])
def test_cancelled_question_leaves_nothing(tmp_path: Path, source: Make, asked_before: bool) -> None:
    """It raises, and what was half read is neither answered nor kept."""
    for name in "abc":
        put(tmp_path, f"{name}.log.gz", text(*LINES * 20000))
    cache = Cache(tmp_path / "cache")
    if asked_before:
        source(cache=cache).run(COUNT)
    watch = Watch(lambda fraction, _: watch.cancel() if fraction > 0.3 else None)
    with pytest.raises(QueryCancelledError):
        source(cache=cache).run(COUNT, watch=watch)
    assert cache.size() == 0
    assert source(cache=cache).run(COUNT)["n"][0] == 3 * 20000 * len(LINES)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rejectkit")]


SLOW = "parse @message /(?<a>.*)(?<b>.*)(?<c>.*)(?<d>[0-9]+).*OK/ | stats count_distinct(a) by srcAddr, c | limit 5"


@pytest.fixture
def kept(tmp_path: Path, source: Make) -> FileSource:
    """60,000 records that are kept, so that a question is DuckDB's work alone."""
    put(tmp_path, "a.log.gz", text(*(RDP.replace("172.31.9.69", f"10.0.{n % 256}.{n // 256}") for n in range(60000))))
    found = source()
    for _ in range(2):
        found.run(COUNT)
    return found


def test_cancel_interrupts_a_query_that_runs(kept: FileSource) -> None:
    """Also where all is read and DuckDB is at work."""
    watch = Watch()
    timer = threading.Timer(0.15, watch.cancel)
    timer.start()
    with pytest.raises(QueryCancelledError):
        [kept.run(SLOW, watch=watch) for _ in range(100)]  # whichever of them it falls into
    timer.join()


def test_interrupt_from_the_keyboard_stops_the_threads(tmp_path: Path, source: Make) -> None:
    """Whatever is raised while reading, nothing partial is kept and no thread goes on."""
    for name in "abc":
        put(tmp_path, f"{name}.log.gz", text(*LINES * 20000))

    def interrupt(fraction: float, _: str) -> None:
        if fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        source().run(COUNT, watch=Watch(interrupt))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rejectkit")]


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C be KeyboardInterrupt, also where the tests run in the background, which leaves it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_interrupt_from_the_keyboard_stops_duckdb(kept: FileSource) -> None:
    """DuckDB does not look for the signal itself."""
    timer = threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        [kept.run(SLOW) for _ in range(100)]  # whichever of them it falls into
    timer.join()
    assert kept.run(COUNT)["n"][0] == 60000


def test_two_threads_ask_one_source(tmp_path: Path, source: Make) -> None:
    """Each gets its own whole answer, whoever keeps the files."""
    for name in "abcd":
        put(tmp_path, f"{name}.log.gz", text(*LINES * 3000))
    found = source()
    answers: list[int] = []

    def ask() -> None:
        for _ in range(4):
            answers.append(int(found.run(COUNT)["n"][0]))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [4 * 3000 * len(LINES)] * 16
