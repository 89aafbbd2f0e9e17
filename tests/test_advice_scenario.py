"""Advice on the scenario's planted mistakes, held against what the scenario wrote down as it planted them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.network import AddEntry, AddRule, Network, RemoveEntry, Suggestion, suggest
from rejectkit.network.model import SecurityGroup
from rejectkit.sandbox import Scenario, scenario
from rejectkit.sandbox.playing.enforcing import ACCEPTED, outcomes
from rejectkit.sandbox.playing.scenario import network_json

SEEDS = (5, 8)
MENDED = ("db-group", "scrape-port", "nacl-ephemeral", "nacl-deny", "mail-egress", "mail-relay")
WIDEST = 24


@dataclass(frozen=True)
class Day:
    """A scenario with what the advice on all of it is."""

    scenario: Scenario
    records: pd.DataFrame
    network: Network
    advice: tuple[Suggestion, ...]

    @property
    def refused(self) -> np.ndarray:
        """Which records are REJECT."""
        return self.records["action"].eq("REJECT").fillna(False).to_numpy(bool)

    def of(self, mistake: str) -> np.ndarray:
        """Return the positions of a mistake's refused records that began under the rules of the end of the day."""
        planted = self.scenario.truth["mistake"].eq(mistake).fillna(False).to_numpy(bool) & self.refused
        if mistake == "nacl-deny":  # a record may begin before the rule that refuses its later packets
            planted &= self.scenario.starts >= int(self.scenario.changed.timestamp())
        return np.flatnonzero(planted)


@cache
def day(seed: int) -> Day:
    """Return a day of the scenario."""
    made = scenario(seed=seed)
    records, network = made.records(), Network.from_json(network_json(made))
    return Day(made, records, network, tuple(suggest(records, network)))


def with_everyone(network: Network) -> Network:
    """Return the network with a group more, without rules, that every interface carries, and other ACL numbers."""
    carried = tuple(
        replace(one, groups=("sg-everyone", *one.groups)) if one.groups else one for one in network.interfaces
    )
    acls = tuple(
        replace(acl, entries=tuple(replace(one, number=7 * one.number) if one.allow else one for one in acl.entries))
        for acl in network.acls
    )
    group = SecurityGroup("sg-everyone", "everyone", vpc=network.vpcs[0].id)
    return replace(network, interfaces=carried, acls=acls, groups=(*network.groups, group))


def becomes(one: Day, network: Network, edits: Iterable[object]) -> np.ndarray:
    """Return the positions of records that pass with some changes; nothing else may become of any."""
    found = outcomes(one.scenario, network.changed(*edits))  # type: ignore[arg-type]
    assert set(np.unique(found)) <= {0, ACCEPTED}
    return np.flatnonzero(found == ACCEPTED)


def admitted(network: Network, one: Suggestion) -> list[set[str] | object]:
    """Return the blocks of addresses that a suggestion's changes name, a single address for each of a member's."""
    blocks = set()
    for edit in one.edits:
        if isinstance(edit, AddEntry | RemoveEntry):
            blocks.add(ip_network(edit.entry.cidr))
        else:
            assert isinstance(edit, AddRule)
            peer = edit.rule.peer
            members = [each for each in network.interfaces if peer in each.groups]
            texts = [text for each in members for text in each.addresses] if peer.startswith("sg-") else [peer]
            blocks.update(ip_network(text) for text in texts)
    return list(blocks)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("vary", [False, True], ids=["as planted", "other groups and numbers"])
def test_each_planted_mistake_has_one_suggestion_that_ends_its_refusals_and_changes_nothing_else(
    seed: int, vary: bool
) -> None:
    """Of six mistakes each suggestion lets pass exactly the refused records that the truth names, and no other."""
    one = day(seed)
    network = with_everyone(one.network) if vary else one.network
    advice = suggest(one.records, network) if vary else one.advice
    passing = [becomes(one, network, each.edits).tolist() for each in advice if each.edits]
    assert sorted(passing) == sorted(one.of(mistake).tolist() for mistake in MENDED)
    assert all(rows for rows in passing)


@pytest.mark.parametrize("seed", SEEDS)
def test_all_suggestions_can_be_followed_together(seed: int) -> None:
    """No two take the same number, and together they end what each of them ends."""
    one = day(seed)
    edits = [edit for each in one.advice for edit in each.edits]
    expected = np.sort(np.concatenate([one.of(mistake) for mistake in MENDED]))
    assert becomes(one, one.network, edits).tolist() == expected.tolist()


