"""Extra labels for cells, because Neo4j Browser sets colour and size by label: ``:Border``, ``:Small``, ``:Large``.

They are for display only; no cellgraph query uses them, and they can be removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellgraph.stores.bolt.foreign import SAMPLE

if TYPE_CHECKING:
    from cellgraph.stores.bolt.connection import Connection

SHARE = 0.2
"""Fraction of the cells of a sample that count as small, and as large, by volume."""

_CELLS = f"MATCH (s:Sample {{status: 'complete'}})-[:HAS_CELL]->(c:Cell) WHERE s.name = $sample AND {SAMPLE} "
_LIMITS = _CELLS + "RETURN percentileDisc(c.volume, $share), percentileDisc(c.volume, 1 - $share)"
_REMOVE = _CELLS + "CALL (c) { REMOVE c:Border:Small:Large } IN TRANSACTIONS"
_ADD = (
    _CELLS + "CALL (c) { FOREACH (x IN CASE WHEN c.on_border THEN [1] ELSE [] END | SET c:Border) "
    "FOREACH (x IN CASE WHEN c.volume <= $small AND $small < $large THEN [1] ELSE [] END | SET c:Small) "
    "FOREACH (x IN CASE WHEN c.volume >= $large AND $small < $large THEN [1] ELSE [] END | SET c:Large) "
    "} IN TRANSACTIONS"
)


def remove(connection: Connection, sample: str) -> None:
    """Remove the labels from the cells of a sample."""
    with connection.session(read_only=False) as session:
        session.run(_REMOVE, sample=sample).consume()


def add(connection: Connection, sample: str) -> int:
    """Add the labels to the cells of a sample, and return the number of labels."""
    remove(connection, sample)
    ((small, large),) = connection.read(_LIMITS, sample=sample, share=SHARE)
    with connection.session(read_only=False) as session:
        done = session.run(_ADD, sample=sample, small=small, large=large).consume()
    return done.counters.labels_added
