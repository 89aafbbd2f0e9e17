"""Networks as values: what finds what, rules in words, and changes of rules that are done and undone."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rejectkit.errors import ArgumentError
from rejectkit.network import (
    AclEntry,
    AddEntry,
    AddRule,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    RemoveEntry,
    RemoveRule,
    ReplaceEntry,
    SecurityGroup,
    Subnet,
    Vpc,
    model,
)
from tests.drawn_networks import drawn_entry, drawn_network, drawn_rule

WEB = GroupRule("sg-1", False, 6, 443, 443, "10.0.0.0/8", "sgr-1")
DENY = AclEntry(90, False, False, 6, "192.168.10.0/24", 443, 443)
SMALL = Network(
    vpcs=(Vpc("vpc-1", ("10.0.0.0/16",)),),
    subnets=(Subnet("subnet-1", "vpc-1", ("10.0.0.0/24",)), Subnet("subnet-2", "vpc-1", ("10.0.1.0/24",))),
    groups=(SecurityGroup("sg-1", rules=(WEB,)), SecurityGroup("sg-2")),
    acls=(NetworkAcl("acl-1", entries=(DENY, replace(DENY, number=100, allow=True)), subnets=("subnet-1",)),),
    interfaces=(
        Interface("eni-1", "subnet-1", "vpc-1", ("10.0.0.7",), groups=("sg-1", "sg-2")),
        Interface("eni-2", "subnet-2", "vpc-1", ("10.0.1.7",), groups=("sg-2", "sg-9")),
    ),
)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (WEB, "inbound tcp 443 from 10.0.0.0/8"),
        (GroupRule("sg-1", True, 17, 1024, 65535, "::/0"), "outbound udp 1024-65535 to ::/0"),
        (GroupRule("sg-1", True, -1, -1, -1, "sg-1"), "outbound all traffic to sg-1"),
        (GroupRule("sg-1", False, 6, -1, -1, "pl-1"), "inbound tcp from pl-1"),
        (GroupRule("sg-1", False, 1, 3, 4, "0.0.0.0/0"), "inbound icmp type 3 code 4 from 0.0.0.0/0"),
        (GroupRule("sg-1", False, 58, 128, -1, "::/0"), "inbound icmpv6 type 128 from ::/0"),
        (GroupRule("sg-1", False, 50, -1, -1, "10.0.0.1/32"), "inbound protocol 50 from 10.0.0.1/32"),
        (DENY, "inbound rule 90 denies tcp 443 from 192.168.10.0/24"),
        (AclEntry(5, True, True, 1, "0.0.0.0/0", icmp_type=8), "outbound rule 5 allows icmp type 8 to 0.0.0.0/0"),
    ],
)
def test_a_rule_says_itself_in_words(rule: object, words: str) -> None:
    """A rule's text has direction, traffic and the other end."""
    assert str(rule) == words


def test_what_belongs_together_is_found_by_id() -> None:
    """A subnet's network ACL, a group's interfaces: also of a group that is not in the network itself."""
    assert SMALL.guard_of == {"subnet-1": SMALL.acls[0]}
    assert {name: [one.id for one in members] for name, members in SMALL.members_of.items()} == {
        "sg-1": ["eni-1"],
        "sg-2": ["eni-1", "eni-2"],
        "sg-9": ["eni-2"],
    }
    for member, found in {
        "interfaces": SMALL.interface_of,
        "groups": SMALL.group_of,
        "subnets": SMALL.subnet_of,
        "acls": SMALL.acl_of,
        "vpcs": SMALL.vpc_of,
        "prefix_lists": SMALL.prefix_list_of,
    }.items():
        assert list(found.items()) == [(one.id, one) for one in getattr(SMALL, member)]


def test_a_network_shows_its_counts() -> None:
    """A network's text, and its HTML, are counts, place and time; never all that is in it."""
    told = replace(SMALL, region="<b>", account="123456789012", at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC))
    words = (
        "1 VPC, 2 subnets, 2 interfaces, 2 security groups, 1 group rule, 1 network ACL, 2 ACL rules "
        "(<b>, 123456789012; read 2026-11-01 09:30:00 UTC)"
    )
    assert str(told) == words
    assert repr(told) == f"<Network: {words}>"
    assert str(Network()) == "nothing"
    html = told._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert '<tr><th scope="row">ACL rules</th><td>2</td></tr>' in html


RULE = replace(WEB, from_port=22, to_port=22, id="")
ENTRY = replace(DENY, number=95)


