"""EC2's describe calls about a VPC: moto's answers, mended where they are wrong, then filtered and paged.

Filters are judged on the mended answer, so one that names a mended member works too.

Left as moto has it:

* DescribeAddresses and DescribeNatGateways do not know the scenario's; its interfaces show them.
* DescribeAvailabilityZones pairs names and ids of zones in its own way; the subnets show the scenario's.
* Prefix lists come in one page, as DescribePrefixLists does, which has only those that AWS manages.
* The scenario's VPC has no default security group, as nothing in it wears one.
* A dry run says that the request would succeed, without a look at its parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.paging import page
from rejectkit.sandbox.vpc.vpcfacts import VpcFacts
from rejectkit.sandbox.vpc.vpctable import VIEWS, View

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Item = dict[str, Any]


def _look(view: View, world: World, call: Call) -> Mapping[str, Any]:
    """Answer a describe call."""
    params = dict(call.params)
    size, token = params.pop("MaxResults", None), params.pop("NextToken", None)
    asked = params.pop("Filters", None) or params.pop("Filter", None) or []  # DescribeFlowLogs has the latter
    wanted = set(params.pop(view.ids, ())) if view.ids else set()
    if size is not None and not view.least <= size <= 1000:
        code, text = "InvalidParameterValue", f"Value ( {size} ) for parameter maxResults is invalid."
        raise ServiceError(code, f"{text} Expecting a value between {view.least} and 1000.")
    items: list[Item] = world.beyond("ec2", view.operation, call.region, **params)[view.member]
    unknown = sorted(wanted - {item[view.key] for item in items})
    if unknown:
        raise ServiceError(view.missing[0], view.missing[1].format(unknown[0]))
    facts = world.region(call.region).of(VpcFacts)
    if view.mend:
        view.mend(world, call.region, facts, items)
    for item in items:
        item |= facts.members.get(item[view.key], {})
    tests = [_test(view, one["Name"], one["Values"]) for one in asked]
    found = [item for item in items if not wanted or item[view.key] in wanted]
    found = [item for item in found if all(test(item) for test in tests)]
    return page(view.member, found, token, size or max(1, len(found)))


def _test(view: View, name: str, patterns: Iterable[str]) -> Callable[[Item], bool]:
    """Return a filter: any of its values, in which `*` and `?` stand for other text."""
    if name == "tag-key":
        values: Callable[[Item], Iterable[str]] = lambda item: (tag["Key"] for tag in _tags(item))  # noqa: E731
    elif name.startswith("tag:"):
        values = lambda item: (tag["Value"] for tag in _tags(item) if tag["Key"] == name[4:])  # noqa: E731
    elif name in view.filters:
        values = partial(_values, view.filters[name].split("."))
    else:
        raise ServiceError("InvalidParameterValue", f"The filter '{name}' is invalid")
    plain = [pattern.replace("[", "[[]") for pattern in patterns]
    return lambda item: any(fnmatchcase(value, pattern) for value in values(item) for pattern in plain)


def _tags(item: Item) -> list[dict[str, str]]:
    return item.get("Tags") or item.get("TagSet") or []


def _values(path: list[str], item: Any) -> Iterator[str]:
    if isinstance(item, list):
        for one in item:
            yield from _values(path, one)
    elif path:
        if path[0] in item:
            yield from _values(path[1:], item[path[0]])
    else:
        yield str(item).lower() if isinstance(item, bool) else str(item)


OPERATIONS: dict[str, Handler] = {view.operation: partial(_look, view) for view in VIEWS}
