"""What a question to files would read, as a value that prints itself."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from rejectkit.sources.files.holdings import Found
from rejectkit.sources.progress import size_text
from rejectkit.window import Window

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What a question to files would read.

    Attributes
    ----------
    window : Window or None
        Of the question.
    files : tuple of str
        Paths of the files that are read, in order.
    bytes : int
        Their bytes; of Parquet, columns that the question does not need are not read.
    direct, kept : int
        How many of the files are Parquet that is read where it is, and how many were read before and kept.
    files_left_out, folders_left_out : int
        Files and folders that were found and hold no record of the window, by their names; what is in the folders is
        not counted.
    sql : str
        What is asked of DuckDB.
    """

    window: Window | None
    files: tuple[str, ...]
    bytes: int
    direct: int
    kept: int
    files_left_out: int
    folders_left_out: int
    sql: str

    def __str__(self) -> str:
        """Return the plan in words, with the first and last file and the SQL."""
        when = f"records that start in {self.window}" if self.window else "all records"
        names = [*self.files[:_SHOWN], *(["…"] if len(self.files) > _SHOWN + 1 else []), *self.files[_SHOWN:][-1:]]
        lines = [
            f"{when}: {len(self.files):,} files, {size_text(self.bytes)}",
            *(f"  {name}" for name in names),
            f"read where they are: {self.direct:,}; read before and kept: {self.kept:,}",
            f"left out by the window: {self.files_left_out:,} files, {self.folders_left_out:,} folders",
            "",
            self.sql,
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return it as HTML; names of files are escaped."""
        return f"<pre>{escape(str(self))}</pre>"


def planned(found: Found, sql: str, window: Window | None) -> FilePlan:
    """Return the plan of a question to files that were found."""
    direct = [file for files in found.direct.values() for file in files]
    files = sorted([*direct, *(file for pack in found.packs for file in pack.needed)], key=lambda file: file.path)
    return FilePlan(
        window,
        tuple(file.path for file in files),
        sum(file.size for file in files),
        len(direct),
        sum(len(pack.needed) for pack in found.packs if pack.entry is not None),
        found.left,
        found.folders,
        sql,
    )
