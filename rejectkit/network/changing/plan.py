"""From edits of rules to a plan: what is there is read, each change is shown and asked about, and can be undone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from rejectkit.aws import Service
from rejectkit.errors import ApplyError, ArgumentError, ConflictError, UnreadableError
from rejectkit.network.changing.calls import TAG, call_of, described, tags_of
from rejectkit.network.changing.concerned import Snapshot, differences, network_of, read, refuse_missing
from rejectkit.network.changing.quota import Size, quota_sentences, size, sizes_of
from rejectkit.network.changing.steps import TRACKED, UNTAGGED, Move, named, prepared, steps_of
from rejectkit.network.changing.targets import Target, same, targets_of, there
from rejectkit.network.changing.undofile import Undo, change_id, load, write
from rejectkit.network.model import GroupRule, Network
from rejectkit.pacing import Budget
from rejectkit.plans import Plan


@dataclass(frozen=True, slots=True)
class RulePlan(Plan):
    """The plan of a change of rules.

    Attributes
    ----------
    undo_file : Path
        Which `apply` writes before the first step, and `undo` takes.
    """

    undo_file: Path = field(kw_only=True, compare=False)


def plan(
    edits: Any,
    session: Any,
    *,
    network: Network | None = None,
    undo: str | os.PathLike[str] | None = None,
    region: str | None = None,
    budget: Budget | None = None,
    tags: Mapping[str, str] | None = None,
    description: str = "",
) -> RulePlan:
    """Return what is to be done so that rules are as edits say; nothing is changed.

    Each change has a question, and `apply` takes only those that `confirm` says yes to: `apply(confirm=True)` to all.
    Before the first one, `apply` asks AWS for a dry run of each call, and writes the undo file: the groups and ACLs
    as they are, and the change. `undo` with its path takes the change back.

    Parameters
    ----------
    edits : edit, suggestion, or iterable of them
        What is wanted: AddRule, RemoveRule, AddEntry, RemoveEntry, ReplaceEntry, or anything that has `edits`.
    session : boto3.Session
        The account, and the region unless another is given.
    network : Network, optional
        What the edits were thought out on. Has one of the groups or ACLs been changed since, nothing is planned.
    undo : path, optional
        Of the undo file; `rejectkit-undo-ID.json` in the current folder if left out. The plan tells it: `undo_file`.
    region : str, optional
        Where the groups and ACLs are.
    budget : Budget, optional
        How fast AWS may be called; the session's own if left out.
    tags : mapping of str to str, optional
        Further tags of each rule that is made; each has `rejectkit:change` with the change's id anyway.
    description : str
        Of each rule that is made and has none; what it lets pass if left out. What EC2 does not take in one is `_`.

    Returns
    -------
    RulePlan
        A step for each rule or number that is to be otherwise: what lets pass comes first, what refuses last. What is
        done already is kept, so that a plan that was stopped can be made and applied again.

    Raises
    ------
    ArgumentError
        If an edit cannot be, edits do not fit each other, or the undo file is one of another change.
    MissingResourceError
        If a group or ACL is not there.
    ConflictError
        If one is not as the edits, or the network, take it to be.
    QuotaError
        If it would have more rules than any account can have.
    AwsError
        If AWS does not tell what there is.

    Notes
    -----
    `apply` raises AccessDeniedError, with nothing done, where a dry run says that an action is not allowed. Rules of
    network ACLs take neither description nor tag. Sources: EC2 API Reference; VPC user guide, quotas.

    Examples
    --------
    >>> from rejectkit.network.edits import AddRule
    >>> from rejectkit.network.model import GroupRule
    >>> from rejectkit.sandbox import start
    >>> with start(scenario=None) as sandbox:
    ...     ec2 = sandbox.session.client("ec2")
    ...     group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    ...     made = plan(AddRule(GroupRule(group, False, 6, 443, 443, "10.0.0.0/16")), sandbox.session)
    ...     made.summary
    '1 to create'
    """
    targets = targets_of(edits)
    ec2 = Service(session, "ec2", region, budget=budget)
    account = ec2.account()
    _check(network, tags or {}, ec2.region, account)
    snapshot = read(ec2, {one.resource for one in targets})
    first = network_of(snapshot)
    refuse_missing(first, targets, f"{ec2.region}, account {account}")
    if network is not None:
        _refuse_stale(network, first, targets)
    change = change_id(targets, account, ec2.region)
    sizes = _sizes(ec2, targets, first) if network is None else sizes_of(network)
    path = _path(undo, change, first)
    work = _Work(targets, ec2, account, change, path, dict(tags or {}), description, first, sizes)
    return _plan(work, snapshot)


@dataclass(frozen=True)
class _Work:
    """What a plan is made from, each time anew."""

    targets: tuple[Target, ...]
    ec2: Service
    account: str
    change: str
    path: Path
    tags: Mapping[str, str]
    description: str
    first: Network  # as it was when the plan was made
    sizes: Mapping[str, Size]  # of the prefix lists that the groups' rules have


def _plan(work: _Work, snapshot: Snapshot | None = None) -> RulePlan:
    resources = {one.resource for one in work.targets}
    told = read(work.ec2, resources) if snapshot is None else snapshot
    now = network_of(told)
    where = f"{work.ec2.region}, account {work.account}"
    refuse_missing(now, work.targets, where)
    moves = list(_moves(work, now))
    steps, calls = steps_of(moves, now, work.ec2)
    return RulePlan(
        f"change {work.change} of rules in {where}; undo file {work.path}",
        steps,
        partial(_plan, work),
        prepared(calls, work.ec2, partial(_save, work, told, now)),
        undo_file=work.path,
    )


def _moves(work: _Work, now: Network) -> Iterator[Move]:
    over = quota_sentences(now, work.targets, work.sizes)
    for one in work.targets:
        found, wanted = there(now, one), one.after
        if same(found, wanted):
            yield Move(one, found, None, "It is there already." if wanted else "It is gone already.")
            continue
        if not same(found, one.before):
            raise ConflictError(_otherwise(one, found, named(now, one.resource)))
        why = [over.get(one.resource, "")] if found is None else []
        if isinstance(wanted, GroupRule):
            text, tags = described(wanted, work.description), tags_of(wanted, work.change, work.tags)
            call = call_of(one, found, text, tags)
        else:
            call = call_of(one, found)
            why.append(TRACKED if one.is_rule else UNTAGGED if wanted else "")
        yield Move(one, found, call, " ".join(filter(None, why)))


def _otherwise(target: Target, found: object, resource: str) -> str:
    wanted = f"'{target.before}'" if target.before else "nothing"
    mend = "choose another number, or replace that rule" if target.before is None else "read the network again"
    what = f"'{found}'" if found else "nothing"
    return f"{resource} has {what} where the edits take {wanted} to be, and nothing was changed: {mend}"


def _save(work: _Work, snapshot: Snapshot, now: Network) -> None:
    """Write the undo file, unless the one of the same change, which was stopped half-way, tells of the time before."""
    changed = differences(work.first, now, work.targets)
    if changed:
        raise ApplyError(
            f"change {work.change} of rules: since the plan was made, {_some(changed)}. Nothing was done; read the "
            "network again, make a new plan and look at it."
        )
    if work.path.exists():
        old = _known(work.path, work.change, now)
        if not old.untouched(now):
            return
    at = datetime.fromtimestamp(work.ec2.now(), UTC).isoformat()
    write(work.path, Undo(work.change, work.account, work.ec2.region, at, work.targets, snapshot))


def _path(given: str | os.PathLike[str] | None, change: str, now: Network) -> Path:
    """Return where the undo file is to be: the one of the same change if it was stopped half-way, else a new one.

    Raises
    ------
    ArgumentError
        If the path that was given is not free, or there is no such folder.
    """
    if given is not None:
        path = Path(given).expanduser().absolute()
        if not path.parent.is_dir():
            raise ArgumentError(f"there is no folder {str(path.parent)!r} for the undo file; make it, or give another")
        if path.exists():
            _known(path, change, now)
        return path
    names = (f"rejectkit-undo-{change}{f'-{number}' if number > 1 else ''}.json" for number in count(1))
    return next(path for name in names if not (path := Path.cwd() / name).exists() or _is_known(path, change, now))


def _is_known(path: Path, change: str, now: Network) -> bool:
    try:
        _known(path, change, now)
    except ArgumentError:
        return False
    return True


def _known(path: Path, change: str, now: Network) -> Undo:
    """Return the undo file at a path, if it is one of the same change that fits what there is.

    Raises
    ------
    ArgumentError
        If it is not.
    """
    try:
        found = load(path)
        why = "" if found.change == change else f"is the undo file of change {found.change}"
        why = why or ("" if found.fits(now) else "is of an earlier time, and rules have been changed since")
    except UnreadableError:
        why = "is something else"
    if why:
        raise ArgumentError(f"the file {str(path)!r} {why}, and is not written over; give another path by undo=")
    return found


def _check(network: Network | None, tags: Mapping[str, str], region: str, account: str) -> None:
    for key in tags:
        if key == TAG or key.startswith("aws:"):
            raise ArgumentError(f"the tag {key!r} cannot be given: it is {'AWS' if key != TAG else 'rejectkit'}'s own")
    if network is None:
        return
    for what, theirs, here in (("account", network.account, account), ("region", network.region, region)):
        if theirs and theirs != here:
            raise ArgumentError(
                f"the network is of {what} {theirs}, and the session is of {here}; take that of {theirs}"
            )


def _refuse_stale(network: Network, now: Network, targets: tuple[Target, ...]) -> None:
    for one in targets:
        if one.resource not in network.group_of and one.resource not in network.acl_of:
            raise ArgumentError(f"the network has no {one.resource!r}; read it from the VPC that has")
    changed = differences(network, now, targets)
    if changed:
        read_at = f" ({network.at:%Y-%m-%d %H:%M:%S} UTC)" if network.at else ""
        raise ConflictError(
            f"since the network was read{read_at}, {_some(changed)}; nothing was changed: read the network again, and "
            "think the change out on that"
        )


def _some(changed: list[str]) -> str:
    return "; ".join(changed[:3]) + (f"; and {len(changed) - 3} more" if len(changed) > 3 else "")


def _sizes(ec2: Service, targets: tuple[Target, ...], now: Network) -> dict[str, Size]:
    """Return the sizes of the prefix lists in groups that get a rule, for the quota."""
    groups = [now.group_of[one.resource] for one in targets if one.is_rule and one.after]
    wanted = {rule.peer for group in groups for rule in group.rules}
    wanted |= {one.after.peer for one in targets if isinstance(one.after, GroupRule)}
    ids = sorted(one for one in wanted if one.startswith("pl-"))
    if not ids:
        return {}
    by_id = [{"Name": "prefix-list-id", "Values": ids}]
    told = ec2.pages("DescribeManagedPrefixLists", "PrefixLists", Filters=by_id)
    return {
        one["PrefixListId"]: size(
            one.get("PrefixListName", ""), 6 if one.get("AddressFamily") == "IPv6" else 4, one.get("MaxEntries", 0)
        )
        for one in told
    }
