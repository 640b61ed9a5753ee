"""Measures of whole samples. Each takes a `Graph` and properties of its cells, and returns rows and notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cellgraph.measures.distances import search
from cellgraph.measures.graph import Array, Graph

Rows = dict[str, Any]

_EXACT = 20_000
"""Number of cells up to which distances are searched from every cell."""

_STARTS = 1_000


def diameter(graph: Graph, _: Mapping[str, Array]) -> tuple[Rows, list[str]]:
    """Return bounds of the largest distance in the largest component; equal if it is known exactly.

    With searches from some cells, the diameter is at least the largest of their farthest distances, and at most twice
    the smallest (Magnien 2009).
    """
    from scipy.sparse.csgraph import connected_components

    if not graph.n:
        return {"low": [None], "high": [None], "cells": [0]}, []
    piece = connected_components(graph.matrix(np.ones(len(graph.a))), directed=False)[1]
    cells = np.flatnonzero(piece == np.argmax(np.bincount(piece)))
    if len(cells) <= _EXACT:
        low = high = int(search(graph, cells).farthest.max(initial=0))
    else:
        random = np.random.default_rng(1)
        found = search(graph, random.choice(cells, _STARTS, replace=False)).farthest
        low, high = int(found.max()), int(2 * found.min())
    return {"low": [low], "high": [high], "cells": [len(cells)]}, []


def assortativity(graph: Graph, _: Mapping[str, Array]) -> tuple[Rows, list[str]]:
    """Return the correlation of the degrees at both ends of contacts (Newman 2002); null if all are the same."""
    x, y = graph.degree[np.r_[graph.a, graph.b]], graph.degree[np.r_[graph.b, graph.a]]
    value = None if len(x) == 0 or x.std() == 0 else float(np.corrcoef(x, y)[0, 1])
    return {"assortativity": [value]}, []


def hop_plot(graph: Graph, _: Mapping[str, Array]) -> tuple[Rows, list[str]]:
    """Return how many pairs of cells are within each distance, and their share of all pairs (Palmer 2002)."""
    notes = []
    starts = np.arange(graph.n)
    if graph.n > _EXACT:
        starts = np.sort(np.random.default_rng(1).choice(graph.n, _STARTS, replace=False))
        notes = [f"the hop plot of {graph.sample!r} is computed from {_STARTS:,} random cells of {graph.n:,}"]
    counts = np.cumsum(search(graph, starts).histogram[1:])
    share = counts / max(len(starts) * (graph.n - 1), 1)
    return {"hop": list(range(1, len(counts) + 1)), "pairs": counts.tolist(), "share": share.tolist()}, notes


def polygon_classes(graph: Graph, cells: Mapping[str, Array]) -> tuple[Rows, list[str]]:
    """Return how many cells have each number of neighbours, without those on the border.

    In a plane where three cells meet at each corner, the mean is 6 (Euler).
    """
    inside, notes = _inside(graph, cells)
    count = np.bincount(graph.degree[inside])
    known = np.flatnonzero(count)
    share = count[known] / max(int(inside.sum()), 1)
    return {"neighbours": known.tolist(), "cells": count[known].tolist(), "share": share.tolist()}, notes


def lewis(graph: Graph, cells: Mapping[str, Array]) -> tuple[Rows, list[str]]:
    """Return the mean size of cells with n neighbours relative to all cells, and (n - 2) / 4 (Lewis 1928, for 2D).

    The size is ``volume`` (in 2D the area), and cells on the border are left out.
    """
    inside, notes = _inside(graph, cells)
    size = cells["volume"]
    inside &= np.isfinite(size)
    if not inside.any():
        return {n: [] for n in ("neighbours", "cells", "size_mean", "size_relative", "lewis")}, [
            *notes, f"the cells of {graph.sample!r} have no volume, so there is nothing to compare"
        ]  # fmt: skip
    degree = graph.degree[inside]
    count = np.bincount(degree)
    known = np.flatnonzero(count)
    mean = np.bincount(degree, size[inside])[known] / count[known]
    return {
        "neighbours": known.tolist(),
        "cells": count[known].tolist(),
        "size_mean": mean.tolist(),
        "size_relative": (mean / size[inside].mean()).tolist(),
        "lewis": ((known - 2) / 4).tolist(),
    }, notes


def aboav_weaire(graph: Graph, cells: Mapping[str, Array]) -> tuple[Rows, list[str]]:
    """Return the mean degree m of the neighbours of cells with n neighbours, and the line n m = (6 - a) n + b.

    Aboav 1970, Weaire 1974. Cells on the border, and cells that touch one, are left out, as a cell on the border lacks
    some neighbours. The line is a least-squares fit over the remaining cells.
    """
    inside, notes = _inside(graph, cells)
    sums = np.bincount(graph.a, graph.degree[graph.b], minlength=graph.n)
    sums += np.bincount(graph.b, graph.degree[graph.a], minlength=graph.n)
    outside = ~inside
    beside = np.zeros(graph.n, bool)
    beside[graph.a[outside[graph.b]]] = True
    beside[graph.b[outside[graph.a]]] = True
    kept = inside & ~beside & (graph.degree > 0)
    degree = graph.degree[kept]
    count = np.bincount(degree)
    known = np.flatnonzero(count)
    mean = np.bincount(degree, sums[kept] / degree)[known] / count[known] if len(known) else np.empty(0)
    line: list[float | None] = [None] * len(known)
    if len(known) > 1:
        slope, at_zero = np.polyfit(degree, sums[kept], 1)
        line = ((slope * known + at_zero) / known).tolist()
        notes.append(f"Aboav-Weaire of {graph.sample!r}: n m = {slope:.4g} n + {at_zero:.4g}, so a = {6 - slope:.4g}")
    return {
        "neighbours": known.tolist(),
        "cells": count[known].tolist(),
        "neighbours_of_neighbours": mean.tolist(),
        "aboav_weaire": line,
    }, notes


def _inside(graph: Graph, cells: Mapping[str, Array]) -> tuple[Array, list[str]]:
    """Return which cells are not on the border; all, with a note, if that is unknown for a sample."""
    on_border = cells["on_border"]
    if np.isnan(on_border).all() and graph.n:
        return np.ones(graph.n, bool), [
            f"the sample {graph.sample!r} has no column on_border, so no cells are left out"
        ]
    return on_border == 0, []
