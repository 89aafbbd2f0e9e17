"""Athena in the sandbox: its API, its work groups, and what it reads of a table in each layout."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sandbox.athena.projection import values
from rejectkit.sandbox.athena.store import Execution
from rejectkit.sandbox.trino.ddl import statement_of
from rejectkit.sandbox.trino.errors import TrinoError
from tests.athena_tables import DATABASE, Layout, bucket, load, output, ready, results

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
FIELDS = ("version", "srcaddr", "srcport", "bytes", "start", "end", "action", "log-status")
DAY = 86400


def line(moment: datetime, port: str = "22") -> str:
    """Return a record that ends a minute after it starts."""
    second = int(moment.timestamp())
    return f"2 10.0.0.9 {port} 40 {second - 60} {second} REJECT OK"


DAYS = [line(datetime(2026, month, day, 5, 30, tzinfo=UTC)) for month in range(1, 11) for day in (1, 2, 15)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An empty account with buckets and a database."""
    with start(scenario=None, start=NOW, limits=Limits(rates={})) as made:
        ready(made)
        yield made


@pytest.fixture(scope="module")
def table(sandbox: Sandbox) -> str:
    """A table of three records, one of them without a port."""
    second = datetime(2026, 11, 1, tzinfo=UTC)
    lines = [line(second, "22"), line(second, "-"), f"{line(second, '80')} and words too many"]
    return ".".join(load(sandbox, lines, FIELDS))


def ask(sandbox: Sandbox, sql: str, **more: Any) -> Execution:
    """Start a query and return what the sandbox knows of it."""
    given = {"ResultConfiguration": {"OutputLocation": output(sandbox)}, **more}
    name = sandbox.session.client("athena").start_query_execution(QueryString=sql, **given)["QueryExecutionId"]
    return sandbox.athena.executions[name]


def told(sandbox: Sandbox, one: Execution) -> Any:
    """Return what GetQueryExecution says."""
    return sandbox.session.client("athena").get_query_execution(QueryExecutionId=one.id)["QueryExecution"]


def refusal(sandbox: Sandbox, operation: str, **params: Any) -> tuple[str, str, str]:
    """Return code, Athena's code and message of a refusal."""
    with pytest.raises(ClientError) as caught:
        getattr(sandbox.session.client("athena"), operation)(**params)
    error: Any = caught.value.response
    return error["Error"]["Code"], error.get("AthenaErrorCode", ""), error["Error"]["Message"]


def test_a_query_ends_with_a_file_and_pages(sandbox: Sandbox, table: str) -> None:
    """CSV, all but null in quotation marks, under the output location; pages begin with the header.

    Source: Working with query results; GetQueryResults.
    """
    one = ask(sandbox, f'SELECT srcport, srcaddr, bytes / 2e0 AS "a ""half""" FROM {table} ORDER BY srcport')
    said = told(sandbox, one)
    assert said["Status"]["State"] == "SUCCEEDED"
    assert said["StatementType"] == "DML"
    assert said["ResultConfiguration"]["OutputLocation"] == f"{output(sandbox)}{one.id}.csv"
    assert said["Statistics"]["DataScannedInBytes"] == one.objects[0].size > 0
    body = (
        sandbox.session.client("s3")
        .get_object(Bucket=results(sandbox), Key=f"asked/{one.id}.csv")["Body"]
        .read()
        .decode()
    )
    assert (
        body == '"srcport","srcaddr","a ""half"""\n"22","10.0.0.9","20.0"\n"80","10.0.0.9","20.0"\n,"10.0.0.9","20.0"\n'
    )
    client = sandbox.session.client("athena")
    first = client.get_query_results(QueryExecutionId=one.id, MaxResults=3)
    assert [cell.get("VarCharValue") for cell in first["ResultSet"]["Rows"][0]["Data"]] == [
        "srcport",
        "srcaddr",
        'a "half"',
    ]
    info = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [column["Type"] for column in info] == ["integer", "varchar", "double"]
    rest = client.get_query_results(QueryExecutionId=one.id, NextToken=first["NextToken"])
    assert rest["ResultSet"]["Rows"] == [{"Data": [{}, {"VarCharValue": "10.0.0.9"}, {"VarCharValue": "20.0"}]}]
    assert "NextToken" not in rest


