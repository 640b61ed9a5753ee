"""Keep DISTINCT from what Ladybug (0.20.4) answers wrongly.

In ``RETURN c.label, count(DISTINCT d.id), count(r), sum(r.junctions)`` the second count is silently 0 and the sum null;
if the aggregate with ``DISTINCT`` is last, or there is no grouping, all are correct.

After ``WITH DISTINCT a``, a value such as ``coalesce(a.size, 0)`` may be that of the first row in all rows, and ``WITH
DISTINCT`` of nothing but constants keeps all rows.  Groups, by an aggregate that nobody needs, are correct.

Relationships are not compared as a whole: one met in both directions is two, and missing ones are all different.
"""

from __future__ import annotations

import re

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked
from cellgraph.stores.embedded.clauses import AGGREGATE, clauses, unsure_relationships
from cellgraph.stores.embedded.sorting import KEPT

_DISTINCT = re.compile(r"\b(WITH|RETURN)(\s+DISTINCT\b)\s*$", re.IGNORECASE)
_RENAMED = re.compile(r"\s*(\w+)(?:\s+AS\s+(\w+))?\s*", re.IGNORECASE)


def with_groups(cypher: str) -> str:
    """Return a statement with groups in place of each ``WITH DISTINCT``."""
    code = blanked(cypher)
    changes: list[tuple[int, int, str]] = []
    for number, items in enumerate(clauses(code)):
        distinct = _DISTINCT.search(code, 0, items[0][0])
        aggregates = any(AGGREGATE.search(code, start, end) for start, end in items)
        if distinct is None or distinct[1].upper() != "WITH" or aggregates:
            continue
        end = items[-1][0] + len(code[slice(*items[-1])].rstrip())
        changes += [(*distinct.span(2), ""), (end, end, f", count(*) AS {KEPT}group_{number}")]
    for start, end, new in reversed(changes):
        cypher = f"{cypher[:start]}{new}{cypher[end:]}"
    return cypher


def refuse_groups_of_relationships(cypher: str) -> None:
    """Raise `StoreError` for a clause that groups by relationships, or takes different ones."""
    code = blanked(cypher)
    names = unsure_relationships(code)
    for items in clauses(code):
        aggregates = any(AGGREGATE.search(code, start, end) for start, end in items)
        for start, end in items:
            found = _RENAMED.fullmatch(code[start:end])
            if found is None or found[1] not in names:
                continue
            names |= {found[2]} - {None}
            if aggregates or _DISTINCT.search(code, 0, items[0][0]):
                raise StoreError(
                    f"the embedded database does not tell whether two relationships {found[1]} are the same: it takes "
                    f"one met in both directions for two; write id({found[1]}), and what is needed of it, as in "
                    f"id({found[1]}) AS contact, {found[1]}.junctions AS junctions."
                )


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
