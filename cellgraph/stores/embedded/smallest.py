"""The smallest integer, -2^63: in a compressed column, Ladybug (0.20) may read it as 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellgraph.stores.embedded import schema
from cellgraph.stores.tables import quoted

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa

_SMALLEST = -(2**63)


def brings_smallest(*tables: pa.Table) -> bool:
    """Whether tables of cells or contacts hold the smallest integer in a property."""
    import pyarrow.compute as pc
    from pyarrow import types

    return any(
        types.is_int64(column.type) and pc.min(column).as_py() == _SMALLEST
        for table in tables
        for column in table.columns
    )


def holds_smallest(connection: ladybug.Connection | None) -> bool:
    """Whether a database holds it in a property; False if there is no database."""
    if connection is None:
        return False
    there = schema.tables(connection)
    patterns = {"Cell": "(n:Cell)", "TOUCHES": "(:Cell)-[n:TOUCHES]->(:Cell)"}
    for table, pattern in patterns.items():
        if table not in there:
            continue
        whole = [name for name, kind in schema.columns(connection, table).items() if kind == "INT64"]
        least = ", ".join(f"min(n.{quoted(name)})" for name in whole)
        if _SMALLEST in schema.rows(connection, f"MATCH {pattern} RETURN {least}")[0]:
            return True
    return False
