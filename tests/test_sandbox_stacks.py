"""The sandbox's CloudFormation: templates read, resources made in order, changed, put back and taken away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import rejectkit as rk
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.stacks.templates import arguments, parse

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PATTERN = (
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, "
    'windowend, action="REJECT", flowlogstatus]'
)

RECIPE = f"""
AWSTemplateFormatVersion: "2010-09-09"
Description: Tells a topic of rejected packets
Parameters:
  LogGroupName:
    Type: String
    Default: vpc-flow-logs
  TopicName:
    Type: String
    AllowedPattern: "[A-Za-z0-9_-]+"
  Period:
    Type: Number
    Default: 60
    AllowedValues: [60, 300, 61]
  Email:
    Type: String
    Default: ""
  Pattern:
    Type: String
    Default: '{PATTERN}'
Conditions:
  HasEmail: !Not [!Equals [!Ref Email, ""]]
Resources:
  RejectAlarm:
    Type: AWS::CloudWatch::Alarm
    DependsOn: RejectFilter
    Properties:
      AlarmName: !Sub "${{AWS::StackName}}-rejects"
      Namespace: VPCFlowLogs
      MetricName: RejectPackets
      Statistic: Sum
      Period: !Ref Period
      EvaluationPeriods: 1
      DatapointsToAlarm: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
  RejectFilter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref FlowLogs
      FilterName: rejects
      FilterPattern: !Ref Pattern
      MetricTransformations:
        - MetricName: RejectPackets
          MetricNamespace: VPCFlowLogs
          MetricValue: "1"
          DefaultValue: 0
  FlowLogs:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Ref LogGroupName
      RetentionInDays: 7
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref TopicName
  Mail:
    Type: AWS::SNS::Subscription
    Condition: HasEmail
    Properties:
      TopicArn: !Ref Topic
      Protocol: email
      Endpoint: !Ref Email
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {{Service: cloudwatch.amazonaws.com}}
            Action: SNS:Publish
            Resource: !Ref Topic
            Condition:
              StringEquals: {{"aws:SourceAccount": !Ref AWS::AccountId}}
Outputs:
  AlarmArn:
    Value: !GetAtt RejectAlarm.Arn
  Topic:
    Description: Where it is told
    Value: !Ref Topic
    Export: {{Name: !Sub "${{AWS::StackName}}-topic"}}
"""


def as_json(text: str) -> str:
    """Return a YAML template as JSON, short tags written out."""
    found = parse(text)
    sections = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": found.description,
        "Parameters": found.parameters,
        "Conditions": found.conditions,
        "Resources": found.resources,
        "Outputs": found.outputs,
    }
    return json.dumps({name: section for name, section in sections.items() if section})


@pytest.fixture
def sandbox() -> Iterator[Any]:
    """An empty account at nine in the morning; no call is too fast."""
    limits = rk.sandbox.Limits.unlimited()
    with rk.sandbox.start(scenario=None, start=START, limits=limits) as found:
        yield found


@pytest.fixture
def cfn(sandbox: Any) -> Any:
    """A client of its CloudFormation."""
    return sandbox.session.client("cloudformation")


def given(**values: str) -> list[dict[str, str]]:
    """Return parameters as the API takes them."""
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def refused(call: Any, **params: Any) -> tuple[str, str]:
    """Return code and message of a refusal."""
    with pytest.raises(call.__self__.exceptions.ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def status(cfn: Any, name: str = "poc") -> str:
    """Return a stack's status."""
    return str(cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def story(cfn: Any, name: str = "poc") -> list[tuple[str, str]]:
    """Return what happened to a stack, oldest first: logical name and status."""
    events = cfn.get_paginator("describe_stack_events").paginate(StackName=name).search("StackEvents[]")
    return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in events][::-1]


def reasons(cfn: Any, wanted: str, name: str = "poc") -> list[str]:
    """Return the reasons of a stack's events of a status, newest first."""
    events = cfn.describe_stack_events(StackName=name)["StackEvents"]
    return [event["ResourceStatusReason"] for event in events if event["ResourceStatus"] == wanted]


def left(sandbox: Any) -> dict[str, list[str]]:
    """Return what the account has: names by kind."""
    logs, sns = sandbox.session.client("logs"), sandbox.session.client("sns")
    groups = [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]]
    alarms = sandbox.session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {
        "groups": groups,
        "filters": [
            one["filterName"]
            for group in groups
            for one in logs.describe_metric_filters(logGroupName=group)["metricFilters"]
        ],
        "alarms": [one["AlarmName"] for one in alarms],
        "topics": [one["TopicArn"].rpartition(":")[2] for one in sns.list_topics()["Topics"]],
    }


