"""Allow queries that read the graph, but not the server, its files or the network.

The database refuses writes.  But it lets a reader run statements that end other users' transactions and connections,
reveal settings and users, or fetch files and web pages.
"""

from __future__ import annotations

import re

from cellgraph.errors import ParameterError

_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`([^`]*)`", re.DOTALL)
_MARK = "\ue000"
"""Surrounds the number of a name that was in backticks."""
_PREFIX = r"\s*(?:(?:EXPLAIN|PROFILE|CYPHER(?:\s+[\w.]+(?:\s*=\s*\w+)?)*)\s+)*"
_COMMAND = re.compile(
    _PREFIX + r"(SHOW(?!\s+(?:\w+\s+)*(?:INDEX(?:ES)?|CONSTRAINTS?|FUNCTIONS?|PROCEDURES?)\b)|TERMINATE)\b",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(r"\b(LOAD\s+CSV|TERMINATE\s+TRANSACTIONS?|SHOW\s+TRANSACTIONS?)\b", re.IGNORECASE)
_CALLED = re.compile(rf"\bCALL\b\s*([\w{_MARK}]+(?:\s*\.\s*[\w{_MARK}]+)*)", re.IGNORECASE)
_READS = re.compile(
    r"db\.(labels|propertykeys|relationshiptypes|info|ping|schema\..*|index\..*\.query.*)$|dbms\.components$"
)


def require_question(cypher: str) -> None:
    """Raise `ParameterError` for a statement about the server rather than the graph."""
    # As Neo4j does: before anything else, it decodes \\uXXXX, wherever it appears.
    text = _UNICODE.sub(lambda found: chr(int(found[1], 16)), cypher)
    quoted: list[str] = []

    def blank(found: re.Match[str]) -> str:
        if found[1] is None:
            return " "
        quoted.append(found[1])
        return f"{_MARK}{len(quoted) - 1}{_MARK}"

    code = _NOT_CODE.sub(blank, text.replace(_MARK, " "))
    if found := _COMMAND.match(code) or _ANYWHERE.search(code):
        raise _refused(" ".join(found[1].upper().split()))
    for call in _CALLED.finditer(code):
        name = re.sub(rf"{_MARK}(\d+){_MARK}", lambda found: quoted[int(found[1])], re.sub(r"\s", "", call[1])).lower()
        if name.startswith(("db.", "dbms.", "tx.")) and not _READS.match(name):
            raise _refused(f"CALL {name}")


def _refused(what: str) -> ParameterError:
    return ParameterError(
        f"{what} is not a query of the graph: it is about the server, its files or the network; query with MATCH … "
        "RETURN, or administer the server with its own tools."
    )
