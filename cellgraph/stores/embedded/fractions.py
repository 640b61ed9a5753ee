"""Handle comparisons of fractions with integers, which Ladybug (0.20.4) gets wrong.

``WHERE c.voxels >= 4.5`` finds nothing: when a fractional constant is compared with an integer column, the minimum and
maximum stored for each part of the column (zone maps) are compared with the bits of the constant, and all parts are
skipped.  Without zone maps, all rows are scanned and compared correctly.  In ``(c:Cell {voxels: 4.5})`` the constant is
rounded instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.queries.text import blanked
from cellgraph.stores.embedded import schema

if TYPE_CHECKING:
    import ladybug

_FRACTION = r"(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?"
_HAS_FRACTION = re.compile(rf"(?<![\w.$]){_FRACTION}")
_ENTRY = re.compile(rf"[{{,]\s*(?P<name>`[^`]*`|\w+)\s*:\s*(?:(?P<number>[+-]?\s*{_FRACTION})|\$(?P<parameter>\w+))")


def look_at_all_rows(connection: ladybug.Connection, cypher: str, *, own: bool) -> None:
    """Disable zone maps for a statement that may compare integers with fractions.

    `own` means that the user wrote it: constants may then be computed, as in ``sqrt(20)``.
    """
    if own or _HAS_FRACTION.search(blanked(cypher)):
        connection.execute("CALL enable_zone_map=false")


def refuse_rounded(connection: ladybug.Connection, cypher: str, values: Mapping[str, Any]) -> None:
    """Raise `StoreError` for a pattern that looks for a fraction in an integer property."""
    for found in _ENTRY.finditer(_without_comments_and_texts(cypher)):
        name = found["name"].strip("`")
        value = values.get(found["parameter"]) if found["parameter"] else float(found["number"].replace(" ", ""))
        if not isinstance(value, float) or value.is_integer():
            continue
        for table in schema.tables(connection):
            if schema.columns(connection, table).get(name) == "INT64":
                raise StoreError(
                    f"the property {name!r} holds whole numbers, but {value:g} is not one, so {{{name}: {value:g}}} "
                    "would match nothing; the embedded database would round it. Correct the number."
                )


def _without_comments_and_texts(cypher: str) -> str:
    """Return the code of a statement with the quoted names in it."""
    code = blanked(cypher)
    names = [found.span() for found in re.finditer(r"`[^`]*`", cypher)]
    for start, end in names:
        if code[start:end].strip() == "":
            code = code[:start] + cypher[start:end] + code[end:]
    return code
