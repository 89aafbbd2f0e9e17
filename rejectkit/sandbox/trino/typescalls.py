"""Which function a call means: its overloads, tried first as they stand, then with what turns unasked.

Source: Trino's own classes FunctionResolver and SignatureBinder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rejectkit.sandbox.trino.errors import TrinoError
from rejectkit.sandbox.trino.typesfunctions import AGGREGATES, MOMENTS, SCALARS, WINDOWS
from rejectkit.sandbox.trino.typeskinds import (
    UNKNOWN,
    Kind,
    coercible,
    common,
    comparable,
    decimal,
    orderable,
)

Lambda = Callable[[tuple[Kind, ...]], Kind]
"""A lambda of a call: it gives the type of its body, told those of its parameters."""
_TESTS = {"orderable": orderable, "comparable": comparable}
_ROUNDED: dict[str, Callable[[int, int], tuple[int, int]]] = {  # results of other digits
    "whole": lambda p, s: (p - s + min(s, 1), 0),
    "carried": lambda p, s: (p + 1, s),
    "cut": lambda p, s: (max(1, p - s), 0),
    "total": lambda p, s: (38, s),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A type with holes: a capital letter is any type, a small letter in brackets any length."""

    base: str
    args: tuple[Shape | str, ...] = ()
    tail: str = ""

    @property
    def open(self) -> bool:
        """Whether it is a letter for any type."""
        return len(self.base) == 1

    def __str__(self) -> str:
        """Return it as Trino prints it."""
        return f"{self.base}({','.join(map(str, self.args))}){self.tail}" if self.args else self.base

    def filled(self, types: dict[str, Kind], lengths: dict[str, int | None]) -> Kind:
        """Return the type with its holes filled."""
        if self.open:
            return types.get(self.base, UNKNOWN)
        if self.base in _ROUNDED:
            precision, scale = (int(lengths.get(str(name)) or 0) for name in self.args)
            return decimal(*_ROUNDED[self.base](precision, scale))
        args = [self._filled(arg, types, lengths) for arg in self.args]
        return Kind(self.base + self.tail, tuple(arg for arg in args if arg is not None))

    @staticmethod
    def _filled(arg: Shape | str, types: dict[str, Kind], lengths: dict[str, int | None]) -> int | Kind | None:
        if isinstance(arg, Shape):
            return arg.filled(types, lengths)
        return int(arg) if arg.isdigit() else lengths.get(arg)


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function."""

    name: str
    formals: tuple[Shape, ...]
    result: Shape
    many: bool = False
    rules: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return it as Trino prints it."""
        rules = ", ".join(f"{letter}:{rule}" for letter, rule in self.rules)
        return f"{self.name}({', '.join(map(str, self.formals))}) {rules}".rstrip()

    def spread(self, count: int) -> tuple[Shape, ...] | None:
        """Return its formals for a number of arguments, or None if it does not take so many."""
        if self.many and count >= len(self.formals):
            return self.formals + self.formals[-1:] * (count - len(self.formals))
        return self.formals if count == len(self.formals) else None


@dataclass(slots=True)
class Match:
    """What a signature's letters stand for in one call."""

    signature: Signature
    formals: tuple[Shape, ...]
    unasked: bool
    types: dict[str, Kind] = field(default_factory=dict)
    lengths: dict[str, int | None] = field(default_factory=dict)

    @property
    def kinds(self) -> list[Kind]:
        """The types it takes."""
        return [shape.filled(self.types, self.lengths) for shape in self.formals]

    @property
    def result(self) -> Kind:
        """The type it gives."""
        return self.signature.result.filled(self.types, self.lengths)

    def learn(self, shape: Shape, kind: Kind) -> bool:
        """Fill the letters of a formal from an argument; False if it cannot be."""
        if shape.open:
            known = self.types.get(shape.base)
            found = kind if known is None or known == kind else common(known, kind) if self.unasked else None
            if found is not None:
                self.types[shape.base] = found
            return found is not None
        if shape.base + shape.tail != kind.base:
            if not self.unasked:
                return False
            if any(isinstance(arg, str) and not arg.isdigit() for arg in shape.args):
                raised = self._raised(shape, kind)
                return raised is not None and self.learn(shape, raised)
            return True
        inside = kind.args or (None,) * len(shape.args)
        return len(shape.args) in (0, len(inside)) and all(map(self._learn_one, shape.args, inside))

    def _learn_one(self, arg: Shape | str, given: int | Kind | None) -> bool:
        if isinstance(arg, Shape):
            return isinstance(given, Kind) and self.learn(arg, given)
        if arg.isdigit():
            return self.unasked or given == int(arg)
        assert not isinstance(given, Kind)
        known = self.lengths.setdefault(arg, given)
        if known != given:
            self.lengths[arg] = None if known is None or given is None else max(known, given)
        return self.unasked or known == given

    @staticmethod
    def _raised(shape: Shape, kind: Kind) -> Kind | None:
        smallest = {"decimal": (1, 0), "varchar": (0,)}.get(shape.base, (0,))
        wider = common(kind, Kind(shape.base + shape.tail, smallest))
        return wider if wider is not None and wider.base == shape.base + shape.tail else None

    def takes(self, given: Sequence[Kind | Lambda]) -> bool:
        """Tell whether it takes these arguments, and fill every letter."""
        for shape, one in zip(self.formals, given, strict=True):
            if (shape.base == "function") == isinstance(one, Kind):
                return False
            if isinstance(one, Kind) and not self.learn(shape, one):
                return False
        for shape, one in zip(self.formals, given, strict=True):
            if not isinstance(one, Kind) and not self._takes_lambda(shape, one):
                return False
        if not all(_TESTS[rule](self.types[letter]) for letter, rule in self.signature.rules if letter in self.types):
            return False
        known = ((kind, one) for kind, one in zip(self.kinds, given, strict=True) if isinstance(one, Kind))
        return all(coercible(one, kind) if self.unasked else one == kind for kind, one in known)

    def _takes_lambda(self, shape: Shape, body: Lambda) -> bool:
        inner = [arg for arg in shape.args if isinstance(arg, Shape)]
        for _ in range(4):  # a state grows to the type that its own lambda gives
            given = tuple(one.filled(self.types, self.lengths) for one in inner[:-1])
            found = body(given)
            if not self.learn(inner[-1], found):
                return False
            last = inner[-1].filled(self.types, self.lengths)
            if not coercible(found, last) or (found != last and not self.unasked):
                return False
            if given == tuple(one.filled(self.types, self.lengths) for one in inner[:-1]):
                return True
        return False


