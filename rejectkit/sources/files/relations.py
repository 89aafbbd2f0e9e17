"""The table a query sees over stored files of one or several log formats: names to SQL, nothing is read here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rejectkit.errors import FormatError
from rejectkit.insights import Column, Table
from rejectkit.records import column_name, field_type
from rejectkit.sources.files.shapes import Shape
from rejectkit.window import Window, check_window

RELATION = "rejectkit_records"
_USED = re.compile(r'"(k\d+|time|ingestion|stream|log|raw|shape)"')
_EXTRA_TYPES = {"time": "BIGINT", "ingestion": "BIGINT", "shape": "INTEGER"} | dict.fromkeys(
    ("stream", "log", "raw"), "VARCHAR"
)

Layout = tuple[tuple[str, ...], tuple[str, ...]]
"""What decides over a shape's stored columns: its log fields, and its columns from around the line."""


def layout(shape: Shape) -> Layout:
    """Return what of a shape decides over its stored columns."""
    return shape.format.fields, shape.extras


@dataclass(frozen=True, slots=True)
class Union:
    """Stored files of several layouts as one relation.

    In it, `k0`, `k1` … are the columns of all formats, each once; `shape` is the number of the layout that a
    row is of; `time`, `ingestion`, `stream`, `log` and `raw` are as stored (see `Shape`).

    Parameters
    ----------
    shapes : iterable of Shape
        Those of the files, in order of the files.
    """

    shapes: tuple[Shape, ...]
    layouts: tuple[Layout, ...] = field(init=False)
    fields: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Number the layouts and the columns."""
        layouts = tuple(dict.fromkeys(layout(shape) for shape in self.shapes))
        object.__setattr__(self, "layouts", layouts)
        names = (column_name(name) for fields, _ in layouts for name in fields)
        object.__setattr__(self, "fields", tuple(dict.fromkeys(names)))

    def table(self) -> Table:
        """Return what the query compiler needs to know."""
        columns = {name: self._column(name) for name in self.fields}
        columns["@timestamp"] = Column(self._timestamp(), "time")
        columns["@message"] = Column(self._message(), "text")
        if any(extras for _, extras in self.layouts):
            columns["@ingestionTime"] = Column('"ingestion"', "time")
            columns["@logStream"] = Column('"stream"', "text")
            columns["@log"] = Column('"log"', "text")
        seconds = self._at("start") if len(self._layouts_with("start")) == len(self.layouts) else None
        return Table(RELATION, columns, seconds)

    @property
    def partial(self) -> tuple[str, ...]:
        """Text fields that only some of the formats have."""
        return tuple(
            name
            for name in self.fields
            if field_type(name) == "text" and len(self._layouts_with(name)) < len(self.layouts)
        )

    def check_window(self, window: Window | None) -> None:
        """Refuse what is no window, and a window over records that do not tell their time."""
        check_window(window)
        for fields, extras in self.layouts:
            if window is not None and "start" not in fields and "time" not in extras:
                raise FormatError(
                    f"the window {window} cannot be applied: the log format {' '.join(fields)!r} has no field "
                    "`start`, so its records do not tell their time; leave the window out"
                )

    def used(self, sql: str) -> tuple[str, ...]:
        """Return the relation's columns that a query over it names; `shape` is there in any case."""
        return tuple(dict.fromkeys(_USED.findall(sql)))

    def stored(self, shape: Shape, used: Iterable[str]) -> list[str]:
        """Return the stored columns that a shape needs for these columns; at least one."""
        own = [column_name(name) for name in shape.format.fields]
        numbers = {f"k{self.fields.index(name)}": f"c{at}" for at, name in enumerate(own)}
        names = [numbers.get(name, name) for name in used]
        return [name for name in names if name in shape.schema.names] or ["c0"]

    def select(self, number: int, used: Sequence[str], relations: Sequence[str]) -> str:
        """Return SQL that selects the used columns from relations that all have one layout, given by number."""
        fields, extras = self.layouts[number]
        own = {f"k{self.fields.index(column_name(name))}": f"c{at}" for at, name in enumerate(fields)}
        out: list[str] = []
        for name in used:
            if name in own:
                out.append(f'{own[name]} AS "{name}"')
            elif name == "shape":
                out.append(f'{number} AS "shape"')
            elif name == "raw" or name in extras:
                out.append(f'"{name}"')
            else:
                out.append(f'CAST(NULL AS {self._sql_type(name)}) AS "{name}"')
        columns = ", ".join(out) or "1 AS one"
        return " UNION ALL ".join(f"SELECT {columns} FROM {relation}" for relation in relations)

    def select_nothing(self, used: Sequence[str]) -> str:
        """Return SQL of the used columns without a row."""
        columns = [f'CAST(NULL AS {self._sql_type(name)}) AS "{name}"' for name in used]
        return f"SELECT {', '.join(columns) or '1 AS one'} WHERE false"

    def _sql_type(self, name: str) -> str:
        if not name.startswith("k"):
            return _EXTRA_TYPES[name]
        return "BIGINT" if field_type(self.fields[int(name[1:])]) == "int" else "VARCHAR"

    def _layouts_with(self, name: str) -> list[int]:
        return [at for at, (fields, _) in enumerate(self.layouts) if name in map(column_name, fields)]

    def _at(self, name: str) -> str:
        return f'"k{self.fields.index(name)}"'

    def _column(self, name: str) -> Column:
        """Return a field: null is `-` where the record's format has the field, and nothing where it has not."""
        have, kind = self._layouts_with(name), field_type(name)
        if len(have) == len(self.layouts):
            return Column(self._at(name), kind, dash=True)
        numbers = ", ".join(map(str, have))
        text = f"CASE WHEN \"shape\" IN ({numbers}) THEN coalesce(CAST({self._at(name)} AS VARCHAR), '-') END"
        return Column(text, "text", whole=kind == "int")

    def _timestamp(self) -> str:
        """Return SQL of an event's time: as CloudWatch gave it, else the start of the record."""
        parts = ['"time"'] if any("time" in extras for _, extras in self.layouts) else []
        parts += [f"({self._at('start')} * 1000)"] if "start" in self.fields else []
        return f"coalesce({', '.join(parts)})" if len(parts) > 1 else (parts or ["CAST(NULL AS BIGINT)"])[0]

    def _message(self) -> str:
        """Return SQL of the line: as kept where it differs, else its values joined by blanks."""
        cases = []
        for number, (fields, _) in enumerate(self.layouts):
            words = ", ".join(f"coalesce(CAST({self._at(column_name(name))} AS VARCHAR), '-')" for name in fields)
            cases.append(f"WHEN {number} THEN concat_ws(' ', {words})")
        line = cases[0].split(" THEN ", 1)[1] if len(cases) == 1 else f'CASE "shape" {" ".join(cases)} END'
        return f'coalesce("raw", {line})'
