"""The table over flow logs: its DDL, its plan in Glue, what Glue tells of a table, and its columns as a query sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
import sqlglot

from rejectkit.aws import Service
from rejectkit.errors import ArgumentError, FormatError, MissingResourceError
from rejectkit.insights import compile_query, parse
from rejectkit.records import FIELDS, LogFormat
from rejectkit.sandbox import start
from rejectkit.sources.athena.columns import check_time, field_of, flow_format, relation
from rejectkit.sources.athena.delivered import told
from rejectkit.sources.athena.glue import CATALOG, Existing, id_of, partition_values
from rejectkit.sources.athena.pruning import Pruning
from rejectkit.sources.athena.table import AthenaTable
from rejectkit.sources.partitions import prefixes
from rejectkit.window import Window

ACCOUNT, REGION = "123456789012", "eu-west-1"
EVERYTHING = LogFormat(tuple(field.name for field in FIELDS))
TEXT = "org.apache.hadoop.mapred.TextInputFormat"


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """Yield a session of a sandbox with nothing in it."""
    with start(scenario=None) as sandbox:
        yield sandbox.session


def table(database: str = "logs", name: str = "vpc", **more: Any) -> AthenaTable:
    """Return a table of one account and region."""
    return AthenaTable(database, name, "my-logs", **{"accounts": ACCOUNT, "regions": REGION, **more})


LAYOUTS = [
    {"hive": hive, "per_hour": per_hour, "parquet": parquet}
    for hive in (False, True)
    for per_hour in (False, True)
    for parquet in (False, True)
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: " ".join(k for k, v in one.items() if v) or "plain")
@pytest.mark.parametrize("log_format", [LogFormat.default(), EVERYTHING], ids=["default", "every field"])
def test_the_ddl_of_every_layout_says_what_glue_is_given(layout: dict[str, bool], log_format: LogFormat) -> None:
    """The statement parses, and its names, types, place and properties are those of the plan, hostile texts too."""
    made = table(prefix='it\'s\\a "prefix"/', format=log_format, comment="whose? it's `ours`; -- \\", **layout)
    tree = sqlglot.parse_one(made.ddl(), read="athena")
    definition, schema = made.definition(), tree.this
    columns = {(one.name, one.kind.sql("hive").lower()) for one in schema.find_all(sqlglot.exp.ColumnDef)}
    keys = tree.find(sqlglot.exp.PartitionedByProperty)
    properties = {
        one.name: one.args["value"].name
        for one in tree.args["properties"].expressions
        if type(one) is sqlglot.exp.Property
    }
    assert columns == set(definition.columns)
    assert [one.name for one in keys.find_all(sqlglot.exp.ColumnDef)] == [name for name, _ in definition.partition_keys]
    assert tree.find(sqlglot.exp.LocationProperty).name == definition.location
    assert tree.find(sqlglot.exp.SchemaCommentProperty).name == definition.comment
    assert properties == definition.parameters
    assert ("skip.header.line.count" in properties) is not layout["parquet"]
    assert "`end` bigint" in made.ddl()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: " ".join(k for k, v in one.items() if v) or "plain")
def test_a_tables_partitions_are_the_folders_that_aws_writes(layout: dict[str, bool]) -> None:
    """What its projection reads of a window are the prefixes of its layout, told apart from it."""
    made = table(prefix="net", accounts=[ACCOUNT, "210987654321"], regions=[REGION, "us-east-1"], **layout)
    pruning = Pruning.of(Existing.told(made.definition().table_input(), "logs"))
    assert pruning.unpruned == ""
    assert pruning.of_aws
    for span in (("2026-11-02", "2026-11-03"), ("2026-12-31 05:00", "2027-01-01 07:30")):
        window = Window.parse(*span)
        assert pruning.prefixes(window) == prefixes(made.layout, window)
        assert pruning.prefixes(window, 0) == prefixes(made.layout, window, 0)


def test_types_are_athenas_own_for_every_field() -> None:
    """Counts and times are bigint, small numbers int, everything else a string, in the order of the format."""
    columns = dict(table(format=EVERYTHING).definition().columns)
    assert list(columns) == [name.replace("-", "_") for name in EVERYTHING.fields]
    ints = {"version", "srcport", "dstport", "tcp_flags", "traffic_path", "encryption_status"}
    assert {name for name, kind in columns.items() if kind == "int"} == ints
    longs = {"protocol", "packets", "bytes", "start", "end"}
    assert {name for name, kind in columns.items() if kind == "bigint" and "lost" not in name} == longs


def test_a_partition_key_gives_way_to_a_field_of_its_name() -> None:
    """A format with the field region keeps it, in its place, and the key has another name."""
    definition = table(format=LogFormat(("region", "srcaddr", "day"))).definition()
    assert [name for name, _ in definition.columns] == ["region", "srcaddr", "day"]
    assert [name for name, _ in definition.partition_keys] == ["accid", "region_key", "day_key"]
    assert definition.parameters["storage.location.template"].endswith("/vpcflowlogs/${region_key}/${day_key}")
    assert definition.parameters["projection.region_key.values"] == REGION


def test_without_projection_a_second_statement_registers_the_partitions() -> None:
    """Only Hive-compatible prefixes can do without projection."""
    ddl = table(hive=True, projection=False).ddl()
    assert ddl.endswith(";\n\nMSCK REPAIR TABLE `logs`.`vpc`;")
    assert "projection" not in ddl
    assert "  `aws-account-id` string,\n  `aws-service` string,\n  `aws-region` string,\n  `year` string" in ddl


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "Vpc"}, "name is 'Vpc'; give lower-case letters, digits, _ and -"),
        ({"database": "a.b"}, "database is 'a.b'; give lower-case letters"),
        ({"accounts": "1234"}, "accounts is '1234'; give ids of 12 digits, as text"),
        ({"accounts": [123456789012]}, "accounts is 123456789012; give ids of 12 digits, as text"),
        ({"accounts": []}, "accounts is []; give ids"),
        ({"regions": ["Frankfurt"]}, "regions is 'Frankfurt'; give codes such as 'eu-west-1'"),
        ({"prefix": "a/AWSLogs/123456789012"}, "leave out AWSLogs and what is below"),
        ({"prefix": "s3://my-logs/a"}, "give what stands between the bucket's name and AWSLogs"),
        ({"prefix": "${day}"}, "give what stands between"),
        ({"prefix": "a\nb"}, "give what stands between"),
        ({"since": "2026-01-01"}, "since is '2026-01-01'; give a date"),
        ({"format": "${version}"}, "give a LogFormat"),
        ({"projection": False}, "projection=False needs hive=True"),
        ({"projection": False, "hive": True, "format": LogFormat(("day",))}, "leave projection as it is"),
        ({"format": LogFormat(("my_tag", "my-tag"))}, "two fields of the format would be the column 'my_tag'"),
    ],
)
def test_what_cannot_be_a_table_is_refused(given: dict[str, Any], sentence: str) -> None:
    """Each argument is checked, and the sentence says which and how to mend it."""
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        table(**given)


@pytest.mark.parametrize(
    "bucket", ["s3://my-logs", "my-logs/prefix", "My-Logs", "my_logs", "a", "10.0.0.1", "a..b", "-a-"]
)
def test_what_is_no_bucket_is_refused(bucket: str) -> None:
    """A bucket is its name alone."""
    with pytest.raises(ArgumentError, match="give the name of a bucket alone"):
        AthenaTable("logs", "vpc", bucket, accounts=ACCOUNT, regions=REGION)


@pytest.mark.parametrize("prefix", ["", "/", "net", "/net/", "net//flow"])
def test_slashes_at_the_ends_of_a_prefix_do_not_count(prefix: str) -> None:
    """A prefix is what stands between, and an empty one is none."""
    plain = prefix.strip("/")
    expected = f"s3://my-logs/{plain}/AWSLogs" if plain else "s3://my-logs/AWSLogs"
    assert table(prefix=prefix).layout.base == expected


def test_a_flow_log_tells_its_table(session: Any) -> None:
    """Format, bucket, account and day are the flow log's own; one that is not there is told."""
    session.client("s3").create_bucket(Bucket="my-logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    wanted = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3"}
    made = ec2.create_flow_logs(
        **wanted, LogDestination="arn:aws:s3:::my-logs", LogFormat="${version} ${region} ${srcaddr}"
    )["FlowLogIds"][0]
    found = AthenaTable.of_flow_log(session, made, "logs", regions=["eu-west-1", "us-east-1"], since=date(2026, 1, 2))
    assert found == table(
        name="vpc_flow_logs",
        regions=["eu-west-1", "us-east-1"],
        format=LogFormat(("version", "region", "srcaddr")),
        since=date(2026, 1, 2),
    )
    with pytest.raises(MissingResourceError, match="fl-00000000000000000"):
        AthenaTable.of_flow_log(session, "fl-00000000000000000")
    with pytest.raises(ArgumentError, match="give an id such as"):
        AthenaTable.of_flow_log(session, "vpc-1")


