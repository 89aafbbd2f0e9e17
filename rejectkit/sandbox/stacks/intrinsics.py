"""CloudFormation's functions: what they give, and what of a template they lean on."""

from __future__ import annotations

import base64
import graphlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rejectkit.sandbox.stacks.templates import Template, argument_value, refusal

NOTHING: Final = object()
"""What AWS::NoValue gives: the property is as if it were not there."""

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_PSEUDO = {"AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId", "StackName", "URLSuffix"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What functions can see.

    Attributes
    ----------
    template : Template
        Its mappings, conditions and the types of its parameters.
    arguments : mapping of str to str
        The parameters' values.
    pseudo : mapping of str to Any
        `AWS::Region` and its kin.
    ref : callable
        A resource's logical name to what a Ref to it gives.
    attribute : callable
        A resource's logical name and an attribute to its value.
    exported : callable
        An export's name to its value.
    """

    template: Template
    arguments: Mapping[str, str]
    pseudo: Mapping[str, Any]
    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    exported: Callable[[str], str]

    def condition(self, name: str) -> bool:
        """Tell whether a condition of the template holds."""
        if not isinstance(name, str) or name not in self.template.conditions:
            raise refusal(f"Template format error: Unresolved condition dependency {name} in the Resources block")
        return bool(self.value(self.template.conditions[name]))

    def value(self, node: Any) -> Any:
        """Return a value with every function in it worked out.

        Raises
        ------
        ServiceError
            `ValidationError`: an unknown function, or one that is given what it cannot use.
        """
        if isinstance(node, list):
            return [found for one in node if (found := self.value(one)) is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, inside),) = node.items()
            if name == "Ref":
                return self._ref(inside)
            if name == "Condition" and isinstance(inside, str):
                return self.condition(inside)
            if str(name).startswith("Fn::"):
                function = _FUNCTIONS.get(name)
                if function is None:
                    raise refusal(f"Template format error: the sandbox does not play the function {name}")
                return function(self, inside)
        return {key: found for key, one in node.items() if (found := self.value(one)) is not NOTHING}

    def _ref(self, name: Any) -> Any:
        if not isinstance(name, str):
            raise refusal("Template format error: All Ref values must be strings")
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.arguments:
            return argument_value(self.template, name, self.arguments[name])
        return self.ref(name)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parts(inside: Any, function: str, *lengths: int) -> Sequence[Any]:
    if not isinstance(inside, list) or len(inside) not in lengths:
        count = " or ".join(map(str, lengths))
        raise refusal(f"Template error: {function} takes a list of {count} elements")
    return inside


def _get_att(scope: Scope, inside: Any) -> Any:
    resource, attribute = _attribute_of(inside)
    return scope.attribute(resource, _text(scope.value(attribute)))


def _attribute_of(inside: Any) -> tuple[str, Any]:
    """Return resource and attribute of Fn::GetAtt, in either way to write it."""
    found = inside.split(".", 1) if isinstance(inside, str) and "." in inside else inside
    resource, attribute = _parts(found, "Fn::GetAtt", 2)
    if not isinstance(resource, str):
        raise refusal(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name "
            "and the resource attribute"
        )
    return resource, attribute


def _sub_parts(inside: Any) -> tuple[str, Mapping[str, Any]]:
    """Return text and own variables of Fn::Sub."""
    text, own = (inside, {}) if isinstance(inside, str) else _parts(inside, "Fn::Sub", 2)
    if not isinstance(text, str) or not isinstance(own, dict):
        raise refusal(
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify "
            "a string as first argument, and an optional second argument to specify a mapping of values"
        )
    return text, own


def _sub(scope: Scope, inside: Any) -> str:
    text, own = _sub_parts(inside)
    values = {name: scope.value(value) for name, value in own.items()}

    def found(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return "${" + match[2] + "}"
        if name in values:
            return _text(values[name])
        return _text(_get_att(scope, name) if "." in name else scope._ref(name))

    return _VARIABLE.sub(found, text)


def _join(scope: Scope, inside: Any) -> str:
    between, parts = _parts(inside, "Fn::Join", 2)
    found = scope.value(parts)
    if not isinstance(found, list):
        raise refusal(
            "Template error: every Fn::Join object requires two parameters, a delimiter and a list of strings"
        )
    return str(between).join(map(_text, found))


def _select(scope: Scope, inside: Any) -> Any:
    index, parts = map(scope.value, _parts(inside, "Fn::Select", 2))
    if not isinstance(parts, list) or not str(index).isdigit() or int(index) >= len(parts):
        raise refusal(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return parts[int(index)]


def _split(scope: Scope, inside: Any) -> list[str]:
    between, text = map(scope.value, _parts(inside, "Fn::Split", 2))
    return _text(text).split(str(between))


def _if(scope: Scope, inside: Any) -> Any:
    name, yes, no = _parts(inside, "Fn::If", 3)
    return scope.value(yes if scope.condition(name) else no)


def _equals(scope: Scope, inside: Any) -> bool:
    one, other = map(scope.value, _parts(inside, "Fn::Equals", 2))
    return _text(one) == _text(other)


def _find(scope: Scope, inside: Any) -> Any:
    names = [scope.value(part) for part in _parts(inside, "Fn::FindInMap", 3)]
    found: Any = scope.template.mappings
    for name in names:
        if not isinstance(found, dict) or _text(name) not in map(_text, found):
            raise refusal(f"Template error: Unable to get mapping for {'::'.join(map(_text, names))}")
        found = {_text(key): value for key, value in found.items()}[_text(name)]
    return found


_FUNCTIONS: Mapping[str, Callable[[Scope, Any], Any]] = {
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::Not": lambda scope, inside: not scope.value(_parts(inside, "Fn::Not", 1)[0]),
    "Fn::And": lambda scope, inside: all([scope.value(one) for one in _parts(inside, "Fn::And", *range(2, 11))]),
    "Fn::Or": lambda scope, inside: any([scope.value(one) for one in _parts(inside, "Fn::Or", *range(2, 11))]),
    "Fn::FindInMap": _find,
    "Fn::Base64": lambda scope, inside: base64.b64encode(_text(scope.value(inside)).encode()).decode(),
    "Fn::GetAZs": lambda scope, inside: [
        f"{scope.value(inside) or scope.pseudo['AWS::Region']}{zone}" for zone in "abc"
    ],
    "Fn::ImportValue": lambda scope, inside: scope.exported(_text(scope.value(inside))),
}


def references(node: Any, chosen: Callable[[str], bool] = lambda name: True) -> Iterator[tuple[str, str]]:
    """Yield what a value leans on, as (name, attribute); a Ref has no attribute.

    Only the branch that a condition chooses counts.
    """
    if isinstance(node, list):
        for one in node:
            yield from references(one, chosen)
    elif isinstance(node, dict):
        for name, inside in node.items():
            if name == "Ref" and isinstance(inside, str):
                yield inside, ""
            elif name == "Fn::GetAtt":
                resource, attribute = _attribute_of(inside)
                yield resource, attribute if isinstance(attribute, str) else "?"
            elif name == "Fn::Sub":
                yield from _substituted(inside, chosen)
            elif name == "Fn::If" and isinstance(inside, list) and len(inside) == 3:
                yield from references(inside[1] if chosen(inside[0]) else inside[2], chosen)
            else:
                yield from references(inside, chosen)


def _substituted(inside: Any, chosen: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    text, own = _sub_parts(inside)
    for literal, name in _VARIABLE.findall(text):
        if not literal and name.strip() not in own:
            resource, _, attribute = name.strip().partition(".")
            yield resource, attribute
    yield from references(list(own.values()), chosen)


def ordered(template: Template, scope: Scope) -> list[str]:
    """Return the names of the resources whose condition holds, each after those it leans on.

    Raises
    ------
    ServiceError
        `ValidationError`: something leans on what is not there, or on itself.
    """
    there = [name for name, one in template.resources.items() if _wanted(one, scope)]
    known = {*there, *template.parameters, *(f"AWS::{name}" for name in _PSEUDO)}
    leans: dict[str, dict[str, None]] = {}
    for name in there:
        one = template.resources[name]
        after = one.get("DependsOn", [])
        direct = [after] if isinstance(after, str) else after
        if not isinstance(direct, list) or not all(isinstance(other, str) for other in direct):
            raise refusal("Template format error: DependsOn must be a string or list of strings.")
        found = list(references(one.get("Properties", {}), scope.condition))
        _check_known([*((other, "") for other in direct), *found], known, "Resources")
        leans[name] = dict.fromkeys(
            other for other in [*direct, *(other for other, _ in found)] if other in template.resources
        )
    outputs = [one for one in template.outputs.values() if _wanted(one, scope)]
    _check_known(list(references([one["Value"] for one in outputs], scope.condition)), known, "Outputs")
    return _sorted(leans)


def _sorted(leans: Mapping[str, Mapping[str, None]]) -> list[str]:
    sorter = graphlib.TopologicalSorter(leans)
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        around = ", ".join(sorted(set(error.args[1])))
        raise refusal(f"Circular dependency between resources: [{around}]") from None
    places = {name: place for place, name in enumerate(leans)}
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=places.__getitem__)
        found += ready
        sorter.done(*ready)
    return found


def _wanted(one: Mapping[str, Any], scope: Scope) -> bool:
    return "Condition" not in one or scope.condition(one["Condition"])


def _check_known(found: Sequence[tuple[str, str]], known: set[str], block: str) -> None:
    for name, attribute in found:
        if attribute and name not in known:
            raise refusal(f"Template error: instance of Fn::GetAtt references undefined resource {name}")
    if missing := sorted({name for name, _ in found if name not in known}):
        raise refusal(
            f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
            f"in the {block} block of the template"
        )
