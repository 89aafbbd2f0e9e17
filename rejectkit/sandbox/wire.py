"""Requests and answers in the protocols of AWS; the parsing and printing is moto's.

This file, `gate.py` and `server.py` name all that the sandbox uses of moto's own inside; `tests/test_sandbox_moto.py`
holds that list.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers, MultiDict

from rejectkit.sandbox.calls import Call, ServiceError

_SIGNED = {"monitoring": "cloudwatch"}  # names in signatures that are not boto3's
_UNSIGNED = {"ConfirmSubscription": "sns", "Unsubscribe": "sns"}  # links in a mail
_PLAIN = {"logs"}  # JSON both ways, and no member that JSON has no type for
_SEEN = {"glue"}  # moto's, whose members are wanted to tell what a call is done to
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_FORM = "application/x-www-form-urlencoded"
_XML = '<?xml version="1.0" encoding="UTF-8"?>'
REQUEST_ID = "00000000-0000-4000-8000-000000000000"

Written = tuple[int, list[tuple[str, str]], bytes]


class Request:
    """One HTTP request: what it calls, and its body, which is read once and put back for others."""

    def __init__(self, environ: dict[str, Any], owned: Mapping[str, Any]) -> None:
        """Read a request; `owned` names the services whose members are wanted."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.body: bytes = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(self.body)
        text = gzip.decompress(self.body) if environ.get("HTTP_CONTENT_ENCODING") == "gzip" else self.body
        self.content_type: str = environ.get("CONTENT_TYPE", "")
        values = _values(environ, text if self.content_type.startswith(_FORM) else b"")
        target: str = environ.get("HTTP_X_AMZ_TARGET", "")
        operation = target.rpartition(".")[2] or values.get("Action", "")
        signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        key, region, service = signed.groups() if signed else ("", "", _UNSIGNED.get(operation, ""))
        service = _SIGNED.get(service, service)
        self.protocol = _protocol(service, self.content_type) if service in owned else ""
        found: Mapping[str, str] = {}
        if self.protocol.startswith("rest-"):
            operation, found = _routed(service, environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
        params: Mapping[str, Any] = {}
        if service == "s3":
            operation, params = _of_s3(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), values)
        elif service in _SEEN:
            params = dict(json.loads(text or b"{}"))
        elif service in owned and operation:
            params = _params(service, operation, self.protocol, environ, values, text, found)
        self.call = Call(service, operation, region, params, key)


def _of_s3(method: str, path: str, values: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return the operation of a call of S3, the common ones only, and the bucket and key in its path."""
    bucket, _, key = path.strip("/").partition("/")
    of = {
        "GET": "GetObject" if key else "GetBucketLocation" if "location" in values else "ListObjectsV2",
        "HEAD": "HeadObject" if key else "HeadBucket",
        "PUT": "PutObject" if key else "CreateBucket",
        "DELETE": "DeleteObject" if key else "DeleteBucket",
    }
    return of.get(method, "") if bucket else "ListBuckets", {"Bucket": bucket, "Key": key}


def _values(environ: dict[str, Any], form: bytes) -> MultiDict[str, str]:
    pairs = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    pairs |= parse_qs(form.decode(), keep_blank_values=True)
    return MultiDict(pairs)


@lru_cache
def _protocol(service: str, content_type: str) -> str:
    model = get_service_model(service)
    declared = str(model.metadata["protocol"])  # of the rest services the only one, and a GET has no content type
    return declared if declared.startswith("rest-") else str(determine_request_protocol(model, content_type or _FORM))


@lru_cache
def operations(service: str) -> frozenset[str]:
    """Return the names of a service's operations."""
    return frozenset(get_service_model(service).operation_names)


def _routed(service: str, method: str, path: str) -> tuple[str, Mapping[str, str]]:
    """Return the operation of a service whose calls are told apart by method and path, and what the path names."""
    for known, route, operation in _routes(service):
        if known == method and (found := route.fullmatch(path)):
            return operation, found.groupdict()
    return "", {}


@lru_cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Return method and path of each operation, those with the most fixed parts first."""
    made = []
    for name in operations(service):
        http = get_service_model(service).operation_model(name).http
        path = http["requestUri"].partition("?")[0].rstrip("/")
        parts = re.split(r"{(\w+)(\+?)}", path)  # text, name, plus, text ...
        places = [f"(?P<{parts[at]}>{'.+' if parts[at + 1] else '[^/]+'})" for at in range(1, len(parts), 3)]
        texts = [re.escape(text) for text in parts[::3]]
        route = "".join(text + place for text, place in zip(texts, [*places, ""], strict=True))
        made.append((len(places), http["method"], re.compile(f"{route}/?"), name))
    return [(method, route, name) for _, method, route, name in sorted(made, key=lambda one: (one[0], one[3]))]


def _params(
    service: str,
    operation: str,
    protocol: str,
    environ: dict[str, Any],
    values: MultiDict[str, str],
    body: bytes,
    found: Mapping[str, str],
) -> Mapping[str, Any]:
    if service in _PLAIN:
        return dict(json.loads(body or b"{}"))
    if operation not in operations(service):
        return {}
    parser = PROTOCOL_PARSERS[protocol](get_service_model(service).operation_model(operation), map_type=dict)
    return dict(
        parser.parse(
            {
                "method": environ["REQUEST_METHOD"],
                "values": values,
                "headers": Headers(),
                "body": body,
                "url_path": environ.get("PATH_INFO", ""),
                "url_params": dict(found),
            }
        )
    )


def written(call: Call, protocol: str, answer: Mapping[str, Any] | bytes | None) -> Written:
    """Return an answer in a protocol: status, headers, body."""
    if isinstance(answer, bytes):
        return 200, _headers("application/x-amz-json-1.1"), answer
    if call.service in _PLAIN:
        body = b"" if answer is None else json.dumps(answer, ensure_ascii=False).encode()
        return 200, _headers("application/x-amz-json-1.1"), body
    model = get_service_model(call.service).operation_model(call.operation)
    made = get_serializer_class(call.service, protocol)(model, pretty_print=False).serialize(answer or {})
    text = made["body"]
    headers = _headers(made["headers"].get("Content-Type", "text/xml"))
    return int(made["status_code"]), headers, text if isinstance(text, bytes) else text.encode()


def refused(protocol: str, error: ServiceError) -> Written:
    """Return an error in a protocol: status, headers, body."""
    side = "Sender" if error.status < 500 else "Receiver"
    if protocol in ("json", "rest-json"):
        headers = _headers("application/x-amz-json-1.1")
        headers += [("x-amzn-ErrorType", error.code), ("x-amzn-query-error", f"{error.code};{side}")]
        named = {"__type": error.code, "message": error.message, "Message": error.message, **error.members}
        return error.status, headers, json.dumps(named).encode()
    code, message = escape(error.code), escape(error.message)
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    bodies = {
        "ec2": f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>",
        "rest-xml": f"<Error>{inner}<RequestId>{REQUEST_ID}</RequestId></Error>",
    }
    plain = (
        f"<ErrorResponse><Error><Type>{side}</Type>{inner}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    )
    return error.status, _headers("text/xml"), (_XML + bodies.get(protocol, plain)).encode()


def protocol_of(service: str, content_type: str) -> str:
    """Return the protocol of a request to any service; `query` for one that nobody knows."""
    try:
        return _protocol(service, content_type)
    except (NotImplementedError, LookupError, ValueError):
        return "query"


def _headers(content_type: str) -> list[tuple[str, str]]:
    return [("Content-Type", content_type), ("x-amzn-RequestId", REQUEST_ID)]
