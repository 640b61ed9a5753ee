"""Sort the rows of a statement in Arrow.

Ladybug (0.20) sorts rows wrongly by a string followed by another key: occasionally with two threads, and with one
thread as soon as there are more rows than it sorts at once, about 5,000.  So an ``ORDER BY`` with several keys at the
end of a statement is removed, and its rows are sorted here; one inside a statement is refused if there are that many
rows.

If an aggregating clause follows ``WITH c ORDER BY c.volume DESC LIMIT 10``, Ladybug drops the order, and so takes any
ten.  A clause between the two prevents that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked, outermost, without_comments

if TYPE_CHECKING:
    import pyarrow as pa

_WORD = re.compile(r"[(\[{]|[)\]}]|,|;|(?<![$.\w])(?:RETURN|WITH|ORDER\s+BY|SKIP|LIMIT|UNION)\b", re.IGNORECASE)
_DIRECTION = re.compile(r"\s+(ASC|ASCENDING|DESC|DESCENDING)\s*$", re.IGNORECASE)
_ALIAS = re.compile(r"^(.*\S)\s+AS\s+(\S+|`[^`]*`)$", re.IGNORECASE | re.DOTALL)
_CLAUSE = re.compile(
    r"[(\[{]|[)\]}]|(?:STARTS|ENDS)\s+WITH\b"
    r"|(?<![$.\w])(?:WITH|RETURN|OPTIONAL\s+MATCH|MATCH|UNWIND|CALL|UNION|ORDER\s+BY)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+|\$(\w+)")
_KEY = "cellgraph_key_"

KEPT = "cellgraph_kept_"
"""Prefix of the variables that `with_kept_order` adds; ``RETURN *`` returns them."""

FEW_CONTACTS = 500
"""Up to this many contacts in a database, no statement is assumed to sort too many rows inside it."""


@dataclass(frozen=True)
class Sorting:
    """A statement without its final ``ORDER BY``, and the parts of that.

    Attributes
    ----------
    body : str
        The statement up to the items of ``RETURN``.
    items : tuple of str
        The returned items, as written.
    keys : tuple of (str, bool)
        The sort keys, and whether each is descending.
    skip, limit : int or None
        Which of the rows to return.
    """

    body: str
    items: tuple[str, ...]
    keys: tuple[tuple[str, bool], ...]
    skip: int
    limit: int | None

    def statements(self) -> Iterator[tuple[str, list[int | str]]]:
        """Yield statements that also return the keys, simplest first; each with the position or name of each key."""
        listed = ", ".join(self.items)
        named = [_name_of(item) for item in self.items]
        places: list[int | str] = []
        extra: list[tuple[str, str]] = []
        for number, (key, _) in enumerate(self.keys):
            place = next((i for i, item in enumerate(self.items) if _same(key, item)), None)
            places.append(f"{_KEY}{number}" if place is None else place)
            if place is None:
                extra.append((key, f"{_KEY}{number}"))
        added = "".join(f", {key} AS {name}" for key, name in extra)
        yield f"{self.body} {listed}{added}", places
        if extra and all(named):
            aliases = ", ".join(named)
            before = re.sub(r"RETURN(\s+DISTINCT)?\s*$", r"WITH\1", self.body, flags=re.IGNORECASE)
            yield f"{before} {listed} RETURN {aliases}{added}", places

    def apply(self, rows: pa.Table, places: Sequence[int | str], width: int) -> pa.Table:
        """Sort rows, and return only the requested rows and columns."""
        import numpy as np
        import pyarrow.compute as pc
        from pyarrow import types

        ranks = []
        for place, (_, down) in zip(places, self.keys, strict=True):
            column = rows.column(place)
            if types.is_boolean(column.type) or types.is_null(column.type):
                column = column.cast("int8")
            if types.is_nested(column.type):
                raise StoreError(
                    "rows can be sorted by text, numbers and times, but not by lists or maps; choose another key."
                )
            # NaN sorts after all numbers, and null after NaN; descending order reverses this.
            rank = pc.rank(column.combine_chunks(), "ascending", tiebreaker="dense")
            ranks.append(-rank.to_numpy().astype(np.int64) if down else rank.to_numpy())
        order = np.lexsort(ranks[::-1])[self.skip :]
        order = order if self.limit is None else order[: self.limit]
        return rows.select(range(width)).take(order)


def take_apart(cypher: str, parameters: Mapping[str, Any]) -> Sorting | None:
    """Split off the final ``ORDER BY`` of a statement; None if it has none with several keys."""
    code = blanked(cypher)
    marks = [(found[0].upper().split()[0], found.start(), found.end()) for found in outermost(code, _WORD)]
    returns = [index for index, mark in enumerate(marks) if mark[0] == "RETURN"]
    if not returns or any(word == "UNION" for word, *_ in marks):
        return None
    tail = marks[returns[-1] :]
    ordered = next((mark for mark in tail if mark[0] == "ORDER"), None)
    if ordered is None:
        return None
    stops = [mark for mark in tail if mark[0] in ("SKIP", "LIMIT", ";") and mark[1] > ordered[1]]
    end = stops[0][1] if stops else len(cypher)
    keys = tuple(_key(text) for text in _split(cypher, code, ordered[2], end))
    start = tail[0][2]
    distinct = re.compile(r"\s*DISTINCT\b", re.IGNORECASE).match(code, start)
    start = distinct.end() if distinct else start
    items = tuple(_split(cypher, code, start, ordered[1]))
    skip, limit = _bound(stops, code, "SKIP", parameters), _bound(stops, code, "LIMIT", parameters)
    if len(keys) < 2 or skip == "?" or limit == "?":
        return None
    return Sorting(cypher[:start], items, keys, int(skip or 0), None if limit is None else int(limit))


def with_kept_order(cypher: str) -> str:
    """Return a statement in which each ``WITH … ORDER BY … LIMIT`` takes the first rows even before an aggregate."""
    parts: list[str] = []
    at = 0
    clause, ordered = "", False
    for found in outermost(blanked(cypher), _CLAUSE):
        word = found[0].upper().split()[0]
        if word == "ORDER":
            ordered = clause == "WITH"
        elif word not in ("STARTS", "ENDS"):
            if ordered:
                parts += [cypher[at : found.start()], f"UNWIND [0] AS {KEPT}{len(parts)} "]
                at = found.start()
            clause, ordered = word, False
    return "".join([*parts, cypher[at:]])


def refuse_inner(cypher: str, contacts: Callable[[], int]) -> None:
    """Raise `StoreError` for an ``ORDER BY`` with several keys left to a large database."""
    code = blanked(cypher)
    for found in re.finditer(r"(?<![$.\w])ORDER\s+BY\b", code, re.IGNORECASE):
        end = re.compile(r"\b(?:SKIP|LIMIT|MATCH|WITH|RETURN|WHERE|UNWIND|UNION|OPTIONAL|CALL)\b|[;})]", re.IGNORECASE)
        stop = end.search(code, found.end())
        keys = list(_split(cypher, code, found.end(), stop.start() if stop else len(code)))
        if len(keys) > 1 and contacts() > FEW_CONTACTS:
            raise StoreError(
                "the embedded database sorts many rows by several keys correctly only at the end of a statement, by "
                "what is returned; move this ORDER BY there and return its keys as columns, or sort by one key."
            )


def _split(cypher: str, code: str, start: int, end: int) -> Iterator[str]:
    """Yield the parts between commas outside brackets, without comments."""
    for found in outermost(code[:end], _WORD):
        if found[0] == "," and found.start() >= start:
            yield without_comments(cypher[start : found.start()]).strip()
            start = found.end()
    yield without_comments(cypher[start:end]).strip()


def _key(text: str) -> tuple[str, bool]:
    direction = _DIRECTION.search(text)
    down = direction is not None and direction[1].upper().startswith("DESC")
    return (text[: direction.start()] if direction else text).strip(), down


def _name_of(item: str) -> str:
    """Return the alias of an item, or the item itself if it is a name; otherwise an empty string."""
    alias = _ALIAS.match(item)
    return alias[2] if alias else item if re.fullmatch(r"\w+", item) else ""


def _same(key: str, item: str) -> bool:
    """Tell whether a key is an item, by its alias or as written."""
    alias = _ALIAS.match(item)
    written = [alias[1], alias[2]] if alias else [item]
    return "".join(key.split()).lower() in ("".join(text.split()).lower() for text in written)


def _bound(
    stops: Sequence[tuple[str, int, int]], code: str, word: str, parameters: Mapping[str, Any]
) -> int | str | None:
    """Return the number after SKIP or LIMIT; None without one, and a question mark if it is computed."""
    for index, (found, _, start) in enumerate(stops):
        if found == word:
            end = stops[index + 1][1] if index + 1 < len(stops) else len(code)
            number = _NUMBER.fullmatch(code[start:end].strip())
            if number is None:
                return "?"
            value = parameters.get(number[1]) if number[1] else int(number[0])
            return value if isinstance(value, int) else "?"
    return None
