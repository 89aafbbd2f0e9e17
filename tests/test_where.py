"""The page on which source to use holds the table that its figures give."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.where import TO_CLOUDWATCH, delivered, table
from rejectkit.sources.cost import LEAST_BILLED, athena_dollars


def test_the_page_holds_the_table(root: Path) -> None:
    """docs/where.md has each row of the table as the figures of the day give it."""
    page = (root / "docs" / "where.md").read_text(encoding="utf-8").splitlines()
    assert [row for row in table().splitlines() if row not in page] == []


def test_athena_asks_for_ten_megabytes_at_least() -> None:
    """Source: Amazon Athena pricing, 10 MB minimum for a query."""
    assert athena_dollars(1, "us-east-1") == athena_dollars(LEAST_BILLED, "us-east-1") == pytest.approx(0.00005)
    assert athena_dollars(1e12, "us-east-1") == pytest.approx(5.0)


def test_delivery_is_dear_for_the_first_terabytes_of_a_month() -> None:
    """30 TB a month: 10 at the first price, 20 at the second, spread over its days."""
    assert delivered(1e12, TO_CLOUDWATCH) == pytest.approx((10e3 * 0.50 + 20e3 * 0.25) / 30)
