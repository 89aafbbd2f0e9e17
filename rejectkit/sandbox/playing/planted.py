"""What goes wrong inside, each with its cause written down as it is planted: no rule is evaluated."""

from __future__ import annotations

import numpy as np

from rejectkit.sandbox.playing.dice import Dice, Ints, address
from rejectkit.sandbox.playing.everyday import LINUX, OFFICE, WINDOWS
from rejectkit.sandbox.playing.layout import IMPLICIT
from rejectkit.sandbox.playing.traffic import SYN_ACK, Path, Stage, Traffic
from rejectkit.sandbox.playing.truth import Cause, Mistake

CHANGE = 598  # thousandths of the window: when the rule of `nacl-deny` is added; 14:21 of a day
DENY = 90  # that rule's number
ROLLED_OUT = 250  # thousandths: when the scraping of `scrape-port` begins; 06:00 of a day
LAST = str(IMPLICIT[4])  # an ACL's implicit deny


def db_group(traffic: Traffic) -> Mistake:
    """Plant a group missing from another: a service retries with backoff."""
    stage = traffic.stage
    mistake = Mistake(
        name="db-group",
        kind="inside",
        sentence="The database refuses the orders service: the service's group is missing from its group.",
        mend="Admit tcp 5432 from group orders in group db.",
        source="10.20.10.31 10.20.11.31",
        destination="10.20.20.10",
        port=5432,
    )
    cause = mistake.cause.refused("sg-in", stage.groups("db"), "absent")
    for name in ("orders-a", "orders-b"):
        dice = stage.dice(f"db-group {name}")
        time = _backing_off(stage, dice)
        path = stage.inside(stage.eni(name), stage.eni("db"))
        traffic.knock(cause, time, path, dice.between(*LINUX, len(time)), 5432)
    return mistake


def _backing_off(stage: Stage, dice: Dice) -> Ints:
    """Return when a client tries again: after 5, 10, 20 … 600 s, from 5 s again when it is restarted."""
    times, now, wait = [], int(dice.below(60, 1)[0]), 5
    while now < stage.span:
        times.append(now)
        chance, jitter = dice.below(40, 2).tolist()
        wait = 5 if chance == 0 else min(2 * wait, 600)
        now += 10 + wait + wait * jitter // 200  # 10 s until the attempt is given up
    return np.array(times, np.int64)


def scrape_port(traffic: Traffic) -> Mistake:
    """Plant a port never opened: the same host is refused every minute."""
    stage = traffic.stage
    mistake = Mistake(
        name="scrape-port",
        kind="inside",
        sentence="Prometheus cannot scrape the new orders hosts: port 9100 was never opened to it.",
        mend="Admit tcp 9100 from group monitor in group orders.",
        source="10.20.10.40",
        destination="10.20.10.31 10.20.11.31",
        port=9100,
        began=stage.moment(ROLLED_OUT),
    )
    cause = mistake.cause.refused("sg-in", stage.groups("orders-a"), "absent")
    for name in ("orders-a", "orders-b"):
        dice = stage.dice(f"scrape-port {name}")
        time = stage.every(dice, 60)
        time = time[time >= stage.moment(ROLLED_OUT)]
        path = stage.inside(stage.eni("monitor"), stage.eni(name))
        traffic.knock(cause, time, path, dice.between(*LINUX, len(time)), 9100)
    return mistake


def nacl_ephemeral(traffic: Traffic) -> Mistake:
    """Plant a stateless rule forgotten: questions come in, answers do not get out."""
    stage, dice = traffic.stage, traffic.stage.dice("nacl-ephemeral")
    mistake = Mistake(
        name="nacl-ephemeral",
        kind="inside",
        sentence="The branch asks the report server and gets no answer: the outbound rules of the "
        "shared subnet's network ACL forgot the clients' ephemeral ports.",
        mend="Allow tcp 1024-65535 to 192.168.0.0/16 outbound in network ACL shared.",
        source="192.168.40.0/24",
        destination="10.20.30.20, its second address 10.20.30.21",
        port=8443,
    )
    refused = mistake.cause.refused("nacl-reply", stage.layout.acl("shared"), LAST)
    size = stage.steady(150)
    time = stage.by_day(dice, size, OFFICE)
    client = address("192.168.40.0") + dice.between(11, 24, size)
    server, eni = address(str(stage.one("reports").secondary)), stage.eni("reports")
    sport = dice.between(*WINDOWS, size)
    for wait in (0, 1, 3, 7):
        asked, answered = (client, server), (server, client)
        traffic.see(mistake.cause, time + wait, eni, egress=False, ends=asked, ports=(sport, 8443), size=52, flags=2)
        traffic.see(refused, time + wait, eni, egress=True, ends=answered, ports=(8443, sport), size=52, flags=SYN_ACK)
    return mistake