NOTHING: dict[str, list[str]] = {"groups": [], "filters": [], "alarms": [], "topics": []}
ALL = {"groups": ["vpc-flow-logs"], "filters": ["rejects"], "alarms": ["poc-rejects"], "topics": ["pages"]}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "pages"}}


def body(resources: dict[str, Any], **sections: Any) -> str:
    """Return a JSON template."""
    return json.dumps({"Resources": resources, **sections})


@pytest.mark.parametrize("text", [RECIPE, as_json(RECIPE)], ids=["yaml", "json"])
def test_the_recipe_is_deployed_and_leaves_nothing(sandbox: Any, cfn: Any, text: str) -> None:
    """The recipe's template makes group, filter, alarm, topic and policy as it says; deleted, nothing is left."""
    cfn.create_stack(StackName="poc", TemplateBody=text, Parameters=given(TopicName="pages", Email="ops@example.com"))
    cfn.get_waiter("stack_create_complete").wait(StackName="poc")
    assert left(sandbox) == ALL
    (one,) = sandbox.session.client("logs").describe_metric_filters(logGroupName="vpc-flow-logs")["metricFilters"]
    assert one["filterPattern"] == PATTERN
    (transformation,) = one["metricTransformations"]
    assert transformation | {"metricValue": "1", "defaultValue": 0.0} == transformation
    (group,) = sandbox.session.client("logs").describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 7
    topic = f"arn:aws:sns:eu-west-1:{sandbox.account}:pages"
    (alarm,) = sandbox.session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    expected = {
        "Period": 60, "Threshold": 0.0, "Statistic": "Sum", "EvaluationPeriods": 1, "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching", "AlarmActions": [topic],
    }  # fmt: skip
    assert alarm | expected == alarm
    policy = sandbox.session.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": sandbox.account}}
    assert len(sandbox.mailbox.to("ops@example.com")) == 1
    outputs = {one["OutputKey"]: one for one in cfn.describe_stacks(StackName="poc")["Stacks"][0]["Outputs"]}
    assert outputs["AlarmArn"]["OutputValue"] == alarm["AlarmArn"]
    assert outputs["Topic"]["ExportName"] == "poc-topic"
    assert [one["Value"] for one in cfn.list_exports()["Exports"]] == [topic]

    cfn.delete_stack(StackName="poc")
    cfn.get_waiter("stack_delete_complete").wait(StackName="poc")
    assert left(sandbox) == NOTHING
    assert refused(cfn.describe_stacks, StackName="poc") == ("ValidationError", "Stack with id poc does not exist")
    (summary,) = cfn.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert status(cfn, summary["StackId"]) == "DELETE_COMPLETE"


def test_resources_are_made_after_those_they_lean_on(cfn: Any) -> None:
    """Order comes from Ref, Sub, GetAtt and DependsOn; events tell begin and end; a false condition makes nothing."""
    cfn.create_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages"))
    told = story(cfn)
    assert told[0] == ("poc", "CREATE_IN_PROGRESS")
    assert told[-1] == ("poc", "CREATE_COMPLETE")
    made = [name for name, what in told if what == "CREATE_COMPLETE"]
    assert made.index("FlowLogs") < made.index("RejectFilter") < made.index("RejectAlarm")
    assert made.index("Topic") < made.index("TopicPolicy")
    assert "Mail" not in made
    assert [what for name, what in told if name == "Topic"] == ["CREATE_IN_PROGRESS"] * 2 + ["CREATE_COMPLETE"]
    times = [event["Timestamp"] for event in cfn.describe_stack_events(StackName="poc")["StackEvents"]]
    assert times == sorted(set(times), reverse=True)


@pytest.mark.parametrize(
    ("values", "culprit"),
    [
        ({"Pattern": "[a, b"}, "RejectFilter"),
        ({"Period": "61"}, "RejectAlarm"),
        ({"LogGroupName": "no spaces"}, "FlowLogs"),
    ],
)
def test_a_bad_resource_rolls_the_stack_back(sandbox: Any, cfn: Any, values: dict[str, str], culprit: str) -> None:
    """A pattern, a period or a name that the service refuses: all that was made is gone, and the events say why."""
    cfn.create_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages", **values))
    assert status(cfn) == "ROLLBACK_COMPLETE"
    assert left(sandbox) == NOTHING
    assert (culprit, "CREATE_FAILED") in story(cfn)
    (why,) = reasons(cfn, "CREATE_FAILED")
    assert why.startswith('Resource handler returned message: "')
    assert "Status Code: 400" in why
    (back,) = reasons(cfn, "ROLLBACK_IN_PROGRESS")
    assert back == f"The following resource(s) failed to create: [{culprit}]. Rollback requested by user."
    assert cfn.describe_stack_resources(StackName="poc")["StackResources"] == []
    code, told = refused(cfn.update_stack, StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="p"))
    assert (code, "is in ROLLBACK_COMPLETE state and can not be updated" in told) == ("ValidationError", True)
    assert refused(cfn.create_stack, StackName="poc", TemplateBody=RECIPE)[0] == "AlreadyExistsException"


