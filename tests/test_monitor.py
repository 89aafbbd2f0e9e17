"""Monitor: one value that is checked, kept, changed and shown; and the choices it is narrowed by."""

from __future__ import annotations

import json
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rejectkit as rk
from rejectkit.errors import ArgumentError, PatternError
from rejectkit.monitoring import PRIVATE, AlarmRule, Choices, FilterPattern, Monitor, compared
from rejectkit.monitoring.choices import NEVER
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.limits import RETENTION
from rejectkit.records import LogFormat
from tests import recipe

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/queries"
LOG_ALARM: dict[str, Any] = {"design": "log-alarm", "query_role": ROLE}
CUSTOM = LogFormat.parse("${version} ${srcaddr} ${dstport} ${action} ${start} ${end} ${flow-direction} ${log-status}")


def test_the_defaults_are_the_recipe() -> None:
    """A monitor of nothing but a log group is the recipe: its pattern letter by letter, its metric, rule and names."""
    monitor = Monitor(log_group=recipe.GROUP)
    assert monitor.pattern == FilterPattern(recipe.PATTERN)
    assert (monitor.namespace, monitor.metric_name) == ("VPCFlowLogs", "RejectPackets")
    assert (monitor.alarm_name, monitor.topic) == (recipe.ALARM, recipe.TOPIC)
    assert str(monitor.rule) == "Sum of 60 s > 0, 1 of 1, missing data: notBreaching"
    assert monitor.design == "metric-filter"
    assert monitor.owns_topic


def test_a_monitor_is_a_value() -> None:
    """It is frozen, equal to its like, usable as a key, picklable, and takes names only."""
    monitor = Monitor(log_group="g", tags={"team": "net"})
    with pytest.raises(FrozenInstanceError):
        monitor.log_group = "h"  # type: ignore[misc]
    assert {monitor: 1}[Monitor(log_group="g", tags={"team": "net"})] == 1
    assert monitor != Monitor(log_group="g")
    assert pickle.loads(pickle.dumps(monitor)) == monitor
    with pytest.raises(TypeError, match="positional"):
        Monitor("g")  # type: ignore[misc]


def test_the_tags_are_the_monitors_own() -> None:
    """Changing the mapping that was given changes no monitor."""
    given_tags = {"team": "net"}
    monitor = Monitor(log_group="g", tags=given_tags)
    given_tags["team"] = "other"
    assert monitor.tags == {"team": "net"}


def test_lists_are_kept_as_tuples_once_each() -> None:
    """A list, a text alone and doubles are all the same tuple in the end."""
    assert Monitor(log_group="g", emails=["a@b.org", "a@b.org"]).emails == ("a@b.org",)
    assert Monitor(log_group="g", emails="a@b.org").emails == ("a@b.org",)


