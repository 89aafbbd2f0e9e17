"""HTML for what the monitor panel says of a Monitor; every text is escaped."""

from __future__ import annotations

from html import escape
from typing import Final

from rejectkit.monitoring.choices import NEVER, Choices
from rejectkit.monitoring.deploying.designs import compared
from rejectkit.monitoring.monitor import LOG_ALARM, METRIC_FILTER, Monitor
from rejectkit.monitoring.patterns.trying import PatternTest
from rejectkit.records import LogFormat

STYLE: Final = """<style>
.rejectkit-monitor h4 { margin: 12px 0 6px; padding-bottom: 3px; font-size: 14px; color: var(--jp-ui-font-color1, #222);
  border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.rejectkit-monitor .rejectkit-controls { grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); }
.rejectkit-monitor .rejectkit-controls { margin-bottom: 8px; }
.rejectkit-monitor .rejectkit-controls > .rejectkit-wide { grid-column: 1 / -1; }
.rejectkit-monitor .rejectkit-controls > .rejectkit-design { max-width: 320px; }
.rejectkit-monitor .widget-html-content { line-height: 1.4; }
.rejectkit-monitor p { margin: 4px 0; }
.rejectkit-monitor .widget-checkbox label { white-space: normal; line-height: 1.35; }
.rejectkit-monitor .rejectkit-controls > .widget-checkbox { justify-content: end; min-height: 44px; }
.rejectkit-monitor pre { background: var(--jp-layout-color2, #f3f3f3); color: var(--jp-ui-font-color1, #222);
  padding: 6px 10px; margin: 4px 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; line-height: 1.4; }
.rejectkit-monitor .rejectkit-table :is(th, td) { white-space: normal; vertical-align: top; }
.rejectkit-monitor .rejectkit-table :is(th, td) + :is(th, td) { padding-left: 9px; }
.rejectkit-monitor .rejectkit-chosen { background: var(--jp-layout-color2, #eef4f8); }
.rejectkit-monitor details > summary { cursor: pointer; padding: 2px 0; }
.rejectkit-monitor ul { margin: 2px 0 6px; padding-left: 20px; }
.rejectkit-monitor table.rejectkit-plan { border-collapse: collapse; width: 100%; font-size: 12px; margin: 0; }
.rejectkit-monitor .rejectkit-plan :is(th, td) { padding: 4px 10px 4px 0; text-align: left; background: none;
  border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.rejectkit-monitor .rejectkit-plan td:first-child { white-space: nowrap; font-weight: 600; }
.rejectkit-monitor .rejectkit-pattern-test code { font-size: 12px; }
.rejectkit-monitor .rejectkit-bar { margin: 8px 0; gap: 2px 6px; }
.rejectkit-monitor .jupyter-button { width: auto; }
</style>"""

FIRST: Final = ("alarm after the flow", "late records", "what it can ask", "cost of the alarm", "cost of queries")
TITLES: Final = {METRIC_FILTER: "Metric filter and metric alarm", LOG_ALARM: "Log alarm"}


def heading(text: str) -> str:
    """Return the heading of a part of the form."""
    return f"<h4>{escape(text)}</h4>"


def text(words: str) -> str:
    """Return words as they stand, a line each."""
    return "".join(f'<div class="rejectkit-said">{escape(line)}</div>' for line in words.split("\n"))


def items(sentences: tuple[str, ...] | list[str]) -> str:
    """Return sentences as a list."""
    return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in sentences)}</ul>" if sentences else ""


def designs(monitor: Monitor, chosen: str) -> str:
    """Return the differences of the two designs for a monitor's rule: what matters most, and all of them to be opened.

    `chosen` is the design that is chosen, which may not go together with the monitor's other values yet.
    """
    table = compared(monitor)
    first = table[table["aspect"].isin(FIRST)]
    caption, title = "What the choice means with this rule", "All differences, with their sources"
    rows = [tuple(row) for row in first[["aspect", METRIC_FILTER, LOG_ALARM]].itertuples(index=False)]
    every = [tuple(row) for row in table.itertuples(index=False)]
    more = f"<details><summary>{title}</summary>{_table(every, chosen, title, ('Source', 'Certainty'))}</details>"
    return _table(rows, chosen, caption) + more


def _table(rows: list[tuple[str, ...]], chosen: str, caption: str, more: tuple[str, ...] = ()) -> str:
    titles = [
        (f"{title} (chosen)" if design == chosen else title, ' class="rejectkit-chosen"' if design == chosen else "")
        for design, title in TITLES.items()
    ]
    columns = [("", ""), *titles, *((title, "") for title in more)]
    head = "".join(f'<th scope="col"{mark}>{escape(title)}</th>' for title, mark in columns)
    body = ""
    for first, *others in rows:
        cells = zip(others, columns[1:], strict=True)
        told = "".join(f"<td{mark}>{escape(cell)}</td>" for cell, (_, mark) in cells)
        body += f'<tr><th scope="row">{escape(first)}</th>{told}</tr>'
    return (
        f'<div class="rejectkit-scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table class="rejectkit-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def which(monitor: Monitor, formats: tuple[LogFormat, ...] = ()) -> str:
    """Return what selects the lines, as text, and what it cannot say."""
    found = []
    if formats and monitor.log_format not in formats:
        found.append("This is not the log format of the flow log that delivers into the log group.")
    if len(formats) > 1:
        found.append(f"Flow logs of {len(formats)} formats deliver into the log group; a pattern fits one of them.")
    told = "".join(f'<p><strong class="rejectkit-warning">&#9650; warning</strong> {escape(one)}</p>' for one in found)
    if monitor.design == LOG_ALARM:
        own = monitor.query is not None
        query = monitor.query or (monitor.choices or Choices()).query(monitor.log_format)
        return f"{told}{text('The query, one of your own:' if own else 'The query:')}<pre>{escape(query)}</pre>"
    own = monitor.choices is None
    title = "The pattern is one of your own, so the choices above are not used:" if own else "The pattern:"
    never = f"<details open><summary>What no pattern can say</summary>{items(list(NEVER))}</details>"
    return f"{told}{text(title)}<pre>{escape(monitor.pattern.text)}</pre>{never}"


def tested(test: PatternTest) -> str:
    """Return what a pattern matches of real lines, with the lines open."""
    return heading("The pattern on real lines") + test._repr_html_()


def closed(html: str) -> str:
    """Return what `tested` gave without the lines, which can be opened."""
    return html.replace("<details open>", "<details>")


def rule(monitor: Monitor) -> str:
    """Return the rule in one line."""
    return text(f"The rule: {monitor.rule}.")
