"""Deploys a stack: made in order, changed in place or by a new one, put back when a resource fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.stacks.intrinsics import Scope, ordered
from rejectkit.sandbox.stacks.resources import KINDS
from rejectkit.sandbox.stacks.stackstore import GONE, Output, Resource, Stack, Stacks
from rejectkit.sandbox.stacks.templates import Template, refusal

_SERVICES = {"Logs": "CloudWatchLogs", "CloudWatch": "CloudWatch", "SNS": "Sns", "SQS": "Sqs", "IAM": "Iam"}
_NO_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a stack and a template: `replaced` is True, False or Conditional, for a Modify."""

    action: str
    logical: str
    physical: str
    type: str
    replaced: str
    properties: tuple[str, ...]


def check(stacks: Stacks, stack: Stack, template: Template, arguments: Mapping[str, str], given: list[str]) -> None:
    """Refuse a template before anything is made.

    Raises
    ------
    ServiceError
        `ValidationError` or `InsufficientCapabilitiesException`.
    """
    if unknown := [name for name in template.types if name not in KINDS]:
        raise refusal(
            f"Template format error: Unrecognized resource types: [{', '.join(unknown)}] "
            f"(the sandbox makes {', '.join(KINDS)})"
        )
    wanted = template.capabilities
    if wanted and not {*wanted, "CAPABILITY_NAMED_IAM"} & set(given):
        raise ServiceError("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(wanted)}]")
    scope = stacks.scope(stack, template, arguments, {})
    ordered(template, scope)
    for name in template.conditions:
        scope.condition(name)
    changed = [
        n for n, one in stack.resources.items() if template.resources.get(n, {"Type": one.type})["Type"] != one.type
    ]
    if changed:
        raise refusal(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(changed)}]"
        )


def changes(stacks: Stacks, stack: Stack, template: Template, arguments: Mapping[str, str]) -> list[Change]:
    """Return what a deployment would do to the resources; what leans on a new one counts as changed."""
    found: list[Change] = []
    kept = dict(stack.resources)
    order = ordered(template, stacks.scope(stack, template, arguments, {}))
    for name in order:
        old = stack.resources.get(name)
        kind = template.resources[name]["Type"]
        if old is None:
            found.append(Change("Add", name, "", kind, "", ()))
            continue
        new = _wanted(stacks.scope(stack, template, arguments, kept), template, name)
        given = _checked_or_plain(new)
        differ = tuple(sorted(key for key in {*given, *old.properties} if given.get(key) != old.properties.get(key)))
        replaces = bool(KINDS[kind].replaces & set(differ))
        if replaces:
            del kept[name]
        if differ or (new.policy, new.replaced_policy) != (old.policy, old.replaced_policy):
            found.append(Change("Modify", name, old.physical, kind, str(replaces), differ))
    gone = [one for name, one in stack.resources.items() if name not in order]
    return found + [Change("Remove", one.logical, one.physical, one.type, "", ()) for one in reversed(gone)]


def _checked_or_plain(new: Resource) -> dict[str, Any]:
    try:
        return KINDS[new.type].checked(new.logical, new.properties)
    except ServiceError:
        return new.properties  # it differs, and will fail when it is made


def nothing_new(
    stacks: Stacks, stack: Stack, template: Template, arguments: Mapping[str, str], tags: Mapping[str, str]
) -> bool:
    """Tell whether a deployment would leave everything as it is."""
    if changes(stacks, stack, template, arguments) or dict(tags) != stack.tags:
        return False
    scope = stacks.scope(stack, template, arguments, stack.resources)
    return _outputs(stacks, stack, template, scope) == stack.outputs


def create(stacks: Stacks, stack: Stack) -> None:
    """Make a new stack, or end it as `on_failure` says."""
    stacks.note(stack, None, "CREATE_IN_PROGRESS", "User Initiated")
    try:
        order = ordered(stack.template, stacks.scope(stack, stack.template, stack.arguments, {}))
        for name in order:
            scope = stacks.scope(stack, stack.template, stack.arguments, stack.resources)
            _make(stacks, stack, scope, name, "CREATE")
        scope = stacks.scope(stack, stack.template, stack.arguments, stack.resources)
        stack.outputs = _outputs(stacks, stack, stack.template, scope)
    except ServiceError as error:
        _end_create(stacks, stack, _blame(stack, error, "create"))
    else:
        stacks.note(stack, None, "CREATE_COMPLETE")


