"""The difference of two networks: as edits that lead from one to the other, and as rows."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from rejectkit.network import (
    AclEntry,
    AddEntry,
    AddRule,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    PrefixList,
    RemoveEntry,
    RemoveRule,
    ReplaceEntry,
    SecurityGroup,
    Subnet,
    Vpc,
    difference,
)
from tests.drawn_networks import drawn_network

WEB = GroupRule("sg-1", False, 6, 443, 443, "10.0.0.0/8", "sgr-1")
SSH = replace(WEB, from_port=22, to_port=22, id="")
DENY = AclEntry(90, False, False, 6, "192.168.10.0/24", 443, 443)
HOST = Interface("eni-1", "subnet-1", "vpc-1", ("10.0.0.7",), (), ("sg-1", "sg-2"))
SMALL = Network(
    vpcs=(Vpc("vpc-1", ("10.0.0.0/16",)),),
    subnets=(Subnet("subnet-1", "vpc-1", ("10.0.0.0/24",)), Subnet("subnet-2", "vpc-1", ("10.0.1.0/24",))),
    groups=(SecurityGroup("sg-1", "web", rules=(WEB,)), SecurityGroup("sg-2", "db")),
    acls=(NetworkAcl("acl-1", entries=(DENY,), subnets=("subnet-1", "subnet-2")), NetworkAcl("acl-2", "shared")),
    interfaces=(HOST,),
    prefix_lists=(PrefixList("pl-1", ("10.50.0.0/16",), "office"),),
)


def keys(network: Network) -> dict[str, set[Any]]:
    """Return what each group's rules are about, and each network ACL's entries."""
    rules = {group.id: {rule.key for rule in group.rules} for group in network.groups}
    return rules | {acl.id: set(acl.entries) for acl in network.acls}


@pytest.mark.parametrize("seed", range(60))
def test_the_difference_leads_from_one_network_to_the_other(seed: int) -> None:
    """Applied to the one, the edits give the rules of the other; between networks with the same rules there are none."""
    rng = random.Random(seed)
    before, after = drawn_network(rng, rules=9, entries=9), drawn_network(rng, rules=9, entries=9)
    edits = difference(before, after)
    changed = before.changed(*edits)
    assert keys(changed) == keys(after)
    assert difference(changed, after) == difference(before, before) == ()
    assert len(edits) > 3
    assert keys(changed.changed(*(edit.undone for edit in reversed(edits)))) == keys(before)


def test_the_difference_has_each_kind_of_edit() -> None:
    """Rules are added before others are removed; an entry that stays in its place is replaced."""
    after = replace(
        SMALL,
        groups=(replace(SMALL.groups[0], rules=(SSH,)), SMALL.groups[1], SecurityGroup("sg-3", rules=(replace(WEB, group="sg-3"),))),
        acls=(
            replace(SMALL.acls[0], entries=(replace(DENY, allow=True), replace(DENY, number=95))),
            SMALL.acls[1],
        ),
    )  # fmt: skip
    assert difference(SMALL, after) == (
        AddRule(SSH),
        RemoveRule(WEB),
        ReplaceEntry("acl-1", DENY, replace(DENY, allow=True)),
        AddEntry("acl-1", replace(DENY, number=95)),
    )
    assert difference(after, SMALL) == (
        AddRule(WEB),
        RemoveRule(SSH),
        ReplaceEntry("acl-1", replace(DENY, allow=True), DENY),
        RemoveEntry("acl-1", replace(DENY, number=95)),
    )


def rows(before: Network, after: Network) -> list[tuple[str, ...]]:
    """Return the rows of the table, without what is empty."""
    return [tuple(value for value in row if value) for row in before.diff(after).itertuples(index=False, name=None)]


WORDS = "inbound rule 90 denies tcp 443 from 192.168.10.0/24"


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (SMALL.changed(AddRule(SSH)), [("added", "group rule", "sg-1", str(SSH), str(SSH))]),
        (SMALL.changed(RemoveRule(WEB)), [("removed", "group rule", "sg-1", str(WEB), str(WEB))]),
        (
            replace(SMALL, groups=(replace(SMALL.groups[0], rules=(replace(WEB, description="why"),)), SMALL.groups[1])),
            [("changed", "group rule", "sg-1", "description", str(WEB), "why")],
        ),
        (
            SMALL.changed(ReplaceEntry("acl-1", DENY, replace(DENY, allow=True))),
            [("changed", "ACL rule", "acl-1", WORDS.replace("denies", "allows"), WORDS, WORDS.replace("denies", "allows"))],
        ),
        (SMALL.changed(RemoveEntry("acl-1", DENY)), [("removed", "ACL rule", "acl-1", WORDS, WORDS)]),
        (
            SMALL.changed(AddEntry("acl-2", DENY)),
            [("added", "ACL rule", "acl-2", WORDS, WORDS)],
        ),
        (
            replace(SMALL, groups=SMALL.groups[1:]),
            [
                ("removed", "group rule", "sg-1", str(WEB), str(WEB)),
                ("removed", "security group", "sg-1", "web"),
            ],
        ),
        (
            replace(SMALL, interfaces=(replace(HOST, groups=("sg-1",)), Interface("eni-2", "subnet-2", "vpc-1", ("10.0.1.7",), name="new"))),
            [("changed", "interface", "eni-1", "groups", "sg-1 sg-2", "sg-1"), ("added", "interface", "eni-2", "new")],
        ),
        (
            replace(SMALL, interfaces=(replace(HOST, subnet="subnet-2", addresses=("10.0.1.7",), public=("203.0.113.7",)),)),
            [
                ("moved", "interface", "eni-1", "subnet", "subnet-1", "subnet-2"),
                ("changed", "interface", "eni-1", "addresses", "10.0.0.7", "10.0.1.7"),
                ("changed", "interface", "eni-1", "public", "203.0.113.7"),
            ],
        ),
        (replace(SMALL, interfaces=()), [("removed", "interface", "eni-1")]),
        (
            replace(SMALL, acls=(replace(SMALL.acls[0], subnets=("subnet-1",)), replace(SMALL.acls[1], subnets=("subnet-2",)))),
            [("moved", "subnet", "subnet-2", "network ACL", "acl-1", "acl-2")],
        ),
        (
            replace(SMALL, subnets=SMALL.subnets[:1], acls=(replace(SMALL.acls[0], subnets=("subnet-1",)), SMALL.acls[1])),
            [("removed", "subnet", "subnet-2")],
        ),
        (
            replace(SMALL, prefix_lists=(PrefixList("pl-1", ("10.51.0.0/16",), "offices"),)),
            [
                ("removed", "prefix list entry", "pl-1", "10.50.0.0/16", "10.50.0.0/16"),
                ("added", "prefix list entry", "pl-1", "10.51.0.0/16", "10.51.0.0/16"),
                ("changed", "prefix list", "pl-1", "name", "office", "offices"),
            ],
        ),
        (
            replace(SMALL, vpcs=(Vpc("vpc-1", ("10.0.0.0/16", "10.1.0.0/16")),)),
            [("changed", "VPC", "vpc-1", "cidrs", "10.0.0.0/16", "10.0.0.0/16 10.1.0.0/16")],
        ),
        (
            replace(SMALL, groups=(replace(SMALL.groups[0], tags=(("a", "1"),)), SMALL.groups[1])),
            [("changed", "security group", "sg-1", "tags", "a=1")],
        ),
    ],
)  # fmt: skip
def test_each_difference_is_a_row(after: Network, expected: list[tuple[str, ...]]) -> None:
    """A change of one thing is one row that says what, of what, and how it was and is."""
    assert rows(SMALL, after) == expected
    assert len(rows(after, SMALL)) == len(expected)


def test_the_same_network_gives_no_row() -> None:
    """Time, place, ids of rules, and order are no difference; the table has its columns all the same."""
    again = replace(
        SMALL,
        region="eu-west-1",
        account="1",
        groups=(replace(SMALL.groups[0], rules=(replace(WEB, id="sgr-2"),)), SMALL.groups[1]),
        interfaces=(replace(HOST, groups=("sg-2", "sg-1")),),
        subnets=SMALL.subnets[::-1],
    )
    table = SMALL.diff(again)
    assert len(table) == 0
    assert list(table) == ["what", "kind", "resource", "field", "rule", "before", "after"]
    assert {str(kind) for kind in table.dtypes} == {str(kind) for kind in SMALL.diff(Network()).dtypes} == {"str"}


@pytest.mark.parametrize("seed", range(30))
def test_the_table_and_the_edits_tell_of_the_same_rules(seed: int) -> None:
    """Each edit has its row, and each row about a rule that came, went or was replaced its edit."""
    rng = random.Random(seed)
    before, after = drawn_network(rng), drawn_network(rng)
    table = before.diff(after)
    about = table[table["kind"].isin(["group rule", "ACL rule"]) & (table["field"] == "")]
    assert len(about) == len(difference(before, after))
    assert len(before.diff(before)) == 0
    assert len(after.diff(before)) == len(table)


def test_what_is_read_again_is_no_difference() -> None:
    """A network and what its JSON says are the same, row for row and edit for edit."""
    for seed in range(20):
        network = drawn_network(random.Random(seed))
        again = Network.from_json(network.to_dict())
        assert len(network.diff(again)) == 0
        assert difference(network, again) == ()
