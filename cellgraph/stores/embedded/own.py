"""Cypher of the user's own: rewritten where Ladybug would answer it wrongly, and refused where that is not possible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.stores.embedded.cases import with_common_types
from cellgraph.stores.embedded.counts import with_all_rows
from cellgraph.stores.embedded.distinct import refuse_groups_of_relationships, with_groups
from cellgraph.stores.embedded.outer import with_outer_values
from cellgraph.stores.embedded.questions import can_be_asked
from cellgraph.stores.embedded.renames import with_kept_aggregates
from cellgraph.stores.embedded.sorting import with_kept_order
from cellgraph.stores.embedded.unlike import advice, refuse_unlike, with_match

if TYPE_CHECKING:
    import ladybug


def as_meant(connection: ladybug.Connection, cypher: str, values: dict[str, Any]) -> str:
    """Return a statement that Ladybug answers as the given one is meant.

    Raises
    ------
    StoreError
        If there is none, or the statement uses what only other databases know.
    """
    cypher = with_match(cypher)
    if not can_be_asked(connection, cypher, values):
        if instead := advice(cypher):
            raise StoreError(f"the embedded database could not run this statement: {instead}.")
        return cypher  # the error is about the text as written
    refuse_unlike(cypher, values)
    refuse_groups_of_relationships(cypher)
    typed = with_common_types(cypher)
    rewritten = with_groups(with_outer_values(typed))
    rewritten = with_all_rows(with_kept_order(with_kept_aggregates(rewritten)))
    if rewritten != cypher and not can_be_asked(connection, rewritten, values):
        if not can_be_asked(connection, typed, values):
            return typed  # the parts of a UNION have other types
        raise StoreError(
            "the embedded database would answer a COUNT { … }, EXISTS { … } or OPTIONAL MATCH of this statement "
            "wrongly where something in it is null or 0; match everything first, and count in a WITH, as in MATCH "
            "(c:Cell) OPTIONAL MATCH (c)-[t:TOUCHES]-() WITH c, count(t) AS n."
        )
    return rewritten
