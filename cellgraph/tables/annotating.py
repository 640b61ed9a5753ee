"""Write tables of properties, such as cell types and genotypes, to loaded cells and samples."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, NotFoundError, ParameterError, near
from cellgraph.loading.parameters import require_calls, require_kind, require_path
from cellgraph.model import Report
from cellgraph.queries.text import needs_backticks
from cellgraph.stores import Store, open_store
from cellgraph.stores.properties import Properties, written_of
from cellgraph.tables import columns, loadedcells, reserved, roles
from cellgraph.tables.cellkeys import as_texts, refuse_missing, some
from cellgraph.tables.tablefile import Source, TableFile, read_table

if TYPE_CHECKING:
    import pyarrow as pa


_ON = roles.Role("the cell", "--on", roles.CELL.names)


@dataclass(frozen=True)
class AnnotationReport:
    """What a call of `annotate` wrote.

    Attributes
    ----------
    samples : tuple of str
        Names of the samples that were annotated, directly or through their cells.
    cells : int
        Number of cells.
    properties : tuple of str
        Names of the properties.
    notes : tuple of str
        Sentences for the user.
    """

    samples: tuple[str, ...]
    cells: int
    properties: tuple[str, ...]
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return what was written, in sentences."""
        where = f"the sample {self.samples[0]!r}" if len(self.samples) == 1 else f"{len(self.samples):,} samples"
        what = f"{self.cells:,} cell{'' if self.cells == 1 else 's'} of {where}" if self.cells else where
        return "\n".join((*self.notes, f"annotated {what} with {', '.join(self.properties)}"))


def annotate(
    cells: Source | None = None,
    samples: Source | None = None,
    *,
    db: str | os.PathLike[str] | None = None,
    sample: str | None = None,
    on: str | None = None,
    replace: bool = False,
    report: Report | None = None,
) -> AnnotationReport:
    """Write properties from tables, such as cell types or genotypes, to loaded cells and samples.

    From then on they are columns like those of the load.  A sample that is replaced loses them.

    Parameters
    ----------
    cells : path or data frame, optional
        One row per cell: its label, or its name if cells have names; its sample, unless there is only one; and
        properties.  Cells without a row get none.
    samples : path or data frame, optional
        One row per sample: its name, and properties.
    db : str or path, optional
        The database, as in `cellgraph.open`.
    sample : str, optional
        The sample of all cells, if the table does not say and there are several.
    on : str, optional
        The column with the label or name of each cell; without `cells`, the column with the name of each sample.
    replace : bool
        Replace properties of these names that were written before; those of the load are never replaced.
    report : callable, optional
        Called to report progress: what is being written, how many are done, and the total.

    Raises
    ------
    ParameterError
        If there is no table, a named column does not exist, or the sample must be given.
    NotFoundError
        If a file, a sample or a cell does not exist; then nothing is written.
    ExistsError
        If a property already exists.
    InputError
        If a cell or sample occurs twice, or a property cannot be stored.

    Examples
    --------
    >>> cellgraph.annotate("types.csv", db="cellgraph.db")
    """
    require_kind("str", sample=sample, on=on)
    require_kind("bool", replace=replace)
    require_calls(report=report)
    if cells is None and samples is None:
        raise ParameterError("--cells or --samples (cells=…, samples=…) is needed: a table with properties")
    for name, table in (("cells", cells), ("samples", samples)):
        if not hasattr(table, "__arrow_c_stream__"):
            require_path(**{name: table})
    with open_store(db) as store:
        names = _samples_of(store)
        if sample is not None and sample not in names:
            raise NotFoundError(f"there is no sample {sample!r} in the database.{near(sample, names)}")
        of_cells: dict[str, pa.Table] = {}
        of_sample: dict[str, dict[str, Any]] = {}
        notes: list[str] = []
        sources: dict[str, str] = {}
        if cells is not None:
            given = read_table(cells, "cells")
            of_cells, more = _cells(store, given, names, sample, on)
            notes += [*given.notes, *more]
            sources |= {name: given.name for table in of_cells.values() for name in table.column_names}
        if samples is not None:
            given = read_table(samples, "samples")
            of_sample = _samples(given, names, sample, on if cells is None else None)
            notes += given.notes
            sources |= {name: given.name for row in of_sample.values() for name in row}
        sources.pop("label", None)
        made_from = {name: {"file": file} for name, file in sources.items()}
        every = [
            Properties(name, of_cells.get(name), of_sample.get(name, {}), made_from)
            for name in names
            if name in of_cells or name in of_sample
        ]
        store.write_properties(*every, replace=replace, report=report)
    quoted = [name for name in sources if needs_backticks(name)]
    if quoted:
        notes.append(f"in Cypher write {', '.join(f'c.`{name}`' for name in quoted)}: with backticks")
    count = sum(table.num_rows for table in of_cells.values())
    return AnnotationReport(tuple(given.sample for given in every), count, tuple(sources), tuple(notes))


def remove(
    names: Sequence[str], db: str | os.PathLike[str] | None = None, *, sample: str | None = None
) -> tuple[str, ...]:
    """Remove properties that were written after the load from one sample and its cells, or from all that have them.

    It does not matter what wrote them (annotations, metrics, groups of cells, distances).

    Returns
    -------
    tuple of str
        Names of the samples that had them.

    Raises
    ------
    NotFoundError
        If there is no such sample, or no sample has one of the properties; then nothing is removed.
    """
    with open_store(db) as store:
        written = {name: {**own["cells"], **own["sample"]} for name, own in written_of(store).items()}
        if sample is not None and sample not in written:
            raise NotFoundError(f"there is no sample {sample!r} in the database.{near(sample, written)}")
        of = {name: own for name, own in written.items() if sample in (None, name)}
        there = {name for own in of.values() for name in own}
        for name in names:
            if name not in there:
                raise NotFoundError(
                    f"no property {name!r} was written after the load, so none is removed.{near(name, there)}"
                )
        by_names: dict[tuple[str, ...], list[str]] = {}
        for holder, own in of.items():
            if held := tuple(name for name in names if name in own):
                by_names.setdefault(held, []).append(holder)
        for held, samples in by_names.items():
            store.remove_properties(held, samples)
    return tuple(sorted(name for samples in by_names.values() for name in samples))


