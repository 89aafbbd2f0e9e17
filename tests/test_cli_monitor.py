"""The verbs of an alert: plan, apply and destroy against a sandbox, as a user runs them; and template."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

import pytest

from rejectkit import cli, clideploy, climonitor
from rejectkit.errors import ArgumentError
from rejectkit.monitoring import PRIVATE, AlarmRule, Choices, Monitor, iam_policy, plan, template, terraform
from rejectkit.monitoring import cli as cli_lines
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from tests.deploying import FAST

Capture = pytest.CaptureFixture[str]
Done = subprocess.CompletedProcess[str]
GROUP = ("--log-group", "/vpc/flow-logs")
MADE = (*GROUP, "--create-log-group")
COMMAND = (sys.executable, "-m", "rejectkit")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty account without quotas."""
    with start(scenario=None, limits=Limits.unlimited()) as made:
        yield made


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Return what points a program at a sandbox, and at nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return kept | nowhere | {"AWS_EC2_METADATA_DISABLED": "true"} | sandbox.environment


def run_outside(sandbox: Sandbox, *arguments: str) -> Done:
    """Run a verb as a program of its own, which knows the sandbox by its environment and keeps to AWS's own pace."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, env=environment(sandbox))


def run(sandbox: Sandbox, *arguments: str, given: TextIO | None = None) -> Done:
    """Run a verb in this process, at the sandbox's pace; its standard input holds nothing, and is no terminal."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", given or io.StringIO())
        patch.setattr(clideploy, "_session", lambda arguments: sandbox.session)  # AWS's pace is seconds of waiting
        status = cli.main(arguments)
    return Done(arguments, status, out.getvalue(), err.getvalue())


def run_on_terminal(sandbox: Sandbox, *arguments: str, typed: str) -> Done:
    """Run a verb with a terminal at its standard input, on which something has been typed; ^D ends it."""
    ours, its = pty.openpty()
    try:
        os.write(ours, typed.encode())
        with os.fdopen(its, encoding="utf-8") as terminal:
            return run(sandbox, *arguments, given=terminal)
    finally:
        os.close(ours)


def monitor_of(*arguments: str) -> Monitor:
    """Return the monitor that a command line tells of."""
    return climonitor.monitor(cli.parser().parse_args(["template", *arguments]))


def names(sandbox: Sandbox) -> dict[str, list[str]]:
    """Return the names of everything there is that an alert is made of."""
    logs, cloudwatch, sns = (sandbox.session.client(name) for name in ("logs", "cloudwatch", "sns"))
    return {
        "groups": [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]],
        "filters": [one["filterName"] for one in logs.describe_metric_filters()["metricFilters"]],
        "alarms": [one["AlarmName"] for one in cloudwatch.describe_alarms()["MetricAlarms"]],
        "topics": [one["TopicArn"].rpartition(":")[2] for one in sns.list_topics()["Topics"]],
    }


NOTHING: dict[str, list[str]] = {"groups": [], "filters": [], "alarms": [], "topics": []}


