"""From an account to one without a Monitor: what is ours goes, what is shared is asked about, the rest stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from rejectkit.errors import ConflictError
from rejectkit.monitoring.deploying import members, wanted
from rejectkit.monitoring.deploying.deploy import FILTER, SUBSCRIPTION, TOPIC
from rejectkit.monitoring.deploying.deployed import (
    Deployed,
    Subscriber,
    Topic,
    has_streams,
    others_of_topic,
    read,
)
from rejectkit.monitoring.deploying.loggroupsteps import LOG_GROUP
from rejectkit.monitoring.deploying.ownership import (
    elsewhere_told,
    has_trace,
    is_tagged,
    owns_log_group,
    watches,
    whose_filter,
)
from rejectkit.monitoring.limits import TAG
from rejectkit.monitoring.monitor import METRIC_FILTER, Monitor
from rejectkit.monitoring.services import Services
from rejectkit.pacing import Budget
from rejectkit.plans import Field, Plan, Step, Verb, fields

_STACK: Final = "aws:cloudformation:stack-name"  # Source: CloudFormation user guide, "Resource tags"


def teardown(
    monitor: Monitor,
    session: Any,
    *,
    region: str | None = None,
    budget: Budget | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> Plan:
    """Return what is to be done so that nothing is left of a monitor; nothing is changed.

    Parameters
    ----------
    monitor : Monitor
        What was deployed.
    session : boto3.Session
        The account, and the region unless another is given.
    region : str, optional
        The region of log group, alarm and topic.
    budget : Budget, optional
        How fast AWS may be called; the session's own if left out.
    sleep : callable
        Waits so many seconds before a call is made again that met somebody else's.

    Returns
    -------
    Plan
        Its steps: alarm, filter, subscriptions, topic. Empty where nothing is left that is ours alone. What is
        shared is a question, which `Plan.apply(confirm=…)` asks, and stays without a yes:

        * a topic of ours with a subscriber that the monitor does not name, or that another alarm uses;
        * subscriptions to a topic that is not ours;
        * an alarm of ours whose metric another log group feeds;
        * whatever a CloudFormation stack made, which should be deleted in its place;
        * a filter of our name where nothing else tells that it is ours;
        * a log group that we made, if there is no log stream in it. Log data are never removed.

    Raises
    ------
    AwsError
        If AWS does not tell what there is.

    Examples
    --------
    >>> from rejectkit.sandbox import start
    >>> with start(scenario=None) as sandbox:
    ...     made = teardown(Monitor(log_group="vpc"), sandbox.session)
    ...     made.empty
    True
    """
    return _plan(monitor, Services(session, region, budget=budget, sleep=sleep))


def _plan(monitor: Monitor, services: Services) -> Plan:
    deployed = read(monitor, services)
    alarm, counted = tuple(_alarm(monitor, deployed, services)), tuple(_filter(monitor, deployed, services))
    # The alarm goes first, so that it judges no metric without a filter; unless it alone tells that the filter is ours.
    others = deployed.topic is not None and is_tagged(deployed.topic.tags, monitor)
    first = (*alarm, *counted) if others or owns_log_group(monitor, deployed) else (*counted, *alarm)
    steps = (*first, *_topic(monitor, deployed, services), *_log_group(monitor, deployed, services))
    stack = _stack(deployed)
    if stack:
        steps = tuple(_behind(stack, step) if step.verb == "remove" else step for step in steps)
    title = f"teardown of monitor {monitor.alarm_name} in {services.region}, account {services.account}"
    return Plan(title, steps, partial(_plan, monitor, services))


def _stack(deployed: Deployed) -> str:
    """Return the CloudFormation stack that alarm or topic is part of; empty if none is told."""
    tags = [found.tags for found in (deployed.alarm, deployed.topic) if found is not None]
    return next((one[_STACK] for one in tags if _STACK in one), "")


def _behind(stack: str, step: Step) -> Step:
    """Return the question that takes the place of removing what a stack made."""
    why = f"It is part of the CloudFormation stack '{stack}': delete that in its place."
    question = f"Is the {step.kind} '{step.name}' to be removed without its stack?"
    return replace(step, verb="ask", why=why, question=question)


def _alarm(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    name, found = monitor.alarm_name, deployed.alarm
    if found is None:
        return
    if not is_tagged(found.tags, monitor):
        yield Step("keep", found.kind, name, why=_not_ours(monitor))
        return
    lost = fields(members.told_alarm(found.told), {})
    delete = partial(services.remove, services.cloudwatch, "DeleteAlarms", AlarmNames=[name])
    if deployed.elsewhere and watches(deployed, (monitor.namespace, monitor.metric_name)):
        question = f"Is the {found.kind} '{name}' to be deleted all the same?"
        yield Step("ask", found.kind, name, lost, elsewhere_told(monitor, deployed), question, delete)
    else:
        yield Step("remove", found.kind, name, lost, action=delete)


def _filter(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    name, found = monitor.filter_name, deployed.filter_named(monitor.filter_name)
    if found is None:
        return
    whose = whose_filter(monitor, deployed)
    space, metric = members.metric_of(found)
    if whose == "theirs":
        yield Step("keep", FILTER, name, why=f"It counts into {space}/{metric}: it is somebody else's, and stays.")
        return
    lost = fields(members.told_filter(found), {})
    delete = partial(
        services.remove, services.logs, "DeleteMetricFilter", logGroupName=monitor.log_group, filterName=name
    )
    certain = has_trace(monitor, deployed) and (monitor.design == METRIC_FILTER or watches(deployed, (space, metric)))
    if whose == "ours" and certain:
        yield Step("remove", FILTER, name, lost, action=delete)
        return
    why = "It may be rejectkit's, left by a deployment or a teardown that was interrupted, or somebody else's."
    yield Step("ask", FILTER, name, lost, why, f"Is the metric filter '{name}' to be deleted?", delete)


def _topic(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    found = deployed.topic
    if found is None:
        return
    named = {(one.protocol, one.endpoint) for one in wanted.subscriptions(monitor)}
    mine = [one for one in found.subscribers if (one.protocol, one.endpoint) in named]
    if not monitor.owns_topic:
        question = "Is {} to be told no longer? The topic is not rejectkit's; who subscribed it is not known."
        yield from _unsubscribe(mine, services, question)
        yield Step("keep", TOPIC, found.arn, why="It was there before, and stays.")
        return
    if not is_tagged(found.tags, monitor):
        yield Step("keep", TOPIC, monitor.topic, why=_not_ours(monitor))
        return
    others = [one.name for one in found.subscribers if one not in mine]
    alarms = others_of_topic(found.arn, monitor.alarm_name, services)
    delete = partial(services.remove, services.sns, "DeleteTopic", TopicArn=found.arn)
    if not others and alarms is not None and not alarms:
        lost = tuple(Field("subscription", one.name, None) for one in found.subscribers)
        yield Step("remove", TOPIC, monitor.topic, lost, action=delete)
        return
    if alarms:
        yield from _unsubscribe(mine, services, "Is {} to be told no longer, of the other alarms either?")
    elif alarms is not None:
        yield from _unsubscribe(mine, services)
    why = _shared(found, others, alarms)
    yield Step(
        "ask", TOPIC, monitor.topic, (), why, f"Is the topic '{monitor.topic}' to be deleted all the same?", delete
    )


def _shared(found: Topic, others: Sequence[str], alarms: Sequence[str] | None) -> str:
    """Return who else has to do with a topic."""
    told = [f"It also tells {_some(others)}." if others else ""]
    if alarms is None:
        told.append("Whether other alarms use it is not known: DescribeAlarms of all alarms is not allowed.")
    elif alarms:
        told.append(f"It is also used by {_some(alarms)}.")
    return " ".join(one for one in told if one)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _unsubscribe(found: Sequence[Subscriber], services: Services, question: str = "") -> Iterator[Step]:
    """Return the steps that end subscriptions, which asks a question if there is one."""
    for one in found:
        if one.pending:
            why = "It waits for its confirmation, and ends by itself without; nobody can end it before."
            yield Step("keep", SUBSCRIPTION, one.name, why=why)
            continue
        end = partial(services.remove, services.sns, "Unsubscribe", SubscriptionArn=one.arn)
        verb: Verb = "ask" if question else "remove"
        yield Step(verb, SUBSCRIPTION, one.name, question=question.format(one.name), action=end)


def _log_group(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    name = monitor.log_group
    if deployed.log_group is None:
        return
    if not owns_log_group(monitor, deployed):
        yield Step("keep", LOG_GROUP, name, why="It is not rejectkit's, and stays.")
        return
    if has_streams(monitor, services):
        yield Step("keep", LOG_GROUP, name, why="It holds log data, which rejectkit never removes.")
        return
    question = f"Is the log group '{name}' to be deleted? A flow log that delivers to it would make it anew."
    why = "It was made for this monitor, and is empty."
    yield Step("ask", LOG_GROUP, name, (), why, question, partial(_delete_log_group, monitor, services))


def _delete_log_group(monitor: Monitor, services: Services) -> None:
    """Delete the log group, unless something has arrived in it since it was looked at."""
    if has_streams(monitor, services):
        raise ConflictError(
            f"the log group {monitor.log_group!r} is no longer empty, so it was not deleted; rejectkit never removes "
            "log data"
        )
    services.remove(services.logs, "DeleteLogGroup", logGroupName=monitor.log_group)


def _not_ours(monitor: Monitor) -> str:
    return f"It has no tag {TAG}={monitor.alarm_name}: it is not rejectkit's, and stays."
