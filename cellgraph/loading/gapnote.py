"""A note for images in which few cells touch: how far apart they are, and what expansion would join them."""

from __future__ import annotations

from math import floor, log10, prod
from typing import Any

import numpy as np

from cellgraph.model import CellGraph
from cellgraph.volumes.scan import Scan
from cellgraph.volumes.units import symbol
from cellgraph.voxels.block import sweep_around
from cellgraph.voxels.metric import Reach
from cellgraph.voxels.parameters import Rules

Array = np.ndarray[Any, Any]

_MOST_VOXELS = 2_000_000
_FARTHEST = 32
_JOINED = 0.9


def gap_note(graph: CellGraph, scan: Scan) -> list[str]:
    """Return a sentence on the gaps between cells if fewer than half of the cells touch another."""
    cells = graph.cells.num_rows
    alone = graph.cells["degree"].to_numpy() == 0
    touching = cells - int(alone.sum())
    if cells < 2 or 2 * touching >= cells:
        return []
    many = "no two cells touch" if not touching else f"only {touching:,} of {cells:,} cells touch another"
    note = f"{many}: background lies between them"
    found = _gaps(graph, scan, alone)
    if found is None:
        return [f"{note}; --expand D grows them by D before contacts are counted"]
    gaps, farthest = found
    unit = "voxels" if scan.unit == "voxel" else symbol(scan.unit)
    middle = float(np.quantile(gaps, 0.5, method="inverted_cdf"))
    if not np.isfinite(middle):
        return [f"{note}; for most of them, the gap is more than {farthest:.3g} {unit} (between voxel centres)"]
    wanted = float(np.quantile(gaps, _JOINED, method="inverted_cdf"))
    share = f"{_JOINED:.0%}" if np.isfinite(wanted) else "half"
    length = _rounded_up((wanted if np.isfinite(wanted) else middle) / 2)
    option = f"{length:g}" if scan.unit == "voxel" else f"{length:g}{_typed(scan.unit)}"
    return [
        f"{note}; the median gap to the nearest cell is {middle:.3g} {unit} (between voxel centres), and "
        f"--expand {option} --replace would join about {share} of them to a neighbour"
    ]


def _gaps(graph: CellGraph, scan: Scan, alone: Array) -> tuple[Array, float] | None:
    """Return the distance from each isolated cell to its nearest neighbour, and the largest distance searched.

    Distances are infinite beyond the latter.  A small volume is searched whole, a large one only around its median
    cell.
    """
    from scipy.spatial import cKDTree

    header = scan.volume.header
    table = graph.cells
    places = np.stack([table[name].to_numpy() for name in "zyx"], axis=1)
    spacing = np.array((scan.spacing[0],) * (3 - header.ndim) + scan.spacing)
    near = cKDTree(places).query(places, k=2)[0][:, 1]
    farthest = float(min(np.quantile(near[alone], _JOINED), _FARTHEST * spacing.min()))
    start, stop = _window(
        header.shape, places[np.argsort(places[:, -3 + np.argmax(header.shape)])[len(places) // 2]] / spacing
    )
    z, y, x = spacing.tolist()
    rules = Rules(scan.rules.background, scan.rules.connectivity, False, Reach(farthest, (z, y, x)))
    labels = scan.volume.read(start, stop)
    c, b, a = labels.shape
    tally = sweep_around(labels, rules, ((0, 0, 0), (c, b, a)))
    low, high = (np.stack([table[f"{n}_{end}"].to_numpy() for n in "zyx"], 1) for end in ("start", "stop"))
    own = table["label"].to_numpy()[alone & (low >= start).all(1) & (high <= stop).all(1)]
    if not len(own):
        return None
    gaps = np.full(len(own), np.inf)
    assert rules.reach is not None
    lengths = rules.reach.metric.length(tally.squares)
    for side in range(2):
        place = np.minimum(np.searchsorted(own, tally.near[:, side]), len(own) - 1)
        known = own[place] == tally.near[:, side]
        np.minimum.at(gaps, place[known], lengths[known])
    return gaps, farthest


def _window(shape: tuple[int, int, int], middle: Array) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return the bounds of a window of at most `_MOST_VOXELS` around a position, inside the volume."""
    size = list(shape)
    while prod(size) > _MOST_VOXELS:
        axis = size.index(max(size))
        size[axis] = (size[axis] + 1) // 2
    z, y, x = (int(min(max(m - n / 2, 0), full - n)) for m, n, full in zip(middle, size, shape, strict=True))
    return (z, y, x), (z + size[0], y + size[1], x + size[2])


def _rounded_up(value: float) -> float:
    """Round up to two significant digits."""
    step = 10.0 ** (floor(log10(value)) - 1)
    return float(f"{np.ceil(value / step - 1e-9) * step:.6g}")


def _typed(unit: str) -> str:
    """Return how a unit is typed on a keyboard."""
    return {"micrometer": "um", "angstrom": "ang"}.get(unit, symbol(unit))
