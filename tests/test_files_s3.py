"""FileSource on s3:// paths: what is listed, what is fetched, what is kept, and what each failure says."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

from rejectkit.errors import (
    AccessDeniedError,
    ArgumentError,
    CredentialsError,
    RegionError,
    SourceNotFoundError,
    UnreadableError,
)
from rejectkit.sandbox import Sandbox, start
from rejectkit.sources.files.cache import Cache
from rejectkit.sources.files.mirror import joined
from rejectkit.sources.files.source import FileSource
from rejectkit.window import Window

COUNT = "stats count(*) as n"
DAY = Window.parse("2026-11-02", "2026-11-03")
ROWS = 40_000  # so that a column is more than what is fetched along with a footer
TREE = "parquet/AWSLogs/123456789012/vpcflowlogs/eu-west-1"
NAME = "123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_{:%Y%m%dT%H%MZ}_0a.log"
LINE = "2 123456789012 eni-1 198.51.100.7 10.0.0.5 51515 22 6 1 40 {0} {0} REJECT OK\n"
HEADER = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"


def parquet(moment: datetime, rows: int = ROWS) -> bytes:
    """Return a delivery in Parquet whose columns are large."""
    rng = np.random.default_rng(moment.day)
    columns = {
        "srcaddr": pa.array([f"10.{a}.{b}.{c}" for a, b, c in rng.integers(0, 255, (rows, 3))]),
        "dstaddr": pa.array([f"10.{a}.{b}.{c}" for a, b, c in rng.integers(0, 255, (rows, 3))]),
        "dstport": pa.array(rng.integers(0, 65536, rows), pa.int32()),
        "start": pa.array(np.full(rows, int(moment.timestamp()) - 60), pa.int64()),
        "action": pa.array(["REJECT"] * rows),
        "log_status": pa.array(["OK"] * rows),
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="gzip", store_schema=False)
    return out.getvalue()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A bucket with four days of deliveries as Parquet and as text, and what is no flow log."""
    with start(scenario=None, start=datetime(2026, 11, 10, tzinfo=UTC)) as made:
        s3 = made.session.client("s3")
        s3.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        for day in (1, 2, 3, 4):
            moment = datetime(2026, 11, day, 12, tzinfo=UTC)
            s3.put_object(
                Bucket="logs", Key=f"{TREE}/{moment:%Y/%m/%d}/{NAME.format(moment)}.parquet", Body=parquet(moment)
            )
            text = HEADER + LINE.format(int(moment.timestamp()) - 60) * day
            key = f"text/{moment:year=%Y/month=%m/day=%d}/{NAME.format(moment)}.gz"
            s3.put_object(
                Bucket="logs",
                Key="hive/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/" + key[5:],
                Body=gzip.compress(text.encode()),
            )
        s3.put_object(
            Bucket="logs", Key="parquet/AWSLogs/123456789012/CloudTrail/eu-west-1/2026/11/02/a.json.gz", Body=b"{}"
        )
        s3.put_object(Bucket="logs", Key="mine/a b+é.log", Body=LINE.format(1793620740).encode())
        s3.put_object(Bucket="logs", Key="mine/deep/b.dat", Body=LINE.format(1793620740).encode() * 2)
        s3.put_object(Bucket="logs", Key="mine/_tmp/c.log", Body=b"not a log")
        yield made


class Told:
    """What was asked of S3 since it was last looked at: calls, and bytes that came."""

    def __init__(self, session: Any) -> None:
        """Listen to a session's clients that are made later."""
        self.calls: list[str] = []
        self.keys: list[str] = []
        self.bytes = 0
        session.events.register("before-parameter-build.s3", self._asked)
        session.events.register("after-call.s3.GetObject", self._came)

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        self.keys.append(str(params.get("Key", params.get("Prefix"))))

    def _came(self, http_response: Any, **_: Any) -> None:
        self.bytes += int(http_response.headers.get("content-length", 0))

    def take(self) -> tuple[int, int, int]:
        """Return how many times it was listed and fetched, and the bytes; start anew."""
        out = self.calls.count("ListObjectsV2"), self.calls.count("GetObject"), self.bytes
        self.calls, self.keys, self.bytes = [], [], 0
        return out


