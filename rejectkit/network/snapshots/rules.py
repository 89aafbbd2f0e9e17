"""Rules out of JSON: those of security groups in both of the API's shapes, and the entries of network ACLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rejectkit.network.model import (
    ALL,
    ICMP,
    ICMP6,
    IMPLICIT,
    PORTED,
    AclEntry,
    GroupRule,
    protocol_number,
)
from rejectkit.network.snapshots.place import Place

_HIGHEST: Final = 65535
_LAST: Final = tuple(IMPLICIT.values())


def listed_rule(place: Place, owner: str, vpc: str) -> GroupRule:
    """Return a rule as DescribeSecurityGroupRules tells it; `owner` and `vpc` are its group's."""
    group = place.needed("GroupId")
    peers = {
        "CidrIpv4": place.cidr("CidrIpv4", 4),
        "CidrIpv6": place.cidr("CidrIpv6", 6),
        "PrefixListId": place.text("PrefixListId"),
    }
    referenced = place.get("ReferencedGroupInfo")
    if referenced is not None:
        peers["ReferencedGroupInfo"] = referenced.needed("GroupId")
    found = [peer for peer in peers.values() if peer]
    if len(found) != 1:
        raise place.fault(
            f"names {len(found) or 'no'} other end{'s' if found else ''}; a rule has one of CidrIpv4, CidrIpv6, "
            "PrefixListId and ReferencedGroupInfo"
        )
    return GroupRule(
        group,
        place.flag("IsEgress"),
        *_traffic(place),
        found[0],
        place.text("SecurityGroupRuleId"),
        place.text("Description"),
        *(_peering(referenced, owner, vpc) if referenced else ("", "")),
        place.tags(),
    )


def permitted_rules(place: Place, group: str, owner: str, vpc: str) -> Iterator[GroupRule]:
    """Yield the rules of a group as DescribeSecurityGroups tells them: many peers to one entry, and no ids."""
    for key, egress in (("IpPermissions", False), ("IpPermissionsEgress", True)):
        for one in place.items(key):
            traffic = _traffic(one)
            ends = [(it, it.cidr("CidrIp", 4), ("", "")) for it in one.items("IpRanges")]
            ends += [(it, it.cidr("CidrIpv6", 6), ("", "")) for it in one.items("Ipv6Ranges")]
            ends += [(it, it.text("PrefixListId"), ("", "")) for it in one.items("PrefixListIds")]
            ends += [(it, it.text("GroupId"), _peering(it, owner, vpc)) for it in one.items("UserIdGroupPairs")]
            for it, peer, peered in ends:
                if not peer:
                    raise it.fault("names no other end")
                yield GroupRule(group, egress, *traffic, peer, "", it.text("Description"), *peered)


def acl_entry(place: Place) -> AclEntry | None:
    """Return an entry of a network ACL; None for the implicit denies at its end."""
    number = place.number("RuleNumber", 1, max(_LAST))
    if number is None:
        raise place.fault("is missing; a rule of a network ACL has a number", "RuleNumber")
    action = place.text("RuleAction").lower()
    if action not in ("allow", "deny") or (number in _LAST and action == "allow"):
        raise place.fault(
            f"is {place.text('RuleAction')!r}; it should be " + ("deny" if number in _LAST else "allow or deny"),
            "RuleAction",
        )
    if number in _LAST:
        return None
    protocol = _protocol(place, "Protocol")
    cidrs = [cidr for cidr in (place.cidr("CidrBlock", 4), place.cidr("Ipv6CidrBlock", 6)) if cidr]
    if len(cidrs) != 1:
        raise place.fault(f"has {len(cidrs) or 'no'} CIDRs; it should have a CidrBlock or an Ipv6CidrBlock")
    ports, kinds = place.get("PortRange"), place.get("IcmpTypeCode")
    low, high = _ports(ports, "From", "To") if ports and protocol in PORTED else (ALL, ALL)
    kind, code = _kinds(kinds, "Type", "Code") if kinds and protocol in (ICMP, ICMP6) else (ALL, ALL)
    return AclEntry(number, place.flag("Egress"), action == "allow", protocol, cidrs[0], low, high, kind, code)


def _traffic(place: Place) -> tuple[int, int, int]:
    """Return protocol and ports of a group's rule; ports that the service ignores are every port."""
    protocol = _protocol(place, "IpProtocol")
    if protocol in PORTED:
        return protocol, *_ports(place, "FromPort", "ToPort")
    if protocol in (ICMP, ICMP6):
        return protocol, *_kinds(place, "FromPort", "ToPort")
    return protocol, ALL, ALL


def _protocol(place: Place, key: str) -> int:
    found = place.get(key)
    if found is None:
        raise place.fault("is missing; a rule has a protocol, -1 for every one", key)
    try:
        number = protocol_number(found.value) if type(found.value) in (str, int) else -2
    except ValueError:
        number = -2
    if not ALL <= number <= 255:
        raise found.fault(f"is {found.value!r}; it should be tcp, udp, icmp, icmpv6, -1, or a number up to 255")
    return number


def _ports(place: Place, first: str, last: str) -> tuple[int, int]:
    low, high = place.number(first, ALL, _HIGHEST), place.number(last, ALL, _HIGHEST)
    if {low, high} <= {None, ALL}:
        return ALL, ALL
    if low is None or high is None:
        which = first if low is None else last
        raise place.fault("is missing, and the other end of the range is there; give both, or neither", which)
    if low > high or low == ALL:
        raise place.fault(f"is {low}, and {last} is {high}; a range goes upwards, and -1 twice is every port", first)
    return low, high


def _kinds(place: Place, kind: str, code: str) -> tuple[int, int]:
    """Return type and code of ICMP; a rule of every type is one of every code."""
    found, detail = place.number(kind, ALL, 255), place.number(code, ALL, 255)
    if found is None or found == ALL:
        return ALL, ALL
    return found, ALL if detail is None else detail


def _peering(place: Place, owner: str, vpc: str) -> tuple[str, str]:
    """Return account and VPC of a group that a rule refers to; empty for one of the same VPC and account."""
    theirs, other = place.text("UserId"), place.text("VpcId")
    away = other not in ("", vpc)
    return ("", "") if theirs in ("", owner) and not away else (theirs, other if away else "")
