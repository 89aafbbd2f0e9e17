"""Ports as categories: 53 over TCP and 53 over UDP are two, and ICMP, which has no ports, is one of its own."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd

from rejectkit.charts.text import port_label

_UNTOLD = 511  # in place of a protocol that the table does not tell
_SHIFT = 512


def port_keys(ports: pd.Series, protocols: pd.Series | None) -> pd.Series:
    """Return each row's port and protocol as one number; ports that are no numbers stay what they are.

    Parameters
    ----------
    ports : Series
        Whole numbers, as `Int64`, float or text; null for none.
    protocols : Series, optional
        IANA numbers; null for not told.
    """
    numbers = whole_numbers(ports)
    if not pd.api.types.is_integer_dtype(numbers):
        return ports
    told = whole_numbers(protocols) if protocols is not None else None
    if told is None or not pd.api.types.is_integer_dtype(told):
        return numbers * _SHIFT + _UNTOLD
    return numbers * _SHIFT + told.fillna(_UNTOLD)


def port_name(key: Hashable) -> str:
    """Return the label of a key of `port_keys`: "22 SSH", "53/UDP DNS", "ICMP"; "–" for none."""
    if not isinstance(key, int):
        return port_label(key)
    port, protocol = divmod(int(key), _SHIFT)
    return port_label(port, None if protocol == _UNTOLD else protocol)


def whole_numbers(column: pd.Series) -> pd.Series:
    """Return a column as whole numbers where all of it can be: 22.0 and "22" are 22."""
    if pd.api.types.is_integer_dtype(column):
        return column.astype("Int64")
    numbers = pd.to_numeric(column, errors="coerce").astype("Float64")
    whole = (numbers == numbers.round()).fillna(False)
    return numbers.astype("Int64") if bool((whole | column.isna()).all()) else column
