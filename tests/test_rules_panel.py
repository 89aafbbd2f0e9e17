"""RulesPanel without a browser: its widgets are set as a front end sets them, and what comes out is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rejectkit.errors import ApplyError, ArgumentError, MissingResourceError, QueryCancelledError
from rejectkit.exploring import classify
from rejectkit.network import (
    AclEntry,
    AddRule,
    GroupRule,
    Interface,
    Network,
    NetworkAcl,
    SecurityGroup,
    Subnet,
    Vpc,
    blame,
    suggest,
    what_if,
)
from rejectkit.records import LogFormat
from rejectkit.sandbox import Fault, Limits, Sandbox, start
from rejectkit.sources.base import Watch
from rejectkit.sources.cloudwatch.source import InsightsSource
from rejectkit.widgets import RulesPanel, rulesmarkup, rulestables
from rejectkit.widgets.rulesdesk import Tried
from rejectkit.window import Window
from tests.deploying import budget

BEGAN = 1_793_491_200


class Frame:
    """A source that has its records at hand."""

    def __init__(self, records: pd.DataFrame) -> None:
        self._records = records
        self.fields = tuple(records.columns)

    def run(self, query: str, window: Window | None = None, **more: object) -> pd.DataFrame:
        """Answer from when to when they are, in milliseconds."""
        if self._records.empty:
            return pd.DataFrame({"first": [None], "last": [None]})
        times = self._records["@timestamp"].dt.as_unit("ms").astype("int64")
        return pd.DataFrame({"first": [times.min()], "last": [times.max()]})

    def records(
        self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
    ) -> pd.DataFrame:
        """Return all of them."""
        return self._records


def large_network(interfaces: int = 2_000, groups: int = 500, subnets: int = 40) -> Network:
    """Return a network of services that admit each other: each interface has a group of its own kind."""
    names = [f"service-{at:04d}-in-a-team-with-a-long-name" for at in range(groups)]
    ids = [f"sg-{at:017x}" for at in range(groups)]
    rules = {
        one: tuple(
            GroupRule(one, egress, 6, port, port, f"10.{port % 200}.0.0/16")
            for egress in (False, True)
            for port in range(8000, 8005)
        )
        for one in ids
    }
    allow = tuple(AclEntry(number, egress, True, -1, cidr="0.0.0.0/0") for egress in (False, True) for number in (100,))
    return Network(
        vpcs=(Vpc("vpc-1", ("10.0.0.0/8",)),),
        subnets=tuple(Subnet(f"subnet-{at}", "vpc-1", (f"10.{at}.0.0/16",)) for at in range(subnets)),
        groups=tuple(
            SecurityGroup(one, name, vpc="vpc-1", rules=rules[one]) for one, name in zip(ids, names, strict=True)
        ),
        acls=(NetworkAcl("acl-1", vpc="vpc-1", entries=allow, subnets=tuple(f"subnet-{at}" for at in range(subnets))),),
        interfaces=tuple(
            Interface(
                f"eni-{at:017x}",
                f"subnet-{at % subnets}",
                "vpc-1",
                (f"10.{at % subnets}.{at // subnets // 200}.{at // subnets % 200 + 4}",),
                groups=(ids[at % groups],),
                name=f"host-{at:04d}",
            )
            for at in range(interfaces)
        ),
    )


def large_records(network: Network, records: int = 120_000, mistakes: int = 40) -> pd.DataFrame:
    """Return records of a network: half of them accepted; of the refused ones some from inside, most from scanners."""
    rng = np.random.default_rng(7)
    own = np.array([one.addresses[0] for one in network.interfaces], object)
    enis = np.array([one.id for one in network.interfaces], object)
    at, other = rng.integers(0, len(own), (2, records))
    refused = rng.random(records) < 0.5
    inside = ~refused | (rng.random(records) < 0.3)
    client = rng.integers(0, mistakes, records)  # of a mistake: one client, one service, one port
    wrong = inside & refused
    at, other = np.where(wrong, client * 42 % len(own), at), np.where(wrong, client * 42 % len(own) + 1, other)
    octets = rng.integers(1, 250, (records, 3))
    strangers = np.array([f"{45 + a % 40}.{a}.{b}.{c}" for a, b, c in octets.tolist()], object)
    own_port = np.where(wrong, 9000 + client, rng.choice([22, 23, 445, 3389, 8080], records))
    start = BEGAN + np.sort(rng.integers(0, 21_600, records))
    return pd.DataFrame(
        {
            "@timestamp": pd.to_datetime(start, unit="s", utc=True).as_unit("ms"),
            "interfaceId": pd.array(enis[at], dtype="str"),
            "srcAddr": pd.array(np.where(inside, own[other], strangers), dtype="str"),
            "dstAddr": pd.array(own[at], dtype="str"),
            "srcPort": pd.array(rng.integers(32_768, 60_999, records), dtype="Int64"),
            "dstPort": pd.array(np.where(refused, own_port, 8000 + at % 5), dtype="Int64"),
            "protocol": pd.array(np.full(records, 6), dtype="Int64"),
            "packets": pd.array(np.full(records, 3), dtype="Int64"),
            "bytes": pd.array(np.full(records, 180), dtype="Int64"),
            "start": pd.to_datetime(start, unit="s", utc=True).as_unit("ms"),
            "end": pd.to_datetime(start + 30, unit="s", utc=True).as_unit("ms"),
            "action": pd.array(np.where(refused, "REJECT", "ACCEPT"), dtype="str"),
        }
    )


SECONDS = 60
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """The scenario's account after two hours, without rates."""
    with start(limits=Limits(rates={})) as made:
        made.advance("2h")
        yield made