def test_text_is_read_by_its_places(sandbox: Sandbox) -> None:
    """What does not fit its type is null, missing fields are null, surplus ones go. Source: Lazy Simple SerDe."""
    lines = ["2 a 22 x 1 2 REJECT OK more words", "2 a 99999999999 5 1 2", "2  a 7 1 2 3"]
    name = ".".join(load(sandbox, lines, FIELDS))
    one = ask(
        sandbox, f"SELECT version, srcaddr, srcport, bytes, action FROM {name} ORDER BY bytes NULLS FIRST, srcport"
    )
    assert one.rows == [("2", "a", "22", None, "REJECT"), ("2", "a", None, "5", None), ("2", "", None, "7", "3")]


def test_parquet_is_read_by_names_and_by_columns(sandbox: Sandbox, table: str) -> None:
    """Only the columns that a query names are read. Source: Columnar storage formats."""
    name = ".".join(load(sandbox, [line(NOW, "22"), line(NOW, "-")], FIELDS, parquet=True))
    whole = ask(sandbox, f"SELECT * FROM {name}")
    port = ask(sandbox, f"WITH s AS (SELECT * FROM {name}) SELECT max(srcport) AS p FROM s")
    assert whole.rows[1][2] is None
    assert port.rows == [("22",)]
    assert 0 < port.scanned < whole.scanned < port.objects[0].size


def test_a_type_that_parquet_has_not_is_bad_data(sandbox: Sandbox) -> None:
    """A table that says other types than its files. Source: Athena, Troubleshooting: HIVE_BAD_DATA."""
    _, name = load(sandbox, [line(NOW)], FIELDS, parquet=True)
    glue = sandbox.session.client("glue")
    kept = glue.get_table(DatabaseName=DATABASE, Name=name)["Table"]
    storage = kept["StorageDescriptor"]
    storage["Columns"][1]["Type"] = "int"
    glue.update_table(DatabaseName=DATABASE, TableInput={"Name": name, "StorageDescriptor": storage})
    said = told(sandbox, ask(sandbox, f"SELECT srcaddr FROM {DATABASE}.{name}"))["Status"]
    assert said["State"] == "FAILED"
    assert said["StateChangeReason"].startswith("HIVE_BAD_DATA: Field srcaddr's type")
    assert said["AthenaError"]["ErrorType"] == 1001


WINDOWS = {
    "day": "day = '2026/05/02'",
    "hour": "day >= '2026/05/02/00' AND day < '2026/05/03/00'",
    "hive": "year = '2026' AND month = '05' AND day = '02'",
}


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize("layout", list(WINDOWS))
def test_one_day_of_a_year_reads_one_day(sandbox: Sandbox, layout: Layout, parquet: bool) -> None:
    """The other days' objects are neither listed nor read. Source: Partition your data; partition projection."""
    name = ".".join(load(sandbox, DAYS, FIELDS, layout=layout, parquet=parquet, since="2026/01/01"))
    every = ask(sandbox, f"SELECT count(*) AS n FROM {name}") if layout != "hour" else None
    one = ask(sandbox, f"SELECT srcport FROM {name} WHERE {WINDOWS[layout]} AND bytes > 5")
    assert one.rows == [("22",)]
    assert len(one.objects) == 1
    assert "05/02" in one.objects[0].key or "month=05/day=02" in one.objects[0].key
    assert len(one.partitions) == (24 if layout == "hour" else 1)
    assert every is None or (every.rows == [(str(len(DAYS)),)] and len(every.objects) == len(DAYS))


def test_many_folders_are_read_and_no_others(sandbox: Sandbox) -> None:
    """Also where so many are listed at once: what lies between them is left out."""
    name = ".".join(load(sandbox, DAYS, FIELDS, layout="day", since="2026/01/01"))
    one = ask(
        sandbox,
        f"SELECT day FROM {name} WHERE day LIKE '2026/05/%' AND day NOT IN ('2026/05/02', '2026/05/15') LIMIT 9",
    )
    assert [row[0] for row in one.rows] == ["2026/05/01"]
    assert (len(one.partitions), len(one.objects)) == (29, 1)


