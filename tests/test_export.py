"""Handing a monitor over: four documents out of one value, and each makes exactly what the value wants."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.validate import validate_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

import rejectkit as rk
from rejectkit.errors import ArgumentError
from rejectkit.monitoring import FilterPattern, Monitor, cli, plan, template, terraform
from rejectkit.monitoring.deploying import wanted
from rejectkit.monitoring.exporting.terraformjson import literal
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sandbox.rights.topicpolicy import Asked, allows
from tests import recipe
from tests.aws_cli import quick_aws
from tests.wiring import ACCOUNT, FULL, HOSTILE, LOGS, MONITORS, PLAIN, THERE, at_once, expected, ready, seen

METRIC = {name: one for name, one in MONITORS.items() if one.design == "metric-filter"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account."""
    with start(scenario=None, limits=Limits.unlimited()) as made:
        yield made


def assert_empty_plan(monitor: Monitor, sandbox: Sandbox) -> None:
    """Assert that rejectkit finds nothing left to do."""
    found = plan(monitor, sandbox.session, budget=at_once())
    assert found.empty, str(found)


# --- what is wanted


def calls(monitor: Monitor) -> list[tuple[str, str, Any]]:
    """Return the calls that make a monitor: service, operation, arguments."""
    topic = monitor.topic_arn("eu-west-1", ACCOUNT)
    return [
        ("logs", "CreateLogGroup", wanted.log_group_params(monitor)),
        ("logs", "PutRetentionPolicy", wanted.retention_params(monitor)),
        ("logs", "PutMetricFilter", wanted.filter_params(monitor)),
        ("sns", "CreateTopic", wanted.topic_params(monitor)),
        *(("sns", "Subscribe", wanted.subscription_params(one, topic)) for one in wanted.subscriptions(monitor)),
        ("cloudwatch", wanted.alarm_operation(monitor), wanted.alarm_params(monitor, topic)),
    ]


@pytest.mark.parametrize("name", MONITORS)
def test_what_is_wanted_fits_the_models_of_the_services(name: str) -> None:
    """Each argument has a name and a type that botocore's model of the call knows."""
    loader = botocore.session.get_session()
    for service, operation, params in calls(MONITORS[name]):
        if params is not None:
            shape = loader.get_service_model(service).operation_model(operation).input_shape
            validate_parameters(params, shape)


def test_the_recipes_monitor_wants_what_the_recipe_makes() -> None:
    """Filter and alarm have the recipe's values; what the recipe leaves out has the service's own default."""
    params = wanted.filter_params(PLAIN)
    assert params is not None
    assert params["filterPattern"] == recipe.PATTERN
    assert params["metricTransformations"] == [
        {"metricName": "RejectPackets", "metricNamespace": "VPCFlowLogs", "metricValue": "1", "defaultValue": 0.0}
    ]
    alarm = wanted.alarm_params(PLAIN, "arn:topic")
    assert {name: alarm[name] for name in ("Statistic", "Period", "Threshold", "EvaluationPeriods")} == {
        "Statistic": "Sum",
        "Period": 60,
        "Threshold": 0.0,
        "EvaluationPeriods": 1,
    }
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanThreshold", "notBreaching")
    assert (alarm["AlarmActions"], alarm["OKActions"]) == (["arn:topic"], [])
    assert alarm["Tags"] == [{"Key": "rejectkit:monitor", "Value": "VPCFlowLogs-Rejects"}]


def test_a_log_alarm_reads_each_moment_once_and_late() -> None:
    """It runs each period over one period, which ended `delay` before; M of N are results; lines come with it."""
    params = wanted.alarm_params(LOGS, "arn:topic")
    query = params["ScheduledQueryConfiguration"]
    assert query["ScheduleConfiguration"] == {
        "ScheduleExpression": "rate(5 minutes)",
        "StartTimeOffset": 900,
        "EndTimeOffset": 600,
    }
    assert (query["AggregationExpression"], query["LogGroupIdentifiers"]) == ("count(*)", ["/vpc/flow-logs"])
    assert (params["QueryResultsToAlarm"], params["QueryResultsToEvaluate"]) == (2, 3)
    assert (params["ActionLogLineCount"], params["AlarmActions"][0]) == (5, "arn:topic")
    minute = LOGS.changed(rule=rk.AlarmRule())
    schedule = wanted.alarm_params(minute, "t")["ScheduledQueryConfiguration"]["ScheduleConfiguration"]
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert wanted.filter_params(LOGS) is None


