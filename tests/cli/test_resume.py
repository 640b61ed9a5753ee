"""Loads that did not come to their end, and what becomes of their work folders."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import zarr
from command import cellgraph, refused

from cellgraph.engines.manifest import MANIFEST
from cellgraph.errors import VolumeReadError
from cellgraph.loading.load import load

SMALL = ("--memory", "100KB", "--workers", "1", "--save-every", "0")


class Scan:
    """A volume of 216 chunks, of which one near the end is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        labels = np.arange(216, dtype=np.uint32).reshape(6, 6, 6).repeat(8, 0).repeat(8, 1).repeat(8, 2)
        array = zarr.create_array(path, shape=labels.shape, chunks=(8, 8, 8), dtype=labels.dtype)
        array[...] = labels
        self.damaged = path / "c" / "5" / "5" / "3"
        self.good = self.damaged.read_bytes()
        self.damaged.write_bytes(self.good[:20])

    def begin(self, db: Path, *options: object) -> None:
        """Load up to the damaged chunk."""
        assert "does not decode" in refused("load", self.path, "--db", db, *SMALL, *options)

    def mend(self) -> None:
        """Put the chunk back."""
        self.damaged.write_bytes(self.good)


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    return Scan(tmp_path / "scan.zarr")


def entries(folder: Path) -> list[str]:
    """Return all that is below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("name", [MANIFEST, "notes.txt"])
def test_a_folder_of_something_else_is_refused_and_stays(scan: Scan, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "mine" / "here"
    mine.mkdir(parents=True)
    (mine / name).write_text('{"mine": "precious"}')
    for command in (("load", scan.path), ("watch", tmp_path, "--idle", 1)):
        assert f"{name!r} is not a file of cellgraph" in refused(*command, "--db", tmp_path / "a.db", "--work", mine)
    assert (mine / name).read_text() == '{"mine": "precious"}'


@pytest.mark.parametrize("there", ["", "mine", "mine/here"])
def test_what_was_there_before_the_work_folder_stays(scan: Scan, tmp_path: Path, there: str) -> None:
    scan.mend()
    (tmp_path / "top" / there).mkdir(parents=True)
    cellgraph("load", scan.path, "--db", tmp_path / "a.db", "--work", tmp_path / "top" / "mine" / "here")
    assert entries(tmp_path / "top") == [there[:end] for end in (4, 9) if end <= len(there)]


@pytest.mark.parametrize("named", [True, False])
def test_unfinished_work_of_another_volume_is_never_touched(scan: Scan, tmp_path: Path, named: bool) -> None:
    folder = tmp_path / "mine" if named else tmp_path / "a.db-work" / "scan"
    work = ("--work", folder) if named else ()
    scan.begin(tmp_path / "a.db", *work)
    kept = entries(folder)
    assert MANIFEST in kept
    np.save(tmp_path / "scan.npy", np.array([[1, 2]]))
    for resume in ((), ("--resume",)):
        said = refused("load", tmp_path / "scan.npy", "--db", tmp_path / "a.db", *work, *resume)
        assert f"unfinished work of another volume: expected {tmp_path / 'scan.npy'}, got {scan.path}" in said
    assert entries(folder) == kept
    # Other options of the same volume are discarded, which is said.
    scan.mend()
    anew = cellgraph("load", scan.path, "--db", tmp_path / "a.db", "--connectivity", 26, *work)
    assert "belonged to another load and was discarded (" in anew.stderr
    assert not (tmp_path / "a.db-work").exists()


@pytest.mark.parametrize(("memory", "noted"), [("100KB", False), ("20KB", True)])
def test_a_load_goes_on_when_a_damaged_chunk_was_mended(scan: Scan, tmp_path: Path, memory: str, noted: bool) -> None:
    scan.begin(tmp_path / "a.db")
    scan.mend()
    again = ("load", scan.path, "--db", tmp_path / "a.db", "--resume", "--workers", 1)
    resumed = cellgraph(*again, "--memory", memory)
    assert ("its original blocks are kept" in resumed.stderr) is noted
    assert "resumed an earlier load" in resumed.stderr
    assert "scan: 215 cells and 537 contacts" in resumed.stderr


def test_a_chunk_that_was_read_and_has_changed_is_noticed(scan: Scan, tmp_path: Path) -> None:
    scan.begin(tmp_path / "a.db")
    scan.mend()
    os.utime(scan.path / "c" / "0" / "0" / "1")
    said = refused("load", scan.path, "--db", tmp_path / "a.db", "--resume")
    assert "the volume itself has changed since then, where it had been read already" in said
    assert (
        "belonged to another load and was discarded" in cellgraph("load", scan.path, "--db", tmp_path / "a.db").stderr
    )


@pytest.mark.parametrize("chunk", ["c/0/0/1", "c/5/5/5"])
def test_a_chunk_that_changes_while_the_volume_is_read_is_noticed(scan: Scan, tmp_path: Path, chunk: str) -> None:
    scan.mend()

    def touch(what: str, done: int, total: int) -> None:
        os.utime(scan.path / chunk)

    with pytest.raises(VolumeReadError, match="changed while it was being read"):
        load(scan.path, tmp_path / "a.db", memory=100_000, workers=1, report=touch)
    assert entries(tmp_path / "a.db-work") == []


def test_a_load_that_came_to_its_end_is_not_repeated(scan: Scan, tmp_path: Path) -> None:
    scan.mend()
    np.save(tmp_path / "two.npy", np.array([[1, 2]]))
    options = ("--db", "a.db", "--resume")
    first = cellgraph("load", "scan.zarr", *options, cwd=tmp_path).stderr
    both = cellgraph("load", scan.path, "two.npy", *options, "--parallel", 2, cwd=tmp_path).stderr
    assert "note: it was already loaded (" in both
    facts = [line for line in first.splitlines() if line.startswith(("scan: ", "a cell touches"))]
    assert len(facts) == 2
    assert set(facts) <= set(both.splitlines())
    assert "two: 2 cells" in both
    for other in (("two.npy", "--sample", "scan"), ("scan.zarr", "--connectivity", 26)):
        assert "is in a.db already" in refused("load", *other, *options, cwd=tmp_path)
