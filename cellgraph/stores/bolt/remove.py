"""Delete samples from Neo4j that are no longer visible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cellgraph.stores.bolt import owner
from cellgraph.stores.bolt.claim import Remains, beat, take_remains
from cellgraph.stores.bolt.foreign import NEAR

if TYPE_CHECKING:
    from cellgraph.stores.bolt.connection import Connection

_ATTEMPTS = 10
_CELLS_AT_ONCE = 2_000
_RELATIONSHIPS_AT_ONCE = 20_000
# Without the hint, Neo4j (5.26) scans all cells of the sample each time.
_OWN_CELLS = (
    "MATCH (s:Sample {id: $sample, status: 'retired'}) WHERE s.load = $load "
    "MATCH (c:Cell) USING INDEX c:Cell(id) WHERE $start <= c.id < $end AND EXISTS { (s)-[:HAS_CELL]->(c) }"
)


def remove_remains(connection: Connection, load: str) -> None:
    """Delete all samples that are retired or were never finished, in transactions of bounded size."""
    from neo4j.exceptions import ConstraintError

    for remains in take_remains(connection, load):
        for _ in range(_ATTEMPTS):
            try:
                _remove_cells(connection, remains, load)
            except ConstraintError:
                break  # someone else has a relationship to one of the cells, which is not ours to delete
            if _remove_sample(connection, remains, load):
                break


def _remove_sample(connection: Connection, remains: Remains, load: str) -> bool:
    """Delete the node of a sample; False if a load taken for dead has just written another cell to it."""
    from neo4j.exceptions import ConstraintError

    try:
        connection.write(
            "MATCH (s:Sample {id: $sample, status: 'retired'}) WHERE s.load = $load DELETE s",
            sample=remains.sample,
            load=load,
        )
    except ConstraintError:
        return False
    return True


def _remove_cells(connection: Connection, remains: Remains, load: str) -> None:
    """Delete the cells by their ids, which are unique to the sample."""
    end = remains.first_cell + remains.cells
    last_beat = time.monotonic()
    for start in range(remains.first_cell, end, _CELLS_AT_ONCE):
        span = {"sample": remains.sample, "load": load, "start": start, "end": min(start + _CELLS_AT_ONCE, end)}
        while _remove_relationships(connection, span) == _RELATIONSHIPS_AT_ONCE:
            if time.monotonic() - last_beat > owner.BEAT:
                beat(connection, load)
                last_beat = time.monotonic()
        connection.write(f"{_OWN_CELLS} MATCH (s)-[h:HAS_CELL]->(c) DELETE h, c", **span)
        if time.monotonic() - last_beat > owner.BEAT:
            beat(connection, load)
            last_beat = time.monotonic()


def _remove_relationships(connection: Connection, span: dict[str, Any]) -> int:
    summary = connection.write(
        f"{_OWN_CELLS} MATCH (c)-[r:TOUCHES|NEAR]-(:Cell) "
        f"WHERE type(r) = 'TOUCHES' OR {NEAR} WITH DISTINCT r LIMIT {_RELATIONSHIPS_AT_ONCE} DELETE r",
        **span,
    )
    return summary.counters.relationships_deleted