def test_the_policy_of_our_topic_lets_our_alarm_publish_and_no_other() -> None:
    """Another alarm, another account and another service are not let in; a name that is not ASCII is told by account."""
    topic = PLAIN.topic_arn("eu-west-1", ACCOUNT)
    policy = wanted.topic_policy(PLAIN, topic)

    def may(alarm_arn: str, service: str = "cloudwatch.amazonaws.com", document: Any = policy) -> bool:
        return allows(document, Asked(service, "SNS:Publish", topic, alarm_arn))

    assert may(PLAIN.alarm_arn("eu-west-1", ACCOUNT))
    assert not may(PLAIN.alarm_arn("eu-west-1", ACCOUNT) + "2")
    assert not may(PLAIN.alarm_arn("eu-west-1", "999999999999"))
    assert not may(PLAIN.alarm_arn("eu-west-1", ACCOUNT), "events.amazonaws.com")
    named = PLAIN.changed(alarm_name="Käse")
    document = wanted.topic_policy(named, topic)
    assert may(named.alarm_arn("eu-west-1", ACCOUNT), document=document)
    assert not may(named.alarm_arn("eu-west-1", "999999999999"), document=document)
    assert document["Statement"][0]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


# --- CloudFormation


def test_templates_pass_cfn_lint_without_a_word(tmp_path: Path) -> None:
    """No error, no warning, no remark, for any kind of monitor; and the linter does look."""
    linter = Path(sys.executable).with_name("cfn-lint")
    if not linter.exists():
        pytest.skip("cfn-lint is not installed")
    for name, monitor in MONITORS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(template(monitor)))
    broken = template(PLAIN)
    broken["Resources"]["RejectAlarm"]["Properties"]["Treshold"] = 1
    (tmp_path / "broken.txt").write_text(json.dumps(broken))

    files = sorted(tmp_path.iterdir())
    words = [str(linter), "--include-checks", "I", "--format", "parseable", "-t", *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert len(files) == len(MONITORS) + 1
    assert done.stderr == ""
    told = done.stdout.splitlines()
    assert [line for line in told if not line.startswith(f"{tmp_path / 'broken.txt'}:")] == []
    assert any("Did you mean 'Threshold'" in line for line in told)


def deploy(session: Any, monitor: Monitor, **values: str) -> dict[str, Any]:
    """Create a stack of a template with boto3, and return it when it is done."""
    client = session.client("cloudformation")
    given_values = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    client.create_stack(StackName="poc", TemplateBody=json.dumps(template(monitor)), Parameters=given_values)
    while True:
        (stack,) = client.describe_stacks(StackName="poc")["Stacks"]
        if not stack["StackStatus"].endswith("IN_PROGRESS"):
            return dict(stack)
        time.sleep(0.05)


@pytest.mark.parametrize("name", METRIC)
def test_a_deployed_template_leaves_an_empty_plan(name: str, sandbox: Sandbox) -> None:
    """In the sandbox every resource is made, just as wanted: rejectkit finds nothing to do."""
    monitor = METRIC[name]
    ready(monitor, sandbox.session)
    stack = deploy(sandbox.session, monitor)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert seen(monitor, sandbox.session) == expected(monitor)
    assert_empty_plan(monitor, sandbox)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs == {
        "AlarmName": monitor.alarm_name,
        "AlarmArn": monitor.alarm_arn("eu-west-1", ACCOUNT),
        "TopicArn": monitor.topic_arn("eu-west-1", ACCOUNT),
        "Metric": f"{monitor.namespace}/{monitor.metric_name}",
    }


def test_the_templates_parameters_are_the_recipes(sandbox: Sandbox) -> None:
    """Log group, topic and e-mail may be given: another group is watched, a topic there is told, nobody is mailed."""
    session = sandbox.session
    session.client("logs").create_log_group(logGroupName="other")
    there = session.client("sns").create_topic(Name="there")["TopicArn"]
    monitor = PLAIN.changed(emails=["ops@example.org"])
    assert deploy(session, monitor, LogGroupName="other", TopicArn=there, Email="")["StackStatus"] == "CREATE_COMPLETE"
    assert seen(PLAIN.changed(log_group="other", topic=there), session) == expected(
        PLAIN.changed(log_group="other", topic=there)
    )
    assert [one["TopicArn"] for one in session.client("sns").list_topics()["Topics"]] == [there]


def test_the_templates_address_is_who_is_mailed(sandbox: Sandbox) -> None:
    """Another address than the monitor's first may be given; the further ones are the monitor's."""
    sandbox.session.client("logs").create_log_group(logGroupName=PLAIN.log_group)
    deploy(sandbox.session, PLAIN.changed(emails=["ops@example.org", "net@example.org"]), Email="you@example.org")
    wished = PLAIN.changed(emails=["you@example.org", "net@example.org"])
    assert seen(wished, sandbox.session) == expected(wished)


def test_log_data_outlive_the_stack(sandbox: Sandbox) -> None:
    """When the stack is deleted alarm, filter and topic go, and the log group with what is in it stays."""
    session = sandbox.session
    deploy(session, FULL)
    session.client("cloudformation").delete_stack(StackName="poc")
    assert session.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert session.client("sns").list_topics()["Topics"] == []
    assert [one["logGroupName"] for one in session.client("logs").describe_log_groups()["logGroups"]] == [
        FULL.log_group
    ]


@pytest.fixture(scope="session")
def emulator() -> Iterator[Any]:
    """A boto3 session-like maker of clients of MiniStack, an emulator that shares no code with the sandbox."""
    python = Path(__file__).resolve().parents[1] / ".venv-witness" / "bin" / "python"
    if not python.exists():
        pytest.skip("there is no .venv-witness with MiniStack; `make test` makes it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    done = subprocess.Popen(
        [python, "-m", "ministack"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield Emulator(f"http://127.0.0.1:{port}")
    finally:
        done.terminate()
        done.wait()


class Emulator:
    """What a session is to the helpers here: a maker of clients, which wait for the server to be up."""

    def __init__(self, url: str) -> None:
        """Keep the address."""
        self.url = url

    def client(self, name: str) -> Any:
        """Return a client that tries again until it is answered."""
        return boto3.Session().client(
            name,
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": 12}),
        )


def test_an_independent_emulator_makes_every_resource(emulator: Any) -> None:
    """MiniStack's CloudFormation reports each resource made, and its services tell of the same filter and alarm."""
    stack = deploy(emulator, FULL)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    made = emulator.client("cloudformation").describe_stack_resources(StackName="poc")["StackResources"]
    assert {(one["LogicalResourceId"], one["ResourceType"]) for one in made} == {
        (name, one["Type"]) for name, one in template(FULL)["Resources"].items()
    }
    assert {one["ResourceStatus"] for one in made} == {"CREATE_COMPLETE"}
    (found,) = emulator.client("logs").describe_metric_filters(logGroupName=FULL.log_group)["metricFilters"]
    params = wanted.filter_params(FULL)
    assert params is not None
    assert {name: found[name] for name in params} == params
    (alarm,) = emulator.client("cloudwatch").describe_alarms(AlarmNames=[FULL.alarm_name])["MetricAlarms"]
    topic = alarm["AlarmActions"][0]
    assert topic.endswith(f":{FULL.topic}")
    told = wanted.alarm_params(FULL, topic)
    assert {name: alarm[name] for name in told if name != "Tags"} == {k: v for k, v in told.items() if k != "Tags"}
    subscribers = emulator.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {(one["Protocol"], one["Endpoint"]) for one in subscribers} == {
        (one.protocol, one.endpoint) for one in wanted.subscriptions(FULL)
    }


# --- Terraform

PROVIDER: dict[str, Any] = json.loads((Path(__file__).parent / "tables" / "terraform_aws.json").read_text())[
    "resources"
]


def faults(arguments: dict[str, Any], given_values: dict[str, Any], where: str) -> list[str]:
    """Return what of a block the provider does not know, or misses."""
    found = [f"{where}.{name} is unknown" for name in given_values if name not in arguments]
    found += [
        f"{where}.{name} is missing"
        for name, kind in arguments.items()
        if isinstance(kind, str) and kind.endswith(", required") and name not in given_values
    ]
    for name, kind in arguments.items():
        if isinstance(kind, dict) and name in given_values:
            found += faults(kind, given_values[name], f"{where}.{name}")
    return found


@pytest.mark.parametrize("name", METRIC)
def test_terraform_uses_the_providers_arguments(name: str) -> None:
    """Each argument is one that the provider's schema has, and each it requires is there; references exist."""
    document = terraform(METRIC[name])
    found = [
        fault
        for kind, named in document["resource"].items()
        for label, values in named.items()
        for fault in faults(PROVIDER[kind]["arguments"], values, f"{kind}.{label}")
    ]
    assert found == []
    for reference in (
        "aws_sns_topic.rejects.arn",
        "aws_sns_topic.rejects.owner",
        "aws_cloudwatch_metric_alarm.rejects.arn",
    ):
        kind, _, attribute = reference.split(".")
        assert attribute in PROVIDER[kind]["attributes"]


def test_a_wrong_argument_would_be_found() -> None:
    """The check above is not blind."""
    arguments = PROVIDER["aws_cloudwatch_log_metric_filter"]["arguments"]
    assert faults(arguments, {"name": "n", "patern": "p", "metric_transformation": {"valu": "1"}}, "f") == [
        "f.patern is unknown",
        "f.log_group_name is missing",
        "f.pattern is missing",
        "f.metric_transformation.valu is unknown",
        "f.metric_transformation.name is missing",
        "f.metric_transformation.namespace is missing",
        "f.metric_transformation.value is missing",
    ]


def test_terraform_has_no_log_alarm() -> None:
    """The provider has no resource for it, and the error says what has."""
    with pytest.raises(
        ArgumentError, match=r"no resource for a log alarm; take the design 'metric-filter', or the Cloud"
    ):
        terraform(LOGS)


def test_text_stands_for_itself_in_terraform() -> None:
    """Both ways to begin a template are doubled, and nothing else is touched."""
    assert literal("a ${b} %{c} $d %e") == "a $${b} %%{c} $d %e"


@pytest.mark.parametrize("name", ["hostile"])
def test_terraform_applies_and_leaves_an_empty_plan(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Terraform itself, with its AWS provider, makes in the sandbox just what is wanted, and sees no drift after."""
    plugins = os.environ.get("REJECTKIT_TERRAFORM_PLUGINS")
    if not plugins or shutil.which("terraform") is None:
        pytest.skip(
            "no terraform on the path, or REJECTKIT_TERRAFORM_PLUGINS does not name a folder with its AWS provider"
        )
    monitor = METRIC[name]
    ready(monitor, sandbox.session)
    (tmp_path / "rejects.tf.json").write_text(json.dumps(terraform(monitor)))
    endpoints = dict.fromkeys(("cloudwatch", "logs", "sns", "sts"), sandbox.endpoint_url)
    settings_of_provider = {
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "endpoints": endpoints,
    }
    (tmp_path / "provider.tf.json").write_text(json.dumps({"provider": {"aws": settings_of_provider}}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}

    def run(*words: str) -> str:
        done = subprocess.run(
            ["terraform", *words, "-no-color"],
            cwd=tmp_path,
            env={**environment, **sandbox.environment, "CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("init", f"-plugin-dir={plugins}")
    run("validate")
    run("apply", "-auto-approve", "-input=false")
    assert seen(monitor, sandbox.session) == expected(monitor)
    assert_empty_plan(monitor, sandbox)
    assert "No changes" in run("plan", "-detailed-exitcode", "-input=false")


# --- AWS CLI


@pytest.mark.parametrize("name", ["hostile", "there", "logs"])
def test_the_cli_lines_leave_an_empty_plan_and_can_be_run_again(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Run by a shell and the AWS CLI they make just what is wanted, hostile texts too; a second run changes nothing."""
    monitor = MONITORS[name]
    ready(monitor, sandbox.session)
    script = tmp_path / "rejects.sh"
    script.write_text(cli(monitor))
    for _ in range(2):
        with quick_aws() as path:
            done = subprocess.run(
                ["sh", str(script)],
                env={
                    **os.environ,
                    **sandbox.environment,
                    "PATH": path,
                    "AWS_PAGER": "",
                    "AWS_CONFIG_FILE": str(tmp_path / "none"),
                },
                capture_output=True,
                text=True,
                check=False,
            )
        assert (done.returncode, done.stderr) == (0, "")
        assert seen(monitor, sandbox.session) == expected(monitor)
        assert_empty_plan(monitor, sandbox)


def words_of(script: str) -> list[list[str]]:
    """Return the calls of the CLI in a script, word by word, as a shell takes them apart."""
    joined = script.replace("\\\n", " ").replace("topic=$(", "").replace("--output text)", "--output text")
    lines = [line.strip() for line in joined.split("\n\n")]
    return [shlex.split(line.partition("||\n")[2] or line) for line in lines if line.startswith("aws")]


def test_the_cli_lines_are_in_an_order_that_is_safe_to_stop() -> None:
    """The topic and its policy come before the alarm that tells it, the filter before the alarm that watches it."""
    assert [" ".join(words[1:3]) for words in words_of(cli(FULL))] == [
        "logs create-log-group",
        "logs put-retention-policy",
        "sns create-topic",
        "sns set-topic-attributes",
        *["sns subscribe"] * 4,
        "logs put-metric-filter",
        "cloudwatch put-metric-alarm",
    ]
    assert "cloudwatch put-log-alarm" in [" ".join(words[1:3]) for words in words_of(cli(LOGS))]


TEXTS = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"], exclude_characters=":*$"), min_size=1, max_size=30
).filter(str.strip)


@settings(max_examples=150, deadline=None)
@given(
    name=TEXTS,
    metric=TEXTS,
    description=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=30),
)
def test_any_text_comes_through_the_shell_as_it_is(name: str, metric: str, description: str) -> None:
    """Every argument, after the shell's quoting, is the monitor's own text, wherever it stands."""
    monitor = PLAIN.changed(filter_name=name, metric_name=metric, description=description)
    *_, put_filter, put_alarm = words_of(cli(monitor))
    assert option(put_filter, "--filter-name") == name
    assert json.loads(option(put_filter, "--metric-transformations"))[0]["metricName"] == metric
    if "--cli-input-json" in put_alarm:
        told = json.loads(option(put_alarm, "--cli-input-json"))
        assert (told["MetricName"], told["AlarmDescription"], told["AlarmActions"]) == (metric, description, ["$topic"])
    else:
        assert option(put_alarm, "--metric-name") == metric
        assert option(put_alarm, "--alarm-description") == description
        assert option(put_alarm, "--alarm-actions") == "$topic"


def option(words: list[str], name: str) -> str:
    """Return the value of an option, behind it or joined to it; an empty text where it is left out."""
    joined = [word.removeprefix(f"{name}=") for word in words if word.startswith(f"{name}=")]
    return joined[0] if joined else words[words.index(name) + 1] if name in words else ""


@pytest.mark.parametrize("before", ["", "https://"])
def test_a_text_of_the_monitor_is_never_taken_for_a_variable(before: str) -> None:
    """What marks the shell's variables inside rejectkit marks nothing in a text of the monitor."""
    text = f"{before}\ue000topic\ue001 $topic"
    (words,) = [words for words in words_of(cli(PLAIN.changed(description=text))) if "put-metric-alarm" in words]
    told = (
        json.loads(option(words, "--cli-input-json"))["AlarmDescription"]
        if before
        else option(words, "--alarm-description")
    )
    assert told == text


@pytest.mark.parametrize("start_of", ["file:///etc/passwd", "fileb://x", "http://example.org", "https://example.org"])
def test_the_cli_does_not_read_a_text_as_an_address(start_of: str) -> None:
    """A description that looks like a file or a page goes as JSON, which the CLI takes as it is."""
    (words,) = [words for words in words_of(cli(PLAIN.changed(description=start_of))) if "put-metric-alarm" in words]
    assert json.loads(option(words, "--cli-input-json"))["AlarmDescription"] == start_of


# --- all of them


@pytest.mark.parametrize("name", MONITORS)
def test_exports_are_pure(name: str) -> None:
    """The same value gives the same document, which is JSON, and the value is as it was."""
    monitor = MONITORS[name]
    before = monitor.to_dict()
    assert json.loads(json.dumps(template(monitor))) == template(monitor)
    assert cli(monitor) == cli(Monitor.from_dict(before))
    assert monitor.to_dict() == before


def test_the_pattern_of_every_export_is_the_monitors() -> None:
    """A pattern with quotes, dollars and percent signs is read back out of each document as it was."""
    pattern = HOSTILE.pattern.text
    properties = template(HOSTILE)["Resources"]["RejectFilter"]["Properties"]
    assert properties["FilterPattern"] == pattern
    written = terraform(HOSTILE)["resource"]["aws_cloudwatch_log_metric_filter"]["rejects"]["pattern"]
    assert written == pattern.replace("${", "$${").replace("%{", "%%{")
    assert written != pattern
    (words,) = [words for words in words_of(cli(HOSTILE)) if "put-metric-filter" in words]
    assert option(words, "--filter-pattern") == pattern
    assert FilterPattern(pattern) == HOSTILE.pattern


def test_an_existing_topic_is_left_as_it_is() -> None:
    """No export makes it, tags it or gives it a policy; each subscribes to it and tells it."""
    resources = template(THERE)["Resources"]
    assert not {one["Type"] for one in resources.values()} & {"AWS::SNS::Topic", "AWS::SNS::TopicPolicy"}
    assert not {"aws_sns_topic", "aws_sns_topic_policy"} & set(terraform(THERE)["resource"])
    assert "create-topic" not in cli(THERE)
    assert "set-topic-attributes" not in cli(THERE)
    assert f"topic={THERE.topic}\n" in cli(THERE)
