"""What EC2 knows about VPCs and moto does not, and how it gets into the answers of describe calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rejectkit.sandbox.playing.layout import IMPLICIT

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

Item = dict[str, Any]
RuleKey = tuple[str, bool, str, int, int, str]  # group, egress, protocol, ports, peer
PEERS = {  # where a permission has its peers, and what one is called there
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}


class VpcFacts:
    """What a region's VPCs have that moto does not keep.

    Attributes
    ----------
    members : dict of str to dict
        By the id of a VPC, subnet, interface or flow log: members of its description that stand over moto's.
        `{"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Rate limited"}` for a flow log, say.
    said : dict of RuleKey to str
        Descriptions of group rules, also of those whose peer is a group or a prefix list.
    icmp : dict
        By network ACL, direction and number: ICMP type and code of an entry.
    """

    def __init__(self, world: World, region: str) -> None:
        """Know nothing."""
        self.members: dict[str, Item] = {}
        self.said: dict[RuleKey, str] = {}
        self.icmp: dict[tuple[str, bool, int], Item] = {}


def rule_key(rule: Mapping[str, Any]) -> RuleKey:
    """Return what a rule of DescribeSecurityGroupRules is about; no two rules of a region share it."""
    peer = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId")
    peer = peer or rule.get("ReferencedGroupInfo", {}).get("GroupId", "")
    return rule["GroupId"], rule["IsEgress"], rule["IpProtocol"], rule["FromPort"], rule["ToPort"], peer


def mend_rules(world: World, region: str, facts: VpcFacts, items: list[Item]) -> None:
    """Give rules their owner, and descriptions whatever their peer is."""
    for rule in items:
        said = facts.said.get(rule_key(rule))
        rule |= {"GroupOwnerId": world.account, **({"Description": said} if said else {})}


def mend_groups(world: World, region: str, facts: VpcFacts, items: list[Item]) -> None:
    """Give the peers inside groups their descriptions."""
    for group in items:
        for egress, member in ((False, "IpPermissions"), (True, "IpPermissionsEgress")):
            for one in group[member]:
                ports = one.get("FromPort", -1), one.get("ToPort", -1)
                for kind, name in PEERS.items():
                    for peer in one[kind]:
                        said = facts.said.get((group["GroupId"], egress, one["IpProtocol"], *ports, peer.get(name, "")))
                        peer |= {"Description": said} if said else {}


def mend_acls(world: World, region: str, facts: VpcFacts, items: list[Item]) -> None:
    """Show ICMP types, and the implicit denies at the end of each direction."""
    vpcs = world.beyond("ec2", "DescribeVpcs", region)["Vpcs"]
    for vpc in vpcs:
        vpc |= facts.members.get(vpc["VpcId"], {})
    with_ipv6 = {vpc["VpcId"] for vpc in vpcs if vpc.get("Ipv6CidrBlockAssociationSet")}
    for acl in items:
        entries = [entry for entry in acl["Entries"] if entry["RuleNumber"] not in IMPLICIT.values()]
        for entry in entries:
            told = facts.icmp.get((acl["NetworkAclId"], entry["Egress"], entry["RuleNumber"]))
            entry |= {"IcmpTypeCode": told} if told else {}
        for egress in (True, False):
            rest = {"Egress": egress, "RuleAction": "deny", "Protocol": "-1"}
            entries.append({"RuleNumber": IMPLICIT[4], "CidrBlock": "0.0.0.0/0", **rest})
            if acl["VpcId"] in with_ipv6:
                entries.append({"RuleNumber": IMPLICIT[6], "Ipv6CidrBlock": "::/0", **rest})
        acl["Entries"] = sorted(entries, key=lambda entry: (not entry["Egress"], entry["RuleNumber"]))


def mend_interfaces(world: World, region: str, facts: VpcFacts, items: list[Item]) -> None:
    """Forget what moto makes up, and show the public address at the primary one too."""
    for one in items:
        one.pop("RequesterId", None)  # moto says the same of all, though nothing is managed
        for address in one["PrivateIpAddresses"]:
            public = facts.members.get(one["NetworkInterfaceId"], {}).get("Association")
            address |= {"Association": public} if public and address["Primary"] else {}


def mend_flow_logs(world: World, region: str, facts: VpcFacts, items: list[Item]) -> None:
    """Say that delivery works: moto judges it by a log group among its own."""
    for one in items:
        one.pop("DeliverLogsErrorMessage", None)
        one["DeliverLogsStatus"] = "SUCCESS"
