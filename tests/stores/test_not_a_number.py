"""NaN in tables is a missing value, whatever stands in the other rows, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from store_graphs import table_network

from cellgraph.analyze.database import Database
from cellgraph.stores import Store

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("values", "stored"),
    [([1.0, NAN], [1.0, None]), ([NAN, INFINITE], [None, INFINITE]), ([NAN, NAN], [None, None])],
)
def test_not_a_number_is_stored_as_missing(store: Store, values: list[float], stored: list[float | None]) -> None:
    links = {"a": [0, 1], "b": [1, 2], "junctions": [1, 1], "strength": values}
    store.write(table_network({"label": [1, 2, 3], "mass": [*values, 1.0]}, links))
    assert Database(store).query("contacts")["strength"].to_pylist() == stored
    assert Database(store).query("cells")["mass"].to_pylist() == [*stored, 1.0]


@pytest.mark.parametrize("method", ["cypher", "compiled"])
def test_cells_that_are_not_a_number_do_not_count(store: Store, method: Any) -> None:
    links = {"a": [0, 1], "b": [1, 2], "junctions": [1, 1]}
    store.write(table_network({"label": [1, 2, 3], "mass": [1.0, NAN, 3.0]}, links))
    mean = Database(store).query("neighbours-mean", of="mass", method=method).to_pylist()
    assert [tuple(row.values())[1:] for row in mean] == [(1, 1.0, 0, None), (2, None, 2, 2.0), (3, 3.0, 0, None)]
    profile = Database(store).query("khop-profile", of="mass", k=2, method=method).to_pylist()
    assert [tuple(row.values())[1:] for row in profile] == [
        (1, 1, 0, 0.0, None),
        (1, 2, 1, 3.0, 3.0),
        (2, 1, 2, 4.0, 2.0),
        (2, 2, 0, 0.0, None),
        (3, 1, 0, 0.0, None),
        (3, 2, 1, 1.0, 1.0),
    ]
