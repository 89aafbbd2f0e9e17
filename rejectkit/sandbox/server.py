"""A sandbox: its endpoint on a loopback port, its clock, and the way to boto3."""

from __future__ import annotations

import os
import threading
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import partial
from typing import Any, cast

import pandas as pd
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from rejectkit.aws import EndpointSession
from rejectkit.errors import ArgumentError
from rejectkit.monitoring.probes.attempt import Attempt
from rejectkit.pacing import Budget
from rejectkit.records import LogFormat
from rejectkit.sandbox import accountids
from rejectkit.sandbox.athena.s3delivery import deliver
from rejectkit.sandbox.athena.store import Athena
from rejectkit.sandbox.clock import Clock
from rejectkit.sandbox.faults import Faults
from rejectkit.sandbox.gate import Gate
from rejectkit.sandbox.inside import clients
from rejectkit.sandbox.limits import Limits
from rejectkit.sandbox.playing.knocking import knock
from rejectkit.sandbox.playing.layout import REGION
from rejectkit.sandbox.playing.pipeline import Deliveries, Delivery
from rejectkit.sandbox.playing.pipeline import play as play_traffic
from rejectkit.sandbox.playing.scenario import Scenario
from rejectkit.sandbox.playing.scenario import scenario as play
from rejectkit.sandbox.services import SERVICES
from rejectkit.sandbox.topics.mailbox import Mailbox
from rejectkit.sandbox.vpc.account import settle
from rejectkit.sandbox.world import World

LOG_GROUP = "/vpc/poc/flow-logs"
ACCESS_KEY, SECRET_KEY = "AKIASANDBOX000000000", "sandbox"  # no secret: it opens nothing
_TICK = 0.2  # seconds between two moves of a clock that follows real time


class _Handler(MotoRequestHandler):
    """Keeps connections open, and says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the sandbox's time, for the Date header of an answer."""
        return formatdate(cast(Gate, self.server.app).world.clock.seconds, usegmt=True)

    def run_wsgi(self) -> None:
        """Answer; a connection lost on purpose, or by the client, is no news."""
        try:
            super().run_wsgi()
        except (ConnectionError, TimeoutError):
            self.close_connection = True


