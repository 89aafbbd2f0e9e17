"""REJECT records that no rule is to blame for: late packets, replies to others, AWS, our own probe."""

from __future__ import annotations

import numpy as np

from rejectkit.sandbox.playing.dice import CHECKERS, Dice, address
from rejectkit.sandbox.playing.everyday import LINUX, Everyday
from rejectkit.sandbox.playing.layout import IMPLICIT
from rejectkit.sandbox.playing.traffic import DAY, FIN, ICMP, RST, SYN_ACK, TCP, UDP, Path, Traffic, take
from rejectkit.sandbox.playing.truth import Mistake


def late(traffic: Traffic, day: Everyday) -> Mistake:
    """Add packets that come after their connection has closed; `day` has the conversations."""
    stage, dice = traffic.stage, traffic.stage.dice("late")
    mistake = Mistake(
        name="late",
        kind="late",
        sentence="A packet came after its connection had closed.",
        mend="Nothing; the conversation was accepted and had ended.",
        source="visitors, mirrors and the database",
        destination="load balancer, bastion and web tier",
        port=None,
    )
    refused = mistake.cause.refused("late")
    for talk, per_day, from_client in (
        (day.visits, 80, True),
        (day.updates, 24, False),
        (day.queries, 30, False),
    ):
        size = min(stage.steady(per_day), len(talk.time))
        rows = np.arange(size) * len(talk.time) // size
        time = talk.time[rows] + talk.lasting[rows] + dice.between(2, 100, size)
        path, sport, dport = talk.path.at(rows), take(talk.sport, rows), take(talk.dport, rows)
        flags, packets = dice.pick([FIN, RST], size), dice.pick([1, 2, 3], size, [6, 2, 1])
        ends, ports = (path.client, path.server), (sport, dport)
        sender, receiver = path.near, path.far
        if not from_client:
            ends, ports, sender, receiver = ends[::-1], ports[::-1], receiver, sender
        for cause, eni, egress in ((mistake.cause, sender, True), (refused, receiver, False)):
            traffic.see(cause, time, eni, egress=egress, ends=ends, ports=ports, packets=packets, size=40, flags=flags)
    return mistake


def reply(traffic: Traffic) -> Mistake:
    """Add answers to packets that somebody forged our addresses on."""
    stage, dice = traffic.stage, traffic.stage.dice("reply")
    mistake = Mistake(
        name="reply",
        kind="reply",
        sentence="Answers to packets we never sent: somebody forged our public addresses as the sender.",
        mend="Nothing; they are not meant for us and are refused.",
        source="servers on the internet, from their service's port",
        destination="the public interfaces, ephemeral ports",
        port=None,
    )
    for victim in dice.hosts((23, 64, 66, 107, 204, 208), stage.steady(14)).tolist():
        size = int(dice.between(6, 26, 1)[0])
        begin, port = (
            int(dice.below(stage.span, 1)[0]),
            int(dice.pick([443, 80, 53, 22, 25], 1, [5, 3, 2, 1, 1])[0]),
        )
        time = begin + np.sort(dice.below(1800, size))
        target = dice.pick(stage.enis("alb-a", "alb-b", "bastion"), size)
        dport = dice.between(1024, 65535, size)
        for name in ("alb-a", "alb-b", "bastion"):
            rows = np.flatnonzero(target == stage.eni(name))
            eni = stage.eni(name)
            traffic.see(
                mistake.cause.refused("sg-in", stage.groups(name), "absent"),
                time[rows],
                eni,
                egress=False,
                ends=(victim, int(stage.addresses[eni])),
                ports=(port, dport[rows]),
                protocol=UDP if port == 53 else TCP,
                packets=dice.between(1, 3, len(rows)),
                size=120 if port == 53 else 44,
                flags=SYN_ACK if port != 25 else RST,
            )
    return mistake


