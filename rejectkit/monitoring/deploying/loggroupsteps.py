"""The step of a plan that is about the log group: made and settled where it is ours, else left alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from rejectkit.errors import ConflictError, MissingResourceError, RefusedError
from rejectkit.monitoring.deploying import members, wanted
from rejectkit.monitoring.deploying.deployed import Deployed
from rejectkit.monitoring.deploying.ownership import is_tagged, owns_log_group
from rejectkit.monitoring.limits import TAG
from rejectkit.monitoring.monitor import METRIC_FILTER, Monitor
from rejectkit.monitoring.services import Services
from rejectkit.plans import Step, fields

LOG_GROUP: Final = "log group"


def log_group_steps(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    """Yield the step for the log group.

    Raises
    ------
    MissingResourceError
        If it does not exist, and is not to be made.
    RefusedError
        If its class takes no metric filters.
    """
    name, found = monitor.log_group, deployed.log_group
    days = monitor.retention_days
    if found is None:
        if not monitor.create_log_group:
            raise MissingResourceError(
                f"there is no log group {name!r} in {deployed.region}; give the name of the one that the flow log "
                "delivers to, or have it made with create_log_group=True"
            )
        made = (*members.tags(monitor, {}), *fields({}, {"retentionInDays": days}))
        yield Step("create", LOG_GROUP, name, made, action=partial(_make_log_group, monitor, services))
        return
    if monitor.design == METRIC_FILTER and found.get("logGroupClass", "STANDARD") != "STANDARD":
        raise RefusedError(
            f"the log group {name!r} is of the class {found['logGroupClass']}, and only STANDARD takes metric filters; "
            "deliver the flow log to another log group, or take design='log-alarm'"
        )
    if not owns_log_group(monitor, deployed):
        why = f"It was there without the tag {TAG}={monitor.alarm_name}, so its retention and tags are left alone."
        yield Step("keep", LOG_GROUP, name, why=why if monitor.create_log_group else "")
        return
    differing = (
        *members.tags(monitor, deployed.log_group_tags),
        *fields({"retentionInDays": found.get("retentionInDays")}, {"retentionInDays": days}),
    )
    action = partial(_settle_log_group, monitor, services) if differing else None
    yield Step("change" if differing else "keep", LOG_GROUP, name, differing, action=action)


def _make_log_group(monitor: Monitor, services: Services) -> None:
    """Make the log group; one that somebody else made in the meantime is left as it is."""
    try:
        services.change(services.logs, "CreateLogGroup", **(wanted.log_group_params(monitor) or {}))
    except ConflictError:  # there already: by an answer that was lost, by another apply, or by the flow log
        arn = monitor.log_group_arn(services.region, services.account)
        if not is_tagged(services.logs.call("ListTagsForResource", resourceArn=arn).get("tags", {}), monitor):
            return
    _put_retention(monitor, services)


def _settle_log_group(monitor: Monitor, services: Services) -> None:
    arn = monitor.log_group_arn(services.region, services.account)
    services.change(services.logs, "TagResource", resourceArn=arn, tags=wanted.tags(monitor))
    if monitor.retention_days is None:
        services.remove(services.logs, "DeleteRetentionPolicy", logGroupName=monitor.log_group)
    _put_retention(monitor, services)


def _put_retention(monitor: Monitor, services: Services) -> None:
    params = wanted.retention_params(monitor)
    if params is not None:
        services.change(services.logs, "PutRetentionPolicy", **params)
