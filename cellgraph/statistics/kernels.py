"""The compiled loops over a weighted graph in CSR form. Arrays in, caller-allocated arrays out, no bounds checks.

Strategy.  A permutation test asks the same question thousands of times, each time with other types, values or contacts,
so each kernel answers once, without the interpreter lock, and permutations run on all cores.
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
    """Add up what cells of each type have of neighbours of each type.

    Parameters
    ----------
    indptr : int, shape (n + 1,)
    indices : int, shape (m,)
    weights : float64, shape (m,)
    types : int64, shape (n,)
        From 0 to t - 1.
    least : float
        The sum of weights from which a cell counts in `patches`.
    totals, having, patches : float64, shape (t, t)
        Added to: of cells of type a, the weight of neighbours of type b; how many have any; how many have `least`.
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
    """Exchange the ends of two random contacts again and again; every cell keeps its number of contacts.

    u-v and x-y become u-y and x-v, unless that would be a contact of a cell with itself or one that is there already
    (Maslov and Sneppen 2002).  A contact takes its weight along.

    Parameters
    ----------
    indptr : int, shape (n + 1,)
    owners : int, shape (m,)
        The cell in whose row an entry stands.
    indices : int, shape (m,)
        Changed.  Symmetric, no entry twice, no cell in its own row.
    weights : float64, shape (m,)
        Changed.
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
    """Return where in the row of a cell another one stands, -1 if it does not."""
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
        From 0 to t - 1; -1 is counted nowhere.
    k : int
        Largest distance, in contacts.
    starts : int64, shape (s,)
        Each once for one array `seen`.
    seen : int64, shape (n,)
        The start that saw a cell last; -1 before the first call.
    queue : int64, shape (n,)
        Scratch.
    counts : int64, shape (s, t)
        Zeros on entry.
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
