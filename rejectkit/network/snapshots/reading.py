"""from_json: what the AWS CLI's describe calls print, merged under their own keys, as a Network."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from rejectkit.errors import ArgumentError, SourceNotFoundError, UnreadableError
from rejectkit.network.model import (
    AclEntry,
    Interface,
    Network,
    NetworkAcl,
    PrefixList,
    SecurityGroup,
    Subnet,
    Vpc,
)
from rejectkit.network.snapshots.place import Place, in_order
from rejectkit.network.snapshots.rules import acl_entry, listed_rule, permitted_rules

KEYS: Final = (
    "Vpcs", "Subnets", "SecurityGroups", "SecurityGroupRules", "NetworkAcls", "NetworkInterfaces", "PrefixLists",
)  # fmt: skip
"""Members of the JSON that are read; each is what an EC2 call answers, all optional."""
OWN: Final = "Rejectkit"
"""Member of the JSON that holds what no EC2 call answers: `at`, `region`, `account`."""
_GONE: Final = ("disassociated", "failing", "failed")  # of a CIDR block's association with a VPC or subnet
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d+(?=[a-z]$|-)")


class _Named(Protocol):
    @property
    def id(self) -> str: ...


One = TypeVar("One", bound=_Named)


def from_json(told: str | os.PathLike[str] | Mapping[str, Any]) -> Network:
    """Return the network that a snapshot in JSON tells of.

    Parameters
    ----------
    told : str, path or mapping
        A file, or what is in one: the answers of EC2's Describe calls as the AWS CLI prints them, merged under
        their own keys. SecurityGroups, SecurityGroupRules, NetworkAcls, NetworkInterfaces, Subnets, Vpcs, and
        PrefixLists, each as `{"PrefixListId": …, "Entries": [{"Cidr": …}]}`. Any may be absent. The IpPermissions
        of a group serve where SecurityGroupRules tell nothing of it.

    Returns
    -------
    Network
        CIDRs without host bits; each kind in order of id, rules in order of what they are about, tags in order of
        key. The implicit denies of network ACLs (32767 and 32768) are left out. A prefix list that is told
        without its entries is left out, so that nobody takes it for an empty one. Region and account, where the
        JSON does not say them (`to_json` does), are those of the subnets' zones and of the VPCs' owner.

    Raises
    ------
    SourceNotFoundError
        If there is no such file.
    UnreadableError
        If it is not JSON, has none of the keys, or says what cannot be; the error names the place.
    ArgumentError
        If it is neither a path nor a mapping.

    Notes
    -----
    Source: EC2 API Reference, DescribeSecurityGroupRules, DescribeSecurityGroups, DescribeNetworkAcls,
    DescribeNetworkInterfaces, DescribeSubnets, DescribeVpcs, GetManagedPrefixListEntries.

    Examples
    --------
    >>> network = from_json({"SecurityGroups": [{"GroupId": "sg-0a1b", "IpPermissions": [
    ...     {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.3.7/16"}]}]}]})
    >>> print(*network.groups[0].rules)
    inbound tcp 443 from 10.0.0.0/16
    """
    top = _top(told)
    if not any(top.get(key) for key in KEYS):
        raise top.fault(
            f"has none of the keys {', '.join(KEYS)}; merge what the AWS CLI's describe calls print, "
            "for example by `jq -s add`"
        )
    vpcs = _once(top, "Vpcs", _vpc)
    subnets = _once(top, "Subnets", _subnet)
    groups = _groups(top)
    region, account, at = _own(top, vpcs, subnets, groups)
    return Network(
        vpcs=vpcs,
        subnets=subnets,
        groups=groups,
        acls=_acls(top),
        interfaces=_once(top, "NetworkInterfaces", _interface),
        prefix_lists=_once(top, "PrefixLists", _prefix_list),
        at=at,
        region=region,
        account=account,
    )


def _top(told: str | os.PathLike[str] | Mapping[str, Any]) -> Place:
    if isinstance(told, Mapping):
        return Place(told, "", "the network's JSON")
    if not isinstance(told, str | os.PathLike):
        raise ArgumentError(f"a network is read from a path or a mapping, not from {type(told).__name__}")
    if str(told).lstrip().startswith("{"):
        raise ArgumentError("that is JSON text, not a path; give json.loads(text)")
    path = Path(told).expanduser()
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceNotFoundError(f"there is no file {str(path)!r}; give the path of a network's JSON") from None
    except OSError as error:
        raise UnreadableError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    try:
        value = json.loads(raw)  # finds UTF-16 out too, which is what PowerShell's `>` writes
    except ValueError as error:
        raise UnreadableError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(value, Mapping):
        raise UnreadableError(f"{path.name} is a JSON {type(value).__name__}; it should be an object with the keys "
                              f"{', '.join(KEYS)}")  # fmt: skip
    return Place(value, "", path.name)


def _once(top: Place, key: str, read: Callable[[Place], One | None]) -> tuple[One, ...]:
    """Return what a list tells of, in order of id; the same thing told twice is one."""
    found: dict[str, One] = {}
    for place in top.items(key):
        one = read(place)
        if one is None:
            continue
        if found.setdefault(one.id, one) != one:
            raise place.fault(f"tells of {one.id} again, and otherwise than before; leave one of them out")
    return tuple(found[name] for name in sorted(found))


def _own(
    top: Place, vpcs: Iterable[Vpc], subnets: Iterable[Subnet], groups: Iterable[SecurityGroup]
) -> tuple[str, str, datetime | None]:
    """Return region, account and time: as said, or the first two as far as all agree."""
    own = top.get(OWN)
    if own is None:
        zones = {match[0] for one in subnets if (match := _REGION.match(one.zone))}
        owners = {one.owner for one in vpcs} or {one.owner for one in groups}
        return _only(zones), _only(owners), None
    text = own.text("at")
    try:
        at = datetime.fromisoformat(text).astimezone(UTC) if text else None
        naive = at is not None and datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        naive = True
    if naive:
        raise own.fault(f"is {text!r}; it should be a time like 2026-11-01T00:00:00+00:00", "at")
    return own.text("region"), own.text("account"), at


def _only(found: set[str]) -> str:
    return found.pop() if len(found) == 1 else ""


def _named(tags: Iterable[tuple[str, str]]) -> str:
    return dict(tags).get("Name", "")


def _blocks(place: Place) -> tuple[str, ...]:
    """Return the CIDRs of a VPC or subnet, the primary one first."""
    sets = ("CidrBlockAssociationSet", "CidrBlock", 4), ("Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", 6)
    found = [place.cidr("CidrBlock", 4)]
    for name, member, version in sets:
        for one in place.items(name):
            state = one.get(f"{member}State")
            if state is None or state.text("State") not in _GONE:
                found.append(one.cidr(member, version))
    return tuple(dict.fromkeys(cidr for cidr in found if cidr))


def _vpc(place: Place) -> Vpc:
    return Vpc(place.needed("VpcId"), _blocks(place), place.text("OwnerId"), _named(place.tags()))


def _subnet(place: Place) -> Subnet:
    return Subnet(
        place.needed("SubnetId"),
        place.text("VpcId"),
        _blocks(place),
        _named(place.tags()),
        place.text("AvailabilityZone"),
    )


def _groups(top: Place) -> tuple[SecurityGroup, ...]:
    """Return the groups, and those that only their rules tell of."""
    of_rules: dict[str, list[Place]] = {}
    for place in top.items("SecurityGroupRules"):
        of_rules.setdefault(place.needed("GroupId"), []).append(place)

    def group(place: Place) -> SecurityGroup:
        name, owner, vpc = place.needed("GroupId"), place.text("OwnerId"), place.text("VpcId")
        listed = of_rules.get(name)
        if listed:
            rules = [listed_rule(one, owner or one.text("GroupOwnerId"), vpc) for one in listed]
        else:
            rules = list(permitted_rules(place, name, owner, vpc))
        told = {rule.key: rule for rule in reversed(rules)}
        ordered = tuple(told[key] for key in sorted(told))
        return SecurityGroup(
            name, place.text("GroupName"), place.text("Description"), vpc, owner, ordered, place.tags()
        )

    told = [*_once(top, "SecurityGroups", group)]
    known = {one.id for one in told}
    for name, places in of_rules.items():
        if name not in known:
            bare = {"GroupId": name, "OwnerId": places[0].text("GroupOwnerId")}
            told.append(group(Place(bare, places[0].name, top.origin)))
    return tuple(sorted(told, key=lambda one: one.id))


def _acls(top: Place) -> tuple[NetworkAcl, ...]:
    acls = _once(top, "NetworkAcls", _acl)
    guards: dict[str, str] = {}
    for acl in acls:
        for subnet in acl.subnets:
            if subnet in guards:
                raise top.fault(
                    f"says that {guards[subnet]} and {acl.id} both guard {subnet}; a subnet has one network ACL",
                    "NetworkAcls",
                )
            guards[subnet] = acl.id
    return acls


def _acl(place: Place) -> NetworkAcl:
    tags = place.tags()
    entries: dict[tuple[bool, int], AclEntry] = {}
    for one in place.items("Entries"):
        entry = acl_entry(one)
        if entry is None:
            continue
        if entries.setdefault((entry.egress, entry.number), entry) != entry:
            raise one.fault(f"is a second rule {entry.number} of the same direction; a number has one rule")
    return NetworkAcl(
        place.needed("NetworkAclId"),
        _named(tags),
        place.text("VpcId"),
        place.flag("IsDefault"),
        tuple(entries[at] for at in sorted(entries)),
        tuple(sorted({one.needed("SubnetId") for one in place.items("Associations")})),
        tuple(tag for tag in tags if tag[0] != "Name"),
    )


def _interface(place: Place) -> Interface:
    private = sorted(place.items("PrivateIpAddresses"), key=lambda one: not one.flag("Primary"))
    addresses = [
        place.address("PrivateIpAddress"),
        *(one.address("PrivateIpAddress") for one in private),
        *(
            one.address("Ipv6Address")
            for one in sorted(place.items("Ipv6Addresses"), key=lambda one: not one.flag("IsPrimaryIpv6"))
        ),
    ]
    associations = [one.get("Association") for one in (place, *private)]
    public = [one.address("PublicIp") for one in associations if one is not None]
    prefixes = [
        one.cidr(f"Ipv{version}Prefix", version) for version in (4, 6) for one in place.items(f"Ipv{version}Prefixes")
    ]
    attached = place.get("Attachment")
    return Interface(
        place.needed("NetworkInterfaceId"),
        place.text("SubnetId"),
        place.text("VpcId"),
        tuple(dict.fromkeys(one for one in addresses if one)),
        tuple(dict.fromkeys(one for one in public if one)),
        tuple(sorted({one.needed("GroupId") for one in place.items("Groups")})),
        attached.text("InstanceId") if attached else "",
        place.text("InterfaceType", "interface"),
        place.text("RequesterId"),
        place.text("Description"),
        _named(place.tags("TagSet")),
        place.text("Status", "in-use"),
        in_order(one for one in prefixes if one),
    )


def _prefix_list(place: Place) -> PrefixList | None:
    name = place.needed("PrefixListId")
    legacy = place.get("Cidrs")  # what DescribePrefixLists says of the lists that AWS manages
    if place.get("Entries") is None and legacy is None:
        return None
    listed = [Place({"Cidr": one.value}, one.name, one.origin) for one in place.items("Cidrs")]
    cidrs = [one.cidr("Cidr") or _lacking(one) for one in (*place.items("Entries"), *listed)]
    most = place.number("MaxEntries", 0, 1 << 31)
    return PrefixList(name, in_order(cidrs), place.text("PrefixListName"), most or 0, place.text("OwnerId"))


def _lacking(place: Place) -> str:
    raise place.fault("is missing; an entry of a prefix list is a CIDR", "Cidr")
