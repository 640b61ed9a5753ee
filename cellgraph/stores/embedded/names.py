"""Column names as written in the statement; Ladybug returns ``c.volume`` for ``c.Volume``, and ``COUNT_STAR()``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cellgraph.queries.text import blanked, outermost

_WORD = re.compile(r"[(\[{]|[)\]}]|,|;|\b(?:RETURN|ORDER\s+BY|SKIP|LIMIT|UNION)\b", re.IGNORECASE)
_DISTINCT = re.compile(r"\s*DISTINCT\b", re.IGNORECASE)
_ALIAS = re.compile(r"\bAS\b", re.IGNORECASE)
_COMMENT = re.compile(r"//|/\*")


def as_written(cypher: str, names: list[str]) -> list[str]:
    """Return column names, replacing Ladybug's own for items without an alias."""
    items = list(_returned(cypher))
    if len(items) != len(names) or "*" in items:
        return names
    written = [
        name if _ALIAS.search(blanked(item)) or _COMMENT.search(item) else item
        for item, name in zip(items, names, strict=True)
    ]
    return written if len(set(written)) == len(written) else names


def _returned(cypher: str) -> Iterator[str]:
    """Yield the comma-separated items of the first RETURN outside brackets."""
    start = -1
    for found in outermost(code := blanked(cypher), _WORD):
        word = found[0]
        if word.upper() == "RETURN" and start < 0:
            distinct = _DISTINCT.match(code, found.end())
            start = distinct.end() if distinct else found.end()
        elif start >= 0:
            yield cypher[start : found.start()].strip()
            if word != ",":
                return
            start = found.end()
    if start >= 0:
        yield cypher[start:].strip()