@pytest.fixture
def session(sandbox: Sandbox) -> Any:
    """A session of its own that is allowed everything."""
    return sandbox.session_for({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def sizes(sandbox: Sandbox, prefix: str) -> dict[str, int]:
    """Return the objects below a prefix and their bytes."""
    found = sandbox.session.client("s3").list_objects_v2(Bucket="logs", Prefix=prefix)["Contents"]
    return {one["Key"]: one["Size"] for one in found}


def test_a_day_lists_that_day_and_fetches_the_columns_once(sandbox: Sandbox, session: Any, tmp_path: Path) -> None:
    """Of other days nothing is asked; of the day the columns that a question needs, and those only the first time."""
    told = Told(session)
    source = FileSource("s3://logs/parquet/", session=session, cache=Cache(tmp_path))
    assert source.run(COUNT, DAY)["n"][0] == ROWS  # knows the fields from here on
    told.take()
    plan = source.plan("stats count(*) by srcAddr", DAY)
    listed = [key for key in told.keys if key.count("/") > 7]
    assert [Path(file).parent.name for file in plan.files] == ["02"]
    assert {key.split("/")[-2] for key in listed} == {"02", "03"}
    (size,) = [size for key, size in sizes(sandbox, TREE).items() if "/02/" in key]
    assert plan.bytes == size
    told.take()
    groups = source.run("stats count(*) as each by srcAddr | stats sum(each) as n", DAY)
    assert groups["n"][0] == ROWS
    _, fetched, came = told.take()
    assert fetched > 0
    assert came < 0.6 * size
    for again in (source, FileSource("s3://logs/parquet/", session=session, cache=Cache(tmp_path))):
        told.take()
        assert again.run("stats count(*) as each by srcAddr | stats sum(each) as n", DAY)["n"][0] == ROWS
        assert told.take()[2] == 0


def test_answers_are_those_of_the_same_files_on_disk(sandbox: Sandbox, tmp_path: Path) -> None:
    """All days, both ways, with a cache and without."""
    s3 = sandbox.session.client("s3")
    for key in (*sizes(sandbox, "parquet/AWSLogs/123456789012/vpcflowlogs"), *sizes(sandbox, "hive")):
        path = tmp_path / "disk" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file("logs", key, str(path))
    for top, query in (("parquet", "stats count(*) as n by dstPort | sort n desc, dstPort | limit 5"), ("hive", COUNT)):
        local = FileSource(tmp_path / "disk" / top, cache=False)
        remote = FileSource(f"s3://logs/{top}/", session=sandbox.session, cache=False)
        assert remote.fields == local.fields
        assert remote.skipped.empty
        for window in (None, DAY):
            pd.testing.assert_frame_equal(remote.run(query, window), local.run(query, window))


def test_text_is_kept_at_once(sandbox: Sandbox, session: Any, tmp_path: Path) -> None:
    """The second question, also of another source, fetches nothing; an object that changed is fetched again."""
    told = Told(session)
    s3 = sandbox.session.client("s3")
    s3.put_object(Bucket="logs", Key="kept/a.log.gz", Body=gzip.compress((HEADER + LINE.format(1793620740)).encode()))
    for expected in (True, False):
        source = FileSource("s3://logs/kept", session=session, cache=Cache(tmp_path))
        told.take()
        assert source.run(COUNT)["n"][0] == 1
        assert (told.take()[2] > 0) is expected
    s3.put_object(
        Bucket="logs", Key="kept/a.log.gz", Body=gzip.compress((HEADER + LINE.format(1793620740) * 3).encode())
    )
    assert source.run(COUNT)["n"][0] == 3


def test_large_text_comes_in_parts(sandbox: Sandbox, tmp_path: Path) -> None:
    """More than its first bytes, and nothing is lost or twice."""
    lines = "".join(LINE.format(1793620740 + row) for row in range(9000))
    sandbox.session.client("s3").put_object(Bucket="logs", Key="large/a.log", Body=(HEADER + lines).encode())
    source = FileSource("s3://logs/large/a.log", session=sandbox.session, cache=Cache(tmp_path))
    assert source.run("stats count(*) as n, count_distinct(start) as starts").to_numpy().tolist() == [[9000, 9000]]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("s3://logs/mine/a b+é.log", 1),
        ("s3://logs/mine", 1),
        ("s3://logs/mine/*.log", 1),
        ("s3://logs/mine/**/*.dat", 2),
        ("s3://logs/**/b.d?t", 2),
        ("s3://logs/hive/AWSLogs/aws-account-id=*/**/day=0[23]/*.gz", 5),
    ],
)
def test_addresses(sandbox: Sandbox, address: str, expected: int) -> None:
    """One object, what is below a prefix, patterns."""
    source = FileSource(address, session=sandbox.session, cache=False)
    assert source.run(COUNT)["n"][0] == expected
    assert all(file.startswith("s3://logs/") for file in source.files)


