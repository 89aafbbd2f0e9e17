"""A Spark cluster on loopback: a master and two workers, processes of their own that end with whoever started them.

`python -m tests.spark.cluster` starts it, prints where it is as a line of JSON, and ends it when its standard input
is closed, which the operating system sees to even where the process that started it was killed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
WORKERS = 2
CORES = 1
MEMORY = "900m"
_STARTED = re.compile(r"(spark://127\.0\.0\.1:\d+)")
_REGISTERED = re.compile(r"Successfully registered with master|registered with master")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cluster:
    """A running cluster: the master's address, and each worker's process group."""

    master: str
    workers: tuple[int, ...]

    def kill(self, number: int) -> None:
        """Kill a worker and its executors as a machine that loses its power does."""
        os.killpg(self.workers[number], signal.SIGKILL)


def _home() -> Path:
    """Return the folder that pyspark brings its jars in."""
    found = importlib.util.find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _java() -> list[str]:
    """Return the command that runs a class of Spark."""
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else "java"
    return [str(java), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(_home() / "jars" / "*")]


class _Process:
    """A process of the cluster in a group of its own; its words are read as they come."""

    def __init__(self, name: str, arguments: list[str], folder: Path, environ: dict[str, str]) -> None:
        self.name, self.lines = name, []
        self.process = subprocess.Popen(
            [*_java(), *arguments],
            cwd=folder, env=environ, start_new_session=True, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            with self._news:
                self.lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def said(self, pattern: re.Pattern[str], seconds: float = 60) -> re.Match[str]:
        """Wait until it has said something."""
        find = lambda: next((m for line in self.lines if (m := pattern.search(line))), None)  # noqa: E731
        with self._news:
            found = self._news.wait_for(lambda: find() or self.process.poll() is not None, seconds)
            match = find()
        if match is None:
            how = "ended" if found else f"said nothing like {pattern.pattern!r} in {seconds} s"
            raise RuntimeError(f"{self.name} {how}: {''.join(self.lines[-20:])}")
        return match

    def end(self) -> None:
        """End it and everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _serve() -> None:
    """Start the cluster, say where it is, and end it when nobody listens any more."""
    folder = Path(tempfile.mkdtemp(prefix="rejectkit-spark-"))
    scala = next((_home() / "jars").glob("spark-core_*.jar")).name.split("_")[1].split("-")[0]
    environ = {
        **os.environ,
        "SPARK_HOME": str(_home()),
        "SPARK_SCALA_VERSION": scala,  # what its own shell scripts would tell the workers
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder),
    }
    started: list[_Process] = []
    try:
        spark = "org.apache.spark.deploy"
        master = _Process(
            "the master",
            [f"{spark}.master.Master", "--host", HOST, "--port", "0", "--webui-port", "0"],
            folder,
            environ,
        )
        started.append(master)
        address = master.said(_STARTED)[1]
        for number in range(WORKERS):
            options = [
                "--host",
                HOST,
                "--webui-port",
                "0",
                "-c",
                str(CORES),
                "-m",
                MEMORY,
                "-d",
                str(folder / f"w{number}"),
            ]
            started.append(_Process(f"worker {number}", [f"{spark}.worker.Worker", *options, address], folder, environ))
        for worker in started[1:]:
            worker.said(_REGISTERED)
        print(json.dumps({"master": address, "workers": [one.process.pid for one in started[1:]]}), flush=True)  # noqa: T201
        sys.stdin.read()
    finally:
        for one in reversed(started):
            one.end()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running() -> Iterator[Cluster]:
    """Give a cluster that is up, and end it whatever happens."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.spark.cluster"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as keeper:  # fmt: skip
        try:
            assert keeper.stdout is not None
            line = keeper.stdout.readline()
            if not line:
                raise RuntimeError("the Spark cluster did not start; what it said is above")
            told = json.loads(line)
            yield Cluster(told["master"], tuple(told["workers"]))
        finally:
            assert keeper.stdin is not None
            keeper.stdin.close()
            keeper.wait(30)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _serve()
