"""Foreign data in the same Neo4j: nodes, relationships and constraints that cellgraph did not write.

A node is recognised as a cellgraph sample by the properties that every sample has (`SAMPLE`), and a cell by the
``HAS_CELL`` of such a sample; every look-up starts there.  The labels are plain words, so others may use them too.
Then ``MATCH (c:Cell)`` would count both, and ids could be taken, so a load is refused before it writes anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.stores.bolt.schema import CONSTRAINTS, INDEXES
from cellgraph.stores.properties import NEAR_WITHIN

if TYPE_CHECKING:
    from cellgraph.stores.bolt.connection import Connection

SAMPLE = (
    "(s.first_id IS :: INTEGER NOT NULL AND s.cells IS :: INTEGER NOT NULL AND s.contacts IS :: INTEGER NOT NULL "
    "AND s.id IS :: INTEGER NOT NULL AND s.name IS :: STRING NOT NULL AND s.version IS :: STRING NOT NULL "
    "AND s.cell_properties IS :: LIST<STRING NOT NULL> NOT NULL "
    "AND s.contact_properties IS :: LIST<STRING NOT NULL> NOT NULL)"
)
"""Cypher: whether `s`, a node ``:Sample``, was written by cellgraph, in any version."""

NEAR = f"(s.{NEAR_WITHIN} IS NOT NULL OR '*' IN coalesce(s.writing, []))"
"""Cypher: whether the ``NEAR`` relationships of the cells of `s` were written by cellgraph."""

_LABELS = {"Sample", "Cell", "TOUCHES", "HAS_CELL", "NEAR"}
_WAY_OUT = (
    "load into a Neo4j of its own (cellgraph neo4j start --home FOLDER), or into another database of this server, "
    "which NEO4J_DATABASE names"
)


def refuse_clashes(connection: Connection) -> None:
    """Raise `StoreError` if foreign data here uses the names that cellgraph uses."""
    samples = connection.read(f"MATCH (s:Sample) WHERE NOT {SAMPLE} RETURN count(s)")[0][0]
    if samples:
        raise _clash(connection.uri, f"{samples:,} nodes :Sample")
    if _cells_may_be_foreign(connection):
        cells = connection.read(
            f"MATCH (c:Cell) WHERE NOT EXISTS {{ MATCH (c)<-[:HAS_CELL]-(s:Sample) WHERE {SAMPLE} }} RETURN count(c)"
        )[0][0]
        if cells:
            raise _clash(connection.uri, f"{cells:,} nodes :Cell")
    _refuse_schema(connection)


def refuse_attached(connection: Connection, names: Sequence[str]) -> None:
    """Raise `StoreError` if these samples or their cells have foreign relationships, which would have to be deleted."""
    for name in names:
        found = _attached_to_sample(connection, name)
        if not found and _cells_may_be_attached(connection):
            found = connection.read(
                f"MATCH (s:Sample {{name: $name, status: 'complete'}})-[:HAS_CELL]->(c:Cell)-[r]-(o) WHERE {SAMPLE} "
                f"AND NOT ((type(r) = 'TOUCHES' OR (type(r) = 'NEAR' AND {NEAR})) AND o:Cell) "
                "AND NOT (type(r) = 'HAS_CELL' AND o = s) "
                "RETURN type(r) LIMIT 1",
                name=name,
            )
        if found:
            raise StoreError(
                f"the sample {name!r} in {connection.uri} cannot be deleted or replaced: it or its cells have "
                f"relationships :{found[0][0]} that cellgraph did not write; delete these relationships first, or load "
                "under another name with --sample."
            )


def hidden_samples(connection: Connection) -> tuple[int, int]:
    """Return the number of complete foreign ``:Sample`` nodes, and of unfinished ones of cellgraph."""
    foreign, unfinished = connection.read(
        f"MATCH (s:Sample) WITH s, {SAMPLE} AS own RETURN "
        "sum(CASE WHEN NOT own AND s.status = 'complete' THEN 1 ELSE 0 END), "
        "sum(CASE WHEN own AND s.status <> 'complete' THEN 1 ELSE 0 END)"
    )[0]
    return foreign, unfinished


def foreign_samples(uri: str, count: int) -> StoreError:
    """Return the error for a query that would count foreign samples."""
    return StoreError(
        f"{uri} holds {count:,} nodes :Sample with the status 'complete' that cellgraph did not write, and the query "
        "would count them; remove or rename the label of these nodes, or keep the samples of cellgraph in a Neo4j of "
        "its own (cellgraph neo4j start --home FOLDER)."
    )


def _cells_may_be_foreign(connection: Connection) -> bool:
    """Compare counts that the database stores: checking every cell takes long, and is rarely needed."""
    there = connection.read("MATCH (c:Cell) RETURN count(c)")[0][0]
    expected, open_ = connection.read(
        "MATCH (s:Sample) RETURN coalesce(sum(s.cells), 0), count(CASE WHEN s.status <> 'complete' THEN 1 END)"
    )[0]
    return bool(there and (open_ or there != expected))


def _cells_may_be_attached(connection: Connection) -> bool:
    """Compare the relationship counts that the database stores."""
    counts = [
        connection.read(f"MATCH {pattern} RETURN count(r)")[0][0]
        for pattern in (
            "(:Cell)-[r]->()",
            "()-[r]->(:Cell)",
            "(:Cell)-[r:TOUCHES]->()",
            "()-[r:TOUCHES]->(:Cell)",
            "()-[r:TOUCHES]->()",
            "()-[r:HAS_CELL]->(:Cell)",
        )
    ]
    cells = connection.read("MATCH (c:Cell) RETURN count(c)")[0][0]
    out, into, touches_out, touches_into, touches, has_cell = counts
    return not (out == touches_out == touches_into == touches and into == touches + has_cell and has_cell == cells)


def _attached_to_sample(connection: Connection, name: str) -> list[list[Any]]:
    found = connection.read(
        f"MATCH (s:Sample {{name: $name, status: 'complete'}}) WHERE {SAMPLE} MATCH (s)<-[r]-() RETURN type(r) LIMIT 1",
        name=name,
    )
    return found or connection.read(
        f"MATCH (s:Sample {{name: $name, status: 'complete'}}) WHERE {SAMPLE} "
        "AND COUNT { (s)-->() } <> COUNT { (s)-[:HAS_CELL]->() } "
        "MATCH (s)-[r]->() WHERE type(r) <> 'HAS_CELL' RETURN type(r) LIMIT 1",
        name=name,
    )


def _refuse_schema(connection: Connection) -> None:
    """Refuse foreign constraints on our labels, and anything else that uses the names of ours."""
    for name, labels, properties in connection.read(
        "SHOW CONSTRAINTS YIELD name, labelsOrTypes, properties RETURN name, labelsOrTypes, properties"
    ):
        target = (labels[0] if labels else "", tuple(properties or ()))
        own = target in CONSTRAINTS.values()
        if (target[0] in _LABELS and not own) or (name in {*CONSTRAINTS, *INDEXES} and CONSTRAINTS.get(name) != target):
            raise _schema_clash(connection.uri, "constraint", name)
    for name, kind, labels, properties, constraint in connection.read(
        "SHOW INDEXES YIELD name, type, labelsOrTypes, properties, owningConstraint "
        "RETURN name, type, labelsOrTypes, properties, owningConstraint"
    ):
        if constraint is not None:
            continue
        target = (labels[0] if labels else "", tuple(properties or ()))
        in_the_way = kind == "RANGE" and target in CONSTRAINTS.values()
        if in_the_way or (name in {*CONSTRAINTS, *INDEXES} and INDEXES.get(name) != target):
            raise _schema_clash(connection.uri, "index", name)


def _schema_clash(uri: str, kind: str, name: str) -> StoreError:
    return StoreError(
        f"{uri} has the {kind} {name!r}, which cellgraph did not create and which conflicts with its samples and "
        f"cells; {_WAY_OUT}, or drop it. Nothing was written."
    )


def _clash(uri: str, what: str) -> StoreError:
    return StoreError(
        f"{uri} holds another graph: {what} that cellgraph did not write; {_WAY_OUT}. Nothing was written."
    )
