"""The security groups and network ACLs that a change concerns, read as they are now through AWS."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import MissingResourceError
from rejectkit.network.changing.targets import Target, same, things
from rejectkit.network.model import Network
from rejectkit.network.snapshots.reading import from_json

_VALUES: Final = 200  # in one filter of a Describe call. Source: EC2 API Reference, "Filter"
Snapshot = Mapping[str, Any]
"""Answers of EC2's Describe calls, merged under their own keys, as `Network.from_json` reads them."""


def read(ec2: Service, resources: Collection[str]) -> Snapshot:
    """Return what AWS tells of groups and ACLs; of one that is not there, nothing.

    Raises
    ------
    AwsError
        If AWS does not tell.
    """
    groups = sorted(one for one in resources if not one.startswith("acl-"))
    acls = sorted(one for one in resources if one.startswith("acl-"))
    found: dict[str, list[Any]] = {
        "SecurityGroups": list(_pages(ec2, "DescribeSecurityGroups", "SecurityGroups", "group-id", groups)),
        "SecurityGroupRules": list(_pages(ec2, "DescribeSecurityGroupRules", "SecurityGroupRules", "group-id", groups)),
        "NetworkAcls": list(_pages(ec2, "DescribeNetworkAcls", "NetworkAcls", "network-acl-id", acls)),
    }
    # A group without a rule is told of in the first answer too, whose permissions would be read in place of none.
    plain = [{k: v for k, v in one.items() if not k.startswith("IpPermissions")} for one in found["SecurityGroups"]]
    return {**found, "SecurityGroups": plain}


def _pages(ec2: Service, operation: str, key: str, by: str, ids: list[str]) -> Iterator[Any]:
    for start in range(0, len(ids), _VALUES):
        yield from ec2.pages(operation, key, Filters=[{"Name": by, "Values": ids[start : start + _VALUES]}])


def network_of(snapshot: Snapshot) -> Network:
    """Return a snapshot as a network; an empty one, if there is nothing in it."""
    return from_json(snapshot) if any(snapshot.get(key) for key in ("SecurityGroups", "NetworkAcls")) else Network()


def refuse_missing(network: Network, targets: Iterable[Target], where: str) -> None:
    """Raise if a group or ACL is not there.

    Raises
    ------
    MissingResourceError
        With the first one.
    """
    for one in targets:
        if one.resource not in network.group_of and one.resource not in network.acl_of:
            kind = "security group" if one.is_rule else "network ACL"
            raise MissingResourceError(
                f"there is no {kind} {one.resource!r} in {where}: check its id, the region and the account"
            )


def differences(before: Network, now: Network, targets: Iterable[Target]) -> list[str]:
    """Return a sentence on each rule that is not as it was, but for those that a change is about."""
    targets = tuple(targets)
    ours = {one.key for one in targets}
    found = []
    for resource in dict.fromkeys(one.resource for one in targets):
        was, there = things(before, resource), things(now, resource)
        for key in dict.fromkeys((*was, *there)):
            old, new = was.get(key), there.get(key)
            if key not in ours and not same(old, new):
                what = f"{old} is now {new}" if old and new else f"{new} is new" if new else f"{old} is gone"
                found.append(f"in {resource}, {what}")
    return found
