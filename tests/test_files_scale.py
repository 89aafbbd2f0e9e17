"""FileSource on Parquet as AWS delivers it: read where it is, only what a window needs, with the answers of reading it row by row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rejectkit.errors import ArgumentError, QueryCancelledError, SourceNotFoundError, UnreadableError
from rejectkit.sources.base import Watch, span
from rejectkit.sources.combined import Combined
from rejectkit.sources.files.cache import Cache
from rejectkit.sources.files.direct import relation
from rejectkit.sources.files.layouts import LogFile, Look, find_files
from rejectkit.sources.files.shapes import Shape
from rejectkit.sources.files.source import FileSource
from rejectkit.sources.files.tables import parquet_shape
from rejectkit.window import Window

COUNT = "stats count(*) as n"
NAME = "123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_{stamp}_{mark}.log.parquet"
PLAIN = "AWSLogs/123456789012/vpcflowlogs/eu-west-1/%Y/%m/%d/"
HIVE = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/year=%Y/month=%m/day=%d/"
LAYOUTS = {
    "per day": PLAIN,
    "per hour": PLAIN + "%H/",
    "Hive, per day": HIVE,
    "Hive, per hour": HIVE + "hour=%H/",
}
DAY = Window.parse("2026-11-02", "2026-11-03")
SOURCES = ("10.0.0.1", "203.0.113.9", "198.51.100.7")


def table(start: int = 1793491200, rows: int = 6, **more: pa.Array) -> pa.Table:
    """Return records as AWS types them, one of them NODATA."""
    last = rows - 1
    columns = {
        "account_id": pa.array(["123456789012"] * rows),
        "srcaddr": pa.array([SOURCES[row % 3] if row < last else "-" for row in range(rows)]),
        "dstport": pa.array([22 + row % 2 if row < last else None for row in range(rows)], pa.int32()),
        "bytes": pa.array([40 * row if row < last else None for row in range(rows)], pa.int64()),
        "start": pa.array([start + row for row in range(rows)], pa.int64()),
        "action": pa.array(["REJECT" if row < last else "-" for row in range(rows)]),
        "log_status": pa.array(["OK" if row < last else "NODATA" for row in range(rows)]),
    }
    return pa.table(columns | more)


def put(path: Path, rows: pa.Table) -> Path:
    """Write a delivery."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="gzip", store_schema=False)
    return path


def delivered(top: Path, layout: str, days: int = 4, first: str = "2026-11-01") -> list[Path]:
    """Write a year's first days: a file at 00:00 and one at 12:00 of each; its records end in the minutes it is named for."""
    out = []
    for half in range(2 * days):
        moment = pd.Timestamp(first, tz="UTC") + pd.Timedelta(hours=12 * half)
        name = NAME.format(stamp=moment.strftime("%Y%m%dT%H%MZ"), mark=f"{half:08x}")
        out.append(put(top / moment.strftime(layout) / name, table(int(moment.timestamp()) - 60)))
    return out


Make = Callable[..., FileSource]


@pytest.fixture
def source(tmp_path: Path) -> Make:
    """A FileSource over the test's folder, with a cache of its own."""
    return lambda **options: FileSource(tmp_path / "logs", **{"cache": Cache(tmp_path / "cache"), **options})


# only what a window needs


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_day_of_a_layout_reads_that_day(tmp_path: Path, source: Make, layout: str) -> None:
    """The plan names the day's files and the next's first one, which holds what straddles; the answer is that of all files."""
    files = delivered(tmp_path / "logs", layout)
    plan = source().plan(COUNT, DAY)
    assert plan.files == tuple(str(file) for file in files[2:5])
    assert plan.bytes == sum(file.stat().st_size for file in files[2:5])
    assert (plan.direct, plan.kept) == (3, 0)
    assert plan.folders_left_out > 0
    assert "rejectkit_records" in plan.sql
    assert (
        str(plan).splitlines()[0].startswith("records that start in 2026-11-02 00:00 to 2026-11-03 00:00 UTC: 3 files")
    )
    whole = FileSource([str(file) for file in files], cache=False)
    for window in (DAY, None):
        assert source().run(COUNT, window)["n"][0] == whole.run(COUNT, window)["n"][0]
    assert source().run(COUNT, DAY)["n"][0] == 12  # at 12:00, and just before the next midnight
    assert plan._repr_html_().startswith("<pre>records that start in 2026-")
    assert "&lt;" in plan._repr_html_()  # the SQL's signs, and any in a file's name
    assert source(overlap=0).plan(COUNT, DAY).files == plan.files[:2]


