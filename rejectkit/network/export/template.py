"""The CloudFormation template of edits."""

from __future__ import annotations

from typing import Any

from rejectkit.network.changing.calls import described, entry_params, peer_kind, permission
from rejectkit.network.changing.targets import Target
from rejectkit.network.export.parts import additions, words_of
from rejectkit.network.model import AclEntry, GroupRule

_PEERS = {
    "CidrIp": ("CidrIp", "CidrIp"),
    "CidrIpv6": ("CidrIpv6", "CidrIpv6"),
    "PrefixListId": ("SourcePrefixListId", "DestinationPrefixListId"),
    "GroupId": ("SourceSecurityGroupId", "DestinationSecurityGroupId"),
}


def template(edits: Any) -> dict[str, Any]:
    """Return the CloudFormation template that adds what edits add.

    Parameters
    ----------
    edits : edit, suggestion, or iterable of them
        AddRule and AddEntry only.

    Returns
    -------
    dict
        The template; `json.dumps` of it is what CreateStack takes. Deleting the stack takes the rules away.

    Raises
    ------
    ArgumentError
        If an edit takes something away or replaces it, which CloudFormation cannot do to what it did not make.

    Notes
    -----
    CloudFormation puts no tags on rules. Source: CloudFormation template reference.

    Examples
    --------
    >>> from rejectkit.network.edits import AddRule
    >>> from rejectkit.network.model import GroupRule
    >>> found = template(AddRule(GroupRule("sg-0a1b", False, 6, 5432, 5432, "sg-0c2d")))
    >>> [one["Type"] for one in found["Resources"].values()]
    ['AWS::EC2::SecurityGroupIngress']
    """
    targets = additions(edits, "CloudFormation")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Rules of security groups and network ACLs, by rejectkit",
        "Resources": {"".join(word.capitalize() for word in words_of(one)): _resource(one) for one in targets},
    }


def _resource(target: Target) -> dict[str, Any]:
    thing = target.thing
    return _entry(target.resource, thing) if isinstance(thing, AclEntry) else _rule(thing)


def _rule(rule: GroupRule) -> dict[str, Any]:
    told = permission(rule)
    kind, name = peer_kind(rule)
    (peer,) = told.pop(kind)
    properties = {
        "GroupId": rule.group,
        **told,
        _PEERS[name][rule.egress]: peer[name],
        "Description": described(rule).replace("{{", "{_"),  # `{{resolve:…}}` would be looked up
    }
    if "UserId" in peer and not rule.egress:
        properties["SourceSecurityGroupOwnerId"] = peer["UserId"]
    return {"Type": f"AWS::EC2::SecurityGroup{'Egress' if rule.egress else 'Ingress'}", "Properties": properties}


def _entry(acl: str, entry: AclEntry) -> dict[str, Any]:
    properties = entry_params(acl, entry)
    properties["Protocol"] = entry.protocol
    if "IcmpTypeCode" in properties:
        properties["Icmp"] = properties.pop("IcmpTypeCode")
    return {"Type": "AWS::EC2::NetworkAclEntry", "Properties": properties}
