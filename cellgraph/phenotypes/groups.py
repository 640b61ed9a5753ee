"""Groups of cells with like phenotypes: k-means, and groups by density."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.errors import MissingExtraError, ParameterError
from cellgraph.model import Report
from cellgraph.phenotypes.reading import CellColumns, read_columns
from cellgraph.phenotypes.result import Result
from cellgraph.phenotypes.scaling import Scale, Scaled, scale_columns
from cellgraph.phenotypes.writing import refuse_existing, write
from cellgraph.queries.values import check
from cellgraph.stores import Store, open_store

Array = np.ndarray[Any, Any]

MOST_GROUPS = 1000
STARTS = 10
"""Beginnings of k-means (k-means++), of which the best counts."""

SOME = 100_000
"""Random cells on which k-means begins, and on which numbers of groups are compared."""

MOST_DENSE = 100_000
"""Cells up to which groups by density are found."""

NOISE = 0
"""The group of cells that are in none."""

_SILHOUETTE = 5_000
_HALVES = 5
_PASSES = 100
_WORDS = 0.5
_SHOWN = 5_000
_RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?")


def kmeans(
    columns: str | Sequence[str],
    k: int | str,
    db: str | os.PathLike[str] | None = None,
    *,
    where: str | None = None,
    sample: str | None = None,
    scale: Scale = "robust",
    seed: int = 0,
    write_as: str | None = None,
    replace: bool = False,
    report: Report | None = None,
) -> Result:
    """Group cells of like columns by k-means, the cells of all samples together.

    Parameters
    ----------
    columns, db, where, sample
        As for `variation`.
    k : int or str
        The number of groups, or a range as ``2..8``: of this the number is chosen that has the largest product of
        silhouette (Rousseeuw 1987) and stability (mean adjusted Rand index of the groups that five random halves of the
        cells give).
    scale
        As for `pca`.
    seed : int
        The same seed gives the same groups.
    write_as : str, optional
        Keep the number of its group as this property of each cell.
    replace, report
        As for `pca`.

    Returns
    -------
    Result
        A row a group, the largest first: cluster (1, 2, …), cells, share, profile (in words), between (part of the
        variance of who belongs to it that is between samples), found (within or between samples), and the mean of
        each column.

    Raises
    ------
    ParameterError
        If there are more groups than cells, or as `pca`.
    MissingExtraError
        If scikit-learn is not installed.
    """
    least, most = _range_of(k)
    check(seed, "int", of="seed", minimum=0, maximum=2**32 - 1)
    _require_sklearn()
    with open_store(db, read_only=write_as is None) as store:
        scaled = _scaled(store, columns, where, sample, scale, write_as, replace)
        some = scaled.some(SOME, seed)
        different = len(np.unique(some.values, axis=0))
        if most > different:
            alike = "cells" if different == scaled.cells else "different cells"
            raise ParameterError(
                f"there cannot be {most:,} groups: {different:,} {alike} have a number in each column; ask for fewer "
                "(--k, k=)."
            )
        notes = scaled.read.notes
        chosen = least if least == most else _choose(some.values, least, most, seed, notes)
        groups = _numbered(_lloyd(scaled, _begin(some.values, chosen, seed)), scaled)
        notes.append(f"k-means into {chosen} group{'' if chosen == 1 else 's'} of {scaled.cells:,} cells, seed {seed}.")
        made_from = {"k": chosen, "seed": seed}
        return _finish(scaled, groups, "kmeans", made_from, scale, write_as, replace, report)


def density(
    columns: str | Sequence[str],
    db: str | os.PathLike[str] | None = None,
    *,
    min_cells: int | None = None,
    where: str | None = None,
    sample: str | None = None,
    scale: Scale = "robust",
    write_as: str | None = None,
    replace: bool = False,
    report: Report | None = None,
) -> Result:
    """Group cells where they lie densely, by HDBSCAN (Campello, Moulavi and Sander 2013); the others are in group 0.

    Parameters
    ----------
    columns, db, where, sample, scale, write_as, replace, report
        As for `kmeans`.
    min_cells : int, optional
        Cells that a group has at least; None is the larger of 5 and a hundredth of all.
    """
    _require_sklearn()
    if min_cells is not None:
        check(min_cells, "int", of="min_cells", minimum=2)
    with open_store(db, read_only=write_as is None) as store:
        scaled = _scaled(store, columns, where, sample, scale, write_as, replace)
        if scaled.cells > MOST_DENSE:
            raise ParameterError(
                f"groups by density are found among up to {MOST_DENSE:,} cells, and here are {scaled.cells:,}; ask "
                "about fewer with --where or --sample, or use cluster kmeans."
            )
        least = min_cells or max(5, scaled.cells // 100)
        if least > scaled.cells:
            raise ParameterError(
                f"no group can have {least:,} cells, as there are {scaled.cells:,}; ask for fewer (--min-cells)."
            )
        from sklearn.cluster import HDBSCAN

        found = HDBSCAN(min_cluster_size=least, copy=True).fit_predict(scaled.some(MOST_DENSE, 0).values)
        groups = _numbered(found.astype(np.int64), scaled)
        notes = scaled.read.notes
        noise = int((groups == NOISE).sum())
        notes.append(f"groups of {least:,} cells or more; {noise:,} of {scaled.cells:,} cells are in none (group 0).")
        return _finish(scaled, groups, "density", {"min_cells": least}, scale, write_as, replace, report)


def _range_of(k: int | str) -> tuple[int, int]:
    found = _RANGE.fullmatch(k.strip()) if isinstance(k, str) else None
    if found:
        least, most = int(found[1]), int(found[2] or found[1])
    elif isinstance(k, str):
        raise ParameterError(f"k must be a number of groups, or a range as 2..8, not {k!r}.")
    else:
        least = most = int(check(k, "int", of="k"))  # type: ignore[arg-type]
    if not 1 <= least <= most <= MOST_GROUPS:
        raise ParameterError(
            f"k must be from 1 to {MOST_GROUPS:,}, and a range from the smaller to the larger, not {k}."
        )
    if least < most and least < 2:
        raise ParameterError("a range of k begins at 2 or more: one group cannot be compared with others.")
    return least, most


def _require_sklearn() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise MissingExtraError("grouping cells", "phenotypes", "scikit-learn") from None


def _scaled(
    store: Store,
    columns: str | Sequence[str],
    where: str | None,
    sample: str | None,
    scale: Scale,
    write_as: str | None,
    replace: bool,
) -> Scaled:
    read = read_columns(store, columns, where=where, sample=sample)
    if write_as is not None:
        refuse_existing(read, [write_as], replace)
    return scale_columns(read, scale, labels=write_as is not None)


def _begin(values: Array, k: int, seed: int) -> Array:
    """Return the centres that k-means finds on some cells."""
    from sklearn.cluster import KMeans

    centres: Array = KMeans(k, n_init=STARTS, random_state=seed).fit(values).cluster_centers_
    return centres


def _lloyd(scaled: Scaled, centres: Array) -> Array:
    """Go on from some centres until they stay, with all cells; return the group of each."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances_argmin

    if scaled.whole is not None:
        begun = KMeans(len(centres), init=centres, n_init=1, max_iter=_PASSES)
        labels: Array = begun.fit(scaled.whole.values).labels_
        return labels.astype(np.int64)
    k = len(centres)
    while True:
        sums, number, nearest = np.zeros_like(centres), np.zeros(k), []
        for block in scaled.blocks():
            own = pairwise_distances_argmin(block.values, centres)
            nearest.append(own)
            number += np.bincount(own, minlength=k)
            for place in range(sums.shape[1]):
                sums[:, place] += np.bincount(own, block.values[:, place], minlength=k)
        moved = np.where(number[:, None] > 0, sums / np.maximum(number, 1)[:, None], centres)
        if np.abs(moved - centres).max() <= 1e-3:  # thousandths of a spread
            return np.concatenate(nearest)
        centres = moved


