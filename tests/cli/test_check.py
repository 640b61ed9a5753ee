"""`cellgraph check`, and damaged files that are refused before they are read."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import ladybug
import pytest
from command import cellgraph, refused
from store_graphs import grid

from cellgraph.errors import StoreError
from cellgraph.stores import open_store
from cellgraph.stores.embedded import checksum

BITS = random.Random(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "cells.db"
    with open_store(path, create=True) as store:
        store.write(grid(6))
        store.write(grid(3, "second"))
        store.delete("second")
    return path


def test_a_file_that_is_as_it_was_written(path: Path, tmp_path: Path) -> None:
    assert "is intact" in cellgraph("check", "--db", path).stdout
    moved = shutil.copy(path, tmp_path / "elsewhere.db")
    assert "is intact" in cellgraph("check", "--db", moved).stdout


def test_a_flipped_bit_is_found_before_it_is_read(path: Path) -> None:
    whole = path.read_bytes()
    pages = len(whole) // 4096
    for page in [0, 1, pages - 2, *BITS.sample(range(2, pages - 2), 30)]:
        damaged = bytearray(whole)
        damaged[page * 4096 + BITS.randrange(4096)] ^= 1 << BITS.randrange(8)
        path.write_bytes(damaged)
        assert "is damaged" in refused("check", "--db", path)
        assert "is damaged" in refused("query", "samples", "--db", path)
        with pytest.raises(StoreError, match="is damaged"):
            open_store(path, create=True)
    path.write_bytes(whole)
    with open_store(path) as store:
        assert store.sample_names() == ["grid"]


def test_a_damaged_large_file_is_not_carried_into_the_next_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "ALWAYS", 0)
    damaged = bytearray(path.read_bytes())
    damaged[-4097] ^= 1
    path.write_bytes(damaged)
    with open_store(path) as store, pytest.raises(StoreError, match="is damaged"):
        store.write(grid(2, "third"))
    assert path.read_bytes() == damaged


def test_a_file_that_another_program_has_changed(path: Path) -> None:
    with ladybug.Database(str(path)) as database, ladybug.Connection(database) as connection:
        connection.execute("MATCH (c:Cell {label: 1}) SET c.volume = 7.0")
        connection.execute("CHECKPOINT")
    assert "cannot be checked" in cellgraph("check", "--db", path).stdout
    with open_store(path) as store:
        assert store.run("MATCH (c:Cell {label: 1}) RETURN c.volume AS v")["v"].to_pylist() == [7.0]
        store.write(grid(2, "third"))
    assert "is intact" in cellgraph("check", "--db", path).stdout


def test_what_cannot_be_checked(tmp_path: Path) -> None:
    assert "no database file" in refused("check", "--db", tmp_path / "none.db")
    assert "Neo4j" in refused("check", "--db", "bolt://localhost", status=2)
    (tmp_path / "text.db").write_text("no database")
    assert "cannot be checked" in cellgraph("check", "--db", tmp_path / "text.db").stdout
