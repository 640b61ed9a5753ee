"""What the embedded database reads unlike other Cypher, and its own words for what it does not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from six_cells import six_cells

from cellgraph.errors import StoreError
from cellgraph.stores import open_store
from cellgraph.stores.contract import OWN_CYPHER

C = "MATCH (c:Cell) "
REFUSED = [
    ("MATCH (c:Cell:Sample) RETURN count(*)", "a node with two labels"),
    (C + "RETURN size((c)-[:TOUCHES]-()) AS n", r"COUNT \{ MATCH"),
    (C + "WHERE c.sample =~ '(' RETURN c.label", "is not a valid regular expression"),
    (C + "RETURN c.label AS n, c.id AS n", "2 columns of the result are named 'n'"),
    (C + "RETURN [x IN [1, 2] WHERE x > 1 | x]", "list comprehensions; use list_transform"),
    (C + "RETURN size([(c)-[:TOUCHES]-(d) | d.label])", "patterns in a list; use OPTIONAL MATCH"),
    (C + "CALL { WITH c MATCH (c)-[:TOUCHES]-(d) RETURN count(d) AS n } RETURN n", r"CALL \{ … \}; use OPTIONAL"),
    (C + "RETURN COLLECT { MATCH (c)-[:TOUCHES]-(d) RETURN d.label }", r"COLLECT \{ … \}; use OPTIONAL MATCH"),
    (C + "WHERE EXISTS { MATCH (c)-[:TOUCHES]-(d) RETURN d } RETURN c.label", "RETURN in EXISTS or COUNT"),
    (C + "WHERE exists(c.volume) RETURN c.label", "IS NOT NULL"),
    (C + "WHERE c:Cell RETURN c.label", "label"),
    (C + "RETURN c {.label}", "map projections"),
    ("MATCH (c:Cell WHERE c.label > 1) RETURN c.label", "WHERE after the MATCH"),
    ("MATCH p = shortestPath((a:Cell)-[:TOUCHES*]-(b:Cell)) RETURN p", "SHORTEST 1..5"),
    ("MATCH (:Cell)-[r:TOUCHES]->() RETURN type(r)", r"the function type; use label\(r\)"),
    (C + "RETURN stDev(c.label)", "the function stDev; use sqrt"),
    (C + "RETURN toInteger('1')", "cast"),
    (
        C + "RETURN c.label AS n UNION ALL " + C + "RETURN CASE WHEN c.label > 2 THEN 1 ELSE 0.5 END AS n",
        "the parts of the UNION",
    ),
]


@pytest.mark.parametrize(("cypher", "said"), REFUSED, ids=[cypher for cypher, _ in REFUSED])
def test_is_refused_with_what_to_write(tmp_path: Path, cypher: str, said: str) -> None:
    with open_store(str(tmp_path / "six.db"), create=True) as store:
        store.write(six_cells().network())
        with pytest.raises(StoreError, match=said):
            store.run(cypher, name=OWN_CYPHER)


def test_the_words_that_are_named_run(tmp_path: Path) -> None:
    words = (
        "sqrt((sum(c.label * c.label) - sum(c.label) * avg(c.label)) / (count(c.label) - 1)) AS s, "
        "sqrt(avg(c.label * c.label) - avg(c.label) * avg(c.label)) AS p"
    )
    with open_store(str(tmp_path / "six.db"), create=True) as store:
        store.write(six_cells().network())
        [row] = store.run(C + "RETURN " + words, name=OWN_CYPHER).to_pylist()
        assert row == pytest.approx({"s": (35 / 10) ** 0.5, "p": (35 / 12) ** 0.5})
        words = (
            "list_transform(list_filter([1, 2], x -> x > 1), x -> 2 * x) AS a, "
            "list_reduce([1, 2], (x, y) -> x + y) AS b, "
            "[1, 2][1] AS c, list_extract([1, 2], -1) AS d, [1, 2, 3][2:] AS e, size([]) = 0 AS f, "
            "cast('1', 'INT64') AS g, cast('1', 'DOUBLE') AS h, cast(1, 'STRING') AS i, cast('true', 'BOOL') AS j, "
            "string_split('a,b', ',') AS k"
        )
        [row] = store.run("RETURN " + words, name=OWN_CYPHER).to_pylist()
        assert list(row.values()) == [[4], 3, 1, 2, [2, 3], True, 1, 1.0, "1", True, ["a", "b"]]
        store.run("MATCH (:Cell)-[r:TOUCHES]->() RETURN label(r), id(r), start_node(r), end_node(r)", name=OWN_CYPHER)
        assert store.run(C + "WHERE c.sample =~ '[(].*' RETURN c.label", name=OWN_CYPHER).num_rows == 0
