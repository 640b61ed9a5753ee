"""Images of a value: every voxel of a cell has it, whatever the format and the blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import cellgraph
from cellgraph.errors import CellgraphError, ExistsError, InputError, NotFoundError, ParameterError
from cellgraph.volumes.scan import scanned

SPACING = (2.0, 0.5, 0.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tissue of 60 cells with gaps, its database, and types of some cells."""
    folder = tmp_path_factory.mktemp("paint")
    cellgraph.phantom(
        folder / "cells.tif", cells=60, shape=(12, 70, 40), gap=1, spacing=SPACING, unit="micrometer", seed=4
    )
    cellgraph.load(folder / "cells.tif", folder / "cells.db")
    (folder / "types.csv").write_text("label,kind\n" + "".join(f"{c},{'BA'[c % 2]}\n" for c in range(1, 51)))
    cellgraph.annotate(folder / "types.csv", db=folder / "cells.db")
    return folder


def column(folder: Path, name: str) -> dict[int, Any]:
    with cellgraph.open(folder / "cells.db") as db:
        rows = db.query("cells")
    return dict(zip(rows["cell"].to_pylist(), rows[name].to_pylist(), strict=True))


def read(path: Path) -> np.ndarray[Any, Any]:
    if path.suffix == ".zarr":
        import zarr

        return np.asarray(zarr.open_group(path)["0"][:])
    return np.asarray(np.load(path) if path.suffix == ".npy" else tifffile.imread(path))


@pytest.mark.parametrize("ending", ["tif", "zarr", "npy"])
@pytest.mark.parametrize(("by", "dtype"), [("degree", "uint8"), ("voxels", "uint16"), ("volume", "float32")])
def test_every_voxel_of_a_cell_has_its_value(
    ending: str, by: str, dtype: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellgraph.pictures.paint._MEMORY", 50_000)
    done = cellgraph.paint(folder / "cells.tif", tmp_path / f"out.{ending}", folder / "cells.db", by=by)
    labels, painted, values = (
        tifffile.imread(folder / "cells.tif"),
        read(tmp_path / f"out.{ending}"),
        column(folder, by),
    )
    assert (painted.shape, painted.dtype.name, done.dtype) == (labels.shape, dtype, dtype)
    for cell, value in values.items():
        assert np.all(painted[labels == cell] == np.dtype(dtype).type(value))
    background = painted[labels == 0]
    assert np.isnan(background).all() if dtype == "float32" else not background.any()
    assert (done.low, done.high) == (min(values.values()), max(values.values()))


def test_the_image_has_the_voxel_size(folder: Path, tmp_path: Path) -> None:
    cellgraph.paint(folder / "cells.tif", tmp_path / "out.tif", folder / "cells.db", by="degree")
    with scanned(tmp_path / "out.tif") as scan:
        assert (scan.spacing, scan.unit) == (SPACING, "micrometer")


def test_ranks_and_texts(folder: Path, tmp_path: Path) -> None:
    labels = tifffile.imread(folder / "cells.tif")
    cellgraph.paint(folder / "cells.tif", tmp_path / "rank.tif", folder / "cells.db", by="volume", rank=True)
    ranks, volumes = read(tmp_path / "rank.tif"), column(folder, "volume")
    order = sorted(set(volumes.values()))
    for cell, volume in volumes.items():
        assert np.all(ranks[labels == cell] == order.index(volume) + 1)
    done = cellgraph.paint(folder / "cells.tif", tmp_path / "kind.tif", folder / "cells.db", by="kind")
    assert "values: 1 A, 2 B" in done.summary()
    kinds = read(tmp_path / "kind.tif")
    for cell, kind in column(folder, "kind").items():
        assert (
            np.isnan(kinds[labels == cell]).all()
            if kind is None
            else np.all(kinds[labels == cell] == "AB".index(kind) + 1)
        )


def test_what_is_refused_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    labels = tifffile.imread(folder / "cells.tif")
    np.save(tmp_path / "less.npy", np.where(labels == 7, 0, labels))
    np.save(tmp_path / "more.npy", np.where(labels == 7, 700, labels))
    np.save(tmp_path / "flat.npy", labels[0])
    first = tuple(np.argwhere(labels == 7)[0])
    moved = labels.copy()
    moved[first] = labels[labels > 0][0] if labels[labels > 0][0] != 7 else labels.max()
    np.save(tmp_path / "moved.npy", moved)
    (tmp_path / "there.tif").write_text("mine")
    wrong: list[tuple[Any, str, str, type[CellgraphError], str]] = [
        (folder / "cells.tif", "out.tif", "degre", ParameterError, "no column 'degre'. Did you mean 'degree'"),
        (folder / "cells.tif", "out.gif", "degree", ParameterError, ".zarr, .tif, .npy"),
        (folder / "cells.tif", "there.tif", "degree", ExistsError, "already there"),
        (folder / "cells.tif", "none/out.tif", "degree", NotFoundError, "does not exist"),
        (tmp_path / "less.npy", "out.tif", "degree", InputError, "the cell 7 is not in it"),
        (tmp_path / "more.npy", "out.zarr", "degree", InputError, "its label 700 is not a cell"),
        (tmp_path / "moved.npy", "out.tif", "degree", InputError, "voxels, but in the sample it has"),
        (tmp_path / "flat.npy", "out.tif", "degree", InputError, "70 x 40 voxels, but the sample has 12 x 70 x 40"),
    ]
    before = sorted(path.name for path in tmp_path.iterdir())
    for source, output, by, kind, sentence in wrong:
        with pytest.raises(kind, match=sentence):
            cellgraph.paint(source, tmp_path / output, folder / "cells.db", by=by)
        assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "there.tif").read_text() == "mine"


def test_the_sample_says_what_is_the_background(tmp_path: Path) -> None:
    labels = np.full((12, 20), 5, np.int32)
    labels[2:6, 3:9], labels[2:6, 9:15] = 1, 2
    np.save(tmp_path / "cells.npy", labels)
    cellgraph.load(tmp_path / "cells.npy", tmp_path / "cells.db", background=5, spacing=(0.5, 2.0), unit="nm")
    cellgraph.paint(tmp_path / "cells.npy", tmp_path / "out.tif", tmp_path / "cells.db", by="voxels")
    assert np.array_equal(read(tmp_path / "out.tif"), np.where(labels == 5, 0, 24))
    with scanned(tmp_path / "out.tif") as scan:
        assert (scan.spacing, scan.unit) == ((0.5, 2.0), "nanometer")
    axes = cellgraph.plot(tmp_path / "cells.npy", db=tmp_path / "cells.db", color="voxels")
    assert axes.images[0].get_extent() == [0, 40, 6, 0]