@pytest.fixture(scope="module")
def bare() -> Iterator[Sandbox]:
    """An account with nothing in it but what each has."""
    with start(scenario=None, limits=Limits(rates={})) as made:
        yield made


def small() -> Network:
    """Return a database that two application hosts are not let in to; names are hostile."""
    return Network(
        vpcs=(Vpc("vpc-1", ("10.0.0.0/16",)),),
        subnets=(Subnet("subnet-1", "vpc-1", ("10.0.2.0/24",)),),
        groups=(SecurityGroup("sg-1", f"db {HOSTILE}", vpc="vpc-1"), SecurityGroup("sg-2", "app", vpc="vpc-1")),
        acls=(NetworkAcl("acl-1", subnets=("subnet-1",), entries=EVERYTHING),),
        interfaces=(
            Interface("eni-1", "subnet-1", "vpc-1", ("10.0.2.9",), groups=("sg-1",), name=HOSTILE),
            Interface("eni-2", "subnet-1", "vpc-1", ("10.0.2.7",), groups=("sg-2",)),
        ),
    )


EVERYTHING = tuple(AclEntry(100, egress, True, -1, cidr="0.0.0.0/0") for egress in (False, True))


def records(*ends: tuple[str, int, str]) -> pd.DataFrame:
    """Return records at the database: source, port asked for, and action of each."""
    line = "2 1 eni-1 {} 10.0.2.9 {} {} 6 3 180 {} {} {} OK"
    lines = [line.format(a, 40_001 + n, p, BEGAN + n, BEGAN + n + 30, act) for n, (a, p, act) in enumerate(ends)]
    table = pd.DataFrame([LogFormat.default().parse_line(one) for one in lines])
    for name in ("start", "end"):
        table[name] = pd.to_datetime(table[name].astype("int64"), unit="s", utc=True).dt.as_unit("ms")
    return table.assign(**{"@timestamp": table["start"]})


MISTAKE = [("10.0.2.7", 5432, "REJECT")] * 3
NOISE = [(f"45.9.{n}.7", 23 + n, "REJECT") for n in range(5)]


