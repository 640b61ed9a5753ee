"""WITH … ORDER BY … LIMIT in Cypher of one's own takes the first rows, whatever follows, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from six_cells import six_cells

from cellgraph.stores import Store
from cellgraph.stores.contract import OWN_CYPHER

LAST = "WITH c ORDER BY c.label DESC LIMIT 2"
QUESTIONS: list[tuple[str, list[list[Any]]]] = [
    (f"{LAST} RETURN collect(c.label) AS l", [[[6, 5]]]),
    (f"{LAST} RETURN c.label AS l", [[6], [5]]),
    (f"{LAST} return sum(c.label) as s, count(*) as n", [[11, 2]]),
    (f"{LAST} WITH c.label + 1 AS k RETURN sum(k) AS s", [[13]]),
    ("WITH c ORDER BY c.label DESC SKIP 4 RETURN collect(c.label) AS l", [[[2, 1]]]),
    ("WITH c.label AS x ORDER BY x DESC LIMIT 2 WHERE x < 6 RETURN collect(x) AS l", [[[5]]]),
    ("WITH c ORDER BY c.label DESC LIMIT 3 WITH c, 1 AS k ORDER BY c.label LIMIT 1 RETURN sum(c.label) AS s", [[4]]),
    (f"{LAST} OPTIONAL MATCH (c)-[:TOUCHES]-(d) RETURN sum(c.label) AS s, count(d) AS n", [[11, 1]]),
    ("WHERE c.sample STARTS WITH 's' WITH c ORDER BY c.label LIMIT 1 RETURN max(c.label) AS m", [[1]]),
    ("WITH c, c.label AS k ORDER BY k DESC LIMIT $n RETURN avg(k) AS m", [[5.0]]),
    ("WITH c.label AS l ORDER BY l DESC LIMIT 2 RETURN *", [[6], [5]]),
    ("WITH c.label AS l ORDER BY l DESC LIMIT 2 WITH *, l + 1 AS m RETURN * ORDER BY l DESC", [[6, 7], [5, 6]]),
    ("WITH c.label % 2 AS odd, count(*) AS n ORDER BY odd DESC LIMIT 1 RETURN sum(odd) AS s", [[1]]),
]


def test_all_columns_are_those_of_the_statement(store: Store) -> None:
    store.write(six_cells().network())
    rows = store.run("MATCH (c:Cell) WITH c.label AS l ORDER BY l DESC LIMIT 2 RETURN *", name=OWN_CYPHER)
    assert rows.to_pydict() == {"l": [6, 5]}


@pytest.mark.parametrize(("question", "expected"), QUESTIONS, ids=[str(number) for number in range(len(QUESTIONS))])
def test_the_first_rows_are_taken(question: str, expected: list[list[Any]], store: Store) -> None:
    store.write(six_cells().network())
    values = {"n": 3} if "$n" in question else {}
    rows = store.run(f"MATCH (c:Cell) {question}", values, name=OWN_CYPHER)
    assert [list(row.values()) for row in rows.to_pylist()] == expected
