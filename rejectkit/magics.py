"""`%%insights`: a notebook cell that is a query, with completion while it is written."""

from __future__ import annotations

import argparse
import inspect
import keyword
import re
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, cast

import pandas as pd
from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from rejectkit.errors import ArgumentError, RejectkitError, RejectkitWarning
from rejectkit.insights.completion import complete
from rejectkit.records import LogFormat
from rejectkit.sources.base import UNSETTLED, Source
from rejectkit.window import Window

OPTIONS = ("--source", "--window", "--all", "--out")
MATCHER = "rejectkit.insights"
_EXAMPLE = "%%insights --window 24h"
_FIRST_LINE = re.compile(r"\s*%%insights(?![^\s])")
_LINE = re.compile(r"\s*%insights\s+(\S*)")


@magics_class
class InsightsMagics(Magics):
    """The magics `%%insights` and `%insights`, and what completion needs to know of the source."""

    def __init__(self, shell: InteractiveShell) -> None:
        """Start with no source set."""
        super().__init__(shell)
        self._namespace: dict[str, Any] = shell.user_ns
        self._set: str | None = None
        self._known: dict[int, tuple[object, tuple[str, ...]]] = {}

    @line_cell_magic
    @no_var_expand
    def insights(self, line: str, cell: str | None = None) -> pd.DataFrame | None:
        """Answer a Logs Insights query: `%%insights [--source NAME] [--window SPAN | START END] [--all] [--out NAME]`.

        The cell under the first line is the query; its answer, a DataFrame, is the cell's value (`_`). `%insights
        NAME` sets the source that later cells ask, `%insights` says which one that is.

        --source NAME
            The variable that is the source. Where it is left out: the one that `%insights NAME` set, else a source
            called `source`, else the notebook's only one.
        --window SPAN, --window START END
            A span until now (`24h`, `7d`) or two times in ISO 8601, UTC where they name no zone; a time with a
            blank in it stands in quotes. All that the source has where it is left out.
        --all
            All rows, where the query sets no limit; else the language's own limit of 10,000 holds.
        --out NAME
            The variable that the answer is also bound to.

        Python variables are not put into the query, neither as `$name` nor as `{name}`: text from logs is hostile,
        and a value pasted into a query can change what it asks. Use `source.run(...)` where a query has to be made.
        """
        with _in_one_sentence():
            if cell is None:
                self._choose(line)
                return None
            options = _options(line)
            window, out = _window(options.window), _variable(options.out)
            query = cell.rstrip()
            if not query:
                raise ArgumentError(
                    "the cell holds no query; write one under the first line, for example: stats count(*) by dstPort"
                )
            _, source = self._source(options.source)
            with _noted():
                answer = source.run(query, window, all_rows=options.all)
            with suppress(RejectkitError):  # the answer is there; completion can do without
                self._remember(source)
            if UNSETTLED in answer.attrs:
                _say(f"note: records from {_moment(answer.attrs[UNSETTLED])} on may still come in")
            if out is not None:
                self._namespace[out] = answer
            return answer

    def _choose(self, line: str) -> None:
        """Set the source, or say which one it is."""
        given = line.split()
        if len(given) > 1:
            raise ArgumentError(
                f"%insights takes the name of one source, and got {line.strip()!r}; a query goes into a cell that "
                f"begins with {_EXAMPLE!r}"
            )
        name, source = self._source(given[0] if given else None)
        if given:
            self._set = name
        self._remember(source)
        _say(f"%%insights asks {name}: {source!r}")

    def _source(self, name: str | None) -> tuple[str, Source]:
        """Return the source that is meant, and its name."""
        name = name if name is not None else self._set
        if name is not None:
            return name, _named(self._namespace, name)
        found = sources(self._namespace)
        if not found:
            raise ArgumentError(
                "there is no source to ask; make one, for example: source = rk.FileSource('path/to/flow-logs')"
            )
        if "source" in found:
            return "source", found["source"]
        if len({id(source) for source in found.values()}) > 1:
            raise ArgumentError(
                f"there are several sources: {', '.join(found)}; choose one with %insights {next(iter(found))}, or "
                f"for one cell with --source {next(iter(found))}"
            )
        return next(iter(found.items()))

    def _remember(self, source: Source) -> None:
        """Keep a source's fields for completion, now that reading them is quick, or waiting is expected."""
        held = {id(one) for one in sources(self._namespace).values()}  # others may have ended
        self._known = {key: kept for key, kept in self._known.items() if key in held}
        self._known[id(source)] = source, source.fields

    # completion

    def completions(self, text: str) -> tuple[int, list[SimpleCompletion]] | None:
        """Return how a cell may go on: characters that are replaced, and what by; None if it is no such cell.

        Parameters
        ----------
        text : str
            The cell up to the cursor.
        """
        head = _FIRST_LINE.match(text)
        if not head:
            line = _LINE.fullmatch(text.rpartition("\n")[2])
            return _beginning(line[1], list(sources(self._namespace)), "variable") if line else None
        rest = text[head.end() :]
        options, newline, query = rest.partition("\n")
        if not newline:
            return self._option(options) if options else None
        found = complete(query, fields=self._fields(options))
        return len(query) - found.start, [SimpleCompletion(item.text, type=item.kind) for item in found.items]

    def _option(self, text: str) -> tuple[int, list[SimpleCompletion]]:
        *before, part = re.split(r"\s+", text)
        last = before[-1] if before else ""
        if last == "--source":
            return _beginning(part, list(sources(self._namespace)), "variable")
        if last in ("--window", "--out"):
            return _beginning(part, [], "")
        return _beginning(part, [option for option in OPTIONS if option not in before], "option")

    def _fields(self, line: str) -> tuple[str, ...]:
        """Return the fields of the source that a cell would ask, if they are at hand; else those of the default format.

        Nothing is read for them.
        """
        with suppress(RejectkitError):
            name = re.search(r"--source[\s=]+(\S+)", line)
            _, source = self._source(name[1] if name else None)
            kept = self._known.get(id(source))
            if kept is not None and kept[0] is source:
                return kept[1]
            own = inspect.getattr_static(source, "fields", None)
            if isinstance(own, tuple):  # a plain attribute
                return own
        return LogFormat.default().columns


