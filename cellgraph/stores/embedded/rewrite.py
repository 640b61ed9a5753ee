"""Everything of one database but some samples, into a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.stores.embedded import schema
from cellgraph.stores.embedded.access import execute
from cellgraph.stores.embedded.load import copy
from cellgraph.stores.tables import quoted

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa


def carry_over(old: ladybug.Connection, new: ladybug.Connection, *, without: Sequence[str]) -> None:
    """Copy all samples but those named, one at a time, so that memory holds the largest and not all."""
    schema.create(new)
    for table in ("Sample", "Cell", "TOUCHES"):
        schema.declare(new, table, schema.columns(old, table))
    ids = schema.rows(
        old,
        "MATCH (s:Sample) WHERE NOT list_contains($names, s.name) RETURN s.id ORDER BY s.id",
        names=list(without),
    )
    samples = [row[0] for row in ids]
    copy(
        new,
        "Sample",
        _nodes(old, "Sample", "MATCH (n:Sample) WHERE list_contains($samples, n.id)", samples=samples),
    )
    for sample in samples:
        own = "MATCH (s:Sample {id: $sample})-[:HAS_CELL]->(n:Cell)"
        copy(new, "Cell", _nodes(old, "Cell", own, sample=sample))
        owners = arrow(old, f"{own} RETURN s.id, n.id ORDER BY n.id", sample=sample)
        copy(new, "HAS_CELL", owners, ends=2)
    for sample in samples:
        copy(new, "TOUCHES", _contacts(old, sample, samples), ends=2)


def arrow(connection: ladybug.Connection, cypher: str, **parameters: Any) -> pa.Table:
    """Return the rows of a large query."""
    result: pa.Table = execute(connection, cypher, parameters).get_as_arrow(chunk_size=2**20)
    return result


def _nodes(old: ladybug.Connection, table: str, match: str, **parameters: Any) -> pa.Table:
    names = list(schema.columns(old, table))
    listed = ", ".join(f"n.{quoted(name)}" for name in names)
    return arrow(old, f"{match} RETURN {listed} ORDER BY n.id", **parameters).rename_columns(names)


def _contacts(old: ladybug.Connection, sample: int, kept: list[int]) -> pa.Table:
    """Return the contacts that start in a sample and end in one that is kept."""
    names = list(schema.columns(old, "TOUCHES"))
    listed = "".join(f", t.{quoted(name)}" for name in names)
    table = arrow(
        old,
        "MATCH (s:Sample {id: $sample})-[:HAS_CELL]->(a:Cell)-[t:TOUCHES]->(b:Cell)<-[:HAS_CELL]-(o:Sample) "
        f"WHERE list_contains($kept, o.id) RETURN a.id, b.id{listed}",
        sample=sample,
        kept=kept,
    )
    return table.rename_columns(["a", "b", *names])
