"""Answers of queries over settled windows, kept on disk so that they are not paid for twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rejectkit.aws import Service
from rejectkit.errors import ArgumentError
from rejectkit.sources.files.cache import default_folder

FORM_VERSION = 1
"""Raised whenever the same answer would be stored differently."""
DEFAULT_LIMIT_BYTES = 1 << 30
_ROWS = b"rejectkit.rows"


def identity_of(session: Any, service: Service) -> str | None:
    """Return what tells the account behind an endpoint from every other one; None where nothing does.

    An endpoint on a port of this machine may be another account's tomorrow, unless its session says who it is.
    """
    told = getattr(session, "identity", None)
    if told is not None:
        return str(told)
    return str(service.client.meta.endpoint_url) if service.of_aws else None


class Answers:
    """A folder of answers.

    Parameters
    ----------
    folder : path, optional
        Where; `answers` in the cache folder if it is left out.
    limit_bytes : int
        Most bytes to keep; what was used longest ago goes first.

    Notes
    -----
    An answer is written under another name and then renamed, so nobody reads half of one. A folder that cannot
    be written to, and a file that cannot be read, are no errors: the service is asked then.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        """Name the folder; nothing is made before something is kept."""
        if not isinstance(limit_bytes, int) or limit_bytes < 0:
            raise ArgumentError(f"limit_bytes is {limit_bytes!r}; give a number of bytes, for example {1 << 30}")
        self.folder = Path(folder) if folder is not None else default_folder() / "answers"
        self.limit_bytes = limit_bytes

    def __repr__(self) -> str:
        """Name the folder and its bound."""
        return f"Answers({str(self.folder)!r}, limit_bytes={self.limit_bytes})"

    @staticmethod
    def key(**asked: Any) -> str:
        """Return the name of an answer: of everything that was asked, and of whom."""
        text = json.dumps([FORM_VERSION, asked], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:40]

    def find(self, key: str) -> pa.Table | None:
        """Return an answer, or None if it is not kept."""
        path = self._path(key)
        try:
            table = pq.read_table(path)
            if (table.schema.metadata or {}).get(_ROWS) != str(table.num_rows).encode():
                raise ValueError("damaged")
            os.utime(path)
        except (OSError, ValueError, pa.ArrowException):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        return table.replace_schema_metadata(None)

    def keep(self, key: str, table: pa.Table) -> None:
        """Keep an answer."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            os.close(handle)
            try:
                marked = table.replace_schema_metadata({_ROWS: str(table.num_rows)})
                pq.write_table(marked, name, compression="zstd")
                os.replace(name, self._path(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._trim()

    def clear(self) -> int:
        """Remove every answer, and return how many bytes that freed."""
        freed = 0
        for path, _, size in self._files():
            with contextlib.suppress(OSError):
                path.unlink()
                freed += size
        return freed

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"

    def _files(self) -> list[tuple[Path, float, int]]:
        found = []
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                with contextlib.suppress(OSError):
                    status = path.stat()
                    found.append((path, status.st_mtime, status.st_size))
        return found

    def _trim(self) -> None:
        """Let go of what was used longest ago until the rest fits."""
        files = sorted(self._files(), key=lambda file: file[1])
        total = sum(size for _, _, size in files)
        for path, _, size in files:
            if total <= self.limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
