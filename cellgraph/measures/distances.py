"""Distances from many cells to all others, counted on all cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local

import numpy as np

from cellgraph.machine import cores
from cellgraph.measures.graph import Array, Graph

_PART = 256


@dataclass(frozen=True)
class Distances:
    """The results of searches from some cells.

    Attributes
    ----------
    farthest : numpy.ndarray of int64, shape (s,)
        Distance to the farthest cell that each start reaches.
    histogram : numpy.ndarray of int64
        Number of (start, cell) pairs at each distance; the first entry counts the starts themselves.
    """

    farthest: Array
    histogram: Array


def search(graph: Graph, starts: Array) -> Distances:
    """Search from cells given by row number; distances are in contacts."""
    from cellgraph.adjacency.kernels import count_all_distances

    indptr, indices = graph.rows
    farthest = np.zeros(len(starts), np.int64)
    own = local()

    def work(start: int) -> Array:
        if not hasattr(own, "seen"):
            own.seen, own.queue = np.full(graph.n, -1, np.int32), np.empty(graph.n, np.int32)
        part = slice(start, start + _PART)
        histogram = np.zeros(graph.n + 1, np.int64)
        count_all_distances(indptr, indices, starts[part], own.seen, own.queue, farthest[part], histogram)
        return histogram

    total = np.zeros(graph.n + 1, np.int64)
    with ThreadPoolExecutor(cores()) as threads:
        for found in threads.map(work, range(0, len(starts), _PART)):
            total += found
    return Distances(farthest, total[: int(farthest.max(initial=0)) + 1])
