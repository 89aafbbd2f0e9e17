"""A mistake told as a suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from rejectkit.exploring.words import listing
from rejectkit.network.advising.admits import admits, quota
from rejectkit.network.advising.cautions import cautions
from rejectkit.network.advising.check import Mended
from rejectkit.network.advising.flows import Line, Seen
from rejectkit.network.advising.suggestion import Suggestion
from rejectkit.network.advising.words import Names, asked, resource_of, sentence
from rejectkit.network.edits import Change


def told(names: Names, lines: Sequence[Line], mended: Mended | None, right: int | None, seen: Seen) -> Suggestion:
    """Return a mistake as a suggestion; `mended` is None where clients should ask for the port `right`."""
    lines = sorted(lines, key=lambda one: not one.layer.startswith("sg"))  # what the groups lack comes first
    edits = mended.edits if mended and mended.passes is not False else ()
    left, table = quota(names.facts, lines[0], edits), _evidence(names, lines)
    return Suggestion(
        edits=edits,
        sentence=sentence(names, lines, edits, right),
        layer=lines[0].layer,
        resource=_resource(names, lines[0], edits),
        evidence=table,
        flows=sum(one.flows for one in lines),
        hosts=len(table),
        first=datetime.fromtimestamp(min(one.first for one in lines), UTC),
        last=datetime.fromtimestamp(max(one.last for one in lines), UTC),
        admits=admits(names, lines, edits),
        quota=left,
        certainty="certain" if all(one.certain for one in lines) else "likely",
        caution=" ".join(cautions(names, lines, mended, seen, left)),
    )


def _resource(names: Names, line: Line, edits: Sequence[Change]) -> str:
    """Return the group or ACL of the first change; else the one that refused, or the groups joined by blanks."""
    for edit in edits:
        return resource_of(edit)
    if line.layer.startswith("sg"):
        return " ".join(sorted(line.interface.groups))
    guard = names.network.guard_of.get(line.interface.subnet)
    return guard.id if guard else ""


def _evidence(names: Names, lines: Sequence[Line]) -> pd.DataFrame:
    """Return one row per source, most flows first."""
    by_source: dict[str, list[Line]] = {}
    for one in lines:
        by_source.setdefault(one.source, []).append(one)
    rows: list[dict[str, Any]] = []
    for source, mine in by_source.items():
        own = names.owner(source, mine[0])
        rows.append(
            {
                "srcAddr": source,
                "name": own.name if own else "",
                "instance": own.instance if own else "",
                "flows": sum(one.flows for one in mine),
                "packets": sum(one.packets for one in mine),
                "first": pd.Timestamp(min(one.first for one in mine), unit="s", tz="UTC"),
                "last": pd.Timestamp(max(one.last for one in mine), unit="s", tz="UTC"),
                "ports": listing(dict.fromkeys(asked(one) for one in mine)),
                "destinations": listing(dict.fromkeys(names.host(one.destination, one) for one in mine)),
            }
        )
    rows.sort(key=lambda row: (-row["flows"], row["srcAddr"]))
    return pd.DataFrame({name: [row[name] for row in rows] for name in rows[0]})
