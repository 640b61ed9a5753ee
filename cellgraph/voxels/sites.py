"""Contact patches that are not complete yet: what a tally keeps of them, and how they are joined when tallies merge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from cellgraph.voxels.kernels import SITES
from cellgraph.voxels.patches import BALANCE, OPEN_WIDTH, PATCH, join, roots

Array = np.ndarray[Any, Any]


def in_order(opened: Array, pairs: Array) -> tuple[Array, Array]:
    """Return open faces sorted by position, with patches numbered in the order of their first faces.

    Parameters
    ----------
    opened : numpy.ndarray of int64, shape (m, OPEN_WIDTH)
        See `patches`; the patch is a row of `pairs`.
    pairs : numpy.ndarray of int64, shape (n, 2)
        Labels of the pair of each patch.
    """
    opened = opened[np.lexsort((opened[:, 2], opened[:, 1], opened[:, 0]))]
    numbers, first, inverse = np.unique(opened[:, PATCH], return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    opened[:, PATCH] = rank[inverse]
    return opened, pairs[numbers[order]]


def merge_open(opened_a: Array, pairs_a: Array, opened_b: Array, pairs_b: Array) -> tuple[Array, Array, Array]:
    """Join the patches of two tallies that have a face in common.

    Returns
    -------
    opened, pairs
        What is still open, as returned by `in_order`.
    ended : numpy.ndarray of int64, shape (k, 2)
        Labels of the pair of each patch that is now complete.
    """
    parent = np.arange(len(pairs_a) + len(pairs_b), dtype=np.int32)
    opened = np.empty((len(opened_a) + len(opened_b), OPEN_WIDTH), np.int64)
    opened = opened[: _meet(opened_a, opened_b, len(pairs_a), parent, opened)]
    root = roots(parent)
    opened[:, PATCH] = root[opened[:, PATCH]]
    pairs = np.concatenate([pairs_a, pairs_b])
    ended = root == np.arange(len(root))
    ended[opened[:, PATCH]] = False
    return (*in_order(opened, pairs), pairs[ended])


@njit(nogil=True, cache=True)
def add_sites(pairs, counts, ended):  # type: ignore[no-untyped-def]
    """Add patches to the counts of their pairs, which are among the sorted `pairs`."""
    for k in range(len(ended)):
        low, high = 0, len(pairs)
        while low < high:
            middle = (low + high) // 2
            if pairs[middle, 0] < ended[k, 0] or (pairs[middle, 0] == ended[k, 0] and pairs[middle, 1] < ended[k, 1]):
                low = middle + 1
            else:
                high = middle
        counts[low, SITES] += 1


@njit(nogil=True, cache=True)
def _meet(opened_a, opened_b, shift, parent, opened):  # type: ignore[no-untyped-def]
    """Merge two sorted tables of open faces; for a face in both, join the patches and add the balances.

    Returns
    -------
    int
        Number of rows written: a face is dropped once all that see it have been merged.
    """
    i = j = n = 0
    while i < len(opened_a) or j < len(opened_b):
        order = 0
        if i == len(opened_a):
            order = 1
        elif j == len(opened_b):
            order = -1
        else:
            for k in range(PATCH):
                if opened_a[i, k] != opened_b[j, k]:
                    order = -1 if opened_a[i, k] < opened_b[j, k] else 1
                    break
        source, at = (opened_a, i) if order <= 0 else (opened_b, j)
        for k in range(PATCH):
            opened[n, k] = source[at, k]
        patch = opened_a[i, PATCH] if order <= 0 else opened_b[j, PATCH] + shift
        balance = source[at, BALANCE]
        if order == 0:
            patch = join(parent, patch, opened_b[j, PATCH] + shift)
            balance += opened_b[j, BALANCE]
        opened[n, PATCH], opened[n, BALANCE] = patch, balance
        n += balance != 0
        i += order <= 0
        j += order >= 0
    return n
