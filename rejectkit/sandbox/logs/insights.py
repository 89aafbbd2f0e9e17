"""CloudWatch Logs Insights: queries started, asked for, stopped and listed; records and fields."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from rejectkit.errors import QueryError, UnsupportedError
from rejectkit.insights import parse
from rejectkit.insights import syntax as s
from rejectkit.insights.localquery import POINTER, LocalAnswer, place_of
from rejectkit.insights.parse import MAX_CHARACTERS
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.logs.logstore import LogGroup, LogStore, name_of
from rejectkit.sandbox.logs.pointers import place, pointers
from rejectkit.sandbox.logs.queries import Found, Insights, Running
from rejectkit.sandbox.paging import made, page, read
from rejectkit.sandbox.wire import REQUEST_ID
from rejectkit.sandbox.world import World

MOST_GROUPS = 50
TOKEN_SECONDS = 3600.0  # Source: GetQueryResults, a token expires after one hour
INFREQUENT_STATS = 2  # Source: CWL_QuerySyntax-Stats
_MEMBERS = ("logGroupName", "logGroupNames", "logGroupIdentifiers")


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)


def _malformed(message: str, first: int, last: int) -> ServiceError:
    """Return the refusal of a query; `last` is the last character at fault, as the service counts."""
    where = {"startCharOffset": first, "endCharOffset": max(first, last)}
    told = {"message": message, "location": where}
    return ServiceError("MalformedQueryException", message, queryCompileError=told)


def _missing_group(world: World, name: str) -> ServiceError:
    code = "ResourceNotFoundException"
    told = f"(Service: AWSLogs; Status Code: 400; Error Code: {code}; Request ID: {REQUEST_ID}; Proxy: null)"
    return ServiceError(code, f"Log group '{name}' does not exist for account ID '{world.account}' {told}")


def _group(world: World, call: Call, identifier: str) -> LogGroup:
    """Return a group by name or ARN; an ARN must be of this account and region."""
    store = world.region(call.region).of(LogStore)
    found = store.groups.get(name_of(identifier))
    if found is None or (identifier.startswith("arn:") and identifier != found.arn):
        raise _missing_group(world, name_of(identifier))
    return found


def _groups(world: World, call: Call) -> tuple[LogGroup, ...]:
    given = {member: call.params[member] for member in _MEMBERS if call.params.get(member)}
    if len(given) != 1:
        told = ", ".join(given) or "none of them"
        raise _invalid(f"Exactly one of {', '.join(_MEMBERS)} must be given; the request has {told}.")
    ((member, value),) = given.items()
    names: Sequence[str] = [value] if isinstance(value, str) else value
    if len(names) > MOST_GROUPS:
        raise _invalid(f"{member} has {len(names)} log groups; a query takes at most {MOST_GROUPS}.")
    for name in names:
        if name.endswith(":*"):
            raise _invalid(f"The log group identifier {name} ends with ':*'; give the ARN without it.")
        if member != "logGroupIdentifiers" and ":" in name:
            raise _invalid(f"{name!r} at '{member}' is not a log group name; ARNs go in logGroupIdentifiers.")
    return tuple({id(one): one for one in (_group(world, call, name) for name in names)}.values())


def _times(params: Mapping[str, Any]) -> tuple[int, int]:
    for member, value in (("startTime", params.get("startTime")), ("endTime", params.get("endTime"))):
        if not isinstance(value, int) or value < 0:
            raise _invalid(f"{member} is {value!r}; give whole seconds since the epoch, 0 or more.")
    start, end = int(params["startTime"]), int(params["endTime"])
    if start > end:
        raise _invalid(f"The query's start time {start} is after its end time {end}.")
    return start, end


def _parsed(world: World, params: Mapping[str, Any]) -> s.Query:
    text, most = params.get("queryString", ""), world.limits.query_rows
    if len(text) > MAX_CHARACTERS:
        raise _invalid(
            f"1 validation error detected: Value at 'queryString' failed to satisfy constraint: Member must have "
            f"length less than or equal to {MAX_CHARACTERS}"
        )
    limit = params.get("limit")
    if limit is not None and not 1 <= limit <= most:
        raise _invalid(f"limit is {limit}; it must be between 1 and {most}.")
    query = parse(text)
    for stage in query.stages:
        if isinstance(stage, s.Limit) and stage.count > most:
            raise QueryError(f"limit is {stage.count}; it must be between 1 and {most}", text, *stage.span)
    return s.Query((*query.stages, s.Limit(limit)), text) if limit else query


def _start(world: World, call: Call) -> Mapping[str, Any]:
    """StartQuery. Source: StartQuery; the order of its checks is ours."""
    insights, params = world.region(call.region).of(Insights), call.params
    language = params.get("queryLanguage") or "CWLI"
    if language != "CWLI":
        raise _invalid(f"queryLanguage {language} is not answered by this sandbox; only CWLI is.")
    start, end = _times(params)
    text = params.get("queryString", "")
    insights.forget()
    try:
        query = _parsed(world, params)
        groups = _groups(world, call)
        _check_reach(insights, groups, query, end)
        if insights.active() >= world.limits.concurrent_queries:
            most = world.limits.concurrent_queries
            raise ServiceError(
                "LimitExceededException", f"Account maximum query concurrency limit of [{most}] reached."
            )
        asked = f"{text} | limit {params['limit']}" if params.get("limit") else text
        one = insights.start(str(uuid.uuid4()), asked, query, groups, start, end)
    except UnsupportedError as error:
        raise _malformed(f"{error.message} in this sandbox", error.offset, error.end - 1) from error
    except QueryError as error:
        raise _malformed(error.message, error.offset, error.end - 1) from error
    return {"queryId": one.id}


def _check_reach(insights: Insights, groups: tuple[LogGroup, ...], query: s.Query, end: int) -> None:
    """Refuse what the groups cannot answer: a window they do not reach, too many `stats` for their class."""
    last = len(query.text) - 1
    if all(end * 1000 + 999 < insights.floor(group) for group in groups):
        words = "Query's end date and time is either before the log groups creation time or exceeds the log groups log"
        raise _malformed(f"{words} retention settings ([0,{last}])", 0, last)
    stats = [stage for stage in query.stages if isinstance(stage, s.Stats)]
    if len(stats) > INFREQUENT_STATS and any(group.log_class == "INFREQUENT_ACCESS" for group in groups):
        first, last = stats[INFREQUENT_STATS].span
        words = f"a query of log groups of class INFREQUENT_ACCESS has {INFREQUENT_STATS} stats commands at most"
        raise _malformed(words, first, last - 1)


def _query(world: World, call: Call) -> Running:
    insights = world.region(call.region).of(Insights)
    insights.forget()
    name = call.params.get("queryId", "")
    if name not in insights.queries:
        raise ServiceError("ResourceNotFoundException", f"Query {name} does not exist or has expired.")
    return insights.queries[name]


def _results(world: World, call: Call) -> bytes:
    """GetQueryResults: the rows so far; pages by token once it is complete."""
    one, now = _query(world, call), world.clock.stopwatch
    most = call.params.get("maxItems")
    if most is not None and not 0 <= most <= 10_000:
        raise _invalid(f"maxItems is {most}; it must be between 0 and 10000.")
    size = world.limits.page_rows if most is None else min(most, world.limits.page_rows)
    first, token = 0, call.params.get("nextToken")
    if token:
        first, issued = read(token, one.id)
        if now - issued > TOKEN_SECONDS:
            raise _invalid("The specified nextToken has expired.")
    status = one.status(now)
    found = world.region(call.region).of(Insights).found(one)
    last = min(first + size, len(found.answer.frame))
    head: dict[str, Any] = {"queryLanguage": "CWLI", "statistics": _statistics(one, found), "status": status}
    if status == "Complete" and size and last < len(found.answer.frame):
        head["nextToken"] = made([last, now], one.id)
    rows = printed(found.answer, first, last, world.account, one.groups)
    return f'{json.dumps(head)[:-1]}, "results": {rows}}}'.encode()


def _statistics(one: Running, found: Found) -> dict[str, float]:
    counted = {
        "recordsMatched": found.answer.matched,
        "recordsScanned": found.scanned,
        "estimatedRecordsSkipped": 0,
        "bytesScanned": found.bytes,
        "estimatedBytesSkipped": 0,
        "logGroupsScanned": len(one.groups),
        "resultCount": len(found.answer.frame),
    }
    return {name: float(value) for name, value in counted.items()}


def printed(answer: LocalAnswer, first: int, last: int, account: str, groups: Sequence[LogGroup]) -> str:
    """Return rows of an answer as JSON: lists of field and value, without the missing ones."""
    columns: list[tuple[str, list[Any]]] = []
    full: list[bool] = []
    for at, name in enumerate(answer.columns):
        cells = answer.frame.iloc[first:last, at]
        values: list[Any] = cells.tolist()
        values = [*_pointers(values, account, groups)] if name == POINTER else values
        columns.append((f'{{"field": {encode_basestring_ascii(name)}, "value": ', values))
        full.append(cells.dtype == "str" and not cells.hasnans)
    if not any(full):
        rows = zip(*(_cells(*column) for column in columns), strict=True) if columns else iter([()] * (last - first))
        return f"[{', '.join('[' + ', '.join(filter(None, row)) + ']' for row in rows)}]"
    # One column has a value in every row: missing ones take their comma with them, on its side or the other.
    pivot = full.index(True)
    pieces: list[Any] = ["["]
    for at, (field, values) in enumerate(columns):
        before, after = ", " if at > pivot else "", ", " if at < pivot else ""
        if full[at]:
            pieces[-1:] = [f'{pieces[-1]}{before}{field}"', _escaped(values), f'"}}{after}']
        else:
            pieces += [_cells(f"{before}{field}", values, after), ""]
    return f"[{_woven([*pieces[:-1], f'{pieces[-1]}], '], last - first)[:-2]}]"


def _woven(pieces: list[str | list[str]], count: int) -> str:
    """Return rows made of the same pieces, some the same in all of them, one after the other."""
    out = [""] * (len(pieces) * count)
    for at, piece in enumerate(pieces):
        out[at :: len(pieces)] = [piece] * count if isinstance(piece, str) else piece
    return "".join(out)


def _cells(field: str, values: list[Any], after: str = "") -> list[str]:
    """Return fields with their values, empty where there is none."""
    return [f"{field}{encode_basestring_ascii(one)}}}{after}" if isinstance(one, str) else "" for one in values]


def _escaped(values: list[str]) -> list[str]:
    """Return texts as they stand between the quotation marks of JSON; most need no change."""
    whole = "".join(values)
    if whole.isascii() and whole.isprintable() and '"' not in whole and "\\" not in whole:
        return values
    return [encode_basestring_ascii(one)[1:-1] for one in values]


def _pointers(values: Sequence[Any], account: str, groups: Sequence[LogGroup]) -> list[str | None]:
    """Return the pointers that numbers of events stand for."""
    out: list[str | None] = [None] * len(values)
    places = [(at, *place_of(value)) for at, value in enumerate(values) if isinstance(value, str)]
    for number, group in enumerate(groups):
        mine = [(at, found) for at, which, found in places if which == number]
        for (at, _), text in zip(mine, pointers(account, group, (found for _, found in mine)), strict=True):
            out[at] = text
    return out


def _stop(world: World, call: Call) -> Mapping[str, Any]:
    one, now = _query(world, call), world.clock.stopwatch
    if one.ended(now):
        raise _invalid(f"Query {one.id} is not running: it ended as {one.status(now)}.")
    one.stopped = now
    return {"success": True}


def _describe(world: World, call: Call) -> Mapping[str, Any]:
    """DescribeQueries: newest first; a query of several groups names them all in its text, and no one as its own."""
    insights, params, now = world.region(call.region).of(Insights), call.params, world.clock.stopwatch
    insights.forget()
    name, status = params.get("logGroupName"), params.get("status")
    most = params.get("maxResults", 1000)
    if not 1 <= most <= 1000:
        raise _invalid(f"maxResults is {most}; it must be between 1 and 1000.")
    if params.get("queryLanguage") in ("SQL", "PPL"):
        return {"queries": []}
    listed = [
        one
        for one in reversed(insights.queries.values())
        if (not name or any(group.name == name for group in one.groups)) and (not status or one.status(now) == status)
    ]
    told = page("queries", listed, params.get("nextToken"), most, key="nextToken")
    return told | {"queries": [_described(one, now) for one in told["queries"]]}


def _described(one: Running, now: float) -> dict[str, Any]:
    sources = ", ".join(f'"{group.name}"' for group in one.groups)
    told: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "queryId": one.id,
        "queryString": f"SOURCE {sources} START={one.start}000 END={one.end}999 | {one.text}",
        "status": one.status(now),
        "createTime": one.created,
    }
    return told | ({"logGroupName": one.groups[0].name} if len(one.groups) == 1 else {})


def _record(world: World, call: Call) -> Mapping[str, Any]:
    """GetLogRecord: all fields of the event that a `@ptr` names, times in milliseconds."""
    pointer = call.params.get("logRecordPointer", "")
    for group in world.region(call.region).of(LogStore).groups.values():
        found = place(world.account, group, pointer)
        if found is not None:
            insights = world.region(call.region).of(Insights)
            return {"logRecord": {**insights.tables.record(insights.table(group), found), POINTER: pointer}}
    raise _invalid("The specified logRecordPointer is invalid.")


def _fields(world: World, call: Call) -> Mapping[str, Any]:
    """GetLogGroupFields: of the last 15 minutes, or 8 before and after a time. Source: GetLogGroupFields."""
    params = call.params
    given = [params[member] for member in ("logGroupName", "logGroupIdentifier") if params.get(member)]
    if len(given) != 1:
        raise _invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
    group, now = _group(world, call, given[0]), world.clock.millis
    time = params.get("time")
    first, last = (now - 900_000, now) if time is None else ((time - 480) * 1000, (time + 480) * 1000)
    told = world.region(call.region).of(Insights).fields(group, first, last)
    return {"logGroupFields": [{"name": name, "percent": percent} for name, percent in told.items()]}


OPERATIONS: Mapping[str, Handler] = {
    "StartQuery": _start,
    "GetQueryResults": _results,
    "StopQuery": _stop,
    "DescribeQueries": _describe,
    "GetLogRecord": _record,
    "GetLogGroupFields": _fields,
}
