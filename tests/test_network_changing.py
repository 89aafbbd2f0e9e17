"""Changing rules: seen and agreed to before, tried dry, safe to stop anywhere, and taken back exactly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from rejectkit.actions import ACTIONS
from rejectkit.errors import (
    AccessDeniedError,
    ApplyError,
    ArgumentError,
    ConflictError,
    MissingResourceError,
    QuotaError,
    SourceNotFoundError,
    UnreadableError,
)
from rejectkit.monitoring import iam_policy
from rejectkit.network.changing.calls import described
from rejectkit.network.changing.plan import plan
from rejectkit.network.changing.quota import counted, quota_sentences, size, sizes_of
from rejectkit.network.changing.steps import ENTRY, RULE
from rejectkit.network.changing.targets import normal, targets_of
from rejectkit.network.changing.undo import undo
from rejectkit.network.changing.undofile import load
from rejectkit.network.edits import AddEntry, AddRule, RemoveEntry, RemoveRule, ReplaceEntry
from rejectkit.network.model import AclEntry, GroupRule, Network, NetworkAcl, PrefixList, SecurityGroup
from rejectkit.network.snapshots.reading import from_json
from rejectkit.plans import Plan, Step
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from tests.changing_rules import Lab, lab_in
from tests.deploying import OUTAGE, interrupted
from tests.wiring import ACCOUNT, at_once, no_time

BUDGET = at_once()


@pytest.fixture(scope="module")
def labs() -> Iterator[list[tuple[Lab, list[str]]]]:
    """One account for all, with a VPC in it, and how that was made."""
    with start(scenario=None, limits=Limits.unlimited()) as sandbox:
        yield [made(sandbox)]


def made(sandbox: Sandbox) -> tuple[Lab, list[str]]:
    """Make a VPC."""
    lab = lab_in(sandbox)
    return lab, lab.everything()


@pytest.fixture
def lab(labs: list[tuple[Lab, list[str]]]) -> Iterator[Lab]:
    """The VPC as it was made; after a test that leaves it otherwise there is a new one."""
    found, before = labs[-1]
    yield found
    found.sandbox.faults.clear()
    if found.everything() != before:
        found.gone()
        labs.append(made(found.sandbox))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an undo file is to be."""
    return tmp_path / "undo.json"


def planned(lab: Lab, edits: Any, path: Path, **more: Any) -> Plan:
    """Return the plan, which waits for nothing."""
    return plan(edits, lab.sandbox.session, budget=BUDGET, undo=path, **more)


def done(made: Plan) -> None:
    """Apply a plan, with a yes to everything."""
    made.apply(confirm=True, sleep=no_time)


def undone(lab: Lab, path: Path) -> None:
    """Undo a change."""
    undo(path, lab.sandbox.session, budget=BUDGET).apply(sleep=no_time)


def told(made: Plan) -> list[tuple[str, str]]:
    """Return verbs and names of a plan's steps, without the ids of groups and ACLs."""
    return [(step.verb, step.name.partition(": ")[2]) for step in made.steps]


def opened(lab: Lab, port: int = 443, peer: str = "10.0.0.0/16") -> AddRule:
    """Return an edit that lets a port in."""
    return AddRule(GroupRule(lab.db, False, 6, port, port, peer))


# --- what is planned


def test_a_plan_shows_each_change_in_an_order_that_cuts_nothing_that_goes_on(lab: Lab, path: Path) -> None:
    """What lets pass comes first and what refuses last; each step shows before and after, and asks."""
    made = planned(lab, lab.edits(), path)
    assert [step.kind for step in made.steps] == [RULE, ENTRY, ENTRY, RULE, ENTRY, ENTRY]
    assert told(made) == [
        ("create", f"inbound tcp 5432 from {lab.app}"),
        ("create", "outbound rule 110"),
        ("change", "inbound rule 90"),
        ("remove", "inbound tcp 22 from 10.0.0.0/8"),
        ("create", "inbound rule 80"),
        ("remove", "outbound rule 120"),
    ]
    assert all(step.question for step in made.steps)
    assert [[str(one) for one in made.steps[at].fields] for at in (2, 3)] == [
        ["rule: denies tcp 23 from 0.0.0.0/0 → denies tcp 20-23 from 10.0.0.0/8"],
        ["description: until 2027 → (none)", "tag team: data → (none)"],
    ]
    assert "What only it lets pass is refused then." in made.steps[3].question
    assert "has no description and no tags" in made.steps[1].why
    assert made.title.endswith(f"undo file {path}")
    assert made.undo_file == path