def opened(session: Any, table: pd.DataFrame, network: Network | None, **more: Any) -> RulesPanel:
    """Return a panel on records and rules at hand."""
    panel = RulesPanel(session, Frame(table), network=network, **({"budget": budget()} | more))
    assert panel.wait(SECONDS)
    return panel


def pressed(panel: RulesPanel, name: str) -> RulesPanel:
    """Press a button, and wait until its work is done."""
    getattr(panel.panes, name).click()
    assert panel.wait(SECONDS)
    return panel


def trouble(panel: RulesPanel) -> str:
    """Return the sentence about what went wrong."""
    return str(panel.panes._trouble.value) + str(panel.panes._late.value)


# the whole way


def test_from_reading_to_a_changed_rule_and_back(world: Sandbox, tmp_path: Path) -> None:
    """Each step gives the library's own values, apply changes exactly what was planned, and undo takes it back."""
    session = world.session
    panel = RulesPanel(session, vpc=vpc_of(world), budget=budget())
    assert panel.wait(SECONDS)
    assert (panel.records, panel.blame, panel.suggestions, panel.what_if, panel.plan) == (None, None, [], None, None)
    assert panel.panes.attempt.disabled
    panel.form.undo.value = str(tmp_path / "undo.json")
    pressed(panel, "read")
    assert panel.window is not None
    assert panel.window.end == world.clock.now()
    network, table = panel.network, panel.records
    assert network is not None
    assert table is not None
    assert network.diff(Network.from_ec2(session, vpc_of(world))).empty
    assert panel.blame is not None
    assert panel.blame.equals(blame(table, network))
    assert panel.suggestions == suggest(table, network)
    client = next(at for at, one in enumerate(panel.suggestions) if not one.edits)
    assert client not in panel.panes.boxes
    with pytest.raises(ArgumentError, match=rf"^suggestion {client} changes no rule: Correct the client"):
        panel.select(client)
    place = next(at for at, one in enumerate(panel.suggestions) if one.edits)
    panel.panes.boxes[place].value = True  # as a click does
    change = panel.suggestions[place]
    assert panel.selected == [change]
    assert not panel.panes.attempt.disabled
    pressed(panel, "attempt")
    assert panel.what_if is not None
    assert panel.what_if.equals(what_if(table, network, change))
    pressed(panel, "plan")
    assert panel.plan is not None
    assert str(panel.plan).startswith("change ")
    assert panel.panes.apply.disabled
    panel.panes.confirm.value = True
    assert not panel.panes.apply.disabled
    assert not (tmp_path / "undo.json").exists()
    pressed(panel, "apply")
    assert (panel.plan, panel.undo_file) == (None, tmp_path / "undo.json")
    added = network.diff(Network.from_ec2(session, vpc_of(world)))
    assert added["what"].tolist() == ["added"] * len(change.edits)
    assert panel.panes.plan.disabled, "the rules that were read are not those that are"
    pressed(panel, "undo")
    assert network.diff(Network.from_ec2(session, vpc_of(world))).empty
    assert "removed security group rule" in panel.still()
    pressed(panel, "read")
    assert (panel.selected, panel.what_if) == ([], None)


def vpc_of(world: Sandbox) -> str:
    """Return the id of the scenario's VPC."""
    named = [{"Name": "tag:Name", "Values": ["poc"]}]
    return str(world.session.client("ec2").describe_vpcs(Filters=named)["Vpcs"][0]["VpcId"])


# what is at hand


def test_a_snapshot_and_a_source_are_used_as_they_are(bare: Sandbox) -> None:
    """Neither a log group nor a VPC is asked for, and the rules are the very ones given."""
    network = small()
    panel = pressed(opened(bare.session, records(*MISTAKE, *NOISE), network), "read")
    assert panel.network is network
    assert panel.form.log_group not in panel.form.where.children
    assert panel.form.vpc not in panel.form.where.children
    assert [one.flows for one in panel.suggestions] == [3]