def test_a_flow_logs_destination_tells_bucket_prefix_and_options() -> None:
    """All three options are read; what does not deliver to S3 is refused."""
    item = {"FlowLogId": "fl-1", "LogDestinationType": "s3", "LogDestination": "arn:aws-cn:s3:::logs/a/b/"}
    options = {"FileFormat": "parquet", "HiveCompatiblePartitions": True, "PerHourPartition": True}
    found = told({**item, "DestinationOptions": options}, ACCOUNT, "cn-north-1")
    assert (found.bucket, found.prefix, found.region) == ("logs", "a/b", "cn-north-1")
    assert (found.parquet, found.hive, found.per_hour) == (True, True, True)
    assert told(item, ACCOUNT, REGION).parquet is False
    with pytest.raises(ArgumentError, match=r"delivers to cloud-watch-logs .*, not to S3"):
        told({"FlowLogId": "fl-1", "LogGroupName": "flows"}, ACCOUNT, REGION)


def test_the_plan_makes_what_is_not_there_and_nothing_twice(session: Any) -> None:
    """A first plan makes database and table; a second is empty; what Glue then has is what was planned."""
    made = table("planned", format=EVERYTHING, hive=True, per_hour=True)
    plan = made.plan(session)
    assert [(step.verb, step.kind, step.name) for step in plan.steps] == [
        ("create", "Glue database", "planned"),
        ("create", "Glue table", "planned.vpc"),
    ]
    assert f"columns: {', '.join(f'{a} {b}' for a, b in made.definition().columns)}" in str(plan)
    plan.apply(sleep=lambda _: None)
    assert made.plan(session).empty
    assert plan.apply(sleep=lambda _: None).done == ()
    there = Existing.read(Service(session, "glue"), "Planned", "VPC")
    assert (there.columns, there.location) == (made.definition().columns, "s3://my-logs/AWSLogs/")
    assert flow_format(there) == EVERYTHING