def health_check(traffic: Traffic) -> Mistake:
    """Add a health check of AWS that is pointed at the wrong host."""
    stage, dice = traffic.stage, traffic.stage.dice("health-check")
    mistake = Mistake(
        name="health-check",
        kind="aws",
        sentence="A Route 53 health check was pointed at the bastion for two hours; nothing listens there.",
        mend="Delete the health check; no rule is wrong.",
        source="Route 53 health checkers in 15.177.0.0/18",
        destination="10.20.0.20",
        port=8080,
        began=stage.moment(400),
    )
    begin, end = stage.moment(400), stage.moment(480)
    bastion = stage.eni("bastion")
    cause = mistake.cause.refused("sg-in", stage.groups("bastion"), "absent")
    for checker in (CHECKERS + dice.between(1, 2**14 - 2, 2)).tolist():
        time = np.arange(begin + int(dice.below(30, 1)[0]), end, 30, dtype=np.int64)
        path = Path(checker, int(stage.addresses[bastion]), far=bastion)
        traffic.knock(cause, time, path, dice.between(1024, 65535, len(time)), 8080, tries=2)
    return mistake


PROBED = (21, 22, 23, 25, 80, 110, 135, 139, 443, 445, 1433, 3306, 3389, 5432, 8080, 8443)

# What the probe of that port meets at each interface: the ports that answer, who refuses those below
# 1024 (and pings), and who refuses the others; as the VPC was laid out.
_MEETS = """
alb-a      | 80 443 | groups | groups
alb-b      | 80 443 | groups | groups
bastion    | 22     | groups | groups
web-a      |        | app    | groups
web-b      |        | app    | groups
orders-a   |        | app    | groups
orders-b   |        | app    | groups
monitor    |        | app    | groups
batch      |        | app    | groups
db         |        | data   | data
db-standby |        | data   | data
reports    |        | shared | shared
dc         |        | shared | shared
"""


def probe(traffic: Traffic) -> Mistake:
    """Add the company's own vulnerability scanner, once a night."""
    stage, dice = traffic.stage, traffic.stage.dice("probe")
    mistake = Mistake(
        name="probe",
        kind="probe",
        sentence="The company's own vulnerability scanner sweeps the VPC at night.",
        mend="Nothing; leave its address out of alerts.",
        source="10.50.4.20",
        destination="every interface but the NAT gateway",
        port=None,
    )
    prober = address("10.50.4.20")
    nights = [second for second in range(7800 - stage.start % DAY, stage.span, DAY) if second >= 0]
    for night in nights or [stage.moment(90)]:
        for place, line in enumerate(_MEETS.strip().splitlines()):
            name, answers, low, high = (part.strip() for part in line.split("|"))
            eni = stage.eni(name)
            path = Path(prober, int(stage.addresses[eni]), far=eni)
            begin = night + 25 * place
            _ask(traffic, mistake, dice, name, path, begin, 0, low, ICMP)
            for step, port in enumerate(PROBED):
                time = np.array([begin + 1 + step])
                sport = dice.between(*LINUX, 1)
                if str(port) in answers.split():
                    traffic.talk(mistake.cause, time, 0, path, sport, port, up=(2, 44), down=(1, 44))
                else:
                    _ask(
                        traffic,
                        mistake,
                        dice,
                        name,
                        path,
                        begin + 1 + step,
                        port,
                        low if port < 1024 else high,
                        TCP,
                    )
    return mistake


def _ask(traffic: Traffic, mistake: Mistake, dice: Dice, name: str, path: Path, second: int,
         port: int, refuser: str, protocol: int) -> None:  # fmt: skip
    """Add one refused packet of the probe, with the layer that refuses it."""
    stage = traffic.stage
    if refuser == "groups":
        cause = mistake.cause.refused("sg-in", stage.groups(name), "absent")
    else:
        cause = mistake.cause.refused("nacl-in", stage.layout.acl(refuser), str(IMPLICIT[4]))
    sport = dice.between(*LINUX, 1)
    traffic.knock(cause, np.array([second]), path, sport, port, tries=1, size=44, protocol=protocol)
