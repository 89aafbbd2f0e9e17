"""The roles of a log alarm: whether the service may take them on, and whether they allow what it does then.

A role that was never made in the sandbox is taken for a good one, so that nobody has to make roles to try an alarm;
AWS would refuse it. One that was made (IAM's CreateRole) is judged by its trust policy and by its permissions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.logs.logstore import LogGroup
from rejectkit.sandbox.rights.policies import Needed, judge, read
from rejectkit.sandbox.rights.topicpolicy import Asked, allows

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

QUERY_ACTIONS: Final = ("logs:StartQuery", "logs:GetQueryResults")
"""What running a query takes. The user guide's policy has StopQuery and DescribeLogGroups too, which no run needs
(*inferred*)."""
LINES_ACTIONS: Final = ("logs:GetQueryResults",)


def query_fault(world: World, region: str, role: str, groups: Iterable[LogGroup]) -> str:
    """Return why a role does not let CloudWatch Logs run a query of some log groups; empty if it does."""
    return _fault(world, region, role, "logs.amazonaws.com", QUERY_ACTIONS, groups)


def lines_fault(world: World, region: str, role: str, groups: Iterable[LogGroup]) -> str:
    """Return why a role does not let CloudWatch fetch the log lines; empty if it does."""
    return _fault(world, region, role, "cloudwatch.amazonaws.com", LINES_ACTIONS, groups)


def _fault(
    world: World, region: str, role: str, service: str, actions: Iterable[str], groups: Iterable[LogGroup]
) -> str:
    name = role.rpartition("/")[2]
    try:
        found = world.ask("iam", "GetRole", region, RoleName=name)["Role"]
    except ServiceError as error:
        if error.code == "NoSuchEntity":
            return ""
        raise
    if not allows(found["AssumeRolePolicyDocument"], Asked(service, "sts:AssumeRole", "*")):
        return f"the role {role} does not trust {service}"
    try:
        statements = read(list(_documents(world, region, name)))
    except ArgumentError as error:
        return f"the policies of the role {role} cannot be judged here: {error}"
    for group in groups:
        for action in actions:
            needed = Needed(action, f"{group.arn}:log-stream:", {"aws:requestedregion": region})
            if judge(statements, needed) != "allowed":
                return f"the role {role} does not allow {action} on {group.arn}:*"
    return ""


def _documents(world: World, region: str, role: str) -> Iterator[Mapping[str, Any]]:
    """Yield the role's policies, its own and those attached to it."""
    for name in world.ask("iam", "ListRolePolicies", region, RoleName=role)["PolicyNames"]:
        yield world.ask("iam", "GetRolePolicy", region, RoleName=role, PolicyName=name)["PolicyDocument"]
    for one in world.ask("iam", "ListAttachedRolePolicies", region, RoleName=role)["AttachedPolicies"]:
        arn = one["PolicyArn"]
        version = world.ask("iam", "GetPolicy", region, PolicyArn=arn)["Policy"]["DefaultVersionId"]
        told = world.ask("iam", "GetPolicyVersion", region, PolicyArn=arn, VersionId=version)
        yield told["PolicyVersion"]["Document"]
