"""How CloudFormation makes, changes and takes away queues, their policies, and roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rejectkit.sandbox.calls import ServiceError
from rejectkit.sandbox.stacks.resourceplace import Place, Properties, gone_is_fine, tag_list, tags_of, text_of
from rejectkit.sandbox.topics.topicstore import partition


def _queue_settings(properties: Properties) -> dict[str, str]:
    return {name: text_of(value) for name, value in properties.items() if name not in ("QueueName", "Tags")}


def create_queue(place: Place, properties: Properties) -> str:
    """Make a queue."""
    name = properties.get("QueueName", place.generated)
    with gone_is_fine():
        url = place.ask("sqs", "GetQueueUrl", QueueName=name)["QueueUrl"]
        raise place.exists(QueueUrl=url)
    answer = place.ask(
        "sqs", "CreateQueue", QueueName=name, Attributes=_queue_settings(properties), tags=tags_of(properties)
    )
    return place.made(answer["QueueUrl"])


def update_queue(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change a queue's attributes and tags; one that is no longer given keeps its value."""
    if settings := _queue_settings(new):
        place.ask("sqs", "SetQueueAttributes", QueueUrl=physical, Attributes=settings)
    if gone := [key for key in tags_of(old) if key not in tags_of(new)]:
        place.ask("sqs", "UntagQueue", QueueUrl=physical, TagKeys=gone)
    if new.get("Tags"):
        place.ask("sqs", "TagQueue", QueueUrl=physical, Tags=tags_of(new))


def delete_queue(place: Place, physical: str, properties: Properties) -> None:
    """Take a queue away."""
    with gone_is_fine():
        place.ask("sqs", "DeleteQueue", QueueUrl=physical)


def queue_attributes(place: Place, physical: str, properties: Properties) -> Mapping[str, Any]:
    """Return ARN, name and URL."""
    name = physical.rpartition("/")[2]
    arn = f"arn:{partition(place.region)}:sqs:{place.region}:{place.world.account}:{name}"
    return {"Arn": arn, "QueueName": name, "QueueUrl": physical}


def create_queue_policy(place: Place, properties: Properties) -> str:
    """Give queues a policy."""
    place.made(place.generated)
    for url in properties["Queues"]:
        place.ask(
            "sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": text_of(properties["PolicyDocument"])}
        )
    return place.generated


def update_queue_policy(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change the policy, or the queues that have it."""
    delete_queue_policy(place, physical, {"Queues": [one for one in old["Queues"] if one not in new["Queues"]]})
    create_queue_policy(place, new)


def delete_queue_policy(place: Place, physical: str, properties: Properties) -> None:
    """Leave queues without a policy."""
    for url in properties["Queues"]:
        with gone_is_fine():
            place.ask("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": ""})


def create_role(place: Place, properties: Properties) -> str:
    """Make a role, with its policies."""
    name = properties.get("RoleName", place.generated[-64:].lstrip("-"))
    names = ("Path", "Description", "MaxSessionDuration", "PermissionsBoundary")
    more = {key: properties[key] for key in names if key in properties}
    document = text_of(properties["AssumeRolePolicyDocument"])
    try:
        place.ask(
            "iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=document, Tags=tag_list(properties), **more
        )
    except ServiceError as error:
        if error.code == "EntityAlreadyExists":
            raise place.exists(RoleName=name) from error
        raise
    place.made(name)
    _give_policies(place, name, properties)
    return str(name)


def _give_policies(place: Place, name: str, properties: Properties) -> None:
    for arn in properties.get("ManagedPolicyArns", []):
        place.ask("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
    for one in properties.get("Policies", []):
        document = text_of(one["PolicyDocument"])
        place.ask("iam", "PutRolePolicy", RoleName=name, PolicyName=one["PolicyName"], PolicyDocument=document)


def _take_policies(place: Place, name: str) -> None:
    for one in place.ask("iam", "ListAttachedRolePolicies", RoleName=name)["AttachedPolicies"]:
        place.ask("iam", "DetachRolePolicy", RoleName=name, PolicyArn=one["PolicyArn"])
    for inline in place.ask("iam", "ListRolePolicies", RoleName=name)["PolicyNames"]:
        place.ask("iam", "DeleteRolePolicy", RoleName=name, PolicyName=inline)


def update_role(place: Place, physical: str, new: Properties, old: Properties) -> None:
    """Change who may take a role, and what it may do."""
    document = text_of(new["AssumeRolePolicyDocument"])
    place.ask("iam", "UpdateAssumeRolePolicy", RoleName=physical, PolicyDocument=document)
    described, longest = new.get("Description", ""), new.get("MaxSessionDuration", 3600)
    place.ask("iam", "UpdateRole", RoleName=physical, Description=described, MaxSessionDuration=longest)
    _take_policies(place, physical)
    _give_policies(place, physical, new)
    if gone := [key for key in tags_of(old) if key not in tags_of(new)]:
        place.ask("iam", "UntagRole", RoleName=physical, TagKeys=gone)
    if new.get("Tags"):
        place.ask("iam", "TagRole", RoleName=physical, Tags=tag_list(new))


def delete_role(place: Place, physical: str, properties: Properties) -> None:
    """Take a role away, after its policies."""
    with gone_is_fine():
        _take_policies(place, physical)
        place.ask("iam", "DeleteRole", RoleName=physical)


def role_attributes(place: Place, physical: str, properties: Properties) -> Mapping[str, Any]:
    """Return ARN and id."""
    found = place.ask("iam", "GetRole", RoleName=physical)["Role"]
    return {"Arn": found["Arn"], "RoleId": found["RoleId"]}
