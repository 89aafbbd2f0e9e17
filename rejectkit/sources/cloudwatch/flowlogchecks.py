"""What can be amiss with flow logs themselves: what they cover, what they record and how their delivery goes; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from rejectkit.findings import Finding, Severity
from rejectkit.records import LogFormat
from rejectkit.sources.cloudwatch import mends
from rejectkit.sources.cloudwatch.coverage import CLOUDWATCH, S3, FlowLog, Reach, covering
from rejectkit.sources.cloudwatch.flowlogs import Found

BY_INTERFACE = "stats count(*) as records by interfaceId | sort records desc"
BY_ACTION = "stats count(*) as records by action"

# A field that is needed, what cannot be said without it, and how much that matters.
NEEDED: dict[str, tuple[str, Severity]] = {
    "action": ("accepted and refused traffic cannot be told apart", "warning"),
    "interface-id": ("the interface, and so its security groups and network ACL, is not known", "notice"),
    "srcaddr": ("who was refused is not known", "notice"),
    "dstaddr": ("whom they wanted to reach is not known", "notice"),
    "srcport": ("replies and late packets cannot be told from requests", "notice"),
    "dstport": ("which service was refused is not known", "notice"),
    "protocol": ("TCP, UDP and ICMP cannot be told apart", "notice"),
    "start": ("the event's timestamp has to stand for it", "info"),
    "end": ("the delay of delivery cannot be measured", "info"),
    "log-status": ("lost records (SKIPDATA) cannot be seen", "notice"),
}
_NARROW = ("vpc", "subnet", "eni")
_RANK: tuple[Severity, ...] = ("info", "notice", "warning")


def readable(flow_log: FlowLog) -> bool:
    """Tell whether Logs Insights and metric filters can read what a flow log delivers."""
    return flow_log.log_group is not None


def coverage_checks(found: Found, known: bool = True) -> Iterator[Finding]:
    """Yield what is amiss with how far flow logs record each target.

    Parameters
    ----------
    found : Found
        The targets, and their flow logs.
    known : bool
        False where flow logs could not be asked for: then nothing is said.
    """
    if not known:
        return
    if not found.target and not any(one.of_vpc for one in found.flow_logs):
        mend = f"Make one: {mends.create(['vpc-ID'], found.region)}."
        yield Finding(f"There is no flow log in {found.region}: no traffic is recorded.", "warning", mend=mend)
    if not found.target and found.flow_logs and not any(readable(one) for one in found.flow_logs):
        yield _elsewhere(f"All flow logs of {found.region}", found.flow_logs, mends.create(["vpc-ID"], found.region))
    for reach in found.reaches:
        yield from _covered(found, reach)


def _covered(found: Found, reach: Reach) -> Iterator[Finding]:
    everything = covering(found.flow_logs, reach)
    logs = covering(filter(readable, found.flow_logs), reach)
    if everything.extent == "unknown":
        return
    make = mends.create_for(reach, found.region)
    if everything.extent == "none":
        sentence = f"No flow log covers {reach.target}: nothing of its traffic is recorded."
        yield Finding(sentence, "warning", mend=f"Make one: {make}.")
    elif not logs.flow_logs:
        yield _elsewhere(f"All flow logs that cover {reach.target}", everything.flow_logs, make)
    elif logs.extent == "part":
        named = mends.some([f"{one.id} of {one.resource}" for one in logs.flow_logs])
        head = f"Only a part of {reach.target} is covered (by {named})"
        lost = bool(everything.missing)  # what does not go to S3 or Firehose either
        if logs.missing:
            count = f"{len(logs.missing)} of its {len(reach.interfaces)} interfaces"
            how = "is not recorded" if lost else "goes to S3 or Firehose only"
            sentence = f"{head}: the traffic of {count} {how}, {mends.some(logs.missing)}."
        else:
            sentence = f"{head}: every interface of today is recorded, and those made later will not be."
        severity: Severity = "warning" if lost else "notice" if logs.missing else "info"
        yield Finding(sentence, severity, BY_INTERFACE, f"Cover all of it: {make}.")


def _elsewhere(whose: str, flow_logs: tuple[FlowLog, ...], make: str) -> Finding:
    places = [f"{one.id} to {one.destination}" for one in flow_logs]
    kinds = " and ".join(sorted({"S3" if one.destination_type == S3 else "Firehose" for one in flow_logs}))
    sentence = f"{whose} deliver to {kinds} ({mends.some(places)}), which Logs Insights and metric filters cannot read."
    mend = f"Read the files with FileSource, or by Athena; or deliver to CloudWatch Logs too: {make}."
    return Finding(sentence, "notice", mend=mend)


def traffic_checks(found: Found, places: Mapping[str, Reach]) -> Iterator[Finding]:
    """Yield flow logs that leave out refused or accepted traffic which no other one of the same place records.

    Parameters
    ----------
    found : Found
        The targets, and their flow logs.
    places : mapping of str to Reach
        What the resources are part of, by id, as far as that is known.
    """
    logs = [one for one in found.flow_logs if one.of_vpc and readable(one)]
    around = [*logs, *filter(readable, found.sharing)]
    rejecting, accepting = [one for one in around if one.rejects], [one for one in around if one.accepts]
    for one in logs:
        if not one.rejects and not _recorded(one, rejecting, found, places):
            sentence = f"{one.id} records only accepted traffic of {one.resource}: what is refused cannot be seen."
            yield Finding(sentence, "warning", BY_ACTION, mends.replace(one))
        if not one.accepts and not _recorded(one, accepting, found, places):
            sentence = (
                f"{one.id} records only refused traffic of {one.resource}: replies and late packets are harder to "
                "tell from new connections without the accepted flows they belong to."
            )
            yield Finding(sentence, "info", BY_ACTION, mends.replace(one))


def partial(found: Found) -> Iterator[FlowLog]:
    """Yield the flow logs of subnets and interfaces that leave out refused or accepted traffic."""
    for one in found.flow_logs:
        if not (one.rejects and one.accepts) and one.resource.startswith(("subnet-", "eni-")):
            yield one


def _recorded(one: FlowLog, others: Sequence[FlowLog], found: Found, places: Mapping[str, Reach]) -> bool:
    """Tell whether others record all of a flow log's resource, or all of the targets."""
    resource = places.get(one.resource, Reach(one.resource))
    asked = bool(found.reaches) and all(covering(others, reach).extent == "whole" for reach in found.reaches)
    return asked or covering(others, resource).extent == "whole"


