"""Aggregation: the AggregationExpression of a log alarm, one aggregate with at most five fields to group by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from rejectkit.errors import ArgumentError, QueryError
from rejectkit.insights import parse
from rejectkit.insights import syntax as s

FUNCTIONS: Final = ("count", "avg", "sum", "min", "max")
MOST_FIELDS: Final = 5
LONGEST: Final = 2_048

_SORTED = re.compile(r"(?P<stats>.*?)(?:\|\s*sort\s+(?P<order>asc|desc)\s*)?", re.DOTALL | re.IGNORECASE)
_MEND = "write count(*), avg(field), sum(field), min(field) or max(field)"


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What a log alarm makes of the rows that its query returns.

    Attributes
    ----------
    text : str
        The `stats` command's part: `count(*) by dstPort`.
    column : str
        The column that the value has in the answer.
    fields : tuple of str
        The columns it is grouped by; empty: one value.
    order : {"", "asc", "desc"}
        The order of the groups by value; empty: by name.
    """

    text: str
    column: str
    fields: tuple[str, ...] = ()
    order: Literal["", "asc", "desc"] = ""

    @classmethod
    def parse(cls, expression: str) -> Aggregation:
        """Return the aggregation that an expression spells.

        Raises
        ------
        ArgumentError
            If it is none. Source: CloudWatch user guide, "Log alarms" (aggregation expressions).

        Examples
        --------
        >>> Aggregation.parse("sum(bytes) by srcAddr | sort desc").fields
        ('srcAddr',)
        """
        if not 1 <= len(expression) <= LONGEST:
            raise ArgumentError(f"the aggregation has {len(expression):,} characters; it has 1 to {LONGEST:,}")
        found = _SORTED.fullmatch(expression)
        text, order = (found["stats"].strip(), (found["order"] or "").lower()) if found else (expression, "")
        try:
            stages = parse(f"stats {text}").stages
        except QueryError as error:
            raise ArgumentError(f"the aggregation {expression!r} is not one: {error.message}; {_MEND}") from error
        stats = stages[0]
        if len(stages) != 1 or not isinstance(stats, s.Stats) or len(stats.items) != 1:
            raise ArgumentError(f"the aggregation is {expression!r}; it has a single aggregate: {_MEND}")
        (item,) = stats.items
        call = item.expr
        if not isinstance(call, s.Call) or call.name.lower() not in FUNCTIONS:
            raise ArgumentError(f"the aggregation is {expression!r}; of {item.text} no alarm is made: {_MEND}")
        for key in stats.keys:
            if not isinstance(key.expr, s.Field):
                raise ArgumentError(
                    f"the aggregation {expression!r} groups by {key.text}; it groups by fields only: make the field in "
                    "the query, where bin() is allowed too"
                )
        if len(stats.keys) > MOST_FIELDS:
            raise ArgumentError(f"the aggregation groups by {len(stats.keys)} fields; at most {MOST_FIELDS}")
        return cls(
            text,
            item.name,
            tuple(key.name for key in stats.keys),
            "asc" if order == "asc" else "desc" if order == "desc" else "",
        )

    def query(self, query: str) -> str:
        """Return the query that a run sends: the alarm's own, and the aggregation as its last command.

        Examples
        --------
        >>> print(Aggregation.parse("count(*)").query('filter action = "REJECT"'))
        filter action = "REJECT"
        | stats count(*)
        """
        own = query.strip().removesuffix("|").rstrip()
        return f"{own}\n| stats {self.text}" if own else f"stats {self.text}"
