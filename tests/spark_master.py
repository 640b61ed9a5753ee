"""A master of Spark and a worker, on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
from engine_cases import soon

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(log: Path, *arguments: object) -> Iterator[Path]:
    """Run a class of Spark, and end it, and what it started, afterwards; gives its log."""
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [SPARK_CLASS, *map(str, arguments)], stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield log
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """Run a master and a worker of two cores; gives the master's address."""
    port = free_port()
    master = f"spark://127.0.0.1:{port}"
    package = "org.apache.spark.deploy"
    here = ("--host", "127.0.0.1", "--webui-port", "0")
    node = (f"{package}.worker.Worker", *here, "--cores", "2", "--memory", "1g", "--work-dir", folder, master)
    with (
        running(folder / "master.log", f"{package}.master.Master", *here, "--port", port) as log,
        running(folder / "worker.log", *node) as other,
    ):
        soon(lambda: "elected leader" in log.read_text(), "the master")
        soon(lambda: "Successfully registered" in other.read_text(), "the worker")
        yield master
