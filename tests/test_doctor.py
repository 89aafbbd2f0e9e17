"""The doctor: each thing that can be missing, planted in a sandbox, is one sentence with its mend."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest

from rejectkit import cli
from rejectkit.errors import ArgumentError, CredentialsError, MissingResourceError
from rejectkit.findings import Finding
from rejectkit.insights import parse
from rejectkit.records import FIELDS
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sandbox.logs.logstore import LogStore
from rejectkit.sources.cloudwatch import flowlogchecks, loggroupchecks
from rejectkit.sources.cloudwatch.doctor import doctor
from rejectkit.sources.cloudwatch.mends import some, span
from tests.flowlog_lab import BEGIN, DEFAULT, GROUP, LINE, ROLE, Lab
from tests.flowlog_lab import lab as new_lab

ROLE_MEND = (
    "The role deliver must trust vpc-flow-logs.amazonaws.com and allow logs:CreateLogGroup, logs:CreateLogStream, "
    "logs:PutLogEvents, logs:DescribeLogGroups and logs:DescribeLogStreams: look at it with "
    "`aws iam get-role --role-name deliver`"
)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A VPC without flow logs."""
    with new_lab() as made:
        yield made


def creating(
    kind: str, resource: str, group: str = "/vpc/flow-logs", role: str = "arn:aws:iam::ACCOUNT:role/ROLE"
) -> str:
    """Return the call that makes a flow log, as a mend shows it."""
    return (
        f"`aws ec2 create-flow-logs --region eu-west-1 --resource-type {kind} --resource-ids {resource} --traffic-type "
        f"ALL --log-destination-type cloud-watch-logs --log-group-name {group} --max-aggregation-interval 60 "
        f"--deliver-logs-permission-arn {role}`"
    )


def anew(flow_log: str, kind: str, resource: str, group: str = GROUP) -> str:
    """Return the mend that makes a flow log anew; the old one goes first if both are to deliver to one group."""
    made = creating(kind, resource, group, ROLE)
    gone = f"`aws ec2 delete-flow-logs --region eu-west-1 --flow-log-ids {flow_log}`"
    if group == GROUP:
        return f"A flow log cannot be changed: delete this one, {gone}, and make it anew, {made}."
    return f"A flow log cannot be changed: make a new one, {made}, then delete this one, {gone}."


def only(findings: list[Finding], severity: str = "") -> Finding:
    """Return the one finding there is, of a severity if one is given."""
    (one,) = [finding for finding in findings if severity in ("", finding.severity)]
    return one


def test_a_healthy_account_has_nothing_above_info() -> None:
    """The scenario's flow log has delivered for half an hour: no warning and no notice, whatever the target is."""
    with start("poc") as sandbox:
        sandbox.advance("30m")
        vpc = sandbox.session.client("ec2").describe_vpcs()["Vpcs"][-1]["VpcId"]
        for target in (None, vpc, "/vpc/poc/flow-logs"):
            (forever,) = doctor(sandbox.session, target)
            assert forever.severity == "info"
            assert forever.sentence == "/vpc/poc/flow-logs keeps its events for ever, and storage is paid for."


def test_where_all_is_well_nothing_is_said(lab: Lab) -> None:
    """A flow log of the VPC, its fresh record and a retention of 30 days: no finding, for any target in it."""
    lab.healthy()
    session = lab.sandbox.session
    for target in (None, lab.vpc, *lab.subnets.values(), *lab.interfaces.values(), GROUP, [lab.vpc, GROUP]):
        assert doctor(session, target) == []


def test_no_flow_log_at_all(lab: Lab) -> None:
    """A region without flow logs is told, with the call that makes one."""
    assert doctor(lab.sandbox.session) == [
        Finding(
            "There is no flow log in eu-west-1: no traffic is recorded.",
            "warning",
            mend=f"Make one: {creating('VPC', 'vpc-ID')}.",
        )
    ]


