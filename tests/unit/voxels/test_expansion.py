"""Cells grown into the background, and distances between cells: beside loops, scipy and scikit-image."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import contacts
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import expand_labels

from cellgraph.engines import ThreadsEngine
from cellgraph.volumes import grid
from cellgraph.volumes.array import array_volume
from cellgraph.volumes.scan import settle
from cellgraph.voxels import expansion, kernels
from cellgraph.voxels.growth import grow
from cellgraph.voxels.metric import Metric, Reach
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import Tally, merge

Array = np.ndarray[Any, Any]

SPACINGS = [(1.0, 1.0, 1.0), (2.0, 0.5, 0.5), (1.0, 2.0, 3.0), (0.3, 0.1, 0.1), (0.2012, 0.0653, 0.0653)]
TALLY = ("labels", "cells", "pairs", "counts", "opened", "patches", "near", "squares")


@st.composite
def volumes(draw: st.DrawFn) -> tuple[Array, tuple[float, float, float], float]:
    """Draw labels between background, a voxel size, and how far to grow."""
    shape = draw(st.tuples(*(st.integers(1, 9) for _ in range(3))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.sampled_from([0.02, 0.1, 0.5]))
    labels = np.where(rng.random(shape) < share, rng.integers(1, 7, shape), 0).astype(np.int32)
    spacing = draw(st.sampled_from(SPACINGS))
    return labels, spacing, draw(st.sampled_from([0.5, 1.0, 2.5, 6.0])) * min(spacing)


def grown(labels: Array, spacing: tuple[float, float, float], distance: float) -> Array:
    metric = Metric.of(spacing)
    limit = metric.square(distance)
    out = labels.copy()
    grow(out, metric.array, metric.array.dtype.type(limit), metric.reach(limit))
    return out


def nearest(labels: Array, spacing: tuple[float, float, float]) -> tuple[Array, Array, Array]:
    """Return the distance of each voxel to the nearest cell, and the smallest and largest label at that distance."""
    places = np.argwhere(labels > 0)
    steps = (np.argwhere(labels >= 0)[:, None] - places[None]) * np.array(spacing)
    squares = (steps**2).sum(2)
    least = squares.min(1, keepdims=True)
    names = labels[tuple(places.T)][None]
    tied = squares <= least * (1 + 1e-9)
    first, last = np.where(tied, names, 99).min(1), np.where(tied, names, -1).max(1)
    return np.sqrt(least[:, 0]).reshape(labels.shape), first.reshape(labels.shape), last.reshape(labels.shape)


@given(case=volumes())
def test_cells_grow_as_in_skimage_and_the_smaller_label_wins(case: tuple[Array, Any, float]) -> None:
    labels, spacing, distance = case
    if not labels.any():
        assert not grown(labels, spacing, distance).any()
        return
    found = grown(labels, spacing, distance)
    away, first, last = nearest(labels, spacing)
    clear = np.abs(away - distance) > 1e-9
    np.testing.assert_array_equal(found[clear], np.where(away <= distance, first, 0)[clear])
    theirs = expand_labels(labels, distance, spacing=spacing)
    np.testing.assert_array_equal(found[first == last], theirs[first == last])


def tally(labels: Array, rules: Rules, block: tuple[int, int, int]) -> Tally:
    volume = array_volume(labels, names="zyx")
    scan = replace(settle(volume.header, volume=volume), rules=rules)
    return merge(part for _, part in ThreadsEngine(2).tallies(scan, grid(labels.shape, block)))


@given(case=volumes(), data=st.data())
def test_contacts_and_distances_whatever_the_blocks(case: tuple[Array, Any, float], data: st.DataObject) -> None:
    labels, spacing, distance = case
    connectivity = data.draw(st.sampled_from([6, 18, 26]))
    rules = Rules(0, connectivity, True, Reach.grown(distance, spacing))
    z, y, x = labels.shape
    whole = tally(labels, rules, (z, y, x))
    block = data.draw(st.tuples(st.integers(1, z), st.integers(1, y), st.integers(1, x)))
    edge, expansion._EDGE = expansion._EDGE, data.draw(st.sampled_from([2, 3, 96]))
    try:
        parts = tally(labels, rules, block)
    finally:
        expansion._EDGE = edge
    for name in TALLY:
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name), err_msg=name)
    plain = tally(labels, Rules(0, connectivity), (z, y, x))
    np.testing.assert_array_equal(whole.cells, plain.cells)
    expected = contacts(grown(labels, spacing, distance), 0, connectivity)
    counts = {tuple(pair): row for pair, row in zip(whole.pairs.tolist(), whole.counts.tolist(), strict=True)}
    assert {pair: row[kernels.EXPANDED] for pair, row in counts.items()} == {
        pair: sum(contact.faces) for pair, contact in expected.items()
    }
    true = contacts(labels, 0, connectivity)
    for pair, row in counts.items():
        assert sum(row[:3]) == (sum(true[pair].faces) if pair in true else 0)


@given(case=volumes())
def test_distances_are_those_of_scipy(case: tuple[Array, Any, float]) -> None:
    labels, spacing, distance = case
    found = tally(labels, Rules(0, 6, False, Reach(distance, spacing)), labels.shape)
    lengths = Metric.of(spacing).length(found.squares)
    got = {tuple(pair): length for pair, length in zip(found.near.tolist(), lengths.tolist(), strict=True)}
    expected: dict[tuple[int, int], float] = defaultdict(float)
    names = [int(name) for name in np.unique(labels[labels > 0])]
    for a, b in product(names, names):
        if a < b:
            expected[a, b] = float(distance_transform_edt(labels != a, sampling=spacing)[labels == b].min())
    for pair, length in expected.items():
        if length < distance - 1e-9:
            assert got[pair] == pytest.approx(length, rel=1e-12)
        elif length > distance + 1e-9:
            assert pair not in got


def test_equal_distances_are_equal_in_any_voxel_size() -> None:
    metric = Metric.of((0.3, 0.1, 0.1))
    assert (metric.steps, metric.scale) == ((3, 1, 1), pytest.approx(0.1))
    assert Metric.of((0.5, 0.2, 0.2)).steps == (5, 2, 2)
    assert Metric.of((sqrt(2), 1.0, 1.0)).steps == (sqrt(2), 1.0, 1.0)
