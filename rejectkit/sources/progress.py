"""Progress of one query: a bar while it runs, and one line of what was scanned and what it cost."""

from __future__ import annotations

import builtins
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

DELAY = 0.5
"""Seconds that work may take before a bar appears."""
BETWEEN = 0.1  # seconds between two drawings, but for a new state
_SIZES = ("B", "KB", "MB", "GB", "TB", "PB")


class Bar:
    """How far one query is, as it is shown; drawn by `tqdm.auto`.

    It appears at the first update after half a second. What an update leaves out stays as it was. Safe to use
    from several threads.

    Parameters
    ----------
    title : str
        What runs; stands before the bar.
    show : bool
        False: nothing is ever drawn.
    now : callable
        Gives seconds; a clock that never goes back.

    Attributes
    ----------
    appeared : bool
        Whether it was drawn.
    """

    def __init__(self, title: str, *, show: bool = True, now: Callable[[], float] = time.monotonic) -> None:
        """Start the clock; nothing is drawn yet."""
        self.title = title
        self._show = show
        self._now = now
        self._began = self._drawn = now()
        self._lock = threading.Lock()
        self._bar: Any = None
        self._state = ""
        self._fraction = 0.0
        self._scanned: dict[str, float] = {}

    @property
    def appeared(self) -> bool:
        """Whether it was drawn."""
        return self._bar is not None

    def update(
        self,
        *,
        state: str | None = None,
        fraction: float | None = None,
        records: float | None = None,
        bytes: float | None = None,
        dollars: float | None = None,
    ) -> None:
        """Say how far the query is.

        Parameters
        ----------
        state : str, optional
            What it does: `waiting`, `running`, `reading`.
        fraction : float, optional
            How far it is, from 0 to 1.
        records, bytes : float, optional
            Log events and bytes scanned so far.
        dollars : float, optional
            What that costs.
        """
        with self._lock:
            fresh = state is not None and state != self._state
            self._state = state if state is not None else self._state
            self._fraction = min(1.0, max(0.0, fraction)) if fraction is not None else self._fraction
            given = {"records": records, "bytes": bytes, "dollars": dollars}
            self._scanned |= {name: value for name, value in given.items() if value is not None}
            now = self._now()
            due = now - self._began >= DELAY if self._bar is None else fresh or now - self._drawn >= BETWEEN
            if self._show and due:
                self._drawn = now
                self._draw()

    def scanned(self) -> str:
        """Return what was scanned and what it cost, as far as that was said: `1,024 records, 1.2 MB, $0.0001`."""
        said = self._scanned
        parts = [
            f"{said['records']:,.0f} record{'' if round(said['records']) == 1 else 's'}" if "records" in said else "",
            size_text(said["bytes"]) if "bytes" in said else "",
            dollars_text(said["dollars"]) if "dollars" in said else "",
        ]
        return ", ".join(part for part in parts if part)

    def close(self, *, stopped: bool = False) -> None:
        """Take the bar away and leave its one line, if it was drawn at all.

        Parameters
        ----------
        stopped : bool
            The query did not come to its end.
        """
        with self._lock:
            self._show = False
            if self._bar is None:
                return
            self._bar.n = self._bar.total  # a notebook keeps a bar that is not full, in red
            self._bar.close()
            took = f"{'stopped after ' if stopped else ''}{self._now() - self._began:.1f} s"
            scanned = self.scanned()
            out = _place()
            out.write(f"{self.title}: {f'{scanned} scanned, ' if scanned else ''}{took}\n")
            out.flush()

    def _draw(self) -> None:
        if self._bar is None:
            from tqdm.auto import tqdm  # finds out where it is when it is loaded

            self._bar = tqdm(
                total=1.0,
                leave=False,
                dynamic_ncols=True,
                bar_format="{desc} |{bar}| {elapsed}{postfix}",
                desc=self._words(),
                file=sys.stderr,
            )
            self._bar.start_t -= self._now() - self._began
        self._bar.n = self._fraction
        self._bar.set_description_str(self._words(), refresh=False)
        self._bar.set_postfix_str(self.scanned(), refresh=False)
        self._bar.refresh()

    def _words(self) -> str:
        return f"{self.title}: {self._state}" if self._state else self.title


@contextmanager
def shown(enabled: bool | None, title: str) -> Iterator[Bar]:
    """Give the bar of one query, and take it away when the work is done.

    If the work took longer than half a second, one line stays: what was scanned and what it cost, also where it
    was stopped or failed. In a notebook the line is ordinary output, in a terminal it goes to stderr.

    Parameters
    ----------
    enabled : bool or None
        None: in a notebook, and where stderr is a terminal. Even with True nothing is shown off the main thread,
        or between the cells of a notebook, where widgets are called back and have places of their own for it.
    title : str
        What runs.

    Examples
    --------
    >>> with shown(False, "Logs Insights") as bar:
    ...     bar.update(state="running", fraction=0.5, records=1024, bytes=1234567, dollars=0.000123)
    ...     print(bar.scanned())
    1,024 records, 1.2 MB, $0.0001
    """
    bar = Bar(title, show=_may_show(enabled))
    try:
        yield bar
    except BaseException:
        bar.close(stopped=True)
        raise
    bar.close()


def size_text(size: float) -> str:
    """Return bytes in words, by powers of 1000, as AWS bills them.

    Examples
    --------
    >>> size_text(1234567), size_text(999), size_text(999_999)
    ('1.2 MB', '999 B', '1.0 MB')
    """
    unit, left = 0, float(size)
    while unit < len(_SIZES) - 1 and float(_digits(left, unit).replace(",", "")) >= 1000:
        unit, left = unit + 1, left / 1000
    return f"{_digits(left, unit)} {_SIZES[unit]}"


def _digits(number: float, unit: int) -> str:
    return f"{number:,.1f}" if unit and round(number, 1) < 100 else f"{number:,.0f}"


def dollars_text(dollars: float) -> str:
    """Return US dollars in words; what is more than nothing is never said to be nothing.

    Examples
    --------
    >>> dollars_text(0.000123), dollars_text(0.00001), dollars_text(0), dollars_text(0.025), dollars_text(1234.5)
    ('$0.0001', '<$0.0001', '$0.00', '$0.025', '$1,234.50')
    """
    if dollars >= 1:
        return f"${dollars:,.2f}"
    text = f"{dollars:.4f}"
    if dollars > 0 and not float(text):
        return "<$0.0001"
    whole, _, part = text.partition(".")
    return f"${whole}.{part[:2]}{part[2:].rstrip('0')}"


def _may_show(enabled: bool | None) -> bool:
    """Tell whether a bar may be drawn here and now."""
    if enabled is False or threading.current_thread() is not threading.main_thread():
        return False
    if getattr(builtins, "__IPYTHON__", False) and not _cell_runs():
        return False
    return enabled or _in_notebook() or _is_terminal(sys.stderr)


def _cell_runs() -> bool:
    """Tell whether IPython runs a cell: it has this builtin as long as it does."""
    return hasattr(builtins, "get_ipython")


def _in_notebook() -> bool:
    shell = getattr(builtins, "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def _place() -> TextIO:
    """Return where the last line goes; a notebook shows stderr as if it were an error."""
    return sys.stdout if _in_notebook() else sys.stderr
