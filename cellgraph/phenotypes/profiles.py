"""Profiles of groups of cells: their numbers in each sample, their means, and a description in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.model import Report
from cellgraph.phenotypes.reading import CellColumns
from cellgraph.phenotypes.result import Result
from cellgraph.phenotypes.scaling import Scale, Scaled
from cellgraph.phenotypes.writing import write

Array = np.ndarray[Any, Any]

NOISE = 0
"""The number for cells in no group."""

_WORDS = 0.5
_SHOWN = 5_000


@dataclass(frozen=True)
class _Sums:
    """For each group: cells in each sample, shape (g, s), and means of the scaled columns, shape (g, p).

    ``middle`` and ``deviation`` are the mean and standard deviation of these columns over all cells, shape (p,).
    """

    cells: Array
    means: Array
    middle: Array
    deviation: Array


def _sum_up(scaled: Scaled, groups: Array, kinds: Array) -> _Sums:
    cells = np.zeros((len(kinds), len(scaled.read.facts)))
    sums, squares = np.zeros((len(kinds), len(scaled.names))), np.zeros(len(scaled.names))
    first = 0
    for block in scaled.blocks():
        own = np.searchsorted(kinds, groups[first : first + len(block.samples)])
        first += len(block.samples)
        np.add.at(cells, (own, block.samples), 1)
        for place in range(sums.shape[1]):
            sums[:, place] += np.bincount(own, block.values[:, place], minlength=len(kinds))
        squares += (block.values * block.values).sum(axis=0)
    middle = sums.sum(axis=0) / cells.sum()
    deviation = np.sqrt(np.maximum(squares / cells.sum() - middle * middle, 0.0))
    return _Sums(cells, sums / cells.sum(axis=1)[:, None], middle, np.where(deviation > 0, deviation, 1.0))


def rows_of_groups(
    scaled: Scaled,
    groups: Array,
    metric: str,
    made_from: dict[str, Any],
    scale: Scale,
    write_as: str | None,
    replace: bool,
    report: Report | None,
) -> Result:
    """Return the rows about groups, as in `kmeans`; write the groups first if `write_as` is given.

    Parameters
    ----------
    scaled : Scaled
    groups : numpy.ndarray of int64, shape (n,)
        Of each cell; `NOISE` for a cell in no group.
    metric, made_from
        Stored as the provenance of the groups.
    scale, write_as, replace, report
        As in `kmeans`.
    """
    import pyarrow as pa

    read: CellColumns = scaled.read
    kinds = np.unique(groups)
    sums = _sum_up(scaled, groups, kinds)
    number = sums.cells.sum(axis=1)
    between = between_samples(sums.cells)
    if write_as is not None:
        blocks = [(block.samples, block.labels) for block in scaled.blocks()]
        samples, labels = (np.concatenate([part[k] for part in blocks]) for k in range(2))
        of = {"metric": metric, "parameters": {"columns": scaled.names, "scale": scale, **made_from}}
        write(read, samples, labels, {write_as: groups}, of, replace=replace, report=report)
    means = sums.means * scaled.spread + scaled.centre
    apart = sums.means if scale == "robust" else (sums.means - sums.middle) / sums.deviation
    rows = {
        "cluster": kinds,
        "cells": number.astype(np.int64),
        "share": number / number.sum(),
        "profile": [
            "in no group" if kind == NOISE else profile_of(apart[k], scaled.names) for k, kind in enumerate(kinds)
        ],
        "between": pa.array(between, pa.float64(), from_pandas=True),
        "found": [None if np.isnan(b) else "between samples" if b >= 0.5 else "within samples" for b in between],
    }
    columns = {f"{name}_" if name in rows else name: means[:, place] for place, name in enumerate(scaled.names)}
    notes = read.notes
    if np.isfinite(between).any():
        variances = number / number.sum() * (1 - number / number.sum())
        overall = float(np.nansum(between * variances) / variances.sum()) if variances.sum() > 0 else 0.0
        notes.append(
            f"{100 * overall:.0f} % of the variance of group membership is between samples, {100 * (1 - overall):.0f} "
            "% within them."
        )
    shown = scaled.some(_SHOWN, 0)
    chosen = _chosen_groups(scaled, groups, _SHOWN)
    points, axes = _plane(shown.values, scaled.names)
    legend = {int(kind): "none" if kind == NOISE else f"cluster {kind}" for kind in kinds}

    def picture() -> Any:
        from cellgraph.phenotypes.pictures import scatter

        return scatter(points, chosen, legend, axes)

    return Result(pa.table({**rows, **columns}), tuple(notes), picture)


def _chosen_groups(scaled: Scaled, groups: Array, most: int) -> Array:
    """Return the groups of the cells that `Scaled.some` returns for the seed 0."""
    if scaled.cells <= most:
        return groups
    chosen: Array = groups[np.sort(np.random.default_rng(0).choice(scaled.cells, most, replace=False))]
    return chosen


def _plane(values: Array, names: Sequence[str]) -> tuple[Array, tuple[str, str]]:
    """Return the points to draw: two columns, or the first two components of more, and the names of the axes."""
    if values.shape[1] == 1:
        return np.repeat(values, 2, axis=1), (names[0], names[0])
    if values.shape[1] == 2:
        return values, (names[0], names[1])
    apart = values - values.mean(axis=0)
    vectors = np.linalg.eigh(apart.T @ apart)[1]
    return apart @ vectors[:, :-3:-1], ("component 1", "component 2")


def between_samples(cells: Array) -> Array:
    """Return the share of the variance of membership in each group that is between samples.

    It is 0 if the group has the same share of every sample, and 1 if each sample is in it entirely or not at all: the
    correlation ratio of membership and sample.

    Parameters
    ----------
    cells : numpy.ndarray of float64, shape (g, s)
        Numbers of cells.

    Returns
    -------
    numpy.ndarray of float64, shape (g,)
        NaN for fewer than two samples, and for a group that has all cells.
    """
    of_samples = cells.sum(axis=0)
    there = of_samples > 0
    total = of_samples.sum()
    share = cells.sum(axis=1) / total
    if there.sum() < 2:
        return np.full(len(cells), np.nan)
    shares = cells[:, there] / of_samples[there]
    apart = (of_samples[there] * (shares - share[:, None]) ** 2).sum(axis=1)
    below = total * share * (1 - share)
    found: Array = np.minimum(np.divide(apart, below, out=np.full(len(cells), np.nan), where=below > 0), 1.0)
    return found


def profile_of(means: Array, names: Sequence[str]) -> str:
    """Describe how a group differs from the centre: the columns whose mean is half a spread or more away."""
    order = [place for place in np.argsort(-np.abs(means), kind="stable") if abs(means[place]) >= _WORDS]
    said = [f"{'high' if means[place] > 0 else 'low'} {names[place]}" for place in order[:4]]
    return ", ".join(said) or "near the centre"
