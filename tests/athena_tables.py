"""Records as objects in a sandbox's S3 with a Glue table over them, each call its own: what Athena reads."""

from __future__ import annotations

import contextlib
import gzip
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from rejectkit.sandbox import Sandbox
from rejectkit.sandbox.athena.s3delivery import column_of, parquet_types
from rejectkit.sandbox.trino.parquet import parquet_body
from rejectkit.sources.athena.definition import hive_type

DATABASE = "logs"
Layout = Literal["one", "day", "hour", "hive"]

_numbers = itertools.count(1)
_TEXT = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}
_PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
_FORMATS = {"day": "yyyy/MM/dd", "hour": "yyyy/MM/dd/HH"}


def bucket(sandbox: Sandbox) -> str:
    """Return the bucket of the records; of buckets there is one of a name in all sandboxes of a process."""
    return f"flow-log-tables-{sandbox.account}"


def results(sandbox: Sandbox) -> str:
    """Return the bucket of the results."""
    return f"athena-results-{sandbox.account}"


OUTPUT = "s3://athena-results/asked/"  # of the first sandbox of a process that has it


def output(sandbox: Sandbox) -> str:
    """Return an output location."""
    return f"s3://{results(sandbox)}/asked/"


def ready(sandbox: Sandbox) -> None:
    """Make the buckets and the database, where they are not there."""
    s3, glue = sandbox.session.client("s3"), sandbox.session.client("glue")
    known = {one["Name"] for one in s3.list_buckets()["Buckets"]}
    place = {} if sandbox.region == "us-east-1" else {"LocationConstraint": sandbox.region}
    for name in {bucket(sandbox), results(sandbox), "athena-results"} - known:
        with contextlib.suppress(s3.exceptions.BucketAlreadyExists):  # another sandbox has it
            s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    if DATABASE not in {one["Name"] for one in glue.get_databases()["DatabaseList"]}:
        glue.create_database(DatabaseInput={"Name": DATABASE})


def text_body(lines: Iterable[str], log_names: Sequence[str]) -> bytes:
    """Return a gzip'd file as AWS writes it: a header line, then the records."""
    return gzip.compress("".join(f"{line}\n" for line in [" ".join(log_names), *lines]).encode(), 1)


def parquet_file(lines: Iterable[str], log_names: Sequence[str]) -> bytes:
    """Return a Parquet file as AWS writes it."""
    return parquet_body(list(lines), parquet_types(log_names))


def folder(moment: int, layout: Layout, account: str, region: str) -> str:
    """Return the folder of a moment in a layout, under `AWSLogs/`."""
    at = datetime.fromtimestamp(moment, UTC)
    if layout == "hive":
        return (
            f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/"
            f"year={at:%Y}/month={at:%m}/day={at:%d}/"
        )
    return f"{account}/vpcflowlogs/{region}/{at:%Y/%m/%d}/" + (f"{at:%H}/" if layout == "hour" else "")


def load(
    sandbox: Sandbox,
    lines: Sequence[str],
    log_names: Sequence[str],
    *,
    layout: Layout = "one",
    parquet: bool = False,
    region: str = "us-east-1",
    since: str = "2020/01/01",
) -> tuple[str, str]:
    """Put records into S3 with a table over them; return its database and name.

    Parameters
    ----------
    sandbox : Sandbox
        Where.
    lines : sequence of str
        Records, a value for each of `log_names` in each.
    log_names : sequence of str
        The format's fields, as flow logs name them.
    layout : {"one", "day", "hour", "hive"}
        One folder without partitions (any records); or AWS's own folders, by the day or hour in which a record ends,
        with projection, Hive's folders with partitions that Glue keeps.
    parquet : bool
        Parquet rather than text.
    region : str
        The region in the paths.
    since : str
        Where the projection of dates begins.
    """
    ready(sandbox)
    s3, glue = sandbox.session.client("s3"), sandbox.session.client("glue")
    name = f"flows_{next(_numbers)}"
    body, ending = (parquet_file, "parquet") if parquet else (text_body, "log.gz")
    root = f"{name}/AWSLogs/"
    groups: dict[str, list[str]] = {}
    for line in lines:
        place = (
            "" if layout == "one" else folder(int(line.split()[log_names.index("end")]), layout, "111122223333", region)
        )
        groups.setdefault(place, []).append(line)
    for place, mine in groups.items():
        s3.put_object(Bucket=bucket(sandbox), Key=f"{root}{place}part.{ending}", Body=body(mine, log_names))
    location = f"s3://{bucket(sandbox)}/{root}"
    keys, parameters = partitions(layout, location, region, since)
    told = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        "Parameters": {"EXTERNAL": "TRUE", **({} if parquet else {"skip.header.line.count": "1"}), **parameters},
        "StorageDescriptor": storage(log_names, location, parquet=parquet),
    }
    glue.create_table(DatabaseName=DATABASE, TableInput=told)
    if layout == "hive":
        for place in groups:
            values = [part.partition("=")[2] for part in place.strip("/").split("/")]
            given = {"Values": values, "StorageDescriptor": storage(log_names, f"{location}{place}", parquet=parquet)}
            glue.create_partition(DatabaseName=DATABASE, TableName=name, PartitionInput=given)
    return DATABASE, name


def storage(log_names: Sequence[str], location: str, *, parquet: bool) -> Mapping[str, Any]:
    """Return the storage descriptor of a table, or of one of its partitions."""
    serde = {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"field.delim": " ", "serialization.format": " "},
    }
    columns = [{"Name": column_of(name), "Type": hive_type(name)} for name in log_names]
    return {"Columns": columns, "Location": location, **(_PARQUET if parquet else {**_TEXT, "SerdeInfo": serde})}


def partitions(layout: Layout, location: str, region: str, since: str) -> tuple[Sequence[str], Mapping[str, str]]:
    """Return a layout's partition columns, and the properties that project them."""
    if layout == "one":
        return (), {}
    if layout == "hive":
        return ("aws-account-id", "aws-service", "aws-region", "year", "month", "day"), {}
    first = since if layout == "day" else f"{since}/00"
    hourly = {"projection.day.interval": "1", "projection.day.interval.unit": "HOURS"} if layout == "hour" else {}
    return ("accid", "awsregion", "day"), {
        "projection.enabled": "true",
        "projection.accid.type": "enum",
        "projection.accid.values": "111122223333",
        "projection.awsregion.type": "enum",
        "projection.awsregion.values": region,
        "projection.day.type": "date",
        "projection.day.range": f"{first},NOW",
        "projection.day.format": _FORMATS[layout],
        **hourly,
        "storage.location.template": f"{location}${{accid}}/vpcflowlogs/${{awsregion}}/${{day}}",
    }