def test_files_without_a_name_of_aws_are_never_left_out(tmp_path: Path, source: Make) -> None:
    """What a name does not tell is read; a year of somebody's own folders is taken with the longest record around."""
    put(tmp_path / "logs" / "mine.parquet", table(int(DAY.start.timestamp())))
    for day in ("01", "02", "03", "04"):
        put(tmp_path / "logs" / f"date=2026-11-{day}" / "a.parquet", table(0))
    assert [Path(file).parent.name for file in source().plan(COUNT, DAY).files] == [
        "date=2026-11-01", "date=2026-11-02", "date=2026-11-03", "logs",
    ]  # fmt: skip
    assert source().run(COUNT, DAY)["n"][0] == 6


def test_a_window_without_a_file_has_no_record_and_all_fields(tmp_path: Path, source: Make) -> None:
    """It is an answer, not an error; tables beside the deliveries do not become logs by it."""
    delivered(tmp_path / "logs", PLAIN)
    put(tmp_path / "logs" / "AWSLogs" / "truth.csv", table())
    found = source()
    assert found.run(COUNT, Window.parse("2025-01-01", "2025-01-02"))["n"][0] == 0
    records = found.records(Window.parse("2025-01-01", "2025-01-02"))
    assert list(records.columns) == ["@timestamp", *found.fields]
    assert "srcAddr" in found.fields


def test_files_only_in_a_day_between(tmp_path: Path, source: Make) -> None:
    """A look at the first and the last day is no proof that there is nothing."""
    for day in ("01", "03"):
        (tmp_path / "logs" / "date=2026-11-00".replace("00", day)).mkdir(parents=True)
    put(tmp_path / "logs" / "date=2026-11-02" / "a.parquet", table(int(DAY.start.timestamp())))
    assert "dstPort" in source().fields
    assert source().run(COUNT, DAY)["n"][0] == 6


def test_folders_outside_the_window_are_not_opened(tmp_path: Path) -> None:
    """A folder of another day may not even be readable."""
    delivered(tmp_path / "logs", PLAIN)
    look = Look(DAY)
    assert len(find_files(tmp_path / "logs", look)) == 4
    assert look.left == 2
    assert len(find_files(tmp_path / "logs")) == 8


# the answers of reading row by row


def exact(tmp_path: Path, rows: pa.Table) -> FileSource:
    """Return the same records under a name that does not say Parquet: they are read row by row."""
    path = tmp_path / "exact" / "a.log"
    put(path, rows)
    return FileSource(path, cache=False)


