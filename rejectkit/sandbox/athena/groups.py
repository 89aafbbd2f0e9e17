"""Athena's work groups: where results go, what a query may read, and who decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rejectkit.sandbox.athena.store import Athena, WorkGroup
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.world import World

LEAST_CUTOFF = 10_000_000  # bytes. Source: WorkGroupConfiguration, BytesScannedCutoffPerQuery
_NAME = re.compile(r"[a-zA-Z0-9._-]{1,128}")
_ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_UPDATED = ("EnforceWorkGroupConfiguration", "PublishCloudWatchMetricsEnabled", "RequesterPaysEnabled")


def invalid(message: str, code: str) -> ServiceError:
    """Return a refusal of Athena's."""
    return ServiceError("InvalidRequestException", message, AthenaErrorCode=code)


def group_of(athena: Athena, name: str) -> WorkGroup:
    """Return a work group.

    Raises
    ------
    ServiceError
        If there is none of that name.
    """
    if name not in athena.groups:
        raise invalid(f"WorkGroup {name} is not found.", "INVALID_INPUT")
    return athena.groups[name]


def _cutoff(value: int | None) -> int | None:
    if value is not None and value < LEAST_CUTOFF:
        raise invalid(f"BytesScannedCutoffPerQuery must be at least {LEAST_CUTOFF}", "INVALID_INPUT")
    return value


def _told(group: WorkGroup) -> Mapping[str, Any]:
    return {
        "Name": group.name,
        "State": group.state,
        "Description": group.description,
        "CreationTime": datetime.fromtimestamp(group.created, UTC),
    }


def _get(world: World, call: Call) -> Mapping[str, Any]:
    group = group_of(world.region(call.region).of(Athena), call.params.get("WorkGroup", ""))
    base = {
        "ResultConfiguration": {},
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
        "EngineVersion": _ENGINE,
    }
    return {"WorkGroup": {**_told(group), "Configuration": {**base, **group.settings}}}


def _list(world: World, call: Call) -> Mapping[str, Any]:
    groups = world.region(call.region).of(Athena).groups.values()
    return {"WorkGroups": [{**_told(one), "EngineVersion": _ENGINE} for one in groups]}


def _create(world: World, call: Call) -> Mapping[str, Any]:
    athena, name = world.region(call.region).of(Athena), call.params.get("Name", "")
    if not _NAME.fullmatch(name):
        raise invalid(f"WorkGroup name {name} is not valid.", "INVALID_INPUT")
    if name in athena.groups:
        raise invalid("WorkGroup is already created", "INVALID_INPUT")
    settings = {"EnforceWorkGroupConfiguration": True, **(call.params.get("Configuration") or {})}
    _cutoff(settings.get("BytesScannedCutoffPerQuery"))
    athena.groups[name] = WorkGroup(
        name, world.clock.seconds, call.params.get("Description") or "", settings=dict(settings)
    )
    return {}


def _update(world: World, call: Call) -> Mapping[str, Any]:
    params = call.params
    group = group_of(world.region(call.region).of(Athena), params.get("WorkGroup", ""))
    updates = params.get("ConfigurationUpdates") or {}
    _cutoff(updates.get("BytesScannedCutoffPerQuery"))
    if params.get("Description") is not None:
        group.description = params["Description"]
    group.state = params.get("State") or group.state
    group.settings |= {name: updates[name] for name in _UPDATED if updates.get(name) is not None}
    if updates.get("BytesScannedCutoffPerQuery"):
        group.settings["BytesScannedCutoffPerQuery"] = updates["BytesScannedCutoffPerQuery"]
    if updates.get("RemoveBytesScannedCutoffPerQuery"):
        group.settings.pop("BytesScannedCutoffPerQuery", None)
    result = dict(group.settings.get("ResultConfiguration") or {})
    changed = updates.get("ResultConfigurationUpdates") or {}
    for member in ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration"):
        if changed.get(f"Remove{member}"):
            result.pop(member, None)
        elif changed.get(member):
            result[member] = changed[member]
    group.settings["ResultConfiguration"] = result
    return {}


def _delete(world: World, call: Call) -> Mapping[str, Any]:
    athena, name = world.region(call.region).of(Athena), call.params.get("WorkGroup", "")
    group_of(athena, name)
    if name == "primary":
        raise invalid("The primary workgroup cannot be deleted.", "INVALID_INPUT")
    used = any(one.work_group == name for one in athena.executions.values())
    if used and not call.params.get("RecursiveDeleteOption"):
        raise invalid(f"WorkGroup {name} is not empty.", "INVALID_INPUT")
    del athena.groups[name]
    return {}


OPERATIONS: Mapping[str, Handler] = {
    "GetWorkGroup": _get,
    "ListWorkGroups": _list,
    "CreateWorkGroup": _create,
    "UpdateWorkGroup": _update,
    "DeleteWorkGroup": _delete,
}