def _shape(text: str) -> Shape:
    found = re.fullmatch(r"([\w ]+?)\s*(?:\((.*)\)(.*))?", text.strip())
    assert found is not None, text
    parts, depth = [""], 0
    for char in found[2] or "":
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    plain = found[1] in ("varchar", "decimal", "timestamp", *_ROUNDED)
    args = tuple(part.strip() if plain else _shape(part) for part in parts) if found[2] else ()
    return Shape(found[1], args, found[3] or "")


def _signatures(table: str) -> dict[str, tuple[Signature, ...]]:
    rows: dict[str, tuple[Signature, ...]] = {}
    for text in filter(None, (part.strip() for part in re.split(r"[;\n]", table))):
        call, _, result = text.partition(" -> ")
        result, _, rule = result.partition(" where ")
        name, _, inside = call.partition("(")
        letter, _, test = rule.partition(" ")
        shapes = _shape(f"function({inside.removesuffix(')').replace('...', '')})").args
        formals = tuple(shape for shape in shapes if isinstance(shape, Shape))
        row = Signature(name, formals, _shape(result), "..." in inside, ((letter, test),) if rule else ())
        rows[name] = (*rows.get(name, ()), row)
    return rows


_MOMENT = "; ".join(
    f"{name}({of}) -> bigint" for name in MOMENTS for of in ("date", "timestamp(p)", "timestamp(p) with time zone")
)
SCALAR = _signatures(f"{SCALARS}\n{_MOMENT}")
AGGREGATE = _signatures(AGGREGATES)
WINDOW = _signatures(WINDOWS)


def resolve(name: str, given: Sequence[Kind | Lambda]) -> Kind:
    """Return the type of a call.

    Parameters
    ----------
    name : str
        In small letters.
    given : sequence of Kind or callable
        Types of the arguments; a lambda is what gives the type of its body.

    Raises
    ------
    TrinoError
        If there is no such function (`FUNCTION_NOT_FOUND`, without a place).

    Examples
    --------
    >>> from rejectkit.sandbox.trino.typeskinds import DOUBLE, kind_of
    >>> print(resolve("truncate", [DOUBLE]), resolve("element_at", [kind_of("array(varchar)"), kind_of("integer")]))
    double varchar
    """
    rows = (*SCALAR.get(name, ()), *AGGREGATE.get(name, ()), *WINDOW.get(name, ()))
    if not rows:
        raise TrinoError("FUNCTION_NOT_FOUND", f"Function '{name}' not registered")
    fitting = [(row, shapes) for row in rows if (shapes := row.spread(len(given))) is not None]
    for generic in (False, True):
        for row, shapes in fitting:
            if _generic(row) is generic and (match := Match(row, shapes, unasked=False)).takes(given):
                return match.result
    matches = [match for row, shapes in fitting if (match := Match(row, shapes, unasked=True)).takes(given)]
    best = [match for match in matches if all(_narrower(match, other) for other in matches)] or matches
    if not best:
        expected = ", ".join(sorted(map(str, rows)))
        spelled = ", ".join(str(one) if isinstance(one, Kind) else "<function>" for one in given)
        message = f"Unexpected parameters ({spelled}) for function {name}. Expected: {expected}"
        raise TrinoError("FUNCTION_NOT_FOUND", message)
    if len({match.result for match in best}) > 1:  # of a null: what takes it for a plain type comes first
        best = [match for match in best if not _generic(match.signature)] or best
    if len({match.result for match in best}) > 1:
        message = "Could not choose a best candidate operator. Explicit type casts must be added."
        raise TrinoError("AMBIGUOUS_FUNCTION_CALL", message)
    return best[0].result


def _generic(row: Signature) -> bool:
    return any(shape.open or shape.args for shape in row.formals)


def _narrower(match: Match, other: Match) -> bool:
    """Tell whether whatever one match takes, the other would take too."""
    if any(shape.base == "function" for shape in (*match.formals, *other.formals)):
        return match is other
    shapes = other.signature.spread(len(match.formals))
    return shapes is not None and Match(other.signature, shapes, unasked=True).takes(match.kinds)
