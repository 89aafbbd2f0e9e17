"""Athena: queries over what is in S3. Source: Amazon Athena API reference; error texts as quoted in public."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rejectkit.sandbox.athena import results
from rejectkit.sandbox.athena.groups import OPERATIONS as GROUP_OPERATIONS
from rejectkit.sandbox.athena.groups import group_of, invalid
from rejectkit.sandbox.athena.objects import split
from rejectkit.sandbox.athena.running import checked, run
from rejectkit.sandbox.athena.store import ENDED, Athena, Execution, Failure
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.rights.policies import Needed
from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.world import World

LONGEST_QUERY = 262_144  # bytes. Source: Athena user guide, Service Quotas
_OUTCOMES = {"Failed": "FAILED", "Timeout": "FAILED", "Cancelled": "CANCELLED"}
NO_OUTPUT = (
    "No output location provided. An output location is required either through the Workgroup result configuration "
    "setting or as an API input."
)


def _start(world: World, call: Call) -> Mapping[str, Any]:
    """StartQueryExecution: the statement is read here, and carried out as far as a client can see later."""
    athena, params = world.region(call.region).of(Athena), call.params
    text = params.get("QueryString", "")
    context = params.get("QueryExecutionContext") or {}
    asked = (
        text,
        context.get("Database", ""),
        params.get("WorkGroup", "primary"),
        str(params.get("ResultConfiguration")),
    )
    token = params.get("ClientRequestToken")
    if token and token in athena.tokens:
        known, name = athena.tokens[token]
        if known != asked:
            raise invalid("Idempotent parameters do not match", "INVALID_INPUT")
        return {"QueryExecutionId": name}
    if len(text.encode()) > LONGEST_QUERY:
        raise invalid(
            "1 validation error detected: Value at 'queryString' failed to satisfy constraint: Member must have length "
            f"less than or equal to {LONGEST_QUERY}",
            "INVALID_INPUT",
        )
    group = group_of(athena, params.get("WorkGroup") or "primary")
    if group.state != "ENABLED":
        raise invalid(f"WorkGroup {group.name} is disabled.", "INVALID_INPUT")
    own = (params.get("ResultConfiguration") or {}).get("OutputLocation") or ""
    output = group.output if group.enforced else own or group.output
    if not output:
        raise invalid(NO_OUTPUT, "INVALID_INPUT")
    _verify(world, call, output)
    try:
        statement = checked(text)
    except TrinoError as error:
        raise invalid(error.words, "MALFORMED_QUERY") from error
    athena.forget()
    if athena.active() >= world.limits.athena_queries:
        words = (
            "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number "
            "of concurrent queries submitted by this account. Contact customer support to request a concurrent query "
            "limit increase."
        )
        raise ServiceError("TooManyRequestsException", words, Reason="CONCURRENT_QUERY_LIMIT_EXCEEDED")
    name = str(uuid.uuid4())
    suffix = "csv" if statement is None else "txt"
    one = Execution(
        id=name,
        query=text,
        statement="DML" if statement is None else statement.kind,
        substatement="SELECT" if statement is None else statement.name,
        database=(context.get("Database") or "default").lower(),
        catalog=context.get("Catalog") or "AwsDataCatalog",
        work_group=group.name,
        output=f"{output.rstrip('/')}/{name}.{suffix}",
        submitted=world.clock.seconds,
        began=world.clock.stopwatch,
        access_key=call.access_key,
        duration=world.limits.athena_seconds,
        timeout=world.limits.athena_timeout,
    )
    outcome = world.outcomes.popleft() if world.outcomes else ""
    if outcome in _OUTCOMES:
        one.state = _OUTCOMES[outcome]
        one.failure = Failure("Query timeout" if outcome == "Timeout" else "INTERNAL_ERROR_QUERY_ENGINE", 1, 200, True)
    else:
        run(world, athena, one, group.cutoff)
        one.duration += one.scanned / world.limits.athena_bytes_per_second
    athena.executions[name] = one
    if token:
        athena.tokens[token] = asked, name
    if one.duration:

        def settle() -> None:
            _settle(world, athena, one)

        world.clock.at(one.submitted + one.duration, settle)
    _settle(world, athena, one)
    return {"QueryExecutionId": name}


def _verify(world: World, call: Call, output: str) -> None:
    bucket, _ = split(output)
    if not output.startswith("s3://") or not bucket:
        raise invalid(f"outputLocation is not a valid S3 path: {output}", "INVALID_INPUT")
    needed = Needed("s3:GetBucketLocation", f"arn:aws:s3:::{bucket}", {"aws:requestedregion": call.region})
    try:
        if why := world.access.refused(world.account, call.access_key, needed):
            raise ServiceError("AccessDenied", why, 403)
        world.ask("s3", "GetBucketLocation", call.region, Bucket=bucket)
    except ServiceError as error:
        raise invalid(f"Unable to verify/create output bucket {bucket}", "INVALID_INPUT") from error


def _settle(world: World, athena: Athena, one: Execution) -> str:
    """Return a query's state by now; where it has succeeded its result is in S3."""
    state = one.state_at(world.clock.stopwatch)
    if state == "SUCCEEDED" and not one.written:
        athena.objects.access_key = one.access_key
        try:
            athena.objects.write(one.output, results.file(one))
        except ServiceError as error:
            words = f"Access denied when writing output to url: {one.output} . {error.message}"
            one.state, one.failure, state = "FAILED", Failure(words, 2, 401), "FAILED"
        one.written = True
    return state


