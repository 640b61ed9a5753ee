"""Find and replace code in Cypher text, without touching strings and comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from cellgraph.errors import ParameterError

_NOT_CODE = re.compile(
    r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`",
    re.DOTALL,
)
_USED = re.compile(r"\$(\w+)")


def is_quotable(name: str) -> bool:
    """Tell whether every database reads a name between backticks as that name.

    A backtick ends it.  Neo4j decodes ``\\u0060``, like any ``\\uXXXX``, before it looks for the end of the name; an
    incomplete escape is an error.
    """
    return "`" not in name and "\\u" not in name.lower() and "\0" not in name


def quoted(name: str) -> str:
    """Return the name of a property, quoted for Cypher.

    Raises
    ------
    ParameterError
        If it cannot be quoted as a name.
    """
    if not is_quotable(name):
        raise ParameterError(
            f"the property {name!r} cannot be used in Cypher: a name must not contain a backtick, NUL or \\u; rename "
            "it."
        )
    return f"`{name}`"


def blanked(text: str) -> str:
    """Return the text with comments, strings and quoted names blanked out, with all positions unchanged."""
    return _NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def without_comments(text: str) -> str:
    """Return the text with a space in place of each comment."""
    return _NOT_CODE.sub(lambda found: " " if found[0][0] == "/" else found[0], text)


def outermost(code: str, words: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern outside brackets in a `blanked` text; the pattern must match the brackets too."""
    depth = 0
    for found in words.finditer(code):
        if found[0] in "([{":
            depth += 1
        elif found[0] in ")]}":
            depth -= 1
        elif not depth:
            yield found


def parameters_in(text: str) -> set[str]:
    """Return the names of the parameters that a text uses."""
    return set(_USED.findall(blanked(text)))


def replace(pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str], text: str) -> str:
    """Replace the matches of a pattern in the code of a text."""
    code = blanked(text)
    parts, end = [], 0
    for found in pattern.finditer(code):
        parts += [text[end : found.start()], by if isinstance(by, str) else by(found)]
        end = found.end()
    return "".join([*parts, text[end:]])


@cache
def parameter(name: str) -> re.Pattern[str]:
    """Return the pattern of one parameter."""
    return re.compile(rf"\${re.escape(name)}\b")


_OPTIONAL = re.compile(r"\(\s*\$(\w+) IS NULL OR ")
_AND_TRUE = re.compile(r"\btrue\s+AND\s+|\s+AND\s+true\b")


def decide_optional(text: str, null: set[str]) -> str:
    """Resolve the conditions ``($name IS NULL OR …)``, given the parameters that are null.

    The planner does not see the value of a parameter, and would read every cell for an index condition that might be
    disabled.
    """
    code = blanked(text)
    parts, end = [], 0
    for found in _OPTIONAL.finditer(code):
        if found.start() < end:  # inside a condition that is already resolved
            continue
        close = _closing(code, found.start())
        parts += [text[end : found.start()], "true" if found[1] in null else f"({text[found.end() : close]})"]
        end = close + 1
    return replace(_AND_TRUE, "", "".join([*parts, text[end:]]))


def _closing(code: str, opening: int) -> int:
    """Return the position of the matching closing parenthesis; the end of the text if there is none."""
    depth = 0
    for place in range(opening, len(code)):
        depth += (code[place] == "(") - (code[place] == ")")
        if not depth:
            return place
    return len(code)


_WORDS = re.compile(
    r"acyclic|all|and|any|asc|ascending|case|cast|column|create|dbtype|default|desc|descending|distinct|else"
    r"|end|ends|exists|false|for|glob|group|headers|hint|in|index|install|join|macro|multi_join|none|not|null"
    r"|on|only|optional|or|order|primary|profile|shortest|single|starts|table|then|trail|true|union|unwind|when"
    r"|where|with|xor",
    re.IGNORECASE,
)
"""Words that the embedded database (0.20) does not accept after ``c.`` without backticks; Neo4j accepts any word."""


def needs_backticks(name: str) -> bool:
    """Tell whether a property needs backticks in Cypher: it is a reserved word, or not a single word."""
    return _WORDS.fullmatch(name) is not None or re.fullmatch(r"[^\W\d]\w*", name) is None
