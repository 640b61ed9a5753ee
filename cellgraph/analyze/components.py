"""Connected components: the compiled form of ``components``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.adjacency.matrix import Adjacency
    from cellgraph.estimation.restricted import Restricted


def components(asked: Restricted, least: int = 1, most: int | None = None) -> pa.Table:
    """Return the rows of the query ``components``, for components of ``least`` to ``most`` cells.

    The component of a cell is named by the smallest label among the cells of its sample in the same connected
    component, and its size is their number.  Components are those of `scipy.sparse.csgraph`, strongly connected if
    contacts are taken in one direction.  Cells that do not meet the conditions are in none.
    """
    import numpy as np
    import pyarrow as pa

    graph, kept = asked.graph, np.flatnonzero(asked.kept)
    piece = pieces(graph, strong=asked.direction != "both")
    sample = np.cumsum(np.r_[False, graph.samples[1:] != graph.samples[:-1]][: len(graph.labels)])
    key = (sample * (piece.max(initial=0) + 1) + piece)[kept]
    # Cells are sorted by label within each sample, so the first cell of a key has the smallest label.
    _, first, inverse, size = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    place = np.searchsorted(kept, asked.rows)
    sizes = size[inverse][place]
    wanted = np.flatnonzero((sizes >= least) & (sizes <= (len(kept) if most is None else most)))
    rows, place = asked.rows[wanted], place[wanted]
    return pa.table(
        {
            "sample": pa.array(graph.samples[rows], pa.string()),
            "cell": graph.labels[rows],
            "component": graph.labels[kept[first]][inverse][place],
            "size": sizes[wanted],
        }
    )


def pieces(graph: Adjacency, *, strong: bool = False) -> np.ndarray[Any, Any]:
    """Return the number of the connected component of each cell."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(graph.labels)
    links = csr_array((np.ones(len(graph.indices), np.bool_), graph.indices, graph.indptr), shape=(n, n))
    _, piece = connected_components(links, directed=strong, connection="strong" if strong else "weak")
    return np.asarray(piece)


def patches(asked: Restricted, least: int) -> pa.Table:
    """Return the rows of the query ``patches``: sample, patch, cells; the largest of each sample first."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = components(asked).group_by(["sample", "component"]).aggregate([("cell", "count")])
    rows = pa.table({"sample": found["sample"], "patch": found["component"], "cells": found["cell_count"]})
    rows = rows.filter(pc.greater_equal(rows["cells"], least))
    return rows.sort_by([("sample", "ascending"), ("cells", "descending"), ("patch", "ascending")])
