"""Where the package meets boto3: sessions, calls that keep to the quotas, and errors in one sentence."""

from __future__ import annotations

from rejectkit.aws.objects import download, place_of
from rejectkit.aws.parts import ObjectReader, part
from rejectkit.aws.service import Service
from rejectkit.aws.sessions import EndpointSession, default_session, session
from rejectkit.aws.translation import translated

__all__ = [
    "EndpointSession",
    "ObjectReader",
    "Service",
    "default_session",
    "download",
    "part",
    "place_of",
    "session",
    "translated",
]
