"""Athena's partitions: which of a year's remain for a window, in every layout, and what is asked of their keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejectkit.errors import ArgumentError
from rejectkit.sources.athena.clauses import passes
from rejectkit.sources.athena.datepatterns import DatePattern, guessed
from rejectkit.sources.athena.glue import CATALOG, Existing, Partition, Partitions
from rejectkit.sources.athena.pruning import Pruning
from rejectkit.sources.athena.spans import alternatives
from rejectkit.sources.partitions import LONGEST, around, ends
from rejectkit.window import Window

FIRST, LAST = datetime(2025, 12, 1, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)
ROOT = "s3://logs/AWSLogs"
PLAIN = f"{ROOT}/123456789012/vpcflowlogs/eu-west-1"
HIVE = f"{ROOT}/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1"
ON = {"projection.enabled": "true"}
NUMBERS = {
    f"projection.{name}.{key}": value
    for name, span, digits in (("year", "2020,2030", "4"), ("month", "1,12", "2"), ("day", "1,31", "2"))
    for key, value in (("type", "integer"), ("range", span), ("digits", digits))
}
HOURS = {"projection.hour.type": "integer", "projection.hour.range": "0,23", "projection.hour.digits": "2"}
WAYS = (("aws-account-id", "string"), ("aws-service", "string"), ("aws-region", "string"))


def dated(key: str, pattern: str, **more: str) -> dict[str, str]:
    """Return the properties of a projected date."""
    told = {"type": "date", "format": pattern, "range": "2020/01/01,NOW"} | more
    return ON | {f"projection.{key}.{name.replace('_', '.')}": value for name, value in told.items()}


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to partition: the table, what the keys of a moment's partition are, and where it is."""

    keys: tuple[tuple[str, str], ...]
    values: Callable[[datetime], tuple[str, ...]]
    parameters: dict[str, str]
    hourly: bool = False
    location: str = ROOT + "/"
    folder: Callable[[datetime], str] | None = None  # of registered partitions
    both: bool = False  # whether the overlap counts on both sides
    step: int = 1  # hours or days of one partition

    @property
    def unit(self) -> timedelta:
        """How long a partition is."""
        return self.step * (timedelta(hours=1) if self.hourly else timedelta(days=1))

    def moments(self) -> Iterator[datetime]:
        """Yield the partitions of a year and some more."""
        at = FIRST
        while at < LAST:
            yield at
            at += self.unit

    def pruning(self, *, complete: bool = False) -> Pruning:
        """Return what is made of it, from some registered partitions or all."""
        table = Existing(CATALOG, "logs", "vpc", self.location, (), self.keys, self.parameters)
        folder = self.folder
        if folder is None:
            return Pruning.of(table)
        moments = self.moments() if complete else islice(self.moments(), 400)
        return Pruning.of(table, Partitions(tuple(Partition(self.values(at), folder(at)) for at in moments), complete))


def spelled(pattern: str) -> Callable[[datetime], tuple[str, ...]]:
    """Return a function that writes a moment, each word a value."""
    return lambda at: tuple(at.strftime(word) for word in pattern.split("|"))