def test_a_snapshot_is_used_until_the_rules_are_changed(world: Sandbox, tmp_path: Path) -> None:
    """After a change it is of before: the next reading asks EC2; so it is after the undo."""
    given = Network.from_ec2(world.session, vpc_of(world))
    window = Window(world.clock.now() - timedelta(hours=2), world.clock.now())
    table = InsightsSource("/vpc/poc/flow-logs", world.session, progress=False).records(window, None)
    panel = pressed(opened(world.session, table, given), "read")
    assert "network = panel.network" in panel.panes.code.query
    place = next(at for at, one in enumerate(panel.suggestions) if one.edits)
    panel.select(place)
    panel.form.undo.value = str(tmp_path / "undo.json")
    pressed(panel, "plan").panes.confirm.value = True
    pressed(panel, "apply")
    assert panel.network is given
    now = pressed(panel, "read").network
    assert now is not None
    assert now.diff(given).query("kind == 'group rule'")["what"].unique().tolist() == ["removed"]
    assert pressed(panel, "undo").applied is not None


def test_a_change_that_breaks_off_can_be_undone(world: Sandbox, tmp_path: Path) -> None:
    """The error says what was done, the way back is offered, and brings the rules back as they were."""
    panel = RulesPanel(world.session, vpc=vpc_of(world), budget=budget())
    assert panel.wait(SECONDS)
    network = pressed(panel, "read").network
    assert network is not None
    place = next(at for at, one in enumerate(panel.suggestions) if len(one.edits) > 1)
    panel.select(place)
    panel.form.undo.value = str(tmp_path / "undo.json")
    pressed(panel, "plan").panes.confirm.value = True
    tried = len(panel.suggestions[place].edits)  # dry, each call before the first is made
    world.faults.add(Fault("AuthorizeSecurityGroupEgress", code="UnauthorizedOperation", after=tried + 1, times=100))
    pressed(panel, "apply")
    world.faults.clear()
    assert "Perhaps done: create security group rule" in trouble(panel)
    assert "Not finished" in panel.still()
    with pytest.raises(ApplyError):
        _ = panel.applied
    assert len(network.diff(Network.from_ec2(world.session, vpc_of(world)))) == 1
    assert not panel.panes.undo.disabled
    pressed(panel, "undo")
    assert network.diff(Network.from_ec2(world.session, vpc_of(world))).empty


def test_advice_keeps_to_what_the_form_says(bare: Sandbox) -> None:
    """The widest CIDR, and the sources to let in, are those of the form."""
    network = small()
    table = records(*[(f"10.9.9.{n}", 5432, "REJECT") for n in range(1, 7)], ("198.51.100.7", 5432, "REJECT"))
    panel = opened(bare.session, table, network)
    panel.form.widest.value, panel.form.sources.value = 32, "198.51.100.0/28"
    pressed(panel, "read")
    assert panel.suggestions == suggest(table, network, widest=32, sources=["198.51.100.0/28"])
    assert panel.suggestions != suggest(table, network)


def test_a_form_that_is_spoilt_since_does_not_matter_to_what_was_read(bare: Sandbox) -> None:
    """Suggestions are chosen, and the code names the source that was read, while the form cannot be read."""
    panel = pressed(opened(bare.session, records(*MISTAKE), small()), "read")
    panel.form.time.start.value = "nonsense"
    panel.select(0)
    assert panel.selected == panel.suggestions[:1]
    assert "InsightsSource" not in panel.panes.code.query


def test_that_replies_are_let_out_is_what_their_mend_is_for() -> None:
    """A reply belongs to who asked: where the change is for the asker, it is no surprise."""
    answer = pd.DataFrame({"outcome": ["newly accepted"], "clientAddr": ["192.168.40.9"], "because": [""]})
    table = records(("10.0.2.9", 40001, "REJECT")).assign(dstAddr="192.168.40.9")
    found = rulestables.surprises(answer, table, pd.Series(["reply"]), {"192.168.40.9"})
    assert found["expected"].tolist() == [True]


