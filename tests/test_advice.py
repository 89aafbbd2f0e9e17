"""Which rule advice proposes, in situations built so that the answer is known: one test a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.network import (
    AclEntry,
    AddEntry,
    AddRule,
    Change,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    PrefixList,
    RemoveEntry,
    ReplaceEntry,
    SecurityGroup,
    Subnet,
    Suggestion,
    Vpc,
    blame,
    suggest,
)
from rejectkit.network.model import ALL, ICMP, TCP, UDP
from rejectkit.sources.base import Watch
from tests.making_flows import accept, flow, table

WEB, DB, OTHER_DB, JOB, NAT = "10.0.1.5", "10.0.2.9", "10.0.2.10", "10.0.1.40", "10.0.1.20"
SCANNER = "198.51.100.7"
ANY = (AclEntry(100, False, True, ALL, "0.0.0.0/0"), AclEntry(100, True, True, ALL, "0.0.0.0/0"))
OUT = GroupRule("sg-web", True, ALL, ALL, ALL, "0.0.0.0/0")

NETWORK = Network(
    vpcs=(Vpc("vpc-1", ("10.0.0.0/16",)),),
    subnets=(Subnet("subnet-a", "vpc-1", ("10.0.1.0/24",)), Subnet("subnet-d", "vpc-1", ("10.0.2.0/24",))),
    groups=(
        SecurityGroup("sg-all", "everyone", vpc="vpc-1"),
        SecurityGroup("sg-db", "db", vpc="vpc-1", rules=(GroupRule("sg-db", False, TCP, 5432, 5432, "10.99.0.0/24"),)),
        SecurityGroup("sg-job", "job", vpc="vpc-1"),
        SecurityGroup("sg-web", "web", vpc="vpc-1", rules=(OUT,)),
    ),
    acls=(
        NetworkAcl("acl-a", "app", "vpc-1", entries=ANY, subnets=("subnet-a",)),
        NetworkAcl("acl-d", "data", "vpc-1", entries=ANY, subnets=("subnet-d",)),
    ),
    interfaces=(
        Interface("eni-d", "subnet-d", "vpc-1", (DB,), groups=("sg-all", "sg-db"), name="db"),
        Interface("eni-e", "subnet-d", "vpc-1", (OTHER_DB,), groups=("sg-all", "sg-db"), name="db 2"),
        Interface("eni-j", "subnet-a", "vpc-1", (JOB,), groups=("sg-all", "sg-job"), name="job"),
        Interface("eni-n", "subnet-a", "vpc-1", (NAT,), kind="nat_gateway"),
        Interface("eni-w", "subnet-a", "vpc-1", (WEB, "10.0.1.6"), groups=("sg-all", "sg-web"), name="web"),
    ),
)


def to_db(src: str, port: int = 5432, **more: Any) -> dict[str, Any]:
    """Return a refused record of something that comes to the database."""
    return flow(src, DB, port, **{"eni": "eni-d", "flowDirection": "ingress", "tcpFlags": 2, "packets": 4} | more)


def from_job(dst: str, port: int, **more: Any) -> dict[str, Any]:
    """Return a refused record of something that leaves the job."""
    return flow(JOB, dst, port, **{"eni": "eni-j", "flowDirection": "egress", "tcpFlags": 2, "packets": 4} | more)


def advice(rows: Iterable[dict[str, Any]], network: Network = NETWORK, **more: Any) -> list[Suggestion]:
    """Return the advice on records."""
    return suggest(table(rows), network, **more)


def texts(edits: Iterable[Change]) -> list[str]:
    """Return changes in words: `sg-db inbound tcp 5432 from sg-web`."""
    found = []
    for edit in edits:
        if isinstance(edit, AddRule):
            found.append(f"{edit.rule.group} {edit.rule}")
        elif isinstance(edit, AddEntry | RemoveEntry):
            found.append(f"{'+' if isinstance(edit, AddEntry) else '-'} {edit.acl} {edit.entry}")
        elif isinstance(edit, ReplaceEntry):
            found.append(f"= {edit.acl} {edit.after}")
    return found


def with_acl(acl: str, *entries: AclEntry, network: Network = NETWORK) -> Network:
    """Return the network with other entries in one of its ACLs."""
    return network.with_acl(replace(network.acl_of[acl], entries=entries))


def one(rows: Iterable[dict[str, Any]], network: Network = NETWORK, **more: Any) -> list[str]:
    """Return the changes of the only suggestion."""
    (found,) = advice(rows, network, **more)
    return texts(found.edits)


# Who is named, and in which group


def test_sources_of_one_group_are_named_by_it_and_the_rule_goes_where_fewest_others_are() -> None:
    """Every interface carries `everyone` too; the rule is from the web tier's own group into the database's own."""
    (found,) = advice([to_db(WEB), to_db("10.0.1.6", at=60)])
    assert texts(found.edits) == ["sg-db inbound tcp 5432 from sg-web"]
    assert (found.layer, found.resource, found.flows, found.hosts) == ("sg-in", "sg-db", 2, 2)
    assert (found.admits.addresses, found.admits.members, found.admits.targets) == (0, 0, 1)
    assert found.evidence["name"].tolist() == ["web", "web"]
    assert found.quota == 60 - 1 - 1
    assert "everyone" not in found.sentence


def test_the_same_mistake_at_two_hosts_is_one_suggestion() -> None:
    """Two databases of one group refuse the same client: one rule."""
    again = flow(WEB, OTHER_DB, 5432, eni="eni-e", flowDirection="ingress", tcpFlags=2, at=90)
    (found,) = advice([to_db(WEB), again])
    assert texts(found.edits) == ["sg-db inbound tcp 5432 from sg-web"]
    assert found.admits.targets == 0


def test_sources_of_two_groups_are_two_decisions() -> None:
    """Web and job share only the group that everyone carries: each gets its own rule and suggestion."""
    found = advice([to_db(WEB), to_db(JOB, at=60), to_db(JOB, at=120)])
    assert [texts(each.edits) for each in found] == [
        ["sg-db inbound tcp 5432 from sg-job"],
        ["sg-db inbound tcp 5432 from sg-web"],
    ]


def test_a_group_that_just_the_sources_share_is_named_in_the_place_of_each_ones_own() -> None:
    """Web and job are in a group of the two; their own groups have other members: one rule for both."""
    pair = tuple(
        replace(each, groups=(*each.groups, "sg-pair")) if each.id in ("eni-j", "eni-w") else each
        for each in NETWORK.interfaces
    )
    more = tuple(Interface(f"eni-{n}", "subnet-a", "vpc-1", (f"10.0.1.{n}",), groups=(f"sg-{name}",))
                 for n, name in ((90, "web"), (91, "job")))  # fmt: skip
    group = SecurityGroup("sg-pair", "pair", vpc="vpc-1")
    network = replace(NETWORK, interfaces=(*pair, *more), groups=(*NETWORK.groups, group))
    assert one([to_db(WEB), to_db(JOB, at=60)], network) == ["sg-db inbound tcp 5432 from sg-pair"]


def test_a_group_with_more_other_members_than_the_limit_is_not_named() -> None:
    """A source that carries only the group of three hundred hosts is named by its address."""
    crowd = tuple(
        Interface(f"eni-x{n}", "subnet-a", "vpc-1", (f"10.0.{4 + n // 200}.{1 + n % 200}",), groups=("sg-all",))
        for n in range(300)
    )
    network = replace(NETWORK, interfaces=(*NETWORK.interfaces, *crowd))
    assert one([to_db("10.0.4.7")], network) == ["sg-db inbound tcp 5432 from 10.0.4.7/32"]
    assert one([to_db("10.0.4.7")], network, widest=16) == ["sg-db inbound tcp 5432 from sg-all"]


def test_what_comes_through_a_middlebox_is_not_named_by_a_group() -> None:
    """A reference does not reach through a NAT gateway: its address is named, whatever group it may carry."""
    carried = tuple(replace(each, groups=("sg-web",)) if each.id == "eni-n" else each for each in NETWORK.interfaces)
    network = replace(NETWORK, interfaces=carried)
    assert one([to_db(NAT)], network) == [f"sg-db inbound tcp 5432 from {NAT}/32"]


def test_a_group_of_another_vpc_is_named_only_where_a_rule_shows_that_it_is_peered() -> None:
    """Without a sign of peering its address is named; with one its group is, with its VPC and owner."""
    far = Interface("eni-f", "subnet-f", "vpc-2", ("10.9.0.7",), groups=("sg-far",))
    group = SecurityGroup("sg-far", "far", vpc="vpc-2", owner="210987654321")
    network = replace(NETWORK, interfaces=(*NETWORK.interfaces, far), groups=(*NETWORK.groups, group))
    assert one([to_db("10.9.0.7")], network) == ["sg-db inbound tcp 5432 from 10.9.0.7/32"]
    shown = AddRule(GroupRule("sg-web", False, TCP, 443, 443, "sg-far", peer_vpc="vpc-2", peer_owner="210987654321"))
    (found,) = advice([to_db("10.9.0.7")], network.changed(shown))
    (edit,) = found.edits
    assert isinstance(edit, AddRule)
    assert (edit.rule.peer, edit.rule.peer_vpc, edit.rule.peer_owner) == ("sg-far", "vpc-2", "210987654321")
    assert "peering" in found.caution


def test_few_addresses_are_named_one_by_one_and_many_are_put_together_within_the_limit() -> None:
    """Four stay four; ten of one /24 are the smallest block that has them all; with a limit of /32 they stay ten."""
    four = [to_db(f"10.9.0.{n}", at=n) for n in (3, 50, 99, 200)]
    assert len(one(four)) == 4
    ten = [to_db(f"10.9.0.{n}", at=n) for n in range(3, 23, 2)]
    (found,) = advice(ten)
    assert texts(found.edits) == ["sg-db inbound tcp 5432 from 10.9.0.0/27"]
    assert found.admits.addresses == 32 - 10
    assert len(one(ten, widest=32)) == 10


def test_no_block_has_a_scanner_or_an_unwanted_source_in_it() -> None:
    """A block is taken apart where something else than sources would be in it that no rule is to be for."""
    rows = [to_db(f"10.9.0.{n}", at=n) for n in range(2, 22)]
    edits = [edit for each in advice(rows, not_sources="10.9.0.5") for edit in each.edits]
    cidrs = [edit.rule.peer for edit in edits if isinstance(edit, AddRule)]
    assert "10.9.0.4/32" in cidrs
    assert not any(cidr.startswith("10.9.0.5/") for cidr in cidrs)
    assert sum(1 << (32 - int(cidr.partition("/")[2])) for cidr in cidrs) < 32


def test_a_group_with_an_unwanted_member_is_not_named() -> None:
    """The web tier's group would admit its other member, which no rule is to be for: the address is named."""
    other = Interface("eni-x", "subnet-a", "vpc-1", ("10.0.1.7",), groups=("sg-web",))
    network = replace(NETWORK, interfaces=(*NETWORK.interfaces, other))
    assert one([to_db(WEB)], network) == ["sg-db inbound tcp 5432 from sg-web"]
    assert one([to_db(WEB)], network, not_sources="10.0.1.7") == [f"sg-db inbound tcp 5432 from {WEB}/32"]


