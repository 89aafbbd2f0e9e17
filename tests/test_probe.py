"""One attempt at a target of one's own, followed to the notice: what is tried, what is found, and why it ends."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

import rejectkit as rk
from rejectkit.errors import ArgumentError, QueryCancelledError
from rejectkit.monitoring.probes.attempt import Attempt, Target, attempt
from rejectkit.monitoring.probes.finding import chosen, query
from rejectkit.monitoring.probes.probed import Probed
from rejectkit.monitoring.timing.stages import MOMENTS
from rejectkit.sandbox import Limits, Sandbox, start
from tests.on_sandbox import hurry

GROUP = "/vpc/poc/flow-logs"
OFFICE = ("192.168.0.0/16",)
WEB, NOBODY, NAT = "10.20.10.21", "10.20.99.9", "203.0.113.5"


@pytest.fixture(scope="module")
def poc() -> Iterator[Sandbox]:
    """Give the scenario's account at noon, without quotas."""
    with start(seed=8, start=datetime(2026, 11, 1, 12, tzinfo=UTC), limits=Limits.unlimited()) as sandbox:
        yield sandbox


def source(sandbox: Sandbox) -> rk.InsightsSource:
    """Return the log group's records."""
    return rk.InsightsSource(GROUP, sandbox.session, budget=hurry())


def deployed(sandbox: Sandbox, name: str, rule: rk.AlarmRule | None = None, **choices: Any) -> rk.Monitor:
    """Deploy a monitor of its own names, and let its alarm be judged once."""
    monitor = rk.Monitor(
        log_group=GROUP,
        choices=rk.monitoring.Choices(**choices),
        rule=rule or rk.AlarmRule(evaluation_periods=15),
        alarm_name=name,
        filter_name=name,
        metric_name=name,
        topic=name,
        emails=[f"{name}@example.org"],
    )
    rk.monitoring.plan(monitor, sandbox.session, budget=hurry()).apply()
    sandbox.mailbox.confirm(f"{name}@example.org")
    sandbox.advance("2m")
    return monitor


def probed(sandbox: Sandbox, monitor: rk.Monitor, target: Any, **more: Any) -> Probed:
    """Probe on the sandbox."""
    given: dict[str, Any] = {"connect": sandbox.connect, "sleep": sandbox.sleep, "watch": rk.Watch(), **more}
    return rk.monitoring.probe(monitor, source(sandbox), sandbox.session, target, budget=hurry(), **given)


# whom


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("10.0.3.7:5432", "10.0.3.7:5432"),
        (" 10.0.3.7:5432 ", "10.0.3.7:5432"),
        ("[2001:DB8:0::7]:22", "[2001:db8::7]:22"),
        (("2001:db8::7", 22), "[2001:db8::7]:22"),
        (["127.0.0.1", 65535], "127.0.0.1:65535"),
        (Target("10.0.3.7", 1), "10.0.3.7:1"),
    ],
)
def test_a_target_is_an_address_and_a_port(given: Any, spelled: str) -> None:
    """Both are taken as they are usually written, and shown in their short form."""
    assert str(Target.of(given)) == spelled


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("web-a.example.org:443", "no name"),
        ("localhost:22", "no name"),
        ("10.0.3.7", "address and a port"),
        ("2001:db8::7:22", "address and a port"),  # which of these is the port?
        ("10.0.3.0/24:22", "no name"),
        ("10.0.3.7:", "address and a port"),
        ("10.0.3.7:ssh", "address and a port"),
        ("10.0.3.7:0", "1 to 65535"),
        (("10.0.3.7", 70000), "1 to 65535"),
        (("10.0.3.7", True), "1 to 65535"),
        (("10.0.3.7", "22"), "1 to 65535"),
        ("224.0.0.1:22", "one machine"),
        ("0.0.0.0:22", "one machine"),
        ("255.255.255.255:22", "one machine"),
        ("[ff02::1]:22", "one machine"),
        (None, "nothing is ever tried that was not named"),
        ((22,), "nothing is ever tried that was not named"),
    ],
)
def test_nothing_else_is_a_target(given: Any, words: str) -> None:
    """A name, a network, an address without a port and one of many machines are refused before anything is asked."""
    with pytest.raises(ArgumentError, match=words):
        rk.monitoring.probe(rk.Monitor(log_group="g"), Nothing(), None, given, connect=never)


