"""The choice of a log group: its widget, what is chosen, and which one to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as w

from rejectkit.errors import ArgumentError
from rejectkit.records import LogFormat


def group_box() -> w.Combobox:
    """Return the widget."""
    return w.Combobox(description="Log group", placeholder="of the flow log", continuous_update=False)


def chosen_group(box: Any) -> str:
    """Return the log group that is chosen.

    Raises
    ------
    ArgumentError
        If none is.
    """
    group = str(box.value).strip()
    if not group:
        raise ArgumentError("no log group is chosen; choose the one that the flow log delivers to")
    return group


def first_group(groups: Mapping[str, tuple[LogFormat, ...]]) -> str:
    """Return the log group of a flow log where there is one only, and empty text else.

    Parameters
    ----------
    groups : mapping of str to tuple of LogFormat
        Log groups, with the formats of the flow logs that deliver into each. Where none is of a flow log, each counts.
    """
    delivered = [name for name, formats in groups.items() if formats] or list(groups)
    return delivered[0] if len(delivered) == 1 else ""
