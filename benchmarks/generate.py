"""Write gzip'd default-format flow logs of any size, fast and with the entropy of a real account.

The same seed gives the same text. Run as ``python benchmarks/generate.py FOLDER --lines 4000000 --files 16``.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
FIRST_START = 1_793_491_200  # 2026-11-01 00:00 UTC
DELIVERY_SECONDS = 300
SERVICES = np.array([443, 80, 22, 53, 5432, 3306, 6379, 8080, 9100, 25, 123, 3389])
SCANNED = np.array([23, 22, 3389, 445, 8080, 5060, 6379, 1433, 2323, 5900, 81, 8443])


def generate(folder: Path, *, lines: int, files: int, seed: int = 7, workers: int = 2) -> list[Path]:
    """Write ``lines`` records over ``files`` deliveries (5 minutes each) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    share, rest = divmod(lines, files)
    tasks = [(folder, number, share + (number < rest), seed) for number in range(files)]
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_write_one, tasks))


def _write_one(task: tuple[Path, int, int, int]) -> Path:
    folder, number, count, seed = task
    path = folder / f"123456789012_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_{number:05d}_{seed:08x}.log.gz"
    sink = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter=" ", quoting_style="none")
    pyarrow.csv.write_csv(records(number, count, seed), sink, options)
    text = HEADER.encode() + b"\n" + sink.getvalue().to_pybytes()
    path.write_bytes(gzip.compress(text, compresslevel=6, mtime=0))
    return path


def records(number: int, count: int, seed: int) -> pa.Table:
    """One delivery: about half accepted traffic between hosts and services, a third internet scanning."""
    fixed = np.random.default_rng(seed)  # what stays the same over deliveries: interfaces and their hosts
    interfaces = np.array([f"eni-0{value:016x}" for value in fixed.integers(0, 16**16, 300, dtype=np.uint64)])
    hosts = np.array([f"10.{a}.{b}.{c}" for a, b, c in fixed.integers(1, 250, (300, 3))])
    peers = np.array([f"10.{a}.{b}.{c}" for a, b, c in fixed.integers(1, 250, (4000, 3))])
    rng = np.random.default_rng([seed, number])
    at = np.minimum(rng.zipf(1.3, count) - 1, len(hosts) - 1)
    rejected = rng.random(count) < 0.35
    outbound = rng.random(count) < 0.45
    strangers = _addresses(rng, count)
    friends = peers[np.minimum(rng.zipf(1.2, count) - 1, len(peers) - 1)]
    other = np.where(rejected | (rng.random(count) < 0.15), strangers, friends)
    service = np.where(rejected, rng.choice(SCANNED, count), rng.choice(SERVICES, count))
    service = np.where(rejected & (rng.random(count) < 0.4), rng.integers(1, 65536, count), service)
    ephemeral = rng.integers(32768, 61000, count)
    packets = np.where(rejected, rng.integers(1, 4, count), np.exp(rng.normal(2.3, 1.4, count)).astype(int) + 1)
    size = np.where(rejected, 44, rng.integers(40, 1500, count))
    # a host's records of one minute arrive together, as interfaces are written one after another
    start = FIRST_START + number * DELIVERY_SECONDS + np.sort(rng.integers(0, 240, count))
    end = start + rng.integers(1, 60, count)
    inward = ~outbound | rejected
    table = {
        "version": np.full(count, 2),
        "account-id": np.full(count, 123456789012),
        "interface-id": interfaces[at],
        "srcaddr": np.where(inward, other, hosts[at]),
        "dstaddr": np.where(inward, hosts[at], other),
        "srcport": np.where(inward, ephemeral, service),
        "dstport": np.where(inward, service, ephemeral),
        "protocol": rng.choice(np.array([6, 17, 1]), count, p=[0.86, 0.13, 0.01]),
        "packets": packets,
        "bytes": packets * size,
        "start": start,
        "end": end,
        "action": np.where(rejected, "REJECT", "ACCEPT"),
        "log-status": np.full(count, "OK"),
    }
    columns = {name: _as_text(values) for name, values in table.items()}
    idle = pa.array(rng.random(count) < 0.005)  # NODATA lines
    dashed = set(table) - {"version", "account-id", "interface-id", "start", "end", "log-status"}
    for name in dashed:
        columns[name] = pa.compute.if_else(idle, pa.scalar("-"), columns[name])
    columns["log-status"] = pa.compute.if_else(idle, pa.scalar("NODATA"), columns["log-status"])
    return pa.table(columns)


def _addresses(rng: np.random.Generator, count: int) -> np.ndarray:
    """Public-looking addresses: a few busy scanners, a long tail seen once."""
    tail = rng.integers(1 << 24, 223 << 24, count, dtype=np.uint32)
    busy = rng.integers(1 << 24, 223 << 24, 2000, dtype=np.uint32)
    numbers = np.where(rng.random(count) < 0.6, busy[np.minimum(rng.zipf(1.25, count) - 1, 1999)], tail)
    octets = [pa.array((numbers >> shift) & 255).cast(pa.string()) for shift in (24, 16, 8, 0)]
    return pa.compute.binary_join_element_wise(*octets, ".").to_numpy(zero_copy_only=False).astype(str)


def _as_text(values: np.ndarray) -> pa.Array:
    return pa.array(values).cast(pa.string())


def main() -> None:
    """Command line: folder, number of lines, number of files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=4_000_000)
    parser.add_argument("--files", type=int, default=16)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    generate(arguments.folder, lines=arguments.lines, files=arguments.files, seed=arguments.seed)


if __name__ == "__main__":
    main()
