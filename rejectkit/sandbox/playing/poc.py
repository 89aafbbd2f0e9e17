"""The small VPC that the scenario `poc` plays in: two zones, an on-premises range over a VPN, four faults."""

from __future__ import annotations

from rejectkit.sandbox.playing.layout import (
    ACCOUNT,
    Acl,
    AclEntry,
    Group,
    GroupRule,
    Interface,
    Layout,
    PrefixList,
    Subnet,
    aws_id,
)

# name | CIDR | zone | network ACL | IPv6 CIDR
_SUBNETS = """
public-a | 10.20.0.0/24  | a | public | 2001:db8:20:a00::/64
public-b | 10.20.1.0/24  | b | public | 2001:db8:20:a01::/64
app-a    | 10.20.10.0/24 | a | app    |
app-b    | 10.20.11.0/24 | b | app    |
data-a   | 10.20.20.0/24 | a | data   |
data-b   | 10.20.21.0/24 | b | data   |
shared-a | 10.20.30.0/24 | a | shared |
"""

# name | what it is for
_GROUPS = """
alb     | load balancer
bastion | administrators' way in
web     | web tier
orders  | orders service, new in this release
monitor | Prometheus
batch   | nightly jobs, restricted egress
db      | PostgreSQL
reports | report server
dc      | domain controller: DNS and LDAP
"""

# group | direction | protocol | ports (ICMP: type) | peer: CIDR, group:name or list:name | description
_RULES = """
alb     | in  | tcp  | 80   | 0.0.0.0/0      | visitors, redirected
alb     | in  | tcp  | 443  | 0.0.0.0/0      | visitors
alb     | in  | tcp  | 80   | ::/0           | visitors, redirected
alb     | in  | tcp  | 443  | ::/0           | visitors
alb     | out | -1   | all  | 0.0.0.0/0      | anywhere
bastion | in  | tcp  | 22   | list:office    | administrators on premises
bastion | out | -1   | all  | 0.0.0.0/0      | anywhere
web     | in  | tcp  | 8080 | group:alb      | load balancer
web     | in  | tcp  | 443  | 192.168.0.0/16 | offices, straight to the service
web     | in  | tcp  | 9100 | group:monitor  | node exporter
web     | in  | tcp  | 22   | group:bastion  | administrators
web     | in  | icmp | 8    | group:monitor  | ping
web     | out | -1   | all  | 0.0.0.0/0      | anywhere
orders  | in  | tcp  | 8081 | group:web      | web tier
orders  | in  | tcp  | 22   | group:bastion  | administrators
orders  | in  | icmp | 8    | group:monitor  | ping
orders  | out | -1   | all  | 0.0.0.0/0      | anywhere
monitor | in  | tcp  | 22   | group:bastion  | administrators
monitor | out | -1   | all  | 0.0.0.0/0      | anywhere
batch   | in  | tcp  | 22   | group:bastion  | administrators
batch   | out | tcp  | all  | 10.20.0.0/16   | inside the VPC
batch   | out | udp  | 53   | 10.20.0.0/16   | DNS
batch   | out | tcp  | 443  | 0.0.0.0/0      | HTTPS
db      | in  | tcp  | 5432 | group:web      | web tier
db      | in  | tcp  | 5432 | group:batch    | nightly jobs
db      | in  | tcp  | 5432 | 10.50.8.0/24   | database administrators
db      | out | -1   | all  | 0.0.0.0/0      | anywhere
reports | in  | tcp  | 8443 | 192.168.0.0/16 | offices
reports | in  | tcp  | 8443 | 10.20.0.0/16   | inside the VPC
reports | out | -1   | all  | 0.0.0.0/0      | anywhere
dc      | in  | udp  | 53   | 10.20.0.0/16   | DNS
dc      | in  | tcp  | 389  | 10.20.0.0/16   | LDAP
dc      | in  | -1   | all  | group:dc       | other domain controllers
dc      | out | -1   | all  | 0.0.0.0/0      | anywhere
"""

# ACL | direction | number | action | protocol | ports | CIDR
_ENTRIES = """
public | in  | 100 | allow | -1 | all         | 0.0.0.0/0
public | in  | 101 | allow | -1 | all         | ::/0
public | out | 100 | allow | -1 | all         | 0.0.0.0/0
public | out | 101 | allow | -1 | all         | ::/0
app    | in  |  90 | deny  | 6  | 443         | 192.168.10.0/24
app    | in  | 100 | allow | -1 | all         | 10.20.0.0/16
app    | in  | 110 | allow | 6  | 443         | 192.168.0.0/16
app    | in  | 120 | allow | 6  | 1024-65535  | 0.0.0.0/0
app    | in  | 130 | allow | 17 | 1024-65535  | 0.0.0.0/0
app    | out | 100 | allow | -1 | all         | 0.0.0.0/0
data   | in  | 100 | allow | -1 | all         | 10.20.0.0/16
data   | in  | 110 | allow | 6  | 5432        | 10.50.8.0/24
data   | out | 100 | allow | -1 | all         | 10.20.0.0/16
data   | out | 110 | allow | 6  | 1024-65535  | 10.50.8.0/24
shared | in  | 100 | allow | -1 | all         | 10.20.0.0/16
shared | in  | 110 | allow | 6  | 8443        | 192.168.0.0/16
shared | in  | 120 | allow | 6  | 32768-60999 | 0.0.0.0/0
shared | out | 100 | allow | -1 | all         | 10.20.0.0/16
shared | out | 110 | allow | 6  | 443         | 0.0.0.0/0
"""

