"""A network into Neo4j, beside what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellgraph.model import Report
from cellgraph.stores.bolt import owner
from cellgraph.stores.bolt.claim import Claim, beat, lost
from cellgraph.stores.bolt.send import Stream, send
from cellgraph.stores.tables import Tables, quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.stores.bolt.connection import Connection


def append(connection: Connection, tables: Tables, claimed: Claim, report: Report | None) -> None:
    """Write the cells and contacts of samples that are claimed."""
    for what, stream in (("cells", _cells(tables, claimed)), ("contacts", _contacts(tables, claimed))):
        total = stream.rows.num_rows

        def alive(done: int, what: str = what, total: int = total) -> None:
            beat(connection, claimed.load)
            if report is not None:
                report(what, done, total)

        send(connection, stream, lost=lambda: lost(connection.uri), alive=alive, every=owner.BEAT)


def _cells(tables: Tables, claimed: Claim) -> Stream:
    import numpy as np
    import pyarrow as pa

    properties = _without_empty(tables.cells.drop_columns(["sample"]))
    samples = np.array(claimed.samples)[tables.sample_of_cell.to_numpy()]
    ids = np.arange(claimed.first_cell, claimed.first_cell + tables.cells.num_rows)
    assignments = "".join(f", {quoted(name)}: $c{n}[i]" for n, name in enumerate(properties.column_names))
    return Stream(
        pa.table([pa.array(samples), pa.array(ids), *properties.columns], _numbered("s", "id", properties)),
        "UNWIND range(0, size($id) - 1) AS i MATCH (s:Sample {id: $s[i]}) WHERE s.load = $load "
        f"CREATE (s)-[:HAS_CELL]->(:Cell {{id: $id[i], sample: s.name{assignments}}})",
        lambda rows: {"load": claimed.load, **{name: rows[name].to_pylist() for name in rows.column_names}},
        "nodes_created",
    )


def _contacts(tables: Tables, claimed: Claim) -> Stream:
    import pyarrow as pa

    properties = _without_empty(tables.contacts.drop_columns(["a", "b"]))
    a, b = (pa.array(tables.contacts[end].to_numpy() + claimed.first_cell) for end in ("a", "b"))
    assignments = ", ".join(f"{quoted(name)}: $c{n}[i]" for n, name in enumerate(properties.column_names))
    return Stream(
        pa.table([a, b, *properties.columns], _numbered("a", "b", properties)),
        "UNWIND range(0, size($a) - 1) AS g MATCH (a:Cell {id: $a[g]}) "
        "UNWIND range($start[g], $start[g + 1] - 1) AS i MATCH (b:Cell {id: $b[i]}) "
        f"CREATE (a)-[:TOUCHES {{{assignments}}}]->(b)",
        _grouped,
        "relationships_created",
    )


def _grouped(rows: pa.Table) -> dict[str, Any]:
    """Return contacts grouped by their first cell, which is then looked up once."""
    import numpy as np

    first = rows["a"].to_numpy()
    if np.any(first[1:] < first[:-1]):
        rows = rows.sort_by("a")
        first = rows["a"].to_numpy()
    cells, start = np.unique(first, return_index=True)
    columns = {name: rows[name].to_pylist() for name in rows.column_names if name != "a"}
    return {**columns, "a": cells.tolist(), "start": [*start.tolist(), len(first)]}


def _without_empty(properties: pa.Table) -> pa.Table:
    """Leave out columns without a value: Neo4j stores no nulls."""
    filled = [
        name
        for name, column in zip(properties.column_names, properties.columns, strict=True)
        if column.null_count < len(column)
    ]
    return properties.select(filled)


def _numbered(first: str, second: str, properties: pa.Table) -> list[str]:
    """Return names of parameters: those of properties may be any text."""
    return [first, second, *(f"c{number}" for number in range(properties.num_columns))]