@pytest.mark.parametrize(
    ("edit", "group_rules", "acl_numbers"),
    [
        (AddRule(RULE), [RULE, WEB], [90, 100]),
        (RemoveRule(replace(WEB, id="sgr-other", description="by what it is about")), [], [90, 100]),
        (AddEntry("acl-1", ENTRY), [WEB], [90, 95, 100]),
        (AddEntry("acl-1", replace(DENY, egress=True)), [WEB], [90, 100, 90]),
        (RemoveEntry("acl-1", DENY), [WEB], [100]),
        (ReplaceEntry("acl-1", DENY, replace(DENY, allow=True)), [WEB], [90, 100]),
    ],
)
def test_an_edit_is_applied_in_its_place_and_undone(edit: Any, group_rules: list[Any], acl_numbers: list[int]) -> None:
    """An edit changes its group or network ACL and nothing else, keeps the order of rules, and can be taken back."""
    changed = SMALL.changed(edit)
    assert list(changed.groups[0].rules) == group_rules
    assert [entry.number for entry in changed.acls[0].entries] == acl_numbers
    assert changed != SMALL
    assert replace(changed, groups=SMALL.groups, acls=SMALL.acls) == SMALL
    back = changed.changed(edit.undone)
    assert [[rule.key for rule in group.rules] for group in back.groups] == [[WEB.key], []]
    assert back.acls == SMALL.acls


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (AddRule(replace(WEB, id="")), "security group sg-1 has that rule already: inbound tcp 443 from 10.0.0.0/8"),
        (AddRule(replace(WEB, group="sg-7")), "there is no security group 'sg-7' in the network; it has 2"),
        (RemoveRule(RULE), "security group sg-1 has no such rule: inbound tcp 22 from 10.0.0.0/8"),
        (AddEntry("acl-1", replace(ENTRY, number=90)), "has an inbound rule 90 already; choose another number"),
        (AddEntry("acl-1", replace(ENTRY, number=32767)), "rule number 32767 cannot be: a network ACL has 1 to 32766"),
        (AddEntry("acl-1", replace(ENTRY, number=0)), "rule number 0 cannot be"),
        (AddRule(replace(RULE, from_port=23, to_port=22)), "are 23 to 22; give 0 to 65535, upwards, or -1 twice"),
        (AddRule(replace(RULE, to_port=70000)), "22 to 70000; give 0 to 65535, upwards, or -1 twice"),
        (AddRule(replace(RULE, protocol=300)), "is 300; give 0 to 255, or -1 for every one"),
        (AddRule(replace(RULE, peer="anybody")), "is 'anybody'; give a CIDR, or the id of a group or prefix list"),
        (AddEntry("acl-1", replace(ENTRY, protocol=1, icmp_type=256)), "are 256 and -1; give 0 to 255"),
        (ReplaceEntry("acl-1", DENY, replace(DENY, cidr="10.0.0.0/33")), "is '10.0.0.0/33'; give a CIDR"),
        (AddEntry("acl-7", ENTRY), "there is no network ACL 'acl-7' in the network; it has 1"),
        (RemoveEntry("acl-1", ENTRY), "network ACL acl-1 has no inbound rule like inbound rule 95 denies"),
        (ReplaceEntry("acl-1", ENTRY, ENTRY), "network ACL acl-1 has no inbound rule like inbound rule 95 denies"),
        (
            ReplaceEntry("acl-1", DENY, replace(DENY, egress=True)),
            "keeps its number and direction; inbound 90 cannot become outbound 90: remove it and add one",
        ),
    ],
)
def test_an_edit_that_cannot_be_is_refused(edit: Any, sentence: str) -> None:
    """An edit of what is not there, or is there already, raises, and says which."""
    with pytest.raises(ArgumentError) as caught:
        SMALL.changed(edit)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("seed", range(20))
def test_drawn_edits_are_undone(seed: int) -> None:
    """Any edits, and then what undoes them in the reverse order, leave the network as it was."""
    rng = random.Random(seed)
    network = now = drawn_network(rng)
    done: list[Any] = []
    for _ in range(12):
        group, acl = rng.choice(now.groups), rng.choice(now.acls)
        edits: list[Any] = [AddRule(drawn_rule(rng, group.id))]
        edits += [RemoveRule(rule) for rule in group.rules]
        free = rng.choice([number for number in range(1, 99) if all(one.number != number for one in acl.entries)])
        edits.append(AddEntry(acl.id, drawn_entry(rng, free, rng.random() < 0.5)))
        edits += [RemoveEntry(acl.id, entry) for entry in acl.entries]
        edits += [ReplaceEntry(acl.id, entry, drawn_entry(rng, entry.number, entry.egress)) for entry in acl.entries]
        edit = rng.choice(edits)
        if isinstance(edit, AddRule) and any(rule.key == edit.rule.key for rule in group.rules):
            continue
        now = now.changed(edit)
        done.append(edit)
    assert len(done) > 6
    assert now.changed(*(edit.undone for edit in reversed(done))) == network


@pytest.mark.parametrize(
    ("text", "number"), [("tcp", 6), ("UDP", 17), ("icmpv6", 58), ("-1", -1), ("all", -1), ("50", 50), (6, 6)]
)
def test_a_protocol_is_known_by_name_and_number(text: str | int, number: int) -> None:
    """The API's names, any number as text, and numbers are understood; a known number is written by its name."""
    assert model.protocol_number(text) == number
    assert model.protocol_number(model.protocol_name(number)) == number


def test_the_room_finds_its_names_on_first_use() -> None:
    """Importing the room loads neither pandas nor boto3; a name that it has not is refused with those it has."""
    code = (
        "import sys, rejectkit.network as room; room.Network; room.AddRule\n"
        "print([name for name in ('pandas', 'numpy', 'boto3', 'tqdm') if name in sys.modules])\n"
        "try: room.Netwrk\n"
        "except AttributeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, _, error = done.stdout.partition("\n")
    assert loaded == "[]"
    assert error.startswith("module 'rejectkit.network' has no name 'Netwrk'; it has AclEntry, AddEntry, ")
