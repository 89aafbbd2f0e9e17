"""One service in one region: calls that keep to the quotas, are made again where that helps, or raise one sentence."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import boto3
from boto3.exceptions import Boto3Error
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    DataNotFoundError,
    IncompleteReadError,
    NoRegionError,
    UndefinedModelAttributeError,
)
from botocore.loaders import create_loader
from botocore.paginate import Paginator
from botocore.parsers import ResponseParserError

from rejectkit.aws.codes import Kind
from rejectkit.aws.translation import kind_of, translated
from rejectkit.errors import ArgumentError
from rejectkit.pacing import Budget, Check, budget_of

# The last three: what botocore runs or reads for credentials raises them as they are.
TROUBLE = (
    BotoCoreError, ClientError, Boto3Error, ResponseParserError, UndefinedModelAttributeError,
    OSError, RuntimeError, ValueError,
)  # fmt: skip
PATIENCE = 60.0  # seconds after which a call that is throttled again and again raises
_REPEATS: Mapping[Kind, int] = {"lost": 4, "unavailable": 4, "unreached": 2}  # of a call that failed so
_CONFIG = Config(
    connect_timeout=10,
    read_timeout=70,
    max_pool_connections=32,
    retries={"mode": "standard", "total_max_attempts": 1},  # the retries are ours, since each takes from the budget
)
_LEAP = 1.0  # seconds for which the time of a stand-in for AWS is taken to go on as ours does
_making = threading.Lock()  # a session makes one client at a time
_clients: WeakKeyDictionary[Any, dict[tuple[str, str], Any]] = WeakKeyDictionary()  # making one takes 50 ms and more
_raw = threading.local()  # of a call whose answer is wanted as it came


class Service:
    """A service in a region, as a session reaches it.

    Safe to use from several threads. Nothing is sent, and no client made, before the first call.

    Parameters
    ----------
    session : boto3.Session
        Profile, credentials and endpoint are its own.
    name : str
        As boto3 has it: `logs`, `ec2`.
    region : str, optional
        The session's own if left out.
    budget : Budget, optional
        What paces the calls; the session's own, which all its services share, if left out.
    local : callable
        This machine's clock, in seconds since the epoch.

    Attributes
    ----------
    session, name, region, budget
        As given, or as found.

    Raises
    ------
    RegionError
        If there is no region.
    """

    def __init__(
        self,
        session: boto3.Session,
        name: str,
        region: str | None = None,
        *,
        budget: Budget | None = None,
        local: Callable[[], float] = time.time,
    ) -> None:
        """Remember where; nothing is sent."""
        self.session, self.name = session, name
        found = region or session.region_name
        if not found:
            raise translated(NoRegionError(), profile=session.profile_name)
        self.region: str = found
        self.budget = budget or budget_of(session)
        self._local = local
        self._client: Any = None
        self._account = ""
        self._compared = 0.0
        self._ahead: float | None = None  # seconds the service's clock is ahead of ours

    @property
    def client(self) -> Any:
        """The boto3 client, without retries of its own; made on first use, one for all of a session."""
        if self._client is None:
            with _making:
                made = _clients.setdefault(self.session, {})
                if (self.name, self.region) not in made:
                    try:
                        client = self.session.client(self.name, region_name=self.region, config=_CONFIG)
                    except TROUBLE as error:
                        raise self._translated(error, "") from error
                    client.meta.events.register("before-parse", _before_parse)
                    made[self.name, self.region] = client
                self._client = made[self.name, self.region]
        return self._client

    def call(
        self, operation: str, /, *, check: Check | None = None, repeatable: bool = True, **params: Any
    ) -> dict[str, Any]:
        """Make a call; return its answer, as boto3 does.

        A throttled call is made again, slower, for up to 60 s. One whose answer was lost, or that the service was
        not able to answer, is made again up to 4 times if it is repeatable. Each takes from the budget.

        Parameters
        ----------
        operation : str
            As `StartQuery`.
        check : callable, optional
            Called before each attempt and every 0.2 s of waiting; what it raises ends the call.
        repeatable : bool
            Whether doing it twice does no harm.
        **params
            The operation's own.

        Raises
        ------
        AwsError
            One of its kinds: what, which value, how to mend it.
        ArgumentError
            If the installed boto3 has no such operation.
        """
        named, method = f"{self.name}.{operation}", self._method(operation)
        since, throttled, lost = 0.0, 0, 0
        while True:
            self.budget.take(named, self.region, check)
            if check is not None:
                check()
            begun = self._local()
            try:
                answer: dict[str, Any] = method(**params)
            except TROUBLE as error:
                if isinstance(error, ClientError):
                    self._set_clock(error.response, begun)
                kind = kind_of(error)
                if kind == "throttled":
                    self.budget.throttled(named, self.region)
                    since = since if throttled else self.budget.now()
                    throttled += 1
                    again, pause = self.budget.now() - since < PATIENCE, min(8.0, 0.25 * 2**throttled)
                else:
                    lost += 1
                    again = lost <= _REPEATS.get(kind, 0) and (repeatable or kind == "unreached")
                    pause = 0.1 * 2**lost
                if not again:
                    raise self._translated(error, named) from error
                self.budget.nap(pause * random.uniform(0.5, 1.0), check)
            else:
                self._set_clock(answer, begun)
                self.budget.went_well(named, self.region)
                return answer

    def body(self, operation: str, /, *, check: Check | None = None, repeatable: bool = True, **params: Any) -> bytes:
        """Make a call of a JSON service; return the body of its answer as it came, unparsed.

        Parameters and errors are those of `call`.
        """
        _raw.wanted, _raw.body = True, b""
        try:
            self.call(operation, check=check, repeatable=repeatable, **params)
            return bytes(_raw.body)
        finally:
            _raw.wanted, _raw.body = False, b""

    def pages(self, operation: str, key: str, /, *, check: Check | None = None, **params: Any) -> Iterator[Any]:
        """Yield the items of all pages of an answer; each page is a call.

        Parameters
        ----------
        operation : str
            As `DescribeLogGroups`.
        key : str
            The member of the answer that lists the items, as `logGroups`.
        check : callable, optional
            As in `call`.
        **params
            The operation's own.

        Raises
        ------
        AwsError
            As in `call`; also when the service sends the same token twice.
        """

        def page(**given: Any) -> Any:
            return self.call(operation, check=check, **given)

        self._method(operation)
        model = self.client.meta.service_model.operation_model(operation)
        paging = _paging(self.name).get(operation) or _tokens(model, key)
        pages = iter(Paginator(page, paging, model).paginate(**params) if paging else [page(**params)])
        while True:
            try:
                answer = next(pages, None)
            except BotoCoreError as error:  # the paginator's own; those of the calls are translated
                raise self._translated(error, f"{self.name}.{operation}") from error
            if answer is None:
                return
            yield from answer.get(key) or ()

    def account(self) -> str:
        """Return the account id that the session's credentials are of; asked once."""
        if not self._account:
            asked = self if self.name == "sts" else Service(
                self.session, "sts", self.region, budget=self.budget, local=self._local
            )  # fmt: skip
            self._account = asked.call("GetCallerIdentity")["Account"]
            if self._ahead is None:
                self._ahead = asked._ahead
        return self._account

    @property
    def of_aws(self) -> bool:
        """Whether its endpoint is one of AWS's own."""
        host = str(self.client.meta.endpoint_url)
        return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))

    def now(self) -> float:
        """Return the service's time, in seconds since the epoch: ours, set right by its latest answer.

        Before the first answer the service is asked who we are, for an answer; a stand-in for AWS is asked again
        where its latest answer is old, as the time there may go in leaps.
        """
        there = getattr(self.session, "now", None)
        if there is not None:
            return float(there())
        if self._ahead is None or (not self.of_aws and self.budget.now() - self._compared > _LEAP):
            self._account, self._ahead = "", None
            self.account()
        return self._local() + (self._ahead or 0.0)

    def _method(self, operation: str) -> Callable[..., Any]:
        method: Callable[..., Any] | None = getattr(self.client, xform_name(operation), None)
        if method is None:
            raise ArgumentError(
                f"boto3 {boto3.__version__} has no operation {self.name}.{operation}; check its name, or update boto3"
            )
        return method

    def _translated(self, error: BaseException, named: str) -> Exception:
        return translated(error, named, profile=self.session.profile_name, region=self.region)

    def _set_clock(self, answer: Mapping[str, Any], begun: float) -> None:
        """Compare clocks; a Date header has whole seconds, and was written between `begun` and now."""
        written = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        try:
            second = parsedate_to_datetime(written).timestamp()
        except (TypeError, ValueError):
            return
        here, self._compared = self._local(), self.budget.now()
        right = begun - 1 < second <= here
        self._ahead = 0.0 if right else second - here


