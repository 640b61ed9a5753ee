"""Let patterns of variable length reach as far as they say.

Ladybug follows ``-[:TOUCHES*]-`` for at most 30 relationships and does not say that it stopped: ``SHORTEST`` from one
end of a row of 50 cells finds 30 of the 49 others.  The limit is a setting.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked

if TYPE_CHECKING:
    import ladybug

FARTHEST = 65_535
"""Lengths have 16 bits: Ladybug (0.22) crashes if this setting is larger."""

_PATTERN = re.compile(
    r"(?P<left><?)\s*-\s*\[[\w\s:|]*\*\s*(?P<kind>(?:ALL\s+)?[A-Z_]\w*)?\s*"
    r"(?P<bounds>[\d\s.]*(?:\$\w+)?)[^\]]*\]\s*-\s*(?P<right>>?)",
    re.IGNORECASE,
)


def reach_far(connection: ladybug.Connection, cypher: str) -> None:
    """Remove the limit for a statement with patterns of variable length.

    Raises
    ------
    StoreError
        For a pattern without an upper bound that would go back and forth without an end; Ladybug also tries all walks
        for ``TRAIL`` and ``ACYCLIC``.
    """
    found = list(_PATTERN.finditer(blanked(cypher)))
    for pattern in found:
        directed = bool(pattern["left"]) != bool(pattern["right"])
        bounds = pattern["bounds"].strip()
        shortest = "SHORTEST" in (pattern["kind"] or "").upper()
        if not (shortest or directed or (bounds and not bounds.endswith("."))):
            raise StoreError(
                f"{cypher[pattern.start() : pattern.end()].strip()} has no upper bound, and the embedded database goes "
                "back and forth along the same relationships without an end; write * SHORTEST for each cell that can "
                "be reached, by one shortest path, or a bound as in *1..4."
            )
    if found:
        connection.execute(f"CALL var_length_extend_max_depth={FARTHEST}")
