"""The faults of an alert's wiring, each planted in a healthy one through the API that somebody would have used."""

from __future__ import annotations

import json
from collections.abc import Callable

from rejectkit.monitoring.choices import RECIPE
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.records import LogFormat
from tests.flowlog_lab import GROUP
from tests.health_bench import ACCOUNT, REGION, TOPIC, Bench
from tests.health_faults_told import TOLD

Plant = Callable[[Bench], None]
FAULTS: dict[str, Plant] = {**TOLD}
ON_CUSTOM: dict[str, Plant] = {}  # faults of a flow log that has a format of its own
LONGER = LogFormat((*LogFormat.default().fields, "vpc-id"))


def fault(plant: Plant) -> Plant:
    """Keep a fault by its name."""
    FAULTS[plant.__name__] = plant
    return plant


def custom(plant: Plant) -> Plant:
    """Keep a fault of an alert on a custom format by its name."""
    ON_CUSTOM[plant.__name__] = plant
    return plant


# the flow log and the log group


@fault
def flow_log_deleted(bench: Bench) -> None:
    """Delete the flow log."""
    bench.client("ec2").delete_flow_logs(FlowLogIds=[bench.flow_log])


@fault
def flow_log_to_another_group(bench: Bench) -> None:
    """Let it deliver elsewhere."""
    bench.lab.group("/lab/other")
    bench.flow_log_anew(LogGroupName="/lab/other")


