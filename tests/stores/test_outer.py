"""Subqueries and optional patterns that take values from outside, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cellgraph.errors import StoreError
from cellgraph.model import Network, Sample
from cellgraph.stores import Store, open_store
from cellgraph.stores.contract import OWN_CYPHER


def cells() -> Network:
    """Contacts 1-2, 1-3, 2-3, 2-4, 3-4, 4-5, 5-6; 7 has none; 3 and 6 have no kind, 2 and 5 no size."""
    columns = {
        "sample": ["g"] * 7,
        "label": list(range(1, 8)),
        "volume": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0],
        "kind": ["A", "B", None, "A", "C", None, "B"],
        "size": pa.array([3, None, 5, 7, None, 1, 2], pa.int64()),
    }
    ends = [(1, 2), (1, 3), (2, 3), (2, 4), (3, 4), (4, 5), (5, 6)]
    contacts = {
        "a": pa.array([a - 1 for a, _ in ends], pa.int64()),
        "b": pa.array([b - 1 for _, b in ends], pa.int64()),
        "junctions": pa.array([10, 20, 30, 5, 15, 25, 35], pa.int64()),
    }
    return Network((Sample("g", connectivity=0),), pa.table(columns), pa.table(contacts))


def asked(store: Store, cypher: str) -> list[list[Any]]:
    rows = [list(row.values()) for row in store.run(cypher, name=OWN_CYPHER).to_pylist()]
    return sorted(rows, key=lambda row: [(value is None, value) for value in row])


OPTIONAL = [
    ("->", "a.kind IS NULL OR b.kind = 'A'", [[2, 4], [3, 4]]),
    ("-", "a.size IS NULL", [[2, 1], [2, 3], [2, 4], [5, 4], [5, 6]]),
    ("-", "coalesce(a.size, 0) < 2", [[2, 1], [2, 3], [2, 4], [5, 4], [5, 6], [6, 5]]),
    ("-", "b.volume > a.size AND a.`size` > 4", [[3, 1], [3, 2], [3, 4], [4, 2], [4, 3], [4, 5]]),
]


@pytest.mark.parametrize(("arrow", "condition", "expected"), OPTIONAL, ids=[condition for _, condition, _ in OPTIONAL])
def test_an_optional_pattern_matches_where_a_value_from_outside_is_null(
    store: Store, arrow: str, condition: str, expected: list[list[Any]]
) -> None:
    store.write(cells())
    found = asked(
        store, f"MATCH (a:Cell) OPTIONAL MATCH (a)-[:TOUCHES]{arrow}(b:Cell) WHERE {condition} RETURN a.label, b.label"
    )
    without = sorted({1, 2, 3, 4, 5, 6, 7} - {a for a, _ in expected})
    assert [row for row in found if row[1] is not None] == expected
    assert [row[0] for row in found if row[1] is None] == without


QUESTIONS: list[tuple[str, list[list[Any]]]] = [
    ("MATCH (a:Cell) WHERE EXISTS { MATCH (a)-[:TOUCHES]-() WHERE a.kind IS NULL } RETURN a.label", [[3], [6]]),
    (
        "MATCH (a:Cell) WHERE NOT EXISTS { MATCH (a)-[:TOUCHES]-(b:Cell) WHERE a.kind = b.kind } RETURN a.label",
        [[1], [2], [3], [4], [5], [6], [7]],
    ),
    (
        "MATCH (a:Cell) RETURN a.label, COUNT { MATCH (a)-[:TOUCHES]-(b:Cell) WHERE a.kind IS NULL OR b.kind IS NULL }",
        [[1, 1], [2, 1], [3, 3], [4, 1], [5, 1], [6, 1], [7, 0]],
    ),
    (
        "MATCH (c:Cell) RETURN c.kind, sum(COUNT { MATCH (c)-[:TOUCHES]-(d:Cell) WHERE c.kind <> d.kind })",
        [["A", 3], ["B", 2], ["C", 1], [None, 0]],
    ),
    (
        "MATCH (c:Cell) WITH c, COUNT { MATCH (c)-[:TOUCHES]-(d:Cell) WHERE c.volume < d.volume } AS n "
        "RETURN c.kind, sum(n), count(*)",
        [["A", 3, 2], ["B", 2, 2], ["C", 1, 1], [None, 1, 2]],
    ),
    (
        "MATCH (a:Cell)-[r:TOUCHES]-(b:Cell) WITH a, sum(r.junctions) AS s "
        "WHERE NOT EXISTS { MATCH (a)-[:TOUCHES]-(c:Cell) WHERE c.volume > s } RETURN a.label, s",
        [[1, 30], [2, 45], [3, 65], [5, 60]],
    ),
    (  # crashed: a value of the first join is joined again after a WITH
        "MATCH (a:Cell) WHERE NOT EXISTS { MATCH (a)<-[:TOUCHES]-() WHERE a.size <> 45 } WITH a, a.size AS s "
        "OPTIONAL MATCH (a)-[:TOUCHES]->(b:Cell) WHERE b.size < 45 OR s IS NULL RETURN a.label, b.label",
        [[1, 3], [2, 3], [2, 4], [5, 6], [7, None]],
    ),
    (  # rows of which some have no b, and others have
        "MATCH (a:Cell) OPTIONAL MATCH (a)-[:TOUCHES]->(b:Cell) WHERE b.label <> 3 "
        "OPTIONAL MATCH (b)-[:TOUCHES]->(c:Cell) WHERE c.label <> a.label RETURN b.kind, count(*)",
        [["A", 2], ["B", 2], ["C", 1], [None, 3]],
    ),
    ("MATCH (a:Cell) WHERE EXISTS { (a)-[:TOUCHES]-(:Cell {kind: 'C'}) } RETURN a.label", [[4], [6]]),
    ("MATCH (a:Cell) WHERE a.label < 3 RETURN a.label, COUNT { (a)-[:TOUCHES]-() }", [[1, 2], [2, 3]]),
    (
        "MATCH (a:Cell) WITH collect(a.kind) AS kinds MATCH (c:Cell) "
        "WHERE NOT EXISTS { MATCH (c)-[:TOUCHES]-(d:Cell) WHERE d.kind IN kinds } RETURN c.label",
        [[7]],
    ),
    (
        "MATCH (a:Cell) WHERE a.label = 2 OPTIONAL MATCH (a)-[:TOUCHES]-(b:Cell) WHERE a.size IS NULL "
        "RETURN b.label AS l UNION ALL "
        "MATCH (a:Cell) WHERE EXISTS { MATCH (a)-[:TOUCHES]-() WHERE a.kind IS NULL } RETURN a.label AS l",
        [[1], [3], [3], [4], [6]],
    ),
]


@pytest.mark.parametrize(("question", "expected"), QUESTIONS, ids=[str(number) for number in range(len(QUESTIONS))])
def test_subqueries(store: Store, question: str, expected: list[list[Any]]) -> None:
    store.write(cells())
    assert asked(store, question) == expected


def test_return_of_all_names_has_no_further_columns(store: Store) -> None:
    store.write(cells())
    found = store.run(
        "MATCH (a:Cell) WITH a.label AS l, a WHERE l < 3 OPTIONAL MATCH (a)-[:TOUCHES]->(b:Cell) WHERE b.size > a.size "
        "WITH l, b.label AS other RETURN *",
        name=OWN_CYPHER,
    )
    assert sorted(found.column_names) == ["l", "other"]
    assert sorted(found["l"].to_pylist()) == [1, 2]


REFUSED = [
    (
        "MATCH (a:Cell) OPTIONAL MATCH (a)-[:TOUCHES]->(b:Cell) RETURN a.label, COUNT { MATCH (b)-[:TOUCHES]-() } AS n",
        "uses b of an OPTIONAL MATCH, which may be null",
    ),
    (
        "MATCH (a:Cell) OPTIONAL MATCH (a)-[:TOUCHES]->(b:Cell) WITH a, b AS c "
        "WHERE NOT EXISTS { MATCH (c)-[:TOUCHES]-() } RETURN a.label",
        "uses c of an OPTIONAL MATCH, which may be null",
    ),
    (
        "MATCH (a:Cell) WITH collect(a) AS every UNWIND every AS c WITH c WHERE EXISTS { MATCH (c)-[:TOUCHES]-(d:Cell) "
        "WHERE d.label > 3 } RETURN c.label",
        "uses c of a list",
    ),
    (
        "MATCH (a:Cell) WITH collect(a) AS every UNWIND every AS c OPTIONAL MATCH (c)-[:TOUCHES]-(d:Cell) "
        "WHERE d.label > c.label RETURN c.label",
        "uses c of a list",
    ),
    (
        "MATCH (a:Cell) WHERE EXISTS { MATCH (a)-[:TOUCHES]-(b:Cell) WHERE EXISTS { MATCH (b)-[:TOUCHES]-(c:Cell) "
        "WHERE c.size > b.size } } RETURN a.label",
        "a subquery uses b.size",
    ),
    (
        "MATCH (a:Cell) WHERE NOT (a)-[:TOUCHES]-(:Cell {kind: a.kind}) RETURN a.label",
        r"the pattern with \{kind: a.kind\} as a condition takes a value from outside",
    ),
]


@pytest.mark.parametrize(("question", "said"), REFUSED)
def test_what_would_be_answered_wrongly_is_refused(tmp_path: Path, question: str, said: str) -> None:
    with open_store(str(tmp_path / "g.db"), create=True) as store:
        store.write(cells())
        with pytest.raises(StoreError, match=said):
            store.run(question, name=OWN_CYPHER)
