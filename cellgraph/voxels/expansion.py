"""The contacts between cells grown into the background in one block, and the distances across the gaps."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from cellgraph.voxels import kernels
from cellgraph.voxels.growth import gaps, grow, paint
from cellgraph.voxels.metric import Metric
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.runs import Runs, find_runs
from cellgraph.voxels.tally import Tally

Array = np.ndarray[Any, Any]
Index = tuple[int, int, int]

_EDGE = 96
"""Blocks are grown in parts of this many voxels per axis, so that the memory needed besides the labels stays small."""


def sweep_expanded(runs: Runs, ids: Array, names: Array, core: tuple[Index, Index], rules: Rules) -> Tally:
    """Return the contacts between grown cells in a block, and the distances between its cells and others.

    Parameters
    ----------
    runs : Runs
        Runs of the block with `Reach.margin` voxels around it, within the volume.
    ids, names : numpy.ndarray
        The id of each run, 0 for the background, and the label of each id.
    core : tuple
        Start and stop of the block in it.
    rules : Rules
        With `reach`.
    """
    names, rank = by_label(names)
    tallies = []
    labels = None
    for start, stop in _parts(*core):
        if labels is None:
            labels = paint(runs.ends, rank[ids], runs.rows, runs.shape)
        tallies.append(_part(labels, names, start, stop, rules))
    total = Tally.empty()
    for tally in tallies:
        total = total.merge(tally)
    return total


def by_label(names: Array) -> tuple[Array, Array]:
    """Sort the labels after the first, which is not a cell; return them, and the new rank of each old position."""
    order = np.argsort(names[1:]) + 1
    rank = np.zeros(len(names), np.int32)
    rank[order] = np.arange(1, len(names))
    return np.concatenate([names[:1], names[order]]), rank


def ranked(labels: Array, rules: Rules) -> tuple[Array, Array]:
    """Return the rank of the label of each voxel, as int32 with 0 for the background, and the label of each rank.

    Raises
    ------
    LabelError
        See `number_runs`.
    """
    from cellgraph.voxels.block import number_runs

    runs, ids, names = number_runs(find_runs(labels), labels.dtype, rules)
    names, rank = by_label(names)
    return paint(runs.ends, rank[ids], runs.rows, runs.shape), names


def grown(ranks: Array, metric: Metric, distance: float) -> Array:
    """Return ranked labels grown into the background by at most a distance, considering only this array."""
    if ranks.all() or not ranks.any():
        return ranks
    ranks = np.array(ranks, order="C")
    limit = metric.square(distance)
    grow(ranks, metric.array, metric.array.dtype.type(limit), metric.reach(limit))
    return ranks


def _part(labels: Array, names: Array, start: Index, stop: Index, rules: Rules) -> Tally:
    reach = rules.reach
    assert reach is not None
    metric = reach.metric
    window, low, high = _window(labels, start, stop, reach.margin)
    if not window.any():
        return Tally.empty()
    limit = metric.square(reach.distance)
    # Use dense ids in this part, so that tables are only as large as its contents.
    present = np.unique(window)
    present = present[present > 0]
    dense = np.searchsorted(present, window).astype(np.int32) + (window > 0)
    own = names[present]
    kind = metric.array.dtype.type
    pairs, squares = gaps(dense, low, high, len(own) + 1, metric.array, kind(limit), metric.reach(limit))
    near = own[pairs - 1]
    sequence = np.lexsort((near[:, 1], near[:, 0]))
    tally = replace(Tally.empty(), near=near[sequence], squares=squares[sequence].astype(np.float64))
    return tally.merge(_grown(dense, own, low, high, rules)) if reach.growth else tally


def _grown(labels: Array, names: Array, start: Index, stop: Index, rules: Rules) -> Tally:
    """Return the contacts between grown cells, each counted in the part that contains its highest corner."""
    from cellgraph.voxels.block import count_contacts, number_runs

    reach = rules.reach
    assert reach is not None
    z, y, x = reach.metric.reach(reach.metric.square(reach.growth))
    halo = tuple(min(1, first) for first in start)
    window, low, high = _window(labels, start, stop, (z + 1, y + 1, x + 1))
    own = tuple(slice(a - h, b) for a, h, b in zip(low, halo, high, strict=True))
    block = grown(window, reach.metric, reach.growth)[own]
    plain = Rules(0, rules.connectivity, sites=False)
    runs, ids, found = number_runs(find_runs(np.ascontiguousarray(block)), block.dtype, plain)
    passes = kernels.passes_of(rules.connectivity)
    table = count_contacts(runs, ids, np.array(halo, np.int64), plain, passes, within=True)
    table = table[table[:, 0] >> 32 != 0]
    ends = np.stack([names[found[table[:, 0] >> 32] - 1], names[found[table[:, 0] & 0xFFFFFFFF] - 1]], axis=1)
    ends.sort(axis=1)
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    counts = np.zeros((len(ends), kernels.PAIR_WIDTH), np.int64)
    counts[:, kernels.EXPANDED] = table[order, 1:4].sum(1)
    counts[:, kernels.EXPANDED_BESIDE] = table[order, 4:].sum(1)
    return Tally(np.zeros(0, np.int64), kernels.no_cells(0), ends[order], counts)


def _window(labels: Array, start: Index, stop: Index, margin: Index) -> tuple[Array, Index, Index]:
    """Return a part with a margin, clipped to the array, and the position of the part in it."""
    low = [max(a - m, 0) for a, m in zip(start, margin, strict=True)]
    high = [min(b + m, n) for b, m, n in zip(stop, margin, labels.shape, strict=True)]
    z, y, x = (a - n for a, n in zip(start, low, strict=True))
    c, b, a = (s - n for s, n in zip(stop, low, strict=True))
    return labels[tuple(slice(*ends) for ends in zip(low, high, strict=True))], (z, y, x), (c, b, a)


def _parts(start: Index, stop: Index) -> list[tuple[Index, Index]]:
    """Split a block into parts of about equal size."""
    edges = []
    for a, b in zip(start, stop, strict=True):
        count = -(-(b - a) // _EDGE)
        edges.append([a + (b - a) * k // count for k in range(count + 1)])
    parts = []
    for k in product(*(range(len(e) - 1) for e in edges)):
        (z, c), (y, b), (x, a) = ((e[i], e[i + 1]) for e, i in zip(edges, k, strict=True))
        parts.append(((z, y, x), (c, b, a)))
    return parts