def test_an_injected_column_has_to_be_given(sandbox: Sandbox) -> None:
    """Source: Supported types for partition projection, Injected type."""
    _, name = load(sandbox, DAYS, FIELDS, layout="day", since="2026/01/01")
    glue = sandbox.session.client("glue")
    kept = glue.get_table(DatabaseName=DATABASE, Name=name)["Table"]
    parameters = {**kept["Parameters"], "projection.accid.type": "injected"}
    changed = {key: kept[key] for key in ("Name", "StorageDescriptor", "PartitionKeys")}
    glue.update_table(DatabaseName=DATABASE, TableInput={**changed, "Parameters": parameters})
    given = ask(
        sandbox, f"SELECT count(*) FROM {DATABASE}.{name} WHERE accid IN ('111122223333') AND day = '2026/01/01'"
    )
    assert given.rows == [("1",)]
    said = told(sandbox, ask(sandbox, f"SELECT count(*) FROM {DATABASE}.{name} WHERE day = '2026/01/01'"))["Status"]
    assert said["StateChangeReason"].startswith(
        "CONSTRAINT_VIOLATION: For the injected projected partition column accid"
    )


@pytest.mark.parametrize(
    ("properties", "made"),
    [
        ({"type": "enum", "values": "a, b"}, ["a", "b"]),
        ({"type": "integer", "range": "1,10", "interval": "4", "digits": "2"}, ["01", "05", "09"]),
        ({"type": "date", "range": "2026-11-08,NOW", "format": "yyyy-MM-dd"}, ["2026-11-08", "2026-11-09", "2026-11-10"]),
        ({"type": "date", "range": "NOW-1DAYS,NOW", "format": "yyyy/MM/dd"}, ["2026/11/09", "2026/11/10"]),
        (
            {"type": "date", "range": "2026/11/10/09,NOW", "format": "yyyy/MM/dd/HH", "interval": "2", "interval.unit": "HOURS"},
            ["2026/11/10/09", "2026/11/10/11"],
        ),
        ({"type": "date", "range": "202610,NOW", "format": "yyyyMM"}, ["202610", "202611"]),
    ],
)  # fmt: skip
def test_projection_gives_the_values_of_a_column(properties: dict[str, str], made: list[str]) -> None:
    """Source: Athena user guide, Supported types for partition projection."""
    told = {f"projection.day.{name}": value for name, value in properties.items()}
    assert values(told, "day", None, NOW.timestamp()) == made


@pytest.mark.parametrize("properties", [{}, {"type": "date"}, {"type": "later"}])
def test_a_projection_that_says_too_little_is_refused(properties: dict[str, str]) -> None:
    """Source: Set up partition projection."""
    with pytest.raises(TrinoError) as caught:
        values({f"projection.day.{name}": value for name, value in properties.items()}, "day", None, 0.0)
    assert caught.value.code == "INVALID_TABLE_PROPERTY"


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ({"QueryString": "SELECT 1"}, "INVALID_INPUT", "No output location provided. An output location is required"),
        ({"QueryString": "SELEC 1"}, "MALFORMED_QUERY", "line 1:1: mismatched input 'SELEC'"),
        ({"QueryString": "SELECT '" + "x" * 262_144 + "'"}, "INVALID_INPUT", "less than or equal to 262144"),
        ({"QueryString": "SELECT 1", "WorkGroup": "nobody"}, "INVALID_INPUT", "WorkGroup nobody is not found."),
        ({"QueryString": "SELECT 1", "WorkGroup": "off"}, "INVALID_INPUT", "WorkGroup off is disabled."),
    ],
)
def test_what_start_query_execution_refuses(sandbox: Sandbox, params: dict[str, str], code: str, words: str) -> None:
    """Before a query is there at all. Source: StartQueryExecution; texts quoted in public."""
    client = sandbox.session.client("athena")
    if "off" not in sandbox.athena.groups:
        client.create_work_group(Name="off")
        client.update_work_group(WorkGroup="off", State="DISABLED")
    place = {"ResultConfiguration": {"OutputLocation": output(sandbox)}} if "location" not in words else {}
    given: dict[str, Any] = {**params, **place}
    assert refusal(sandbox, "start_query_execution", **given)[:2] == ("InvalidRequestException", code)
    assert words in refusal(sandbox, "start_query_execution", **given)[2]


