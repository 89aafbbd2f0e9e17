"""The doctor: says in sentences what is missing between the network and its flow logs, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from rejectkit.errors import AccessDeniedError, MissingResourceError, RefusedError
from rejectkit.findings import Finding
from rejectkit.pacing import Budget
from rejectkit.sources.cloudwatch import flowlogchecks, loggroupchecks
from rejectkit.sources.cloudwatch.coverage import FlowLog, LogGroup, Reach
from rejectkit.sources.cloudwatch.flowlogs import Found, discovered, find
from rejectkit.sources.cloudwatch.loggroupchecks import GroupState
from rejectkit.sources.cloudwatch.reaching import Asker, reach

__all__ = ["doctor"]

_RANK = {"warning": 0, "notice": 1, "info": 2}

# What cannot be told without an action.
_UNTOLD = {
    "ec2:DescribeFlowLogs": "which flow logs there are, where they deliver to and whether that works",
    "ec2:DescribeNetworkInterfaces": "which network interfaces are meant, and so whether each is recorded",
    "ec2:DescribeSubnets": "which subnet is in which VPC, and so whether it is recorded",
    "ec2:DescribeVpcs": "whether the VPC exists",
    "logs:DescribeLogGroups": "whether the log groups exist, their class and their retention",
    "logs:DescribeLogStreams": "when the newest record came",
    "logs:FilterLogEvents": "for sure whether records still come",
    "logs:GetLogGroupFields": "which fields Logs Insights discovers",
}


def doctor(
    session: Any,
    target: str | Iterable[str] | None = None,
    *,
    region: str | None = None,
    budget: Budget | None = None,
) -> list[Finding]:
    """Return what is missing for a target's flow logs to be explored and alarmed on, what matters most first.

    A healthy account has no finding above `info`. Nothing is changed, and no query is paid for.

    Parameters
    ----------
    session : boto3.Session
        Whose account it is.
    target : str, iterable of str or None
        As in `find`; None: every flow log of the region.
    region : str, optional
        The session's where it is left out.
    budget : Budget, optional
        Of calls; the session's where it is left out.

    Returns
    -------
    list of Finding
        Each with its mend. A call that is not permitted is a finding that names the action.

    Raises
    ------
    ArgumentError
        If a target is no id and no log group.
    MissingResourceError
        If a target does not exist.
    AwsError
        If there are no credentials or no region, or AWS does not answer.

    Examples
    --------
    >>> import rejectkit as rk
    >>> with rk.sandbox.start() as sandbox:
    ...     _ = sandbox.advance("30m")
    ...     [finding.severity for finding in doctor(sandbox.session)]
    ['info']
    """
    denied: list[AccessDeniedError] = []
    found = find(session, target, region=region, budget=budget, denied=denied)
    asker = Asker(session, budget, denied)
    findings = [*_checked(found, asker), *_denials(denied, found.groups)]
    return sorted(dict.fromkeys(findings), key=lambda one: _RANK[one.severity])


def _checked(found: Found, asker: Asker) -> Iterator[Finding]:
    denied = {error.action for error in asker.denied or ()}
    yield from flowlogchecks.coverage_checks(found, known="ec2:DescribeFlowLogs" not in denied)
    yield from flowlogchecks.traffic_checks(found, _places(asker, found))
    yield from flowlogchecks.repeated_checks(found)
    for flow_log in found.flow_logs:
        yield from flowlogchecks.delivery_checks(flow_log)
        if flow_log.of_vpc:
            yield from flowlogchecks.format_checks(flow_log)
            yield from flowlogchecks.aggregation_checks(flow_log)
    there = {(group.name, group.region) for group in found.groups}
    for flow_log in found.flow_logs:
        if flow_log.log_group and (flow_log.log_group, flow_log.region) not in there:
            yield from loggroupchecks.missing_checks(flow_log, _now(asker, flow_log.region))
    for group in found.groups:
        yield from _group_checked(asker, found, group)


def _places(asker: Asker, found: Found) -> dict[str, Reach]:
    """Return what the resources of flow logs that record less than all traffic are part of."""
    places: dict[str, Reach] = {}
    for one in flowlogchecks.partial(found):
        with suppress(MissingResourceError):  # it was deleted meanwhile, and its flow log will be
            places[one.resource] = reach(asker, one.resource, one.region)
    return places


def _group_checked(asker: Asker, found: Found, group: LogGroup) -> Iterator[Finding]:
    writers = found.writers(group)
    try:
        state = _look(asker, group, writers)
    except MissingResourceError:
        if group.described or not writers:
            raise
        yield from loggroupchecks.missing_checks(writers[0], _now(asker, group.region))
        return
    yield from loggroupchecks.class_checks(group, writers)
    yield from loggroupchecks.data_checks(state, writers, _now(asker, group.region))
    yield from loggroupchecks.retention_checks(group)
    yield from loggroupchecks.format_checks(state, writers, found.formats(group))


def _now(asker: Asker, region: str) -> float:
    return asker.service("logs", region).now()


def _look(asker: Asker, group: LogGroup, writers: Sequence[FlowLog]) -> GroupState:
    """Look for a group's newest event: what its streams say, and if that is old, at its events themselves.

    DescribeLogStreams learns of events "typically in less than an hour": it may say that data stopped which did not.
    """
    first, newest, looked, certain = None, None, True, False
    latest: dict[str, Any] = {"orderBy": "LastEventTime", "descending": True, "limit": 1}
    streams = asker.pages(
        "logs", group.region, "DescribeLogStreams", "logStreams", logGroupIdentifier=group.arn, **latest
    )
    if streams is None:
        looked = False
    else:
        first = next(streams, None)
        newest = first["lastEventTimestamp"] / 1000 if first and "lastEventTimestamp" in first else None
    since = _now(asker, group.region) - loggroupchecks.lateness(writers)
    if (newest is None or newest < since) and group.log_class in (None, "STANDARD"):
        recent: dict[str, Any] = {"startTime": int(since * 1000), "limit": 1}
        events = asker.pages("logs", group.region, "FilterLogEvents", "events", logGroupIdentifier=group.arn, **recent)
        if events is not None:
            event = next(events, None)
            newest = event["timestamp"] / 1000 if event else newest
            looked = certain = event is not None or streams is not None
    told = _discovered(asker, group, newest) if newest is not None else None
    return GroupState(group, newest, looked, certain, told)


def _discovered(asker: Asker, group: LogGroup, at: float) -> frozenset[str] | None:
    try:
        return discovered(asker.service("logs", group.region), group, at)
    except AccessDeniedError as error:
        if asker.denied is not None:
            asker.denied.append(error)
    except RefusedError:  # a class of log group that discovers none
        pass
    return None


def _denials(denied: Sequence[AccessDeniedError], groups: Sequence[LogGroup]) -> Iterator[Finding]:
    for action in dict.fromkeys(error.action for error in denied):
        untold = _UNTOLD.get(action, "what it answers")
        sentence = f"{action} is not permitted, so it cannot be told {untold}."
        listing = action.startswith("ec2:") or action == "logs:DescribeLogGroups"
        resources = "*" if listing or not groups else [f"{group.arn}:*" for group in groups]
        statement = json.dumps({"Effect": "Allow", "Action": action, "Resource": resources})
        yield Finding(sentence, "warning", mend=f"Give whoever asks a policy with the statement {statement}.")
