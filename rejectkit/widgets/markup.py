"""HTML for what the explorer shows: sentences, a page of the table, a picture; log text is always escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

import pandas as pd

from rejectkit.exploring.services import protocol_name, service_name
from rejectkit.exploring.words import count
from rejectkit.findings import Finding

HEADINGS = {
    "@timestamp": "Time (UTC)",
    "kind": "Kind",
    "direction": "Direction",
    "srcAddr": "Source",
    "dstAddr": "Destination",
    "dstPort": "Dst port",
    "protocol": "Protocol",
    "packets": "Packets",
    "bytes": "Bytes",
    "srcPort": "Src port",
    "interfaceId": "Interface",
}
HIDDEN = {"version", "accountId", "start", "end", "action", "logStatus", "flowDirection", "type"}
NUMERIC = {"srcPort", "packets", "bytes"}

STYLE = """<style>
.rejectkit { max-width: 100%; }
.rejectkit .jupyter-widgets, .rejectkit-still { font-size: 13px; }
.rejectkit-controls { display: grid !important; gap: 6px 14px; overflow: visible;
  grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.rejectkit-controls > .widget-inline-hbox { flex-direction: column; align-items: stretch; width: auto; height: auto;
  margin: 0; }
.rejectkit-controls .widget-label { width: auto; text-align: left; font-weight: 600; line-height: 1.5;
  height: auto; }
.rejectkit-controls > .widget-inline-hbox > select, .rejectkit-controls > .widget-inline-hbox > input {
  flex: 0 0 auto; width: 100%; height: 28px; }
.rejectkit .widget-toggle-button { margin-bottom: 4px; }
.rejectkit-bar { align-items: center; flex-wrap: wrap; min-height: 36px; }
.rejectkit :focus-visible { outline: 2px solid #0072B2; outline-offset: 1px; }
.rejectkit-said { margin: 6px 0; line-height: 1.45; color: var(--jp-ui-font-color1, #222); }
.rejectkit-error { border-left: 4px solid #B34700; padding: 6px 12px; margin: 6px 0; background: #FFF3E8; color: #222;
  white-space: pre-wrap; line-height: 1.45; overflow-wrap: anywhere; }
.rejectkit-findings { line-height: 1.4; color: var(--jp-ui-font-color1, #222); }
.rejectkit-findings summary { cursor: pointer; padding: 2px 0; }
.rejectkit-findings p { margin: 2px 0 4px 16px; }
.rejectkit-findings details details { margin-left: 16px; }
.rejectkit-findings pre { margin: 2px 0 6px 16px; padding: 4px 8px; white-space: pre-wrap; overflow-wrap: anywhere;
  font-size: 12px; background: var(--jp-layout-color2, #f3f3f3); color: inherit; }
.rejectkit-warning { color: #B34700; font-weight: 600; }
.rejectkit-notice { color: #0072B2; font-weight: 600; }
.rejectkit .widget-html-content { min-width: 0; max-width: 100%; }
.rejectkit-scroll { overflow-x: auto; max-width: 100%; }
.rejectkit table.rejectkit-table { border-collapse: collapse; width: 100%; table-layout: auto; margin: 0;
  font-variant-numeric: tabular-nums; line-height: 1.3; font-size: 12px; color: var(--jp-ui-font-color1, #222); }
.rejectkit .rejectkit-table caption { text-align: left; padding: 4px 0; caption-side: top; }
.rejectkit .rejectkit-table tr { background: none; }
.rejectkit .rejectkit-table :is(th, td) { padding: 3px 9px 3px 0; text-align: left; white-space: nowrap;
  border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.rejectkit .rejectkit-table :is(th, td).number { text-align: right; }
.rejectkit-still > pre { font-family: monospace; font-size: 12px; white-space: pre-wrap; }
.rejectkit-chart { overflow-x: auto; }
.rejectkit-chart img { max-width: 100%; min-width: 620px; height: auto; display: block; background: #fff; }
.rejectkit-querybar pre { background: var(--jp-layout-color2, #f3f3f3); color: var(--jp-ui-font-color1, #222);
  padding: 8px 10px; margin: 4px 0; max-height: 11em; overflow: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; font-size: 12px; line-height: 1.4; }
.rejectkit-querybar p { margin: 4px 0; }
.rejectkit-querybar-buttons { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.rejectkit-querybar-buttons button { width: auto; }
.rejectkit-querybar textarea { width: 100%; height: 6em; margin-top: 6px; }
</style>"""


def sentence(text: str) -> str:
    """Return words for the status line; a screen reader says them when they change."""
    return f'<div class="rejectkit-said" role="status" aria-live="polite">{escape(text)}</div>'


def trouble(text: str) -> str:
    """Return words about what went wrong."""
    return f'<div class="rejectkit-error" role="alert">{escape(text)}</div>' if text else ""


def findings(found: Sequence[Finding], most: int = 4) -> str:
    """Return findings, a line each that opens to what to do and to the query; those after `most` open by one line."""
    lines = [_finding(finding) for finding in found]
    rest = "".join(lines[most:])
    if rest:
        rest = f"<details><summary>{count(len(lines) - most, 'more finding')}</summary>{rest}</details>"
    return f'<div class="rejectkit-findings">{"".join(lines[:most])}{rest}</div>'


def _finding(finding: Finding) -> str:
    mark = {"info": "&#8226;", "notice": "&#9679;", "warning": "&#9650;"}[finding.severity]
    line = f'<span class="rejectkit-{finding.severity}">{mark} {finding.severity}</span> {escape(finding.sentence)}'
    inside = f"<p>{escape(finding.mend)}</p>" if finding.mend else ""
    inside += f"<pre>{escape(finding.query)}</pre>" if finding.query else ""
    return f"<details><summary>{line}</summary>{inside}</details>" if inside else f"<p>{line}</p>"


def picture(png: bytes, words: str, width: int) -> str:
    """Return a picture of a chart, `width` CSS pixels wide, with the words that stand for it."""
    data = b64encode(png).decode("ascii")
    return (
        f'<div class="rejectkit-chart" tabindex="0"><img width="{width}" alt="{escape(words, quote=True)}" '
        f'src="data:image/png;base64,{data}"></div>'
    )


def table(page: pd.DataFrame, caption: str) -> str:
    """Return a page of records as a table with a caption.

    Parameters
    ----------
    page : DataFrame
        Records, with `kind` and `direction` where they are known; columns that say the same in every
        flow log (version, account, action …) are left out.
    caption : str
        What is shown, of how many.
    """
    columns = [name for name in HEADINGS if name in page.columns]
    columns += [name for name in page.columns if name not in HEADINGS and name not in HIDDEN]
    columns = [name for name in columns if name != "direction" or page[name].notna().any()]
    head = "".join(f'<th scope="col"{_numeric(name)}>{escape(HEADINGS.get(name, str(name)))}</th>' for name in columns)
    cells = {name: [_cell(name, value) for value in page[name]] for name in columns}
    rows = "".join(
        "<tr>" + "".join(f"<td{_numeric(name)}>{cells[name][place]}</td>" for name in columns) + "</tr>"
        for place in range(len(page))
    )
    return (
        f'<div class="rejectkit-scroll" tabindex="0" role="region" aria-label="Table of rejected flows">'
        f'<table class="rejectkit-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _numeric(name: str) -> str:
    return ' class="number"' if name in NUMERIC else ""


def _cell(name: str, value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]  # any scalar may stand in a frame
        return "–"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if name == "protocol":
        return escape(protocol_name(int(str(value))))
    if name == "dstPort":
        known = service_name(int(str(value)))
        return escape(f"{value} {known}" if known else str(value))
    return escape(f"{value:,}" if name in ("packets", "bytes") else str(value))
