"""`cellgraph load --engine`: the same graph from each, quiet, and ended by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command import PROGRAM, cellgraph, refused
from engine_cases import Stuck, soon, tissue, write_zarr

from cellgraph.errors import ParameterError
from cellgraph.loading.load import load
from cellgraph.stores import open_store

LABELS = tissue((32, 32, 48), 40)
SMALL = ("--memory", "100KB")  # so that there are many blocks

CELLS = "MATCH (c:Cell) RETURN c.label AS label, c.voxels AS voxels, c.border_faces AS border ORDER BY label"
CONTACTS = (
    "MATCH (a:Cell)-[t:TOUCHES]->(b:Cell) "
    "RETURN a.label AS one, b.label AS other, t.junctions_z AS z, t.junctions_y AS y, t.junctions_x AS x "
    "ORDER BY one, other"
)


def graph(db: Path) -> tuple[list[dict[str, int]], list[dict[str, int]]]:
    with open_store(db, read_only=True) as store:
        return store.run(CELLS).to_pylist(), store.run(CONTACTS).to_pylist()


@pytest.fixture
def volume(tmp_path):
    return write_zarr(tmp_path / "cells.zarr", LABELS)


def run(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run the real program, to see all that is written, by whichever process."""
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_other_engines_load_the_same_graph_and_say_no_more(volume, tmp_path, engine):
    usual = run("load", volume, "--db", tmp_path / "threads.db", *SMALL)
    other = run("load", volume, "--db", tmp_path / f"{engine}.db", *SMALL, "--engine", engine, "--workers", 2)
    assert (usual.returncode, other.returncode) == (0, 0), other.stderr
    assert other.stdout == ""
    named = other.stderr.replace(f"{engine}.db", "threads.db")
    assert [line for line in named.splitlines() if "voxels:" not in line] == [
        line for line in usual.stderr.splitlines() if "voxels:" not in line
    ]
    assert graph(tmp_path / f"{engine}.db") == graph(tmp_path / "threads.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.zarr", f"{engine}.db", "threads.db"]


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_ctrl_c(volume, tmp_path, engine):
    """As a terminal does it: every process of the command gets the signal."""
    with Stuck(volume, "c/1/1/2") as stuck:
        command = [PROGRAM, "load", stuck.url, "--db", tmp_path / "a.db", *SMALL, "--engine", engine, "--workers", "2"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        worker = stuck.reader()
        assert worker != process.pid
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130, said.decode()
        soon(lambda: not Path(f"/proc/{worker}").exists(), "the worker to end")
    lines = [line for line in said.decode().splitlines() if not line.startswith("voxels:")]
    assert lines == [
        "cellgraph: interrupted; nothing incomplete is visible; finished blocks are kept: run the same command with "
        "--resume to continue"
    ]
    assert not (tmp_path / "a.db").exists()


def test_a_scheduler_that_does_not_answer_is_a_sentence(volume, tmp_path):
    said = refused("load", volume, "--db", tmp_path / "a.db", "--engine", "dask", "--cluster", "tcp://127.0.0.1:1")
    assert "the Dask scheduler at tcp://127.0.0.1:1 does not answer" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells.zarr"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cluster", "tcp://host:8786"], "--cluster is for --engine dask, but the engine is threads"),
        (["--jobqueue", "slurm"], "--jobqueue is for --engine dask, but the engine is threads"),
        (["--engine", "spark", "--jobqueue-option", "queue=long"], "--jobqueue-option is for --engine dask"),
        (["--engine", "dask", "--master", "yarn"], "--master is for --engine spark, but the engine is dask"),
        (["--engine", "sparc"], "one of threads, dask, spark, got 'sparc'. Did you mean 'spark'?"),
        (["--engine", "dask", "--jobqueue", "slurm"], "needs --workers N"),
        (["--engine", "dask", "--cluster", "scheduler"], "--cluster to be an address such as tcp://host:8786"),
        (["--engine", "dask", "--jobqueue", "slurm", "--jobqueue-option", "long"], "--jobqueue-option NAME=VALUE"),
    ],
)
def test_options_that_do_not_go_together(volume, tmp_path, options, said):
    assert said in refused("load", volume, "--db", tmp_path / "a.db", *options, status=2)


@pytest.mark.parametrize(("engine", "library"), [("dask", "distributed"), ("spark", "pyspark")])
def test_without_its_library_the_extra_is_named(volume, tmp_path, monkeypatch, engine, library):
    monkeypatch.setitem(sys.modules, library, None)
    said = refused("load", volume, "--db", tmp_path / "a.db", "--engine", engine)
    assert f"pip install '.[{engine}]'" in said


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_an_array_is_swept_by_threads_only(tmp_path, engine):
    with pytest.raises(ParameterError, match=f"'{engine}' sweeps volumes that its workers can open"):
        load(LABELS, tmp_path / "a.db", sample="array", engine=engine, workers=1)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_told_before_a_cluster_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr("cellgraph.engines.dask.DaskEngine._connect", lambda self: pytest.fail("it was started"))
    assert "no such file" in refused("load", tmp_path / "gone.zarr", "--engine", "dask")


def test_several_volumes_share_one_cluster(tmp_path):
    for name in ("one", "two", "three"):
        write_zarr(tmp_path / f"{name}.zarr", LABELS)
    volumes = [tmp_path / f"{name}.zarr" for name in ("one", "two", "three")]
    (tmp_path / "two.zarr" / "c" / "0" / "0" / "0").write_bytes(b"rubbish")
    options = ("--engine", "dask", "--workers", 2, "--parallel", 2)
    done = cellgraph("load", *volumes, "--db", tmp_path / "a.db", *SMALL, *options, ok=False)
    assert done.returncode == 1
    assert "two.zarr/c/0/0/0 does not decode" in done.stderr
    with open_store(tmp_path / "a.db", read_only=True) as store:
        assert sorted(store.sample_names()) == ["one", "three"]
