"""From a Monitor to what it wants in an account: the plan, step by step, each safe to take twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from rejectkit.errors import MissingResourceError
from rejectkit.monitoring.deploying import members, wanted
from rejectkit.monitoring.deploying.deployed import Deployed, read, subscribe
from rejectkit.monitoring.deploying.loggroupsteps import log_group_steps
from rejectkit.monitoring.deploying.ownership import (
    elsewhere_told,
    owns_alarm,
    owns_topic,
    refuse_composite,
    refuse_others,
    watches,
    whose_filter,
)
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.services import Services
from rejectkit.pacing import Budget
from rejectkit.plans import Field, Plan, Step, fields

TOPIC: Final = "topic"
POLICY: Final = "topic policy"
SUBSCRIPTION: Final = "subscription"
FILTER: Final = "metric filter"

_WAITS = {
    "email": "Nothing is delivered until the link in the mail that is sent is clicked, within two days.",
    "https": "Nothing is delivered until the receiver has answered the confirmation that is sent.",
    "sqs": "The queue's own policy must let the topic send to it.",
    "lambda": "The function's own policy must let SNS invoke it.",
}


def plan(
    monitor: Monitor,
    session: Any,
    *,
    region: str | None = None,
    adopt: bool = False,
    budget: Budget | None = None,
    sleep: Callable[[float], object] = time.sleep,
) -> Plan:
    """Return what is to be done so that an account has what a monitor wants; nothing is changed.

    Parameters
    ----------
    monitor : Monitor
        What is wanted.
    session : boto3.Session
        The account, and the region unless another is given.
    region : str, optional
        The region of log group, alarm and topic.
    adopt : bool
        Whether an alarm, topic or filter of the same name that is somebody else's is taken over. The plan shows it.
    budget : Budget, optional
        How fast AWS may be called; the session's own if left out.
    sleep : callable
        Waits so many seconds before a call is made again that met somebody else's.

    Returns
    -------
    Plan
        Its steps, in an order that is safe to stop anywhere: log group, topic, its policy, subscriptions, filter,
        and the alarm last, so that no alarm tells a topic that tells nobody. Empty where everything is as wanted.

    Raises
    ------
    ConflictError
        If a name is taken by something that is not ours, or another log group's monitor has it.
    MissingResourceError
        If the log group, or a topic given by its ARN, does not exist.
    RefusedError
        If the log group is of a class that takes no metric filters.
    AwsError
        If AWS does not tell what there is.

    Notes
    -----
    Ours is what has the tag `rejectkit:monitor` with the alarm's name, and what is just as wanted. A filter has no
    tags: it is ours if it counts into the metric that our alarm watches. Tags, policy statements and subscribers
    that somebody else added stay; a subscriber of our topic that the monitor does not name is asked about.

    Examples
    --------
    >>> from rejectkit.sandbox import start
    >>> with start(scenario=None) as sandbox:
    ...     made = plan(Monitor(log_group="vpc", create_log_group=True), sandbox.session)
    ...     made.summary
    '5 to create'
    """
    return _plan(monitor, Services(session, region, budget=budget, sleep=sleep), adopt)


def _plan(monitor: Monitor, services: Services, adopt: bool) -> Plan:
    deployed = read(monitor, services)
    refuse_composite(monitor, deployed)
    if not adopt:
        refuse_others(monitor, deployed)
    steps = (
        *log_group_steps(monitor, deployed, services),
        *_topic(monitor, deployed, services),
        *_subscriptions(monitor, deployed, services),
        *_filter(monitor, deployed, services),
        *_alarm(monitor, deployed, services),
    )
    title = f"monitor {monitor.alarm_name} in {services.region}, account {services.account}"
    return Plan(title, steps, partial(_plan, monitor, services, adopt))


def _topic(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    arn, found = monitor.topic_arn(deployed.region, deployed.account), deployed.topic
    if not monitor.owns_topic:
        if found is None:
            raise MissingResourceError(
                f"there is no topic {arn!r}; correct the ARN, or give a name to have a topic made"
            )
        yield Step("keep", TOPIC, arn, why="It was there before, and is used as it is.")
        return
    differing = members.tags(monitor, found.tags if found else {})
    if found is None:
        make = partial(services.change, services.sns, "CreateTopic", **(wanted.topic_params(monitor) or {}))
        yield Step("create", TOPIC, monitor.topic, differing, action=make)
    else:
        tag = partial(services.change, services.sns, "TagResource", ResourceArn=arn, Tags=wanted.tag_list(monitor))
        yield _changed(TOPIC, monitor.topic, differing, tag, taken=not owns_topic(monitor, deployed))
    statements = members.policy(monitor, deployed)
    document = json.dumps(members.merged_policy(monitor, deployed))
    put = partial(
        services.change,
        services.sns,
        "SetTopicAttributes",
        TopicArn=arn,
        AttributeName="Policy",
        AttributeValue=document,
    )
    if found is None:
        yield Step("create", POLICY, monitor.topic, statements, action=put)
    else:
        yield _changed(POLICY, monitor.topic, statements, put)


def _subscriptions(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    arn, found = monitor.topic_arn(deployed.region, deployed.account), deployed.topic
    there = {(one.protocol, one.endpoint): one for one in (found.subscribers if found else ())}
    for one in wanted.subscriptions(monitor):
        known = there.pop((one.protocol, one.endpoint), None)
        name = f"{one.protocol} {one.endpoint}"
        if known is None:
            action = partial(subscribe, one, arn, services)
            yield Step("create", SUBSCRIPTION, name, why=_WAITS[one.protocol], action=action)
        else:
            why = "It waits for its confirmation; nothing is delivered until then." if known.pending else ""
            yield Step("keep", SUBSCRIPTION, name, why=why)
    if not monitor.owns_topic:
        return
    for other in there.values():
        why = "The monitor does not name it."
        if other.pending:
            yield Step("keep", SUBSCRIPTION, other.name, why=f"{why} It waits for its confirmation, and ends without.")
            continue
        question = (
            f"Is {other.name} to be told no longer? Whether rejectkit or somebody else subscribed it is not known."
        )
        end = partial(services.remove, services.sns, "Unsubscribe", SubscriptionArn=other.arn)
        yield Step("ask", SUBSCRIPTION, other.name, why=why, question=question, action=end)


def _filter(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    name, found = monitor.filter_name, deployed.filter_named(monitor.filter_name)
    params = wanted.filter_params(monitor)
    if params is not None:
        differing, why = members.metric_filter(monitor, deployed), elsewhere_told(monitor, deployed)
        put = partial(services.change, services.logs, "PutMetricFilter", **params)
        if found is None:
            yield Step("create", FILTER, name, differing, why, action=put)
        else:
            taken = whose_filter(monitor, deployed) != "ours"
            yield _changed(FILTER, name, differing, put, why, taken=taken)
    if not owns_alarm(monitor, deployed):
        return
    for other in deployed.filters:
        metric = members.metric_of(other)
        if metric != (monitor.namespace, monitor.metric_name) and not watches(deployed, metric):
            continue
        delete = partial(
            services.remove,
            services.logs,
            "DeleteMetricFilter",
            logGroupName=monitor.log_group,
            filterName=other["filterName"],
        )
        if other["filterName"] != name:
            why = f"It counts into {'/'.join(metric)} too, so a line that both match counts twice."
            question = f"Is the metric filter '{other['filterName']}' to be deleted?"
            yield Step("ask", FILTER, other["filterName"], why=why, question=question, action=delete)
        elif params is None and watches(deployed, metric):
            lost = fields(members.told_filter(other), {})
            yield Step("remove", FILTER, name, lost, "A log alarm needs none.", action=delete)


def _alarm(monitor: Monitor, deployed: Deployed, services: Services) -> Iterator[Step]:
    name, found, kind = monitor.alarm_name, deployed.alarm, members.alarm_kind(monitor)
    arn = monitor.topic_arn(deployed.region, deployed.account)
    params = wanted.alarm_params(monitor, arn)
    put = partial(services.change, services.cloudwatch, wanted.alarm_operation(monitor))
    configured, taken = members.alarm(monitor, deployed), found is not None and not owns_alarm(monitor, deployed)
    if found is not None and found.kind != kind:
        delete = partial(services.remove, services.cloudwatch, "DeleteAlarms", AlarmNames=[name])
        why = f"A {kind} of the same name takes its place." + (_TAKEN if taken else "")
        yield Step("remove", found.kind, name, fields(members.told_alarm(found.told), {}), why, action=delete)
    if found is None or found.kind != kind:
        differing = (*configured, *members.tags(monitor, {}))
        yield Step("create", kind, name, differing, action=partial(put, **params))
        return
    tagged = members.tags(monitor, found.tags)

    def settle() -> None:
        if configured:
            put(**{key: value for key, value in params.items() if key != "Tags"})
        if tagged:
            given = {"ResourceARN": found.told["AlarmArn"], "Tags": wanted.tag_list(monitor)}
            services.change(services.cloudwatch, "TagResource", **given)

    yield _changed(kind, name, (*configured, *tagged), settle, taken=taken)


_TAKEN = " It was somebody else's, and is taken over."


def _changed(
    kind: str,
    name: str,
    differing: tuple[Field, ...],
    action: Callable[[], object],
    why: str = "",
    *,
    taken: bool = False,
) -> Step:
    """Return the step for a thing that is there: a change, or none."""
    why = (why + _TAKEN if taken else why).strip()
    return Step("change", kind, name, differing, why, action=action) if differing else Step("keep", kind, name, why=why)
