"""Findings for context: how much was refused, how much of it is scanning, what was lost, what is no rule's fault."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rejectkit.exploring import questions
from rejectkit.exploring.flows import Ints
from rejectkit.exploring.querytext import Exactly
from rejectkit.exploring.refusals import table
from rejectkit.exploring.rules import Reason
from rejectkit.exploring.services import PORTLESS, port_label
from rejectkit.exploring.story import Story, fitting
from rejectkit.exploring.tide import burst
from rejectkit.exploring.words import count, listing, moment, share, span
from rejectkit.findings import Finding, Severity

KIND_WORDS = {
    "scanner": ("scanning", "scanning"),
    "inside": ("from inside", "from inside"),
    "reply": ("reply", "replies"),
    "late": ("late packet", "late packets"),
    "aws": ("from AWS services", "from AWS services"),
    "probe": ("probing", "probing"),
    "unsure": ("of no sure kind", "of no sure kind"),
}
"""What a flow of a kind is, and what several are, in a sentence."""


def totals(story: Story) -> list[Finding]:
    """Return how much was refused of how much."""
    counts = story.counts
    if not counts.flows:
        return [
            Finding(
                f"There is no flow in the records of {story.where}.",
                "warning",
                questions.status_counts(),
                "Widen the window, or check that the flow log is active and delivers here; its first records take "
                "10 minutes or more.",
            )
        ]
    if not counts.refused:
        return [
            Finding(
                f"No flow was refused: all {count(counts.accepted, 'flow')} of {story.where} were accepted.",
                "info",
                questions.status_counts(),
                "If you expected some, check that the flow log's traffic type is ALL or REJECT.",
            )
        ]
    kinds = {kind: int(story.of_kind(kind).sum()) for kind in KIND_WORDS}
    parts = sorted(((n, kind) for kind, n in kinds.items() if n), key=lambda part: (-part[0], part[1]))
    what = listing([f"{n:,} {KIND_WORDS[kind][n > 1]}" for n, kind in parts], 9)
    whole = f"{counts.refused:,} of {count(counts.flows, 'flow')} ({share(counts.refused, counts.flows)})"
    sentence = f"{whole} were refused, {story.where}: {what}."
    return [Finding(sentence, "info", questions.status_counts())]


def scanners(story: Story) -> list[Finding]:
    """Return how much of what was refused is scanning, from how many, and for what."""
    at = np.flatnonzero(story.of_kind("scanner"))
    if not len(at):
        return []
    flows = story.judged.flows
    people = story.addresses(at, flows.src)
    sentence = (
        f"{count(len(at), 'refused flow')} ({share(len(at), story.counts.refused)}) {_are(len(at))} scanning by "
        f"{count(len(people), 'address', 'addresses')} outside; most asked for: {_ports(story, at)}."
    )
    query = fitting(lambda narrow: questions.sources(n=10_000, **narrow), {}, people)
    if "srcAddr" not in query.split("stats")[0]:
        query = questions.sources(n=10_000, outside=True)
    return [Finding(sentence, "info", query, data=_by_port(story, at))]


def late(story: Story) -> list[Finding]:
    """Return how many packets came after their connection had closed."""
    at = np.flatnonzero(story.of_kind("late"))
    if not len(at):
        return []
    flows = story.judged.flows
    people = story.addresses(at, flows.src)
    which = "a late packet of a connection" if len(at) == 1 else "late packets of connections"
    sentence = (
        f"{count(len(at), 'refused flow')} ({share(len(at), story.counts.refused)}) {_are(len(at))} {which} that had "
        f"closed, from {count(len(people), 'address', 'addresses')}; no rule is to blame."
    )
    query = fitting(lambda narrow: questions.pairs(n=None, **narrow), {}, people, story.addresses(at, flows.dst))
    return [Finding(sentence, "info", query, data=table(story.judged, at))]


def strays(story: Story) -> list[Finding]:
    """Return how many answers came that nobody asked for, or that cannot be told from such."""
    flows, found = story.judged.flows, []
    for reason, about in (
        (Reason.REPLY_STRAY, "answers to what nobody here asked: somebody forges your addresses, or scans from a "
                             "service's port"),
        (Reason.REPLY_PORTS, "replies by their ports; without accepted flows in the records it cannot be told whether "
                             "somebody here asked"),
    ):  # fmt: skip
        at = np.flatnonzero(story.because(reason) & ~story.judged.inside[flows.src])
        if not len(at):
            continue
        people = story.addresses(at, flows.src)
        doors = listing([port_label(port) for port, _ in story.top(at, flows.src_port)])
        sentence = (
            f"{count(len(at), 'refused flow')} from {doors} of {count(len(people), 'address', 'addresses')} outside "
            f"{_are(len(at))} {about}."
        )
        query = fitting(lambda narrow: questions.replies(n=None, **narrow), {}, people, story.addresses(at, flows.dst))
        found.append(Finding(sentence, "info", query, data=table(story.judged, at)))
    return found


def probes(story: Story) -> list[Finding]:
    """Return a finding for each inside source that tries everything, and one for those the user named."""
    flows, found = story.judged.flows, []
    at = np.flatnonzero(story.because(Reason.PROBE_PORTS, Reason.PROBE_SERVICES))
    for code, number in story.top(at, flows.src, 5):
        name, mine = Exactly(flows.names[code]), at[flows.src[at] == code]
        ports, hosts = len(np.unique(flows.dst_port[mine])), len(np.unique(flows.dst[mine]))
        sentence = (
            f"{name} is inside and tried {count(ports, 'port')} of {count(hosts, 'host')}: {count(number, 'flow')} "
            f"refused {story.course(mine).words()}."
        )
        mend = (
            f"If it is a vulnerability scanner of yours, say so with own=[{str(name)!r}] and leave it out of alerts; "
            "if not, look at that machine."
        )
        found.append(Finding(sentence, "notice", questions.pairs(n=None, source=name), mend, table(story.judged, mine)))
    others = len(np.unique(flows.src[at])) - len(found)
    if others > 0:
        sentence = f"{count(others, 'more inside address', 'more inside addresses')} tried many ports or hosts."
        query = fitting(lambda narrow: questions.sources(n=None, **narrow), {}, story.addresses(at, flows.src))
        found.append(Finding(sentence, "notice", query, data=table(story.judged, at)))
    at = np.flatnonzero(story.because(Reason.PROBE_NAMED))
    if len(at):
        people = story.addresses(at, flows.src)
        sentence = (
            f"{count(len(at), 'refused flow')} {_are(len(at))} from {listing(people)}, named as probes of your own."
        )
        query = fitting(lambda narrow: questions.pairs(n=None, **narrow), {}, people)
        found.append(Finding(sentence, "info", query, data=table(story.judged, at)))
    return found


def amazon(story: Story) -> list[Finding]:
    """Return what was refused to AWS's own services."""
    at = np.flatnonzero(story.of_kind("aws"))
    if not len(at):
        return []
    flows = story.judged.flows
    checkers = at[story.judged.reasons[at] == Reason.AWS_CHECKER]
    people = story.addresses(at, flows.src)
    hosts = listing([str(flows.names[code]) for code, _ in story.top(at, flows.dst, 4)])
    more = f", {len(checkers):,} of them Route 53 health checks" if 0 < len(checkers) < len(at) else ""
    who = "Route 53 health checkers" if len(checkers) == len(at) else "AWS services"
    sentence = (
        f"{count(len(people), 'address', 'addresses')} of {who} {'is' if len(people) == 1 else 'are'} refused at "
        f"{_ports(story, at)} of {hosts}: {count(len(at), 'flow')}{more} {story.course(at).words()}."
    )
    mend = None
    if len(checkers):
        mend = "Admit the health checkers' ranges, or delete the health check if nothing should answer there."
    query = fitting(lambda narrow: questions.pairs(n=None, **narrow), {}, people, story.addresses(at, flows.dst))
    return [Finding(sentence, "notice", query, mend, table(story.judged, at))]


