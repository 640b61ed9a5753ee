"""Dask at an address: used, lost, without workers, or with workers that cannot do the work."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dask.config
import pytest
from engine_cases import InThread, Stuck, blocks_of, collect, opened, same, soon, tissue, whole, write_zarr

from cellgraph.engines import Ledger, ThreadsEngine, daskclient
from cellgraph.engines.dask import DaskEngine
from cellgraph.errors import EngineError
from cellgraph.voxels.parameters import Rules

LABELS = tissue((32, 32, 48), 40)

# A worker on a machine where cellgraph is not installed.
WITHOUT_CELLGRAPH = "import sys; sys.modules['cellgraph'] = None; from distributed.cli.dask_worker import main; main()"


@contextmanager
def program(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python with some arguments, and end it, and what it started, afterwards."""
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class Scheduler:
    process: subprocess.Popen[bytes]
    file: Path

    @property
    def address(self) -> str:
        return daskclient._address_in(self.file)


@contextmanager
def scheduler(folder: Path) -> Iterator[Scheduler]:
    file = folder / "scheduler.json"
    quiet = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")
    where = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", file)
    with program("-m", "distributed.cli.dask_scheduler", *where, *quiet) as process:
        soon(lambda: file.exists() and file.read_text().endswith("}"), "the scheduler")
        yield Scheduler(process, file)


def worker(of: Scheduler, *python: str) -> ExitStack:
    """Start a worker with two threads."""
    where = ("--scheduler-file", of.file, "--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
    command = python or ("-m", "distributed.cli.dask_worker")
    stack = ExitStack()
    stack.enter_context(program(*command, *where, "--nthreads", "2", "--no-nanny"))
    return stack


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Return a scheduler with one worker of two threads."""
    with scheduler(tmp_path_factory.mktemp("cluster")) as running, worker(running):
        with closing(DaskEngine(cluster=running.address)) as engine:
            soon(lambda: engine.workers == 2, "the worker")
        yield running


@pytest.fixture
def volume(tmp_path):
    return write_zarr(tmp_path / "cells.zarr", LABELS)


def test_a_scheduler_at_an_address(cluster, volume):
    with opened(volume) as job, closing(DaskEngine(cluster=cluster.address)) as engine:
        assert (engine.local, engine.workers) == (False, 2)
        done, tally = collect(engine, job, blocks_of(job.volume))
    assert done == list(range(12))
    assert same(tally, whole(LABELS, Rules()))


def test_a_scheduler_by_its_file_and_no_more_than_some_workers(cluster, volume):
    with opened(volume) as job, closing(DaskEngine(1, cluster=str(cluster.file))) as engine:
        assert engine.workers == 1
        _, tally = collect(engine, job, blocks_of(job.volume))
    assert same(tally, whole(LABELS, Rules()))


def test_its_workers_close_the_volume_after_the_sweep(cluster, volume):
    with opened(volume) as job, closing(DaskEngine(cluster=cluster.address)) as engine:
        collect(engine, job, blocks_of(job.volume))

        def shelf():
            from cellgraph.engines.remote import _shelf

            return len(_shelf._shared)

        client = engine._connection()
        soon(lambda: not any(client.run(shelf).values()), "the volume to be closed")


def test_what_is_done_when_the_scheduler_dies_is_kept(tmp_path, volume):
    identity = {"source": "cells"}
    begun = Ledger(tmp_path / "work", identity, save_seconds=0)

    def sweep(job):
        for blocks, tally in engine.tallies(job, blocks_of(job.volume)):
            begun.add([block.index for block in blocks], tally)

    with (
        scheduler(tmp_path) as running,
        worker(running),
        Stuck(volume, "c/1/1/2") as stuck,
        opened(stuck.url) as job,
        closing(DaskEngine(1, cluster=running.address)) as engine,
    ):
        sweeping = InThread(lambda: sweep(job))
        stuck.reader()
        running.process.kill()
        with pytest.raises(EngineError, match=r"connection to the Dask scheduler at tcp://.* was lost .*--resume"):
            sweeping.get()
    resumed = Ledger.resume(tmp_path / "work", identity)
    assert 0 < len(resumed.done) < 12
    with opened(volume) as job:
        left = [block for block in blocks_of(job.volume) if block.index not in resumed.done]
        assert same(resumed.total().merge(collect(ThreadsEngine(1), job, left)[1]), whole(LABELS, Rules()))


def test_a_scheduler_without_workers(tmp_path, volume):
    with (
        scheduler(tmp_path) as running,
        opened(volume) as job,
        closing(DaskEngine(cluster=running.address, patience=1)) as engine,
        pytest.raises(EngineError, match=r"scheduler at tcp://.* has had no workers for 1 s; start some"),
    ):
        collect(engine, job, blocks_of(job.volume))


def test_workers_without_cellgraph(tmp_path, volume):
    with (
        scheduler(tmp_path) as running,
        worker(running, "-c", WITHOUT_CELLGRAPH),
        opened(volume) as job,
        closing(DaskEngine(cluster=running.address)) as engine,
        pytest.raises(EngineError, match=r"cannot import cellgraph.*: install cellgraph"),
    ):
        collect(engine, job, blocks_of(job.volume))


def test_workers_that_are_killed_again_and_again(volume):
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        Stuck(volume, "c/1/1/2") as stuck,
        opened(stuck.url) as job,
        closing(DaskEngine(1)) as engine,
    ):
        sweep = InThread(lambda: collect(engine, job, blocks_of(job.volume)))
        os.kill(stuck.reader(), signal.SIGKILL)
        with pytest.raises(EngineError, match=r"workers of the local Dask cluster were killed .*--memory"):
            sweep.get()


@pytest.mark.parametrize("address", ["nothing-listens", "says-nothing", "no-such-host"])
def test_a_scheduler_that_cannot_be_reached(volume, monkeypatch, address):
    monkeypatch.setattr(daskclient, "CONNECT_SECONDS", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as server, opened(volume) as job:
        port = server.getsockname()[1]
        if address == "nothing-listens":
            server.close()
        where = f"tcp://no.such.host.invalid:{port}" if address == "no-such-host" else f"tcp://127.0.0.1:{port}"
        with closing(DaskEngine(cluster=where)) as engine, pytest.raises(EngineError) as caught:
            collect(engine, job, blocks_of(job.volume))
    assert f"the Dask scheduler at {where} does not answer" in str(caught.value)
    assert "check the address" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"address": 5}'])
def test_a_scheduler_file_that_is_none(tmp_path, volume, text):
    file = tmp_path / "scheduler.json"
    if text is not None:
        file.write_text(text)
    with closing(DaskEngine(cluster=str(file))) as engine, pytest.raises((EngineError, ValueError), match="expected"):
        _ = engine.workers


def test_a_script_without_a_guard_is_told_what_is_missing(tmp_path: Path) -> None:
    write_zarr(tmp_path / "a.zarr", LABELS)
    script = tmp_path / "script.py"
    script.write_text("import cellgraph\ncellgraph.load('a.zarr', 'a.db', engine='dask', workers=1)\n")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "must do its work under: if __name__ == '__main__':" in done.stderr.splitlines()[-1]
