"""From a table's definition to what it wants in Glue, and back: plans of steps that are each safe to take twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final

from rejectkit.aws import Service
from rejectkit.errors import ConflictError, MissingResourceError
from rejectkit.pacing import Budget
from rejectkit.plans import Plan, Step, fields
from rejectkit.sources.athena.definition import MARK, Definition, is_ours, told_of
from rejectkit.sources.athena.glue import Existing

DATABASE: Final = "Glue database"
TABLE: Final = "Glue table"
_OURS: Final = "rejectkit:database"


def plan(definition: Definition, session: Any, *, region: str | None = None, budget: Budget | None = None) -> Plan:
    """Return what is to be done so that Glue has a table; see `AthenaTable.plan`."""
    return _plan(definition, Service(session, "glue", region, budget=budget))


def teardown(definition: Definition, session: Any, *, region: str | None = None, budget: Budget | None = None) -> Plan:
    """Return what is to be done so that Glue has a table no longer; see `AthenaTable.teardown`."""
    return _teardown(definition, Service(session, "glue", region, budget=budget))


def _plan(definition: Definition, glue: Service) -> Plan:
    title = f"table {definition.full_name} in {glue.region}, account {glue.account()}"
    return Plan(title, tuple(_steps(definition, glue)), partial(_plan, definition, glue))


def _steps(definition: Definition, glue: Service) -> Iterator[Step]:
    database = _database(definition, glue)
    if database is None:
        create = partial(_create_database, definition, glue)
        yield Step("create", DATABASE, definition.database, fields({}, {_OURS: definition.database}), action=create)
    else:
        yield Step("keep", DATABASE, definition.database)
    found = None if database is None else _table(definition, glue)
    wanted = definition.told()
    projected = definition.parameters.get("projection.enabled") == "true"
    name = f"`{definition.database}`.`{definition.name}`"
    why = "" if projected else f"Its partitions are registered by MSCK REPAIR TABLE {name}, run in Athena."
    if found is None:
        shown = fields({}, {**wanted, MARK: definition.full_name})
        yield Step("create", TABLE, definition.full_name, shown, why, action=partial(_create, definition, glue))
        return
    differing = fields(told_of(found), wanted)
    if found.view:
        differing = (*fields({"kind": "view"}, {"kind": "table"}), *differing)
    if not differing:
        yield Step("keep", TABLE, definition.full_name, why="" if is_ours(found) else "It was there before.")
        return
    whose = "It is rejectkit's." if is_ours(found) else "It is not rejectkit's, as far as its properties tell."
    lost = "" if found.projected or not found.partition_keys else " The partitions registered for it are forgotten."
    yield Step(
        "change",
        TABLE,
        definition.full_name,
        differing,
        f"{whose} It would be dropped and made anew: the files in S3 stay.{lost} {why}".strip(),
        f"Is the table '{definition.full_name}' to be replaced?",
        partial(_replace, definition, glue),
    )


def _teardown(definition: Definition, glue: Service) -> Plan:
    title = f"teardown of table {definition.full_name} in {glue.region}, account {glue.account()}"
    return Plan(title, tuple(_removals(definition, glue)), partial(_teardown, definition, glue))


def _removals(definition: Definition, glue: Service) -> Iterator[Step]:
    database = _database(definition, glue)
    if database is None:
        return
    found, drop = _table(definition, glue), partial(_drop, definition, glue)
    ours = found is None or is_ours(found)
    if found is not None:
        lost = fields(told_of(found), {})
        if ours:
            yield Step("remove", TABLE, definition.full_name, lost, "The files in S3 stay.", action=drop)
        else:
            why = "It is not rejectkit's, as far as its properties tell. The files in S3 stay."
            question = f"Is the table '{definition.full_name}' to be dropped all the same?"
            yield Step("ask", TABLE, definition.full_name, lost, why, question, drop)
    made = (database.get("Parameters") or {}).get(_OURS) == definition.database
    if made and ours and not _others(definition, glue):
        why = "rejectkit made it, and nothing else is in it."
        question = f"Is the database '{definition.database}' to be deleted too?"
        yield Step("ask", DATABASE, definition.database, (), why, question, partial(_drop_database, definition, glue))
    else:
        yield Step("keep", DATABASE, definition.database)


def _database(definition: Definition, glue: Service) -> dict[str, Any] | None:
    with suppress(MissingResourceError):
        answer: dict[str, Any] = glue.call("GetDatabase", Name=definition.database)["Database"]
        return answer
    return None


def _table(definition: Definition, glue: Service) -> Existing | None:
    with suppress(MissingResourceError):
        answer = glue.call("GetTable", DatabaseName=definition.database, Name=definition.name)
        return Existing.told(answer["Table"], definition.database)
    return None


def _others(definition: Definition, glue: Service) -> list[str]:
    told = glue.pages("GetTables", "TableList", DatabaseName=definition.database)
    return [one["Name"] for one in told if one["Name"] != definition.name]


def _create_database(definition: Definition, glue: Service) -> None:
    made = {"Name": definition.database, "Parameters": {_OURS: definition.database}}
    with suppress(ConflictError):  # it is there
        glue.call("CreateDatabase", DatabaseInput=made)


def _create(definition: Definition, glue: Service) -> None:
    with suppress(ConflictError):  # it is there; whether as planned is looked at afterwards
        glue.call("CreateTable", DatabaseName=definition.database, TableInput=definition.table_input())


def _drop(definition: Definition, glue: Service) -> None:
    with suppress(MissingResourceError):
        glue.call("DeleteTable", DatabaseName=definition.database, Name=definition.name)


def _replace(definition: Definition, glue: Service) -> None:
    _drop(definition, glue)
    _create(definition, glue)


def _drop_database(definition: Definition, glue: Service) -> None:
    """Delete a database, unless somebody has put a table into it meanwhile: these would go with it."""
    with suppress(MissingResourceError):
        if not list(glue.pages("GetTables", "TableList", DatabaseName=definition.database)):
            glue.call("DeleteDatabase", Name=definition.database)