def test_an_update_changes_in_place_what_it_can(sandbox: Any, cfn: Any) -> None:
    """A period changes in place, a name by a new resource whose old one is taken away last; the rest is left alone."""
    cfn.create_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages"))
    before = len(story(cfn))
    cfn.update_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages2", Period="300"))
    cfn.get_waiter("stack_update_complete").wait(StackName="poc")
    told = story(cfn)[before:]
    assert left(sandbox) == ALL | {"topics": ["pages2"]}
    (alarm,) = sandbox.session.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (alarm["Period"], alarm["AlarmActions"][0].rpartition(":")[2]) == (300, "pages2")
    assert {name for name, _ in told} == {"poc", "Topic", "TopicPolicy", "RejectAlarm"}
    assert told[-3:] == [("Topic", "DELETE_IN_PROGRESS"), ("Topic", "DELETE_COMPLETE"), ("poc", "UPDATE_COMPLETE")]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in cfn.describe_stacks()["Stacks"][0]["Parameters"]}
    assert (values["TopicName"], values["Period"]) == ("pages2", "300")


def test_an_update_without_a_change_is_refused(cfn: Any) -> None:
    """The same template and values, or the previous ones: no updates are to be performed."""
    cfn.create_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages"))
    nothing = ("ValidationError", "No updates are to be performed.")
    assert (
        refused(cfn.update_stack, StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages")) == nothing
    )
    previous = [{"ParameterKey": "TopicName", "UsePreviousValue": True}]
    assert refused(cfn.update_stack, StackName="poc", UsePreviousTemplate=True, Parameters=previous) == nothing
    assert refused(cfn.update_stack, StackName="other", TemplateBody=RECIPE)[1] == "Stack with id other does not exist"


def test_a_failed_update_brings_the_old_state_back(sandbox: Any, cfn: Any) -> None:
    """A pattern that is refused at the end of an update: the changed, the new and the replaced are as before."""
    cfn.create_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages"))
    template = json.loads(as_json(RECIPE))
    template["Resources"]["Extra"] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "extra"}}
    template["Resources"]["FlowLogs"]["Properties"]["RetentionInDays"] = 30
    template["Resources"]["RejectFilter"]["DependsOn"] = ["Extra", "FlowLogs", "Topic"]
    values = given(TopicName="pages2", Pattern="[a, b")
    cfn.update_stack(StackName="poc", TemplateBody=json.dumps(template), Parameters=values)
    assert status(cfn) == "UPDATE_ROLLBACK_COMPLETE"
    assert left(sandbox) == ALL
    (group,) = sandbox.session.client("logs").describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 7
    assert ("RejectFilter", "UPDATE_FAILED") in story(cfn)
    assert "[RejectFilter]" in reasons(cfn, "UPDATE_ROLLBACK_IN_PROGRESS")[0]
    assert json.loads(as_json(RECIPE)) == json.loads(as_json(cfn.get_template(StackName="poc")["TemplateBody"]))
    cfn.update_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages", Period="300"))
    assert status(cfn) == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "JSON not well-formed"),
        ("Resources: [", "YAML not well-formed"),
        ("just words", "Template format error: unsupported structure."),
        ("{}", "At least one Resources member must be defined."),
        (body({"A": {}}), "Every Resources object must contain a Type member"),
        (body({"A": {**TOPIC, "Propertes": {}}}), "Invalid template resource property 'Propertes'"),
        (body({"A": TOPIC}, Extra={}), "Invalid template property or properties [Extra]"),
        (body({"a-b": TOPIC}), "Resource name a-b is non alphanumeric"),
        (body({"A": TOPIC}, Transform="X"), "the sandbox does not play the section Transform"),
        (body({"A": TOPIC}, Outputs={"O": {}}), "Every Outputs member must contain a Value object"),
        (body({"A": TOPIC}, Parameters={"P": {"Type": "Text"}}), "Unrecognized parameter type: Text"),
        ("Resources:\n  A: {Type: AWS::SNS::Topic}\n  A: {Type: AWS::SNS::Topic}", "YAML not well-formed"),
    ],
)
def test_a_template_that_is_none_is_refused(cfn: Any, text: str, message: str) -> None:
    """ValidateTemplate refuses what is not well formed, with the service's words, and so does CreateStack."""
    for call, params in ((cfn.validate_template, {}), (cfn.create_stack, {"StackName": "poc"})):
        code, told = refused(call, TemplateBody=text, **params)
        assert code == "ValidationError"
        assert message in told


