"""The sign of oblateness: that of the literature, and of the group that made the measure."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from cellgraph.loading.arrays import sweep
from cellgraph.voxels.measures import oblateness


@pytest.mark.parametrize(
    ("extent", "expected"), [((1, 9, 9), 1.0), ((9, 1, 1), -1.0), ((9, 9, 9), None), ((3, 9, 5), None)]
)
def test_a_disc_is_1_a_rod_is_minus_1_and_a_ball_has_none(extent: tuple[int, int, int], expected: float | None) -> None:
    found = sweep(np.ones(extent, np.uint8)).cells["oblateness"].to_pylist()[0]
    if extent == (3, 9, 5):  # extents of a box go with sqrt(n^2 - 1)
        long, middle, short = (np.sqrt(n * n - 1) for n in sorted(extent, reverse=True))
        expected = 2 * (middle - short) / (long - short) - 1
    assert found == (None if expected is None else pytest.approx(expected))


def test_an_ellipsoid_is_as_flat_as_it_was_drawn() -> None:
    z, y, x = np.ogrid[-20:21, -20:21, -20:21]
    cell = (z / 5) ** 2 + (y / 18) ** 2 + (x / 20) ** 2 <= 1
    found = sweep(cell).cells["oblateness"].to_pylist()[0]
    assert found == pytest.approx(2 * (18 - 5) / (20 - 5) - 1, abs=0.02)


def test_the_table_of_a_bone_gives_its_published_mean(data_dir: Path) -> None:
    lines = (data_dir / "lacunae" / "lacun_4.csv").read_text().splitlines()
    names = [name.strip() for name in lines[1].lstrip("/").split(",")]
    rows = [dict(zip(names, row, strict=False)) for row in csv.reader(lines[2:]) if row]
    extents = np.array([[float(row[f"PCA{axis}_S"]) for axis in (1, 2, 3)] for row in rows])
    assert len(extents) == 217
    assert oblateness(extents).mean() == pytest.approx(-0.25575, abs=1e-5)
