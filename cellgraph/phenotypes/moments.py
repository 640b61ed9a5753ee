"""Counts, means and sums of squares of columns within each sample, accumulated block by block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Moments:
    """Moments of p columns in each of s groups (samples), merged exactly from parts (Chan, Golub and LeVeque 1979).

    Attributes
    ----------
    count : numpy.ndarray of float64, shape (s, p)
        Number of values that are not NaN.
    mean, squares : numpy.ndarray of float64, shape (s, p)
        Their mean, and the sum of the squares of their differences from it.
    low, high : numpy.ndarray of float64, shape (p,)
        Smallest and largest value; infinite if there is none.
    missing : numpy.ndarray of int64, shape (s, p)
        Number of values that are NaN.
    """

    def __init__(self, groups: int, columns: int) -> None:
        self.count, self.mean, self.squares = (np.zeros((groups, columns)) for _ in range(3))
        self.missing = np.zeros((groups, columns), np.int64)
        self.low, self.high = np.full(columns, np.inf), np.full(columns, -np.inf)

    def add(self, groups: Array, values: Array) -> None:
        """Add cells.

        Parameters
        ----------
        groups : numpy.ndarray of int64, shape (n,)
            Group number of each cell, ascending.
        values : numpy.ndarray of float64, shape (n, p)
            NaN where a cell has no number.
        """
        if not len(groups):
            return
        starts = np.r_[0, np.flatnonzero(np.diff(groups)) + 1]
        lengths = np.diff(np.r_[starts, len(groups)])
        rows = groups[starts]
        for place in range(values.shape[1]):
            column = values[:, place]
            known = ~np.isnan(column)
            count = np.add.reduceat(known.astype(np.float64), starts)
            filled = np.where(known, column, 0.0)
            mean = np.add.reduceat(filled, starts) / np.maximum(count, 1)
            low = np.minimum.reduceat(np.where(known, column, np.inf), starts)
            high = np.maximum.reduceat(np.where(known, column, -np.inf), starts)
            mean = np.where(low == high, low, mean)  # which a sum of 0.1 is not, exactly
            apart = np.where(known, column - np.repeat(mean, lengths), 0.0)
            squares = np.add.reduceat(apart * apart, starts)
            self.missing[rows, place] += (lengths - count).astype(np.int64)
            if known.any():
                self.low[place] = min(self.low[place], float(np.nanmin(column)))
                self.high[place] = max(self.high[place], float(np.nanmax(column)))
            before, total = self.count[rows, place], self.count[rows, place] + count
            step = mean - self.mean[rows, place]
            part = np.divide(count, total, out=np.zeros_like(count), where=total > 0)
            self.mean[rows, place] += step * part
            self.squares[rows, place] += squares + step * step * before * part
            self.count[rows, place] = total

    @property
    def sd(self) -> Array:
        """Standard deviations (n - 1), shape (s, p); NaN for fewer than two values."""
        enough = self.count > 1
        found: Array = np.sqrt(
            np.divide(self.squares, self.count - 1, out=np.full_like(self.squares, np.nan), where=enough)
        )
        return found


ODD = 100
"""Factor between the mean of a sample and that of the median sample from which on another unit is suspected."""


def other_units(moments: Moments, names: Sequence[str], samples: Sequence[str]) -> list[str]:
    """Return notes on columns that seem to be in another unit in some samples."""
    found = []
    for place, name in enumerate(names):
        there = np.flatnonzero(moments.count[:, place] > 0)
        means = np.abs(moments.mean[there, place])
        middle = float(np.median(means)) if len(there) > 2 else 0.0
        if middle <= 0:
            continue
        odd = there[(means >= ODD * middle) | ((means > 0) & (means * ODD <= middle))]
        if len(odd):
            shown = ", ".join(repr(samples[number]) for number in odd[:5]) + (", …" if len(odd) > 5 else "")
            found.append(
                f"{name}: the mean of {shown} differs from that of the median sample by a factor of {ODD} or more; if "
                "these samples use another unit, leave them out with --where or load them again."
            )
    return found


def intraclass(count: Array, mean: Array, squares: Array) -> float:
    """Return the intraclass correlation ICC(1) of a one-way random model; NaN where it is not defined.

    (MSB - MSW) / (MSB + (n0 - 1) MSW), with n0 the mean number of cells per sample, corrected for unequal numbers
    (Shrout and Fleiss 1979; Donner 1986).  It is below 0 if samples differ less than expected by chance.

    Parameters
    ----------
    count, mean, squares : numpy.ndarray of float64, shape (s,)
        Of one column, for the samples that have any value.
    """
    groups, cells = len(count), float(count.sum())
    if groups < 2 or cells <= groups:
        return float("nan")
    grand = float((count * mean).sum()) / cells
    between = float((count * (mean - grand) ** 2).sum()) / (groups - 1)
    within = float(squares.sum()) / (cells - groups)
    typical = (cells - float((count**2).sum()) / cells) / (groups - 1)
    below = between + (typical - 1) * within
    return (between - within) / below if below > 0 else float("nan")
