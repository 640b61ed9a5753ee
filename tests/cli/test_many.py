"""Many volumes into one database: in few versions of the file, and nothing lost if that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command import PROGRAM, cellgraph
from store_graphs import child

from cellgraph.loading import group
from cellgraph.loading.many import load_many
from cellgraph.stores import open_store
from cellgraph.stores.embedded.access import Draft


def volumes(folder: Path, count: int) -> list[str]:
    """Write volumes of eight cells each, the first voxel of which is a ninth in every other one."""
    cells = np.kron(np.arange(1, 9).reshape(2, 2, 2), np.ones((4, 4, 4), int))
    paths = []
    for number in range(count):
        volume = cells.copy()
        volume[0, 0, 0] = 9 if number % 2 else 1
        path = folder / f"v{number:02d}.npy"
        np.save(path, volume)
        paths.append(str(path))
    return paths


def samples(path: Path) -> dict[str, int]:
    with open_store(path, read_only=True) as store:
        rows = store.run("MATCH (s:Sample)-[:HAS_CELL]->(c:Cell) RETURN s.name AS name, count(c) AS n ORDER BY name")
        return dict(zip(rows["name"].to_pylist(), rows["n"].to_pylist(), strict=True))


EXPECTED = {f"v{number:02d}": 8 + number % 2 for number in range(12)}


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the files that writes have copied."""
    made: list[int] = []
    copy = Draft.copy

    def counted(self: Draft) -> None:
        copy(self)
        made.append(self._path.stat().st_size if self._path.exists() else 0)

    monkeypatch.setattr(Draft, "copy", counted)
    return made


@pytest.mark.parametrize("parallel", [1, 3])
def test_many_volumes_are_written_together(tmp_path: Path, copies: list[int], parallel: int) -> None:
    path = tmp_path / "cells.db"
    ended = list(load_many(volumes(tmp_path, 12), path, parallel=parallel))
    assert [outcome.report.cells for outcome in ended if outcome.report] == list(EXPECTED.values())
    assert samples(path) == EXPECTED
    assert len(copies) == 1
    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.suffix != ".npy") == ["cells.db"]


def test_copying_stays_below_a_small_multiple_of_the_file(
    tmp_path: Path, copies: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "LEAST_BYTES", 1)
    monkeypatch.setattr(group, "free_memory", lambda: 0)  # each is read from its work folder
    path = tmp_path / "cells.db"
    assert all(outcome.error is None for outcome in load_many(volumes(tmp_path, 12), path))
    assert samples(path) == EXPECTED
    assert sum(copies) <= 2 * path.stat().st_size


def test_a_volume_that_cannot_be_loaded_does_not_stop_the_rest(tmp_path: Path) -> None:
    paths = volumes(tmp_path, 3)
    Path(paths[1]).write_bytes(b"no volume")
    np.save(tmp_path / "empty.npy", np.zeros((4, 4), np.int32))
    done = cellgraph("load", *paths, tmp_path / "empty.npy", "--db", tmp_path / "cells.db", ok=False)
    assert done.returncode == 1
    assert "2 of 4 volumes were not loaded" in done.stderr
    assert samples(tmp_path / "cells.db") == {"v00": 8, "v02": 8}
    again = cellgraph("load", paths[0], paths[2], "--db", tmp_path / "cells.db", ok=False)
    assert again.stderr.count("is in") == 2


def test_one_that_another_load_was_faster_with_does_not_stop_the_rest(tmp_path: Path) -> None:
    paths = volumes(tmp_path, 3)
    path = tmp_path / "cells.db"
    ended = load_many(paths, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cellgraph.loading.many.names_in", lambda target: [])
        cellgraph("load", paths[1], "--db", path)
        outcomes = list(ended)
    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert "already" in str(outcomes[1].error)
    assert samples(path) == {"v00": 8, "v01": 9, "v02": 8}


KILLED = """
import os, signal, sys
from cellgraph.loading.many import load_many
from cellgraph.stores.embedded.store import LadybugStore
LadybugStore.write_all = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
list(load_many(sys.argv[2:], sys.argv[1]))
"""


def test_a_kill_loses_no_finished_tally(tmp_path: Path) -> None:
    path, paths = tmp_path / "cells.db", volumes(tmp_path, 4)
    with child(KILLED, path, *paths) as process:
        assert process.wait() == -signal.SIGKILL
    said = cellgraph("load", *paths, "--db", path, "--resume").stderr
    assert said.count("resumed an earlier load: 1 blocks were already done") == 4
    assert samples(path) == {f"v{number:02d}": 8 + number % 2 for number in range(4)}
    assert not Path(f"{path}-work").exists()
    assert cellgraph("load", *paths, "--db", path, "--resume").stderr.count("it was already loaded") == 4


def test_a_job_array_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "cells.db"
    jobs = [
        subprocess.Popen([PROGRAM, "load", one, "--db", path, "-q"], env=os.environ) for one in volumes(tmp_path, 12)
    ]
    assert [job.wait() for job in jobs] == [0] * 12
    assert samples(path) == EXPECTED
