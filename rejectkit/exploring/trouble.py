"""Findings that somebody should act on: inside services that are refused, and replies that do not get through."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rejectkit.exploring import questions
from rejectkit.exploring.refusals import Group, people, replies, services, table
from rejectkit.exploring.rules import Reason
from rejectkit.exploring.services import PORTLESS, port_label, protocol_name
from rejectkit.exploring.story import Story, fitting
from rejectkit.exploring.words import count, listing, moment
from rejectkit.findings import Finding

NAMED = 10
"""Groups that get a finding of their own; the rest share one, whose data has them all."""

REPLIES = (Reason.REPLY_SEEN, Reason.REPLY_FLAGS, Reason.REPLY_ASKED, Reason.REPLY_PORTS)


def hosts(story: Story) -> list[str]:
    """Return the destinations inside that refuse inside sources."""
    flows = story.judged.flows
    at = np.flatnonzero(story.of_kind("inside") & story.judged.inside[flows.dst])
    return story.addresses(at, flows.dst)


def refused_services(story: Story, served: pd.DataFrame) -> list[Finding]:
    """Return a finding for each service that inside sources are refused; `served` is who is let in where."""
    groups = services(story.judged, story.of_kind("inside"))
    found = [_service(story, group, served) for group in groups[:NAMED]]
    rest = groups[NAMED:]
    if rest:
        at = np.concatenate([group.at for group in rest])
        labels = listing(dict.fromkeys(port_label(group.port, group.protocol) for group in rest))
        found.append(
            Finding(
                f"{count(len(rest), 'more group')} of inside addresses are refused, with fewer flows each: "
                f"{count(len(at), 'flow')} at {labels}.",
                "warning" if len(at) > len(rest) else "notice",
                fitting(
                    lambda narrow: questions.pairs(n=None, **narrow),
                    {"port": sorted({group.port for group in rest})},
                    story.addresses(at, story.judged.flows.src),
                    story.addresses(at, story.judged.flows.dst),
                ),
                "Look through the pairs in this finding's data.",
                table(story.judged, at),
            )
        )
    return found


def refused_replies(story: Story) -> list[Finding]:
    """Return a finding for each service whose replies are refused; a security group never does that."""
    judged = story.judged
    sure = story.because(Reason.REPLY_SEEN, Reason.REPLY_FLAGS, Reason.REPLY_ASKED)
    likely = story.because(Reason.REPLY_PORTS) & judged.inside[judged.flows.src]
    return [_reply(story, group) for group in replies(judged, sure | likely)[:NAMED]]


def _service(story: Story, group: Group, served: pd.DataFrame) -> Finding:
    what = f"{port_label(group.port, group.protocol)} of {people(group.destinations)}"
    verb = "is" if len(group.sources) == 1 else "are"
    refused = f"not let out to {what}" if group.outbound else f"refused at {what}"
    course = story.course(group.at)
    sentence = f"{people(group.sources)} {verb} {refused}: {count(group.size, 'flow')} {course.words(group.gap)}."
    before = _before(group, served, course.first)
    if before is not None:
        number, last = before
        flows = f"{count(number, 'such flow')} {'was' if number == 1 else 'were'}"
        sentence += f" Until {moment(last)} {flows} accepted."
    return Finding(
        sentence,
        "warning" if group.size > 1 else "notice",
        fitting(
            lambda narrow: questions.pairs(n=None, **narrow),
            {"port": group.port, "protocol": group.protocol},
            group.sources,
            group.destinations,
        ),
        _mend(group, served, changed=before is not None),
        table(story.judged, group.at),
    )


def _mend(group: Group, served: pd.DataFrame, *, changed: bool) -> str:
    """Return what to do about a refused service: which rules to look at, and what else it may be."""
    protocol = protocol_name(group.protocol)
    what = protocol if group.protocol in PORTLESS else f"{protocol} {group.port}"
    where = listing(group.interfaces) or "its interface"
    subnet = "their subnets" if len(group.interfaces) > 1 else "its subnet"
    if group.outbound:
        rule = f"let {what} out to {people(group.destinations)} in a security group of {where}"
    else:
        rule = f"let {what} in from {people(group.sources)} in a security group of {where}"
    text = (
        f"If it should work, {rule}, and see that the network ACL of {subnet} lets it pass; "
        "the records do not say which of the two refused."
    )
    if changed:
        return f"{text} It worked before, so look first at what was changed at that time."
    others = _elsewhere(group, served)
    if others:
        text += f" Or mend the client, if it means another port: {others}."
    return text


def _before(group: Group, served: pd.DataFrame, first: int) -> tuple[int, int] | None:
    """Return how many flows of the group's pairs were accepted before the first was refused, and the last's time."""
    same = (served["dstPort"] == group.port) & (served["protocol"] == group.protocol)
    same &= served["srcAddr"].isin(group.sources) & served["dstAddr"].isin(group.destinations)
    same &= served["interfaceId"].isin(group.interfaces)
    some = served[same & (served["first"] < first)]
    if some.empty:
        return None
    return int(some["flows"].sum()), int(some["last"].max())


def _elsewhere(group: Group, served: pd.DataFrame) -> str:
    """Return the ports at which the group's destinations do let flows in, where nobody is let in at its own."""
    there = served[served["dstAddr"].isin(group.destinations) & served["interfaceId"].isin(group.interfaces)]
    there = there[there["protocol"] == group.protocol]
    if group.outbound or there.empty or (there["dstPort"] == group.port).any():
        return ""
    ports = there.groupby("dstPort")["flows"].sum().sort_values(ascending=False, kind="stable")
    labels = listing([port_label(int(port), group.protocol) for port in ports.index], 2)
    verb = "accepts" if len(group.destinations) == 1 else "accept"
    return f"{people(group.destinations)} {verb} flows at {labels} and none at {group.port}"


def _reply(story: Story, group: Group) -> Finding:
    judged, flows = story.judged, story.judged.flows
    label = port_label(group.port, group.protocol)
    way = "out" if group.outbound else "in"
    seen = bool((judged.reasons[group.at] != Reason.REPLY_PORTS).any())
    if not seen:
        known = "These records have no accepted flows, so only the ports say that they are replies."
        if judged.accepts:
            known = "Only their ports say that they are replies: the requests are not among the accepted flows."
    else:
        known = "The requests were accepted."
    what = f"{label} replies" if group.protocol in PORTLESS else f"Replies from {label}"
    clients = count(len(np.unique(flows.dst_port[group.at])), "client port")
    to = "" if group.protocol in PORTLESS else f" to {clients}"
    sentence = (
        f"{what} of {people(group.sources)} to {people(group.destinations)} are refused on their way "
        f"{way}: {count(group.size, 'flow')}{to} {story.course(group.at).words()}. {known}"
    )
    rules = (
        f"outbound rules must let {protocol_name(group.protocol)} out to the clients' ports, 1024-65535"
        if group.outbound
        else f"inbound rules must let {protocol_name(group.protocol)} in from {label} to ports 1024-65535"
    )
    if group.protocol in PORTLESS:
        rules = f"{way}bound rules must let {protocol_name(group.protocol)} pass"
    mend = (
        f"A security group lets replies pass, so look at the network ACL of the subnet of "
        f"{listing(group.interfaces) or 'the interface'}: its {rules}."
    )
    narrow: questions.Narrow = {"source_port": group.port, "protocol": group.protocol}
    return Finding(
        sentence,
        "warning" if seen and group.size > 1 else "notice",
        fitting(lambda some: questions.replies(n=None, **some), narrow, group.sources, group.destinations),
        mend,
        table(judged, group.at),
    )
