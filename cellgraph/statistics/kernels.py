"""Compiled loops over a weighted graph in CSR form: arrays in, caller-allocated arrays out, no bounds checks.

Strategy.  A permutation test repeats one computation thousands of times, with different types, values or contacts.  So
each kernel does a single computation without the interpreter lock, and permutations run on all cores.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from cellgraph.adjacency.kernels import next_ring

Array = np.ndarray[Any, Any]


@njit(nogil=True, cache=True)
def count_by_type(
    indptr: Array,
    indices: Array,
    weights: Array,
    types: Array,
    least: float,
    totals: Array,
    having: Array,
    patches: Array,
) -> None:
    """Sum the neighbours of each type over the cells of each type.

    Parameters
    ----------
    indptr : int, shape (n + 1,)
    indices : int, shape (m,)
    weights : float64, shape (m,)
    types : int64, shape (n,)
        From 0 to t - 1.
    least : float
        The minimum sum of weights for a cell to count in `patches`.
    totals, having, patches : float64, shape (t, t)
        Incremented: for cells of type a, the weight of neighbours of type b; how many have any; how many have at least
        `least`.
    """
    own = np.empty(totals.shape[0])
    for cell in range(indptr.size - 1):
        own[:] = 0.0
        for place in range(indptr[cell], indptr[cell + 1]):
            own[types[indices[place]]] += weights[place]
        of = types[cell]
        for other in range(own.size):
            if own[other] > 0.0:
                totals[of, other] += own[other]
                having[of, other] += 1.0
                if own[other] >= least:
                    patches[of, other] += 1.0


@njit(nogil=True, cache=True)
def rewire(
    indptr: Array, owners: Array, indices: Array, weights: Array, tries: int, random: np.random.Generator
) -> None:
    """Repeatedly exchange the ends of two random contacts; every cell keeps its degree.

    u-v and x-y become u-y and x-v, unless that would connect a cell to itself or duplicate a contact (Maslov and
    Sneppen 2002).  A contact keeps its weight.

    Parameters
    ----------
    indptr : int, shape (n + 1,)
    owners : int, shape (m,)
        The cell in whose row an entry is.
    indices : int, shape (m,)
        Modified in place.  Symmetric, without duplicates or self-contacts.
    weights : float64, shape (m,)
        Modified in place.
    tries : int
        Exchanges to try.
    random : numpy.random.Generator
    """
    entries = indices.size
    for _ in range(tries):
        s = random.integers(0, entries)
        t = random.integers(0, entries)
        u, v, x, y = owners[s], indices[s], owners[t], indices[t]
        if u in (x, y) or v in (x, y):
            continue
        if _place(indptr, indices, u, y) >= 0 or _place(indptr, indices, x, v) >= 0:
            continue
        back_s, back_t = _place(indptr, indices, v, u), _place(indptr, indices, y, x)
        indices[s], indices[t], indices[back_s], indices[back_t] = y, v, x, u
        weights[back_s], weights[back_t] = weights[t], weights[s]


@njit(nogil=True, cache=True, inline="always")
def _place(indptr: Array, indices: Array, cell: int, other: int) -> int:
    """Return the position of another cell in the row of a cell; -1 if it is not there."""
    for place in range(indptr[cell], indptr[cell + 1]):
        if indices[place] == other:
            return place
    return -1


@njit(nogil=True, cache=True)
def sum_over_contacts(indptr: Array, indices: Array, weights: Array, values: Array) -> tuple[float, float]:
    """Return the sums of w_ij x_i x_j and of w_ij (x_i - x_j)^2 over all entries of a weighted graph.

    Parameters
    ----------
    indptr : int, shape (n + 1,)
    indices : int, shape (m,)
    weights : float64, shape (m,)
    values : float64, shape (n,)
    """
    products, squares = 0.0, 0.0
    for cell in range(indptr.size - 1):
        for place in range(indptr[cell], indptr[cell + 1]):
            other = values[indices[place]]
            products += weights[place] * values[cell] * other
            squares += weights[place] * (values[cell] - other) ** 2
    return products, squares


@njit(nogil=True, cache=True)
def count_types_within(
    indptr: Array, indices: Array, types: Array, k: int, starts: Array, seen: Array, queue: Array, counts: Array
) -> None:
    """Count the cells of each type within k contacts of each start, without the start.

    Parameters
    ----------
    indptr : int, shape (n + 1,)
    indices : int, shape (m,)
    types : int64, shape (n,)
        From 0 to t - 1; -1 is not counted.
    k : int
        Largest distance, in contacts.
    starts : int64, shape (s,)
        Each may be used only once per array `seen`.
    seen : int64, shape (n,)
        The last start that reached a cell; -1 before the first call.
    queue : int64, shape (n,)
        Scratch.
    counts : int64, shape (s, t)
        Must be zero on entry.
    """
    for row in range(starts.size):
        start = starts[row]
        seen[start] = start
        queue[0] = start
        first, last = 0, 1
        for _ in range(k):
            end = next_ring(indptr, indices, start, seen, queue, first, last)
            for place in range(last, end):
                if types[queue[place]] >= 0:
                    counts[row, types[queue[place]]] += 1
            first, last = last, end
