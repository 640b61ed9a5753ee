"""The samples of cell tables: from a sample table, or from the cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from cellgraph.errors import InputError, ParameterError, near
from cellgraph.model import Sample
from cellgraph.tables import columns, reserved, roles
from cellgraph.tables.cellkeys import as_texts, some
from cellgraph.tables.columns import properties
from cellgraph.tables.tablefile import TableFile

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class SampleKey:
    """A sample, and the text by which cells and relationships refer to it."""

    key: str
    sample: Sample

    def renamed(self, name: str) -> SampleKey:
        """Return the same sample under another name."""
        return replace(self, sample=replace(self.sample, name=name))

    def with_given(self, name: str) -> SampleKey:
        """Return the same sample with its key as a property, since it gets another name."""
        return replace(self, sample=replace(self.sample, extra={columns.GIVEN + name: self.key, **self.sample.extra}))

    def directed(self) -> SampleKey:
        """Return the same sample, marked as having directed relationships."""
        return replace(self, sample=replace(self.sample, extra={"directed": True, **self.sample.extra}))


def samples_of_cells(
    cells: TableFile, column: str | None, samples: TableFile | None, name: str | None, named: str | None
) -> tuple[list[SampleKey], Array]:
    """Return the samples, and for each cell the index of its sample.

    Parameters
    ----------
    cells : TableFile
        The cells.
    column : str or None
        Their column with the sample.
    samples : TableFile or None
        The samples.
    name : str or None
        Name of the sample, if there is only one.
    named : str or None
        The sample column named by the user.

    Raises
    ------
    InputError
        If a cell belongs to none of the samples, or does not say to which one.
    ParameterError
        If `name` is given for more than one sample.
    """
    keys = None if column is None else as_texts(cells, column)
    if samples is not None:
        found = _read_samples(samples, column, named, cells)
    elif keys is None:
        found = [_new(name or cells.stem or "tables", cells)]
    else:
        found = [_new(key, cells) for key in keys.unique().to_pylist()]
    if keys is None and len(found) != 1:
        raise InputError(
            f"{cells.name} needs a column that tells the sample of each cell, because there are {len(found)} samples, "
            f"but it has {', '.join(cells.columns)}; name it with --sample-column"
        )
    if name is not None and len(found) != 1:
        raise ParameterError(
            f"the name {name!r} is for one sample, but there are {len(found)}, as the column {column!r} of "
            f"{cells.name} tells; leave it out (--sample), or load a file of several samples by itself"
        )
    if keys is None:
        numbers = np.zeros(cells.table.num_rows, np.int64)
    else:
        numbers = _numbers(cells, column or "", found)
    if name is None:
        return found, numbers
    lost = samples is None and keys is not None and found[0].key != name
    return [(found[0].with_given("sample") if lost else found[0]).renamed(name)], numbers


def _numbers(cells: TableFile, column: str, samples: Sequence[SampleKey]) -> Array:
    """Return the sample index of each cell; cells may refer to a sample by id or by name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    by_key, by_name = [entry.key for entry in samples], [entry.sample.name for entry in samples]
    keys = as_texts(cells, column, known=[*by_key, *by_name])
    used = set(keys.unique().to_pylist())
    known = by_name if not used <= set(by_key) and used <= set(by_name) else by_key
    found = pc.index_in(keys, value_set=pa.array(known, pa.string()))
    if found.null_count:
        unknown = keys.filter(found.is_null()).unique().to_pylist()
        raise InputError(
            f"{len(unknown)} of the samples in the column {column!r} of {cells.name} are not in the table of samples: "
            f"{some(unknown)}; add them.{near(unknown[0], known)}"
        )
    numbers: Array = found.to_numpy().astype(np.int64)
    return numbers


def _read_samples(table: TableFile, cells_column: str | None, named: str | None, cells: TableFile) -> list[SampleKey]:
    """Return the samples of a table of samples."""
    if not table.table.num_rows:
        raise InputError(f"{table.name} has a header but no samples; leave it out, or fill it in")
    column = columns.called(table, named) or columns.called(table, cells_column) or _id_column(table)
    if column is None:
        raise InputError(
            f"{table.name} needs a column with the id of each sample, as id or {cells_column or 'sample'}, "
            f"but it has {', '.join(table.columns)}"
        )
    name_column = columns.find(table, None, roles.NAME) or column
    table = table.with_texts(column, name_column)
    keys, names = (_distinct(table, name) for name in (column, name_column))
    rest = properties(table, {column, name_column}, reserved.OF_SAMPLES).to_pylist() or [{}] * len(keys)
    return [_new(key, cells, name, row) for key, name, row in zip(keys, names, rest, strict=True)]


def _id_column(table: TableFile) -> str | None:
    """Return the column with the ids of samples: one with a common name, else ``id``, else the names."""
    plain = roles.Role("the id of each sample", roles.SAMPLE.option, ("id",))
    found = (columns.find(table, None, role) for role in (roles.SAMPLE, plain, roles.NAME))
    return next((column for column in found if column is not None), None)


def _distinct(table: TableFile, column: str) -> list[str]:
    values = as_texts(table, column)
    counts = values.value_counts()
    twice = counts.filter(counts.field("counts").to_numpy() > 1).field("values").to_pylist()
    if twice:
        raise InputError(
            f"the column {column!r} of {table.name} has {some(twice)} more than once; each sample has one row"
        )
    texts: list[str] = values.to_pylist()
    return texts


def _new(key: str, cells: TableFile, name: str | None = None, extra: dict[str, Any] | None = None) -> SampleKey:
    from cellgraph import __version__

    sample = Sample(
        name=key if name is None else name,
        source=cells.name if cells.stem else "",
        background=None,
        connectivity=0,
        version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        extra=extra or {},
    )
    return SampleKey(key, sample)
