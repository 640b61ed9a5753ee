"""Read tables of cells, relationships and samples as one network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cellgraph.errors import InputError, ParameterError
from cellgraph.model import Network
from cellgraph.tables import columns, header, objects, reserved, roles
from cellgraph.tables.alone import cells_of
from cellgraph.tables.cellkeys import CellKeys, as_ids, with_ids
from cellgraph.tables.edges import id_notes, settle, touching
from cellgraph.tables.samplekeys import SampleKey, samples_of_cells
from cellgraph.tables.tablefile import Source, TableFile, read_table

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

_MANY = 20


@dataclass(frozen=True)
class Columns:
    """Which columns of the tables hold what; None to find them by name.

    Attributes
    ----------
    sample : str or None
        Sample of a cell; ``none`` if there is no such column.
    cell : str or None
        Id of a cell; ``none`` to number cells by row.
    a, b : str or None
        The two cells of a relationship.
    junctions : str or None
        Junctions of a relationship; ``none`` to count 1 each.
    """

    sample: str | None = None
    cell: str | None = None
    a: str | None = None
    b: str | None = None
    junctions: str | None = None


@dataclass(frozen=True)
class ReadTables:
    """A network from tables, with notes in sentences, and which columns hold what."""

    network: Network
    notes: tuple[str, ...]
    reading: str


def read_tables(
    cells: Source | None = None,
    network: Source | None = None,
    samples: Source | None = None,
    *,
    sample: str | None = None,
    named: Columns | None = None,
    symmetric: bool = False,
    directed: bool = False,
) -> ReadTables:
    """Read tables as `load_tables` does, without a database."""
    if cells is None and network is None:
        raise ParameterError(
            "expected --network (network=…), the table with the two cells of each relationship, or --cells (cells=…)"
        )
    if symmetric and directed:
        raise ParameterError("--symmetric and --directed exclude each other; give one of them")
    named = named or Columns()
    given_cells = None if cells is None else _read_cells(cells)
    edges = None if network is None else read_table(network, "network")
    if edges is not None:
        if named.a is None:
            header.refuse_matrix(edges)
        objects.refuse_mixed(edges)
    pair = None if edges is None else columns.find_pair(edges, named.a, named.b, directed=directed)
    pair_samples = None
    if given_cells is not None:
        cell_column = _cell_column(given_cells, named)
        sample_column = columns.find(given_cells, named.sample, roles.SAMPLE)
        columns.refuse_shared(given_cells, {"--sample-column": sample_column, "--cell-column": cell_column})
        table = given_cells.with_texts(sample_column)
        table = table if cell_column is None else with_ids(table, cell_column)
        if edges is not None and pair is not None:
            pair_samples = _sample_columns(edges, pair, named, sample_column)
            edges = edges.with_texts(*(pair_samples or ()))
    elif edges is not None and pair is not None:
        edges, table, (sample_column, pair_samples), cell_column = _network_alone(edges, pair, named)
    given = None if samples is None else read_table(samples, "samples")
    entries, of_cell = samples_of_cells(table, sample_column, given, sample, named.sample)
    if directed:
        entries = [entry.directed() for entry in entries]
    keys = CellKeys.build(table, cell_column, of_cell)
    table = columns.with_values(table, {sample_column, cell_column})
    notes = [*(() if cells is None else table.notes), *(given.notes if given else ())]
    order, position = keys.order()
    contacts, told = _no_contacts(), ""
    if edges is None or pair is None:
        notes.append("There is no table of relationships: cells are loaded without contacts.")
    else:
        if keys.texts is not None:
            edges = edges.with_texts(*pair)
        if named.a is None and (cells is None or keys.texts is not None):
            header.refuse_row(edges, pair, None if cells is None else keys.texts)
        junctions = _junctions_column(edges, named, pair)
        edges = columns.with_values(edges, {*pair, *(pair_samples or ()), junctions})
        contacts = _contacts(edges, keys, entries, junctions, pair, pair_samples)
        rows, none = touching(contacts, edges.name, junctions)
        contacts = contacts if len(rows) == contacts.num_rows else contacts.take(rows)
        contacts, ways_notes, ways = settle(contacts, edges.name, pair, rows, symmetric=symmetric, directed=directed)
        notes += [
            *edges.notes,
            *id_notes(edges, pair),
            *none,
            *ways_notes,
            *_junction_notes(edges, junctions, contacts),
            *columns.renamed(edges, {*pair, *(pair_samples or ()), junctions}, reserved.OF_CONTACTS),
        ]
        for number, end in enumerate(("a", "b")):
            contacts = contacts.set_column(number, end, [position[contacts[end].to_numpy()]])
        told = f"contacts {columns.quoted(pair)}{ways}" + (f' · junctions from "{junctions}"' if junctions else "")
    notes += _cell_notes(table, cell_column, keys, cells is None)
    notes += columns.renamed(table, {sample_column, cell_column}, _reserved(keys))
    of_samples = dict.fromkeys(pair_samples) if cells is None and pair_samples else [sample_column or ""]
    parts = (
        f"samples from {columns.quoted([*of_samples])}" if sample_column else "",
        f'cells from "{cell_column}"' if cell_column and cells is not None else "",
        told,
    )
    reading = " · ".join(part for part in parts if part)
    made = _cell_table(table, keys, [entry.sample.name for entry in entries], {sample_column, cell_column}).take(order)
    found = tuple(replace(entry.sample, reading=reading) for entry in entries)
    return ReadTables(Network(found, made, contacts), tuple(notes), reading)


def _no_contacts() -> pa.Table:
    """Return an empty table of relationships."""
    import pyarrow as pa

    return pa.table({name: pa.array([], pa.int64()) for name in ("a", "b", "junctions")})


def _network_alone(
    edges: TableFile, pair: tuple[str, str], named: Columns
) -> tuple[TableFile, TableFile, tuple[str | None, tuple[str, str] | None], str | None]:
    """Return the relationships, the cells named in them, and the columns with samples and ids."""
    if named.cell is not None and named.cell.lower() != columns.NONE:
        raise ParameterError("--cell-column is a column of the table of cells; give --cells too, or leave it out")
    samples = _sample_columns(edges, pair, named, None)
    edges = with_ids(edges, *pair).with_texts(*(samples or ()))
    table, sample, cell = cells_of(edges, pair, samples)
    return edges, table, (None if samples is None else sample, samples), cell


def _read_cells(cells: Source) -> TableFile:
    table = read_table(cells, "cells")
    if not table.table.num_rows:
        raise InputError(f"{table.name} has a header but no cells; there is nothing to load")
    return table


def _cell_column(table: TableFile, named: Columns) -> str | None:
    """Return the column with the ids of cells; in a table without a header, its only column."""
    if table.headed or named.cell is not None:
        return columns.find(table, named.cell, roles.CELL)
    if len(table.columns) > 1:
        raise InputError(
            f"{table.name} has no header, and {len(table.columns)} columns; add one, or say which column holds the ids "
            "of the cells, as --cell-column column_1, or none"
        )
    return table.columns[0]


def _cell_notes(table: TableFile, column: str | None, keys: CellKeys, alone: bool) -> list[str]:
    if alone:
        notes = [f"There is no table of cells: the cells are those that {table.name} names."]
        text = "The ids are text: each is the cell's name, and cells are numbered in the order of their names."
        return notes if keys.texts is None else [*notes, text]
    if column is None:
        return [f"{table.name} has no column with ids: cells are numbered by their rows, from 1."]
    if keys.texts is not None:
        return [f"The ids in {column!r} are text: each is the cell's name, and cells are numbered by rows."]
    return []


def _junction_notes(table: TableFile, column: str | None, contacts: pa.Table) -> list[str]:
    """Return notes if junctions are missing, or may have been counted twice."""
    if column is None:
        return [f"{table.name} has no column with junctions: each relationship counts as 1."]
    junctions = contacts["junctions"].to_numpy()
    if len(junctions) >= _MANY and junctions.any() and not (junctions % 2).any():
        return [
            f'Every number in "{column}" of {table.name} is even: if each pair of voxels was counted from both sides, '
            "there are half as many junctions. They are kept as given."
        ]
    return []


def _cell_table(cells: TableFile, keys: CellKeys, names: list[str], used: set[str | None]) -> pa.Table:
    """Return the cells in file order, as a `Network` has them."""
    import pyarrow as pa

    sample = pa.DictionaryArray.from_arrays(pa.array(keys.samples), pa.array(names)).cast(pa.string())
    table = pa.table({"sample": sample, "label": keys.labels})
    rest = columns.properties(cells, used, _reserved(keys))
    if keys.texts is not None:
        table = table.append_column("name", keys.texts)
    for name in rest.column_names:
        table = table.append_column(name, rest[name])
    return table


def _reserved(keys: CellKeys) -> frozenset[str]:
    return reserved.OF_CELLS if keys.texts is None else reserved.OF_CELLS | {"name"}


def _contacts(
    table: TableFile,
    keys: CellKeys,
    entries: Sequence[SampleKey],
    column: str | None,
    pair: tuple[str, str],
    samples: tuple[str, str] | None,
) -> pa.Table:
    """Return the relationships as given, with row numbers of cells in file order."""
    import pyarrow as pa

    a, b = keys.rows(table, pair, samples, [(entry.key, entry.sample.name) for entry in entries])
    made = pa.table({"a": a, "b": b, "junctions": _junctions(table, column)})
    rest = columns.properties(table, {*pair, *(samples or ()), column}, reserved.OF_CONTACTS)
    for name in rest.column_names:
        made = made.append_column(name, rest[name])
    return made


def _junctions_column(table: TableFile, named: Columns, pair: tuple[str, str]) -> str | None:
    column = columns.find(table, named.junctions, roles.JUNCTIONS)
    if column is None and named.junctions is None and _is_third(table):
        column = table.columns[2]
    columns.refuse_shared(table, {"--a-column": pair[0], "--b-column": pair[1], "--junctions-column": column})
    return column


def _is_third(table: TableFile) -> bool:
    """Tell whether the third column of a table without a header holds whole numbers, as weights of edge lists do."""
    import pyarrow as pa

    return not table.headed and len(table.columns) == 3 and pa.types.is_integer(table.table[2].type)


def _junctions(table: TableFile, column: str | None) -> Array:
    """Return the junctions of each relationship."""
    import numpy as np

    if column is None:
        return np.ones(table.table.num_rows, np.int64)
    counts = as_ids(table, column, "--junctions-column none counts each relationship as 1")
    negative = np.flatnonzero(counts < 0)
    if negative.size:
        row = int(negative[0])
        raise InputError(
            f"the column {column!r} of {table.name} must hold 0 or more junctions, but row {row + 1} has "
            f"{counts[row]} (rows below 0: {negative.size})"
        )
    return counts


def _sample_columns(
    table: TableFile, pair: tuple[str, str], named: Columns, of_cells: str | None
) -> tuple[str, str] | None:
    """Return the columns with the samples of the two cells, which may be the same column."""
    if named.sample is not None and named.sample.lower() == columns.NONE:
        return None
    given = columns.called(table, named.sample)
    if given is None and of_cells is None and named.sample is not None:
        columns.find(table, named.sample, roles.SAMPLE)  # which refuses it
    two = columns.find_sample_pair(table)
    if two is not None and given in (None, *two):
        return two
    if given is not None:
        columns.refuse_shared(table, {"--a-column": pair[0], "--b-column": pair[1], "--sample-column": given})
    one = columns.find(table, given or columns.called(table, of_cells), roles.SAMPLE)
    return None if one is None or one in pair else (one, one)
