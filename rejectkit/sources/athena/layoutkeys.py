"""The partition keys of AWS's layouts, and the properties by which Athena projects them; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from rejectkit.sources.athena.glue import Names
from rejectkit.sources.partitions import Layout

YEARS: Final = 20
"""Years that a projection of numbers reaches from the first on: unlike a date's, its end cannot be NOW."""

_HIVE: Final = ("aws-account-id", "aws-service", "aws-region", "year", "month", "day", "hour")
_FIRST_NUMBER: Final = 3


def keys_of(layout: Layout, since: date, taken: Sequence[str]) -> tuple[Names, dict[str, str]]:
    """Return the partition keys of a layout, and the properties of their projection.

    Parameters
    ----------
    layout : Layout
        Where the files are.
    since : date
        The first day.
    taken : sequence of str
        Names of columns: a key of such a name gets `_key` behind it.

    Returns
    -------
    tuple of (name, type) pairs, and dict
        Keys as Athena's documentation has them: `accid`, `region` and `day`, or `hour` for a day and its hour
        (Source: "Create tables for flow logs in text format using partition projection"); the folders' own where they
        are Hive-compatible.
    """
    return _hive(layout, since, taken) if layout.hive else _plain(layout, since, taken)


def _plain(layout: Layout, since: date, taken: Sequence[str]) -> tuple[Names, dict[str, str]]:
    account, region, time = (_free(name, taken) for name in ("accid", "region", "hour" if layout.per_hour else "day"))
    properties = {
        "projection.enabled": "true",
        f"projection.{account}.type": "enum",
        f"projection.{account}.values": ",".join(layout.accounts),
        f"projection.{region}.type": "enum",
        f"projection.{region}.values": ",".join(layout.regions),
        f"projection.{time}.type": "date",
        f"projection.{time}.range": since.strftime("%Y/%m/%d/00,NOW" if layout.per_hour else "%Y/%m/%d,NOW"),
        f"projection.{time}.format": "yyyy/MM/dd/HH" if layout.per_hour else "yyyy/MM/dd",
        f"projection.{time}.interval": "1",
        f"projection.{time}.interval.unit": "HOURS" if layout.per_hour else "DAYS",
        "storage.location.template": f"{layout.base}/${{{account}}}/vpcflowlogs/${{{region}}}/${{{time}}}",
    }
    return ((account, "string"), (region, "string"), (time, "string")), properties


def _hive(layout: Layout, since: date, taken: Sequence[str]) -> tuple[Names, dict[str, str]]:
    own = _HIVE if layout.per_hour else _HIVE[:-1]
    keys = [_free(name, taken) for name in own]
    spans = (f"{since.year},{since.year + YEARS}", "1,12", "1,31", "0,23")
    values = (",".join(layout.accounts), "vpcflowlogs", ",".join(layout.regions), *spans)
    properties = {"projection.enabled": "true"}
    for at, (key, value) in enumerate(zip(keys, values, strict=False)):
        number = at >= _FIRST_NUMBER
        properties[f"projection.{key}.type"] = "integer" if number else "enum"
        properties[f"projection.{key}.{'range' if number else 'values'}"] = value
        if number:
            properties[f"projection.{key}.digits"] = "4" if at == _FIRST_NUMBER else "2"
    folders = "/".join(f"{name}=${{{key}}}" for name, key in zip(own, keys, strict=True))
    properties["storage.location.template"] = f"{layout.base}/{folders}"
    return tuple((key, "string") for key in keys), properties


def _free(name: str, taken: Sequence[str]) -> str:
    """Return a name for a partition key that no column has."""
    while name in taken:
        name += "_key"
    return name
