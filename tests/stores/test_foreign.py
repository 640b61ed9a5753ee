"""A Neo4j that holds another graph as well: what cellgraph did not write stays as it is, and is not counted."""

from __future__ import annotations

from typing import Any

import neo4j
import pytest
from six_cells import pair, six_cells
from store_graphs import PAIR_LABELS, SIX_LABELS, everything, labels

import cellgraph
from cellgraph.errors import NotFoundError, StoreError
from cellgraph.stores import open_store

CLASHES = {
    "cells with ids": ["UNWIND range(0, 9) AS i CREATE (:Cell {id: i, label: i})"],
    "a phone with a cell": ["CREATE (:Phone {id: 1})-[:HAS_CELL]->(:Cell {id: 0, sample: 'six', label: 1})"],
    "a loading sample": ["CREATE (:Sample {status: 'loading'})"],
    "a sample retired with ids": [
        "CREATE (s:Sample {id: 0, first_id: 0, cells: 3, name: 'six', status: 'retired'}) "
        "WITH s UNWIND range(0, 2) AS i CREATE (s)-[:HAS_CELL]->(:Cell {id: i})"
    ],
    "a complete sample": ["CREATE (:Sample {name: 'six', status: 'complete', cells: 7, contacts: 3})"],
    "samples with ids of text": ["CREATE (:Sample {id: 'A1', first_id: 'x', cells: 'many', load: 3, beat: 'y'})"],
    "cells that touch": ["CREATE (:Cell {id: 0})-[:TOUCHES {junctions: 5}]->(:Cell {id: 1})"],
    "a constraint on labels of cells": ["CREATE CONSTRAINT theirs FOR (c:Cell) REQUIRE c.label IS UNIQUE"],
    "an index in the way": ["CREATE INDEX theirs FOR (c:Cell) ON (c.id)"],
    "a constraint on contacts": ["CREATE CONSTRAINT theirs FOR ()-[r:TOUCHES]-() REQUIRE r.junctions IS UNIQUE"],
    "a constraint of our name": ["CREATE CONSTRAINT cellgraph_cell_id FOR (p:Person) REQUIRE p.id IS UNIQUE"],
    "an index of our name": ["CREATE INDEX cellgraph_cell_label FOR (p:Person) ON (p.name)"],
}

NEIGHBOURS = {
    "people who touch": [
        "CREATE (:Person {id: 0, status: 'complete'})-[:TOUCHES]->(:Person {id: 1, status: 'loading'})"
    ],
    "a constraint and an index of theirs": [
        "CREATE CONSTRAINT theirs FOR (p:Person) REQUIRE p.id IS UNIQUE",
        "CREATE INDEX theirs_too FOR (p:Person) ON (p.name)",
    ],
    "an index on cells": ["CREATE INDEX theirs FOR (c:Cell) ON (c.volume)"],
}


