"""Widgets: thin shells that let a mouse and a keyboard use the rest of the toolkit in a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rejectkit.widgets.explorer import Explorer
    from rejectkit.widgets.monitor import MonitorPanel
    from rejectkit.widgets.rules import RulesPanel
    from rejectkit.widgets.timing import TimingPanel

__all__ = ["Explorer", "MonitorPanel", "RulesPanel", "TimingPanel"]

_HOMES = {"Explorer": "explorer", "MonitorPanel": "monitor", "RulesPanel": "rules", "TimingPanel": "timing"}


def __getattr__(name: str) -> Any:
    """Find a widget on first use, so that naming this package does not load ipywidgets."""
    if name not in _HOMES:
        raise AttributeError(f"rejectkit.widgets has no {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f"rejectkit.widgets.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
