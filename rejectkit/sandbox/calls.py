"""What the sandbox is asked, how it refuses, and what a service is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from rejectkit.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a service.

    Attributes
    ----------
    service, operation : str
        As boto3 and the API name them: `logs`, `StartQuery`.
    region : str
        From the signature.
    params : mapping
        The operation's members, as the API names them; times of the CloudWatch, SNS and
        CloudFormation APIs are datetimes, those of the Logs API numbers, as that API has them.
    access_key : str
        Who signed it; empty if nobody did.
    """

    service: str
    operation: str
    region: str
    params: Mapping[str, Any]
    access_key: str = ""


class ServiceError(Exception):
    """A refusal, in the service's words; the gate turns it into the answer of the request's protocol.

    Parameters
    ----------
    code : str
        The error's code, such as `ResourceNotFoundException`.
    message : str
        Its message.
    status : int
        HTTP status.
    members : Any
        More members of the error's shape, such as `queryCompileError`.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        """Refuse with a code and a message."""
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.members = code, message, status, members


Answer: TypeAlias = "Mapping[str, Any] | bytes | None"  # bytes: a body made already, for the largest of them
Handler: TypeAlias = "Callable[[World, Call], Answer]"


def epoch(moment: datetime) -> float:
    """Return seconds since the epoch; a time without a zone is UTC, as requests are parsed."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
