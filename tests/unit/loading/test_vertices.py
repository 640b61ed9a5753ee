"""Multi-cell junctions of a loaded sample: of its own volume, grown or not, and written onto its cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.segmentation import expand_labels

import cellgraph
from cellgraph.errors import ExistsError, InputError, ParameterError


@pytest.fixture
def image(tmp_path: Path) -> Path:
    labels = np.zeros((9, 10), np.uint8)
    labels[:4, :4], labels[:4, 6:], labels[6:] = 7, 3, 9  # no voxel is as far from two of them
    np.save(tmp_path / "image.npy", labels)
    cellgraph.load(tmp_path / "image.npy", tmp_path / "cells.db", spacing=(2, 0.5), unit="um")
    return tmp_path


def test_gaps_are_no_vertices_unless_cells_are_grown(image: Path) -> None:
    assert cellgraph.vertices(image / "cells.db").num_rows == 0
    rows = cellgraph.vertices(image / "cells.db", expand="2.5um").to_pylist()
    grown = expand_labels(np.load(image / "image.npy"), 2.5, spacing=(2, 0.5))
    around = {(y, x): grown[y - 1 : y + 1, x - 1 : x + 1] for y in range(1, 9) for x in range(1, 10)}
    places = [(2 * (y - 0.5), 0.5 * (x - 0.5)) for (y, x), four in around.items() if {3, 7, 9} <= set(four.flat)]
    assert [(row["y"], row["x"]) for row in rows] == places
    assert places
    assert {tuple(row.values())[:5] for row in rows} == {(3, 3, 7, 9, None)}


def test_a_sample_loaded_with_grown_cells_has_their_vertices(image: Path) -> None:
    cellgraph.load(image / "image.npy", image / "cells.db", sample="grown", spacing=(2, 0.5), unit="um", expand=2.5)
    grown = cellgraph.vertices(image / "cells.db", sample="grown")
    assert grown.equals(cellgraph.vertices(image / "cells.db", sample="image", expand=2.5))
    assert grown.num_rows > 0
    assert cellgraph.vertices(image / "cells.db", sample="grown", expand=0).num_rows == 0


def test_lines_of_a_volume_have_a_length_and_cells_their_number(tmp_path: Path) -> None:
    columns = np.array([[1, 2], [3, 4]]).repeat(3, 0).repeat(3, 1)
    np.save(tmp_path / "c.npy", np.broadcast_to(columns, (5, 6, 6)))
    cellgraph.load(tmp_path / "c.npy", tmp_path / "cells.db", spacing=(3, 1, 0.5), unit="um")
    rows = cellgraph.vertices(tmp_path / "cells.db", write=True).to_pylist()
    place = {"z": 6.0, "y": 2.5, "x": 1.25, "length": 15.0}
    assert rows == [{"cells": 4, "cell_1": 1, "cell_2": 2, "cell_3": 3, "cell_4": 4, **place}]
    with cellgraph.open(tmp_path / "cells.db") as db:
        assert db.query("cells")["vertices"].to_pylist() == [1, 1, 1, 1]
    with pytest.raises(ExistsError, match="--replace"):
        cellgraph.vertices(tmp_path / "cells.db", write=True)
    cellgraph.vertices(tmp_path / "cells.db", write=True, replace=True)


@pytest.mark.parametrize("expand", [3.0, 1.0])
def test_every_division_and_number_of_workers_gives_the_same(
    expand: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cellgraph.phantom(tmp_path / "p.npy", cells=60, shape=(20, 40, 30), gap=2, seed=3)
    cellgraph.load(tmp_path / "p.npy", tmp_path / "cells.db", spacing=(2, 1, 1))
    whole = cellgraph.vertices(tmp_path / "cells.db", expand=expand, workers=1)
    monkeypatch.setattr("cellgraph.loading.vertices._VOXELS_AT_ONCE", 1000)
    monkeypatch.setattr("cellgraph.volumes.blocks._SINGLE_BYTES", 0)
    parts = cellgraph.vertices(tmp_path / "cells.db", expand=expand, workers=2)
    assert parts.equals(whole)
    assert whole.num_rows > (50 if expand == 3 else -1)


def test_another_volume_is_refused(image: Path) -> None:
    labels = np.load(image / "image.npy")
    for name, other, said in (
        ("shape", labels[:-1], "it has 8 x 10 voxels, but the sample has 9 x 10"),
        ("dimensions", labels[None].repeat(2, 0), "it has 2 x 9 x 10 voxels, but the sample has 9 x 10"),
        ("moved", np.roll(labels, 1, axis=0) * (np.arange(10) < 9), "its cell"),
        ("cell", np.where(labels == 3, 4, labels), "the cell 3 is not in it"),
    ):
        np.save(image / f"{name}.npy", other)
        with pytest.raises(InputError, match="is not the volume of the sample 'image'") as caught:
            cellgraph.vertices(image / "cells.db", source=image / f"{name}.npy")
        assert said in str(caught.value)
    with pytest.raises(ParameterError, match="longer than the volume"):
        cellgraph.vertices(image / "cells.db", expand=100)
