"""Further labels of cells, because Neo4j Browser gives colour and size by label: ``:Border``, ``:Small``, ``:Large``.

They are for the eye only; no query of cellgraph asks for them, and they can be taken away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellgraph.stores.bolt.foreign import SAMPLE

if TYPE_CHECKING:
    from cellgraph.stores.bolt.connection import Connection

SHARE = 0.2
"""Part of the cells of a sample that are small, and that are large, by volume."""

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
    """Take the labels away from the cells of a sample."""
    with connection.session(read_only=False) as session:
        session.run(_REMOVE, sample=sample).consume()


def add(connection: Connection, sample: str) -> int:
    """Give the cells of a sample their labels, and return how many labels there are then."""
    remove(connection, sample)
    ((small, large),) = connection.read(_LIMITS, sample=sample, share=SHARE)
    with connection.session(read_only=False) as session:
        done = session.run(_ADD, sample=sample, small=small, large=large).consume()
    return done.counters.labels_added
