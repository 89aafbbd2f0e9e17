"""What CloudFormation tells of its stacks: descriptions, events, resources, templates and exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rejectkit.sandbox import paging
from rejectkit.sandbox.calls import Answer, Call, Handler
from rejectkit.sandbox.stacks.stackstore import GONE, Resource, Stack, Stacks
from rejectkit.sandbox.stacks.templates import MASK, Template, refusal
from rejectkit.sandbox.world import World

PAGE: Final = 100


def store(world: World, call: Call) -> Stacks:
    """Return the stacks of a call's region."""
    return world.region(call.region).of(Stacks)


def page(items: Sequence[Any], token: str | None, name: str) -> dict[str, Any]:
    """Return one page of a list, with the token of the next."""
    return paging.page(
        name, items, token, PAGE, refuse=lambda bad: refusal(f"The specified NextToken {bad} is invalid")
    )


def given(template: Template, arguments: Mapping[str, str]) -> list[dict[str, str]]:
    """Return parameters as they are shown: what is not to be shown is masked."""
    hidden = {name for name, said in template.parameters.items() if str(said.get("NoEcho", "")).lower() == "true"}
    return [
        {"ParameterKey": key, "ParameterValue": MASK if key in hidden else value} for key, value in arguments.items()
    ]


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as they are shown."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def summary(template: Template, *, validated: bool = False) -> dict[str, Any]:
    """Return what a template asks for: as GetTemplateSummary shows it, or ValidateTemplate."""
    parameters: list[dict[str, Any]] = []
    for key, said in template.parameters.items():
        one = {"ParameterKey": key, "NoEcho": str(said.get("NoEcho", "")).lower() == "true"}
        one |= {"DefaultValue": str(said["Default"])} if "Default" in said else {}
        one |= {"Description": str(said["Description"])} if "Description" in said else {}
        if not validated:
            allowed = (
                {"AllowedValues": [str(value) for value in said["AllowedValues"]]} if "AllowedValues" in said else {}
            )
            one |= {"ParameterType": said["Type"], "ParameterConstraints": allowed}
        parameters.append(one)
    found: dict[str, Any] = {"Parameters": parameters}
    found |= {"Description": template.description} if template.description else {}
    if template.capabilities:
        roles = [name for name, one in template.resources.items() if one["Type"].startswith("AWS::IAM::")]
        why = f"The following resource(s) require capabilities: [{', '.join(roles)}]"
        found |= {"Capabilities": template.capabilities, "CapabilitiesReason": why}
    if not validated:
        found |= {"ResourceTypes": template.types, "Version": "2010-09-09", "DeclaredTransforms": []}
    return found


