"""Pages of Logs Insights to a typed table beside awswrangler, in the same run: medians of ratios, and peak memory.

100,000 flow-log records (`@timestamp`, the 14 fields of the default format, `@ptr`) in 10 pages of 10,000, the most
that GetQueryResults gives. A server in another process hands out the same bytes to both, so each side is measured from
the HTTP answer to the DataFrame: each in a fresh process, after its imports and one page to warm up.

awswrangler 3.17 reads the first page of a query and no more (`wait_query` does not look at `nextToken`), so it is given
what is fairest to it: 10 queries of 10,000 rows, each complete when first asked for, put together by `pandas.concat`.
Its columns are text but for `timestamp`; ours are typed. Ours sends one query and follows `nextToken`; the pauses that
keep a session below its account's quotas are left out, since they are not conversion.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.generate import HEADER, records

PAGES, ROWS = 10, 10_000
TARGET = 2.5
MIB = 2**20
FIELDS = (
    "version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets", "bytes",
    "start", "end", "action", "logStatus",
)  # fmt: skip
NUMBERS = ("version", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end")
QUERY = f"fields @timestamp, {', '.join(FIELDS)} | limit {PAGES * ROWS}"
HEAD = {"recordsMatched": 1e5, "recordsScanned": 1e5, "bytesScanned": 1.1e7}


def page(number: int) -> bytes:
    """Return the body of one page, as the service writes it."""
    columns = [column.to_pylist() for column in records(number, ROWS, 7).columns]
    rows = []
    for at, values in enumerate(zip(*columns, strict=True)):
        moment = datetime.fromtimestamp(int(values[HEADER.split().index("start")]), UTC)
        pointer = base64.b64encode(b"\nZ\n!123456789012:vpc-flow-logs" + bytes(40) + at.to_bytes(6, "big")).decode()
        told = [("@timestamp", f"{moment:%Y-%m-%d %H:%M:%S}.000"), *zip(FIELDS, values, strict=True), ("@ptr", pointer)]
        rows.append([{"field": field, "value": str(value)} for field, value in told])
    more = {"nextToken": str(number + 1)} if number < PAGES - 1 else {}
    answer = {"queryLanguage": "CWLI", "results": rows, "statistics": HEAD, "status": "Complete", **more}
    return json.dumps(answer, separators=(",", ":")).encode()


class Handler(BaseHTTPRequestHandler):
    """Logs, as far as two operations go: a query's text, or a token, says which page is wanted."""

    protocol_version = "HTTP/1.1"
    bodies: tuple[bytes, ...] = ()

    def do_POST(self) -> None:
        """Answer StartQuery and GetQueryResults."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Amz-Target"].endswith("StartQuery"):
            answer = json.dumps({"queryId": told["queryString"].partition("# page ")[2] or "0"}).encode()
        else:
            answer = self.bodies[int(told.get("nextToken") or told["queryId"])]
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def serve() -> None:
    """Make the pages, tell the port, and answer until killed."""
    Handler.bodies = tuple(map(page, range(PAGES)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], sum(map(len, Handler.bodies)), flush=True)
    server.serve_forever()


def ours() -> Callable[[int], Any]:
    """Return what reads so many pages by rejectkit."""
    from rejectkit import aws
    from rejectkit.insights import Column, Table, compile_query, parse
    from rejectkit.pacing import Budget
    from rejectkit.sources.cloudwatch.pages import read_page, table, typed

    at_once = Budget(share=1.0, quotas={"logs.StartQuery": 1e6, "logs.GetQueryResults": 1e6})
    service = aws.Service(aws.session(), "logs", budget=at_once)
    kinds = {name: Column(f'"{name}"', "int" if name in NUMBERS else "text", dash=True) for name in FIELDS}
    known = Table("rows", {"@timestamp": Column('"@timestamp"', "time"), **kinds})

    def read(count: int) -> Any:
        plan = compile_query(parse(QUERY), known)
        window = {"startTime": 1_793_491_200, "endTime": 1_793_577_600}
        query = service.call("StartQuery", logGroupNames=["vpc-flow-logs"], queryString=QUERY, **window)["queryId"]

        def pages() -> Any:
            more: dict[str, str] = {}
            for _ in range(count):
                one = read_page(service.body("GetQueryResults", queryId=query, **more))
                more = {"nextToken": one.next_token or ""}
                yield one

        return typed(table(pages()), plan.answer)

    return read


def theirs() -> Callable[[int], Any]:
    """Return what reads so many pages by awswrangler."""
    import awswrangler
    import pandas as pd

    window = {"start_time": datetime(2026, 11, 1, tzinfo=UTC), "end_time": datetime(2026, 11, 2, tzinfo=UTC)}

    def read(count: int) -> Any:
        frames = [
            awswrangler.cloudwatch.read_logs(f"{QUERY} # page {number}", ["vpc-flow-logs"], limit=ROWS, **window)
            for number in range(count)
        ]
        return pd.concat(frames, ignore_index=True)

    return read


PARTS = {"rejectkit": ours, "awswrangler": theirs}


def once(part: str) -> dict[str, float]:
    """Measure one side in this process: seconds, rows, sum of bytes, and memory in MiB."""
    read = PARTS[part]()
    read(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    started = time.perf_counter()
    frame = read(PAGES)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    size = frame["bytes"]
    total = size.sum() if part == "rejectkit" else size[size != "-"].astype("int64").sum()
    return {"seconds": seconds, "rows": len(frame), "bytes": int(total), "peak": peak, "more": peak - before}


def measure(part: str, port: int) -> dict[str, float]:
    """Measure one side in a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
    }
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.insights_bench", "--part", part]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report(rounds: list[dict[str, dict[str, float]]], size: int) -> bool:
    """Print the medians; tell whether the target was held."""
    print(f"{PAGES * ROWS:,} rows, {PAGES} pages, {size / MIB:.0f} MiB, medians of {len(rounds)} rounds")
    for part in PARTS:
        seconds = [one[part]["seconds"] for one in rounds]
        median = statistics.median(seconds)
        peak, more = (statistics.median(one[part][key] for one in rounds) for key in ("peak", "more"))
        print(
            f"  {part:<12} {median:6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})  {PAGES * ROWS / median:9,.0f} "
            f"rows/s, peak memory {peak:5.0f} MiB, {more:5.0f} more than for one page"
        )
    ratios = [one["awswrangler"]["seconds"] / one["rejectkit"]["seconds"] for one in rounds]
    median = statistics.median(ratios)
    verdict = "held" if median >= TARGET else "MISSED"
    print(
        f"  {median:.2f} x awswrangler's rate ({min(ratios):.2f} to {max(ratios):.2f}); at least {TARGET:g}: {verdict}"
    )
    return median >= TARGET


def main() -> int:
    """Serve the pages, measure in turns, print the medians; return 1 if the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=[*PARTS, "server"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "server":
        serve()
        return 0
    if arguments.part:
        print(json.dumps(once(arguments.part)))
        return 0
    command = [sys.executable, "-m", "benchmarks.insights_bench", "--part", "server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port, size = map(int, server.stdout.readline().split())
            rounds = [{part: measure(part, port) for part in PARTS} for _ in range(arguments.rounds)]
        finally:
            server.kill()
    totals = {(one[part]["rows"], one[part]["bytes"]) for one in rounds for part in PARTS}
    if len(totals) != 1:
        raise SystemExit(f"the answers differ: {totals}")
    return int(not report(rounds, size))


if __name__ == "__main__":
    raise SystemExit(main())