def sources(namespace: Mapping[str, Any]) -> dict[str, Source]:
    """Return the variables that are sources, by name; nothing of them is read."""
    return {name: value for name, value in namespace.items() if not name.startswith("_") and _is_source(value)}


def _is_source(value: object) -> bool:
    """Tell whether a value is a source, without touching `fields`, which may ask AWS."""
    missing = object()
    members = ("run", "records", "fields")
    return not isinstance(value, type) and all(
        inspect.getattr_static(value, member, missing) is not missing for member in members
    )


def _named(namespace: Mapping[str, Any], name: str) -> Source:
    """Return the source that a variable is."""
    if name not in namespace:
        known = ", ".join(sources(namespace))
        raise ArgumentError(
            f"there is no variable {name!r}; "
            + (f"the sources here are {known}" if known else f"make it first, for example: {_example(name)}")
        )
    if not _is_source(namespace[name]):
        kind = type(namespace[name]).__name__
        raise ArgumentError(f"{name} is of type {kind}, which is no source; make one, for example: {_example(name)}")
    return cast("Source", namespace[name])


def _example(name: str) -> str:
    return f"{name if name.isidentifier() else 'source'} = rk.FileSource('path/to/flow-logs')"


class _Options(argparse.ArgumentParser):
    """Options of the magic; what is wrong with them is an error of ours, not the end of the program."""

    def error(self, message: str) -> NoReturn:
        """Refuse the line."""
        raise ArgumentError(
            f"%%insights: {message}; it takes [--source NAME] [--window SPAN | START END] [--all] [--out NAME]"
        )


def _options(line: str) -> argparse.Namespace:
    parser = _Options(prog="%%insights", add_help=False, allow_abbrev=False)
    parser.add_argument("--source")
    parser.add_argument("--window", nargs="+")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--out")
    try:
        return parser.parse_args(shlex.split(line))
    except ValueError as error:  # a quote that is not closed
        if isinstance(error, RejectkitError):
            raise
        parser.error(str(error).lower())


def _window(given: Sequence[str] | None) -> Window | None:
    if given is None:
        return None
    if len(given) > 2:
        raise ArgumentError(
            f"--window got {len(given)} values: {' '.join(given)}; give a span such as 24h, or a start and an end: "
            "2026-11-01T08:00 2026-11-01T09:00"
        )
    return Window.last(given[0]) if len(given) == 1 else Window.parse(*given)


def _variable(name: str | None) -> str | None:
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        raise ArgumentError(f"--out is {name!r}, which cannot be the name of a variable; give one like: rejects")
    return name


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    """Let errors of ours through with their words only: no traceback, the caret under its character."""
    try:
        yield
    except RejectkitError as error:
        lines = [_plain(words) for words in (f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ()))]
        vars(error)["_render_traceback_"] = lambda: lines  # IPython asks an error how it is to be shown
        raise


@contextmanager
def _noted() -> Iterator[None]:
    """Say each warning of ours once, as a note; others go their way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RejectkitWarning)
        try:
            yield
        finally:
            for words in dict.fromkeys(str(one.message) for one in caught if isinstance(one.message, RejectkitWarning)):
                _say(f"note: {words}")
            others = [one for one in caught if not isinstance(one.message, RejectkitWarning)]
    for one in others:
        warnings.showwarning(one.message, one.category, one.filename, one.lineno)


def _moment(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, pd.Timestamp) else str(value)


def _say(words: str) -> None:
    sys.stdout.write(f"{_plain(words)}\n")


def _plain(words: str) -> str:
    """Return a text without characters that steer a terminal; it may come from a log."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in words)


# completion in IPython


class _Nothing(list[SimpleCompletion]):
    """No completion, and yet an answer: IPython takes an empty list for leave to ask the others."""

    def __len__(self) -> int:
        return 1


def _beginning(part: str, words: Sequence[str], kind: str) -> tuple[int, list[SimpleCompletion]]:
    return len(part), [SimpleCompletion(word, type=kind) for word in words if word.startswith(part)]


def _matcher(magics: InsightsMagics) -> Any:
    """Return IPython's matcher over our completions: it answers for our cells alone, and then only it does."""

    def match(context: CompletionContext) -> SimpleMatcherResult:
        lines = context.full_text.split("\n")
        before = "\n".join([*lines[: context.cursor_line], lines[context.cursor_line][: context.cursor_position]])
        found = magics.completions(before)
        if found is None:
            return SimpleMatcherResult(completions=[], suppress=False)
        replaced, items = found
        fragment = before[len(before) - replaced :]
        return SimpleMatcherResult(
            completions=items or _Nothing(), suppress=True, ordered=True, matched_fragment=fragment
        )

    return context_matcher(identifier=MATCHER, priority=1000)(match)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Offer `%%insights` and `%insights` in a shell, with completion: `%load_ext rejectkit`."""
    unload_ipython_extension(shell)
    magics = InsightsMagics(shell)
    shell.register_magics(magics)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(_matcher(magics))


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics and their completion away."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("insights", None)
    if shell.Completer is not None:
        matchers = shell.Completer.custom_matchers
        matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != MATCHER]
