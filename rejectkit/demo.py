"""The notebooks from a command line: where they are, running them, and what the sample says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rejectkit as rk
from rejectkit.errors import RejectkitError, SourceNotFoundError
from rejectkit.report import printable

CHECKOUT = Path(__file__).resolve().parents[1]
INSTALLED = Path(sys.prefix) / "share" / "rejectkit"
TEMPLATE = Path(__file__).with_suffix(".html.j2")
SHOWN = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain")  # no widgets
CELL_SECONDS = 600
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def home() -> Path:
    """Return the folder that holds `notebooks/` and `data/`: the checkout, else where the package put them.

    Raises
    ------
    SourceNotFoundError
        If neither place has them.
    """
    for folder in (CHECKOUT, INSTALLED):
        if (folder / "notebooks").is_dir() and (folder / "data").is_dir():
            return folder
    raise SourceNotFoundError(
        f"there are no notebooks in {CHECKOUT} or {INSTALLED}; install rejectkit again, or use a checkout"
    )


def working_copy(into: Path) -> Path:
    """Return a home whose notebooks may be edited: the checkout itself, else a copy in `into`, made once."""
    found = home()
    if found == CHECKOUT:
        return found
    for part in ("notebooks", "data"):
        if not (into / part).exists():
            shutil.copytree(found / part, into / part)
    return into


def notebooks() -> list[Path]:
    """Return every notebook, in the order to read them."""
    return sorted((home() / "notebooks").glob("*.ipynb"))


def execute(notebook: Path, out: Path) -> Path:
    """Run a notebook from top to bottom and write it as HTML; the notebook itself is left as it is.

    It runs in its own folder and on the Python that runs this. No user's Jupyter settings matter: what
    Jupyter writes into a home goes to a folder that is thrown away afterwards. The page is whole: it has no
    scripts and asks no server for anything, and a widget in it is what it showed last.

    Parameters
    ----------
    notebook : Path
        The notebook.
    out : Path
        Folder for the page; made where it is missing.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RejectkitError
        If a cell fails; the text holds the cell and its error.
    """
    page = out / f"{notebook.stem}.html"
    with tempfile.TemporaryDirectory(prefix="rejectkit-") as folder:
        command = [
            *(sys.executable, "-m", "nbconvert", "--to=html", "--execute", "--log-level=WARN"),
            f"--ExecutePreprocessor.timeout={CELL_SECONDS}",
            "--ExecutePreprocessor.kernel_name=python3",
            "--ExecutePreprocessor.store_widget_state=False",
            f"--HTMLExporter.template_file={TEMPLATE}",
            *(f"--NbConvertBase.display_data_priority={kind}" for kind in SHOWN),
            f"--output-dir={out.resolve()}",
        ]
        if sys.platform != "win32":  # sockets in the folder, where no other user of the machine can open them
            command += ["--KernelManager.transport=ipc", f"--KernelManager.ip={folder}/kernel"]
        command.append(str(notebook))
        done = subprocess.run(command, env=_environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        what = _ANSI.sub("", done.stderr).strip()
        raise RejectkitError(f"{notebook.name} failed\n{what.rpartition('CellExecutionError: ')[2]}")
    return page


def _environment(folder: str) -> dict[str, str]:
    """Return this environment without the user's Jupyter and without a choice of matplotlib's backend."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    inherited = {name: value for name, value in os.environ.items() if name not in ("JUPYTER_PATH", "MPLBACKEND")}
    return inherited | {name: f"{folder}/{name.lower()}" for name in names}


def run(out: Path) -> None:
    """Run every notebook, as many at once as there are processors, and end with the findings of the sample."""

    def shown(notebook: Path) -> Path:
        print(f"running {notebook.name} ...", flush=True)
        return execute(notebook, out)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        pages = list(pool.map(shown, notebooks()))
    print("\nWhat the sample says")
    for finding in rk.summarize(rk.FileSource(home() / "data" / "AWSLogs")):
        print(f"  {printable(str(finding))}")
    print("\nThe notebooks, run on the sample")
    for page in pages:
        print(f"  {page}")