def test_a_prefix_list_is_named_where_it_admits_no_more_than_addresses_would() -> None:
    """A list of just the sources takes the place of CIDRs; one with more in it does not."""
    rows = [to_db("10.9.0.3"), to_db("10.9.0.9", at=60)]
    exact = PrefixList("pl-1", ("10.9.0.3/32", "10.9.0.9/32"), "partners", 5)
    wide = PrefixList("pl-0", ("10.9.0.0/16",), "all", 1)
    (found,) = advice(rows, replace(NETWORK, prefix_lists=(exact, wide)))
    assert texts(found.edits) == ["sg-db inbound tcp 5432 from pl-1"]
    assert found.quota == 60 - 1 - 5  # it counts with its greatest number of entries
    assert len(one(rows, replace(NETWORK, prefix_lists=(wide,)))) == 2
    big = replace(exact, max_entries=100)
    assert len(one(rows, replace(NETWORK, prefix_lists=(big,)))) == 2


# Which sources


def test_a_scanner_is_never_advised_unless_its_very_address_is_given() -> None:
    """Not by default, not by a network that has it in it; by its address it is, with a caution."""
    rows = [to_db(SCANNER, port, at=port, packets=1) for port in (22, 23, 80, 443, 8080)]
    assert advice(rows) == []
    assert advice(rows, sources="198.51.100.0/24") == []
    found = advice(rows, sources=SCANNER)
    assert len(found) == 5
    assert all("internet" in each.caution for each in found)


