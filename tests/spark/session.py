"""One Spark session for all tests that are marked `spark`: a driver in this process, on the cluster of `cluster.py`."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from tests.spark.cluster import CORES, HOST, Cluster, running

ABSENT = importlib.util.find_spec("pyspark") is None
REQUIRED = os.environ.get("REJECTKIT_SPARK") == "required"
CODEGEN = {"codegen__wholeStage": True, "codegen__factoryMode": "FALLBACK"}
"""Settings, as of `set_for`, under which Spark compiles what it runs, as it does where nothing is set."""
_kept: dict[str, Any] = {}


def needed() -> None:
    """Skip a test where there is no pyspark or no Java; fail it where REJECTKIT_SPARK=required."""
    java = os.environ.get("JAVA_HOME") or shutil.which("java")
    why = "pyspark is not installed" if ABSENT else "there is no Java" if not java else ""
    if why and REQUIRED:
        pytest.fail(f"{why}; REJECTKIT_SPARK=required, so this is no reason to skip")
    if why:
        pytest.skip(f"{why}: `make spark` makes an environment that has it")


@pytest.fixture(scope="session", name="cluster")
def cluster_of_tests(request: pytest.FixtureRequest) -> Cluster:
    """A master and two workers; ended when the tests are, however they end."""
    needed()
    if "cluster" not in _kept:
        stack = contextlib.ExitStack()
        request.config.add_cleanup(stack.close)
        _kept["cluster"] = stack.enter_context(running())
        _kept["stack"] = stack
    return _kept["cluster"]


@pytest.fixture(scope="session", name="spark")
def session_of_tests(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A session whose zone, and whose parser, are not the usual ones: the answers must not depend on them."""
    if "session" not in _kept:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # pyspark 4.3 is not yet sure of pandas 3
            _kept["session"] = _session(cluster.master, str(tmp_path_factory.mktemp("warehouse")))
        _kept["stack"].callback(_kept["session"].stop)
    return _kept["session"]


def _session(master: str, warehouse: str) -> Any:
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.driver.memory": "700m",
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "spark.executor.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "spark.executor.cores": str(CORES),
        "spark.executor.memory": "512m",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.sql.warehouse.dir": warehouse,
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.codegen.wholeStage": "false",  # for a few rows, compiling takes longer than interpreting; see CODEGEN
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "2000",  # a few hundred folders are no job
        "spark.sql.session.timeZone": "America/New_York",
    }
    builder = SparkSession.builder.master(master).appName("rejectkit's tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


@contextlib.contextmanager
def set_for(session: Any, **settings: object) -> Iterator[None]:
    """Change settings of a session for a while; `a__b` is `spark.sql.a.b`."""
    names = {f"spark.sql.{name.replace('__', '.')}": str(value) for name, value in settings.items()}
    before = {name: session.conf.get(name) for name in names}
    for name, value in names.items():
        session.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            session.conf.set(name, value)
