"""The public surface: its names are sorted, documented, and their examples run."""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib
import inspect
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import rejectkit as rk
from rejectkit import errors


def members(module: ModuleType) -> list[str]:
    """Return a module's public names: its `__all__`, else what it defines without an underscore."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    )


def surface() -> Iterator[tuple[str, object]]:
    """Yield every public name of the package, and of its public modules, with its value."""
    for name in rk.__all__:
        value = getattr(rk, name)
        yield f"rk.{name}", value
        if isinstance(value, ModuleType):
            yield from ((f"rk.{name}.{member}", getattr(value, member)) for member in members(value))


def documented(value: object) -> bool:
    """Tell whether a value is one that carries a docstring: a module, a class or something called."""
    return inspect.ismodule(value) or inspect.isclass(value) or callable(value)


NAMES = {name: value for name, value in surface() if documented(value)}
# What is used by calling it: functions, and the classes that stand on the package itself. Those inside a public
# module are errors, or values that one of its functions returns.
CALLED = {
    name: value
    for name, value in NAMES.items()
    if inspect.isfunction(value) or (inspect.isclass(value) and name.count(".") == 1)
}


def test_public_names_are_sorted_and_all_there() -> None:
    """`__all__` is in order, names nothing twice, and is what `dir()` shows."""
    assert rk.__all__ == sorted(set(rk.__all__))
    assert set(dir(rk)) == {*rk.__all__, "__version__"}


def test_every_public_name_resolves() -> None:
    """Each name of `__all__` is found on first use."""
    missing = [name for name in rk.__all__ if not hasattr(rk, name)]
    assert missing == []


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    """A misspelt public name raises AttributeError, and the error lists what there is."""
    with pytest.raises(
        AttributeError,
        match=r"no name 'FileSorce'; it has AlarmRule, AthenaSource, AthenaTable, Combined, FIELDS, FileSource",
    ):
        rk.FileSorce  # noqa: B018 - looking the name up is the point


@pytest.mark.parametrize("name", [name for name in rk.__all__ if isinstance(getattr(rk, name), ModuleType)])
def test_the_names_of_a_public_module_are_sorted(name: str) -> None:
    """A public module that says what is public says it in order."""
    listed = getattr(getattr(rk, name), "__all__", [])
    assert list(listed) == sorted(set(listed))


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_documented(name: str) -> None:
    """A public name has a docstring of its own whose first line is a sentence."""
    doc = inspect.getdoc(NAMES[name]) if not inspect.isclass(NAMES[name]) else NAMES[name].__doc__
    assert doc
    first = doc.strip().splitlines()[0]
    assert re.search(r"[.!?]$", first), first


@pytest.mark.parametrize("name", CALLED)
def test_every_public_call_shows_an_example(name: str) -> None:
    """A public class or function is used in an example: its own, or one at the top of its module."""
    called = name.rpartition(".")[2]
    module = inspect.getmodule(CALLED[name])
    own, above = inspect.getdoc(CALLED[name]) or "", inspect.getdoc(module) or ""
    parser = doctest.DocTestParser()
    shown = parser.get_examples(own) or [
        example for example in parser.get_examples(above) if re.search(rf"\b{called}\(", example.source)
    ]
    assert shown, f"{name} has no example in its docstring, nor in that of its module"


def test_a_public_constant_is_explained_where_it_is_made() -> None:
    """A name of the package that is neither called nor a module has a text below it in its file."""
    for name in rk.__all__:
        if documented(getattr(rk, name)):
            continue
        home = importlib.import_module(f"rejectkit.{rk._HOMES[name]}")
        body = ast.parse(Path(inspect.getfile(home)).read_text(encoding="utf-8")).body
        after = {
            target.id: following
            for node, following in itertools.pairwise(body)
            for target in getattr(node, "targets", [getattr(node, "target", None)])
            if isinstance(target, ast.Name)
        }
        text = getattr(after.get(name), "value", None)
        assert isinstance(text, ast.Constant), f"{name} has no text below it"
        assert isinstance(text.value, str), f"{name} has no text below it"


def examples() -> Iterator[tuple[str, doctest.DocTest]]:
    """Yield every docstring with an example in the whole package, under its name."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    package = Path(inspect.getfile(rk)).parent
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if parts[-1] == "__main__":
            continue
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        module = importlib.import_module(name)
        yield from ((test.name, test) for test in finder.find(module, name) if test.examples)


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name: str, root: Path) -> None:
    """Every example in a docstring, run in the checkout, prints what it says."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    told: list[str] = []
    with contextlib.chdir(root):
        doctest.DocTestRunner(optionflags=flags, verbose=False).run(EXAMPLES[name], out=told.append)
    assert told == []


def tree(docstring: str) -> dict[str, tuple[str, set[str]]]:
    """Return the classes that the tree in a docstring draws: name to (parent, other bases)."""
    found: dict[str, tuple[str, set[str]]] = {}
    above: list[tuple[int, str]] = []
    for line in docstring.splitlines():
        match = re.match(r"^([\s│├└─]*)(\w+)(?:\s+\((\w+)\))?", line)
        if not match or not match[2].endswith(("Error", "Warning")):
            continue
        depth = len(match[1])
        above = [(at, name) for at, name in above if at < depth]
        found[match[2]] = (above[-1][1] if above else "", {match[3]} if match[3] else set())
        above.append((depth, match[2]))
    return found


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    """The tree at the top of errors.py names every class there, with its parent and the built-in it resembles."""
    classes = {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    }
    drawn = tree(errors.__doc__ or "")
    assert set(drawn) == set(classes)
    for name, (parent, others) in drawn.items():
        bases = {base.__name__ for base in classes[name].__bases__} - {"Exception"}
        assert bases == others | ({parent} if parent else set()), name


def test_the_reader_of_the_tree_sees_parents() -> None:
    """The check above is not blind: it reads depth, siblings and built-ins."""
    text = "AError\n├── BError   (ValueError)  words\n│   └── CError\n└── DError\n\nAWarning (UserWarning)\n"
    assert tree(text) == {
        "AError": ("", set()),
        "BError": ("AError", {"ValueError"}),
        "CError": ("BError", set()),
        "DError": ("AError", set()),
        "AWarning": ("", {"UserWarning"}),
    }
