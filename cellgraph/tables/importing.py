"""A network that someone already has, as tables of cells, relationships and samples, into a database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cellgraph.errors import ParameterError
from cellgraph.loading.parameters import require_calls, require_kind, require_path
from cellgraph.model import Report, check_sample_name
from cellgraph.tables.files import are_many, file_sets
from cellgraph.tables.many import load_files
from cellgraph.tables.reading import Columns, read_tables
from cellgraph.tables.tablefile import Source


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
    failed : tuple of str
        Of many files, those that were not loaded, and why, a sentence each.
    """

    samples: tuple[str, ...]
    cells: int
    relationships: int
    notes: tuple[str, ...]
    reading: str = ""
    failed: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return what was loaded, in sentences."""
        names = ", ".join(self.samples[:5]) + (", …" if len(self.samples) > 5 else "")
        some = "1 sample" if len(self.samples) == 1 else f"{len(self.samples):,} samples"
        if not self.samples:
            return "\n".join(self.notes)
        loaded = f"Loaded {self.cells:,} cells and {self.relationships:,} relationships of {some} ({names})."
        read = (f"read: {self.reading}",) if self.reading else ()
        return "\n".join((*self.notes, *read, loaded))


def load_tables(
    cells: Source | Sequence[Source] | None = None,
    network: Source | Sequence[Source] | None = None,
    samples: Source | None = None,
    *,
    db: str | os.PathLike[str] | None = None,
    sample: str | None = None,
    replace: bool = False,
    resume: bool = False,
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

    Without a network, cells are loaded without contacts.  Many files (a list of paths, or a pattern as ``scans/*.csv``)
    give one sample per file, named after it; files of cells and of relationships belong together by their names, as
    ``a_cells.csv`` and ``a_contacts.csv``.  A damaged file does not stop the rest: see `TablesReport.failed`.

    A property whose name the database uses itself (``id``, …) gets ``given_`` before it.

    Parameters
    ----------
    cells, network, samples : path or data frame
        The tables; `cells` or `network` has to be there.  Without `samples` the samples are the distinct values in the
        cells' sample column, or one sample.
    db : str or path, optional
        The database, as in `cellgraph.stores.open_store`.
    sample : str, optional
        Name of the sample, where the cells are of one; by default the name of the cells' file.
    replace : bool
        Whether samples of these names are replaced.
    resume : bool
        Whether to leave out those of many files that an earlier call has loaded.
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
    require_kind("bool", replace=replace, resume=resume, symmetric=symmetric, directed=directed)
    require_calls(report=report)
    if sample is not None:
        check_sample_name(sample)
    many = are_many(cells) or are_many(network)
    for name, table in (("cells", cells), ("network", network), ("samples", samples)):
        if not hasattr(table, "__arrow_c_stream__"):
            files = table if isinstance(table, list | tuple) and name != "samples" else [table]
            require_path(**{name if len(files) == 1 else f"{name}[{n}]": file for n, file in enumerate(files)})
    named = Columns(sample_column, cell_column, a_column, b_column, junctions_column)
    ways: dict[str, Any] = {"named": named, "symmetric": symmetric, "directed": directed}
    if many:
        if sample is not None or samples is not None:
            raise ParameterError(
                "many files give one sample per file, named after it, so --sample (sample=…) and --samples (samples=…) "
                "do not go with them; load these files one by one"
            )
        sets = file_sets(cells, network)
        with open_store(db, create=True) as store:
            done = load_files(store, sets, replace=replace, resume=resume, report=report, **ways)
        told = tuple(map(tuple, (done.samples, done.notes, done.failed)))
        return TablesReport(told[0], done.cells, done.contacts, told[1], "; ".join(done.readings), told[2])
    if resume:
        raise ParameterError("--resume (resume=True) is for many files; one network is loaded whole or not at all")
    read = read_tables(cells, network, samples, sample=sample, **ways)
    made = read.network
    with open_store(db, create=True) as store:
        store.write(made, replace=replace, report=report)
    names = tuple(entry.name for entry in made.samples)
    return TablesReport(names, made.cells.num_rows, made.contacts.num_rows, read.notes, read.reading)
