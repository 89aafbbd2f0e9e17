"""The calls of EC2 that change a rule, as values: what is run, tried dry and exported is the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rejectkit.network.changing.targets import Target, Thing
from rejectkit.network.model import ICMP, ICMP6, PORTED, AclEntry, GroupRule, Tags, protocol_name

TAG: Final = "rejectkit:change"
"""Key of the tag on each rule that a change makes; its value is the change's id."""

_AUTHORIZE = {False: "AuthorizeSecurityGroupIngress", True: "AuthorizeSecurityGroupEgress"}
_REVOKE = {False: "RevokeSecurityGroupIngress", True: "RevokeSecurityGroupEgress"}
# What a description may have. Source: EC2 API Reference, IpRange.
_LONGEST: Final = 255
_OTHERS = re.compile(r"[^a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]")
_MARK = "rejectkit"


@dataclass(frozen=True, slots=True)
class RuleCall:
    """One call: an operation of EC2, and its parameters."""

    operation: str
    params: Mapping[str, Any]


def described(rule: GroupRule, text: str = "") -> str:
    """Return the description of a rule that is made: its own, or a text, or what it lets pass.

    Examples
    --------
    >>> described(GroupRule("sg-0a1b", False, 6, 5432, 5432, "sg-0c2d"))
    'rejectkit: inbound tcp 5432 from sg-0c2d'
    >>> described(GroupRule("sg-0a1b", False, 6, 5432, 5432, "sg-0c2d", description="app's database"))
    'rejectkit: app_s database'
    """
    said = _OTHERS.sub("_", rule.description or text or str(rule)).strip()
    return (said if said.startswith(_MARK) else f"{_MARK}: {said}")[:_LONGEST].rstrip()


def tags_of(rule: GroupRule, change: str, more: Mapping[str, str]) -> Tags:
    """Return the tags of a rule that is made: its own, more, and the id of the change; none of AWS's own."""
    own = {key: value for key, value in rule.tags if not key.startswith("aws:")}
    return tuple({**own, **more, TAG: change}.items())


def call_of(target: Target, was: Thing | None, description: str = "", tags: Tags = ()) -> RuleCall:
    """Return the call that makes a place as a target has it.

    Parameters
    ----------
    target : Target
        What is wanted.
    was : GroupRule, AclEntry or None
        What is there; a rule with an id goes by that.
    description, tags
        Of a rule that is made.
    """
    wanted = target.after
    if isinstance(wanted, GroupRule):
        return _authorize(wanted, description, tags)
    if isinstance(wanted, AclEntry):
        operation = "CreateNetworkAclEntry" if was is None else "ReplaceNetworkAclEntry"
        return RuleCall(operation, entry_params(target.resource, wanted))
    gone = was or target.before
    if isinstance(gone, AclEntry):
        place = {"NetworkAclId": target.resource, "RuleNumber": gone.number, "Egress": gone.egress}
        return RuleCall("DeleteNetworkAclEntry", place)
    assert gone is not None, "a target has one side at least"
    named = {"SecurityGroupRuleIds": [gone.id]} if gone.id else {"IpPermissions": [permission(gone)]}
    return RuleCall(_REVOKE[gone.egress], {"GroupId": gone.group, **named})


def _authorize(rule: GroupRule, description: str, tags: Tags) -> RuleCall:
    params: dict[str, Any] = {"GroupId": rule.group, "IpPermissions": [permission(rule, description)]}
    if tags:
        told = [{"Key": key, "Value": value} for key, value in tags]
        params["TagSpecifications"] = [{"ResourceType": "security-group-rule", "Tags": told}]
    return RuleCall(_AUTHORIZE[rule.egress], params)


def permission(rule: GroupRule, description: str = "") -> dict[str, Any]:
    """Return a normal rule as the API's IpPermission, with one peer."""
    found: dict[str, Any] = {"IpProtocol": protocol_name(rule.protocol)}
    if rule.protocol in (*PORTED, ICMP, ICMP6):
        found |= {"FromPort": rule.from_port, "ToPort": rule.to_port}
    kind, name = peer_kind(rule)
    peer = {name: rule.peer}
    if name == "GroupId" and rule.peer_owner:
        peer["UserId"] = rule.peer_owner
    if description:
        peer["Description"] = description
    return {**found, kind: [peer]}


def peer_kind(rule: GroupRule) -> tuple[str, str]:
    """Return the member of an IpPermission that has a rule's other end, and what it is called in it."""
    if rule.peer.startswith("sg-"):
        return "UserIdGroupPairs", "GroupId"
    if rule.peer.startswith("pl-"):
        return "PrefixListIds", "PrefixListId"
    return ("Ipv6Ranges", "CidrIpv6") if ":" in rule.peer else ("IpRanges", "CidrIp")


def entry_params(acl: str, entry: AclEntry) -> dict[str, Any]:
    """Return the parameters of CreateNetworkAclEntry for a normal entry."""
    found: dict[str, Any] = {
        "NetworkAclId": acl,
        "RuleNumber": entry.number,
        "Egress": entry.egress,
        "Protocol": str(entry.protocol),
        "RuleAction": "allow" if entry.allow else "deny",
        "Ipv6CidrBlock" if ":" in entry.cidr else "CidrBlock": entry.cidr,
    }
    if entry.protocol in PORTED:
        found["PortRange"] = {"From": entry.from_port, "To": entry.to_port}
    if entry.protocol in (ICMP, ICMP6):
        found["IcmpTypeCode"] = {"Type": entry.icmp_type, "Code": entry.icmp_code}
    return found