def test_from_an_empty_account_to_an_alert_and_back(sandbox: Sandbox) -> None:
    """Plan tells by its status, apply does what it shows, the next plan is empty, and destroy leaves nothing."""
    planned = run_outside(sandbox, "plan", *MADE, "--email", "ops@example.org")
    assert (planned.returncode, planned.stderr) == (1, "")
    assert planned.stdout.startswith(
        f"monitor VPCFlowLogs-Rejects in eu-west-1, account {sandbox.account}: 6 to create\n"
    )
    assert names(sandbox) == NOTHING

    applied = run(sandbox, "apply", *MADE, "--email", "ops@example.org", "--yes")
    assert (applied.returncode, applied.stderr) == (0, "")
    assert applied.stdout.startswith(planned.stdout)
    assert "\ncreated metric alarm 'VPCFlowLogs-Rejects'\n" in applied.stdout
    assert names(sandbox) == {
        "groups": ["/vpc/flow-logs"],
        "filters": ["VPCFlowLogs-Rejects"],
        "alarms": ["VPCFlowLogs-Rejects"],
        "topics": ["vpc-rejects"],
    }
    assert len(sandbox.mailbox.to("ops@example.org")) == 1
    told = monitor_of(*MADE, "--email", "ops@example.org")
    assert plan(told, sandbox.session, **FAST).empty

    again = run(sandbox, "plan", *MADE, "--email", "ops@example.org")
    assert again.returncode == 0
    assert "nothing to do: 6 kept" in again.stdout

    gone = run(sandbox, "destroy", *MADE, "--email", "ops@example.org", "--yes")
    assert (gone.returncode, gone.stderr) == (0, "")
    assert "\nremoved topic 'vpc-rejects'\n" in gone.stdout
    assert names(sandbox) == {**NOTHING, "groups": ["/vpc/flow-logs"]}  # it is asked about, and --yes says nothing
    assert "\nleft log group '/vpc/flow-logs': Is the log group '/vpc/flow-logs' to be deleted?" in gone.stdout


def test_all_questions_can_be_answered_by_yes(sandbox: Sandbox) -> None:
    """--yes-to-all removes what is asked about too: the empty log group that was made for the alert."""
    plan(monitor_of(*MADE), sandbox.session, **FAST).apply(sleep=FAST["sleep"])
    gone = run(sandbox, "destroy", *MADE, "--yes-to-all")
    assert (gone.returncode, gone.stderr) == (0, "")
    assert "\nremoved log group '/vpc/flow-logs'" in gone.stdout
    assert names(sandbox) == NOTHING


def test_without_a_terminal_nothing_is_done_unasked(sandbox: Sandbox) -> None:
    """Apply and destroy print the plan, and end with the option that lets them go on; a piped yes is none."""
    refusal = (
        "rejectkit: nothing was changed: there is no terminal to ask on; give --yes to go ahead without being asked\n"
    )
    done = run(sandbox, "apply", *MADE, given=io.StringIO("y\n"))
    assert (done.returncode, done.stderr) == (2, refusal)
    assert "5 to create" in done.stdout
    assert names(sandbox) == NOTHING
    plan(monitor_of(*MADE), sandbox.session, **FAST).apply(sleep=FAST["sleep"])
    before = names(sandbox)
    done = run(sandbox, "destroy", *MADE, given=io.StringIO("y\n"))
    assert (done.returncode, done.stderr) == (2, refusal)
    assert names(sandbox) == before


@pytest.mark.parametrize("typed", ["n\n", "\n", "what\n", "\x04"], ids=["no", "nothing", "unclear", "end"])
def test_on_a_terminal_all_but_yes_is_no(sandbox: Sandbox, typed: str) -> None:
    """The plan is shown, the question asked, and without a yes nothing is done; the status says so."""
    done = run_on_terminal(sandbox, "apply", *MADE, typed=typed)
    assert (done.returncode, done.stderr.strip()) == (1, "Apply? [y/N]")
    assert done.stdout.endswith("\nNothing was changed.\n")
    assert names(sandbox) == NOTHING


def test_on_a_terminal_each_question_is_asked_for_itself(sandbox: Sandbox) -> None:
    """Yes to the plan is no yes to what it asks about, and no yes there leaves it."""
    done = run_on_terminal(sandbox, "apply", *MADE, typed="y\n")
    assert done.returncode == 0
    assert names(sandbox)["alarms"] == ["VPCFlowLogs-Rejects"]
    done = run_on_terminal(sandbox, "destroy", *MADE, typed="YES\n\n")
    assert done.returncode == 0
    assert done.stderr == (
        "Remove? [y/N] Is the log group '/vpc/flow-logs' to be deleted? A flow log that delivers to it would make it "
        "anew. [y/N] "
    )
    assert names(sandbox) == {**NOTHING, "groups": ["/vpc/flow-logs"]}