def test_a_source_that_may_have_a_reason_is_advised_when_it_is_chosen() -> None:
    """A public source that insists is unsure: nothing by default, a rule for its address if it is chosen."""
    rows = [to_db("203.0.113.77", at=n * 300, packets=6) for n in range(12)]
    assert advice(rows) == []
    assert one(rows, sources="203.0.113.64/26") == ["sg-db inbound tcp 5432 from 203.0.113.77/32"]
    assert advice(rows, sources="203.0.113.64/26", not_sources="203.0.113.77") == []


def test_late_packets_get_no_advice() -> None:
    """What comes after its connection has closed, no rule is to blame for."""
    usual = accept(WEB, DB, 5432, eni="eni-d", flowDirection="ingress", tcpFlags=3, sport=40007)
    late = to_db(WEB, sport=40007, at=90, tcpFlags=1, packets=1)
    assert advice([usual, late]) == []


@pytest.mark.parametrize("unknown", ["port", "sport", "protocol"])
def test_without_port_or_protocol_there_is_no_advice(unknown: str) -> None:
    """A rule without them would be for all ports or all traffic."""
    row = {"src": WEB, "port": 5432} | {unknown: None}
    assert advice([to_db(**row), to_db(**row, at=60)]) == []


def test_too_little_evidence_gets_no_advice() -> None:
    """With `evidence` of 3, two refused flows are too few."""
    rows = [to_db(WEB), to_db(WEB, at=60)]
    assert len(advice(rows, evidence=2)) == 1
    assert advice(rows, evidence=3) == []


