"""Where a flow log delivers to in S3, and in which form, as EC2 tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rejectkit.aws import Service
from rejectkit.errors import ArgumentError
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch.coverage import S3, FlowLog
from rejectkit.sources.cloudwatch.reaching import missing

_ID = re.compile(r"fl-[0-9a-f]{8,17}")
_ARN = re.compile(r"arn:[\w-]+:s3:::([^/]+)/?(.*)")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a flow log delivers to S3.

    Attributes
    ----------
    bucket, prefix : str
        Where to; without slashes at the ends.
    account, region : str
        Of the flow log.
    format : LogFormat
        Of its files.
    parquet, hive, per_hour : bool
        Its destination options.
    since : date or None
        The day it was made, UTC.
    """

    bucket: str
    prefix: str
    account: str
    region: str
    format: LogFormat
    parquet: bool = False
    hive: bool = False
    per_hour: bool = False
    since: date | None = None


def read(session: Any, flow_log_id: str, region: str | None = None, budget: Budget | None = None) -> Delivered:
    """Return what a flow log delivers to S3; calls ec2:DescribeFlowLogs and sts:GetCallerIdentity.

    Raises
    ------
    MissingResourceError
        If there is no such flow log.
    ArgumentError
        If it does not deliver to S3.
    AwsError
        If AWS does not tell.
    """
    if not isinstance(flow_log_id, str) or not _ID.fullmatch(flow_log_id):
        raise ArgumentError(f"flow_log_id is {flow_log_id!r}; give an id such as 'fl-0123456789abcdef0'")
    service = Service(session, "ec2", region, budget=budget)
    found = list(service.pages("DescribeFlowLogs", "FlowLogs", FlowLogIds=[flow_log_id]))
    if not found:
        sentence = f"there is no flow log {flow_log_id} in {service.region}"
        raise missing(sentence, "ec2", "DescribeFlowLogs", "; look at its id, the region and the account")
    return told(found[0], service.account(), service.region)


def told(item: Mapping[str, Any], account: str, region: str) -> Delivered:
    """Return what an item of `DescribeFlowLogs` says of a flow log's files.

    Raises
    ------
    ArgumentError
        If it does not deliver to S3.

    Examples
    --------
    >>> item = {"FlowLogId": "fl-1", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs/network/"}
    >>> told(item, "123456789012", "eu-west-1").prefix
    'network'
    """
    flow_log = FlowLog.told(item, region)
    arn = _ARN.fullmatch(flow_log.destination)
    if flow_log.destination_type != S3 or arn is None:
        raise ArgumentError(
            f"the flow log {flow_log.id} delivers to {flow_log.destination_type} ({flow_log.destination}), not to S3: "
            "a table is over the files of a bucket; InsightsSource reads a log group"
        )
    options = item.get("DestinationOptions") or {}
    return Delivered(
        arn[1],
        arn[2].strip("/"),
        account,
        region,
        flow_log.format,
        options.get("FileFormat") == "parquet",
        bool(options.get("HiveCompatiblePartitions")),
        bool(options.get("PerHourPartition")),
        flow_log.created.date() if flow_log.created else None,
    )
