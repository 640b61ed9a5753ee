"""The contacts of one sample as a simple undirected graph, with weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import MissingExtraError

if TYPE_CHECKING:
    from cellgraph.queries.conditions import Direction
    from cellgraph.stores import Topology

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Graph:
    """Cells of one sample, and the pairs of cells that touch, each pair once.

    Attributes
    ----------
    sample : str
    first : int
        Row of its first cell in the topology; the others follow.
    labels : numpy.ndarray of int64, shape (n,)
        Ascending.
    a, b : numpy.ndarray of int64, shape (m,)
        Row numbers of the two cells, a < b, sorted.
    strength : numpy.ndarray of float64, shape (m,)
        Weight of each pair, summed over the relationships between the two.
    length : numpy.ndarray of float64, shape (m,)
        The smallest of these weights: the cost of a step if weights are costs.
    weighted : bool
        Whether weights were given; otherwise all are 1.
    """

    sample: str
    first: int
    labels: Array
    a: Array
    b: Array
    strength: Array
    length: Array
    weighted: bool
    directed: bool = False

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.labels)

    @property
    def weights(self) -> Array:
        """The strength of each pair where weights were asked for, otherwise 1, shape (m,)."""
        return self.strength if self.weighted else np.ones(len(self.a))

    @cached_property
    def degree(self) -> Array:
        """Number of other cells that each touches, shape (n,)."""
        leading = np.bincount(self.a, minlength=self.n)
        return leading if self.directed else leading + np.bincount(self.b, minlength=self.n)

    @cached_property
    def rows(self) -> tuple[Array, Array]:
        """The neighbours of cell i are ``indices[indptr[i] : indptr[i + 1]]`` (int64, int32)."""
        from cellgraph.adjacency.kernels import count_ends, fill_ends

        indptr = np.zeros(self.n + 1, np.int64)
        count_ends(self.a, self.b, indptr)
        indices = np.empty(indptr[-1], np.int32)
        fill_ends(self.a, self.b, indptr[:-1].copy(), indices)
        return indptr, indices

    def matrix(self, values: Array) -> Any:
        """Return a symmetric `scipy.sparse.csr_array` of the values of the pairs."""
        from scipy.sparse import csr_array

        both = (np.r_[self.a, self.b], np.r_[self.b, self.a])
        return csr_array((np.r_[values, values], both), shape=(self.n, self.n))

    def networkit(self, weights: Array | None = None) -> Any:
        """Return a `networkit.Graph`, weighted if weights are given."""
        networkit = import_networkit()
        ends = (self.a.astype(np.uint64), self.b.astype(np.uint64))
        values = np.ones(len(self.a)) if weights is None else weights
        return networkit.GraphFromCoo((values, ends), n=self.n, weighted=weights is not None, directed=self.directed)

    @cached_property
    def unweighted(self) -> Any:
        """The `networkit.Graph` without weights."""
        return self.networkit()

    @cached_property
    def costs(self) -> Any:
        """The `networkit.Graph` whose weights are lengths of steps; without weights if none were given."""
        return self.networkit(self.length) if self.weighted else self.unweighted


def import_networkit() -> Any:
    """Import networkit.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import networkit
    except ImportError:
        raise MissingExtraError("this metric", "metrics", "networkit") from None
    return networkit


def graphs(topology: Topology, weights: Array | None, direction: Direction = "both") -> Iterator[tuple[Graph, int]]:
    """Yield the graph of each sample, and the number of its contacts with other samples, which are left out.

    Parameters
    ----------
    topology : Topology
    weights : numpy.ndarray of float64, shape (m,), or None
        Of each relationship.
    direction : {'both', 'out', 'in'}
        Whether relationships are followed from source to target, the other way, or either way.
    """
    n = len(topology.labels)
    starts = np.flatnonzero(np.r_[True, topology.samples[1:] != topology.samples[:-1]]) if n else np.empty(0, np.int64)
    values = np.ones(len(topology.a)) if weights is None else weights
    for start, stop in zip(starts, [*starts[1:], n], strict=True):
        in_a = (topology.a >= start) & (topology.a < stop)
        in_b = (topology.b >= start) & (topology.b < stop)
        kept = in_a & in_b & (topology.a != topology.b)
        a, b = topology.a[kept] - start, topology.b[kept] - start
        size = int(stop - start)
        if direction == "both":
            a, b = np.minimum(a, b), np.maximum(a, b)
        elif direction == "in":
            a, b = b, a
        key, inverse = np.unique(a * size + b, return_inverse=True)
        length = np.full(len(key), np.inf)
        np.minimum.at(length, inverse, values[kept])
        graph = Graph(
            topology.samples[start],
            int(start),
            topology.labels[start:stop],
            key // size,
            key % size,
            np.bincount(inverse, weights=values[kept], minlength=len(key)),
            length,
            weights is not None,
            direction != "both",
        )
        yield graph, int((in_a != in_b).sum())