class Outside:
    """A Neo4j as somebody else sees it."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def run(self, cypher: str) -> list[list[Any]]:
        return [list(record.values()) for record in self._session.run(cypher)]

    def drop_schema(self) -> None:
        for (name,) in self.run("SHOW CONSTRAINTS YIELD name RETURN name"):
            self.run(f"DROP CONSTRAINT {name}")
        for (name,) in self.run(
            "SHOW INDEXES YIELD name, type, owningConstraint WHERE type <> 'LOOKUP' AND owningConstraint IS NULL "
            "RETURN name"
        ):
            self.run(f"DROP INDEX {name}")

    def dump(self) -> tuple[list[list[Any]], ...]:
        """Return every node, relationship, constraint and index that there is."""
        return (
            self.run("MATCH (n) RETURN elementId(n), labels(n), properties(n) ORDER BY elementId(n)"),
            self.run(
                "MATCH (a)-[r]->(b) RETURN elementId(r), type(r), properties(r), elementId(a), elementId(b) "
                "ORDER BY elementId(r)"
            ),
            self.run("SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties RETURN * ORDER BY name"),
            self.run("SHOW INDEXES YIELD name, type, labelsOrTypes, properties RETURN * ORDER BY name"),
        )


@pytest.fixture
def outside(empty_neo4j: str, neo4j_server: tuple[str, str, str]) -> Any:
    uri, user, password = neo4j_server
    with (
        neo4j.GraphDatabase.driver(uri, auth=(user, password), notifications_min_severity="OFF") as driver,
        driver.session() as session,
    ):
        found = Outside(session)
        found.drop_schema()
        yield found
        found.drop_schema()


@pytest.mark.parametrize("graph", CLASHES.values(), ids=CLASHES)
def test_a_clash_is_told_before_anything_is_written(graph: list[str], empty_neo4j: str, outside: Outside) -> None:
    for cypher in graph:
        outside.run(cypher)
    before = outside.dump()
    with open_store(empty_neo4j) as store:
        for replace in (False, True):
            with pytest.raises(StoreError, match="NEO4J_DATABASE"):
                store.write(six_cells().network(), replace=replace)
        with pytest.raises(NotFoundError, match="no sample 'six'"):
            store.delete("six")
        assert store.sample_names() == []
        assert store.topology().labels.tolist() == []
    with pytest.raises(StoreError, match="cellgraph did not"):
        open_store(empty_neo4j, create=True)
    with cellgraph.open(empty_neo4j) as db, pytest.raises(NotFoundError, match="no sample"):
        db.query("samples", sample="six")
    assert outside.dump() == before


@pytest.mark.parametrize("graph", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_other_graphs_stay_as_they_are(graph: list[str], empty_neo4j: str, outside: Outside) -> None:
    for cypher in graph:
        outside.run(cypher)
    before = outside.dump()
    with open_store(empty_neo4j, create=True) as store:
        store.write(six_cells().network())
        store.write(six_cells().network(), replace=True)
        assert labels(store) == SIX_LABELS
        store.delete("six")
    after = outside.dump()
    assert after[:2] == before[:2]
    assert all(theirs in after[kind] for kind in (2, 3) for theirs in before[kind])


@pytest.mark.parametrize(
    "cypher",
    [
        "MATCH (c:Cell {label: 3}) CREATE (:Remark {text: 'odd'})-[:ABOUT]->(c)",
        "MATCH (c:Cell {label: 3}) CREATE (c)-[:IN]->(:Region {name: 'cortex'})",
        "MATCH (s:Sample) CREATE (:Animal {name: 'Tom'})-[:GAVE]->(s)",
        "MATCH (s:Sample) CREATE (s)-[:FROM]->(:Animal {name: 'Tom'})",
        "MATCH (c:Cell {label: 3}) CREATE (:Group {id: 3})-[:HAS_CELL]->(c)",
    ],
)
def test_what_others_attach_to_a_sample_keeps_it(cypher: str, empty_neo4j: str, outside: Outside) -> None:
    with open_store(empty_neo4j, create=True) as store:
        store.write(six_cells().network())
        outside.run(cypher)
        before = outside.dump()
        with pytest.raises(StoreError, match="relationships :"):
            store.write(six_cells().network(), replace=True)
        with pytest.raises(StoreError, match="relationships :"):
            store.delete("six")
        assert outside.dump() == before
        store.write(pair().network())
        assert labels(store) == PAIR_LABELS + SIX_LABELS
        store.delete("pair")
        assert outside.dump() == before


def test_foreign_samples_that_come_later_are_not_counted(empty_neo4j: str, outside: Outside) -> None:
    with open_store(empty_neo4j, create=True) as store:
        store.write(six_cells().network())
    outside.run(
        "CREATE (:Sample {id: 7, name: 'theirs', status: 'complete', cells: 100})-[:HAS_CELL]->(:Cell {id: 70})"
    )
    before = outside.dump()
    with cellgraph.open(empty_neo4j) as db:
        with pytest.raises(StoreError, match="cellgraph did not write, and the query would count"):
            db.query("samples")
        with pytest.raises(StoreError, match="cellgraph did not write, and the query would count"):
            db.query("hubs", limit=1, method="compiled")
    with open_store(empty_neo4j) as store:
        assert store.sample_names() == ["six"]
        assert len(store.topology().labels) == 6
        store.delete("six")
    after = outside.dump()
    assert [node[2] for node in after[0]] == [node[2] for node in before[0] if node[2].get("id") in (7, 70)]


def test_remains_of_a_dead_load_leave_what_others_hold(empty_neo4j: str, outside: Outside) -> None:
    with open_store(empty_neo4j, create=True) as store:
        store.write(six_cells().network())
        outside.run("MATCH (s:Sample) SET s.status = 'retired'")
        outside.run("MATCH (c:Cell {label: 3}) CREATE (:Remark)-[:ABOUT]->(c)")
        store.write(pair().network())
        assert labels(store) == PAIR_LABELS
        assert outside.run("MATCH (:Remark)-[r:ABOUT]->(c:Cell) RETURN c.label") == [[3]]
        outside.run("MATCH (r:Remark) DETACH DELETE r")
        store.write(pair("more").network())
        assert everything(store) == {"Sample": 2, "Cell": 4, "HAS_CELL": 4, "TOUCHES": 2}


def test_own_cypher_says_that_there_are_unfinished_samples(empty_neo4j: str, outside: Outside) -> None:
    from cellgraph.analyze.rows import note_of

    cypher = "MATCH (:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) RETURN count(c) AS n"
    with open_store(empty_neo4j, create=True) as store:
        store.write(six_cells().network())
        store.write(pair().network())
    with cellgraph.open(empty_neo4j) as db:
        assert note_of(db.cypher(cypher)) == ""
        outside.run("MATCH (s:Sample {name: 'pair'}) SET s.status = 'loading'")
        rows = db.cypher(cypher)
        assert rows["n"].to_pylist() == [6]
        assert "holds a sample that is being loaded" in note_of(rows)
