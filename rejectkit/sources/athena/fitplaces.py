"""Whether a table's location and partitions lead to where the files are; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rejectkit.findings import Finding
from rejectkit.sources.athena.datepatterns import DatePattern
from rejectkit.sources.athena.delivered import Delivered
from rejectkit.sources.athena.glue import Existing
from rejectkit.sources.athena.templates import template_of
from rejectkit.sources.athena.timekeys import projection, values_of

_TYPES: Final = ("enum", "integer", "date", "injected")
_OTHER_SERVICE = re.compile(r"/AWSLogs/(?:[^/]*/)?\d{12}/(?!vpcflowlogs(?:/|$))([A-Za-z][A-Za-z-]+)(?:/|$)")
_PLACE = re.compile(r"\$\{([^}]*)\}")


def place_checks(existing: Existing, url: str = "", delivered: Delivered | None = None) -> Iterator[Finding]:
    """Yield what is amiss with where a table looks for its files.

    Parameters
    ----------
    existing : Existing
        The table.
    url : str
        Of one of its files; empty where none is known.
    delivered : Delivered, optional
        What the flow log says of its files.
    """
    location = existing.location.rstrip("/") + "/"
    other = _OTHER_SERVICE.search(location)
    if other:
        told = f"{existing.full_name} is over {location}, where AWS puts files of {other[1]}, not of VPC flow logs."
        yield Finding(told, "warning", mend="Give it the folder AWSLogs of the flow log's bucket and prefix.")
    if delivered is not None:
        prefix = f"{delivered.prefix}/" if delivered.prefix else ""
        folder = f"s3://{delivered.bucket}/{prefix}AWSLogs/"
        if not (location.startswith(folder) or folder.startswith(location)):
            told = f"{existing.full_name} is over {location}, and the flow log delivers to {folder}."
            yield Finding(told, "warning", mend="Make it anew by AthenaTable.of_flow_log.")
    if existing.projected:
        yield from _projection_checks(existing, url)
    elif existing.partition_keys:
        yield from _registered_checks(existing, url)


def _projection_checks(existing: Existing, url: str) -> Iterator[Finding]:
    name, whole = existing.full_name, True
    for key, _ in existing.partition_keys:
        fault = _key_fault(existing, key)
        if fault:
            whole = False
            yield Finding(f"The projection of the partition key {key!r} of {name} {fault}.", "warning")
    template = existing.parameters.get("storage.location.template", "")
    lacking = [key for key, _ in existing.partition_keys if template and f"${{{key}}}" not in template]
    if lacking:
        told = (
            f"The property storage.location.template of {name} has no place for {', '.join(lacking)}: Athena needs one."
        )
        yield Finding(told, "warning", mend=f"Put ${{{lacking[0]}}} into it, where the folder of its values is.")
    elif whole and url:
        yield from _reach_checks(existing, url)


def _key_fault(existing: Existing, key: str) -> str:
    """Return what is wrong with how a key is projected."""
    told = projection(existing, key)
    kind = told.get("type", "").strip().lower()
    if kind not in _TYPES:
        has = f"the type {kind!r}" if kind else "no type"
        return f"has {has}; set projection.{key}.type to one of {', '.join(_TYPES)}"
    if kind == "enum" and not told.get("values"):
        return f"lists no values; set projection.{key}.values"
    low, comma, high = (one.strip() for one in told.get("range", "").partition(","))
    if kind == "integer" and not (low.lstrip("-").isdigit() and high.lstrip("-").isdigit() and int(low) <= int(high)):
        return f"has the range {told.get('range', '')!r}; set projection.{key}.range to two whole numbers, as '0,23'"
    if kind == "date":
        pattern = DatePattern.parse(told.get("format", ""))
        if pattern is None:
            return f"has the format {told.get('format', '')!r}, which is not known here; AWS's folders are 'yyyy/MM/dd'"
        wrong = [one for one in (low, high) if not one.startswith("NOW") and pattern.read(one) is None]
        if wrong or not comma:
            return f"has the range {told.get('range', '')!r}, which is not two dates of its format {pattern.text!r}"
    return ""


def _reach_checks(existing: Existing, url: str) -> Iterator[Finding]:
    """Yield that a file is not in any folder that the projection makes, and which key it misses by."""
    template = (template_of(existing) or "").rstrip("/") + "/"
    parts = _PLACE.split(template)
    words = (f"({_loose(existing, part)})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    found = re.match("".join(words), url)
    name = existing.full_name
    if found is None:
        told = f"{name} leaves out {url}: it is in no folder of its partitions, {template}."
        mend = "Correct the property storage.location.template, and the format of its dates."
        yield Finding(told, "warning", mend=mend)
        return
    for key, value in zip(parts[1::2], found.groups(), strict=True):
        known = values_of(existing, key)
        if known is not None and value not in known:
            told = f"{name} leaves out {url}: its partition key {key!r} has no value {value!r}."
            listed = projection(existing, key).get("type", "").strip().lower() == "enum"
            mend = f"Add it to the property projection.{key}.{'values' if listed else 'range'}."
            yield Finding(told, "warning", mend=mend)


def _loose(existing: Existing, key: str) -> str:
    """Return a pattern of what may stand for a key, whichever values are known of it."""
    told = projection(existing, key)
    pattern = DatePattern.parse(told.get("format", "")) if told.get("type", "").strip().lower() == "date" else None
    return pattern.regex if pattern is not None else "[^/]+"


def _registered_checks(existing: Existing, url: str) -> Iterator[Finding]:
    """Yield that MSCK REPAIR TABLE will not find partitions."""
    location = existing.location.rstrip("/") + "/"
    if not url.startswith(location):
        return
    folders = "/" + url.removeprefix(location).rpartition("/")[0] + "/"
    lacking = [key for key, _ in existing.partition_keys if f"/{key.lower()}=" not in folders.lower()]
    if lacking:
        told = (
            f"The folders of {existing.full_name} do not name its partition {'keys' if len(lacking) > 1 else 'key'} "
            f"{', '.join(lacking)}, so MSCK REPAIR TABLE registers nothing; what is not registered is not read."
        )
        mend = "Register each by ALTER TABLE … ADD PARTITION, or make a table with projection by AthenaTable."
        yield Finding(told, "notice", mend=mend)
