"""Write any number of flow logs as AWS delivers them in Parquet: a file for 5 minutes, typed columns, gzip inside."""

from __future__ import annotations

import argparse
import concurrent.futures
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

ACCOUNT, REGION, FLOW_LOG = "123456789012", "eu-west-1", "fl-0123456789abcdef0"
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
A_DAY = 288
FOLDER = f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}"
INTERFACES, HOSTS, STRANGERS = 3000, 20_000, 200_000
SERVICES = np.array([443, 80, 22, 53, 5432, 3306, 6379, 8080, 9100, 25, 123, 3389], np.int32)
SCANNED = np.array([23, 22, 3389, 445, 8080, 5060, 6379, 1433, 2323, 5900, 81, 8443], np.int32)


def path_of(folder: Path, number: int) -> Path:
    """Return where the delivery of that number, each of 5 minutes, lies."""
    moment = FIRST + timedelta(minutes=5 * number)
    name = f"{ACCOUNT}_vpcflowlogs_{REGION}_{FLOW_LOG}_{moment:%Y%m%dT%H%MZ}_{number:08x}.log.parquet"
    return folder / FOLDER / f"{moment:%Y/%m/%d}" / name


def generate(folder: Path, records: int, days: int, seed: int = 7, workers: int = 2) -> None:
    """Write so many records over days of 288 deliveries each; what is there already stays."""
    files = days * A_DAY
    share, rest = divmod(records, files)
    step = -(-files // (workers * 20))
    tasks = [(folder, at, min(at + step, files), share, rest, seed) for at in range(0, files, step)]
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        list(pool.map(_write, tasks))


def _write(task: tuple[Path, int, int, int, int, int]) -> None:
    folder, first, last, share, rest, seed = task
    for number in range(first, last):
        path = path_of(folder, number)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            pq.write_table(table(number, share + (number < rest), seed), part, compression="gzip", store_schema=False)
            part.rename(path)


def table(number: int, count: int, seed: int) -> pa.Table:
    """Return one delivery: half of it accepted traffic between hosts and services, a third scanning from outside."""
    interfaces, own, hosts, strangers = _account(seed)
    rng = np.random.default_rng([seed, number])
    at = np.minimum(rng.zipf(1.2, count) - 1, INTERFACES - 1)
    rejected = rng.random(count) < 0.35
    inward = (rng.random(count) < 0.55) | rejected
    outside = rejected | (rng.random(count) < 0.15)
    friend = hosts.take(pa.array(np.minimum(rng.zipf(1.15, count) - 1, HOSTS - 1)))
    stranger = strangers.take(
        pa.array(
            np.where(
                rng.random(count) < 0.6, np.minimum(rng.zipf(1.3, count) - 1, 1999), rng.integers(0, STRANGERS, count)
            )
        )
    )
    other = pa.compute.if_else(pa.array(outside), stranger, friend)
    mine = own.take(pa.array(at))
    port = np.where(rejected, rng.choice(SCANNED, count), rng.choice(SERVICES, count))
    port = np.where(rejected & (rng.random(count) < 0.3), rng.integers(1, 65536, count), port).astype(np.int32)
    client = rng.integers(32768, 61000, count).astype(np.int32)
    packets = np.where(rejected, rng.integers(1, 4, count), np.exp(rng.normal(2.3, 1.4, count)).astype(np.int64) + 1)
    end = int(FIRST.timestamp()) + 300 * number + np.sort(rng.integers(0, 300, count))
    start = end - rng.integers(1, 60, count)
    idle = rng.random(count) < 0.004  # NODATA
    inside, gone = pa.array(inward), pa.array(idle)

    def word(values: pa.Array) -> pa.Array:
        return pa.compute.if_else(gone, pa.scalar("-"), values)

    def number_of(values: np.ndarray) -> pa.Array:
        return pa.array(values, mask=idle)

    source, target = pa.compute.if_else(inside, other, mine), pa.compute.if_else(inside, mine, other)
    return pa.table(
        {
            "version": pa.array(np.full(count, 5, np.int32)),
            "account_id": pa.array([ACCOUNT] * count),
            "interface_id": interfaces.take(pa.array(at)),
            "srcaddr": word(source),
            "dstaddr": word(target),
            "srcport": number_of(np.where(inward, client, port)),
            "dstport": number_of(np.where(inward, port, client)),
            "protocol": number_of(np.where(port == 53, 17, 6).astype(np.int64)),
            "packets": number_of(packets),
            "bytes": number_of(packets * np.where(rejected, 44, rng.integers(40, 1500, count))),
            "start": pa.array(start),
            "end": pa.array(end),
            "action": word(pa.array(np.where(rejected, "REJECT", "ACCEPT"))),
            "log_status": pa.array(np.where(idle, "NODATA", "OK")),
            "vpc_id": pa.array(["vpc-0123456789abcdef0"] * count),
            "tcp_flags": number_of(np.where(rejected, 2, rng.choice([2, 3, 18, 19], count)).astype(np.int32)),
            "pkt_srcaddr": word(source),
            "flow_direction": word(pa.array(np.where(inward, "ingress", "egress"))),
        }
    )


@lru_cache(1)
def _account(seed: int) -> tuple[pa.Array, ...]:
    """Return what stays the same over deliveries: interfaces, their addresses, hosts, and who comes from outside."""
    fixed = np.random.default_rng(seed)
    interfaces = pa.array([f"eni-0{value:016x}" for value in fixed.integers(0, 16**16, INTERFACES, dtype=np.uint64)])
    own = _addresses(10 << 24 | fixed.integers(256, 1 << 16, INTERFACES, dtype=np.uint32))
    hosts = _addresses(10 << 24 | fixed.integers(1 << 16, 1 << 24, HOSTS, dtype=np.uint32))
    return interfaces, own, hosts, _addresses(fixed.integers(11 << 24, 223 << 24, STRANGERS, dtype=np.uint32))


def _addresses(numbers: np.ndarray) -> pa.Array:
    octets = [pa.array((numbers >> shift) & 255).cast(pa.string()) for shift in (24, 16, 8, 0)]
    return pa.compute.binary_join_element_wise(*octets, ".")


def main() -> None:
    """Command line: folder, number of records, number of days."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=100_000_000)
    parser.add_argument("--days", type=int, default=30)
    arguments = parser.parse_args()
    begun = time.perf_counter()
    generate(arguments.folder, arguments.records, arguments.days)
    print(f"{arguments.records:,} records in {arguments.days * A_DAY:,} files: {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
