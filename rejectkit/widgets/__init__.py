"""Widgets: thin shells that let a mouse and a keyboard use the rest of the toolkit in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rejectkit.widgets.explorer import Explorer

__all__ = ["Explorer"]


def __getattr__(name: str) -> Any:
    """Find a widget on first use, so that naming this package does not load ipywidgets."""
    if name != "Explorer":
        raise AttributeError(f"rejectkit.widgets has no {name!r}; it has {', '.join(__all__)}")
    from rejectkit.widgets.explorer import Explorer

    return Explorer


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
