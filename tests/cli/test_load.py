"""The command `cellgraph load`: what it makes of good volumes, and what it says of others."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command import PROGRAM, cellgraph, refused

from cellgraph.stores import open_store

COUNT = (
    "MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) RETURN s.name AS sample, count(*) AS n ORDER BY sample"
)


def cells(db: Path) -> dict[str, int]:
    with open_store(db, read_only=True) as store:
        rows = store.run(COUNT).to_pylist()
    return {row["sample"]: row["n"] for row in rows}


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """An image of two cells that touch, ``1 1 2`` twice, with a column of background."""
    path = tmp_path / "two.npy"
    np.save(path, np.array([[1, 1, 2, 0], [1, 1, 2, 0]], np.uint8))
    return path


def test_it_says_in_plain_words_what_it_found(two: Path, tmp_path: Path) -> None:
    done = cellgraph("load", two, "--db", tmp_path / "a.db", "--spacing", "2,0.5", "--unit", "micrometer")
    assert done.stdout == ""
    assert "two: 2 cells and 1 contact in 2 x 4 pixels (y, x)" in done.stderr
    assert "size of a pixel (y, x): 2 x 0.5 µm" in done.stderr
    with open_store(tmp_path / "a.db", read_only=True) as store:
        (row,) = store.run("MATCH (:Cell)-[t:TOUCHES]->(:Cell) RETURN t.junctions AS j, t.area AS a").to_pylist()
    assert row == {"j": 2, "a": 4.0}  # two pixel edges along y, 2 micrometer each


def test_the_first_load_of_all_says_that_it_compiles(two: Path, tmp_path: Path) -> None:
    told = []
    for name in ("first", "second"):
        command = [PROGRAM, "load", two, "--db", tmp_path / "a.db", "--sample", name]
        cache = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(command, env=cache, capture_output=True, text=True, check=True)
        told.append("compiling the code that measures cells: once" in done.stderr)
    assert told == [True, False]


def test_without_a_voxel_size_it_says_so(two: Path, tmp_path: Path) -> None:
    assert "the file gives no voxel size" in cellgraph("load", two, "--db", tmp_path / "a.db").stderr


def test_nothing_is_left_beside_the_database(two: Path, tmp_path: Path) -> None:
    cellgraph("load", two, cwd=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cellgraph.db", "two.npy"]


def test_a_name_that_is_taken_is_refused_and_replaced_on_demand(two: Path, tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    cellgraph("load", two, "--db", db)
    assert "--replace" in refused("load", two, "--db", db)
    np.save(two, np.array([[7, 8, 9]], np.uint8))
    assert cells(db) == {"two": 2}
    cellgraph("load", two, "--db", db, "--replace")
    assert cells(db) == {"two": 3}


def test_many_volumes_and_a_failed_one_does_not_stop_the_rest(two: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.npy").write_text("no array")
    for folder in ("scan_1", "scan_2"):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "labels.npy", np.array([[1, 2, 3]]))
    sources = ["scan_1/labels.npy", "bad.npy", "scan_2/labels.npy", "two.npy"]
    done = cellgraph("load", *sources, "--parallel", "2", cwd=tmp_path, ok=False)
    assert done.returncode == 1
    assert "1 of 4 volumes were not loaded" in done.stderr
    assert cells(tmp_path / "cellgraph.db") == {"scan_1_labels": 3, "scan_2_labels": 3, "two": 2}


LABELS = {
    "negative": (np.array([[1, -2]], np.int16), (), 1, "--background=-2"),
    "too large": (np.array([[1, 2**63]], np.uint64), (), 1, "2**63-1"),
    "fractional": (np.array([[1, 1.5]]), (), 1, "no whole number"),
    "not a number": (np.array([[1, np.nan]]), (), 1, "no whole number"),
    "colour": (np.zeros((32, 32, 3), np.uint8), (), 1, "colour"),
    "4D": (np.ones((2, 2, 3, 3), int), (), 1, "2D or 3D"),
    "1D": (np.ones(4, int), (), 1, "2D or 3D"),
    "only background": (np.zeros((3, 3), int), (), 1, "holds no cells"),
    "spacing zero": (np.ones((3, 3), int), ("--spacing", "1,0"), 2, "above 0"),
    "spacing negative": (np.ones((3, 3), int), ("--spacing", "1,-1"), 2, "above 0"),
    "spacing too long": (np.ones((3, 3), int), ("--spacing", "1,1,1"), 2, "2 numbers"),
    "spacing no number": (np.ones((3, 3), int), ("--spacing", "1,x"), 2, "comma-separated numbers"),
    "connectivity": (np.ones((3, 3, 3), int), ("--connectivity", "7"), 2, "6, 18 or 26"),
    "background": (np.ones((3, 3), int), ("--background", "nothing"), 2, "or none"),
    "memory": (np.ones((3, 3), int), ("--memory", "much"), 2, "512MB"),
}


@pytest.mark.parametrize("case", LABELS)
def test_what_cannot_be_loaded_is_a_sentence(case: str, tmp_path: Path) -> None:
    array, options, status, part = LABELS[case]
    np.save(tmp_path / "a.npy", array)
    assert part in refused("load", "a.npy", *options, status=status, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


FILES = {
    "missing": (None, "no such file"),
    "empty": (b"", "empty"),
    "no image": (b"cell,volume\n1,2\n", "its contents are none"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_image_is_a_sentence(case: str, tmp_path: Path) -> None:
    contents, part = FILES[case]
    if contents is not None:
        (tmp_path / "a.tif").write_bytes(contents)
    assert part in refused("load", "a.tif", cwd=tmp_path)


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.tif")
    assert "a.tif: expected a file, but it is a pipe" in refused("load", "a.tif", cwd=tmp_path)
    assert "/dev/null: expected a file, but it is a device" in refused("load", "/dev/null", cwd=tmp_path)


def test_one_cell_and_separated_cells_are_loaded_with_a_reason(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.ones((3, 3), np.uint8))
    np.save(tmp_path / "apart.npy", np.array([[1, 0, 2]], np.uint8))
    assert "only one cell" in cellgraph("load", "one.npy", cwd=tmp_path).stderr
    assert "background lies between them" in cellgraph("load", "apart.npy", cwd=tmp_path).stderr


def test_the_name_of_a_folder_is_no_database(two: Path, tmp_path: Path) -> None:
    sentence = "a database is a file, but 'zz/' is a folder; name a file, such as zz/cells.db"
    assert refused("load", two, "--db", "zz/", status=2, cwd=tmp_path) == sentence
    assert [path.name for path in tmp_path.iterdir()] == ["two.npy"]


NOTES = {
    "apart": (np.array([[1, 0, 2]]), ["gives no voxel size", "no two cells touch"]),
    "one": (np.array([[1, 1]]), ["gives no voxel size", "only one cell"]),
    "float": (np.array([[1.0, 2.0]]), ["gives no voxel size", "float64"]),
}


@pytest.mark.parametrize("case", NOTES)
def test_quiet_keeps_what_a_person_should_know(case: str, tmp_path: Path) -> None:
    array, parts = NOTES[case]
    np.save(tmp_path / "a.npy", array)
    np.save(tmp_path / "b.npy", array)
    lines = cellgraph("load", "a.npy", "-q", cwd=tmp_path).stderr.splitlines()
    assert len(lines) == len(parts)
    for part in parts:
        assert any(line.startswith("a: note: ") and part in line for line in lines), (part, lines)
    both = cellgraph("load", "a.npy", "b.npy", "-q", "--replace", cwd=tmp_path).stderr.splitlines()
    assert both == lines + ["b" + line[1:] for line in lines]


def test_a_file_that_is_not_a_database_is_refused_and_stays(two: Path, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("my notes")
    refused("load", two, "--db", tmp_path / "a.db")
    assert (tmp_path / "a.db").read_text() == "my notes"


def test_ctrl_c_keeps_the_database_and_what_is_done(tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    cellgraph("phantom", "big.zarr", "--cells", "3000", "--shape", "192,512,512", "-q", cwd=tmp_path)
    np.save(tmp_path / "first.npy", np.ones((2, 2), np.uint8))
    cellgraph("load", tmp_path / "first.npy", "--db", db)
    command = [PROGRAM, "load", "big.zarr", "--db", str(db), "--memory", "4MB", "--workers", "1"]
    loading = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    folder = tmp_path / "a.db-work" / "big"
    while not (folder / "manifest.json").exists():  # the first flush; a load that ends before fails below
        assert loading.poll() is None, "the load was done before it could be interrupted"
    loading.send_signal(signal.SIGINT)
    _, said = loading.communicate(timeout=60)
    assert loading.returncode == 130, said
    assert "--resume" in said
    assert "Traceback" not in said
    assert cells(db) == {"first": 1}
    resumed = cellgraph("load", "big.zarr", "--db", db, "--resume", cwd=tmp_path)
    assert "resumed an earlier load" in resumed.stderr
    assert cells(db) == {"big": 3000, "first": 1}
    assert not folder.exists()