def repeated_checks(found: Found) -> Iterator[Finding]:
    """Yield flow logs that write the same traffic into the same log group. Source: "Flow logs basics"."""
    pairs: dict[tuple[FlowLog, FlowLog], list[str]] = {}
    for interface in found.interfaces:
        places = {interface.id, interface.subnet, interface.vpc}
        logs = [one for one in found.flow_logs if readable(one) and one.resource in places]
        for one, other in combinations(logs, 2):
            same = (one.log_group, one.region) == (other.log_group, other.region)
            if same and ((one.rejects and other.rejects) or (one.accepts and other.accepts)):
                pairs.setdefault((one, other), []).append(interface.id)
    for (one, other), ids in pairs.items():
        sentence = (
            f"{one.id} (of {one.resource}) and {other.id} (of {other.resource}) both write the traffic of "
            f"{mends.some(ids)} into {one.log_group}: flows are there twice, and counts and alarms are doubled."
        )
        less = max(one, other, key=lambda log: _NARROW.index(log.resource.partition("-")[0]))
        yield Finding(sentence, "notice", BY_INTERFACE, f"Delete one of them: {mends.delete(less)}.")


def delivery_checks(flow_log: FlowLog) -> Iterator[Finding]:
    """Yield what is amiss with a flow log's delivery. Source: "Troubleshoot VPC Flow Logs"."""
    if flow_log.status != "FAILED":
        return
    one, where = flow_log, flow_log.destination or "its destination"
    if one.error == "Rate limited":
        sentence = (
            f"The delivery of {one.id} to {where} fails with 'Rate limited': CloudWatch Logs takes no more records of "
            "an interface, or no more log groups, and records are lost."
        )
        mend = (
            f"Look at the quotas, {mends.quotas(one.region)}, and ask for more; or record less: a flow log of the "
            "subnets that matter instead of the VPC, or one to S3."
        )
    elif one.error == "Access error":
        sentence = f"The delivery of {one.id} to {where} fails with 'Access error': no record arrives."
        mend = (
            f"{mends.role(one)}."
            if one.destination_type == CLOUDWATCH
            else f"The policy of {where}, and of its key, must let delivery.logs.amazonaws.com write to it."
        )
    else:
        error = one.error or "no reason"
        sentence = f"The delivery of {one.id} to {where} fails with {error!r}: records may not arrive."
        mend = (
            f"It is an error inside the flow logs service: look again in a while, {mends.describe(one)}; if it stays, "
            f"make the flow log anew. {mends.replace(one)}"
        )
    yield Finding(sentence, "warning", mend=mend)


def format_checks(flow_log: FlowLog) -> Iterator[Finding]:
    """Yield the fields that rejectkit needs and a flow log's format lacks."""
    lacking = [name for name in NEEDED if name not in flow_log.format.fields]
    if not lacking:
        return
    whole = LogFormat((*flow_log.format.fields, *lacking))
    said = "; ".join(f"{name} ({NEEDED[name][0]})" for name in lacking)
    severity = max((NEEDED[name][1] for name in lacking), key=_RANK.index)
    sentence = f"The format of {flow_log.id} lacks {said}."
    if flow_log.log_group:
        mend = mends.replace(flow_log, whole, f"{flow_log.log_group}-2")
    else:
        mend = f"Make it anew with --log-format {str(whole)!r}."
    yield Finding(sentence, severity, mend=mend)


def aggregation_checks(flow_log: FlowLog) -> Iterator[Finding]:
    """Yield a flow log that gathers for ten minutes; an alert is that much later."""
    if readable(flow_log) and flow_log.aggregation > 60:
        sentence = (
            f"{flow_log.id} gathers records for up to {flow_log.aggregation} s before it delivers them, so an alert "
            "comes up to nine minutes later than it could; interfaces of Nitro instances keep to 60 s anyway."
        )
        yield Finding(sentence, "info", mend=mends.replace(flow_log))