def _numbered(found: Array, scaled: Scaled) -> Array:
    """Return groups numbered from 1, the largest first; -1 becomes 0."""
    sizes = np.bincount(found[found >= 0])
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(sizes) + 1, np.int64)
    rank[order] = np.arange(1, len(sizes) + 1)
    rank[-1] = NOISE  # where -1 points to
    numbers: Array = rank[found]
    return numbers


def _choose(values: Array, least: int, most: int, seed: int, notes: list[str]) -> int:
    """Return the number of groups with the best product of silhouette and stability, and tell those of all."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    random = np.random.default_rng(seed)
    few = random.choice(len(values), min(_SILHOUETTE, len(values)), replace=False)
    scores: dict[int, tuple[float, float]] = {}
    for k in range(least, min(most, len(few) - 1) + 1):
        own = KMeans(k, n_init=STARTS, random_state=seed).fit(values)
        apart = len(np.unique(own.labels_[few])) > 1
        silhouette = float(silhouette_score(values[few], own.labels_[few])) if apart else 0.0
        found = []
        for half in range(_HALVES):
            part = random.choice(len(values), max(k, len(values) // 2), replace=False)
            if len(np.unique(values[part], axis=0)) < k:  # many cells are alike
                continue
            fitted = KMeans(k, n_init=3, random_state=seed + half).fit(values[part])
            found.append(adjusted_rand_score(own.labels_, fitted.predict(values)))
        scores[k] = silhouette, float(np.mean(found)) if found else 0.0
    if not scores:
        raise ParameterError(f"numbers of groups are compared up to the cells less one: {len(values) - 1:,}.")
    best = max(scores, key=lambda k: scores[k][0] * max(scores[k][1], 0.0))
    for k, (silhouette, stability) in scores.items():
        said = ", which is chosen" if k == best else ""
        notes.append(f"k = {k}: silhouette {silhouette:.3f}, stability {stability:.3f}{said}.")
    if scores[best][0] < 0.25:
        notes.append(
            "a silhouette below 0.25 means that the groups hardly stand apart: they divide one cloud of cells."
        )
    return best


@dataclass(frozen=True)
class _Sums:
    """Of each group: cells in each sample, shape (g, s), and mean of the scaled columns, shape (g, p).

    ``middle`` and ``deviation`` are the mean and the standard deviation of these columns over all, shape (p,).
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