def test_a_plan_of_nothing_is_refused(bare: Sandbox) -> None:
    """Where no suggestion is chosen, it says so."""
    panel = pressed(opened(bare.session, records(*MISTAKE), small()), "read")
    panel.make_plan()
    panel.wait(SECONDS)
    assert "No suggestion is chosen; choose one, or several." in trouble(panel)


def test_another_choice_takes_back_what_was_of_the_one_before(bare: Sandbox) -> None:
    """What-if and plan are of what is chosen now, or there are none."""
    panel = pressed(opened(bare.session, records(*MISTAKE), small()), "read")
    panel.select(0)
    assert pressed(panel, "attempt").what_if is not None
    panel.select()
    assert panel.what_if is None
    assert panel.selected == []
    assert panel.panes.attempt.disabled


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("attempt", "Nothing was read yet; read records and rules first."),
        ("make_plan", "Nothing was read yet; read records and rules first."),
        ("apply", "There is no plan to apply; show the plan first."),
        ("undo", "There is no change to undo; apply one first, or set undo_file."),
    ],
)
def test_what_cannot_be_done_yet_is_a_sentence(bare: Sandbox, act: str, told: str) -> None:
    """Called out of turn it does nothing, and says what comes first."""
    panel = opened(bare.session, records(*MISTAKE), small())
    getattr(panel, act)()
    panel.wait(SECONDS)
    assert told in trouble(panel)
    with pytest.raises(ArgumentError):
        _ = panel.records


def test_a_suggestion_that_is_not_there_is_refused(bare: Sandbox) -> None:
    """The error tells how many there are."""
    panel = pressed(opened(bare.session, records(*MISTAKE), small()), "read")
    with pytest.raises(ArgumentError, match=r"^there is no suggestion 7; there are 1, from 0 on$"):
        panel.select(7)


def test_a_group_that_aws_has_not_is_a_sentence(bare: Sandbox, tmp_path: Path) -> None:
    """A snapshot of elsewhere cannot be planned on this account: nothing is changed, and the panel says why."""
    panel = pressed(opened(bare.session, records(*MISTAKE), small()), "read")
    panel.form.undo.value = str(tmp_path / "undo.json")
    panel.select(0)
    pressed(panel, "plan")
    assert "There is no security group &#x27;sg-1&#x27;" in trouble(panel)
    assert panel.panes.apply.disabled
    with pytest.raises(MissingResourceError):
        _ = panel.plan


def test_no_records_is_said(bare: Sandbox) -> None:
    """A source without a record is no error of the panel's, but a sentence."""
    panel = opened(bare.session, records(*MISTAKE).head(0), small())
    assert "The source has no record; choose another one." in trouble(pressed(panel, "read"))


def test_a_window_without_refusals_says_so(bare: Sandbox) -> None:
    """Where nothing was refused there is no table, and nothing to advise."""
    panel = pressed(opened(bare.session, records(("10.0.2.7", 443, "ACCEPT")), small()), "read")
    assert panel.suggestions == []
    assert "There is no refused record in the window." in panel.still()
    assert "<table" not in str(panel.panes._refusals.value)
    assert "No change of rules is proposed" in panel.panes._offered.value


def test_an_undo_file_of_before_can_be_undone(bare: Sandbox, tmp_path: Path) -> None:
    """A path that is set is offered; one that is none is a sentence."""
    panel = opened(bare.session, records(*MISTAKE), small())
    panel.undo_file = tmp_path / "lost.json"
    assert not panel.panes.undo.disabled
    assert "There is no undo file" in trouble(pressed(panel, "undo"))
    assert panel.undo_file == tmp_path / "lost.json"