def test_nothing_happens_unasked(lab: Lab, path: Path) -> None:
    """Without a yes nothing is changed and no file is written; with a yes to one step, that one is taken."""
    before = lab.everything()
    made = planned(lab, lab.edits(), path)
    assert lab.everything() == before
    applied = made.apply(sleep=no_time)
    assert (len(applied.done), len(applied.declined)) == (0, 6)
    assert lab.everything() == before
    assert not path.exists()
    applied = made.apply(confirm=lambda step: step.name.endswith("rule 80"), sleep=no_time)
    assert [step.name for step in applied.done] == [f"{lab.acl}: inbound rule 80"]
    assert set(lab.everything()) - set(before) == {f"inbound rule 80 denies tcp 22 from 192.0.2.0/24 {lab.acl}"}
    undone(lab, path)
    assert lab.everything() == before


def test_what_is_made_says_who_made_it(lab: Lab, path: Path) -> None:
    """A rule has a description of rejectkit's, the change's tag and the tags given; the rest is as the edits say."""
    rule = GroupRule(lab.db, False, 6, 5432, 5432, lab.app, description="app's data", tags=(("a", "b"),))
    made = planned(lab, [AddRule(rule), opened(lab)], path, tags={"team": "net"}, description="ticket 7")
    done(made)
    rules = {one.from_port: one for one in lab.network().group_of[lab.db].rules if one.tags and one.from_port != 22}
    change = load(path).change
    assert rules[5432].description == "rejectkit: app_s data"
    assert rules[5432].tags == (("a", "b"), ("rejectkit:change", change), ("team", "net"))
    assert (rules[443].description, dict(rules[443].tags)["rejectkit:change"]) == ("rejectkit: ticket 7", change)
    assert made.title.startswith(f"change {change} of rules in eu-west-1, account {ACCOUNT}")


def test_a_change_that_is_made_is_kept(lab: Lab, path: Path) -> None:
    """A second plan of the same edits, and the same plan again, find everything done."""
    made = planned(lab, lab.edits(), path)
    done(made)
    first, text = lab.everything(), path.read_text()
    again = planned(lab, lab.edits(), path)
    assert again.empty
    assert {step.why for step in again.steps} == {"It is there already.", "It is gone already."}
    assert made.apply(confirm=True, sleep=no_time).done == ()
    assert (lab.everything(), path.read_text()) == (first, text)


def test_suggestions_and_lists_of_them_are_edits(lab: Lab, path: Path) -> None:
    """Whatever has `edits` is planned, however deep in lists; what is no edit is refused by name."""

    @dataclass(frozen=True)
    class Suggestion:
        edits: tuple[Any, ...]

    both = planned(lab, [Suggestion((opened(lab),)), [opened(lab, 80)]], path)
    assert [step.verb for step in both.steps] == ["create", "create"]
    assert told(planned(lab, Suggestion((opened(lab),)), path)) == [("create", "inbound tcp 443 from 10.0.0.0/16")]
    assert planned(lab, [], path).summary == "nothing to do"
    with pytest.raises(ArgumentError, match="'sg-1' is no edit; give AddRule"):
        targets_of(["sg-1"])


# --- what edits come to


NO_SSH = AclEntry(90, False, False, 6, "10.0.0.0/8", 22, 22)
SSH = GroupRule("sg-1", False, 6, 22, 22, "10.0.0.0/8")


def test_edits_of_one_place_are_one_change() -> None:
    """Taking out and putting in at one number replaces; putting in and taking out is nothing."""
    other = replace(NO_SSH, allow=True)
    (one,) = targets_of([RemoveEntry("acl-1", NO_SSH), AddEntry("acl-1", other)])
    assert (one.before, one.after) == (NO_SSH, other)
    assert targets_of([AddRule(SSH), RemoveRule(SSH)]) == ()
    assert targets_of([RemoveRule(SSH), AddRule(replace(SSH, description="b"))]) == ()
    (one,) = targets_of([ReplaceEntry("acl-1", NO_SSH, other), RemoveEntry("acl-1", other)])
    assert (one.before, one.after) == (NO_SSH, None)


