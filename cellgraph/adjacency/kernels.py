"""The compiled loops over a graph in CSR form. Arrays in, caller-allocated arrays out, no bounds checks.

Strategy.  A graph is two arrays: the neighbours of node ``i`` are ``indices[indptr[i] : indptr[i + 1]]``.  A
breadth-first search needs to know which nodes it has seen.  Clearing an array of all nodes for each start would cost n²
for n starts, so each search writes the number of its start into the array instead: a node is seen if it holds that.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]


@njit(nogil=True, cache=True)
def count_ends(a: Array, b: Array, indptr: Array) -> None:
    """Count the neighbours of node i in ``indptr[i + 1]``, then accumulate these counts into the CSR row starts.

    Parameters
    ----------
    a, b : int64, shape (m,)
        The two nodes of each edge.  Self-loops are left out.
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
    indices : int32, shape (2 m,) without self-loops
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
    """Append the neighbours of ``queue[first:last]`` not yet seen from `start` to the queue; return its new end."""
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
        The start nodes, each at most once per array `seen`.
    seen : int32, shape (n,)
        The last start from which each node was seen; -1 before the first call.
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
def breadth_first(indptr: Array, indices: Array, seen: Array, order: Array) -> None:
    """Order all nodes so that nodes that are near each other in the graph are near each other in the order.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    seen : uint8, shape (n,)
        Zeros on entry.
    order : int32, shape (n,)
        Written: the nodes reached from the first one, ring by ring, then from the next unreached one, and so on.
    """
    end = 0
    for start in range(seen.size):
        if seen[start]:
            continue
        seen[start] = 1
        order[end] = start
        place, end = end, end + 1
        while place < end:
            node = order[place]
            place += 1
            for edge in range(indptr[node], indptr[node + 1]):
                other = indices[edge]
                if not seen[other]:
                    seen[other] = 1
                    order[end] = other
                    end += 1


@njit(nogil=True, cache=True)
def renumber(
    indptr: Array, indices: Array, order: Array, rank: Array, starts: Array, neighbours: Array, first: int, stop: int
) -> None:
    """Write the rows ``[first, stop)`` of a new graph whose node i is ``order[i]`` of this one.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    order, rank : int32, shape (n,)
        ``rank[order[i]]`` is i.
    starts : int64, shape (n + 1,)
        Row starts of the new graph.
    neighbours : int32
        Written: the indices of the new graph.
    """
    for node in range(first, stop):
        place = starts[node]
        for edge in range(indptr[order[node]], indptr[order[node] + 1]):
            neighbours[place] = rank[indices[edge]]
            place += 1


@njit(nogil=True, cache=True)
def first_registers(counters: Array) -> None:
    """Add each node to its own counter.

    The node number is hashed (the finalizer of MurmurHash3).  The low bits of the hash choose a register, which is set
    to the position of the lowest set bit in the rest.

    Parameters
    ----------
    counters : uint8, shape (n, m)
        Zeros on entry; m is a power of 2.
    """
    n, registers = counters.shape
    bits = 0
    while 1 << bits < registers:
        bits += 1
    for node in range(n):
        x = np.uint64(node) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        x = (x ^ (x >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        x ^= x >> np.uint64(33)
        register = np.int64(x & np.uint64(registers - 1))
        x >>= np.uint64(bits)
        place = 1
        while place < 64 - bits and not x & np.uint64(1):
            x >>= np.uint64(1)
            place += 1
        counters[node, register] = place


@njit(nogil=True, cache=True)
def unite_registers(indptr: Array, indices: Array, counters: Array, wider: Array, first: int, stop: int) -> bool:
    """Write into `wider` the union of the counters of each node in ``[first, stop)`` and its neighbours.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    counters, wider : uint8, shape (n, m)

    Returns
    -------
    bool
        Whether any counter is larger than before.
    """
    changed = False
    for node in range(first, stop):
        own = wider[node]
        own[:] = counters[node]
        for edge in range(indptr[node], indptr[node + 1]):
            other = counters[indices[edge]]
            for register in range(own.size):
                own[register] = max(own[register], other[register])
        if not changed:
            for register in range(own.size):
                if own[register] != counters[node, register]:
                    changed = True
                    break
    return changed


@njit(nogil=True, cache=True)
def estimate_counts(counters: Array, counts: Array) -> None:
    """Estimate how many nodes each counter holds: by the harmonic mean, or for small counts by the registers at zero.

    Parameters
    ----------
    counters : uint8, shape (s, m)
    counts : float32, shape (s,)
        Written.
    """
    registers = counters.shape[1]
    alpha = 0.7213 / (1 + 1.079 / registers)
    if registers == 16:
        alpha = 0.673
    elif registers == 32:
        alpha = 0.697
    elif registers == 64:
        alpha = 0.709
    powers = 0.5 ** np.arange(65)
    for row in range(counters.shape[0]):
        total, zeros = 0.0, 0
        for register in range(registers):
            total += powers[counters[row, register]]
            zeros += counters[row, register] == 0
        count = alpha * registers * registers / total
        if zeros and count <= 2.5 * registers:
            count = registers * np.log(registers / zeros)
        counts[row] = count


@njit(nogil=True, cache=True)
def count_all_distances(
    indptr: Array, indices: Array, starts: Array, seen: Array, queue: Array, farthest: Array, histogram: Array
) -> None:
    """Count the nodes at every distance, summed over some starts.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    starts : int64, shape (s,)
        The start nodes, each at most once per array `seen`.
    seen : int32, shape (n,)
        The last start from which each node was seen; -1 before the first call.
    queue : int32, shape (n,)
        Scratch.
    farthest : int64, shape (s,)
        Written: the largest distance of a node from each start.
    histogram : int64, shape (n + 1,)
        Incremented: ``histogram[d]`` nodes are at distance d from a start.
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
def distances_from(
    indptr: Array, indices: Array, starts: Array, longest: int, until: int, distance: Array, queue: Array
) -> None:
    """Write the distance of each node from the nearest start, up to a longest one or until that of a node is known.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
    starts : int64, shape (s,)
        Nodes, without duplicates.
    longest : int
    until : int
        The node at which the search ends; every nearer node is known then. -1 for none.
    distance : int32, shape (n,)
        -1 on entry, and still on return for nodes that are farther away or were not reached.
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
        if distance[node] == longest or (until >= 0 and distance[until] >= 0):
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
    """Write the least cost from nodes to a target, cheapest first, until the costs of all needed nodes are known.

    Parameters
    ----------
    indptr : int64, shape (n + 1,)
    indices : int32
        Of the graph with its contacts reversed.
    weights : float64
        Above 0, one for each entry of `indices`.
    target : int
    needed : int64
        Nodes whose cost is needed.
    closed : bool, shape (n,)
        Nodes that no path may use.
    cost : float64, shape (n,)
        Infinite on entry; on return, the least cost of known nodes, and an upper bound or infinity for the others.
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
