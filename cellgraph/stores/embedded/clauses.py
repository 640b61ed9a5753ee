"""Find the parts of a statement: clauses, the items of WITH and RETURN, the names in patterns, subqueries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cellgraph.queries.text import outermost

_CLAUSE = re.compile(
    r"[(\[{]|[)\]}]|(?:STARTS|ENDS)\s+WITH\b"
    r"|(?<![$.\w])(?:WITH|RETURN|OPTIONAL\s+MATCH|MATCH|UNWIND|CALL|UNION|WHERE)\b",
    re.IGNORECASE,
)
_COMMA = re.compile(r"[(\[{]|[)\]}]|,")
_WORD = re.compile(
    r"\b(WITH|RETURN|MATCH|OPTIONAL|UNWIND|WHERE|ORDER|SKIP|LIMIT|UNION|CALL)\b|[()\[\]{},]", re.IGNORECASE
)
AGGREGATE = re.compile(r"\b(?:count|sum|avg|min|max|collect)\s*\(\s*(DISTINCT\b)?", re.IGNORECASE)
"""The beginning of an aggregate, and whether it is DISTINCT."""

SUBQUERY = re.compile(r"(?<![.\w$])(?:COUNT|EXISTS)\s*(?=\{)", re.IGNORECASE)
"""The beginning of a subquery, up to its bracket."""

_PATTERN = re.compile(r"\bMATCH\b(.*?)(?=\b(?:WHERE|MATCH|OPTIONAL|WITH|RETURN|UNWIND)\b|$)", re.IGNORECASE | re.DOTALL)
_MAP = re.compile(r"\{[^{}]*\}")
_NODE = re.compile(r"\(\s*([^\W\d]\w*)")
_RELATIONSHIP = re.compile(r"\[\s*([^\W\d]\w*)[^\]]*\]")
_DIRECTED = re.compile(r"(<?)\s*-\s*\[\s*([^\W\d]\w*)[^\]]*\]\s*-\s*(>?)")
_OPTIONAL = re.compile(r"\bOPTIONAL\s+$", re.IGNORECASE)
_PATH = re.compile(r"([^\W\d]\w*)\s*=")


@dataclass(frozen=True)
class Clause:
    """A clause: where it starts, where its ``WHERE`` starts (or it ends, without one), and where it ends."""

    word: str
    start: int
    condition: int
    end: int


def whole_clauses(code: str) -> Iterator[Clause]:
    """Yield the clauses of a `blanked` statement."""
    marks = [
        (found[0].upper().split()[0], found.start())
        for found in outermost(code, _CLAUSE)
        if found[0].upper().split()[0] not in ("STARTS", "ENDS")
    ]
    for number, (word, start) in enumerate(marks):
        if word == "WHERE":
            continue
        after = marks[number + 1 :]
        end = next((place for other, place in after if other != "WHERE"), len(code))
        condition = after[0][1] if after and after[0][0] == "WHERE" else end
        yield Clause(word, start, condition, end)


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


def drawn_in(code: str) -> set[str]:
    """Return the names of nodes, relationships and paths in all patterns of a `blanked` statement."""
    return {name for pattern in _PATTERN.finditer(code) for name in names_in(pattern[1])}


def unsure_relationships(code: str) -> set[str]:
    """Return the names of relationships that may be met in both directions, or be missing, in a `blanked` statement."""
    return {
        found[2]
        for pattern in _PATTERN.finditer(code)
        for found in _DIRECTED.finditer(_without_maps(pattern[1]))
        if bool(found[1]) == bool(found[3]) or _OPTIONAL.search(code, 0, pattern.start())
    }


def names_in(pattern: str) -> set[str]:
    """Return the names of nodes, relationships and paths in a pattern."""
    pattern = _without_maps(pattern)
    relationships = set(_RELATIONSHIP.findall(pattern))
    pattern = re.sub(r"\[[^\]]*\]", "[]", pattern)
    return {*relationships, *_NODE.findall(pattern), *_PATH.findall(pattern)}


def _without_maps(pattern: str) -> str:
    while (less := _MAP.sub("", pattern)) != pattern:
        pattern = less
    return pattern


def closing(code: str, start: int) -> int:
    """Return the end of the curly bracket that opens at a position of a `blanked` text, or the end of the text."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] == "{") - (code[at] == "}")
        if not depth:
            return at + 1
    return len(code)


def items_of(code: str) -> Iterator[str]:
    """Yield what stands between the commas of a `blanked` text, outside brackets."""
    start = 0
    for found in outermost(code, _COMMA):
        if found[0] == ",":
            yield code[start : found.start()].strip()
            start = found.end()
    yield code[start:].strip()


def without_subqueries(code: str) -> str:
    """Return a `blanked` text without its subqueries."""
    start = 0
    while (found := SUBQUERY.search(code, start)) is not None:
        code = code[: found.start()] + code[closing(code, found.end()) :]
        start = found.start()
    return code