def test_a_bucket_that_is_not_there_is_no_output(sandbox: Sandbox) -> None:
    """Source: Troubleshooting, Unable to verify/create output bucket."""
    where = {"OutputLocation": "s3://nobody-has-this/x/"}
    said = refusal(sandbox, "start_query_execution", QueryString="SELECT 1", ResultConfiguration=where)
    assert said[2] == "Unable to verify/create output bucket nobody-has-this"


def test_a_client_token_starts_a_query_once(sandbox: Sandbox) -> None:
    """The same request gives the same query; another one with the token is refused. Source: StartQueryExecution."""
    token = "t" * 40
    first, second = (ask(sandbox, "SELECT 1", ClientRequestToken=token) for _ in range(2))
    assert first.id == second.id
    where = {"OutputLocation": output(sandbox)}
    said = refusal(
        sandbox, "start_query_execution", QueryString="SELECT 2", ClientRequestToken=token, ResultConfiguration=where
    )
    assert said[2] == "Idempotent parameters do not match"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT nope FROM {}", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved"),
        ("SELECT 1 FROM logs.nope", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.logs.nope' does not exist"),
        ("SELECT 1 FROM nowhere.nope", "SCHEMA_NOT_FOUND: "),
        ("SELECT 1 FROM {} WHERE srcport = '22'", "TYPE_MISMATCH: "),
        ("SELECT bytes / 0 FROM {}", "DIVISION_BY_ZERO: Division by zero"),
        ("SHOW TABLES", "NOT_SUPPORTED: The sandbox does not answer SHOW TABLES"),
    ],
)
def test_a_query_that_fails_says_why(sandbox: Sandbox, table: str, sql: str, reason: str) -> None:
    """State, reason and AthenaError. Source: QueryExecutionStatus; Athena error catalog."""
    one = ask(sandbox, sql.format(table))
    status = told(sandbox, one)["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith(reason)
    assert status["AthenaError"]["ErrorCategory"] == 2
    assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]
    said = refusal(sandbox, "get_query_results", QueryExecutionId=one.id)
    assert said[2] == "Query did not finish successfully. Final query state: FAILED"


def test_a_work_group_says_where_results_go_and_what_may_be_read(sandbox: Sandbox) -> None:
    """Its output stands over a client's where it is enforced; beyond the cut-off a query is cancelled.

    Source: Override client-side settings; Configure data usage controls.
    """
    client, s3 = sandbox.session.client("athena"), sandbox.session.client("s3")
    settings = {
        "ResultConfiguration": {"OutputLocation": f"s3://{results(sandbox)}/team"},
        "BytesScannedCutoffPerQuery": 10_000_000,
    }
    client.create_work_group(Name="team", Configuration=settings)
    one = ask(sandbox, "SELECT 1", WorkGroup="team")
    assert one.output == f"s3://{results(sandbox)}/team/{one.id}.csv"
    _, name = load(sandbox, [line(NOW)], FIELDS)
    s3.put_object(Bucket=bucket(sandbox), Key=f"{name}/AWSLogs/large.log", Body=b"x" * 10_000_001)
    large = ask(sandbox, f"SELECT count(*) FROM {DATABASE}.{name}", WorkGroup="team")
    status = told(sandbox, large)["Status"]
    assert status["State"] == "CANCELLED"
    assert status["StateChangeReason"] == "Query cancelled! : Bytes scanned limit was exceeded"
    assert client.get_work_group(WorkGroup="team")["WorkGroup"]["Configuration"]["EnforceWorkGroupConfiguration"]
    client.update_work_group(
        WorkGroup="team",
        ConfigurationUpdates={"EnforceWorkGroupConfiguration": False, "RemoveBytesScannedCutoffPerQuery": True},
    )
    assert ask(sandbox, f"SELECT count(*) FROM {DATABASE}.{name}", WorkGroup="team").state == "SUCCEEDED"
    names = [one["Name"] for one in client.list_work_groups()["WorkGroups"]]
    assert {"primary", "team"} <= set(names)
    assert client.get_work_group(WorkGroup="primary")["WorkGroup"]["Configuration"]["ResultConfiguration"] == {}
    assert client.list_query_executions(WorkGroup="team")["QueryExecutionIds"][-1] == one.id