def leaning(**names: Any) -> dict[str, Any]:
    """Return topics whose display names lean on something."""
    return {name: {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}} for name, value in names.items()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            body({"A": {"Type": "AWS::EC2::VPC"}}),
            "Unrecognized resource types: [AWS::EC2::VPC] (the sandbox makes AWS::Logs",
        ),
        (
            body(leaning(A={"Ref": "B"}, B={"Fn::GetAtt": ["A", "TopicName"]})),
            "Circular dependency between resources: [A, B]",
        ),
        (body(leaning(A={"Ref": "Nobody"})), "Unresolved resource dependencies [Nobody] in the Resources block"),
        (body(leaning(A={"Fn::Sub": "x${Nobody}"})), "Unresolved resource dependencies [Nobody]"),
        (body(leaning(A={"Fn::GetAtt": "Nobody.Arn"})), "instance of Fn::GetAtt references undefined resource Nobody"),
        (body({"A": {**TOPIC, "DependsOn": "B"}}), "Unresolved resource dependencies [B]"),
        (body({"A": {**TOPIC, "Condition": "C"}}), "Unresolved condition dependency C"),
        (body({"A": TOPIC}, Outputs={"O": {"Value": {"Ref": "B"}}}), "[B] in the Outputs block"),
    ],
)
def test_what_leans_on_nothing_is_refused_before_anything_is_made(cfn: Any, text: str, message: str) -> None:
    """CreateStack refuses unknown types, cycles and references to nothing; no stack is left of it."""
    code, told = refused(cfn.create_stack, StackName="poc", TemplateBody=text)
    assert code == "ValidationError"
    assert message in told
    assert cfn.describe_stacks()["Stacks"] == []


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            {"TopicNam": "x"},
            "Properties validation failed for resource A with message:\n#: extraneous key [TopicNam] is not permitted",
        ),
        (
            {"Subscription": [{"Protocol": "email", "Adress": "x"}]},
            "#/Subscription/0: extraneous key [Adress] is not permitted",
        ),
        ({"DisplayName": ["x"]}, "#/DisplayName: expected type: String, found: JSONArray"),
        ({"ArchivePolicy": {}}, "the sandbox does not play ArchivePolicy of A"),
        ({"TopicName": "x.fifo"}, "does not play FIFO topics"),
    ],
)
def test_a_property_that_a_type_has_not_fails_its_resource(cfn: Any, properties: dict[str, Any], message: str) -> None:
    """Unknown properties, other types and what the sandbox lacks fail the resource, and with it the stack."""
    text = body({"A": {"Type": "AWS::SNS::Topic", "Properties": properties}})
    cfn.create_stack(StackName="poc", TemplateBody=text)
    assert status(cfn) == "ROLLBACK_COMPLETE"
    assert message in reasons(cfn, "CREATE_FAILED")[0]


def test_required_properties_are_required(cfn: Any) -> None:
    """A missing property is named."""
    cfn.create_stack(StackName="poc", TemplateBody=body({"A": {"Type": "AWS::Logs::MetricFilter", "Properties": {}}}))
    (why,) = reasons(cfn, "CREATE_FAILED")
    for name in ("FilterPattern", "LogGroupName", "MetricTransformations"):
        assert f"#: required key [{name}] not found" in why


def test_someone_elses_resource_is_not_taken_over(sandbox: Any, cfn: Any) -> None:
    """A name that exists outside the stack fails the stack, and stays as it is."""
    sns = sandbox.session.client("sns")
    arn = sns.create_topic(Name="pages", Attributes={"DisplayName": "theirs"})["TopicArn"]
    cfn.create_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages"))
    assert status(cfn) == "ROLLBACK_COMPLETE"
    assert "AWS::SNS::Topic" in reasons(cfn, "CREATE_FAILED")[0]
    assert "already exists." in reasons(cfn, "CREATE_FAILED")[0]
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "theirs"
    assert left(sandbox) == NOTHING | {"topics": ["pages"]}


