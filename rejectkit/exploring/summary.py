"""The findings of a window: the few sentences a person wants before any chart, most important first."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rejectkit.exploring import classify, gathering, noise, trouble
from rejectkit.exploring.sharing import Share
from rejectkit.exploring.story import Story
from rejectkit.findings import Finding
from rejectkit.sources.base import Source, Watch
from rejectkit.window import Window

__all__ = ["summarize"]

MOST_ACCEPTS = 5_000_000
_RANK = {"warning": 0, "notice": 1, "info": 2}


def summarize(
    source: Source,
    window: Window | None = None,
    *,
    own: str | Iterable[str] = (),
    inside: str | Iterable[str] = (),
    most_accepts: int | None = None,
    watch: Watch | None = None,
    **thresholds: float,
) -> list[Finding]:
    """Return what a person should know of a window's refused flows, most important first.

    Which inside services are refused, to whom and since when; whose replies are; what changed; what was lost;
    then how much was refused at all, how much of it is scanning, and what the rest is. Each finding has the query
    that shows the flows spoken of, and what to do where there is something to do.

    Parameters
    ----------
    source : Source
        Where the flow logs are.
    window : Window, optional
        Flows that begin in it; all of them where it is left out.
    own, inside, **thresholds
        As in `classify.sources`.
    most_accepts : int, optional
        Accepted flows above which they are not read: replies and late packets are then told by ports alone, and
        a finding says so. What the source names as its own `most_accepts` where it is left out (fewer where reading
        costs money), else 5,000,000.
    watch : Watch, optional
        Progress and cancel.

    Raises
    ------
    ArgumentError
        If the records lack a field that judging needs, or an argument cannot be used.
    QueryCancelledError
        If the watch was cancelled.

    Examples
    --------
    >>> from rejectkit.sources.base import Source
    >>> def first_sentence(source: Source) -> str:
    ...     return summarize(source)[0].sentence
    """
    watch = watch or Watch()
    most = most_accepts if most_accepts is not None else int(getattr(source, "most_accepts", MOST_ACCEPTS))
    watch.report(0.0, "counting records")
    counts = gathering.counts(source, window, Share(watch, 0.0, 0.1))
    watch.check()
    watch.report(0.1, "reading refused flows")
    records = gathering.flows(source, window, counts, most, Share(watch, 0.1, 0.7))
    watch.check()
    watch.report(0.7, "judging refused flows")
    judged = classify.judged(records, own=own, inside=inside, **thresholds)
    story = Story.of(judged, counts, window)
    watch.check()
    watch.report(0.8, "looking at what is let in")
    hosts = trouble.hosts(story)
    served = gathering.served(source, window, hosts, Share(watch, 0.8, 0.95))
    findings = [
        *trouble.refused_services(story, served),
        *trouble.refused_replies(story),
        *noise.lost(story, getattr(source, "skipped", None)),
        *noise.bursts(story),
        *noise.probes(story),
        *noise.amazon(story),
        *noise.unsure(story),
        *noise.totals(story),
        *noise.scanners(story),
        *noise.strays(story),
        *noise.late(story),
        *noise.quiet(story),
        *noise.unread(story, most),
    ]
    watch.report(1.0, "done")
    order = np.argsort([_RANK[finding.severity] for finding in findings], kind="stable")
    return [findings[place] for place in order]