def _described(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "Parameters": given(stack.template, stack.arguments),
        "CreationTime": stack.created,
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "DisableRollback": stack.on_failure == "DO_NOTHING",
        "NotificationARNs": stack.notified,
        "Capabilities": stack.capabilities,
        "Outputs": [
            {"OutputKey": one.key, "OutputValue": one.value}
            | ({"Description": one.description} if one.description else {})
            | ({"ExportName": one.export} if one.export else {})
            for one in stack.outputs
        ],
        "Tags": tag_list(stack.tags),
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
    more = {
        "Description": stack.template.description,
        "StackStatusReason": stack.reason,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "RoleARN": stack.role,
        "ChangeSetId": stack.change_set,
    }
    return found | {name: value for name, value in more.items() if value}


def _describe(world: World, call: Call) -> Answer:
    stacks, name = store(world, call), call.params.get("StackName", "")
    found = [stacks.find(name)] if name else list(reversed(stacks.living.values()))
    return page([_described(stack) for stack in found], call.params.get("NextToken"), "Stacks")


def _list(world: World, call: Call) -> Answer:
    wanted = call.params.get("StackStatusFilter", [])
    found = [
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "CreationTime": stack.created,
            "StackStatus": stack.status,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
        | _given_only(
            TemplateDescription=stack.template.description,
            LastUpdatedTime=stack.updated,
            DeletionTime=stack.deleted,
            StackStatusReason=stack.reason,
        )
        for stack in reversed(store(world, call).all.values())
        if not wanted or stack.status in wanted
    ]
    return page(found, call.params.get("NextToken"), "StackSummaries")


def _given_only(**members: str | datetime | None) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _events(world: World, call: Call) -> Answer:
    stack = store(world, call).find(call.params.get("StackName", ""))
    found = [
        {
            "StackId": stack.id,
            "EventId": event.id,
            "StackName": stack.name,
            "LogicalResourceId": event.logical,
            "PhysicalResourceId": event.physical,
            "ResourceType": event.type,
            "Timestamp": event.at,
            "ResourceStatus": event.status,
        }
        | _given_only(ResourceStatusReason=event.reason, ResourceProperties=event.properties)
        for event in reversed(stack.events)
    ]
    return page(found, call.params.get("NextToken"), "StackEvents")


def _all_resources(stack: Stack) -> list[Resource]:
    """Return what a stack has; of one that is gone, what it had."""
    return list((stack.past if stack.status == GONE else stack.resources).values())


def _shown(one: Resource, time: str) -> dict[str, Any]:
    found = {
        "LogicalResourceId": one.logical,
        "PhysicalResourceId": one.physical,
        "ResourceType": one.type,
        time: one.at,
        "ResourceStatus": one.status,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }
    return found | _given_only(ResourceStatusReason=one.reason)


def _resources(world: World, call: Call) -> Answer:
    stacks, asked = store(world, call), call.params
    physical, logical = asked.get("PhysicalResourceId", ""), asked.get("LogicalResourceId", "")
    if asked.get("StackName"):
        stack = stacks.find(asked["StackName"])
    else:
        owners = [s for s in stacks.living.values() if any(one.physical == physical for one in s.resources.values())]
        if not owners or not physical:
            raise refusal(f"Stack for {physical} does not exist")
        stack = owners[0]
    found = [
        {"StackName": stack.name, "StackId": stack.id, **_shown(one, "Timestamp")}
        for one in _all_resources(stack)
        if not logical or one.logical == logical
    ]
    return {"StackResources": found}


def _resource(world: World, call: Call) -> Answer:
    stack, logical = store(world, call).find(call.params.get("StackName", "")), call.params.get("LogicalResourceId", "")
    one = next((one for one in _all_resources(stack) if one.logical == logical), None)
    if one is None:
        raise refusal(f"Resource {logical} does not exist for stack {stack.name}")
    shown = _shown(one, "LastUpdatedTimestamp")
    return {"StackResourceDetail": {"StackName": stack.name, "StackId": stack.id, "Metadata": "{}", **shown}}


def _list_resources(world: World, call: Call) -> Answer:
    stack = store(world, call).find(call.params.get("StackName", ""))
    found = [_shown(one, "LastUpdatedTimestamp") for one in _all_resources(stack)]
    return page(found, call.params.get("NextToken"), "StackResourceSummaries")


def _template(world: World, call: Call) -> Answer:
    stacks, asked = store(world, call), call.params
    stack = stacks.find(asked.get("StackName", ""))
    return {"TemplateBody": stack.template.text, "StagesAvailable": ["Original", "Processed"]}


def _exports(world: World, call: Call) -> Answer:
    found = [
        {"ExportingStackId": stack.id, "Name": name, "Value": value}
        for name, (value, stack) in sorted(store(world, call).exports().items())
    ]
    return page(found, call.params.get("NextToken"), "Exports")


OPERATIONS: dict[str, Handler] = {
    "DescribeStacks": _describe,
    "ListStacks": _list,
    "DescribeStackEvents": _events,
    "DescribeStackResources": _resources,
    "DescribeStackResource": _resource,
    "ListStackResources": _list_resources,
    "GetTemplate": _template,
    "ListExports": _exports,
}
