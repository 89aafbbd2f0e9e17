"""Where the rules of `classify` draw their lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from difflib import get_close_matches

import numpy as np

from rejectkit.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the rules draw their lines; each is a keyword of `classify.sources` and `classify.records`.

    Attributes
    ----------
    scan_ports : float
        Distinct ports from which a public source is a scanner.
    scan_hosts : float
        Destinations or interfaces from which a public source is a scanner.
    scan_packets : float
        Packets per flow up to which a public source only knocks. A program that wants in sends its SYN again
        and again, 4 to 7 packets.
    insist_flows : float
        Flows from which a public source with more packets than that insists: unsure.
    persist_flows : float
        Flows per service from which a public source insists however few its packets: unsure.
    crowd : float
        Public sources refused at a port others are let in at, from which they count as scanners; fewer may be
        somebody forgotten: unsure.
    probe_ports : float
        Distinct ports below `ephemeral_from` from which an inside source is a probe.
    probe_services : float
        Distinct pairs of host and port from which an inside source is a probe, if it does not insist. Hosts
        outside at the web's, DNS's and NTP's ports do not count: any host calls many.
    probe_tries : float
        Flows per such pair up to which a source does not insist.
    late_within : float
        Seconds after an accepted flow in which one with the same ends and ports is its late packet.
    reply_within : float
        Seconds after an accepted flow in which one with the ends exchanged is its reply.
    ephemeral_from : float
        Port from which a destination port alone looks like a client's own (Linux: 32768).

    Examples
    --------
    >>> Thresholds(scan_ports=10).scan_ports
    10
    """

    scan_ports: float = 5
    scan_hosts: float = 3
    scan_packets: float = 3
    insist_flows: float = 3
    persist_flows: float = 30
    crowd: float = 5
    probe_ports: float = 15
    probe_services: float = 30
    probe_tries: float = 3
    late_within: float = 3600
    reply_within: float = 600
    ephemeral_from: float = 32768

    def __post_init__(self) -> None:
        """Refuse what is not a number from 0 up."""
        for each in fields(self):
            value = getattr(self, each.name)
            number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
            if not number or math.isnan(value) or value < 0:
                raise ArgumentError(f"{each.name} is {value!r}; a threshold is a number, 0 or more")

    @classmethod
    def of(cls, given: dict[str, float]) -> Thresholds:
        """Return the thresholds that keywords name.

        Raises
        ------
        ArgumentError
            If there is none of a name; it gives the nearest.
        """
        names = [each.name for each in fields(cls)]
        for name in given:
            if name not in names:
                near = get_close_matches(name, names, 1, 0.0)[0]
                raise ArgumentError(
                    f"there is no threshold {name!r}; the nearest is {near}, and all are {', '.join(names)}"
                )
        return cls(**given)
