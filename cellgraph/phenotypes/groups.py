"""Groups of cells with similar phenotypes: k-means, and clustering by density."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from cellgraph.errors import MissingExtraError, ParameterError
from cellgraph.model import Report
from cellgraph.phenotypes.parts import Map, OnSpark, spread
from cellgraph.phenotypes.profiles import NOISE, rows_of_groups
from cellgraph.phenotypes.result import Result
from cellgraph.phenotypes.scaling import Scale, Scaled, ScaledBlock, scale_columns
from cellgraph.phenotypes.selection import read_columns
from cellgraph.phenotypes.writing import refuse_existing
from cellgraph.queries.values import check
from cellgraph.stores import Store, open_store

Array = np.ndarray[Any, Any]

MOST_GROUPS = 1000
STARTS = 10
"""Initialisations of k-means (k-means++), of which the best is used."""

SOME = 100_000
"""Number of random cells on which k-means is initialised."""

FEWER = 20_000
"""Number of random cells on which numbers of groups are compared."""

MOST_DENSE = 100_000
"""Maximum number of cells that can be grouped by density."""

_SILHOUETTE = 5_000
_HALVES = 5
_PASSES = 100
_STAYS = 1e-3  # in units of the spread
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
    spark: OnSpark | None = None,
) -> Result:
    """Group cells with similar columns by k-means, over the cells of all samples together.

    Parameters
    ----------
    columns, db, where, sample
        As in `variation`.
    k : int or str
        The number of groups, or a range such as ``2..8``.  From a range, the number with the largest product of
        silhouette (Rousseeuw 1987) and stability (mean adjusted Rand index of the groups from five random halves of
        the cells) is chosen.
    scale
        As in `pca`.
    seed : int
        The same seed gives the same groups.
    write_as : str, optional
        Write the group number of each cell as this property.
    replace, report
        As in `pca`.
    spark : OnSpark, optional
        Find the groups on Spark, from the same initial centres.

    Returns
    -------
    Result
        One row per group, the largest first: cluster (1, 2, …), cells, share, profile (in words), between (the share
        of the variance of group membership between samples), found (within or between samples), and the mean of each
        column.

    Raises
    ------
    ParameterError
        If there are more groups than cells, or as in `pca`.
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
                f"cannot make {most:,} groups: only {different:,} {alike} have a number in each column; ask for fewer "
                "(--k, k=)."
            )
        notes = scaled.read.notes
        chosen = least if least == most else _choose(some.values, least, most, seed, notes, report)
        centres = _begin(some.values, chosen, seed)
        if scaled.whole is not None and spark is None:
            found = _lloyd(scaled.whole.values, centres)
        else:
            with spread(scaled, spark) as over_cells:
                found = _lloyd_by_blocks(over_cells, centres)
        groups = _numbered(found)
        notes.append(f"k-means into {chosen} group{'' if chosen == 1 else 's'} of {scaled.cells:,} cells, seed {seed}.")
        made_from = {"k": chosen, "seed": seed}
        return rows_of_groups(scaled, groups, "kmeans", made_from, scale, write_as, replace, report)


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
    """Group cells by density with HDBSCAN (Campello, Moulavi and Sander 2013); cells in no group are in group 0.

    Parameters
    ----------
    columns, db, where, sample, scale, write_as, replace, report
        As in `kmeans`.
    min_cells : int, optional
        Minimum number of cells in a group; None is the larger of 5 and a hundredth of all cells.
    """
    _require_sklearn()
    if min_cells is not None:
        check(min_cells, "int", of="min_cells", minimum=2)
    with open_store(db, read_only=write_as is None) as store:
        scaled = _scaled(store, columns, where, sample, scale, write_as, replace)
        if scaled.cells > MOST_DENSE:
            raise ParameterError(
                f"groups by density can be found among at most {MOST_DENSE:,} cells, got {scaled.cells:,}; select "
                "fewer with --where or --sample, or use cluster kmeans."
            )
        least = min_cells or max(5, scaled.cells // 100)
        if least > scaled.cells:
            raise ParameterError(
                f"no group can have {least:,} cells, as there are {scaled.cells:,}; ask for fewer (--min-cells)."
            )
        from sklearn.cluster import HDBSCAN

        found = HDBSCAN(min_cluster_size=least, copy=True).fit_predict(scaled.some(MOST_DENSE, 0).values)
        groups = _numbered(found.astype(np.int64))
        notes = scaled.read.notes
        noise = int((groups == NOISE).sum())
        notes.append(f"groups of {least:,} cells or more; {noise:,} of {scaled.cells:,} cells are in none (group 0).")
        return rows_of_groups(scaled, groups, "density", {"min_cells": least}, scale, write_as, replace, report)


def _range_of(k: int | str) -> tuple[int, int]:
    found = _RANGE.fullmatch(k.strip()) if isinstance(k, str) else None
    if found:
        least, most = int(found[1]), int(found[2] or found[1])
    elif isinstance(k, str):
        raise ParameterError(f"k must be a number of groups, or a range such as 2..8, not {k!r}.")
    else:
        least = most = int(check(k, "int", of="k"))  # type: ignore[arg-type]
    if not 1 <= least <= most <= MOST_GROUPS:
        raise ParameterError(
            f"k must be from 1 to {MOST_GROUPS:,}, and a range from the smaller to the larger, not {k}."
        )
    if least < most and least < 2:
        raise ParameterError("a range of k must start at 2 or more: one group cannot be compared with others.")
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
    """Return the k-means centres of some cells."""
    from sklearn.cluster import KMeans

    centres: Array = KMeans(k, n_init=STARTS, random_state=seed).fit(values).cluster_centers_
    return centres


def _lloyd(values: Array, centres: Array) -> Array:
    """Iterate from given centres over all cells until convergence; return the group of each cell."""
    from sklearn.cluster import KMeans

    labels: Array = KMeans(len(centres), init=centres, n_init=1, max_iter=_PASSES).fit(values).labels_
    return labels.astype(np.int64)


def _lloyd_by_blocks(over_cells: Map, centres: Array) -> Array:
    """Do the same with cells that do not fit in memory, or that are on other machines."""
    for _ in range(_PASSES):
        sums, number = np.zeros_like(centres), np.zeros(len(centres))
        for more, cells in over_cells(partial(_sums_of_groups, centres)):
            sums, number = sums + more, number + cells
        moved = np.where(number[:, None] > 0, sums / np.maximum(number, 1)[:, None], centres)
        if np.abs(moved - centres).max() <= _STAYS:
            break
        centres = moved
    return np.concatenate(list(over_cells(partial(_nearest, centres))))


def _nearest(centres: Array, block: ScaledBlock) -> Array:
    """Return the number of the nearest centre of each cell."""
    from sklearn.metrics import pairwise_distances_argmin

    found: Array = pairwise_distances_argmin(block.values, centres)
    return found


def _sums_of_groups(centres: Array, block: ScaledBlock) -> tuple[Array, Array]:
    """Return the column sums and the number of the cells that are nearest to each centre."""
    nearest, k = _nearest(centres, block), len(centres)
    sums = [np.bincount(nearest, column, minlength=k) for column in block.values.T]
    return np.stack(sums, axis=1), np.bincount(nearest, minlength=k)


def _numbered(found: Array) -> Array:
    """Return groups numbered from 1, the largest first; -1 becomes 0."""
    sizes = np.bincount(found[found >= 0])
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(sizes) + 1, np.int64)
    rank[order] = np.arange(1, len(sizes) + 1)
    rank[-1] = NOISE  # where -1 points to
    numbers: Array = rank[found]
    return numbers


