"""What the tests of changes of rules share: a small VPC in a sandbox, edits of it, and everything that is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rejectkit.network.edits import AddEntry, AddRule, RemoveEntry, RemoveRule, ReplaceEntry
from rejectkit.network.model import AclEntry, GroupRule, Network
from rejectkit.network.snapshots.reading import from_json
from rejectkit.sandbox import Sandbox


@dataclass(frozen=True)
class Lab:
    """Two groups and a network ACL of a VPC: `app`, and `db` and `acl` with a few rules."""

    sandbox: Sandbox
    vpc: str
    app: str
    db: str
    acl: str

    @property
    def client(self) -> Any:
        """EC2, by plain boto3."""
        return self.sandbox.session.client("ec2")

    def gone(self) -> None:
        """Delete the groups and the ACL: there is less for the service to tell of."""
        self.client.delete_network_acl(NetworkAclId=self.acl)
        there = {one["GroupId"] for one in self.client.describe_security_groups()["SecurityGroups"]}
        for group in {self.app, self.db} & there:
            rules = self.network().group_of[group].rules
            inbound = [one.id for one in rules if not one.egress]
            if inbound:  # rules that name the other group keep that from being deleted
                self.client.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=inbound)
        for group in {self.app, self.db} & there:
            self.client.delete_security_group(GroupId=group)

    def network(self) -> Network:
        """The VPC's groups and ACLs as they are, with ids of rules."""
        client, mine = self.client, [{"Name": "vpc-id", "Values": [self.vpc]}]
        groups = client.describe_security_groups(Filters=mine)["SecurityGroups"]
        of_groups = [{"Name": "group-id", "Values": [one["GroupId"] for one in groups]}]
        rules = client.describe_security_group_rules(Filters=of_groups, MaxResults=1000)["SecurityGroupRules"]
        acls = client.describe_network_acls(Filters=mine)["NetworkAcls"]
        return from_json({"SecurityGroups": groups, "SecurityGroupRules": rules, "NetworkAcls": acls})

    def everything(self) -> list[str]:
        """Return all of it as text, rule by rule: what it is about, its description and tags, and no id."""
        client, ours = self.client, [{"Name": "group-id", "Values": [self.app, self.db]}]
        rules = client.describe_security_group_rules(Filters=ours)["SecurityGroupRules"]
        acls = client.describe_network_acls(NetworkAclIds=[self.acl])["NetworkAcls"]
        network = from_json({"SecurityGroupRules": rules, "NetworkAcls": acls})
        rules = [f"{one} {one.group} {one.description!r} {one.tags}" for group in network.groups for one in group.rules]
        return sorted(rules + [f"{one} {acl.id}" for acl in network.acls for one in acl.entries])

    def edits(self) -> list[Any]:
        """One edit of each kind, in an order that is not that of a plan."""
        return [
            RemoveRule(GroupRule(self.db, False, 6, 22, 22, "10.0.0.0/8")),
            AddEntry(self.acl, AclEntry(80, False, False, 6, "192.0.2.0/24", 22, 22)),
            ReplaceEntry(
                self.acl,
                AclEntry(90, False, False, 6, "0.0.0.0/0", 23, 23),
                AclEntry(90, False, False, 6, "10.0.0.0/8", 20, 23),
            ),
            AddRule(GroupRule(self.db, False, 6, 5432, 5432, self.app)),
            RemoveEntry(self.acl, AclEntry(120, True, True, 1, "0.0.0.0/0", icmp_type=8, icmp_code=-1)),
            AddEntry(self.acl, AclEntry(110, True, True, 6, "10.0.0.0/8", 1024, 65535)),
        ]


def lab_in(sandbox: Sandbox) -> Lab:
    """Make the VPC."""
    client = sandbox.session.client("ec2")
    vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    app, db = (
        client.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"] for name in ("app", "db")
    )
    client.authorize_security_group_ingress(
        GroupId=db,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "until 2027"}],
            }
        ],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "team", "Value": "data"}]}],
    )
    client.authorize_security_group_ingress(
        GroupId=db,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "UserIdGroupPairs": [{"GroupId": app}]}],
    )
    acl = client.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    for egress in (False, True):
        client.create_network_acl_entry(
            NetworkAclId=acl, RuleNumber=100, Egress=egress, Protocol="-1", RuleAction="allow", CidrBlock="0.0.0.0/0"
        )
    client.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=90,
        Egress=False,
        Protocol="6",
        RuleAction="deny",
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 23, "To": 23},
    )
    client.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=120,
        Egress=True,
        Protocol="1",
        RuleAction="allow",
        CidrBlock="0.0.0.0/0",
        IcmpTypeCode={"Type": 8, "Code": -1},
    )
    return Lab(sandbox, vpc, app, db, acl)
