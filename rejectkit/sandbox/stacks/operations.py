"""AWS CloudFormation: stacks made, changed and taken away; all of it is done when a call returns."""

from __future__ import annotations

from rejectkit.sandbox.calls import Answer, Call, Handler, ServiceError
from rejectkit.sandbox.stacks import changesets, stackchanges, stackviews
from rejectkit.sandbox.stacks.stackask import begun, changeable, tags_of, template_of
from rejectkit.sandbox.stacks.stackstore import GONE, Stack, Stacks
from rejectkit.sandbox.stacks.stackviews import store
from rejectkit.sandbox.stacks.templates import arguments, refusal
from rejectkit.sandbox.world import World


def _create(world: World, call: Call) -> Answer:
    stacks, asked = store(world, call), call.params
    if asked.get("StackName") in stacks.living:
        raise ServiceError("AlreadyExistsException", f"Stack [{asked['StackName']}] already exists")
    stack = begun(world, call, template_of(world, call))
    stacks.all[stack.id] = stack
    stackchanges.create(stacks, stack)
    return {"StackId": stack.id}


def _update(world: World, call: Call) -> Answer:
    stacks, asked = store(world, call), call.params
    stack = changeable(stacks, asked.get("StackName", ""))
    template = template_of(world, call, stack)
    given = arguments(template, asked.get("Parameters", []), stack.arguments)
    capabilities = list(asked.get("Capabilities", []))
    stackchanges.check(stacks, stack, template, given, capabilities)
    tags = tags_of(asked) if "Tags" in asked else stack.tags
    if stackchanges.nothing_new(stacks, stack, template, given, tags):
        raise refusal("No updates are to be performed.")
    stack.capabilities = capabilities or stack.capabilities
    stackchanges.update(stacks, stack, template, given, dict(tags))
    return {"StackId": stack.id}


def _delete(world: World, call: Call) -> Answer:
    stacks, asked = store(world, call), call.params
    name = asked.get("StackName", "")
    stack = stacks.all.get(name) or stacks.living.get(name)
    if stack is None or stack.status == GONE:
        return None  # nothing to take away is no error
    if stack.protected:
        raise refusal(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    used = [name for name, (_, owner) in stacks.exports().items() if owner is stack and _imported(stacks, stack, name)]
    if used:
        raise refusal(f"Export {used[0]} cannot be deleted as it is in use by another stack")
    stackchanges.delete(stacks, stack, list(asked.get("RetainResources", [])))
    return None


def _imported(stacks: Stacks, owner: Stack, export: str) -> bool:
    """Tell whether another stack imports a name that is written out in its template."""
    others = [stack for stack in stacks.living.values() if stack is not owner]
    return any("ImportValue" in stack.template.text and export in stack.template.text for stack in others)


def _protect(world: World, call: Call) -> Answer:
    stack = store(world, call).find(call.params.get("StackName", ""))
    stack.protected = bool(call.params.get("EnableTerminationProtection"))
    return {"StackId": stack.id}


def _validate(world: World, call: Call) -> Answer:
    return stackviews.summary(template_of(world, call), validated=True)


def _summary(world: World, call: Call) -> Answer:
    name = call.params.get("StackName", "")
    template = store(world, call).find(name).template if name else template_of(world, call)
    return stackviews.summary(template)


OPERATIONS: dict[str, Handler] = {
    "CreateStack": _create,
    "UpdateStack": _update,
    "DeleteStack": _delete,
    "UpdateTerminationProtection": _protect,
    "ValidateTemplate": _validate,
    "GetTemplateSummary": _summary,
    **stackviews.OPERATIONS,
    **changesets.OPERATIONS,
}
