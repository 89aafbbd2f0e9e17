"""Does a table that is there fit its files: what is told of each way in which it does not, and silence where it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rejectkit.records import FIELDS, LogFormat
from rejectkit.sources.athena.delivered import told
from rejectkit.sources.athena.fit import check, order_fault
from rejectkit.sources.athena.glue import CATALOG, Existing, Partitions
from rejectkit.sources.athena.pruning import Pruning
from rejectkit.sources.athena.reading import Header
from rejectkit.sources.athena.table import AthenaTable

ACCOUNT, REGION = "123456789012", "eu-west-1"
ALL = LogFormat(tuple(field.name for field in FIELDS if field.since != 6))
DEFAULT = LogFormat.default()


def table(log_format: LogFormat = DEFAULT, **more: bool) -> Existing:
    """Return a table as AthenaTable makes it, as Glue would tell it."""
    made = AthenaTable("logs", "vpc", "my-logs", accounts=ACCOUNT, regions=REGION, format=log_format, **more)
    return Existing.told(made.definition().table_input(), "logs")


def head(log_format: LogFormat = DEFAULT, folder: str = "2026/11/02", *, parquet: bool = False) -> Header:
    """Return what a file of AWS's says of itself."""
    fields = tuple(name.replace("-", "_") for name in log_format.fields) if parquet else log_format.fields
    name = f"{ACCOUNT}_vpcflowlogs_{REGION}_fl-1234abcd_20261102T1620Z_fe123456.log.{'parquet' if parquet else 'gz'}"
    return Header(f"s3://my-logs/AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{folder}/{name}", fields, parquet)


def columns(existing: Existing, **types: str) -> Existing:
    """Return a table some of whose columns are of other types."""
    return replace(existing, columns=tuple((name, types.get(name, kind)) for name, kind in existing.columns))


def named(existing: Existing, *names: str) -> Existing:
    """Return a table whose columns have these names, in this order."""
    kinds = dict(existing.columns)
    return replace(existing, columns=tuple((name, kinds.get(name, "string")) for name in names))


def having(existing: Existing, **parameters: str | None) -> Existing:
    """Return a table with other properties; None: without. A dot is written as two underscores."""
    told_ = {name.replace("__", "."): value for name, value in parameters.items()}
    kept = {name: value for name, value in (existing.parameters | told_).items() if value is not None}
    return replace(existing, parameters=kept)


@pytest.mark.parametrize("log_format", [DEFAULT, ALL], ids=["default", "all fields"])
@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize(("per_hour", "folder"), [(False, "2026/11/02"), (True, "2026/11/02/16")])
def test_a_table_of_ours_fits_its_own_files(log_format: LogFormat, parquet: bool, per_hour: bool, folder: str) -> None:
    """What AthenaTable makes has nothing amiss, in text and Parquet, by day and by hour, with every field."""
    existing = table(log_format, parquet=parquet, per_hour=per_hour)
    file = head(log_format, folder, parquet=parquet)
    assert check(existing, log_format, file, pruning=Pruning.of(existing)) == []


SHORT = ("version", "account_id", "interface_id", "srcaddr", "dstaddr")
AMISS: dict[str, tuple[Callable[[], Existing], Header | None, str]] = {
    "a column left out": (
        lambda: named(table(), *(name for name, _ in table().columns if name != "dstaddr")),
        head(),
        "its column 5 is 'srcport', the files' field 5 is 'dstaddr'",
    ),
    "two columns changed over": (
        lambda: named(table(), *("version", "account_id", "interface_id", "dstaddr", "srcaddr")),
        head(),
        "its column 4 is 'dstaddr', the files' field 4 is 'srcaddr'",
    ),
    "columns after the last field": (
        lambda: named(table(), *(name for name, _ in table().columns), "vpc_id"),
        head(),
        "15 columns and its files 14 fields, so its column 'vpc_id' is always empty",
    ),
    "the last columns left out": (
        lambda: named(table(), *SHORT),
        head(),
        "The fields srcport, dstport, protocol, packets, bytes, start, end, action, log-status are in the files",
    ),
    "header not skipped": (
        lambda: having(table(), skip__header__line__count=None),
        head(),
        "takes the header line of every file for a record",
    ),
    "header skipped that is not there": (
        lambda: table(),
        Header("s3://my-logs/AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/02/a", (), parquet=False),
        "leaves out the first 1 lines of every file, and",
    ),
    "two lines skipped": (lambda: having(table(), skip__header__line__count="2"), head(), "leaves out 2 lines"),
    "separated by commas": (
        lambda: replace(table(), serde_parameters={"field.delim": ","}),
        head(),
        "takes fields to be separated by ','",
    ),
    "another SerDe": (lambda: replace(table(), serde="org.apache.OpenCSVSerde"), head(), "is read by org.apache.OpenC"),
    "text read as Parquet": (lambda: table(parquet=True), head(), "logs.vpc reads Parquet, and s3://"),
    "Parquet read as text": (lambda: table(), head(parquet=True), "logs.vpc reads text, and s3://"),
    "Parquet of other names": (
        lambda: named(table(parquet=True), "accountid", *(name for name, _ in table().columns if name != "account_id")),
        head(parquet=True),
        "The Parquet files have no accountid, so these columns",
    ),
    "addresses as numbers": (lambda: columns(table(), srcaddr="bigint"), head(), "values of srcaddr are no such"),
    "accounts as numbers": (lambda: columns(table(), account_id="bigint"), head(), "it loses 'unknown'"),
    "bytes too small": (lambda: columns(table(), bytes="int"), head(), "values of bytes over 2,147,483,647 are lost"),
    "ports too small": (lambda: columns(table(), dstport="smallint"), head(), "of dstport over 32,767 are lost"),
    "Parquet's numbers as texts": (
        lambda: columns(table(parquet=True), dstport="string"),
        head(parquet=True),
        "the files have dstport as a whole number of 32 bits, so queries that read it fail",
    ),
    "Parquet's texts as numbers": (
        lambda: columns(table(parquet=True), account_id="bigint"),
        head(parquet=True),
        "the files have account-id as a text, so queries that read it fail",
    ),
    "Parquet's numbers too small": (
        lambda: columns(table(parquet=True), start="int"),
        head(parquet=True),
        "the files have start in 64 bits",
    ),
    "another service's folder": (
        lambda: replace(table(), location=f"s3://my-logs/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/", parameters={}),
        None,
        "where AWS puts files of CloudTrail, not of VPC flow logs",
    ),
    "a date of another format": (
        lambda: having(table(), projection__day__format="yyyy-MM-dd", projection__day__range="2021-01-01,NOW"),
        head(),
        "it is in no folder of its partitions, s3://my-logs/AWSLogs/${accid}/vpcflowlogs/${region}/${day}/",
    ),
    "a range of another format": (
        lambda: having(table(), projection__day__range="2021-01-01,NOW"),
        head(),
        "has the range '2021-01-01,NOW', which is not two dates of its format 'yyyy/MM/dd'",
    ),
    "a format that is none": (
        lambda: having(table(), projection__day__format="YYYY/ww"),
        head(),
        "the format 'YYYY/ww'",
    ),
    "a key without projection": (lambda: having(table(), projection__region__type=None), head(), "has no type; set"),
    "an account that is not listed": (
        lambda: having(table(), projection__accid__values="210987654321"),
        head(),
        "its partition key 'accid' has no value '123456789012'",
    ),
    "a template without a key": (
        lambda: having(table(), storage__location__template="s3://my-logs/AWSLogs/${accid}/${day}"),
        head(),
        "has no place for region",
    ),
    "folders that MSCK does not find": (
        lambda: replace(table(), parameters={"skip.header.line.count": "1"}),
        head(),
        "do not name its partition keys accid, region, day, so MSCK REPAIR TABLE registers nothing",
    ),
}