def _finish(
    scaled: Scaled,
    groups: Array,
    metric: str,
    made_from: dict[str, Any],
    scale: Scale,
    write_as: str | None,
    replace: bool,
    report: Report | None,
) -> Result:
    """Return the rows about groups, after they were written if they are to be."""
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
            f"{100 * overall:.0f} % of who belongs where is between samples, {100 * (1 - overall):.0f} % within them."
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
    """Return what is drawn: two columns, or the first two components of more."""
    if values.shape[1] == 1:
        return np.repeat(values, 2, axis=1), (names[0], names[0])
    if values.shape[1] == 2:
        return values, (names[0], names[1])
    apart = values - values.mean(axis=0)
    vectors = np.linalg.eigh(apart.T @ apart)[1]
    return apart @ vectors[:, :-3:-1], ("component 1", "component 2")


def between_samples(cells: Array) -> Array:
    """Return for each group the part of the variance of who belongs to it that is between samples.

    0 where it has the same share of every sample, 1 where each sample is in it whole or not at all: the correlation
    ratio of belonging and sample.

    Parameters
    ----------
    cells : numpy.ndarray of float64, shape (g, s)
        Numbers of cells.

    Returns
    -------
    numpy.ndarray of float64, shape (g,)
        NaN of fewer than two samples, and of a group that has all cells.
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
    found: Array = np.divide(apart, below, out=np.full(len(cells), np.nan), where=below > 0)
    return found


def profile_of(means: Array, names: Sequence[str]) -> str:
    """Return in words how a group differs from the centre: where its mean is half a spread or more away."""
    order = [place for place in np.argsort(-np.abs(means), kind="stable") if abs(means[place]) >= _WORDS]
    said = [f"{'high' if means[place] > 0 else 'low'} {names[place]}" for place in order[:4]]
    return ", ".join(said) or "near the centre"
