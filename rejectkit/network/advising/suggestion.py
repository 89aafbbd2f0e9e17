"""Suggestion: a change of rules that would let something pass that should, with all that speaks for and against it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

import pandas as pd

from rejectkit.exploring.words import count
from rejectkit.network.edits import AddEntry, AddRule, Change, RemoveRule, ReplaceEntry

_SHOWN = 20  # rows of evidence in HTML


@dataclass(frozen=True, slots=True)
class Admits:
    """What a change lets pass besides what was refused.

    Attributes
    ----------
    addresses : int
        Addresses at the other end that nobody was refused from, or was refused to.
    members : int
        Known interfaces among them: other members of a group that is referred to.
    targets : int
        Other interfaces that the change is for: those that carry the group, or are in the network ACL's subnets.
    ports : int
        Ports that nothing was refused at.
    sentence : str
        The same in words.

    Examples
    --------
    >>> print(Admits(addresses=22, sentence="Besides what was refused: 22 other addresses."))
    Besides what was refused: 22 other addresses.
    """

    addresses: int = 0
    members: int = 0
    targets: int = 0
    ports: int = 0
    sentence: str = ""

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change of rules, or advice to change none.

    Attributes
    ----------
    edits : tuple of changes
        What to do, for `Network.changed`, `what_if`, `plan` and `export`; none where no rule is at fault.
    sentence : str
        What to do, where and why.
    layer : str
        Which layer refused: sg-in, sg-out, nacl-in, nacl-out or nacl-reply.
    resource : str
        The security group or network ACL that it is about.
    evidence : DataFrame
        One row per source (who asked, also of a refused reply), most flows first: `srcAddr`; `name` and `instance`,
        empty where unknown; `flows` and `packets` refused; `first`, `last` (UTC); `ports` and `destinations`, as
        text.
    flows, hosts : int
        Refused flows, and sources.
    first, last : datetime
        When the first and the last of them began, UTC.
    admits : Admits
        What else would pass.
    quota : int
        Rules that the usual quota leaves where the change adds most, in that direction and IP version, after it. Below
        0: more than an account may have unless it asked. Source: Amazon VPC quotas.
    certainty : str
        `certain` where it is certain of all its flows that this layer refused them; else `likely`.
    caution : str
        What to check first; empty if nothing.

    Examples
    --------
    >>> from rejectkit import FileSource, Network
    >>> from rejectkit.network import suggest
    >>> found = suggest(FileSource("data/AWSLogs").records(action=None), Network.from_json("data/network.json"))
    >>> for one in found[:2]:
    ...     print(one.flows, one.edits[0].rule, one.admits)
    3240 inbound tcp 9100 from sg-0220fe47029e5740e Nothing besides what was refused.
    333 inbound tcp 5432 from sg-055007f014f39129a Besides what was refused: the same traffic at 1 other interface.
    """

    edits: tuple[Change, ...]
    sentence: str
    layer: str
    resource: str
    evidence: pd.DataFrame = field(repr=False, compare=False)
    flows: int
    hosts: int
    first: datetime
    last: datetime
    admits: Admits
    quota: int
    certainty: str
    caution: str = ""

    def __str__(self) -> str:
        """Return all of it as lines of text."""
        return "\n".join([self.sentence, *(f"  {name}: {text}" for name, text in self._told())])

    def _repr_html_(self) -> str:
        """Return the same as HTML with the evidence as a table; every text is escaped."""
        told = "".join(f"<li><b>{escape(name)}</b>: {escape(text)}</li>" for name, text in self._told())
        names = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in self.evidence.columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(_cell(value))}</td>' for value in row)}</tr>"
            for row in self.evidence.head(_SHOWN).itertuples(index=False)
        )
        more = len(self.evidence) - _SHOWN
        rest = f"<p>and {count(more, 'more source')}</p>" if more > 0 else ""
        table = f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>{rest}"
        return f"<div><p>{escape(self.sentence)}</p><ul>{told}</ul>{table}</div>"

    def _told(self) -> Iterator[tuple[str, str]]:
        for edit in self.edits:
            yield "change", _said(edit)
        yield (
            "evidence",
            (
                f"{count(self.flows, 'refused flow')} of {count(self.hosts, 'source')}, "
                f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC; {self.certainty}"
            ),
        )
        if self.edits:
            yield "admits", self.admits.sentence
            yield "quota", f"{self.quota} rules left" if self.quota >= 0 else f"{-self.quota} rules too many"
        if self.caution:
            yield "check", self.caution


def _said(edit: Change) -> str:
    if isinstance(edit, AddRule | RemoveRule):
        return f"{'add to' if isinstance(edit, AddRule) else 'remove from'} {edit.rule.group}: {edit.rule}"
    if isinstance(edit, ReplaceEntry):
        return f"replace in {edit.acl}: {edit.before}, by {edit.after}"
    return f"{'add to' if isinstance(edit, AddEntry) else 'remove from'} {edit.acl}: {edit.entry}"


def _cell(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
