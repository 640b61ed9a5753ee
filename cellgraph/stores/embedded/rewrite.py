"""Copy a database into a new one, except some samples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.stores.embedded import schema
from cellgraph.stores.embedded.access import execute
from cellgraph.stores.embedded.append import copy
from cellgraph.stores.tables import quoted

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa

_ROWS_AT_ONCE = 2_000_000


def carry_samples(
    old: ladybug.Connection, new: ladybug.Connection, *, without: Sequence[str] = (), dropped: Collection[str] = ()
) -> None:
    """Copy the nodes of all samples except those named into a new database with all columns of the old one.

    Cell columns in `dropped` are left out, since no sample lists them.
    """
    for table in ("Sample", "Cell", "TOUCHES"):
        columns = schema.columns(old, table)
        schema.declare(new, table, {name: columns[name] for name in columns if table != "Cell" or name not in dropped})
    every = [sample for sample, _ in _kept(old, without)]
    names = list(schema.columns(old, "Sample"))
    copy(new, "Sample", _nodes(old, names, "MATCH (n:Sample) WHERE list_contains($samples, n.id)", every))


def carry_cells(
    old: ladybug.Connection,
    new: ladybug.Connection,
    *,
    without: Sequence[str] = (),
    dropped: Collection[str] = (),
    changed: Callable[[pa.Table], pa.Table] = lambda cells: cells,
    without_near: Collection[int] = (),
) -> None:
    """Copy the data of these samples, some at a time: memory holds the largest, or many small ones.

    Parameters
    ----------
    old, new : ladybug.Connection
    without : sequence of str
        Names of samples to leave out.
    dropped : collection of str
        Cell columns to leave out.
    changed : callable
        Maps cells of some samples, sorted by id, to the cells to write.
    without_near : collection of int
        Ids of samples whose ``NEAR`` relationships are left out.
    """
    names = [name for name in schema.columns(old, "Cell") if name not in dropped]
    kept = _kept(old, without)
    every = [sample for sample, _ in kept]
    for samples in _groups(kept):
        own = "MATCH (s:Sample)-[:HAS_CELL]->(n:Cell) WHERE list_contains($samples, s.id)"
        copy(new, "Cell", changed(_nodes(old, names, own, samples)))
        copy(new, "HAS_CELL", arrow(old, f"{own} RETURN s.id, n.id ORDER BY n.id", samples=samples), ends=2)
    for samples in _groups(kept):
        copy(new, "TOUCHES", _contacts(old, samples, every), ends=2)
    if "NEAR" in schema.tables(old):
        for samples in _groups([entry for entry in kept if entry[0] not in without_near]):
            match = "MATCH (s:Sample)-[:HAS_CELL]->(a:Cell)-[t:NEAR]->(b:Cell) WHERE list_contains($samples, s.id)"
            pairs = arrow(old, f"{match} RETURN a.id, b.id, t.distance", samples=samples)
            copy(new, "NEAR", pairs.rename_columns(["a", "b", "distance"]), ends=2)


def arrow(connection: ladybug.Connection, cypher: str, **parameters: Any) -> pa.Table:
    """Return the rows of a large query."""
    result: pa.Table = execute(connection, cypher, parameters).get_as_arrow(chunk_size=2**20)
    return result


def _kept(old: ladybug.Connection, without: Sequence[str]) -> list[list[int]]:
    """Return the id and number of rows of all samples except those named."""
    return schema.rows(
        old,
        "MATCH (s:Sample) WHERE NOT list_contains($names, s.name) RETURN s.id, s.cells + s.contacts ORDER BY s.id",
        names=list(without),
    )


def _groups(sizes: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield groups of samples, given with their numbers of rows; small ones are grouped together."""
    group: list[int] = []
    total = 0
    for sample, rows in sizes:
        if group and total + rows > _ROWS_AT_ONCE:
            yield group
            group, total = [], 0
        group.append(sample)
        total += rows
    if group:
        yield group


def _nodes(old: ladybug.Connection, names: list[str], match: str, samples: list[int]) -> pa.Table:
    listed = ", ".join(f"n.{quoted(name)}" for name in names)
    return arrow(old, f"{match} RETURN {listed} ORDER BY n.id", samples=samples).rename_columns(names)


def _contacts(old: ladybug.Connection, samples: list[int], kept: list[int]) -> pa.Table:
    """Return the contacts that start in one of the samples and end in a kept one."""
    names = list(schema.columns(old, "TOUCHES"))
    listed = "".join(f", t.{quoted(name)}" for name in names)
    table = arrow(
        old,
        "MATCH (s:Sample)-[:HAS_CELL]->(a:Cell)-[t:TOUCHES]->(b:Cell)<-[:HAS_CELL]-(o:Sample) "
        f"WHERE list_contains($samples, s.id) AND list_contains($kept, o.id) RETURN a.id, b.id{listed}",
        samples=samples,
        kept=kept,
    )
    return table.rename_columns(["a", "b", *names])
