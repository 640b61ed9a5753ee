"""Early answers from tables in memory, for tests of what is the same for databases and volumes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from cellgraph.estimation.answer import Sampled
from cellgraph.estimation.columns import Catalogue, Reference
from cellgraph.estimation.expression import Expression, parse_expression
from cellgraph.estimation.filters import Filter, parse_filter
from cellgraph.estimation.intervals import Frame, Interval, exact, interval
from cellgraph.estimation.population import Pieces
from cellgraph.estimation.totals import Draw, Totals, add_up
from cellgraph.model import Column

RUNS = 400
HOLDS = range(int(0.92 * RUNS), int(0.98 * RUNS) + 1)
"""How many of so many 95 % intervals have to hold the truth."""


def catalogue_of(cells: pa.Table) -> Catalogue:
    """Return the columns of a table, as those of cells."""
    kinds = {pa.float64(): "float", pa.int64(): "int", pa.bool_(): "bool", pa.string(): "str"}
    columns = {f.name: Column(f.name, kinds[f.type], "", "") for f in cells.schema}  # type: ignore[arg-type]
    return Catalogue(columns, {})


def asked(text: str, where: str | None, cells: pa.Table) -> tuple[Expression, Filter | None]:
    """Read an expression and a filter of the columns of a table."""
    catalogue = catalogue_of(cells)
    return parse_expression(text, catalogue), None if where is None else parse_filter(where, catalogue, "cells")


class TablePopulation:
    """The rows of a table as a `Population`, each a unit.

    Parameters
    ----------
    cells : pyarrow.Table
    seed : int
    piece_seconds : float
        How long each of ten pieces of a census takes.
    endless : bool
        Whether a census seems to take for ever, as soon as it has begun.
    at_once : bool
    """

    sampled: Sampled = "cells"
    length_unit = ("", 3)

    def __init__(
        self,
        cells: pa.Table,
        seed: int,
        *,
        first: int = 128,
        piece_seconds: float = 0.0,
        at_once: bool = False,
        endless: bool = False,
    ) -> None:
        self.cells, self.first, self.at_once = cells, first, at_once
        self.frame = Frame(cells.num_rows, float(cells.num_rows), single=True)
        self._order = np.random.default_rng(seed).permutation(cells.num_rows)
        self._piece_seconds = piece_seconds
        self._endless = endless

    def draw(self, count: int) -> Draw:
        rows, self._order = self._order[:count], self._order[count:]
        return Draw(np.ones(len(rows)), np.arange(len(rows)), self.cells.take(rows))

    def limits(self, column: Reference) -> tuple[float, float] | None:
        values = self.cells[column.name].drop_null().to_numpy()
        return float(values.min()), float(values.max())

    def census(self) -> Pieces:
        n = self.frame.units
        if self._endless:
            yield 1e-15, Draw.none()
        for piece in range(10):
            end = time.monotonic() + self._piece_seconds
            while time.monotonic() < end:
                pass
            first, last = n * piece // 10, n * (piece + 1) // 10
            yield (piece + 1) / 10, Draw.one(self.cells.slice(first, last - first))


def part(totals: Totals, units: np.ndarray) -> Totals:  # type: ignore[type-arg]
    """Return the totals of some units."""
    number = np.full(totals.units, -1)
    number[units] = np.arange(len(units))
    kept = number[totals.unit] >= 0
    return Totals(
        totals.sizes[units],
        totals.above[units],
        totals.below[units],
        totals.hits[units],
        totals.values[kept],
        number[totals.unit[kept]],
    )


def holds(found: Interval, truth: float) -> bool:
    """Tell whether an interval holds the truth; an end that is not known holds everything."""
    return (found.low is None or found.low <= truth) and (found.high is None or truth <= found.high)


def count_holding(expression: Expression, totals: Totals, frame: Frame, n: int, truth: float) -> int:
    """Draw n units `RUNS` times, each time with another seed, and count the 95 % intervals that hold the truth."""
    return sum(holds(interval(expression, part(totals, drawn), frame, 0.95), truth) for drawn in draws(totals.units, n))


def draws(units: int, n: int) -> Iterator[np.ndarray]:  # type: ignore[type-arg]
    """Yield `RUNS` draws of n units without replacement."""
    for seed in range(RUNS):
        yield np.random.default_rng(seed).choice(units, n, replace=False)


def truth_of(expression: Expression, where: Filter | None, rows: pa.Table) -> float:
    """Return the number itself."""
    return exact(expression, add_up(Draw.one(rows), expression, where))
