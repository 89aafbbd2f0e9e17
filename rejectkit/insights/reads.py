"""What each stage of a query reads: fields of the records, or what stages before it made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rejectkit.insights import syntax as s
from rejectkit.insights.renaming import NameOf, Renaming


@dataclass(frozen=True, slots=True)
class Reads:
    """What one stage reads.

    Attributes
    ----------
    fields : frozenset of str
        Fields of the records that it names; `bin` and the order of events read `@timestamp` unnamed.
    pure : bool
        Whether it reads nothing else: nothing that a stage before it made.
    """

    fields: frozenset[str]
    pure: bool


def reads(query: s.Query) -> tuple[Reads, ...]:
    """Return what each stage of a query reads, and as one more what its answer shows without being told.

    Examples
    --------
    >>> from rejectkit.insights import parse
    >>> for one in reads(parse('filter action = "REJECT" | stats sum(bytes) as b by srcAddr | sort b')):
    ...     print(sorted(one.fields), one.pure)
    ['action'] True
    ['bytes', 'srcAddr'] True
    [] False
    [] True
    """
    seen: set[str] = set()
    walk = Renaming(query, _noting(seen), ())
    out = []
    for at, stage in enumerate(query.stages):
        seen.clear()
        walk.step(at)
        fields = frozenset(seen)
        seen.clear()
        Renaming(s.Query((stage,), query.text), _noting(seen), ()).step(0)  # as if nothing had been made
        out.append(Reads(fields, fields == seen))
    seen.clear()
    _ = walk.answer
    return (*out, Reads(frozenset(seen), True))


def _noting(seen: set[str]) -> NameOf:
    """Return what notes the fields it is asked for."""

    def note(name: str, made: Collection[str]) -> str:
        seen.add(name)
        return name

    return note
