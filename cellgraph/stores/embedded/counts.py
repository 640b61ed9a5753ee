"""Rewrite ``COUNT { … }``, since Ladybug (0.20.4) loses rows with a count of zero.

``MATCH (c:Cell) RETURN avg(COUNT { MATCH (c)-[:TOUCHES]-() })`` leaves out cells without a contact, unless something
else of ``c`` is needed: if only the subquery uses a node, only the nodes it matched are kept.  So something else is
requested: ``COUNT { … } + 0 * c.id``.
"""

from __future__ import annotations

import re

from cellgraph.queries.text import blanked
from cellgraph.stores.embedded.clauses import closing, drawn_in

_COUNT = re.compile(r"(?<![.\w$`])COUNT\s*(?=\{)", re.IGNORECASE)
_NODE = re.compile(r"\(\s*(\w+)")
_RENAMED = re.compile(r"\bAS\s+(\w+)", re.IGNORECASE)
_BRACES = re.compile(r"\{[^{}]*\}")


def with_all_rows(cypher: str) -> str:
    """Return a statement in which each ``COUNT { … }`` keeps the rows where it is 0."""
    return _rewritten(cypher, blanked(cypher), 0, len(cypher))


def _rewritten(cypher: str, code: str, start: int, stop: int) -> str:
    parts, at = [], start
    while (found := _COUNT.search(code, at, stop)) is not None:
        end = closing(code, found.end())
        inside = _rewritten(cypher, code, found.end(), end)
        bound = _bound(code[: found.start()])
        names = sorted(drawn_in(code[found.end() : end]) & bound)
        needed = "".join(f" + coalesce(0 * {name}.id, 0)" for name in names)
        parts += [cypher[at : found.start()], f"(COUNT {inside}{needed})"]
        at = end
    return "".join([*parts, cypher[at:stop]])


def _bound(before: str) -> set[str]:
    """Return the names that may refer to nodes at the end of a text, excluding those in closed subqueries."""
    while (open_ := _BRACES.sub("", before)) != before:
        before = open_
    return {*_NODE.findall(before), *_RENAMED.findall(before)}
