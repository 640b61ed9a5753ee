"""Constraints and indexes of the model in Neo4j."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellgraph.stores.bolt.connection import Connection

CONSTRAINTS = {"cellgraph_sample_id": ("Sample", ("id",)), "cellgraph_cell_id": ("Cell", ("id",))}
"""Labels and properties that are unique among nodes."""

INDEXES = {"cellgraph_sample_name": ("Sample", ("name",)), "cellgraph_cell_label": ("Cell", ("sample", "label"))}
"""Labels and properties by which nodes are looked up."""


def begin(connection: Connection) -> None:
    """Create what a load needs from the start: everything if there are cells, otherwise only that for samples."""
    if connection.read("MATCH (c:Cell) RETURN count(c)")[0][0]:
        ensure(connection)
    else:
        _create(connection, [name for name, (label, _) in (CONSTRAINTS | INDEXES).items() if label == "Sample"])


def ensure(connection: Connection) -> None:
    """Create what is missing, and wait until it is in use."""
    _create(connection, [*_named()])


def _create(connection: Connection, names: list[str]) -> None:
    there = {row[0] for row in connection.read("SHOW INDEXES YIELD name RETURN name")}
    missing = [statement for name, statement in _named().items() if name in names and name not in there]
    for statement in missing:
        connection.write(statement)
    if missing:
        connection.write("CALL db.awaitIndexes(300)")


def statements() -> list[str]:
    """Return the statements that create all of them."""
    return [*_named().values()]


def _named() -> dict[str, str]:
    unique = {
        name: f"CREATE CONSTRAINT {name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{key} IS UNIQUE"
        for name, (label, (key,)) in CONSTRAINTS.items()
    }
    looked_up = {
        name: f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{label}) ON ({', '.join(f'n.{key}' for key in keys)})"
        for name, (label, keys) in INDEXES.items()
    }
    return unique | looked_up
