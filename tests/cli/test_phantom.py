"""The command `cellgraph phantom`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("cellgraph")), "phantom", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_writes_what_was_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "tissue.npy"
    done = run(str(out), "--cells", "30", "--shape", "10,20,30", "--gap", "--seed", "4", "--spacing", "2,1,1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"Wrote {out}: 30 cells in 10 x 20 x 30 voxels." in done.stderr
    labels = np.load(out)
    assert labels.shape == (10, 20, 30)
    np.testing.assert_array_equal(np.unique(labels), np.arange(31))


def test_quiet_shows_no_progress(tmp_path: Path) -> None:
    done = run(str(tmp_path / "a.npy"), "--cells", "3", "--shape", "10,20", "--quiet")
    assert done.stderr.splitlines() == [f"Wrote {tmp_path / 'a.npy'}: 3 cells in 10 x 20 voxels."]


def test_cells_without_a_voxel_are_named(tmp_path: Path) -> None:
    done = run(str(tmp_path / "a.npy"), "--cells", "50", "--shape", "7,4,4", "--gap-width", "2")
    assert "The gaps left no voxel for 50 cells, whose labels are missing: 1, 2, 3, 4, 5, …." in done.stderr


def test_wrong_numbers_are_a_usage_error(tmp_path: Path) -> None:
    done = run(str(tmp_path / "a.npy"), "--cells", "3", "--shape", "10,twenty,30")
    assert done.returncode == 2
    assert done.stderr == (
        "cellgraph: error: --shape needs comma-separated whole numbers, such as 4,5,6, but got '10,twenty,30'\n"
    )


def test_an_existing_file_stays(tmp_path: Path) -> None:
    out = tmp_path / "a.npy"
    out.write_text("mine")
    done = run(str(out), "--cells", "3", "--shape", "10,20,30")
    assert done.returncode == 1
    assert "already there" in done.stderr
    assert "Traceback" not in done.stderr
    assert out.read_text() == "mine"