def test_an_interrupt_at_a_question_leaves_everything(sandbox: Sandbox) -> None:
    """Ctrl-C at a question ends with status 130, says that nothing was done, and nothing was."""
    plan(monitor_of(*MADE), sandbox.session, **FAST).apply(sleep=FAST["sleep"])
    ours, its = pty.openpty()
    try:
        os.write(ours, b"y\n")
        with subprocess.Popen(
            [*COMMAND, "destroy", *MADE], stdin=its, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            env=environment(sandbox),
        ) as running:  # fmt: skip
            assert running.stderr is not None
            told = b""
            while not told.endswith(b"anew. [y/N] "):
                told += running.stderr.read(1)
            running.send_signal(signal.SIGINT)
            rest = running.stderr.read().decode()
    finally:
        os.close(ours)
        os.close(its)
    assert running.returncode == 130
    lines = rest.strip().splitlines()
    assert lines[0] == "rejectkit: interrupted"
    assert lines[1].endswith(": nothing was done.")
    left = names(sandbox)
    assert left["groups"] == ["/vpc/flow-logs"]
    assert left["alarms"] == ["VPCFlowLogs-Rejects"]


def test_what_is_only_asked_about_is_asked(sandbox: Sandbox) -> None:
    """A plan with nothing but a question is empty, needs no --yes, and its question is asked on a terminal."""
    told = (*MADE, "--email", "ops@example.org")
    plan(monitor_of(*told), sandbox.session, **FAST).apply(sleep=FAST["sleep"])
    topic = f"arn:aws:sns:eu-west-1:{sandbox.account}:vpc-rejects"
    sns = sandbox.session.client("sns")
    sandbox.session.client("sqs").create_queue(QueueName="q")
    queue = f"arn:aws:sqs:eu-west-1:{sandbox.account}:q"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    done = run(sandbox, "apply", *told)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"left subscription 'sqs {queue}': Is sqs {queue} to be told no longer?" in done.stdout
    done = run_on_terminal(sandbox, "apply", *told, typed="y\n")
    assert done.returncode == 0
    assert f"removed subscription 'sqs {queue}'" in done.stdout
    assert [one["Protocol"] for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]] == ["email"]


def test_on_a_terminal_each_step_is_told(sandbox: Sandbox) -> None:
    """Where stderr is a terminal, each step has a line there before it is taken."""
    ours, its = pty.openpty()
    try:
        told = subprocess.run([*COMMAND, "apply", *MADE, "--yes"], stderr=its, check=False, env=environment(sandbox))
        lines = os.read(ours, 10_000).decode().splitlines()
    finally:
        os.close(ours)
        os.close(its)
    assert told.returncode == 0
    assert lines == [
        "  0% create log group '/vpc/flow-logs'",
        " 20% create topic 'vpc-rejects'",
        " 40% create topic policy 'vpc-rejects'",
        " 60% create metric filter 'VPCFlowLogs-Rejects'",
        " 80% create metric alarm 'VPCFlowLogs-Rejects'",
    ]