@pytest.mark.parametrize(
    ("edits", "text"),
    [
        (
            [AddRule(SSH), AddRule(SSH)],
            "do not fit each other: one wants nothing where another leaves inbound tcp 22",
        ),
        ([RemoveEntry("acl-1", NO_SSH)] * 2, "one wants inbound rule 90 denies .* where another leaves nothing"),
        (ReplaceEntry("acl-1", NO_SSH, replace(NO_SSH, number=91)), "a number and its direction stay"),
        (AddEntry("acl-1", replace(NO_SSH, number=32767)), "rule number 32767 cannot be: .* has 1 to 32766"),
        (AddRule(replace(SSH, peer="10.0.0.0/33")), "is '10.0.0.0/33'; give a CIDR, or the id of a group"),
        (AddRule(replace(SSH, from_port=23)), "are 23 to 22; give 0 to 65535, upwards, or -1 twice"),
        (AddRule(replace(SSH, protocol=256)), "is 256; give 0 to 255, or -1 for every one"),
        (AddRule(replace(SSH, protocol=1, from_port=256)), "are 256 and 22; give 0 to 255"),
        (AddEntry("acl-1", replace(NO_SSH, cidr="sg-2")), "is 'sg-2'; give a CIDR$"),
        (AddRule(replace(SSH, peer="sg-2\nid")), r"names the group or prefix list 'sg-2\\nid', which is no id"),
        (AddRule(replace(SSH, peer="pl-${file(1)}")), "names the group or prefix list 'pl-.*, which is no id"),
        (AddRule(replace(SSH, peer="sg-2", peer_owner="{{resolve:ssm:a}}")), "names the account '.*, which is no id"),
        (AddEntry("acl-1; id", NO_SSH), "'acl-1; id' is no id of a security group or network ACL"),
    ],
)
def test_what_cannot_be_is_refused_before_aws_is_asked(edits: Any, text: str) -> None:
    """The error says which edit, which value, and what to give."""
    with pytest.raises(ArgumentError, match=text):
        targets_of(edits)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (GroupRule("sg-1", False, 17, -1, -1, "2001:DB8::1/32"), "inbound udp 0-65535 from 2001:db8::/32"),
        (GroupRule("sg-1", True, -1, 5, 9, "10.1.2.3/8"), "outbound all traffic to 10.0.0.0/8"),
        (GroupRule("sg-1", True, 50, 5, 9, "pl-1"), "outbound protocol 50 to pl-1"),
        (GroupRule("sg-1", False, 1, -1, 3, "10.0.0.1/32"), "inbound icmp from 10.0.0.1/32"),
        (AclEntry(5, True, True, 1, "10.0.0.1", icmp_type=3, icmp_code=4), "outbound rule 5 allows icmp type 3 code 4"),
        (AclEntry(5, True, True, 47, "10.0.0.1", 4, 4, 3, 3), "outbound rule 5 allows protocol 47 to 10.0.0.1/32"),
    ],
)
def test_a_rule_is_known_again_as_the_service_tells_it(given: Any, expected: str) -> None:
    """Host bits, ports that do not count and other spellings of every port make no other rule."""
    assert str(normal(given)).startswith(expected)
    assert normal(normal(given)) == normal(given)


def test_every_spelling_is_found_done_again(lab: Lab, path: Path) -> None:
    """A rule of every port, of another protocol or of ICMP, made by a plan, is kept by the next one."""
    edits = [
        AddRule(GroupRule(lab.db, False, 17, -1, -1, "10.0.3.7/16")),
        AddRule(GroupRule(lab.db, True, 50, -1, -1, "2001:db8::/32")),
        AddRule(GroupRule(lab.app, False, 1, 8, -1, "192.0.2.0/24")),
        AddRule(GroupRule(lab.app, False, -1, -1, -1, lab.app)),
        AddEntry(lab.acl, AclEntry(130, True, True, 17, "10.0.0.0/8")),
        AddEntry(lab.acl, AclEntry(140, True, True, 58, "::/0", icmp_type=2, icmp_code=0)),
        AddEntry(lab.acl, AclEntry(150, True, True, 50, "0.0.0.0/0", 1, 2)),
    ]
    before = lab.everything()
    done(planned(lab, edits, path))
    assert len(lab.everything()) == len(before) + len(edits)
    assert planned(lab, edits, path).empty
    undone(lab, path)
    assert lab.everything() == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "rejectkit: inbound tcp 22 from 10.0.0.0/8"),
        ("rejectkit: mine", "rejectkit: mine"),
        ("naïve 'x' ?\n<b>", "rejectkit: na_ve _x_ ___b_"),
        ("a" * 300, "rejectkit: " + "a" * 244),
    ],
)
def test_a_description_is_one_that_ec2_takes(text: str, expected: str) -> None:
    """Characters that it does not take are underscores, and it has 255 at most."""
    assert described(SSH, text) == expected


# --- what does not hold any more


