"""A network that someone already has, as tables of cells, relationships and samples, into a database."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import InputError
from cellgraph.model import Network
from cellgraph.tables import columns
from cellgraph.tables.cellkeys import CellKeys, as_ids
from cellgraph.tables.samplekeys import SampleKey, samples_of_cells
from cellgraph.tables.tablefile import Source, TableFile, read_table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

Report = Callable[[str, int, int], None]

_CELL_NAMES = frozenset({"id", "sample", "label"})
_CONTACT_NAMES = frozenset({"id", "a", "b", "junctions"})


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
    """

    samples: tuple[str, ...]
    cells: int
    relationships: int
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return what was loaded, in sentences."""
        names = ", ".join(self.samples[:5]) + (", …" if len(self.samples) > 5 else "")
        some = "1 sample" if len(self.samples) == 1 else f"{len(self.samples):,} samples"
        loaded = f"Loaded {self.cells:,} cells and {self.relationships:,} relationships of {some} ({names})."
        return "\n".join((*self.notes, loaded))


def load_tables(
    cells: Source,
    network: Source,
    samples: Source | None = None,
    *,
    db: str | os.PathLike[str] | None = None,
    sample: str | None = None,
    replace: bool = False,
    sample_column: str | None = None,
    cell_column: str | None = None,
    a_column: str | None = None,
    b_column: str | None = None,
    junctions_column: str | None = None,
    report: Report | None = None,
) -> TablesReport:
    """Load a network from tables into a database; relationships are kept as given.

    Tables are CSV or Parquet files, or data frames.  Their columns are recognised by their names, in any case:

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
        The tables. Without `samples` the samples are the distinct values in the cells' sample column, or one sample.
    db : str or path, optional
        The database, as in `cellgraph.stores.open_store`.
    sample : str, optional
        Name of the sample, where the cells are of one; by default the name of the cells' file.
    replace : bool
        Whether samples of these names are replaced.
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
        If a named column does not exist.
    InputError
        If a cell is there twice, a relationship joins an unknown cell, or a value is missing or no whole number
        where one must be; with the rows, counted from 1 after the header.
    ExistsError
        If a sample is already in the database, and `replace` is false.
    """
    from cellgraph.stores import open_store

    named = Columns(sample_column, cell_column, a_column, b_column, junctions_column)
    made, notes = read_network(cells, network, samples, sample=sample, named=named)
    with open_store(db, create=True) as store:
        store.write(made, replace=replace, report=report)
    names = tuple(entry.name for entry in made.samples)
    return TablesReport(names, made.cells.num_rows, made.contacts.num_rows, notes)


def read_network(
    cells: Source,
    network: Source,
    samples: Source | None = None,
    *,
    sample: str | None = None,
    named: Columns | None = None,
) -> tuple[Network, tuple[str, ...]]:
    """Read tables as `load_tables` does, without a database.

    Returns
    -------
    network : Network
    notes : tuple of str
        What was taken for granted, in sentences.
    """
    named = named or Columns()
    table = read_table(cells, "cells")
    if not table.table.num_rows:
        raise InputError(f"{table.name} has a header but no cells; there is nothing to load")
    sample_column = columns.find(table, named.sample, columns.SAMPLE, "--sample-column")
    cell_column = columns.find(table, named.cell, columns.CELL, "--cell-column")
    given = None if samples is None else read_table(samples, "samples")
    entries, of_cell = samples_of_cells(table, sample_column, given, sample, named.sample)
    keys = CellKeys.build(table, cell_column, of_cell)
    contacts, notes = _contacts(network, keys, entries, named)
    if cell_column is None:
        notes.append(f"{table.name} has no column with ids: cells are numbered by their rows, from 1.")
    elif keys.texts is not None:
        notes.append(f"The ids in {cell_column!r} are text: each is the cell's name, and cells are numbered by rows.")
    order, position = keys.order()
    for number, end in enumerate(("a", "b")):
        contacts = contacts.set_column(number, end, [position[contacts[end].to_numpy()]])
    names = [entry.sample.name for entry in entries]
    made = _cell_table(table, keys, names, {sample_column, cell_column}).take(order)
    return Network(tuple(entry.sample for entry in entries), made, contacts), tuple(notes)


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
    source: Source, keys: CellKeys, entries: Sequence[SampleKey], named: Columns
) -> tuple[pa.Table, list[str]]:
    """Return the relationships as given, with row numbers of cells in the order of the file, and notes."""
    import pyarrow as pa

    table = read_table(source, "network")
    pair = columns.find_pair(table, named.a, named.b)
    if keys.texts is not None:
        table = read_table(source, "network", texts=pair)
    samples = _sample_columns(table, pair, named)
    a, b = keys.rows(table, pair, samples, [(entry.key, entry.sample.name) for entry in entries])
    column = columns.find(table, named.junctions, columns.JUNCTIONS, "--junctions-column")
    made = pa.table({"a": a, "b": b, "junctions": _junctions(table, column)})
    rest = columns.properties(table, {*pair, *(samples or ()), column}, _CONTACT_NAMES)
    for name in rest.column_names:
        made = made.append_column(name, rest[name])
    if column is None:
        return made, [f"{table.name} has no column with junctions: each relationship counts as 1."]
    return made, []


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


def _sample_columns(table: TableFile, pair: tuple[str, str], named: Columns) -> tuple[str, str] | None:
    """Return the columns with the samples of the two cells, which may be one and the same."""
    if named.sample is not None and named.sample.lower() == columns.NONE:
        return None
    two = columns.find_sample_pair(table)
    if two is not None:
        return two
    wanted = named.sample if named.sample in table.columns else None
    one = columns.find(table, wanted, columns.SAMPLE, "--sample-column")
    return None if one is None or one in pair else (one, one)
