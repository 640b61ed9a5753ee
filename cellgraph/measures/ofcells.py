"""Measures of each cell, from networkit, scipy and kernels of our own. Each takes a `Graph` and returns n numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellgraph.measures.graph import Array, Graph, import_networkit

_SEED = 1


def degree(graph: Graph) -> Array:
    """Return the number of other cells that each cell touches."""
    return graph.degree


def strength(graph: Graph) -> Array:
    """Return the sum of the weights of the contacts of each cell (Barrat 2004)."""
    sums = np.bincount(graph.a, graph.strength, minlength=graph.n)
    return sums if graph.directed else np.asarray(sums + np.bincount(graph.b, graph.strength, minlength=graph.n))


def pagerank(graph: Graph) -> Array:
    """Return PageRank with damping 0.85 (Brin, Page 1998); rank of cells without contacts is spread over all cells.

    Spreading it evenly multiplies all ranks by one factor, so networkit's ranks are divided by their sum.
    """
    centrality = import_networkit().centrality
    weighted = graph.networkit(graph.strength) if graph.weighted else graph.unweighted
    ranks = np.array(centrality.PageRank(weighted, 0.85, 1e-10).run().scores())
    return np.asarray(ranks / ranks.sum()) if graph.n else ranks


def eigenvector(graph: Graph) -> Array:
    """Return the eigenvector of the largest eigenvalue of the (weighted) adjacency matrix, of length 1 and positive.

    Bonacich 1972. If the graph is not connected, it is that of the component with the largest eigenvalue, and 0
    elsewhere.
    """
    from scipy.sparse.linalg import eigsh

    matrix = graph.matrix(graph.weights)
    if not matrix.nnz:
        return np.full(graph.n, graph.n**-0.5 if graph.n else 0.0)
    start = np.ones(graph.n)
    if graph.n <= 200:
        values, vectors = np.linalg.eigh(matrix.toarray())
        top = vectors[:, values >= values[-1] - 1e-9 * abs(values[-1])]
        vector = top @ (top.T @ start)
    else:
        vector = eigsh(matrix, k=1, which="LA", v0=start, tol=1e-10)[1][:, 0]
    vector = np.abs(vector)
    vector[vector < 1e-12] = 0.0
    return np.asarray(vector / np.linalg.norm(vector))


def betweenness(graph: Graph) -> Array:
    """Return the share of shortest paths between other cells that pass through each (Freeman 1977; Brandes 2001)."""
    return _scores(import_networkit().centrality.Betweenness(graph.costs, True)) if graph.n > 2 else np.zeros(graph.n)


def sampled_betweenness(graph: Graph, error: float) -> Array:
    """Return betweenness within an error that holds for all cells in 90 % of runs (Riondato, Kornaropoulos 2016)."""
    networkit = import_networkit()
    if graph.n < 3:
        return np.zeros(graph.n)
    networkit.setSeed(_SEED, False)
    # networkit also counts pairs that include the cell itself, which are not between other cells.
    scale = graph.n / (graph.n - 2)
    return _scores(networkit.centrality.ApproxBetweenness(graph.costs, error / scale, 0.1)) * scale


def closeness(graph: Graph) -> Array:
    """Return (r - 1) / (n - 1) times (r - 1) / sum of distances to the r - 1 cells that are reached.

    Freeman 1979; for graphs that are not connected, Wasserman and Faust 1994.
    """
    centrality = import_networkit().centrality
    return _scores(centrality.Closeness(graph.costs, True, centrality.ClosenessVariant.GENERALIZED))


def harmonic(graph: Graph) -> Array:
    """Return the sum of 1 / distance over all other cells, 0 for cells that are not reached (Rochat 2009)."""
    return _scores(import_networkit().centrality.HarmonicCloseness(graph.costs, False))


def clustering(graph: Graph) -> Array:
    """Return the share of pairs of neighbours that touch each other; 0 for fewer than 2 (Watts, Strogatz 1998)."""
    return _scores(import_networkit().centrality.LocalClusteringCoefficient(graph.unweighted, False))


def core_number(graph: Graph) -> Array:
    """Return the largest k such that the cell is in a subgraph where all have k or more neighbours (Seidman 1983)."""
    return _scores(import_networkit().centrality.CoreDecomposition(graph.unweighted)).astype(np.int64)


def components(graph: Graph) -> Array:
    """Return the smallest label in the connected component of each cell, as the query ``components`` does."""
    from scipy.sparse.csgraph import connected_components

    return _by_smallest(graph, connected_components(graph.matrix(np.ones(len(graph.a))), directed=False)[1])


def community(graph: Graph) -> Array:
    """Return the smallest label in the community of each cell: Leiden, modularity (Traag 2019), deterministic.

    It runs on one thread, since several find a different partition in each run.
    """
    networkit = import_networkit()
    weighted = graph.networkit(graph.strength) if graph.weighted else graph.unweighted
    threads = networkit.getMaxNumberOfThreads()
    networkit.setNumberOfThreads(1)
    networkit.setSeed(_SEED, False)
    try:
        found = networkit.community.ParallelLeiden(weighted, randomize=False).run().getPartition()
    finally:
        networkit.setNumberOfThreads(threads)
    return _by_smallest(graph, np.array(found.getVector(), np.int64))


def articulation(graph: Graph) -> Array:
    """Return whether removing a cell would disconnect its component (Hopcroft, Tarjan 1973)."""
    blocks = import_networkit().components.BiconnectedComponents(graph.unweighted).run().getComponents()
    times = np.bincount(np.concatenate([np.empty(0, np.int64), *map(np.array, blocks)]).astype(np.int64))
    return np.pad(times, (0, max(graph.n - len(times), 0)))[: graph.n] > 1


def eccentricity(graph: Graph) -> Array:
    """Return the distance to the farthest cell of the component, in contacts."""
    from cellgraph.measures.distances import search

    return search(graph, np.arange(graph.n)).farthest


def current_flow_betweenness(graph: Graph, error: float | None = None) -> Array:
    """Return the current through each cell, of 1 from one cell to another, averaged over pairs (Newman 2005).

    The weight of a contact is its conductance. Exact for up to `PAIRS` pairs in a component, else the mean over that
    many random pairs, whose standard error is at most ``0.5 / sqrt(pairs)``; each pair is one solve with the Laplacian.
    """
    from cellgraph.measures.currentflow import current_flow

    return current_flow(graph, error, _SEED)


def _scores(algorithm: Any) -> Array:
    return np.array(algorithm.run().scores(), np.float64)


def _by_smallest(graph: Graph, group: Array) -> Array:
    """Return the smallest label in the group of each cell, from the group numbers."""
    if not graph.n:
        return group
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(graph.labels[first][inverse])
