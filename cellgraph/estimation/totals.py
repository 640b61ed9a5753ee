"""The totals of a random sample: the sums over each unit that was drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError
from cellgraph.estimation.expression import Expression
from cellgraph.estimation.filters import Filter
from cellgraph.queries.text import needs_backticks

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Draw:
    """Units that were drawn, and what they hold.

    A unit is what is drawn at random: a cell of a database, with its row or with the contacts that begin at it; or a
    block of a volume, with the cells or contacts that begin in it.

    Attributes
    ----------
    sizes : numpy.ndarray of float64, shape (n,)
        Size of each unit: 1 for a cell, voxels for a block.
    unit : numpy.ndarray of int64, shape (m,)
        Unit number of each row.
    rows : pyarrow.Table
        m rows, with the columns that the expression and the filter name.
    """

    sizes: Array
    unit: Array
    rows: pa.Table

    @staticmethod
    def none() -> Draw:
        """Return a draw without units."""
        import pyarrow as pa

        return Draw(np.empty(0), np.empty(0, np.int64), pa.table({}))

    @staticmethod
    def one(rows: pa.Table, size: float = 1.0) -> Draw:
        """Return a draw of a single unit with these rows."""
        return Draw(np.array([float(size)]), np.zeros(rows.num_rows, np.int64), rows)


@dataclass(frozen=True)
class Totals:
    """Sums over each unit.

    Attributes
    ----------
    sizes, above, below : numpy.ndarray of float64, shape (n,)
        The size of the unit, and the two sums whose ratio over all units is the estimate: for a mean the values and
        their number, for a ratio the two columns, for a sum or a count the values (or 1 for each row) and the size.
    hits : numpy.ndarray of int64, shape (n,)
        Number of rows of the unit that pass the filter and have a value.
    values : numpy.ndarray of float64, shape (h,)
        The values themselves, for a quantile; else empty.
    unit : numpy.ndarray of int64, shape (h,)
        The unit of each value.
    missing : numpy.ndarray of int64, shape (n,)
        Number of rows of the unit that pass the filter but have no value, and so are left out.
    """

    sizes: Array
    above: Array
    below: Array
    hits: Array
    values: Array
    unit: Array
    missing: Array = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.sizes)

    @property
    def rows(self) -> int:
        """Number of cells or contacts in the estimate."""
        return int(self.hits.sum())

    @property
    def left_out(self) -> int:
        """Number of cells or contacts that pass the filter but have no value."""
        return int(self.missing.sum())


def join(parts: Iterable[Totals]) -> Totals:
    """Return the totals of all units of all parts."""
    parts = list(parts)
    first = np.cumsum([0, *(part.units for part in parts)])
    arrays: dict[str, Array] = {}
    for entry in fields(Totals):
        columns = [getattr(part, entry.name) for part in parts]
        if entry.name == "unit":
            columns = [column + shift for column, shift in zip(columns, first, strict=False)]
        arrays[entry.name] = np.concatenate([np.zeros(0), *columns]) if parts else np.zeros(0)
    arrays["hits"] = arrays["hits"].astype(np.int64)
    arrays["unit"] = arrays["unit"].astype(np.int64)
    return Totals(**arrays)


LARGEST = 1e100
"""Largest value whose squares add up without overflow; its inverse is the smallest whose squares do not underflow."""


def require_sums(top: float, name: str) -> None:
    """Raise `InputError` if the squares of values up to `top` of a column cannot be added."""
    if top > LARGEST:
        written = f"`{name}`" if needs_backticks(name) else name
        raise InputError(
            f"the column {name!r} has values beyond {LARGEST:g}, which cannot be squared; leave these cells out with "
            f"--where (where=), as {written} < {LARGEST:g}."
        )


def add_up(draw: Draw, expression: Expression, where: Filter | None) -> Totals:
    """Return the sums that an expression needs for each unit of a draw, over the rows that pass the filter.

    Rows without a finite number in a column of the expression are left out: those with null, as in Cypher and SQL, NaN
    or infinity.

    Raises
    ------
    InputError
        If values are too large for sums of squares.
    """
    if not len(draw.sizes):
        return join([])
    columns = [_numbers(draw.rows[column.name]) for column in expression.columns]
    kept = np.ones(draw.rows.num_rows, bool) if where is None else where(draw.rows)
    passing = kept
    for values in columns:
        kept = kept & np.isfinite(values)
    unit = draw.unit[kept]
    columns = [values[kept] for values in columns]
    n = len(draw.sizes)
    hits = np.bincount(unit, minlength=n)
    missing = np.bincount(draw.unit[passing & ~kept], minlength=n)
    empty, counts = np.zeros(0), hits.astype(np.float64)
    if expression.kind == "quantile":
        return Totals(draw.sizes, counts, counts, hits, columns[0], unit, missing)
    for column, values in zip(expression.columns, columns, strict=True):
        require_sums(float(np.abs(values).max(initial=0.0)), column.name)
    sums = [np.bincount(unit, weights=values, minlength=n) for values in columns]
    above = sums[0] if sums else counts
    below = {"mean": counts, "ratio": sums[-1] if sums else counts}.get(expression.kind, draw.sizes)
    return Totals(draw.sizes, above, below, hits, empty, empty.astype(np.int64), missing)


def _numbers(column: pa.ChunkedArray) -> Array:
    """Return a column as float64, NaN for null; true is 1."""
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
