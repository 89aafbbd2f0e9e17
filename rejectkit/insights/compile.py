"""Query to SQL: stage by stage, each a common table expression over the one before."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, NoReturn

from rejectkit.errors import (
    BinCapWarning,
    QueryError,
    RejectkitWarning,
    UnknownFieldWarning,
    UnsupportedError,
)
from rejectkit.insights import regex
from rejectkit.insights import syntax as s
from rejectkit.insights.answer import DEFAULT_LIMIT, Answer, AnswerColumn
from rejectkit.insights.dialects import Dialect, dialect
from rejectkit.insights.expressions import Expressions
from rejectkit.insights.parse import unexpected
from rejectkit.insights.value import Kind, Value
from rejectkit.window import Window

SYSTEM_FIELDS = ("@timestamp", "@message", "@logStream", "@log", "@ingestionTime", "@ptr")
SYNONYMS = {"startTime": "start", "endTime": "end"}
MAX_STATS = 10

_KINDS = {"int": Kind.INT, "text": Kind.TEXT, "time": Kind.TIME}


@dataclass(frozen=True, slots=True)
class Column:
    """A field as a table has it.

    Attributes
    ----------
    sql : str
        SQL of it; `time` columns in milliseconds since the epoch.
    type : {"int", "text", "time"}
        What it holds.
    dash : bool
        Null is the text `-`: the record has the field, without a value.
    whole : bool
        A text that spells whole numbers, to be typed as such in an answer.
    """

    sql: str
    type: Literal["int", "text", "time"]
    dash: bool = False
    whole: bool = False

    @property
    def value(self) -> Value:
        """It as a compiled expression."""
        return Value(_KINDS[self.type], self.sql, dash=self.dash, whole=self.whole)


@dataclass(frozen=True, slots=True)
class Table:
    """What a query runs on.

    Attributes
    ----------
    relation : str
        SQL that may stand after FROM.
    columns : mapping of str to Column
        By the name a query uses; `@timestamp` and `@message` among them.
    seconds : str or None
        SQL of the record's start in whole seconds, for windows that an engine can prune by.
    pruned : str
        A further condition that keeps every record of the window: which partitions to read. Empty: none.
    """

    relation: str
    columns: Mapping[str, Column]
    seconds: str | None = None
    pruned: str = ""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query as SQL, the shape of its answer, and what to warn of."""

    sql: str
    answer: Answer
    warnings: tuple[RejectkitWarning, ...] = ()


def compile_query(
    query: s.Query,
    table: Table,
    *,
    window: Window | None = None,
    all_rows: bool = False,
    engine: str = "duckdb",
    output: Literal["typed", "text"] = "typed",
    now: float | None = None,
) -> Compiled:
    """Return a query as SQL over a table.

    Parameters
    ----------
    query : Query
        From `parse`.
    table : Table
        What it runs on.
    window : Window, optional
        Keeps the records that start in it.
    all_rows : bool
        Lift the language's limit of 10,000 rows where the query sets none.
    engine : {"duckdb", "athena", "spark"}
        Whose SQL.
    output : {"typed", "text"}
        Typed columns, for `Answer.typed`; or every value as the service prints it, a missing one null.
    now : float, optional
        Seconds since the epoch that `now()` gives.

    Raises
    ------
    QueryError
        If the query is not allowed.
    UnsupportedError
        If CloudWatch would answer it and SQL here does not.

    Examples
    --------
    >>> from rejectkit.insights import parse
    >>> table = Table("logs", {"dstPort": Column('"dstPort"', "int", dash=True)})
    >>> compile_query(parse("stats count(*) as flows by dstPort"), table).answer.columns[0]
    AnswerColumn(name='dstPort', type='int', dash=True)
    """
    return _Compiler(query, table, dialect(engine), window, all_rows, output, time.time() if now is None else now).run()


