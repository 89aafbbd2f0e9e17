"""CreateFlowLogs: moto keeps the flow log, the log group learns the format of what will come."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rejectkit.errors import FormatError
from rejectkit.records import LogFormat
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.logs.logstore import LogStore, name_of
from rejectkit.sandbox.vpc.vpcfacts import VpcFacts

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World


def create_flow_logs(world: World, call: Call) -> Mapping[str, Any]:
    """Create flow logs, dated by the sandbox's clock."""
    params = dict(call.params)
    if params.get("LogDestination", "").startswith("arn:aws:logs:"):
        params["LogGroupName"] = name_of(params["LogDestination"])
    try:
        log_format = LogFormat.parse(params["LogFormat"]) if params.get("LogFormat") else LogFormat.default()
    except FormatError as error:
        raise ServiceError("InvalidParameter", f"Invalid log format: {error}") from error
    options = _options(params)
    answer = world.beyond("ec2", "CreateFlowLogs", call.region, **params)
    place = world.region(call.region)
    for flow_log in answer["FlowLogIds"]:
        place.of(VpcFacts).members[flow_log] = {"CreationTime": world.clock.now(), **options}
    if params.get("LogGroupName") and answer["FlowLogIds"]:
        place.of(LogStore).formats[params["LogGroupName"]] = log_format
    return {name: answer[name] for name in ("FlowLogIds", "Unsuccessful")}


def _options(params: dict[str, Any]) -> Mapping[str, Any]:
    """Return what a flow log to S3 says that moto does not keep: its folder, and how files are laid out.

    moto takes a bucket without a folder, one flow log for each; the folder goes where an ARN of S3 has nothing.
    Source: FlowLog, DestinationOptionsResponse.
    """
    if params.get("LogDestinationType") != "s3":
        return {}
    full = params.get("LogDestination", "")
    bucket, _, folder = full.removeprefix("arn:aws:s3:::").partition("/")
    if folder and full.startswith("arn:aws:s3:::"):
        params["LogDestination"] = f"arn:aws:s3:{hashlib.sha256(folder.encode()).hexdigest()[:16]}::{bucket}"
    defaults = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
    options = {**defaults, **(params.get("DestinationOptions") or {})}
    return {"LogDestination": full, "DestinationOptions": options}


OPERATIONS: dict[str, Handler] = {"CreateFlowLogs": create_flow_logs}