class Nothing:
    """A source that must not be asked."""

    fields = ("dstPort", "action")

    def run(self, *_: Any, **__: Any) -> pd.DataFrame:
        """Fail."""
        raise AssertionError("it was asked")

    records = run


def never(address: str, port: int) -> Attempt:
    """Fail: nobody may be tried."""
    raise AssertionError(f"{address}:{port} was tried")


# one attempt, really made


@pytest.mark.parametrize(("family", "loopback"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_one_attempt_is_made_and_nothing_is_sent(family: int, loopback: str) -> None:
    """Whoever listens gets one connection, from the port that is told, with no byte in it; it was accepted."""
    with socket.socket(family) as server:
        try:
            server.bind((loopback, 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        server.listen()
        found = attempt(loopback, server.getsockname()[1])
        other, peer = server.accept()
        with other:
            assert other.recv(1) == b""
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    assert (found.outcome, found.source_port) == ("accepted", peer[1])


def test_a_closed_port_answers() -> None:
    """A reset is no refusal of a security group: the packet got to the host."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = attempt("127.0.0.1", taken.getsockname()[1])
    assert found.outcome == "answered"
    assert found.source_port


def test_no_answer_is_silence() -> None:
    """Where nobody answers in time the attempt is over, and says after how long."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # take all places of those who wait to be let in
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        found = attempt(*address, timeout=0.2)
        for one in waiting:
            one.close()
    assert found.outcome == "silent"
    assert "no answer within" in found.detail


# the sandbox plays the part


@pytest.mark.parametrize(
    ("address", "port", "by", "outcome"),
    [
        (WEB, 443, "192.168.20.5", "accepted"),
        (WEB, 443, None, "silent"),  # the head office, below the rule that denies it
        (WEB, 22, None, "silent"),  # no rule of the network ACL
        ("10.20.20.10", 5432, "10.50.8.4", "accepted"),
        ("10.20.20.10", 5432, "10.50.9.4", "silent"),
        ("203.0.113.11", 443, None, "accepted"),  # anybody, at the load balancer
        ("2001:db8:20:a00::11", 443, None, "accepted"),
        ("2001:db8:20:a00::11", 22, None, "silent"),
        ("10.20.30.21", 8443, "192.168.40.12", "silent"),  # the answer is refused
        (NAT, 443, None, "silent"),  # a NAT gateway drops it
        (NOBODY, 443, None, "silent"),
    ],
)
def test_the_rules_judge_an_attempt(poc: Sandbox, address: str, port: int, by: str | None, outcome: str) -> None:
    """What the scenario's rules let in is accepted; all else is silent, for five seconds."""
    before = poc.clock.seconds
    assert poc.connect(address, port, by).outcome == outcome
    assert poc.clock.seconds - before == (0 if outcome == "accepted" else 5)


def test_an_attempt_is_recorded_like_any_other(poc: Sandbox) -> None:
    """The request is let in and the answer refused: a record of each, delivered with those of their interval."""
    since, now = poc.clock.now(), poc.clock.seconds
    made = poc.connect("10.20.30.21", 8443, "192.168.40.12")
    poc.advance("31m")
    found = source(poc).run(
        "fields srcAddr, dstAddr, srcPort, dstPort, packets, action, start, end, toMillis(@ingestionTime) as came, "
        f"interfaceId | filter srcPort = {made.source_port} or dstPort = {made.source_port} | sort srcPort desc",
        rk.Window(since, poc.clock.now()),
    )
    ends = found[["srcAddr", "dstAddr", "srcPort", "dstPort", "packets", "action", "start"]]
    assert ends.to_numpy().tolist() == [
        ["192.168.40.12", "10.20.30.20", made.source_port, 8443, 1, "ACCEPT", int(now)],
        ["10.20.30.20", "192.168.40.12", 8443, made.source_port, 3, "REJECT", int(now)],
    ]
    assert found["came"].nunique() == 1
    assert poc.scenario is not None
    closes = poc.scenario.closes[[one == found["interfaceId"][0] for one in poc.scenario.interfaces]]
    late = found["came"][0] / 1000 - now
    assert 0 < late < 1800 + 60
    grid = (closes[0] - int(now)) % 60 or 60
    assert late > grid  # not before its interval closed


def test_rules_that_are_changed_count_at_once() -> None:
    """Where somebody opens the port, the same attempt is let in."""
    with start(start=datetime(2026, 11, 1, 12, tzinfo=UTC), limits=Limits.unlimited()) as sandbox:
        assert sandbox.connect("203.0.113.20", 22).outcome == "silent"
        group = next(one.id for one in sandbox.scenario.network.groups if one.name == "bastion")  # type: ignore[union-attr]
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}
        sandbox.session.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        assert sandbox.connect("203.0.113.20", 22).outcome == "accepted"


def test_an_attempt_needs_somebody_to_try(poc: Sandbox) -> None:
    """An empty sandbox has nobody; who asks from inside, or by the other IP version, is refused."""
    with start(None) as empty, pytest.raises(ArgumentError, match="scenario=None"):
        empty.connect(WEB, 22)
    for by in ("10.20.20.10", "2001:db8::1"):
        with pytest.raises(ArgumentError, match="outside the VPC"):
            poc.connect(WEB, 22, by)


# which record


def rows(*several: tuple[int, int, str, int]) -> pd.DataFrame:
    """Return records: source port, destination port, action, end."""
    frame = pd.DataFrame(several, columns=["srcPort", "dstPort", "action", "end"]).astype(
        {"srcPort": "Int64", "dstPort": "Int64", "end": "Int64", "action": "str"}
    )
    stamps = pd.to_datetime(frame["end"].astype("int64") - 3, unit="s", utc=True)
    return frame.assign(**{"@timestamp": stamps, "@ingestionTime": stamps, "@message": "", "interfaceId": "eni-1"})


@pytest.mark.parametrize(
    ("records", "place", "own"),
    [
        ([(40000, 22, "REJECT", 1003)], 0, True),
        ([(7, 22, "REJECT", 1001), (40000, 22, "REJECT", 1003)], 1, True),
        ([(40000, 22, "ACCEPT", 1003), (22, 40000, "REJECT", 1003)], 1, True),  # the answer was refused
        ([(40000, 22, "ACCEPT", 1003), (7, 22, "REJECT", 1003)], 0, True),
        ([(7, 22, "REJECT", 1003)], 0, False),  # a gateway on the way changed the port
        ([(7, 22, "REJECT", 990), (8, 22, "REJECT", 1001)], 1, False),  # the first was over before
        ([(7, 22, "ACCEPT", 1003)], None, False),
        ([(22, 7, "REJECT", 1003)], None, False),  # another's answer
        ([(7, 22, "REJECT", 990)], None, False),
        ([], None, False),
    ],
)
def test_the_record_of_an_attempt(records: list[tuple[int, int, str, int]], place: int | None, own: bool) -> None:
    """One with the attempt's own port is it, a refused one first; else the first refused one that lasts until then."""
    frame = rows(*records)
    found = chosen(frame, Target("10.0.3.7", 22), Attempt("silent", 40000), 1000.4)
    assert (found is None) == (place is None)
    if found is not None:
        assert place is not None
        assert (found.record["srcPort"], found.own) == (records[place][0], own)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"deadline": "soon"}, "deadline is 'soon'; give a number of seconds above 0"),
        ({"deadline": True}, "deadline is True"),
        ({"connect": 5}, "connect is 5; give a function, or leave it out"),
        ({"sleep": 1}, "sleep is 1; give a function"),
        ({"monitor": "m"}, "the monitor is 'm'; give a Monitor"),
        ({"source": None}, "the source is a NoneType; give a Source"),
    ],
)
def test_arguments_that_are_none_are_refused(change: dict[str, Any], words: str) -> None:
    """Before anything is asked or tried: each refusal says which argument it is."""
    whole: dict[str, Any] = {
        "monitor": rk.Monitor(log_group="g"),
        "source": rk.FileSource("data/AWSLogs"),
        "session": None,
    }
    with pytest.raises(ArgumentError, match=words):
        rk.monitoring.probe(**(whole | {"target": "10.0.3.7:22", "connect": never} | change))


