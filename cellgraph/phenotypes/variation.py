"""How much cells vary within samples and between samples."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, ParameterError, near
from cellgraph.phenotypes.aggregates import moments_of
from cellgraph.phenotypes.distributions import MOST_SAMPLES, cells_of_samples
from cellgraph.phenotypes.effects import variance
from cellgraph.phenotypes.moments import Moments, intraclass, other_units
from cellgraph.phenotypes.names import ANGLE
from cellgraph.phenotypes.result import Result, null_if_nan
from cellgraph.phenotypes.selection import read_columns, say_lacking
from cellgraph.queries.values import check
from cellgraph.statistics.network import left_out
from cellgraph.stores import open_store

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

LEVEL = 0.95
MOST_RESAMPLES = 100_000
FEW_BOOTSTRAPS = 100

_PART = 1000
_PERCENT_FROM = 3.0  # a standard deviation of three times the mean is rare
_PERCENT = ("within", "between", "ratio")
_INTERVALS = tuple(f"{name}_{end}" for name in _PERCENT for end in ("low", "high"))
_COLUMNS = (*_PERCENT, *_INTERVALS, "icc", "mean", "sd_within", "sd_between")


def variation(
    columns: str | Sequence[str],
    db: str | os.PathLike[str] | None = None,
    *,
    where: str | None = None,
    sample: str | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    angles: Collection[str] = (),
    plain: Collection[str] = (),
) -> Result:
    """Compare the variation of cells within samples with the variation between samples.

    ``within`` is the coefficient of variation (standard deviation, n - 1, over mean) within samples, averaged over
    samples.  ``between`` is the coefficient of variation (n - 1) of the sample means.  ``ratio`` is within over
    between.  All three are in percent, and samples count equally.

    Parameters
    ----------
    columns : str or sequence of str
        Numeric columns of cells, ``khop(k)``, or sets of columns such as ``shape``.
    db : str or path, optional
        The database, as in `cellgraph.open`.
    where : str, optional
        Only cells that meet this condition, such as ``not on_border``.
    sample : str, optional
        Name of one sample; None is all.
    bootstrap : int
        Number of times that samples are drawn with replacement for the 95 % intervals; 0 for none.
    seed : int
        Seed of the bootstrap.
    angles : collection of str
        Columns that are angles, besides those whose names end in theta, phi or angle.
    plain : collection of str
        Columns that are not angles, whatever their names.

    Returns
    -------
    Result
        One row per column: phenotype, within, between, ratio, the ends of their intervals, icc (intraclass
        correlation), mean (of the sample means), sd_within (mean over samples) and sd_between, both in the column's
        unit, and the numbers of samples and cells.

    Raises
    ------
    ParameterError
        If no column has a result, or one does not exist or holds text.
    """
    _check_bootstrap(bootstrap, seed)
    with open_store(db, read_only=True) as store:
        read = read_columns(store, columns, where=where, sample=sample)
        for given in (*angles, *plain):
            if given not in read.names:
                raise ParameterError(
                    f"the column {given!r} is declared, but not among the requested columns: {', '.join(read.names)}."
                )
        say_lacking(read)
        moments = moments_of(read)
    notes, why = [*read.notes, *other_units(moments, read.names, read.samples)], list[str]()
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(read.names):
        angle = name not in plain and (name in angles or bool(ANGLE.search(name)))
        rows.append(_row(name, moments, place, angle, bootstrap, seed, notes, why))
    if len(why) == len(rows):
        raise ParameterError(" ".join(why))
    if alone := [row["phenotype"] for row in rows if row["samples"] == 1]:
        notes.append(f"{', '.join(alone)}: between samples is not defined, as only one sample has numbers.")
    if bootstrap and len(read.facts) > 1:
        few = f"; {FEW_BOOTSTRAPS} or more are needed for that" if bootstrap < FEW_BOOTSTRAPS else ""
        many = "" if bootstrap == 1 else "s"
        notes.append(f"intervals are 95 %, from {bootstrap:,} bootstrap{many} of the samples, seed {seed}{few}.")
    samples, sd = read.samples, moments.sd
    means = np.where(moments.count > 0, moments.mean, np.nan)

    def picture() -> Any:
        from cellgraph.phenotypes.pictures import MOST_PANELS, means_of_samples, violins_of_samples

        if len(samples) > MOST_SAMPLES:
            return means_of_samples(read.names, samples, means, sd)
        shown = read.names[:MOST_PANELS]
        cells = cells_of_samples(columns, shown, db, where, sample)
        return violins_of_samples(shown, cells, dict(zip(samples, means, strict=True)), {"": samples})

    return Result(_table(rows), (*why, *notes), picture)


def condensed_variation(
    columns: str | Sequence[str], table: str | os.PathLike[str], *, bootstrap: int = 1000, seed: int = 0
) -> Result:
    """Do the same from a table with one row per sample: the mean X and the coefficient of variation X_CV.

    Parameters
    ----------
    columns : str or sequence of str
        Names of columns with means.  For each, a column of that name followed by ``_CV`` has the standard deviation
        over the mean, not in percent.
    table : path
        CSV or Parquet.
    bootstrap, seed
        As in `variation`.
    """
    from cellgraph.phenotypes.names import listed_items
    from cellgraph.statistics.network import as_floats
    from cellgraph.tables.tablefile import read_table

    _check_bootstrap(bootstrap, seed)
    names = listed_items(columns)
    file = read_table(Path(table), "samples")
    rows, notes, every = [], [f"read as means and coefficients of variation: {file.name}."], []
    for name in names:
        for wanted in (name, f"{name}_CV"):
            if wanted not in file.columns:
                raise ParameterError(
                    f"{file.name} has no column {wanted!r}; each column of means needs one of its name followed by "
                    f"_CV.{near(wanted, file.columns)}"
                )
        means, cvs = (as_floats(file.table[of].combine_chunks(), of) for of in (name, f"{name}_CV"))
        known = np.isfinite(means) & np.isfinite(cvs)
        if not known.any():
            raise InputError(f"the columns {name!r} and {name + '_CV'!r} of {file.name} have no numbers.")
        if (means[known] <= 0).any() or (cvs[known] < 0).any():
            raise InputError(
                f"{name!r} in {file.name} has means of 0 or below, or coefficients of variation below 0, so a "
                "percentage of the mean makes no sense."
            )
        if not known.all():
            notes.append(left_out(int((~known).sum()), "sample", f"without a number in {name!r}"))
        if np.median(cvs[known]) > _PERCENT_FROM:
            notes.append(
                f"{name}_CV: most coefficients of variation are above {_PERCENT_FROM:g} (as {cvs[known].max():g}), and "
                "they are taken for fractions of the mean; if they are in percent, divide them by 100."
            )
        if known.sum() == 1:
            notes.append(f"{name}: between samples is not defined, as only one sample has numbers.")
        row: dict[str, Any] = dict.fromkeys(_COLUMNS)
        row |= {"phenotype": name, "samples": int(known.sum()), "cells": None, "mean": float(means[known].mean())}
        row |= _percent(cvs[known], means[known], bootstrap, seed)
        rows.append(row)
        every.append((means, means * cvs))

    def picture() -> Any:
        from cellgraph.phenotypes.pictures import means_of_samples

        shown = np.stack([mean for mean, _ in every], axis=1), np.stack([sd for _, sd in every], axis=1)
        return means_of_samples(names, [str(number + 1) for number in range(len(shown[0]))], *shown)

    return Result(_table(rows), tuple(notes), picture)


def _check_bootstrap(bootstrap: int, seed: int) -> None:
    check(bootstrap, "int", of="bootstrap", minimum=0, maximum=MOST_RESAMPLES)
    check(seed, "int", of="seed", minimum=0, maximum=2**32 - 1)


def _row(
    name: str, moments: Moments, place: int, angle: bool, bootstrap: int, seed: int, notes: list[str], why: list[str]
) -> dict[str, Any]:
    """Return the row of a column; `why` gets a sentence if there is no result at all."""
    count = moments.count[:, place]
    there = count > 0
    row: dict[str, Any] = dict.fromkeys(_COLUMNS)
    row |= {"phenotype": name, "samples": int(there.sum()), "cells": int(count.sum())}
    if not there.any():
        why.append(f"the column {name!r} has no variation: none of the selected cells has a number in it.")
        return row
    if angle:
        why.append(
            f"the column {name!r} is an angle, by its name or as declared; a percentage of its mean would depend on "
            f"the position of 0, so none is given. If it is a plain number, use --plain {shlex.quote(name)} (plain=)."
        )
        return row
    if missing := int(moments.missing[:, place].sum()):
        notes.append(left_out(missing, "cell", f"without a finite number in {name!r}"))
    means, deviations = moments.mean[there, place], moments.sd[there, place]
    known = np.isfinite(deviations)
    if not known.all():
        notes.append(f"{name}: {left_out(int((~known).sum()), 'sample', 'with a single cell')[:-1]} of `within`.")
    row["mean"] = float(means.mean())
    row["sd_within"] = float(deviations[known].mean()) if known.any() else None
    row["sd_between"] = variance(means) ** 0.5 if len(means) > 1 else None
    row["icc"] = null_if_nan(intraclass(count[there], means, moments.squares[there, place]))
    if moments.low[place] < 0:
        notes.append(
            f"{name}: it has values below 0, so a percentage of the mean makes no sense and is left out; use "
            "sd_within, sd_between and icc."
        )
        return row
    if not means.any():
        notes.append(f"{name}: the mean of every sample is 0, so percentages of it are undefined.")
        return row
    if zero := int((means == 0).sum()):
        notes.append(f"{name}: {left_out(zero, 'sample', 'with a mean of 0')[:-1]} of `within`.")
    if moments.low[place] == moments.high[place]:
        notes.append(f"{name}: all cells have the same value, so there is no ratio.")
    cvs = np.divide(deviations, means, out=np.full(len(means), np.nan), where=means > 0)
    row |= _percent(cvs, means, bootstrap, seed)
    without = [
        one for one in _PERCENT if bootstrap and len(means) > 1 and row[one] is not None and row[f"{one}_low"] is None
    ]
    if without:
        have = "has" if len(without) == 1 else "have"
        notes.append(
            f"{name}: {', '.join(without)} {have} no interval, as some bootstraps of the {len(means):,} samples give "
            "no value."
        )
    return row


def _percent(cvs: Array, means: Array, bootstrap: int, seed: int) -> dict[str, float | None]:
    """Return within, between and ratio in percent, with the ends of their intervals."""
    found = dict(zip(_PERCENT, (null_if_nan(value) for value in _measures(cvs[None], means[None])[:, 0]), strict=True))
    if not bootstrap or len(means) < 2:
        return found
    random = np.random.default_rng(seed)
    parts = []
    for start in range(0, bootstrap, _PART):
        drawn = random.integers(0, len(means), (min(_PART, bootstrap - start), len(means)))
        parts.append(_measures(cvs[drawn], means[drawn]))
    with np.errstate(invalid="ignore"):
        ends = np.quantile(np.concatenate(parts, axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    for place, name in enumerate(_PERCENT):
        for end, value in zip(("low", "high"), ends[:, place], strict=True):
            found[f"{name}_{end}"] = null_if_nan(value) if found[name] is not None else None
    return found


def _measures(cvs: Array, means: Array) -> Array:
    """Return within, between and ratio in percent for rows of samples; shape (3, rows)."""
    known = np.isfinite(cvs)
    number = known.sum(axis=1)
    within = np.divide(np.where(known, cvs, 0.0).sum(axis=1), number, out=np.full(len(cvs), np.nan), where=number > 0)
    between = np.full(len(means), np.nan)
    if means.shape[1] > 1:
        with np.errstate(divide="ignore", invalid="ignore"):  # bootstraps of samples with a mean of 0
            apart = np.where(np.ptp(means, axis=1) > 0, means.std(axis=1, ddof=1), 0.0)
            between = apart / means.mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = within / between
    return 100 * np.stack([within, between, ratio])


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    numbers = [(name, pa.float64()) for name in _COLUMNS]
    schema = [("phenotype", pa.string()), *numbers, ("samples", pa.int64()), ("cells", pa.int64())]
    return pa.Table.from_pylist(rows, pa.schema(schema))