def test_a_network_that_is_out_of_date_is_refused(lab: Lab, path: Path) -> None:
    """What was thought out on another state of the same groups is not planned; changes elsewhere do not matter."""
    network = lab.network()
    assert not planned(lab, opened(lab), path, network=network).empty
    lab.client.authorize_security_group_egress(
        GroupId=lab.app,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
    )
    assert not planned(lab, opened(lab), path, network=network).empty
    lab.client.delete_network_acl_entry(NetworkAclId=lab.acl, RuleNumber=90, Egress=False)
    edits = [opened(lab), AddEntry(lab.acl, replace(NO_SSH, number=10))]
    with pytest.raises(ConflictError) as caught:
        planned(lab, edits, path, network=network)
    assert str(caught.value) == (
        f"since the network was read, in {lab.acl}, inbound rule 90 denies tcp 23 from 0.0.0.0/0 is gone; nothing was "
        "changed: read the network again, and think the change out on that"
    )
    with pytest.raises(ArgumentError, match=f"the network has no '{lab.db}'"):
        planned(lab, opened(lab), path, network=Network())
    with pytest.raises(ArgumentError, match=f"of account 1, and the session is of {ACCOUNT}; take that of 1"):
        planned(lab, opened(lab), path, network=replace(network, account="1"))


def test_a_plan_that_is_out_of_date_does_nothing(lab: Lab, path: Path) -> None:
    """A change of somebody else to the same group between plan and apply is told, and nothing is done."""
    made = planned(lab, opened(lab), path)
    lab.client.authorize_security_group_ingress(
        GroupId=lab.db,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    before = lab.everything()
    with pytest.raises(ApplyError, match=f"in {lab.db}, inbound tcp 80 from 0.0.0.0/0 is new. Nothing was done; read"):
        done(made)
    assert lab.everything() == before
    assert not path.exists()


def test_a_number_that_somebody_else_took_is_not_overwritten(lab: Lab, path: Path) -> None:
    """A rule of an ACL that is not what the edit takes it to be is refused, at the plan and in the midst of it."""
    taken = AddEntry(lab.acl, replace(NO_SSH, number=100))
    with pytest.raises(
        ConflictError, match=r"has 'inbound rule 100 allows all traffic from 0.0.0.0/0' where the edits"
    ):
        planned(lab, taken, path)
    made = planned(lab, AddEntry(lab.acl, replace(NO_SSH, number=60)), path)
    (step,) = made.steps
    put = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}
    lab.client.create_network_acl_entry(NetworkAclId=lab.acl, RuleNumber=60, Egress=False, **put)
    before = lab.everything()
    assert step.action is not None
    with pytest.raises(ConflictError, match="already exists"):
        step.action()
    with pytest.raises(ConflictError, match="choose another number, or replace that rule"):
        done(made)
    assert lab.everything() == before


def test_what_is_not_there_is_told(lab: Lab, path: Path) -> None:
    """A group or an ACL that does not exist, a folder that does not, a tag that is not ours to give."""
    with pytest.raises(MissingResourceError, match="there is no security group 'sg-1' in eu-west-1"):
        planned(lab, AddRule(SSH), path)
    with pytest.raises(MissingResourceError, match="there is no network ACL 'acl-1' in eu-west-1"):
        planned(lab, AddEntry("acl-1", NO_SSH), path)
    with pytest.raises(ArgumentError, match=r"there is no folder .* for the undo file"):
        planned(lab, opened(lab), path.parent / "nowhere" / "undo.json")
    with pytest.raises(ArgumentError, match="the tag 'aws:x' cannot be given: it is AWS's own"):
        planned(lab, opened(lab), path, tags={"aws:x": "1"})


# --- dry runs, and what is allowed


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """Return a policy without one of its actions."""
    statements = [{**one, "Action": [name for name in one["Action"] if name != action]} for one in policy["Statement"]]
    return {**policy, "Statement": [one for one in statements if one["Action"]]}


TUNE = sorted(name for name, action in ACTIONS.items() if "tune" in action.kinds.split())


def everything_changed(lab: Lab, session: Any, path: Path) -> None:
    """Plan, apply and undo a change that calls each action."""
    group = GroupRule(lab.db, True, 6, 443, 443, "10.0.0.0/8")
    listed = AddRule(replace(group, from_port=80, to_port=80, peer=prefix_list(lab)))
    all_out = RemoveRule(GroupRule(lab.app, True, -1, -1, -1, "0.0.0.0/0"))
    first = [AddRule(group), listed, all_out, *lab.edits()]
    plan(first, session, budget=BUDGET, undo=path).apply(confirm=True, sleep=no_time)
    undo(path, session, budget=BUDGET).apply(sleep=no_time)


def prefix_list(lab: Lab) -> str:
    """Return the id of a prefix list."""
    found = lab.client.describe_managed_prefix_lists()["PrefixLists"]
    return str(found[0]["PrefixListId"])