@pytest.mark.parametrize("kind", ["VPC", "Subnet", "NetworkInterface"])
def test_no_flow_log_covers_the_target(lab: Lab, kind: str) -> None:
    """A target that no flow log records is told, with the call that makes one of just that."""
    target = {"VPC": lab.vpc, "Subnet": lab.subnets["a"], "NetworkInterface": lab.interfaces[1]}[kind]
    lab.group()
    if kind != "VPC":
        lab.flow_log(lab.subnets["b"])
    found = only(doctor(lab.sandbox.session, target))
    assert found.sentence == f"No flow log covers {target}: nothing of its traffic is recorded."
    assert (found.severity, found.mend) == ("warning", f"Make one: {creating(kind, target)}.")


def test_only_a_part_of_the_target_is_covered(lab: Lab) -> None:
    """A VPC whose one subnet has a flow log: the interfaces elsewhere are named; without such ones it is no alarm."""
    lab.group()
    made = lab.flow_log(lab.subnets["a"])
    lab.records()
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert found.sentence == (
        f"Only a part of {lab.vpc} is covered (by {made} of {lab.subnets['a']}): the traffic of 1 of its 3 interfaces "
        f"is not recorded, {lab.interfaces[3]}."
    )
    assert (found.severity, found.mend) == ("warning", f"Cover all of it: {creating('VPC', lab.vpc)}.")
    lab.flow_log(lab.interfaces[3])
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert found.severity == "info"
    assert found.sentence.endswith("every interface of today is recorded, and those made later will not be.")


def test_only_accepted_traffic_is_recorded(lab: Lab) -> None:
    """Where only ACCEPT is recorded no reject can be seen; a flow log cannot be changed, so the mend makes one anew."""
    lab.group()
    made = lab.flow_log(TrafficType="ACCEPT")
    lab.records()
    for target in (None, lab.vpc, lab.interfaces[2], GROUP):
        found = only(doctor(lab.sandbox.session, target))
        assert found.sentence == f"{made} records only accepted traffic of {lab.vpc}: what is refused cannot be seen."
        assert (found.severity, found.mend) == ("warning", anew(made, "VPC", lab.vpc))
    lab.group("/refused")
    lab.flow_log(TrafficType="REJECT", LogGroupName="/refused")
    lab.records("/refused")
    assert doctor(lab.sandbox.session, lab.vpc) == []


def test_accepted_traffic_only_is_no_matter_where_the_vpc_records_all(lab: Lab) -> None:
    """A subnet's flow log of ACCEPT only loses nothing if one of its VPC records everything, also without a target."""
    lab.healthy()
    lab.flow_log(lab.subnets["a"], TrafficType="ACCEPT", LogGroupName="/accepted")
    lab.group("/accepted")
    lab.records("/accepted")
    assert doctor(lab.sandbox.session) == []
    assert doctor(lab.sandbox.session, lab.interfaces[1]) == []


def test_only_refused_traffic_is_recorded(lab: Lab) -> None:
    """Where only REJECT is recorded it is said what that makes harder."""
    lab.group()
    made = lab.flow_log(TrafficType="REJECT")
    lab.records()
    found = only(doctor(lab.sandbox.session))
    assert found.sentence == (
        f"{made} records only refused traffic of {lab.vpc}: replies and late packets are harder to tell from new "
        "connections without the accepted flows they belong to."
    )
    assert (found.severity, found.mend) == ("info", anew(made, "VPC", lab.vpc))


def test_flow_logs_that_write_the_same_twice(lab: Lab) -> None:
    """Flow logs of a VPC and of its subnet into one group double every count; the narrower one may go."""
    of_vpc = lab.healthy()
    of_subnet = lab.flow_log(lab.subnets["a"])
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert found.severity == "notice"
    assert f"both write the traffic of {lab.interfaces[1]} and {lab.interfaces[2]} into {GROUP}" in found.sentence
    assert of_vpc in found.sentence
    assert (
        found.mend == f"Delete one of them: `aws ec2 delete-flow-logs --region eu-west-1 --flow-log-ids {of_subnet}`."
    )


