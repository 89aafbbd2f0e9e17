"""Leave to spend: a query that would scan more than it may asks in a notebook, and raises in a script."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable

from rejectkit.errors import ArgumentError, CostError
from rejectkit.sources.cost import Estimate
from rejectkit.sources.progress import dollars_text, size_text

Ask = Callable[[str], bool]
_UNITS = {"B": 1.0, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


def scan_limit(given: float | str | None) -> float | None:
    """Return a limit of bytes that is given as a number or as `"5 GB"`; None is no limit.

    Raises
    ------
    ArgumentError
        If it is neither.
    """
    if given is None:
        return None
    number: float = -1.0
    if isinstance(given, str):
        text = given.replace(" ", "").upper()
        unit = next((unit for unit in ("KB", "MB", "GB", "TB", "B") if text.endswith(unit)), "")
        try:
            number = float(text.removesuffix(unit)) * _UNITS[unit] if unit else -1.0
        except ValueError:
            number = -1.0
    elif isinstance(given, int | float) and not isinstance(given, bool):
        number = float(given)
    if not number >= 0:
        raise ArgumentError(f"max_scan is {given!r}; give a number of bytes, a text like '5 GB', or None for no limit")
    return number


def consent(estimate: Estimate, limit: float | None, ask: Ask | None) -> bool:
    """Return whether a query that passes the limit was allowed by a person; False where it does not pass it.

    Parameters
    ----------
    estimate : Estimate
        What it will scan.
    limit : float or None
        Bytes it may scan without asking.
    ask : callable, optional
        Given the question, returns the answer; where it is left out, a notebook asks its user.

    Raises
    ------
    CostError
        If it passes the limit and nobody allowed it.
    """
    if limit is None or estimate.bytes is None or estimate.bytes <= limit:
        return False
    sentence = (
        f"the query would scan about {size_text(estimate.bytes)} ({dollars_text(estimate.dollars)}; worked out from "
        f"{estimate.because}), more than max_scan allows ({size_text(limit)})"
    )
    if (ask or _ask_person)(f"{sentence}. Run it?"):
        return True
    raise CostError(
        f"{sentence}; nothing was run; ask for a shorter window, or give the source a larger max_scan",
        estimated=estimate.bytes,
        limit=limit,
        dollars=estimate.dollars,
    )


def _ask_person(question: str) -> bool:
    """Ask in a notebook or an IPython shell; elsewhere, and where nobody can type, the answer is no."""
    if not getattr(builtins, "__IPYTHON__", False) or threading.current_thread() is not threading.main_thread():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except (EOFError, NotImplementedError):  # a notebook that runs unattended has nobody to ask
        return False
