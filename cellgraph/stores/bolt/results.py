"""Convert Neo4j rows to Arrow tables in the types that every store returns."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

from cellgraph.stores.values import as_json

if TYPE_CHECKING:
    import neo4j
    import pyarrow as pa

_CHUNK = 50_000


def table_of(result: neo4j.Result) -> pa.Table:
    """Return all rows, converted a chunk at a time.

    Neo4j columns have no type: a column without values has Arrow's type null.
    """
    import pyarrow as pa

    names = list(result.keys())
    chunks: list[list[pa.Array]] = [[] for _ in names]
    records = iter(result)
    while block := [record.values() for record in islice(records, _CHUNK)]:
        for column, values in zip(chunks, zip(*block, strict=True), strict=True):
            column.append(_array(values))
    return pa.Table.from_arrays([joined(column) for column in chunks], names=names)


def _array(values: Iterable[Any]) -> pa.Array:
    import pyarrow as pa

    values = list(values)
    if any(_is_graph_value(value) for value in values):
        return pa.array([as_json(_graph_value(value)) for value in values], pa.string())
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # values of several types: JSON tells them apart
        return pa.array([as_json(value) for value in values], pa.string())


def joined(chunks: list[pa.Array]) -> pa.ChunkedArray:
    """Return the chunks in one type: double for integers mixed with floats, text for other mixtures."""
    import pyarrow as pa

    types = {chunk.type for chunk in chunks} - {pa.null()}
    if not types:
        kind = pa.null()
    elif len(types) == 1:
        (kind,) = types
    elif types == {pa.int64(), pa.float64()}:
        kind = pa.float64()
    else:
        kind = pa.string()
        chunks = [pa.array([as_json(value) for value in chunk.to_pylist()], kind) for chunk in chunks]
    return pa.chunked_array([chunk.cast(kind) for chunk in chunks], kind)


def _is_graph_value(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_graph_value(item) for item in value)
    return value is not None and not isinstance(value, bool | int | float | str)


def _graph_value(value: Any) -> Any:
    """Return a node, relationship, path, map or list of these as `as_json` describes them."""
    from neo4j.graph import Node, Path, Relationship

    if isinstance(value, list):
        return [_graph_value(item) for item in value]
    if isinstance(value, Node):
        return {"_label": ":".join(sorted(value.labels)), **value}
    if isinstance(value, Relationship):
        return {"_type": value.type, **value}
    if isinstance(value, Path):
        return {"_nodes": _graph_value(list(value.nodes)), "_relationships": _graph_value(list(value.relationships))}
    if isinstance(value, dict):
        return {key: _graph_value(item) for key, item in value.items()}
    return value
