"""What CloudWatch, CloudWatch Logs, SNS and IAM take as a name, an ARN, an address or a tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from rejectkit.errors import ArgumentError

TAG: Final = "rejectkit:monitor"
"""Key of the tag on all that rejectkit makes; its value is the alarm's name."""

MOST_ACTIONS: Final = 5
MOST_TAGS: Final = 50
MOST_QUERY_RESULTS: Final = 100
MOST_LOG_LINES: Final = 50
LONGEST_QUERY: Final = 10_000
LONGEST_OFFSET: Final = 2_592_000
# Source: CloudWatch Logs API reference, "PutRetentionPolicy".
RETENTION: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

_LOG_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TAG_TEXT = re.compile(r"[\w .:/=+\-@]*")
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z]{2,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ARN = re.compile(
    r"arn:(?P<partition>aws|aws-cn|aws-us-gov):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12})?:"
    r"(?P<resource>[!-~]+)"
)
# By kind: the ARN's service, what its resource looks like, and an example. Source: Service Authorization Reference.
_ARNS: Mapping[str, tuple[str, str, str]] = {
    "topic": ("sns", r"[A-Za-z0-9_-]{1,256}", "arn:aws:sns:eu-west-1:123456789012:vpc-rejects"),
    "queue": ("sqs", r"[A-Za-z0-9_-]{1,80}", "arn:aws:sqs:eu-west-1:123456789012:rejects"),
    "function": (
        "lambda",
        r"function:[A-Za-z0-9_-]{1,64}(?::[$A-Za-z0-9_-]{1,128})?",
        "arn:aws:lambda:eu-west-1:123456789012:function:notify",
    ),
    "role": ("iam", r"role/[\w+=,.@/-]{1,512}", "arn:aws:iam::123456789012:role/rejectkit-log-alarm"),
}


def partition(region: str) -> str:
    """Return the partition of a region.

    Examples
    --------
    >>> partition("eu-west-1"), partition("cn-north-1"), partition("us-gov-west-1")
    ('aws', 'aws-cn', 'aws-us-gov')
    """
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def is_arn(text: object) -> bool:
    """Tell whether a text is meant as an ARN."""
    return isinstance(text, str) and text.startswith("arn:")


def text(field: str, value: object, longest: int, *, shortest: int = 1, without: str = "") -> str:
    """Return a text of a length and without control characters and those of `without`."""
    if not isinstance(value, str):
        raise ArgumentError(f"{field} is {value!r}; give a text")
    if not shortest <= len(value) <= longest:
        least = f"{shortest} to " if shortest else "at most "
        raise ArgumentError(f"{field} has {len(value):,} characters; it has {least}{longest:,}: give another")
    found = [character for character in without if character in value]
    if found:
        raise ArgumentError(f"{field} is {value!r}; CloudWatch takes no {' and no '.join(found)} in it: leave it out")
    if _CONTROL.search(value):
        raise ArgumentError(f"{field} is {value!r}; it has a control character: leave it out")
    if shortest and not value.strip():
        raise ArgumentError(f"{field} is {value!r}, which is blank; give a name")
    return value


def log_group(field: str, value: object) -> str:
    """Return a log group's name."""
    if is_arn(value):
        raise ArgumentError(
            f"{field} is the ARN {value!r}; a filter is put on a log group of the account at hand: give its name"
        )
    if not isinstance(value, str) or not _LOG_GROUP.fullmatch(value):
        raise ArgumentError(f"{field} is {value!r}; a log group's name has 1 to 512 letters, digits and . - _ / #")
    return value


def topic(field: str, value: object) -> str:
    """Return a topic's name, or its ARN."""
    if is_arn(value):
        return arn(field, value, "topic")
    if not isinstance(value, str) or not _TOPIC.fullmatch(value):
        fifo = " (an alarm takes no FIFO topic)" if str(value).endswith(".fifo") else ""
        raise ArgumentError(
            f"{field} is {value!r}{fifo}; give a name of 1 to 256 letters, digits, - and _ to have the topic made, "
            "or the ARN of one there is"
        )
    return value


def arn(field: str, value: object, kind: str | None = None) -> str:
    """Return an ARN: of a topic, queue, function or role, or of anything; its region fits its partition."""
    service, shape, example = _ARNS.get(kind or "", ("", r"\S+", "arn:aws:sns:eu-west-1:123456789012:vpc-rejects"))
    found = _ARN.fullmatch(value) if isinstance(value, str) and len(value) <= 1024 else None
    what = f"the ARN of a {kind}" if kind else "an ARN"
    if found is None:
        raise ArgumentError(f"{field} is {value!r}; give {what}, for example {example}")
    if found["resource"].endswith(".fifo"):
        raise ArgumentError(f"{field} is {value!r}; alarms and standard topics take no FIFO {kind or 'target'}")
    placed = not found["region"] if service == "iam" else bool(found["region"])
    fits = not kind or (found["service"] == service and placed and found["account"] is not None)
    if not fits or not re.fullmatch(shape, found["resource"]):
        raise ArgumentError(f"{field} is {value!r}; give {what}, for example {example}")
    if found["region"] and partition(found["region"]) != found["partition"]:
        raise ArgumentError(
            f"{field} is {value!r}; region {found['region']} is in the partition {partition(found['region'])}, "
            f"not {found['partition']}: correct one of them"
        )
    return str(value)


def email(field: str, value: object) -> str:
    """Return an e-mail address."""
    if not isinstance(value, str) or len(value) > 320 or not _EMAIL.fullmatch(value):
        raise ArgumentError(f"{field} is {value!r}; give one e-mail address, for example ops@example.org")
    return value


def url(field: str, value: object) -> str:
    """Return an https URL."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        good = parts is not None and parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"[\s\x00-\x1f]", str(value)) or len(str(value)) > 2048:
        raise ArgumentError(f"{field} is {value!r}; give an https URL, for example https://hooks.example.org/rejects")
    return str(value)


def tags(field: str, given: object) -> dict[str, str]:
    """Return tags of one's own, in their order; rejectkit's own is the fiftieth."""
    if not isinstance(given, Mapping):
        raise ArgumentError(f"{field} is {given!r}; give a mapping of key to value, for example {{'team': 'network'}}")
    if len(given) > MOST_TAGS - 1:
        raise ArgumentError(
            f"{field} has {len(given)} tags; AWS takes {MOST_TAGS}, one of them {TAG}: leave {len(given) - 49} out"
        )
    for key, value in given.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise ArgumentError(f"{field} has {key!r}: {value!r}; keys and values of tags are texts")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise ArgumentError(f"{field} has {key!r}: {value!r}; a key has 1 to 128 characters, a value at most 256")
        if key.lower().startswith("aws:") or key == TAG:
            whose = "AWS" if key != TAG else "rejectkit"
            raise ArgumentError(f"{field} has the key {key!r}, which {whose} keeps for itself; take another")
        for part in (key, value):
            tag_text(f"{field}[{key!r}]", part)
    return dict(given)


def tag_text(field: str, value: str) -> str:
    """Return a text that may stand in a tag: letters, digits, blanks and `_ . : / = + - @`."""
    if not _TAG_TEXT.fullmatch(value):
        wrong = next(character for character in value if not _TAG_TEXT.fullmatch(character))
        raise ArgumentError(
            f"{field} is {value!r}; a tag has letters, digits, blanks and _ . : / = + - @ only: leave {wrong!r} out"
        )
    return value


def several(field: str, given: object) -> tuple[str, ...]:
    """Return texts once each, in their order; a text alone is one of them."""
    if isinstance(given, str):
        given = (given,)
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise ArgumentError(f"{field} is {given!r}; give a list of texts")
    return tuple(dict.fromkeys(given))
