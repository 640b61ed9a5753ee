"""Append networks to the embedded database, and remove samples."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.model import Report
from cellgraph.stores.embedded import schema
from cellgraph.stores.embedded.access import execute
from cellgraph.stores.tables import Tables, quoted

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa

_numbers = itertools.count()


@dataclass(frozen=True)
class First:
    """First ids for numbering samples and cells."""

    sample: int
    cell: int


def next_ids(connection: ladybug.Connection | None) -> First:
    """Return the first unused ids of a database, or those to start with if there is none."""
    if connection is None or "Sample" not in schema.tables(connection):
        return First(0, 0)
    return First(_next(connection, "Sample"), _next(connection, "Cell"))


def create_samples(connection: ladybug.Connection, tables: Tables, first: First) -> None:
    """Write the samples of a network; `schema.extend` has created their columns."""
    for number, sample in enumerate(tables.samples):
        ids = {"id": first.sample + number, "first_id": first.cell + sample["first_id"]}
        _create_sample(connection, {**sample, **ids, "status": "complete", "loaded": time.time_ns() // 10**6})


def append(connection: ladybug.Connection, tables: Tables, first: First, report: Report | None) -> None:
    """Append the cells and contacts of a network, whose samples and columns already exist."""
    import numpy as np
    import pyarrow as pa

    cells, contacts = tables.cells.num_rows, tables.contacts.num_rows
    ids = pa.array(np.arange(first.cell, first.cell + cells))
    _tell(report, "cells", 0, cells)
    copy(connection, "Cell", tables.cells.add_column(0, "id", ids))
    owners = pa.array(tables.sample_of_cell.to_numpy() + first.sample)
    copy(connection, "HAS_CELL", pa.table({"from": owners, "to": ids}), ends=2)
    _tell(report, "cells", cells, cells)
    _tell(report, "contacts", 0, contacts)
    copy(connection, "TOUCHES", _with_ids(tables.contacts, first.cell), ends=2)
    _tell(report, "contacts", contacts, contacts)


def remove(connection: ladybug.Connection, samples: Sequence[str]) -> None:
    """Delete samples with everything that belongs to them."""
    names = {"names": list(samples)}
    execute(
        connection,
        "MATCH (s:Sample)-[:HAS_CELL]->(c:Cell) WHERE list_contains($names, s.name) DETACH DELETE c",
        names,
    )
    execute(connection, "MATCH (s:Sample) WHERE list_contains($names, s.name) DETACH DELETE s", names)


def copy(connection: ladybug.Connection, table: str, data: pa.Table, *, ends: int = 0) -> None:
    """Append rows to a table; for a relationship, the first two columns (`ends`) are the ids of the nodes."""
    import pyarrow as pa

    if not data.num_rows:
        return
    properties = data.column_names[ends:]
    if not properties and (there := schema.columns(connection, table)):
        properties = list(there)[:1]  # without a list of columns, Ladybug requires all of them
        data = data.append_column(properties[0], pa.nulls(data.num_rows, pa.string()))
    # A parameter of the same name would reuse the prepared statement with the earlier table, and crash
    # (0.22).
    rows = f"rows{next(_numbers)}"
    named = f"({', '.join(quoted(name) for name in properties)})" if properties else ""
    # Columns are matched by position; their own names might be Cypher keywords.
    data = data.rename_columns([f"c{number}" for number in range(data.num_columns)])
    execute(connection, f"COPY {table}{named} FROM ${rows}", {rows: data})


def _next(connection: ladybug.Connection, table: str) -> int:
    highest = schema.rows(connection, f"MATCH (n:{table}) RETURN max(n.id)")[0][0]
    return 0 if highest is None else int(highest) + 1


def _create_sample(connection: ladybug.Connection, sample: dict[str, Any]) -> None:
    # Parameters are named by number, since column names may be any text.
    values = {f"p{number}": value for number, value in enumerate(sample.values()) if value is not None}
    given = [name for name, value in sample.items() if value is not None]
    pairs = ", ".join(f"{quoted(name)}: ${key}" for name, key in zip(given, values, strict=True))
    connection.execute(f"CREATE (:Sample {{{pairs}}})", values)


def _with_ids(contacts: pa.Table, first: int) -> pa.Table:
    import pyarrow as pa

    if not first:  # row numbers are already ids, and copying many contacts is expensive
        return contacts
    for number, end in enumerate(("a", "b")):
        contacts = contacts.set_column(number, end, pa.array(contacts[end].to_numpy() + first))
    return contacts


def _tell(report: Report | None, what: str, done: int, total: int) -> None:
    if report is not None:
        report(what, done, total)
