"""Quotas of rules: how many a security group or network ACL has, and may have. Source: Amazon VPC quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rejectkit.errors import QuotaError
from rejectkit.network.changing.targets import Target, Thing, things
from rejectkit.network.model import AclEntry, Network

USUAL: Final = {"group": 60, "acl": 20}
"""Rules of one direction and IP version that an account may have unless it asked for more."""
MOST: Final = {"group": 1000, "acl": 40}
"""What it can be given."""

# Rules that a prefix list of AWS counts as, by the end of its name. Source: VPC user guide, "AWS-managed prefix lists".
_OF_AWS: Final = "com.amazonaws."
_WEIGHTS: Mapping[str, int] = {
    "cloudfront.origin-facing": 55,
    "route53-healthchecks": 25,
    "vpc-lattice": 10,
    "s3express": 6,
    "groundstation": 5,
    "ec2-instance-connect": 2,
}


@dataclass(frozen=True, slots=True)
class Size:
    """How many rules of a security group a prefix list counts as, and of which IP version."""

    rules: int = 1
    version: int = 4


def size(name: str, version: int, most: int, entries: int = 0) -> Size:
    """Return the size of a prefix list: its greatest number of entries, or the weight that AWS's own have.

    Examples
    --------
    >>> size("office", 4, most=5), size("com.amazonaws.eu-west-1.s3", 4, most=0)
    (Size(rules=5, version=4), Size(rules=1, version=4))
    """
    of_aws = next((count for end, count in _WEIGHTS.items() if name.endswith(end)), 1)
    return Size(most or (of_aws if name.startswith(_OF_AWS) else max(1, entries)), version)


def sizes_of(network: Network) -> dict[str, Size]:
    """Return the sizes of a network's prefix lists, by id."""
    return {
        one.id: size(one.name, _version(*one.cidrs[:1]), one.max_entries, len(one.cidrs))
        for one in network.prefix_lists
    }


def counted(found: Iterable[Thing], sizes: Mapping[str, Size]) -> Counter[tuple[bool, int]]:
    """Return how many rules count, by direction (True: outbound) and IP version.

    A group reference counts in both versions. Of a network ACL the last deny counts too.
    """
    count: Counter[tuple[bool, int]] = Counter()
    for one in found:
        if isinstance(one, AclEntry):
            count[one.egress, _version(one.cidr)] += 1
        elif one.peer.startswith("pl-"):
            listed = sizes.get(one.peer, Size())
            count[one.egress, listed.version] += listed.rules
        else:
            versions = (4, 6) if one.peer.startswith("sg-") else (_version(one.peer),)
            count.update((one.egress, version) for version in versions)
    return count


def _version(cidr: str = "") -> int:
    return 6 if ":" in cidr else 4


def quota_sentences(network: Network, targets: Iterable[Target], sizes: Mapping[str, Size]) -> dict[str, str]:
    """Return, for each group and ACL that a change takes over the usual quota, a sentence.

    What is added is counted before what goes away goes, as it is done in that order.

    Raises
    ------
    QuotaError
        If there would be more than any account can have.
    """
    by_resource: dict[str, list[Target]] = {}
    for one in targets:
        by_resource.setdefault(one.resource, []).append(one)
    found = {}
    for resource, here in by_resource.items():
        told = list(_over(network, resource, here, sizes))
        if told:
            found[resource] = " ".join(told)
    return found


def _over(network: Network, resource: str, targets: list[Target], sizes: Mapping[str, Size]) -> Iterator[str]:
    kind = "group" if targets[0].is_rule else "acl"
    now = things(network, resource)
    then = now | {one.key: one.after for one in targets if one.after is not None}
    before, after = counted(now.values(), sizes), counted(then.values(), sizes)
    last = 0 if kind == "group" else 1
    for (egress, version), count in sorted(after.items()):
        many = count + last
        if many <= USUAL[kind] or count <= before[egress, version]:
            continue
        what = f"{many} {'outbound' if egress else 'inbound'} IPv{version} rules"
        if many > MOST[kind]:
            raise QuotaError(f"{resource} would have {what}, and no account can have more than {MOST[kind]}: "
                             "put several CIDRs together, or take rules away first")  # fmt: skip
        yield (
            f"{resource} would have {what} for a while or for good; an account has {USUAL[kind]} unless it was given "
            "more, and without that AWS refuses this step."
        )
