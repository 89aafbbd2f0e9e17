"""The one door of the sandbox: each call goes to a service of ours, or to moto where we have none.

moto keeps the resources (EC2, SQS, S3, IAM and all the rest). A service whose behaviour it lacks is ours, as
a table of operations; what such a table does not name still goes to moto.
"""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from rejectkit.sandbox import wire
from rejectkit.sandbox.calls import Call, Handler, ServiceError
from rejectkit.sandbox.faults import Fault
from rejectkit.sandbox.rights.accessrules import needed
from rejectkit.sandbox.world import World

Start = Callable[[str, list[tuple[str, str]]], Any]
Control = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_CONTROL = "/_rejectkit/"
INSIDE = "HTTP_X_REJECTKIT_INSIDE"  # the sandbox asks itself: moto is meant, and nothing goes wrong


class Gate:
    """A WSGI application: the endpoint of one sandbox.

    Parameters
    ----------
    world : World
        What it answers from.
    services : mapping of str to mapping of str to Handler
        Our operations, by service and name.
    controls : mapping of str to callable
        What else can be asked of the sandbox, by the last part of a path under `/_rejectkit/`; JSON both ways.
    """

    def __init__(
        self, world: World, services: Mapping[str, Mapping[str, Handler]], controls: Mapping[str, Control]
    ) -> None:
        """Answer for a world."""
        self.world, self.services, self.controls = world, services, controls
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO", "").startswith(_CONTROL):
            return self._control(environ, start)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.world.account
        try:
            request = wire.Request(environ, self.services)
        except (ValueError, KeyError) as error:
            return _send(start, wire.refused("json", ServiceError("SerializationException", str(error))))
        call = request.call
        if INSIDE in environ:
            return self._beyond(call, environ, request.body, start)
        fault = self.world.faults.take(call)
        if fault and fault.connection == "before":
            return _hang_up(environ)
        handler = self.services.get(call.service, {}).get(call.operation)
        protocol = request.protocol or wire.protocol_of(call.service, request.content_type)
        try:
            self._admit(call, fault)
            if handler is None:
                answer = self._beyond(call, environ, request.body, start)
                self.world.note(call, "moto")
                return _hang_up(environ) if fault and fault.connection else answer
            with self.world.lock:
                made = wire.written(call, protocol, handler(self.world, call))
            self.world.note(call, "OK")
        except ServiceError as error:
            self.world.note(call, error.code)
            made = wire.refused(protocol, error)
        except Exception as error:  # noqa: BLE001  # told to whoever asked, as a service tells it; the others go on
            what = f"The sandbox failed on {call.operation}: {type(error).__name__}: {error}"
            self.world.note(call, "InternalFailure")
            made = wire.refused(protocol, ServiceError("InternalFailure", what, 500))
        if fault and fault.connection:
            return _hang_up(environ, start, made if fault.connection == "halfway" else None)
        return _send(start, made)

    def _beyond(self, call: Call, environ: dict[str, Any], body: bytes, start: Start) -> Iterable[bytes]:
        """Let moto answer; EC2's ids are translated on the way in and out, without any lock."""
        aliases = self.world.aliases
        if call.service != "ec2" or not aliases:
            answer: Iterable[bytes] = self._moto(environ, start)
            return answer
        asked = aliases.inward(body)
        environ |= {
            "wsgi.input": io.BytesIO(asked),
            "CONTENT_LENGTH": str(len(asked)),
            "QUERY_STRING": aliases.inward(environ.get("QUERY_STRING", "").encode()).decode(),
        }
        told: list[tuple[str, list[tuple[str, str]]]] = []
        made = b"".join(self._moto(environ, lambda status, headers, *_: told.append((status, headers))))
        status, headers = told[-1]
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return _send(start, (int(status.split()[0]), kept, aliases.outward(made)))

    def _admit(self, call: Call, fault: Fault | None) -> None:
        """Refuse a call that is to go wrong, that policies do not allow, or that is one too many in its second."""
        if fault and fault.error:
            raise fault.error
        self.world.access.admit(self.world.account, call, lambda: needed(self.world, call))
        if call.service == "ec2" and call.params.get("DryRun"):  # moto makes the change after all, in many calls
            raise ServiceError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        if fault and fault.outcome:
            self.world.outcomes.append(fault.outcome)
        name = f"{call.service}.{call.operation}"
        if not self.world.rates.admit(name, call.region, self.world.clock.stopwatch):
            raise ServiceError("ThrottlingException", "Rate exceeded")

    def _control(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        name = environ["PATH_INFO"].removeprefix(_CONTROL).strip("/")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            control = self.controls.get(name)
            if control is None:
                raise ValueError(f"there is no {name!r} here; there is {', '.join(sorted(self.controls))}")
            status, told = 200, dict(control(json.loads(body or b"{}")))
        except (ValueError, TypeError, TimeoutError) as error:
            status, told = 400, {"error": str(error)}
        return _send(start, (status, [("Content-Type", "application/json")], (json.dumps(told) + "\n").encode()))


def _send(start: Start, made: wire.Written) -> Iterable[bytes]:
    status, headers, body = made
    start(f"{status} {'OK' if status < 400 else 'Error'}", [*headers, ("Content-Length", str(len(body)))])
    return [body]


def _hang_up(environ: dict[str, Any], start: Start | None = None, made: wire.Written | None = None) -> Iterable[bytes]:
    """Close the connection, after half of an answer if there is one."""
    line: socket.socket = environ["werkzeug.socket"]
    if start and made:
        status, headers, body = made
        head = "".join(f"{name}: {value}\r\n" for name, value in [*headers, ("Content-Length", str(len(body)))])
        line.sendall(f"HTTP/1.1 {status} OK\r\n{head}\r\n".encode() + body[: len(body) // 2])
    line.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("the sandbox lost this connection on purpose")
