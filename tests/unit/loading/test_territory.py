"""Territories of cells: known on a lattice, and by scipy on a tissue; with a mask, a limit, and any blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

import cellgraph
from cellgraph.errors import ExistsError, InputError, ParameterError

SPACING = (2.0, 0.5, 1.0)
Array = np.ndarray[Any, Any]


def volumes(db: Path) -> tuple[dict[int, float], set[int]]:
    with cellgraph.open(db) as database:
        rows = database.query("cells").to_pydict()
    cut = {cell for cell, on in zip(rows["cell"], rows["territory_on_border"], strict=True) if on}
    return dict(zip(rows["cell"], rows["territory_volume"], strict=True)), cut


def test_cells_on_a_cubic_lattice_have_cubes(tmp_path: Path) -> None:
    labels = np.zeros((25, 25, 25), np.uint16)
    labels[2::5, 2::5, 2::5] = np.arange(1, 126).reshape(5, 5, 5)
    np.save(tmp_path / "lattice.npy", labels)
    cellgraph.load(tmp_path / "lattice.npy", tmp_path / "cells.db", spacing=(3, 3, 3), unit="um")
    done = cellgraph.territory(tmp_path / "cells.db")
    found, cut = volumes(tmp_path / "cells.db")
    assert set(found.values()) == {5**3 * 27.0}
    inner = set(labels[7:18:5, 7:18:5, 7:18:5].ravel().tolist())
    assert cut == set(range(1, 126)) - inner
    assert (done.cells, done.cut, done.volume) == (125, 98, 25**3 * 27.0)
    assert done.summary() == (
        "lattice: wrote territory_volume of 125 cells, 3375 µm^3 on average, and territory_on_border: 98 of them reach "
        "the border of the image"
    )


def tissue(folder: Path) -> Array:
    cellgraph.phantom(folder / "cells.npy", cells=12, shape=(12, 60, 50), gap=4, seed=6)
    labels = np.load(folder / "cells.npy")
    labels[:, :, 25:] = 0  # so that some voxels are far from any cell
    np.save(folder / "cells.npy", labels)
    cellgraph.load(folder / "cells.npy", folder / "cells.db", spacing=SPACING, unit="micrometer")
    return np.asarray(labels)


@pytest.mark.parametrize("within", [None, 4.0])
@pytest.mark.parametrize("masked", [False, True])
def test_territories_are_those_of_scipy(
    masked: bool, within: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tissue(tmp_path)
    mask = np.ones(labels.shape, np.uint8)
    if masked:
        mask[:, 40:], mask[:4] = 0, 0
        np.save(tmp_path / "mask.npy", mask)
    away = distance_transform_edt(labels == 0, sampling=SPACING)
    inside = (mask > 0) | (labels > 0)
    if within is not None:
        inside &= away <= within
    # Of two cells at one distance the smaller label wins; scipy takes either, so count what is nearest to one only.
    each = {cell: distance_transform_edt(labels != cell, sampling=SPACING) for cell in np.unique(labels[labels > 0])}
    expected = {
        int(cell): int((inside & np.isclose(own, away) & ~_taken(each, int(cell), away)).sum()) * 1.0
        for cell, own in each.items()
    }
    assert sum(expected.values()) == inside.sum()
    monkeypatch.setattr("cellgraph.loading.territory._EDGE", 10)
    monkeypatch.setattr("cellgraph.loading.territory._FIRST_MARGIN", 1)
    cellgraph.territory(tmp_path / "cells.db", mask=tmp_path / "mask.npy" if masked else None, within=within, workers=2)
    found, _ = volumes(tmp_path / "cells.db")
    assert found == expected


def _taken(each: dict[int, Array], cell: int, away: Array) -> Array:
    """Where a cell of a smaller label is as near."""
    taken = np.zeros(away.shape, bool)
    for other, distance in each.items():
        if other < cell:
            taken |= np.isclose(distance, away)
    return taken


def test_an_image_has_areas(tmp_path: Path) -> None:
    labels = np.zeros((10, 20), np.uint8)
    labels[4:6, 4], labels[4:6, 15] = 1, 2
    np.save(tmp_path / "flat.npy", labels)
    cellgraph.load(tmp_path / "flat.npy", tmp_path / "cells.db", spacing=(0.5, 0.5))
    cellgraph.territory(tmp_path / "cells.db")
    assert volumes(tmp_path / "cells.db") == ({1: 25.0, 2: 25.0}, {1, 2})
    with pytest.raises(ExistsError, match="--replace"):
        cellgraph.territory(tmp_path / "cells.db")
    cellgraph.territory(tmp_path / "cells.db", within=0.5, replace=True)
    assert volumes(tmp_path / "cells.db") == ({1: 8 / 4, 2: 8 / 4}, set())


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    labels = tissue(tmp_path)
    np.save(tmp_path / "mask.npy", labels[1:] > 0)
    with pytest.raises(InputError, match=r"the mask .* has 11 x 60 x 50 voxels, but the sample 'cells' has 12 x 60"):
        cellgraph.territory(tmp_path / "cells.db", mask=tmp_path / "mask.npy")
    np.save(tmp_path / "other.npy", np.where(labels == labels.max(), 0, labels))
    with pytest.raises(InputError, match=f"the cell {labels.max()} is not in it"):
        cellgraph.territory(tmp_path / "cells.db", source=tmp_path / "other.npy")
    for within in (0, -1, 1000, "3 parsec"):
        with pytest.raises(ParameterError, match="within"):
            cellgraph.territory(tmp_path / "cells.db", within=within)
    with cellgraph.open(tmp_path / "cells.db") as database:
        assert "territory_volume" not in database.query("cells").column_names
