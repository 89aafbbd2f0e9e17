"""The steps of a plan that change rules, and how each is taken: tried dry, safe to take twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from rejectkit.aws import Service
from rejectkit.errors import ConflictError, MissingResourceError, RefusedError
from rejectkit.network.changing.calls import RuleCall
from rejectkit.network.changing.concerned import network_of, read
from rejectkit.network.changing.targets import Target, Thing, same, there
from rejectkit.network.model import AclEntry, GroupRule, Network
from rejectkit.plans import Step, Verb, fields

RULE: Final = "security group rule"
ENTRY: Final = "network ACL rule"
_DRY: Final = "DryRunOperation"  # the code of an answer that says: it would have been done

TRACKED: Final = "Connections that it let pass, and that are tracked, go on until they end."
UNTAGGED: Final = "A rule of a network ACL has no description and no tags: nothing shows who made it."


@dataclass(frozen=True, slots=True)
class Move:
    """A target, what is at its place now, and the call that makes it as wanted; None: it is as wanted.

    Attributes
    ----------
    why : str
        A sentence about it.
    asks : bool
        Whether somebody has to say yes.
    """

    target: Target
    now: Thing | None
    call: RuleCall | None
    why: str = ""
    asks: bool = True


def steps_of(moves: Iterable[Move], network: Network, ec2: Service) -> tuple[tuple[Step, ...], dict[str, RuleCall]]:
    """Return the steps, and the call of each by the step's name."""
    made, calls = [], {}
    for move in moves:
        step = _step(move, network, ec2)
        made.append(step)
        if move.call is not None:
            calls[step.name] = move.call
    return tuple(made), calls


def _step(move: Move, network: Network, ec2: Service) -> Step:
    target, call = move.target, move.call
    kind = RULE if target.is_rule else ENTRY
    resource = named(network, target.resource)
    place = str(target.thing) if target.is_rule else _place(target.thing)
    name = f"{resource}: {place}"
    if call is None:
        return Step("keep", kind, name, why=move.why)
    verb: Verb = "create" if move.now is None else "remove" if target.after is None else "change"
    asked = _question(move, resource) if move.asks else ""
    return Step(
        verb, kind, name, fields(_members(move.now), _members(target.after, call)), move.why, asked,
        partial(_take, move, call, ec2),
    )  # fmt: skip


def named(network: Network, resource: str) -> str:
    """Return a group or an ACL by its id and its name, if it has one."""
    found = network.group_of.get(resource) or network.acl_of.get(resource)
    return f"{resource} ({found.name})" if found is not None and found.name else resource


def _place(thing: Thing) -> str:
    assert isinstance(thing, AclEntry), "a group's rule is its own place"
    return f"{'outbound' if thing.egress else 'inbound'} rule {thing.number}"


def _question(move: Move, resource: str) -> str:
    now, after = move.now, move.target.after
    if now is None:
        return f"Put '{after}' into {resource}?"
    if after is None:
        lost = " What only it lets pass is refused then." if isinstance(now, GroupRule) or now.allow else ""
        return f"Take '{now}' out of {resource}?{lost}"
    return f"Put '{after}' in the place of '{now}' in {resource}?"


def _members(thing: Thing | None, call: RuleCall | None = None) -> dict[str, object]:
    """Return what a person is to see of a rule or an entry; of one to be made, with what the call says of it."""
    if thing is None:
        return {}
    if isinstance(thing, GroupRule):
        description, tags = thing.description, dict(thing.tags)
        if call is not None:
            ((peer,),) = (one for one in call.params["IpPermissions"][0].values() if isinstance(one, list))
            description = peer.get("Description", "")
            specified = call.params.get("TagSpecifications") or [{"Tags": []}]
            tags = {tag["Key"]: tag["Value"] for tag in specified[0]["Tags"]}
        told = {f"tag {key}": value for key, value in sorted(tags.items())}
        return {"description": description or None, **told}
    return {"rule": str(thing).removeprefix(f"{_place(thing)} ")}


def _take(move: Move, call: RuleCall, ec2: Service) -> None:
    """Make the call; that it was done already, by an answer that was lost or by somebody else, is as good."""
    try:
        ec2.call(call.operation, **call.params)
    except MissingResourceError:
        if move.target.after is not None:
            raise
    except ConflictError:
        found = there(network_of(read(ec2, {move.target.resource})), move.target)
        if move.target.after is None or not same(found, move.target.after):
            raise


def try_dry(calls: Iterable[RuleCall], ec2: Service) -> None:
    """Ask of each call whether it would be allowed; nothing is done.

    Raises
    ------
    AccessDeniedError
        If one is not; it names the action.
    AwsError
        If one would be refused for another reason.
    """
    for call in calls:
        try:
            ec2.call(call.operation, DryRun=True, **call.params)
        except RefusedError as error:
            if error.code != _DRY:
                raise


def prepared(calls: dict[str, RuleCall], ec2: Service, then: Callable[[], object]) -> Callable[[Sequence[Step]], None]:
    """Return what `Plan.prepare` does: try the calls of the steps dry, and then something else."""

    def prepare(due: Sequence[Step]) -> None:
        try_dry((calls[step.name] for step in due), ec2)
        then()

    return prepare
