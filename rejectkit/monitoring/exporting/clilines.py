"""The AWS CLI lines of a Monitor, for a POSIX shell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.monitor import Monitor
from rejectkit.plans.quoting import command, variable, word

_TOPIC: Final = variable("topic")
_ALARM: Final = variable("alarm")
_ACCOUNT: Final = variable("account")
_PARTS = {"partition": 2, "region": 4, "account": 5}
# Options whose names are not those of the API's parameters. Source: AWS CLI reference, "subscribe".
_OPTIONS = {"sns subscribe": {"Endpoint": "--notification-endpoint"}}
_MARKED = ("TopicArn", "AttributeValue", "OKActions", "AlarmActions")  # no free text of the monitor is in these


def cli(monitor: Monitor) -> str:
    r"""Return the AWS CLI lines that make what a monitor wants.

    They can be run again: what is there already is left, or put again as it is. Region, account and credentials are
    those of the CLI's environment. Every text of the monitor is quoted.

    Parameters
    ----------
    monitor : Monitor
        The alert, of either design.

    Returns
    -------
    str
        A script for a POSIX shell, one call of the CLI a line or a few lines.

    Notes
    -----
    Lines look at names, not at owners: an alarm of the same name that is somebody else's would be replaced, which
    `plan` refuses. Tags are set on what is made, and not on what is there. Source: AWS CLI reference.

    Examples
    --------
    >>> from rejectkit.monitoring import Monitor
    >>> print(cli(Monitor(log_group="vpc-flow-logs")))  # doctest: +ELLIPSIS
    #!/bin/sh
    set -eu
    <BLANKLINE>
    topic=$(aws sns create-topic \
      --name vpc-rejects \
    ...
    """
    blocks = [*_log_group(monitor), *_topic(monitor), *_subscriptions(monitor), *_filter(monitor), _alarm(monitor)]
    return "\n\n".join(["#!/bin/sh\nset -eu", *blocks]) + "\n"


def _log_group(monitor: Monitor) -> list[str]:
    params, retention = wanted.log_group_params(monitor), wanted.retention_params(monitor)
    if params is None:
        return []
    there = f"aws logs describe-log-streams --log-group-name {word(monitor.log_group)} --limit 1 >/dev/null 2>&1"
    found = [f"{there} ||\n{_indented(_line('logs', 'create-log-group', params))}"]
    if retention is not None:
        found.append(_line("logs", "put-retention-policy", retention))
    return found


def _topic(monitor: Monitor) -> list[str]:
    params = wanted.topic_params(monitor)
    if params is None:
        return [f"topic={word(monitor.topic)}"]
    made = _line("sns", "create-topic", params, "--query TopicArn --output text")
    parts = "\n".join(f'{name}=$(printf %s "$topic" | cut -d: -f{at})' for name, at in _PARTS.items())
    alarm = f"alarm=arn:$partition:cloudwatch:$region:$account:alarm:{word(monitor.alarm_name)}"
    policy = wanted.topic_policy(monitor, _TOPIC, account=_ACCOUNT, alarm_arn=_ALARM)
    attribute = {"TopicArn": _TOPIC, "AttributeName": "Policy", "AttributeValue": policy}
    return [f"topic=$({made})", f"{parts}\n{alarm}", _line("sns", "set-topic-attributes", attribute)]


def _filter(monitor: Monitor) -> list[str]:
    params = wanted.filter_params(monitor)
    return [] if params is None else [_line("logs", "put-metric-filter", params)]


def _alarm(monitor: Monitor) -> str:
    params = wanted.alarm_params(monitor, _TOPIC)
    name = "put-log-alarm" if wanted.alarm_operation(monitor) == "PutLogAlarm" else "put-metric-alarm"
    return _line("cloudwatch", name, {key: value for key, value in params.items() if value not in ([], "")})


def _subscriptions(monitor: Monitor) -> list[str]:
    return [_line("sns", "subscribe", wanted.subscription_params(one, _TOPIC)) for one in wanted.subscriptions(monitor)]


def _line(service: str, name: str, params: Mapping[str, Any], more: str = "") -> str:
    return command(service, name, params, more, options=_OPTIONS.get(f"{service} {name}"), marked=_MARKED)


def _indented(lines: str) -> str:
    return "\n".join(f"  {line}" for line in lines.split("\n"))
