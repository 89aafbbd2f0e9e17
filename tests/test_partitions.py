"""Which files, folders and prefixes hold the records of a window: by AWS's names, by folders, and never one too few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError, WindowError
from rejectkit.sources.partitions import (
    LONGEST,
    Layout,
    ends,
    folder_span,
    hours_of_days,
    may_hold,
    overlap_seconds,
    prefixes,
    stamp_of,
)
from rejectkit.window import Window

NAME = "123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20180620T1620Z_fe123456.log.gz"
HIVE = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1"
PLAIN = "AWSLogs/123456789012/vpcflowlogs/eu-west-1"
DAY = Window.parse("2026-11-02", "2026-11-03")


def at(text: str) -> int:
    """Return a UTC time as seconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def named(moment: datetime) -> str:
    """Return a file's name as AWS gives it for records that end at a moment. Source: "Flow log files"."""
    stamp = moment - timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return f"123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_{stamp:%Y%m%dT%H%MZ}_00ff00ff.log.parquet"


@pytest.mark.parametrize("folder", ["", "s3://bucket/" + PLAIN + "/2018/06/20/", "C:\\logs\\", "/tmp/x/"])
@pytest.mark.parametrize("name", [NAME, NAME.replace(".gz", ".parquet"), NAME.replace("us-east-1", "us-gov-west-1")])
def test_a_file_of_awss_tells_the_five_minutes_in_which_its_records_end(folder: str, name: str) -> None:
    """The documented example holds records whose end is from 16:20:00 to 16:24:59, wherever it lies."""
    assert stamp_of(folder + name) == (at("2018-06-20 16:20"), at("2018-06-20 16:25"))


@pytest.mark.parametrize(
    "name",
    [
        "flows.log.gz",
        NAME + ".part",
        "copy-" + NAME,
        NAME.replace("123456789012", "12345678901"),
        NAME.replace("vpcflowlogs", "cloudtrail"),
        NAME.replace("us-east-1", "nowhere"),
        NAME.replace("fl-1234abcd", "fl-"),
        NAME.replace("T1620Z", "T1620"),
        NAME.replace("T1620Z", "T2520Z"),
        NAME.replace("T1620Z", "T1623Z"),
        NAME.replace("20180620", "20180631"),
        NAME.replace(".log.gz", ".gz"),
        NAME.replace("fe123456", "fe/123456"),
        NAME + "/",
        "",
    ],
)
def test_other_names_tell_nothing(name: str) -> None:
    """A name that is not quite AWS's tells no time, and its file is read."""
    assert stamp_of(name) is None
    assert may_hold(name, DAY)


FOLDERS = {
    f"{PLAIN}/2026/11/02/": ("2026-11-02", "2026-11-03", True),
    f"{PLAIN}/2026/11/02/23/": ("2026-11-02 23:00", "2026-11-03", True),
    f"s3://b/p/{PLAIN}/2026/12/31/x.log.gz": ("2026-12-31", "2027-01-01", True),
    f"{HIVE}/year=2026/month=11/day=02/": ("2026-11-02", "2026-11-03", True),
    f"{HIVE}/year=2026/month=11/day=02/hour=05/x.parquet": ("2026-11-02 05:00", "2026-11-02 06:00", True),
    "lake/year=2026/month=11/day=2/part-0.parquet": ("2026-11-02", "2026-11-03", False),
    "lake/year=2026/month=02/part-0.parquet": ("2026-02-01", "2026-03-01", False),
    "lake/year=2026/part-0.parquet": ("2026-01-01", "2027-01-01", False),
    "year=2024/month=12/day=31/hour=7/x": ("2024-12-31 07:00", "2024-12-31 08:00", False),
    "lake/date=2026-11-02/x.parquet": ("2026-11-02", "2026-11-03", False),
    "lake/dt=20261102/x.parquet": ("2026-11-02", "2026-11-03", False),
    "lake/day=2026%2F11%2F02/x.parquet": ("2026-11-02", "2026-11-03", False),
    "lake/dt=2026-11-02/hour=05/x.parquet": ("2026-11-02 05:00", "2026-11-02 06:00", False),
    "lake/datehour=2026-11-02-05/x.parquet": ("2026-11-02 05:00", "2026-11-02 06:00", False),
    "lake\\dt=2026-11-02\\x.parquet": ("2026-11-02", "2026-11-03", False),
    f"{PLAIN}/2026/13/02/": None,
    f"{PLAIN}/2026/11/": None,
    "lake/2026/11/02/x.parquet": None,
    "lake/day=02/x.parquet": None,
    "lake/date=2026-02-30/x.parquet": None,
    "lake/update=2026-11-02/x.parquet": None,
    "2026-11-02.log": None,
    "year=2026": None,
}


