"""Find the items of the WITH and RETURN clauses of a statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(
    r"\b(WITH|RETURN|MATCH|OPTIONAL|UNWIND|WHERE|ORDER|SKIP|LIMIT|UNION|CALL)\b|[()\[\]{},]", re.IGNORECASE
)
AGGREGATE = re.compile(r"\b(?:count|sum|avg|min|max|collect)\s*\(\s*(DISTINCT\b)?", re.IGNORECASE)
"""The beginning of an aggregate, and whether it is DISTINCT."""


def clauses(code: str) -> Iterator[list[tuple[int, int]]]:
    """Yield the start and end of each item of each WITH and RETURN of a `blanked` statement."""
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
                items.append((begin, found.start()))
                begin = found.end()
        yield [*items, (begin, end)]
