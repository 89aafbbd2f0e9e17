"""CloudFormation templates: JSON or YAML text to a checked value, and the parameters it is given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from rejectkit.sandbox.calls import ServiceError

_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
}
_UNPLAYED = {"Transform", "Rules", "Hooks"}
_RESOURCE = {
    "Type",
    "Properties",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
}
_TYPES = re.compile(
    r"String|Number|CommaDelimitedList|List<Number>|(List<)?AWS::EC2::[\w:]+>?|AWS::Route53::HostedZone::Id"
)
MASK: Final = "****"  # what is shown of a parameter that is not to be shown


def refusal(message: str) -> ServiceError:
    """Return a `ValidationError`."""
    return ServiceError("ValidationError", message)


@dataclass(frozen=True, slots=True)
class Template:
    """A template, as it was written and as it was read.

    Attributes
    ----------
    text : str
        As it was given.
    description : str
        Of the whole.
    parameters, mappings, conditions, resources, outputs : mapping
        Its sections, short tags of YAML written out.
    """

    text: str
    description: str
    parameters: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]

    @property
    def types(self) -> list[str]:
        """The types of its resources, each once."""
        return list(dict.fromkeys(one["Type"] for one in self.resources.values()))

    @property
    def capabilities(self) -> list[str]:
        """What must be acknowledged before it is deployed."""
        roles = [one.get("Properties", {}) for one in self.resources.values() if one["Type"].startswith("AWS::IAM::")]
        named = any("RoleName" in one for one in roles)
        return ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"] if roles else []


def parse(text: str) -> Template:
    """Read a template.

    Raises
    ------
    ServiceError
        `ValidationError`: it is not well formed, or has a section or a resource that no template has.
    """
    found = _loaded(text)
    if not isinstance(found, dict):
        raise refusal("Template format error: unsupported structure.")
    if unplayed := sorted(_UNPLAYED & found.keys()):
        raise refusal(f"Template format error: the sandbox does not play the section {', '.join(unplayed)}")
    if unknown := [str(name) for name in found if name not in _SECTIONS]:
        raise refusal(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = str(found.get("AWSTemplateFormatVersion", "2010-09-09"))
    if version != "2010-09-09":
        raise refusal(f"Template format error: [{version}] is not a supported value for AWSTemplateFormatVersion.")
    sections = {name: found.get(name) or {} for name in _SECTIONS}
    for name in _SECTIONS - {"AWSTemplateFormatVersion", "Description"}:
        if not isinstance(sections[name], dict):
            raise refusal(f"Template format error: [/{name}] 'null' values or lists are not allowed in templates")
    if not sections["Resources"]:
        raise refusal("Template format error: At least one Resources member must be defined.")
    _check_resources(sections["Resources"])
    _check_parameters(sections["Parameters"])
    for one in sections["Outputs"].values():
        if not isinstance(one, dict) or "Value" not in one:
            raise refusal("Template format error: Every Outputs member must contain a Value object")
    return Template(
        text,
        str(sections["Description"] or ""),
        sections["Parameters"],
        sections["Mappings"],
        sections["Conditions"],
        sections["Resources"],
        sections["Outputs"],
    )


def _loaded(text: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            where = f"(line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
            if not _is_yaml(text):
                raise refusal(f"Template format error: JSON not well-formed. {where}") from None
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"(line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise refusal(f"Template format error: YAML not well-formed. {where}") from None


def _is_yaml(text: str) -> bool:
    """Tell whether a text in braces is YAML of the flow style."""
    try:
        return isinstance(yaml.load(text, _Loader), dict)
    except yaml.YAMLError:
        return False


class _Loader(yaml.SafeLoader):
    """Plain values, times left as text, and CloudFormation's short tags."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """Return a short tag written out: `!Ref x` as `{"Ref": "x"}`."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # there is no fourth kind
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if name == "Fn::GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    """Return a mapping; a key that comes twice is an error, not the later of the two."""
    found = loader.construct_mapping(node, deep=True)
    if len(found) < len(node.value):
        raise yaml.MarkedYAMLError(problem="duplicate key", problem_mark=node.start_mark)
    return found


_Loader.add_multi_constructor("!", _short)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _check_resources(resources: Mapping[str, Any]) -> None:
    for name, one in resources.items():
        if not re.fullmatch(r"[A-Za-z0-9]{1,255}", str(name)):
            raise refusal(f"Template format error: Resource name {name} is non alphanumeric.")
        if not isinstance(one, dict):
            raise refusal("Template format error: Any Resources member must be an object.")
        if "Type" not in one:
            raise refusal(
                f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
            )
        if unknown := [key for key in one if key not in _RESOURCE]:
            raise refusal(f"Invalid template resource property '{unknown[0]}'")
        if not isinstance(one.get("Properties", {}), dict):
            raise refusal(f"Template format error: [/Resources/{name}/Properties] must be an object")
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if one.get(policy, "Delete") not in ("Delete", "Retain", "RetainExceptOnCreate"):
                raise refusal(f"Template error: the sandbox plays {policy} Delete and Retain, not {one[policy]}")


def _check_parameters(parameters: Mapping[str, Any]) -> None:
    for name, one in parameters.items():
        if not isinstance(one, dict) or "Type" not in one:
            raise refusal(f"Template format error: Every Parameters object must contain a Type member. ({name})")
        if not _TYPES.fullmatch(str(one["Type"])):
            raise refusal(f"Template format error: Unrecognized parameter type: {one['Type']}")


def arguments(
    template: Template, given: Sequence[Mapping[str, Any]], previous: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the value of every parameter, as text.

    Parameters
    ----------
    template : Template
        What names them.
    given : sequence of mapping
        `ParameterKey` with `ParameterValue` or `UsePreviousValue`.
    previous : mapping of str to str, optional
        The values of the stack's latest deployment.

    Raises
    ------
    ServiceError
        `ValidationError`: one is missing, unknown, or breaks a constraint of its own.
    """
    before = previous or {}
    found: dict[str, str] = {}
    for one in given:
        key = one["ParameterKey"]
        if one.get("UsePreviousValue"):
            if key not in before:
                raise refusal(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            found[key] = before[key]
        else:
            found[key] = one.get("ParameterValue", "")
    if unknown := [key for key in found if key not in template.parameters]:
        raise refusal(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for name, said in template.parameters.items():
        if name not in found and "Default" in said:
            found[name] = _text(said["Default"])
    if missing := [name for name in template.parameters if name not in found]:
        raise refusal(f"Parameters: [{', '.join(missing)}] must have values")
    for name, said in template.parameters.items():
        _check_argument(name, said, found[name])
    return {name: found[name] for name in template.parameters}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_argument(name: str, said: Mapping[str, Any], value: str) -> None:
    kind = str(said["Type"])
    values = [part.strip() for part in value.split(",")] if _is_list(kind) else [value]
    if "AllowedValues" in said and any(one not in map(_text, said["AllowedValues"]) for one in values):
        allowed = ", ".join(map(_text, said["AllowedValues"]))
        raise refusal(_said(name, said, f"Parameter '{name}' must be one of AllowedValues", f"[{allowed}]"))
    if "Number" in kind:
        for one in values:
            number = _number(one)
            if number is None:
                raise refusal(f"Parameter '{name}' must be a number.")
            if number < float(said.get("MinValue", number)) or number > float(said.get("MaxValue", number)):
                bounds = f"between {said.get('MinValue', '-')} and {said.get('MaxValue', '-')}"
                raise refusal(_said(name, said, f"Parameter '{name}' must be a number {bounds}"))
    pattern = said.get("AllowedPattern")
    if pattern is not None and any(not re.fullmatch(str(pattern), one) for one in values):
        raise refusal(_said(name, said, f"Parameter '{name}' must match pattern {pattern}"))
    shortest, longest = int(said.get("MinLength", 0)), int(said.get("MaxLength", len(value)))
    if not shortest <= len(value) <= longest:
        raise refusal(_said(name, said, f"Parameter '{name}' must contain between {shortest} and {longest} characters"))


def _said(name: str, said: Mapping[str, Any], rule: str, more: str = "") -> str:
    if "ConstraintDescription" in said:
        return f"Parameter {name} failed to satisfy constraint: {said['ConstraintDescription']}"
    return f"{rule} {more}".rstrip()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def argument_value(template: Template, name: str, text: str) -> str | list[str]:
    """Return what a Ref to a parameter gives: its text, or the parts of a list."""
    if _is_list(str(template.parameters[name]["Type"])):
        return [part.strip() for part in text.split(",")]
    return text
