"""CreateFlowLogs: moto keeps the flow log, the log group learns the format of what will come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rejectkit.errors import FormatError
from rejectkit.records import LogFormat
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.logstore import LogStore, name_of
from rejectkit.sandbox.vpcfacts import VpcFacts

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
    answer = world.beyond("ec2", "CreateFlowLogs", call.region, **params)
    place = world.region(call.region)
    for flow_log in answer["FlowLogIds"]:
        place.of(VpcFacts).members[flow_log] = {"CreationTime": world.clock.now()}
    if params.get("LogGroupName") and answer["FlowLogIds"]:
        place.of(LogStore).formats[params["LogGroupName"]] = log_format
    return {name: answer[name] for name in ("FlowLogIds", "Unsuccessful")}


OPERATIONS: dict[str, Handler] = {"CreateFlowLogs": create_flow_logs}
