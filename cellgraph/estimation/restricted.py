"""The graph of a question, restricted by its conditions: the compiled form of what `put_into` does to Cypher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.adjacency.matrix import Adjacency
from cellgraph.estimation.conditions import checked_options, read_conditions
from cellgraph.stores.contract import Topology

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.estimation.conditions import Asked, ConditionOptions
    from cellgraph.estimation.filters import Filter
    from cellgraph.model import Cell
    from cellgraph.queries.conditions import Conditions
    from cellgraph.stores import Store

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Restricted:
    """The cells and contacts that meet the conditions of a question.

    Attributes
    ----------
    topology : Topology
        All cells, and the contacts that meet the conditions, as do the cells at both ends.
    kept : numpy.ndarray of bool, shape (n,)
        Which cells meet the conditions.
    reported : numpy.ndarray of int64
        Row numbers of the cells that results may be about, in ascending order.
    rows : numpy.ndarray of int64
        The ones among them that parameters name, or that are in the sample.
    direction : str
        ``both``, ``out`` or ``in``.
    before : int
        Number of contacts before the conditions.
    note : str
        What is to be said of the conditions; see `Asked`.
    """

    topology: Topology
    kept: Array
    reported: Array
    rows: Array
    direction: str
    before: int = 0
    note: str = ""

    @cached_property
    def graph(self) -> Adjacency:
        """The same as adjacency rows: the cells that a cell touches, that it leads to, or that lead to it."""
        return Adjacency.build(self.topology, direction=self.direction)

    def alone(self) -> Topology:
        """Return the cells that meet the conditions and their contacts, without the others."""
        return self.topology if self.kept.all() else only(self.topology, self.kept)

    @cached_property
    def backward(self) -> Adjacency:
        """The same with every contact reversed."""
        turned = {"both": "both", "out": "in", "in": "out"}[self.direction]
        return self.graph if turned == "both" else Adjacency.build(self.topology, direction=turned)

    def row(self, cell: Cell) -> int | None:
        """Return the row number of a cell, None if it does not meet the conditions."""
        row = self.graph.row(cell.sample, cell.label)
        return row if self.kept[row] else None


def columns_for(asked: Asked) -> tuple[list[str], list[str]]:
    """Return the properties of cells and of contacts that conditions need."""
    conditions = asked.conditions
    of_cells = {column.name for column in asked.filter.columns if not column.hops} if asked.filter else set()
    of_cells -= {"sample", "label"}
    if conditions.inside or conditions.buffer:
        of_cells.add("on_border")
    of_contacts = set()
    if conditions.min_junctions is not None:
        of_contacts.add("junctions")
    if conditions.min_area is not None or conditions.min_fraction is not None:
        of_contacts.add("area")
    if conditions.min_fraction is not None:
        of_cells.add("surface_area")
    return sorted(of_cells), sorted(of_contacts)


def restrict(topology: Topology, asked: Asked, sample: str | None, cells: Sequence[Cell] | None) -> Restricted:
    """Leave out cells and contacts that do not meet conditions.

    Parameters
    ----------
    topology : Topology
        With the properties that `columns_for` names.
    asked : Asked
    sample : str, optional
        Name of the one sample that rows are about.
    cells : sequence of Cell, optional
        The cells that rows are about; None is all.
    """
    conditions = asked.conditions
    kept = _cells(topology, asked)
    held = kept[topology.a] & kept[topology.b] & _contacts(topology, conditions)
    reported = kept if conditions.buffer is None else kept & _far_from_border(topology, conditions.buffer)
    rows = reported if sample is None else reported & (topology.samples == sample)
    if cells is not None:
        rows = rows & among(topology, cells)
    left = replace(
        topology,
        a=topology.a[held],
        b=topology.b[held],
        of_contacts={name: column.filter(held) for name, column in topology.of_contacts.items()},
    )
    return Restricted(
        left, kept, np.flatnonzero(reported), np.flatnonzero(rows), conditions.direction, len(topology.a), asked.note
    )


def read_restricted(
    store: Store,
    sample: str | None,
    options: ConditionOptions,
    *,
    cells: Sequence[str] = (),
    contacts: Sequence[str] = (),
) -> Restricted:
    """Read the cells and contacts of a sample, or of all, that meet conditions, with some of their properties.

    Raises
    ------
    ParameterError
        If a condition does not parse, or a sample lacks a column that it needs.
    """
    asked = read_conditions(store, checked_options(options), sample, directed=())
    of_cells, of_contacts = columns_for(asked)
    topology = store.topology(sample, cells=sorted({*of_cells, *cells}), contacts=sorted({*of_contacts, *contacts}))
    return restrict(topology, asked, sample, None)


def only(topology: Topology, chosen: Array) -> Topology:
    """Return some cells (an array of bool) and the contacts among them, with row numbers of their own."""
    import pyarrow as pa

    number = np.cumsum(chosen) - 1
    held = chosen[topology.a] & chosen[topology.b]
    return Topology(
        topology.samples[chosen],
        topology.labels[chosen],
        number[topology.a[held]],
        number[topology.b[held]],
        {name: column.filter(pa.array(chosen)) for name, column in topology.of_cells.items()},
        {name: column.filter(pa.array(held)) for name, column in topology.of_contacts.items()},
    )


def among(topology: Topology, cells: Sequence[Cell]) -> Array:
    """Return which cells are among the given ones."""
    found = np.zeros(len(topology.labels), bool)
    for sample in {cell.sample for cell in cells}:
        labels = [cell.label for cell in cells if cell.sample == sample]
        found |= np.isin(topology.labels, labels) & (topology.samples == sample)
    return found


def numbers(column: pa.Array) -> Array:
    """Return a column of numbers as float64, NaN for null."""
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def _cells(topology: Topology, asked: Asked) -> Array:
    """Return which cells meet the conditions on cells."""
    kept = np.ones(len(topology.labels), bool)
    if asked.conditions.inside:
        kept &= ~_truth(topology.of_cells["on_border"], of_null=True)
    if asked.filter is not None:
        kept &= filtered(topology, asked.filter)
    return kept


def filtered(topology: Topology, condition: Filter) -> Array:
    """Return which cells pass a filter whose columns were read."""
    return np.asarray(condition(_table(topology, condition)), bool)


def _table(topology: Topology, condition: Filter) -> pa.Table:
    """Return the columns that a filter uses."""
    import pyarrow as pa

    from cellgraph.adjacency.rings import counts_by_distance

    columns: dict[str, Any] = {"label": topology.labels}
    hops = {column.name: column.hops for column in condition.columns if column.hops}
    if hops:
        graph = Adjacency.build(topology)
        counts = counts_by_distance(graph, np.arange(len(topology.labels)), max(hops.values()))
        within = counts.astype(np.int64).cumsum(axis=1)
        columns |= {name: within[:, hop - 1] for name, hop in hops.items()}
    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}
    for column in condition.columns:
        if column.name == "sample":
            columns["sample"] = pa.array(topology.samples, pa.string())
        elif not column.hops and column.name != "label":
            columns[column.name] = topology.of_cells[column.name].cast(types[column.type])
    return pa.table(columns)


def _contacts(topology: Topology, conditions: Conditions) -> Array:
    """Return which relationships meet the conditions on contacts."""
    held = np.ones(len(topology.a), bool)
    if conditions.min_junctions is not None:
        import pyarrow.compute as pc

        enough = pc.greater_equal(topology.of_contacts["junctions"], conditions.min_junctions)
        held &= _truth(enough, of_null=False)
    if conditions.min_area is not None:
        held &= numbers(topology.of_contacts["area"]) >= conditions.min_area
    if conditions.min_fraction is not None:
        area, least = numbers(topology.of_contacts["area"]), conditions.min_fraction
        surface = numbers(topology.of_cells["surface_area"])
        held &= (area >= least * surface[topology.a]) | (area >= least * surface[topology.b])
    return held


def _far_from_border(topology: Topology, buffer: int) -> Array:
    """Return which cells are at least `buffer` contacts from a cell on the border."""
    from cellgraph.adjacency.kernels import distances_from

    border = _truth(topology.of_cells["on_border"], of_null=False)
    graph = Adjacency.build(topology)
    distance = np.full(len(border), -1, np.int32)
    queue = np.empty(len(border), np.int32)
    distances_from(graph.indptr, graph.indices, np.flatnonzero(border), buffer - 1, -1, distance, queue)
    return (distance < 0) & ~_truth(topology.of_cells["on_border"], of_null=True)


def _truth(column: pa.Array, *, of_null: bool) -> Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(column.cast(pa.bool_()), of_null).to_numpy(zero_copy_only=False), bool)
