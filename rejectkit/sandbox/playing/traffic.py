"""Packets as the interfaces of a VPC see them: conversations, knocks, single packets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rejectkit.sandbox.playing.dice import Dice, IntLike, Ints, address
from rejectkit.sandbox.playing.layout import Interface, Layout
from rejectkit.sandbox.playing.truth import Cause

DAY = 86400
OUTSIDE = -1  # in place of an interface: the end is not in the VPC
ICMP, TCP, UDP = 1, 6, 17
FIN, SYN, RST, SYN_ACK = 1, 2, 4, 18


def take(values: IntLike, rows: Ints) -> IntLike:
    """Return the values of those rows; one number is the same for all."""
    return values[rows] if isinstance(values, np.ndarray) else values


@dataclass(frozen=True, slots=True)
class Path:
    """Both ends of conversations: packet addresses, and the interfaces they are seen at, as numbers.

    Each may be one number, or an array with one per conversation.
    """

    client: IntLike
    server: IntLike
    near: IntLike = OUTSIDE
    far: IntLike = OUTSIDE

    def at(self, rows: Ints) -> Path:
        """Return the path of the conversations of those numbers."""
        return Path(*(take(end, rows) for end in (self.client, self.server, self.near, self.far)))


@dataclass(frozen=True, slots=True)
class Talk:
    """Conversations that took place: when, how long, between whom."""

    time: Ints
    lasting: Ints
    path: Path
    sport: IntLike
    dport: IntLike


@dataclass(slots=True)
class Stage:
    """What every actor knows: the VPC, the window in seconds from its start, how busy it is."""

    layout: Layout
    seed: int
    start: int
    span: int
    scale: float
    names: dict[str, int] = field(init=False)
    addresses: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Number the interfaces."""
        self.names = {one.name: place for place, one in enumerate(self.layout.interfaces)}
        self.addresses = np.array([address(one.address) for one in self.layout.interfaces], np.int64)

    def eni(self, name: str) -> int:
        """Return the number of an interface."""
        return self.names[name]

    def enis(self, *names: str) -> Ints:
        """Return the numbers of interfaces."""
        return np.array([self.names[name] for name in names], np.int64)

    def one(self, name: str) -> Interface:
        """Return an interface."""
        return self.layout.interfaces[self.eni(name)]

    def groups(self, name: str) -> str:
        """Return the ids of an interface's groups, joined by blanks."""
        return " ".join(self.one(name).groups)

    def dice(self, actor: str) -> Dice:
        """Return the dice of an actor."""
        return Dice(self.seed, actor)

    def steady(self, per_day: int) -> int:
        """Return how many there are in the window of what happens so often a day, at least one."""
        return max(1, per_day * self.span // DAY)

    def busy(self, per_day: int) -> int:
        """Return the same for what grows with the scale."""
        return max(1, int(per_day * self.scale * self.span / DAY))

    def inside(self, near: IntLike, far: IntLike) -> Path:
        """Return the path between interfaces of the VPC."""
        return Path(self.addresses[near], self.addresses[far], near, far)

    def moment(self, thousandths: int) -> int:
        """Return a second of the window, given in thousandths of it."""
        return self.span * thousandths // 1000

    def by_day(self, dice: Dice, size: int, weights: Sequence[int]) -> Ints:
        """Return sorted seconds of the window, drawn by 24 weights for the hours of the day (UTC)."""
        hours = np.arange((self.span + 3599) // 3600, dtype=np.int64)
        clock = (hours + self.start // 3600) % 24
        drawn = dice.pick(hours, size, np.asarray(weights, np.int64)[clock])
        return np.sort(drawn * 3600 + dice.below(3600, size))

    def every(self, dice: Dice, period: int, jitter: int = 1) -> Ints:
        """Return a second of each period of the window, each up to `jitter` − 1 later than the last."""
        first = int(dice.below(period, 1)[0])
        ticks = np.arange(first, max(self.span - jitter, first + 1), period, dtype=np.int64)
        return ticks + dice.below(jitter, len(ticks))


class Traffic:
    """Packets as interfaces see them, gathered until they are aggregated into rows."""

    def __init__(self, stage: Stage) -> None:
        """Begin with nothing seen on a stage."""
        self.stage = stage
        self.causes: list[Cause] = []
        self._known: dict[Cause, int] = {}
        self._seen: list[Ints] = []

    def number(self, cause: Cause) -> int:
        """Return the number of a cause."""
        if cause not in self._known:
            self._known[cause] = len(self.causes)
            self.causes.append(cause)
        return self._known[cause]

    def see(
        self,
        cause: Cause,
        time: Ints,
        eni: IntLike,
        *,
        egress: bool,
        ends: tuple[IntLike, IntLike],
        ports: tuple[IntLike, IntLike],
        protocol: IntLike = TCP,
        packets: IntLike = 1,
        size: IntLike = 60,
        flags: IntLike = 0,
    ) -> None:
        """Add packets at interfaces: source and destination as `ends`, `size` bytes each.

        The cause tells whether they were refused: by its layer. Nothing is seen outside the VPC, nor
        outside the window.
        """
        tcp = np.asarray(protocol) == TCP
        parts = (
            eni,
            int(egress),
            *ends,
            *(np.where(np.asarray(protocol) == ICMP, 0, port) for port in ports),
            protocol,
            int(cause.layer is not None),
            self.number(cause),
            time,
            packets,
            np.asarray(packets) * size,
            np.where(tcp, flags, 0),
        )
        rows = np.stack([np.broadcast_to(np.asarray(part, np.int64), time.shape) for part in parts])
        self._seen.append(rows[:, (rows[0] != OUTSIDE) & (time >= 0) & (time < self.stage.span)])

    def talk(
        self,
        cause: Cause,
        time: Ints,
        lasting: IntLike,
        path: Path,
        sport: IntLike,
        dport: IntLike,
        *,
        protocol: int = TCP,
        up: tuple[IntLike, IntLike] = (6, 90),
        down: tuple[IntLike, IntLike] = (6, 300),
        every: int = 45,
    ) -> Talk:
        """Add accepted conversations, both directions at both ends.

        `up` and `down` are packets and mean size; they come in bursts, one at the start, one at the
        end and one each `every` seconds between, so that long conversations have many records.
        """
        size = len(time)
        last = np.broadcast_to(np.asarray(lasting, np.int64), (size,))
        bursts = np.where(last > 0, 2 + last // every, 1)
        row = np.repeat(np.arange(size), bursts)
        step = np.arange(len(row)) - np.repeat(np.cumsum(bursts) - bursts, bursts)
        when = time[row] + last[row] * step // np.maximum(bursts[row] - 1, 1)
        ends = path.at(row)
        through = (take(sport, row), take(dport, row))
        closing = np.where(step == bursts[row] - 1, FIN, 0)
        for (packets, mean), opening, back in ((up, SYN, False), (down, SYN_ACK, True)):
            each = np.maximum(np.broadcast_to(np.asarray(packets), (size,))[row] // bursts[row], 1)
            pair = (ends.client, ends.server)
            for eni, egress in ((ends.near, not back), (ends.far, back)):
                self.see(
                    cause,
                    when,
                    eni,
                    egress=egress,
                    ends=pair[::-1] if back else pair,
                    ports=through[::-1] if back else through,
                    protocol=protocol,
                    packets=each,
                    size=take(mean, row),
                    flags=np.where(step == 0, np.int64(opening), 0) + closing,
                )
        return Talk(time, last, path, sport, dport)

    def knock(
        self,
        cause: Cause,
        time: Ints,
        path: Path,
        sport: IntLike,
        dport: IntLike,
        *,
        tries: IntLike = 4,
        size: IntLike = 60,
        protocol: IntLike = TCP,
        at_far_end: bool = True,
    ) -> None:
        """Add first packets that are refused, sent again 1, 3 and 7 seconds later.

        The far interface refuses what comes in, and the near one has let it out; or, if not
        `at_far_end`, the near interface refuses what would go out and the far one sees nothing.
        """
        passed = cause.passed()
        for number, wait in enumerate((0, 1, 3, 7)):
            again = np.flatnonzero(np.broadcast_to(np.asarray(tries), time.shape) > number)
            ends = path.at(again)
            for eni, egress in ((ends.near, True), (ends.far, False)):
                if egress or at_far_end:
                    self.see(
                        passed if egress and at_far_end else cause,
                        time[again] + wait,
                        eni,
                        egress=egress,
                        ends=(ends.client, ends.server),
                        ports=(take(sport, again), take(dport, again)),
                        protocol=take(protocol, again),
                        size=take(size, again),
                        flags=SYN,
                    )

    def seen(self) -> Ints:
        """Return all that was seen, one column each: see `aggregate` for the rows."""
        return np.concatenate(self._seen, axis=1) if self._seen else np.zeros((13, 0), np.int64)
