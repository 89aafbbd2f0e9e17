"""from_ec2: the network as EC2 tells it now, all pages of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import MissingResourceError
from rejectkit.network.model import Network
from rejectkit.network.snapshots.reading import OWN, from_json
from rejectkit.pacing import Budget
from rejectkit.sources.base import Watch
from rejectkit.sources.progress import Bar, shown

_PAGE: Final = 1000  # the most that a Describe call answers at once
_LISTS: Final = 100  # the same of those of prefix lists
_VALUES: Final = 200  # values that one filter may have. Source: EC2 API Reference, Filter
# In words, the operation and the member of its answer.
_STEPS: Final = (
    ("VPCs", "DescribeVpcs", "Vpcs"),
    ("subnets", "DescribeSubnets", "Subnets"),
    ("security groups", "DescribeSecurityGroups", "SecurityGroups"),
    ("network ACLs", "DescribeNetworkAcls", "NetworkAcls"),
    ("interfaces", "DescribeNetworkInterfaces", "NetworkInterfaces"),
)


def from_ec2(
    session: Any,
    vpc_id: str | None = None,
    *,
    region: str | None = None,
    budget: Budget | None = None,
    progress: bool | None = None,
    watch: Watch | None = None,
) -> Network:
    """Return the network as EC2 tells it now.

    Parameters
    ----------
    session : boto3.Session
        The account.
    vpc_id : str, optional
        The VPC; all of the region where it is left out.
    region : str, optional
        The session's where it is left out.
    budget : Budget, optional
        Of calls; the session's where it is left out.
    progress : bool, optional
        Whether a bar is shown; in notebooks and terminals where it is left out.
    watch : Watch, optional
        Progress and cancel.

    Returns
    -------
    Network
        `at` is the service's time when the reading began; the calls are made one after another, and what changes
        between them is seen by the later ones alone. Of other VPCs there are the groups that rules refer to, with
        the interfaces that carry them, as far as they are in the same account and region. Of prefix lists there
        are those that rules name.

    Raises
    ------
    MissingResourceError
        If there is no such VPC.
    AccessDeniedError
        If a call is not permitted; it names the action. The IAM policy `read` has all that are needed.
    AwsError
        If there are no credentials or no region, or AWS does not answer.
    QueryCancelledError
        If the watch is cancelled.

    Examples
    --------
    >>> import rejectkit as rk
    >>> with rk.sandbox.start(scenario=None) as sandbox:
    ...     ec2 = sandbox.session.client("ec2")
    ...     vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ...     network = from_ec2(sandbox.session, vpc)
    >>> print(network)
    1 VPC, 1 security group, 1 group rule, 1 network ACL, 2 ACL rules (eu-west-1, 123456789012; read ...)
    """
    service = Service(session, "ec2", region, budget=budget)
    with shown(progress, f"EC2 in {service.region}") as bar:
        return _Reader(service, vpc_id, bar, watch or Watch()).read()


class _Reader:
    """Reads one network."""

    def __init__(self, service: Service, vpc: str | None, bar: Bar, watch: Watch) -> None:
        self.service, self.vpc, self.bar, self.watch = service, vpc, bar, watch
        self.told: dict[str, Any] = {}

    def read(self) -> Network:
        """Read everything."""
        account = self.service.account()
        at = datetime.fromtimestamp(self.service.now(), UTC)
        self.told[OWN] = {"at": at.isoformat(), "region": self.service.region, "account": account}
        within = [_filter("vpc-id", [self.vpc])] if self.vpc else []
        for done, (words, operation, member) in enumerate(_STEPS):
            self._say(done, words)
            self.told[member] = list(self._pages(operation, member, within))
            if member == "Vpcs" and self.vpc and not self.told[member]:
                raise self._no_vpc()
        self._say(len(_STEPS), "group rules")
        groups = [one["GroupId"] for one in self.told["SecurityGroups"]]
        self.told["SecurityGroupRules"] = list(self._rules(groups if self.vpc else None))
        network = from_json(self.told)
        peers = {rule.peer for group in network.groups for rule in group.rules}
        self._say(len(_STEPS) + 1, "groups of other VPCs")
        self._peered(sorted(peer for peer in peers if peer.startswith("sg-") and peer not in network.group_of))
        self._say(len(_STEPS) + 2, "prefix lists")
        peers |= {rule.peer for group in from_json(self.told).groups for rule in group.rules}
        lists = sorted(peer for peer in peers if peer.startswith("pl-"))
        self.told["PrefixLists"] = [
            {**one, "Entries": list(self._entries(one["PrefixListId"]))}
            for one in self._named("DescribeManagedPrefixLists", "PrefixLists", "prefix-list-id", lists, _LISTS)
        ]
        return from_json(self.told)

    def _say(self, done: int, words: str) -> None:
        fraction, state = done / (len(_STEPS) + 3), f"reading {words}"
        self.watch.report(fraction, state)
        self.bar.update(state=state, fraction=fraction)

    def _pages(
        self, operation: str, member: str, filters: Sequence[dict[str, Any]] = (), most: int = _PAGE, **params: Any
    ) -> Iterator[dict[str, Any]]:
        if filters:
            params["Filters"] = list(filters)
        for one in self.service.pages(operation, member, check=self.watch.check, MaxResults=most, **params):
            self.bar.update()
            yield one

    def _rules(self, groups: Sequence[str] | None) -> Iterator[dict[str, Any]]:
        """Yield the rules of some groups, or of all."""
        if groups is None:
            yield from self._pages("DescribeSecurityGroupRules", "SecurityGroupRules")
            return
        yield from self._named("DescribeSecurityGroupRules", "SecurityGroupRules", "group-id", groups)

    def _named(
        self, operation: str, member: str, name: str, values: Sequence[str], most: int = _PAGE
    ) -> Iterator[dict[str, Any]]:
        """Yield what a filter finds; what there is not, or is not ours, it passes over."""
        for start in range(0, len(values), _VALUES):
            yield from self._pages(operation, member, [_filter(name, values[start : start + _VALUES])], most)

    def _peered(self, groups: Sequence[str]) -> None:
        """Add groups of other VPCs and the interfaces that carry them, as far as they can be seen."""
        found = list(self._named("DescribeSecurityGroups", "SecurityGroups", "group-id", groups))
        seen = [one["GroupId"] for one in found]
        self.told["SecurityGroups"] += found
        self.told["SecurityGroupRules"] += self._rules(seen)
        known = {one["NetworkInterfaceId"] for one in self.told["NetworkInterfaces"]}
        members = self._named("DescribeNetworkInterfaces", "NetworkInterfaces", "group-id", seen)
        there = {one["NetworkInterfaceId"]: one for one in members}
        self.told["NetworkInterfaces"] += [one for name, one in there.items() if name not in known]

    def _entries(self, name: str) -> Iterator[dict[str, Any]]:
        return self._pages("GetManagedPrefixListEntries", "Entries", (), _LISTS, PrefixListId=name)

    def _no_vpc(self) -> MissingResourceError:
        there = sorted(one["VpcId"] for one in self._pages("DescribeVpcs", "Vpcs"))
        hint = f"there are {', '.join(there[:10])}{' …' if len(there) > 10 else ''}" if there else "it has none"
        return MissingResourceError(
            f"there is no VPC {self.vpc!r} in {self.service.region} of account {self.service.account()}; {hint}",
            code="InvalidVpcID.NotFound",
            operation="ec2.DescribeVpcs",
            action="ec2:DescribeVpcs",
        )


def _filter(name: str, values: Sequence[str]) -> dict[str, Any]:
    return {"Name": name, "Values": list(values)}
