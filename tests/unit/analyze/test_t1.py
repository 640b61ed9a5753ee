"""Candidates for neighbour exchanges where some contacts do not meet the conditions, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from store_graphs import table_network

import cellgraph

DIAMOND = [
    (1, 2, 2),
    (1, 3, 5),
    (1, 4, 5),
    (2, 3, 5),
    (2, 4, 5),
]  # 1 and 2 touch, and have the common neighbours 3 and 4
CONTACTS = [
    *DIAMOND,
    *[(10 + a, 10 + b, n) for a, b, n in DIAMOND],
    (13, 14, 1),  # these common neighbours touch a little
    *[(20 + a, 20 + b, n) for a, b, n in DIAMOND],
    *[(21, 25, 1), (22, 25, 5)],  # a third common neighbour, by a small contact
]


@pytest.fixture(scope="module")
def db(fill: Callable[..., str]) -> Iterator[cellgraph.Database]:
    a, b, junctions = np.array(CONTACTS).T
    labels = np.unique([a, b])
    links = {"a": np.searchsorted(labels, a), "b": np.searchsorted(labels, b), "junctions": junctions}
    with cellgraph.open(fill(table_network({"label": labels}, links))) as opened:
        yield opened


@pytest.mark.parametrize("method", ["cypher", "compiled"])
def test_conditions_decide_on_common_neighbours_but_not_on_whether_these_touch(
    db: cellgraph.Database, method: Any
) -> None:
    def found(**given: Any) -> list[tuple[int, ...]]:
        rows = db.query("t1-candidates", method=method, **given).to_pylist()
        return [(row["cell_a"], row["cell_b"], row["gain_a"], row["gain_b"]) for row in rows]

    assert found() == [(1, 2, 3, 4)]
    assert found(min_junctions=2) == [(1, 2, 3, 4), (21, 22, 23, 24)]  # 13 and 14 touch, though by a smaller contact
    assert found(min_junctions=3) == []
