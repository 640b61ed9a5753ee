"""COUNT { … } in Cypher of one's own counts 0 for what it does not find, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from six_cells import six_cells

from cellgraph.stores import Store
from cellgraph.stores.contract import OWN_CYPHER

DEGREE = "COUNT { MATCH (c)-[:TOUCHES]-() }"  # of the six cells 2, 2, 3, 2, 1, 0
QUESTIONS: list[tuple[str, list[list[Any]]]] = [
    (f"RETURN count(*) AS k, avg({DEGREE}) AS m", [[6, pytest.approx(10 / 6)]]),
    (f"RETURN {DEGREE} AS n, count(*) AS k ORDER BY n", [[0, 1], [1, 1], [2, 3], [3, 1]]),
    (f"WITH c, {DEGREE} AS n RETURN count(*) AS k, min(n) AS m", [[6, 0]]),
    (f"RETURN DISTINCT {DEGREE} AS n ORDER BY n", [[0], [1], [2], [3]]),
    (f"RETURN {DEGREE} AS n ORDER BY n LIMIT 2", [[0], [1]]),
    (f"WHERE {DEGREE} < 3 RETURN count(*) AS k", [[5]]),
    (f"WHERE {DEGREE} = 0 RETURN c.label AS l", [[6]]),
    (f"WITH c AS k RETURN sum({DEGREE.replace('(c)', '(k)')}) AS s, count(*) AS n", [[10, 6]]),
    ("WHERE COUNT { MATCH (c)-[:TOUCHES]-(d:Cell) WHERE d.label > 3 } = 0 RETURN count(*) AS k", [[3]]),
    ("RETURN sum(count{match (c)-[:TOUCHES]-(d) where count { match (d)-[:TOUCHES]-(e) } > 2}) AS k", [[3]]),
    (
        "RETURN sum(COUNT { MATCH (c)-[:TOUCHES]-(d:Cell) WHERE d.label > 3 }) AS a, "
        "sum(COUNT { MATCH (c)-[:TOUCHES]-(d:Cell) WHERE d.label < 3 }) AS b, count(*) AS k",
        [[3, 4, 6]],
    ),
    (
        "WHERE c.x >= 0 RETURN avg(COUNT { MATCH (c)-[:TOUCHES]-(x:Cell) }) AS m, count(*) AS k",
        [[pytest.approx(10 / 6), 6]],
    ),
    ("RETURN count(*) AS k, '{' AS t, sum(COUNT { MATCH (x:Cell) WHERE x.label < 3 }) AS n", [[6, "{", 12]]),
]


@pytest.mark.parametrize(("question", "expected"), QUESTIONS, ids=[str(number) for number in range(len(QUESTIONS))])
def test_what_has_none_counts(question: str, expected: list[list[Any]], store: Store) -> None:
    store.write(six_cells().network())
    rows = store.run(f"MATCH (c:Cell) {question}", name=OWN_CYPHER)
    assert [list(row.values()) for row in rows.to_pylist()] == expected
