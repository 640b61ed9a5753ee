"""Phantoms: what they promise of their labels, in every format they are written in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from cellgraph.errors import ExistsError, NotFoundError, ParameterError
from cellgraph.phantoms.phantom import phantom

Array = np.ndarray[Any, Any]

FORMATS = ["cells.zarr", "cells.tif", "cells.ome.tiff", "cells.npy"]


def read(path: Path) -> Array:
    """Read the labels with the format's own library."""
    if path.suffix == ".npy":
        return np.asarray(np.load(path))
    if path.suffix == ".zarr":
        return np.asarray(zarr.open_array(path / "0", mode="r")[:])
    return np.asarray(tifffile.imread(path))


def touching(labels: Array) -> bool:
    """Tell whether two cells meet by a face, an edge or a corner."""
    padded = np.pad(labels, 1)
    core = tuple(slice(1, -1) for _ in labels.shape)
    for offset in np.ndindex(*(3,) * labels.ndim):
        other = padded[tuple(slice(o, o + n) for o, n in zip(offset, labels.shape, strict=True))]
        if np.any((padded[core] != other) & (padded[core] > 0) & (other > 0)):
            return True
    return False


@pytest.mark.parametrize("shape", [(30, 40, 50), (70, 90)])
def test_dense_tissue_has_every_label_and_no_background(tmp_path: Path, shape: tuple[int, ...]) -> None:
    made = phantom(tmp_path / "a.npy", 120, shape)
    labels = np.load(tmp_path / "a.npy")
    assert labels.dtype == np.uint32
    assert labels.shape == shape == made.shape
    np.testing.assert_array_equal(np.unique(labels), np.arange(1, 121))
    assert (made.cells, made.missing, made.path) == (120, (), tmp_path / "a.npy")


@pytest.mark.parametrize("shape", [(30, 40, 50), (70, 90)])
@pytest.mark.parametrize(("gap", "spacing"), [(True, None), (1, 3.7), (2, 1.0)])
def test_with_a_gap_cells_touch_nowhere(
    tmp_path: Path, shape: tuple[int, ...], gap: bool | int, spacing: float | None
) -> None:
    sizes = None if spacing is None else [spacing, *[1.0] * (len(shape) - 1)]
    made = phantom(tmp_path / "a.npy", 40, shape, gap=gap, spacing=sizes)
    labels = np.load(tmp_path / "a.npy")
    assert made.cells == 40
    np.testing.assert_array_equal(np.unique(labels), np.arange(41))
    assert not touching(labels)
    assert touching(np.load(phantom(tmp_path / "b.npy", 40, shape).path))


def test_cells_that_a_gap_leaves_no_voxel_are_named(tmp_path: Path) -> None:
    made = phantom(tmp_path / "a.npy", 60, (5, 5, 5), gap=True)
    there = set(np.unique(np.load(made.path)).tolist()) - {0}
    assert made.cells == len(there) < 60
    assert set(made.missing) == set(range(1, 61)) - there


def test_as_many_cells_as_voxels(tmp_path: Path) -> None:
    made = phantom(tmp_path / "a.npy", 24, (2, 3, 4))
    assert made.cells == 24
    np.testing.assert_array_equal(np.sort(np.load(made.path).ravel()), np.arange(1, 25))


def test_one_cell_fills_the_volume(tmp_path: Path) -> None:
    assert (np.load(phantom(tmp_path / "a.npy", 1, (4, 5, 6)).path) == 1).all()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("shape", [(9, 300, 270), (300, 530)])
@pytest.mark.parametrize("gap", [False, True])
def test_the_same_labels_in_every_format(tmp_path: Path, name: str, shape: tuple[int, ...], gap: bool) -> None:
    made = phantom(tmp_path / name, 90, shape, gap=gap, seed=3, workers=2)
    expected = np.load(phantom(tmp_path / "expected.npy", 90, shape, gap=gap, seed=3, workers=1).path)
    np.testing.assert_array_equal(read(made.path), expected)


def test_chunks_change_no_label(tmp_path: Path) -> None:
    whole = phantom(tmp_path / "a.zarr", 300, (70, 200, 300))
    parts = phantom(tmp_path / "b.zarr", 300, (70, 200, 300), chunks=(16, 32, 64))
    np.testing.assert_array_equal(read(parts.path), read(whole.path))
    assert json.loads((parts.path / "0" / "zarr.json").read_text())["chunk_grid"]["configuration"] == {
        "chunk_shape": [16, 32, 64]
    }


def test_seeds_make_different_tissues_and_the_same_one_again(tmp_path: Path) -> None:
    first, second, again = (
        np.load(phantom(tmp_path / f"{i}.npy", 50, (20, 30, 40), seed=seed).path) for i, seed in enumerate([1, 2, 1])
    )
    assert (first != second).any()
    np.testing.assert_array_equal(first, again)


def test_more_than_one_block_is_written(tmp_path: Path) -> None:
    reported: list[tuple[str, int, int]] = []
    shape = (40, 400, 300)
    made = phantom(tmp_path / "a.zarr", 200, shape, report=lambda *event: reported.append(event))
    voxels = [done for what, done, total in reported if what == "voxels" and total == np.prod(shape)]
    assert len(voxels) > 1
    assert voxels == sorted(voxels)
    assert voxels[-1] == np.prod(shape)
    np.testing.assert_array_equal(np.unique(read(made.path)), np.arange(1, 201))