def test_another_table_of_the_name_is_replaced_only_with_a_yes(session: Any) -> None:
    """Its differences are shown; without a yes it stays, with one it is as planned."""
    glue = session.client("glue")
    glue.create_database(DatabaseInput={"Name": "theirs"})
    stored = {"Columns": [{"Name": "a", "Type": "string"}], "Location": "s3://elsewhere/"}
    glue.create_table(DatabaseName="theirs", TableInput={"Name": "vpc", "StorageDescriptor": stored})
    made = table("theirs")
    plan = made.plan(session)
    (_, step) = plan.steps
    assert (step.verb, step.question) == ("change", "Is the table 'theirs.vpc' to be replaced?")
    assert "location: s3://elsewhere/ → s3://my-logs/AWSLogs/" in str(plan)
    assert "It is not rejectkit's" in step.why
    plan.apply(sleep=lambda _: None)
    assert (
        glue.get_table(DatabaseName="theirs", Name="vpc")["Table"]["StorageDescriptor"]["Location"] == "s3://elsewhere/"
    )
    plan.apply(confirm=True, sleep=lambda _: None)
    assert made.plan(session).empty
    gone = made.teardown(session)
    assert [step.verb for step in gone.steps] == ["remove", "keep"]  # a database of theirs is not ours to delete
    gone.apply(sleep=lambda _: None)
    assert [step.verb for step in made.teardown(session).steps] == ["keep"]