def test_a_probe_from_inside_gets_no_advice_and_is_in_no_block() -> None:
    """A host that tries twenty ports is a probe; ten others of its network are put together around it."""
    rows = [to_db("10.9.0.8", 2000 + n, at=n, packets=1) for n in range(20)]
    rows += [to_db(f"10.9.0.{n}", at=100 + n) for n in range(2, 15) if n != 8]
    (found,) = advice(rows)
    assert "10.9.0.8" not in found.evidence["srcAddr"].tolist()
    assert advice([from_job("10.9.0.8", 2000 + n, at=n) for n in range(20)], sources="10.0.1.0/24") == []
    assert not any(text.endswith(" 10.9.0.8/32") or "10.9.0.0/28" in text for text in texts(found.edits))


# Ports and protocols


def test_ports_are_named_one_by_one_unless_a_range_is_evident() -> None:
    """Three ports are three rules; eight in a row are a range; high ports beside FTP are one too."""
    three = advice([to_db(WEB, port, at=port) for port in (8001, 8010, 9000)])
    assert sorted(texts(each.edits)[0] for each in three) == [
        f"sg-db inbound tcp {port} from sg-web" for port in (8001, 8010, 9000)
    ]
    row = [to_db(WEB, port, at=n) for n, port in enumerate(range(40100, 40108))]
    assert one(row) == ["sg-db inbound tcp 40100-40107 from sg-web"]
    passive = [to_db(WEB, port, at=n) for n, port in enumerate((50010, 50200, 50077, 50555, 50999))]
    control = accept(WEB, DB, 21, eni="eni-d", flowDirection="ingress", tcpFlags=2)
    (found,) = advice([control, *passive])
    assert texts(found.edits) == ["sg-db inbound tcp 50010-50999 from sg-web"]
    assert found.admits.ports == 990 - 5


def test_ping_is_admitted_as_echo_and_says_so() -> None:
    """The records do not tell the type of ICMP: the rule is for echo requests, with a caution."""
    (found,) = advice([to_db(WEB, 0, sport=0, protocol=ICMP, tcpFlags=0)])
    assert texts(found.edits) == ["sg-db inbound icmp type 8 from sg-web"]
    assert "type of ICMP" in found.caution


def test_a_client_made_for_another_database_is_to_be_corrected() -> None:
    """Nobody was let in at MySQL's port of a host that admits PostgreSQL: no change, unless somebody was."""
    (found,) = advice([to_db(JOB, 3306), to_db(JOB, 3306, at=60)])
    assert found.edits == ()
    assert "3306 (MySQL)" in found.sentence
    assert "5432 (PostgreSQL)" in found.sentence
    used = accept("10.99.0.5", DB, 3306, eni="eni-d", flowDirection="ingress", tcpFlags=2)
    assert one([used, to_db(JOB, 3306)]) == ["sg-db inbound tcp 3306 from sg-job"]


