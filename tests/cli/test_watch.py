"""The command `cellgraph watch`: a scan that is written slice by slice, with all that goes wrong then."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tifffile
from command import PROGRAM, cellgraph, refused

from cellgraph.stores import open_store


def graph(db: Path) -> tuple[pa.Table, pa.Table]:
    """Return all cells and contacts of a database of one sample, without what tells the loads apart."""
    with open_store(db, read_only=True) as store:
        cells = ", ".join(f"c.`{column.name}` AS `{column.name}`" for column in store.columns("cells"))
        contacts = ", ".join(f"t.`{column.name}` AS `{column.name}`" for column in store.columns("contacts"))
        touches = "MATCH (a:Cell)-[t:TOUCHES]->(b:Cell) RETURN a.label AS cell_a, b.label AS cell_b"
        return (
            store.run(f"MATCH (c:Cell) RETURN c.label AS label, {cells} ORDER BY label"),
            store.run(f"{touches}, {contacts} ORDER BY cell_a, cell_b"),
        )


@pytest.fixture(scope="module")
def volume() -> np.ndarray:
    """Labels of 12 slices in which cells begin and end."""
    random_labels = np.random.default_rng(3).integers(0, 9, (4, 6, 7)).astype(np.uint16)
    return random_labels.repeat(3, 0).repeat(4, 1).repeat(3, 2)


def write(folder: Path, number: int, labels: np.ndarray) -> None:
    """Put a slice into the folder in one step, as a careful microscope does."""
    partial = folder / f".{number}.tif"
    tifffile.imwrite(partial, labels)
    partial.rename(folder / f"slice_{number}.tif")


def start(folder: Path, db: Path, *options: str) -> subprocess.Popen[str]:
    command = [PROGRAM, "watch", str(folder), "--pattern", "slice_*.tif", "--db", str(db), "--every", "0.2", *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_when_the_last_slice_is_in_the_graph_is_that_of_load(tmp_path: Path, volume: np.ndarray) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    watching = start(folder, tmp_path / "live.db", "--until", str(len(volume)), "--idle", "60")
    order = list(range(len(volume)))
    random.Random(5).shuffle(order)
    for z in order:
        write(folder, z + 1, volume[z])
        time.sleep(0.1)  # a scan takes time: some updates happen in between
    _, said = watching.communicate(timeout=120)
    assert watching.returncode == 0, said
    cellgraph("load", folder, "--db", tmp_path / "whole.db")
    for live, whole in zip(graph(tmp_path / "live.db"), graph(tmp_path / "whole.db"), strict=True):
        assert live.equals(whole)


def test_it_tells_how_the_slabs_are_read(tmp_path: Path, volume: np.ndarray) -> None:
    folder, db = tmp_path / "in", tmp_path / "a.db"
    folder.mkdir()
    size = {"resolution": (5, 5), "metadata": {"axes": "ZYX", "spacing": 0.5, "unit": "um"}}
    tifffile.imwrite(folder / "slab_0.tif", volume[:3], imagej=True, **size)
    done = cellgraph("watch", folder, "--db", db, "--idle", 3)
    assert "read: axes z y x (ImageJ) · voxel 0.5 x 0.2 x 0.2 µm" in done.stderr
    tifffile.imwrite(folder / "slab_3.tif", volume[3:6], imagej=True, **size)
    again = cellgraph("watch", folder, "--db", db, "--until", 2)
    assert "voxel 0.5 x 0.2 x 0.2 µm" in again.stderr  # from what was kept
    (row,) = json.loads(cellgraph("query", "samples", "--db", db, "--format", "json").stdout)
    assert (row["shape"], row["spacing"], row["unit"]) == ([6, 24, 21], [0.5, 0.2, 0.2], "micrometer")
    assert f"read: {row['read']}\n" in done.stderr


def test_frames_of_slabs_are_chosen(tmp_path: Path, volume: np.ndarray) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for z in range(2):
        tifffile.imwrite(folder / f"s_{z}.tif", np.stack([volume[11], volume[z]]), metadata={"axes": "TYX"}, ome=True)
    cellgraph("watch", folder, "--db", tmp_path / "a.db", "--until", 2, "--time", 1, "--spacing", "2,1,1")
    np.save(tmp_path / "b.npy", volume[:2])
    cellgraph("load", tmp_path / "b.npy", "--db", tmp_path / "b.db", "--spacing", "2,1,1")
    for live, whole in zip(graph(tmp_path / "a.db"), graph(tmp_path / "b.db"), strict=True):
        assert live.equals(whole)
    assert "one frame" in refused("watch", folder, "--db", tmp_path / "a.db", "--time", "each", status=2)


def test_odd_slices_are_named_and_survived(tmp_path: Path, volume: np.ndarray) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, 1, volume[0])
    write(folder, 2, volume[1])
    tifffile.imwrite(folder / "slice_02.tif", volume[5])
    write(folder, 5, volume[4])
    write(folder, 6, volume[5][:, :4])
    tifffile.imwrite(folder / "slice_x.tif", volume[6])
    (folder / "slice_7.tif").write_bytes((folder / "slice_1.tif").read_bytes()[:-100])
    done = cellgraph("watch", folder, "--pattern", "slice_*.tif", "--db", tmp_path / "a.db", "--idle", "3")
    assert "slice_2.tif is left out: slice 2 was taken from slice_02.tif already" in done.stderr
    assert "slice_6.tif is left out: expected slices of shape (24, 21)" in done.stderr
    assert "slice_x.tif is left out: expected a number in its name" in done.stderr
    assert "slice_7.tif" in done.stderr
    assert "missing slices: 3, 4" in done.stderr


def test_a_wrong_slice_between_others_costs_only_itself(tmp_path: Path, volume: np.ndarray) -> None:
    """Slices that lie there already are swept together; and one that is refused does not count for --until."""
    folder, good = tmp_path / "in", tmp_path / "good"
    folder.mkdir()
    good.mkdir()
    for z, labels in enumerate(volume.astype(np.int32)):
        write(folder, z, labels - 20 * (z == 5))
        if z not in (5, 11):
            write(good, z, labels)
    watched = ("watch", folder, "--pattern", "slice_*.tif", "--db", tmp_path / "a.db", "--idle", "60")
    done = cellgraph(*watched, "--until", len(volume) - 2)
    assert "slice_5.tif is left out: labels of cells must not be negative" in done.stderr
    assert f"{len(volume) - 2} slices are in" in done.stderr
    cellgraph("load", good, "--db", tmp_path / "good.db")
    for live, whole in zip(graph(tmp_path / "a.db"), graph(tmp_path / "good.db"), strict=True):
        assert live.equals(whole)


def test_a_half_written_slice_is_waited_for(tmp_path: Path, volume: np.ndarray) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, 1, volume[0])
    write(tmp_path, 2, volume[1])
    whole = (tmp_path / "slice_2.tif").read_bytes()
    watching = start(folder, tmp_path / "a.db", "--until", "2")
    with open(folder / "slice_2.tif", "wb") as file:
        file.write(whole[:300])
        file.flush()
        until((tmp_path / "a.db").exists)  # an update has happened without it
        file.write(whole[300:])
    _, said = watching.communicate(timeout=60)
    assert watching.returncode == 0, said
    assert "\n2 slices: " in said


def test_it_goes_on_after_a_crash_even_without_the_files(tmp_path: Path, volume: np.ndarray) -> None:
    folder, db = tmp_path / "in", tmp_path / "a.db"
    folder.mkdir()
    for z in range(5):
        write(folder, z, volume[z])
    watching = start(folder, db)
    until(db.exists)
    until((tmp_path / "a.db-work" / "in" / "watch.npz").exists)
    for line in watching.stderr or ():
        if line.startswith("5 slices"):
            break
    watching.kill()
    watching.communicate()
    for file in folder.iterdir():
        file.unlink()
    for z in range(5, len(volume)):
        write(folder, z, volume[z])
    done = cellgraph("watch", folder, "--pattern", "slice_*.tif", "--db", db, "--until", len(volume), "--idle", "60")
    assert "resumed with the 5 slices" in done.stderr
    np.save(tmp_path / "whole.npy", volume)
    cellgraph("load", tmp_path / "whole.npy", "--db", tmp_path / "whole.db")
    for live, whole in zip(graph(db), graph(tmp_path / "whole.db"), strict=True):
        assert live.equals(whole)


def test_ctrl_c_ends_it_with_what_came(tmp_path: Path, volume: np.ndarray) -> None:
    folder, db = tmp_path / "in", tmp_path / "a.db"
    folder.mkdir()
    write(folder, 1, volume[0])
    watching = start(folder, db)
    until(db.exists)
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=60)
    assert watching.returncode == 0, said
    assert "1 slices are in" in said


def test_another_scan_with_the_names_of_the_one_before(tmp_path: Path, volume: np.ndarray) -> None:
    folder, db = tmp_path / "in", tmp_path / "a.db"
    folder.mkdir()
    for z in range(3):
        write(folder, z, volume[z])
    watched = ("watch", folder, "--pattern", "slice_*.tif", "--db", db, "--idle", 3)
    cellgraph(*watched)
    before = graph(db)
    for z in range(1, 4):
        write(folder, z, volume[z + 6])
    done = cellgraph(*watched, "--quiet", "--until", 4)
    assert "slice_0.tif" not in done.stderr
    for z in (1, 2):
        assert f"slice_{z}.tif was changed after it was read" in done.stderr
    assert not graph(db)[0].equals(before[0])  # slice 3 is new
    for z in range(3):
        write(folder, z, volume[z + 6])
    cellgraph(*watched, "--replace")
    cellgraph("load", folder, "--db", tmp_path / "whole.db")
    for live, whole in zip(graph(db), graph(tmp_path / "whole.db"), strict=True):
        assert live.equals(whole)


@pytest.mark.parametrize("end", [("--until", 2), ("--idle", 3)])
def test_a_scan_without_cells_is_no_success(tmp_path: Path, end: tuple[object, ...]) -> None:
    folder, db = tmp_path / "in", tmp_path / "a.db"
    folder.mkdir()
    for z in range(2):
        write(folder, z, np.zeros((4, 5), np.uint8))
    watched = ("watch", folder, "--pattern", "slice_*.tif", "--db", db, *end)
    sentence = refused(*watched)
    assert "there are no cells in 2 slices: every voxel has the background label 0" in sentence
    assert not db.exists()
    again = cellgraph(*watched, "--background", "none", *(["--replace"] if "--replace" in sentence else []))
    assert "2 slices are in" in again.stderr


def test_only_the_options_that_changed_are_named(tmp_path: Path, volume: np.ndarray) -> None:
    folder, db = tmp_path / "in", tmp_path / "a.db"
    folder.mkdir()
    write(folder, 0, volume[0])
    watched = ("watch", folder, "--db", db, "--idle", 3, "--pattern")
    cellgraph(*watched, "slice_*.tif", "--spacing", "2,1,1")
    assert "a watch with other options: pattern was 'slice_*.tif', is '*.tif'; use" in refused(
        *watched, "*.tif", "--spacing", "2,1,1.0"
    )
    assert "a watch with other options: spacing was [2.0, 1.0, 1.0], is None; use" in refused(*watched, "slice_*.tif")
    state = tmp_path / "a.db-work" / "in" / "watch.npz"
    state.write_bytes(state.read_bytes()[:-100])
    assert "is damaged" in refused(*watched, "slice_*.tif", "--spacing", "2,1,1")
    cellgraph(*watched, "slice_*.tif", "--replace")


def test_times_in_names_give_the_order(tmp_path: Path, volume: np.ndarray) -> None:
    """Twenty digits are more than 64 bits hold; the second watch reads what the first has kept."""
    folder, db = tmp_path / "in", tmp_path / "a.db"
    folder.mkdir()
    watched = ("watch", folder, "--pattern", "slice_*.tif", "--db", db, "--idle")
    for z in range(4):
        write(folder, 20261122163000123456 + 987_654_321 * z, volume[3 * z])
    cellgraph(*watched, 3)
    write(folder, 20261122173000123456, volume[1])
    done = cellgraph(*watched, 60, "--until", 5)
    assert "resumed with the 4 slices" in done.stderr
    assert "5 slices are in" in done.stderr
    assert "missing" not in done.stderr
    np.save(tmp_path / "whole.npy", volume[[0, 3, 6, 9, 1]])
    cellgraph("load", tmp_path / "whole.npy", "--db", tmp_path / "whole.db")
    for live, whole in zip(graph(db), graph(tmp_path / "whole.db"), strict=True):
        assert live.equals(whole)


LITTLE_ROOM = """
    import resource, signal
    from cellgraph.cli import main

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    main()
"""


def test_no_space_in_the_work_folder_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder, 1, np.ones((1200, 600), np.uint16))  # two of its planes do not fit
    command = [sys.executable, "-c", textwrap.dedent(LITTLE_ROOM), "watch", folder, "--pattern", "slice_*.tif"]
    done = subprocess.run(
        [*command, "--db", tmp_path / "a.db", "--until", "1", "--work", tmp_path / "work"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert f"cellgraph: error: the work folder {tmp_path / 'work'} cannot be written" in done.stderr
    assert "free some space and watch again" in done.stderr


def test_what_cannot_be_watched_is_a_sentence(tmp_path: Path) -> None:
    assert "is not a folder" in refused("watch", tmp_path / "nothing", "--db", tmp_path / "a.db")
    assert "no slice arrived" in refused("watch", tmp_path, "--db", tmp_path / "a.db", "--idle", "0.5")
    assert "above 0" in refused("watch", tmp_path, "--db", tmp_path / "a.db", "--idle", "-1", status=2)