def test_a_query_takes_its_time_and_can_be_stopped() -> None:
    """QUEUED, RUNNING, then its end; stopped it is CANCELLED and pays for what it read. Source: QueryExecutionStatus."""
    limits = Limits(rates={}, athena_seconds=20.0, athena_timeout=60.0, athena_queries=2)
    with start(scenario=None, start=NOW, limits=limits) as sandbox:
        name = ".".join(load(sandbox, [line(NOW)] * 50, FIELDS))
        one, other = (ask(sandbox, f"SELECT count(*) AS n FROM {name}") for _ in range(2))
        states = [told(sandbox, one)["Status"]["State"]]
        code, _, words = refusal(
            sandbox,
            "start_query_execution",
            QueryString="SELECT 1",
            ResultConfiguration={"OutputLocation": output(sandbox)},
        )
        assert code == "TooManyRequestsException"
        assert words.startswith("You have exceeded the limit for the number of queries you can run concurrently")
        sandbox.advance("10s")
        states.append(told(sandbox, one)["Status"]["State"])
        said = refusal(sandbox, "get_query_results", QueryExecutionId=one.id)
        assert said[2] == "Query has not yet finished. Current state: RUNNING"
        sandbox.session.client("athena").stop_query_execution(QueryExecutionId=other.id)
        sandbox.advance("11s")
        states.append(told(sandbox, one)["Status"]["State"])
        assert states == ["QUEUED", "RUNNING", "SUCCEEDED"]
        s3 = sandbox.session.client("s3")
        assert list(
            csv.reader(
                io.StringIO(s3.get_object(Bucket=results(sandbox), Key=f"asked/{one.id}.csv")["Body"].read().decode())
            )
        )
        stopped = told(sandbox, other)
        assert stopped["Status"]["State"] == "CANCELLED"
        assert stopped["Status"]["StateChangeReason"] == "Query cancelled by user"
        assert 0 < stopped["Statistics"]["DataScannedInBytes"] < one.scanned
        sandbox.faults.add(Fault("StartQueryExecution", outcome="Failed"))
        sandbox.athena.executions.clear()
        assert ask(sandbox, "SELECT 1").state == "FAILED"
    with start(scenario=None, start=NOW, limits=Limits(rates={}, athena_seconds=90.0, athena_timeout=60.0)) as sandbox:
        ready(sandbox)
        late = ask(sandbox, "SELECT 1")
        sandbox.advance("61s")
        assert told(sandbox, late)["Status"]["StateChangeReason"] == "Query timeout"


DDL = """
CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`pasted` (
  `version` int, `start` bigint, `end` bigint COMMENT 'seconds', `action` string)
PARTITIONED BY (`aws-account-id` string, `day` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
LOCATION 's3://BUCKET/pasted/'
TBLPROPERTIES ("skip.header.line.count" = "1");
"""


