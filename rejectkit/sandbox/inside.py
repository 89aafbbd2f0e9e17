"""Clients with which a sandbox asks itself: what its own services want of moto's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rejectkit.aws import EndpointSession


def clients(session: EndpointSession) -> Callable[[str, str], Any]:
    """Return what gives a client of a service in a region, each made once; its calls are told to be from inside."""
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str) -> Any:
        if (service, region) not in made:
            made[service, region] = session.client(service, region_name=region)
            made[service, region].meta.events.register("before-send", _from_inside)
        return made[service, region]

    return client


def _from_inside(request: Any, **_: Any) -> None:
    request.headers["X-Rejectkit-Inside"] = "1"  # the gate's `INSIDE`