@pytest.mark.parametrize("shape", [(8, 40, 50), (40, 50)])
def test_ome_zarr_carries_axes_scale_and_unit(tmp_path: Path, shape: tuple[int, ...]) -> None:
    spacing = [0.5, 0.25, 0.125][-len(shape) :]
    made = phantom(tmp_path / "a.zarr", 9, shape, spacing=spacing, unit="µm")
    ome = json.loads((made.path / "zarr.json").read_text())["attributes"]["ome"]
    (multiscale,) = ome["multiscales"]
    assert ome["version"] == "0.5"
    assert [axis["name"] for axis in multiscale["axes"]] == list("zyx"[-len(shape) :])
    assert {axis["type"] for axis in multiscale["axes"]} == {"space"}
    assert {axis["unit"] for axis in multiscale["axes"]} == {"micrometer"}
    assert multiscale["datasets"] == [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": spacing}]}]


@pytest.mark.parametrize("name", ["a.zarr", "a.tif"])
@pytest.mark.parametrize(("shape", "spacing"), [((8, 40, 50), (500.0, 40.0, 30.0)), ((40, 50), (40.0, 30.0))])
def test_a_volume_finds_the_spacing_again(
    tmp_path: Path, name: str, shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    from cellgraph.volumes import open_volume

    volume = open_volume(phantom(tmp_path / name, 9, shape, spacing=spacing, unit="nanometer").path)
    header = volume.header
    volume.close()
    assert header.ndim == len(shape)
    assert header.spacing is not None
    factor = {"nanometer": 1, "micrometer": 1000}[str(header.unit)]
    np.testing.assert_allclose([length * factor for length in header.spacing][-len(shape) :], spacing)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_there_is_replaced_only_on_demand(tmp_path: Path, name: str) -> None:
    path = phantom(tmp_path / name, 5, (4, 20, 30), seed=1).path
    before = read(path)
    with pytest.raises(ExistsError, match=r"already there.*--overwrite"):
        phantom(path, 6, (4, 20, 30))
    np.testing.assert_array_equal(read(path), before)
    phantom(path, 6, (4, 20, 30), overwrite=True)
    assert read(path).max() == 6
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_folder_that_is_no_zarr_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.zarr").mkdir()
    (tmp_path / "thesis.zarr" / "chapter.txt").write_text("the only copy")
    with pytest.raises(ExistsError, match="folder, but no Zarr"):
        phantom(tmp_path / "thesis.zarr", 5, (4, 20, 30), overwrite=True)
    assert (tmp_path / "thesis.zarr" / "chapter.txt").read_text() == "the only copy"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (10,)}, r"3 numbers \(z, y, x\), or 2 \(y, x\), but got 10$"),
        ({"shape": (1, 2, 3, 4)}, "but got 1,2,3,4"),
        ({"shape": (10, 0, 10)}, "positive whole numbers, but got 10,0,10"),
        ({"shape": (10, 2.5, 10)}, "but got 10,2.5,10"),
        ({"cells": 0}, "but got 0"),
        ({"cells": 1001}, "at most one cell per voxel, but got 1001 cells for 1000 voxels"),
        ({"cells": 2**32}, "but got 4294967296"),
        ({"gap": -1}, "gap of 0 to 1000 whole voxels, but got -1"),
        ({"gap": 1.5}, "but got 1.5"),
        ({"seed": -1}, "0 or more, but got -1"),
        ({"spacing": (1, 1)}, "spacing to be 3 positive numbers"),
        ({"spacing": (1, 0, 1)}, "but got 1,0,1"),
        ({"spacing": (1, float("nan"), 1)}, "but got 1,nan,1"),
        ({"spacing": (1, 1, 2000)}, "factor of at most 1000,"),
        ({"unit": "furlong"}, "units nanometer, micrometer, millimeter, but got 'furlong'"),
        ({"chunks": (8, 8)}, "chunks of 3 positive whole numbers"),
        ({"out": "cells.png"}, r"not written as PNG \('cells\.png'\); name a \.zarr, \.tif or \.npy"),
        ({"out": "cells.npy", "chunks": (8, 8, 8)}, r"chunks apply only to \.zarr"),
        ({"workers": 0}, "workers to be a whole number of 1 or more, but got 0"),
    ],
)
def test_a_wrong_argument_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=message):
        phantom(**{"out": "cells.zarr", "cells": 10, "shape": (10, 10, 10), **change})
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        phantom(tmp_path / "missing" / "a.zarr", 10, (10, 10, 10))


FULL = """
import resource, sys
from cellgraph.phantoms.phantom import phantom
from cellgraph.errors import CellgraphError
phantom(sys.argv[1], 2000, (8, 64, 64))  # compiles, and writes what it compiled, while it may
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    phantom(sys.argv[1], 3000, (30, 200, 200), overwrite=True)
except CellgraphError as error:
    print(error)
"""


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_cannot_grow_leaves_the_old_one(tmp_path: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / name)], capture_output=True, text=True, check=True
    )
    assert "cannot write" in done.stdout
    assert "File too large" in done.stdout
    assert done.stderr == ""
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert read(tmp_path / name).max() == 2000


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(what: str, done: int, total: int) -> None:
        if what == "voxels":
            raise KeyboardInterrupt

    for name in FORMATS:
        with pytest.raises(KeyboardInterrupt):
            phantom(tmp_path / name, 10, (10, 20, 30), report=interrupt)
    assert not list(tmp_path.iterdir())


def test_hdf5_is_refused_with_what_to_name_instead(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"not written as HDF5 .* a \.zarr, \.tif or \.npy instead"):
        phantom(tmp_path / "a.h5", 10, (10, 20, 30))
