"""Values of parameters: checked, read from text, and put into statements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.queries import Catalogue, Query, Statement
from cellgraph.queries.values import cypher_literal, guess, parse

FILE = """\
// Cells.
//
// Parameters
//   k: int = 2 (1..9, literal)   distance
//   cell: int (cell)             label
//   above: float = 1             volume
//   sample: str = null           sample
//   border: bool = true          whether on the border
//   labels: int list = null      labels
// Returns
//   cell: int                    label
MATCH (s:Sample)-[:HAS_CELL]->(c:Cell)-[:TOUCHES*1..$k]-(:Cell)
WHERE ($sample IS NULL OR s.name = $sample) AND ($labels IS NULL OR c.label IN (($labels)))
  AND c.label <> $cell AND c.volume > $above AND c.on_border = $border AND c.note <> '$k ($sample IS NULL OR x)'
RETURN c.label AS cell /* and further properties of c */
ORDER BY cell
"""


@pytest.fixture
def query(tmp_path: Path) -> Query:
    """The query of the file above."""
    (tmp_path / "mine.cypher").write_text(FILE)
    return Catalogue.load([tmp_path])["mine"]


DEFAULTS = {"k": 2, "above": 1.0, "sample": None, "border": True, "labels": None}


def test_defaults_are_added(query: Query) -> None:
    assert query.bind({"cell": 3}) == {**DEFAULTS, "cell": 3}


def test_numpy_scalars_become_pythons_own(query: Query) -> None:
    bound = query.bind({"cell": np.uint64(3), "above": np.float32(0.5), "border": np.bool_(False), "k": np.int8(4)})
    assert bound == {**DEFAULTS, "cell": 3, "above": 0.5, "border": False, "k": 4}
    assert [type(bound[name]) for name in ("cell", "above", "border", "k")] == [int, float, bool, int]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "needs the parameter 'cell': label"),
        ({"cell": 1, "kk": 1}, "has no parameter 'kk'; it takes k, cell, above.*Did you mean 'k'"),
        ({"cell": None}, "'cell' of the query 'mine' must be a whole number, not None"),
        ({"cell": "1"}, "must be a whole number, not '1'"),
        ({"cell": 1.0}, "must be a whole number, not 1.0"),
        ({"cell": True}, "must be a whole number, not True"),
        ({"cell": 2**63}, "must be from -9223372036854775808 to 9223372036854775807"),
        ({"cell": 1, "k": 0}, "'k' of the query 'mine' must be from 1 to 9, not 0"),
        ({"cell": 1, "k": 10}, "must be from 1 to 9, not 10"),
        ({"cell": 1, "k": None}, "must be a whole number, not None"),
        ({"cell": 1, "above": "x"}, "must be a number, not 'x'"),
        ({"cell": 1, "sample": 3}, "must be text, not 3"),
        ({"cell": 1, "border": 1}, "must be true or false, not 1"),
        ({"cell": 1, "labels": 1}, "must be a list of whole numbers, not 1"),
        ({"cell": 1, "labels": [1, "a"]}, "an item of the parameter 'labels' .* must be a whole number, not 'a'"),
    ],
)
def test_values_that_do_not_fit(query: Query, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        query.bind(values)


def test_values_from_text(query: Query) -> None:
    texts = {"cell": "3", "above": "1e3", "border": "False", "sample": "3", "labels": "[1, 2]"}
    assert query.parse(texts) == {"cell": 3, "above": 1000.0, "border": False, "sample": "3", "labels": [1, 2]}
    assert query.parse({"labels": "null"}) == {"labels": None}


@pytest.mark.parametrize("text", ["x", "1.5", "", "1;"])
def test_text_that_is_no_whole_number(text: str) -> None:
    with pytest.raises(ParameterError, match="it must be a whole number, not"):
        parse(text, "int", of="it")


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("3.5", 3.5), ("true", True), ("null", None), ("abc", "abc"), ('"3"', "3"), ("[1, 2]", [1, 2])],
)
def test_values_of_unknown_type(text: str, value: object) -> None:
    assert guess(text) == value


def test_a_statement_carries_its_values_beside_it(query: Query) -> None:
    statement = query.statement("neo4j", {"cell": 3, "k": 4, "sample": "it's", "labels": [1]})
    assert statement == Statement(
        FILE.split("label\n")[-1]
        .replace("TOUCHES*1..$k", "TOUCHES*1..4")
        .replace("($sample IS NULL OR s.name = $sample)", "(s.name = $sample)")
        .replace("($labels IS NULL OR c.label IN (($labels)))", "(c.label IN (($labels)))")
        .replace(" /* and further properties of c */", ""),
        {"cell": 3, "above": 1.0, "sample": "it's", "border": True, "labels": [1]},
    )
    assert "'$k ($sample IS NULL OR x)'" in statement.text


def test_a_condition_that_is_off_is_left_out(query: Query) -> None:
    statement = query.statement("neo4j", {"cell": 3})
    assert "WHERE c.label <> $cell" in " ".join(statement.text.split())
    assert set(statement.parameters) == {"cell", "above", "border"}


def test_further_columns_and_a_limit(query: Query) -> None:
    statement = query.statement("neo4j", {"cell": 3}, further=["weight", "my note"], limit=5)
    end = "AS cell,\n       c.`weight` AS `weight`,\n       c.`my note` AS `my note`\nORDER BY cell\nLIMIT 5\n"
    assert statement.text.endswith(end)
    assert query.extendable == "c"


def test_a_name_that_would_break_out_is_refused(query: Query) -> None:
    with pytest.raises(ParameterError, match="backtick"):
        query.statement("neo4j", {"cell": 3}, further=["a` MATCH (n) DETACH DELETE n //"])


def test_a_limit_is_a_number(query: Query) -> None:
    with pytest.raises(ParameterError, match="limit must be from 0 to"):
        query.statement("neo4j", {"cell": 3}, limit=-1)


def test_shown_values_stand_in_the_text(query: Query) -> None:
    shown = query.shown("neo4j", {"cell": 3, "sample": "it's"})
    assert shown.startswith("// Cells.\nMATCH ")
    assert r"(s.name = 'it\'s') AND c.label <> 3" in " ".join(shown.split())
    assert "$" not in shown.replace("'$k ($sample IS NULL OR x)'", "")
    assert shown.endswith("ORDER BY cell;")


def test_shown_without_a_value(query: Query) -> None:
    shown = query.shown("neo4j", {})
    assert "// Put a value for $cell: label.\n" in shown
    assert "c.label <> $cell" in shown
    with pytest.raises(ParameterError, match="no parameter 'kk'"):
        query.shown("neo4j", {"kk": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (0.5, "0.5"),
        ("it's a \\", r"'it\'s a \\'"),
        ([1, "a"], "[1, 'a']"),
    ],
)
def test_literals(value: object, text: str) -> None:
    assert cypher_literal(value) == text


def test_an_unknown_query_to_show() -> None:
    from cellgraph.analyze.show import show

    with pytest.raises(NotFoundError, match="no query 'khpo'"):
        show("khpo")
