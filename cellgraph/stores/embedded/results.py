"""Convert Ladybug rows to Arrow tables in the types that every store returns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cellgraph.stores.values import as_json

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa

_GRAPH = re.compile(r"\b(NODE|REL|RECURSIVE_REL|STRUCT|MAP|UNION)\b")
_CHUNK = 2**20


def table_of(result: ladybug.QueryResult) -> pa.Table:
    """Return all rows: integers as int64, floats as double, graph values as JSON text."""
    import pyarrow as pa

    names = result.get_column_names()
    if not names:
        return pa.table({})
    kinds = result.get_column_data_types()
    table = result.get_as_arrow(chunk_size=_CHUNK)
    columns = [_column(column, kind) for column, kind in zip(table.columns, kinds, strict=True)]
    return pa.Table.from_arrays(columns, names=names)


def _column(column: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    import pyarrow as pa
    from pyarrow import types

    if _GRAPH.search(kind):
        return pa.chunked_array([pa.array((as_json(_graph_value(v)) for v in column.to_pylist()), pa.string())])
    if types.is_decimal(column.type) or types.is_integer(column.type):  # a sum is a decimal of 38 digits
        return column.cast(pa.int64())
    if types.is_floating(column.type):
        return column.cast(pa.float64())
    return column


def _graph_value(value: Any) -> Any:
    """Return a node, relationship, path, map or list of these as `as_json` describes them."""
    if isinstance(value, list):
        return [_graph_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "_NODES" in value:
        return {"_nodes": _graph_value(value["_NODES"]), "_relationships": _graph_value(value["_RELS"])}
    if "_LABEL" in value:
        kind = "_type" if "_SRC" in value else "_label"
        properties = {k: v for k, v in value.items() if v is not None and not k.startswith("_")}
        return {kind: value["_LABEL"], **properties}
    return {key: _graph_value(item) for key, item in value.items()}
