"""The command lines that mend what the doctor finds, and the small words of its sentences; pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch.coverage import CLOUDWATCH, FlowLog, LogGroup, Reach

NEW_GROUP = "/vpc/flow-logs"  # named where a flow log is to be made and no group is known
SERVICE = "vpc-flow-logs.amazonaws.com"
DELIVERY_ACTIONS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
)
_KINDS = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface"}


def some(names: Sequence[str], most: int = 5) -> str:
    """Return names as a list of words, the first few of many.

    Examples
    --------
    >>> some(["eni-1", "eni-2"]), some(["a", "b", "c", "d"], 2)
    ('eni-1 and eni-2', 'a, b and 2 more')
    """
    shown = list(names[:most]) + ([f"{len(names) - most:,} more"] if len(names) > most else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def span(seconds: float) -> str:
    """Return a span of time in the unit a person would use.

    Examples
    --------
    >>> span(50), span(5400), span(200_000)
    ('less than a minute', '90 minutes', '2 days')
    """
    if seconds < 60:
        return "less than a minute"
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or unit == "minute":
            number = round(seconds / size)
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    raise AssertionError  # minutes are the last unit


def command(*words: object) -> str:
    """Return a command line, quoted for a shell, between backticks."""
    return f"`{shlex.join(map(str, words))}`"


def create(
    resources: Sequence[str], region: str, group: str = NEW_GROUP, log_format: LogFormat | None = None, role: str = ""
) -> str:
    """Return the call that makes a flow log of interfaces, a subnet or a VPC, to CloudWatch Logs.

    All traffic, aggregated in 60 s; the account and the role stand as words where they are not known.
    """
    kind = _KINDS[resources[0].partition("-")[0]]
    shape = [] if log_format in (None, LogFormat.default()) else ["--log-format", str(log_format)]
    return command(
        *("aws", "ec2", "create-flow-logs", "--region", region, "--resource-type", kind),
        *("--resource-ids", *resources, "--traffic-type", "ALL", "--log-destination-type", CLOUDWATCH),
        *("--log-group-name", group, "--max-aggregation-interval", 60),
        *("--deliver-logs-permission-arn", role or "arn:aws:iam::ACCOUNT:role/ROLE", *shape),
    )


def create_for(reach: Reach, region: str) -> str:
    """Return the call that makes a flow log of all of a target."""
    of_instance = reach.target.startswith("i-")
    return create([one.id for one in reach.interfaces] if of_instance else [reach.target], region)


def replace(flow_log: FlowLog, log_format: LogFormat | None = None, group: str | None = None) -> str:
    """Return the calls that make a flow log anew, recording all traffic; one cannot be changed.

    The old one goes first where both would deliver to one place, which is refused as FlowLogAlreadyExists.
    Source: "Flow log limitations"; what counts as the same is inferred.
    """
    into = group or flow_log.log_group or NEW_GROUP
    made = create([flow_log.resource], flow_log.region, into, log_format or flow_log.format, flow_log.role)
    if into == flow_log.log_group:
        return f"A flow log cannot be changed: delete this one, {delete(flow_log)}, and make it anew, {made}."
    return f"A flow log cannot be changed: make a new one, {made}, then delete this one, {delete(flow_log)}."


def delete(flow_log: FlowLog) -> str:
    """Return the call that deletes a flow log; its data stays."""
    return command("aws", "ec2", "delete-flow-logs", "--region", flow_log.region, "--flow-log-ids", flow_log.id)


def describe(flow_log: FlowLog) -> str:
    """Return the call that shows a flow log and how its delivery goes."""
    return command("aws", "ec2", "describe-flow-logs", "--region", flow_log.region, "--flow-log-ids", flow_log.id)


def quotas(region: str) -> str:
    """Return the call that shows the quotas of CloudWatch Logs."""
    return command("aws", "service-quotas", "list-service-quotas", "--region", region, "--service-code", "logs")


def role(flow_log: FlowLog) -> str:
    """Return what the role that a flow log delivers with must have, and the call that shows it."""
    name = flow_log.role.rpartition("/")[2] or "ROLE"
    return (
        f"The role {name} must trust {SERVICE} and allow {some(DELIVERY_ACTIONS)}: look at it with "
        f"{command('aws', 'iam', 'get-role', '--role-name', name)}"
    )


def of_group(verb: str, group: LogGroup | None, name: str, region: str, *more: object) -> str:
    """Return a call of CloudWatch Logs on a log group."""
    return command("aws", "logs", verb, "--region", group.region if group else region, "--log-group-name", name, *more)