def test_the_tune_policy_is_enough(lab: Lab, path: Path) -> None:
    """With nothing else allowed, every kind of change is planned, made and undone."""
    before = lab.everything()
    policy = iam_policy("tune", account=ACCOUNT, region="eu-west-1")
    everything_changed(lab, lab.sandbox.session_for(policy), path)
    assert lab.everything() == before
    undo(path, lab.sandbox.session_for(policy), budget=BUDGET).apply(sleep=no_time)


@pytest.mark.parametrize("action", TUNE)
def test_without_an_action_nothing_is_done_and_the_error_names_it(action: str, lab: Lab, path: Path) -> None:
    """A dry run of each call comes first: what is not allowed is told before anything is changed or written."""
    before = lab.everything()
    policy = without(iam_policy("tune", account=ACCOUNT, region="eu-west-1"), action)
    with pytest.raises(AccessDeniedError, match=f"The IAM action {action} is not allowed") as caught:
        everything_changed(lab, lab.sandbox.session_for(policy), path)
    assert caught.value.action == action
    assert lab.everything() == before
    assert not path.exists()


# --- the undo file


def test_the_undo_file_is_a_network_and_is_written_before_the_first_change(lab: Lab, path: Path) -> None:
    """When the first change fails the file is there, whole: the groups and ACLs as they were, by the usual keys."""
    was = lab.network()
    lab.sandbox.faults.add(Fault("AuthorizeSecurityGroupIngress", code="InternalFailure", after=1, times=OUTAGE))
    with pytest.raises(ApplyError):
        done(planned(lab, lab.edits(), path))
    lab.sandbox.faults.clear()
    network = from_json(path)
    assert network.group_of[lab.db] == was.group_of[lab.db]
    assert network.acl_of[lab.acl] == was.acl_of[lab.acl]
    assert (network.account, network.region) == (ACCOUNT, "eu-west-1")
    assert network.at is not None
    assert list(path.parent.iterdir()) == [path]
    assert json.loads(path.read_text())["Rejectkit"]["change"] in planned(lab, lab.edits(), path).title


