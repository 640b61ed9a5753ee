"""Constraints and indexes of the model in Neo4j."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellgraph.stores.bolt.connection import Connection

_STATEMENTS = {
    "cellgraph_sample_id": "CREATE CONSTRAINT cellgraph_sample_id IF NOT EXISTS FOR (s:Sample) REQUIRE s.id IS UNIQUE",
    "cellgraph_sample_name": "CREATE INDEX cellgraph_sample_name IF NOT EXISTS FOR (s:Sample) ON (s.name)",
    "cellgraph_cell_id": "CREATE CONSTRAINT cellgraph_cell_id IF NOT EXISTS FOR (c:Cell) REQUIRE c.id IS UNIQUE",
    "cellgraph_cell_label": "CREATE INDEX cellgraph_cell_label IF NOT EXISTS FOR (c:Cell) ON (c.sample, c.label)",
}


def ensure(connection: Connection) -> None:
    """Create what is not there yet, and wait until it is in use."""
    there = {row[0] for row in connection.read("SHOW INDEXES YIELD name RETURN name")}
    missing = [statement for name, statement in _STATEMENTS.items() if name not in there]
    for statement in missing:
        connection.write(statement)
    if missing:
        connection.write("CALL db.awaitIndexes(300)")