@pytest.mark.parametrize("path", FOLDERS)
def test_folders_tell_their_span(path: str) -> None:
    """AWS's layouts and dated folders of one's own are taken by their whole span; others tell nothing."""
    told = FOLDERS[path]
    assert folder_span(path) == (None if told is None else (at(told[0]), at(told[1]), told[2]))
    assert may_hold(path, None)
    assert told is not None or may_hold(path, DAY)


CASES = [
    # window, overlap, and the days of November that are read in AWS's layouts, and in somebody's own
    (("2026-11-02", "2026-11-03"), LONGEST, "02 03", "01 02 03"),
    (("2026-11-02", "2026-11-03"), 0, "02", "02"),
    (("2026-11-02", "2026-11-02 23:48"), LONGEST, "02", "01 02"),
    (("2026-11-02", "2026-11-02 23:48:01"), LONGEST, "02 03", "01 02 03"),
    (("2026-11-02 00:12", "2026-11-02 12:00"), LONGEST, "02", "02"),
    (("2026-11-02 00:11:59", "2026-11-02 12:00"), LONGEST, "02", "01 02"),
    (("2026-11-02 22:00", "2026-11-03 02:00"), LONGEST, "02 03", "02 03"),
    (("2026-11-02", "2026-11-03"), "2d", "02 03 04", "31 01 02 03 04"),
]


@pytest.mark.parametrize(("span", "overlap", "delivered", "own"), CASES)
def test_the_days_of_a_window_are_read_and_no_others(
    span: tuple[str, str], overlap: float | str, delivered: str, own: str
) -> None:
    """A record may end in the next day's folder; of one's own folders it is not known what they are of."""
    window = Window.parse(*span)
    days = [datetime(2026, 10, 29, tzinfo=UTC) + timedelta(days=n) for n in range(10)]
    for layout, read in (
        (f"{PLAIN}/%Y/%m/%d/x", delivered),
        (f"{HIVE}/year=%Y/month=%m/day=%d/x", delivered),
        ("dt=%Y-%m-%d/x", own),
    ):
        kept = [day.strftime("%d") for day in days if may_hold(day.strftime(layout), window, overlap)]
        assert " ".join(kept) == read, layout


records = st.tuples(st.integers(0, 2 * 86400), st.integers(0, LONGEST))
MIDNIGHT = at("2026-11-02")


@given(record=records, first=st.integers(0, 2 * 86400 - 1), length=st.integers(1, 86400))
@example(record=(86399, LONGEST), first=0, length=86400)
def test_no_record_of_a_window_is_left_out(record: tuple[int, int], first: int, length: int) -> None:
    """Whatever starts in a window and lasts the longest at most lies in a file and folders that may hold it."""
    start, lasts = record
    window = Window(
        datetime.fromtimestamp(MIDNIGHT + first, UTC), datetime.fromtimestamp(MIDNIGHT + first + length, UTC)
    )
    if not first <= start < first + length:
        return
    end = datetime.fromtimestamp(MIDNIGHT + start + lasts, UTC)
    began = datetime.fromtimestamp(MIDNIGHT + start, UTC)
    assert may_hold(named(end), window)
    for layout in (f"{PLAIN}/%Y/%m/%d/x", f"{PLAIN}/%Y/%m/%d/%H/x", f"{HIVE}/year=%Y/month=%m/day=%d/hour=%H/x"):
        assert may_hold(end.strftime(layout), window)
    for layout in ("dt=%Y-%m-%d/x", "year=%Y/month=%m/day=%d/hour=%H/x"):
        assert may_hold(began.strftime(layout), window)
        assert may_hold(end.strftime(layout), window)
    for hive in (False, True):
        logs = Layout("AWSLogs", ("123456789012",), ("eu-west-1",), hive, per_hour=True)
        folder = logs.folder("123456789012", "eu-west-1") + logs.dated(end, hour=True)
        assert any(folder.startswith(one) for one in prefixes(logs, window))


