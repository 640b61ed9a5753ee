"""Aggregates that a later clause gives another name and uses again, in Cypher of one's own, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from six_cells import six_cells

from cellgraph.stores import Store
from cellgraph.stores.contract import OWN_CYPHER

DEGREES = "WITH c.degree AS d, count(*) AS n"  # 0: 1, 1: 1, 2: 3, 3: 1
QUESTIONS: list[tuple[str, list[list[Any]]]] = [
    (f"{DEGREES} RETURN d, n AS cells, n * 0.5 AS half ORDER BY d DESC LIMIT 2", [[3, 1, 0.5], [2, 3, 1.5]]),
    (f"{DEGREES} RETURN n AS a, n AS b ORDER BY a DESC", [[3, 3], [1, 1], [1, 1], [1, 1]]),
    (f"{DEGREES} RETURN n AS `a b`, d, n + d AS s ORDER BY s DESC LIMIT 2", [[3, 2, 5], [1, 3, 4]]),
    (f"{DEGREES} WITH n AS a, n AS b WHERE b > 1 RETURN a + b AS s", [[6]]),
    (f"{DEGREES} WITH d AS e, n + 1 AS m RETURN e, m AS a, m * 2 AS b ORDER BY e LIMIT 1", [[0, 2, 4]]),
    (f"{DEGREES} WITH d, n AS m WITH d, m AS k, m AS l RETURN d, k AS x, k + l AS y ORDER BY d LIMIT 1", [[0, 1, 2]]),
    (f"{DEGREES} WHERE n > 1 RETURN n AS cells, n AS again", [[3, 3]]),
    (f"{DEGREES} RETURN DISTINCT n AS a, n AS b ORDER BY a", [[1, 1], [3, 3]]),
    ("WITH c.degree AS d, min(c.label) AS n RETURN n AS a, n * 2 AS b ORDER BY a", [[1, 2], [3, 6], [5, 10], [6, 12]]),
    ("WITH c.degree AS d, collect(c.label) AS l RETURN l AS m, size(l) AS k ORDER BY k DESC LIMIT 1", [[[1, 2, 4], 3]]),
    ("WITH c.degree AS d, max(c.sample) AS s RETURN DISTINCT s AS name, s + '!' AS said", [["six", "six!"]]),
    (
        "OPTIONAL MATCH (c)-[:TOUCHES]-(o) WITH c, count(o) AS n "
        "RETURN c.label AS l, n AS degree, n / 2.0 AS h ORDER BY l DESC LIMIT 2",
        [[6, 0, 0.0], [5, 1, 0.5]],
    ),
]


@pytest.mark.parametrize(("question", "expected"), QUESTIONS, ids=[str(number) for number in range(len(QUESTIONS))])
def test_they_are_not_computed_again(question: str, expected: list[list[Any]], store: Store) -> None:
    store.write(six_cells().network())
    rows = store.run(f"MATCH (c:Cell) {question}", name=OWN_CYPHER).to_pylist()
    found = [[sorted(value) if isinstance(value, list) else value for value in row.values()] for row in rows]
    assert found == expected