ODD = {
    "blanks around a text": {"srcaddr": pa.array(["10.0.0.1 ", " 10.0.0.1", "\t10.0.0.1", "10.0.0.1\u00a0", "", "-"])},
    "a number below zero": {"dstport": pa.array([22, -1, 23, 24, None, 25], pa.int32())},
    "a word that is no action": {"action": pa.array(["REJECT", "DROP", "REJECT", "ACCEPT", "-", None])},
    "a status with a blank": {"log_status": pa.array(["OK", "OK ", "NODATA", "OK", "-", None])},
    "numbers as text": {"dstport": pa.array(["22", "x", "-", "24", None, "25"])},
    "an account as a number": {"account_id": pa.array([12345678901] * 6)},
    "unsigned numbers": {"bytes": pa.array([1, 2, 3, 4, 2**63, None], pa.uint64())},
    "words in a dictionary": {
        "action": pa.array(["REJECT", "-", "ACCEPT", None, "ACCEPT", "REJECT"]).dictionary_encode()
    },
    "bytes for text": {"srcaddr": pa.array([b"10.0.0.1"] * 6)},
    "nothing odd": {},
}
ASKED = (
    "stats count(*) as n by srcAddr, action | sort n desc, srcAddr, action",
    "stats sum(bytes) as b, count(dstPort) as ports by dstPort | sort dstPort",
    'filter action = "REJECT" and ispresent(srcAddr) | fields @timestamp, @message, srcAddr | sort @timestamp asc',
    "stats count(*) as n by accountId, logStatus | sort accountId, logStatus",
)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_answers_and_skipped_rows_are_those_of_reading_row_by_row(
    tmp_path: Path, source: Make, odd: dict[str, pa.Array]
) -> None:
    """Whatever is in a file, beside one with nothing odd; in the first question and in those after it."""
    rows = table(**odd)
    put(tmp_path / "logs" / "a.parquet", rows)
    plain = exact(tmp_path, rows)
    for found in (source(), source()):
        for query in ASKED:
            pd.testing.assert_frame_equal(found.run(query), plain.run(query))
        assert (
            found.skipped[["line", "reason"]].to_numpy().tolist()
            == plain.skipped[["line", "reason"]].to_numpy().tolist()
        )


def test_skipped_rows_are_told_before_any_question(tmp_path: Path, source: Make) -> None:
    """A word that is no action is found without being asked for."""
    put(tmp_path / "logs" / "a.parquet", table(**ODD["a word that is no action"]))
    assert source().skipped["reason"].tolist() == ["action is 'DROP', not ACCEPT, REJECT or -"]


def test_a_file_most_of_which_does_not_fit_is_an_error(tmp_path: Path, source: Make) -> None:
    """As in any other format."""
    put(tmp_path / "logs" / "a.parquet", table(action=pa.array(["DROP"] * 4 + ["REJECT", "-"])))
    with pytest.raises(UnreadableError, match=r"a\.parquet: 4 of 6 rows cannot be read"):
        source().run(COUNT)


def test_columns_of_other_names_and_cases(tmp_path: Path, source: Make) -> None:
    """Fields of somebody's own, names that only case tells apart, that are SQL, or that DuckDB would make itself."""
    words = pa.array(["x"] * 6)
    for number, names in enumerate((("select", 'a"b', "c0"), ("Mine", "mine"), ("filename", "file_name"))):
        put(tmp_path / "logs" / "year=2026" / f"{number}.parquet", table(**dict.fromkeys(names, words)))
    found = source()
    assert found.run(COUNT)["n"][0] == 18
    for name in ("select", '`a"b`', "c0", "Mine", "mine", "filename"):
        assert found.run(f"filter {name} = 'x' | stats count(*) as n")["n"][0] == 6
    assert "year" not in found.fields


def test_a_path_that_looks_like_a_pattern(tmp_path: Path, source: Make) -> None:
    """Signs of patterns in a name, and quotes, are the file's own."""
    put(tmp_path / "logs" / "a[12]*'s.parquet", table())
    put(tmp_path / "logs" / "a1.parquet", table())
    assert source().run(COUNT)["n"][0] == 12


def test_damaged_and_other_parquet_is_named(tmp_path: Path, source: Make) -> None:
    """One among whole ones; in its footer, and in the rows that a question reads."""
    put(tmp_path / "logs" / "a.parquet", table())
    path = put(tmp_path / "logs" / "b.parquet", table(rows=4000))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(UnreadableError, match=r"b\.parquet is damaged"):
        source().run(COUNT)
    path.write_bytes(whole[:4] + b"\x00" * 12000 + whole[12004:])
    with pytest.raises(UnreadableError, match=r"b\.parquet is damaged"):
        source().run("stats count(*) as n by srcAddr")


