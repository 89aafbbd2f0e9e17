"""The services that are ours, not moto's: one row each, with the tables of its operations."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from rejectkit.sandbox.calls import Handler

_TABLES: Mapping[str, tuple[str, ...]] = {
    "logs": ("logs.loggroups", "logs.logevents", "logs.metricfilters", "logs.insights"),
    "cloudwatch": ("metrics.operations", "alarms.operations"),
    "sns": ("topics.operations",),
    "cloudformation": ("stacks.operations",),
    "ec2": ("vpc.vpcviews", "vpc.flowlogs", "vpc.grouprules", "vpc.aclentries"),
    "athena": ("athena.operations",),
    # moto's, and read all the same: what their calls are done to is held to policies
    "iam": (),
    "kms": (),
    "lambda": (),
    "sqs": (),
}


SERVICES: Mapping[str, Mapping[str, Handler]] = {
    service: {
        operation: handler
        for name in files
        for operation, handler in import_module(f"rejectkit.sandbox.{name}").OPERATIONS.items()
    }
    for service, files in _TABLES.items()
}
