"""Loads that did not come to their end, and what becomes of their work folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr
from command import cellgraph, refused

from cellgraph.engines.manifest import MANIFEST

SMALL = ("--memory", "100KB", "--workers", "1", "--save-every", "0")


class Scan:
    """A volume of 64 chunks, the last of which is damaged, and which was loaded up to there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        labels = np.arange(64, dtype=np.uint32).reshape(4, 4, 4).repeat(16, 0).repeat(16, 1).repeat(16, 2)
        array = zarr.create_array(path, shape=labels.shape, chunks=(16, 16, 16), dtype=labels.dtype)
        array[...] = labels
        self.last = path / "c" / "3" / "3" / "3"
        self.good = self.last.read_bytes()
        self.last.write_bytes(self.good[:20])

    def begin(self, db: Path, *options: object) -> None:
        """Load up to the damaged chunk."""
        assert "does not decode" in refused("load", self.path, "--db", db, *SMALL, *options)

    def mend(self) -> None:
        """Put the chunk back."""
        self.last.write_bytes(self.good)


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
        assert f"{name!r} is none of cellgraph's files" in refused(*command, "--db", tmp_path / "a.db", "--work", mine)
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
    # Other options of the same volume are begun anew, which is said.
    scan.mend()
    anew = cellgraph("load", scan.path, "--db", tmp_path / "a.db", "--connectivity", 26, *work)
    assert "is begun anew (" in anew.stderr
    assert not (tmp_path / "a.db-work").exists()