def unsure(story: Story) -> list[Finding]:
    """Return who outside may have a reason to be let in, and what else cannot be told."""
    flows, found = story.judged.flows, []
    at = np.flatnonzero(story.because(Reason.UNSURE_INSISTS, Reason.UNSURE_SERVED, Reason.UNSURE_LET_IN))
    if len(at):
        people = story.addresses(at, flows.src)
        named = [str(flows.names[code]) for code, _ in story.top(at, flows.src, len(people))]
        sentence = (
            f"{listing(named)} outside may be more than {'a scanner' if len(people) == 1 else 'scanners'}: "
            f"{count(len(at), 'flow')} refused at {_ports(story, at)}, insisting, or where others are let in."
        )
        mend = "If one of them is an office, a partner or a customer of yours, admit it; leave the others refused."
        query = fitting(lambda narrow: questions.retries(1, n=None, **narrow), {}, people)
        found.append(Finding(sentence, "notice", query, mend, table(story.judged, at)))
    at = np.flatnonzero(story.because(Reason.UNSURE_STRAY, Reason.UNSURE_ADDRESS))
    if len(at):
        sentence = (
            f"{count(len(at), 'refused flow')} {_are(len(at))} of no sure kind: multicast, broadcast, or packets of a "
            "connection these records do not have."
        )
        query = fitting(lambda narrow: questions.pairs(n=None, **narrow), {}, story.addresses(at, flows.src))
        found.append(Finding(sentence, "info", query, data=table(story.judged, at)))
    return found


