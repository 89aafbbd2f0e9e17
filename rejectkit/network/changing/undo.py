"""From an undo file to a plan: what a change made goes, what it took away comes back, and the rest stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from rejectkit.aws import Service
from rejectkit.errors import ArgumentError
from rejectkit.network.changing.calls import TAG, call_of
from rejectkit.network.changing.concerned import network_of, read
from rejectkit.network.changing.steps import TRACKED, Move, prepared, steps_of
from rejectkit.network.changing.targets import Target, Thing, normal, same, there
from rejectkit.network.changing.undofile import Undo, load
from rejectkit.network.model import GroupRule, Network
from rejectkit.pacing import Budget
from rejectkit.plans import Plan, Step


def undo(path: str | os.PathLike[str], session: Any, *, budget: Budget | None = None) -> Plan:
    """Return what is to be done so that a change of rules is undone; nothing is changed.

    `undo(path, session).apply()` does it, also after a change that was stopped half-way, and asks nothing: each rule
    was agreed to as it was before. It can be stopped and applied again.

    Parameters
    ----------
    path : path
        Of the undo file, which the change's plan told.
    session : boto3.Session
        Of the same account; the region is the change's.
    budget : Budget, optional
        How fast AWS may be called; the session's own if left out.

    Returns
    -------
    Plan
        Its steps: a rule that the change made goes, if it has the change's tag; one that it took away is put back with
        its description and tags, under a new id; a number of a network ACL gets back what it had. What somebody else
        has changed since is kept, and said. Everything else in the groups and ACLs stays as it is.

    Raises
    ------
    SourceNotFoundError, UnreadableError
        If there is no undo file at the path.
    ArgumentError
        If it is of another account than the session.
    AwsError
        If AWS does not tell what there is.

    Notes
    -----
    As of any change, `apply` asks for a dry run of each call first. Tags of AWS's own (`aws:…`) cannot be put back.

    Examples
    --------
    >>> import os, tempfile
    >>> from rejectkit.network.changing.plan import plan
    >>> from rejectkit.network.edits import AddRule
    >>> from rejectkit.network.model import GroupRule
    >>> from rejectkit.sandbox import start
    >>> with start(scenario=None) as sandbox, tempfile.TemporaryDirectory() as folder:
    ...     ec2 = sandbox.session.client("ec2")
    ...     group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    ...     path = os.path.join(folder, "undo.json")
    ...     change = plan(AddRule(GroupRule(group, False, 6, 443, 443, "10.0.0.0/16")), sandbox.session, undo=path)
    ...     done = change.apply(confirm=True)
    ...     undo(path, sandbox.session).summary
    '1 to remove'
    """
    found = load(path)
    ec2 = Service(session, "ec2", found.region, budget=budget)
    account = ec2.account()
    if account != found.account:
        raise ArgumentError(
            f"the undo file is of account {found.account}, and the session is of {account}; take a session of "
            f"{found.account}"
        )
    return _plan(_Work(found, found.network, ec2))


@dataclass(frozen=True)
class _Work:
    """What an undo is made from, each time anew."""

    file: Undo
    was: Network
    ec2: Service


def _plan(work: _Work) -> Plan:
    now = network_of(read(work.ec2, {one.resource for one in work.file.targets}))
    moves = sorted(_moves(work, now), key=lambda move: move.target.rank)
    steps, calls = steps_of(moves, now, work.ec2)
    title = f"undo of change {work.file.change} of rules in {work.ec2.region}, account {work.file.account}"
    told = tuple(_changed_since(work, now))
    return Plan(title, (*steps, *told), partial(_plan, work), prepared(calls, work.ec2, _nothing))


def _moves(work: _Work, now: Network) -> Iterator[Move]:
    """Yield what becomes of each place of the change, the last one first."""
    for one in reversed(work.file.targets):
        was, found = there(work.was, one), there(now, one)
        target = Target(one.resource, found, was) if found or was else one
        if same(found, was):
            yield Move(target, found, None, "It is as it was.")
        elif one.resource not in now.group_of and one.resource not in now.acl_of:
            yield Move(target, found, None, f"{one.resource} is there no longer.")
        elif why := _by_others(work, one, was, found):
            yield Move(target, found, None, why)
        elif isinstance(was, GroupRule):
            kept = tuple(tag for tag in was.tags if not tag[0].startswith("aws:"))
            lost = "" if kept == was.tags else "Its tags that are AWS's own (aws:…) cannot be put back."
            yield Move(target, found, call_of(target, found, was.description, kept), lost, asks=False)
        else:
            why = TRACKED if isinstance(found, GroupRule) else ""
            yield Move(target, found, call_of(target, found), why, asks=False)


def _by_others(work: _Work, target: Target, was: Thing | None, found: Thing | None) -> str:
    """Return a sentence if somebody else has made a place as it is now; empty if the change has."""
    if same(target.after, was):
        return "The change found it so, and did nothing; somebody else has changed it since, and it stays."
    if not same(target.after, found):
        there_now = f"'{found}'" if found else "gone"
        return f"Somebody else has changed it since: it is {there_now}, and stays so."
    if isinstance(found, GroupRule) and dict(found.tags).get(TAG) != work.file.change:
        return f"It has no tag {TAG}={work.file.change}: somebody else made it, and it stays."
    return ""


def _changed_since(work: _Work, now: Network) -> Iterator[Step]:
    """Yield rules that have the change's tag and are about something else: somebody changed them in their place."""
    places = {one.key for one in work.file.targets}
    for resource in dict.fromkeys(one.resource for one in work.file.targets if one.is_rule):
        group = now.group_of.get(resource)
        for rule in group.rules if group else ():
            if dict(rule.tags).get(TAG) == work.file.change and normal(rule).key not in places:
                why = "The change made it, and somebody else has changed what it is about since: it stays."
                yield Step("keep", "security group rule", f"{resource}: {rule}", why=why)


def _nothing() -> None:
    """Save nothing: an undo is undone by making the change again."""
