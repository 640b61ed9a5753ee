"""Scale columns of cells, for components and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from cellgraph.errors import ParameterError, near
from cellgraph.machine import free_memory
from cellgraph.phenotypes.moments import Moments, other_units
from cellgraph.phenotypes.reading import CellColumns
from cellgraph.phenotypes.selection import say_angles
from cellgraph.statistics.network import left_out

Array = np.ndarray[Any, Any]

Made = TypeVar("Made")

Scale = Literal["robust", "standard", "none"]

EXACT = 100_000_000
"""Maximum number of values (cells times columns) held in double precision; more are held in single precision."""

PART = 1_000_000
"""Cells in a block of those held in memory."""

FAR = 20
"""Interquartile ranges from the median beyond which a cell is reported as an outlier."""

_SAID = {
    "robust": "columns are scaled robustly: median subtracted, divided by the interquartile range (--scale robust).",
    "standard": "columns are standardised: mean subtracted, divided by the standard deviation (--scale standard).",
    "none": "columns are not scaled, so columns with large numbers dominate (--scale none).",
}


@dataclass(frozen=True)
class ScaledBlock:
    """Cells that have a number in every column.

    Attributes
    ----------
    samples, labels : numpy.ndarray of int64, shape (n,)
        As in `Block`.
    values : numpy.ndarray of float64, shape (n, p)
        Scaled values.
    """

    samples: Array
    labels: Array
    values: Array


@dataclass
class Scaled:
    """Scaled columns.

    Attributes
    ----------
    read : CellColumns
    names : list of str
        Names of the p columns.
    centre, spread : numpy.ndarray of float64, shape (p,)
        Subtracted from the values, and then their divisor.
    cells : int
        Number of cells that have all columns.
    labels : bool
        Whether labels were requested.
    whole : ScaledBlock or None
        All cells, if they fit in memory; None if they are read again each time.
    """

    read: CellColumns
    names: list[str]
    centre: Array
    spread: Array
    cells: int
    labels: bool
    whole: ScaledBlock | None

    def blocks(self) -> Iterator[ScaledBlock]:
        """Yield the cells in double precision, a million at a time."""
        if self.whole is not None:
            for start in range(0, self.cells, PART):
                part = slice(start, start + PART)
                values = np.asarray(self.whole.values[part], np.float64)
                yield ScaledBlock(self.whole.samples[part], self.whole.labels[part], values)
            return
        for block in self.read.blocks(self.names, labels=self.labels):
            values = block.numbers(self.names)
            kept = _complete(values)
            labels = block.labels[kept] if self.labels else block.labels
            yield ScaledBlock(block.samples[kept], labels, (values[kept] - self.centre) / self.spread)

    def map(self, work: Callable[[ScaledBlock], Made]) -> Iterator[Made]:
        """Yield the result of a function for each block of cells, in order."""
        return map(work, self.blocks())

    def some(self, most: int, seed: int) -> ScaledBlock:
        """Return `most` random cells, or all if there are no more, in their order."""
        chosen = np.arange(self.cells)
        if self.cells > most:
            chosen = np.sort(np.random.default_rng(seed).choice(self.cells, most, replace=False))
        first, parts = 0, []
        for block in self.blocks():
            own = chosen[(chosen >= first) & (chosen < first + len(block.samples))] - first
            labels = block.labels[own] if len(block.labels) else block.labels
            parts.append(ScaledBlock(block.samples[own], labels, block.values[own]))
            first += len(block.samples)
        return ScaledBlock(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("samples", "labels", "values"))
        )


def scale_columns(read: CellColumns, scale: Scale, *, labels: bool) -> Scaled:
    """Scale columns, and note what is left out.

    Columns of a set are left out if they are constant or a sample has no numbers in them; named columns are not.

    Raises
    ------
    ParameterError
        If a named column is constant or has no numbers, or no cell has all columns.
    """
    if scale not in get_args(Scale):
        raise ParameterError(f"scale must be one of {', '.join(get_args(Scale))}, not {scale!r}.{near(scale, _SAID)}")
    moments = Moments(len(read.facts), len(read.names))
    size = read.total * len(read.names)
    kind = np.float64 if size <= EXACT else np.float32
    held = np.empty((read.total, len(read.names)), kind, "F") if holds(size * np.dtype(kind).itemsize) else None
    samples, label, filled = list[Array](), list[Array](), 0
    shift = np.zeros(len(read.names))  # so that single precision keeps the digits in which values differ
    for block in read.blocks(labels=labels):
        values = block.numbers(read.names)
        moments.add(block.samples, values)
        if held is not None:
            if not filled:
                shift = _near(values)
            held[filled : filled + len(values)] = values - shift
            filled += len(values)
            samples.append(block.samples)
            label.append(block.labels)
    places = _kept(read, moments)
    say_angles(read)
    read.notes.extend(other_units(moments, read.names, read.samples))
    names = [read.names[place] for place in places]
    for name, without in read.lacking(names).items():
        read.notes.append(f"{name}: {len(without):,} of {len(read.facts):,} samples do not have it and were left out.")
    if held is None:
        return _read_again(read, names, scale, labels)
    held, shift = held[:filled], shift[places]
    if len(places) < len(read.names):
        held = np.asfortranarray(held[:, places])
    whole = ScaledBlock(np.concatenate(samples), np.concatenate(label), held)
    kept = _complete(held)
    _tell(read, names, int(kept.sum()), len(kept), scale)
    if not kept.all():
        whole = ScaledBlock(whole.samples[kept], whole.labels[kept] if labels else whole.labels, held[kept])
    del held
    found = [_scale_of(whole.values[:, place], name, scale, read.notes) for place, name in enumerate(names)]
    centre, spread = (np.array(each) for each in zip(*found, strict=True))
    centre = np.zeros_like(centre) if scale == "none" else centre + shift
    farthest, far = np.zeros(len(names)), np.zeros(len(whole.samples), bool)
    for place in range(len(names)):
        column = (whole.values[:, place] - (centre[place] - shift[place])) / spread[place]
        whole.values[:, place] = column
        farthest[place] = np.abs(column).max()
        far |= np.abs(column) > FAR
    if scale == "robust" and far.any():
        read.notes.append(
            f"{far.sum():,} of {len(far):,} cells are more than {FAR} interquartile ranges from the median, farthest "
            f"in {names[int(farthest.argmax())]!r}; they dominate the result: leave them out with --where if they are "
            "not real cells."
        )
    return Scaled(read, names, centre, spread, len(whole.samples), labels, whole)


def _near(values: Array) -> Array:
    """Return a number near the values of each column."""
    known = ~np.isnan(values)
    found: Array = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return found


def holds(size: int) -> bool:
    """Return whether so many bytes fit in memory, with room for what is computed from them."""
    return size <= free_memory() // 3


def _complete(values: Array) -> Array:
    """Return which rows have a number in each column."""
    kept: Array = np.logical_and.reduce(np.isfinite(values), axis=1)
    return kept


def _kept(read: CellColumns, moments: Moments) -> list[int]:
    """Return which columns are kept."""
    cells = moments.count + moments.missing
    places, dropped = [], []
    for place, name in enumerate(read.names):
        none = (moments.count[:, place] == 0) & (cells[:, place] > 0)
        why = ""
        if not moments.count[:, place].any():
            why = "has no numbers among the selected cells"
        elif moments.low[place] == moments.high[place]:
            why = "has the same value in all cells"
        elif name in read.sets and none.any():
            why = f"has no numbers in the sample {read.facts[int(np.flatnonzero(none)[0])].name!r}"
        if not why:
            places.append(place)
        elif name in read.sets:
            dropped.append(f"{read.sets[name]}: {name} {why}, so it is left out.")
        else:
            raise ParameterError(f"the column {name!r} {why}; leave it out.")
    read.notes.extend(dropped)
    if not places:
        raise ParameterError(" ".join(dropped))
    return places


def _tell(read: CellColumns, names: Sequence[str], kept: int, asked: int, scale: Scale) -> None:
    if not kept:
        raise ParameterError(
            f"none of the selected cells has a number in each of {', '.join(names)}; name fewer columns."
        )
    if kept < asked:
        read.notes.append(left_out(asked - kept, "cell", "without a finite number in each column"))
    read.notes.append(_SAID[scale])


def _scale_of(values: Array, name: str, scale: Scale, notes: list[str]) -> tuple[float, float]:
    """Return the centre and the spread of a column."""
    if scale == "none":
        return 0.0, 1.0
    deviation = float(values.std())
    if values.min() == values.max() or not deviation > 0:
        raise ParameterError(
            f"the column {name!r} has the same value in all cells that have a number in each column; leave it out."
        )
    if scale == "standard":
        return float(values.mean()), deviation
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    if high > low:
        return float(middle), float(high - low)
    notes.append(f"{name}: at least half of the cells have the same value, so it is scaled by its standard deviation.")
    return float(middle), deviation


def _read_again(read: CellColumns, names: list[str], scale: Scale, labels: bool) -> Scaled:
    """Find the scale of cells that do not fit in memory, one column at a time."""
    masks: list[Array] = []
    for block in read.blocks(names):
        masks.append(_complete(block.numbers(names)))
    kept = sum(int(mask.sum()) for mask in masks)
    _tell(read, names, kept, sum(len(mask) for mask in masks), scale)
    found = []
    for name in names:
        parts = [block.numbers([name])[mask, 0] for block, mask in zip(read.blocks([name]), masks, strict=True)]
        found.append(_scale_of(np.concatenate(parts), name, scale, read.notes))
    centre, spread = (np.array(each) for each in zip(*found, strict=True))
    return Scaled(read, names, centre, spread, kept, labels, None)
