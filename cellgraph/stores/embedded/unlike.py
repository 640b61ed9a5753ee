"""Refuse what Ladybug (0.20.4) reads unlike other Cypher, and name its own words for what it does not know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked

_TWO_LABELS = re.compile(r"\(\s*\w*\s*:\s*\w+\s*:\s*\w+")
_SIZE = re.compile(r"\bsize\s*\(\s*\([^()]*\)\s*<?-", re.IGNORECASE)
_REGEX = re.compile(r"=~\s*(?:\$(\w+)|'((?:\\.|[^'\\])*)'|\"((?:\\.|[^\"\\])*)\")")

_FORMS = (
    (r"\[\s*\w+\s+IN\b", "list comprehensions", "list_transform(list_filter(l, x -> x > 1), x -> 2 * x)"),
    (r"\[\s*\([^\]]*\]?[^\]]*\|", "patterns in a list", "OPTIONAL MATCH and collect(…)"),
    (r"\bCALL\s*(?:\([^)]*\)\s*)?\{", "CALL { … }", "OPTIONAL MATCH and an aggregate in a WITH"),
    (r"\bCOLLECT\s*\{", "COLLECT { … }", "OPTIONAL MATCH and collect(…) in a WITH"),
    (r"\b(?:COUNT|EXISTS)\s*\{[^{}]*\bRETURN\b", "RETURN in EXISTS or COUNT", "EXISTS { MATCH … WHERE … } without it"),
    (r"\bexists\s*\(\s*\(", "exists(…) of a pattern", "EXISTS { MATCH … }"),
    (r"\bexists\s*\(", "exists(…)", "IS NOT NULL"),
    (r"\bshortestPath\s*\(", "shortestPath(…)", "MATCH p = (a)-[:TOUCHES* SHORTEST 1..5]-(b)"),
    (r"\ballShortestPaths\s*\(", "allShortestPaths(…)", "MATCH p = (a)-[:TOUCHES* ALL SHORTEST 1..5]-(b)"),
    (r"\w\s*\{\s*\.", "map projections", "the columns by name, or properties(c)"),
    (r"\(\s*\w*\s*:\s*\w+\s+WHERE\b|\[\s*\w*\s*:\s*\w+\s+WHERE\b", "WHERE in a pattern", "WHERE after the MATCH"),
    (r"\bWHERE\s+\w+\s*:\s*\w+", "labels as a condition", "label(a) = 'Cell'"),
)
_FUNCTIONS = {
    "elementid": "id(c)",
    "endnode": "end_node(r)",
    "head": "l[1]",
    "isempty": "size(l) = 0",
    "last": "list_extract(l, -1)",
    "reduce": "list_reduce(l, (x, y) -> x + y)",
    "split": "string_split(t, ',')",
    "startnode": "start_node(r)",
    "stdev": "sqrt((sum(x * x) - sum(x) * avg(x)) / (count(x) - 1))",
    "stdevp": "sqrt(avg(x * x) - avg(x) * avg(x))",
    "tail": "l[2:]",
    "toboolean": "cast(x, 'BOOL')",
    "tofloat": "cast(x, 'DOUBLE')",
    "tointeger": "cast(x, 'INT64')",
    "tostring": "cast(x, 'STRING')",
    "type": "label(r)",
}
_CALLED = re.compile(r"(?<![.\w$`])(\w+)\s*\(")
_SHORT = re.compile(r"(\b(?:COUNT|EXISTS)\s*\{)(?=\s*(?:\(|\w+\s*=\s*\())", re.IGNORECASE)


def refuse_unlike(cypher: str, values: Mapping[str, Any]) -> None:
    """Raise `StoreError` for a statement that runs, but not as meant."""
    code = blanked(cypher)
    if _TWO_LABELS.search(code):
        raise StoreError(
            "a node with two labels, as in (c:Cell:Sample), means both of them in Cypher, but one or the other in the "
            "embedded database, where each node has one label; write :Cell, or :Cell|Sample for either."
        )
    if _SIZE.search(code):
        raise StoreError(
            "size(…) of a pattern is not the number of its matches in the embedded database; write "
            "COUNT { MATCH (a)-[:TOUCHES]-() }."
        )
    for found in _REGEX.finditer(cypher):
        if code[found.start()] != "=":
            continue
        text = values.get(found[1]) if found[1] else found[2] or found[3] or ""
        try:
            re.compile(text if isinstance(text, str) else "")
        except re.error as error:
            raise StoreError(
                f"{text!r} after =~ is not a valid regular expression ({error}); the embedded database would find "
                "nothing."
            ) from None


def refuse_same_names(columns: list[str]) -> None:
    """Raise `StoreError` for two columns of one name, of which most formats would keep one."""
    for name, times in Counter(columns).items():
        if times > 1:
            raise StoreError(f"{times} columns of the result are named {name!r}; name each with AS.")


def with_match(cypher: str) -> str:
    """Return a statement with ``EXISTS { MATCH (a)-… }`` for ``EXISTS { (a)-… }``, and ``COUNT`` likewise."""
    code = blanked(cypher)
    for found in reversed(list(_SHORT.finditer(code))):
        cypher = f"{cypher[: found.end()]} MATCH{cypher[found.end() :]}"
    return cypher


def advice(cypher: str) -> str:
    """Return a sentence with Ladybug's own words for what it does not know in a statement, or an empty string."""
    code = blanked(cypher)
    for pattern, name, instead in _FORMS:
        if re.search(pattern, code, re.IGNORECASE):
            return f"it does not know {name}; use {instead}"
    for found in _CALLED.finditer(code):
        if instead := _FUNCTIONS.get(found[1].lower(), ""):
            return f"it does not know the function {found[1]}; use {instead}"
    return ""
