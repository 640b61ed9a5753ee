"""Rewrite CASE, since Ladybug (0.20.4) takes its type from one branch and rounds the others to it.

``CASE WHEN c.voxels < 0 THEN 1 ELSE 0.5 END`` is an integer, like its first value, so 0.5 becomes 0; and ``CASE
c.voxels WHEN 54.6`` rounds 54.6, and treats NULL as equal to anything.  A list does get a type that fits all its
entries, and ``=`` compares correctly, so these two are used instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from cellgraph.queries.text import blanked, without_comments

_WORD = re.compile(r"(?<![.\w$])(?:CASE|WHEN|THEN|ELSE|END)\b(?!\s*:)|[(\[{}\])]", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\s*\d+")
_TEXT = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)


def with_common_types(cypher: str) -> str:
    """Return a statement in which each CASE has a type that fits all its values."""
    code = without_comments(cypher)
    words = [(found[0].upper(), *found.span()) for found in _WORD.finditer(blanked(code))]
    if not any(word == "CASE" for word, _, _ in words):
        return cypher
    return _rewritten(code, words, 0, len(code))


def _rewritten(cypher: str, words: list[tuple[str, int, int]], start: int, stop: int) -> str:
    """Return the part of a statement from start to stop with each CASE in it rewritten."""
    parts, at = [], start
    for case, end, marks in _cases(words, start, stop):
        parts += [cypher[at:case], _case(cypher, words, marks)]
        at = end
    return "".join([*parts, cypher[at:stop]])


def _cases(
    words: list[tuple[str, int, int]], start: int, stop: int
) -> Iterator[tuple[int, int, list[tuple[str, int, int]]]]:
    """Yield the start and end of each outermost CASE in a part, and its own keywords."""
    open_: list[str] = []
    marks: list[tuple[str, int, int]] = []
    for word, begin, end in words:
        if not start <= begin < stop:
            continue
        if len(open_) == 1 and word not in "([{" and word != "CASE":
            marks.append((word, begin, end))
        if word == "CASE" or (open_ and word in "([{"):
            if not open_:
                marks = [(word, begin, end)]
            open_.append(word)
        elif open_ and (word == "END" or word in ")]}"):
            open_.pop()
            if not open_:
                yield marks[0][1], end, marks


def _case(cypher: str, words: list[tuple[str, int, int]], marks: list[tuple[str, int, int]]) -> str:
    parts = [
        (word, _rewritten(cypher, words, end, following).strip())
        for (word, _, end), (_, following, _) in pairwise(marks)
    ]
    subject = parts[0][1]
    values = [text for word, text in parts[1:] if word != "WHEN" and text.upper() != "NULL"]
    said = []
    for word, text in parts[1:]:
        if word == "WHEN" and subject:
            text = f"({subject}) = ({text})"
        elif word != "WHEN" and values and text.upper() != "NULL":
            text, values = _of_common_type(text, values), []
        said += [word, text]
    return " ".join(["CASE", *said, "END"])


def _of_common_type(first: str, values: list[str]) -> str:
    """Return a value with a type that fits all of some values."""
    if any(all(kind.fullmatch(value) for value in values) for kind in (_WHOLE, _TEXT)) or len(values) == 1:
        return first
    return f"list_extract([{', '.join(values)}], 1)"