def test_cancel_stops_the_reading(bare: Sandbox) -> None:
    """The work ends at its next look, and nothing of it is shown."""

    class Slow(Frame):
        def records(
            self, window: Window | None = None, action: str | None = "REJECT", *, watch: Watch | None = None
        ) -> pd.DataFrame:
            panel.cancel()
            return super().records(window, action, watch=watch)

    panel = RulesPanel(bare.session, Slow(records(*MISTAKE)), network=small(), budget=budget())
    assert panel.wait(SECONDS)
    assert "Cancelled." in trouble(pressed(panel, "read"))
    assert "Who refused them" not in panel.still()
    with pytest.raises(QueryCancelledError):
        _ = panel.records


def test_a_changed_choice_is_told(bare: Sandbox) -> None:
    """What is shown stays, and is said to be of other choices."""
    panel = pressed(opened(bare.session, records(*MISTAKE), small()), "read")
    assert panel.panes._stale.value == ""
    panel.window = Window.parse("2026-11-01", "2026-11-02")
    assert "The choices have changed since" in panel.panes._stale.value
    panel.form.widest.value = 28
    pressed(panel, "read")
    assert panel.panes._stale.value == ""
    assert "widest=28" in panel.panes.code.query


def test_hostile_text_is_text(bare: Sandbox) -> None:
    """A name from AWS is never markup, wherever it is shown."""
    panel = pressed(opened(bare.session, records(*MISTAKE, *NOISE), small()), "read")
    panel.select(0)
    panel.form.find.value = f"5432 {HOSTILE.split()[0]}"
    pressed(panel, "attempt")
    assert "<img" not in panel.still()
    assert "&lt;img" in panel.still()
    assert "<img" not in rulesmarkup.advice(replace(panel.suggestions[0], sentence=HOSTILE))


@pytest.mark.parametrize(
    ("argument", "value", "told"),
    [
        ("session", "poc", "session is 'poc'; give a boto3.Session"),
        ("source", "/vpc/flow-logs", "source is '/vpc/flow-logs'; give a source"),
        ("network", {}, "network is {}; give a Network"),
        ("vpc", 5, "vpc is 5; give a VPC's id"),
    ],
)
def test_an_argument_of_another_kind_is_refused_at_once(bare: Sandbox, argument: str, value: object, told: str) -> None:
    """The error names the argument, and what to give."""
    with pytest.raises(ArgumentError) as caught:
        RulesPanel(**({"session": bare.session} | {argument: value}))  # type: ignore[arg-type]
    assert str(caught.value).startswith(told)


def test_a_vpc_that_is_none_is_refused_in_the_form(bare: Sandbox) -> None:
    """The sentence stands under the form, and there is nothing to press."""
    panel = RulesPanel(bare.session, Frame(records(*MISTAKE)), budget=budget())
    assert panel.wait(SECONDS)
    assert not panel.panes.read.disabled
    panel.form.vpc.value = "poc"
    assert "The VPC is &#x27;poc&#x27;; give its id" in panel.panes._wrong.value
    assert panel.panes.read.disabled


def test_the_code_does_the_same(bare: Sandbox) -> None:
    """The lines that are shown run, and give what the panel gives."""
    table, network = records(*MISTAKE, *NOISE), small()
    panel = pressed(opened(bare.session, table, network), "read")
    panel.select(0)
    pressed(panel, "attempt")
    given = ("source = ", "network = ")  # of what the notebook has no name for
    lines = [line for line in panel.panes.code.query.splitlines() if not line.startswith(given)]
    space: dict[str, Any] = {"source": Frame(table), "network": network}
    exec("\n".join(lines), space)
    assert space["advice"] == panel.suggestions
    assert space["outcome"].equals(panel.what_if)


# tables


def judged(table: pd.DataFrame, network: Network) -> pd.DataFrame:
    """Return the refused records with who refused them."""
    return rulestables.refused(table, blame(table, network), classify.records(table))


