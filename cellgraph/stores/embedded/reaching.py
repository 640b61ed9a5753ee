"""Let patterns of variable length reach as far as they say.

Ladybug follows ``-[:TOUCHES*]-`` for at most 30 relationships and does not say that it stopped: ``SHORTEST`` from one
end of a row of 50 cells finds 30 of the 49 others.  The limit is a setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked, parameters_in
from cellgraph.stores.embedded.access import execute
from cellgraph.stores.embedded.clauses import whole_clauses

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
    """Remove the limit for a statement with patterns of variable length."""
    if _PATTERN.search(blanked(cypher)):
        connection.execute(f"CALL var_length_extend_max_depth={FARTHEST}")


def without_crash(connection: ladybug.Connection, cypher: str, values: Mapping[str, Any]) -> str:
    """Return a statement with the same answer, in which each ``ALL SHORTEST`` finds a path.

    Ladybug (0.20.4) crashes if a condition leaves none of the last cells of ``ALL SHORTEST``.  ``SHORTEST`` does not,
    and where it finds nothing, there is nothing to be found.
    """
    code = blanked(cypher)
    start = 0
    for clause in whole_clauses(code):
        start = clause.end if clause.word == "UNION" else start
        if any(_kind(match).startswith("ALL") for match in _PATTERN.finditer(code, clause.start, clause.end)):
            one = cypher[: clause.end]
            for match in _PATTERN.finditer(code, start, clause.end):
                one = _one_shortest(one, match)
            optional = re.compile(r"OPTIONAL\b", re.IGNORECASE).match(code, clause.start)
            before = one[start : clause.start], one[optional.end() if optional else clause.start :]
            asked = f"{' '.join(before)} RETURN 1 LIMIT 1"
            used = {name: value for name, value in values.items() if name in parameters_in(asked)}
            if not execute(connection, asked, used).get_all():
                first = clause.start if optional else start  # without OPTIONAL, there is no row at all
                for match in _PATTERN.finditer(code, first, clause.end):
                    cypher = _one_shortest(cypher, match)
    return cypher


def _one_shortest(cypher: str, pattern: re.Match[str]) -> str:
    """Return a statement with ``SHORTEST`` for the ``ALL SHORTEST`` of a pattern, of the same length."""
    if not _kind(pattern).startswith("ALL"):
        return cypher
    at = pattern.start("kind")
    return f"{cypher[:at]}   {cypher[at + len('ALL') :]}"


def refuse_unreached(cypher: str) -> None:
    """Raise `StoreError` for a pattern of variable length that would be answered wrongly, or not at all."""
    for pattern in _PATTERN.finditer(blanked(cypher)):
        _refuse(pattern, cypher[pattern.start() : pattern.end()].strip())


def _refuse(pattern: re.Match[str], text: str) -> None:
    kind, bounds = _kind(pattern), "".join(pattern["bounds"].split())
    directed = bool(pattern["left"]) != bool(pattern["right"])
    if kind == "ACYCLIC":  # forbids only some of the repeated cells (0.20)
        raise StoreError(
            f"{text}: the embedded database returns to the same cells in spite of ACYCLIC; name the path, and write "
            "TRAIL and a condition: MATCH p = (a:Cell)-[:TOUCHES* TRAIL 1..3]-(b:Cell) WHERE is_acyclic(p)."
        )
    if re.match(r"0\b", bounds) and bounds != "0..1" and (kind or not directed):
        raise StoreError(
            f"{text} begins at 0 contacts, where the embedded database leaves out the cell itself or counts it too "
            "often; begin at 1, and count the cell itself separately."
        )
    if not ("SHORTEST" in kind or directed or (bounds and not bounds.endswith("."))):
        raise StoreError(
            f"{text} has no upper bound, and the embedded database goes back and forth along the same relationships "
            "without an end; write * SHORTEST for each cell that can be reached, by one shortest path, or a bound as "
            "in *1..4."
        )


def _kind(pattern: re.Match[str]) -> str:
    return " ".join((pattern["kind"] or "").upper().split())
