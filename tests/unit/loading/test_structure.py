"""Distances to a structure, on tissues where they are known, and by scipy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

import cellgraph
from cellgraph.errors import CellgraphError, ExistsError, InputError, ParameterError

SPACING = (2.0, 0.5, 1.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cellgraph.phantom(tmp_path / "cells.npy", cells=40, shape=(10, 40, 30), gap=1, seed=6)
    cellgraph.load(tmp_path / "cells.npy", tmp_path / "cells.db", spacing=SPACING, unit="micrometer")
    mask = np.zeros((10, 40, 30), np.uint8)
    mask[2:5, 10:14, 3:25] = 2
    mask[8, 30, 7] = 1
    np.save(tmp_path / "mask.npy", mask)
    return tmp_path


def columns(folder: Path, *names: str) -> dict[int, tuple[Any, ...]]:
    with cellgraph.open(folder / "cells.db") as db:
        rows = db.query("cells").select(["cell", *names]).to_pydict()
    return dict(zip(rows["cell"], zip(*(rows[name] for name in names), strict=True), strict=True))


@pytest.mark.parametrize("label", [None, 1, 2])
def test_distances_are_those_of_scipy(label: int | None, folder: Path) -> None:
    done = cellgraph.distance(folder / "mask.npy", folder / "cells.db", name="canal", label=label)
    labels, image = np.load(folder / "cells.npy"), np.load(folder / "mask.npy")
    mask = image != 0 if label is None else image == label
    away, nearest = distance_transform_edt(~mask, sampling=SPACING, return_indices=True)
    found = columns(folder, *done.properties)
    assert len(found) == 40 == done.cells
    for cell, (smallest, mean, *direction) in found.items():
        own = labels == cell
        assert smallest == pytest.approx(away[own].min())
        assert mean == pytest.approx(away[own].mean())
        if smallest == 0:
            assert direction == [None, None, None]
            continue
        assert np.linalg.norm(direction) == pytest.approx(1)
        ways = [(nearest[:, *at] - at) * SPACING for at in np.argwhere(own & np.isclose(away, smallest))]
        reached = [
            at + np.array(direction) * smallest / SPACING for at in np.argwhere(own & np.isclose(away, smallest))
        ]
        assert any(
            mask[tuple(np.rint(end).astype(int))] for end in reached if np.allclose(end, np.rint(end), atol=1e-6)
        )
        assert np.linalg.norm(ways[0]) == pytest.approx(smallest)


def test_a_label_of_the_volume_and_two_dimensions(tmp_path: Path) -> None:
    labels = np.zeros((5, 20), np.int32)
    labels[:, :2], labels[:, 6:8], labels[2, 15] = 9, 1, 2
    np.save(tmp_path / "flat.npy", labels)
    cellgraph.load(tmp_path / "flat.npy", tmp_path / "cells.db", spacing=(1.0, 0.5))
    cellgraph.distance(db=tmp_path / "cells.db", name="vessel", label=9)
    found = columns(tmp_path, "vessel_distance", "vessel_distance_mean", "vessel_direction_y", "vessel_direction_x")
    assert found == {1: (2.5, 2.75, 0.0, -1.0), 2: (7.0, 7.0, 0.0, -1.0), 9: (0.0, 0.0, None, None)}


def test_what_is_refused(folder: Path) -> None:
    np.save(folder / "flat.npy", np.zeros((40, 30), np.uint8))
    np.save(folder / "empty.npy", np.zeros((10, 40, 30), np.uint8))
    cellgraph.phantom(folder / "other.tif", cells=3, shape=(10, 40, 30), spacing=(1.0, 1.0, 1.0), unit="micrometer")
    wrong: list[tuple[dict[str, Any], type[CellgraphError], str]] = [
        ({"name": "canal"}, ParameterError, "name the structure"),
        (
            {"to": folder / "flat.npy", "name": "canal"},
            InputError,
            "40 x 30 voxels, but the sample",
        ),
        ({"to": folder / "other.tif", "name": "canal"}, InputError, "has voxels of 1 x 1 x 1, but"),
        ({"to": folder / "empty.npy", "name": "canal"}, InputError, "nothing is in .*empty.npy"),
        ({"name": "canal", "label": 77}, InputError, "the label 77 is not in"),
        ({"to": folder / "mask.npy", "name": "a`b"}, InputError, "backtick"),
    ]
    for arguments, kind, sentence in wrong:
        with pytest.raises(kind, match=sentence):
            cellgraph.distance(db=folder / "cells.db", **arguments)
    cellgraph.distance(folder / "mask.npy", folder / "cells.db", name="canal")
    with pytest.raises(ExistsError, match="replace it with --replace"):
        cellgraph.distance(folder / "mask.npy", folder / "cells.db", name="canal")
    cellgraph.distance(folder / "mask.npy", folder / "cells.db", name="canal", replace=True)
