"""What a call asks CloudFormation for: its template, its new stack, the stack that it changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from rejectkit.sandbox.calls import Call, ServiceError
from rejectkit.sandbox.stacks import stackchanges
from rejectkit.sandbox.stacks.stackstore import GONE, Stack, Stacks
from rejectkit.sandbox.stacks.stackviews import store
from rejectkit.sandbox.stacks.templates import Template, arguments, parse, refusal
from rejectkit.sandbox.world import World

_CHANGEABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "CREATE_FAILED",
}
_TEXT_BYTES = 51_200


def template_of(world: World, call: Call, stack: Stack | None = None) -> Template:
    """Return the template of a call: its text, what lies at its address in S3, or the stack's own.

    Raises
    ------
    ServiceError
        `ValidationError`.
    """
    asked = call.params
    if asked.get("UsePreviousTemplate") and stack is not None:
        return stack.template
    if "TemplateURL" in asked:
        return parse(_fetched(world, call, asked["TemplateURL"]))
    text = asked.get("TemplateBody")
    if not text:
        raise refusal("Either Template URL or Template Body must be specified.")
    if len(text.encode()) > _TEXT_BYTES:
        raise refusal(
            f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have "
            f"length less than or equal to {_TEXT_BYTES}"
        )
    return parse(text)


def _fetched(world: World, call: Call, url: str) -> str:
    """Return a template from a bucket of the sandbox, whatever host the address names."""
    host, path = urlsplit(url).hostname or "", unquote(urlsplit(url).path).lstrip("/")
    bucket, _, key = path.partition("/")
    if virtual := re.fullmatch(r"([a-z0-9.-]+)\.s3[.-].*", host):
        bucket, key = virtual[1], path
    try:
        return str(world.ask("s3", "GetObject", call.region, Bucket=bucket, Key=key)["Body"].read().decode())
    except ServiceError as error:
        raise refusal(f"S3 error: {error.message}") from error


def tags_of(asked: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of a call."""
    return {tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])}


def begun(world: World, call: Call, template: Template) -> Stack:
    """Return a new stack, checked, with nothing made yet."""
    stacks, asked = store(world, call), call.params
    name = asked.get("StackName", "")
    if not re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name):
        raise refusal(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    stack = Stack(stacks.arn("stack", name), name, stacks.now(), template)
    stack.tags, stack.capabilities = tags_of(asked), list(asked.get("Capabilities", []))
    stack.notified, stack.role = list(asked.get("NotificationARNs", [])), asked.get("RoleARN", "")
    stack.protected = bool(asked.get("EnableTerminationProtection"))
    stack.on_failure = "DO_NOTHING" if asked.get("DisableRollback") else asked.get("OnFailure", "ROLLBACK")
    stack.arguments = arguments(template, asked.get("Parameters", []))
    stackchanges.check(stacks, stack, template, stack.arguments, stack.capabilities)
    return stack


def changeable(stacks: Stacks, name: str) -> Stack:
    """Return a stack that can be changed.

    Raises
    ------
    ServiceError
        `ValidationError`: there is none, or it is in a state that no update leaves.
    """
    stack = stacks.find(name)
    if stack.status == GONE:
        raise refusal(f"Stack [{name}] does not exist")
    if stack.status not in _CHANGEABLE:
        raise refusal(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    return stack
