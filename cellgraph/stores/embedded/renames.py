"""Protect renamed aggregates, which Ladybug (0.20.4) would compute again.

In ``WITH c.degree AS d, count(*) AS n RETURN d, n AS cells, n * 0.1 AS share`` the ``n`` after ``n AS cells`` is taken
for a new aggregate, and is always 1.  ``coalesce(n, NULL) AS cells`` is a separate value, not just a new name.
"""

from __future__ import annotations

import re

from cellgraph.queries.text import blanked
from cellgraph.stores.embedded.clauses import AGGREGATE, clauses

_RENAME = re.compile(r"\s*(\w+)\s+AS\b", re.IGNORECASE)
_NAMED = re.compile(r"\bAS\s+(\w+)\s*$", re.IGNORECASE)


def with_kept_aggregates(cypher: str) -> str:
    """Return a statement in which no aggregate is renamed in a clause that uses it more than once."""
    code = blanked(cypher)
    computed: set[str] = set()  # names of values that contain aggregates
    renamed: list[tuple[int, int]] = []
    for spans in clauses(code):
        items = [code[start:end] for start, end in spans]
        words = [set(re.findall(r"\w+", item)) for item in items]
        for (start, _), item in zip(spans, items, strict=True):
            found = _RENAME.match(item)
            if found and found[1] in computed and sum(found[1] in of_item for of_item in words) > 1:
                renamed.append((start + found.start(1), start + found.end(1)))
        for item, of_item in zip(items, words, strict=True):
            named = _NAMED.search(item)
            if named and (AGGREGATE.search(item) or of_item & computed):
                computed.add(named[1])
    for start, end in reversed(renamed):
        cypher = f"{cypher[:start]}coalesce({cypher[start:end]}, NULL){cypher[end:]}"
    return cypher
