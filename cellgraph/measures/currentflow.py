"""Current-flow betweenness, by solving with the Laplacian."""

from __future__ import annotations

import numpy as np

from cellgraph.measures.graph import Array, Graph

PAIRS = 20_000
"""Number of pairs of cells in a component up to which all are used; for more, this many random ones, or as many as a
requested error needs."""

_BATCH = 64


def current_flow(graph: Graph, error: float | None, seed: int) -> Array:
    """Return the current through each cell as a share of the pairs of other cells; see `ofcells`.

    Parameters
    ----------
    graph : Graph
    error : float or None
        Standard error that is requested for every cell.
    seed : int
    """
    from scipy.sparse import diags_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    conductance = graph.matrix(graph.weights)
    result = np.zeros(graph.n)
    count, piece = connected_components(conductance, directed=False)
    order = np.argsort(piece, kind="stable")
    random = np.random.default_rng(seed)
    for cells in np.split(order, np.cumsum(np.bincount(piece, minlength=count))[:-1]):
        size = len(cells)
        if size < 3:
            continue
        own = conductance[cells][:, cells]
        laplacian = diags_array(np.asarray(own.sum(axis=1)).ravel()) - own
        solver = splu(laplacian[1:, 1:].tocsc())  # the first cell is the ground
        source, target = _pairs(size, error, random)
        through = np.zeros(size)
        edges = own.tocoo()
        for start in range(0, len(source), _BATCH):
            s, t = source[start : start + _BATCH], target[start : start + _BATCH]
            number = np.arange(len(s))
            injected = np.zeros((size, len(s)))
            injected[s, number] += 1.0
            injected[t, number] -= 1.0
            potential = np.vstack([np.zeros(len(s)), solver.solve(injected[1:])])
            current = np.abs(potential[edges.row] - potential[edges.col]) * edges.data[:, None]
            sums = np.zeros((size, len(s)))
            np.add.at(sums, edges.row, current)
            sums /= 2.0
            sums[s, number] = sums[t, number] = 0.0  # current from or to a cell does not count as through it
            through += sums.sum(axis=1)
        pairs_of_piece = size * (size - 1) / 2
        result[cells] = through * (pairs_of_piece / len(source)) * 2 / ((graph.n - 1) * (graph.n - 2))
    return result


def _pairs(size: int, error: float | None, random: np.random.Generator) -> tuple[Array, Array]:
    """Return pairs of different cells: all, or as many random ones as the error needs."""
    wanted = PAIRS if error is None else int(np.ceil(0.25 / error**2))  # a share of 0..1 has a variance of at most 1/4
    if size * (size - 1) // 2 <= wanted:
        source, target = np.triu_indices(size, 1)
        return source, target
    source = random.integers(0, size, wanted)
    target = (source + random.integers(1, size, wanted)) % size
    return source, target
