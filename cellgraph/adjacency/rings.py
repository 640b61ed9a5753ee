"""Count how many cells are at each distance from each cell, on all cores.

The counts equal those of `networkx.single_source_shortest_path_length` with a cutoff.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

from cellgraph.machine import cores

if TYPE_CHECKING:
    import numpy as np

    from cellgraph.adjacency.matrix import Adjacency

_PART = 16_384
"""Cells that a thread takes at a time for k = 1; fewer for larger k."""

_LEAST = 64
_MANY = 50_000
_SECONDS_BETWEEN_CHECKS = 0.2


def _say_nothing(graph: Adjacency, rows: np.ndarray[Any, Any]) -> bool:
    """Return whether row numbers say nothing about where cells are, so that each step leads to distant memory."""
    import numpy as np

    if not len(graph.indices):
        return False
    some = rows[:: max(len(rows) // 1000, 1)]
    first = graph.indices[np.minimum(graph.indptr[some], len(graph.indices) - 1)]
    return bool(np.median(np.abs(first - some)) > len(graph.labels) / 20)


def _renumbered(graph: Adjacency) -> tuple[Adjacency, np.ndarray[Any, Any]]:
    """Return the graph with its cells in breadth-first order, and the new row number of each."""
    import numpy as np

    from cellgraph.adjacency.kernels import breadth_first, renumber

    n = len(graph.labels)
    seen, order = np.zeros(n, np.uint8), np.empty(n, np.int32)
    breadth_first(graph.indptr, graph.indices, seen, order)
    rank = np.empty(n, np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    starts = np.r_[0, np.diff(graph.indptr)[order].cumsum()]
    neighbours = np.empty_like(graph.indices)

    def write(first: int) -> None:
        stop = min(first + _PART, n)
        renumber(graph.indptr, graph.indices, order, rank, starts, neighbours, first, stop)

    with ThreadPoolExecutor(cores()) as threads:
        for _ in threads.map(write, range(0, n, _PART)):
            pass
    return replace(graph, indptr=starts, indices=neighbours), rank


def counts_by_distance(
    graph: Adjacency,
    rows: np.ndarray[Any, Any],
    k: int,
    *,
    workers: int | None = None,
    check: Callable[[], object] | None = None,
) -> np.ndarray[Any, Any]:
    """Count the cells at each distance from some cells, on all cores.

    Parameters
    ----------
    graph : Adjacency
    rows : numpy.ndarray of int64, shape (s,)
        Row numbers of the cells to start from, without duplicates.
    k : int
        Largest distance, in contacts.
    workers : int, optional
        Number of threads; None is one per core.
    check : callable, optional
        Called repeatedly; an exception that it raises ends the count.

    Returns
    -------
    numpy.ndarray of int32, shape (s, k)
        Column ``hop - 1`` is the number of cells at exactly ``hop`` contacts.
    """
    import numpy as np

    if k < 2 or len(rows) < _MANY or not _say_nothing(graph, rows):
        return _counted(graph, rows, k, workers, check)
    near, rank = _renumbered(graph)
    numbers = rank[rows]
    starts = np.sort(numbers)
    place = np.empty(len(rank), np.int32)
    place[starts] = np.arange(len(starts), dtype=np.int32)
    counts: np.ndarray[Any, Any] = _counted(near, starts, k, workers, check)[place[numbers]]
    return counts


def _counted(
    graph: Adjacency, rows: np.ndarray[Any, Any], k: int, workers: int | None, check: Callable[[], object] | None
) -> np.ndarray[Any, Any]:
    """Count from the cells in the given order."""
    import numpy as np

    from cellgraph.adjacency.kernels import count_by_distance

    n = len(graph.labels)
    counts = np.empty((len(rows), k), np.int32)

    stopped = Event()
    size = max(_LEAST, _PART // k**2)
    starts = iter(range(0, len(rows), size))  # next() of a range is atomic

    def work() -> None:
        seen, queue = np.full(n, -1, np.int32), np.empty(n, np.int32)
        for start in starts:
            if stopped.is_set():
                return
            part = slice(start, start + size)
            count_by_distance(graph.indptr, graph.indices, rows[part], seen, queue, counts[part])

    number = min(workers or cores(), -(-len(rows) // size))
    with ThreadPoolExecutor(max(number, 1)) as threads:
        running = {threads.submit(work) for _ in range(number)}
        try:
            while running:
                finished, running = wait(running, timeout=_SECONDS_BETWEEN_CHECKS, return_when=FIRST_COMPLETED)
                for part in finished:
                    part.result()
                if check is not None:
                    check()
        finally:
            stopped.set()
    return counts
