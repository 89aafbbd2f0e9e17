"""Finding the logs: from a VPC, subnet, interface, instance or log group to its flow logs and their log groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError, MissingResourceError, RefusedError
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch.coverage import Coverage, Extent, FlowLog, Interface, LogGroup, Reach, covering
from rejectkit.sources.cloudwatch.reaching import Asker, is_resource, missing, reach

__all__ = [
    "Coverage",
    "Extent",
    "FlowLog",
    "Found",
    "Interface",
    "LogGroup",
    "Reach",
    "covering",
    "discovered",
    "find",
]

_ARN = re.compile(r"arn:[\w-]+:logs:([\w-]+):(\d{12}):log-group:([.\-_/#A-Za-z0-9]{1,512})(?::\*)?")
_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")


@dataclass(frozen=True, slots=True)
class Found:
    """The flow logs of a target, and where they deliver to.

    Attributes
    ----------
    target : tuple of str
        What was asked for; empty: every flow log of the region.
    region : str
        Where it was looked for.
    flow_logs : tuple of FlowLog
        Those that record the targets or deliver to them, wherever they deliver to.
    sharing : tuple of FlowLog
        Others that deliver into the same log groups.
    groups : tuple of LogGroup
        The log groups they deliver to, those that are there.
    reaches : tuple of Reach
        What the targets that are no log groups are made of.
    """

    target: tuple[str, ...]
    region: str
    flow_logs: tuple[FlowLog, ...] = ()
    sharing: tuple[FlowLog, ...] = ()
    groups: tuple[LogGroup, ...] = ()
    reaches: tuple[Reach, ...] = ()

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """The network interfaces of the targets, each once."""
        return tuple(dict.fromkeys(one for reach in self.reaches for one in reach.interfaces))

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """How far the flow logs record each target that is no log group."""
        return tuple(covering(self.flow_logs, reach) for reach in self.reaches)

    def writers(self, group: LogGroup) -> tuple[FlowLog, ...]:
        """Return the flow logs, of all targets, that deliver into a log group."""
        place = (group.name, group.region)
        return tuple(one for one in (*self.flow_logs, *self.sharing) if (one.log_group, one.region) == place)

    def formats(self, group: LogGroup) -> tuple[LogFormat, ...]:
        """Return the different formats of the lines in a log group; none where no flow log is known to fill it."""
        return tuple(dict.fromkeys(one.format for one in self.writers(group)))


def find(
    session: Any,
    target: str | Iterable[str] | None,
    *,
    region: str | None = None,
    budget: Budget | None = None,
    denied: list[AccessDeniedError] | None = None,
) -> Found:
    """Return the flow logs that record a target, and their log groups.

    Calls ec2:DescribeFlowLogs and logs:DescribeLogGroups; for an id also ec2:DescribeNetworkInterfaces, for a subnet
    or a VPC ec2:DescribeSubnets.

    Parameters
    ----------
    session : boto3.Session
        Whose account it is.
    target : str, iterable of str or None
        `vpc-…`, `subnet-…`, `eni-…`, `i-…`, the name of a log group, its ARN (also one of another account, with or
        without `:*`), or several of them; None: every flow log of the region.
    region : str, optional
        The session's where it is left out; an ARN names its own.
    budget : Budget, optional
        Of calls; the session's where it is left out.
    denied : list, optional
        Takes the calls that were not permitted, whose answers are then left out; else the first of them is raised.

    Raises
    ------
    ArgumentError
        If a target is none of these.
    MissingResourceError
        If a target does not exist.
    AwsError
        If AWS refuses or does not answer.
    """
    targets = (target,) if isinstance(target, str) else tuple(dict.fromkeys(target)) if target is not None else None
    if targets == ():
        raise ArgumentError("no target is given; name a VPC, subnet, interface, instance or log group, or give None")
    return _Finder(Asker(session, budget, denied)).found(targets, region)


def discovered(service: Service, group: LogGroup, at: float | None = None) -> frozenset[str]:
    """Return the names of the fields that Logs Insights discovers in a log group, `@timestamp` and such too.

    Parameters
    ----------
    service : Service
        CloudWatch Logs of the group's region.
    group : LogGroup
        Where.
    at : float, optional
        Seconds since the epoch: events of eight minutes before and after are looked at; those of the last 15 minutes
        where it is left out. Source: GetLogGroupFields.
    """
    time: dict[str, Any] = {} if at is None else {"time": int(at)}
    told = service.call("GetLogGroupFields", logGroupIdentifier=group.arn, **time)
    return frozenset(one["name"] for one in told.get("logGroupFields", ()))


@dataclass(slots=True)
class _Finder:
    """Finds logs, and asks for each region's flow logs once."""

    asker: Asker
    flow_logs: dict[str, list[FlowLog]] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)  # ARNs of other accounts' log groups

    def found(self, targets: tuple[str, ...] | None, asked_region: str | None) -> Found:
        """Return what there is of some targets, or of the region."""
        region = self.asker.service("ec2", asked_region).region
        if targets is None:
            mine = self.all_flow_logs(region)
            return Found((), region, tuple(mine), (), tuple(self.groups_of(mine)))
        reaches: list[Reach] = []
        groups: list[LogGroup] = []
        mine = []
        for target in targets:
            if is_resource(target):
                reaches.append(reach(self.asker, target, region))
                mine += covering(self.all_flow_logs(region), reaches[-1]).flow_logs
            else:
                groups.append(self.group(target, region))
                mine += self.writers(groups[-1])
        mine = list(dict.fromkeys(mine))
        groups = list(dict.fromkeys([*groups, *self.groups_of(mine)]))
        sharing = [one for group in groups for one in self.writers(group) if one not in mine]
        return Found(targets, region, tuple(mine), tuple(dict.fromkeys(sharing)), tuple(groups), tuple(reaches))

    def all_flow_logs(self, region: str) -> list[FlowLog]:
        """Return the flow logs of a region: a page of them has a thousand."""
        if region not in self.flow_logs:
            told = self.asker.pages("ec2", region, "DescribeFlowLogs", "FlowLogs")
            self.flow_logs[region] = [FlowLog.told(item, region) for item in told or ()]
        return self.flow_logs[region]

    def writers(self, group: LogGroup) -> list[FlowLog]:
        """Return the flow logs of this account that deliver into a log group."""
        if group.arn in self.foreign:
            return []
        return [one for one in self.all_flow_logs(group.region) if one.log_group == group.name]

    def groups_of(self, flow_logs: Iterable[FlowLog]) -> Iterator[LogGroup]:
        """Yield the log groups that flow logs deliver to, each once; one that is not there is left out."""
        for name, region in dict.fromkeys((one.log_group, one.region) for one in flow_logs):
            if name:
                told = self.described(name, region)
                if not isinstance(told, str):
                    yield told

    def described(self, name: str, region: str) -> LogGroup | str:
        """Return a log group of this account, or the name of one like it, empty if there is none either."""
        told = self.asker.pages("logs", region, "DescribeLogGroups", "logGroups", logGroupNamePrefix=name)
        if told is None:
            account = self.asker.service("logs", region).account()
            return LogGroup(name, f"arn:{_partition(region)}:logs:{region}:{account}:log-group:{name}", region, account)
        near = ""
        for item in told:
            if item["logGroupName"] == name:
                return LogGroup.told(item, region)
            near = near or item["logGroupName"]
        return near

    def group(self, target: str, region: str) -> LogGroup:
        """Return the log group that a name or an ARN names."""
        arn = _ARN.fullmatch(target)
        if not arn and not _NAME.fullmatch(target):
            raise ArgumentError(
                f"{target!r} names no log: give the id of a VPC, subnet, network interface or instance "
                "('vpc-0123456789abcdef0'), or the name or the ARN of a log group"
            )
        name = arn[3] if arn else target
        region = arn[1] if arn else region
        if arn and arn[2] != self.asker.service("logs", region).account():
            return self.of_another_account(target.removesuffix(":*"), name, region, arn[2])
        told = self.described(name, region)
        if isinstance(told, str):
            hint = f"; did you mean {told!r}?" if told else "; look at its name and at the region"
            raise missing(f"there is no log group {name!r} in {region}", "logs", "DescribeLogGroups", hint)
        return told

    def of_another_account(self, arn: str, name: str, region: str, account: str) -> LogGroup:
        """Return another account's log group: what a monitoring account is told, else what its ARN says.

        Source: DescribeLogGroups, `includeLinkedAccounts`.
        """
        linked: dict[str, Any] = {
            "accountIdentifiers": [account],
            "includeLinkedAccounts": True,
            "logGroupNamePrefix": name,
        }
        try:
            told = self.asker.service("logs", region).pages("DescribeLogGroups", "logGroups", **linked)
            groups = [LogGroup.told(item, region) for item in told]
        except (AccessDeniedError, MissingResourceError, RefusedError):  # this account may not watch over that one
            groups = []
        self.foreign.add(arn)
        return next((one for one in groups if one.arn == arn), LogGroup(name, arn, region, account))


def _partition(region: str) -> str:
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")
