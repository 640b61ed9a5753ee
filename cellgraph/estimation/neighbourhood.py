"""Count the cells within k contacts of some cells, reading only the database around them, or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.stores.contract import Topology

if TYPE_CHECKING:
    from cellgraph.adjacency.matrix import Adjacency
    from cellgraph.stores.contract import Store

Array = np.ndarray[Any, Any]

_MOST = 16_384  # cells per query

# OPTIONAL, because only then does Ladybug look up the contacts of these few cells instead of scanning all.
_CONTACTS = "UNWIND $ids AS i MATCH (c:Cell {id: i}) OPTIONAL MATCH (c)-[:TOUCHES]-(d:Cell) RETURN c.id AS a, d.id AS b"
_OUTSIDE = (
    "MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell)-[:TOUCHES]-(d:Cell) "
    "WHERE s.name = $sample AND d.sample <> $sample RETURN c.id AS id LIMIT 1"
)


def count_around(store: Store, ids: Array, most: int) -> Array:
    """Count the cells within 1, 2, … contacts of some cells; the cell itself is not counted.

    Only the contacts of cells nearer than the largest distance are read, so it takes as long in a large graph as in a
    small one.

    Parameters
    ----------
    ids : numpy.ndarray of int64, shape (s,)
        Ids of cells, sorted, without duplicates.
    most : int
        Largest distance, in contacts.

    Returns
    -------
    numpy.ndarray of int64, shape (s, most)
        Column k - 1: the number of cells within k contacts.
    """
    from cellgraph.adjacency.matrix import Adjacency

    known, ends, todo = ids, [np.empty((2, 0), np.int64)], ids
    for _ in range(most):
        reached = [_ends(store, todo[first : first + _MOST]) for first in range(0, len(todo), _MOST)]
        ends += reached
        todo = np.setdiff1d(np.concatenate(reached, axis=1)[1], known) if reached else todo
        known = np.union1d(known, todo)
    a, b = np.searchsorted(known, np.concatenate(ends, axis=1))
    graph = Adjacency.build(Topology(np.full(len(known), "", object), known, a, b))
    return count_within(graph, np.searchsorted(known, ids), most)


def _ends(store: Store, ids: Array) -> Array:
    """Return the two ends of each contact of some cells, these cells first; shape (2, m)."""
    found = store.run(_CONTACTS, {"ids": ids.tolist()}, name="estimate")
    found = found.filter(found["b"].is_valid())
    return np.stack([found["a"].to_numpy(), found["b"].to_numpy()])


def count_within(graph: Adjacency, rows: Array, most: int) -> Array:
    """Count like `count_around`, for cells of a graph by their row numbers."""
    from cellgraph.adjacency.rings import counts_by_distance

    return counts_by_distance(graph, rows, most).astype(np.int64).cumsum(axis=1)


def whole_graph(store: Store, names: Sequence[str]) -> tuple[Adjacency, Array]:
    """Read the graph that contains the cells of some samples; return it with their row numbers.

    It is the graph of one sample alone if its cells touch no other sample, and else that of the whole database.
    """
    from cellgraph.adjacency.matrix import Adjacency

    alone = len(names) == 1 and not store.run(_OUTSIDE, {"sample": names[0]}, name="estimate").num_rows
    graph = Adjacency.build(store.topology(names[0] if alone else None))
    if alone:
        return graph, np.arange(len(graph.labels))
    wanted = [np.flatnonzero(graph.samples == name) for name in sorted(names)]
    return graph, np.concatenate(wanted)