def test_what_leaves_gets_a_rule_for_where_it_goes() -> None:
    """Outbound to hosts inside by their group, to the internet by address and with a caution."""
    assert one([from_job(DB, 5432), from_job(OTHER_DB, 5432, at=60)]) == ["sg-job outbound tcp 5432 to sg-db"]
    (found,) = advice([from_job("203.0.113.9", 587)])
    assert texts(found.edits) == ["sg-job outbound tcp 587 to 203.0.113.9/32"]
    assert found.evidence["srcAddr"].tolist() == [JOB]
    assert "internet change" in found.caution


def test_the_other_end_is_named_where_it_would_refuse_the_flow_too() -> None:
    """Let out to the database, the job would be refused there: the caution names the group."""
    (found,) = advice([from_job(DB, 5432)])
    assert "sg-db" in found.caution


# Network ACLs

ANSWERS = AclEntry(110, True, True, TCP, "0.0.0.0/0", 1024, 65535)


def test_a_rule_of_an_acl_comes_after_all_others_with_a_gap_and_with_the_way_back() -> None:
    """Inbound 100 is there, so it is 110; outbound nothing is, so answers get 10; two mistakes take two numbers."""
    rules = AclEntry(100, False, True, TCP, "10.0.0.0/16", 22, 22)
    network = with_acl("acl-d", rules).changed(AddRule(GroupRule("sg-db", False, TCP, 0, 65535, "10.9.0.0/16")))
    (found,) = advice([to_db("10.9.0.3")], network)
    assert texts(found.edits) == [
        "+ acl-d inbound rule 110 allows tcp 5432 from 10.9.0.3/32",
        "+ acl-d outbound rule 10 allows tcp 1024-65535 to 10.9.0.3/32",
    ]
    assert found.quota == 20 - 1 - 2
    two = advice([to_db("10.9.0.3"), to_db("10.9.0.4", 8080, at=60)], network)
    network.changed(*(edit for each in two for edit in each.edits))
    numbers = [edit.entry.number for each in two for edit in each.edits if isinstance(edit, AddEntry)]
    assert sorted(numbers) == [10, 20, 110, 120]


def test_where_the_groups_refuse_it_too_both_are_in_one_suggestion() -> None:
    """The ACL is first on the way in and is blamed; the group's rule comes along."""
    network = with_acl("acl-d", ANSWERS)
    (found,) = advice([to_db(WEB)], network)
    assert found.layer == "nacl-in"
    assert sorted(texts(found.edits)) == [
        "+ acl-d inbound rule 10 allows tcp 5432 from 10.0.1.5/32",
        "sg-db inbound tcp 5432 from sg-web",
    ]


def test_a_flow_inside_a_subnet_needs_no_rule_of_its_acl() -> None:
    """Two hosts of one subnet: the ACL is not asked, so none of its rules is proposed."""
    assert one([to_db(OTHER_DB)], with_acl("acl-d")) == ["sg-db inbound tcp 5432 from sg-db"]


DENY = AclEntry(100, False, False, TCP, "10.9.0.0/24", 5432, 5432)
BELOW = AclEntry(200, False, True, ALL, "0.0.0.0/0")
OFFICE = AddRule(GroupRule("sg-db", False, TCP, 5432, 5432, "10.9.0.0/16"))


def behind(*entries: AclEntry) -> Network:
    """Return the network with inbound entries of the database's ACL, and a group that admits the office."""
    return with_acl("acl-d", *entries, ANY[1]).changed(OFFICE)


def test_a_deny_goes_where_it_is_for_no_more_than_may_be_admitted_and_a_rule_below_allows_it() -> None:
    """It is removed, with the alternative and a caution; not if it is wider than the limit, or another deny follows."""
    (found,) = advice([to_db("10.9.0.3")], behind(DENY, BELOW))
    assert texts(found.edits) == ["- acl-d inbound rule 100 denies tcp 5432 from 10.9.0.0/24"]
    assert found.admits.addresses == 255
    assert "below rule 200" in found.sentence
    assert "on purpose" in found.caution
    allow = ["+ acl-d inbound rule 90 allows tcp 5432 from 10.9.0.3/32"]
    assert one([to_db("10.9.0.3")], behind(DENY, BELOW), widest=25) == allow
    assert one([to_db("10.9.0.3")], behind(replace(DENY, from_port=0, to_port=65535), BELOW)) == allow
    assert one([to_db("10.9.0.3")], behind(DENY, replace(DENY, number=150), BELOW)) == allow
    assert one([to_db("10.9.0.3")], behind(DENY)) == allow
    assert one([to_db("10.9.0.3")], behind(DENY, BELOW), not_sources="10.9.0.77") == allow


