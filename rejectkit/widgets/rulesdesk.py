"""RulesDesk: reads records and rules for the rules panel, and asks who refused them, what to change, and what if."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from rejectkit.aws import Service
from rejectkit.errors import AccessDeniedError, ArgumentError
from rejectkit.exploring import classify
from rejectkit.network.advising.suggest import suggest
from rejectkit.network.advising.suggestion import Suggestion
from rejectkit.network.blaming.blame import blame
from rejectkit.network.changing.plan import RulePlan, plan
from rejectkit.network.changing.undo import undo
from rejectkit.network.model import Network
from rejectkit.network.replaying.what_if import what_if
from rejectkit.network.snapshots.inventory import from_ec2
from rejectkit.pacing import Budget
from rejectkit.plans import Plan
from rejectkit.sources.base import Source, Watch
from rejectkit.sources.cloudwatch.offered import log_groups
from rejectkit.sources.cloudwatch.source import InsightsSource
from rejectkit.widgets import rulestables
from rejectkit.widgets.given import check_session, check_source
from rejectkit.widgets.holding import part, whole
from rejectkit.widgets.loggroup import first_group
from rejectkit.widgets.rulesform import Asked, RulesForm
from rejectkit.widgets.watched import Watched
from rejectkit.window import Window


@dataclass(frozen=True)
class Read:
    """Records and rules, and what follows from them.

    Attributes
    ----------
    asked : Asked
        With its window.
    records : DataFrame
        All of the window, accepted and refused.
    network : Network
        The rules.
    kinds : Series
        The kind of each refused record's source; null of accepted ones.
    blame : DataFrame
        As `rk.network.blame` gives it.
    refused : DataFrame
        The refused records with who refused them.
    suggestions : tuple of Suggestion
        As `rk.network.suggest` gives them.
    given : bool
        Whether the rules were given, and not read from EC2.
    """

    asked: Asked
    records: pd.DataFrame
    network: Network
    kinds: pd.Series
    blame: pd.DataFrame
    refused: pd.DataFrame
    suggestions: tuple[Suggestion, ...]
    given: bool

    @property
    def window(self) -> Window:
        """The window."""
        assert self.asked.window is not None, "it was found out before anything was read"
        return self.asked.window


@dataclass(frozen=True)
class Tried:
    """What the chosen suggestions would make of the records: as `rk.network.what_if` gives it, and as tables."""

    chosen: tuple[int, ...]
    answer: pd.DataFrame
    outcomes: pd.DataFrame
    surprises: pd.DataFrame


@dataclass(frozen=True)
class Proposal:
    """A plan that is shown, of which suggestions, and where its undo file was wanted; None: wherever."""

    chosen: tuple[int, ...]
    wanted: Path | None
    plan: RulePlan


class RulesDesk:
    """Does what the panel's buttons ask for, one thing at a time.

    Parameters
    ----------
    session : boto3.Session
    source : Source or None
        Where the records are; None: a log group, asked by Logs Insights.
    network : Network or None
        The rules; None: as EC2 tells them.
    budget : Budget
        Of calls.
    """

    def __init__(self, session: Any, source: Source | None, network: Network | None, budget: Budget) -> None:
        """Hold nothing yet."""
        self.session, self.budget, self.network = session, budget, network
        self._given, self._made = source, dict[str, Source]()

    def source(self, log_group: str) -> Source:
        """Return where the records are."""
        if self._given is not None:
            return self._given
        if log_group not in self._made:
            self._made[log_group] = InsightsSource(log_group, self.session, budget=self.budget, progress=False)
        return self._made[log_group]

    def offered(self, watch: Watch) -> tuple[list[str], str, list[str]]:
        """Return the log groups, the one to begin with, and the VPCs, as far as they may be seen."""
        groups: dict[str, Any] = {}
        if self._given is None:
            groups = dict(log_groups(self.session, Watched(self.budget, watch, 0.0, 0.6)))
        vpcs = [] if self.network is not None else self._vpcs(watch)
        return list(groups), first_group(groups), vpcs

    def _vpcs(self, watch: Watch) -> list[str]:
        ec2 = Service(self.session, "ec2", budget=Watched(self.budget, watch, 0.6, 1.0))
        try:
            return [_spoken(one) for one in ec2.pages("DescribeVpcs", "Vpcs")]
        except AccessDeniedError:
            return []  # an id can be typed

    def asked(self, form: RulesForm, watch: Watch) -> Asked:
        """Return what a form asks for; when a window that ends now ends, or all there is, is found out and shown.

        Raises
        ------
        RejectkitError
            If the form has a value that cannot be, or the source has no record.
        """
        asked = form.read()
        window = form.time.found(lambda: self._now(watch), lambda: self._span(asked.log_group, watch))
        watch.check()
        return replace(asked, window=window)

    def _now(self, watch: Watch) -> float:
        return Service(self.session, "logs", budget=Watched(self.budget, watch, 0.0, 0.03)).now()

    def _span(self, log_group: str, watch: Watch) -> Window:
        return whole(self.source(log_group), part(watch, 0.0, 0.03))

    def read(self, asked: Asked, watch: Watch) -> Read:
        """Return records and rules, who refused what, and what to change."""
        watch.report(0.03, "reading the records")
        records = self.source(asked.log_group).records(asked.window, None, watch=part(watch, 0.03, 0.5))
        watch.check()
        given = self.network
        network = self._rules(asked.vpc, part(watch, 0.5, 0.7)) if given is None else given
        watch.check()
        watch.report(0.7, "telling kinds of sources")
        kinds = classify.records(records)
        watch.check()
        blamed = blame(records, network, watch=part(watch, 0.75, 0.85))
        refused = rulestables.refused(records, blamed, kinds)
        advice = suggest(
            records, network, sources=asked.sources, widest=asked.widest, blamed=blamed, watch=part(watch, 0.85, 0.98)
        )
        watch.check()
        return Read(asked, records, network, kinds, blamed, refused, tuple(advice), given is not None)

    def _rules(self, vpc: str | None, watch: Watch) -> Network:
        return from_ec2(self.session, vpc, budget=Watched(self.budget, Watch()), progress=False, watch=watch)

    def attempt(self, read: Read, chosen: Sequence[int], watch: Watch) -> Tried:
        """Return what some suggestions would make of the records."""
        some = [read.suggestions[place] for place in chosen]
        answer = what_if(read.records, read.network, some, watch=part(watch, 0.0, 0.9))
        watch.check()
        expected = {str(source) for one in some for source in one.evidence["srcAddr"]}
        return Tried(
            tuple(chosen),
            answer,
            rulestables.outcomes(answer, read.records, read.kinds),
            rulestables.surprises(answer, read.records, read.kinds, expected),
        )

    def plan(self, read: Read, chosen: Sequence[int], undo: Path | None, watch: Watch) -> Proposal:
        """Return the plan of some suggestions."""
        some = [read.suggestions[place] for place in chosen]
        budget = Watched(self.budget, watch, 0.5, 1.0)
        made = plan(some, self.session, network=read.network, undo=undo, budget=budget)
        watch.check()
        budget.release()
        return Proposal(tuple(chosen), undo, made)

    def undo(self, path: Path, watch: Watch) -> Plan:
        """Return the plan that undoes a change."""
        budget = Watched(self.budget, watch, 0.0, 0.4)
        made = undo(path, self.session, budget=budget)
        watch.check()
        budget.release()
        return made


def check(session: Any, source: object, vpc: object, network: object) -> None:
    """Raise if what a panel is given is not what it takes.

    Raises
    ------
    ArgumentError
        With the first that is not.
    """
    check_session(session)
    check_source(source)
    if network is not None and not isinstance(network, Network):
        raise ArgumentError(f"network is {network!r}; give a Network, as rk.Network.from_ec2 reads it")
    if vpc is not None and not isinstance(vpc, str):
        raise ArgumentError(f"vpc is {vpc!r}; give a VPC's id, such as 'vpc-0123'")


def _spoken(vpc: dict[str, Any]) -> str:
    """Return a VPC's id, name and block."""
    names = [tag["Value"] for tag in vpc.get("Tags", []) if tag["Key"] == "Name"]
    return " ".join([vpc["VpcId"], *names, f"({vpc.get('CidrBlock', '')})"])
