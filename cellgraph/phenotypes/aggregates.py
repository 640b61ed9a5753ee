"""Moments of columns within samples, aggregated by the database where possible, in an eighth of the time."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellgraph.errors import StoreError
from cellgraph.estimation.totals import LARGEST
from cellgraph.phenotypes.moments import Moments
from cellgraph.phenotypes.reading import CellColumns
from cellgraph.queries.text import quoted

FEW = 200_000
"""Number of cells up to which they are read instead."""

_MOST_RANGES = 20
_FIRST = 10_000
_OWN = ("sample", "label")


def moments_of(read: CellColumns) -> Moments:
    """Return the moments of all columns within each sample, over the cells that meet the condition."""
    found = _by_database(read) if read.total > FEW else None
    if found is None:
        found = Moments(len(read.facts), len(read.names))
        for block in read.blocks():
            found.add(block.samples, block.numbers(read.names))
    return found


def _by_database(read: CellColumns) -> Moments | None:
    """Aggregate in the database; None if a column is computed or has values that are not finite numbers.

    A number near the mean is subtracted from all values, so that squares lose no digits.
    """
    ranges = list(read.spans())
    if len(ranges) > _MOST_RANGES or not _is_stored(read):
        return None
    first = ranges[0][0]
    shifts = _averages(read, first, min(first + _FIRST, ranges[0][1]))
    condition, values = ("", {}) if read.where is None else read.where.cypher("c")
    values = {**values, **{f"shift_{place}": shift for place, shift in enumerate(shifts)}}
    returned = ["c.sample AS sample", "count(*) AS cells"]
    for place, name in enumerate(read.names):
        x = f"c.{quoted(name)}"
        apart = f"({x} - $shift_{place})"
        returned += [f"count({x}) AS n{place}", f"sum({apart}) AS s{place}", f"sum({apart} * {apart}) AS q{place}"]
        returned += [f"min({x}) AS low{place}", f"max({x}) AS high{place}"]
    moments = Moments(len(read.facts), len(read.names))
    number_of = {name: number for number, name in enumerate(read.samples)}
    cells = 0
    for begin, end in ranges:
        rows = read.store.run(
            f"MATCH (c:Cell) WHERE c.id >= {begin} AND c.id < {end}{f' AND {condition}' if condition else ''} "
            f"RETURN {', '.join(returned)}",
            values,
            name="phenotypes",
        ).to_pylist()
        for row in rows:
            cells += row["cells"]
            for place, shift in enumerate(shifts):
                if not _put(moments, number_of[row["sample"]], place, row, shift):
                    return None
    if read.where is None and cells != read.total:
        raise StoreError("samples of the database changed while their cells were read; run the command again.")
    return moments


def _put(moments: Moments, number: int, place: int, row: dict[str, Any], shift: float) -> bool:
    """Store the sums from the database for a column of a sample; return False if they are not all finite."""
    n = row[f"n{place}"]
    moments.count[number, place] = n
    moments.missing[number, place] = row["cells"] - n
    if not n:
        return True
    apart, squares = float(row[f"s{place}"]), float(row[f"q{place}"])
    low, high = float(row[f"low{place}"]), float(row[f"high{place}"])
    top = max(abs(low), abs(high))
    if not (np.isfinite([apart, squares]).all() and (top == 0 or 1 / LARGEST <= top <= LARGEST)):
        return False
    moments.mean[number, place] = shift + apart / n
    moments.squares[number, place] = 0.0 if low == high else max(squares - apart * apart / n, 0.0)
    moments.low[place], moments.high[place] = min(moments.low[place], low), max(moments.high[place], high)
    return True


def _is_stored(read: CellColumns) -> bool:
    """Return whether all samples store all columns as numbers, and all columns of the condition."""
    looked_at = {column.name for column in read.where.columns} - set(_OWN) if read.where else set()
    for fact in read.facts:
        there = {column.name: column.type for column in fact.of_cells}
        if any(there.get(name) not in ("int", "float") for name in read.names) or not looked_at <= set(there):
            return False
    return True


def _averages(read: CellColumns, first: int, stop: int) -> list[float]:
    asked = ", ".join(f"avg(c.{quoted(name)}) AS p{place}" for place, name in enumerate(read.names))
    row = read.store.run(
        f"MATCH (c:Cell) WHERE c.id >= {first} AND c.id < {stop} RETURN {asked}", name="phenotypes"
    ).to_pylist()[0]
    found = [row[f"p{place}"] for place in range(len(read.names))]
    return [float(value) if value is not None and np.isfinite(value) else 0.0 for value in found]