def test_records_that_do_not_tell_are_refused() -> None:
    """Without port or action there is no telling which record it is."""
    with pytest.raises(ArgumentError, match=r"no action, by which.*\$\{dstport\} and \$\{action\}"):
        query(("srcAddr", "dstPort"), Target("10.0.3.7", 22), [])


# followed


def test_a_probe_is_followed_to_the_notice(poc: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Its moments are in order, its stages are their differences, and they are those of the history and the mail."""
    monitor = deployed(poc, "whole", inside=OFFICE, ports=(22,))
    found = probed(poc, monitor, f"{WEB}:22", watch=None)
    assert found.ended == ""
    assert list(found.moments) == list(MOMENTS)
    moments = list(found.moments.values())
    assert moments == sorted(moments)
    assert sum(found.seconds.values()) == pytest.approx(found.total, abs=1e-9)
    assert found.record["dstPort"] == 22
    assert found.record["srcAddr"] == "192.168.10.77"
    mail = poc.mailbox.to("whole@example.org")[-1]
    assert abs((mail.at - found.moments["noticed"]).total_seconds()) < 0.01
    poc.advance("31m")  # by then the interface's records tell when the interval closed
    late = rk.monitoring.latency(monitor, source(poc), poc.session, budget=hurry())
    alert = late[late["state"] == "ALARM"].iloc[0]
    same = ["ingested", "datapoint", "evaluated", "changed", "acted", "noticed"]
    frame = found.frame.iloc[0]
    assert {name: frame[name] for name in same} == {name: alert[name] for name in same}
    assert set(found.frame) <= {*late.columns}
    assert int(alert["dstPort"]) == 22
    shown = capsys.readouterr().out.splitlines()
    assert [line.partition(" (")[0].partition(" ")[2] for line in shown if line[2] == ":"] == [
        f"the attempt at {WEB}:22 got no answer",
        f"its record is in CloudWatch Logs: 192.168.10.77 to {WEB}:22, REJECT at {found.record['interfaceId']}",
        "the metric has it in its minute, with 1 in all",
        "the alarm whole changed from OK to ALARM",
        "its action ran",
        "SNS sent the notice on",
    ]
    rk.charts.alert_stages(found.frame)


def test_a_log_alarm_is_followed_too(poc: Sandbox) -> None:
    """It has no metric: its datapoint is the run of its query that had the record in."""
    service = {"Service": "logs.amazonaws.com"}
    trust, allow = (
        json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one}]})
        for one in ({"Principal": service, "Action": "sts:AssumeRole"}, {"Action": "logs:*", "Resource": "*"})
    )
    iam = poc.session.client("iam")
    role = iam.create_role(RoleName="query", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="query", PolicyName="query", PolicyDocument=allow)
    office = rk.monitoring.Choices(inside=OFFICE, ports=(22,))
    rule, topic = rk.AlarmRule(period=300), "asked"
    monitor = rk.Monitor(
        log_group=GROUP, design="log-alarm", query_role=role, choices=office, rule=rule, alarm_name=topic, topic=topic
    )
    rk.monitoring.plan(monitor, poc.session, budget=hurry()).apply()
    poc.advance("25m")
    found = probed(poc, monitor, f"{WEB}:22")
    assert list(found.moments)[:-1] == list(MOMENTS)[:-2]  # nobody is subscribed, so no notice went on
    assert found.moments["datapoint"] > found.moments["ingested"]
    assert "no subscriber that is confirmed" in found.ended


def test_an_alarm_that_is_in_alarm_tells_nobody(poc: Sandbox) -> None:
    """It is said before anything is tried, and the probe ends at the datapoint."""
    monitor = deployed(poc, "busy", ports=(9100,))  # a scraper inside is refused at it every minute
    poc.advance("31m")
    told: list[str] = []

    def connect(address: str, port: int) -> Attempt:
        assert any("is in ALARM since" in one for one in told)
        return poc.connect(address, port)

    found = probed(poc, monitor, f"{WEB}:9100", connect=connect, watch=rk.Watch(lambda _, what: told.append(what)))
    assert list(found.moments)[-1] == "datapoint"
    assert "tells nobody of what comes meanwhile" in found.ended


def test_a_record_that_comes_too_late_is_missed(poc: Sandbox) -> None:
    """The recipe's rule has judged the minute when the record comes; the probe says so, and ends before its deadline."""
    monitor = deployed(poc, "recipe", rk.AlarmRule(), ports=(22,), inside=OFFICE)
    for _ in range(5):  # a delivery of three minutes or less may be in time
        found = probed(poc, monitor, f"{WEB}:22")
        if found.ended:
            break
    assert "stayed in OK" in found.ended
    assert "Sum of 60 s > 0, 1 of 1" in found.ended
    assert list(found.moments)[-1] == "datapoint"
    assert found.total < 1800


def test_what_the_pattern_leaves_out_is_said(poc: Sandbox) -> None:
    """A port that the monitor is not about is told beforehand, and the record is not waited for in the metric."""
    monitor = deployed(poc, "other", ports=(3389,))
    found = probed(poc, monitor, f"{WEB}:22")
    assert "about the ports 3389" in found.told[0]
    assert "pattern does not match" in found.ended
    assert list(found.moments)[-1] == "ingested"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("203.0.113.11:443", "The connection was ACCEPTED"),
        (f"{NAT}:443", "Its record says ACCEPT"),
        (f"{NOBODY}:443", "The deadline of 600 s passed. No record of it came"),
    ],
)
def test_why_it_ends(poc: Sandbox, target: str, words: str) -> None:
    """One attempt is made; what is accepted, or never recorded, is not followed for ever."""
    tried: list[tuple[str, int]] = []

    def connect(address: str, port: int) -> Attempt:
        tried.append((address, port))
        return poc.connect(address, port)

    monitor = rk.Monitor(log_group=GROUP, alarm_name="not-there")
    began = poc.clock.seconds
    found = probed(poc, monitor, target, connect=connect, deadline=600)
    assert found.ended.startswith(words)
    assert tried == [(Target.of(target).address, Target.of(target).port)]
    assert "There is no alarm not-there" in found.told[0]
    assert poc.clock.seconds - began < 700


