"""A result file of Athena to a typed table beside awswrangler and, where it is installed, PyAthena.

1,000,000 rows of 8 columns (3 texts, 5 whole numbers; a value in twenty is null, a text in twenty empty), 70 MiB as
Athena writes them. A server in another process stands in for Athena and S3 and hands the same bytes to each, so each is
measured from the finished query to the DataFrame, in a process of its own, after its imports and a small result.

awswrangler 3.17 reads the file by pandas, PyAthena 4.2 (its ArrowCursor) by Arrow, as ours does. Told beside the
times is how many nulls and empty texts come out: ours keeps both apart, awswrangler makes every empty text null,
PyAthena every null text empty.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from benchmarks.generate import HEADER, records

ROWS = 1_000_000
MIB = 2**20
TARGET = 1.0
COLUMNS = (
    ("start", "bigint"), ("srcaddr", "varchar"), ("dstaddr", "varchar"), ("action", "varchar"), ("srcport", "integer"),
    ("dstport", "integer"), ("packets", "bigint"), ("bytes", "bigint"),
)  # fmt: skip
SMALL, LARGE = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def result(rows: int) -> tuple[bytes, dict[str, int]]:
    """Return a result file as Athena writes it, and how many nulls and empty texts it has."""
    table, names = records(1, rows, 7), HEADER.split()
    rng = np.random.default_rng(7)
    columns: dict[str, Any] = {}
    for at, (name, kind) in enumerate(COLUMNS):
        cells = table.column(names.index(name)).cast(pa.string())
        cells = pc.if_else(pc.equal(cells, "-"), pa.scalar(None, pa.string()), cells)
        cells = pc.if_else(pa.array(rng.random(rows) < 0.05), pa.scalar(None, pa.string()), cells)
        if kind == "varchar":
            cells = pc.if_else(pc.fill_null(pa.array(rng.random(rows) < 0.05), False), "", cells)
        columns[f"c{at}"] = cells
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(pa.table(columns), sink, pyarrow.csv.WriteOptions(quoting_style="all_valid"))
    nulls = sum(one.null_count for one in columns.values())
    empty = sum(pc.sum(pc.equal(one, "")).as_py() or 0 for one in columns.values())
    return sink.getvalue().to_pybytes(), {"nulls": nulls, "empty": empty}


class Handler(BaseHTTPRequestHandler):
    """Athena and S3, as far as the reading of a result goes."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes] = {}  # noqa: RUF012  # filled once, before it answers

    def do_POST(self) -> None:
        """Answer Athena's operations: every query has succeeded."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = told.get("QueryExecutionId") or told.get("QueryString")
        execution = {
            "QueryExecutionId": name,
            "Query": "SELECT",
            "StatementType": "DML",
            "SubstatementType": "SELECT",
            "ResultConfiguration": {"OutputLocation": f"s3://results/{name}.csv"},
            "Status": {"State": "SUCCEEDED", "SubmissionDateTime": 0, "CompletionDateTime": 1},
            "Statistics": {"DataScannedInBytes": 1, "DataManifestLocation": f"s3://results/{name}-manifest.csv"},
            "WorkGroup": "primary",
        }
        info = [
            {
                "Name": f"c{at}",
                "Type": kind,
                "CatalogName": "hive",
                "Label": f"c{at}",
                "Precision": 0,
                "Scale": 0,
                "Nullable": "UNKNOWN",
            }
            for at, (_, kind) in enumerate(COLUMNS)
        ]
        header = {"Data": [{"VarCharValue": f"c{at}"} for at in range(len(COLUMNS))]}
        answers: dict[str, Any] = {
            "StartQueryExecution": {"QueryExecutionId": name},
            "GetQueryExecution": {"QueryExecution": execution},
            "GetQueryResults": {
                "ResultSet": {"Rows": [header], "ResultSetMetadata": {"ColumnInfo": info}},
                "UpdateCount": 0,
            },
        }
        self._send(200, json.dumps(answers[self.headers["X-Amz-Target"].rpartition(".")[2]]).encode())

    def do_HEAD(self) -> None:
        """Answer HeadObject."""
        self._object(body=False)

    def do_GET(self) -> None:
        """Answer GetObject, also of a part."""
        self._object(body=True)

    def _object(self, *, body: bool) -> None:
        found = self.files.get(self.path.partition("?")[0].rpartition("/")[2])
        if found is None:
            self._send(404, b"")
            return
        span = self.headers.get("Range", "").removeprefix("bytes=")
        if not span:
            self._send(200, found, {"ETag": '"e"', "Accept-Ranges": "bytes"}, body=body)
            return
        first, _, last = span.partition("-")
        part = memoryview(found)[int(first) : int(last) + 1 if last else len(found)]
        place = f"bytes {first}-{int(first) + len(part) - 1}/{len(found)}"
        self._send(206, part, {"ETag": '"e"', "Content-Range": place}, body=body)

    def _send(self, status: int, data: Any, headers: dict[str, str] | None = None, *, body: bool = True) -> None:
        self.send_response(status)
        more = {"Content-Type": "application/x-amz-json-1.1", "Last-Modified": "Sun, 01 Nov 2026 00:00:00 GMT"}
        for name, value in {**more, **(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def serve() -> None:
    """Make the results, tell the port, and answer until killed."""
    large, counted = result(ROWS)
    Handler.files = {f"{SMALL}.csv": result(1000)[0], f"{LARGE}.csv": large}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], len(large), json.dumps(counted), flush=True)
    server.serve_forever()


def ours() -> Callable[[str], Any]:
    """Return what reads a result by rejectkit."""
    from rejectkit import aws
    from rejectkit.insights import Answer, AnswerColumn
    from rejectkit.sources.athena import results
    from rejectkit.sources.athena.running import Execution

    session = aws.session()
    athena, s3 = aws.Service(session, "athena"), aws.Service(session, "s3")
    kinds = {"varchar": "text", "bigint": "int", "integer": "int"}
    answer = Answer(tuple(AnswerColumn(name, kinds[kind]) for name, kind in COLUMNS), "rows", None)  # type: ignore[arg-type]  # one of four words

    def read(name: str) -> Any:
        told = athena.call("GetQueryExecution", QueryExecutionId=name)["QueryExecution"]
        return results.typed(results.fetch(athena, s3, Execution.of(told), answer), answer)

    return read


def theirs() -> Callable[[str], Any]:
    """Return what reads a result by awswrangler."""
    import awswrangler

    def read(name: str) -> Any:
        return awswrangler.athena.get_query_results(query_execution_id=name)

    return read


def pyathena() -> Callable[[str], Any]:
    """Return what reads a result by PyAthena, through Arrow."""
    from functools import partial

    import pyarrow.fs
    from pyathena import connect
    from pyathena.arrow.cursor import ArrowCursor

    # Arrow's own S3 does not read AWS_ENDPOINT_URL here
    place = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    pyarrow.fs.S3FileSystem = partial(pyarrow.fs.S3FileSystem, endpoint_override=place, scheme="http")
    cursor = connect(s3_staging_dir="s3://results/", region_name="eu-west-1", cursor_class=ArrowCursor).cursor()

    def read(name: str) -> Any:
        return cursor.execute(name).as_arrow().to_pandas()

    return read


PARTS = {"rejectkit": ours, "awswrangler": theirs, **({"pyathena": pyathena} if find_spec("pyathena") else {})}


def once(part: str) -> dict[str, float]:
    """Measure one side in this process: seconds, rows, memory in MiB, nulls and empty texts."""
    read = PARTS[part]()
    read(SMALL)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    started, spent = time.perf_counter(), time.process_time()
    frame = read(LARGE)
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    nulls, empty = int(frame.isna().sum().sum()), int(sum((frame.iloc[:, at] == "").sum() for at in (1, 2, 3)))
    return {
        "seconds": seconds,
        "cpu": cpu,
        "rows": len(frame),
        "peak": peak,
        "more": peak - before,
        "nulls": nulls,
        "empty": empty,
        "bytes": int(frame.iloc[:, 7].sum()),
    }


def measure(part: str, port: int) -> dict[str, float]:
    """Measure one side in a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
    }
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.athena_bench", "--part", part]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report(rounds: list[dict[str, dict[str, float]]], size: int, counted: dict[str, int]) -> bool:
    """Print the medians; tell whether the target was held."""
    print(f"{ROWS:,} rows, {len(COLUMNS)} columns, {size / MIB:.0f} MiB, medians of {len(rounds)} rounds")
    for part in PARTS:
        seconds = [one[part]["seconds"] for one in rounds]
        peak, more = (statistics.median(one[part][key] for one in rounds) for key in ("peak", "more"))
        kept = ", ".join(f"{rounds[0][part][name]:,} of {counted[name]:,} {name}" for name in counted)
        print(
            f"  {part:<12} {statistics.median(seconds):6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f}), peak "
            f"memory {peak:5.0f} MiB, {more:5.0f} more than for a small one; {kept}"
        )
    ratios = [one["awswrangler"]["seconds"] / one["rejectkit"]["seconds"] for one in rounds]
    median = statistics.median(ratios)
    print(
        f"  {median:.2f} x awswrangler's rate ({min(ratios):.2f} to {max(ratios):.2f}); at least {TARGET:g}: "
        f"{'held' if median >= TARGET else 'MISSED'}"
    )
    whole = all(one["rejectkit"][name] == counted[name] for one in rounds for name in counted)
    print(f"  every null and empty text as it was: {'held' if whole else 'MISSED'}")
    return whole and median >= TARGET


def main() -> int:
    """Serve the results, measure in turns, print the medians; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", choices=[*PARTS, "server"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "server":
        serve()
        return 0
    if arguments.part:
        print(json.dumps(once(arguments.part)))
        return 0
    command = [sys.executable, "-m", "benchmarks.athena_bench", "--part", "server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port, size, told = server.stdout.readline().split(maxsplit=2)
            rounds = [{part: measure(part, int(port)) for part in PARTS} for _ in range(arguments.rounds)]
        finally:
            server.kill()
    totals = {(one[part]["rows"], one[part]["bytes"]) for one in rounds for part in PARTS}
    if len(totals) != 1:
        raise SystemExit(f"the answers differ: {totals}")
    return int(not report(rounds, int(size), json.loads(told)))


if __name__ == "__main__":
    raise SystemExit(main())
