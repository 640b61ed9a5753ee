"""Notes on a user's own Cypher: names that the database does not have, and patterns that it treats differently."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cellgraph.errors import near
from cellgraph.model import hint_for
from cellgraph.queries.text import blanked
from cellgraph.stores.tables import SAMPLE_TYPES

if TYPE_CHECKING:
    from cellgraph.stores import Store

LABELS = ("Cell", "Sample", "TOUCHES", "HAS_CELL")

_PROPERTY = re.compile(r"(?<![\w.$)\]])([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)(?!\w|\s*[.(])")
_LABEL = re.compile(r"[(\[]\s*\w*\s*:\s*([A-Za-z_]\w*)")
_NODE = re.compile(r"[(\[]\s*([A-Za-z_]\w*)\s*(?=[:)\]{*])")
_RELATIONSHIP = re.compile(r"-\s*\[[^\]]*\]\s*-|--")
_INNER = re.compile(r"\(\s*\w+\s*,\s*(\w+)\s*\|\s*WHERE\b(.*?)\)\s*\]", re.IGNORECASE | re.DOTALL)
_MATCH = re.compile(r"\bMATCH\b", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(MATCH|WITH|RETURN|UNWIND|UNION|CALL)\b", re.IGNORECASE)


def unknown_names(store: Store, cypher: str) -> list[str]:
    """Return a sentence for each label and property of a statement that the database does not have."""
    return list(_unknown(store, blanked(cypher)))


def notes_of(store: Store, cypher: str) -> list[str]:
    """Return notes on a statement for its author."""
    code = blanked(cypher)
    notes = list(_unknown(store, code))
    if not store.relationships_once and _walks(code):
        notes.append(
            "the embedded database may use a relationship twice in a pattern, which Neo4j does not; add conditions "
            "such as a.label <> c.label if that matters (docs/cypher.md)."
        )
    if not store.relationships_once and any(re.search(rf"\b{n}\s*\.", where) for n, where in _INNER.findall(code)):
        notes.append(
            "a condition on the cells of a variable-length pattern, as (r, n | WHERE n.volume > 5), also holds for the "
            "cell at its end on the embedded database, not only for those in between (docs/cypher.md)."
        )
    return notes


def _unknown(store: Store, code: str) -> Iterator[str]:
    """Yield a sentence for each label and property that the database does not have."""
    for label in dict.fromkeys(_LABEL.findall(code)):
        if label not in LABELS:
            yield f"cellgraph has no node label or relationship type {label!r}.{near(label, LABELS)}"
    variables = set(_NODE.findall(code))
    used = [name for variable, name in _PROPERTY.findall(code) if variable in variables]
    if not used:
        return
    known = _properties(store)
    for name in dict.fromkeys(used):
        if name not in known and not (store.typed_properties and name.lower() in {n.lower() for n in known}):
            yield f"no cell, contact or sample in this database has the property {name!r}.{hint_for(name, known)}"


def _properties(store: Store) -> list[str]:
    """Return the names of all properties of samples, cells and contacts."""
    found: Iterable[str] = (column.name for of in ("cells", "contacts") for column in store.columns(of))
    rows = store.run("MATCH (s:Sample {status: 'complete'}) RETURN s AS s").column("s").to_pylist()
    extra = (name for row in rows for name in json.loads(row))
    return list(dict.fromkeys([*found, *SAMPLE_TYPES, "sample", *extra]))


def _walks(code: str) -> bool:
    """Return whether a MATCH has two or more relationships, or one of variable length."""
    for found in _MATCH.finditer(code):
        end = _CLAUSE.search(code, found.end())
        pattern = code[found.end() : end.start() if end else len(code)]
        relationships = [text for text in _RELATIONSHIP.findall(pattern) if "HAS_CELL" not in text]
        if len(relationships) > 1 or any("*" in relationship for relationship in relationships):
            return True
    return False