def test_who_refuses_what_is_inside_comes_first() -> None:
    """Scanners may be many: a row with more of inside sources is above theirs."""
    network = small()
    late = replace(network.acls[0], entries=(AclEntry(50, False, False, 6, "0.0.0.0/0", 23, 25), *EVERYTHING))
    table = records(*MISTAKE, *NOISE * 4)
    rows = rulestables.refusals(judged(table, network.with_acl(late)))
    assert rows[["layer", "rule", "flows", "inside", "others"]].to_numpy().tolist() == [
        ["sg-in", "absent", 11, 3, 8],
        ["nacl-in", "50", 12, 0, 12],
    ]
    assert rows.loc[0, "ports"] == "26, 27 and 5432 PostgreSQL"
    assert rows.loc[1, "sources"] == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.2.7", 3), ("10.0.2.0/24", 8), ("45.9.0.0/16", 5), ("5432", 3), ("eni-1", 8), ("eni-9", 0), ("sg-1", 8),
        ("DB", 8), ("app", 0), ("sg-in", 8), ("inside", 3), ("inside 5432", 3), ("inside 23", 0), ("absent", 8),
        ("", 8), ("10.0.2.0/99", 0),
    ],
)  # fmt: skip
def test_a_word_finds_what_it_names(text: str, found: int) -> None:
    """Addresses, networks, ports, interfaces, groups, layers and kinds; of several words each must fit."""
    network = small()
    assert rulestables.matching(judged(records(*MISTAKE, *NOISE), network), network, text).sum() == found


def test_whoever_else_is_let_in_is_a_surprise() -> None:
    """What a change is for is set apart; others that it lets in come before it, and are counted in words."""
    network, table = small(), records(*MISTAKE, ("45.9.9.9", 5432, "REJECT"))
    wide = AddRule(GroupRule("sg-1", False, 6, 5432, 5432, "0.0.0.0/0"))
    kinds, answer = classify.records(table), what_if(table, network, wide)
    rows = rulestables.surprises(answer, table, kinds, {"10.0.2.7"})
    assert rows[["srcAddr", "records", "expected"]].to_numpy().tolist() == [
        ["45.9.9.9", 1, False],
        ["10.0.2.7", 3, True],
    ]
    tried = Tried((0,), answer, rulestables.outcomes(answer, table, kinds), rows)
    told = rulesmarkup.verdict(tried)
    assert (
        "Nothing would be newly rejected. 4 records would be newly accepted, 1 of them of others than it is for" in told
    )
    assert "rejectkit-worse" in told


def test_what_is_newly_rejected_comes_first() -> None:
    """Accepted traffic that a change would refuse is the worst of all."""
    network, table = small(), records(("10.0.2.7", 443, "ACCEPT"), *MISTAKE)
    rule = AddRule(GroupRule("sg-1", False, 6, 443, 443, "10.0.2.0/24"))
    before = network.changed(rule)
    after = network.changed(AddRule(GroupRule("sg-1", False, 6, 5432, 5432, "10.0.2.0/24")))
    kinds, answer = classify.records(table), what_if(table, before, after)
    rows = rulestables.surprises(answer, table, kinds)
    assert rows["outcome"].tolist() == ["newly rejected", "newly accepted"]
    counts = rulestables.outcomes(answer, table, kinds).set_index("outcome")
    assert counts.loc["newly rejected", ["records", "whose"]].tolist() == [1, "1 accepted traffic"]


def test_a_large_answer_is_cut_and_the_count_said() -> None:
    """Of 300 rows a dozen is shown and a few more can be opened; the rest is counted, and can be looked for."""
    network = large_network(interfaces=300, groups=300, subnets=10)
    table = judged(large_records(network, 6_000, mistakes=30), network)
    html = rulesmarkup.refusals(table, network, "")
    assert "rows 1 to 12 of 300" in html
    assert html.count("<tr>") < 80
    assert "228 further rows" in html
