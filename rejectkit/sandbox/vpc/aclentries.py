"""Changes of network ACL entries: what moto does not check, and the ICMP type and code it does not keep."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.vpc.grouprules import canonical
from rejectkit.sandbox.vpc.vpcfacts import VpcFacts
from rejectkit.sandbox.vpc.vpcviews import OPERATIONS as VIEWS

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

_LAST = 32766  # the greatest number of an entry; above are the implicit denies
_NUMBERS = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58", "all": "-1"}
_PORTED, _ICMP = ("6", "17"), ("1", "58")


def _entries(world: World, region: str, acl: str) -> set[tuple[bool, int]]:
    asked = Call("ec2", "DescribeNetworkAcls", region, {"NetworkAclIds": [acl]})
    told: Any = VIEWS["DescribeNetworkAcls"](world, asked)
    return {(entry["Egress"], entry["RuleNumber"]) for entry in told["NetworkAcls"][0]["Entries"]}


def change(operation: str, world: World, call: Call) -> Mapping[str, Any]:
    """Create, replace or delete an entry."""
    params: dict[str, Any] = dict(call.params)
    acl, egress, number = str(params["NetworkAclId"]), bool(params["Egress"]), int(params["RuleNumber"])
    if not 1 <= number <= _LAST:
        text = f"Value ({number}) for parameter ruleNumber is invalid. It must be from 1 to {_LAST}."
        raise ServiceError("InvalidParameterValue", text)
    there = (egress, number) in _entries(world, call.region, acl)
    if there and operation.startswith("Create"):
        text = f"The network acl entry identified by {number} already exists."
        raise ServiceError("NetworkAclEntryAlreadyExists", text)
    if not there and not operation.startswith("Create"):
        text = f"The network acl entry identified by {number} does not exist."
        raise ServiceError("InvalidNetworkAclEntry.NotFound", text)
    icmp = params.pop("IcmpTypeCode", None)
    if "Protocol" in params:
        params["Protocol"] = protocol = _NUMBERS.get(str(params["Protocol"]).lower(), str(params["Protocol"]))
        needed = "PortRange" if protocol in _PORTED else "IcmpTypeCode" if protocol in _ICMP else ""
        if needed and not (icmp if protocol in _ICMP else params.get(needed)):
            raise ServiceError("MissingParameter", f"The request must contain the parameter {needed}")
        if protocol not in _PORTED:
            params.pop("PortRange", None)
        params |= {name: canonical(params[name]) for name in ("CidrBlock", "Ipv6CidrBlock") if params.get(name)}
    world.beyond("ec2", operation, call.region, **params)
    facts = world.region(call.region).of(VpcFacts)
    facts.icmp.pop((acl, egress, number), None)
    if icmp and params["Protocol"] in _ICMP:
        facts.icmp[acl, egress, number] = dict(icmp)
    return {}


OPERATIONS: dict[str, Handler] = {
    name: partial(change, name) for name in ("CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry")
}