@pytest.mark.parametrize("seed", SEEDS)
def test_no_rule_is_for_a_scanner_or_a_probe(seed: int) -> None:
    """No suggestion's source is one that the truth calls a scanner or probe, and no address it names is one's."""
    one = day(seed)
    bad = one.scenario.truth["kind"].isin(["scanner", "probe"]).fillna(False).to_numpy(bool)
    hostile = set(one.records.loc[bad & one.refused, "srcAddr"].dropna()) - set(
        one.records.loc[one.scenario.truth["kind"].eq("inside").fillna(False), "srcAddr"]
    )
    assert len(hostile) > 100
    for each in one.advice:
        assert not hostile.intersection(each.evidence["srcAddr"])
        blocks = admitted(one.network, each)
        assert not [text for text in hostile if any(ip_address(text) in block for block in blocks)]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_rule_is_wider_than_the_evidence_and_the_limit(seed: int) -> None:
    """Counted apart: every block has an address that was seen, and no more than the limit's; so has `admits`."""
    one = day(seed)
    pairs = {(row.srcAddr, row.dstAddr)
             for mistake in MENDED for row in one.records.iloc[one.of(mistake)].itertuples()}  # fmt: skip
    for each in one.advice:
        blocks, sources = admitted(one.network, each), set(each.evidence["srcAddr"])
        ends = {text for pair in pairs if sources.intersection(pair) for text in pair}
        assert all(block.num_addresses <= 1 << (32 - WIDEST) for block in blocks)
        assert all(any(ip_address(text) in block for text in ends) for block in blocks)
        seen = sum(any(ip_address(text) in block for block in blocks) for text in ends)
        assert each.admits.addresses == sum(block.num_addresses for block in blocks) - seen


@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_at_another_databases_port_is_to_be_corrected(seed: int) -> None:
    """Of `wrong-port` no rule is wrong: the suggestion has no change, names both ports, and says why."""
    one = day(seed)
    (said,) = [each for each in one.advice if not each.edits]
    assert said.evidence["srcAddr"].tolist() == ["10.20.11.50"]
    assert "3306" in said.sentence
    assert "5432" in said.sentence
    assert said.flows == len(one.of("wrong-port"))


def test_the_deny_that_goes_is_said_to_be_somebodys_perhaps() -> None:
    """The deny for no more than a rule below allows is removed; with a narrower limit, what was seen goes above it."""
    one = day(SEEDS[0])
    (removed,) = [each for each in one.advice if any(isinstance(edit, RemoveEntry) for edit in each.edits)]
    assert [edit.entry.number for edit in removed.edits if isinstance(edit, RemoveEntry)] == [90]
    assert "rule 110" in removed.sentence
    assert "on purpose" in removed.caution
    narrow = suggest(one.records, one.network, widest=26)
    (above,) = [each for each in narrow if each.layer == "nacl-in"]
    (entry,) = [edit.entry for edit in above.edits if isinstance(edit, AddEntry)]
    assert (entry.number, entry.cidr, entry.allow) == (80, "192.168.10.0/26", True)
    assert becomes(one, one.network, above.edits).tolist() == one.of("nacl-deny").tolist()


def test_records_of_the_default_format_give_the_same_advice() -> None:
    """Without flags and directions the changes are the same."""
    one = day(SEEDS[0])
    kept = ["@timestamp", *(each for each in rk.LogFormat.default().columns if each in one.records)]
    assert {each.edits for each in suggest(one.records[kept], one.network)} == {each.edits for each in one.advice}


def test_advice_on_the_sample_is_what_its_mistakes_say() -> None:
    """On the files in data/: as many flows as the sample's list of mistakes has, one suggestion a mistake."""
    records, listed = rk.FileSource("data/AWSLogs").records(action=None), pd.read_csv("data/mistakes.csv")
    advice = suggest(records, Network.from_json("data/network.json"))
    ours = listed[listed["mistake"].isin([*MENDED, "wrong-port"])]
    assert [each.flows for each in advice] == sorted(ours["refused"], reverse=True)
    assert {each.resource for each in advice} == set(ours["resource"])


def test_the_sample_s_scanners_are_let_in_nowhere(root: Path) -> None:
    """No address that the sample's own truth calls a scanner or probe is a source of advice, or within a rule of it."""
    network = Network.from_json(root / "data" / "network.json")
    found = suggest(rk.FileSource(root / "data" / "AWSLogs").records(action=None), network)
    played = rk.sandbox.scenario()
    strangers = set(played.records()["srcAddr"][played.truth["kind"].isin(["scanner", "probe"]).to_numpy()].dropna())
    assert len(strangers) > 1000
    assert len(found) >= 6
    for one in found:
        assert not strangers & set(one.evidence["srcAddr"])
        for block in admitted(network, one):
            assert not [address for address in strangers if ip_address(address) in block]
