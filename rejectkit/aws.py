"""Where the package meets boto3: sessions, and which endpoint their clients talk to."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config


class EndpointSession(boto3.Session):  # type: ignore[misc]  # boto3 ships no types
    """A session whose clients all talk to one endpoint.

    Parameters
    ----------
    endpoint_url : str
        Where every service is, as `http://127.0.0.1:5000`.
    region_name, aws_access_key_id, aws_secret_access_key : str
        As for `boto3.Session`.
    """

    def __init__(
        self, endpoint_url: str, *, region_name: str, aws_access_key_id: str, aws_secret_access_key: str
    ) -> None:
        """Make a session; nothing is sent."""
        super().__init__(
            aws_access_key_id=aws_access_key_id,
            aws_secret_access_key=aws_secret_access_key,
            aws_session_token=None,
            region_name=region_name,
        )
        self.endpoint_url = endpoint_url

    def client(self, service_name: str, *args: Any, **more: Any) -> Any:
        """Return a client that talks to the session's endpoint, unless another is given."""
        more.setdefault("endpoint_url", self.endpoint_url)
        more["config"] = _PLAIN.merge(more["config"]) if more.get("config") else _PLAIN
        return super().client(service_name, *args, **more)

    def resource(self, service_name: str, *args: Any, **more: Any) -> Any:
        """Return a resource that talks to the session's endpoint, unless another is given."""
        more.setdefault("endpoint_url", self.endpoint_url)
        return super().resource(service_name, *args, **more)


# One host serves every bucket, so a bucket's name may not become a part of the host's.
_PLAIN = Config(s3={"addressing_style": "path"})