PARAMETERS = body(
    {"A": TOPIC},
    Parameters={
        "Name": {"Type": "String", "AllowedPattern": "[a-z]+", "MaxLength": 5},
        "Days": {"Type": "Number", "Default": 7, "MinValue": 1, "MaxValue": 30},
        "Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
    },
)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "Parameters: [Name] must have values"),
        ({"Name": "a", "Colour": "red"}, "Parameters: [Colour] do not exist in the template"),
        ({"Name": "A"}, "Parameter 'Name' must match pattern [a-z]+"),
        ({"Name": "abcdef"}, "Parameter 'Name' must contain between 0 and 5 characters"),
        ({"Name": "a", "Days": "x"}, "Parameter 'Days' must be a number."),
        ({"Name": "a", "Days": "31"}, "Parameter 'Days' must be a number between 1 and 30"),
        ({"Name": "a", "Stage": "test"}, "Parameter 'Stage' must be one of AllowedValues [dev, prod]"),
    ],
)
def test_parameters_are_held_to_their_constraints(values: dict[str, str], message: str) -> None:
    """A missing, unknown or forbidden value is a ValidationError that says which and why."""
    with pytest.raises(ServiceError) as caught:
        arguments(parse(PARAMETERS), given(**values))
    assert (caught.value.code, caught.value.message) == ("ValidationError", message)


def test_parameters_have_defaults() -> None:
    """What is not given is the default, as text."""
    found = arguments(parse(PARAMETERS), given(Name="abc"))
    assert found == {"Name": "abc", "Days": "7", "Stage": "dev", "Zones": "a, b"}


FUNCTIONS = """
Parameters:
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Stage: {Type: String, Default: dev}
Mappings:
  Days: {dev: {Keep: 3}, prod: {Keep: 30}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Dev: !Not [Condition: Prod]
  Both: !And [Condition: Dev, Condition: Prod]
  Either: !Or [Condition: Dev, Condition: Prod]
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !FindInMap [Days, !Ref Stage, Keep]}}
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: pages
      KmsMasterKeyId: !If [Prod, key, !Ref AWS::NoValue]
  Absent: {Type: AWS::SNS::Topic, Condition: Both}
Outputs:
  Join: {Value: !Join ["-", [x, !Ref Stage, !Select [1, !Ref Zones]]]}
  Select: {Value: !Select ["2", !Split [":", !GetAtt Group.Arn]]}
  Sub: {Value: !Sub "${AWS::Region}/${Topic.TopicName}/${!literal}/${Stage}"}
  SubMap: {Value: !Sub ["${One}${Stage}", {One: !Ref Stage}]}
  If: {Value: !If [Either, yes, no]}
  Never: {Condition: Prod, Value: x}
  Pseudo: {Value: !Sub "${AWS::Partition} ${AWS::URLSuffix} ${AWS::StackName}"}
  Base: {Value: !Base64 abc}
  Date: {Value: 2026-11-02}
  Long: {Value: {"Fn::Join": ["", [{"Ref": "Topic"}]]}}
"""


def test_functions_give_what_they_should(sandbox: Any, cfn: Any) -> None:
    """Each function and pseudo parameter, short and long, as the reference has it."""
    cfn.create_stack(StackName="poc", TemplateBody=FUNCTIONS)
    (stack,) = cfn.describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]} == {
        "Join": "x-dev-b",
        "Select": "logs",
        "Sub": "eu-west-1/pages/${literal}/dev",
        "SubMap": "devdev",
        "If": "true",
        "Pseudo": "aws amazonaws.com poc",
        "Base": "YWJj",
        "Date": "2026-11-02",
        "Long": f"arn:aws:sns:eu-west-1:{sandbox.account}:pages",
    }
    (group,) = sandbox.session.client("logs").describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 3
    assert group["logGroupName"].startswith("poc-Group-")
    found = cfn.describe_stack_resource(StackName="poc", LogicalResourceId="Group")["StackResourceDetail"]
    assert found["PhysicalResourceId"] == group["logGroupName"]
    assert [
        one["LogicalResourceId"] for one in cfn.list_stack_resources(StackName="poc")["StackResourceSummaries"]
    ] == [
        "Group",
        "Topic",
    ]


