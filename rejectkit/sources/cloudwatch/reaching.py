"""From the id of a VPC, subnet, interface or instance to its network interfaces, as far as it is permitted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, MissingResourceError
from rejectkit.pacing import Budget
from rejectkit.sources.cloudwatch.coverage import Interface, Reach

_RESOURCE = re.compile(r"(vpc|subnet|eni|i)-(?:[0-9a-f]{17}|[0-9a-f]{8})")


@dataclass(slots=True)
class Asker:
    """Asks services of several regions, and may go on where a call is not permitted.

    Attributes
    ----------
    session : boto3.Session
        Whose account it is.
    budget : Budget or None
        Of calls; the session's where there is none.
    denied : list or None
        Takes the calls that were not permitted; without a list the first of them is raised.
    """

    session: Any
    budget: Budget | None = None
    denied: list[AccessDeniedError] | None = None
    services: dict[tuple[str, str | None], Service] = field(default_factory=dict)

    def service(self, name: str, region: str | None) -> Service:
        """Return a service of a region, the same each time."""
        if (name, region) not in self.services:
            self.services[name, region] = Service(self.session, name, region, budget=self.budget)
        return self.services[name, region]

    def pages(self, name: str, region: str, operation: str, key: str, **params: Any) -> Iterator[Any] | None:
        """Return the items of a call's pages; None if it is not permitted and that was noted."""
        items = iter(self.service(name, region).pages(operation, key, **params))
        try:
            first = next(items, None)
        except AccessDeniedError as error:
            if self.denied is None:
                raise
            self.denied.append(error)
            return None
        return iter(()) if first is None else _chained(first, items)

    def ec2(self, region: str, operation: str, key: str, name: str, value: str) -> list[Any] | None:
        """Return what one filter of a describe call of EC2 finds; None if that is not permitted."""
        told = self.pages("ec2", region, operation, key, Filters=[{"Name": name, "Values": [value]}])
        return None if told is None else list(told)


def is_resource(target: str) -> bool:
    """Tell whether a text is the id of a VPC, subnet, interface or instance."""
    return _RESOURCE.fullmatch(target) is not None


def reach(asker: Asker, target: str, region: str) -> Reach:
    """Return what the thing that an id names is made of.

    Raises
    ------
    MissingResourceError
        If there is no such thing.
    """
    return _REACHES[target.partition("-")[0]](asker, target, region)


def missing(sentence: str, service: str, operation: str, hint: str) -> MissingResourceError:
    """Return the error that says that something does not exist."""
    return MissingResourceError(
        sentence + hint, operation=f"{service}.{operation}", action=f"{service}:{operation}", message=sentence
    )


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _of_vpc(asker: Asker, vpc: str, region: str) -> Reach:
    """Return a VPC's reach."""
    subnets = asker.ec2(region, "DescribeSubnets", "Subnets", "vpc-id", vpc)
    interfaces = _interfaces(asker, "vpc-id", vpc, region)
    if not subnets and not interfaces and asker.ec2(region, "DescribeVpcs", "Vpcs", "vpc-id", vpc) == []:
        raise _unknown("DescribeVpcs", f"there is no VPC {vpc} in {region}")
    ids = tuple(one["SubnetId"] for one in subnets or ())
    return Reach(vpc, "", ids, interfaces or (), subnets is not None and interfaces is not None)


def _of_subnet(asker: Asker, subnet: str, region: str) -> Reach:
    """Return a subnet's reach."""
    told = asker.ec2(region, "DescribeSubnets", "Subnets", "subnet-id", subnet)
    if told == []:
        raise _unknown("DescribeSubnets", f"there is no subnet {subnet} in {region}")
    interfaces = _interfaces(asker, "subnet-id", subnet, region)
    vpc = told[0]["VpcId"] if told else ""
    return Reach(subnet, vpc, (), interfaces or (), told is not None and interfaces is not None)


def _of_interface(asker: Asker, eni: str, region: str) -> Reach:
    """Return an interface's reach."""
    interfaces = _interfaces(asker, "network-interface-id", eni, region)
    if interfaces == ():
        raise _unknown("DescribeNetworkInterfaces", f"there is no network interface {eni} in {region}")
    return Reach(eni, "", (), interfaces or (Interface(eni),), interfaces is not None)


def _of_instance(asker: Asker, instance: str, region: str) -> Reach:
    """Return an instance's reach; a stopped one keeps its interfaces."""
    interfaces = _interfaces(asker, "attachment.instance-id", instance, region)
    if interfaces == ():
        what = f"no network interface in {region} is attached to {instance}, as of an instance that is terminated"
        raise _unknown("DescribeNetworkInterfaces", what)
    return Reach(instance, "", (), interfaces or (), interfaces is not None)


def _interfaces(asker: Asker, name: str, value: str, region: str) -> tuple[Interface, ...] | None:
    """Return the interfaces that a filter finds; None if that is not permitted."""
    told = asker.ec2(region, "DescribeNetworkInterfaces", "NetworkInterfaces", name, value)
    if told is None:
        return None
    return tuple(
        Interface(
            one["NetworkInterfaceId"],
            one.get("SubnetId") or "",
            one.get("VpcId") or "",
            (one.get("Attachment") or {}).get("InstanceId") or "",
        )
        for one in told
    )


def _unknown(operation: str, sentence: str) -> MissingResourceError:
    return missing(sentence, "ec2", operation, "; look at the id, at the region and at whose credentials are used")


_REACHES = {
    "vpc": _of_vpc,
    "subnet": _of_subnet,
    "eni": _of_interface,
    "i": _of_instance,
}
