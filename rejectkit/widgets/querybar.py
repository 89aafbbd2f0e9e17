"""QueryBar: shows a query, copies it, and writes it into the notebook's next cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from rejectkit.window import Window


class QueryBar(anywidget.AnyWidget):
    """The query of what is shown, and two buttons to take it along.

    The buttons work in the browser (`querybar.js`), so they also do while the kernel is busy. A cell can
    be written where the front end is JupyterLab or Notebook 7; elsewhere the text goes to the clipboard.
    """

    _esm = Path(__file__).with_name("querybar.js")
    query = traitlets.Unicode("", help="Logs Insights query text").tag(sync=True)
    code = traitlets.Unicode("", help="the text of the cell that runs it").tag(sync=True)
    note = traitlets.Unicode("", help="a sentence about the query, empty for none").tag(sync=True)
    noun = traitlets.Unicode("query", help="what the buttons call it").tag(sync=True)
    label = traitlets.Unicode("Logs Insights query of what is shown", help="for a screen reader").tag(sync=True)
    place = traitlets.Unicode("", help="model id of the widget whose cell the new one goes under").tag(sync=True)


def cell_text(query: str, window: Window | None, source: str, package: str | None = "rk") -> str:
    """Return Python code that answers a query.

    Parameters
    ----------
    query : str
        Logs Insights text.
    window : Window or None
        None for all the source has.
    source : str
        The expression that names the source in the notebook.
    package : str or None
        The name of rejectkit in the notebook; None where it has none, so that it must be imported.

    Examples
    --------
    >>> print(cell_text("stats count(*)", None, "source"))
    source.run('stats count(*)')
    """
    if window is None:
        return f"{source}.run({_literal(query)})"
    pattern = "%Y-%m-%d %H:%M:%S"
    call = f'{package or "rk"}.Window.parse("{window.start:{pattern}}", "{window.end:{pattern}}")'
    first = "" if package else "import rejectkit as rk\n\n"
    return f"{first}{source}.run({_literal(query)}, {call})"


def _literal(text: str) -> str:
    """Return a text as Python writes it, over several lines where it can be read as it stands."""
    if "\n" not in text:
        return repr(text)
    plain = text.isprintable() or all(line.isprintable() for line in text.split("\n"))
    if plain and '"""' not in text and "\\" not in text and not text.endswith('"'):
        return f'"""\n{text}\n"""'
    return "(\n" + "\n".join(f"    {line!r}" for line in text.splitlines(keepends=True)) + "\n)"


def name_in(namespace: dict[str, Any], value: object) -> str | None:
    """Return the first public name that stands for this very object in a namespace."""
    names = (name for name, held in namespace.items() if held is value and not name.startswith("_"))
    return next(names, None)