def test_a_teardown_asks_before_it_takes_what_is_not_ours(session: Any) -> None:
    """A table without the mark is asked about; a database of ours with another table in it stays."""
    made = table("ours")
    made.plan(session).apply(sleep=lambda _: None)
    glue = session.client("glue")
    glue.create_table(DatabaseName="ours", TableInput={"Name": "other"})
    assert [(step.verb, step.kind) for step in made.teardown(session).steps] == [
        ("remove", "Glue table"),
        ("keep", "Glue database"),
    ]
    (asked, _) = table("ours", "other").teardown(session).steps
    assert (asked.verb, asked.question) == ("ask", "Is the table 'ours.other' to be dropped all the same?")
    glue.delete_table(DatabaseName="ours", Name="other")
    done = made.teardown(session).apply(confirm=True, sleep=lambda _: None)
    assert [step.name for step in done.done] == ["ours.vpc", "ours"]
    assert made.teardown(session).steps == ()


def test_a_table_that_is_not_there_is_told_with_the_nearest_names(session: Any) -> None:
    """Database and table are told apart, and what there is is named."""
    table("near", "vpc_flow_logs").plan(session).apply(sleep=lambda _: None)
    glue = Service(session, "glue")
    with pytest.raises(
        MissingResourceError,
        match=r"^there is no table 'vpc_flow_log' in the database 'near' in eu-west-1; did you mean 'vpc_flow_logs'",
    ):
        Existing.read(glue, "near", "vpc_flow_log")
    with pytest.raises(
        MissingResourceError, match=r"^there is no database 'nearr' in eu-west-1; did you mean 'near'\?$"
    ):
        Existing.read(glue, "nearr", "vpc_flow_logs")


def test_registered_partitions_are_read_to_a_limit(session: Any) -> None:
    """So many as are asked for, and whether these are all; a table with projection is not asked about."""
    made = table("registered", hive=True, projection=False)
    made.plan(session).apply(sleep=lambda _: None)
    days = [("2026", "11", f"{day:02d}") for day in range(1, 6)]
    rows = [
        {
            "Values": [ACCOUNT, "vpcflowlogs", REGION, *values],
            "StorageDescriptor": {
                "Location": made.layout.folder(ACCOUNT, REGION) + "year={}/month={}/day={}".format(*values)
            },
        }
        for values in days
    ]
    session.client("glue").batch_create_partition(DatabaseName="registered", TableName="vpc", PartitionInputList=rows)
    glue = Service(session, "glue")
    existing = Existing.read(glue, "registered", "vpc")
    found = partition_values(glue, existing)
    assert (found.complete, found.values(5)) == (True, ("01", "02", "03", "04", "05"))
    assert (len(partition_values(glue, existing, 3).rows), partition_values(glue, existing, 3).complete) == (3, False)
    window = Window.parse("2026-11-02", "2026-11-03")
    pruning = Pruning.of(existing, found)
    assert pruning.condition(window, 0) == "\"year\" = '2026' AND \"month\" = '11' AND \"day\" = '02'"
    assert pruning.prefixes(window, 0) == (made.layout.folder(ACCOUNT, REGION) + "year=2026/month=11/day=02/",)
    projected = Existing.told(table().definition().table_input())
    assert partition_values(glue, projected).rows == ()


NAMES = {
    "account-id": "account_id accountid accountId account-id account Account_ID",
    "interface-id": "interface_id interfaceid interfaceId",
    "srcaddr": "srcaddr sourceaddress sourceAddress src_addr",
    "dstaddr": "dstaddr destinationaddress",
    "srcport": "srcport sourceport",
    "dstport": "dstport destinationport",
    "packets": "packets numpackets",
    "bytes": "bytes numbytes",
    "start": "start starttime start_time",
    "end": "end endtime",
    "log-status": "log_status logstatus logStatus",
    "pkt-src-aws-service": "pkt_src_aws_service pktSrcAwsService",
    "instance-tag-2": "instance_tag_2 instance-tag-2",
    "region": "region aws_region",
    "tcp-flags": "tcp_flags tcpflags",
}