def _choose(values: Array, least: int, most: int, seed: int, notes: list[str], report: Report | None) -> int:
    """Return the number of groups with the best product of silhouette and stability; note both for every number."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, silhouette_score

    random = np.random.default_rng(seed)
    if len(values) > FEWER:
        values = values[random.choice(len(values), FEWER, replace=False)]
    few = random.choice(len(values), min(_SILHOUETTE, len(values)), replace=False)
    scores: dict[int, tuple[float, float]] = {}
    for k in range(least, min(most, len(few) - 1) + 1):
        if report is not None:
            report("numbers of groups", k - least, most - least + 1)
        own = KMeans(k, n_init=STARTS, random_state=seed).fit(values)
        apart = len(np.unique(own.labels_[few])) > 1
        silhouette = float(silhouette_score(values[few], own.labels_[few])) if apart else 0.0
        found = []
        for half in range(_HALVES):
            part = random.choice(len(values), max(k, len(values) // 2), replace=False)
            if len(np.unique(values[part], axis=0)) < k:  # many cells are alike
                continue
            fitted = KMeans(k, n_init=3, random_state=(seed + half) % 2**32).fit(values[part])
            found.append(adjusted_rand_score(own.labels_, fitted.predict(values)))
        scores[k] = silhouette, float(np.mean(found)) if found else 0.0
    if report is not None:
        report("numbers of groups", most - least + 1, most - least + 1)
    if not scores:
        raise ParameterError(
            f"the number of groups must be less than the number of cells compared: at most {len(values) - 1:,}."
        )
    best = max(scores, key=lambda k: scores[k][0] * max(scores[k][1], 0.0))
    for k, (silhouette, stability) in scores.items():
        said = ", which is chosen" if k == best else ""
        notes.append(f"k = {k}: silhouette {silhouette:.3f}, stability {stability:.3f}{said}.")
    if scores[best][0] < 0.25:
        notes.append(
            "a silhouette below 0.25 means that the groups are poorly separated: they divide one cloud of cells."
        )
    return best
