"""What the questions to a network are given: records and a network, checked before anything is worked out."""

from __future__ import annotations

import pandas as pd

from rejectkit.errors import ArgumentError
from rejectkit.exploring.words import listing
from rejectkit.network.model import Network
from rejectkit.records import by_column

NEEDED = ("interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "action")


def check(records: pd.DataFrame, network: Network, untold: str) -> None:
    """Raise ArgumentError unless records and network are such, and all columns are there.

    Parameters
    ----------
    records, network
        What was given.
    untold : str
        What cannot be told without a column: `who refused them`.
    """
    if not isinstance(records, pd.DataFrame):
        raise ArgumentError(f"records are a {type(records).__name__}, not a DataFrame as source.records() gives")
    if not isinstance(network, Network):
        raise ArgumentError(
            f"the network is a {type(network).__name__}; give a Network, as Network.from_ec2 or Network.from_json does"
        )
    missing = [name for name in NEEDED if name not in records]
    if missing:
        fields = " ".join(f"${{{by_column[name].name}}}" for name in missing)
        raise ArgumentError(
            f"the records have no {listing(missing, len(missing))}, so {untold} cannot be told; "
            f"add {fields} to the flow log's format"
        )
    if "@timestamp" not in records and "start" not in records:
        raise ArgumentError("the records have neither @timestamp nor start; take them from source.records()")


def filled(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records with the columns that flows have and nobody looks at here."""
    lacking = [name for name in ("packets", "bytes") if name not in records]
    return records.assign(**dict.fromkeys(lacking, 0)) if lacking else records
