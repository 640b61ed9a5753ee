"""What the clauses WITH and RETURN of a statement list."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(
    r"\b(WITH|RETURN|MATCH|OPTIONAL|UNWIND|WHERE|ORDER|SKIP|LIMIT|UNION|CALL)\b|[()\[\]{},]", re.IGNORECASE
)
AGGREGATE = re.compile(r"\b(?:count|sum|avg|min|max|collect)\s*\(\s*(DISTINCT\b)?", re.IGNORECASE)
"""The beginning of an aggregate, and whether it is one of different values."""


def clauses(code: str) -> Iterator[list[tuple[int, int]]]:
    """Yield where each item of each WITH and RETURN of a `blanked` statement begins and ends."""
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
