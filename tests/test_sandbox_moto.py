"""What the sandbox uses of moto's own inside: all of it is listed here, so that a release that moves it is noticed."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from rejectkit.sandbox.services import SERVICES
from rejectkit.sandbox.wire import operations

# File of rejectkit/sandbox, module of moto, names. Only the server's parts are documented by moto.
USED = {
    ("gate.py", "moto.moto_server.werkzeug_app"): {"DomainDispatcherApplication", "create_backend_app"},
    ("server.py", "moto.core.base_backend"): {"BackendDict"},
    ("server.py", "moto.moto_server.werkzeug_app"): {"MotoRequestHandler"},
    ("wire.py", "moto.core.parse"): {"PROTOCOL_PARSERS"},
    ("wire.py", "moto.core.request"): {"determine_request_protocol"},
    ("wire.py", "moto.core.serialize"): {"get_serializer_class"},
    ("wire.py", "moto.core.utils"): {"get_service_model"},
}


def test_the_list_is_complete(root: Path) -> None:
    """Each import of moto is in it, and nothing else is."""
    found: dict[tuple[str, str], set[str]] = {}
    for path in (root / "rejectkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Import) and any(name.name.startswith("moto") for name in node.names))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("moto"):
                found.setdefault((path.name, str(node.module)), set()).update(name.name for name in node.names)
    assert found == USED


@pytest.mark.parametrize("place", sorted(USED), ids=":".join)
def test_moto_has_it(place: tuple[str, str]) -> None:
    """Under the name it is used by."""
    for name in USED[place]:
        assert hasattr(import_module(place[1]), name)


def test_moto_keeps_its_resources_by_account() -> None:
    """In one list of dictionaries by account, which closing a sandbox empties of its own."""
    from moto.core.base_backend import BackendDict
    from moto.sqs.models import sqs_backends

    assert sqs_backends["210000000009"]["eu-west-1"] is not None
    assert sqs_backends in BackendDict._instances
    assert sqs_backends.pop("210000000009", None) is not None


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_our_operations_are_the_services(service: str) -> None:
    """Each name in a table is an operation of the API."""
    assert set(SERVICES[service]) <= operations(service)
