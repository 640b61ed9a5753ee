"""A value for each cell of a sample, and the volume the sample was made from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, NotFoundError, ParameterError, near
from cellgraph.loading.ownvolume import as_loaded, not_its
from cellgraph.volumes.scan import Scan, Scannable, ScanOptions, scanned

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.database import Database

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class CellValues:
    """The values to show for the cells of a sample.

    Attributes
    ----------
    name : str
        Name of the column.
    labels : numpy.ndarray of int64, shape (n,)
        In ascending order.
    values : numpy.ndarray, shape (n,)
        float64 or int64; for strings and booleans, the number of the category.  Missing floats are NaN.
    categories : tuple of str
        The strings that the numbers stand for, in order, starting at 1; empty for numeric columns.
    """

    name: str
    labels: Array
    values: Array
    categories: tuple[str, ...] = ()

    def of(self, labels: Array, missing: float = 0) -> tuple[Array, Array]:
        """Return the value of each label, `missing` if it is not a cell, and which labels are cells."""
        if not len(self.labels):
            return np.full(labels.shape, missing), np.zeros(labels.shape, bool)
        place = np.minimum(np.searchsorted(self.labels, labels), len(self.labels) - 1)
        known = self.labels[place] == labels
        return np.where(known, self.values[place], missing), known


def cell_values(db: Database, sample: str, column: str) -> CellValues:
    """Return a column of cells of a sample.

    Raises
    ------
    ParameterError
        If cells have no such column, or it holds lists.
    """
    rows = db.query("cells", sample=sample)
    own = [name for name in rows.column_names if name not in ("sample", "cell")]
    if column in ("cell", "label"):
        return as_values("label", rows["cell"], rows["cell"])
    if column not in own:
        raise ParameterError(f"cells of the sample {sample!r} have no column {column!r}.{near(column, own)}")
    return as_values(column, rows["cell"], rows[column])


def as_values(name: str, cells: pa.ChunkedArray, column: pa.ChunkedArray) -> CellValues:
    """Return the values of a column, sorted by cell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    labels = cells.to_numpy()
    order = np.argsort(labels, kind="stable")
    categories: tuple[str, ...] = ()
    if pa.types.is_boolean(column.type):
        column, categories = pc.if_else(column, 2, 1), ("false", "true")
    elif pa.types.is_string(column.type) or pa.types.is_null(column.type):
        categories = tuple(sorted(column.cast(pa.string()).unique().drop_null().to_pylist()))
        column = pc.add(pc.index_in(column.cast(pa.string()), pa.array(categories, pa.string())), 1)
    elif not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise ParameterError(f"the column {name!r} holds {column.type}, but numbers, text or truth values are needed.")
    whole = pa.types.is_integer(column.type) and not column.null_count
    values = (
        column.to_numpy().astype(np.int64)
        if whole
        else column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    )
    return CellValues(name, labels[order], values[order], categories)


def sample_of(db: Database, name: str | None, volume: str | None = None) -> str:
    """Return the sample to use: the named one, the one with the name of the volume, or the only one.

    Raises
    ------
    NotFoundError
        If there is no sample of that name, or none at all.
    ParameterError
        If there are several and none is named.
    """
    names = db.query("samples")["sample"].to_pylist()
    if name is not None:
        if name not in names:
            raise NotFoundError(f"there is no sample {name!r} in the database.{near(name, names)}")
        return name
    if volume in names:
        return str(volume)
    if len(names) == 1:
        return str(names[0])
    if not names:
        raise NotFoundError("there is no sample in the database; load one with: cellgraph load IMAGE")
    listed = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
    raise ParameterError(f"the database holds {len(names)} samples ({listed}); name one with sample (--sample)")


@contextmanager
def its_volume(db: Database, volume: Scannable, sample: str | None, options: ScanOptions) -> Iterator[tuple[Scan, str]]:
    """Yield the scan of a volume, and the name of its sample; both have the same shape.

    Raises
    ------
    InputError
        If their shapes differ.
    """
    with scanned(volume, **options) as scan:
        name = sample_of(db, sample, scan.sample)
        row = db.query("samples", sample=name).to_pylist()[0]
        yield as_loaded(scan, row | {"name": name}), name


def unknown_label(scan: Scan, sample: str, label: int) -> InputError:
    """Return the error for a volume with a label that is not a cell of the sample."""
    return InputError(f"{not_its(scan.header.source, sample)}: its label {label} is not a cell of it.")
