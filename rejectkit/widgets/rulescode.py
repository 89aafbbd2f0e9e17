"""The Python lines that do what the rules panel did; a click can become a cell."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from rejectkit.sources.base import Source
from rejectkit.widgets.querybar import name_in
from rejectkit.widgets.rulesheld import Held
from rejectkit.window import Window


def code(panel: Any, source_read: Source, held: Held, wanted: Path | None = None) -> str:
    """Return the lines, in the names of the user's notebook.

    Parameters
    ----------
    panel : RulesPanel
    source_read : Source
        Whose records were read, whatever the form says by now.
    held : Held
        What was read, chosen, tried, planned and done.
    wanted : Path or None
        The undo file that is asked for.
    """
    assert held.read is not None, "nothing is shown before it is read"
    asked, chosen = held.read.asked, held.chosen
    shell = get_ipython()
    namespace = dict(shell.user_ns) if shell is not None else {}
    package, own = name_in(namespace, sys.modules.get("rejectkit")), name_in(namespace, panel)
    rk, lines = package or "rk", [] if package else ["import rejectkit as rk", ""]
    session = name_in(namespace, panel.session) or (f"{own}.session" if own else "session")
    source = name_in(namespace, source_read) or (f"{own}.source" if own else "")
    if not source and not asked.log_group:
        source = "source"  # it was given, and has no name there: nobody else can make it
    elif not source:
        source = _free("source", namespace)
        lines.append(f"{source} = {rk}.InsightsSource({asked.log_group!r}, {session})")
    if asked.window is not None:
        lines.append(f"window = {_window(rk, asked.window)}")
    lines.append(f"records = {source}.records(window, action=None)")
    network = name_in(namespace, held.read.network) if held.read.given else None
    if network is None:
        vpc = f", {asked.vpc!r}" if asked.vpc else ""
        made = f"{own or 'panel'}.network" if held.read.given else f"{rk}.Network.from_ec2({session}{vpc})"
        network = _free("network", namespace)
        lines.append(f"{network} = {made}")
    more = (f", sources={list(asked.sources)!r}" if asked.sources else "") + (
        f", widest={asked.widest}" if asked.widest != 24 else ""
    )
    lines += [
        f"blamed = {rk}.network.blame(records, {network})",
        f"advice = {rk}.network.suggest(records, {network}, blamed=blamed{more})",
    ]
    if chosen:
        lines.append(f"chosen = [{', '.join(f'advice[{place}]' for place in chosen)}]")
    if held.tried is not None:
        lines.append(f"outcome = {rk}.network.what_if(records, {network}, chosen)")
    if held.planned:
        path = f", undo={str(wanted)!r}" if wanted else ""
        lines += [
            f"plan = {rk}.network.plan(chosen, {session}, network={network}{path})",
            "print(plan)",
            "# plan.apply(confirm=True)  # once it was read: this line changes the rules",
        ]
    if held.applied is not None and held.undo_file is not None:
        lines.append(f"# {rk}.network.undo({str(held.undo_file)!r}, {session}).apply()  # takes the change back")
    return "\n".join(lines)


def _free(name: str, namespace: Mapping[str, Any]) -> str:
    """Return a name that stands for nothing yet."""
    while name in namespace:
        name += "_"
    return name


def _window(rk: str, window: Window) -> str:
    start, end = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (window.start, window.end))
    return f'{rk}.Window.parse("{start}", "{end}")'