def test_beside_files_on_disk(sandbox: Sandbox, tmp_path: Path) -> None:
    """Paths of both kinds are one source; skipped lines name the address."""
    (tmp_path / "a.log").write_text(LINE.format(1793620740) * 4 + "odd\n")
    sandbox.session.client("s3").put_object(
        Bucket="logs", Key="odd/a.log", Body=(LINE.format(1793620740) + "odd\n").encode()
    )
    source = FileSource(
        [tmp_path / "a.log", "s3://logs/odd/"], session=sandbox.session, cache=Cache(tmp_path / "cache")
    )
    assert source.run(COUNT)["n"][0] == 5
    assert source.skipped["file"].tolist() == [str(tmp_path / "a.log"), "s3://logs/odd/a.log"]


# failures


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://nowhere/AWSLogs/", r"there is no bucket 'nowhere' \(NoSuchBucket\)"),
        ("s3://logs/nothing/", "there is no flow-log object at 's3://logs/nothing/'"),
        ("s3://logs/mine/*.csv", "there is no flow-log object at"),
    ],
)
def test_nothing_there(sandbox: Sandbox, address: str, message: str) -> None:
    """An error at once, with what was looked for."""
    with pytest.raises(SourceNotFoundError, match=message):
        FileSource(address, session=sandbox.session)


def test_no_address(sandbox: Sandbox) -> None:
    """A bucket's name that cannot be one is refused before anything is asked."""
    with pytest.raises(ArgumentError, match="is no place in S3"):
        FileSource("s3://No_Bucket/x", session=sandbox.session)


class Answer:
    """The bytes of an answer that does not come from the sandbox, which has no faults of S3's own."""

    def __init__(self, body: bytes) -> None:
        """Keep them."""
        self.body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield them."""
        yield self.body


class Failing:
    """What goes wrong with a call of a session's clients, as often as `times` says."""

    def __init__(self, session: Any, operation: str, code: str, status: int, times: int = 0) -> None:
        """Stand before the network; with no code, the connection is lost."""
        self.code, self.status, self.times = code, status, times
        session.events.register(f"before-send.s3.{operation}", self)

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        """Answer in the place of S3."""
        if self.times <= 0:
            return None
        self.times -= 1
        if not self.code:
            raise ConnectionClosedError(endpoint_url=request.url)
        body = f"<?xml version='1.0'?><Error><Code>{self.code}</Code><Message>told so</Message></Error>".encode()
        return AWSResponse(request.url, self.status, {"content-length": str(len(body))}, Answer(body))


def test_listing_that_is_denied_names_what_to_allow(session: Any) -> None:
    """The IAM action, which is not the operation's name, and the bucket."""
    Failing(session, "ListObjectsV2", "AccessDenied", 403, times=1)
    with pytest.raises(AccessDeniedError, match=r"s3:ListBucket is not allowed on arn:aws:s3:::logs .*requester pays"):
        FileSource("s3://logs/mine/", session=session)


@pytest.mark.parametrize(
    ("code", "status", "kind", "message"),
    [
        ("AccessDenied", 403, AccessDeniedError, r"s3:GetObject is not allowed on arn:aws:s3:::logs/\* .*kms:Decrypt"),
        ("ExpiredToken", 400, CredentialsError, "have expired"),
        ("NoSuchKey", 404, SourceNotFoundError, "is gone since it was listed"),
        ("PreconditionFailed", 412, UnreadableError, "changed while it was read"),
        ("InvalidObjectState", 403, UnreadableError, "is in an archive"),
        ("PermanentRedirect", 301, RegionError, "is in another region"),
    ],
)
@pytest.mark.parametrize("top", ["mine/", "parquet/"])
def test_failures_while_reading(
    session: Any, code: str, status: int, kind: type[Exception], message: str, top: str
) -> None:
    """Each raises one sentence that says which object and what to do; the next question goes well."""
    failing = Failing(session, "GetObject", code, status)
    source = FileSource(f"s3://logs/{top}", session=session, cache=False)
    failing.times = 99
    with pytest.raises(kind, match=message):
        source.run(COUNT)
    failing.times = 0
    assert source.run(COUNT)["n"][0] > 0


def test_a_lost_connection_is_made_again(session: Any) -> None:
    """A few times."""
    failing = Failing(session, "GetObject", "", 0)
    source = FileSource("s3://logs/mine/", session=session, cache=False)
    failing.times = 2
    assert source.run(COUNT)["n"][0] == 1


def test_spans_are_put_together() -> None:
    """Parts with little between them are fetched in one."""
    assert joined([(5, 6), (0, 2), (2, 3)], 0) == [(0, 3), (5, 6)]
    assert joined([(5, 6), (0, 2)], 3) == [(0, 6)]
    assert joined([(0, 9), (2, 3)], 0) == [(0, 9)]