@pytest.mark.parametrize("name", AMISS)
def test_what_is_amiss_is_told_with_its_mend(name: str) -> None:
    """Each misfit is one finding that says what, in which table, and how to mend it; nothing else is told."""
    make, file, expected = AMISS[name]
    found = check(make(), DEFAULT, file)
    assert [expected in one.sentence for one in found] == [True], [str(one) for one in found]
    said = str(found[0])
    assert "logs.vpc" in said
    assert found[0].mend or "make the table anew" in said or "; set projection" in said or "format" in said


def test_warnings_come_first() -> None:
    """What makes answers wrong stands before what only costs."""
    bad = columns(replace(table(), parameters={}, partition_keys=()), account_id="bigint", srcaddr="int")
    found = check(bad, DEFAULT, head(), pruning=Pruning.of(bad))
    assert [one.severity for one in found] == ["warning", "warning", "notice", "notice"]
    assert "has no partitions, so every query reads all of s3://my-logs/AWSLogs/" in found[-1].sentence


def test_the_flow_logs_own_bucket_is_compared() -> None:
    """A table over another bucket or prefix than the flow log's is told; one over a folder above or below is not."""
    item = {"FlowLogId": "fl-1", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::my-logs/network"}
    flow_log = told(item, ACCOUNT, REGION)
    assert "delivers to s3://my-logs/network/AWSLogs/" in check(table(), DEFAULT, delivered=flow_log)[0].sentence
    whole = replace(table(), location="s3://my-logs/network/AWSLogs/123456789012/")
    assert check(whole, DEFAULT, delivered=flow_log) == []


def test_a_view_is_not_judged() -> None:
    """Of a view it is only said that it cannot be told."""
    assert [one.severity for one in check(Existing(CATALOG, "logs", "v", view=True), DEFAULT, head())] == ["info"]


def test_order_counts_for_text_alone() -> None:
    """Parquet is read by names: its columns may stand in any order."""
    changed = named(table(parquet=True), "dstaddr", "srcaddr")
    assert order_fault(changed, ["srcaddr", "dstaddr"]) == ""
    assert order_fault(named(table(), "dstaddr", "srcaddr"), ["srcaddr", "dstaddr"])
    assert order_fault(named(table(), "dstaddr", "whatever"), ["dstaddr", "srcaddr"]) == ""


def test_old_names_are_known_in_their_order() -> None:
    """The columns of old tutorials are the same fields, so nothing is amiss with their order."""
    names = "version account interfaceid sourceaddress destinationaddress sourceport destinationport protocol"
    more = "numpackets numbytes starttime endtime action logstatus"
    assert order_fault(named(table(), *names.split(), *more.split()), DEFAULT.fields) == ""


def test_registered_partitions_that_are_none_are_told() -> None:
    """A table without projection that has no partition has no rows, which is said."""
    bare = replace(table(), parameters={"skip.header.line.count": "1"})
    found = check(bare, DEFAULT, pruning=Pruning.of(bare, Partitions((), complete=True)))
    assert "has no partition registered, so it has no rows: run MSCK REPAIR TABLE" in found[0].sentence
