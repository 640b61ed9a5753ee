"""Read the bare graph from Neo4j as long lists of ids: for the driver, a row costs more than a thousand numbers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from cellgraph.queries.text import quoted
from cellgraph.stores.bolt.foreign import SAMPLE
from cellgraph.stores.bolt.results import joined as join
from cellgraph.stores.bolt.send import SESSIONS
from cellgraph.stores.contract import Over
from cellgraph.stores.topology import PROPERTY, relationship_types

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.stores.bolt.connection import Connection

_CELLS_A_LIST = 10_000

_CELLS = "MATCH (x:Cell) WHERE $start <= x.id < $end WITH collect(x.id) AS a, collect(x.label) AS b"
_RELATIONSHIPS = (
    "MATCH (c:Cell)-[x:{kind}]->(d:Cell) WHERE $start <= c.id < $end WITH collect(c.id) AS a, collect(d.id) AS b"
)


def cells_and_contacts(
    connection: Connection,
    sample: str | None,
    of_cells: Sequence[str] = (),
    of_contacts: Sequence[str] = (),
    over: Over = "contacts",
) -> tuple[pa.Table, pa.Table] | None:
    """Return the tables for `cellgraph.stores.topology.bare`; None if there is no such sample."""
    import pyarrow as pa

    samples = connection.read(
        f"MATCH (s:Sample {{status: 'complete'}}) WHERE ($sample IS NULL OR s.name = $sample) AND {SAMPLE} "
        "RETURN s.name, s.first_id, s.cells ORDER BY s.first_id",
        sample=sample,
    )
    if not samples and sample is not None:
        return None
    spans = [
        (name, start, min(start + _CELLS_A_LIST, first + cells))
        for name, first, cells in samples
        for start in range(first, first + cells, _CELLS_A_LIST)
    ]
    with ThreadPoolExecutor(SESSIONS, thread_name_prefix="neo4j") as threads:
        cells = list(threads.map(partial(_lists, connection, _CELLS, of_cells), spans))
        contacts = [
            part
            for kind in relationship_types(over)
            for part in threads.map(partial(_lists, connection, _RELATIONSHIPS.format(kind=kind), of_contacts), spans)
        ]
    owners = [pa.repeat(name, len(lists[0])) for (name, _, _), lists in zip(spans, cells, strict=True)]
    return (
        pa.table(
            {"id": _joined(cells, 0), "sample": pa.chunked_array(owners, pa.string()), "label": _joined(cells, 1)}
            | _properties(cells, of_cells)
        ),
        pa.table({"a": _joined(contacts, 0), "b": _joined(contacts, 1)} | _properties(contacts, of_contacts)),
    )


def _lists(connection: Connection, cypher: str, names: Sequence[str], span: tuple[str, int, int]) -> list[Any]:
    """Return two arrays of integers, and an Arrow array for each property; nulls keep their positions."""
    import numpy as np
    import pyarrow as pa

    _, start, end = span
    every = ", collect(x) AS every" if names else ""
    wanted = "".join(f", [x IN every | x.{quoted(name)}]" for name in names)
    ((first, second, *properties),) = connection.read(f"{cypher}{every} RETURN a, b{wanted}", start=start, end=end)
    return [np.array(first, np.int64), np.array(second, np.int64), *map(pa.array, properties)]


def _properties(lists: list[list[Any]], names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
    import pyarrow as pa

    columns = {f"{PROPERTY}{n}": [part[2 + n] for part in lists] for n in range(len(names))}
    return {name: join([chunk for chunk in chunks if len(chunk)] or [pa.nulls(0)]) for name, chunks in columns.items()}


def _joined(lists: list[list[Any]], column: int) -> Any:
    import numpy as np

    return np.concatenate([np.empty(0, np.int64), *(part[column] for part in lists)])
