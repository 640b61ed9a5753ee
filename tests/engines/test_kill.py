"""A load that is killed again and again, at random moments, ends in the graph of one that was left alone."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import PROGRAM
from engine_cases import soon

from cellgraph.engines.manifest import MANIFEST
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS
from cellgraph.phantoms.phantom import phantom
from cellgraph.stores import open_store

SHAPE = (400, 400, 400)
CHUNKS = (32, 64, 64)
OPTIONS = ("--memory", "8MB", "--workers", "2", "--save-every", "0", "--quiet")

CELLS = "MATCH (c:Cell) RETURN {} ORDER BY label"
CONTACTS = "MATCH (one:Cell)-[t:TOUCHES]->(other:Cell) RETURN {} ORDER BY cell_a, cell_b"


def whole_numbers(db: Path) -> tuple[Any, Any]:
    """Return the tables of cells and contacts: all columns of integers, and the flags."""
    cells = ", ".join(f"c.{c.name} AS {c.name}" for c in CELL_COLUMNS if c.type in ("int", "bool"))
    names = [c.name for c in CONTACT_COLUMNS if c.type == "int" and not c.name.startswith("cell_")]
    contacts = ", ".join(["one.label AS cell_a", "other.label AS cell_b", *(f"t.{name} AS {name}" for name in names)])
    with open_store(db, read_only=True) as store:
        return store.run(CELLS.format(cells)), store.run(CONTACTS.format(contacts))


def visible(db: Path) -> list[str]:
    """Return the samples that somebody who opens the database sees; none where there is no database."""
    if not db.exists():
        return []
    with open_store(db, read_only=True) as store:
        return list(store.sample_names())


class Load:
    """One attempt to load the volume."""

    def __init__(self, volume: Path, db: Path, *options: str) -> None:
        self.work = Path(f"{db}-work") / volume.stem
        command = [PROGRAM, "load", str(volume), "--db", str(db), *OPTIONS, *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def blocks_done(self) -> int:
        """Count the blocks that are safe on disk."""
        try:
            files = json.loads((self.work / MANIFEST).read_text())["files"].values()
        except FileNotFoundError:
            return 0
        return sum(last - first + 1 for entry in files for first, last in entry["blocks"])

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a moment to kill; the load must not end before."""

        def come() -> bool:
            assert self.process.poll() is None, self.process.communicate()[1]
            return condition()

        soon(come, "the moment to kill the load")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()
        assert self.process.returncode == -9  # it was not done yet

    def finish(self) -> str:
        _, said = self.process.communicate(timeout=300)
        assert self.process.returncode == 0, said
        return said


@pytest.fixture(scope="module")
def tissue(tmp_path_factory) -> Path:
    """Return a volume of 64 million voxels and 20,000 cells."""
    return phantom(tmp_path_factory.mktemp("tissue") / "tissue.zarr", 20_000, SHAPE, chunks=CHUNKS, seed=7).path


@pytest.fixture(scope="module")
def undisturbed(tissue, tmp_path_factory) -> tuple[Any, Any]:
    """Return the graph of a load that nobody killed."""
    db = tmp_path_factory.mktemp("undisturbed") / "a.db"
    Load(tissue, db).finish()
    return whole_numbers(db)


def test_ten_kills_at_random_moments(tissue, undisturbed, tmp_path):
    """Two before anything is done, five between any blocks, three while the graph is written to the database."""
    moments = random.Random(20)
    db = tmp_path / "a.db"
    blocks = 13 * 7 * 7  # at most: one chunk each
    done = 0
    for number in range(10):
        load = Load(tissue, db, *(["--resume"] if number else []))
        if number < 2:
            time.sleep(moments.uniform(0, 1))
        elif number < 7:
            more = done + moments.randint(1, 25)
            load.until(lambda load=load, more=more: load.blocks_done() >= more)
            time.sleep(moments.uniform(0, 0.05))
        else:
            load.until(lambda load=load: load.blocks_done() == total(load))
            time.sleep(moments.uniform(0, 0.5))
        load.kill()
        assert visible(db) == []
        assert load.blocks_done() >= done  # nothing that was safe is lost
        done = load.blocks_done()
    assert 0 < done <= blocks
    Load(tissue, db, "--resume").finish()
    assert visible(db) == ["tissue"]
    cells, contacts = whole_numbers(db)
    assert cells.equals(undisturbed[0])
    assert contacts.equals(undisturbed[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db"]


def total(load: Load) -> int:
    """Return how many blocks the volume has in this load."""
    try:
        grid = json.loads((load.work / MANIFEST).read_text())["grid"]
    except FileNotFoundError:
        return -1
    return int(-(-SHAPE[0] // grid[0]) * -(-SHAPE[1] // grid[1]) * -(-SHAPE[2] // grid[2]))


def test_one_engine_goes_on_where_another_was_killed(tissue, undisturbed, tmp_path):
    """The cluster of a killed load ends by itself; see `leaks`."""
    db = tmp_path / "a.db"
    load = Load(tissue, db, "--engine", "dask")
    load.until(lambda: load.blocks_done() > 0)
    load.kill()
    assert visible(db) == []
    assert load.blocks_done() < total(load)
    Load(tissue, db, "--resume").finish()
    cells, contacts = whole_numbers(db)
    assert cells.equals(undisturbed[0])
    assert contacts.equals(undisturbed[1])
