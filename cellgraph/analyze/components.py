"""Which cells hang together: the compiled form of ``components``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.adjacency.matrix import Adjacency


def components(graph: Adjacency, rows: np.ndarray[Any, Any]) -> pa.Table:
    """Return the rows of the query ``components``: sample, cell, component, size.

    The component of a cell is the smallest label among the cells of its sample in the same piece, and its size
    the number of these; they are the connected components that `scipy.sparse.csgraph` finds.
    """
    import numpy as np
    import pyarrow as pa
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(graph.labels)
    links = csr_array((np.ones(len(graph.indices), np.bool_), graph.indices, graph.indptr), shape=(n, n))
    _, piece = connected_components(links, directed=False)
    starts = np.flatnonzero(np.r_[True, graph.samples[1:] != graph.samples[:-1]]) if n else np.empty(0, int)
    number_of_sample = np.zeros(n, np.int64)
    number_of_sample[starts[1:]] = 1
    key = np.cumsum(number_of_sample) * (piece.max(initial=0) + 1) + piece
    # Cells are sorted by label in each sample, so the first cell of a key has its smallest label.
    _, first, inverse, size = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return pa.table(
        {
            "sample": pa.array(graph.samples[rows], pa.string()),
            "cell": graph.labels[rows],
            "component": graph.labels[first][inverse][rows],
            "size": size[inverse][rows],
        }
    )
