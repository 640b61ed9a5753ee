"""The k cheapest paths between two cells (Yen 1971), all the cheapest ones, and all with the fewest contacts.

Among paths of equal cost, the one whose cells have the smaller labels comes first, compared from the start.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cellgraph.adjacency.matrix import Adjacency

Array = np.ndarray[Any, Any]
ROUNDING = 1e-9
"""Costs that differ by this part of them or less are equal: sums of floats depend on their order."""


@dataclass(frozen=True)
class Weighted:
    """A graph with a cost for each entry of its rows, and the same graph with every contact reversed.

    Attributes
    ----------
    forward, backward : Adjacency
        Each neighbour at most once per row.
    costs, back_costs : numpy.ndarray of float64
        Above 0, one for each entry of `indices` of the two graphs.
    rank : numpy.ndarray of int64, shape (n,)
        Rank of each cell by label, then by sample.
    """

    forward: Adjacency
    backward: Adjacency
    costs: Array
    back_costs: Array
    rank: Array

    def steps(self, cell: int) -> tuple[Array, Array]:
        """Return the cells that a cell leads to, and the cost of each step."""
        part = slice(self.forward.indptr[cell], self.forward.indptr[cell + 1])
        return self.forward.indices[part], self.costs[part]


def cheapest_paths(graph: Weighted, source: int, target: int) -> Iterator[tuple[float, list[int]]]:
    """Yield the cost and the cells of each path that visits no cell twice, cheapest first."""
    first = _completed(graph, [source], 0.0, target, frozenset())
    candidates = [] if first is None else [first]
    found: list[list[int]] = []
    known = {tuple(first[2])} if first is not None else set()
    while candidates:
        cost, _, path = heapq.heappop(candidates)
        yield cost, path
        found.append(path)
        spent = 0.0
        for end in range(1, len(path)):
            root = path[:end]
            taken = frozenset(other[end] for other in found if other[:end] == root and len(other) > end)
            candidate = _completed(graph, root, spent, target, taken)
            if candidate is not None and tuple(candidate[2]) not in known:
                known.add(tuple(candidate[2]))
                heapq.heappush(candidates, candidate)
            spent += _cost(graph, path[end - 1], path[end])


def all_cheapest(
    graph: Weighted, source: int, target: int, check: Callable[[], object]
) -> Iterator[tuple[float, list[int]]]:
    """Yield the cost and the cells of each path of the smallest cost, up to `ROUNDING`, in the order of labels.

    Parameters
    ----------
    check : callable
        Called at each step; raises an error to end the search.
    """
    from cellgraph.adjacency.kernels import costs_to

    n = len(graph.rank)
    left, everyone = np.full(n, np.inf), np.arange(n)  # cost from each cell to the target
    back = graph.backward
    costs_to(back.indptr, back.indices, graph.back_costs, target, everyone, np.zeros(n, bool), left)
    most = left[source] * (1 + ROUNDING)
    stack = [(0.0, [source])] if np.isfinite(left[source]) else []
    while stack:
        check()
        spent, path = stack.pop()
        if path[-1] == target:
            yield spent, path
            continue
        cells, costs = graph.steps(path[-1])
        further = [
            (spent + step, [*path, cell])
            for cell, step in zip(cells.tolist(), costs.tolist(), strict=True)
            if spent + step + left[cell] <= most and cell not in path
        ]
        stack += sorted(further, key=lambda way: -graph.rank[way[1][-1]])


def _cost(graph: Weighted, a: int, b: int) -> float:
    cells, costs = graph.steps(a)
    return float(costs[cells == b][0])


def _completed(
    graph: Weighted, root: list[int], spent: float, target: int, taken: frozenset[int]
) -> tuple[float, list[int], list[int]] | None:
    """Return the cost, ranks and cells of the cheapest path that continues `root` with a cell not in `taken`."""
    from cellgraph.adjacency.kernels import costs_to

    closed = np.zeros(len(graph.rank), bool)
    closed[root] = True
    cells, _ = graph.steps(root[-1])
    free = np.array([cell for cell in cells.tolist() if not closed[cell] and cell not in taken], np.int64)
    if not len(free):
        return None
    cost = np.full(len(graph.rank), np.inf)
    back = graph.backward
    costs_to(back.indptr, back.indices, graph.back_costs, target, free, closed, cost)
    path, allowed = list(root), set(free.tolist())
    while path[-1] != target:
        cells, costs = graph.steps(path[-1])
        ways = [
            (step + cost[cell], graph.rank[cell], step, cell)
            for cell, step in zip(cells.tolist(), costs.tolist(), strict=True)
            if not closed[cell] and (len(path) > len(root) or cell in allowed) and np.isfinite(cost[cell])
        ]
        if not ways:
            return None
        _, _, step, cell = min(ways)
        spent += step
        closed[cell] = True
        path.append(cell)
    return spent, [int(graph.rank[cell]) for cell in path], path


def fewest(distance: Array, graph: Adjacency, rank: Array, source: int, target: int) -> Iterator[list[int]]:
    """Yield all shortest paths (with the fewest contacts), in order.

    Parameters
    ----------
    distance : numpy.ndarray of int32, shape (n,)
        Contacts from each cell to the target; -1 if unknown, and then not less than that of the source.
    """
    stack = [[source]]
    while stack:
        path = stack.pop()
        if path[-1] == target:
            yield path
            continue
        row = graph.indices[graph.indptr[path[-1]] : graph.indptr[path[-1] + 1]].tolist()
        nearer = sorted({cell for cell in row if distance[cell] == distance[path[-1]] - 1}, key=lambda c: -rank[c])
        stack += [[*path, cell] for cell in nearer]
