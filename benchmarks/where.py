"""Which source to use when: rows, bytes, seconds and dollars of one day's question, for docs/where.md.

What is measured and what is published stands at the top, with how it was had; the rest is arithmetic.
`python -m benchmarks.where` prints the table of the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from rejectkit.sources.cost import athena_dollars, dollars

# Measured on 2 cores and 24 GiB: 100 million records of 18 fields as AWS delivers them (`benchmarks.scale_files`).
TEXT = 159.0  # bytes of a record as a line, which is what CloudWatch and the delivery are billed by
GZIP = 27.3  # of it in a gzip'd text file
PARQUET = 22.1  # of it in a Parquet file
COLUMNS = 3.75  # of it in the three columns that `top("dstPort")` over a window reads
ROWS_FIRST = 13.4e6  # rows a second of `top("dstPort")` by FileSource, the first time (`benchmarks.scale_bench`)
ROWS_AGAIN = 33.7e6  # and once more
ROWS_TEXT = 3.5e6  # of gzip'd text, the first time (`benchmarks.files_bench`)
ROWS_SPARK = 3.0e6  # by SparkSource on local[2], warm (`benchmarks.spark_bench`)

# Published, US dollars; what is scanned has its price in `rejectkit.sources.cost`. Sources: price tables quoted on the
# web in 2026, not read from AWS's price pages.
REGION = "us-east-1"
TO_CLOUDWATCH = ((10, 0.50), (20, 0.25), (20, 0.10), (float("inf"), 0.05))  # TB a month, a GB delivered
TO_S3 = ((10, 0.25), (20, 0.15), (20, 0.075), (float("inf"), 0.05))
DAYS = 30


@dataclass(frozen=True, slots=True)
class Volume:
    """Flow logs of a day: bytes as lines."""

    name: str
    text: float

    @property
    def rows(self) -> float:
        """Records."""
        return self.text / TEXT


VOLUMES = (Volume("1 GB", 1e9), Volume("100 GB", 1e11), Volume("10 TB", 1e13))


def delivered(text: float, tiers: tuple[tuple[float, float], ...]) -> float:
    """Return what delivering so many bytes a day costs a day, by the tiers of a month."""
    left, cost = text * DAYS / 1e9, 0.0
    for terabytes, price in tiers:
        part = min(left, terabytes * 1e3)
        cost, left = cost + part * price, left - part
    return cost / DAYS


def table() -> str:
    """Return the page's table, in Markdown."""
    heads = ["one day's question", *(volume.name + " a day" for volume in VOLUMES)]
    rows = [
        ["records", *(_count(volume.rows) for volume in VOLUMES)],
        ["delivery to CloudWatch, a day", *(_money(delivered(one.text, TO_CLOUDWATCH)) for one in VOLUMES)],
        ["delivery to S3, a day", *(_money(delivered(one.text, TO_S3)) for one in VOLUMES)],
        ["`InsightsSource`: scanned", *(_size(one.text) for one in VOLUMES)],
        ["`InsightsSource`: paid", *(_money(dollars(one.text, REGION)) for one in VOLUMES)],
        ["`AthenaSource`, text: scanned", *(_size(one.rows * GZIP) for one in VOLUMES)],
        ["`AthenaSource`, text: paid", *(_money(athena_dollars(one.rows * GZIP, REGION)) for one in VOLUMES)],
        ["`AthenaSource`, Parquet: scanned", *(_size(one.rows * COLUMNS) for one in VOLUMES)],
        ["`AthenaSource`, Parquet: paid", *(_money(athena_dollars(one.rows * COLUMNS, REGION)) for one in VOLUMES)],
        ["`FileSource`, Parquet: on disk", *(_size(one.rows * PARQUET) for one in VOLUMES)],
        ["`FileSource`, Parquet: first question", *(_time(one.rows / ROWS_FIRST) for one in VOLUMES)],
        ["`FileSource`, Parquet: again", *(_time(one.rows / ROWS_AGAIN) for one in VOLUMES)],
        ["`FileSource`, gzip'd text: first question", *(_time(one.rows / ROWS_TEXT) for one in VOLUMES)],
        ["`SparkSource`, 2 cores", *(_time(one.rows / ROWS_SPARK) for one in VOLUMES)],
        ["`SparkSource`, 64 cores (inferred)", *(_time(one.rows / ROWS_SPARK / 32) for one in VOLUMES)],
    ]
    lines = [heads, ["---", *("---:" for _ in VOLUMES)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _count(number: float) -> str:
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:,.1f} {word}"
    return f"{number:,.0f}"


def _size(number: float) -> str:
    for size, unit in ((1e12, "TB"), (1e9, "GB")):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number / 1e6:,.0f} MB"


def _money(amount: float) -> str:
    if amount >= 10:
        return f"${amount:,.0f}"
    return f"${amount:,.2f}" if amount >= 0.1 else f"${amount:.5f}".rstrip("0")


def _time(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:,.1f} h"
    return f"{seconds / 60:,.0f} min" if seconds >= 120 else f"{seconds:,.1f} s"


if __name__ == "__main__":
    print(table())
