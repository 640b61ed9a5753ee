"""Principal components of columns of cells."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from cellgraph.errors import ParameterError
from cellgraph.model import Report
from cellgraph.phenotypes.parts import Map, OnSpark, spread
from cellgraph.phenotypes.result import Result, null_if_nan
from cellgraph.phenotypes.scaling import Scale, Scaled, ScaledBlock, scale_columns
from cellgraph.phenotypes.selection import read_columns
from cellgraph.phenotypes.writing import further_components, refuse_existing, remove_further, write
from cellgraph.queries.values import check
from cellgraph.stores import open_store

Array = np.ndarray[Any, Any]

SHOWN = 5000
"""Maximum number of cells in the picture."""


def pca(
    columns: str | Sequence[str],
    db: str | os.PathLike[str] | None = None,
    *,
    where: str | None = None,
    sample: str | None = None,
    scale: Scale = "robust",
    components: int | None = None,
    write_as: str | None = None,
    replace: bool = False,
    report: Report | None = None,
    spark: OnSpark | None = None,
) -> Result:
    """Find the principal components of columns of cells.

    They are the eigenvectors of the covariance matrix (n - 1) of the scaled columns.  It is accumulated block by block,
    so memory holds one block of cells.  The sign of each component makes its largest loading positive.

    Parameters
    ----------
    columns, db, where, sample
        As in `variation`; two columns or more.
    scale : {'robust', 'standard', 'none'}
        ``robust`` uses median and interquartile range, ``standard`` mean and standard deviation.
    components : int, optional
        Number of components; None is all.
    write_as : str, optional
        Write the scores as properties of the cells, with this name followed by 1, 2, …
    replace : bool
        Whether to replace properties of these names that were written before.
    report : callable, optional
        As in `cellgraph.load`.
    spark : OnSpark, optional
        Compute the covariance on Spark.

    Returns
    -------
    Result
        One row per component: component, explained (variance), explained_ratio, cumulative_ratio, between (the share
        of its variance between samples), and the loading of each column, as a unit vector.

    Raises
    ------
    ParameterError
        If a column is constant, text or has no numbers, or fewer than two cells have all columns.
    ExistsError
        If cells already have such properties.
    """
    import pyarrow as pa

    if components is not None:
        check(components, "int", of="components", minimum=1)
    if write_as is not None and not write_as.strip():
        raise ParameterError(
            "the scores need the beginning of a name, such as pc, not empty text (--write, write_as=)."
        )
    with open_store(db, read_only=write_as is None) as store:
        read = read_columns(store, columns, where=where, sample=sample)
        if len(read.names) < 2:
            raise ParameterError(f"principal components need at least two columns, got one: {read.names[0]}.")
        most = min(components or len(read.names), len(read.names))
        if write_as is not None:
            refuse_existing(read, [f"{write_as}{number + 1}" for number in range(most)], replace)
            further = further_components(read, write_as, most)
            if further and not replace:
                refuse_existing(read, next(iter(further.values())), replace)
        scaled = scale_columns(read, scale, labels=write_as is not None)
        if len(scaled.names) < 2:
            raise ParameterError(
                f"principal components need at least two columns, and only {scaled.names[0]!r} has more than one value."
            )
        most = min(most, len(scaled.names))
        if scaled.cells < 2:
            raise ParameterError("principal components need at least two cells with a number in each column, got one.")
        with spread(scaled, spark) as over_cells:
            number, sums, products = _sums(over_cells, len(read.facts))
        total, count = sums.sum(axis=0), number.sum()
        mean = total / count
        covariance = (products - np.outer(total, mean)) / (count - 1)
        values, vectors = np.linalg.eigh(covariance)
        values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
        if values.sum() <= 0:
            raise ParameterError(
                "the columns have one value in all cells that have a number in each, so there are no components."
            )
        vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))])
        most = min(most, len(values))
        between = _between(number, sums, mean, vectors, values * (count - 1))
        if write_as is not None:
            _write(scaled, mean, vectors[:, :most], write_as, scale, replace, report)
        shown = scaled.some(SHOWN, 0)
    ratio = values / values.sum()
    columns_of: dict[str, Any] = {
        "component": np.arange(1, most + 1),
        "explained": values[:most],
        "explained_ratio": ratio[:most],
        "cumulative_ratio": np.cumsum(ratio)[:most],
        "between": pa.array([null_if_nan(value) for value in between[:most]], pa.float64()),
    }
    clash = set(columns_of)
    loadings = {f"{name}_" if name in clash else name: vectors[k, :most] for k, name in enumerate(scaled.names)}
    points = (shown.values - mean) @ vectors[:, :2]
    names = dict(enumerate(read.samples))

    def picture() -> Any:
        from cellgraph.phenotypes.pictures import scatter

        axes = [f"component {k + 1} ({100 * ratio[k]:.0f} %)" for k in range(2)]
        return scatter(points, shown.samples, names, (axes[0], axes[1]))

    notes = [*read.notes, f"{scaled.cells:,} cells; loadings are unit vectors, the largest of each positive."]
    return Result(pa.table({**columns_of, **loadings}), tuple(notes), picture)


def _sums(over_cells: Map, samples: int) -> tuple[Array, Array, Array]:
    """Return the number of cells and the column sums of each sample, and the sums of products over all samples."""
    parts = iter(over_cells(partial(_sums_of_block, samples)))
    number, sums, products = next(parts)
    for part in parts:
        number, sums, products = number + part[0], sums + part[1], products + part[2]
    return number, sums, products


def _sums_of_block(samples: int, block: ScaledBlock) -> tuple[Array, Array, Array]:
    sums = [np.bincount(block.samples, column, minlength=samples) for column in block.values.T]
    return np.bincount(block.samples, minlength=samples), np.stack(sums, axis=1), block.values.T @ block.values


def _between(number: Array, sums: Array, mean: Array, vectors: Array, squares: Array) -> Array:
    """Return the share of the sum of squares of each component between samples; NaN if there is only one sample."""
    there = number > 0
    if there.sum() < 2:
        return np.full(len(squares), np.nan)
    scores = (sums[there] / number[there, None] - mean) @ vectors
    own = (number[there, None] * scores**2).sum(axis=0)
    found: Array = np.divide(own, squares, out=np.full(len(squares), np.nan), where=squares > 1e-12 * squares.max())
    return found


def _write(
    scaled: Scaled, mean: Array, vectors: Array, prefix: str, scale: Scale, replace: bool, report: Report | None
) -> None:
    parts = [(block.samples, block.labels, (block.values - mean) @ vectors) for block in scaled.blocks()]
    samples, labels, scores = (np.concatenate([part[k] for part in parts]) for k in range(3))
    made_from = {"metric": "pca", "parameters": {"columns": scaled.names, "scale": scale}}
    values = {f"{prefix}{k + 1}": scores[:, k] for k in range(scores.shape[1])}
    write(scaled.read, samples, labels, values, made_from, replace=replace, report=report)
    remove_further(scaled.read, prefix, scores.shape[1])