def nacl_deny(traffic: Traffic) -> Mistake:
    """Plant a rule in the wrong place, added in the middle of the window."""
    stage, dice = traffic.stage, traffic.stage.dice("nacl-deny")
    change = stage.moment(CHANGE)
    mistake = Mistake(
        name="nacl-deny",
        kind="inside",
        sentence="The head office lost the service in the middle of the day: a deny rule was added to "
        "the app subnets' network ACL above the rule that allows it.",
        mend="Remove inbound rule 90 of network ACL app, or move it below rule 110.",
        source="192.168.10.0/24",
        destination="10.20.10.21 10.20.11.21",
        port=443,
        began=change,
    )
    size = stage.steady(260)
    time = stage.by_day(dice, size, OFFICE)
    web = dice.pick(stage.enis("web-a", "web-b"), size)
    client = address("192.168.10.0") + dice.between(30, 52, size)
    sport, lasting = dice.between(*WINDOWS, size), dice.between(2, 80, size)
    path = Path(client, stage.addresses[web], far=web)
    usual = Cause("normal", "An office, straight to the service over the VPN.")
    before, after = np.flatnonzero(time < change), np.flatnonzero(time >= change)
    shorter = np.minimum(lasting, change - 1 - time)[before]
    traffic.talk(usual, time[before], shorter, path.at(before), sport[before], 443)
    refused = mistake.cause.refused("nacl-in", stage.layout.acl("app"), str(DENY))
    for again in (0, 21, 63):  # people try again
        ports = (sport[after] - 49152 + again) % 16384 + 49152
        traffic.knock(refused, time[after] + again, path.at(after), ports, 443, size=52)
    _another_office(traffic, usual)
    return mistake


def _another_office(traffic: Traffic, usual: Cause) -> None:
    """Add an office that the rule of `nacl-deny` leaves alone."""
    stage, dice = traffic.stage, traffic.stage.dice("another office")
    size = stage.steady(40)
    web = dice.pick(stage.enis("web-a", "web-b"), size)
    path = Path(address("192.168.20.0") + dice.between(5, 12, size), stage.addresses[web], far=web)
    sport, time = dice.between(*WINDOWS, size), stage.by_day(dice, size, OFFICE)
    traffic.talk(usual, time, dice.between(2, 80, size), path, sport, 443)


def wrong_port(traffic: Traffic) -> Mistake:
    """Plant a client that asks for the wrong port."""
    stage, dice = traffic.stage, traffic.stage.dice("wrong-port")
    mistake = Mistake(
        name="wrong-port",
        kind="inside",
        sentence="A job on the batch host asks the database on MySQL's port; the database is PostgreSQL.",
        mend="Correct the job's port to 5432; no rule is wrong.",
        source="10.20.11.50",
        destination="10.20.20.10",
        port=3306,
    )
    time = stage.every(dice, 600, 60)
    cause = mistake.cause.refused("sg-in", stage.groups("db"), "absent")
    path = stage.inside(stage.eni("batch"), stage.eni("db"))
    traffic.knock(cause, time, path, dice.between(*LINUX, len(time)), 3306, tries=3)
    return mistake


def mail_egress(traffic: Traffic) -> Mistake:
    """Plant a group's outbound rules that lack a port."""
    stage, dice = traffic.stage, traffic.stage.dice("mail-egress")
    mistake = Mistake(
        name="mail-egress",
        kind="inside",
        sentence="The batch host cannot send mail: its group lets nothing out to the internet but HTTPS.",
        mend="Admit tcp 587 outbound in group batch, or let the job use a relay inside.",
        source="10.20.11.50",
        destination="a mail service on the internet",
        port=587,
    )
    size = stage.steady(36)
    server = dice.pick(dice.hosts((74,), 2), size)
    path = Path(stage.addresses[stage.eni("batch")], server, near=stage.eni("batch"))
    cause = mistake.cause.refused("sg-out", stage.groups("batch"), "absent")
    time = stage.by_day(dice, size, (1,) * 24)
    traffic.knock(cause, time, path, dice.between(*LINUX, size), 587, at_far_end=False)
    return mistake


def mail_relay(traffic: Traffic) -> Mistake:
    """Plant a network ACL's outbound rules that lack a port."""
    stage, dice = traffic.stage, traffic.stage.dice("mail-relay")
    mistake = Mistake(
        name="mail-relay",
        kind="inside",
        sentence="The report server cannot reach the mail relay on premises: the shared subnet's "
        "network ACL has no outbound rule for it.",
        mend="Allow tcp 587 to 192.168.30.25 outbound in network ACL shared.",
        source="10.20.30.20",
        destination="192.168.30.25",
        port=587,
    )
    size = stage.steady(48)
    near = stage.eni("reports")
    path = Path(stage.addresses[near], address("192.168.30.25"), near=near)
    cause = mistake.cause.refused("nacl-out", stage.layout.acl("shared"), LAST)
    time = stage.by_day(dice, size, OFFICE)
    traffic.knock(cause, time, path, dice.between(*LINUX, size), 587, at_far_end=False)
    return mistake
