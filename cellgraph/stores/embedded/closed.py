"""Refuse closed patterns over parallel relationships, which Ladybug (0.20) counts wrongly.

If the contacts of a pattern form a ring (a triangle, a feed-forward loop), Ladybug may intersect lists of neighbours,
and then counts parallel relationships between the same two cells as one.  Its plan shows where.  Patterns split into
two clauses by a ``WITH`` are correct, and so are all patterns if there are no parallel relationships.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.stores.embedded.access import execute
from cellgraph.stores.embedded.rewrite import arrow

if TYPE_CHECKING:
    import ladybug

_INTERSECTS = re.compile(r"\bINTERSECT\[\d+\]")
_PLANNED = re.compile(r"\s*(EXPLAIN|PROFILE)\b", re.IGNORECASE)


def refuse_closed(connection: ladybug.Connection, cypher: str, parameters: Mapping[str, Any]) -> None:
    """Raise `StoreError` for a closed pattern that would be answered wrongly."""
    if _PLANNED.match(cypher) or not _intersects(connection, cypher, parameters) or not _parallel(connection):
        return
    raise StoreError(
        "this pattern is closed (its contacts form a ring, such as a triangle), and the database holds several "
        "contacts from one cell to the same other cell, which the embedded database would count as one. Close the "
        "pattern in a separate clause: instead of MATCH (a)-[x]->(b)-[y]->(c), (a)-[z]->(c) write "
        "MATCH (a)-[x]->(b)-[y]->(c) WITH a, b, c, x, y MATCH (a)-[z]->(c)."
    )


def _intersects(connection: ladybug.Connection, cypher: str, parameters: Mapping[str, Any]) -> bool:
    """Whether the plan of a statement intersects lists of neighbours."""
    if cypher.count("-") < 4:  # at least two relationships, each with a dash before and after
        return False
    plan = execute(connection, f"EXPLAIN {cypher}", dict(parameters)).get_all()[0][0]
    return _INTERSECTS.search(plan) is not None


def _parallel(connection: ladybug.Connection) -> bool:
    """Whether any two relationships start and end at the same cells."""
    import numpy as np

    ends = arrow(connection, "MATCH (a:Cell)-[:TOUCHES]->(b:Cell) RETURN offset(id(a)) AS a, offset(id(b)) AS b")
    a, b = (ends[name].to_numpy() for name in ("a", "b"))
    if not len(a):
        return False
    pairs = np.sort(a * (int(b.max()) + 1) + b)
    return bool((pairs[1:] == pairs[:-1]).any())