SCHEMES = {
    "plain, days": Scheme(
        (("accid", "string"), ("region", "string"), ("day", "string")),
        spelled("123456789012|eu-west-1|%Y/%m/%d"),
        dated("day", "yyyy/MM/dd")
        | {"projection.accid.type": "enum", "projection.accid.values": "123456789012"}
        | {"projection.region.type": "enum", "projection.region.values": "eu-west-1"}
        | {"storage.location.template": ROOT + "/${accid}/vpcflowlogs/${region}/${day}"},
    ),
    "plain, hours": Scheme(
        (("datehour", "string"),),
        spelled("%Y/%m/%d/%H"),
        dated("datehour", "yyyy/MM/dd/HH", interval="1", interval_unit="HOURS")
        | {"storage.location.template": PLAIN + "/${datehour}/"},
        hourly=True,
    ),
    "plain, a date and an hour": Scheme(
        (("region", "string"), ("date", "string"), ("hour", "string")),
        spelled("eu-west-1|%Y/%m/%d|%H"),
        dated("date", "yyyy/MM/dd")
        | {"projection.region.type": "enum", "projection.region.values": "eu-west-1"}
        | HOURS
        | {"storage.location.template": ROOT + "/123456789012/vpcflowlogs/${region}/${date}/${hour}"},
        hourly=True,
    ),
    "plain, numbers": Scheme(
        (("year", "int"), ("month", "int"), ("day", "int"), ("hour", "int")),
        spelled("%Y|%m|%d|%H"),
        ON | NUMBERS | HOURS | {"storage.location.template": PLAIN + "/${year}/${month}/${day}/${hour}"},
        hourly=True,
    ),
    "Hive, days, projected": Scheme(
        (*WAYS, ("year", "string"), ("month", "string"), ("day", "string")),
        spelled("123456789012|vpcflowlogs|eu-west-1|%Y|%m|%d"),
        ON
        | NUMBERS
        | {"projection.aws-account-id.type": "enum", "projection.aws-account-id.values": "123456789012"}
        | {"projection.aws-service.type": "enum", "projection.aws-service.values": "vpcflowlogs"}
        | {"projection.aws-region.type": "enum", "projection.aws-region.values": "eu-west-1"},
    ),
    "Hive, days, registered": Scheme(
        (*WAYS, ("year", "string"), ("month", "string"), ("day", "string")),
        spelled("123456789012|vpcflowlogs|eu-west-1|%Y|%m|%d"),
        {},
        folder=lambda at: at.strftime(HIVE + "/year=%Y/month=%m/day=%d/"),
    ),
    "Hive, hours, registered": Scheme(
        (*WAYS, ("year", "string"), ("month", "string"), ("day", "string"), ("hour", "string")),
        spelled("123456789012|vpcflowlogs|eu-west-1|%Y|%m|%d|%H"),
        {},
        hourly=True,
        folder=lambda at: at.strftime(HIVE + "/year=%Y/month=%m/day=%d/hour=%H/"),
    ),
    "Hive, numbers, registered": Scheme(
        (("year", "int"), ("month", "int"), ("day", "int")),
        lambda at: (str(at.year), str(at.month), str(at.day)),
        {},
        folder=lambda at: at.strftime(HIVE + "/year=%Y/month=%m/day=%d/"),
    ),
    "a crawler's": Scheme(
        tuple((f"partition_{n}", "string") for n in range(6)),
        spelled("123456789012|vpcflowlogs|eu-west-1|%Y|%m|%d"),
        {},
        folder=lambda at: at.strftime(PLAIN + "/%Y/%m/%d/"),
    ),
    "by hand, texts": Scheme(
        (("dt", "string"),), spelled("%Y-%m-%d"), {}, folder=lambda at: at.strftime(PLAIN + "/%Y/%m/%d")
    ),
    "by hand, dates": Scheme(
        (("date", "date"),), spelled("%Y-%m-%d"), {}, folder=lambda at: at.strftime(PLAIN + "/%Y/%m/%d")
    ),
    "a lake of one's own": Scheme(
        (("dt", "string"), ("hour", "string")),
        spelled("%Y%m%d|%H"),
        {},
        hourly=True,
        location="s3://lake/flows/",
        folder=lambda at: at.strftime("s3://lake/flows/dt=%Y%m%d/hour=%H/"),
        both=True,
    ),
    "a lake with short numbers": Scheme(
        (("year", "string"), ("month", "string"), ("day", "string")),
        lambda at: (str(at.year), str(at.month), str(at.day)),
        {},
        location="s3://lake/flows/",
        folder=lambda at: f"s3://lake/flows/year={at.year}/month={at.month}/day={at.day}/",
        both=True,
    ),
    "day before month": Scheme(
        (("day", "string"),),
        spelled("%d-%m-%Y"),
        dated("day", "dd-MM-yyyy") | {"storage.location.template": PLAIN + "/${day}/"},
    ),
    "a month and its days": Scheme(
        (("month", "string"), ("dd", "string")),
        spelled("%Y-%m|%d"),
        dated("month", "yyyy-MM", interval_unit="MONTHS")
        | {"projection.dd.type": "integer", "projection.dd.range": "1,31", "projection.dd.digits": "2"}
        | {"storage.location.template": PLAIN + "/${month}/${dd}/"},
    ),
    "six hours each": Scheme(
        (("datehour", "string"),),
        spelled("%Y/%m/%d/%H"),
        dated("datehour", "yyyy/MM/dd/HH", interval="6", interval_unit="HOURS")
        | {"storage.location.template": PLAIN + "/${datehour}/"},
        hourly=True,
        step=6,
    ),
}
WINDOWS = {
    "a day": ("2026-11-02", "2026-11-03"),
    "three hours": ("2026-11-02 05:10", "2026-11-02 08:10"),
    "over midnight": ("2026-10-31 22:59:59", "2026-11-01 01:00:01"),
    "forty days over New Year": ("2026-12-05 13:00", "2027-01-14 13:00"),
    "ends at midnight": ("2026-02-28 21:00", "2026-03-01"),
    "ends before midnight": ("2026-02-28 21:00", "2026-02-28 23:47"),
    "a second": ("2026-07-01", "2026-07-01 00:00:01"),
    "a year": ("2026-01-01", "2027-01-01"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A window and an overlap."""

    name: str
    window: Window
    overlap: int


CASES = [Case(name, Window.parse(*span), overlap) for name, span in WINDOWS.items() for overlap in (LONGEST, 0)]


def expected(name: str, case: Case) -> list[bool]:
    """Return which partitions a record of the window can be in, told from the calendar alone."""
    scheme = SCHEMES[name]
    since = case.window.start.timestamp() - (case.overlap if scheme.both else 0)
    until, unit = case.window.end.timestamp() + case.overlap, scheme.unit.total_seconds()
    return [at < until and at + unit > since for at in starts(name)]


@cache
def stored(name: str) -> list[tuple[str, ...]]:
    """Return the values of every partition of a scheme."""
    return [SCHEMES[name].values(at) for at in SCHEMES[name].moments()]


@cache
def starts(name: str) -> list[float]:
    """Return when every partition of a scheme begins, in seconds since the epoch."""
    return [at.timestamp() for at in SCHEMES[name].moments()]


def evaluated(name: str, conditions: list[str]) -> list[list[bool]]:
    """Return which partitions pass each condition, by another engine."""
    types = {"string": "VARCHAR", "int": "INTEGER", "date": "DATE"}
    scheme, values = SCHEMES[name], stored(name)
    texts = pa.table({key: [one[i] for one in values] for i, (key, _) in enumerate(scheme.keys)})
    casts = ", ".join(f'CAST("{key}" AS {types[kind]}) AS "{key}"' for key, kind in scheme.keys)
    asked = ", ".join(f"({condition}) AS c{i}" for i, condition in enumerate(conditions))
    with duckdb.connect() as engine:
        engine.register("texts", texts)
        rows = engine.execute(f"SELECT {asked} FROM (SELECT {casts} FROM texts)").fetchall()
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("name", SCHEMES)
def test_of_a_years_partitions_exactly_those_remain_that_can_hold_the_windows_records(name: str) -> None:
    """The condition, evaluated by another engine over every partition, keeps what the calendar says."""
    scheme = SCHEMES[name]
    pruning = scheme.pruning()
    assert pruning.unpruned == ""
    conditions = [pruning.condition(case.window, case.overlap) for case in CASES]
    for case, condition, kept in zip(CASES, conditions, evaluated(name, conditions), strict=True):
        assert kept == expected(name, case), (case.name, case.overlap, condition)
    one_day = sum(evaluated(name, [pruning.condition(CASES[0].window, 0)])[0])
    assert one_day == (24 // scheme.step if scheme.hourly else 1)


@pytest.mark.parametrize("name", SCHEMES)
def test_conditions_compare_bare_keys_and_nothing_else(name: str) -> None:
    """There is no function on a key, so Athena can prune: names, literals, comparisons, AND, OR and brackets."""
    pruning, literal = SCHEMES[name].pruning(), r"(DATE )?('[^']*'|\d+)"
    for case in CASES:
        condition = pruning.condition(case.window, case.overlap)
        rest = re.sub(
            rf'"[^"]+" (BETWEEN {literal} AND {literal}|= {literal}|IN \(({literal}(, )?)+\))', "x", condition
        )
        assert re.fullmatch(r"(x| AND | OR |[()])+", rest), condition
        assert len(condition) < 6000


@pytest.mark.parametrize("name", SCHEMES)
def test_prefixes_are_the_folders_of_the_partitions_that_remain(name: str) -> None:
    """Every partition that remains is below a prefix, no other is, and a whole day is one."""
    scheme = SCHEMES[name]
    pruning = scheme.pruning(complete=True)
    folders = [folder(scheme, at) for at in scheme.moments()]
    for case in CASES:
        if case.window.seconds > 86400 and scheme.hourly:
            continue
        prefixes = pruning.prefixes(case.window, case.overlap)
        assert prefixes is not None
        below = [one.startswith(prefixes) for one in folders]
        kept = expected(name, case)
        assert all(inside for inside, keep in zip(below, kept, strict=True) if keep), case
        if scheme.step == 1:
            assert below == kept, case
            assert len(prefixes) <= sum(kept)


def folder(scheme: Scheme, at: datetime) -> str:
    """Return where the partition of a moment is."""
    if scheme.folder is not None:
        return scheme.folder(at).rstrip("/") + "/"
    made = scheme.parameters.get("storage.location.template")
    keys = [key for key, _ in scheme.keys]
    made = made or scheme.location.rstrip("/") + "".join(f"/{key}=${{{key}}}" for key in keys)
    for key, value in zip(keys, scheme.values(at), strict=True):
        made = made.replace(f"${{{key}}}", value)
    return made.rstrip("/") + "/"


def one(keys: tuple[tuple[str, str], ...], parameters: dict[str, str] | None = None, **more: object) -> Existing:
    """Return a table with these keys."""
    return Existing(CATALOG, "logs", "vpc", ROOT + "/", (), keys, parameters or {}, **more)  # type: ignore[arg-type]


DAY = Window.parse("2026-11-02", "2026-11-03")
ENUM = {"projection.accid.type": "enum", "projection.accid.values": "123456789012,210987654321"}


@given(
    name=st.sampled_from(
        ["plain, hours", "plain, numbers", "six hours each", "a lake of one's own", "day before month"]
    ),
    first=st.integers(int(FIRST.timestamp()) + 86400, int(LAST.timestamp()) - 86400),
    length=st.integers(1, 40 * 86400),
    start=st.integers(0, 40 * 86400),
    lasts=st.integers(0, LONGEST),
)
@settings(deadline=None)
def test_no_record_is_lost(name: str, first: int, length: int, start: int, lasts: int) -> None:
    """The partition of a record that starts in a window, by its end, always passes; so does its neighbour's not."""
    scheme = SCHEMES[name]
    began = first + start % length
    end = datetime.fromtimestamp(began + lasts, UTC)
    window = Window(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(first + length, UTC))
    of = end.replace(hour=end.hour // scheme.step * scheme.step)
    values = dict(zip((key for key, _ in scheme.keys), scheme.values(of), strict=True))
    pruning = PRUNINGS[name]
    kept = alternatives(pruning.keys, *(around if scheme.both else ends)(window))
    assert passes(kept, values)
    far = dict(zip(values, scheme.values(of + timedelta(days=60)), strict=True))
    assert not passes(kept, far)


PRUNINGS = {name: SCHEMES[name].pruning() for name in ("plain, hours", "plain, numbers", "six hours each")}
PRUNINGS |= {name: SCHEMES[name].pruning() for name in ("a lake of one's own", "day before month")}

UNPRUNED = {
    "no keys": (one(()), "logs.vpc has no partitions, so every query reads all of s3://logs/AWSLogs/, whatever its"),
    "another key": (one((("team", "string"),)), "no partition key that is known to tell the time (its keys: team)"),
    "days without months": (one((("day", "string"), ("year", "string"))), ""),
    "a week": (one((("week", "string"),)), "whatever its window; narrow it by partitions={'week': …}"),
    "a format not known": (one((("day", "string"),), dated("day", "YYYY-'W'ww")), "is known to tell the time"),
    "an injected day": (one((("day", "string"),), ON | {"projection.day.type": "injected"}), "known to tell the time"),
    "a view": (one((), view=True), "logs.vpc is a view"),
    "Iceberg": (one((), {"table_type": "ICEBERG"}), "logs.vpc is an Iceberg table"),
}


@pytest.mark.parametrize("name", UNPRUNED)
def test_where_no_window_narrows_what_is_read_that_is_said(name: str) -> None:
    """A sentence says so and names the keys, and no condition is invented."""
    table, expected = UNPRUNED[name]
    pruning = Pruning.of(table)
    assert expected in pruning.unpruned
    assert bool(expected) is bool(pruning.unpruned)
    if not any(kind == "injected" for kind in table.parameters.values()):
        assert (pruning.condition(DAY) == "") is bool(expected)


def test_partitions_that_are_not_where_their_keys_say_are_not_pruned() -> None:
    """A key whose values are not the days of its folders tells something else: everything is read."""
    rows = tuple(Partition((f"2026-11-0{day}",), f"{PLAIN}/2026/11/0{day - 1}/") for day in range(2, 8))
    pruning = Pruning.of(one((("dt", "string"),)), Partitions(rows, complete=True))
    assert pruning.condition(DAY) == ""
    assert "is known to tell the time" in pruning.unpruned


def test_values_that_are_no_dates_are_not_pruned() -> None:
    """One value of another kind, as Hive's default partition, and nothing is left out."""
    rows = (Partition(("2026-11-02",)), Partition(("__HIVE_DEFAULT_PARTITION__",)))
    assert Pruning.of(one((("dt", "string"),)), Partitions(rows)).condition(DAY) == ""


CHOSEN = [
    ({"accid": "123456789012"}, None, "\"accid\" = '123456789012'"),
    ({"accid": ["123456789012", "210987654321"]}, None, "\"accid\" IN ('123456789012', '210987654321')"),
    ({"hour": 5}, None, '"hour" = 5'),
    ({"team": "it's"}, None, "\"team\" = 'it''s'"),
    ({}, None, ""),
    (None, DAY, "\"day\" = '2026/11/02'"),
    (
        {"hour": [5, 6], "accid": "123456789012"},
        DAY,
        '"day" = \'2026/11/02\' AND "accid" = \'123456789012\' AND "hour" IN (5, 6)',
    ),
]
KEYS = (("accid", "string"), ("day", "string"), ("hour", "int"), ("team", "string"))
PARTED = one(KEYS, ENUM | dated("day", "yyyy/MM/dd"))


@pytest.mark.parametrize(("chosen", "window", "sql"), CHOSEN)
def test_chosen_keys_are_compared_as_what_they_are(chosen: dict[str, str], window: Window | None, sql: str) -> None:
    """A text is quoted, a number is not, several are a list, and the window's condition stands before them."""
    assert Pruning.of(PARTED).condition(window, 0, chosen) == sql


def test_alternatives_are_in_brackets_before_chosen_keys() -> None:
    """A choice narrows every alternative."""
    condition = (
        SCHEMES["plain, a date and an hour"]
        .pruning()
        .condition(Window.parse("2026-11-02 23:00", "2026-11-03 02:00"), 0, {"region": "eu-west-1"})
    )
    assert condition == (
        "((\"date\" = '2026/11/02' AND \"hour\" = '23') OR (\"date\" = '2026/11/03' AND "
        "\"hour\" BETWEEN '00' AND '01')) AND \"region\" = 'eu-west-1'"
    )


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (
            {"accountid": "1"},
            "partitions names 'accountid', which is no partition key of logs.vpc; did you mean 'accid'?",
        ),
        ({"zzz": "1"}, "its keys are accid, day, hour, team"),
        ({"accid": "999999999999"}, "which the table logs.vpc does not have; it has 123456789012, 210987654321"),
        ({"accid": []}, "give a value, or several in a list"),
        ({"accid": None}, "give a value, or several in a list"),
        ({"accid": [None]}, "give a text or a whole number"),
        ({"hour": "five"}, "which is a number in logs.vpc"),
        ("accid", "give a mapping, for example {'accid': '123456789012'}"),
    ],
)
def test_what_cannot_be_chosen_is_refused(chosen: dict[str, str], sentence: str) -> None:
    """A key that is not there, and a value that it cannot have, are told before a query reads nothing."""
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        Pruning.of(PARTED).condition(DAY, chosen=chosen)


def test_an_injected_key_must_be_chosen() -> None:
    """Athena does not know its values; the sentence names the argument."""
    table = one(
        (("accid", "string"), ("day", "string")), dated("day", "yyyy/MM/dd") | {"projection.accid.type": "injected"}
    )
    pruning = Pruning.of(table)
    with pytest.raises(ArgumentError, match=r"injected: .*; give partitions=\{'accid': …\}, a value or several"):
        pruning.condition(DAY)
    assert pruning.prefixes(DAY) is None
    assert pruning.condition(DAY, 0, {"accid": "1"}) == "\"day\" = '2026/11/02' AND \"accid\" = '1'"
    assert pruning.prefixes(DAY, 0, {"accid": "1"}) == ("s3://logs/AWSLogs/accid=1/day=2026/11/02/",)


def test_prefixes_without_a_window_are_what_is_above_the_dates() -> None:
    """All of a table's time is one folder for each of the other keys' values."""
    assert SCHEMES["plain, days"].pruning().prefixes(None) == (PLAIN + "/",)
    assert SCHEMES["Hive, days, registered"].pruning().prefixes(DAY) is None
    chosen = {"aws-account-id": "123456789012", "aws-region": "eu-west-1"}
    assert SCHEMES["Hive, days, registered"].pruning().prefixes(DAY, 0, chosen) == (
        HIVE + "/year=2026/month=11/day=02/",
    )
    assert Pruning.of(one(())).prefixes(DAY) == (ROOT + "/",)


OUTSIDE = [
    ("2026/01/01,NOW", ("2026-11-02", "2026-11-03"), ""),
    ("2026/11/02,NOW", ("2026-11-02", "2026-11-03"), ""),
    (
        "2026/11/03,NOW",
        ("2026-11-02", "2026-11-03"),
        "the partitions of logs.vpc begin at 2026/11/03: what the window has",
    ),
    ("2020/01/01,2026/11/02", ("2026-11-02", "2026-11-03"), ""),
    ("2020/01/01,2026/11/01", ("2026-11-01", "2026-11-02 00:00:01"), "end at 2026/11/01: what the window has after it"),
    ("NOW-3YEARS,NOW", ("2026-11-02", "2026-11-03"), ""),
]


@pytest.mark.parametrize(("span", "window", "sentence"), OUTSIDE)
def test_a_window_beyond_the_projections_range_is_told(span: str, window: tuple[str, str], sentence: str) -> None:
    """Athena reads nothing beyond the range and says nothing; here it is said, with the property to mend."""
    told = Pruning.of(one((("day", "string"),), dated("day", "yyyy/MM/dd", range=span))).outside(Window.parse(*window))
    assert sentence in told
    assert bool(told) is bool(sentence)
    assert not told or told.endswith("widen the table's property projection.day.range")


def test_a_projection_of_years_has_an_end_that_is_told() -> None:
    """Numbers have no NOW: the year after the last is not read."""
    pruning = SCHEMES["plain, numbers"].pruning()
    assert pruning.outside(DAY) == ""
    assert "end at 2030" in pruning.outside(Window.parse("2030-12-31", "2031-01-02"))
    assert "begin at 2020" in pruning.outside(Window.parse("2019-12-31", "2020-01-02"))


PATTERNS = [
    ("yyyy/MM/dd", "2026/11/02", True),
    ("yyyyMMddHH", "2026110205", True),
    ("yyyy-MM-dd'T'HH", "2026-11-02T05", True),
    ("'year='yyyy'/month='MM", "year=2026/month=11", True),
    ("dd/MM/yyyy", "02/11/2026", False),
    ("yyyy-M-d", "2026-11-2", False),
    ("d MMM yyyy", "2 Nov 2026", False),
    ("uu''MM", "26'11", True),
]


@pytest.mark.parametrize(("pattern", "text", "ordered"), PATTERNS)
def test_javas_date_patterns_are_written_and_read(pattern: str, text: str, ordered: bool) -> None:
    """What a pattern writes it reads back; only big-endian ones of fixed widths sort as the dates do."""
    made = DatePattern.parse(pattern)
    assert made is not None
    moment = datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert (made.format(moment), made.ordered) == (text, ordered)
    read = made.read(text)
    assert read is not None
    assert made.format(read) == text
    assert made.read(text + "x") is None


@pytest.mark.parametrize(
    "pattern", ["", "/", "YYYY-MM-dd", "yyyy-DDD", "yyyy-ww", "hh a", "[yyyy]", "yyyy-MMMM", "'open"]
)
def test_patterns_that_are_not_known_are_none(pattern: str) -> None:
    """A letter that is not known, an option or no date: nothing is guessed."""
    assert DatePattern.parse(pattern) is None


def test_a_pattern_is_guessed_from_all_values() -> None:
    """One value that is no such date, and it is not the pattern."""
    assert [getattr(guessed(values), "text", None) for values in (["20261102"], ["2026-11-02", "2026-13-02"], [])] == [
        "yyyyMMdd",
        None,
        None,
    ]
