"""The use of rules in sentences, with how long the evidence is."""

from __future__ import annotations

from math import isnan

from rejectkit.exploring.words import count, listing, span
from rejectkit.network.model import AclEntry, GroupRule
from rejectkit.network.usage.fit import Fit
from rejectkit.network.usage.flows import Evidence
from rejectkit.network.usage.rules import CANNOT_TELL, COVERED, UNUSED, Use

NO_RECORDS, NO_INTERFACE = "no records", "no interface"
STATES = (UNUSED, COVERED, NO_INTERFACE, CANNOT_TELL, NO_RECORDS)
"""States of rules that are not plainly used, in the order of `unused`."""


def state_of(use: Use, evidence: Evidence) -> str:
    """Return the state of a rule, from its use and the records there are."""
    if use.state != UNUSED:
        return use.state
    if not evidence.interfaces:
        return NO_INTERFACE
    return UNUSED if evidence.records else NO_RECORDS


def told_unused(rule: GroupRule | AclEntry, use: Use, evidence: Evidence) -> str:
    """Return why a rule is said to be unused, covered or neither."""
    state = state_of(use, evidence)
    where = "carries its group" if isinstance(rule, GroupRule) else "is in a subnet of its network ACL"
    if state == NO_INTERFACE:
        return f"No network interface {where}, so it lets nothing pass."
    if state == NO_RECORDS:
        return f"There are no records of the {count(evidence.interfaces, 'interface')} it is for; it may be in use."
    if state == CANNOT_TELL:
        peer = rule.peer if isinstance(rule, GroupRule) else rule.cidr
        return f"Some flows may have used it; who belongs to {peer} is not known."
    if state == COVERED:
        other = f", most of it by {_quoted(use.other)}" if use.other else ""
        does = "refused" if isinstance(rule, AclEntry) and not rule.allow else "let pass"
        used = f"Used by {count(use.flows, 'flow')}, but without it all of that would be {does} too"
        return f"{used}{other}. {_stood(evidence)}"
    did = "refused nothing" if isinstance(rule, AclEntry) and not rule.allow else "let nothing pass"
    return f"It {did}. {_stood(evidence)} What comes more rarely is not in it."


def told_wide(fit: Fit, evidence: Evidence) -> str:
    """Return what used a rule, and how long that was looked at."""
    ports = f" to {count(len(fit.ports), 'port')}" if fit.ports else ""
    ends = count(len(fit.hosts), "host")
    used = f"{count(fit.flows, 'flow')}{ports} {'of' if not fit.rule.egress else 'and'} {ends} used it."
    smaller = listing([str(one) for one in fit.proposed], 6)
    return f"{used} {_stood(evidence)} All of that would fit {smaller}; what comes more rarely may not."


def _stood(evidence: Evidence) -> str:
    seen = f"{evidence.seen:,} of {count(evidence.interfaces, 'interface')}"
    long = "with no times" if isnan(evidence.days) else f"{span(evidence.days * 86400)} long"
    return f"The evidence is {count(evidence.records, 'record')} of {seen}, {long}."


def _quoted(rule: GroupRule | AclEntry) -> str:
    return f"{rule.group}'s {rule}" if isinstance(rule, GroupRule) else str(rule)