def _before_parse(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    _check_whole(operation_model, response_dict)
    if getattr(_raw, "wanted", False) and response_dict["status_code"] < 300:
        _raw.body, response_dict["body"] = response_dict["body"], b"{}"


def _check_whole(model: Any, response: Mapping[str, Any]) -> None:
    """Raise if half of an answer came, or a proxy's web page: botocore takes either for an answer without members."""
    body = response["body"]
    if not isinstance(body, bytes) or model.http.get("method") == "HEAD":
        return
    length = str(response["headers"].get("content-length") or "")
    if length.isdigit() and int(length) != len(body):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))
    if body[:15].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise ResponseParserError("a web page came instead of an answer of AWS")
    if body and "json" in str(model.service_model.resolved_protocol) and not body[-8:].rstrip().endswith(b"}"):
        raise ResponseParserError("the answer is not JSON, or not all of it")


@lru_cache
def _paging(service: str) -> Mapping[str, Any]:
    """Return how botocore pages the operations of a service."""
    try:
        found: Mapping[str, Any] = create_loader().load_service_model(service, "paginators-1")["pagination"]
    except DataNotFoundError:
        return {}
    return found


def _tokens(model: Any, key: str) -> Mapping[str, Any]:
    """Return how an operation is paged that botocore has no paginator for; empty where it has one page only."""
    asked, answered = (getattr(shape, "members", {}) for shape in (model.input_shape, model.output_shape))
    name = next((name for name in ("nextToken", "NextToken") if name in asked and name in answered), "")
    return {"input_token": name, "output_token": name, "result_key": key} if name else {}
