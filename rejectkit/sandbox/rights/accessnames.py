"""What calls of SQS, Lambda, KMS and IAM are done to: the queues, functions, keys and roles that an alert leans on.

Source: Service Authorization Reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rejectkit.sandbox.calls import Call, ServiceError

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World

_FUNCTION = re.compile(
    r"(?:arn:aws[\w-]*:lambda:(?P<region>[\w-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[\w$:-]+)"
)


def queue(world: World, call: Call) -> Iterator[str]:
    """Yield the queue that a call names by its name, which may be another account's, or by its URL."""
    given = call.params
    account, name = given.get("QueueOwnerAWSAccountId") or world.account, given.get("QueueName")
    if not name:
        account, name = ["", "", *given.get("QueueUrl", "").split("/")][-2:]
    yield f"arn:aws:sqs:{call.region}:{account}:{name}"


def function(world: World, call: Call) -> Iterator[str]:
    """Yield the function that a call names: by its name, its ARN or the end of it, with a qualifier or without."""
    name = call.params.get("FunctionName", "")
    qualifier = f":{call.params['Qualifier']}" if call.params.get("Qualifier") else ""
    found = _FUNCTION.fullmatch(name)
    region, account, bare = found.group("region", "account", "name") if found else ("", "", name)
    yield f"arn:aws:lambda:{region or call.region}:{account or world.account}:function:{bare}{qualifier}"


def key(world: World, call: Call) -> Iterator[str]:
    """Yield the key that a call names by its id, its ARN or an alias; an alias that is none is shown as itself."""
    name, keys = call.params.get("KeyId", ""), f"arn:aws:kms:{call.region}:{world.account}"
    if "alias/" in name:
        try:
            yield world.beyond("kms", "DescribeKey", call.region, KeyId=name)["KeyMetadata"]["Arn"]
        except ServiceError:
            yield name if name.startswith("arn:") else f"{keys}:{name}"
    else:
        yield name if name.startswith("arn:") else f"{keys}:key/{name}"


def role(world: World, call: Call) -> Iterator[str]:
    """Yield the role that a call names, with its path if it is there."""
    name = call.params.get("RoleName", "")
    try:
        yield world.beyond("iam", "GetRole", call.region, RoleName=name)["Role"]["Arn"]
    except ServiceError:
        yield f"arn:aws:iam::{world.account}:role/{name}"
