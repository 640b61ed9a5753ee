"""How many cells are within k contacts of each cell: the compiled form of ``khop`` and ``khop-summary``.

The same numbers as `networkx.single_source_shortest_path_length` with a cutoff, counted by distance.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.analyze.adjacency import Adjacency

_PART = 16_384
"""Cells that a thread takes at a time."""

_TABLE_PART = 2**20
"""Cells whose rows are made at a time, so that what is in between stays small."""


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

    from cellgraph.analyze.kernels import count_by_distance

    n = len(graph.labels)
    counts = np.empty((len(rows), k), np.int32)
    own = local()

    def count(start: int) -> None:
        if not hasattr(own, "seen"):
            own.seen, own.queue = np.full(n, -1, np.int32), np.empty(n, np.int32)
        part = slice(start, start + _PART)
        count_by_distance(graph.indptr, graph.indices, rows[part], own.seen, own.queue, counts[part])

    with ThreadPoolExecutor(workers or os.cpu_count()) as threads:
        for _ in threads.map(count, range(0, len(rows), _PART)):
            pass
    return counts


def khop(graph: Adjacency, rows: np.ndarray[Any, Any], k: int) -> pa.Table:
    """Return the rows of the query ``khop``: sample, cell, hop, cells, within; one a cell and hop."""
    import numpy as np
    import pyarrow as pa

    counts = counts_by_distance(graph, rows, k)
    hops = np.arange(1, k + 1)
    parts = []
    for part in _parts(len(rows)):
        cells, numbers = rows[part], counts[part].astype(np.int64)
        parts.append(
            pa.table(
                {
                    "sample": pa.array(np.repeat(graph.samples[cells], k), pa.string()),
                    "cell": np.repeat(graph.labels[cells], k),
                    "hop": np.tile(hops, len(cells)),
                    "cells": numbers.ravel(),
                    "within": numbers.cumsum(axis=1).ravel(),
                }
            )
        )
    return pa.concat_tables(parts)


def khop_summary(graph: Adjacency, rows: np.ndarray[Any, Any], k: int) -> pa.Table:
    """Return the rows of the query ``khop-summary``: distributions over the cells of each sample, one a hop."""
    import numpy as np
    import pyarrow as pa

    counts = counts_by_distance(graph, rows, k)
    names = graph.samples[rows]
    summaries = []
    for name in np.unique(names.astype(object)) if len(names) else []:
        numbers = counts[names == name].astype(np.int64)
        for hop in range(k):
            summaries.append(
                {"sample": name, "hop": hop + 1, "counted": len(numbers)}
                | _distribution("cells", numbers[:, hop])
                | _distribution("within", numbers[:, : hop + 1].sum(axis=1))
            )
    kinds = {"sample": pa.string()} | {
        f"{of}_{what}": pa.float64() if what == "mean" else pa.int64()
        for of in ("cells", "within")
        for what in ("mean", "min", "median", "max")
    }
    first = {"sample": kinds.pop("sample"), "hop": pa.int64(), "counted": pa.int64()}
    return pa.Table.from_pylist(summaries, pa.schema((first | kinds).items()))


def _distribution(of: str, numbers: np.ndarray[Any, Any]) -> dict[str, float | int]:
    """Return mean, smallest, lower median and largest of some numbers, at least one."""
    import numpy as np

    middle = (len(numbers) - 1) // 2
    return {
        f"{of}_mean": float(numbers.mean()),
        f"{of}_min": int(numbers.min()),
        f"{of}_median": int(np.partition(numbers, middle)[middle]),
        f"{of}_max": int(numbers.max()),
    }


def _parts(count: int) -> Iterator[slice]:
    """Cut so many rows into slices, at least one."""
    for start in range(0, max(count, 1), _TABLE_PART):
        yield slice(start, min(start + _TABLE_PART, count))
