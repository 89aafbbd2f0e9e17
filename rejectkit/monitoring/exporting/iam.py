"""The IAM policies for what rejectkit does: read, deploy, tune; from the table of the actions it calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rejectkit.actions import ACTIONS, KINDS, Needed, Resource
from rejectkit.errors import ArgumentError
from rejectkit.monitoring import limits
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import LOG_ALARM, METRIC_FILTER, Monitor

if TYPE_CHECKING:
    from rejectkit.sources.athena.table import AthenaTable

_SIDS: Mapping[Resource, str] = {
    "all": "Everything",
    "group": "LogGroup",
    "groups": "EveryLogGroup",
    "alarm": "Alarm",
    "topic": "Topic",
    "role": "Role",
    "roles": "EveryRole",
    "list": "PrefixList",
    "rules": "SecurityGroup",
    "rule": "SecurityGroupRule",
    "acl": "NetworkAcl",
    "workgroup": "WorkGroup",
    "catalog": "Catalog",
    "databases": "EveryDatabase",
    "tables": "EveryTable",
    "buckets": "Bucket",
    "objects": "Object",
    "results": "ResultBucket",
    "result files": "ResultObject",
}
_CONDITIONS: Mapping[Resource, Mapping[str, list[str]]] = {
    "role": {"iam:PassedToService": ["cloudwatch.amazonaws.com", "logs.amazonaws.com"]},
    "rule": {"ec2:CreateAction": ["AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress"]},
}


def iam_policy(
    kind: str,
    monitor: Monitor | None = None,
    *,
    table: AthenaTable | None = None,
    output: str = "",
    workgroup: str = "",
    account: str = "*",
    region: str = "*",
    partition: str = "aws",
) -> dict[str, Any]:
    """Return the least-privilege IAM policy for one of the things that are done.

    Parameters
    ----------
    kind : {"read", "deploy", "tune", "athena", "table"}
        read: query, and see how an alert is wired; it alters nothing. deploy: plan, apply and take down an alert.
        tune: change rules of security groups and network ACLs. athena: query flow logs in S3, through Athena or as
        files. table: make and take away the table that Athena reads.
    monitor : Monitor, optional
        The one alert that it is for: only what its design calls for is allowed, and on its own log group, alarm and
        topic where AWS can scope the action. Calls that list look at all of a kind. Left out: any.
    table : AthenaTable, optional
        The table that is asked, or made: only its database, its name and its bucket are allowed. Left out: any.
    output : str
        Where Athena's results go, as `s3://bucket/folder/`. Left out: any bucket that has `athena` in its name.
    workgroup : str
        Athena's work group. Left out: any.
    account, region : str
        Where, `*` for any.
    partition : {"aws", "aws-cn", "aws-us-gov"}
        Whose ARNs.

    Returns
    -------
    dict
        The policy document.

    Raises
    ------
    ArgumentError
        If a value is unknown, or region and partition do not go together.

    Notes
    -----
    Each policy is enough by itself. Source: Service Authorization Reference.

    Examples
    --------
    >>> from rejectkit.monitoring import Monitor
    >>> found = iam_policy("deploy", Monitor(log_group="vpc-flow-logs"), account="123456789012", region="eu-west-1")
    >>> [one["Resource"] for one in found["Statement"] if one["Sid"] == "DeployAlarm"]
    ['arn:aws:cloudwatch:eu-west-1:123456789012:alarm:VPCFlowLogs-Rejects']
    """
    _check(kind, account, region, partition)
    arns = {
        **_arns(monitor, account, region, partition),
        **_athena_arns(table, output, workgroup, account, region, partition),
    }
    by_resource: dict[Resource, list[str]] = {}
    for name, action in ACTIONS.items():
        if kind in action.kinds.split() and (kind != "deploy" or _is_needed(action.needed, monitor)):
            by_resource.setdefault(action.resource, []).append(name)
    statements = []
    for resource, names in by_resource.items():
        found = arns[resource]
        statement: dict[str, Any] = {
            "Sid": kind.capitalize() + _SIDS[resource],
            "Effect": "Allow",
            "Action": sorted(names),
            "Resource": found[0] if len(found) == 1 else found,
        }
        if resource in _CONDITIONS:
            statement["Condition"] = {"StringEquals": dict(_CONDITIONS[resource])}
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


def _check(kind: str, account: str, region: str, partition: str) -> None:
    if kind not in KINDS:
        raise ArgumentError(f"kind is {kind!r}; there are policies to {', '.join(KINDS)}")
    if account != "*" and not re.fullmatch(r"[0-9]{12}", account):
        raise ArgumentError(f"account is {account!r}; give twelve digits, or '*' for any")
    if region != "*" and not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[0-9]+", region):
        raise ArgumentError(f"region is {region!r}; give one such as 'eu-west-1', or '*' for any")
    if partition not in ("aws", "aws-cn", "aws-us-gov"):
        raise ArgumentError(f"partition is {partition!r}; it is aws, aws-cn or aws-us-gov")
    if region != "*" and limits.partition(region) != partition:
        raise ArgumentError(
            f"region {region} is in the partition {limits.partition(region)}, not {partition}: correct one of them"
        )


def _is_needed(needed: Needed, monitor: Monitor | None) -> bool:
    """Tell whether deploying a monitor calls for an action; any monitor, for all."""
    return (
        monitor is None
        or {
            "always": True,
            "metric filter": monitor.design == METRIC_FILTER,
            "log alarm": monitor.design == LOG_ALARM,
            "our group": monitor.create_log_group,
            "our topic": monitor.owns_topic,
            "subscribers": bool(wanted.subscriptions(monitor)),
        }[needed]
    )


def _arns(monitor: Monitor | None, account: str, region: str, partition: str) -> dict[Resource, list[str]]:
    """Return the ARNs of each kind of resource; a log group is asked for with `:*` and without."""

    def here(service: str, resource: str) -> str:
        return f"arn:{partition}:{service}:{region}:{account}:{resource}"

    groups, roles = [here("logs", "log-group:*")], [f"arn:{partition}:iam::{account}:role/*"]
    found: dict[Resource, list[str]] = {
        "all": ["*"],
        "group": groups,
        "groups": groups,
        "alarm": [here("cloudwatch", "alarm:*")],
        "topic": [here("sns", "*")],
        "role": roles,
        "roles": roles,
        "list": [here("ec2", "prefix-list/*")],
        "rules": [here("ec2", "security-group/*"), here("ec2", "security-group-rule/*")],
        "rule": [here("ec2", "security-group-rule/*")],
        "acl": [here("ec2", "network-acl/*")],
    }
    if monitor is not None:
        found["group"] = [here("logs", f"log-group:{monitor.log_group}{end}") for end in ("", ":*")]
        found["alarm"] = [here("cloudwatch", f"alarm:{monitor.alarm_name}")]
        found["topic"] = [here("sns", monitor.topic) if monitor.owns_topic else monitor.topic]
        passed = [role for role in (monitor.query_role, monitor.lines_role) if role is not None]
        found["role"] = list(dict.fromkeys(passed)) or roles
    return found


def _athena_arns(
    table: AthenaTable | None, output: str, workgroup: str, account: str, region: str, partition: str
) -> dict[Resource, list[str]]:
    """Return the ARNs of what Athena is asked with: buckets have neither region nor account in theirs."""
    from rejectkit.aws import place_of  # brings boto3, which policies do without

    glue, s3 = f"arn:{partition}:glue:{region}:{account}", f"arn:{partition}:s3:::"
    database, name = (table.database, table.name) if table is not None else ("*", "*")
    into, folder = place_of(output) if output else ("*athena*", "")
    kept = (f"{folder.rstrip('/')}/*" if folder else "*").lstrip("/")
    logs = "*" if table is None else table.bucket
    own = "" if table is None or not table.prefix else f"{table.prefix.strip('/')}/"
    buckets, objects = [f"{s3}{logs}"], [f"{s3}{logs}/{own}{'*' if table is None else 'AWSLogs/*'}"]
    if table is not None:
        buckets, objects = [*buckets, f"{s3}{into}"], [*objects, f"{s3}{into}/{kept}"]
    return {
        "workgroup": [f"arn:{partition}:athena:{region}:{account}:workgroup/{workgroup or '*'}"],
        "catalog": [f"{glue}:catalog", f"{glue}:database/{database}", f"{glue}:table/{database}/{name}"],
        "databases": [f"{glue}:catalog", f"{glue}:database/*"],
        "tables": [f"{glue}:catalog", f"{glue}:database/{database}", f"{glue}:table/{database}/*"],
        "buckets": buckets,
        "objects": objects,
        "results": [f"{s3}{into}"],
        "result files": [f"{s3}{into}/{kept}"],
    }