@pytest.mark.parametrize(
    ("others", "number"), [((), 90), ((90,), 95), ((95,), 97), ((98, 99), 97), (tuple(range(1, 99)), 99)]
)
def test_an_allow_above_a_deny_takes_a_free_number(others: tuple[int, ...], number: int) -> None:
    """A round number before the deny, else one in the middle of the gap, else any that is free."""
    wide = replace(DENY, cidr="10.9.0.0/16")
    taken = [AclEntry(each, False, True, TCP, "10.0.0.0/16", 22, 22) for each in others]
    assert one([to_db("10.9.0.3")], behind(*taken, wide)) == [
        f"+ acl-d inbound rule {number} allows tcp 5432 from 10.9.0.3/32"
    ]


def test_an_allow_does_not_come_before_another_deny_that_it_would_undo() -> None:
    """Ten sources are one block, in which another deny is for one address: the number is between the two denies."""
    first = AclEntry(50, False, False, TCP, "10.9.0.1/32", 5432, 5432)
    wide = replace(DENY, cidr="10.9.0.0/16", number=52)
    rows = [to_db(f"10.9.0.{n}", at=n) for n in range(3, 23, 2)]
    assert one(rows, behind(first, wide)) == ["+ acl-d inbound rule 51 allows tcp 5432 from 10.9.0.0/27"]


def test_a_deny_is_moved_where_only_numbers_before_such_another_deny_are_free() -> None:
    """The two denies are 51 and 52: the second goes below the rest, and what is let pass takes its number."""
    first = AclEntry(51, False, False, TCP, "10.9.0.1/32", 5432, 5432)
    rows = [to_db(f"10.9.0.{n}", at=n) for n in range(3, 23, 2)]
    assert one(rows, behind(first, replace(DENY, cidr="10.9.0.0/16", number=52))) == [
        "+ acl-d inbound rule 62 denies tcp 5432 from 10.9.0.0/16",
        "= acl-d inbound rule 52 allows tcp 5432 from 10.9.0.0/27",
    ]


def test_a_deny_that_is_first_of_all_is_moved_down() -> None:
    """There is no number before 1: the deny goes below, and what is let pass takes its number."""
    first = replace(DENY, cidr="10.9.0.0/16", number=1)
    assert one([to_db("10.9.0.3")], behind(first, BELOW)) == [
        "+ acl-d inbound rule 11 denies tcp 5432 from 10.9.0.0/16",
        "= acl-d inbound rule 1 allows tcp 5432 from 10.9.0.3/32",
    ]
    (found,) = advice([to_db("10.9.0.3")], behind(first, replace(BELOW, number=2)))
    assert found.edits == ()
    assert found.sentence.startswith("No change is proposed")


def test_a_refused_answer_gets_the_clients_ports() -> None:
    """The question was let in, the answer is refused: the ports of clients, out to who asked."""
    network = with_acl("acl-d", ANY[0], AclEntry(100, True, True, TCP, "10.0.0.0/16")).changed(OFFICE)
    asked = accept("10.9.0.3", DB, 5432, eni="eni-d", sport=51000, flowDirection="ingress", tcpFlags=2)
    answer = flow(DB, "10.9.0.3", 51000, sport=5432, eni="eni-d", flowDirection="egress", tcpFlags=18)
    (found,) = advice([asked, answer], network)
    assert texts(found.edits) == ["+ acl-d outbound rule 110 allows tcp 1024-65535 to 10.9.0.3/32"]
    assert found.layer == "nacl-reply"
    assert found.evidence["srcAddr"].tolist() == ["10.9.0.3"]


