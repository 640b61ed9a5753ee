"""The bare graph out of Neo4j: long lists of ids, since every row costs the driver more than a thousand numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from cellgraph.stores.bolt.foreign import SAMPLE
from cellgraph.stores.bolt.send import SESSIONS

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.stores.bolt.connection import Connection

_CELLS_A_LIST = 10_000

_CELLS = "MATCH (c:Cell) WHERE $start <= c.id < $end RETURN collect(c.id), collect(c.label)"
_CONTACTS = "MATCH (c:Cell)-[:TOUCHES]->(d:Cell) WHERE $start <= c.id < $end RETURN collect(c.id), collect(d.id)"


def cells_and_contacts(connection: Connection, sample: str | None) -> tuple[pa.Table, pa.Table] | None:
    """Return the tables that `cellgraph.stores.topology.bare` takes; None if there is no such sample."""
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
        cells = list(threads.map(partial(_lists, connection, _CELLS), spans))
        contacts = list(threads.map(partial(_lists, connection, _CONTACTS), spans))
    owners = [pa.repeat(name, len(ids)) for (name, _, _), (ids, _) in zip(spans, cells, strict=True)]
    return (
        pa.table(
            {"id": _joined(cells, 0), "sample": pa.chunked_array(owners, pa.string()), "label": _joined(cells, 1)}
        ),
        pa.table({"a": _joined(contacts, 0), "b": _joined(contacts, 1)}),
    )


def _lists(connection: Connection, cypher: str, span: tuple[str, int, int]) -> tuple[Any, Any]:
    import numpy as np

    _, start, end = span
    ((first, second),) = connection.read(cypher, start=start, end=end)
    return np.array(first, np.int64), np.array(second, np.int64)


def _joined(lists: list[tuple[Any, Any]], column: int) -> Any:
    import numpy as np

    return np.concatenate([np.empty(0, np.int64), *(pair[column] for pair in lists)])
