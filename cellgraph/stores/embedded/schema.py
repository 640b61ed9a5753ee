"""Tables and columns of the embedded database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cellgraph.errors import InputError
from cellgraph.stores.tables import (
    CELL_TYPES,
    CONTACT_TYPES,
    SAMPLE_TYPES,
    Tables,
    column_types,
    quoted,
    type_of,
)

if TYPE_CHECKING:
    import ladybug

LADYBUG_TYPES = {
    "int": "INT64",
    "float": "DOUBLE",
    "bool": "BOOL",
    "str": "STRING",
    "int list": "INT64[]",
    "float list": "DOUBLE[]",
    "str list": "STRING[]",
}

LATER = "reading"
"""The sample property that files written before version 0.2 lack."""


def create(connection: ladybug.Connection) -> None:
    """Create the tables of the model that do not exist yet."""
    there = tables(connection)
    cell = {"id": "int", "sample": "str", **CELL_TYPES}
    statements = {
        "Sample": f"CREATE NODE TABLE Sample({_columns(SAMPLE_TYPES)}, PRIMARY KEY(id))",
        "Cell": f"CREATE NODE TABLE Cell({_columns(cell)}, PRIMARY KEY(id))",
        "HAS_CELL": "CREATE REL TABLE HAS_CELL(FROM Sample TO Cell)",
        "TOUCHES": f"CREATE REL TABLE TOUCHES(FROM Cell TO Cell, {_columns(CONTACT_TYPES)})",
        "NEAR": "CREATE REL TABLE NEAR(FROM Cell TO Cell, distance DOUBLE)",
    }
    for table, statement in statements.items():
        if table not in there:
            connection.execute(statement)
    if "Sample" in there:  # written by an earlier version, which had fewer properties
        add(connection, "Sample", SAMPLE_TYPES, "samples")


def tables(connection: ladybug.Connection) -> set[str]:
    """Return the names of the existing tables."""
    return {row[1] for row in rows(connection, "CALL show_tables() RETURN *")}


def extend(connection: ladybug.Connection, network: Tables) -> None:
    """Add the columns that a network brings.

    Raises
    ------
    InputError
        If a column exists with another type.
    """
    add(connection, "Cell", column_types(network.cells), "cells")
    contacts = {name: kind for name, kind in column_types(network.contacts).items() if name not in ("a", "b")}
    add(connection, "TOUCHES", contacts, "contacts")
    for sample in network.samples:
        extra = {name: type_of(value) for name, value in sample.items() if name not in SAMPLE_TYPES}
        add(connection, "Sample", {name: kind for name, kind in extra.items() if kind}, "samples")


def columns(connection: ladybug.Connection, table: str) -> dict[str, str]:
    """Return the name and Ladybug type of the columns of a table, in order."""
    return {row[1]: row[2] for row in rows(connection, f"CALL table_info('{table}') RETURN *")}


def declare(connection: ladybug.Connection, table: str, wanted: Mapping[str, str]) -> None:
    """Add columns that do not exist yet, given by their Ladybug types."""
    there = columns(connection, table)
    for name, kind in wanted.items():
        if name not in there:
            connection.execute(f"ALTER TABLE {table} ADD {quoted(name)} {kind}")


def without_later(connection: ladybug.Connection, cypher: str) -> str:
    """Return a statement with null for sample properties that files of an earlier version lack."""
    if LATER not in cypher or LATER in columns(connection, "Sample"):
        return cypher
    for variable in set(re.findall(r"\(\s*(\w+)\s*:\s*Sample\b", cypher)):
        cypher = re.sub(rf"\b{variable}\.{LATER}\b", "CAST(NULL AS STRING)", cypher)
    return cypher


def rows(connection: ladybug.Connection, cypher: str, **parameters: Any) -> list[list[Any]]:
    """Return the rows of a small query."""
    result: Any = connection.execute(cypher, parameters)
    return list(result.get_all())


def _columns(types: Mapping[str, str]) -> str:
    return ", ".join(f"{quoted(name)} {LADYBUG_TYPES[kind]}" for name, kind in types.items())


def add(connection: ladybug.Connection, table: str, wanted: Mapping[str, str], where: str) -> None:
    """Add columns that do not exist yet, given by our types; see `extend`."""
    # Ladybug ignores case in names.
    there = {name.lower(): (name, kind) for name, kind in columns(connection, table).items()}
    for name, kind in wanted.items():
        known, type_there = there.get(name.lower(), (name, LADYBUG_TYPES[kind]))
        if known != name:
            raise InputError(
                f"the column {name!r} of {where} is called {known!r} in this database; write it in the same case."
            )
        if type_there != LADYBUG_TYPES[kind]:
            raise InputError(
                f"the column {name!r} of {where} holds {kind}, but is {type_there} in this database; rename it "
                "or load into another database."
            )
    declare(connection, table, {name: LADYBUG_TYPES[kind] for name, kind in wanted.items()})
