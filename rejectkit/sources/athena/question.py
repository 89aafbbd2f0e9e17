"""A query over a window, ready to be sent to Athena: its SQL, the partitions it reads, the shape of its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rejectkit.errors import FormatError
from rejectkit.insights import Answer, AnswerColumn, compile_query
from rejectkit.insights import syntax as s
from rejectkit.insights.reads import reads
from rejectkit.records import LOG_STATUSES
from rejectkit.sources.athena.known import Held
from rejectkit.sources.athena.pruning import Chosen
from rejectkit.window import Window

SKIPPED: Final = 1000  # lines that are shown


@dataclass(frozen=True, slots=True)
class Question:
    """A query over a window, ready to be sent.

    Attributes
    ----------
    held : Held
        The table.
    sql : str
        What is sent.
    answer : Answer
        The shape of the answer.
    warnings : tuple of Warning
        What the user is to be told.
    condition : str
        On the partitions; empty where all are read.
    prefixes : tuple of str or None
        Folders of S3 that are read; None where they are not known.
    fields : frozenset of str
        Fields of the records that are read.
    missed : tuple of str
        Why less is read than the window holds.
    """

    held: Held
    sql: str
    answer: Answer
    warnings: tuple[Warning, ...]
    condition: str
    prefixes: tuple[str, ...] | None
    fields: frozenset[str]
    missed: tuple[str, ...]

    @property
    def alike(self) -> frozenset[str]:
        """What makes an earlier query scan as much as this one: same table and partitions, and columns of Parquet."""
        existing = self.held.existing
        columns = self.fields if existing.stored_as != "text" else frozenset[str]()
        return frozenset({f"{existing.catalog}.{existing.full_name}", self.condition, *columns})


def question(
    held: Held, query: s.Query, window: Window | None, overlap: float, chosen: Chosen | None, all_rows: bool
) -> Question:
    """Return a parsed query over a window as it is sent, and what its answer will be.

    Raises
    ------
    QueryError
        If the language, or the engine, does not allow it.
    ArgumentError
        If a value of a partition key has to be chosen, or cannot be.
    FormatError
        If there is a window, and the records do not tell their time.
    """
    condition = held.pruning.condition(window, overlap, chosen)
    table, name = held.table(condition), held.existing.full_name
    if window is not None and table.seconds is None:
        raise FormatError(
            f"the window {window} cannot be applied: {name} has no column for the field `start`, so its records do not "
            "tell their time; leave the window out"
        )
    compiled = compile_query(query, table, window=window, all_rows=all_rows, engine="athena")
    prefixes = held.pruning.prefixes(window, overlap, chosen)
    missed = [held.pruning.outside(window)]
    if window is not None and prefixes == ():
        missed.append(
            f"no partition of {name} is registered for the window {window}, so it has no records; if there should be, "
            "run MSCK REPAIR TABLE"
        )
    return Question(
        held,
        compiled.sql,
        compiled.answer,
        compiled.warnings,
        condition,
        prefixes,
        frozenset(field for one in reads(query) for field in one.fields),
        tuple(note for note in missed if note),
    )


def skipped_question(held: Held, chosen: Chosen | None) -> Question | None:
    """Return the question which rows of the whole table are no records; None where nothing of them would tell.

    A record has a start, and a status that flow logs know, where the table has these columns.
    """
    condition = held.pruning.condition(None, 0.0, chosen)
    table = held.table(condition)
    start, status = table.seconds, table.columns.get("logStatus")
    known = ", ".join(f"'{name}'" for name in LOG_STATUSES)
    tests = [
        *([(f"{start} IS NULL", "its start is no number of seconds")] if start else []),
        *(
            [(f"coalesce({status.sql}, '-') NOT IN ({known})", "its log-status is not OK, NODATA or SKIPDATA")]
            if status
            else []
        ),
    ]
    if not tests:
        return None
    reason = " ".join(f"WHEN {test} THEN '{words}'" for test, words in tests)
    bad = " OR ".join(f"({test})" for test, _ in tests)
    where = f"({condition}) AND ({bad})" if condition else bad
    path = "CAST(NULL AS VARCHAR)" if held.existing.view else '"$path"'  # a view has no files
    sql = (
        f'SELECT {path} AS "c0", CASE {reason} END AS "c1", {table.columns["@message"].sql} AS "c2"\n'
        f"FROM {table.relation}\nWHERE {where}\nLIMIT {SKIPPED}"
    )
    columns = tuple(AnswerColumn(name, "text") for name in ("file", "reason", "message"))
    fields = frozenset({"@message"})
    prefixes = held.pruning.prefixes(None, 0.0, chosen)
    return Question(held, sql, Answer(columns, "rows", None), (), condition, prefixes, fields, ())
