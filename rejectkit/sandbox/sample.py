"""Write the small sample that the notebooks start on: `python -m rejectkit.sandbox.sample [FOLDER]`."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np

from rejectkit.records import LogFormat
from rejectkit.sandbox.playing.layout import REGION, aws_id
from rejectkit.sandbox.playing.scenario import Scenario, network_json, scenario

FLOW_LOG = aws_id("fl", "poc")
HOUR = 3600

README = """\
# The sample

One day of a small VPC that does not exist: {window}.
`python -m rejectkit.sandbox.sample data` makes this folder from scenario `{name}`, seed {seed}. The same seed makes
the same bytes, and a test holds the folder to that.

| file | what it holds |
|---|---|
| `AWSLogs/…/*.log.gz` | {records:,} records, default format, {refused:,} of them REJECT; named as delivered to S3 |
| `truth.csv.gz` | the cause of every record: row *n* is about record *n*, files in the order of their names |
| `mistakes.csv` | what was planted, in sentences, with the time it was seen first and last |
| `network.json` | the VPC at the end of the day, as the AWS CLI's describe calls would print it |

## What is in it

| kind | REJECT | other records |
|---|---:|---:|
{kinds}

| planted | REJECT | what happened |
|---|---:|---|
{mistakes}

A refused record's truth names the layer (`sg-in`, `sg-out`, `nacl-in`, `nacl-out`, `nacl-reply`, `late`), the
resource (the network ACL, or the groups of the interface) and the rule: an ACL's number, 32767 being its implicit
deny, or `absent`, because a security group has no rule that denies. It was written down as the traffic was made,
not worked out from the rules.

## What to know about it

- **Nobody is named.** Addresses on the internet are random draws from large public blocks, because an address of
  the documentation ranges would not look like the internet. If one of them is somebody's, that is chance: no
  traffic of theirs was seen. The VPC's public addresses are documentation addresses (203.0.113.0/24,
  2001:db8::/32), its private ones and those on premises are private, and the account is AWS's example account.
- The ranges of S3 (52.218.0.0/17) and of Route 53's health checkers (15.177.0.0/18) are the published ones.
- Records follow the service's rules: aggregation within 60 s, an interface's own side shown by its primary private
  address, ports 0 for ICMP. As in real deliveries, the records of one interface and interval share `start` and
  `end`: the first and last packet of any flow. A cause can therefore be up to a minute younger than a record's
  `start`.
- AWS delivers a file every five minutes; here it is one an hour, to keep the folder small. Each holds the records
  whose `end` falls into its hour.
- NODATA records are written for the idle standby database alone; AWS writes one for every quiet minute of every
  interface. A few SKIPDATA records fall on busy minutes; nothing was really left out.
- What a NAT gateway receives unasked is recorded as ACCEPT, since no security group stands before it.
"""


def sample_files(one: Scenario) -> dict[str, bytes]:
    """Return the sample's files by path below its folder, those named `.gz` not yet compressed."""
    texts: dict[str, str] = _logs(one)
    truth, mistakes = one.truth, one.mistakes
    texts["truth.csv.gz"] = truth.to_csv(index=False, lineterminator="\n")
    texts["mistakes.csv"] = mistakes.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ")
    texts["network.json"] = json.dumps(network_json(one), indent=1) + "\n"
    refused = truth["layer"].notna()
    counts = truth.assign(refused=refused).groupby("kind")["refused"].agg(["sum", "size"])
    kinds = [f"| {kind} | {rejects:,} | {every - rejects:,} |" for kind, rejects, every in counts.itertuples()]
    told = zip(mistakes["mistake"], mistakes["refused"], mistakes["sentence"], strict=True)
    texts["README.md"] = README.format(
        window=one.window,
        name=one.name,
        seed=one.seed,
        records=len(truth),
        refused=int(refused.sum()),
        kinds="\n".join(kinds),
        mistakes="\n".join(f"| {name} | {count:,} | {sentence} |" for name, count, sentence in told),
    )
    return {name: text.encode() for name, text in texts.items()}


def _logs(one: Scenario) -> dict[str, str]:
    """Return a file's text for each hour, with its header line, by the path that delivery to S3 gives it."""
    log_format = LogFormat.default()
    lines = one.lines(log_format)
    ends = one.records()["end"].to_numpy(np.int64)
    first = int(one.start.timestamp())
    cuts = np.searchsorted(ends, first + HOUR * np.arange(one.hours + 1)).tolist()
    texts = {}
    for hour in range(one.hours):
        text = "\n".join([log_format.header, *lines[cuts[hour] : cuts[hour + 1]], ""])
        begin = datetime.fromtimestamp(first + HOUR * hour, UTC)
        folder = f"AWSLogs/{one.account}/vpcflowlogs/{REGION}/{begin:%Y/%m/%d}"
        mark = sha256(text.encode()).hexdigest()[:8]
        name = f"{one.account}_vpcflowlogs_{REGION}_{FLOW_LOG}_{begin:%Y%m%dT%H%MZ}_{mark}.log.gz"
        texts[f"{folder}/{name}"] = text
    return texts


def write_sample(folder: Path, one: Scenario) -> list[Path]:
    """Write the sample into a folder and return the files; earlier files of its flow log are removed."""
    for old in folder.glob(f"AWSLogs/**/*_{FLOW_LOG}_*.log.gz"):
        old.unlink()
    written = []
    for name, content in sample_files(one).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)
        written.append(path)
    return written


def main(arguments: list[str]) -> int:
    """Write the default sample into the folder that is named, `data` if none is."""
    folder = Path(arguments[0] if arguments else "data")
    written = write_sample(folder, scenario())
    size = sum(path.stat().st_size for path in written)
    sys.stdout.write(f"{len(written)} files, {size:,} bytes, in {folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
