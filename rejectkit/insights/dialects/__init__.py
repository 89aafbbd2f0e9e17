"""What differs between SQL engines: one vocabulary, spoken by DuckDB, Athena (Trino) and Spark."""

from rejectkit.errors import ArgumentError
from rejectkit.insights.dialects.duckdb import CANONICAL_NUMBER, WHITE_SPACE, Dialect
from rejectkit.insights.dialects.spark import Spark
from rejectkit.insights.dialects.trino import Athena

__all__ = ["CANONICAL_NUMBER", "WHITE_SPACE", "Athena", "Dialect", "Spark", "dialect"]

_DIALECTS: dict[str, type[Dialect]] = {"duckdb": Dialect, "athena": Athena, "spark": Spark}


def dialect(name: str) -> Dialect:
    """Return the dialect of that name.

    Raises
    ------
    ArgumentError
        If there is none.
    """
    if name not in _DIALECTS:
        raise ArgumentError(f"there is no SQL dialect {name!r}; there are {', '.join(_DIALECTS)}")
    return _DIALECTS[name]()