@pytest.mark.parametrize("field", NAMES)
def test_names_of_columns_mean_fields(field: str) -> None:
    """AWS's spelling, hyphens, camel case and the names of old tutorials are one field."""
    assert {field_of(name) for name in NAMES[field].split()} == {field}


def test_names_that_mean_no_field_mean_none() -> None:
    """Partition keys and others are no fields."""
    assert [field_of(name) for name in ("accid", "day", "dt", "year", "hour", "aws-service", "x", "")] == [None] * 8


def existing(*columns: tuple[str, str], **more: Any) -> Existing:
    """Return a table of these columns."""
    return Existing(CATALOG, "logs", "vpc", "s3://x/", columns, **more)


TYPED = [
    # type, a stored value of it, the field, and what a query sees
    ("bigint", "443", "dstport", 443),
    ("int", "443", "dstport", 443),
    ("smallint", "443", "dstport", 443),
    ("string", "'443'", "dstport", 443),
    ("string", "'-'", "dstport", None),
    ("string", "'9223372036854775808'", "bytes", None),
    ("varchar(20)", "'443'", "dstport", 443),
    ("double", "443.0", "dstport", 443),
    ("decimal(10,0)", "443", "dstport", 443),
    ("string", "'10.0.0.1'", "srcaddr", "10.0.0.1"),
    ("string", "'-'", "srcaddr", None),
    ("string", "NULL", "srcaddr", None),
    ("varchar(40)", "'-'", "srcaddr", None),
    ("char(10)", "'eth0      '", "interface-id", "eth0"),
    ("bigint", "23456789012", "account-id", "023456789012"),
    ("int", "7", "account-id", "000000000007"),
    ("double", "23456789012.0", "account-id", "023456789012"),
    ("int", "5", "vpc-id", "5"),
    ("array<string>", "NULL", "srcaddr", "no column"),
    ("map<string,string>", "NULL", "dstport", "no column"),
    ("boolean", "NULL", "dstport", "no column"),
    ("timestamp", "NULL", "dstport", "no column"),
]


@pytest.mark.parametrize(("kind", "value", "field", "seen"), TYPED)
def test_values_are_bigint_or_text_whatever_they_are_stored_as(kind: str, value: str, field: str, seen: Any) -> None:
    """A number is a BIGINT and a text a VARCHAR, `-` is null, an account id has 12 digits: run by another engine."""
    made = relation(existing((field.replace("-", "_"), kind)), LogFormat((field,)))
    column = next((one for name, one in made.columns.items() if not name.startswith("@")), None)
    if seen == "no column":
        assert column is None
        return
    assert column is not None
    assert column.dash
    stored = kind.replace("string", "varchar")
    name = field.replace("-", "_")
    sql = f'SELECT {column.sql} AS v, typeof({column.sql}) FROM (SELECT CAST({value} AS {stored}) AS "{name}")'
    with duckdb.connect() as engine:
        found = engine.execute(sql).fetchall()
    assert found == [(seen, "BIGINT" if column.type == "int" else "VARCHAR")]


def test_time_and_line_are_worked_out() -> None:
    """@timestamp is the start in milliseconds, and @message the values in the format's order, a dash for none."""
    log_format = LogFormat(("version", "srcaddr", "dstport", "start", "vpc-id"))
    columns = (("start", "int"), ("dstport", "string"), ("srcaddr", "string"), ("version", "int"))
    made = relation(existing(*columns), log_format)
    row = "SELECT CAST(1793577600 AS INTEGER) AS start, '-' AS dstport, '10.0.0.1' AS srcaddr, 2 AS version"
    wanted = f"{made.columns['@timestamp'].sql}, {made.columns['@message'].sql}, {made.seconds}"
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT {wanted} FROM ({row})").fetchall()
    assert found == [(1793577600000, "2 10.0.0.1 - 1793577600 -", 1793577600)]
    assert "vpcId" not in made.columns
    assert relation(existing(("srcaddr", "string")), LogFormat(("srcaddr",))).seconds is None