def test_somebody_elses_alarm_is_refused_and_can_be_adopted(sandbox: Sandbox) -> None:
    """The refusal is one sentence with status 2; --adopt shows the taking over in the plan."""
    sandbox.session.client("logs").create_log_group(logGroupName=GROUP[1])
    sandbox.session.client("cloudwatch").put_metric_alarm(
        AlarmName="VPCFlowLogs-Rejects",
        **{"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1},
        **{"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"},
    )
    done = run(sandbox, "plan", *GROUP)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rejectkit: the alarm 'VPCFlowLogs-Rejects' in eu-west-1 is somebody else's: ")
    assert len(done.stderr.splitlines()) == 1
    done = run(sandbox, "plan", *GROUP, "--adopt")
    assert (done.returncode, done.stderr) == (1, "")
    assert "It was somebody else's, and is taken over." in done.stdout


def test_what_aws_tells_reaches_the_terminal_as_plain_characters(sandbox: Sandbox) -> None:
    """An escape sequence in a name of somebody else's is spelled out, in a plan, a question and an error."""
    plan(monitor_of(*MADE), sandbox.session, **FAST).apply(sleep=FAST["sleep"])
    sandbox.session.client("logs").put_metric_filter(
        logGroupName=GROUP[1],
        filterName="evil\x1b[2J",
        filterPattern="",
        metricTransformations=[
            {"metricNamespace": "VPCFlowLogs", "metricName": "RejectPackets", "metricValue": "1"},
        ],
    )
    done = run(sandbox, "plan", *MADE)
    assert r"evil\x1b[2J" in done.stdout
    assert "\x1b" not in done.stdout
    done = run_on_terminal(sandbox, "apply", *MADE, typed="\n")
    assert done.stderr == r"Is the metric filter 'evil\x1b[2J' to be deleted? [y/N] "
    assert "\x1b" not in done.stdout
    sandbox.faults.add(Fault("DescribeLogGroups", code="InvalidParameterException", message="no\x1b[2J"))
    done = run(sandbox, "plan", *MADE)
    assert done.returncode == 2
    assert r"no\x1b[2J" in done.stderr
    assert "\x1b" not in done.stderr


def test_what_fails_midway_says_what_is_done(sandbox: Sandbox) -> None:
    """A step that is refused ends apply with status 2, says what is done and what is not; again, and it goes on."""
    sandbox.faults.add(Fault("PutMetricFilter", code="AccessDeniedException", message="no"))
    done = run(sandbox, "apply", *MADE, "--yes")
    assert done.returncode == 2
    assert "the step to create metric filter 'VPCFlowLogs-Rejects' failed: " in done.stderr
    assert "Not done: create metric alarm 'VPCFlowLogs-Rejects'. Plan and apply again to go on" in done.stderr
    sandbox.faults.clear()
    done = run(sandbox, "apply", *MADE, "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 to create, 3 kept" in done.stdout


def test_region_and_profile_are_as_for_the_doctor(sandbox: Sandbox) -> None:
    """--region says where; a profile that does not exist is one sentence with status 2."""
    done = run_outside(sandbox, "plan", *MADE, "--region", "us-east-2")
    assert done.returncode == 1
    assert " in us-east-2, account " in done.stdout.splitlines()[0]
    done = run_outside(sandbox, "destroy", *MADE, "--profile", "nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no AWS profile 'nobody'" in done.stderr


def test_options_give_the_monitors_values() -> None:
    """Each option is one value of the monitor; lists may be given in one text or again and again."""
    arn = "arn:aws:sns:eu-west-1:123456789012:there"
    found = monitor_of(
        *("--log-group", "g", "--ports", "22,3389", "--ports", "23", "--inside", "private", "--exclude", "10.0.5.9"),
        *("--period", "300", "--datapoints", "2/3", "--threshold", "1e1", "--topic", arn),
        *("--email", "a@example.org, b@example.org", "--email", "c@example.org"),
        *("--alarm-name", "a", "--filter-name", "f", "--namespace", "n", "--metric-name", "m"),
    )
    assert found == Monitor(
        log_group="g",
        choices=Choices(ports=(22, 3389, 23), inside=PRIVATE, excluded=("10.0.5.9",)),
        rule=AlarmRule(period=300, evaluation_periods=3, datapoints_to_alarm=2, threshold=10.0),
        topic=arn,
        emails=["a@example.org", "b@example.org", "c@example.org"],
        alarm_name="a",
        filter_name="f",
        namespace="n",
        metric_name="m",
    )
    role = "arn:aws:iam::123456789012:role/queries"
    told = ("--log-format", "${srcaddr} ${action} ${flow-direction}", "--direction", "ingress")
    found = monitor_of(*GROUP, *told, "--design", "log-alarm", "--query-role", role, "--retention-days", "7", *MADE)
    assert (found.design, found.query_role, found.choices) == ("log-alarm", role, Choices(direction="ingress"))
    assert (found.create_log_group, found.retention_days, found.log_format.columns[0]) == (True, 7, "srcAddr")


FILE: dict[str, Any] = {
    "log_group": "g",
    "choices": {"ports": [22], "excluded": ["10.0.5.9"]},
    "rule": {"period": 300, "threshold": 2},
    "tags": {"team": "network"},
}


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ((), {}),
        (("--log-group", "h"), {"log_group": "h"}),
        (("--ports", "23"), {"choices": {"ports": [23], "excluded": ["10.0.5.9"]}}),
        (("--threshold", "5"), {"rule": {"period": 300, "threshold": 5}}),
        (("--pattern", "REJECT"), {"choices": None, "pattern": "REJECT"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_option_takes_the_place_of_what_the_file_says(
    arguments: tuple[str, ...], changes: Mapping[str, Any], tmp_path: Path
) -> None:
    """The rest of the file stays, also of the rule and the choices."""
    path = tmp_path / "monitor.json"
    path.write_text(json.dumps(FILE))
    assert monitor_of(str(path), *arguments) == Monitor.from_dict({**FILE, **changes})


def test_choices_take_the_place_of_a_pattern_in_the_file(tmp_path: Path) -> None:
    """As with Monitor.changed: a pattern of one's own and choices exclude each other."""
    path = tmp_path / "monitor.json"
    path.write_text(json.dumps({"log_group": "g", "pattern": "REJECT"}))
    assert monitor_of(str(path)).pattern.text == "REJECT"
    assert monitor_of(str(path), "--ports", "22") == Monitor(log_group="g", choices=Choices(ports=(22,)))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "there is no log group; give its name with --log-group, or the file of a monitor"),
        (("--ports", "22"), "there is no log group; give its name with --log-group"),
        ((*GROUP, "--ports", "ssh"), "ports has 'ssh'; a port is a whole number from 0 to 65535"),
        ((*GROUP, "--period", "5m"), "period is '5m'; it is a whole number, 1 or more"),
        ((*GROUP, "--threshold", "high"), "threshold is 'high'; it is a finite number"),
        ((*GROUP, "--datapoints", "2"), "--datapoints is '2'; give M/N, such as 2/3 for 2 of the last 3"),
        ((*GROUP, "--datapoints", "a/b"), "--datapoints is 'a/b'; give M/N"),
        ((*GROUP, "--inside", "10.0.0.1/8"), "inside has '10.0.0.1/8'; give an address or a network"),
        ((*GROUP, "--design", "both"), "design is 'both'; it is 'metric-filter' or 'log-alarm'"),
        ((*GROUP, "--pattern", "x", "--ports", "22"), "--pattern is given beside --ports"),
        (("{dir}/none.json",), "none.json' cannot be read: No such file or directory; give the path of a JSON file"),
        (("{dir}/text",), "text' is not JSON: "),
        (("{dir}/list",), "list' holds no JSON object; a monitor is one, with its values by name"),
        (("{dir}/typo",), "a monitor has no 'log_goup'; did you mean log_group?"),
        (("{dir}/rule", "--period", "60"), "rule is 5; give a value of AlarmRule"),
        (("{dir}/bytes",), "bytes' is not JSON: "),
        (
            (
                *GROUP,
                "--format",
                "terraform",
                "--design",
                "log-alarm",
                "--query-role",
                "arn:aws:iam::123456789012:role/r",
            ),
            "Terraform",
        ),
        (("--format", "iam-read", "--account", "5"), "account is '5'; give twelve digits"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_no_monitor_is_one_sentence(
    arguments: tuple[str, ...], told: str, tmp_path: Path, capsys: Capture
) -> None:
    """Status 2, nothing on stdout, and what is wrong with which value."""
    (tmp_path / "text").write_text("{log_group: g}")
    (tmp_path / "list").write_text('["g"]')
    (tmp_path / "typo").write_text('{"log_goup": "g", "log_group": "g"}')
    (tmp_path / "rule").write_text('{"log_group": "g", "rule": 5}')
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    status = cli.main(["template", *(one.replace("{dir}", str(tmp_path)) for one in arguments)])
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    assert printed.err.startswith("rejectkit: ")
    assert told in printed.err
    assert len(printed.err.splitlines()) == 1


PLAIN = Monitor(log_group=GROUP[1])
WHERE = ("--account", "123456789012", "--region", "cn-north-1")
IN_CHINA = {"account": "123456789012", "region": "cn-north-1", "partition": "aws-cn"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (GROUP, template(PLAIN)),
        ((*GROUP, "--format", "cloudformation"), template(PLAIN)),
        ((*GROUP, "--format", "terraform"), terraform(PLAIN)),
        ((*GROUP, "--format", "monitor"), PLAIN.to_dict()),
        ((*GROUP, "--format", "iam-deploy"), iam_policy("deploy", PLAIN)),
        ((*GROUP, "--format", "iam-read", *WHERE), iam_policy("read", PLAIN, **IN_CHINA)),
        (("--format", "iam-read"), iam_policy("read")),
        (("--format", "iam-tune", *WHERE), iam_policy("tune", **IN_CHINA)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_template_writes_what_the_function_returns(
    arguments: tuple[str, ...], expected: Mapping[str, Any], capsys: Capture
) -> None:
    """As JSON; the IAM policies also without a monitor, then for any."""
    assert cli.main(["template", *arguments]) == 0
    out = capsys.readouterr().out
    assert json.loads(out) == expected
    assert out.endswith("}\n")


def test_template_writes_the_lines_of_the_aws_cli_as_they_are(capsys: Capture) -> None:
    """The script goes to stdout to the letter."""
    assert cli.main(["template", *GROUP, "--format", "cli", "--alarm-name", "ü"]) == 0
    assert capsys.readouterr().out == cli_lines(PLAIN.changed(alarm_name="ü"))


def test_the_file_that_template_writes_is_read_back(tmp_path: Path, capsys: Capture) -> None:
    """`--format monitor` writes the file that the verbs take, by its path or at standard input."""
    told = (*GROUP, "--ports", "22", "--datapoints", "2/3", "--email", "ops@example.org")
    assert cli.main(["template", *told, "--format", "monitor"]) == 0
    text = capsys.readouterr().out
    path = tmp_path / "monitor.json"
    path.write_text(text)
    assert monitor_of(str(path)) == monitor_of(*told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(text))
        assert cli.main(["template", "-", "--format", "monitor"]) == 0
    assert capsys.readouterr().out == text


def test_a_form_that_is_none_is_refused_with_the_usage(capsys: Capture) -> None:
    """As all that is no word of the command line."""
    with pytest.raises(SystemExit, match="2"):
        cli.main(["template", *GROUP, "--format", "pulumi"])
    err = capsys.readouterr().err
    assert "invalid choice: 'pulumi'" in err
    for form in ("cloudformation", "terraform", "cli", "monitor", "iam-read", "iam-deploy", "iam-tune"):
        assert f"'{form}'" in err


def test_every_option_has_a_place_in_the_monitor() -> None:
    """What an option gives is a value that a monitor has, so that none is lost."""
    told = Monitor(log_group="g").to_dict()
    for option in climonitor.OPTIONS:
        outer, _, inner = option.place.partition(".")
        assert outer in told
        assert not inner or inner in told[outer]


def test_merging_refuses_what_excludes_each_other() -> None:
    """A pattern of one's own is not made from choices."""
    with pytest.raises(ArgumentError, match="leave one of the two out"):
        climonitor.merged({}, {"pattern": "x", "choices.direction": "ingress"})
