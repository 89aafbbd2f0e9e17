"""CloudFormation's change sets: a deployment worked out first, and made when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rejectkit.sandbox.calls import Answer, Call, Handler, ServiceError
from rejectkit.sandbox.stacks import stackchanges
from rejectkit.sandbox.stacks.stackask import begun, changeable, tags_of, template_of
from rejectkit.sandbox.stacks.stackchanges import Change
from rejectkit.sandbox.stacks.stackstore import GONE, ChangeSet, Stack, Stacks
from rejectkit.sandbox.stacks.stackviews import given, page, store, tag_list
from rejectkit.sandbox.stacks.templates import arguments, refusal
from rejectkit.sandbox.world import World

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


def _shown(change: Change) -> Mapping[str, Any]:
    one: dict[str, Any] = {
        "Action": change.action,
        "LogicalResourceId": change.logical,
        "ResourceType": change.type,
        "Scope": ["Properties"] if change.properties else [],
        "Details": [
            {
                "Target": {"Attribute": "Properties", "Name": name},
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }
            for name in change.properties
        ],
    }
    one |= {"PhysicalResourceId": change.physical} if change.physical else {}
    one |= {"Replacement": change.replaced} if change.replaced else {}
    return {"Type": "Resource", "ResourceChange": one}


def _create(world: World, call: Call) -> Answer:
    stacks, asked = store(world, call), call.params
    name, wanted = asked.get("StackName", ""), asked.get("ChangeSetType", "UPDATE")
    stack = stacks.all.get(name) or stacks.living.get(name)
    if wanted == "IMPORT":
        raise refusal("the sandbox imports no resources: give ChangeSetType CREATE or UPDATE")
    if wanted == "CREATE":
        if stack is not None and stack.status not in ("REVIEW_IN_PROGRESS", GONE):
            raise refusal(
                f"Stack [{stack.name}] already exists and cannot be created again with the changeSet "
                f"[{asked['ChangeSetName']}]."
            )
        fresh = begun(world, call, template_of(world, call))
        if stack is None or stack.status == GONE:
            stack = stacks.all[fresh.id] = fresh
            stacks.note(stack, None, "REVIEW_IN_PROGRESS", "User Initiated")
        template, values, tags = fresh.template, fresh.arguments, fresh.tags
        found = stackchanges.changes(stacks, stack, template, values)
        empty = False
    else:
        stack = changeable(stacks, name)
        template = template_of(world, call, stack)
        values = arguments(template, asked.get("Parameters", []), stack.arguments)
        stackchanges.check(stacks, stack, template, values, list(asked.get("Capabilities", [])))
        tags = tags_of(asked) if "Tags" in asked else dict(stack.tags)
        found = stackchanges.changes(stacks, stack, template, values)
        empty = stackchanges.nothing_new(stacks, stack, template, values, tags)
    if asked["ChangeSetName"] in stack.change_sets:
        raise ServiceError("AlreadyExistsException", f"ChangeSet {asked['ChangeSetName']} already exists")
    made = ChangeSet(
        stacks.arn("changeSet", asked["ChangeSetName"]),
        asked["ChangeSetName"],
        wanted,
        template,
        values,
        tags,
        list(asked.get("Capabilities", [])),
        asked.get("Description", ""),
        stacks.now(),
        [_shown(change) for change in found],
    )
    if empty:
        made.status, made.execution, made.reason = "FAILED", "UNAVAILABLE", NO_CHANGES
    stack.change_sets[made.name] = made
    return {"Id": made.id, "StackId": stack.id}


def _find(stacks: Stacks, asked: Mapping[str, Any]) -> tuple[Stack, ChangeSet]:
    wanted, name = asked.get("ChangeSetName", ""), asked.get("StackName", "")
    if name:
        places = [stacks.find(name)]
    elif wanted.startswith("arn:"):
        places = list(stacks.all.values())
    else:
        raise refusal("StackName must be specified if ChangeSetName is not specified as an ARN.")
    for stack in places:
        for one in stack.change_sets.values():
            if wanted in (one.id, one.name):
                return stack, one
    raise ServiceError("ChangeSetNotFound", f"ChangeSet [{wanted}] does not exist", 404)


def _described(stack: Stack, one: ChangeSet) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ChangeSetName": one.name,
        "ChangeSetId": one.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": one.created,
        "ExecutionStatus": one.execution,
        "Status": one.status,
    }
    more = {"Description": one.description, "StatusReason": one.reason}
    return found | {name: value for name, value in more.items() if value}


def _describe(world: World, call: Call) -> Answer:
    stack, one = _find(store(world, call), call.params)
    return {
        **_described(stack, one),
        "Parameters": given(one.template, one.arguments),
        "NotificationARNs": stack.notified,
        "RollbackConfiguration": {},
        "Capabilities": one.capabilities,
        "Tags": tag_list(one.tags),
        **page(one.changes, call.params.get("NextToken"), "Changes"),
    }


def _list(world: World, call: Call) -> Answer:
    stack = store(world, call).find(call.params.get("StackName", ""))
    return page(
        [_described(stack, one) for one in stack.change_sets.values()], call.params.get("NextToken"), "Summaries"
    )


def _execute(world: World, call: Call) -> Answer:
    stacks = store(world, call)
    stack, one = _find(stacks, call.params)
    if one.execution != "AVAILABLE":
        raise ServiceError(
            "InvalidChangeSetStatus",
            f"ChangeSet [{one.id}] cannot be executed in its current status of [{one.status}]",
        )
    stack.change_sets.clear()  # the others were worked out for a stack that is no more
    one.execution = "EXECUTE_COMPLETE"
    stack.change_set, stack.capabilities = one.id, one.capabilities or stack.capabilities
    if one.kind == "CREATE":
        stack.template, stack.arguments, stack.tags = one.template, one.arguments, one.tags
        if call.params.get("DisableRollback"):
            stack.on_failure = "DO_NOTHING"
        stackchanges.create(stacks, stack)
    else:
        stackchanges.update(stacks, stack, one.template, one.arguments, one.tags)
    stack.change_sets[one.name] = one
    return {}


def _delete(world: World, call: Call) -> Answer:
    stacks = store(world, call)
    try:
        stack, one = _find(stacks, call.params)
    except ServiceError as error:
        if error.code == "ChangeSetNotFound":
            return {}
        raise
    del stack.change_sets[one.name]
    return {}


OPERATIONS: dict[str, Handler] = {
    "CreateChangeSet": _create,
    "DescribeChangeSet": _describe,
    "ListChangeSets": _list,
    "ExecuteChangeSet": _execute,
    "DeleteChangeSet": _delete,
}