def _one(world: World, call: Call, name: str) -> tuple[Athena, Execution]:
    athena = world.region(call.region).of(Athena)
    if name not in athena.executions:
        raise invalid(f"QueryExecution {name} was not found", "INVALID_INPUT")
    return athena, athena.executions[name]


def _get(world: World, call: Call) -> Mapping[str, Any]:
    athena, one = _one(world, call, call.params.get("QueryExecutionId", ""))
    return {"QueryExecution": _described(world, athena, one)}


def _described(world: World, athena: Athena, one: Execution) -> Mapping[str, Any]:
    state = _settle(world, athena, one)
    now = world.clock.stopwatch
    status: dict[str, Any] = {"State": state, "SubmissionDateTime": datetime.fromtimestamp(one.submitted, UTC)}
    spent = one.seconds_at(now)
    if state in ENDED:
        status["CompletionDateTime"] = datetime.fromtimestamp(one.submitted + spent, UTC)
    if failure := one.failure_at(now):
        status["StateChangeReason"] = failure.reason
        status["AthenaError"] = {
            "ErrorCategory": failure.category,
            "ErrorType": failure.kind,
            "Retryable": failure.retryable,
            "ErrorMessage": failure.reason,
        }
    millis = int(spent * 1000)
    return {
        "QueryExecutionId": one.id,
        "Query": one.query,
        "StatementType": one.statement,
        "SubstatementType": one.substatement,
        "ResultConfiguration": {"OutputLocation": one.output},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {"Database": one.database, "Catalog": one.catalog.lower()},
        "Status": status,
        "Statistics": {
            "EngineExecutionTimeInMillis": millis,
            "DataScannedInBytes": one.scanned_at(now),
            "TotalExecutionTimeInMillis": millis,
            "QueryQueueTimeInMillis": int(0.1 * one.duration * 1000) if spent else 0,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        },
        "WorkGroup": one.work_group,
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
    }


def _results(world: World, call: Call) -> bytes:
    params = call.params
    athena, one = _one(world, call, params.get("QueryExecutionId", ""))
    state = _settle(world, athena, one)
    if state in ("QUEUED", "RUNNING"):
        raise invalid(f"Query has not yet finished. Current state: {state}", "INVALID_QUERY_EXECUTION_STATE")
    if state != "SUCCEEDED":
        raise invalid(f"Query did not finish successfully. Final query state: {state}", "INVALID_QUERY_EXECUTION_STATE")
    most = params.get("MaxResults") or results.MOST_ROWS
    if not 1 <= most <= results.MOST_ROWS:
        raise invalid(f"MaxResults is {most}; it must be between 1 and {results.MOST_ROWS}.", "INVALID_INPUT")
    name, _, first = (params.get("NextToken") or f"{one.id}/0").rpartition("/")
    if name != one.id or not first.isdigit():
        raise invalid("Invalid NextToken", "INVALID_INPUT")
    return results.page(one, int(first), most)[0]


def _stop(world: World, call: Call) -> Mapping[str, Any]:
    """StopQueryExecution; of a query that has ended it changes nothing."""
    _, one = _one(world, call, call.params.get("QueryExecutionId", ""))
    now = world.clock.stopwatch
    if one.state_at(now) not in ENDED:
        one.stopped = now
    return {}


def _batch(world: World, call: Call) -> Mapping[str, Any]:
    athena = world.region(call.region).of(Athena)
    found, missing = [], []
    for name in call.params.get("QueryExecutionIds") or ():
        if name in athena.executions:
            found.append(_described(world, athena, athena.executions[name]))
        else:
            why = f"QueryExecution {name} was not found"
            missing.append({"QueryExecutionId": name, "ErrorCode": "INVALID_INPUT", "ErrorMessage": why})
    return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}


def _list(world: World, call: Call) -> Mapping[str, Any]:
    """ListQueryExecutions: those of one work group, newest first."""
    athena = world.region(call.region).of(Athena)
    group = group_of(athena, call.params.get("WorkGroup") or "primary")
    names = [one.id for one in reversed(athena.executions.values()) if one.work_group == group.name]
    first, most = int(call.params.get("NextToken") or 0), call.params.get("MaxResults") or 50
    more = {"NextToken": str(first + most)} if first + most < len(names) else {}
    return {"QueryExecutionIds": names[first : first + most], **more}


OPERATIONS: Mapping[str, Handler] = {
    "StartQueryExecution": _start,
    "GetQueryExecution": _get,
    "GetQueryResults": _results,
    "StopQueryExecution": _stop,
    "BatchGetQueryExecution": _batch,
    "ListQueryExecutions": _list,
    **GROUP_OPERATIONS,
}
