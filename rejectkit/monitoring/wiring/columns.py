"""Which columns of a line a filter pattern tests, and whether they are those it means; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rejectkit.monitoring.patterns import parsing
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.patterns.terms import Delimited, Field, Text
from rejectkit.records import FIELDS, LogFormat

# Names that recipes and AWS's examples give to columns, as far as they are not the columns' own.
_OTHERS: Final = {
    "source": "srcAddr",
    "sourceaddress": "srcAddr",
    "destination": "dstAddr",
    "destinationaddress": "dstAddr",
    "sourceport": "srcPort",
    "destport": "dstPort",
    "destinationport": "dstPort",
    "account": "accountId",
    "eni": "interfaceId",
    "interface": "interfaceId",
    "windowstart": "start",
    "starttime": "start",
    "windowend": "end",
    "endtime": "end",
    "flowlogstatus": "logStatus",
    "status": "logStatus",
    "vpc": "vpcId",
    "subnet": "subnetId",
    "direction": "flowDirection",
}
_VALUES: Final = {"REJECT": "action", "ACCEPT": "action", "NODATA": "logStatus", "SKIPDATA": "logStatus"}


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


_NAMES: Final = {**{_plain(one.column): one.column for one in FIELDS}, **_OTHERS}


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A condition on another column than it means.

    Attributes
    ----------
    name : str
        What the pattern calls the field; empty if nothing.
    meant : str
        The column its name or its value says.
    tested : str
        The column it is compared with.
    """

    name: str
    meant: str
    tested: str


def misplaced(pattern: FilterPattern, log_format: LogFormat) -> tuple[Misplaced, ...]:
    """Return the conditions of a pattern that are compared with another column than they mean.

    Examples
    --------
    >>> fmt = LogFormat.parse("${version} ${action} ${dstport}")
    >>> misplaced(FilterPattern('[version, dstport=22, action="REJECT"]'), fmt)[0]
    Misplaced(name='dstport', meant='dstPort', tested='action')
    """
    found = (
        Misplaced(one.name or "", meant, column)
        for one, column in _tested(pattern, log_format)
        if (meant := _meant(one)) and column not in (meant, f"pkt{meant[0].upper()}{meant[1:]}")
    )
    return tuple(found)


def fields_needed(pattern: FilterPattern) -> int:
    """Return how many fields a line needs at least; 0 for a pattern of terms."""
    parsed = _delimited(pattern)
    return 0 if parsed is None else len(parsed.fields)


def swallows(pattern: FilterPattern, log_format: LogFormat) -> str:
    """Return the name of the last field where it has a condition and takes the rest of a line; else an empty text.

    Source: recorded answers of TestMetricFilter: a pattern's last field takes all that is left of a longer line.

    Examples
    --------
    >>> fmt = LogFormat.parse("${srcaddr} ${action} ${log-status}")
    >>> swallows(FilterPattern('[srcaddr, action="REJECT"]'), fmt)
    'action'
    """
    parsed = _delimited(pattern)
    if parsed is None or parsed.tail is not None or not parsed.head:
        return ""
    last = parsed.head[-1]
    shorter = len(parsed.head) < len(log_format.fields)
    return last.name or "the last field" if shorter and last.ways else ""


def _delimited(pattern: FilterPattern) -> Delimited | None:
    parsed = parsing.parse(pattern.text)
    return parsed if isinstance(parsed, Delimited) else None


def _tested(pattern: FilterPattern, log_format: LogFormat) -> Iterator[tuple[Field, str]]:
    """Yield each field that has a condition with the column it is compared with."""
    parsed = _delimited(pattern)
    if parsed is None:
        return
    columns, tail = log_format.columns, parsed.tail or ()
    if len(parsed.fields) > len(columns):
        return
    places = (*range(len(parsed.head)), *range(len(columns) - len(tail), len(columns)))
    for one, place in zip(parsed.fields, places, strict=True):
        if one.ways:
            yield one, columns[place]


def _meant(one: Field) -> str:
    values = [test.core for way in one.ways for test in way if isinstance(test, Text)]
    return next((_VALUES[value] for value in values if value in _VALUES), _NAMES.get(_plain(one.name or ""), ""))