def _samples_of(store: Store) -> list[str]:
    names = store.sample_names()
    if not names:
        raise NotFoundError(f"there is no sample in {store!r}; load one with: cellgraph load IMAGE")
    return names


def _cells(
    store: Store, table: TableFile, names: Sequence[str], sample: str | None, on: str | None
) -> tuple[dict[str, pa.Table], list[str]]:
    """Return the labels and properties of the cells in the table, by sample, and notes."""
    _require_rows(table, "cells")
    column = _cell_column(table, on)
    refuse_missing(table, column, table.table[column].combine_chunks())
    sample_column = columns.find(table, None, roles.SAMPLE)
    sample_column = None if sample_column == column else sample_column
    table = table.with_texts(sample_column)
    texts = table.with_texts(column)
    of_row = _sample_of_row(table, names, sample, sample_column)
    rest = columns.properties(table, {column, sample_column}, reserved.OF_CELLS)
    _require_properties(table, rest)
    made, notes = {}, columns.renamed(table, {column, sample_column}, reserved.OF_CELLS)
    for name in of_row.unique().to_pylist():
        import pyarrow.compute as pc

        rows = pc.equal(of_row, name)
        keys = loadedcells.Keys(name, table, texts, column, np.flatnonzero(rows.to_numpy(zero_copy_only=False)))
        labels = loadedcells.labels(store, keys, told=on is not None)
        made[name] = rest.filter(rows).add_column(0, "label", labels)
        total = store.run(
            "MATCH (s:Sample {status: 'complete'}) WHERE s.name = $name RETURN s.cells AS n", {"name": name}
        )
        without = total["n"][0].as_py() - len(labels)
        if without > 0:
            notes.append(f"{without:,} cells of the sample {name!r} have no row in {table.name} and stay without")
    return made, notes


def _require_rows(table: TableFile, what: str) -> None:
    if not table.table.num_rows:
        raise InputError(f"{table.name} has a header but no {what}; there is nothing to write")


def _require_properties(table: TableFile, rest: pa.Table) -> None:
    if not rest.num_columns:
        raise InputError(f"{table.name} has no properties to write, only {', '.join(table.columns)}; add a column")
    for name in rest.column_names:
        if rest[name].null_count == rest.num_rows:
            raise InputError(f"the column {name!r} of {table.name} has no value in any row; fill it in or leave it out")


def _cell_column(table: TableFile, on: str | None) -> str:
    column = columns.find(table, on, _ON) or columns.find(table, None, roles.NAME)
    if column is None:
        raise InputError(
            f"{table.name} needs a column with the label or name of each cell, as cell, label or name, but it has "
            f"{', '.join(table.columns)}; say which with --on"
        )
    return column


def _sample_of_row(table: TableFile, names: Sequence[str], sample: str | None, column: str | None) -> pa.Array:
    """Return the sample of each row, from the column that gives it, if there is one."""
    import pyarrow as pa

    if column is None:
        if sample is None and len(names) > 1:
            raise ParameterError(
                f"{table.name} has no column with the sample of each cell, and there are {len(names)} samples "
                f"({some(names)}); say whose cells they are with --sample NAME (sample=…)"
            )
        return pa.array([sample or names[0]] * table.table.num_rows, pa.string())
    of_row = as_texts(table, column, known=names)
    for name in of_row.unique().to_pylist():
        if sample is not None and name != sample:
            raise InputError(
                f"the column {column!r} of {table.name} has cells of the sample {name!r}, but --sample says {sample!r};"
                " leave --sample out, or these rows"
            )
        if name not in names:
            raise NotFoundError(
                f"the column {column!r} of {table.name} names the sample {name!r}, which is not in the database; "
                f"nothing was written.{near(name, names)}"
            )
    return of_row


def _samples(table: TableFile, names: Sequence[str], sample: str | None, on: str | None) -> dict[str, dict[str, Any]]:
    """Return the properties of each sample in a table."""
    _require_rows(table, "samples")
    plain = roles.Role("the name of each sample", "--on", ("id",))
    role = roles.Role("the name of each sample", "--on", roles.SAMPLE.names)
    column = columns.find(table, on, role) or columns.find(table, None, roles.NAME) or columns.find(table, None, plain)
    if column is None:
        raise InputError(
            f"{table.name} needs a column with the name of each sample, as sample or name, but it has "
            f"{', '.join(table.columns)}; say which with --on"
        )
    keys = as_texts(table.with_texts(column), column, known=names)
    loadedcells.refuse_twice(table, column, keys, "")
    rest = columns.properties(table, {column}, reserved.ANNOTATED)
    _require_properties(table, rest)
    made: dict[str, dict[str, Any]] = {}
    for key, row in zip(keys.to_pylist(), rest.to_pylist(), strict=True):
        if key not in names:
            raise NotFoundError(
                f"the column {column!r} of {table.name} names the sample {key!r}, which is not in the database; "
                f"nothing was written.{near(key, names)}"
            )
        if sample is None or key == sample:
            made[key] = _present(row)
    if not made:
        raise NotFoundError(f"{table.name} has no row for the sample {sample!r}, which --sample names")
    return made


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
