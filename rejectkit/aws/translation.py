"""Errors of boto3 and botocore as errors of rejectkit: one sentence that says what, which value, how to mend."""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from rejectkit.actions import policy_of
from rejectkit.aws.codes import Kind, kind_of_class, kind_of_code
from rejectkit.errors import (
    AccessDeniedError,
    AwsError,
    ConflictError,
    ConnectionLostError,
    CredentialsError,
    MissingResourceError,
    QuotaError,
    RefusedError,
    RegionError,
    RejectkitError,
    ThrottledError,
)

# Calls that botocore makes by itself on the way to credentials.
_ON_THE_WAY = {
    "AssumeRole": "sts",
    "AssumeRoleWithSAML": "sts",
    "AssumeRoleWithWebIdentity": "sts",
    "CreateToken": "sso-oidc",
    "GetRoleCredentials": "sso",
}
# IAM actions that are not named as the operation. Source: Service Authorization Reference, Amazon S3.
_ACTIONS = {"s3:HeadBucket": "s3:ListBucket", "s3:HeadObject": "s3:GetObject", "s3:ListObjectsV2": "s3:ListBucket"}
_ACTION = re.compile(r"not authorized to perform:? ([A-Za-z0-9-]+):([A-Za-z*]+)")
_RESOURCE = re.compile(r"on resource:? (\S+)")
_ENCODED = re.compile(r"\s*Encoded authorization failure message:.*", re.DOTALL)
_LONG = 300  # characters of a service's message that a sentence quotes

