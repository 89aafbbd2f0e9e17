"""Changes of security group rules: all of a call or nothing, with the description that every kind of rule has.

moto adds a call's rules one by one, answers with some of them, and keeps descriptions of CIDR rules only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.vpc.vpcfacts import PEERS, RuleKey, VpcFacts, rule_key
from rejectkit.sandbox.vpc.vpcviews import OPERATIONS as VIEWS

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Item = dict[str, Any]
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
_IN_RULES = {"CidrIp": "CidrIpv4", "GroupId": "ReferencedGroupId"}  # other names of a peer, in a rule to be
_DIRECTIONS = {False: "Ingress", True: "Egress"}


def rules_of(world: World, region: str, group: str) -> dict[RuleKey, Item]:
    """Return a group's rules as DescribeSecurityGroupRules has them, by what they are about."""
    asked = Call("ec2", "DescribeSecurityGroupRules", region, {"Filters": [{"Name": "group-id", "Values": [group]}]})
    told: Any = VIEWS["DescribeSecurityGroupRules"](world, asked)
    return {rule_key(rule): rule for rule in told["SecurityGroupRules"]}


def _permissions(params: Mapping[str, Any]) -> list[Item]:
    """Return the permissions of a call, also of one that names a single rule outside of `IpPermissions`."""
    given = params.get("IpPermissions") or []
    if not given and "IpProtocol" in params:
        given = [{name: params[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in params}]
        given[0]["IpRanges"] = [{"CidrIp": params["CidrIp"]}] if "CidrIp" in params else []
    return [_plain(one) for one in given]


def _plain(permission: Mapping[str, Any]) -> Item:
    """Return a permission with the service's names of protocols and CIDRs without host bits."""
    protocol = str(permission["IpProtocol"]).lower()
    plain: Item = {"IpProtocol": _PROTOCOLS.get(protocol, protocol)}
    if plain["IpProtocol"] != "-1":
        if plain["IpProtocol"] in ("tcp", "udp", "icmp") and not {"FromPort", "ToPort"} <= permission.keys():
            text = "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."
            raise ServiceError("InvalidParameterValue", text)
        plain |= {"FromPort": permission.get("FromPort", -1), "ToPort": permission.get("ToPort", -1)}
    for kind, name in PEERS.items():
        peers = [dict(peer) for peer in permission.get(kind) or ()]
        for peer in peers:
            if name.startswith("Cidr"):
                peer[name] = canonical(peer[name])
        if peers:
            plain[kind] = peers
    return plain


def canonical(cidr: str) -> str:
    """Return a CIDR without host bits, 100.68.0.18/18 as 100.68.0.0/18; what is none stays for moto to refuse."""
    try:
        return str(ip_network(cidr, strict=False))
    except ValueError:
        return cidr


def _rules(group: str, egress: bool, permissions: list[Item]) -> Iterator[tuple[RuleKey, Item]]:
    """Yield the rules that permissions stand for: what each is about, and its peer as it was given."""
    for one in permissions:
        ports = one.get("FromPort", -1), one.get("ToPort", -1)
        for kind, name in PEERS.items():
            for peer in one.get(kind, ()):
                yield (group, egress, one["IpProtocol"], *ports, peer.get(name, "")), peer


def _group(world: World, call: Call) -> str:
    """Return the id of the group that a call names, by id or (in the default VPC) by name."""
    if "GroupId" in call.params:
        return str(call.params["GroupId"])
    named = world.beyond("ec2", "DescribeSecurityGroups", call.region, GroupNames=[call.params.get("GroupName", "")])
    return str(named["SecurityGroups"][0]["GroupId"])


def authorize(egress: bool, world: World, call: Call) -> Mapping[str, Any]:
    """Add rules to a group."""
    group, permissions = _group(world, call), _permissions(call.params)
    rules = list(_rules(group, egress, permissions))
    before = rules_of(world, call.region, group)
    twice = len({key for key, _ in rules}) < len(rules)
    if twice or any(key in before for key, _ in rules):
        raise ServiceError("InvalidPermission.Duplicate", "the specified rule already exists")
    facts = world.region(call.region).of(VpcFacts)
    said = {key: peer.get("Description", "") for key, peer in rules}
    bare = [without_descriptions(one) for one in permissions]
    tags = {name: call.params[name] for name in ("TagSpecifications",) if name in call.params}
    change = {"GroupId": group, "IpPermissions": bare, **tags}
    try:
        world.beyond("ec2", f"AuthorizeSecurityGroup{_DIRECTIONS[egress]}", call.region, **change)
    except ServiceError:
        added = [rule["SecurityGroupRuleId"] for key, rule in rules_of(world, call.region, group).items()]
        added = sorted(set(added) - {rule["SecurityGroupRuleId"] for rule in before.values()})
        if added:
            operation = f"RevokeSecurityGroup{_DIRECTIONS[egress]}"
            world.beyond("ec2", operation, call.region, GroupId=group, SecurityGroupRuleIds=added)
        raise
    facts.said |= {key: text for key, text in said.items() if text}
    after = rules_of(world, call.region, group)
    return {"Return": True, "SecurityGroupRules": [rule for key, rule in after.items() if key not in before]}


def without_descriptions(permission: Item) -> Item:
    """Return a permission for moto, which takes a group with a description for another group."""
    plain = dict(permission)
    for kind in PEERS.keys() & plain.keys():
        plain[kind] = [{name: text for name, text in peer.items() if name != "Description"} for peer in plain[kind]]
    return plain


def revoke(egress: bool, world: World, call: Call) -> Mapping[str, Any]:
    """Take rules from a group, named by id or told again."""
    group = _group(world, call)
    there = {key: rule for key, rule in rules_of(world, call.region, group).items() if key[1] is egress}
    ids = {rule["SecurityGroupRuleId"]: key for key, rule in there.items()}
    named = list(call.params.get("SecurityGroupRuleIds") or ())
    told = [key for key, _ in _rules(group, egress, _permissions(call.params))]
    unknown = [one for one in named if one not in ids]
    if unknown:
        text = f"The security group rule ID '{unknown[0]}' does not exist"
        raise ServiceError("InvalidSecurityGroupRuleId.NotFound", text)
    if any(key not in there for key in told):
        raise ServiceError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    gone = dict.fromkeys([*named, *(there[key]["SecurityGroupRuleId"] for key in told)])
    operation = f"RevokeSecurityGroup{_DIRECTIONS[egress]}"
    if gone:
        world.beyond("ec2", operation, call.region, GroupId=group, SecurityGroupRuleIds=list(gone))
    facts = world.region(call.region).of(VpcFacts)
    for one in gone:
        facts.said.pop(ids[one], None)
    return {"Return": True, "RevokedSecurityGroupRules": [_revoked(there[ids[one]]) for one in gone]}


def _revoked(rule: Item) -> Item:
    names = ("SecurityGroupRuleId", "GroupId", "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6")
    told = {name: rule[name] for name in (*names, "PrefixListId", "Description") if name in rule}
    peer = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    return told | ({"ReferencedGroupId": peer} if peer else {})


def modify(world: World, call: Call) -> Mapping[str, Any]:
    """Change rules in place: they keep their ids, and the kind of their peer."""
    group = str(call.params["GroupId"])
    there = rules_of(world, call.region, group)
    by_id = {rule["SecurityGroupRuleId"]: rule for rule in there.values()}
    planned: list[tuple[Item, Item, RuleKey]] = []
    for change in call.params["SecurityGroupRules"]:
        named, asked = change["SecurityGroupRuleId"], change.get("SecurityGroupRule", {})
        old = by_id.get(named)
        if old is None:
            text = f"The security group rule ID '{named}' does not exist"
            raise ServiceError("InvalidSecurityGroupRuleId.NotFound", text)
        permission = _plain(_as_permission(named, old, asked))
        planned.append((old, permission, next(_rules(group, old["IsEgress"], [permission]))[0]))
    keys = [key for _, _, key in planned]
    stay = there.keys() - {rule_key(old) for old, _, _ in planned}
    if len(set(keys)) < len(keys) or stay & set(keys):
        raise ServiceError("InvalidPermission.Duplicate", "the specified rule already exists")
    for old, _, _ in planned:
        asked = {"GroupId": group, "SecurityGroupRuleIds": [old["SecurityGroupRuleId"]]}
        revoke(old["IsEgress"], world, Call("ec2", "", call.region, asked))
    for old, permission, _ in planned:
        tags = [{"ResourceType": "security-group-rule", "Tags": old["Tags"]}] if old.get("Tags") else []
        asked = {"GroupId": group, "IpPermissions": [permission], "TagSpecifications": tags}
        made = authorize(old["IsEgress"], world, Call("ec2", "", call.region, asked))["SecurityGroupRules"]
        world.aliases.learn(made[0]["SecurityGroupRuleId"], old["SecurityGroupRuleId"])
    return {"Return": True}


def _as_permission(named: str, old: Item, asked: Mapping[str, Any]) -> Item:
    names = {kind: _IN_RULES.get(name, name) for kind, name in PEERS.items()}
    given = {kind: asked[name] for kind, name in names.items() if asked.get(name)}
    peers = "cidrIp, cidrIpv6, prefixListId, or referencedGroupId"
    if not given:
        raise ServiceError("MissingParameter", f"The request must contain exactly one of: {peers}")
    if len(given) > 1:
        raise ServiceError("InvalidParameterCombination", f"Only one of {peers} can be specified")
    ((kind, peer),) = given.items()
    had = _revoked(old).keys() & set(names.values())
    if names[kind] not in had:
        text = f"You may not specify {names[kind]} for an existing {''.join(had)} rule."
        raise ServiceError("InvalidParameterValue", f"Invalid rule type for security group rule '{named}'. {text}")
    said = asked.get("Description", old.get("Description", ""))
    ports = {side: asked[side] for side in ("FromPort", "ToPort") if side in asked}
    made = {PEERS[kind]: peer, **({"Description": said} if said else {})}
    return {"IpProtocol": asked.get("IpProtocol", old["IpProtocol"]), **ports, kind: [made]}


def describe_anew(egress: bool, world: World, call: Call) -> Mapping[str, Any]:
    """Change descriptions of rules, named by id or told again."""
    group = _group(world, call)
    there = rules_of(world, call.region, group)
    ids = {rule["SecurityGroupRuleId"]: key for key, rule in there.items()}
    said = {
        ids.get(one.get("SecurityGroupRuleId", "")): one.get("Description", "")
        for one in call.params.get("SecurityGroupRuleDescriptions") or ()
    }
    told = _rules(group, egress, _permissions(call.params))
    said |= {key: peer.get("Description", "") for key, peer in told}
    if not said or any(key is None or key not in there or key[1] is not egress for key in said):
        raise ServiceError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    world.region(call.region).of(VpcFacts).said |= {key: text for key, text in said.items() if key}
    return {"Return": True}


OPERATIONS: dict[str, Handler] = {
    "AuthorizeSecurityGroupIngress": partial(authorize, False),
    "AuthorizeSecurityGroupEgress": partial(authorize, True),
    "RevokeSecurityGroupIngress": partial(revoke, False),
    "RevokeSecurityGroupEgress": partial(revoke, True),
    "ModifySecurityGroupRules": modify,
    "UpdateSecurityGroupRuleDescriptionsIngress": partial(describe_anew, False),
    "UpdateSecurityGroupRuleDescriptionsEgress": partial(describe_anew, True),
}
