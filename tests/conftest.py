"""What every test stands on: the checkout, an empty cache, a browser, and recordings from elsewhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import botocore.session
import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

os.environ.setdefault("MPLBACKEND", "Agg")  # charts are drawn to memory, also where there is a display
os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")  # jupyter_core warns about the move to these folders without


def find_chromium() -> str | None:
    """Return the browser that $CHROMIUM names, else the first on the path, else None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; the test is skipped without one, or fails where REJECTKIT_BROWSER=required."""
    found = find_chromium()
    if found is None:
        reason = f"no Chromium: $CHROMIUM names none, and none of {', '.join(BROWSERS)} is on the path"
        if os.environ.get("REJECTKIT_BROWSER") == "required":
            pytest.fail(f"{reason}; REJECTKIT_BROWSER=required, so this is no reason to skip")
        pytest.skip(reason)
    return found


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests out of the user's cache folder; child processes inherit it."""
    os.environ["REJECTKIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(autouse=True, scope="session")
def _models_read_once() -> Iterator[None]:
    """Read the models of AWS's services once, not for each session: every sandbox has two, and reading takes 0.3 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lru_cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of flow logs and answers recorded elsewhere, which are not part of the project."""
    named = os.environ.get("REJECTKIT_SHARED")
    if not named:
        pytest.skip("REJECTKIT_SHARED is unset: the recordings from elsewhere are not at hand")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"REJECTKIT_SHARED is {named!r}, which is no folder")
    return folder


LINES = """\
2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 198.51.100.9 172.31.9.12 49761 3389 6 20 4249 1418530020 1418530070 REJECT OK
2 123456789010 eni-1235b8ca123456789 198.51.100.9 172.31.9.12 49762 22 6 1 40 1418530030 1418530070 REJECT OK
2 123456789010 eni-1235b8ca123456789 203.0.113.7 172.31.9.12 4000 22 6 1 40 1418530040 1418530070 REJECT OK
2 123456789010 eni-11111111111111111 - - - - - - - 1418530050 1418530110 - NODATA
2 123456789010 eni-11111111111111111 - - - - - - - 1418530050 1418530110 - SKIPDATA
"""


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    """A default-format log without header: 1 ACCEPT, 3 REJECT, 1 NODATA, 1 SKIPDATA."""
    path = tmp_path / "flows.log"
    path.write_text(LINES)
    return path