@pytest.mark.parametrize(
    ("error", "sentence", "mend"),
    [
        (
            "Rate limited",
            "The delivery of {id} to /lab/flow-logs fails with 'Rate limited': CloudWatch Logs takes no more records "
            "of an interface, or no more log groups, and records are lost.",
            "Look at the quotas, `aws service-quotas list-service-quotas --region eu-west-1 --service-code logs`, and "
            "ask for more; or record less: a flow log of the subnets that matter instead of the VPC, or one to S3.",
        ),
        (
            "Access error",
            "The delivery of {id} to /lab/flow-logs fails with 'Access error': no record arrives.",
            f"{ROLE_MEND}.",
        ),
        (
            "Unknown error",
            "The delivery of {id} to /lab/flow-logs fails with 'Unknown error': records may not arrive.",
            "It is an error inside the flow logs service: look again in a while, `aws ec2 describe-flow-logs --region "
            "eu-west-1 --flow-log-ids {id}`; if it stays, make the flow log anew. {anew}",
        ),
    ],
)
def test_a_delivery_that_fails(lab: Lab, error: str, sentence: str, mend: str) -> None:
    """Each way in which a delivery fails has a sentence and a mend of its own."""
    made = lab.healthy()
    lab.becomes(made, {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": error})
    found = only(doctor(lab.sandbox.session, lab.interfaces[1]))
    assert found.severity == "warning"
    assert found.sentence == sentence.format(id=made)
    assert found.mend == mend.format(id=made, anew=anew(made, "VPC", lab.vpc))


def test_a_group_of_the_infrequent_access_class(lab: Lab) -> None:
    """The class allows no metric filter and cannot be changed; the mend is another group and another flow log."""
    lab.group(logGroupClass="INFREQUENT_ACCESS")
    made = lab.flow_log()
    lab.records()
    found = only(doctor(lab.sandbox.session))
    assert found.sentence == (
        f"{GROUP} is of the Infrequent Access class: it can have no metric filter, and so no alarm on one, its events "
        "can be read by Logs Insights only, and a query has at most 2 stats stages."
    )
    assert found.severity == "notice"
    assert found.mend == (
        "The class of a log group cannot be changed: make another, `aws logs create-log-group --region eu-west-1 "
        f"--log-group-name {GROUP}-standard --log-group-class STANDARD`, and let the flow log deliver there. "
        + anew(made, "VPC", lab.vpc, f"{GROUP}-standard")
    )


def test_the_log_group_is_not_there(lab: Lab) -> None:
    """A young flow log has made no group yet, and is waited for; an old one never delivered, or the group was deleted."""
    made = lab.flow_log()
    lab.sandbox.advance("5m")
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert found.severity == "notice"
    assert found.sentence.startswith(
        f"The log group {GROUP} of {made} does not exist yet: the flow log is 5 minutes old"
    )
    assert found.mend == "Wait: the first records can take 10 minutes or more."
    lab.sandbox.advance("20m")
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert found.severity == "warning"
    assert (
        found.sentence
        == f"The log group {GROUP} of {made} does not exist: nothing was ever delivered, or somebody deleted it."
    )
    assert found.mend == (
        f"Make it, `aws logs create-log-group --region eu-west-1 --log-group-name {GROUP}`, and look how the delivery "
        f"goes, `aws ec2 describe-flow-logs --region eu-west-1 --flow-log-ids {made}`. {ROLE_MEND}."
    )


def test_there_is_no_data_yet(lab: Lab) -> None:
    """An empty group of a young flow log is waited for; after 15 minutes it is said what to look at."""
    lab.group()
    made = lab.flow_log()
    lab.sandbox.advance("10m")
    found = only(doctor(lab.sandbox.session))
    assert (found.severity, found.sentence) == ("notice", f"{GROUP} has no data yet: its flow log is 10 minutes old.")
    lab.sandbox.advance("10m")
    found = only(doctor(lab.sandbox.session))
    assert found.severity == "warning"
    assert found.sentence == f"{GROUP} has no data though its flow log is 20 minutes old."
    assert found.mend == (
        f"Look whether the delivery goes well, `aws ec2 describe-flow-logs --region eu-west-1 --flow-log-ids {made}`, "
        f"whether any interface it covers is in use, and at its role. {ROLE_MEND}."
    )


def test_data_has_stopped(lab: Lab) -> None:
    """The newest record may be as old as interval and delivery; what is much older has stopped, and is told by when."""
    lab.healthy()
    lab.sandbox.advance("25m")
    assert doctor(lab.sandbox.session) == []
    lab.sandbox.advance("20m")
    found = only(doctor(lab.sandbox.session))
    assert found.severity == "warning"
    assert found.sentence == (
        f"No data has come into {GROUP} for 45 minutes: its newest record is of 2026-11-01 00:00 UTC."
    )


def test_the_hour_in_which_streams_lag_is_allowed_for(lab: Lab) -> None:
    """Where events cannot be read the streams' own figure, which may be an hour late, has to be older by that."""
    lab.group(logGroupClass="INFREQUENT_ACCESS")
    lab.flow_log()
    lab.records()
    lab.sandbox.advance("80m")
    assert only(doctor(lab.sandbox.session)).severity == "notice"  # the class
    lab.sandbox.advance("20m")
    found = only(doctor(lab.sandbox.session), "warning")
    assert "for 100 minutes" in found.sentence
    assert "(as DescribeLogStreams says, which may be an hour behind)" in found.sentence


def test_streams_that_lag_are_checked_against_the_events(lab: Lab) -> None:
    """DescribeLogStreams learns of events late: where it looks stale the events are asked, and are right."""
    lab.healthy()
    lab.sandbox.advance("3h")
    lab.records()
    streams = lab.sandbox._world.region("eu-west-1").of(LogStore).groups[GROUP].streams
    (stream,) = streams.values()
    stream.last = int(BEGIN.timestamp() * 1000)
    assert doctor(lab.sandbox.session) == []


def test_the_format_lacks_a_field(lab: Lab) -> None:
    """Each field that is needed and missing is named with what cannot be said without it, and the format to have."""
    lab.group()
    made = lab.flow_log(LogFormat="${srcaddr} ${dstaddr} ${dstport} ${start} ${end} ${interface-id} ${log-status}")
    lab.records(line="198.51.100.9 10.0.0.4 22 1793491200 1793491260 {0} OK")
    found = only(doctor(lab.sandbox.session), "warning")
    assert found.sentence == (
        f"The format of {made} lacks action (accepted and refused traffic cannot be told apart); srcport (replies and "
        "late packets cannot be told from requests); protocol (TCP, UDP and ICMP cannot be told apart)."
    )
    assert "${log-status} ${action} ${srcport} ${protocol}'`" in (found.mend or "")
    assert f"--log-group-name {GROUP}-2 " in (found.mend or "")


@pytest.mark.parametrize("name", flowlogchecks.NEEDED)
def test_each_needed_field_is_missed(lab: Lab, name: str) -> None:
    """A format without one needed field has one finding, about that field."""
    assert name in {field.name for field in FIELDS}
    lab.group()
    lab.flow_log(LogFormat=DEFAULT.replace(f" ${{{name}}}", ""))
    lab.records()
    told = [one for one in doctor(lab.sandbox.session) if one.sentence.startswith("The format of ")]
    assert re.findall(r"lacks ([\w-]+) \(", only(told).sentence) == [name]
    assert only(told).severity == flowlogchecks.NEEDED[name][1]


def test_an_aggregation_of_ten_minutes(lab: Lab) -> None:
    """600 s is no mistake, but alerts come later."""
    lab.group()
    made = lab.flow_log(MaxAggregationInterval=600)
    lab.records()
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert (found.severity, found.mend) == ("info", anew(made, "VPC", lab.vpc))
    assert found.sentence.startswith(f"{made} gathers records for up to 600 s before it delivers them, so an alert ")


@pytest.mark.parametrize(
    ("days", "severity", "sentence"),
    [
        (None, "info", f"{GROUP} keeps its events for ever, and storage is paid for."),
        (1, "notice", f"{GROUP} keeps its events for 1 day: yesterday cannot be looked at, nor an alarm tried on it."),
    ],
)
def test_a_retention_that_hurts(lab: Lab, days: int | None, severity: str, sentence: str) -> None:
    """A day is short and for ever is dear; the mend is the call that sets 30 days."""
    lab.group(days=days)
    lab.flow_log()
    lab.records()
    found = only(doctor(lab.sandbox.session, GROUP))
    assert (found.severity, found.sentence) == (severity, sentence)
    call = f"`aws logs put-retention-policy --region eu-west-1 --log-group-name {GROUP} --retention-in-days 30`"
    assert call in (found.mend or "")


def test_different_formats_in_one_group(lab: Lab) -> None:
    """Lines of two formats in one group cannot be told apart, even where the other flow log is of another target."""
    made = lab.healthy()
    other = lab.flow_log(lab.subnets["b"], LogFormat=f"{DEFAULT} ${{vpc-id}}", TrafficType="REJECT")
    found = only(doctor(lab.sandbox.session, lab.interfaces[1]))
    assert found.severity == "warning"
    assert found.sentence == (
        f"2 flow logs of 2 different formats deliver into {GROUP}, {made} (14 fields) and {other} (15 fields): which "
        "line is of which format cannot be told for sure, and a metric filter fits one of them."
    )
    assert f"--log-group-name {GROUP}-2 " in (found.mend or "")


def test_fields_that_are_not_discovered() -> None:
    """Where Logs Insights does not discover a custom format's fields they are named, and nothing is to be done."""
    with new_lab(Limits(discovers_custom_formats=False)) as lab:
        lab.group()
        lab.flow_log(LogFormat=f"{DEFAULT} ${{vpc-id}}")
        lab.records(line="2 123456789012 {0} 198.51.100.9 10.0.0.4 49761 22 6 1 40 {1} {2} REJECT OK vpc-1")
        found = only(doctor(lab.sandbox.session))
        assert found.severity == "info"
        assert found.sentence == (
            f"Logs Insights does not discover version, accountId, interfaceId, srcAddr, dstAddr and 10 more in {GROUP}."
        )


def test_flow_logs_that_deliver_elsewhere(lab: Lab) -> None:
    """Flow logs to S3 or Firehose are found and named, with what reads them instead."""
    lab.client("s3").create_bucket(Bucket="lab-flows", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/flows"
    elsewhere = {"LogGroupName": "", "DeliverLogsPermissionArn": "", "MaxAggregationInterval": 600}
    made = [
        lab.flow_log(LogDestinationType="s3", LogDestination="arn:aws:s3:::lab-flows", **elsewhere),
        lab.flow_log(LogDestinationType="kinesis-data-firehose", LogDestination=stream, **elsewhere),
    ]
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert found.severity == "notice"
    assert found.sentence == (
        f"All flow logs that cover {lab.vpc} deliver to Firehose and S3 ({made[0]} to arn:aws:s3:::lab-flows and "
        f"{made[1]} to {stream}), which Logs Insights and metric filters cannot read."
    )
    assert found.mend == (
        f"Read the files with FileSource, or by Athena; or deliver to CloudWatch Logs too: {creating('VPC', lab.vpc)}."
    )
    assert only(doctor(lab.sandbox.session)).sentence.startswith(
        "All flow logs of eu-west-1 deliver to Firehose and S3"
    )
    lab.healthy()
    assert doctor(lab.sandbox.session, lab.vpc) == []


def test_what_goes_to_s3_only_is_not_lost(lab: Lab) -> None:
    """Where S3 has the whole VPC and CloudWatch Logs one subnet, the rest is elsewhere, and not unrecorded."""
    lab.client("s3").create_bucket(
        Bucket="lab-flows-too", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3 = {"LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::lab-flows-too"}
    lab.flow_log(**s3, LogGroupName="", DeliverLogsPermissionArn="")
    lab.group()
    lab.flow_log(lab.subnets["a"])
    lab.records()
    found = only(doctor(lab.sandbox.session, lab.vpc))
    assert found.severity == "notice"
    assert found.sentence.endswith(
        f"the traffic of 1 of its 3 interfaces goes to S3 or Firehose only, {lab.interfaces[3]}."
    )


def carry_out(lab: Lab, mend: str | None) -> list[str]:
    """Make the calls of the AWS CLI that a mend shows, by boto3; return their operations."""
    made = []
    for text in re.findall(r"`aws ([^`]*)`", mend or ""):
        service, verb, *words = shlex.split(text.replace("ACCOUNT:role/ROLE", "123456789012:role/deliver"))
        if service == "iam":
            continue
        options = dict.fromkeys(word for word in words if word.startswith("--"))
        values: dict[str, list[str]] = {name: [] for name in options}
        for word in words:
            if word in options:
                name = word
            else:
                values[name].append(word)
        client = lab.client(service, *values.pop("--region"))
        operation = client.meta.method_to_api_mapping[verb.replace("-", "_")]
        shape = client.meta.service_model.operation_model(operation).input_shape.members
        members = {re.sub("[^a-z]", "", member.lower()): member for member in shape}
        # A name that the operation has no parameter for is a KeyError here: the call that is shown would be wrong.
        places = {members[name.replace("-", "")]: given for name, given in values.items()}
        kinds = {"list": list, "integer": lambda given: int(given[0])}
        params = {member: kinds.get(shape[member].type_name, "".join)(given) for member, given in places.items()}
        getattr(client, verb.replace("-", "_"))(**params)
        made.append(operation)
    return made


def test_the_mends_mend(lab: Lab) -> None:
    """The calls that findings show are real ones, and made one after another they leave a healthy account."""
    session = lab.sandbox.session
    assert carry_out(lab, only(doctor(session, lab.vpc)).mend) == ["CreateFlowLogs"]
    lab.sandbox.advance("1h")
    assert carry_out(lab, only(doctor(session, lab.vpc)).mend) == ["CreateLogGroup", "DescribeFlowLogs"]
    lab.records("/vpc/flow-logs")
    assert carry_out(lab, only(doctor(session, lab.vpc)).mend) == ["PutRetentionPolicy"]
    assert doctor(session, lab.vpc) == []
    made = lab.flow_log(lab.interfaces[1], LogGroupName="/vpc/flow-logs", TrafficType="ACCEPT")
    assert carry_out(lab, only(doctor(session, lab.vpc)).mend) == ["DeleteFlowLogs"]
    assert made not in {one["FlowLogId"] for one in lab.client("ec2").describe_flow_logs()["FlowLogs"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"TrafficType": "ACCEPT"},
        {"MaxAggregationInterval": 600},
        {"LogFormat": DEFAULT.replace(" ${dstport}", "")},
    ],
)
def test_a_flow_log_made_anew_is_as_it_should_be(lab: Lab, wrong: dict[str, object]) -> None:
    """The calls that make a flow log anew leave one of the same place that has the fault no more."""
    lab.group()
    lab.flow_log(lab.subnets["a"], **wrong)
    lab.records(line=LINE.replace(" 22 ", " ") if "LogFormat" in wrong else LINE)
    found = only(doctor(lab.sandbox.session, lab.subnets["a"]))
    assert sorted(carry_out(lab, found.mend)) == ["CreateFlowLogs", "DeleteFlowLogs"]
    assert [
        one.sentence for one in doctor(lab.sandbox.session, lab.subnets["a"]) if "does not exist" not in one.sentence
    ] == []


@pytest.mark.parametrize(
    ("operation", "action", "resource"),
    [
        ("DescribeFlowLogs", "ec2:DescribeFlowLogs", '"*"'),
        ("DescribeNetworkInterfaces", "ec2:DescribeNetworkInterfaces", '"*"'),
        ("DescribeSubnets", "ec2:DescribeSubnets", '"*"'),
        ("DescribeLogGroups", "logs:DescribeLogGroups", '"*"'),
        (
            "DescribeLogStreams",
            "logs:DescribeLogStreams",
            f'["arn:aws:logs:eu-west-1:{{account}}:log-group:{GROUP}:*"]',
        ),
        ("GetLogGroupFields", "logs:GetLogGroupFields", f'["arn:aws:logs:eu-west-1:{{account}}:log-group:{GROUP}:*"]'),
    ],
)
def test_a_permission_that_is_missing_is_named_and_the_rest_is_checked(
    lab: Lab, operation: str, action: str, resource: str
) -> None:
    """A denied call is one finding that names its action; what does not hang on it is checked as ever."""
    made = lab.healthy()
    lab.becomes(made, {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error"})
    lab.sandbox.faults.add(Fault(operation, code="AccessDeniedException", times=9))
    findings = doctor(lab.sandbox.session, [lab.vpc, GROUP])
    denied = only([one for one in findings if "is not permitted" in one.sentence])
    assert denied.sentence.startswith(f"{action} is not permitted, so it cannot be told ")
    assert denied.severity == "warning"
    statement = (
        f'{{"Effect": "Allow", "Action": "{action}", "Resource": {resource.format(account=lab.sandbox.account)}}}'
    )
    assert denied.mend == f"Give whoever asks a policy with the statement {statement}."
    failed = [one for one in findings if "fails with 'Access error'" in one.sentence]
    assert len(failed) == (operation != "DescribeFlowLogs")
    assert len(findings) == 1 + len(failed)


def test_filter_log_events_may_be_denied(lab: Lab) -> None:
    """Only where the streams look stale are events asked for; denied, the streams' figure has to do."""
    lab.healthy()
    lab.sandbox.advance("3h")
    lab.sandbox.faults.add(Fault("FilterLogEvents", code="AccessDeniedException"))
    stopped, denied = doctor(lab.sandbox.session)
    assert "which may be an hour behind" in stopped.sentence
    assert (
        denied.sentence
        == "logs:FilterLogEvents is not permitted, so it cannot be told for sure whether records still come."
    )


def test_a_missing_group_is_seen_also_without_describe_log_groups(lab: Lab) -> None:
    """Where groups cannot be described, one that is not there is still told by the next call."""
    lab.flow_log()
    lab.sandbox.advance("1h")
    lab.sandbox.faults.add(Fault("DescribeLogGroups", code="AccessDeniedException", times=9))
    findings = doctor(lab.sandbox.session)
    assert [one.sentence.split(" ")[0] for one in findings] == ["The", "logs:DescribeLogGroups"]
    assert "does not exist: nothing was ever delivered" in findings[0].sentence


def test_a_log_group_that_no_flow_log_fills(lab: Lab) -> None:
    """A log group that is stale and that no flow log of the account delivers into is told as that."""
    lab.group()
    found = only(doctor(lab.sandbox.session, GROUP))
    assert (found.severity, found.sentence) == ("warning", f"{GROUP} has no data.")
    assert found.mend == (
        "Look at the flow log, or whatever else delivers into it; no flow log of this account and region does."
    )


def test_what_matters_most_comes_first(lab: Lab) -> None:
    """Findings are in the order of their severity, and none is there twice."""
    lab.group(days=None)
    lab.flow_log(MaxAggregationInterval=600, TrafficType="ACCEPT", LogFormat=DEFAULT.replace(" ${dstport}", ""))
    lab.sandbox.advance("1h")  # and no data comes
    findings = doctor(lab.sandbox.session, [lab.vpc, GROUP])
    assert [one.severity for one in findings] == ["warning", "warning", "notice", "info", "info"]


def test_what_the_user_must_mend_first_raises(lab: Lab) -> None:
    """No credentials, no region, and a target that does not exist are errors, not findings."""
    session = lab.sandbox.session
    with pytest.raises(MissingResourceError, match="there is no log group '/no' in eu-west-1"):
        doctor(session, "/no")
    with pytest.raises(ArgumentError, match="names no log"):
        doctor(session, "no such thing")
    lab.sandbox.faults.add(Fault("DescribeFlowLogs", code="ExpiredToken"))
    with pytest.raises(CredentialsError):
        doctor(session)


@pytest.mark.parametrize("module", [flowlogchecks, loggroupchecks])
def test_every_query_shown_can_be_run(module: object) -> None:
    """The queries beside findings are ones that the language has."""
    queries = [
        value for name, value in vars(module).items() if name in ("BY_INTERFACE", "BY_ACTION", "NEWEST", "LINES")
    ]
    assert len(queries) == 2
    for query in queries:
        parse(query)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "less than a minute"), (60, "1 minute"), (119, "2 minutes"), (7199, "120 minutes"), (7200, "2 hours"),
     (172_800, "2 days")],
)  # fmt: skip
def test_spans_are_told_in_the_unit_a_person_would_use(seconds: float, told: str) -> None:
    """A unit is used from two of it on."""
    assert span(seconds) == told


def test_many_names_are_cut_short() -> None:
    """Names are a list of words; of many the first few and how many more."""
    assert some(["a"]) == "a"
    assert some(["a", "b"]) == "a and b"
    assert some([str(number) for number in range(7)]) == "0, 1, 2, 3, 4 and 2 more"


def told_of(sandbox: Sandbox, **more: str) -> dict[str, str]:
    """Return an environment that points at a sandbox, and at nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    told = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return kept | told | sandbox.environment | more


def run(sandbox: Sandbox, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the verb in this process, which knows the sandbox by its environment."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, told_of(sandbox, **environment), clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = cli.main(["doctor", *arguments])
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


def run_outside(sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verb as a program of its own, as a user does."""
    command = [sys.executable, "-m", "rejectkit", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=told_of(sandbox))


def test_the_verb_prints_findings_and_its_status_tells_of_warnings(lab: Lab) -> None:
    """Status 0 without a warning, 1 with one, 2 with one sentence on stderr for what the user can mend."""
    lab.healthy()
    done = run_outside(lab.sandbox, lab.vpc, GROUP, "--region", "eu-west-1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Nothing is amiss.\n", "")
    done = run(lab.sandbox, "--region", "us-east-2")
    assert done.returncode == 1
    assert done.stdout.startswith("[warning] There is no flow log in us-east-2: no traffic is recorded. Make one: `aws")
    done = run(lab.sandbox, "vpc-0123456789abcdef0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rejectkit: there is no VPC vpc-0123456789abcdef0 in eu-west-1; look at the id")
    assert "Traceback" not in done.stderr


def test_the_verb_says_what_is_wrong_with_profile_region_and_credentials(lab: Lab) -> None:
    """A profile that does not exist, no region and no credentials are one sentence each, with status 2."""
    for arguments, environment, told in (
        (["--profile", "nobody"], {}, "nobody"),
        ([], {"AWS_DEFAULT_REGION": ""}, "AWS_DEFAULT_REGION"),
        ([], {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
    ):
        done = run(lab.sandbox, *arguments, **environment)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("rejectkit: ")
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
