"""Choices: which rejects an alert is about, said in a filter pattern and in a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_network
from typing import Any, Final

from rejectkit.errors import ArgumentError
from rejectkit.exploring.querytext import Narrow, condition, narrowed
from rejectkit.monitoring.limits import LONGEST_QUERY, several
from rejectkit.monitoring.patterns.pattern import FilterPattern
from rejectkit.monitoring.patterns.writing import Allowed, Only
from rejectkit.records import LogFormat, by_column

RECIPE: Final = (
    "[version, account, eni, source, destination, srcport, destport, protocol, packets, bytes, windowstart, "
    'windowend, action="REJECT", flowlogstatus]'
)
"""The recipe's pattern, for logs of the default format."""

NEVER: Final = (
    "A pattern judges one line by itself: how many ports a source tries, or how many sources try a port, is not in it.",
    "A pattern compares addresses as texts: it has no networks but those that end with an octet, or a few of these.",
    "A pattern does not know a refused reply from a refused request: both are REJECT lines.",
)
"""What no filter pattern can say, whatever is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Which rejects an alert is about; `Choices()` is all of them.

    Parameters
    ----------
    ports : tuple of int
        Destination ports, any one of them; empty: every port.
    direction : str, optional
        `ingress` or `egress`, as the interface sees it; needs `${flow-direction}` in the log format.
    inside : tuple of str
        Networks or addresses the source is in, any one of them (`PRIVATE` for inside sources only); empty: everywhere.
    excluded : tuple of str
        Networks or addresses the source is not in: scanners of one's own.

    Raises
    ------
    ArgumentError
        If a value is no port, direction, address or network.

    Examples
    --------
    >>> print(Choices(ports=(22, 3389), excluded=("10.0.5.9",)).pattern(LogFormat.default()))  # doctest: +ELLIPSIS
    [version, ..., srcAddr!="10.0.5.9", dstAddr, srcPort, dstPort=22 || dstPort=3389, ..., action="REJECT", logStatus]
    """

    ports: tuple[int, ...] = ()
    direction: str | None = None
    inside: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check every value."""
        given = self.ports
        numbers = (given,) if isinstance(given, int) else given
        if isinstance(numbers, str) or not isinstance(numbers, Iterable):
            raise ArgumentError(f"ports is {given!r}; give a list of whole numbers from 0 to 65535")
        ports = tuple(dict.fromkeys(numbers))
        for port in ports:
            if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
                raise ArgumentError(f"ports has {port!r}; a port is a whole number from 0 to 65535")
        object.__setattr__(self, "ports", ports)
        if self.direction not in (None, "ingress", "egress"):
            raise ArgumentError(f"direction is {self.direction!r}; it is 'ingress', 'egress' or None for both")
        for name in ("inside", "excluded"):
            object.__setattr__(self, name, tuple(_network(name, one) for one in several(name, getattr(self, name))))

    @property
    def conditions(self) -> dict[str, Allowed]:
        """What `FilterPattern.for_format` takes, by column."""
        found: dict[str, Allowed] = {"action": "REJECT"}
        if self.inside or self.excluded:
            found["srcAddr"] = Only(self.inside, self.excluded)
        if self.ports:
            found["dstPort"] = self.ports
        if self.direction:
            found["flowDirection"] = self.direction
        return found

    def pattern(self, log_format: LogFormat) -> FilterPattern:
        """Return the filter pattern; the recipe's, letter by letter, for all rejects in the default format.

        Raises
        ------
        ArgumentError
            If a filter pattern cannot say it; the text is all of `unsaid`.
        """
        if self == Choices() and log_format == LogFormat.default():
            return FilterPattern(RECIPE)
        if wrong := self.unsaid(log_format):
            raise ArgumentError(" ".join(wrong))
        return FilterPattern.for_format(log_format, **self.conditions)

    def unsaid(self, log_format: LogFormat) -> tuple[str, ...]:
        """Return, in sentences, which of these choices no filter pattern for the format can say, and the mend.

        Empty where all can be said. `NEVER` has what cannot be said whatever is chosen. What is not in `lacking` too
        a query can say, and so the log-alarm design.
        """
        found: list[str] = []
        for column, allowed in self.conditions.items():
            if column in log_format.columns:
                addresses = (*self.inside, *self.excluded) if column == "srcAddr" else ()
                for part in addresses or (allowed,):
                    found += _refusal(log_format, {column: part})
        lacking = self.lacking(log_format)
        return lacking + tuple(dict.fromkeys(found or ([] if lacking else _refusal(log_format, self.conditions))))

    def lacking(self, log_format: LogFormat) -> tuple[str, ...]:
        """Return, in sentences, which of these choices the lines of the format do not tell, and the mend."""
        found: list[str] = []
        for column in self.conditions:
            if column == "flowDirection" and column not in log_format.columns:
                found.append(
                    f"A line of this log format does not tell its direction, so direction={self.direction!r} cannot be "
                    "chosen; add ${flow-direction} to the flow log's format, or tell by inside= where sources are."
                )
            elif column not in log_format.columns:
                found.append(
                    f"A line of this log format has no {by_column[column].name}; add ${{{by_column[column].name}}} to "
                    "the flow log's format" + ("." if column == "action" else ", or leave out what is chosen by it.")
                )
        return tuple(found)

    def condition(self) -> str:
        """Return the condition of a query's `filter`, in the columns of `FIELDS`.

        Examples
        --------
        >>> Choices(ports=(22,), excluded=("10.0.5.9",)).condition()
        'action = "REJECT" and dstPort = 22 and not (srcAddr = "10.0.5.9")'
        """
        narrow: Narrow = {}
        if self.ports:
            narrow["port"] = self.ports
        if self.direction:
            narrow["direction"] = self.direction
        if self.inside:
            narrow["source"] = self.inside
        but = [f"not ({text})" for one in self.excluded for text in narrowed({"source": one})]
        return " and ".join([condition("REJECT", **narrow), *but])

    def query(self, log_format: LogFormat) -> str:
        """Return the Logs Insights query whose results are these rejects, a row each.

        The service discovers the fields of the default format; those of another are cut out of the line by their place.

        Raises
        ------
        ArgumentError
            If the lines do not tell what is chosen, or the query is longer than a log alarm takes.
        """
        if lacking := self.lacking(log_format):
            raise ArgumentError(" ".join(lacking))
        wanted, columns = self.condition(), tuple(self.conditions)
        stages = ["fields @timestamp, @message"]
        if log_format != LogFormat.default():
            stages.append(f"parse @message /{_places(log_format, columns)}/")
            wanted = re.sub(rf"\b({'|'.join(columns)})\b", r"rk_\1", wanted)
        text = "\n| ".join([*stages, f"filter {wanted}"])
        if len(text) > LONGEST_QUERY:
            raise ArgumentError(
                f"the query for these choices has {len(text):,} characters; a log alarm takes {LONGEST_QUERY:,}: give "
                "networks in place of many addresses"
            )
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return the choices as JSON has them."""
        listed = (getattr(self, one.name) for one in fields(self))
        values = (list(value) if isinstance(value, tuple) else value for value in listed)
        return dict(zip((one.name for one in fields(self)), values, strict=True))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Choices:
        """Return the choices that `to_dict` gave."""
        known = [one.name for one in fields(cls)]
        if strange := [key for key in data if key not in known]:
            raise ArgumentError(f"choices have no {strange[0]!r}; they have {', '.join(known)}")
        return cls(**data)


def _network(field: str, value: str) -> str:
    """Return an address or a network as AWS spells it."""
    try:
        network = ip_network(value if isinstance(value, str) else "")
    except ValueError:
        raise ArgumentError(
            f"{field} has {value!r}; give an address or a network in CIDR notation, for example 10.0.0.0/8, and no "
            "bits behind its length"
        ) from None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _refusal(log_format: LogFormat, conditions: Mapping[str, Allowed]) -> list[str]:
    """Return why the pattern writer refuses conditions, as a sentence, or nothing."""
    try:
        FilterPattern.for_format(log_format, **conditions)
    except ArgumentError as error:
        return [f"{error}."]
    return []


def _places(log_format: LogFormat, columns: tuple[str, ...]) -> str:
    """Return a regular expression that names some columns of a line by their place."""
    last = max(log_format.columns.index(column) for column in columns)
    parts, skipped = [r"^\s*"], 0
    for at, column in enumerate(log_format.columns[: last + 1]):
        if column not in columns:
            skipped += 1
            continue
        if skipped:
            parts.append(rf"(?:\S+\s+){{{skipped}}}")
        parts.append(rf"(?<rk_{column}>\S+)" + (r"\s+" if at < last else ""))
        skipped = 0
    return "".join(parts)
