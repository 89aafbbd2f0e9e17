"""Compares a typed answer with what the interpreter allows: values by meaning, rows up to the order the rules leave free."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from tests.reference.interpreter import Answer, Slot, tied
from tests.reference.values import Time, Value, as_number, as_text

CLOSE = 1e-9
_SPELLED = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
TYPES = ("str", "object", "Int64", "Float64", "datetime64[ms, UTC]")
Cell = str | float | pd.Timestamp | None


def disagreement(expected: Answer, got: pd.DataFrame, *, dashed: bool = True) -> str | None:
    """Return in words where an answer is not one of those the interpreter allows, or None.

    Parameters
    ----------
    expected : Answer
        From `interpreter.evaluate`.
    got : DataFrame
        From `Source.run`.
    dashed : bool
        A null may stand for the text `-`, which is how typed answers show that a flow log has no value.
    """
    if list(got.columns) != expected.columns:
        return f"columns {list(got.columns)}, expected {expected.columns}"
    wrong = [f"{name} is {kind}" for name, kind in got.dtypes.items() if str(kind) not in TYPES]
    if wrong:
        return f"types: {', '.join(wrong)}"
    if expected.vague:
        return None
    if len(got) != expected.count:
        return f"{len(got)} rows, expected {expected.count}"
    rows = [tuple(map(_cell, row)) for row in got.itertuples(index=False, name=None)]
    at = 0
    for slots in _ties(expected.slots):
        part = rows[at : at + len(slots)]
        at += len(part)
        odd = _misfit(slots, part, expected.columns, dashed)
        if odd is not None:
            allowed = [tuple(slot.rows[0].get(c) for c in expected.columns) for slot in slots[:5]]
            return f"row {odd} is not among the {len(slots)} allowed there, such as {allowed}"
    return None


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return None
    return value if isinstance(value, pd.Timestamp) else float(value)


def _ties(slots: list[Slot]) -> Iterator[list[Slot]]:
    """Yield runs of slots that may come in any order."""
    start = 0
    for i in range(1, len(slots) + 1):
        if i == len(slots) or not tied(slots[i - 1].order, slots[i].order):
            yield slots[start:i]
            start = i


def _misfit(
    slots: list[Slot], rows: list[tuple[Cell, ...]], columns: list[str], dashed: bool
) -> tuple[Cell, ...] | None:
    """Return a row that finds no slot of its own, or None: quickly by likeness, else by trying all ways."""
    if all(len(slot.rows) == 1 for slot in slots):
        alike: dict[tuple[object, ...], list[Slot]] = {}
        for slot in slots:
            alike.setdefault(tuple(_mark(slot.rows[0].get(c)) for c in columns), []).append(slot)
        marks = [tuple(map(_mark, row)) for row in rows]
        if all(times <= len(alike.get(mark, ())) for mark, times in Counter(marks).items()):
            # Alike is not yet equal: the marks are rough, and every row must fit one that has its mark.
            pairs = zip(marks, rows, strict=True)
            return next(
                (row for mark, row in pairs if not any(fits(slot, row, columns, dashed) for slot in alike[mark])), None
            )
    takers: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        for j, slot in enumerate(slots):
            if j not in tried and fits(slot, rows[i], columns, dashed):
                tried.add(j)
                if j not in takers or place(takers[j], tried):
                    takers[j] = i
                    return True
        return False

    return next((rows[i] for i in range(len(rows)) if not place(i, set())), None)


def _mark(value: Value | Cell) -> object:
    """Return something that is the same for values that fit; rough where numbers differ in their last digits."""
    if value is None or value == "-":
        return None
    if isinstance(value, pd.Timestamp):
        return f"{_millis(value):.9g}"
    n = as_number(value)
    return as_text(value) if n is None else f"{n + 0.0:.9g}"


def fits(slot: Slot, row: tuple[Cell, ...], columns: list[str], dashed: bool) -> bool:
    """Tell whether one of a slot's rows is the row got."""
    return any(
        all(same(allowed.get(c), cell, dashed) for c, cell in zip(columns, row, strict=True)) for allowed in slot.rows
    )


def same(expected: Value, got: Cell, dashed: bool) -> bool:
    """Tell whether a cell is a value: text exactly, times and whole numbers exactly, other numbers within 1e-9."""
    if expected is None or got is None:
        return (expected is None or (dashed and expected == "-")) and got is None
    if isinstance(got, str):
        return got == as_text(expected) or (isinstance(expected, float) and _near(expected, _spelled(got)))
    if isinstance(got, pd.Timestamp):
        return isinstance(expected, Time) and _millis(got) == expected.ms
    n = as_number(expected)
    return n == got if isinstance(expected, Time) else _near(n, got)


def _millis(moment: pd.Timestamp) -> int:
    return int(moment.asm8.astype("datetime64[ms]").astype("int64"))


def _spelled(text: str) -> float | None:
    """Return the number a text spells, with an exponent or without."""
    return float(text) if _SPELLED.fullmatch(text) else None


def _near(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return False
    if a == int(a) and b == int(b):
        return a == b if abs(a) < 1e12 else math.isclose(a, b, rel_tol=1e-12)
    return math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-12)


def printed(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Return a typed answer's rows as the service prints them, nulls left out."""
    return [
        {name: _printed(cell) for name, cell in zip(frame.columns, map(_cell, row), strict=True) if cell is not None}
        for row in frame.itertuples(index=False, name=None)
    ]


def _printed(cell: str | float | pd.Timestamp) -> str:
    return as_text(Time(_millis(cell))) if isinstance(cell, pd.Timestamp) else as_text(cell)