def test_text_and_parquet_side_by_side(tmp_path: Path, source: Make) -> None:
    """One answer over both, whichever was kept."""
    put(tmp_path / "logs" / "a.parquet", table())
    (tmp_path / "logs" / "b.log").write_text(
        "srcaddr dstport start action tcp-flags\n10.0.0.1 22 1793491200 REJECT 2\n"
    )
    for _ in range(3):
        found = source()
        assert found.run("filter srcAddr = '10.0.0.1' and dstPort = 22 | stats count(*) as n")["n"][0] == 2
        assert found.run("filter ispresent(tcpFlags) | stats count(*) as n")["n"][0] == 1
        assert found.fields[-1] == "tcpFlags"


# what is remembered


def test_parquet_is_not_copied_and_what_was_found_out_is_noted(tmp_path: Path, source: Make) -> None:
    """The cache holds a note for each folder; a file that changes is looked at again, a damaged note is no harm."""
    path = put(tmp_path / "logs" / "a.parquet", table())
    for _ in range(3):
        assert source().run(ASKED[0])["n"].sum() == 6
    cache = Cache(tmp_path / "cache")
    assert cache.size() == 0
    (note,) = (cache.folder / "notes").glob("*.json")
    put(path, table(rows=8, action=pa.array(["DROP"] + ["REJECT"] * 7)))
    found = source()
    assert found.run(COUNT)["n"][0] == 7
    assert len(found.skipped) == 1
    note.write_text("{")
    assert source().run(COUNT)["n"][0] == 7
    cache.clear()
    assert not list(cache.folder.glob("notes/*"))


def test_new_delivery_is_seen(tmp_path: Path, source: Make) -> None:
    """By the next question of the same source; a file that is gone is gone."""
    first = put(tmp_path / "logs" / "a.parquet", table())
    found = source()
    assert found.run(COUNT)["n"][0] == 6
    put(tmp_path / "logs" / "b.parquet", table())
    assert found.run(COUNT)["n"][0] == 12
    first.unlink()
    assert found.run(COUNT)["n"][0] == 6


# what the rest of rejectkit does with it


def test_span_and_other_sources_beside_it(tmp_path: Path, source: Make) -> None:
    """The first and last record are told, and files combine with files."""
    delivered(tmp_path / "logs", PLAIN, days=2)
    found = source()
    assert str(span(found)) == "2026-10-31 23:59:00 to 2026-11-02 11:59:06 UTC"
    text = tmp_path / "b.log"
    text.write_text("srcaddr dstport start action\n10.0.0.1 22 1793491200 REJECT\n")
    both = Combined([found, FileSource(text, cache=False)])
    assert both.run(COUNT)["n"][0] == 25


def test_progress_ends_and_a_cancel_is_heard(tmp_path: Path, source: Make) -> None:
    """A question to Parquet tells how far it is, and stops before it reads where that is wished."""
    put(tmp_path / "logs" / "a.parquet", table(rows=3000))
    told: list[float] = []
    source().run(COUNT, watch=Watch(lambda fraction, _: told.append(fraction)))
    assert told[-1] == 1.0
    watch = Watch()
    watch.cancel()
    with pytest.raises(QueryCancelledError):
        source().run(COUNT, watch=watch)


def test_bad_arguments(tmp_path: Path) -> None:
    """A window that is none is refused before files are looked for."""
    delivered(tmp_path / "logs", PLAIN, days=1)
    with pytest.raises(ArgumentError):
        FileSource(tmp_path / "logs", cache=False).run(COUNT, "24h")  # type: ignore[arg-type]  # the case
    with pytest.raises(SourceNotFoundError):
        FileSource(tmp_path / "none", cache=False)


def test_what_is_read_directly_is_cast_and_quoted(tmp_path: Path) -> None:
    """Numbers of 32 bits become 64, `-` and an empty text null; names and paths are quoted."""
    path = put(tmp_path / "it's.parquet", table())
    (file,) = find_files(path)
    shape = parquet_shape(file)
    assert isinstance(shape, Shape)
    assert isinstance(file, LogFile)
    sql = relation([file], shape, ["c1", "c2", "raw"])
    assert "nullif(nullif(\"srcaddr\", '-'), '') AS \"c1\"" in sql
    assert 'CAST("dstport" AS BIGINT) AS "c2"' in sql
    assert "it''s.parquet" in sql