def bursts(story: Story) -> list[Finding]:
    """Return the greatest burst of refused flows, and who made it."""
    flows, refused = story.judged.flows, np.flatnonzero(story.judged.flows.reject)
    found = burst(flows.start[refused], story.start, story.end)
    if found is None:
        return []
    at = refused[(flows.start[refused] >= found.start) & (flows.start[refused] < found.end)]
    ((code, number),) = story.top(at, flows.src, 1)
    name, kind = (
        str(flows.names[code]),
        Reason(story.top(at[flows.src[at] == code], story.judged.reasons, 1)[0][0]).kind,
    )
    usual = f"; about {round(found.usual):,} is usual in {span(found.end - found.start)}" if found.usual else ""
    sentence = (
        f"A burst: {count(found.number, 'flow')} refused from {moment(found.start)} to {moment(found.end)}{usual}. "
        f"{share(number, len(at))} came from {name} ({KIND_WORDS[kind or 'unsure'][1]}), "
        f"most at {_ports(story, at, 2)}."
    )
    step = "1m" if found.end - found.start < 3600 else "10m"
    severity: Severity = "info" if kind == "scanner" else "notice"
    return [Finding(sentence, severity, questions.timeline(step), data=table(story.judged, at))]


def lost(story: Story, skipped: object) -> list[Finding]:
    """Return what the records do not have: intervals AWS left out, lines that could not be read."""
    found = []
    number = story.counts.skipdata
    if number:
        found.append(
            Finding(
                f"{count(number, 'interval')} {'was' if number == 1 else 'were'} skipped by AWS (SKIPDATA): flows in "
                "them were lost, so what is counted here may be too low.",
                "warning",
                'filter logStatus = "SKIPDATA"\n| stats count(*) as intervals by interfaceId\n| sort intervals desc',
                "Nothing brings them back. An internal limit or error at AWS is the cause; where it happens often, "
                "ask AWS support.",
            )
        )
    if isinstance(skipped, pd.DataFrame) and len(skipped):
        why = ""
        if "reason" in skipped:
            reasons = skipped["reason"].astype("str").value_counts(sort=True)
            why = ": " + listing(
                [f"{reason} ({n:,})" for reason, n in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))]
            )
        sentence = f"{count(len(skipped), 'line')} could not be read and {_are(len(skipped))} left out{why}."
        mend = "See source.skipped for file, line and reason; a wrong log format is the usual cause."
        found.append(Finding(sentence, "warning", None, mend, skipped))
    return found


def quiet(story: Story) -> list[Finding]:
    """Return how many intervals had no traffic."""
    number = story.counts.nodata
    if not number:
        return []
    sentence = f"{count(number, 'interval')} had no traffic (NODATA)."
    query = 'filter logStatus = "NODATA"\n| stats count(*) as intervals by interfaceId\n| sort intervals desc'
    return [Finding(sentence, "info", query)]


def unread(story: Story, most: int) -> list[Finding]:
    """Return whether accepted flows were there to judge by."""
    counts = story.counts
    if counts.refused and not counts.accepted:
        sentence = (
            "No accepted flow is in these records, so replies and late packets are told by their ports alone, and "
            "nobody can say which services do answer."
        )
        mend = "Log traffic of type ALL: a flow log cannot be changed, so create a second one."
        return [Finding(sentence, "notice", questions.status_counts(), mend)]
    if counts.refused and counts.accepted > most:
        sentence = (
            f"{count(counts.accepted, 'accepted flow')} were too many to read ({most:,} at most), so replies and late "
            "packets are told by their ports alone."
        )
        mend = f"Choose a shorter window, or have them read with most_accepts={counts.accepted}."
        return [Finding(sentence, "notice", questions.status_counts(), mend)]
    return []


def _ports(story: Story, at: Ints, most: int = 3) -> str:
    """Return the services most of these flows asked for."""
    flows = story.judged.flows
    code = np.where(np.isin(flows.protocol, tuple(PORTLESS)), 0, flows.dst_port) << 8 | (flows.protocol & 0xFF)
    return listing([port_label(value >> 8, value & 0xFF) for value, _ in story.top(at, code, most)])


def _by_port(story: Story, at: Ints) -> pd.DataFrame:
    """Return these flows by port: flows and sources."""
    flows = story.judged.flows
    frame = pd.DataFrame({"dstPort": flows.dst_port[at], "protocol": flows.protocol[at], "srcAddr": flows.src[at]})
    table = frame.groupby(["dstPort", "protocol"])["srcAddr"].agg(flows="size", sources="nunique").reset_index()
    return table.sort_values("flows", ascending=False, kind="stable", ignore_index=True)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