_SENTENCES: dict[Kind, tuple[type[AwsError], str]] = {
    "throttled": (
        ThrottledError,
        "{what} is called too often{where} ({said}), by us or by others of this account, and waiting did not help: "
        "try again later, or ask for a higher rate in Service Quotas",
    ),
    "unavailable": (
        ConnectionLostError,
        "{what} cannot be answered{where} now ({said}): the fault is at AWS, try again later",
    ),
    "expired": (
        CredentialsError,
        "The AWS credentials have expired ({said}): run `aws sso login{profile}`, or renew the keys in "
        "~/.aws/credentials or AWS_SESSION_TOKEN, and run this again",
    ),
    "invalid": (
        CredentialsError,
        "AWS does not take these credentials ({said}): a key or token is wrong or revoked, this machine's clock is "
        "wrong, or the region is not switched on for the account{where}; try `aws sts get-caller-identity{profile}`, "
        "and run `aws sso login{profile}` or renew the keys",
    ),
    "denied": (
        AccessDeniedError,
        "The IAM action {action} is not allowed{where} ({said}): allow it with the statement {statement}{policy}",
    ),
    "region": (
        RegionError,
        "The AWS region{region} cannot be used ({said}): check its spelling, such as eu-west-1, and that it is "
        "switched on for the account",
    ),
    "missing": (
        MissingResourceError,
        "{what} names something that does not exist{where} ({said}): check its name or id, the region and the account",
    ),
    "conflict": (
        ConflictError,
        "{what} is in conflict with what is there{where} ({said}): it exists already, is in use, or is being changed "
        "by somebody else; look at it, and run this again",
    ),
    "quota": (
        QuotaError,
        "{what} would be over a quota of the account{where} ({said}): wait for others to end or remove some, or ask "
        "for more in Service Quotas",
    ),
    "refused": (RefusedError, "{what} was refused{where} ({said}): change what it was asked for"),
    "none": (
        CredentialsError,
        "There are no AWS credentials: run `aws configure sso` and `aws sso login --profile NAME`, and set "
        "AWS_PROFILE=NAME or give profile='NAME'; or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    "login": (CredentialsError, "A login is due ({said}): run `aws sso login{profile}`, and run this again"),
    "relogin": (CredentialsError, "A login is due ({said}): run `aws login{profile}`, and run this again"),
    "settings": (
        CredentialsError,
        "The AWS settings cannot be used ({said}): look at the profile in ~/.aws/config and ~/.aws/credentials, and "
        "at the environment variables AWS_…",
    ),
    "unreached": (
        ConnectionLostError,
        "{what} could not be reached{where} ({said}): check the network and its proxy, the spelling of the region, "
        "and AWS_ENDPOINT_URL",
    ),
    "lost": (
        ConnectionLostError,
        "The connection was lost during {what}{where} ({said}): it may or may not have been done; check the network, "
        "and run this again",
    ),
    "certificate": (
        ConnectionLostError,
        "{what} has no certificate that this machine trusts ({said}): if a proxy stands between, set AWS_CA_BUNDLE "
        "to the file of its certificate",
    ),
    "call": (RefusedError, "{what} was not sent ({said}): its arguments are not those of the service"),
    "other": (
        AwsError,
        "{what} failed in boto3 ({said}): check the settings of AWS, and that boto3 is up to date",
    ),
}
_OF_CODES = {  # where there is more to say than of the kind
    "MissingDependencyException": 'The AWS profile needs a library ({said}): run `pip install "botocore[crt]"`',
    "NoRegionError": "There is no AWS region: give region='eu-west-1', or set AWS_DEFAULT_REGION, or write "
    "`region = eu-west-1` into the profile in ~/.aws/config",
    "UnknownServiceError": "boto3 has no such service ({said}): check its name, or update boto3",
    "ValueError": "The AWS endpoint is no URL ({said}): set AWS_ENDPOINT_URL like http://127.0.0.1:5000",
}


def kind_of(error: BaseException) -> Kind:
    """Return what an error of boto3, botocore or the way to credentials means."""
    if isinstance(error, ClientError):
        code, message, status = _told(error)
        return kind_of_code(code, message, status)
    if isinstance(error, ValueError) and type(error).__module__ == "builtins":
        return "call" if str(error).startswith("Invalid endpoint") else "settings"
    return kind_of_class(cls.__name__ for cls in type(error).__mro__)


def translated(error: BaseException, operation: str = "", *, profile: str = "", region: str = "") -> RejectkitError:
    """Return an error of boto3 or botocore as one of rejectkit, which says how to mend it.

    Parameters
    ----------
    error : BaseException
        As raised by boto3, botocore, or what they ran to get credentials.
    operation : str
        What was called, as `logs.StartQuery`; empty where nothing was.
    profile, region : str
        Those of the session, for the sentence.
    """
    if isinstance(error, RejectkitError):
        return error
    kind = kind_of(error)
    code, message, _ = _told(error)
    service, _, called = operation.partition(".")
    action = f"{service}:{called}" if called else ""
    action = _ACTIONS.get(action, action)
    if isinstance(error, ClientError) and error.operation_name in _ON_THE_WAY and error.operation_name != called:
        action = f"{_ON_THE_WAY[error.operation_name]}:{error.operation_name}"
        if kind in ("denied", "missing", "refused", "conflict", "region"):
            sentence = _of_role(action, code, message)
            return CredentialsError(sentence, code=code, operation=operation, action=action, message=message)
    named = _ACTION.search(message) if kind == "denied" else None
    if named:
        action = f"{named[1].lower()}:{named[2]}"
    kind_error, sentence = _SENTENCES[kind]
    if kind != "settings" or code == "MissingDependencyException":
        sentence = _OF_CODES.get(code, sentence)
    resource = _RESOURCE.search(message)
    policy = policy_of(action)
    values = {
        "what": operation or "AWS",
        "where": f" in {region}" if region else "",
        "region": f" {region}" if region else "",
        "profile": f" --profile {profile}" if profile and profile != "default" else "",
        "said": f"{code}: {_short(message)}" if message and message != code else code,
        "action": action or "of this call",
        "statement": _statement(action, resource[1].rstrip(".,;") if resource else "*"),
        "policy": (", and remove the explicit deny" if "explicit deny" in message else "")
        + (f"; rejectkit's policy {policy!r} has it" if policy else ""),
    }
    told = sentence.format_map(values)
    return kind_error(told, code=code, operation=operation, action=action, message=message)


def _statement(action: str, resource: str) -> str:
    return json.dumps({"Effect": "Allow", "Action": action or "…", "Resource": resource}, ensure_ascii=False)


def _told(error: BaseException) -> tuple[str, str, int]:
    """Return code, message and HTTP status."""
    if not isinstance(error, ClientError):
        return type(error).__name__, _plain(str(error)), 0
    told: dict[str, Any] = error.response.get("Error") or {}
    code = str(told.get("Code") or "").rpartition("#")[2]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return code, _plain(str(told.get("Message") or told.get("message") or "")), int(status or 0)


def _plain(text: str) -> str:
    return " ".join(_ENCODED.sub("", text).split())


def _short(text: str) -> str:
    return (text if len(text) <= _LONG else f"{text[: _LONG - 1]}…").rstrip(".")


def _of_role(action: str, code: str, message: str) -> str:
    if action.startswith("sts:"):
        return (
            f"The role of the AWS profile cannot be assumed ({code}: {_short(message)}): allow {action} on the role "
            "to whoever assumes it, and name them in the role's trust policy"
        )
    return (
        f"AWS SSO gives no credentials for the profile ({code}: {_short(message)}): check sso_account_id and "
        "sso_role_name in ~/.aws/config, and that this role is assigned to you"
    )