def test_a_host_that_answers_ends_it(poc: Sandbox) -> None:
    """A reset, from a port that is really closed on this machine, is no REJECT to wait for."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = probed(poc, rk.Monitor(log_group=GROUP), taken.getsockname(), connect=attempt)
    assert found.attempt.outcome == "answered"
    assert "answer nothing, so this was not refused by them" in found.ended


def test_it_can_be_cancelled(poc: Sandbox) -> None:
    """A cancel while it waits ends it within a second of the clock."""
    watch = rk.Watch(lambda _, what: watch.cancel() if what.startswith("waiting") else None)
    asked = poc.clock.seconds
    with pytest.raises(QueryCancelledError):
        probed(poc, rk.Monitor(log_group=GROUP), f"{WEB}:22", watch=watch)
    assert poc.clock.seconds - asked < 10


def test_a_sandbox_wants_its_own_connect_and_sleep(poc: Sandbox) -> None:
    """Nothing real is tried for a sandbox, and a clock that stands is not waited for."""
    with pytest.raises(ArgumentError, match=r"connect=sandbox\.connect"):
        probed(poc, rk.Monitor(log_group=GROUP), f"{WEB}:22", connect=None)
    with pytest.raises(ArgumentError, match=r"clock stands still.*sleep=sandbox\.sleep"):
        probed(poc, rk.Monitor(log_group=GROUP), f"{WEB}:22", sleep=lambda seconds: None)


def test_what_came_of_it_is_escaped() -> None:
    """Text of the system and of logs is never markup."""
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    found = Probed(Target("10.0.3.7", 22), Attempt("silent", 1, "<b>"), {"firstPacket": at}, told=("<i>",), ended="<u>")
    page = found._repr_html_()
    assert "&lt;b&gt;" in page
    assert not any(mark in page for mark in ("<b>", "<i>", "<u>"))
    assert str(found).splitlines()[-1] == "<u>"
