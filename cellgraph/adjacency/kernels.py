"""The compiled loops over a graph in CSR form. Arrays in, caller-allocated arrays out, no bounds checks.

Strategy.  A graph is two arrays: the neighbours of node ``i`` are ``indices[indptr[i] : indptr[i + 1]]``.  A breadth
first search needs to know which nodes it has seen.  Clearing an array of all nodes for each start would cost n² for n
starts, so each search writes the number of its start into the array instead: a node is seen if it carries that.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]


@njit(nogil=True, cache=True)
def count_ends(a: Array, b: Array, indptr: Array) -> None:
    """Add up in ``indptr[i + 1]`` the neighbours of node i, and then all before: the CSR row starts.

    Parameters
    ----------
    a, b : int64, shape (m,)
        The two nodes of each edge.  An edge from a node to itself is left out.
    indptr : int64, shape (n + 1,)
        Zeros on entry.
    """
    for edge in range(a.size):
        if a[edge] != b[edge]:
            indptr[a[edge] + 1] += 1
            indptr[b[edge] + 1] += 1
    for node in range(indptr.size - 1):
        indptr[node + 1] += indptr[node]


@njit(nogil=True, cache=True)
def fill_ends(a: Array, b: Array, place: Array, indices: Array) -> None:
    """Write both directions of each edge.

    Parameters
    ----------
    a, b : int64, shape (m,)
    place : int64, shape (n,)
        Row starts on entry; row ends on return.
    indices : int32, shape (2 m,) without edges from a node to itself
        Written.
    """
    for edge in range(a.size):
        i, j = a[edge], b[edge]
        if i != j:
            indices[place[i]] = j
            place[i] += 1
            indices[place[j]] = i
            place[j] += 1


@njit(nogil=True, cache=True)
def next_ring(indptr: Array, indices: Array, start: int, seen: Array, queue: Array, first: int, last: int) -> int:
    """Put the nodes behind ``queue[first:last]`` that `start` has not seen into the queue, and return its new end."""
    end = last
    for place in range(first, last):
        node = queue[place]
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if seen[other] != start:
                seen[other] = start
                queue[end] = other
                end += 1
    return end


@njit(nogil=True, cache=True)
def count_by_distance(indptr: Array, indices: Array, starts: Array, seen: Array, queue: Array, counts: Array) -> None:
    """Count the nodes at each distance 1..k from each start.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    starts : int64, shape (s,)
        The nodes to start from, each once for one array `seen`.
    seen : int32, shape (n,)
        The start that saw a node last; -1 before the first call.
    queue : int32, shape (n,)
        Scratch.
    counts : int32, shape (s, k)
        Written: ``counts[row, hop - 1]`` nodes are at distance ``hop`` from ``starts[row]``.
    """
    k = counts.shape[1]
    for row in range(starts.size):
        start = starts[row]
        seen[start] = start
        queue[0] = start
        first, last = 0, 1
        for hop in range(k):
            end = next_ring(indptr, indices, start, seen, queue, first, last)
            counts[row, hop] = end - last
            first, last = last, end


@njit(nogil=True, cache=True)
def distances_to(indptr: Array, indices: Array, target: int, source: int, distance: Array, queue: Array) -> None:
    """Write the distance of nodes to a target, from the nearest on, until that of the source is known.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    target, source : int
        Nodes.
    distance : int32, shape (n,)
        -1 on entry; on return known for every node that is nearer to the target than the source, and -1 for
        those that were not reached.
    queue : int32, shape (n,)
        Scratch.
    """
    distance[target] = 0
    queue[0] = target
    place, end = 0, 1
    while place < end and distance[source] < 0:
        node = queue[place]
        place += 1
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if distance[other] < 0:
                distance[other] = distance[node] + 1
                queue[end] = other
                end += 1


@njit(nogil=True, cache=True)
def count_all_distances(
    indptr: Array, indices: Array, starts: Array, seen: Array, queue: Array, farthest: Array, histogram: Array
) -> None:
    """Count the nodes at every distance from some starts, all together.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    starts : int64, shape (s,)
        The nodes to start from, each once for one array `seen`.
    seen : int32, shape (n,)
        The start that saw a node last; -1 before the first call.
    queue : int32, shape (n,)
        Scratch.
    farthest : int64, shape (s,)
        Written: the largest distance of a node from each start.
    histogram : int64, shape (n + 1,)
        Added to: ``histogram[d]`` nodes are at distance d from a start.
    """
    for row in range(starts.size):
        start = starts[row]
        seen[start] = start
        queue[0] = start
        first, last, hop = 0, 1, 0
        while first < last:
            histogram[hop] += last - first
            farthest[row] = hop
            end = next_ring(indptr, indices, start, seen, queue, first, last)
            first, last, hop = last, end, hop + 1


@njit(nogil=True, cache=True)
def distances_from(indptr: Array, indices: Array, starts: Array, longest: int, distance: Array, queue: Array) -> None:
    """Write the distance of nodes from the nearest of some, up to a longest one.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    starts : int64, shape (s,)
        Nodes, each once.
    longest : int
    distance : int32, shape (n,)
        -1 on entry; on return still so for nodes that are farther away.
    queue : int32, shape (n,)
        Scratch.
    """
    end = 0
    for start in starts:
        distance[start] = 0
        queue[end] = start
        end += 1
    place = 0
    while place < end:
        node = queue[place]
        place += 1
        if distance[node] == longest:
            break
        for edge in range(indptr[node], indptr[node + 1]):
            other = indices[edge]
            if distance[other] < 0:
                distance[other] = distance[node] + 1
                queue[end] = other
                end += 1


@njit(nogil=True, cache=True)
def costs_to(
    indptr: Array, indices: Array, weights: Array, target: int, needed: Array, closed: Array, cost: Array
) -> None:
    """Write the least cost from nodes to a target, from the cheapest on, until those that are needed are known.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
        Of the graph with its contacts turned around.
    weights : float64
        Above 0, of each entry of `indices`.
    target : int
    needed : int64
        Nodes.
    closed : bool, shape (n,)
        Nodes that no path may use.
    cost : float64, shape (n,)
        Infinite on entry; on return the least cost of nodes that are known, and an upper bound or infinity of others.
    """
    missing = 0
    for node in needed:
        if not closed[node]:
            missing += 1
    done = np.zeros(cost.size, np.bool_)
    wanted = np.zeros(cost.size, np.bool_)
    for node in needed:
        wanted[node] = not closed[node]
    cost[target] = 0.0
    heap = [(0.0, np.int64(target))]
    while len(heap) > 0 and missing > 0:
        here, node = heappop(heap)
        if done[node]:
            continue
        done[node] = True
        if wanted[node]:
            missing -= 1
        for edge in range(indptr[node], indptr[node + 1]):
            other = np.int64(indices[edge])
            there = here + weights[edge]
            if not closed[other] and there < cost[other]:
                cost[other] = there
                heappush(heap, (there, other))
