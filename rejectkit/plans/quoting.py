"""Quoting: a text as a shell, the AWS CLI and Terraform read it back."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Mapping

_MARK = re.compile("\ue000([a-z]+)\ue001")
_READ_AS_FILE = ("file://", "fileb://", "http://", "https://")
_READ_AS_IT_IS = ("--notification-endpoint",)


def literal(text: str) -> str:
    """Return a text that stands for itself where Terraform reads a template.

    Examples
    --------
    >>> literal("%{2} costs ${5}")
    '%%{2} costs $${5}'
    """
    return text.replace("${", "$${").replace("%{", "%%{")


def variable(name: str) -> str:
    """Return a mark that `word` writes as a variable of the shell, where it is told that there may be some."""
    return f"\ue000{name}\ue001"


def word(text: str, *, marked: bool = False) -> str:
    """Return a text as a shell reads it back; with its marks, if it may have some, as the shell's variables.

    Examples
    --------
    >>> print(word("it's"), word(f"arn:{variable('topic')}", marked=True))
    'it'"'"'s' arn:"$topic"
    """
    if not marked:
        return shlex.quote(text)
    parts = _MARK.split(text)
    return "".join(f'"${part}"' if at % 2 else shlex.quote(part) if part else "" for at, part in enumerate(parts))


def command(
    service: str,
    name: str,
    params: Mapping[str, object],
    more: str = "",
    *,
    options: Mapping[str, str] | None = None,
    marked: Collection[str] = (),
) -> str:
    r"""Return one call of the AWS CLI; where it would read a value as a file's or a page's address, all as JSON.

    Parameters
    ----------
    service, name : str
        As the CLI has them: `ec2`, `create-network-acl-entry`.
    params : mapping
        The operation's, as the API names them.
    more : str
        Further words, as they are.
    options : mapping of str to str, optional
        Options whose names are not those of the parameters.
    marked : collection of str
        The parameters in which there may be marks of variables: no free text of anybody may be in these.

    Examples
    --------
    >>> print(command("ec2", "delete-network-acl-entry", {"NetworkAclId": "acl-1", "RuleNumber": 90}, "--ingress"))
    aws ec2 delete-network-acl-entry \
      --network-acl-id acl-1 \
      --rule-number 90 \
      --ingress
    """
    named = {param: (options or {}).get(param, _option(param)) for param in params}
    words = [f"aws {service} {name}"]
    if any(_taken_for_file(named[param], value) for param, value in params.items()):
        members = (f"{_json(param)}: {_json(value)}" for param, value in params.items())
        parts = (word(text, marked=param in marked) for param, text in zip(params, members, strict=True))
        words.append("--cli-input-json '{'" + "', '".join(parts) + "'}'")
    else:
        words += [_given(named[param], value, marked=param in marked) for param, value in params.items()]
    return " \\\n  ".join([*words, more] if more else words)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _option(name: str) -> str:
    """Return the option of a parameter: --alarm-name of AlarmName, --ok-actions of OKActions."""
    return "--" + re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def _taken_for_file(option: str, value: object) -> bool:
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return option not in _READ_AS_IT_IS and any(
        isinstance(text, str) and text.startswith(_READ_AS_FILE) for text in texts
    )


def _given(option: str, value: object, *, marked: bool) -> str:
    if isinstance(value, bool):
        return option if value else option.replace("--", "--no-", 1)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join([option, *(word(one, marked=marked) for one in value)])
    text = (
        _json(value)
        if isinstance(value, list | Mapping)
        else repr(value).removesuffix(".0")
        if isinstance(value, float)
        else value
    )
    joint = "=" if str(text).startswith("-") else " "
    return f"{option}{joint}{word(str(text), marked=marked)}"
