"""Rewired contacts: each cell keeps its degree, and every graph that this allows is as likely as any other."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array

from cellgraph.statistics.kernels import rewire

SIX_CELLS = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4)]


def rewired(pairs: list[tuple[int, int]], n: int, tries: int, seed: int) -> np.ndarray:
    """Return the weights, shape (n, n), of a graph whose contacts weigh 1, 2, …, after some exchanges."""
    a, b = np.array(pairs).T
    weights = np.arange(1.0, len(pairs) + 1)
    matrix = coo_array((np.r_[weights, weights], (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
    owners = np.repeat(np.arange(n), np.diff(matrix.indptr))
    rewire(matrix.indptr, owners, matrix.indices, matrix.data, tries, np.random.default_rng(seed))
    dense = np.zeros((n, n))
    np.add.at(dense, (owners, matrix.indices), matrix.data)  # an entry that is there twice would add up
    return dense


@given(
    st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] < p[1]), min_size=1), st.integers(0)
)
def test_degrees_and_weights_stay(pairs: set[tuple[int, int]], seed: int) -> None:
    ordered = sorted(pairs)
    before, after = rewired(ordered, 10, 0, seed), rewired(ordered, 10, 200, seed)
    assert (after == after.T).all()
    assert not after.diagonal().any()
    assert ((after > 0).sum(axis=0) == (before > 0).sum(axis=0)).all()
    assert sorted(after[after > 0]) == sorted(before[before > 0])


def test_every_graph_of_the_degrees_is_as_likely() -> None:
    degrees = Counter(cell for pair in SIX_CELLS for cell in pair)
    possible = [
        graph for graph in combinations(combinations(range(5), 2), len(SIX_CELLS))
        if Counter(cell for pair in graph for cell in pair) == degrees
    ]  # fmt: skip
    draws = 3_000
    found = Counter()
    for seed in range(draws):
        a, b = np.nonzero(np.triu(rewired(SIX_CELLS, 5, 60, seed)))
        found[tuple(zip(a.tolist(), b.tolist(), strict=True))] += 1
    assert set(found) == set(possible)
    expected = draws / len(possible)
    assert len(possible) > 3
    assert sum((found[graph] - expected) ** 2 / expected for graph in possible) < 4 * len(possible)
