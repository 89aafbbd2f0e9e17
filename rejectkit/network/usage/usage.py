"""Rules that nothing has used, and rules that are wider than what used them, by the accepted records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from rejectkit.exploring.flows import NONE, Flows
from rejectkit.network.blaming.sides import Sides
from rejectkit.network.edits import RemoveEntry, RemoveRule
from rejectkit.network.given import check, filled
from rejectkit.network.judging.words import rule_name
from rejectkit.network.model import AclEntry, GroupRule, Network
from rejectkit.network.usage.fit import Hosts, fits
from rejectkit.network.usage.flows import Evidence, Evidences, Used
from rejectkit.network.usage.rules import USED, GroupUses, Use, acl_uses
from rejectkit.network.usage.words import STATES, state_of, told_unused, told_wide
from rejectkit.sources.base import Watch

_UTC = "datetime64[ms, UTC]"
_EVIDENCE = {"records": "Int64", "interfaces": "Int64", "days": "float64", "first": _UTC, "last": _UTC}
_NAMED = {"resource": "str", "name": "str", "rule": "str", "text": "str"}
_UNUSED = {"state": "str", **_NAMED, "flows": "Int64", **_EVIDENCE, "because": "str", "edit": "object"}
_WIDE = {
    **_NAMED, "proposed": "str", "flows": "Int64", "ports": "Int64", "hosts": "Int64", "open": "float64",
    "left": "float64", **_EVIDENCE, "because": "str", "edits": "object",
}  # fmt: skip


def unused(records: pd.DataFrame, network: Network, *, watch: Watch | None = None) -> pd.DataFrame:
    """Return the rules of groups and network ACLs that nothing in the records needs, and how long the evidence is.

    Parameters
    ----------
    records : DataFrame
        Flow records as `source.records(action=None)` gives them. What was accepted uses rules; what was refused uses
        the denies of network ACLs.
    network : Network
        The rules, interfaces and subnets.
    watch : Watch, optional
        Told how far it is; may cancel.

    Returns
    -------
    DataFrame
        One row per rule that is not plainly used, those that nothing used first.

        - `state` : `unused`; `covered`, where another rule would let pass (or refuse) all that used it; `no records`,
          where there are none of its interfaces; `no interface`, where its group or ACL is on none; `cannot tell`,
          where the rule names a prefix list or group of which the members are not known.
        - `resource`, `name` : id and name of the group or ACL; `rule` : id or words of a group's rule, number of an
          ACL's; `text` : the rule in words.
        - `flows` : records that used it; `records`, `interfaces` : of those that carry the group or are in the ACL's
          subnets, which is what the row stands on; `days` : from the first of those records to the last, `first` and
          `last` (UTC).
        - `because` : a sentence.
        - `edit` : the change that removes the rule, for `what_if` and `plan`.

        `attrs["told"]` has sentences on what the whole answer stands on.

    Raises
    ------
    ArgumentError
        If a column is missing, or an argument is of another kind.
    QueryCancelledError
        If `watch` was cancelled.

    Notes
    -----
    Of the rules of an interface's groups any that fits lets a flow in, so a rule is used if for some flow it is the
    only one; an answer counts as a use by the request that it answers. A network ACL's rule is used if it is the first
    that fits. Source: VPC user guide, "Security group rules", "Network ACLs".

    Examples
    --------
    >>> from rejectkit.network import GroupRule, Interface, Network, SecurityGroup, Subnet, unused
    >>> from rejectkit.records import LogFormat
    >>> rules = tuple(GroupRule("sg-1", False, 6, port, port, "10.0.0.0/8") for port in (22, 5432))
    >>> network = Network(
    ...     subnets=(Subnet("subnet-1", "vpc-1", ("10.0.2.0/24",)),),
    ...     groups=(SecurityGroup("sg-1", "db", rules=rules),),
    ...     interfaces=(Interface("eni-1", "subnet-1", "vpc-1", ("10.0.2.9",), groups=("sg-1",)),),
    ... )
    >>> line = "2 1 eni-1 10.0.2.7 10.0.2.9 40001 5432 6 3 180 1793521440 1793521470 ACCEPT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> unused(table, network)[["state", "rule"]].to_numpy().tolist()
    [['unused', 'inbound tcp 22 from 10.0.0.0/8']]
    """
    used, evidences, _ = _looked(records, network, watch)
    rows = [*_group_rows(network, used, evidences), *_acl_rows(network, used, evidences)]
    frame = _frame(rows, _UNUSED)
    order = frame["state"].map(STATES.index).sort_values(kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    frame.attrs["told"] = [
        "A rule may be needed by what comes more rarely than the records are long: once a month, after a failure.",
        "Covered rules are told one at a time: of two that cover each other only one can go.",
    ]
    return frame


def overwide(records: pd.DataFrame, network: Network, *, watch: Watch | None = None) -> pd.DataFrame:
    """Return the rules of groups whose traffic would fit a smaller one.

    Parameters
    ----------
    records, network, watch
        As for `unused`.

    Returns
    -------
    DataFrame
        One row per rule, the widest first.

        - `resource`, `name`, `rule`, `text` : as `unused` has them.
        - `proposed` : the smaller rules in words; single ports, or a range where many are evident; a group where all
          that used it share one, else collapsed CIDRs, at most four.
        - `flows`, `ports`, `hosts` : what used it: records, distinct ports (0 where it is for no protocol with ports),
          distinct addresses. `open` : how many addresses times ports it is open to, and `left` : how many the smaller
          rules are.
        - `records`, `interfaces`, `days`, `first`, `last`, `because` : as `unused` has them.
        - `edits` : the changes that put the smaller rules in its place, for `what_if` and `plan`; those that add come
          first.

        `attrs["told"]` has sentences on what the whole answer stands on.

    Raises
    ------
    ArgumentError
        As `unused`.

    Notes
    -----
    That a smaller rule lets pass all that was seen does not make it safe: the sentence says how long that was.

    Examples
    --------
    >>> from rejectkit.network import GroupRule, Interface, Network, SecurityGroup, Subnet, overwide
    >>> from rejectkit.records import LogFormat
    >>> network = Network(
    ...     subnets=(Subnet("subnet-1", "vpc-1", ("10.0.2.0/24",)),),
    ...     groups=(SecurityGroup("sg-1", "db", rules=(GroupRule("sg-1", False, 6, 1, 65535, "10.0.0.0/8"),)),),
    ...     interfaces=(Interface("eni-1", "subnet-1", "vpc-1", ("10.0.2.9",), groups=("sg-1",)),),
    ... )
    >>> line = "2 1 eni-1 10.0.2.7 10.0.2.9 40001 5432 6 3 180 1793521440 1793521470 ACCEPT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> overwide(table, network).loc[0, "proposed"]
    'inbound tcp 5432 from 10.0.2.7/32'
    """
    used, evidences, hosts = _looked(records, network, watch)
    carriers = _carriers(network)
    rows = []
    for fit in fits(network, GroupUses(network, used.requests), hosts):
        evidence = evidences.of(carriers.get(fit.rule.group, []))
        rows.append(
            {
                "resource": fit.rule.group,
                "name": network.group_of[fit.rule.group].name,
                "rule": rule_name(fit.rule),
                "text": str(fit.rule),
                "proposed": "; ".join(str(one) for one in fit.proposed),
                "flows": fit.flows,
                "ports": len(fit.ports),
                "hosts": len(fit.hosts),
                "open": float(fit.open),
                "left": float(fit.left),
                **_evidence(evidence),
                "because": told_wide(fit, evidence),
                "edits": fit.edits,
            }
        )
    frame = _frame(rows, _WIDE)
    order = (frame["open"] / frame["left"].clip(lower=1)).sort_values(ascending=False, kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    frame.attrs["told"] = [
        "The smaller rules let pass what was seen, and nothing that comes more rarely than the records are long.",
        "Each row stands by itself: try several at once with what_if before they are carried out.",
    ]
    return frame


def _looked(records: pd.DataFrame, network: Network, watch: Watch | None) -> tuple[Used, Evidences, Hosts]:
    """Return what used the rules, the records of each interface, and what is known of the other ends."""
    hand = watch or Watch()
    check(records, network, "which rules they use")
    hand.report(0.0, "reading the records")
    flows = Flows.of(filled(records))
    hand.check()
    hand.report(0.3, "which way each went")
    sides = Sides.of(flows, network)
    hand.check()
    hand.report(0.4, "what used which rule")
    used = Used.of(network, flows, sides)
    hand.check()
    hand.report(0.8, "looking for rules that could go")
    return used, Evidences(network, flows, sides), Hosts.of(network, flows.names, sides.inside)


def _group_rows(network: Network, used: Used, evidences: Evidences) -> Iterator[dict[str, Any]]:
    sets: dict[tuple[str, ...], int] = {}
    number = np.array([sets.setdefault(one.groups, len(sets)) for one in network.interfaces] + [NONE], np.int64)
    requests, _ = used.requests.summed(number[used.requests.interface])
    carriers = _carriers(network)
    for rule, use in GroupUses(network, requests).each():
        evidence = evidences.of(carriers.get(rule.group, []))
        yield from _row(rule, rule.group, network.group_of[rule.group].name, use, evidence)


def _acl_rows(network: Network, used: Used, evidences: Evidences) -> Iterator[dict[str, Any]]:
    at = {acl.id: place for place, acl in enumerate(network.acls)}
    guards = [at[guard.id] if (guard := network.guard_of.get(one.subnet)) else NONE for one in network.interfaces]
    crossing, guard_of = used.crossing.summed(np.array([*guards, NONE], np.int64)[used.crossing.interface])
    for place, acl in enumerate(network.acls):
        evidence = evidences.of([card for card, guard in enumerate(guards) if guard == place])
        for entry, use in acl_uses(network, acl, crossing.taken(np.flatnonzero(guard_of == place))):
            yield from _row(entry, acl.id, acl.name, use, evidence)


def _row(
    rule: GroupRule | AclEntry, resource: str, name: str, use: Use, evidence: Evidence
) -> Iterator[dict[str, Any]]:
    """Yield the row of a rule, unless it is used."""
    if use.state != USED:
        yield {
            "state": state_of(use, evidence),
            "resource": resource,
            "name": name,
            "rule": rule_name(rule) if isinstance(rule, GroupRule) else str(rule.number),
            "text": str(rule),
            "flows": use.flows,
            **_evidence(evidence),
            "because": told_unused(rule, use, evidence),
            "edit": RemoveRule(rule) if isinstance(rule, GroupRule) else RemoveEntry(resource, rule),
        }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "records": evidence.records,
        "interfaces": evidence.interfaces,
        "days": evidence.days,
        "first": evidence.first,
        "last": evidence.last,
    }


def _carriers(network: Network) -> dict[str, list[int]]:
    """Return the positions of the interfaces that carry each group."""
    found: dict[str, list[int]] = {}
    for at, one in enumerate(network.interfaces):
        for group in one.groups:
            found.setdefault(group, []).append(at)
    return found


def _frame(rows: list[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    """Return rows as a table of typed columns."""
    frame = pd.DataFrame({name: [row[name] for row in rows] for name in columns}, columns=list(columns))
    for name in ("first", "last"):
        frame[name] = pd.to_datetime(frame[name].astype("float64"), unit="s", utc=True)
    return frame.astype(columns)
