"""A network that someone already has, as tables of cells, relationships and samples, into a database."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import InputError, ParameterError
from cellgraph.loading.parameters import require_calls, require_kind, require_path
from cellgraph.model import Network, check_sample_name
from cellgraph.tables import columns, roles
from cellgraph.tables.alone import cells_of
from cellgraph.tables.cellkeys import CellKeys, as_ids
from cellgraph.tables.edges import settle
from cellgraph.tables.samplekeys import SampleKey, samples_of_cells
from cellgraph.tables.tablefile import Source, TableFile, read_table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

Report = Callable[[str, int, int], None]

_CELL_NAMES = frozenset({"id", "sample", "label"})
_CONTACT_NAMES = frozenset({"id", "a", "b", "junctions", "source", "target"})
_CONTACT_NAMES |= {"name_a", "name_b", "source_name", "target_name"}
_MANY = 20


@dataclass(frozen=True)
class Columns:
    """Which columns of the tables hold what; None where their names tell.

    Attributes
    ----------
    sample : str or None
        Sample of a cell; ``none``: there is no such column.
    cell : str or None
        Id of a cell; ``none``: cells are numbered by their rows.
    a, b : str or None
        The two cells of a relationship.
    junctions : str or None
        Junctions of a relationship; ``none``: 1 each.
    """

    sample: str | None = None
    cell: str | None = None
    a: str | None = None
    b: str | None = None
    junctions: str | None = None


@dataclass(frozen=True)
class TablesReport:
    """What was loaded.

    Attributes
    ----------
    samples : tuple of str
        Names.
    cells, relationships : int
        How many.
    notes : tuple of str
        What was taken for granted, in sentences.
    reading : str
        Which columns hold what.
    """

    samples: tuple[str, ...]
    cells: int
    relationships: int
    notes: tuple[str, ...]
    reading: str = ""

    def summary(self) -> str:
        """Return what was loaded, in sentences."""
        names = ", ".join(self.samples[:5]) + (", …" if len(self.samples) > 5 else "")
        some = "1 sample" if len(self.samples) == 1 else f"{len(self.samples):,} samples"
        loaded = f"Loaded {self.cells:,} cells and {self.relationships:,} relationships of {some} ({names})."
        read = (f"read: {self.reading}",) if self.reading else ()
        return "\n".join((*self.notes, *read, loaded))


def load_tables(
    cells: Source | None = None,
    network: Source | None = None,
    samples: Source | None = None,
    *,
    db: str | os.PathLike[str] | None = None,
    sample: str | None = None,
    replace: bool = False,
    symmetric: bool = False,
    directed: bool = False,
    sample_column: str | None = None,
    cell_column: str | None = None,
    a_column: str | None = None,
    b_column: str | None = None,
    junctions_column: str | None = None,
    report: Report | None = None,
) -> TablesReport:
    """Load a network from tables into a database; relationships are kept as given.

    Tables are CSV (also compressed with gzip) or Parquet files, or data frames.  Without a table of cells, the cells
    are those that the network names.  Columns are recognised by their names, in any case:

    - cells: the sample of the cell (``sample``, ``animal``, ``library_id``, …), its id (``cell``, ``cell_id``,
      ``label``, ``bodyId``, ``id``, …; without one cells are numbered by their rows, from 1; ids that are text
      become the property ``name`` and cells are numbered), and any properties;
    - network: the two cells (``id1,id2``, ``cell_a,cell_b``, ``source,target``, ``bodyId_pre,bodyId_post``, …),
      the junctions (``junctions``, ``weight``, ``count``, ``n``; 1 each without one), and any properties.  Where
      cell ids are unique in the whole table of cells, relationships may join cells of different samples; where
      they are unique in each sample only, the network needs a column with the sample too, or two
      (``sample_a,sample_b``);
    - samples: the id that the cells refer to (``id``, ``sample``, ``animal``, …), a ``name``, and any properties.
      Without a name the id is the name.  Samples without cells are kept.

    A property whose name the database uses itself (``id``, …) gets ``given_`` before it.

    Parameters
    ----------
    cells, network, samples : path or data frame
        The tables; only `network` has to be there.  Without `samples` the samples are the distinct values in the
        cells' sample column, or one sample.
    db : str or path, optional
        The database, as in `cellgraph.stores.open_store`.
    sample : str, optional
        Name of the sample, where the cells are of one; by default the name of the cells' file.
    replace : bool
        Whether samples of these names are replaced.
    symmetric : bool
        Whether the network lists each pair of cells in both directions; it counts once then.
    directed : bool
        Whether relationships have a direction, from the first cell to the second.  The sample gets the property
        ``directed``, and the query ``contacts`` shows ``source`` and ``target``.
    sample_column, cell_column, a_column, b_column, junctions_column : str, optional
        Names of columns; ``none`` where there is no such column in spite of its name.
    report : callable, optional
        Called with what is being written, how many are done, and of how many.

    Raises
    ------
    NotFoundError
        If a file does not exist.
    FormatError
        If a file is empty, damaged, or neither CSV nor Parquet.
    ParameterError
        If a named column does not exist, there is no network, or it is said to be symmetric and directed.
    InputError
        If several columns may hold the same; each pair of cells is listed in both directions and neither
        `symmetric` nor `directed` is given; a cell is there twice; a relationship joins an unknown cell; or a value
        is missing or no whole number where one must be; with the rows, counted from 1 after the header.
    ExistsError
        If a sample is already in the database, and `replace` is false.
    """
    from cellgraph.stores import open_store

    require_kind(
        "str",
        sample_column=sample_column,
        cell_column=cell_column,
        a_column=a_column,
        b_column=b_column,
        junctions_column=junctions_column,
    )
    require_kind("bool", replace=replace, symmetric=symmetric, directed=directed)
    require_calls(report=report)
    if sample is not None:
        check_sample_name(sample)
    for name, table in (("cells", cells), ("network", network), ("samples", samples)):
        if not hasattr(table, "__arrow_c_stream__"):
            require_path(**{name: table})
        if table is None and name == "network":
            raise ParameterError("expected network to be a table: a file or a data frame, got None")
    named = Columns(sample_column, cell_column, a_column, b_column, junctions_column)
    read = read_tables(cells, network, samples, sample=sample, named=named, symmetric=symmetric, directed=directed)
    made = read.network
    with open_store(db, create=True) as store:
        store.write(made, replace=replace, report=report)
    names = tuple(entry.name for entry in made.samples)
    return TablesReport(names, made.cells.num_rows, made.contacts.num_rows, read.notes, read.reading)


@dataclass(frozen=True)
class ReadTables:
    """A network from tables, with notes in sentences, and which columns hold what."""

    network: Network
    notes: tuple[str, ...]
    reading: str


def read_network(
    cells: Source | None = None, network: Source | None = None, samples: Source | None = None, **options: Any
) -> tuple[Network, tuple[str, ...]]:
    """Read tables as `read_tables` does; return the network and the notes alone."""
    read = read_tables(cells, network, samples, **options)
    return read.network, read.notes


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
    if network is None:
        raise ParameterError("--network (network=…) is needed: the table with the two cells of each relationship")
    if symmetric and directed:
        raise ParameterError("--symmetric and --directed exclude each other; give one of them")
    named = named or Columns()
    table = None if cells is None else _read_cells(cells)
    edges = read_table(network, "network")
    pair = columns.find_pair(edges, named.a, named.b, directed=directed)
    if table is None:
        edges, table, of_sample, cell_column = _network_alone(network, edges, pair, named)
    else:
        cell_column = _cell_column(table, named)
        column = columns.find(table, named.sample, roles.SAMPLE)
        of_sample = (column, _sample_columns(edges, pair, named, column))
    sample_column, pair_samples = of_sample
    given = None if samples is None else read_table(samples, "samples")
    entries, of_cell = samples_of_cells(table, sample_column, given, sample, named.sample)
    if directed:
        entries = [entry.directed() for entry in entries]
    keys = CellKeys.build(table, cell_column, of_cell)
    if keys.texts is not None:
        edges = read_table(network, "network", texts=pair)
    contacts, junctions = _contacts(edges, keys, entries, named, pair, pair_samples)
    contacts, notes, ways = settle(contacts, edges.name, pair, symmetric=symmetric, directed=directed)
    notes = [*(() if cells is None else table.notes), *(given.notes if given else ()), *edges.notes, *notes]
    notes += _junction_notes(edges, junctions, contacts)
    notes += _cell_notes(table, cell_column, keys, cells is None)
    order, position = keys.order()
    for number, end in enumerate(("a", "b")):
        contacts = contacts.set_column(number, end, [position[contacts[end].to_numpy()]])
    names = [entry.sample.name for entry in entries]
    made = _cell_table(table, keys, names, {sample_column, cell_column}).take(order)
    reading = _reading(sample_column or "", "" if cells is None else cell_column or "", pair, ways, junctions or "")
    return ReadTables(Network(tuple(entry.sample for entry in entries), made, contacts), tuple(notes), reading)


def _network_alone(
    network: Source, edges: TableFile, pair: tuple[str, str], named: Columns
) -> tuple[TableFile, TableFile, tuple[str | None, tuple[str, str] | None], str | None]:
    """Return the relationships, the cells that they name, and the columns with samples and ids."""
    import pyarrow as pa

    if named.cell is not None and named.cell.lower() != columns.NONE:
        raise ParameterError("--cell-column is a column of the table of cells; give --cells too, or leave it out")
    if any(pa.types.is_string(edges.table[column].type) for column in pair):
        edges = read_table(network, "network", texts=pair)
    samples = _sample_columns(edges, pair, named, None)
    table, sample, cell = cells_of(edges, pair, samples)
    return edges, table, (None if samples is None else sample, samples), cell


def _read_cells(cells: Source) -> TableFile:
    table = read_table(cells, "cells")
    if not table.table.num_rows:
        raise InputError(f"{table.name} has a header but no cells; there is nothing to load")
    return table


def _cell_column(table: TableFile, named: Columns) -> str | None:
    """Return the column with the ids of cells; that of a table without a header is known if it is the only one."""
    if table.headed or named.cell is not None:
        return columns.find(table, named.cell, roles.CELL)
    if len(table.columns) > 1:
        raise InputError(
            f"{table.name} has no header, and {len(table.columns)} columns; add one, or say which column holds the ids "
            "of the cells, as --cell-column column_1, or none"
        )
    return table.columns[0]


def _reading(sample: str, cell: str, pair: tuple[str, str], ways: str, junctions: str) -> str:
    """Return which columns hold what, as the summary tells it."""
    parts = (
        f'samples from "{sample}"' if sample else "",
        f'cells from "{cell}"' if cell else "",
        f"contacts {columns.quoted(pair)}{ways}",
        f'junctions from "{junctions}"' if junctions else "",
    )
    return " · ".join(part for part in parts if part)


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
    """Tell where junctions are not given, or may have been counted twice."""
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
    """Return the cells in the order of the file, as a `Network` has them."""
    import pyarrow as pa

    sample = pa.DictionaryArray.from_arrays(pa.array(keys.samples), pa.array(names)).cast(pa.string())
    table = pa.table({"sample": sample, "label": keys.labels})
    rest = columns.properties(cells, used, _CELL_NAMES if keys.texts is None else _CELL_NAMES | {"name"})
    if keys.texts is not None:
        table = table.append_column("name", keys.texts)
    for name in rest.column_names:
        table = table.append_column(name, rest[name])
    return table


def _contacts(
    table: TableFile,
    keys: CellKeys,
    entries: Sequence[SampleKey],
    named: Columns,
    pair: tuple[str, str],
    samples: tuple[str, str] | None,
) -> tuple[pa.Table, str | None]:
    """Return the relationships as given, with row numbers of cells in the order of the file; and their column."""
    import pyarrow as pa

    a, b = keys.rows(table, pair, samples, [(entry.key, entry.sample.name) for entry in entries])
    column = columns.find(table, named.junctions, roles.JUNCTIONS)
    if column is None and named.junctions is None and _is_third(table):
        column = table.columns[2]
    made = pa.table({"a": a, "b": b, "junctions": _junctions(table, column)})
    rest = columns.properties(table, {*pair, *(samples or ()), column}, _CONTACT_NAMES)
    for name in rest.column_names:
        made = made.append_column(name, rest[name])
    return made, column


def _is_third(table: TableFile) -> bool:
    """Tell whether the third column of a table without a header holds whole numbers, as weights of edge lists."""
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
    """Return the columns with the samples of the two cells, which may be one and the same."""
    if named.sample is not None and named.sample.lower() == columns.NONE:
        return None
    two = columns.find_sample_pair(table)
    if two is not None:
        return two
    wanted = next((name for name in (named.sample, of_cells) if name in table.columns), None)
    one = columns.find(table, wanted, roles.SAMPLE)
    return None if one is None or one in pair else (one, one)
