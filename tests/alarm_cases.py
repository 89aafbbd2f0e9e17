"""What the tests of alarms share: series of datapoints, and the answers recorded elsewhere."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rejectkit.monitoring.alarms.reasons import Datapoint


def utc(*parts: int) -> datetime:
    """Return a moment of UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def run(newest: datetime, period: int, values: list[float | None]) -> list[Datapoint]:
    """Return datapoints, oldest first, of which the last starts at `newest`."""
    end = newest.timestamp()
    return [
        Datapoint(end - period * back, value, 1) for back, value in zip(range(len(values))[::-1], values, strict=True)
    ]


def masked(text: str) -> str:
    """Return a reason with its dates hidden, as the recordings hide them."""
    return re.sub(r"\(\d\d/\d\d/\d\d \d\d:\d\d:\d\d\)", "(MM/DD/YY HH:MM:SS)", text)


def recorded(shared: Path, test: str) -> dict[str, Any]:
    """Return the recorded answers of one test."""
    path = shared / "data" / "alarms" / "recorded-alarm-responses.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))[test]["recorded-content"]
    return found


def undated(data: Any) -> Any:
    """Return reason data with its dates hidden, as the recordings hide them."""
    if isinstance(data, dict):
        return {
            key: "date" if key in ("queryDate", "startDate", "timestamp") else undated(each)
            for key, each in data.items()
        }
    return [undated(each) for each in data] if isinstance(data, list) else data
