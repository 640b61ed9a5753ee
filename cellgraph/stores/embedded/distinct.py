"""Refuse aggregates after a DISTINCT one, which Ladybug (0.20.4) loses.

In ``RETURN c.label, count(DISTINCT d.id), count(r), sum(r.junctions)`` the second count is silently 0 and the sum null;
if the aggregate with ``DISTINCT`` is last, or there is no grouping, all are correct.
"""

from __future__ import annotations

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked
from cellgraph.stores.embedded.clauses import AGGREGATE, clauses


def refuse_lost_aggregates(cypher: str) -> None:
    """Raise `StoreError` for a statement with aggregates that would be lost."""
    code = blanked(cypher)
    for items in clauses(code):
        found = [[bool(match[1]) for match in AGGREGATE.finditer(code[start:end])] for start, end in items]
        distinct = [kind for kinds in found for kind in kinds]
        if all(found) or True not in distinct or all(distinct[distinct.index(True) :]):
            continue
        raise StoreError(
            "this statement has an aggregate after a DISTINCT one, as in count(DISTINCT a), sum(b), which the "
            "embedded database answers with 0 or null; put those with DISTINCT last: sum(b), count(DISTINCT a)."
        )
