"""A day in a small VPC as a value: flow-log records, planted mistakes, and the truth about every record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.records import LogFormat, field_type
from rejectkit.sandbox.playing.aggregation import Rows, aggregate
from rejectkit.sandbox.playing.dice import Ints
from rejectkit.sandbox.playing.everyday import everyday
from rejectkit.sandbox.playing.fields import field_values
from rejectkit.sandbox.playing.harmless import health_check, late, probe, reply
from rejectkit.sandbox.playing.layout import ACCOUNT, Layout
from rejectkit.sandbox.playing.planted import (
    CHANGE,
    DENY,
    db_group,
    mail_egress,
    mail_relay,
    nacl_deny,
    nacl_ephemeral,
    scrape_port,
    wrong_port,
)
from rejectkit.sandbox.playing.poc import poc
from rejectkit.sandbox.playing.scanning import scanning
from rejectkit.sandbox.playing.traffic import Stage, Traffic
from rejectkit.sandbox.playing.truth import Mistake
from rejectkit.sandbox.vpc import describe
from rejectkit.window import Window

START = datetime(2026, 11, 1, tzinfo=UTC)

FORMAT = LogFormat.from_header(
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id "
    "sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path "
    "reject-reason"
)
TRUTH = ("kind", "mistake", "layer", "resource", "rule", "cause")

_LAYOUTS: dict[str, Callable[[str], Layout]] = {"poc": poc}
_MISTAKES: tuple[Callable[[Traffic], Mistake], ...] = (
    db_group,
    scrape_port,
    nacl_ephemeral,
    nacl_deny,
    wrong_port,
    mail_egress,
    mail_relay,
    probe,
    reply,
    health_check,
)
_IDLE = ("db-standby",)
_SKIPPED = 5  # SKIPDATA rows a day


@dataclass(frozen=True, slots=True)
class Scenario:
    """Traffic of a VPC over a window, the same bytes for the same values; made by `scenario`.

    Attributes
    ----------
    name : str
        Which VPC and which mistakes.
    seed : int
        Seed of all that is drawn.
    start : datetime
        Start of the window, UTC.
    hours : int
        Length of the window.
    scale : float
        How busy visitors, services and scanners are; the mistakes stay as they are.
    account : str
        Id of the account that owns the VPC.
    """

    name: str
    seed: int
    start: datetime
    hours: int
    scale: float
    account: str = ACCOUNT

    @property
    def window(self) -> Window:
        """The window, every record's `start` and `end` inside it."""
        return Window(self.start, datetime.fromtimestamp(self._epoch + 3600 * self.hours, UTC))

    @property
    def network(self) -> Layout:
        """The VPC at the end of the window."""
        return _LAYOUTS[self.name](self.account)

    @property
    def network_before(self) -> Layout:
        """The VPC at the start of the window, before the change that `nacl-deny` is about."""
        return self.network.without_entry(self.network.acl("app"), DENY, False)

    @property
    def changed(self) -> datetime:
        """When `network_before` became `network`, UTC."""
        return datetime.fromtimestamp(self._epoch + 3600 * self.hours * CHANGE // 1000, UTC)

    def records(self) -> pd.DataFrame:
        """Return all records, in order of `end`.

        Returns
        -------
        DataFrame
            `@timestamp` (UTC, the record's `start`) and the columns of `FORMAT`: versions 2 to 5 and
            `rejectReason`; integers as Int64, text as str, `-` as null.
        """
        rows = _play(self)[0]
        frame: dict[str, Any] = {"@timestamp": pd.to_datetime(rows.start, unit="s", utc=True)}
        for name, column in zip(FORMAT.fields, FORMAT.columns, strict=True):
            values = field_values(self.network, rows, name, FORMAT)
            frame[column] = pd.array(values.tolist(), dtype="Int64" if field_type(column) == "int" else "str")
        return pd.DataFrame(frame)

    @property
    def truth(self) -> pd.DataFrame:
        """The cause of every record, one row each, with the index of `records()`.

        Columns: `kind` (scanner, inside, reply, late, aws, probe; normal; nodata, skipdata), `mistake`
        (name of the planted one or null), and for refused records `layer` (sg-in, sg-out, nacl-in,
        nacl-out, nacl-reply, late), `resource` (ids of the network ACL or of the interface's groups),
        `rule` (number of the ACL's rule; `absent` for groups) and `cause`, a sentence. Written down when
        the traffic was made; no rule was evaluated.
        """
        rows = _play(self)[0]
        table = [(c.kind, c.mistake, c.layer, c.resource, c.rule, c.sentence) for c in rows.causes]
        return pd.DataFrame(
            {
                name: pd.array([table[number][place] for number in rows.cause.tolist()], dtype="str")
                for place, name in enumerate(TRUTH)
            }
        )

    @property
    def closes(self) -> Ints:
        """When each record's aggregation interval closed, aligned with `records()`.

        Seconds since the epoch; a record can be delivered from then on.
        """
        return _play(self)[0].closes.copy()

    @property
    def starts(self) -> Ints:
        """When each record begins, seconds since the epoch, aligned with `records()`."""
        return _play(self)[0].start.copy()

    @property
    def interfaces(self) -> list[str]:
        """The id of each record's interface, aligned with `records()`."""
        names = [one.id for one in self.network.interfaces]
        return [names[number] for number in _play(self)[0].eni.tolist()]

    @property
    def mistakes(self) -> pd.DataFrame:
        """The planted mistakes, one row each.

        Columns: `mistake` (name), `kind`, `layer` and `resource` (several are joined by blanks), `rule`,
        `sentence`, `mend`, `source`, `destination`, `port` (Int64, null where there are many),
        `protocol`, `began` (UTC; null if it was there before the window), `first` and `last` (UTC; start
        of the first refused record and end of the last), `refused` (records).
        """
        rows, planted = _play(self)
        return pd.DataFrame([_told(self._epoch, rows, one) for one in planted]).astype(
            {"port": "Int64", "protocol": "Int64", "refused": "Int64", **dict.fromkeys(_TIMES, _UTC)}
        )

    def lines(self, log_format: LogFormat | None = None) -> list[str]:
        """Return all records as flow-log lines, without a header, in the order of `records()`.

        Parameters
        ----------
        log_format : LogFormat, optional
            Any fields; those that the scenario does not know are `-`. The default format if left out.
        """
        wanted = log_format or LogFormat.default()
        rows, network = _play(self)[0], self.network
        texts = [
            ["-" if value is None else str(value) for value in field_values(network, rows, name, wanted).tolist()]
            for name in wanted.fields
        ]
        return [" ".join(words) for words in zip(*texts, strict=True)]

    @property
    def _epoch(self) -> int:
        return int(self.start.timestamp())


def scenario(
    name: str = "poc",
    seed: int = 7,
    start: datetime = START,
    hours: int = 24,
    scale: float = 1.0,
    account: str = ACCOUNT,
) -> Scenario:
    """Return a scenario; nothing is made until it is asked for.

    Parameters
    ----------
    name : str
        `poc`, the only one there is.
    seed : int
        Any whole number from 0.
    start : datetime
        Aware, on a whole hour.
    hours : int
        At least 1.
    scale : float
        1 makes some 25,000 records a day, 20 some 240,000.
    account : str
        Id of the account that owns the VPC, 12 digits.

    Raises
    ------
    ArgumentError
        If a value cannot be used.

    Examples
    --------
    >>> scenario(hours=1).lines()[0].split()[1]
    '123456789012'
    """
    if name not in _LAYOUTS:
        raise ArgumentError(f"there is no scenario {name!r}; there is {', '.join(map(repr, _LAYOUTS))}")
    if not isinstance(seed, int) or seed < 0:
        raise ArgumentError(f"the seed is {seed!r}; give a whole number from 0, for example 7")
    if start.utcoffset() is None or start.timestamp() % 3600:
        raise ArgumentError(
            f"the scenario starts at {start}; give an aware time on a whole hour, for example "
            "datetime(2026, 11, 1, tzinfo=UTC)"
        )
    if not isinstance(hours, int) or hours < 1:
        raise ArgumentError(f"the scenario lasts {hours!r} hours; give a whole number from 1, for example 24")
    if not 0 < scale < 10_000:
        raise ArgumentError(f"the scale is {scale!r}; give a number above 0, for example 1 or 12")
    if len(account) != 12 or not account.isdecimal():
        raise ArgumentError(f"the account is {account!r}; give 12 digits, for example {ACCOUNT!r}")
    return Scenario(name, seed, start.astimezone(UTC), hours, float(scale), account)


def network_json(one: Scenario) -> dict[str, list[dict[str, Any]]]:
    """Return the scenario's VPC at the end of its window, as the AWS CLI's describe calls would print it."""
    return describe.network_json(one.network)


@lru_cache(maxsize=2)
def _play(one: Scenario) -> tuple[Rows, tuple[Mistake, ...]]:
    span = 3600 * one.hours
    stage = Stage(one.network, one.seed, one._epoch, span, one.scale)
    traffic = Traffic(stage)
    day = everyday(traffic)
    scanning(traffic)
    planted = tuple(plant(traffic) for plant in _MISTAKES)
    followed = late(traffic, day)
    return aggregate(traffic, stage.enis(*_IDLE), stage.steady(_SKIPPED)), (*planted, followed)


_TIMES = ("began", "first", "last")
_UTC = "datetime64[us, UTC]"


def _told(epoch: int, rows: Rows, one: Mistake) -> dict[str, Any]:
    mine = [number for number, cause in enumerate(rows.causes) if cause.mistake == one.name]
    found = np.flatnonzero(np.isin(rows.cause, mine) & (rows.refused == 1))
    met = [rows.causes[number] for number in np.unique(rows.cause[found]).tolist()]

    def joined(values: list[str | None]) -> str | None:
        return " ".join(sorted({value for value in values if value})) or None

    def moment(second: int | None) -> datetime | None:
        return None if second is None else datetime.fromtimestamp(epoch + second, UTC)

    return {
        "mistake": one.name,
        "kind": one.kind,
        "layer": joined([cause.layer for cause in met]),
        "resource": joined([cause.resource for cause in met]),
        "rule": joined([cause.rule for cause in met]),
        "sentence": one.sentence,
        "mend": one.mend,
        "source": one.source,
        "destination": one.destination,
        "port": one.port,
        "protocol": one.protocol,
        "began": moment(one.began),
        "first": moment(int(rows.start[found].min()) - epoch if len(found) else None),
        "last": moment(int(rows.end[found].max()) - epoch if len(found) else None),
        "refused": len(found),
    }
