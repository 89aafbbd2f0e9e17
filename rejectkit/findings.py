"""Finding: one sentence about what was seen, how much it matters, what shows it, and the mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Literal

import pandas as pd

Severity = Literal["info", "notice", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence a person wants to read before any chart.

    Attributes
    ----------
    sentence : str
        What was seen, in plain words with its figures; times are UTC.
    severity : {"info", "notice", "warning"}
        `warning`: somebody is likely hurt or data is lost; `notice`: worth a look; `info`: context.
    query : str or None
        The Logs Insights query that shows it.
    mend : str or None
        What to do about it.
    data : DataFrame or None
        The rows spoken of.

    Examples
    --------
    >>> print(Finding("2 flows were refused.", "notice", mend="Open port 22."))
    [notice] 2 flows were refused. Open port 22.
    """

    sentence: str
    severity: Severity = "info"
    query: str | None = None
    mend: str | None = None
    data: pd.DataFrame | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Return the sentence with its severity and mend on one line."""
        return f"[{self.severity}] {self.sentence}" + (f" {self.mend}" if self.mend else "")

    def _repr_html_(self) -> str:
        """Return the finding as HTML; everything that came from logs is escaped."""
        mark = {"info": "&#8226;", "notice": "&#9679;", "warning": "&#9650;"}[self.severity]
        colour = {"info": "#555555", "notice": "#0072B2", "warning": "#B34700"}[self.severity]
        mend = f"<br><em>{escape(self.mend)}</em>" if self.mend else ""
        query = (
            f"<details><summary>the query that shows it</summary><pre>{escape(self.query)}</pre></details>"
            if self.query
            else ""
        )
        return (
            f'<div style="border-left:4px solid {colour};padding:.2em .8em;margin:.4em 0">'
            f'<span style="color:{colour}">{mark} {self.severity}</span> {escape(self.sentence)}{mend}{query}</div>'
        )
