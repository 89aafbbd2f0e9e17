"""health: whether an alert's wiring, from the flow log to whoever is told, is such that it works."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from rejectkit.errors import AccessDeniedError
from rejectkit.findings import Finding
from rejectkit.monitoring.monitor import Monitor
from rejectkit.monitoring.wiring.alarm import alarm_checks
from rejectkit.monitoring.wiring.filters import filter_checks, flow_log_checks, group_checks, metric_checks
from rejectkit.monitoring.wiring.logalarm import log_alarm_checks
from rejectkit.monitoring.wiring.reading import read
from rejectkit.monitoring.wiring.topic import action_checks, topic_checks
from rejectkit.monitoring.wiring.values import Wiring
from rejectkit.pacing import Budget

_RANK: Final = {"warning": 0, "notice": 1, "info": 2}
_CHECKS: Final = (
    flow_log_checks,
    group_checks,
    filter_checks,
    metric_checks,
    alarm_checks,
    log_alarm_checks,
    action_checks,
    topic_checks,
)

# What cannot be told without an action, and whose resource a policy names for it.
_UNTOLD: Final = {
    "ec2:DescribeFlowLogs": ("whether a flow log delivers into the log group, and in which format", "*"),
    "logs:DescribeLogGroups": ("whether the log group exists, and its class", "*"),
    "logs:DescribeMetricFilters": ("whether the metric filter is there, and is what the monitor says", "groups"),
    "logs:FilterLogEvents": ("whether the pattern matches the lines that come", "group"),
    "cloudwatch:DescribeAlarms": ("whether the alarm is there, its rule, its state and whom it tells", "*"),
    "cloudwatch:DescribeAlarmHistory": ("whether its last notices went through", "alarm"),
    "cloudwatch:GetMetricData": ("whether the metric has data", "*"),
    "cloudwatch:ListAlarmMuteRules": ("whether the alarm is muted", "*"),
    "sns:GetTopicAttributes": ("whether the topic exists, its policy and its key", "topic"),
    "sns:ListSubscriptionsByTopic": ("who is subscribed, and whether that is confirmed", "topic"),
    "sns:GetSubscriptionAttributes": ("whether a subscription keeps notices back", "*"),
    "kms:DescribeKey": ("whether the topic's key is there and enabled", "*"),
    "kms:GetKeyPolicy": ("whether CloudWatch may use the topic's key", "*"),
    "sqs:GetQueueUrl": ("whether a queue that is subscribed exists", "*"),
    "sqs:GetQueueAttributes": ("whether a queue that is subscribed lets the topic send", "*"),
    "lambda:GetPolicy": ("whether a function that is subscribed lets SNS invoke it", "*"),
    "iam:GetRole": ("whether the role of the log alarm exists", "*"),
}


def health(monitor: Monitor, session: Any, *, region: str | None = None, budget: Budget | None = None) -> list[Finding]:
    """Return what is amiss with the wiring of a monitor's alert as it is deployed, what matters most first.

    Looked at, from end to end: the flow log and its delivery, the log group and its class, the metric filter, its
    pattern against the format and recent lines, the metric, the alarm's metric, rule, state, mutes and actions, the
    topic, its policy and its key, the subscriptions and the queues and functions behind them; of a log alarm, its
    query and roles. Nothing is changed, and no query is paid for.

    Parameters
    ----------
    monitor : Monitor
        What was deployed, and is held against what there is.
    session : boto3.Session
        The account.
    region : str, optional
        The region of log group, alarm and topic; the session's where it is left out.
    budget : Budget, optional
        Of calls; the session's where it is left out.

    Returns
    -------
    list of Finding
        Each says what, why it matters, and the call that mends it. Empty where all is well. A call that is not
        permitted is a finding that names the action, and what it answers is taken as well; TestMetricFilter alone is
        passed over, since recent lines are judged by our engine too.

    Raises
    ------
    AwsError
        If there are no credentials or no region, or AWS does not answer.

    Notes
    -----
    A rule that asks for less time than datapoints take to come, as the recipe's 60 s and 1 of 1 does, is a notice:
    wired well, and yet rejects can be missed. That an e-mail arrives nobody can see from here. An endpoint that tells
    of no mute rules is taken to have none.

    Examples
    --------
    >>> import rejectkit as rk
    >>> with rk.sandbox.start(scenario=None) as sandbox:
    ...     found = health(rk.Monitor(log_group="vpc"), sandbox.session)
    >>> found[1].sentence
    'The log group vpc does not exist in eu-west-1: nothing is recorded, and its metric filters went with it.'
    """
    denied: list[AccessDeniedError] = []
    wiring = read(monitor, session, region, budget, denied)
    found = list(dict.fromkeys(chain.from_iterable(check(wiring) for check in _CHECKS)))
    found += _denials(wiring, denied, found)
    return sorted(found, key=lambda one: _RANK[one.severity])


def _denials(wiring: Wiring, denied: Sequence[AccessDeniedError], found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield one finding for each action that is not permitted, but for those that the doctor has told of."""
    monitor, told = wiring.monitor, {one.sentence.partition(" ")[0] for one in found}
    arn = monitor.log_group_arn(wiring.region, wiring.account)
    resources: dict[str, Any] = {
        "*": "*",
        "group": [f"{arn}:*"],
        "groups": [f"{arn.partition(':log-group:')[0]}:log-group:*"],
        "alarm": [monitor.alarm_arn(wiring.region, wiring.account)],
        "topic": [wiring.topic_arn],
    }
    for action in dict.fromkeys(error.action for error in denied):
        if action in told:
            continue
        untold, resource = _UNTOLD.get(action, ("what it answers", "*"))
        statement = json.dumps({"Effect": "Allow", "Action": action, "Resource": resources[resource]})
        sentence = f"{action} is not permitted, so it cannot be told {untold}."
        yield Finding(sentence, "warning", mend=f"Give whoever asks a policy with the statement {statement}.")