class Sandbox:
    """An AWS account in this process; made by `start`, a context manager.

    Attributes
    ----------
    endpoint_url : str
        Where every service answers.
    session : boto3.Session
        Its clients talk to the sandbox.
    account, region : str
        The account id and the region of the session.
    clock : Clock
        Simulated time.
    scenario : Scenario or None
        The traffic that is played.
    faults : Faults
        What is to go wrong: `sandbox.faults.add(Fault("StartQuery", code="ThrottlingException"))`.
    """

    def __init__(self, world: World, region: str, scenario: Scenario | None) -> None:
        """Open the port and answer on it, from a thread of its own."""
        self._world = world
        world.services = SERVICES
        self.region, self.scenario = region, scenario
        self._deliveries: Deliveries | None = None
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, Gate(world, SERVICES, {"clock": world.clock.told}), threaded=True, request_handler=_Handler
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # of its threading mix-in
        self._server.block_on_close = False  # type: ignore[attr-defined]  # the same: open connections may idle
        self._stopped = threading.Event()
        serve = partial(self._server.serve_forever, poll_interval=0.02)  # what closing it waits for
        self._threads = [threading.Thread(target=serve, name="rejectkit-sandbox", daemon=True)]
        host, port = self._server.server_address[:2]
        self.endpoint_url = world.endpoint_url = f"http://{host!s}:{port}"
        clock = world.clock
        self._now = lambda: clock.seconds  # holds no sandbox, which ends with its last user
        limits = world.limits
        self._budget = Budget(quotas=limits.rates, others=float("inf"), queries=limits.concurrent_queries)
        self._identity = f"sandbox {uuid.uuid4()}"
        self.session = EndpointSession(
            self.endpoint_url,
            region_name=region,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            identity=self._identity,
            now=self._now,
            budget=self._budget,
        )
        world.client = clients(self.session)
        self._threads[0].start()
        self._finalizer = weakref.finalize(self, _close, self._server, self._threads, self._stopped, world.account)

    @property
    def account(self) -> str:
        """The account id."""
        return self._world.account

    @property
    def clock(self) -> Clock:
        """Simulated time."""
        return self._world.clock

    @property
    def faults(self) -> Faults:
        """What is to go wrong."""
        return self._world.faults

    @property
    def mailbox(self) -> Mailbox:
        """The mails it sent."""
        return self._world.mailbox

    @property
    def athena(self) -> Athena:
        """Athena in the session's region: `sandbox.athena.executions[id].objects` are the objects a query read."""
        return self._world.region(self.region).of(Athena)

    @property
    def truth(self) -> pd.DataFrame:
        """The cause of every record of the scenario, with the index of `scenario.records()`.

        Raises
        ------
        ArgumentError
            If the sandbox was started empty.
        """
        if self.scenario is None:
            raise ArgumentError("the sandbox was started with scenario=None, so it has no truth; start('poc') has one")
        return self.scenario.truth

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point boto3 and the AWS CLI at the sandbox."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": self.region,
        }

    def session_for(
        self, policies: Mapping[str, Any] | Sequence[Mapping[str, Any]], name: str = "limited"
    ) -> EndpointSession:
        """Return a session of an IAM user, whose calls are allowed only as far as its policies allow them.

        Parameters
        ----------
        policies : mapping or sequence of mapping
            IAM identity policies, as documents.
        name : str
            The user's name, which refusals show.

        Raises
        ------
        ArgumentError
            If one is no identity policy, or has a condition that the sandbox cannot judge.

        Examples
        --------
        >>> allow = {"Effect": "Allow", "Action": "logs:Describe*", "Resource": "*"}
        >>> with start(scenario=None) as sandbox:
        ...     logs = sandbox.session_for({"Statement": [allow]}).client("logs")
        ...     logs.describe_log_groups()["logGroups"]
        []
        """
        return EndpointSession(
            self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self._world.access.grant(policies, name),
            aws_secret_access_key=SECRET_KEY,
            identity=self._identity,
            now=self._now,
            budget=self._budget,
        )

    def advance(self, span: str | float | timedelta) -> datetime:
        """Let simulated time pass, `"10m"` or seconds, with all that happens in it; return the new time."""
        return self.clock.advance(span)

    def run_until(self, goal: datetime | Callable[[], bool], within: str | float | timedelta = "1d") -> datetime:
        """Let simulated time pass until a moment, or until a test holds; see `Clock.run_until`."""
        return self.clock.run_until(goal, within)

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass, where something waits by a `sleep` that it was given: `rk.monitoring.probe`."""
        self.clock.advance(seconds)

    def connect(self, address: str, port: int, source: str | None = None) -> Attempt:
        """Play one attempt to connect to an address of the scenario's VPC, from outside it.

        EC2's rules of the moment judge it, and its records are delivered as late as all records are. What is let in
        finds somebody listening. An attempt without answer takes five simulated seconds.

        Parameters
        ----------
        address, port : str, int
            Whom: an interface's private, public or IPv6 address, and a TCP port. What no interface has is silent.
        source : str, optional
            Where it comes from, outside the VPC; left out: 192.168.10.77, a desk in the head office, for an address
            inside the VPC's range, and somebody on the internet for any other.

        Raises
        ------
        ArgumentError
            If the sandbox was started empty, or a value cannot be used.

        Examples
        --------
        >>> with start() as sandbox:
        ...     sandbox.connect("10.20.20.10", 5432).outcome
        'silent'
        """
        if self._deliveries is None:
            raise ArgumentError("the sandbox was started with scenario=None, so there is nobody to connect to")
        return knock(self._deliveries, address, port, source)

    def deliver_to_s3(
        self,
        destination: str,
        *,
        format: LogFormat | None = None,
        parquet: bool = False,
        hive: bool = False,
        per_hour: bool = False,
    ) -> str:
        """Make a flow log that delivers the scenario's records to S3; return its id.

        What arrived in the log group so far is filed at once, the rest every five minutes of simulated time, in
        AWS's folders and under its file names.

        Parameters
        ----------
        destination : str
            `s3://bucket/prefix`; the bucket is made where there is none.
        format : LogFormat, optional
            Its fields; those of the log group's flow log if left out. Another format has no `connect` attempts.
        parquet, hive, per_hour : bool
            The flow log's DestinationOptions: Parquet files, Hive-compatible folders, a folder for each hour.

        Raises
        ------
        ArgumentError
            If the sandbox was started empty, or a value cannot be used.

        Examples
        --------
        >>> with start() as sandbox:
        ...     flow_log = sandbox.deliver_to_s3("s3://poc-flow-logs/vpc", parquet=True)
        ...     flow_log[:3]
        'fl-'
        """
        if self._deliveries is None:
            raise ArgumentError("the sandbox was started with scenario=None, so it has no records; start('poc') has")
        return deliver(self._deliveries, destination, format, parquet=parquet, hive=hive, per_hour=per_hour)

    def follow_real_time(self, speed: float = 1.0) -> None:
        """Let the clock go by itself from now on, `speed` times as fast as real time.

        Raises
        ------
        ArgumentError
            If the speed is not above 0.
        """
        if not speed > 0:
            raise ArgumentError(f"the speed is {speed!r}; give a number above 0, for example 60")

        clock, stopped = self.clock, self._stopped

        def follow() -> None:
            while not stopped.wait(_TICK):
                clock.advance(_TICK * speed)

        self._threads.append(threading.Thread(target=follow, name="rejectkit-sandbox-clock", daemon=True))
        self._threads[-1].start()

    def close(self) -> None:
        """Stop answering, give the port back and forget everything; a second call does nothing."""
        self._finalizer()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = self.endpoint_url if self._finalizer.alive else "closed"
        return f"<Sandbox {state}, account {self.account}, {self.clock.now():%Y-%m-%d %H:%M:%S} UTC>"


def start(
    scenario: str | Scenario | None = "poc",
    seed: int = 7,
    *,
    start: datetime | None = None,
    region: str = REGION,
    limits: Limits | None = None,
    delivery: Delivery | None = None,
    log_format: LogFormat | None = None,
    log_group: str = LOG_GROUP,
) -> Sandbox:
    """Start an AWS that lives in this process.

    Parameters
    ----------
    scenario : str, Scenario or None
        The traffic of its VPC, delivered as the clock goes; None: an empty account.
    seed : int
        Seed of the scenario.
    start : datetime, optional
        What the clock shows at first; the scenario's start if left out, or now for an empty account.
    region : str
        The region of the session.
    limits : Limits, optional
        Quotas and latencies; those of AWS if left out.
    delivery : Delivery, optional
        How late records arrive after their aggregation interval closed; about AWS's five minutes if left out.
    log_format : LogFormat, optional
        The format of the scenario's flow log; the default one if left out.
    log_group : str
        The log group it is delivered to.

    Raises
    ------
    ArgumentError
        If a value cannot be used.

    Examples
    --------
    >>> with start(scenario=None) as sandbox:
    ...     sandbox.session.client("sts").get_caller_identity()["Account"]
    '123456789012'
    """
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # 1,300 images, which moto keeps for good
    played = play(scenario, seed) if isinstance(scenario, str) else scenario
    begin = start or (played.start if played else datetime.now(UTC).replace(microsecond=0))
    if begin.tzinfo is None:
        raise ArgumentError(f"the sandbox starts at {begin}; give an aware time, datetime(2026, 11, 1, tzinfo=UTC)")
    world = World.begin(accountids.take(), begin, limits or Limits())
    played = replace(played, account=world.account) if played else None
    sandbox = Sandbox(world, region, played)
    if played:
        try:
            given = log_format or LogFormat.default()
            settle(world, region, played, log_group, given)
            late = delivery or Delivery()
            sandbox._deliveries = play_traffic(world, region, played, late, given, log_group)
        except BaseException:
            sandbox.close()
            raise
    return sandbox


def _close(server: BaseWSGIServer, threads: list[threading.Thread], stopped: threading.Event, account: str) -> None:
    stopped.set()
    server.shutdown()
    server.server_close()
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(timeout=5)
    for backends in list(BackendDict._instances):  # type: ignore[misc]  # of any service
        backends.pop(account, None)
        buckets = getattr(backends, "bucket_accounts", {})  # S3 keeps the names that are taken for all accounts
        for name in [name for name, (_, owner) in list(buckets.items()) if owner == account]:
            buckets.pop(name, None)
    accountids.give_back(account)