def test_an_answer_from_the_internet_is_let_in_to_who_asked() -> None:
    """The job's question went out and its answer is refused inbound: who asked is inside, so it is by mistake."""
    out = AddRule(GroupRule("sg-job", True, TCP, 443, 443, "0.0.0.0/0"))
    network = with_acl("acl-a", ANY[1]).changed(out)
    asked = accept(JOB, "203.0.113.9", 443, eni="eni-j", sport=51000, flowDirection="egress", tcpFlags=2)
    answer = flow("203.0.113.9", JOB, 51000, sport=443, eni="eni-j", flowDirection="ingress", tcpFlags=18)
    (found,) = advice([asked, answer], network)
    assert texts(found.edits) == ["+ acl-a inbound rule 10 allows tcp 1024-65535 from 203.0.113.9/32"]
    assert found.evidence["srcAddr"].tolist() == [JOB]


def test_what_nobody_answers_needs_no_way_back() -> None:
    """Syslog over UDP: the rule is for one direction."""
    network = with_acl("acl-d").changed(AddRule(GroupRule("sg-db", False, UDP, 514, 514, "10.9.0.0/16")))
    assert one([to_db("10.9.0.3", 514, protocol=UDP, tcpFlags=0)], network) == [
        "+ acl-d inbound rule 10 allows udp 514 from 10.9.0.3/32"
    ]


# The answer itself


def test_what_hurts_most_comes_first_and_evidence_has_a_row_a_source() -> None:
    """Sorted by refused flows; the evidence adds up to them, and times are UTC."""
    rows = [to_db("10.9.0.3", 9000), *(to_db(f"10.9.0.{3 + n % 2}", at=60 * n) for n in range(5))]
    first, second = advice(rows)
    assert (first.flows, second.flows) == (5, 1)
    assert list(first.evidence.columns) == [
        "srcAddr", "name", "instance", "flows", "packets", "first", "last", "ports", "destinations",
    ]  # fmt: skip
    assert first.evidence["flows"].tolist() == [3, 2]
    assert first.evidence["packets"].sum() == 20
    assert first.evidence["ports"].tolist() == ["tcp 5432 (PostgreSQL)"] * 2
    assert first.first == pd.Timestamp("2026-11-01", tz="UTC")
    assert first.last == pd.Timestamp("2026-11-01 00:04", tz="UTC")


def test_hostile_names_are_escaped() -> None:
    """A name from a tag shows itself and does nothing."""
    named = tuple(replace(each, name="<script>x()</script>\nor\x1b[2J") for each in NETWORK.interfaces)
    groups = tuple(replace(each, name="<b>bold") for each in NETWORK.groups)
    (found,) = advice([to_db(WEB)], replace(NETWORK, interfaces=named, groups=groups))
    html = found._repr_html_()
    assert "<script>" not in html
    assert "<b>bold" not in html
    assert "&lt;script&gt;" in html
    assert "<script>x()</script> or\\x1b[2J" in str(found).splitlines()[0]


def test_blame_that_was_asked_already_is_used() -> None:
    """The answer is the same with it; of other records it is refused."""
    records = table([to_db(WEB)])
    blamed = blame(records, NETWORK)
    assert suggest(records, NETWORK, blamed=blamed) == suggest(records, NETWORK)
    with pytest.raises(ArgumentError, match="not of these records"):
        suggest(records, NETWORK, blamed=blamed.iloc[:0])


@pytest.mark.parametrize(
    ("more", "words"),
    [({"widest": 7}, "widest is 7"), ({"evidence": 0}, "evidence is 0"), ({"sources": "office"}, "'office'"),
     ({"not_sources": ["10.0.0.0/8", "x"]}, "'x'"), ({"widest": True}, "widest is True")],
)  # fmt: skip
def test_arguments_that_cannot_be_are_refused(more: dict[str, Any], words: str) -> None:
    """The error names the value."""
    with pytest.raises(ArgumentError, match=words):
        advice([to_db(WEB)], **more)


def test_it_can_be_watched_and_cancelled() -> None:
    """It reports from 0 to 1; cancelled, it raises."""
    shares: list[float] = []
    watch = Watch(lambda share, _: shares.append(share))
    suggest(table([to_db(WEB)]), NETWORK, watch=watch)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    stopped = Watch()
    stopped.cancel()
    with pytest.raises(QueryCancelledError):
        suggest(table([to_db(WEB)]), NETWORK, watch=stopped)


def test_no_records_no_advice() -> None:
    """An empty table is answered with an empty list."""
    assert advice([]) == []
