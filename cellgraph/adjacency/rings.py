"""How many cells are at each distance from each cell, counted on all cores.

The same numbers as `networkx.single_source_shortest_path_length` with a cutoff.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import TYPE_CHECKING, Any

from cellgraph.machine import cores

if TYPE_CHECKING:
    import numpy as np

    from cellgraph.adjacency.matrix import Adjacency

_PART = 16_384
"""Cells that a thread takes at a time."""


def counts_by_distance(
    graph: Adjacency, rows: np.ndarray[Any, Any], k: int, *, workers: int | None = None
) -> np.ndarray[Any, Any]:
    """Count the cells at each distance from some cells, on all cores.

    Parameters
    ----------
    graph : Adjacency
    rows : numpy.ndarray of int64, shape (s,)
        Numbers of the cells to start from, each once.
    k : int
        Largest distance, in contacts.
    workers : int, optional
        Number of threads; None is one a core.

    Returns
    -------
    numpy.ndarray of int32, shape (s, k)
        Column ``hop - 1`` is the number of cells at exactly ``hop`` contacts.
    """
    import numpy as np

    from cellgraph.adjacency.kernels import count_by_distance

    n = len(graph.labels)
    counts = np.empty((len(rows), k), np.int32)
    own = local()

    def count(start: int) -> None:
        if not hasattr(own, "seen"):
            own.seen, own.queue = np.full(n, -1, np.int32), np.empty(n, np.int32)
        part = slice(start, start + _PART)
        count_by_distance(graph.indptr, graph.indices, rows[part], own.seen, own.queue, counts[part])

    with ThreadPoolExecutor(workers or cores()) as threads:
        for _ in threads.map(count, range(0, len(rows), _PART)):
            pass
    return counts
