"""Flow logs as values, and which of them record the traffic of an interface, a subnet or a VPC; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rejectkit.records import LogFormat

__all__ = ["Coverage", "Extent", "FlowLog", "Interface", "LogGroup", "Reach", "covering"]

Extent = Literal["whole", "part", "none", "unknown"]
LONGEST_AGGREGATION = 600
"""Seconds; a flow log's aggregation interval where nobody chose the shorter one. Source: "Flow log records"."""
CLOUDWATCH, S3, FIREHOSE = "cloud-watch-logs", "s3", "kinesis-data-firehose"


@dataclass(frozen=True, slots=True)
class FlowLog:
    """One flow log, as `DescribeFlowLogs` tells it.

    Attributes
    ----------
    id, region : str
        `fl-…`, and where it is.
    resource : str
        What it records: `vpc-…`, `subnet-…`, `eni-…`, or a transit gateway's id.
    log_group : str or None
        Name of the log group it delivers to; None where it delivers elsewhere.
    destination_type : str
        `cloud-watch-logs`, `s3` or `kinesis-data-firehose`.
    destination : str
        The log group's name, or the ARN of the bucket or stream.
    traffic : str
        ALL, ACCEPT or REJECT; empty for transit gateways.
    format : LogFormat
        Of its lines; the default one where the service names none.
    aggregation : int
        Longest aggregation interval, seconds: 60 or 600. Interfaces of Nitro instances keep to 60 anyway.
    status, error : str
        `SUCCESS` or `FAILED`, and with the latter `Rate limited`, `Access error` or `Unknown error`.
    role : str
        ARN of the role it delivers with; may be empty.
    created : datetime or None
        When, UTC.
    """

    id: str
    resource: str
    region: str = ""
    log_group: str | None = None
    destination_type: str = CLOUDWATCH
    destination: str = ""
    traffic: str = "ALL"
    format: LogFormat = LogFormat.default()  # noqa: RUF009  # a frozen value
    aggregation: int = LONGEST_AGGREGATION
    status: str = "SUCCESS"
    error: str = ""
    role: str = ""
    created: datetime | None = None

    @classmethod
    def told(cls, item: Mapping[str, Any], region: str) -> FlowLog:
        """Return the flow log that an item of `DescribeFlowLogs` describes.

        Raises
        ------
        FormatError
            If its log format is not one.

        Examples
        --------
        >>> FlowLog.told({"FlowLogId": "fl-1", "ResourceId": "vpc-1", "LogGroupName": "flows"}, "eu-west-1").log_group
        'flows'
        """
        kind = item.get("LogDestinationType") or CLOUDWATCH
        arn = item.get("LogDestination") or ""
        named = item.get("LogGroupName") or arn.partition(":log-group:")[2].removesuffix(":*")
        group = named if kind == CLOUDWATCH and named else None
        created = item.get("CreationTime")
        return cls(
            id=item["FlowLogId"],
            resource=item.get("ResourceId") or "",
            region=region,
            log_group=group,
            destination_type=kind,
            destination=group or arn,
            traffic=item.get("TrafficType") or "",
            format=LogFormat.parse(item["LogFormat"]) if item.get("LogFormat") else LogFormat.default(),
            aggregation=int(item.get("MaxAggregationInterval") or LONGEST_AGGREGATION),
            status=item.get("DeliverLogsStatus") or "SUCCESS",
            error=item.get("DeliverLogsErrorMessage") or "",
            role=item.get("DeliverLogsPermissionArn") or "",
            created=created.astimezone(UTC) if created else None,
        )

    @property
    def rejects(self) -> bool:
        """Whether it records refused traffic."""
        return self.traffic in ("ALL", "REJECT")

    @property
    def accepts(self) -> bool:
        """Whether it records accepted traffic."""
        return self.traffic in ("ALL", "ACCEPT")

    @property
    def of_vpc(self) -> bool:
        """Whether it records a VPC or a part of one, and not a transit gateway or core network."""
        return self.resource.startswith(("vpc-", "subnet-", "eni-"))