def test_a_pasted_definition_makes_a_table(sandbox: Sandbox) -> None:
    """CREATE EXTERNAL TABLE, MSCK REPAIR TABLE, ALTER TABLE ADD PARTITION and DROP TABLE. Source: DDL statements."""
    s3, glue = sandbox.session.client("s3"), sandbox.session.client("glue")
    for day in ("01", "02"):
        body = f"version start end action\n2 1 {day} REJECT\n".encode()
        s3.put_object(Bucket=bucket(sandbox), Key=f"pasted/aws-account-id=1/day={day}/a.log", Body=body)
    s3.put_object(Bucket=bucket(sandbox), Key="elsewhere/b.log", Body=b"header\n2 1 9 ACCEPT\n")
    ddl = DDL.replace("BUCKET", bucket(sandbox))
    made = ask(sandbox, ddl)
    assert (made.statement, made.substatement, made.state) == ("DDL", "CREATE_TABLE", "SUCCEEDED")
    assert glue.get_table(DatabaseName="logs", Name="pasted")["Table"]["StorageDescriptor"]["Columns"][2] == {
        "Name": "end",
        "Type": "bigint",
        "Comment": "seconds",
    }
    where = {"QueryExecutionContext": {"Database": "logs"}}
    count = 'SELECT count(*), max("end") FROM pasted'
    assert ask(sandbox, count, **where).rows == [("0", None)]
    assert ask(sandbox, "MSCK REPAIR TABLE `pasted`;", **where).state == "SUCCEEDED"
    assert ask(sandbox, count, **where).rows == [("2", "2")]
    add = f"ALTER TABLE pasted ADD IF NOT EXISTS PARTITION (`aws-account-id`='1', day='03') LOCATION 's3://{bucket(sandbox)}/elsewhere/'"
    assert ask(sandbox, add, **where).state == "SUCCEEDED"
    assert ask(sandbox, f"{count} WHERE day = '03'", **where).rows == [("1", "9")]
    assert ask(sandbox, ddl.replace("IF NOT EXISTS ", "")).state == "FAILED"
    assert ask(sandbox, "DROP TABLE logs.pasted").state == "SUCCEEDED"
    assert ask(sandbox, "DROP TABLE IF EXISTS logs.pasted").state == "SUCCEEDED"
    assert ask(sandbox, "DROP TABLE logs.pasted").state == "FAILED"


def test_a_definition_that_is_none_is_malformed() -> None:
    """It is refused where the statement is started."""
    with pytest.raises(TrinoError) as caught:
        statement_of("CREATE EXTERNAL TABLE t (a int")
    assert caught.value.code == "SYNTAX_ERROR"
    assert statement_of("SELECT 1") is None


GRANTS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": "athena:*", "Resource": "arn:aws:athena:*:*:workgroup/primary"},
    {
        "Effect": "Allow",
        "Action": ["s3:GetBucketLocation", "s3:PutObject"],
        "Resource": "arn:aws:s3:::athena-results-*",
    },
    {"Effect": "Allow", "Action": "glue:Get*", "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::flow-log-tables-*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::flow-log-tables-*/*"},
]


def test_a_limited_session_needs_its_work_group(sandbox: Sandbox) -> None:
    """Athena's actions are done to a work group. Source: Service Authorization Reference, Athena."""
    session = sandbox.session_for({"Statement": GRANTS})
    given = {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": output(sandbox)}}
    with pytest.raises(ClientError) as caught:
        session.client("athena").start_query_execution(**given, WorkGroup="off")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    said = caught.value.response["Error"]["Message"]
    assert (
        f"athena:StartQueryExecution on resource: arn:aws:athena:{sandbox.region}:{sandbox.account}:workgroup/off"
        in said
    )
    name = ask(sandbox, "SELECT 1").id
    assert (
        session.client("athena").get_query_execution(QueryExecutionId=name)["QueryExecution"]["WorkGroup"] == "primary"
    )


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        (0, "AccessDeniedException"),
        (1, "Unable to verify/create output bucket"),
        (2, "is not authorized to perform: glue:GetTable on resource: arn:aws:glue:"),
        (3, "Permission denied on S3 path: s3://flow-log-tables-"),
        (4, "Permission denied on S3 path: s3://flow-log-tables-"),
        (5, ""),
    ],
)
def test_a_query_reads_with_the_rights_of_who_asks(sandbox: Sandbox, table: str, without: int, reason: str) -> None:
    """Glue and S3 are asked in the caller's name. Source: Athena user guide, Access to Amazon S3; Access to Glue."""
    statements = [one for at, one in enumerate(GRANTS) if at != without]
    client = sandbox.session_for({"Statement": statements}).client("athena")
    place = {"OutputLocation": output(sandbox)}
    try:
        name = client.start_query_execution(QueryString=f"SELECT count(*) FROM {table}", ResultConfiguration=place)
    except ClientError as error:
        assert reason in str(error)  # noqa: PT017  # where it is refused depends on the right
        assert without < 2
        return
    status = told(sandbox, sandbox.athena.executions[name["QueryExecutionId"]])["Status"]
    assert status["State"] == ("FAILED" if reason else "SUCCEEDED")
    assert reason in status.get("StateChangeReason", "")
