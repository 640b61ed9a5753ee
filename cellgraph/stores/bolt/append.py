"""Append a network to Neo4j.

Contacts find their cells by Neo4j's internal node ids, returned when the cells are created.  Such an id may be reused
once its node is deleted, but not before all transactions that were open at that time have ended.  So a transaction that
begins by finding the load's samples can trust the ids: its cells exist, or their ids match nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cellgraph.model import Report
from cellgraph.stores.bolt import owner, schema
from cellgraph.stores.bolt.claim import Claim, beat, lost
from cellgraph.stores.bolt.send import Stream, send, waiting
from cellgraph.stores.tables import Tables, quoted

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.stores.bolt.connection import Connection

Array = Any  # numpy.ndarray


def append(connection: Connection, tables: Tables, claimed: Claim, report: Report | None) -> None:
    """Write the cells and contacts of claimed samples, and create the indexes if there are none yet."""
    nodes, cells = _cells(connection, tables, claimed)
    _send(connection, "cells", cells, claimed, report)
    _send(connection, "contacts", _contacts(connection, tables, claimed, nodes), claimed, report)
    # In a database without cells, the indexes come last: creating them at once takes a fraction of the time.
    waiting(lambda: schema.ensure(connection), lambda: beat(connection, claimed.load), owner.BEAT)


def _send(connection: Connection, what: str, stream: Stream, claimed: Claim, report: Report | None) -> None:
    total = stream.rows.num_rows

    def alive(done: int) -> None:
        beat(connection, claimed.load)
        if report is not None:
            report(what, done, total)

    send(connection, stream, lost=lambda: lost(connection.uri), alive=alive, every=owner.BEAT)


def _cells(connection: Connection, tables: Tables, claimed: Claim) -> tuple[Array, Stream]:
    """Return an array for the node ids, and the stream that writes the cells and fills it."""
    import numpy as np
    import pyarrow as pa

    properties, same = _varying(tables.cells.drop_columns(["sample"]))
    nodes = np.full(tables.cells.num_rows, -1, np.int64)
    samples = pa.array(np.array(claimed.samples)).take(tables.sample_of_cell)
    rows = pa.array(np.arange(tables.cells.num_rows))

    def parameters(batch: pa.Table) -> dict[str, Any]:
        return {"load": claimed.load, "first": claimed.first_cell, "rows": _rows(batch), "same": [*same.values()]}

    def received(answer: list[Any]) -> int:
        numbers, ids = answer
        nodes[numbers] = ids
        return len(ids)

    stream = Stream(
        pa.table([rows, samples, *properties.columns], _numbered(2, properties)),
        f"{connection.dialect}UNWIND $rows AS r MATCH (s:Sample {{id: r[1]}}) WHERE s.load = $load "
        f"CREATE (s)-[:HAS_CELL]->(c:Cell {{id: $first + r[0], sample: s.name{_assigned(properties, 2, same, ', ')}}}) "
        "RETURN collect(r[0]), collect(id(c))",
        parameters,
        received,
    )
    return nodes, stream


def _contacts(connection: Connection, tables: Tables, claimed: Claim, nodes: np.ndarray[Any, Any]) -> Stream:
    import numpy as np
    import pyarrow as pa

    properties, same = _varying(tables.contacts.drop_columns(["a", "b"]))

    def parameters(batch: pa.Table) -> dict[str, Any]:
        """Group contacts by their first cell, so that it is looked up only once."""
        first = nodes[batch["c0"].to_numpy()]
        order = np.argsort(first, kind="stable")
        if np.any(first[1:] < first[:-1]):
            batch, first = batch.take(order), first[order]
        batch = batch.drop_columns(["c0"]).set_column(0, "c1", pa.array(nodes[batch["c1"].to_numpy()]))
        cells, start = np.unique(first, return_index=True)
        rows = _rows(batch)
        spans = zip(cells.tolist(), start.tolist(), [*start[1:].tolist(), len(rows)], strict=True)
        groups = [[cell, rows[begin:end]] for cell, begin, end in spans]
        return {"load": claimed.load, "samples": list(claimed.samples), "groups": groups, "same": [*same.values()]}

    return Stream(
        pa.table([tables.contacts["a"], tables.contacts["b"], *properties.columns], _numbered(2, properties)),
        f"{connection.dialect}MATCH (s:Sample) WHERE s.id IN $samples AND s.load = $load "
        "WITH count(s) AS held WHERE held = size($samples) "
        "UNWIND $groups AS g MATCH (a) WHERE id(a) = g[0] UNWIND g[1] AS r MATCH (b) WHERE id(b) = r[0] "
        f"CREATE (a)-[:TOUCHES {{{_assigned(properties, 1, same)}}}]->(b) RETURN count(*)",
        parameters,
        lambda answer: int(answer[0]),
    )


def _rows(batch: pa.Table) -> list[list[Any]]:
    """Return rows as lists, which the driver packs faster than maps, and Neo4j unpacks faster than columns."""
    import pyarrow as pa

    def values(column: pa.ChunkedArray) -> list[Any]:
        plain = not column.null_count and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type))
        listed: list[Any] = column.to_numpy().tolist() if plain else column.to_pylist()
        return listed

    return [list(row) for row in zip(*map(values, batch.columns), strict=True)]


def _varying(properties: pa.Table) -> tuple[pa.Table, dict[str, Any]]:
    """Split columns into those to send row by row, and those with one constant number, returned with it.

    Columns without values are left out: Neo4j stores no nulls.
    """
    same = {}
    varying = []
    for name in properties.column_names:
        column = properties[name]
        if column.null_count == len(column):
            continue
        if column.null_count or not _is_one_number(column):
            varying.append(name)
        else:
            same[name] = column[0].as_py()
    return properties.select(varying), same


def _is_one_number(column: pa.ChunkedArray) -> bool:
    """Whether a column holds a single number, identical to the last bit."""
    import pyarrow as pa

    if not (pa.types.is_int64(column.type) or pa.types.is_float64(column.type)):
        return False
    bits = column.to_numpy().view("i8")
    return bool((bits == bits[0]).all())


def _assigned(properties: pa.Table, first: int, same: Mapping[str, Any], before: str = "") -> str:
    """Return the property assignments, from positions in a row and in ``$same``."""
    named = [f"{quoted(name)}: r[{first + n}]" for n, name in enumerate(properties.column_names)]
    named += [f"{quoted(name)}: $same[{n}]" for n, name in enumerate(same)]
    return before * bool(named) + ", ".join(named)


def _numbered(first: int, properties: pa.Table) -> list[str]:
    """Return numbered column names, since property names may be any text."""
    return [f"c{number}" for number in range(first + properties.num_columns)]
