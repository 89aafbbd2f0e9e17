"""Flow logs in a sandbox's S3 with a table over them, as far as tests of AthenaSource need."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from rejectkit.pacing import Budget
from rejectkit.sandbox import Limits, Sandbox, start
from rejectkit.sources.athena.source import AthenaSource
from rejectkit.sources.athena.table import AthenaTable
from rejectkit.window import Window

ACCOUNT, REGION = "123456789012", "eu-west-1"
LOGS, RESULTS = "flow-logs", "query-results"
OUTPUT = f"s3://{RESULTS}/athena/"
NOON = 1_793_534_400  # 2026-11-01 12:00:00 UTC
NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
TABLE = AthenaTable("logs", "vpc", LOGS, accounts=ACCOUNT, regions=REGION, since=date(2026, 1, 1))


def line(at: int, port: int | str = 22, action: str = "REJECT", status: str = "OK", **more: str) -> str:
    """Return a record of the default format that starts at a second."""
    values = {"srcaddr": "198.51.100.7", "packets": "1", "bytes": "40", **more}
    return (
        f"2 {ACCOUNT} eni-1 {values['srcaddr']} 10.0.0.5 51515 {port} 6 {values['packets']} {values['bytes']} "
        f"{at} {at + 59} {action} {status}"
    )


def put(sandbox: Sandbox, at: int, lines: Sequence[str], table: AthenaTable = TABLE, header: str | None = None) -> str:
    """Deliver a file of records, as AWS names it; return its key."""
    stamp = datetime.fromtimestamp(at // 300 * 300, UTC)
    folder = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/{stamp:%Y/%m/%d}/"
    key = f"{folder}{ACCOUNT}_vpcflowlogs_{REGION}_fl-0123456789abcdef0_{stamp:%Y%m%dT%H%MZ}_{at:08x}.log.gz"
    text = "\n".join([table.format.header if header is None else header, *lines, ""])
    s3 = sandbox.session.client("s3")
    s3.put_object(Bucket=table.bucket, Key=key, Body=gzip.compress(text.encode(), mtime=0))
    return key


@contextmanager
def lab(limits: Limits | None = None) -> Iterator[Sandbox]:
    """Give a sandbox with a table over three days of records: 20 rejects and 20 accepts each, an hour around noon."""
    with start(None, start=NOW, region=REGION, limits=limits or Limits(rates={})) as sandbox:
        s3 = sandbox.session.client("s3")
        for bucket in (LOGS, RESULTS):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        TABLE.plan(sandbox.session).apply()
        for day in range(3):
            at = NOON + 86_400 * day
            lines = [line(at + 60 * n, 22 + n % 2, "REJECT" if n < 20 else "ACCEPT") for n in range(40)]
            put(sandbox, at, [*lines, line(at, "-", "-", "NODATA", srcaddr="-", packets="-", bytes="-")])
        yield sandbox


def source(sandbox: Sandbox, table: Any = TABLE, **options: Any) -> AthenaSource:
    """Return a source over the table that keeps nothing on this machine."""
    given = {"session": sandbox.session, "output": OUTPUT, "keep": False, "progress": False, **options}
    return AthenaSource(table, **given)


def somebody(sandbox: Sandbox) -> Any:
    """Return another session of the same account, which has asked nothing yet."""
    return sandbox.session_for({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, "somebody")


def calls(sandbox: Sandbox, operation: str) -> int:
    """Return how often an operation was called."""
    return sum(one.operation == operation for one in sandbox._world.seen)


def fast() -> Budget:
    """Return a budget whose waits take no time."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    return Budget(quotas={}, others=float("inf"), now=lambda: clock[0], sleep=sleep)
