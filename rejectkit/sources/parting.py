"""A query over several sources, parted: what each is asked, and what is left to answer over all; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rejectkit.insights import syntax as s
from rejectkit.insights.answer import DEFAULT_LIMIT
from rejectkit.insights.compile import SYNONYMS
from rejectkit.insights.reads import reads

_MOMENT = "@timestamp"
_MOST_FILTERS = 6000  # characters: a longer text may not fit into a query with what else is asked
_EDGES = ("querystarttime(", "queryendtime(")
_UNSURE = ("bin(", "datefloor(", "dateceil(", "now(", *_EDGES)
"""Functions that tell a time, or warn of a period: answered once, here."""

Spelling = Mapping[str, str]
"""The fields a source has, and how it spells each."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one source is asked: for `names` in this order, and then, with `presence`, which of them each row has."""

    text: str
    names: tuple[str, ...]
    presence: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The first rows are enough: that many, of those that sort first."""

    keys: tuple[s.SortKey, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Parting:
    """How a query is answered over several sources.

    Attributes
    ----------
    names : tuple of str
        What the part that is answered here reads; `@timestamp` first.
    filters : tuple of (str, frozenset of str)
        Filters that sources are asked to apply, and the fields they need for it.
    cut : Cut or None
        How many rows of a source are enough.
    local : Query
        What is left to answer.
    reads_window : bool
        Whether that asks for the times of the window.
    """

    spellings: tuple[Spelling, ...]
    names: tuple[str, ...]
    filters: tuple[tuple[str, frozenset[str]], ...]
    cut: Cut | None
    local: s.Query

    @property
    def reads_window(self) -> bool:
        """Whether what is left asks when the window begins or ends."""
        return any(
            "querystarttime(" in str(stage).lower() or "queryendtime(" in str(stage).lower()
            for stage in self.local.stages
        )

    def asked(self, at: int) -> Asked:
        """Return what a source is asked, by its number."""
        spelled = self.spellings[at]
        names = tuple(name for name in self.names if name in spelled or name.startswith("@"))
        record = [s.spell(spelled[name]) for name in names if not name.startswith("@")]
        items = [s.spell(spelled.get(name, name)) for name in names]
        if record:
            flags = ", ".join(f'if(ispresent({name}), "1", "0")' for name in record)
            items.append(f"concat({flags}) as {_free('rk_has', (*spelled, *spelled.values()))}")
        stages = [text for text, fields in self.filters if _has(spelled, fields)]
        stages.append(f"fields {', '.join(items)}")
        if self.cut is not None and _has(spelled, frozenset(key.name for key in self.cut.keys)):
            keys = [s.SortKey(spelled.get(key.name, key.name), key.descending) for key in self.cut.keys]
            stages += [str(s.Sort(tuple(keys))), f"limit {self.cut.count}"]
        return Asked("\n| ".join(stages), names, bool(record))


def parting(query: s.Query, spellings: Sequence[Spelling], *, all_rows: bool = False) -> Parting:
    """Return how a query is answered over sources that have these fields.

    Filters that read nothing but fields of the records are left to the sources that have these. Of rows that are
    only looked at, each source gives no more than the answer can have.

    Parameters
    ----------
    query : Query
        From `parse`.
    spellings : sequence of mapping of str to str
        For each source the fields it has, and how it spells them.
    all_rows : bool
        Whether the language's limit of 10,000 rows is lifted.
    """
    read = reads(query)
    known = {name for one in spellings for name in one}
    fields = [frozenset(name if name in known else SYNONYMS.get(name, name) for name in one.fields) for one in read]
    common = frozenset.intersection(*(frozenset(one) for one in spellings))
    filters: list[tuple[str, frozenset[str]]] = []
    left: list[int] = []
    open_, size = True, 0
    for at, stage in enumerate(query.stages):
        open_ = open_ and not isinstance(stage, s.Stats | s.Limit | s.Dedup | s.Foreign)
        if (
            open_
            and isinstance(stage, s.Filter)
            and read[at].pure
            and not any(word in str(stage).lower() for word in _UNSURE)
        ):
            text = query.text[slice(*stage.span)]
            size += len(text)
            if size <= _MOST_FILTERS:
                filters.append((text, fields[at]))
                if _has(common, fields[at]):
                    continue
        left.append(at)
    local = s.Query(tuple(query.stages[at] for at in left), query.text)
    wanted = {name for at in (*left, len(query.stages)) for name in fields[at]}
    names = sorted(name for name in wanted - {_MOMENT} if name in known or name.startswith("@"))
    pure = [read[at].pure for at in left]
    cut = _cut(local.stages, pure, known, all_rows=all_rows)
    return Parting(tuple(spellings), (_MOMENT, *names), tuple(filters), cut, local)


def _cut(stages: tuple[s.Stage, ...], pure: Sequence[bool], known: Collection[str], *, all_rows: bool) -> Cut | None:
    """Return how many rows are enough, where every row up to the first limit is one of the answer."""
    keys: tuple[s.SortKey, ...] = (s.SortKey(_MOMENT, descending=True),)
    for stage, plain in zip(stages, pure, strict=True):
        if isinstance(stage, s.Limit):
            return Cut(keys, stage.count)
        if isinstance(stage, s.Sort):
            if not plain:
                return None
            names = [key.name if key.name in known else SYNONYMS.get(key.name, key.name) for key in stage.keys]
            keys = tuple(s.SortKey(name, key.descending) for name, key in zip(names, stage.keys, strict=True))
        elif not isinstance(stage, s.Fields | s.Display | s.Parse):
            return None
    return None if all_rows else Cut(keys, DEFAULT_LIMIT + 1)


def _calls(query: s.Query, stage: s.Stage, functions: Sequence[str]) -> bool:
    """Tell whether a stage calls one of these functions; a text that looks so counts as well."""
    text = "".join(query.text[slice(*stage.span)].lower().split())
    return any(function in text for function in functions)


def _has(there: Collection[str], fields: frozenset[str]) -> bool:
    return all(name.startswith("@") or name in there for name in fields)


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name
