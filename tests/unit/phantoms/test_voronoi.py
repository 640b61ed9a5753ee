"""The tessellation against the obvious: the nearest of all points for every voxel."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cellgraph.phantoms.seeds import tessellation
from cellgraph.phantoms.voronoi import Tessellation

Array = np.ndarray[Any, Any]


def nearest(tissue: Tessellation, width: int) -> Array:
    """Label each voxel with its nearest point, the first of several; 0 in membranes."""
    labels = np.zeros(tissue.shape, np.uint32)
    for voxel in np.ndindex(tissue.shape):
        distance = ((tissue.points - voxel) ** 2 * tissue.square).sum(axis=1)
        i = int(distance.argmin())
        slab = (np.abs(tissue.points - tissue.points[i]) * tissue.square).sum(axis=1)
        inside = distance - distance[i] > width * slab
        inside[i] = True
        labels[voxel] = i + 1 if width == 0 or inside.all() else 0
    return labels


@st.composite
def tissues(draw: st.DrawFn) -> Tessellation:
    shape = draw(st.tuples(*[st.integers(1, 12)] * 3))
    cells = draw(st.integers(1, min(60, int(np.prod(shape)))))
    spacing = draw(st.tuples(*[st.sampled_from([0.5, 1.0, 1.0, 2.0, 3.3])] * 3))
    return tessellation(cells, shape, spacing, seed=draw(st.integers(0, 9)), relax=draw(st.integers(0, 2)), workers=1)


@given(tissue=tissues(), width=st.integers(0, 2), extent=st.tuples(*[st.integers(1, 12)] * 3))
@settings(max_examples=60)
def test_any_cut_into_blocks_gives_the_nearest_points(
    tissue: Tessellation, width: int, extent: tuple[int, int, int]
) -> None:
    labels = np.full(tissue.shape, 2**32 - 1, np.uint32)
    present = np.zeros(len(tissue.points) + 1, np.bool_)
    for start in product(*(range(0, n, step) for n, step in zip(tissue.shape, extent, strict=True))):
        z, y, x = (min(a + step, n) for a, step, n in zip(start, extent, tissue.shape, strict=True))
        block = tissue.labels((start[0], start[1], start[2]), (z, y, x), width, present)
        labels[start[0] : z, start[1] : y, start[2] : x] = block
    expected = nearest(tissue, width)
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(np.flatnonzero(present), np.setdiff1d(expected, 0))


def test_a_hole_in_the_points_is_filled_from_far() -> None:
    # Two points in far corners: every first guess of the radius is too small.
    points = np.array([[0, 0, 0], [19, 29, 99]])
    tissue = Tessellation((20, 30, 100), points, np.array([1, 1, 1]), radius=2.0)
    np.testing.assert_array_equal(tissue.labels((0, 0, 0), tissue.shape), nearest(tissue, 0))
    np.testing.assert_array_equal(tissue.labels((0, 0, 0), tissue.shape, 3), nearest(tissue, 3))


@given(tissue=tissues())
@settings(max_examples=30)
def test_moments_are_those_of_the_voxels(tissue: Tessellation) -> None:
    rows, sums = tissue.moments((0, 0, 0), tissue.shape, (1, 1))
    total = np.zeros((len(tissue.points), 4), np.int64)
    total[rows] = sums
    expected = np.zeros_like(total)
    for voxel, label in np.ndenumerate(nearest(tissue, 0)):
        expected[int(label) - 1] += (1, *voxel)
    np.testing.assert_array_equal(total, expected)


@given(tissue=tissues())
def test_points_are_distinct_voxels_of_the_volume(tissue: Tessellation) -> None:
    assert len(np.unique(tissue.points, axis=0)) == len(tissue.points)
    assert (tissue.points >= 0).all()
    assert (tissue.points < tissue.shape).all()


def test_relaxing_makes_cells_more_equal() -> None:
    spread = []
    for relax in (0, 1, 4):
        tissue = tessellation(200, (60, 60, 60), (1, 1, 1), seed=0, relax=relax, workers=2)
        voxels = np.bincount(tissue.labels((0, 0, 0), tissue.shape).ravel())[1:]
        spread.append(voxels.std() / voxels.mean())
    assert spread[0] > spread[1] > spread[2]


def test_cells_are_round_in_space_not_in_voxels() -> None:
    tissue = tessellation(400, (20, 80, 80), (4, 1, 1), seed=0, relax=1, workers=2)
    labels = tissue.labels((0, 0, 0), tissue.shape)
    extent = []
    for label in range(1, 401):
        where = np.argwhere(labels == label)
        extent.append(where.std(axis=0) * (4, 1, 1))
    z, y, _ = np.mean(extent, axis=0)
    assert 0.8 < z / y < 1.25
