"""Records in a log group of a sandbox, and a source that asks for them there: no quotas, and no waiting."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import rejectkit as rk
from rejectkit.pacing import QUOTAS, Budget
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sandbox.logs.logstore import LogStore

_numbers = itertools.count()


def hurry(**more: Any) -> Budget:
    """Return a budget that lets every call pass at once."""
    return Budget(share=1.0, quotas=dict.fromkeys(QUOTAS, 1e9), **more)


def store(sandbox: Sandbox) -> LogStore:
    """Return the log groups of a sandbox's own region."""
    return sandbox._world.region(sandbox.region).of(LogStore)


def fill(sandbox: Sandbox, times: Sequence[int], lines: Sequence[str], fields: Iterable[str], name: str = "") -> str:
    """Put lines into a new log group, at their times in milliseconds; return its name."""
    name = name or f"/test/{next(_numbers)}"
    groups = store(sandbox)
    groups.create(name).created = 0
    groups.formats[name] = rk.LogFormat(tuple(fields))
    groups.put(name, "eni-1-all", list(times), list(lines))
    return name


def on_sandbox(
    times: Sequence[int],
    lines: Sequence[str],
    fields: Sequence[str],
    *,
    limits: Limits | None = None,
    sandbox: Sandbox | None = None,
    **options: Any,
) -> rk.InsightsSource:
    """Return a source over lines in a sandbox, by default one of its own, which lives as long as the source."""
    own = sandbox is None
    if sandbox is None:
        newest = max(times, default=0) // 1000 + 60
        sandbox = start(None, start=datetime.fromtimestamp(newest, UTC), limits=limits or Limits.unlimited())
    name = fill(sandbox, times, lines, fields)
    options = {"format": rk.LogFormat(tuple(fields)), "budget": hurry(), "keep": False, **options}
    source = rk.InsightsSource(name, sandbox.session, **options)
    source.sandbox = sandbox  # type: ignore[attr-defined]  # for tests that look behind the curtain
    if own:
        weakref.finalize(source, sandbox.close)
    return source
