"""HTML for what the rules panel shows: who refused, what to change, what it would do; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import pandas as pd

from rejectkit.exploring.words import count, listing
from rejectkit.network.advising.suggestion import Suggestion
from rejectkit.network.model import Network
from rejectkit.widgets import markup, rulestables
from rejectkit.widgets.rulesdesk import Read, Tried
from rejectkit.widgets.timingmarkup import Columns, heading, number, sentences, table, words

STYLE: Final = """<style>
.rejectkit-rules .rejectkit-controls { grid-template-columns: repeat(auto-fill, minmax(190px, 1fr));
  margin-bottom: 6px; }
.rejectkit-rules .rejectkit-controls > .rejectkit-wide { grid-column: 1 / -1; max-width: 640px; }
.rejectkit-rules .rejectkit-controls > .jupyter-button { align-self: end; justify-self: start; margin: 0; }
.rejectkit-rules .jupyter-button { width: auto; }
.rejectkit-rules .widget-html-content { line-height: 1.4; }
.rejectkit-rules h4 { margin: 14px 0 6px; padding-bottom: 3px; font-size: 14px; color: var(--jp-ui-font-color1, #222);
  border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.rejectkit-rules p { margin: 4px 0; overflow-wrap: anywhere; }
.rejectkit-rules .rejectkit-bar { margin: 4px 0; gap: 2px 6px; }
.rejectkit-rules .rejectkit-table :is(th, td) { vertical-align: top; }
.rejectkit-rules .rejectkit-table :is(th, td.rejectkit-words) { white-space: normal; overflow-wrap: break-word;
  max-width: 340px; }
.rejectkit-rules .rejectkit-who td:nth-child(8) { min-width: 110px; }
.rejectkit-rules .rejectkit-table thead th { vertical-align: bottom; }
.rejectkit-rules details > summary { cursor: pointer; padding: 2px 0; overflow-wrap: anywhere; }
.rejectkit-rules :is(ul, ol) { margin: 2px 0 6px; padding-left: 22px; overflow-wrap: anywhere; }
.rejectkit-rules .widget-checkbox { width: 100%; height: auto; }
.rejectkit-rules .widget-checkbox label { white-space: normal; line-height: 1.4; height: auto; overflow-wrap: anywhere;
  align-items: flex-start; }
.rejectkit-rules .widget-checkbox input { flex: 0 0 auto; margin-top: 3px; }
.rejectkit-rules .rejectkit-one { border-left: 3px solid var(--jp-border-color2, #ddd); padding: 2px 0 2px 10px;
  margin: 3px 0; }
.rejectkit-rules .rejectkit-more { padding-left: 20px; }
.rejectkit-rules .rejectkit-more table { border-collapse: collapse; font-size: 12px; margin: 4px 0; }
.rejectkit-rules .rejectkit-more :is(th, td) { text-align: left; padding: 2px 12px 2px 0; background: none;
  vertical-align: top; }
.rejectkit-rules table.rejectkit-plan { border-collapse: collapse; width: 100%; font-size: 12px; margin: 0; }
.rejectkit-rules .rejectkit-plan :is(th, td) { padding: 4px 10px 4px 0; text-align: left; background: none;
  border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.rejectkit-rules .rejectkit-plan td:first-child { white-space: nowrap; font-weight: 600; }
.rejectkit-rules .rejectkit-plan td { overflow-wrap: anywhere; }
.rejectkit-rules .rejectkit-verdict { border-left: 4px solid #0072B2; padding: 6px 12px; margin: 6px 0;
  line-height: 1.45; background: var(--jp-layout-color2, #eef4f8); color: var(--jp-ui-font-color1, #222); }
.rejectkit-rules .rejectkit-verdict.rejectkit-worse { border-left-color: #B34700; background: #FFF3E8; color: #222; }
</style>"""

ROWS: Final = 12
"""Rows of a table that are shown at once."""
MORE: Final = 60
"""Rows that can be opened besides."""
OFFERED: Final = 8
"""Suggestions that are offered at once."""


def whole(value: Any) -> str:
    """Return a share in whole per cent."""
    return f"{value:.0%}"


def minute(value: Any) -> str:
    """Return a time, UTC, to the minute."""
    return "–" if pd.isna(value) else f"{value:%Y-%m-%d %H:%M}"


_REFUSALS: Final[Columns] = {
    "refusal": ("Layer", words),
    "who": ("Group or network ACL", words),
    "which": ("Rule", words),
    "inside": ("Inside", number),
    "replies": ("Replies", number),
    "others": ("Others", number),
    "sources": ("Sources", number),
    "ports": ("Ports asked for", words),
    "certain": ("Certain", whole),
    "since": ("Since (UTC)", words),
}
_OUTCOMES: Final[Columns] = {
    "outcome": ("Outcome", words),
    "records": ("Records", number),
    "sources": ("Sources", number),
    "whose": ("Whose", words),
}
_SURPRISES: Final[Columns] = {
    "outcome": ("Outcome", words),
    "kind": ("Kind", words),
    "srcAddr": ("Source", words),
    "dstAddr": ("Destination", words),
    "port": ("Dst port", words),
    "records": ("Records", number),
    "because": ("Because", words),
}


def standing(read: Read) -> str:
    """Return what was read, in sentences."""
    refused, inside = len(read.refused), int((read.refused["kind"] == rulestables.INSIDE).sum())
    of_them = f", {inside:,} of them of inside sources" if inside else ""
    lines = [
        f"{count(len(read.records), 'record')} from {read.window}: {refused:,} refused{of_them}.",
        f"The rules: {read.network}.",
    ]
    told = sentences(read.blame.attrs.get("told", ()))
    return sentences(lines) + (f"<details><summary>What this stands on</summary>{told}</details>" if told else "")


def refusals(shown: pd.DataFrame, network: Network, looked_for: str) -> str:
    """Return who refused the records that are shown: a row each, the largest first, and why.

    `shown` are records as `rulestables.refused` gives them, `looked_for` is the text that they fit.
    """
    fits = f" that {'fits' if len(shown) < 2 else 'fit'} “{looked_for}”" if looked_for else ""
    if shown.empty:
        return markup.sentence(f"There is no refused record{fits} in the window.")
    rows = rulestables.refusals(shown)
    rows["who"] = [rulestables.named(network, one) for one in rows["resource"]]
    rows["which"] = [rulestables.ruled(one) for one in rows["rule"]]
    rows["refusal"] = [rulestables.LAYERS.get(one, one).replace(" ", "\u00a0") for one in rows["layer"]]
    rows["since"] = [minute(one) for one in rows["first"]]
    first, rest = rows.head(ROWS), rows.iloc[ROWS : ROWS + MORE]
    what = f"{count(len(shown), 'refused record')}{fits}, by layer, group or ACL, and rule"
    told = table(first, _REFUSALS, f"{what}; {_of(len(first), len(rows), 'row')}, most of inside sources first")
    if len(rest):
        more = table(rest, _REFUSALS, _of(len(rest), len(rows), "row", len(first)))
        told += f"<details><summary>The next {len(rest)} rows</summary>{more}</details>"
    if len(rows) > ROWS + MORE:
        told += markup.sentence(f"{count(len(rows) - ROWS - MORE, 'further row')}: “Show only” brings them.")
    why = "".join(f"<li>{escape(one)}</li>" for one in first["because"])
    told += f"<details><summary>Why, row by row: the reason of most of its records</summary><ol>{why}</ol></details>"
    return f'<div class="rejectkit-who">{told}</div>'


def _of(shown: int, every: int, noun: str, after: int = 0) -> str:
    if shown == every:
        return f"all {every:,} {noun}s" if every > 1 else f"1 {noun}"
    return f"{noun}s {after + 1:,} to {after + shown:,} of {every:,}"


def evidence(one: Suggestion) -> str:
    """Return what stands behind a suggestion: one line that opens to all of it."""
    told = one._repr_html_().replace(f"<p>{escape(one.sentence)}</p>", "", 1)
    line = f"{count(one.flows, 'refused flow')} of {count(one.hosts, 'source')}; {one.certainty}"
    if one.edits:
        quota = f"{one.quota} rules left" if one.quota >= 0 else f"{-one.quota} rules more than the quota"
        line += f"; {count(len(one.edits), 'change')}; {quota}. {one.admits.sentence}"
    check = (
        f'<p><strong class="rejectkit-warning">&#9650; check</strong> {escape(one.caution)}</p>' if one.caution else ""
    )
    return f'<div class="rejectkit-more"><details><summary>{escape(line)}</summary>{told}</details>{check}</div>'


def advice(one: Suggestion) -> str:
    """Return advice that changes no rule."""
    return f"<p>{escape(one.sentence)}</p>"


def offered(shown: int, fitting: int, every: int) -> str:
    """Return how many suggestions are shown, of how many."""
    if not every:
        return markup.sentence("No change of rules is proposed: of what was refused, nothing seems to be by mistake.")
    if not fitting:
        return markup.sentence(f"None of the {count(every, 'suggestion')} fits what is looked for.")
    many = f"All {count(every, 'suggestion')}" if shown == every > 1 else count(every, "suggestion")
    if shown < every:
        many = f"{shown} of {count(every, 'suggestion')}"
        many += f" ({fitting} {'fits' if fitting == 1 else 'fit'} what is looked for)" if fitting < every else ""
        many += "; “Show only” brings others" if shown < fitting else ""
    return markup.sentence(f"{many}, most refused flows first. Choose one, or several.")


def tried(one: Tried) -> str:
    """Return what the chosen suggestions would make of the records."""
    rows = one.surprises.assign(
        port=[
            rulestables.spoken_port(port, protocol)
            for port, protocol in zip(one.surprises["dstPort"], one.surprises["protocol"], strict=True)
        ]
    )
    others = rows[~rows["expected"].astype(bool)]
    shown = others.head(ROWS)
    told = verdict(one) + table(
        one.outcomes[one.outcomes["records"] > 0], _OUTCOMES, "What the change would make of the records"
    )
    if len(shown):
        told += table(
            shown, _SURPRISES, f"What one may not expect; {_of(len(shown), len(others), 'row')}, the worst first"
        )
    expected = rows[rows["expected"].astype(bool)]
    if len(expected):
        inner = table(expected.head(ROWS), _SURPRISES, _of(min(ROWS, len(expected)), len(expected), "row"))
        told += f"<details><summary>What the change is for</summary>{inner}</details>"
    stands = sentences(one.answer.attrs.get("told", ()))
    return told + (f"<details><summary>What this stands on</summary>{stands}</details>" if stands else "")


def verdict(one: Tried) -> str:
    """Return in words what matters most of a trial."""
    records = dict(zip(one.outcomes["outcome"], one.outcomes["records"], strict=True))
    out, into, unknown = (records[name] for name in ("newly rejected", "newly accepted", "cannot tell"))
    wanted = one.surprises["expected"].astype(bool)
    besides = one.surprises[~wanted & (one.surprises["outcome"] == "newly accepted")]
    said = [f"{count(out, 'record')} would be newly rejected." if out else "Nothing would be newly rejected."]
    if not into:
        said.append("Nothing would be newly accepted either.")
    elif besides.empty:
        said.append(f"{count(into, 'record')} would be newly accepted, all from or to the sources that it is for.")
    else:
        kinds = listing(dict.fromkeys(besides["kind"]), 4)
        said.append(
            f"{count(into, 'record')} would be newly accepted, {int(besides['records'].sum()):,} of them of others "
            f"than it is for (kinds: {kinds})."
        )
    if unknown:
        said.append(f"Of {count(unknown, 'record')} it cannot be told.")
    worse = " rejectkit-worse" if out or len(besides) else ""
    return f'<div class="rejectkit-verdict{worse}" role="status">{escape(" ".join(said))}</div>'


def done(title: str, lines: Sequence[str]) -> str:
    """Return what was done."""
    return heading(title) + sentences(lines)