def _blame(stack: Stack, error: ServiceError, verb: str) -> str:
    """Return the reason of a stack's failure: which resource, or what else."""
    last = stack.events[-1]
    return (
        f"The following resource(s) failed to {verb}: [{last.logical}]. "
        if last.status.endswith("_FAILED")
        else f"{error.message}. "
    )


def _end_create(stacks: Stacks, stack: Stack, why: str) -> None:
    if stack.on_failure == "DO_NOTHING":
        stacks.note(stack, None, "CREATE_FAILED", why.strip())
        return
    if stack.on_failure == "DELETE":
        stacks.note(stack, None, "DELETE_IN_PROGRESS", f"{why}Delete requested by user.")
        delete(stacks, stack, begun=True)
        return
    stacks.note(stack, None, "ROLLBACK_IN_PROGRESS", f"{why}Rollback requested by user.")
    for one in reversed(list(stack.resources.values())):
        if one.physical and one.policy != "Retain":
            _take(stacks, stack, one)
        stack.resources.pop(one.logical)
        stack.past[one.logical] = one
    stacks.note(stack, None, "ROLLBACK_COMPLETE")


def update(stacks: Stacks, stack: Stack, template: Template, arguments: dict[str, str], tags: dict[str, str]) -> None:
    """Change a stack; if a resource fails, put everything back that was done."""
    stacks.note(stack, None, "UPDATE_IN_PROGRESS", "User Initiated")
    before, undo, after = stack.resources, list[Callable[[], object]](), list[Resource]()
    stack.resources = dict(before)
    try:
        order = ordered(template, stacks.scope(stack, template, arguments, {}))
        for name in order:
            _bring(stacks, stack, stacks.scope(stack, template, arguments, stack.resources), name, undo, after)
        after += [one for name, one in before.items() if name not in order]
        stack.resources = {name: stack.resources[name] for name in order}
        scope = stacks.scope(stack, template, arguments, stack.resources)
        outputs = _outputs(stacks, stack, template, scope)
    except ServiceError as error:
        why = _blame(stack, error, "update").strip()
        stacks.note(stack, None, "UPDATE_ROLLBACK_IN_PROGRESS", why)
        try:
            for step in reversed(undo):
                step()
        except ServiceError as worse:
            stacks.note(stack, None, "UPDATE_ROLLBACK_FAILED", worse.message)
        else:
            stacks.note(stack, None, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
            stacks.note(stack, None, "UPDATE_ROLLBACK_COMPLETE")
        stack.resources = before
    else:
        stack.template, stack.arguments, stack.tags, stack.outputs = template, arguments, tags, outputs
        stacks.note(stack, None, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for one in reversed(after):
            replaced = one.logical in stack.resources
            kept = (one.replaced_policy if replaced else one.policy) == "Retain"
            _skip(stacks, stack, one) if kept else _take(stacks, stack, one)
        stacks.note(stack, None, "UPDATE_COMPLETE")
    stack.updated = stacks.now()


def _bring(
    stacks: Stacks, stack: Stack, scope: Scope, name: str, undo: list[Callable[[], object]], after: list[Resource]
) -> None:
    """Bring one resource to what the template says; note how to undo it, and what to take away in the end."""
    old = stack.resources.get(name)
    if old is None:
        _make(stacks, stack, scope, name, "CREATE", undo)
        return
    new = replace(_wanted(scope, scope.template, name), physical=old.physical, status=old.status, at=old.at)
    kind = KINDS[new.type]
    stack.resources[name] = new
    try:
        new.properties = kind.checked(name, new.properties)
    except ServiceError as error:
        stacks.note(stack, new, "UPDATE_FAILED", error.message)
        raise
    differ = {key for key in {*new.properties, *old.properties} if new.properties.get(key) != old.properties.get(key)}
    if not differ:
        return
    if kind.replaces & differ:
        why = "Requested update requires the creation of a new physical resource; hence creating one."
        stacks.note(stack, new, "UPDATE_IN_PROGRESS", why)
        _make(stacks, stack, scope, name, "UPDATE", undo)
        after.append(old)
        return
    stacks.note(stack, new, "UPDATE_IN_PROGRESS", shown=json.dumps(new.properties))
    place = stacks.place(stack, new)

    def put_back() -> None:
        stacks.note(stack, old, "UPDATE_IN_PROGRESS")
        kind.update(place, old.physical, old.properties, new.properties)
        stacks.note(stack, old, "UPDATE_COMPLETE")

    undo.append(put_back)
    try:
        kind.update(place, old.physical, new.properties, old.properties)
    except ServiceError as error:
        stacks.note(stack, new, "UPDATE_FAILED", _reason(new.type, error))
        raise
    stacks.note(stack, new, "UPDATE_COMPLETE")


def _make(
    stacks: Stacks, stack: Stack, scope: Scope, name: str, verb: str, undo: list[Callable[[], object]] | None = None
) -> Resource:
    """Make one resource; half of one is taken away again when its stack is."""
    one = _wanted(scope, scope.template, name)
    stack.resources[name] = one
    if verb == "CREATE":
        stacks.note(stack, one, "CREATE_IN_PROGRESS")
    place = stacks.place(stack, one)
    try:
        one.properties = KINDS[one.type].checked(name, one.properties)
        if undo is not None:
            undo.append(lambda: _take(stacks, stack, one) if one.physical else None)
        one.physical = KINDS[one.type].create(place, one.properties)
    except ServiceError as error:
        one.physical = place.physical
        stacks.note(stack, one, f"{verb}_FAILED", _reason(one.type, error))
        raise
    shown = json.dumps(one.properties)
    stacks.note(stack, one, f"{verb}_IN_PROGRESS", "Resource creation Initiated", shown)
    stacks.note(stack, one, f"{verb}_COMPLETE", shown=shown)
    return one


def delete(stacks: Stacks, stack: Stack, retained: list[str] | None = None, *, begun: bool = False) -> None:
    """Take a stack away, the latest resource first; what is to be retained stays."""
    if not begun:
        stacks.note(stack, None, "DELETE_IN_PROGRESS", "User Initiated")
    for one in reversed(list(stack.resources.values())):
        if one.policy.startswith("Retain") or one.logical in (retained or []):
            _skip(stacks, stack, one)
        elif one.physical and not _take(stacks, stack, one):
            stacks.note(stack, None, "DELETE_FAILED", f"The following resource(s) failed to delete: [{one.logical}]. ")
            return
        stack.past[one.logical] = stack.resources.pop(one.logical)
    stack.outputs = []
    stacks.note(stack, None, GONE)
    stack.deleted = stack.events[-1].at


def _take(stacks: Stacks, stack: Stack, one: Resource) -> bool:
    """Take one resource away; tell whether that went well."""
    stacks.note(stack, one, "DELETE_IN_PROGRESS")
    try:
        KINDS[one.type].delete(stacks.place(stack, one), one.physical, one.properties)
    except ServiceError as error:
        stacks.note(stack, one, "DELETE_FAILED", _reason(one.type, error))
        return False
    stacks.note(stack, one, GONE)
    return True


def _skip(stacks: Stacks, stack: Stack, one: Resource) -> None:
    stacks.note(stack, one, "DELETE_SKIPPED")


def _wanted(scope: Scope, template: Template, name: str) -> Resource:
    """Return a resource as the template has it now, not made yet."""
    said = template.resources[name]
    policy, replaced = said.get("DeletionPolicy", "Delete"), said.get("UpdateReplacePolicy", "Delete")
    return Resource(name, said["Type"], "", scope.value(said.get("Properties", {})), policy, replaced)


def _reason(kind: str, error: ServiceError) -> str:
    """Return why a resource failed, as events have it."""
    if error.code == "InvalidRequest":
        return error.message
    told, code = error.message, "AlreadyExists"
    if error.code != code:
        service = _SERVICES.get(kind.split("::")[1], kind)
        told = f"{told} (Service: {service}, Status Code: {error.status}, Request ID: {_NO_ID})"
        code = "NotFound" if "NotFound" in error.code else "InvalidRequest"
    return f'Resource handler returned message: "{told}" (RequestToken: {_NO_ID}, HandlerErrorCode: {code})'


def _outputs(stacks: Stacks, stack: Stack, template: Template, scope: Scope) -> list[Output]:
    found: list[Output] = []
    taken = stacks.exports(stack)
    for key, said in template.outputs.items():
        if "Condition" in said and not scope.condition(said["Condition"]):
            continue
        value = scope.value(said["Value"])
        if isinstance(value, dict | list):
            raise refusal(f"Template format error: Output {key} is malformed. The Value must be a string")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        export = _text_of_export(key, scope.value(said["Export"])) if "Export" in said else ""
        if export in taken:
            raise refusal(f"Export with name {export} is already exported by stack {taken[export][1].name}")
        found.append(Output(key, text, str(said.get("Description", "")), export))
    return found


def _text_of_export(key: str, said: Any) -> str:
    if not isinstance(said, dict) or not isinstance(said.get("Name"), str):
        raise refusal(f"Template format error: Output {key} is malformed. Its Export needs a Name, which is a string")
    return str(said["Name"])