@pytest.mark.parametrize(
    "function",
    [
        {"Fn::GetAtt": 3},
        {"Fn::GetAtt": ["A"]},
        {"Fn::GetAtt": [3, "Arn"]},
        {"Fn::Sub": 3},
        {"Fn::Sub": ["a", "b"]},
        {"Fn::Join": "x"},
        {"Fn::Join": ["-", "x"]},
        {"Fn::Select": ["x", ["a"]]},
        {"Fn::Select": [1, ["a"]]},
        {"Fn::If": ["C", 1]},
        {"Fn::If": [3, 1, 2]},
        {"Fn::FindInMap": ["A", "B", "C"]},
        {"Fn::Cidr": ["10.0.0.0/8", 2, 8]},
        {"Fn::Nothing": 1},
        {"Ref": 3},
    ],
)
def test_a_function_that_is_used_wrongly_makes_nothing(sandbox: Any, cfn: Any, function: dict[str, Any]) -> None:
    """A function with arguments it cannot use, or that the sandbox lacks, is a ValidationError or a rollback."""
    text = body({"A": TOPIC}, Outputs={"O": {"Value": function}})
    told = {}
    try:
        cfn.create_stack(StackName="poc", TemplateBody=text)
    except cfn.exceptions.ClientError as error:
        told = error.response["Error"]
    if told:
        assert told["Code"] == "ValidationError"
        assert told["Message"].startswith("Template ")
    else:
        assert status(cfn) == "ROLLBACK_COMPLETE"
    assert left(sandbox)["topics"] == []


def test_a_template_may_lie_in_a_bucket(sandbox: Any, cfn: Any) -> None:
    """TemplateURL reads from the sandbox's own S3, by either way to write the address."""
    s3 = sandbox.session.client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="templates", Key="a/poc.json", Body=body({"A": TOPIC}).encode())
    hosts = ("s3.eu-west-1.amazonaws.com/templates", "templates.s3.amazonaws.com")
    for name, host in zip(("one", "two"), hosts, strict=True):
        cfn.create_stack(StackName=name, TemplateURL=f"https://{host}/a/poc.json")
        assert status(cfn, name) == "CREATE_COMPLETE"
        cfn.delete_stack(StackName=name)
    assert "S3 error" in refused(cfn.validate_template, TemplateURL="https://templates.s3.amazonaws.com/none")[1]


def test_an_attribute_that_a_type_has_not_fails(cfn: Any) -> None:
    """Fn::GetAtt of an unknown attribute rolls back, and says so."""
    text = body({"A": TOPIC}, Outputs={"O": {"Value": {"Fn::GetAtt": ["A", "Colour"]}}})
    cfn.create_stack(StackName="poc", TemplateBody=text)
    assert status(cfn) == "ROLLBACK_COMPLETE"
    assert "resource A does not support attribute type Colour in Fn::GetAtt" in reasons(cfn, "ROLLBACK_IN_PROGRESS")[0]


def test_what_is_to_be_retained_stays(sandbox: Any, cfn: Any) -> None:
    """DeletionPolicy Retain: the resource outlives its stack, and the story says it was skipped."""
    cfn.create_stack(StackName="poc", TemplateBody=body({"A": {**TOPIC, "DeletionPolicy": "Retain"}}))
    stack_id = cfn.describe_stacks()["Stacks"][0]["StackId"]
    cfn.delete_stack(StackName="poc")
    assert left(sandbox)["topics"] == ["pages"]
    assert ("A", "DELETE_SKIPPED") in story(cfn, stack_id)


@pytest.mark.parametrize(
    ("params", "expected", "topics"),
    [
        ({}, "ROLLBACK_COMPLETE", []),
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", ["pages"]),
        ({"DisableRollback": True}, "CREATE_FAILED", ["pages"]),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", []),
    ],
)
def test_a_failure_ends_as_it_was_asked(
    sandbox: Any, cfn: Any, params: dict[str, Any], expected: str, topics: list[str]
) -> None:
    """OnFailure and DisableRollback say what becomes of what was made."""
    bad = {"Type": "AWS::SNS::Topic", "DependsOn": "A", "Properties": {"TopicName": "a b"}}
    made = cfn.create_stack(StackName="poc", TemplateBody=body({"A": TOPIC, "B": bad}), **params)
    assert status(cfn, made["StackId"]) == expected
    assert left(sandbox)["topics"] == topics


QUEUE = """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: "45"}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement:
          - {Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: SQS:SendMessage, Resource: !GetAtt Queue.Arn}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: vpc-flow-logs.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: put
          PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "logs:*", Resource: "*"}]}
Outputs:
  Role: {Value: !GetAtt Role.Arn}
  Queue: {Value: !Ref Queue}
"""


