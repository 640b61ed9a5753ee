"""Load an existing network, given as tables of cells, relationships and samples, into a database."""

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
        Number loaded.
    notes : tuple of str
        What was assumed, in sentences.
    reading : str
        Which columns hold what.
    failed : tuple of str
        When loading many files, those that were not loaded and why, one sentence each.
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

    Tables are CSV (optionally compressed with gzip, bzip2 or xz) or Parquet files, or data frames.  Without a cell
    table, the cells are those named in the network.  Columns are recognised by name, ignoring case:

    - cells: the sample of the cell (``sample``, ``animal``, ``library_id``, …), its id (``cell``, ``cell_id``,
      ``label``, ``bodyId``, ``id``, …; without one, cells are numbered by row, from 1; text ids become the property
      ``name``, and cells are numbered), and any properties;
    - network: the two cells (``id1,id2``, ``cell_a,cell_b``, ``source,target``, ``bodyId_pre,bodyId_post``, …),
      the junctions (``junctions``, ``weight``, ``count``, ``n``; 1 each without one; rows with 0 are left out, with a
      note), and any properties.  If cell ids
      are unique in the whole cell table, relationships may join cells of different samples; if they are unique only
      within each sample, the network also needs one column with the sample, or two (``sample_a,sample_b``);
    - samples: the id that the cells refer to (``id``, ``sample``, ``animal``, …), a ``name``, and any properties.
      Without a name, the id is the name.  Samples without cells are kept.

    Without a network, cells are loaded without contacts.  Many files (a list of paths, or a pattern such as
    ``scans/*.csv``) give one sample per file, named after it; files of cells and of relationships are matched by name,
    such as ``a_cells.csv`` and ``a_contacts.csv``.  A damaged file does not stop the rest: see `TablesReport.failed`.

    A property with a name that the database reserves (``id``, …) gets the prefix ``given_``.

    Parameters
    ----------
    cells, network, samples : path or data frame
        The tables; `cells` or `network` is required.  Without `samples`, the samples are the distinct values in the
        cells' sample column, or a single sample.
    db : str or path, optional
        The database, as in `cellgraph.stores.open_store`.
    sample : str, optional
        Name of the sample, if all cells belong to one; by default the name of the cell file.
    replace : bool
        Whether to replace samples of these names.
    resume : bool
        When loading many files, whether to skip those that an earlier call loaded.
    symmetric : bool
        Whether the network lists each pair of cells in both directions; each pair then counts once.
    directed : bool
        Whether relationships have a direction, from the first cell to the second.  The sample gets the property
        ``directed``, and the query ``contacts`` shows ``source`` and ``target``.
    sample_column, cell_column, a_column, b_column, junctions_column : str, optional
        Names of columns; ``none`` if there is no such column, even if a name matches.
    report : callable, optional
        Called to report progress: what is being written, how many are done, and the total.

    Raises
    ------
    NotFoundError
        If a file does not exist.
    FormatError
        If a file is empty, damaged, or neither CSV nor Parquet.
    ParameterError
        If a named column does not exist, there is no network, or both `symmetric` and `directed` are given.
    InputError
        If several columns may hold the same thing; each pair of cells is listed in both directions and neither
        `symmetric` nor `directed` is given; a cell occurs twice; a relationship joins an unknown cell; or a required
        value is missing or not a whole number; with the rows, counted from 1 after the header.
    ExistsError
        If a sample is already in the database and `replace` is false.
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