def test_a_start_that_is_a_timestamp_is_seconds() -> None:
    """In a lake of one's own the start may be a TIMESTAMP."""
    made = relation(existing(("start", "timestamp")), LogFormat(("start",)))
    assert made.seconds == 'CAST(floor(to_unixtime("start")) AS BIGINT)'


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(None, "it has no column for `start`"), ("date", "its column for `start` is of the type date")],
)
def test_a_window_over_rows_without_a_time_is_refused(kind: str | None, sentence: str) -> None:
    """Else it would hold no record, and nobody would know why."""
    columns = (("srcaddr", "string"), *([("starttime", kind)] if kind else []))
    there, window = existing(*columns), Window.parse("2026-11-02", "2026-11-03")
    made = relation(there, flow_format(there))
    check_time(there, made, None)
    with pytest.raises(FormatError, match=re.escape(f"cannot be applied to the table logs.vpc: {sentence}, so")):
        check_time(there, made, window)
    timed = existing(("start", "bigint"))
    check_time(timed, relation(timed, flow_format(timed)), window)


@pytest.mark.parametrize(
    ("catalog", "database", "name", "sql"),
    [
        (CATALOG, "logs", "vpc", '"logs"."vpc"'),
        ("other", "logs", "vpc", '"other"."logs"."vpc"'),
        (CATALOG, 'a"b', "c d", '"a""b"."c d"'),
    ],
)
def test_names_are_quoted(catalog: str, database: str, name: str, sql: str) -> None:
    """A hostile name stays a name; the account's own catalog is left out."""
    assert relation(Existing(catalog, database, name), LogFormat(("srcaddr",))).relation == sql


def test_every_column_is_sql_of_trinos_grammar() -> None:
    """A query over a table of every field parses as Trino's, with its partitions' condition."""
    made = table(format=EVERYTHING).definition()
    there = Existing.told(made.table_input(), "logs")
    window = Window.parse("2026-11-02", "2026-11-03")
    source = relation(there, flow_format(there), Pruning.of(there).condition(window))
    sql = compile_query(parse("filter action = 'REJECT' | limit 5"), source, window=window, engine="athena").sql
    assert "\"day\" BETWEEN '2026/11/02' AND '2026/11/03'" in sql
    assert "logs.vpc" in {
        f"{one.db}.{one.name}" for one in sqlglot.parse_one(sql, read="trino").find_all(sqlglot.exp.Table)
    }
    assert len(source.columns) == len(FIELDS) + 2


def test_fields_are_the_columns_and_not_the_partition_keys() -> None:
    """A key called region is no field; a column is, also where its name says little and the format is given."""
    keys = (("region", "string"), ("day", "string"))
    plain = existing(("srcaddr", "string"), ("end", "bigint"), ("my_col", "string"), partition_keys=keys)
    assert flow_format(plain).fields == ("srcaddr", "end", "my-col")
    by_place = existing(("c0", "string"), ("c1", "int"), input_format=TEXT)
    made = relation(by_place, flow_format(by_place, LogFormat(("srcaddr", "dstport"))))
    assert made.columns["dstPort"].sql == 'CAST("c1" AS BIGINT)'
    with pytest.raises(
        FormatError, match=r"^the table logs\.vpc does not look like flow logs: its columns are 'c0', 'c1'; "
    ):
        flow_format(by_place)


@pytest.mark.parametrize("kind", ["VIRTUAL_VIEW", "ICEBERG"])
def test_views_and_iceberg_tables_are_told(kind: str) -> None:
    """What is no plain table is known as such, and no window is said to narrow it."""
    answer = {"Name": "v", "TableType": kind, "Parameters": {"table_type": "ICEBERG"} if kind == "ICEBERG" else {}}
    found = Existing.told(answer, "logs")
    assert (found.view, found.iceberg) == (kind == "VIRTUAL_VIEW", kind == "ICEBERG")
    assert "logs.v is a" in Pruning.of(found).unpruned
    assert Pruning.of(found).prefixes(None) is None


def test_a_catalog_of_glue_has_an_id(session: Any) -> None:
    """The account's own needs none, another account's is its id: neither is asked for."""
    athena = Service(session, "athena")
    assert [id_of(athena, name) for name in (CATALOG, "awsdatacatalog", "210987654321", "s3tablescatalog/b")] == [
        "",
        "",
        "210987654321",
        "s3tablescatalog/b",
    ]
