"""What kind of source each source of REJECTs is: scanner, inside, reply, late, aws, probe or unsure.

One set of rules (`rules.py`) judges every refused flow: `records` gives its kind to each, and `sources` adds
them up to one row per source. Accepted flows among the records are evidence and make the rules surer; without
them more is told by ports alone, and the sentence says so. The first rule that fits a flow decides:

- *probe*: it is from an address the user names; or from inside, of a source that tries many ports or hosts;
- *late*: it has the ends and ports of one accepted shortly before on that interface, or no SYN in its flags;
- *reply*: it has the ends of an accepted one exchanged, or SYN-ACK, or comes from a service's port to a client's;
- *aws*: it is from an AWS range (other than EC2, where anybody may stand), or a link-local address of Amazon's;
- *inside*: it is from a private address, an interface's own, or the VPC's IPv6 block;
- *scanner*: it is from outside, of a source of many ports or many hosts, or one that only knocks;
- *unsure*: it is from outside, of a source that insists, or is let in at other times; or from no host's address.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from rejectkit.exploring import profile
from rejectkit.exploring.flows import Flows
from rejectkit.exploring.networks import as_list
from rejectkit.exploring.rules import Judged, Reason, judge
from rejectkit.exploring.thresholds import Thresholds

__all__ = ["KINDS", "Thresholds", "judged", "records", "sources"]

KINDS = ("scanner", "inside", "reply", "late", "aws", "probe", "unsure")
"""Every kind of source there is."""


def sources(
    records: pd.DataFrame,
    *,
    own: str | Iterable[str] = (),
    inside: str | Iterable[str] = (),
    **thresholds: float,
) -> pd.DataFrame:
    """Return one row per source of refused flows, with its kind and why, most flows first.

    Parameters
    ----------
    records : DataFrame
        Flow records as `source.records(action=None)` gives them. REJECTs are judged; ACCEPTs are evidence.
    own : addresses or networks, optional
        Scanners of one's own: their flows are `probe`.
    inside : addresses or networks, optional
        Networks that are inside although their addresses are public.
    **thresholds
        See `Thresholds`.

    Returns
    -------
    DataFrame
        `srcAddr`, `kind` (of most of its flows), `why` (a sentence with figures, and what its other flows are),
        `flows`, `packets`, `bytes` (of all its refused flows), `ports`, `interfaces`, `destinations` (distinct),
        `first`, `last` (start of its first and last flow, UTC), `topPort`, `topDst` (where most flows went).

    Raises
    ------
    ArgumentError
        If a column the rules need is missing, or a threshold, an address or a network cannot be used.

    Examples
    --------
    >>> from rejectkit.records import LogFormat
    >>> line = "2 1 eni-1 10.0.1.5 10.0.2.9 40001 5432 6 3 180 1793521440 1793521470 REJECT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> table["@timestamp"] = pd.to_datetime(table["start"], unit="s", utc=True)
    >>> print(*sources(table).loc[0, ["srcAddr", "kind", "why"]], sep="; ")
    10.0.1.5; inside; a private address that was refused at 5432 (PostgreSQL) of 10.0.2.9: 1 flow of 3 packets refused
    """
    return profile.profile(judged(records, own=own, inside=inside, **thresholds))


def records(
    records: pd.DataFrame,
    *,
    own: str | Iterable[str] = (),
    inside: str | Iterable[str] = (),
    **thresholds: float,
) -> pd.Series:
    """Return the kind of each refused flow; missing where a record is not a REJECT.

    The parameters and errors are those of `sources`.

    Returns
    -------
    Series of str
        Named `kind`, with the index of `records`.

    Examples
    --------
    >>> from rejectkit.records import LogFormat
    >>> line = "2 1 eni-1 198.51.100.7 10.0.2.9 40001 23 6 1 40 1793521440 1793521470 REJECT OK"
    >>> table = pd.DataFrame([LogFormat.default().parse_line(line)])
    >>> table["@timestamp"] = pd.to_datetime(table["start"], unit="s", utc=True)
    >>> records(table).tolist()
    ['scanner']
    """
    found = judged(records, own=own, inside=inside, **thresholds)
    words = np.array([reason.kind for reason in Reason], object)
    kinds = np.full(len(records), None, object)
    kinds[found.flows.row] = words[found.reasons]
    return pd.Series(kinds, index=records.index, name="kind", dtype="str")


def judged(
    records: pd.DataFrame,
    *,
    own: str | Iterable[str] = (),
    inside: str | Iterable[str] = (),
    **thresholds: float,
) -> Judged:
    """Return everything the rules say of the records: the reason, the direction and the evidence of each.

    The parameters and errors are those of `sources`.

    Examples
    --------
    >>> empty = pd.DataFrame(columns=["@timestamp", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol",
    ...                               "interfaceId", "packets", "bytes", "action"])
    >>> judged(empty).reasons.tolist()
    []
    """
    limits = Thresholds.of(thresholds)
    return judge(Flows.of(records), limits, as_list(own), as_list(inside))
