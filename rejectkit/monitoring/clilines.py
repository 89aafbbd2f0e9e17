"""The AWS CLI lines of a Monitor, for a POSIX shell."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

from rejectkit.monitoring import wanted
from rejectkit.monitoring.monitor import Monitor

_TOPIC: Final = "\ue000topic\ue001"
_ALARM: Final = "\ue000alarm\ue001"
_ACCOUNT: Final = "\ue000account\ue001"
_MARK = re.compile("\ue000([a-z]+)\ue001")
_PARTS = {"partition": 2, "region": 4, "account": 5}
# Options whose names are not those of the API's parameters. Source: AWS CLI reference, "subscribe".
_OPTIONS = {"sns subscribe": {"Endpoint": "--notification-endpoint"}}
_MARKED = ("TopicArn", "AttributeValue", "OKActions", "AlarmActions")  # no free text of the monitor is in these
_READ_AS_FILE = ("file://", "fileb://", "http://", "https://")
_READ_AS_IT_IS = ("--notification-endpoint",)


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
    there = f"aws logs describe-log-streams --log-group-name {_word(monitor.log_group)} --limit 1 >/dev/null 2>&1"
    found = [f"{there} ||\n{_indented(_line('logs', 'create-log-group', params))}"]
    if retention is not None:
        found.append(_line("logs", "put-retention-policy", retention))
    return found


def _topic(monitor: Monitor) -> list[str]:
    params = wanted.topic_params(monitor)
    if params is None:
        return [f"topic={_word(monitor.topic)}"]
    made = _line("sns", "create-topic", params, "--query TopicArn --output text")
    parts = "\n".join(f'{name}=$(printf %s "$topic" | cut -d: -f{at})' for name, at in _PARTS.items())
    alarm = f"alarm=arn:$partition:cloudwatch:$region:$account:alarm:{_word(monitor.alarm_name)}"
    policy = wanted.topic_policy(monitor, _TOPIC, account=_ACCOUNT, alarm_arn=_ALARM)
    attribute = {"TopicArn": _TOPIC, "AttributeName": "Policy", "AttributeValue": policy}
    return [f"topic=$({made})", f"{parts}\n{alarm}", _line("sns", "set-topic-attributes", attribute)]


def _filter(monitor: Monitor) -> list[str]:
    params = wanted.filter_params(monitor)
    return [] if params is None else [_line("logs", "put-metric-filter", params)]


def _alarm(monitor: Monitor) -> str:
    params = wanted.alarm_params(monitor, _TOPIC)
    command = "put-log-alarm" if wanted.alarm_operation(monitor) == "PutLogAlarm" else "put-metric-alarm"
    return _line("cloudwatch", command, {name: value for name, value in params.items() if value not in ([], "")})


def _subscriptions(monitor: Monitor) -> list[str]:
    return [_line("sns", "subscribe", wanted.subscription_params(one, _TOPIC)) for one in wanted.subscriptions(monitor)]


def _line(service: str, command: str, params: Mapping[str, Any], more: str = "") -> str:
    """Return one call of the CLI; where it would read a value as a file's or a page's address, all as JSON."""
    names = _OPTIONS.get(f"{service} {command}", {})
    options = {name: names.get(name, _option(name)) for name in params}
    words = [f"aws {service} {command}"]
    if any(_taken_for_file(options[name], value) for name, value in params.items()):
        members = (f"{_json(name)}: {_json(value)}" for name, value in params.items())
        parts = (_word(text, name) for name, text in zip(params, members, strict=True))
        words.append("--cli-input-json '{'" + "', '".join(parts) + "'}'")
    else:
        words += [_given(options[name], value, name) for name, value in params.items()]
    return " \\\n  ".join([*words, more] if more else words)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _option(name: str) -> str:
    """Return the option of a parameter: --alarm-name of AlarmName, --ok-actions of OKActions."""
    return "--" + re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def _taken_for_file(option: str, value: object) -> bool:
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return option not in _READ_AS_IT_IS and any(
        isinstance(text, str) and text.startswith(_READ_AS_FILE) for text in texts
    )


def _given(option: str, value: object, name: str) -> str:
    if isinstance(value, bool):
        return option if value else option.replace("--", "--no-", 1)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join([option, *(_word(one, name) for one in value)])
    text = (
        _json(value)
        if isinstance(value, list | Mapping)
        else repr(value).removesuffix(".0")
        if isinstance(value, float)
        else value
    )
    joint = "=" if str(text).startswith("-") else " "
    return f"{option}{joint}{_word(str(text), name)}"


def _word(text: str, name: str = "") -> str:
    """Return a text as a shell reads it back; in parameters that have them, marks become the shell's variables."""
    if name not in _MARKED:
        return shlex.quote(text)
    parts = _MARK.split(text)
    return "".join(f'"${part}"' if at % 2 else shlex.quote(part) if part else "" for at, part in enumerate(parts))


def _indented(lines: str) -> str:
    return "\n".join(f"  {line}" for line in lines.split("\n"))