def test_queues_and_roles_are_made_and_taken_away(sandbox: Any, cfn: Any) -> None:
    """A queue that its policy opens to SNS hears its topic; a role needs an acknowledgement; deleted, all is gone."""
    assert refused(cfn.create_stack, StackName="poc", TemplateBody=QUEUE) == (
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_IAM]",
    )
    cfn.create_stack(StackName="poc", TemplateBody=QUEUE, Capabilities=["CAPABILITY_IAM"])
    outputs = {one["OutputKey"]: one["OutputValue"] for one in cfn.describe_stacks()["Stacks"][0]["Outputs"]}
    assert outputs["Role"].startswith(f"arn:aws:iam::{sandbox.account}:role/poc-Role-")
    sns, sqs, iam = (sandbox.session.client(name) for name in ("sns", "sqs", "iam"))
    sns.publish(TopicArn=sns.list_topics()["Topics"][0]["TopicArn"], Message="heard")
    (message,) = sqs.receive_message(QueueUrl=outputs["Queue"])["Messages"]
    assert json.loads(message["Body"])["Message"] == "heard"
    settings = sqs.get_queue_attributes(QueueUrl=outputs["Queue"], AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert settings == {"VisibilityTimeout": "45"}
    cfn.delete_stack(StackName="poc")
    assert "QueueUrls" not in sqs.list_queues()
    assert iam.list_roles()["Roles"] == []


def test_a_change_set_is_worked_out_first_and_made_later(sandbox: Any, cfn: Any) -> None:
    """CREATE leaves a stack in review until it is executed; UPDATE tells additions, changes and removals."""
    cfn.create_change_set(
        StackName="poc", ChangeSetName="one", ChangeSetType="CREATE", TemplateBody=RECIPE,
        Parameters=given(TopicName="pages"),
    )  # fmt: skip
    cfn.get_waiter("change_set_create_complete").wait(StackName="poc", ChangeSetName="one")
    assert status(cfn) == "REVIEW_IN_PROGRESS"
    assert left(sandbox) == NOTHING
    cfn.execute_change_set(StackName="poc", ChangeSetName="one")
    cfn.get_waiter("stack_create_complete").wait(StackName="poc")
    assert left(sandbox) == ALL

    template = json.loads(as_json(RECIPE))
    del template["Resources"]["TopicPolicy"]
    template["Resources"]["Extra"] = {"Type": "AWS::SNS::Topic"}
    made = cfn.create_change_set(
        StackName="poc", ChangeSetName="two", TemplateBody=json.dumps(template), Parameters=given(TopicName="pages2")
    )
    found = cfn.describe_change_set(ChangeSetName=made["Id"])
    told = {
        one["LogicalResourceId"]: (one["Action"], one.get("Replacement", ""))
        for one in (change["ResourceChange"] for change in found["Changes"])
    }
    assert told == {
        "Extra": ("Add", ""),
        "Topic": ("Modify", "True"),
        "RejectAlarm": ("Modify", "False"),
        "TopicPolicy": ("Remove", ""),
    }
    assert left(sandbox) == ALL
    cfn.execute_change_set(ChangeSetName=made["Id"])
    assert status(cfn) == "UPDATE_COMPLETE"
    assert sorted(name.partition("-")[0] for name in left(sandbox)["topics"]) == ["pages2", "poc"]


def test_a_change_set_without_changes_fails(cfn: Any) -> None:
    """It says that there is nothing to do, cannot be executed, and can be deleted."""
    cfn.create_stack(StackName="poc", TemplateBody=RECIPE, Parameters=given(TopicName="pages"))
    cfn.create_change_set(
        StackName="poc", ChangeSetName="none", TemplateBody=RECIPE, Parameters=given(TopicName="pages")
    )
    found = cfn.describe_change_set(StackName="poc", ChangeSetName="none")
    assert (found["Status"], found["ExecutionStatus"], found["Changes"]) == ("FAILED", "UNAVAILABLE", [])
    assert found["StatusReason"].startswith("The submitted information didn't contain changes.")
    assert refused(cfn.execute_change_set, StackName="poc", ChangeSetName="none")[0] == "InvalidChangeSetStatus"
    cfn.delete_change_set(StackName="poc", ChangeSetName="none")
    assert refused(cfn.describe_change_set, StackName="poc", ChangeSetName="none")[0] == "ChangeSetNotFound"


def test_a_template_tells_what_it_asks_for(cfn: Any) -> None:
    """ValidateTemplate and GetTemplateSummary name parameters, types and capabilities; a secret is masked."""
    found = cfn.get_template_summary(TemplateBody=RECIPE)
    assert set(found["ResourceTypes"]) >= {"AWS::Logs::MetricFilter", "AWS::CloudWatch::Alarm"}
    period = next(one for one in found["Parameters"] if one["ParameterKey"] == "Period")
    assert (period["DefaultValue"], period["ParameterType"]) == ("60", "Number")
    assert cfn.validate_template(TemplateBody=QUEUE)["Capabilities"] == ["CAPABILITY_IAM"]
    hidden = body({"A": TOPIC}, Parameters={"Secret": {"Type": "String", "Default": "s", "NoEcho": True}})
    cfn.create_stack(StackName="poc", TemplateBody=hidden)
    (one,) = cfn.describe_stacks()["Stacks"][0]["Parameters"]
    assert one["ParameterValue"] == "****"


def test_a_protected_stack_is_not_deleted(cfn: Any) -> None:
    """Termination protection holds until it is taken off; deleting what is not there is no error."""
    cfn.create_stack(StackName="poc", TemplateBody=body({"A": TOPIC}), EnableTerminationProtection=True)
    assert "TerminationProtection is enabled" in refused(cfn.delete_stack, StackName="poc")[1]
    cfn.update_termination_protection(StackName="poc", EnableTerminationProtection=False)
    cfn.delete_stack(StackName="poc")
    cfn.delete_stack(StackName="poc")
    assert cfn.describe_stacks()["Stacks"] == []


def test_an_export_has_one_owner_and_is_imported(cfn: Any) -> None:
    """A second stack may import a value, and may not export the name again; what is imported is not deleted."""
    output = {"O": {"Value": {"Ref": "A"}, "Export": {"Name": "shared"}}}
    cfn.create_stack(StackName="one", TemplateBody=body({"A": TOPIC}, Outputs=output))
    again = body({"A": {"Type": "AWS::SNS::Topic"}}, Outputs=output)
    cfn.create_stack(StackName="two", TemplateBody=again)
    assert "Export with name shared is already exported by stack one" in reasons(cfn, "ROLLBACK_IN_PROGRESS", "two")[0]
    uses = body({"A": {"Type": "AWS::SNS::Topic"}}, Outputs={"O": {"Value": {"Fn::ImportValue": "shared"}}})
    cfn.create_stack(StackName="three", TemplateBody=uses)
    assert cfn.describe_stacks(StackName="three")["Stacks"][0]["Outputs"][0]["OutputValue"].endswith(":pages")
    assert "in use" in refused(cfn.delete_stack, StackName="one")[1]


def test_the_command_line_deploys(sandbox: Any, cfn: Any, tmp_path: Path) -> None:
    """`aws cloudformation deploy` creates, finds nothing to do, and updates."""
    file = tmp_path / "recipe.yaml"
    file.write_text(RECIPE)

    def deploy(*values: str) -> str:
        command = [sys.executable, "-m", "awscli", "cloudformation", "deploy", "--stack-name", "poc", "--template-file"]
        command += [str(file), "--no-fail-on-empty-changeset", "--parameter-overrides", *values]
        done = subprocess.run(
            command, env=os.environ | sandbox.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        for one in cfn.list_change_sets(StackName="poc")["Summaries"]:  # the command names them by the second
            cfn.delete_change_set(ChangeSetName=one["ChangeSetId"])
        return done.stdout

    pytest.importorskip("awscli")
    assert "Successfully created/updated stack - poc" in deploy("TopicName=pages")
    assert left(sandbox) == ALL
    assert "No changes to deploy" in deploy("TopicName=pages")
    deploy("TopicName=pages", "Period=300")
    assert sandbox.session.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["Period"] == 300


def test_the_recorded_alarms_outputs_are_the_stacks(cfn: Any) -> None:
    """An alarm's Ref is its name and its Arn attribute its ARN, as the recorded stack's outputs are."""
    shared = os.environ.get("REJECTKIT_SHARED")
    if not shared:
        pytest.skip("REJECTKIT_SHARED is not set")
    file = Path(shared) / "data/alarms/cloudformation__resources__test_cloudwatch.snapshot.json"
    recorded = next(v for k, v in json.loads(file.read_text()).items() if k.endswith("test_alarm_creation"))
    expected = recorded["recorded-content"]["alarm_outputs"]
    alarm = {
        "Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    outputs = {"AlarmName": {"Value": {"Ref": "A"}}, "AlarmArnFromAtt": {"Value": {"Fn::GetAtt": ["A", "Arn"]}}}
    text = body({"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}}, Outputs=outputs)
    made = cfn.create_stack(StackName="poc", TemplateBody=text)
    found = {one["OutputKey"]: one["OutputValue"] for one in cfn.describe_stacks()["Stacks"][0]["Outputs"]}
    assert found.keys() == expected.keys()
    _, partition, _, region, account, *_ = made["StackId"].split(":")
    shape = expected["AlarmArnFromAtt"].replace("<partition>", partition).replace("<region>", region)
    assert found["AlarmArnFromAtt"] == shape.replace("111111111111", account).replace(
        "<resource:1>", found["AlarmName"]
    )
