"""What people may ask, and the sentence for every question that has no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from six_cells import pair, six_cells

import cellgraph
from cellgraph.analyze.rows import note_of
from cellgraph.errors import CellgraphError, NotFoundError, ParameterError, StoreError
from cellgraph.stores import open_store


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    """Address of a database with the six cells and the pair."""
    return fill(six_cells().network(), pair().network())


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    """That database, opened."""
    with cellgraph.open(address) as opened:
        yield opened


@pytest.mark.parametrize(
    ("error", "message", "name", "parameters"),
    [
        (NotFoundError, "no query 'khob'.* Did you mean 'khop'", "khob", {}),
        (NotFoundError, "no sample 'sixx' in the database. Did you mean 'six'", "khop", {"sample": "sixx"}),
        (NotFoundError, "no sample 'zzz' in the database. There are: 'pair', 'six'", "khop", {"sample": "zzz"}),
        (NotFoundError, "no cell 7 in any of the 2 samples. The next label is 6.", "khop", {"cell": 7}),
        (
            NotFoundError,
            "no cell 2 in the sample 'pair'. The next labels are 1 and 3.",
            "khop",
            {"cell": 2, "sample": "pair"},
        ),
        (NotFoundError, "no cell -9223372036854775808 in any", "khop", {"cell": -(2**63)}),
        (NotFoundError, "no cell 9223372036854775807 in any", "path", {"source": 2, "target": 2**63 - 1}),
        (
            ParameterError,
            r"the cell 3 is in 2 samples \('pair', 'six'\); choose one with --sample",
            "khop",
            {"cell": 3},
        ),
        (ParameterError, "the cell 1 is in 2 samples", "path", {"source": 2, "target": 1}),
        (ParameterError, "needs the parameter 'cell'", "neighbours", {}),
        (ParameterError, r"needs the parameter 'source': label of the first cell \(--from\)", "path", {}),
        (ParameterError, "has no parameter 'kk'.*Did you mean 'k'", "khop", {"kk": 1}),
        (ParameterError, "must be from 1 to 30, not 31", "khop", {"k": 31}),
        (ParameterError, "must be a whole number, not '2'", "khop", {"k": "2"}),
        (
            ParameterError,
            "method must be one of auto, cypher, compiled, estimated, not 'cyper'.*'cypher'",
            "khop",
            {"method": "cyper"},
        ),
        (ParameterError, "'cells' has no compiled form", "cells", {"method": "compiled"}),
        (ParameterError, "limit must be from 0 to", "cells", {"limit": -1}),
        (ParameterError, "'limit' .* must be from 1 to 1000000, not 0", "hubs", {"limit": 0}),
    ],
)
def test_questions_without_an_answer(
    db: cellgraph.Database, error: type[CellgraphError], message: str, name: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(error, match=message):
        db.query(name, **parameters)


def test_cypher_of_ones_own(db: cellgraph.Database) -> None:
    table = db.cypher("MATCH (c:Cell {sample: $s}) WHERE c.label > $l RETURN c.label AS l ORDER BY l", s="six", l=4)
    assert table.to_pydict() == {"l": [5, 6]}


@pytest.mark.parametrize(
    ("error", "message", "text", "parameters"),
    [
        (ParameterError, "the Cypher statement is empty", " ", {}),
        (ParameterError, r"uses \$label, which has no value", "RETURN $label AS l", {}),
        (
            ParameterError,
            r"has no parameter \$lable. Did you mean 'label'",
            "RETURN $label AS l",
            {"label": 1, "lable": 2},
        ),
        (ParameterError, r"has no parameter \$l\.", "RETURN '$l' AS l // $l", {"l": 1}),
        (StoreError, "writes, but queries only read", "CREATE (:Cell {id: 99})", {}),
        (StoreError, "--cypher", "MATCH (c:Cell", {}),
    ],
)
def test_cypher_that_is_refused(
    db: cellgraph.Database, error: type[CellgraphError], message: str, text: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(error, match=message):
        db.cypher(text, **parameters)
    assert db.cypher("MATCH (c:Cell) RETURN count(c) AS n").to_pydict() == {"n": [8]}


def test_a_time_out_is_an_error_and_no_empty_answer(db: cellgraph.Database) -> None:
    endless = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN count(a % 7 + b % 5) AS n"
    with pytest.raises(StoreError, match=r"0\.5"):
        db.cypher(endless, timeout=0.5)


def test_rows_become_a_data_frame(db: cellgraph.Database) -> None:
    frame = db.query("degree", sample="pair").to_pandas()
    assert frame.to_dict("list") == {"sample": ["pair", "pair"], "cell": [1, 3], "degree": [1, 1]}


def test_a_graph_is_of_one_sample(db: cellgraph.Database) -> None:
    with pytest.raises(ParameterError, match="there are 2: 'pair', 'six'; name one"):
        db.graph()
    with pytest.raises(NotFoundError, match="no sample 'sx'"):
        db.graph("sx")


def test_a_database_says_which_it_is_and_what_it_can_be_asked(db: cellgraph.Database, address: str) -> None:
    assert address.split("/")[-1] in repr(db)
    assert [query.name for query in db.queries][:2] == ["cells", "common-neighbours"]


def test_a_database_without_samples(tmp_path: Any) -> None:
    path = tmp_path / "cells.db"
    with open_store(path, create=True) as store:
        store.write(pair().network())
        store.delete("pair")
    with cellgraph.open(path) as db:
        assert db.samples().num_rows == 0
        assert db.samples().column_names[:2] == ["sample", "cells"]
        for ask in (lambda: db.query("khop"), lambda: db.graph()):
            with pytest.raises(
                NotFoundError, match=r"there is no sample in .*cells\.db.*; load one with: cellgraph load"
            ):
                ask()


def test_no_database(tmp_path: Any) -> None:
    with pytest.raises(NotFoundError, match=r"there is no database .*nothing\.db"):
        cellgraph.open(tmp_path / "nothing.db")


def test_a_misspelt_property_or_label_is_named(db: cellgraph.Database) -> None:
    try:
        said = note_of(db.cypher("MATCH (c:Cell) WHERE c.volum > 1 RETURN c.label AS l"))
    except StoreError as error:  # one that has types refuses it itself
        said = str(error)
    assert "the property 'volum'. Did you mean 'volume'?" in said


def test_what_is_spelt_right_has_no_note(db: cellgraph.Database) -> None:
    rows = db.cypher("MATCH (s:Sample)-[h:HAS_CELL]->(c:Cell) WHERE c.sample = s.name RETURN c.volume AS v, id(c) AS i")
    assert "no cell" not in note_of(rows)
    assert "no node" not in note_of(rows)


def test_a_pattern_that_may_take_a_relationship_twice_is_told_once(db: cellgraph.Database, address: str) -> None:
    told = {"bolt": "", "neo4j": ""}.get(address.partition(":")[0], "may use a relationship twice")
    chain = note_of(db.cypher("MATCH (a:Cell)-[:TOUCHES]-(b:Cell)-[:TOUCHES]-(c:Cell) RETURN count(*) AS n"))
    assert (told in chain) if told else not chain
    assert chain.count("twice") == (1 if told else 0)
    one = db.cypher(
        "MATCH (s:Sample)-[:HAS_CELL]->(a:Cell)-[:TOUCHES]-(b:Cell) MATCH (b)-[:TOUCHES]-(c) RETURN count(*) AS n"
    )
    assert not note_of(one)