def test_an_undo_file_of_another_change_is_not_written_over(
    lab: Lab, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that is taken is refused; without a path, a free one in the current folder is found."""
    done(planned(lab, opened(lab), path))
    with pytest.raises(
        ArgumentError, match=r"is the undo file of change .*, and is not written over; give another path"
    ):
        planned(lab, opened(lab, 80), path)
    other = path.with_name("notes.json")
    other.write_text("{}")
    with pytest.raises(ArgumentError, match="is something else, and is not written over"):
        planned(lab, opened(lab, 80), other)
    monkeypatch.chdir(path.parent)
    made = plan(opened(lab, 80), lab.sandbox.session, budget=BUDGET)
    change = made.title.split()[1]
    path.with_name(f"rejectkit-undo-{change}.json").write_text("[]")
    assert plan(opened(lab, 80), lab.sandbox.session, budget=BUDGET).title.endswith(f"undo-{change}-2.json")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (None, SourceNotFoundError, "there is no undo file"),
        ("{", UnreadableError, "is no undo file of rejectkit"),
        ("{}", UnreadableError, "is no undo file of rejectkit"),
        ('{"Rejectkit": {"undo": 2}}', UnreadableError, "is an undo file of a newer rejectkit; update it"),
        ('{"Rejectkit": {"undo": 1, "targets": [{"resource": 1}]}}', UnreadableError, "is no undo file of rejectkit"),
    ],
)
def test_what_is_no_undo_file_is_refused(text: str | None, error: type[Exception], said: str, path: Path) -> None:
    """The error says what is wrong with the file."""
    if text is not None:
        path.write_text(text)
    with pytest.raises(error, match=said):
        undo(path, None)


# --- undo


def test_undo_brings_back_what_was_there_and_nothing_is_left_to_undo(lab: Lab, path: Path) -> None:
    """Descriptions and tags come back too; the plan shows it, and a second undo finds everything as it was."""
    before = lab.everything()
    done(planned(lab, lab.edits(), path))
    made = undo(path, lab.sandbox.session, budget=BUDGET)
    assert told(made) == [
        ("create", "outbound rule 120"),
        ("remove", "inbound rule 80"),
        ("create", "inbound tcp 22 from 10.0.0.0/8"),
        ("change", "inbound rule 90"),
        ("remove", "outbound rule 110"),
        ("remove", f"inbound tcp 5432 from {lab.app}"),
    ]
    assert made.questions == ()
    made.apply(sleep=no_time)
    assert lab.everything() == before
    again = undo(path, lab.sandbox.session, budget=BUDGET)
    assert again.empty
    assert {step.why for step in again.steps} == {"It is as it was."}
    done(planned(lab, lab.edits(), path))
    undone(lab, path)
    assert lab.everything() == before


def test_tags_of_aws_are_not_put_back_and_that_is_said(lab: Lab, path: Path) -> None:
    """Nobody may give a tag `aws:…`; the others come back."""
    done(planned(lab, lab.edits()[:1], path))
    file = json.loads(path.read_text())
    (rule,) = [one for one in file["SecurityGroupRules"] if one["FromPort"] == 22]
    rule["Tags"].append({"Key": "aws:cloudformation:stack-name", "Value": "s"})
    path.write_text(json.dumps(file))
    made = undo(path, lab.sandbox.session, budget=BUDGET)
    assert made.steps[0].why == "Its tags that are AWS's own (aws:…) cannot be put back."
    made.apply(sleep=no_time)
    assert planned(lab, lab.edits()[:1], path.with_name("other.json")).steps[0].verb == "remove"


def test_undo_keeps_what_somebody_else_has_changed_since_and_says_so(lab: Lab, path: Path) -> None:
    """Rules made by others, in the place of ours or beside, stay; our rule that was changed in its place stays too."""
    client, peer = lab.client, [{"CidrIp": "10.0.0.0/16"}]
    done(planned(lab, [*lab.edits(), opened(lab), opened(lab, 80)], path))
    rules = {one.from_port: one.id for one in lab.network().group_of[lab.db].rules}
    client.revoke_security_group_ingress(GroupId=lab.db, SecurityGroupRuleIds=[rules[443]])
    port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    client.authorize_security_group_ingress(GroupId=lab.db, IpPermissions=[{**port, "IpRanges": peer}])
    moved = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "CidrIpv4": "10.0.0.0/16"}
    client.modify_security_group_rules(
        GroupId=lab.db, SecurityGroupRules=[{"SecurityGroupRuleId": rules[80], "SecurityGroupRule": moved}]
    )
    client.delete_network_acl_entry(NetworkAclId=lab.acl, RuleNumber=80, Egress=False)
    put = {"Protocol": "-1", "RuleAction": "deny", "CidrBlock": "192.0.2.0/24"}
    client.create_network_acl_entry(NetworkAclId=lab.acl, RuleNumber=80, Egress=False, **put)
    client.create_network_acl_entry(NetworkAclId=lab.acl, RuleNumber=81, Egress=False, **put)
    made = undo(path, lab.sandbox.session, budget=BUDGET)
    kept = {step.name.partition(": ")[2]: step.why for step in made.steps if step.verb == "keep"}
    change = load(path).change
    assert kept == {
        "inbound tcp 443 from 10.0.0.0/16": (
            f"It has no tag rejectkit:change={change}: somebody else made it, and it stays."
        ),
        "inbound tcp 80 from 10.0.0.0/16": "It is as it was.",
        "inbound tcp 8080 from 10.0.0.0/16": (
            "The change made it, and somebody else has changed what it is about since: it stays."
        ),
        "inbound rule 80": (
            "Somebody else has changed it since: it is 'inbound rule 80 denies all traffic from 192.0.2.0/24', and "
            "stays so."
        ),
    }
    made.apply(sleep=no_time)
    left = "\n".join(lab.everything())
    assert "rule 81 denies" in left
    assert "rule 80 denies all" in left
    assert "tcp 443" in left
    assert "tcp 8080" in left
    assert "tcp 5432" not in left
    assert "tcp 22 from 10.0.0.0/8" in left


def test_what_the_change_found_done_is_not_undone(lab: Lab, path: Path) -> None:
    """A rule that was there before the change stays after its undo, and one that was gone is not put back."""
    there, gone = GroupRule(lab.db, False, 6, 3306, 3306, lab.app), GroupRule(lab.db, False, 6, 99, 99, lab.app)
    before = lab.everything()
    made = planned(lab, [AddRule(there), RemoveRule(gone), opened(lab)], path)
    assert sorted(step.verb for step in made.steps) == ["create", "keep", "keep"]
    done(made)
    undone(lab, path)
    assert lab.everything() == before
    rule = next(one for one in lab.network().group_of[lab.db].rules if one.from_port == 3306)
    lab.client.revoke_security_group_ingress(GroupId=lab.db, SecurityGroupRuleIds=[rule.id])
    after = undo(path, lab.sandbox.session, budget=BUDGET)
    assert "The change found it so, and did nothing" in "".join(step.why for step in after.steps)
    assert after.empty


def test_undo_is_for_the_account_that_was_changed(lab: Lab, path: Path) -> None:
    """Another account's session is refused; a group that is gone is told, and not an error."""
    done(planned(lab, opened(lab), path))
    other = path.with_name("other.json")
    other.write_text(path.read_text().replace(ACCOUNT, "999999999999"))
    with pytest.raises(ArgumentError, match=f"is of account 999999999999, and the session is of {ACCOUNT}"):
        undo(other, lab.sandbox.session)
    lab.client.delete_security_group(GroupId=lab.db)
    made = undo(path, lab.sandbox.session, budget=BUDGET)
    assert made.empty


# --- stopped anywhere


KINDS: dict[str, dict[str, Any]] = {
    "before": {"connection": "before", "times": 7},  # more than a call is tried; the second look at the end is answered
    "after": {"connection": "after", "times": OUTAGE},
    "halfway": {"connection": "halfway", "times": OUTAGE},
    "denied": {"code": "UnauthorizedOperation", "status": 403, "times": 1},
    "after-once": {"connection": "after", "times": 1},
}


def three(lab: Lab) -> list[Any]:
    """Return three edits: a rule that comes, a number of an ACL that changes, and a rule that goes."""
    edits = lab.edits()
    return [edits[0], edits[2], edits[3]]


def operations(lab: Lab, made: Plan) -> list[tuple[str, bool]]:
    """Apply a plan; return what it calls, and whether the call changes something."""
    before = len(lab.sandbox._world.seen)
    done(made)
    seen = list(lab.sandbox._world.seen)[before:]
    return [(one.operation, one.code == "OK" and not one.operation.startswith("Describe")) for one in seen]


CHANGES = ["AuthorizeSecurityGroupIngress", "ReplaceNetworkAclEntry", "RevokeSecurityGroupIngress"]
TOUCHED = {  # how many changes are left to undo where it is stopped
    **{"before": {0, 1, 2, 3}, "after": {1, 2, 3}, "halfway": {1, 2, 3}, "denied": {0, 1, 2}, "after-once": {3}},
}
LOOKS, LAST_LOOK = 6, 3  # calls before the first change, which look and try dry, and after the last one


@pytest.mark.parametrize("kind", KINDS)
def test_apply_stopped_at_every_call_and_undone_leaves_what_was_there(lab: Lab, path: Path, kind: str) -> None:
    """Whatever happens at whichever call, undo ends in the state before: rules, descriptions and tags."""
    before = lab.everything()
    order = operations(lab, planned(lab, three(lab), path))
    assert [name for name, changes in order if changes] == CHANGES
    undone(lab, path)
    assert lab.everything() == before
    touched = set()
    for place, (operation, changes) in enumerate(order):
        if kind != "before" and not changes:
            continue  # what a look or a dry run does is done whether its answer comes or not
        path.unlink(missing_ok=True)
        made = planned(lab, three(lab), path)
        error = interrupted(lab.sandbox, Fault("*", after=place, **KINDS[kind]), lambda: done(made))  # noqa: B023
        recovers = kind.endswith("-once") or place >= len(order) - LAST_LOOK
        assert (error is None) == recovers, (place, operation)
        if path.exists():
            back = undo(path, lab.sandbox.session, budget=BUDGET)
            touched.add(sum(step.action is not None for step in back.steps))
            back.apply(sleep=no_time)
        assert lab.everything() == before, (place, operation)
    assert touched == TOUCHED[kind]


def test_a_change_that_was_stopped_is_finished_by_the_same_edits_and_undone_as_a_whole(lab: Lab, path: Path) -> None:
    """The undo file stays the one of the time before the change, however often it was stopped."""
    before = lab.everything()
    done(planned(lab, three(lab), path))
    expected = lab.everything()
    undone(lab, path)
    path.unlink()
    first = ""
    for looks in (LOOKS, LOOKS - 1):  # the second time there is a dry run less: one change is done
        made = planned(lab, three(lab), path)
        fault = Fault("*", after=looks, **KINDS["after"])
        assert isinstance(interrupted(lab.sandbox, fault, lambda: done(made)), ApplyError)  # noqa: B023
        first = first or path.read_text()
    assert lab.everything() not in (before, expected)
    done(planned(lab, three(lab), path))
    assert (lab.everything(), path.read_text()) == (expected, first)
    undone(lab, path)
    assert lab.everything() == before


def test_undo_stopped_at_every_change_and_run_again_ends_in_what_was_there(lab: Lab, path: Path) -> None:
    """An undo can be stopped and done again as well."""
    before = lab.everything()
    for place in range(len(CHANGES)):
        done(planned(lab, three(lab), path))
        made = undo(path, lab.sandbox.session, budget=BUDGET)
        fault = Fault("*", after=LOOKS + place, **KINDS["after"])
        assert isinstance(interrupted(lab.sandbox, fault, lambda: made.apply(sleep=no_time)), ApplyError)  # noqa: B023
        undone(lab, path)
        assert lab.everything() == before, place


def test_an_interrupt_between_two_steps_is_undone(lab: Lab, path: Path) -> None:
    """A KeyboardInterrupt in the midst of the questions does nothing; one of the work is undone."""
    before = lab.everything()

    def confirm(step: Step) -> bool:
        if step.verb == "remove":
            raise KeyboardInterrupt
        return True

    made = planned(lab, three(lab), path)
    with pytest.raises(KeyboardInterrupt):
        made.apply(confirm=confirm, sleep=no_time)
    assert lab.everything() == before
    assert not path.exists()


# --- quotas


def full(count: int, peer: str = "10.{}.0.0/16") -> tuple[GroupRule, ...]:
    """Return so many rules of one group."""
    return tuple(GroupRule("sg-1", False, 6, 443, 443, peer.format(number)) for number in range(count))


def over(rules: tuple[GroupRule, ...], *more: GroupRule, **given: Any) -> dict[str, str]:
    """Return what is said of adding rules to a group that has some."""
    network = Network(groups=(SecurityGroup("sg-1", rules=rules),), **given)
    return quota_sentences(network, targets_of([AddRule(one) for one in more]), sizes_of(network))


def test_rules_over_the_usual_quota_are_told_and_over_any_are_refused() -> None:
    """60 of a direction and an IP version: the 61st is told; a group reference counts in both, a list as its size."""
    other = replace(SSH, peer="192.168.0.0/16")
    assert over(full(59), other) == {}
    assert over(full(60), other)["sg-1"].startswith("sg-1 would have 61 inbound IPv4 rules for a while or for good")
    assert over(full(60), replace(other, egress=True)) == {}
    assert over(full(60), replace(other, peer="2001:db8::/32")) == {}
    assert "61 inbound IPv4" in over(full(60), replace(other, peer="sg-2"))["sg-1"]
    lists = (PrefixList("pl-1", ("10.0.0.0/8",), max_entries=5), PrefixList("pl-6", ("::/0",), max_entries=61))
    assert over(full(55), replace(other, peer="pl-1"), prefix_lists=lists) == {}
    assert "61 inbound IPv4" in over(full(56), replace(other, peer="pl-1"), prefix_lists=lists)["sg-1"]
    assert "61 inbound IPv6" in over((), replace(other, peer="pl-6"), prefix_lists=lists)["sg-1"]
    with pytest.raises(QuotaError, match="sg-1 would have 1001 inbound IPv4 rules, and no account can have more"):
        over(full(256), *full(256, "11.{}.0.0/16"), *full(256, "12.{}.0.0/16"), *full(233, "13.{}.0.0/16"))


def test_the_last_deny_of_a_network_acl_counts() -> None:
    """20 of a direction and an IP version with it, and 40 at the most."""

    def said(count: int) -> dict[str, str]:
        entries = tuple(replace(NO_SSH, number=1 + at) for at in range(count))
        network = Network(acls=(NetworkAcl("acl-1", entries=entries),))
        return quota_sentences(network, targets_of(AddEntry("acl-1", replace(NO_SSH, number=90))), {})

    assert said(18) == {}
    assert said(19)["acl-1"].startswith("acl-1 would have 21 inbound IPv4 rules")
    with pytest.raises(QuotaError, match=r"acl-1 would have 41 .* no account can have more than 40"):
        said(39)


def test_a_prefix_list_counts_as_its_greatest_size_or_as_aws_says() -> None:
    """Those of AWS have a weight; one of whose size nothing is known counts as the entries it has."""
    names = ["cloudfront.origin-facing", "ipv6.cloudfront.origin-facing", "s3", "s3express", "vpc-lattice"]
    assert [size(f"com.amazonaws.eu-west-1.{name}", 4, 0).rules for name in names] == [55, 55, 1, 6, 10]
    assert (size("office", 4, 20, 3).rules, size("office", 4, 0, 3).rules) == (20, 3)
    assert counted([replace(SSH, peer="pl-9")], {}) == {(False, 4): 1}


def test_a_step_over_the_quota_says_so_and_the_service_has_the_last_word(lab: Lab, path: Path) -> None:
    """The plan shows the sentence; the refusal of AWS is an error that names the quota, and undo takes all back."""
    rules = [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": f"10.1.{at}.0/24"}]}
        for at in range(57)
    ]
    lab.client.authorize_security_group_ingress(GroupId=lab.db, IpPermissions=rules)
    before = lab.everything()
    made = planned(lab, [opened(lab), opened(lab, 80)], path)
    assert all("would have 61 inbound IPv4 rules" in step.why for step in made.steps)
    with pytest.raises(ApplyError) as caught:
        done(made)
    assert isinstance(caught.value.__cause__, QuotaError)
    undone(lab, path)
    assert lab.everything() == before
