"""Where the partitions of a table are: the template of its addresses, and an address filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rejectkit.sources.athena.glue import Existing

_PLACE = re.compile(r"\$\{([^}]*)\}")


def template_of(existing: Existing) -> str | None:
    """Return the template of the addresses of a table's partitions; None where they can be anywhere.

    Source: "Set up partition projection": as the property `storage.location.template` says, else in the way of Hive
    below the table's location. Registered partitions are taken to be so where they are AWS's Hive-compatible ones.

    Parameters
    ----------
    existing : Existing
        The table.
    """
    names = [key for key, _ in existing.partition_keys]
    hive = existing.location.rstrip("/") + "".join(f"/{name}=${{{name}}}" for name in names)
    if existing.projected:
        return existing.parameters.get("storage.location.template") or (hive if existing.location else None)
    return hive if existing.location and "aws-service" in names else None


def fill(template: str, values: Mapping[str, str], cut: str = "") -> str:
    """Return an address: a template with its values, up to the first key that has none.

    Parameters
    ----------
    template : str
        With `${key}` where a value belongs.
    values : mapping of str to str
        By key.
    cut : str
        A key whose value is the beginning of several: the address ends with it.

    Examples
    --------
    >>> fill("s3://logs/${accid}/${day}", {"accid": "1", "day": "2026/11/02"})
    's3://logs/1/2026/11/02/'
    >>> fill("s3://logs/${accid}/${day}", {"accid": "1"})
    's3://logs/1/'
    """
    out, at = "", 0
    for found in _PLACE.finditer(template):
        out += template[at : found.start()]
        at = found.end()
        if found[1] not in values:
            return out.rpartition("/")[0] + "/"
        out += values[found[1]]
        if found[1] == cut:
            return out
    out += template[at:]
    return out.rstrip("/") + "/"
