"""Degrees of cells: the compiled forms of ``degree``, ``connection-count`` and ``hubs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellgraph.adjacency.rings import counts_by_distance

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.adjacency.matrix import Adjacency
    from cellgraph.stores import Topology


def degree(graph: Adjacency, rows: np.ndarray[Any, Any]) -> pa.Table:
    """Return the rows of the query ``degree``: sample, cell, degree (distinct other cells)."""
    return _rows(graph, rows, "degree", counts_by_distance(graph, rows, 1)[:, 0])


def hubs(graph: Adjacency, rows: np.ndarray[Any, Any], limit: int) -> pa.Table:
    """Return the rows of the query ``hubs``: the cells of highest degree, ties in the order of sample and label."""
    import numpy as np

    degrees = counts_by_distance(graph, rows, 1)[:, 0]
    first = np.argsort(-degrees, kind="stable")[:limit]
    first = first[degrees[first] > 0]
    return _rows(graph, rows[first], "degree", degrees[first])


def connection_count(topology: Topology, rows: np.ndarray[Any, Any]) -> pa.Table:
    """Return the rows of the query ``connection-count``: sample, cell, connections (relationships as given)."""
    import numpy as np

    a, b, n = topology.a, topology.b, len(topology.labels)
    counts = np.bincount(a, minlength=n) + np.bincount(b[a != b], minlength=n)
    return _rows(topology, rows, "connections", counts[rows])


def _rows(
    cells: Adjacency | Topology, rows: np.ndarray[Any, Any], name: str, numbers: np.ndarray[Any, Any]
) -> pa.Table:
    import pyarrow as pa

    return pa.table({"sample": pa.array(cells.samples[rows], pa.string()), "cell": cells.labels[rows], name: numbers})
