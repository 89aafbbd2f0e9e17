"""Flow logs delivered to S3 in the sandbox: paths, names, types, and what Athena finds there."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest

import rejectkit as rk
from rejectkit.errors import ArgumentError
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sandbox.athena.s3delivery import column_of, parquet_types
from rejectkit.sandbox.logs.logstore import LogStore
from rejectkit.sources.athena.definition import hive_type

DEFAULT = rk.LogFormat.default()
NAME = re.compile(
    r"(\d{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9a-f]{17})_(\d{8}T\d{4}Z)_([0-9a-f]{8})\.log\.(gz|parquet)"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Forty minutes of the scenario."""
    with start(limits=Limits(rates={})) as made:
        made.advance("40m")
        yield made


def keys(sandbox: Sandbox, bucket: str) -> list[str]:
    """Return the keys of a bucket."""
    return [one["Key"] for one in sandbox.session.client("s3").list_objects_v2(Bucket=bucket).get("Contents", ())]


def body(sandbox: Sandbox, bucket: str, key: str) -> bytes:
    """Return an object."""
    return bytes(sandbox.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def lines(sandbox: Sandbox, bucket: str) -> list[str]:
    """Return the records of a bucket's text files, each file's header checked."""
    found: list[str] = []
    for key in keys(sandbox, bucket):
        head, *rest = gzip.decompress(body(sandbox, bucket, key)).decode().splitlines()
        assert head == " ".join(DEFAULT.fields)
        found += rest
    return found


def arrived(sandbox: Sandbox) -> list[str]:
    """Return what arrived in the log group."""
    return list(sandbox._world.region(sandbox.region).of(LogStore).groups["/vpc/poc/flow-logs"].messages)


def test_text_files_have_awss_names_and_all_that_arrived(sandbox: Sandbox) -> None:
    """A file's stamp is the five minutes in which its records end; more come as the clock goes. Source: Flow log files."""
    before = sandbox.session.client("ec2").describe_flow_logs()["FlowLogs"]
    flow_log = sandbox.deliver_to_s3("s3://plain-logs/some/prefix/")
    told: Any = sandbox.session.client("ec2").describe_flow_logs()["FlowLogs"]
    assert len(told) == len(before) + 1
    (made,) = (one for one in told if one["FlowLogId"] == flow_log)
    assert made["LogDestination"] == "arn:aws:s3:::plain-logs/some/prefix"
    assert made["LogDestinationType"] == "s3"
    assert made["LogFormat"] == str(DEFAULT)
    plain = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
    assert made["DestinationOptions"] == plain
    assert sorted(lines(sandbox, "plain-logs")) == sorted(arrived(sandbox))
    day = f"{sandbox.clock.now():%Y/%m/%d}"
    for key in keys(sandbox, "plain-logs"):
        folder, _, name = key.rpartition("/")
        assert folder == f"some/prefix/AWSLogs/{sandbox.account}/vpcflowlogs/{sandbox.region}/{day}"
        found = NAME.fullmatch(name)
        assert found is not None
        assert found.groups()[:3] == (sandbox.account, sandbox.region, flow_log)
        rows = gzip.decompress(body(sandbox, "plain-logs", key)).decode().splitlines()[1:]
        stamps = {int(row.split()[11]) // 300 * 300 for row in rows}
        moment = rk.sandbox.scenario("poc").start.replace(hour=int(found[4][9:11]), minute=int(found[4][11:13]))
        assert stamps == {int(moment.timestamp())}
    sandbox.advance("15m")
    sandbox.advance(timedelta(seconds=-sandbox.clock.seconds % 300))
    assert sorted(lines(sandbox, "plain-logs")) == sorted(arrived(sandbox))


def test_parquet_in_hives_folders_by_the_hour(sandbox: Sandbox) -> None:
    """Types INT_32, INT_64 and STRING, `-` null in numbers. Source: Flow log files; Flow log records."""
    flow_log = sandbox.deliver_to_s3("s3://hive-logs", parquet=True, hive=True, per_hour=True)
    found = keys(sandbox, "hive-logs")
    now = sandbox.clock.now()
    start_of = (
        f"AWSLogs/aws-account-id={sandbox.account}/aws-service=vpcflowlogs/aws-region={sandbox.region}/"
        f"year={now:%Y}/month={now:%m}/day={now:%d}/hour="
    )
    assert all(key.startswith(start_of) and key.endswith(".log.parquet") and flow_log in key for key in found)
    tables = [pq.read_table(io.BytesIO(body(sandbox, "hive-logs", key))) for key in found]
    kinds = {field.name: str(field.type) for field in tables[0].schema}
    assert kinds == parquet_types(DEFAULT.fields)
    assert sum(table.num_rows for table in tables) == len(arrived(sandbox))
    ports = [value for table in tables for value in table["srcport"].to_pylist()]
    expected = [None if line.split()[5] == "-" else int(line.split()[5]) for line in arrived(sandbox)]
    assert sorted(map(str, ports)) == sorted(map(str, expected))


def test_another_format_has_its_own_fields(sandbox: Sandbox) -> None:
    """The same records, in the flow log's own format, and Athena reads them."""
    log_format = rk.LogFormat(("srcaddr", "end", "action", "vpc-id", "tcp-flags"))
    sandbox.deliver_to_s3("s3://custom-logs/x", format=log_format)
    key = keys(sandbox, "custom-logs")[0]
    head, first, *_ = gzip.decompress(body(sandbox, "custom-logs", key)).decode().splitlines()
    assert head == "srcaddr end action vpc-id tcp-flags"
    assert re.fullmatch(r"\S+ \d{10} (ACCEPT|REJECT|-) vpc-[0-9a-f]{17} (\d+|-)", first)
    glue, athena = sandbox.session.client("glue"), sandbox.session.client("athena")
    columns = [{"Name": column_of(name), "Type": hive_type(name)} for name in log_format.fields]
    serde = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
    storage = {
        "Columns": columns,
        "Location": "s3://custom-logs/x/AWSLogs/",
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {"field.delim": " "}},
    }
    glue.create_database(DatabaseInput={"Name": "default"})
    told: Any = {"Name": "x", "StorageDescriptor": storage, "Parameters": {"skip.header.line.count": "1"}}
    glue.create_table(DatabaseName="default", TableInput=told)
    name = athena.start_query_execution(
        QueryString="SELECT action, count(*) AS n FROM x GROUP BY action",
        ResultConfiguration={"OutputLocation": "s3://custom-logs/results"},
    )["QueryExecutionId"]
    counted = {action: int(n or 0) for action, n in sandbox.athena.executions[name].rows}
    actions = [line.split()[12] for line in arrived(sandbox)]
    assert counted == {action: actions.count(action) for action in set(actions)}


def test_columns_have_the_types_of_awss_page() -> None:
    """Source: Athena user guide, Create and query a table for VPC flow logs; Flow log records, Parquet types."""
    assert {column_of(name): hive_type(name) for name in ("version", "protocol", "pkt-srcaddr", "end")} == {
        "version": "int",
        "protocol": "bigint",
        "pkt_srcaddr": "string",
        "end": "bigint",
    }
    assert parquet_types(("protocol",)) == {"protocol": "int32"}


@pytest.mark.parametrize("destination", ["logs", "s3://", "https://logs/x"])
def test_a_destination_that_is_none_is_refused(sandbox: Sandbox, destination: str) -> None:
    """With what to give instead."""
    with pytest.raises(ArgumentError, match="s3://bucket/prefix"):
        sandbox.deliver_to_s3(destination)


def test_without_records_or_their_end_nothing_is_delivered(sandbox: Sandbox) -> None:
    """An empty account has none, and files are named by the records' `end`."""
    with start(scenario=None) as empty, pytest.raises(ArgumentError, match="no records"):
        empty.deliver_to_s3("s3://logs")
    with pytest.raises(ArgumentError, match="`end`"):
        sandbox.deliver_to_s3("s3://logs", format=rk.LogFormat(("srcaddr", "start")))
