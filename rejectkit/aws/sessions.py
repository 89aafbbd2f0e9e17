"""Sessions: whose credentials are used, in which region, and which endpoint their clients talk to."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ProfileNotFound

from rejectkit.aws.translation import translated
from rejectkit.errors import CredentialsError
from rejectkit.pacing import Budget


def session(profile: str | None = None, region: str | None = None) -> boto3.Session:
    """Return a session of a profile; nothing is sent.

    Parameters
    ----------
    profile : str, optional
        A profile of ~/.aws/config; AWS_PROFILE or the default if left out.
    region : str, optional
        The profile's own, or AWS_DEFAULT_REGION, if left out.

    Raises
    ------
    CredentialsError
        If there is no such profile, or its file cannot be read.
    """
    try:
        return boto3.Session(profile_name=profile, region_name=region)
    except ProfileNotFound as error:
        known = ", ".join(sorted(botocore.session.Session().available_profiles)) or "none"
        wanted = f"{profile!r}" if profile else "that AWS_PROFILE names"
        raise CredentialsError(
            f"There is no AWS profile {wanted} ({error}): the profiles are {known}; choose one of them, or make it "
            "with `aws configure sso`",
            code="ProfileNotFound",
            message=str(error),
        ) from error
    except BotoCoreError as error:
        raise translated(error, profile=profile or "", region=region or "") from error


def default_session(region: str | None = None) -> boto3.Session:
    """Return the session that the environment names; the same one until the environment is another.

    What is done without a session of its own shares one budget so.

    Raises
    ------
    CredentialsError
        As `session`.
    """
    told = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
    return _default(region, told)


@lru_cache(maxsize=8)
def _default(region: str | None, told: tuple[tuple[str, str], ...]) -> boto3.Session:
    return session(region=region)


class EndpointSession(boto3.Session):  # type: ignore[misc]  # boto3 ships no types
    """A session whose clients all talk to one endpoint.

    Parameters
    ----------
    endpoint_url : str
        Where every service is, as `http://127.0.0.1:5000`.
    region_name, aws_access_key_id, aws_secret_access_key : str
        As for `boto3.Session`.
    identity : str, optional
        What tells the account behind the endpoint from every other one, also from those that answer there later.
    now : callable, optional
        The time there, in seconds since the epoch, where it is not the present.
    budget : Budget, optional
        Of calls, where the quotas there are not those of AWS.
    """

    def __init__(
        self,
        endpoint_url: str,
        *,
        region_name: str,
        aws_access_key_id: str,
        aws_secret_access_key: str,
        identity: str | None = None,
        now: Callable[[], float] | None = None,
        budget: Budget | None = None,
    ) -> None:
        """Make a session; nothing is sent."""
        super().__init__(
            aws_access_key_id=aws_access_key_id,
            aws_secret_access_key=aws_secret_access_key,
            aws_session_token=None,
            region_name=region_name,
        )
        self.endpoint_url, self.identity, self.now, self.budget = endpoint_url, identity, now, budget

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
