"""Aggregates after one of different values, which Ladybug (0.20.4) loses.

In ``RETURN c.label, count(DISTINCT d.id), count(r), sum(r.junctions)`` the second count is 0 and the sum null, in
silence; where the one with ``DISTINCT`` stands last, or nothing is grouped by, all are right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked

_WORD = re.compile(
    r"\b(WITH|RETURN|MATCH|OPTIONAL|UNWIND|WHERE|ORDER|SKIP|LIMIT|UNION|CALL)\b|[()\[\]{},]", re.IGNORECASE
)
_AGGREGATE = re.compile(r"\b(?:count|sum|avg|min|max|collect)\s*\(\s*(DISTINCT\b)?", re.IGNORECASE)


def refuse_lost_aggregates(cypher: str) -> None:
    """Raise `StoreError` for a statement some of whose aggregates would be lost."""
    for items in _clauses(blanked(cypher)):
        found = [[bool(match[1]) for match in _AGGREGATE.finditer(item)] for item in items]
        distinct = [kind for kinds in found for kind in kinds]
        if all(found) or True not in distinct or all(distinct[distinct.index(True) :]):
            continue
        raise StoreError(
            "this statement has an aggregate after one of different values, as count(DISTINCT a), sum(b), which the "
            "embedded database answers with 0 or null; put those with DISTINCT last: sum(b), count(DISTINCT a)."
        )


def _clauses(code: str) -> Iterator[list[str]]:
    """Yield what each WITH and RETURN lists."""
    for start in re.finditer(r"\b(?:WITH|RETURN)\b(?:\s+DISTINCT\b)?", code, re.IGNORECASE):
        items, begin, end, depth = [], start.end(), len(code), 0
        for found in _WORD.finditer(code, start.end()):
            word = found[0]
            if word in "([{":
                depth += 1
            elif word in ")]}":
                depth -= 1
            if depth < 0 or (found[1] and not depth):
                end = found.start()
                break
            if word == "," and not depth:
                items.append(code[begin : found.start()])
                begin = found.end()
        yield [*items, code[begin:end]]
