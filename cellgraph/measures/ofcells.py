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
    """Return PageRank with damping 0.85 (Brin, Page 1998); what reaches a cell without contacts goes to all cells.

    To spread that evenly multiplies all ranks by one factor, so that networkit's ranks are divided by their sum.
    """
    centrality = import_networkit().centrality
    weighted = graph.networkit(graph.strength) if graph.weighted else graph.unweighted
    ranks = np.array(centrality.PageRank(weighted, 0.85, 1e-10).run().scores())
    return np.asarray(ranks / ranks.sum()) if graph.n else ranks


def eigenvector(graph: Graph) -> Array:
    """Return the eigenvector of the largest eigenvalue of the (weighted) adjacency matrix, of length 1 and positive.

    Bonacich 1972. Where pieces are not connected it is that of the piece with the largest eigenvalue, and 0 elsewhere.
    """
    from scipy.sparse.linalg import eigsh

    matrix = graph.matrix(graph.strength)
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
    """Return the share of shortest paths between other cells that lead through each (Freeman 1977; Brandes 2001)."""
    return _scores(import_networkit().centrality.Betweenness(graph.costs, True)) if graph.n > 2 else np.zeros(graph.n)


def sampled_betweenness(graph: Graph, error: float) -> Array:
    """Return betweenness within an error that 90 % of runs keep for all cells (Riondato, Kornaropoulos 2016)."""
    networkit = import_networkit()
    if graph.n < 3:
        return np.zeros(graph.n)
    networkit.setSeed(_SEED, False)
    # networkit counts pairs with the cell itself, which are none of its paths.
    scale = graph.n / (graph.n - 2)
    return _scores(networkit.centrality.ApproxBetweenness(graph.costs, error / scale, 0.1)) * scale


def closeness(graph: Graph) -> Array:
    """Return (r - 1) / (n - 1) times (r - 1) / sum of distances to the r - 1 cells that are reached.

    Freeman 1979, for graphs that are not connected by Wasserman and Faust 1994.
    """
    centrality = import_networkit().centrality
    return _scores(centrality.Closeness(graph.costs, True, centrality.ClosenessVariant.GENERALIZED))


def harmonic(graph: Graph) -> Array:
    """Return the sum of 1 / distance over all other cells, 0 for those that are not reached (Rochat 2009)."""
    return _scores(import_networkit().centrality.HarmonicCloseness(graph.costs, False))


def clustering(graph: Graph) -> Array:
    """Return the share of pairs of neighbours that touch each other; 0 with fewer than 2 (Watts, Strogatz 1998)."""
    return _scores(import_networkit().centrality.LocalClusteringCoefficient(graph.unweighted, False))


def core_number(graph: Graph) -> Array:
    """Return the largest k such that the cell is in a piece in which all have k neighbours (Seidman 1983)."""
    return _scores(import_networkit().centrality.CoreDecomposition(graph.unweighted)).astype(np.int64)


def components(graph: Graph) -> Array:
    """Return the smallest label of the piece of each cell, as the query ``components`` does."""
    from scipy.sparse.csgraph import connected_components

    return _by_smallest(graph, connected_components(graph.matrix(np.ones(len(graph.a))), directed=False)[1])


def community(graph: Graph) -> Array:
    """Return the smallest label of the community of each cell: Leiden, modularity (Traag 2019), always the same.

    On one thread, since several find another partition at each run.
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
    """Return whether a cell holds its piece together: without it there would be one more (Hopcroft, Tarjan 1973)."""
    blocks = import_networkit().components.BiconnectedComponents(graph.unweighted).run().getComponents()
    times = np.bincount(np.concatenate([np.empty(0, np.int64), *map(np.array, blocks)]).astype(np.int64))
    return np.pad(times, (0, max(graph.n - len(times), 0)))[: graph.n] > 1


def eccentricity(graph: Graph) -> Array:
    """Return the distance to the farthest cell of the piece, in contacts."""
    from cellgraph.measures.distances import search

    return search(graph, np.arange(graph.n)).farthest


def current_flow_betweenness(graph: Graph, error: float | None = None) -> Array:
    """Return the current through each cell, of 1 from one cell to another, averaged over pairs (Newman 2005).

    A contact conducts by its weight. Exact for up to `_PAIRS` pairs in a piece, else the mean over that many random
    pairs, whose standard error is at most ``0.5 / sqrt(pairs)``; each pair is one solution with the Laplacian.
    """
    from cellgraph.measures.currentflow import current_flow

    return current_flow(graph, error, _SEED)


def _scores(algorithm: Any) -> Array:
    return np.array(algorithm.run().scores(), np.float64)


def _by_smallest(graph: Graph, group: Array) -> Array:
    """Return the smallest label of the group of each cell, by numbers of groups."""
    if not graph.n:
        return group
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(graph.labels[first][inverse])