@dataclass(frozen=True, slots=True)
class LogGroup:
    """One log group; what could not be asked, as of another account's group, is None.

    Attributes
    ----------
    name, arn : str
        The ARN is without `:*`, as `StartQuery` takes it.
    region, account : str
        Where it is, and whose.
    log_class : str or None
        STANDARD, INFREQUENT_ACCESS, DELIVERY or ESSENTIALS.
    retention_days : int or None
        None also where events never expire; `described` tells the two apart.
    stored_bytes : int or None
        As the service counts them, some hours late.
    created : datetime or None
        When, UTC.
    """

    name: str
    arn: str
    region: str
    account: str
    log_class: str | None = None
    retention_days: int | None = None
    stored_bytes: int | None = None
    created: datetime | None = None

    @classmethod
    def told(cls, item: Mapping[str, Any], region: str) -> LogGroup:
        """Return the group that an item of `DescribeLogGroups` describes."""
        arn = str(item.get("logGroupArn") or item["arn"]).removesuffix(":*")
        return cls(
            name=item["logGroupName"],
            arn=arn,
            region=region,
            account=arn.split(":")[4],
            log_class=item.get("logGroupClass") or "STANDARD",
            retention_days=item.get("retentionInDays"),
            stored_bytes=item.get("storedBytes"),
            created=datetime.fromtimestamp(item["creationTime"] / 1000, UTC),
        )

    @property
    def described(self) -> bool:
        """Whether the service told about it, so that a member that is None has no value."""
        return self.log_class is not None


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface, and where it is; empty where that is not known."""

    id: str
    subnet: str = ""
    vpc: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a target is made of.

    Attributes
    ----------
    target : str
        `vpc-…`, `subnet-…`, `eni-…` or `i-…`.
    vpc : str
        The VPC of a subnet; empty for other targets, and where it is not known.
    subnets : tuple of str
        Those of a VPC.
    interfaces : tuple of Interface
        Those of the target.
    complete : bool
        False where a call was not permitted, so that some of it is not known.
    """

    target: str
    vpc: str = ""
    subnets: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far flow logs record a target.

    Attributes
    ----------
    target : str
        The target's id.
    extent : {"whole", "part", "none", "unknown"}
        `whole`: everything it has, and for a subnet or a VPC also what will be put in it; `unknown`: no flow log is
        known to record it, and not everything could be asked.
    flow_logs : tuple of FlowLog
        Those that record all or some of it.
    missing : tuple of str
        Interfaces it has now that none of them records.
    """

    target: str
    extent: Extent
    flow_logs: tuple[FlowLog, ...] = ()
    missing: tuple[str, ...] = ()


def covering(flow_logs: Iterable[FlowLog], reach: Reach) -> Coverage:
    """Return which of some flow logs record a target, and how far.

    A flow log of an interface, of its subnet or of its VPC records the interface. Flow logs of some interfaces
    record a part of their subnet, and those of some subnets a part of their VPC, even while there is nothing else in
    it: what is put there later is not recorded. Source: "Flow logs basics".

    Examples
    --------
    >>> web, db = Interface("eni-1", "subnet-1", "vpc-1"), Interface("eni-2", "subnet-2", "vpc-1")
    >>> found = covering([FlowLog("fl-1", "subnet-1")], Reach("vpc-1", interfaces=(web, db)))
    >>> found.extent, found.missing
    ('part', ('eni-2',))
    """
    around = {reach.target, reach.vpc} - {""}  # what covers all of it
    inside = {place for one in reach.interfaces for place in (one.id, one.subnet, one.vpc)} - {""}
    inside |= set(reach.subnets)
    found = tuple(one for one in flow_logs if one.resource in around | inside)
    resources = {one.resource for one in found}
    missing = tuple(one.id for one in reach.interfaces if not resources & {one.id, one.subnet, one.vpc})
    holds = reach.target.startswith(("vpc-", "subnet-"))
    extent: Extent
    if resources & around or (found and not missing and not holds and reach.complete):
        extent, missing = "whole", ()
    elif found:
        extent = "part"
    else:
        extent = "none" if reach.complete else "unknown"
    return Coverage(reach.target, extent, found, missing)