@fault
def delivery_failed(bench: Bench) -> None:
    """Let its delivery fail."""
    bench.lab.becomes(bench.flow_log, {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error"})


@fault
def only_accepted(bench: Bench) -> None:
    """Let it record accepted traffic only."""
    bench.flow_log_anew(TrafficType="ACCEPT")


@fault
def no_more_records(bench: Bench) -> None:
    """Let nothing come for two hours."""
    bench.advance("2h", None)


@fault
def log_group_deleted(bench: Bench) -> None:
    """Delete the log group, and its filters with it."""
    bench.client("logs").delete_log_group(logGroupName=GROUP)


@fault
def infrequent_access(bench: Bench) -> None:
    """Make the log group anew, of the other class."""
    bench.client("logs").delete_log_group(logGroupName=GROUP)
    bench.lab.group(logGroupClass="INFREQUENT_ACCESS")
    bench.lab.records()


# the metric filter and its pattern


@fault
def filter_deleted(bench: Bench) -> None:
    """Delete the metric filter."""
    bench.client("logs").delete_metric_filter(logGroupName=GROUP, filterName=bench.monitor.filter_name)


@fault
def filter_on_another_group(bench: Bench) -> None:
    """Put the filter on another log group."""
    filter_deleted(bench)
    bench.lab.group("/lab/other")
    bench.put_filter(logGroupName="/lab/other")


@fault
def filter_of_another_name(bench: Bench) -> None:
    """Put the filter under another name."""
    filter_deleted(bench)
    bench.put_filter(filterName="by-hand")


@fault
def second_filter(bench: Bench) -> None:
    """Let another filter count into the metric too."""
    bench.put_filter(filterName="by-hand", filterPattern="REJECT")


@fault
def pattern_asks_too_many_fields(bench: Bench) -> None:
    """Ask for more fields than a line has."""
    bench.put_filter(filterPattern=FilterPattern.for_format(LONGER, action="REJECT").text)


@fault
def pattern_of_another_port(bench: Bench) -> None:
    """Ask for a port that nobody tries."""
    bench.put_filter(filterPattern=RECIPE.replace("destport", 'destport="23"'))


@fault
def pattern_of_all_lines(bench: Bench) -> None:
    """Take the condition out."""
    bench.put_filter(filterPattern=RECIPE.replace('="REJECT"', ""))


@fault
def pattern_swallows_the_tail(bench: Bench) -> None:
    """Ask for the last field of a shorter line, which takes the tail of these."""
    columns = RECIPE.split(", ")[:13]
    bench.put_filter(filterPattern=", ".join(columns) + "]")


@custom
def recipe_on_a_custom_format(bench: Bench) -> None:
    """Put a pattern whose columns are those of another order."""
    bench.put_filter(filterPattern='[version, vpc, eni, source, destination, action="REJECT", destport, ...]')


@custom
def recipe_of_fourteen_columns(bench: Bench) -> None:
    """Put the recipe's pattern on lines that have eight fields."""
    bench.put_filter(filterPattern=RECIPE)


# the metric


@fault
def value_is_not_one(bench: Bench) -> None:
    """Count packets, not flows."""
    bench.put_filter(metricValue="$packets")


@fault
def default_is_not_zero(bench: Bench) -> None:
    """Count what does not match."""
    bench.put_filter(defaultValue=1.0)


@fault
def no_default(bench: Bench) -> None:
    """Leave the default value out."""
    bench.put_filter(defaultValue=None)


@fault
def dimensions(bench: Bench) -> None:
    """Give the metric dimensions, which exclude a default value."""
    bench.put_filter(defaultValue=None, dimensions={"eni": "$eni"})


@fault
def namespaces_differ(bench: Bench) -> None:
    """Let the alarm watch another namespace."""
    bench.put_alarm(Namespace="VPC/FlowLogs")


@fault
def metric_names_differ(bench: Bench) -> None:
    """Let the filter count into another metric."""
    bench.put_filter(metricName="Rejects")


@fault
def both_of_another_metric(bench: Bench) -> None:
    """Change both sides by hand."""
    bench.put_filter(metricName="Rejects")
    bench.put_alarm(MetricName="Rejects")


@fault
def alarm_with_dimensions(bench: Bench) -> None:
    """Let the alarm ask for a dimension."""
    bench.put_alarm(Dimensions=[{"Name": "eni", "Value": "eni-1"}])


# the alarm


@fault
def alarm_deleted(bench: Bench) -> None:
    """Delete the alarm."""
    bench.client("cloudwatch").delete_alarms(AlarmNames=[bench.monitor.alarm_name])


@fault
def alarm_of_another_kind(bench: Bench) -> None:
    """Give a log alarm the name."""
    alarm_deleted(bench)
    bench.client("cloudwatch").put_log_alarm(
        AlarmName=bench.monitor.alarm_name,
        ScheduledQueryConfiguration={
            "QueryString": "fields @message",
            "LogGroupIdentifiers": [GROUP],
            "ScheduledQueryRoleARN": f"arn:aws:iam::{ACCOUNT}:role/queries",
            "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 900},
            "AggregationExpression": "count(*)",
        },
        QueryResultsToEvaluate=1,
        QueryResultsToAlarm=1,
        Threshold=0.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[TOPIC],
    )


@fault
def rule_differs(bench: Bench) -> None:
    """Change threshold and the treatment of missing data."""
    bench.put_alarm(Threshold=1000.0, TreatMissingData="breaching")


@fault
def average(bench: Bench) -> None:
    """Judge the average of ones and zeros."""
    bench.put_alarm(Statistic="Average")


@fault
def samples(bench: Bench) -> None:
    """Judge how many lines there are."""
    bench.put_alarm(Statistic="SampleCount")


@fault
def unit(bench: Bench) -> None:
    """Ask for a unit that the metric has not."""
    bench.put_alarm(Unit="Count")


@fault
def actions_disabled(bench: Bench) -> None:
    """Disable the actions."""
    bench.client("cloudwatch").disable_alarm_actions(AlarmNames=[bench.monitor.alarm_name])


@fault
def no_action(bench: Bench) -> None:
    """Take the action away."""
    bench.put_alarm(AlarmActions=[])


@fault
def another_topic(bench: Bench) -> None:
    """Let it tell another topic that is there."""
    arn = bench.client("sns").create_topic(Name="other")["TopicArn"]
    bench.put_alarm(AlarmActions=[arn])


@fault
def topic_that_is_not_there(bench: Bench) -> None:
    """Let it tell a topic that is not there."""
    bench.put_alarm(AlarmActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"])


@fault
def told_on_ok_too(bench: Bench) -> None:
    """Let it tell of OK, to a topic that is not there."""
    bench.put_alarm(OKActions=[f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"])


@fault
def last_notice_failed(bench: Bench) -> None:
    """Let a notice fail, and mend only then what made it fail."""
    before = bench.policy()
    nobody = {**before, "Statement": [{**before["Statement"][0], "Principal": {"AWS": ACCOUNT}}]}
    bench.set_topic("Policy", json.dumps(nobody))
    name, cloudwatch = bench.monitor.alarm_name, bench.client("cloudwatch")
    for state in ("OK", "ALARM"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    bench.set_topic("Policy", json.dumps(before))
