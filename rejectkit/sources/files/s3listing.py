"""Which objects an address of S3 means: what is below a prefix, or a pattern; of a window, only its days are listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from rejectkit.sources.files.layouts import Look, Sample, is_log_name
from rejectkit.sources.partitions import days, ends, folder_span

Page = Callable[[str, bool], tuple[list[dict[str, Any]], list[str]]]
"""Lists a prefix: its objects, and the prefixes one step below it; not only one step where the second is False."""

_REGION = re.compile(r"(^|/)(vpcflowlogs/[a-z]{2}(-[a-z]+)+-\d+/|aws-service=vpcflowlogs/aws-region=[^/]+/)$")
_OF_AWS = re.compile(r"(AWSLogs|vpcflowlogs|\d{12}|o-[0-9a-z]+|aws-(account-id|service|region)=[^/]*)/$")
_OF_FLOW_LOGS = ("vpcflowlogs/", "aws-service=vpcflowlogs/")
_DAY = 86400


def objects_of(prefix: str, page: Page, look: Look) -> Iterator[dict[str, Any]]:
    """Yield the objects below a prefix that are named as logs are.

    Parameters
    ----------
    prefix : str
        A key up to a slash, or empty.
    page : callable
        Lists.
    look : Look
        Which folders to open.
    """
    for one in _walk(prefix, page, look):
        parts = one["Key"][len(prefix) :].split("/")
        if is_log_name(parts[-1]) and not any(part.startswith((".", "_")) for part in parts):
            yield one


def matching(pattern: str, page: Page, look: Look) -> Iterator[dict[str, Any]]:
    """Yield the objects whose keys match a pattern: `*` stays in a folder, `**` crosses folders."""
    plain = pattern[: re.search(r"[*?\[]", pattern).start()]  # type: ignore[union-attr]  # it has one
    fits = _regex(pattern)
    for one in _walk(plain[: plain.rfind("/") + 1], page, look):
        if fits.match(one["Key"]):
            yield one


def _regex(pattern: str) -> re.Pattern[str]:
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end].replace("\\", r"\\")
            out, at = out + (f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"), end + 1
        else:
            out, at = out + {"*": "[^/]*", "?": "[^/]"}.get(pattern[at], re.escape(pattern[at])), at + 1
    return re.compile(f"(?:{out})\\Z", re.DOTALL)


def _walk(prefix: str, page: Page, look: Look) -> Iterator[dict[str, Any]]:
    sampling = isinstance(look, Sample)
    if _REGION.search(prefix) and look.window is not None and not sampling:
        look.partly = True
        for folder in _of_window(prefix, look):
            yield from page(folder, False)[0]
        return
    if _is_of_a_day(prefix):
        yield from page(prefix, False)[0]
        return
    objects, folders = page(prefix, True)
    of_aws = any(_OF_AWS.search(folder) for folder in folders) or bool(_REGION.search(prefix))
    if look.window is None and not sampling and not of_aws and folders:
        yield from page(prefix, False)[0]
        return
    yield from objects
    flow_logs = [folder for folder in folders if folder.endswith(_OF_FLOW_LOGS)]
    if flow_logs and "AWSLogs" in prefix:  # other services deliver beside them
        folders = flow_logs
    for folder in look.choose([folder.removesuffix("/") for folder in folders]):
        yield from _walk(f"{folder}/", page, look)


def _is_of_a_day(prefix: str) -> bool:
    told = folder_span(prefix)
    return told is not None and told[1] - told[0] <= _DAY


def _of_window(region: str, look: Look) -> Iterator[str]:
    """Yield the folders of the days of a window, below that of a region."""
    if look.window is None:
        return
    hive = "aws-region=" in region
    for day in days(*ends(look.window, look.overlap)):
        yield region + day.strftime("year=%Y/month=%m/day=%d/" if hive else "%Y/%m/%d/")


def nanoseconds(moment: datetime) -> int:
    """Return a time as nanoseconds since the epoch."""
    return int(moment.astimezone(UTC).timestamp() * 1_000_000_000)