def test_a_days_files_are_read_and_no_others() -> None:
    """Of a month's files those of 24 hours and twelve minutes are read."""
    files = [named(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=5 * n)) for n in range(12 * 24 * 30)]
    kept = [name for name in files if may_hold(name, DAY)]
    assert (len(kept), kept[0], kept[-1]) == (
        12 * 24 + 3,
        named(datetime(2026, 11, 2, tzinfo=UTC)),
        named(datetime(2026, 11, 3, 0, 10, tzinfo=UTC)),
    )
    assert len([name for name in files if may_hold(name, DAY, 0)]) == 12 * 24


@pytest.mark.parametrize("hive", [False, True])
@pytest.mark.parametrize("per_hour", [False, True])
def test_prefixes_are_those_of_every_account_and_region(hive: bool, per_hour: bool) -> None:
    """Each account and region has its folders; a whole day is one of them, a part of a day its hours."""
    logs = Layout("s3://logs/AWSLogs/", ("111111111111", "222222222222"), ("eu-west-1", "us-east-1"), hive, per_hour)
    found = prefixes(logs, Window.parse("2026-12-30 23:00", "2027-01-01"))
    times = ["2026/12/30", "2026/12/31", "2027/01/01"]
    if per_hour:
        times = ["2026/12/30/23", "2026/12/31", "2027/01/01/00"]
    words = ("year=", "month=", "day=", "hour=") if hive else ("", "", "", "")
    dated = ["/".join(word + part for word, part in zip(words, time.split("/"), strict=False)) for time in times]
    places = [
        f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}"
        if hive
        else f"{account}/vpcflowlogs/{region}"
        for account in logs.accounts
        for region in logs.regions
    ]
    assert list(found) == [f"s3://logs/AWSLogs/{place}/{time}/" for place in places for time in dated]


def test_hours_are_told_by_day() -> None:
    """A span is cut at midnight, UTC."""
    found = list(hours_of_days(at("2026-11-02 22:30"), at("2026-11-03 01:00:01")))
    assert [(f"{day:%d}", hours) for day, hours in found] == [("02", (22, 23)), ("03", (0, 1))]


def test_the_ends_of_a_windows_records_are_whole_seconds() -> None:
    """A window of parts of seconds is widened to whole ones, and the calendar's last day is no error."""
    window = Window.parse("2026-11-02 00:00:00.5", "2026-11-02 00:00:00.7")
    assert ends(window, 0) == (MIDNIGHT, MIDNIGHT + 1)
    last = Window.parse("9999-12-31 23:00", "9999-12-31 23:59:59")
    assert len(prefixes(Layout("x", ("1",), ("r",)), last)) == 1


@pytest.mark.parametrize("overlap", [-1, True, None, float("nan"), float("inf"), [1]])
def test_what_is_no_overlap_is_refused(overlap: object) -> None:
    """An overlap is a number of seconds, or a span."""
    with pytest.raises(ArgumentError, match=r"^overlap is .*; give seconds from 0 on, or a span such as '12m'$"):
        overlap_seconds(overlap)  # type: ignore[arg-type]
    with pytest.raises(WindowError, match="is not a span of time"):
        overlap_seconds("soon")
