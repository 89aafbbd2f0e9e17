"""Flow logs delivered to S3: the paths, file names and types that AWS writes, of the records of a scenario.

Source: Amazon VPC user guide, Flow log files; Flow log records (Parquet types).
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rejectkit.errors import ArgumentError
from rejectkit.records import LogFormat
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.playing.pipeline import Deliveries
from rejectkit.sandbox.trino.parquet import parquet_body
from rejectkit.sources.partitions import FILE_SPAN, Layout

_INT32 = frozenset(("version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path", "encryption-status"))
_INT64 = frozenset(("packets", "bytes", "start", "end"))


def column_of(field_name: str) -> str:
    """Return the column of a field in Athena's tables: `pkt_srcaddr`."""
    return field_name.replace("-", "_")


def parquet_types(fields: Iterable[str]) -> dict[str, str]:
    """Return the columns of AWS's Parquet files with their types: `int32`, `int64` or `string`."""
    return {column_of(name): "int32" if name in _INT32 else "int64" if name in _INT64 else "string" for name in fields}


@dataclass(slots=True)
class S3Delivery:
    """A flow log to S3: the records of a scenario, filed as they arrive.

    Attributes
    ----------
    deliveries : Deliveries
        The scenario's records on their way; what has arrived in its log group is filed here.
    flow_log : str
        Its id.
    bucket, prefix : str
        Where to; the prefix has no slash at its end.
    log_format : LogFormat
        The fields of its records.
    parquet, hive, per_hour : bool
        The options of the flow log.
    """

    deliveries: Deliveries
    flow_log: str
    bucket: str
    prefix: str
    log_format: LogFormat
    parquet: bool = False
    hive: bool = False
    per_hour: bool = False
    filed: int = 0
    files: int = 0
    _lines: Sequence[str] = field(default=())

    def path(self, stamp: int) -> str:
        """Return the key of the file of a stamp: the five minutes, UTC, in which its records end."""
        at, account, region = datetime.fromtimestamp(stamp, UTC), self.deliveries.world.account, self.deliveries.region
        base = f"{self.prefix}/AWSLogs" if self.prefix else "AWSLogs"
        layout = Layout(base, (account,), (region,), self.hive, self.per_hour)
        folder = layout.folder(account, region) + layout.dated(at, hour=self.per_hour)
        mark = hashlib.sha256(f"{self.flow_log} {stamp} {self.files}".encode()).hexdigest()[:8]
        ending = "parquet" if self.parquet else "gz"
        return f"{folder}{account}_vpcflowlogs_{region}_{self.flow_log}_{at:%Y%m%dT%H%MZ}_{mark}.log.{ending}"

    def file(self) -> None:
        """Write what has arrived since the last time: a file for each five minutes of record ends."""
        end = self.log_format.fields.index("end")
        groups: dict[int, list[str]] = {}
        for line in self._arrived():
            words = line.split()
            if len(words) == len(self.log_format.fields) and words[end].isdigit():
                moment = int(words[end])
                groups.setdefault(moment - moment % FILE_SPAN, []).append(line)
        for stamp, lines in sorted(groups.items()):
            self.files += 1
            world, key = self.deliveries.world, self.path(stamp)
            world.ask("s3", "PutObject", self.deliveries.region, Bucket=self.bucket, Key=key, Body=self._body(lines))

    def _arrived(self) -> list[str]:
        """Return the records that arrived since the last time, in this flow log's format."""
        deliveries = self.deliveries
        if self.log_format == deliveries.log_format:
            group = deliveries.store.groups.get(deliveries.log_group)
            messages = group.messages[self.filed :] if group is not None else []
            self.filed += len(messages)
            return list(messages)
        if not self._lines:
            self._lines = deliveries.scenario.lines(self.log_format)
        first, self.filed = self.filed, deliveries.done
        made = []
        for at in range(first, deliveries.done):
            now = deliveries.lines[at]
            if now is None:
                continue
            line = self._lines[int(deliveries.order[at])]
            if now != deliveries.made[at] and "action" in self.log_format.fields:
                words = line.split(" ")
                words[self.log_format.fields.index("action")] = now.split(" ")[
                    deliveries.log_format.fields.index("action")
                ]
                line = " ".join(words)
            made.append(line)
        return made

    def _body(self, lines: Sequence[str]) -> bytes:
        if self.parquet:
            return parquet_body(lines, parquet_types(self.log_format.fields))
        head = " ".join(self.log_format.fields)
        return gzip.compress("".join(f"{line}\n" for line in [head, *lines]).encode(), 6, mtime=0)


def deliver(
    deliveries: Deliveries, destination: str, log_format: LogFormat | None, *, parquet: bool, hive: bool, per_hour: bool
) -> str:
    """Deliver a scenario's records to S3, those of before at once and the others as the clock goes; see `Sandbox`.

    Raises
    ------
    ArgumentError
        If the destination is no place in S3, or the format has no `end`.
    """
    bucket, _, prefix = destination.removeprefix("s3://").partition("/")
    if not destination.startswith("s3://") or not bucket:
        raise ArgumentError(f"the destination is {destination!r}; give one like 's3://bucket/prefix'")
    given = log_format or deliveries.log_format
    if "end" not in given.fields:
        raise ArgumentError("the format has no field `end`, by which records are filed; add it")
    world, region = deliveries.world, deliveries.region
    place: dict[str, Any] = (
        {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
    )
    try:
        world.ask("s3", "HeadBucket", region, Bucket=bucket)
    except ServiceError:
        world.ask("s3", "CreateBucket", region, Bucket=bucket, **place)
    prefix = prefix.strip("/")
    with world.lock:
        told: Mapping[str, Any] = world.ask(
            "ec2",
            "CreateFlowLogs",
            region,
            ResourceType="VPC",
            ResourceIds=[deliveries.scenario.network.vpc],
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{bucket}" + (f"/{prefix}" if prefix else ""),
            LogFormat=str(given),
            MaxAggregationInterval=60,
            DestinationOptions={
                "FileFormat": "parquet" if parquet else "plain-text",
                "HiveCompatiblePartitions": hive,
                "PerHourPartition": per_hour,
            },
        )
        if not told["FlowLogIds"]:
            raise ArgumentError(f"EC2 made no flow log to {destination}: {told['Unsuccessful']}")
        (flow_log,) = told["FlowLogIds"]
        made = S3Delivery(deliveries, flow_log, bucket, prefix, given, parquet, hive, per_hour)
        made.file()
        now = world.clock.seconds
        world.clock.every(FILE_SPAN, now - now % FILE_SPAN + FILE_SPAN, made.file)
    return str(flow_log)