@pytest.mark.parametrize(
    "values",
    [
        {"log_group": "a/b_c-d.e#F9" + "x" * 500},
        {"filter_name": "f" * 512},
        {"filter_name": "$ a 'b' ü"},
        {"namespace": "n" * 255},
        {"metric_name": "m" * 255},
        {"alarm_name": "Käse 1/2 = 3 + 4 @ 5_6.7:8-9"},
        {"alarm_name": "a" * 255},
        {"description": "d" * 1024},
        {"description": ""},
        {"topic": "t" * 256},
        {"topic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:mine"},
        {"topic": f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:mine"},
        {"topic": f"arn:aws-us-gov:sns:us-gov-west-1:{ACCOUNT}:mine"},
        {"emails": ["o'brien+x@mail.example.co.uk"]},
        {"queues": [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"]},
        {"urls": ["https://user:word@hooks.example.org:8443/x?y=z"]},
        {"functions": [f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f:prod"]},
        {"actions": [f"arn:aws:ssm:eu-west-1:{ACCOUNT}:opsitem:2"] * 1},
        {"actions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:t{n}" for n in range(4)]},
        {"tags": {f"k{n}": "v" for n in range(49)}},
        {"tags": {"k" * 128: "v" * 256}},
        *({"create_log_group": True, "retention_days": days} for days in RETENTION),
        {"rule": AlarmRule(period=300, evaluation_periods=3)},
        LOG_ALARM | {"rule": AlarmRule(period=300, evaluation_periods=100), "log_lines": 50, "lines_role": ROLE},
        LOG_ALARM | {"delay": 0},
        LOG_ALARM | {"query": "x" * 10_000},
    ],
)
def test_what_aws_takes_is_taken(values: dict[str, Any]) -> None:
    """Values at AWS's limits make a monitor."""
    assert Monitor(**{"log_group": "g"} | values)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"log_group": ""}, r"log_group is ''; a log group's name has 1 to 512 letters"),
        ({"log_group": "x" * 513}, "log_group is 'x.*1 to 512"),
        ({"log_group": "a b"}, "log_group is 'a b'"),
        ({"log_group": 5}, "log_group is 5"),
        ({"log_group": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:g"}, "log_group is the ARN .*give its name"),
        ({"log_group": "aws/x", "create_log_group": True}, "log_group is 'aws/x'.*are AWS's: take another"),
        ({"filter_name": "f" * 513}, "filter_name has 513 characters; it has 1 to 512"),
        ({"filter_name": ""}, "filter_name has 0 characters"),
        ({"filter_name": "a:b*"}, r"filter_name is 'a:b\*'; CloudWatch takes no : and no \* in it: leave it out"),
        ({"filter_name": "a\nb"}, r"filter_name is 'a\\nb'; it has a control character"),
        ({"namespace": "n" * 256}, "namespace has 256 characters; it has 1 to 255"),
        ({"namespace": "a$"}, r"namespace is 'a\$'; CloudWatch takes no \$"),
        ({"namespace": "AWS/Logs"}, "namespace is 'AWS/Logs'; those that begin with AWS/ are AWS's: take another"),
        ({"namespace": " "}, "namespace is ' ', which is blank; give a name"),
        ({"metric_name": "m" * 256}, "metric_name has 256 characters"),
        ({"metric_name": "a:b"}, "metric_name is 'a:b'; CloudWatch takes no :"),
        ({"metric_name": None}, "metric_name is None; give a text"),
        ({"alarm_name": "a" * 256}, "alarm_name has 256 characters"),
        ({"alarm_name": "a(b)"}, r"alarm_name is 'a\(b\)'; a tag has letters, .* leave '\(' out"),
        ({"description": "d" * 1025}, "description has 1,025 characters; it has at most 1,024"),
        ({"topic": "a.fifo"}, r"topic is 'a.fifo' \(an alarm takes no FIFO topic\); give a name of 1 to 256"),
        ({"topic": "t" * 257}, "topic is 't.*1 to 256 letters"),
        ({"topic": ""}, "topic is ''; give a name"),
        ({"topic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:x.fifo"}, "topic is .*no FIFO topic"),
        (
            {"topic": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:x"},
            "topic is .*give the ARN of a topic, for example arn:aws:sns:",
        ),
        ({"topic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:x:sub"}, "topic is .*give the ARN of a topic"),
        ({"topic": "arn:aws:sns:eu-west-1:1:x"}, "topic is .*give the ARN of a topic"),
        ({"topic": f"arn:aws:sns:cn-north-1:{ACCOUNT}:x"}, "region cn-north-1 is in the partition aws-cn, not aws"),
        ({"topic": f"arn:aws-cn:sns:eu-west-1:{ACCOUNT}:x"}, "region eu-west-1 is in the partition aws, not aws-cn"),
        ({"topic": f"arn:aws-us-gov:sns:us-east-1:{ACCOUNT}:x"}, "in the partition aws, not aws-us-gov"),
        ({"emails": ["ops"]}, "emails is 'ops'; give one e-mail address, for example ops@example.org"),
        ({"emails": ["a@b.org, c@d.org"]}, "emails is 'a@b.org, c@d.org'"),
        ({"emails": [7]}, "emails is 7"),
        ({"emails": 7}, "emails is 7; give a list of texts"),
        ({"queues": ["q"]}, "queues is 'q'; give the ARN of a queue, for example arn:aws:sqs"),
        ({"queues": [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q.fifo"]}, "queues is .*no FIFO queue"),
        ({"urls": ["http://example.org"]}, "urls is 'http://example.org'; give an https URL"),
        ({"urls": ["https://"]}, "urls is 'https://'"),
        ({"urls": ["https://[x"]}, r"urls is 'https://\[x'"),
        ({"functions": [f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:f"]}, "functions is .*give the ARN of a function"),
        ({"actions": ["x"]}, "actions is 'x'; give an ARN"),
        (
            {"actions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:t{n}" for n in range(5)]},
            "actions has 5 ARNs; .*give 4 or fewer",
        ),
        (
            {"topic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", "actions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"]},
            "actions has .*which is the topic already: leave it out",
        ),
        (
            {"topic": f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", "actions": [f"arn:aws:sns:us-east-1:{ACCOUNT}:t"]},
            "name the regions eu-west-1 and us-east-1; an alarm acts in one region: give ARNs of one",
        ),
        (
            {
                "queues": [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"],
                "functions": [f"arn:aws-cn:lambda:cn-north-1:{ACCOUNT}:function:f"],
            },
            "name the partitions aws and aws-cn; an alarm acts in one partition",
        ),
        (
            {"tags": {f"k{n}": "v" for n in range(50)}},
            "tags has 50 tags; AWS takes 50, one of them rejectkit:monitor: leave 1",
        ),
        ({"tags": {"aws:x": "v"}}, "tags has the key 'aws:x', which AWS keeps for itself; take another"),
        ({"tags": {"rejectkit:monitor": "v"}}, "which rejectkit keeps for itself"),
        ({"tags": {"k": 5}}, "tags has 'k': 5; keys and values of tags are texts"),
        ({"tags": {"": "v"}}, "tags has '': 'v'; a key has 1 to 128 characters"),
        ({"tags": {"k": "v" * 257}}, "a value at most 256"),
        ({"tags": {"k": "<b>"}}, r"tags\['k'\] is '<b>'; a tag has letters.*leave '<' out"),
        ({"tags": [("k", "v")]}, "tags is .*give a mapping"),
        ({"create_log_group": True, "retention_days": 8}, "retention_days is 8; it is None or one of 1, 3, 5, 7"),
        ({"create_log_group": True, "retention_days": True}, "retention_days is True"),
        (
            {"retention_days": 7},
            "retention_days is 7, but the log group is not ours to change; .*create_log_group=True",
        ),
        ({"create_log_group": "yes"}, "create_log_group is 'yes'; it is True or False"),
        ({"notify_ok": 1}, "notify_ok is 1; it is True or False"),
        ({"rule": "1 of 1"}, "rule is '1 of 1'; give a value of AlarmRule"),
        ({"log_format": "${action}"}, "log_format is .*give a value of LogFormat"),
        ({"choices": {}}, "choices is {}; give a value of Choices"),
        ({"design": "logs"}, "design is 'logs'; it is 'metric-filter' or 'log-alarm'"),
        (
            {"rule": AlarmRule(period=10)},
            "rule.period is 10 s; a filter's metric has one value a minute: take 60 or more",
        ),
        ({"query": "fields @message"}, "query is for the design 'log-alarm' only"),
        ({"query_role": ROLE}, "query_role is for the design 'log-alarm' only"),
        ({"log_lines": 3}, "log_lines is for the design 'log-alarm' only"),
        ({"design": "log-alarm"}, "query_role is missing; a log alarm needs the ARN of the role that runs its query"),
        (
            LOG_ALARM | {"query_role": "queries"},
            "query_role is 'queries'; give the ARN of a role, for example arn:aws:iam::",
        ),
        (LOG_ALARM | {"log_lines": 3}, "lines_role is missing; log_lines need the ARN of the role that reads them"),
        (LOG_ALARM | {"log_lines": 51, "lines_role": ROLE}, "log_lines is 51; it is a whole number from 0 to 50"),
        (LOG_ALARM | {"delay": -1}, "delay is -1; it is a whole number from 0 to 2,591,940"),
        (LOG_ALARM | {"rule": AlarmRule(statistic="Average")}, "rule.statistic is 'Average'; .*take Sum"),
        (
            LOG_ALARM | {"rule": AlarmRule(period=30)},
            "rule.period is 30 s; a log alarm's query runs every full minutes",
        ),
        (
            LOG_ALARM | {"rule": AlarmRule(evaluation_periods=101)},
            "rule.evaluation_periods is 101; a log alarm judges 100",
        ),
        (LOG_ALARM | {"pattern": recipe.PATTERN}, "query is missing; from a pattern of one's own none is generated"),
        (LOG_ALARM | {"query": " "}, "query is ' '; give the text of a query"),
        (LOG_ALARM | {"query": "x" * 10_001}, "query has 10,001 characters; a log alarm takes 10,000: shorten it"),
        (
            LOG_ALARM | {"actions": [f"arn:aws:ec2:eu-west-1:{ACCOUNT}:x"]},
            "a log alarm's actions are of SNS, Lambda or SSM",
        ),
    ],
)
def test_what_aws_refuses_is_refused_at_once(values: dict[str, Any], text: str) -> None:
    """The error says the field, the value, and what to give in its place."""
    with pytest.raises(ArgumentError, match=text):
        Monitor(**{"log_group": "g"} | values)


def test_a_bad_pattern_is_a_pattern_error() -> None:
    """A pattern that CloudWatch Logs would refuse is refused in its words."""
    with pytest.raises(PatternError, match="Duplicate field 'a'"):
        Monitor(log_group="g", pattern="[a, a]")  # type: ignore[arg-type]


def test_a_pattern_is_generated_for_the_format_and_the_choices() -> None:
    """It tests the columns of the format; Monitor.changed generates it anew, and a pattern of one's own stays."""
    monitor = Monitor(log_group="g", log_format=CUSTOM, choices=Choices(ports=(22,), direction="ingress"))
    line = "5 10.0.0.9 22 REJECT 1795422240 1795422250 ingress OK"
    assert monitor.pattern.matches(line)
    assert not monitor.pattern.matches(line.replace("22 R", "23 R"))
    assert not monitor.pattern.matches(line.replace("ingress", "egress"))
    wider = monitor.changed(choices=Choices())
    assert wider.pattern.matches(line.replace("ingress", "egress"))
    assert monitor.changed(alarm_name="b").pattern == monitor.pattern
    own = monitor.changed(pattern="REJECT")
    assert (own.pattern.text, own.choices) == ("REJECT", None)
    assert own.changed(alarm_name="b", log_format=LogFormat.default()).pattern.text == "REJECT"
    assert own.changed(choices=Choices(ports=(22,))).pattern.matches(line)


def test_a_pattern_that_went_stale_is_refused() -> None:
    """A plain replace of the format or the choices leaves a pattern that tests other columns: never in silence."""
    monitor = Monitor(log_group="g")
    for values in ({"log_format": CUSTOM}, {"choices": Choices(ports=(22,))}):
        with pytest.raises(ArgumentError, match=r"pattern is .* not what the choices .*\(Monitor.changed generates"):
            replace(monitor, **values)
    assert replace(monitor, alarm_name="b").alarm_name == "b"


def test_an_unknown_name_is_refused_with_the_near_one() -> None:
    """A slip in a name is told with the name that was meant."""
    with pytest.raises(ArgumentError, match="a monitor has no 'alarmname'; did you mean alarm_name"):
        Monitor(log_group="g").changed(alarmname="x")
    with pytest.raises(ArgumentError, match="a monitor has no 'zzz'; it has log_group, "):
        Monitor.from_dict({"log_group": "g", "zzz": 1})
    with pytest.raises(ArgumentError, match="log_group is missing"):
        Monitor.from_dict({})
    with pytest.raises(ArgumentError, match="rule has no 'perod'; it has period"):
        Monitor.from_dict({"log_group": "g", "rule": {"perod": 60}})
    with pytest.raises(ArgumentError, match="choices have no 'port'; they have ports"):
        Monitor.from_dict({"log_group": "g", "choices": {"port": [1]}})


def test_names_that_touch_aws_are_found_on_first_use() -> None:
    """A misspelt name of the module is refused with those there are; plan and teardown are calls, not modules."""
    with pytest.raises(
        AttributeError, match="no name 'plann'; it has AlarmRule, Choices, Delay, EvaluationRange, FilterPattern"
    ):
        rk.monitoring.plann  # noqa: B018  # looking the name up is the point
    assert callable(rk.monitoring.plan)
    assert callable(rk.monitoring.teardown)


def test_arns_are_those_of_the_partition() -> None:
    """Alarm, topic and log group have the partition of the region; a topic that is given has its own."""
    monitor = Monitor(log_group="g")
    assert monitor.topic_arn("cn-north-1", ACCOUNT) == f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:vpc-rejects"
    assert monitor.alarm_arn("us-gov-west-1", ACCOUNT) == (
        f"arn:aws-us-gov:cloudwatch:us-gov-west-1:{ACCOUNT}:alarm:VPCFlowLogs-Rejects"
    )
    assert monitor.log_group_arn("eu-west-1", ACCOUNT) == f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:g"
    there = f"arn:aws:sns:eu-west-1:{ACCOUNT}:mine"
    assert monitor.changed(topic=there).topic_arn("eu-west-1", "999999999999") == there


NAMES = st.text(st.sampled_from("abcXYZ019 _./=+-@é"), min_size=1, max_size=12).filter(str.strip)
MONITORS = st.builds(
    lambda common, special: Monitor(**common, **special),
    st.fixed_dictionaries(
        {
            "log_group": st.text(st.sampled_from("ab/._-#9"), min_size=1),
            "alarm_name": NAMES,
            "filter_name": NAMES,
            "description": st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs"]), max_size=20),
            "topic": st.sampled_from(["t", f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"]),
            "emails": st.lists(st.sampled_from(["a@b.org", "c@d.org"])),
            "tags": st.dictionaries(NAMES, NAMES, max_size=3),
            "notify_ok": st.booleans(),
            "create_log_group": st.booleans(),
            "rule": st.builds(
                AlarmRule,
                period=st.sampled_from([60, 300]),
                evaluation_periods=st.integers(1, 9),
                threshold=st.floats(-1e9, 1e9),
            ),
        }
    ),
    st.one_of(
        st.just({}),
        st.just({"pattern": "REJECT"}),
        st.fixed_dictionaries(
            {
                "log_format": st.sampled_from([CUSTOM, LogFormat.default()]),
                "choices": st.builds(
                    Choices,
                    ports=st.lists(st.integers(0, 65535), max_size=3),
                    inside=st.lists(st.sampled_from(PRIVATE), max_size=2),
                    excluded=st.lists(st.sampled_from(["10.0.5.9", "192.0.2.0/24"]), max_size=2),
                ),
            }
        ),
        st.fixed_dictionaries(
            {"design": st.just("log-alarm"), "query_role": st.just(ROLE), "delay": st.integers(0, 900)}
        ),
    ),
)


@settings(max_examples=100, deadline=None)
@given(MONITORS)
def test_a_monitor_comes_back_from_json(monitor: Monitor) -> None:
    """from_dict(to_dict) through JSON is the same monitor, also after a change."""
    back = Monitor.from_dict(json.loads(json.dumps(monitor.to_dict())))
    assert back == monitor
    assert back.pattern == monitor.pattern
    assert list(monitor.to_dict()) == [one.name for one in fields(Monitor)]
    assert monitor.changed() == monitor


def test_hostile_text_is_shown_and_escaped() -> None:
    """What a form gave is text in the table, never markup."""
    monitor = Monitor(log_group="g", filter_name="<script>alert(1)</script>", pattern='?"<img src=x>"')  # type: ignore[arg-type]
    html = monitor._repr_html_()
    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "filter:    <script>alert(1)</script>" in str(monitor)


def test_a_monitor_shows_what_it_is() -> None:
    """Its text has a line for each thing that says something, and no other."""
    text = str(Monitor(log_group="g", emails=["a@b.org"]))
    assert text.splitlines()[0] == "design:    metric-filter"
    assert "tells:     a@b.org" in text
    assert "tags:      rejectkit:monitor=VPCFlowLogs-Rejects" in text
    told = str(Monitor(log_group="g", create_log_group=True, topic=f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", **LOG_ALARM))
    assert "log group: g (made)" in told
    assert "topic:     arn:aws:sns:eu-west-1:123456789012:t (there already)" in told
    assert "filter:" not in told
    assert "tells:" not in told


# --- choices


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"ports": (65536,)}, "ports has 65536; a port is a whole number from 0 to 65535"),
        ({"ports": (True,)}, "ports has True"),
        ({"ports": ("22",)}, "ports has '22'"),
        ({"ports": "22"}, "ports is '22'; give a list"),
        ({"direction": "in"}, "direction is 'in'; it is 'ingress', 'egress' or None for both"),
        ({"inside": ("10.0.0.1/8",)}, r"inside has '10.0.0.1/8'; give an address or a network in CIDR notation"),
        ({"excluded": ("10.0.*",)}, r"excluded has '10.0.\*'; give an address or a network"),
        ({"excluded": (5,)}, "excluded has 5"),
    ],
)
def test_choices_are_checked(values: dict[str, Any], text: str) -> None:
    """The error says the field, the value, and what to give in its place."""
    with pytest.raises(ArgumentError, match=text):
        Choices(**values)


def test_single_choices_are_lists_of_one() -> None:
    """A port or a network alone, doubles and a network of one address are written the plain way."""
    assert Choices(ports=22, inside="10.0.0.0/8") == Choices(ports=(22, 22), inside=["10.0.0.0/8"])  # type: ignore[arg-type]
    assert Choices(excluded=("10.0.0.9/32",)).excluded == ("10.0.0.9",)


@pytest.mark.parametrize(
    ("choices", "texts"),
    [
        (Choices(), []),
        (Choices(ports=(22, 3389), inside=PRIVATE, excluded=("10.0.5.9",)), []),
        (Choices(inside=("10.0.0.0/20",)), []),
        (Choices(inside=("10.0.0.0/19",)), ["srcAddr is given the network '10.0.0.0/19'; .*would be 32"]),
        (Choices(excluded=("2001:db8::/32",)), ["IPv6 addresses are shortened in a line"]),
        (
            Choices(direction="egress", excluded=("10.0.0.0/27", "10.0.0.9", "::/8")),
            [
                "10.0.0.0/27",
                "'::/8'.*IPv6",
                r"does not tell its direction, so direction='egress' cannot .*flow-direction",
            ],
        ),
        (Choices(ports=tuple(range(99))), ["the pattern would have .* characters at least, .*1,024"]),
    ],
)
def test_what_the_pattern_language_cannot_say_is_told(choices: Choices, texts: list[str]) -> None:
    """Each choice that a pattern cannot say is a sentence with its mend; a monitor of it is refused with them all."""
    told = choices.unsaid(LogFormat.default())
    assert len(told) == len(texts)
    for text in texts:
        with pytest.raises(ArgumentError, match=text):
            raise ArgumentError(" ".join(told))
        with pytest.raises(ArgumentError, match=text):
            Monitor(log_group="g", choices=choices)
    assert all(sentence.endswith(".") for sentence in (*told, *NEVER))


ADDRESSES = st.sampled_from(
    ["10.0.5.9", "10.0.5.8", "10.9.0.1", "172.16.3.3", "192.0.2.7", "198.51.100.7", "11.0.0.1", "2001:db8::1"]
)
NETWORKS = st.sampled_from(
    ["10.0.0.0/8", "10.0.5.0/24", "10.0.5.9", "172.16.0.0/12", "192.0.2.0/24", "198.51.100.0/22", "2001:db8::1"]
)


@settings(max_examples=30, deadline=None)
@given(
    choices=st.builds(
        Choices,
        ports=st.lists(st.sampled_from([22, 80, 3389]), max_size=2),
        direction=st.sampled_from([None, "ingress", "egress"]),
        inside=st.lists(NETWORKS, max_size=2),
        excluded=st.lists(NETWORKS, max_size=2),
    ),
    rows=st.lists(
        st.tuples(
            ADDRESSES,
            st.sampled_from([22, 80, 3389, 443]),
            st.sampled_from(["REJECT", "ACCEPT"]),
            st.sampled_from(["ingress", "egress"]),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_pattern_and_query_take_the_same_lines(
    choices: Choices, rows: list[tuple[str, int, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Both designs are about the same records: what the choices say in plain words, and no line without traffic."""
    records = [
        {"version": 5, "srcAddr": a, "dstPort": p, "action": w, "start": 1795422240 + n, "end": 1795422299, "flowDirection": d, "logStatus": "OK"}
        for n, (a, p, w, d) in enumerate(rows)
    ]  # fmt: skip
    lines = [CUSTOM.line(record) for record in records]
    nothing = "5 - - - 1795422299 1795422299 - NODATA"
    expected = [
        record["action"] == "REJECT"
        and (not choices.ports or record["dstPort"] in choices.ports)
        and choices.direction in (None, record["flowDirection"])
        and (not choices.inside or within(record["srcAddr"], choices.inside))
        and not within(record["srcAddr"], choices.excluded)
        for record in records
    ]
    monitor = Monitor(log_group="g", log_format=CUSTOM, choices=choices, **LOG_ALARM)
    assert monitor.pattern.matching([*lines, nothing]).tolist() == [*expected, False]
    path = tmp_path_factory.mktemp("lines") / "flows.log"
    path.write_text("\n".join([*lines, nothing]) + "\n")
    found = rk.FileSource(path, format=CUSTOM).run(wanted.query(monitor))
    assert sorted(found["@message"]) == sorted(line for line, taken in zip(lines, expected, strict=True) if taken)


def within(address: Any, networks: tuple[str, ...]) -> bool:
    """Tell whether an address is in one of several networks."""
    return any(ip_address(address) in ip_network(one) for one in networks)


def test_the_query_of_the_default_format_uses_the_columns_the_service_discovers(tmp_path: Path) -> None:
    """No parse stage there; in the sandbox's lines it finds the rejects, as the pattern does."""
    monitor = Monitor(log_group="g", choices=Choices(ports=(3389,)), **LOG_ALARM)
    assert wanted.query(monitor) == 'fields @timestamp, @message\n| filter action = "REJECT" and dstPort = 3389'
    line = "2 123456789010 eni-1 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1795422240 1795422270 REJECT OK"
    (tmp_path / "flows.log").write_text(f"{line}\n{line.replace('REJECT', 'ACCEPT')}\n")
    assert list(rk.FileSource(tmp_path / "flows.log").run(wanted.query(monitor))["@message"]) == [line]
    assert monitor.pattern.matches(line)


def test_a_log_alarm_may_have_choices_that_no_pattern_can_say() -> None:
    """A query knows networks of any length; what a line does not tell, a query cannot know either."""
    narrow = Choices(inside=("10.0.0.0/27",))
    monitor = Monitor(log_group="g", choices=narrow, **LOG_ALARM)
    assert wanted.query(monitor).endswith('isIpv4InSubnet(srcAddr, "10.0.0.0/27")')
    assert monitor.pattern.text == recipe.PATTERN
    with pytest.raises(ArgumentError, match="would be 32"):
        monitor.changed(design="metric-filter", query_role=None)
    with pytest.raises(ArgumentError, match="does not tell its direction"):
        monitor.changed(choices=Choices(direction="ingress"))
    lacking = LogFormat.parse("${srcaddr} ${dstaddr}")
    with pytest.raises(ArgumentError, match=r"has no action; add \$\{action\} to the flow log's format\."):
        monitor.changed(log_format=lacking)
    with pytest.raises(ArgumentError, match=r"has no dstport; add .*, or leave out what is chosen by it\."):
        Monitor(log_group="g", log_format=CUSTOM.parse("${srcaddr} ${action}"), choices=Choices(ports=(22,)))


def test_a_query_that_would_be_too_long_is_refused() -> None:
    """What the choices need beyond 10,000 characters is said, with the mend."""
    several = Choices(excluded=tuple(f"10.{a}.{b}.1" for a in range(3) for b in range(200)))
    with pytest.raises(ArgumentError, match=r"the query for these choices has .* takes 10,000: give networks in place"):
        Monitor(log_group="g", choices=several, **LOG_ALARM)
    monitor = Monitor(log_group="g", query="filter action = 'REJECT'", **LOG_ALARM)
    assert wanted.query(monitor) == "filter action = 'REJECT'"


# --- the two designs


def test_the_designs_are_compared_with_figures_and_sources() -> None:
    """Each row says both designs, where it is known from, and how sure it is; the rule and the bytes give figures."""
    monitor = Monitor(log_group="g")
    table = compared(monitor, bytes_per_day=2e9)
    assert list(table.columns) == ["aspect", "metric-filter", "log-alarm", "source", "certainty"]
    assert set(table.certainty) <= {"documented", "inferred", "reported", "unknown"}
    assert not (table == "").any().any()
    by = table.set_index("aspect")
    assert by.at["late records", "metric-filter"].startswith("at risk: datapoints arrive about 6 min after")
    assert by.at["late records", "log-alarm"] == "read, if they arrive within 10 min"
    assert by.at["alarm after the flow", "log-alarm"] == "10 min to 11 min, whatever the delivery took"
    assert by.at["cost of queries", "log-alarm"] == "0.30 USD a month: 60.0 GB read, each byte once"
    assert by.at["cost of the alarm", "log-alarm"].startswith("not known")
    patient = compared(monitor.changed(rule=AlarmRule(period=300, evaluation_periods=3))).set_index("aspect")
    assert patient.at["late records", "metric-filter"].startswith("likely seen: the rule asks for 15 min")
    hasty = compared(monitor.changed(delay=60), interval=600).set_index("aspect")
    assert hasty.at["late records", "log-alarm"].startswith(
        "at risk: records arrive after about 15 min, the query waits 1"
    )
    assert hasty.at["cost of queries", "log-alarm"] == "0.005 USD per GB read, each byte once"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"interval": 300}, "interval is 300; a flow log aggregates over 60 or 600 seconds"),
        ({"bytes_per_day": -1.0}, "bytes_per_day is -1.0; it is 0 or more"),
        ({"bytes_per_day": float("nan")}, "bytes_per_day is nan"),
    ],
)
def test_the_comparison_is_of_real_settings(values: dict[str, Any], text: str) -> None:
    """An interval that flow logs do not have, and bytes below none, are refused."""
    with pytest.raises(ArgumentError, match=text):
        compared(Monitor(log_group="g"), **values)