# name | subnet | address | groups | what holds it | public IPv4 | IPv6 | secondary address
_INTERFACES = """
alb-a      | public-a | 10.20.0.11  | alb     | amazon-elb | 203.0.113.11 | 2001:db8:20:a00::11 |
alb-b      | public-b | 10.20.1.11  | alb     | amazon-elb | 203.0.113.12 | 2001:db8:20:a01::11 |
nat-a      | public-a | 10.20.0.5   |         | nat        | 203.0.113.5  |                     |
bastion    | public-a | 10.20.0.20  | bastion | instance   | 203.0.113.20 |                     |
web-a      | app-a    | 10.20.10.21 | web     | instance   |              |                     |
web-b      | app-b    | 10.20.11.21 | web     | instance   |              |                     |
orders-a   | app-a    | 10.20.10.31 | orders  | instance   |              |                     |
orders-b   | app-b    | 10.20.11.31 | orders  | instance   |              |                     |
monitor    | app-a    | 10.20.10.40 | monitor | instance   |              |                     |
batch      | app-b    | 10.20.11.50 | batch   | instance   |              |                     |
db         | data-a   | 10.20.20.10 | db      | amazon-rds |              |                     |
db-standby | data-b   | 10.20.21.10 | db      | amazon-rds |              |                     |
reports    | shared-a | 10.20.30.20 | reports | instance   |              |                     | 10.20.30.21
dc         | shared-a | 10.20.30.10 | dc      | instance   |              |                     |
"""

_OFFICES = ("192.168.0.0/16", "10.50.0.0/16")


def poc(account: str = ACCOUNT) -> Layout:
    """Return the VPC, owned by an account, as it is at the end of the window, every fault in place."""
    lists = {"office": PrefixList(aws_id("pl", "poc office"), "office", _OFFICES[1:])}
    acls = {name: aws_id("acl", f"poc {name}") for name in ("public", "app", "data", "shared")}
    groups = {name: Group(aws_id("sg", f"poc {name}"), name, text) for name, text in _cells(_GROUPS)}
    peers = {f"group:{name}": group.id for name, group in groups.items()}
    peers |= {f"list:{name}": one.id for name, one in lists.items()}
    subnets = {
        name: Subnet(aws_id("subnet", f"poc {name}"), name, cidr, zone, acls[acl], cidr6 or None)
        for name, cidr, zone, acl, cidr6 in _cells(_SUBNETS)
    }
    return Layout(
        vpc=aws_id("vpc", "poc"),
        name="poc",
        cidr="10.20.0.0/16",
        cidr6="2001:db8:20:a00::/56",
        on_premises=_OFFICES,
        subnets=tuple(subnets.values()),
        groups=tuple(groups.values()),
        rules=tuple(_rule(row, groups, peers) for row in _cells(_RULES)),
        acls=tuple(Acl(acls[name], name, name == "public", _entries(name)) for name in acls),
        interfaces=tuple(_interface(row, subnets, groups, account) for row in _cells(_INTERFACES)),
        prefix_lists=tuple(lists.values()),
        account=account,
    )


def _cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def _ports(text: str) -> tuple[int, int]:
    if text == "all":
        return -1, -1
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _rule(row: list[str], groups: dict[str, Group], peers: dict[str, str]) -> GroupRule:
    group, direction, protocol, ports, peer, said = row
    low, high = _ports(ports)
    if protocol == "icmp":
        high = -1  # a type and any code
    if ports == "all" and protocol != "-1":
        low, high = 0, 65535
    rule_id = aws_id("sgr", "poc " + " ".join(row[:5]))
    return GroupRule(rule_id, groups[group].id, direction == "out", protocol, low, high, peers.get(peer, peer), said)


def _entries(acl: str) -> tuple[AclEntry, ...]:
    return tuple(
        AclEntry(int(number), direction == "out", action == "allow", protocol, *_ports(ports), cidr)
        for name, direction, number, action, protocol, ports, cidr in _cells(_ENTRIES)
        if name == acl
    )


def _interface(row: list[str], subnets: dict[str, Subnet], groups: dict[str, Group], account: str) -> Interface:
    name, subnet, address, group, holder, public, address6, *secondary = row
    return Interface(
        id=aws_id("eni", f"poc {name}"),
        name=name,
        subnet=subnets[subnet].id,
        address=address,
        groups=(groups[group].id,) if group else (),
        instance=aws_id("i", f"poc {name}") if holder == "instance" else None,
        requester={"instance": None, "nat": account}.get(holder, holder),
        kind="nat_gateway" if holder == "nat" else "interface",
        public=public or None,
        address6=address6 or None,
        secondary=(secondary[0] if secondary else "") or None,
    )