@dataclass(slots=True)
class _Compiler:
    """The state of one compilation: what each name means after the stages so far."""

    query: s.Query
    table: Table
    d: Dialect
    window: Window | None
    all_rows: bool
    output: str
    now: float
    steps: list[str] = field(default_factory=list)
    names: dict[str, Value] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    shown: dict[str, Value] = field(default_factory=dict)
    displayed: dict[str, Value] | None = None
    order: list[str] | None = None
    events: bool = True
    listed: bool = False
    limited: bool = False
    warnings: dict[str, RejectkitWarning] = field(default_factory=dict)
    expressions: Expressions = field(init=False)

    def __post_init__(self) -> None:
        window = self.window.millis if self.window else None
        self.expressions = Expressions(self.d, self.query.text, self.lookup, self.warn_of_cap, self.now, window)

    def run(self) -> Compiled:
        self.check_order()
        self.step(f"SELECT * FROM {self.table.relation}{self.in_window()}")
        for stage in self.query.stages:
            getattr(self, f"on_{type(stage).__name__.lower()}")(stage)
        return self.finish()

    def in_window(self) -> str:
        conditions = [f"({self.table.pruned})"] if self.table.pruned else []
        if self.window is not None:
            start, end = self.window.millis
            moment = self.table.seconds
            if moment is not None:
                start, end = -(-start // 1000), -(-end // 1000)
            else:
                moment = self.table.columns["@timestamp"].sql
            conditions.append(f"{moment} >= {start} AND {moment} < {end}")
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def step(self, sql: str) -> None:
        """Add a common table expression."""
        self.steps.append(sql)

    @property
    def last(self) -> str:
        """Name of the newest common table expression."""
        return f"s{len(self.steps) - 1}"

    # names

    def lookup(self, name: str, span: s.Span) -> Value:
        """Return what a name means here."""
        if name in self.names:
            return self.names[name]
        if not self.events:
            near = get_close_matches(name, self.names, 1)
            hint = "after stats only its keys and aggregates are left" + (f"; did you mean {near[0]}?" if near else "")
            self.refuse(f"Unknown symbols found in or after stats: {name}", span, hint)
        column = self.table.columns.get(name) or self.table.columns.get(SYNONYMS.get(name, name))
        if column is not None:
            return column.value
        if name not in SYSTEM_FIELDS:
            known = [*self.table.columns, *self.names]
            near = get_close_matches(name, known, 1) or get_close_matches(
                name.lower(), {k.lower(): k for k in known}, 1
            )
            right = next((k for k in known if near and k.lower() == near[0].lower()), None)
            self.warn(
                f"no record has a field {name!r}, so it is empty everywhere"
                + (f"; did you mean {right}?" if right else ""),
                UnknownFieldWarning,
            )
        return Value(Kind.TEXT, "CAST(NULL AS VARCHAR)")

    def define(self, name: str, span: s.Span) -> None:
        """Take a name for a new value; a name may not be made twice."""
        if name in self.made:
            self.refuse(
                f"Ephemeral field is already defined: {name} ([{span[0]},{span[1] - 1}])",
                span,
                "use another name here; `display` shows a field that is already made",
            )
        self.made.add(name)

    def keep(self, pairs: list[tuple[str, Value]], more: str = "") -> dict[str, Value]:
        """Store values as columns of a new step, where they are more than a column already."""
        out: dict[str, Value] = {}
        fresh: list[str] = []
        for name, value in pairs:
            if value.literal or self.d.is_column(value.sql):
                out[name] = value
                continue
            column = self.d.ident(f"@v{len(self.steps)}_{len(fresh)}")
            fresh.append(f"{value.sql} AS {column}")
            out[name] = value.at(column)
        if fresh:
            self.step(f"SELECT *, {', '.join(fresh)} FROM {self.last}{more}")
        return out

    # stages

    def on_fields(self, stage: s.Fields) -> None:
        pairs = []
        for item in stage.items:
            if item.alias is not None or (_is_name(item) and item.name in self.made):
                self.define(item.name, item.span)
            pairs.append((item.name, self.expressions.value(item.expr)))
        kept = self.keep(pairs)
        self.listed = True
        self.shown |= kept
        self.names |= {item.name: kept[item.name] for item in stage.items if not _is_name(item)}

    def on_display(self, stage: s.Display) -> None:
        for item in stage.items:
            if item.alias is not None:
                self.define(item.alias, item.span)
        self.displayed = self.keep([(item.name, self.expressions.value(item.expr)) for item in stage.items])
        self.names |= {item.name: self.displayed[item.name] for item in stage.items if not _is_name(item)}

    def on_filter(self, stage: s.Filter) -> None:
        self.step(f"SELECT * FROM {self.last} WHERE {self.expressions.condition(stage.condition, positive=True)}")

    def on_parse(self, stage: s.Parse) -> None:
        for name in stage.names:
            self.define(name, stage.span)
        text = self.lookup(stage.source.name, stage.source.span).as_text(self.d)
        if isinstance(stage.pattern, s.Regex):
            pattern = regex.check(stage.pattern.pattern)
            plain, numbers = pattern.plain, [pattern.groups[name] for name in stage.names]
        else:
            plain, numbers = regex.glob(stage.pattern.value), list(range(1, len(stage.names) + 1))
        source = self.keep([("source", Value(Kind.TEXT, text))])["source"].sql
        found = [Value(Kind.TEXT, sql) for sql in self.d.groups(source, plain, numbers)]
        kept = self.keep(list(zip(stage.names, found, strict=True)))
        self.names |= kept
        self.shown |= kept

    def on_stats(self, stage: s.Stats) -> None:
        keys = [(key.name, self.expressions.value(key.expr)) for key in stage.keys]
        for item in (*stage.keys, *stage.items):
            if item.alias is not None:
                self.define(item.name, item.span)
        grouped = [f"{value.sql} AS {self.d.ident(f'@k{i}')}" for i, (_, value) in enumerate(keys)]
        names = {name: value.at(self.d.ident(f"@k{i}")) for i, (name, value) in enumerate(keys)}
        aggregates: dict[str, str] = {}
        totals: list[tuple[s.Item, Value]] = []
        self.expressions.grouped = bool(keys)
        for item in stage.items:
            value = self.expressions.total(item.expr, names, aggregates)
            totals.append((item, value))
            names = {**names, item.name: value}
        columns = grouped + [f"{sql} AS {column}" for sql, column in aggregates.items()]
        by = f" GROUP BY {', '.join(str(i + 1) for i in range(len(keys)))}" if keys else ""
        self.step(f"SELECT {', '.join(columns) or 'count(*) AS one'} FROM {self.last}{by}")
        self.names = {name: names[name] for name, _ in keys}
        self.events, self.order, self.displayed, self.listed = False, None, None, True
        self.names |= self.keep([(item.name, value) for item, value in totals])
        self.shown = dict(self.names)
        self.order = [
            f"{names[name].sql} {'DESC' if names[name].kind is Kind.TIME else 'ASC'} NULLS LAST" for name, _ in keys
        ]

    def on_sort(self, stage: s.Sort) -> None:
        self.order = []
        for key in stage.keys:
            value = self.lookup(key.name, key.span)
            if value.literal:
                continue
            if not value.dash:
                self.order.append(f"({value.sql} IS NULL) ASC")
            self.order.append(f"{value.sort_key(self.d)} {'DESC' if key.descending else 'ASC'}")

    def on_limit(self, stage: s.Limit) -> None:
        self.limited = True
        self.step(f"SELECT * FROM {self.last}{self.ordered()} LIMIT {stage.count}")

    def on_dedup(self, stage: s.Dedup) -> None:
        values = [self.lookup(name.name, name.span) for name in stage.names]
        parts = ", ".join(value.sql for value in values)
        missing = "".join(f" OR NOT {value.present()}" for value in values if value.present() != "TRUE")
        row = self.d.ident("@row")
        numbered = f"SELECT *, {self.d.numbered(parts, self.ordered())} AS {row} FROM {self.last}"
        self.step(f"SELECT * FROM ({numbered}) AS numbered WHERE {row} = 1{missing}")

    def on_foreign(self, stage: s.Foreign) -> None:
        raise UnsupportedError(
            f"`{stage.command}` is not answered by this engine",
            self.query.text,
            *stage.span,
            hint="CloudWatch answers it; here are fields, display, filter, parse, stats, sort, limit and dedup",
        )

    def ordered(self) -> str:
        """Return the ORDER BY of the present order; events come newest first."""
        terms = self.order
        if terms is None and self.events and "@timestamp" in self.table.columns:
            terms = [f"{self.table.columns['@timestamp'].sql} DESC NULLS LAST"]
        return f" ORDER BY {', '.join(terms)}" if terms else ""

    def finish(self) -> Compiled:
        shown = self.displayed if self.displayed is not None else self.shown
        if self.displayed is None and not self.listed:
            shown = {name: self.lookup(name, s.NOWHERE) for name in ("@timestamp", "@message")} | shown
        text = self.output == "text"
        outputs = [
            f"{value.as_text(self.d) if text else value.answer_sql(self.d)} AS {self.d.ident(f'c{i}')}"
            for i, value in enumerate(shown.values())
        ]
        cap = None if self.limited or self.all_rows else DEFAULT_LIMIT
        tail = f" LIMIT {cap + 1}" if cap is not None else ""
        final = f"SELECT {', '.join(outputs)} FROM {self.last}{self.ordered()}{tail}"
        steps = ",\n".join(f"s{i} AS ({sql})" for i, sql in enumerate(self.steps))
        columns = tuple(
            AnswerColumn(name, "text") if text else AnswerColumn(name, value.column_type, value.dash)
            for name, value in shown.items()
        )
        answer = Answer(columns, "rows" if self.events else "groups", cap)
        return Compiled(self.d.checked(f"WITH {steps}\n{final}"), answer, tuple(self.warnings.values()))

    # rules and refusals

    def check_order(self) -> None:
        """Refuse stages where the language does not let them stand."""
        stages = self.query.stages
        positions = [i for i, stage in enumerate(stages) if isinstance(stage, s.Stats)]
        if len(positions) > MAX_STATS:
            self.refuse(f"a query has {MAX_STATS} stats commands at most", stages[positions[MAX_STATS]].span)
        for i, stage in enumerate(stages):
            word = next(iter(self.query.text[slice(*stage.span)].split(maxsplit=1)), "")  # a stage put there has none
            if positions and i < positions[-1] and isinstance(stage, s.Sort | s.Limit):
                self.refuse(
                    f"{word} may not stand before the last stats",
                    stage.span,
                    "move it to the end of the query",
                )
            if any(isinstance(before, s.Dedup) for before in stages[:i]) and not isinstance(stage, s.Limit):
                start = stage.span[0]
                hint = "after dedup only limit may follow: put dedup last"
                raise unexpected(word, self.query.text, start, start + len(word), hint)

    def warn_of_cap(self, message: str) -> None:
        self.warn(message, BinCapWarning)

    def warn(self, message: str, category: type[RejectkitWarning]) -> None:
        self.warnings.setdefault(message, category(message))

    def refuse(self, message: str, span: s.Span, hint: str = "") -> NoReturn:
        raise QueryError(message, self.query.text, *span, hint=hint)


def _is_name(item: s.Item) -> bool:
    """Tell whether an item only names a field, under its own name."""
    return isinstance(item.expr, s.Field) and item.alias is None
