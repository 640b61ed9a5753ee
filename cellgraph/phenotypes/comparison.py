"""Compare groups of samples: the unit is the sample, not the cell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from cellgraph.errors import InputError, ParameterError, near
from cellgraph.phenotypes import mixed as mixed_model
from cellgraph.phenotypes.aggregates import moments_of
from cellgraph.phenotypes.distributions import MOST_SAMPLES, cells_of_samples
from cellgraph.phenotypes.effects import eta_squared, hedges_g, test_of
from cellgraph.phenotypes.grouping import Grouping, find_groups
from cellgraph.phenotypes.moments import Moments, other_units
from cellgraph.phenotypes.reading import CellColumns
from cellgraph.phenotypes.result import Result, null_if_nan
from cellgraph.phenotypes.selection import read_columns, say_angles, say_lacking
from cellgraph.statistics.network import left_out
from cellgraph.stores import open_store

Array = np.ndarray[Any, Any]

Unit = Literal["samples", "cells"]
Test = Literal["welch", "ranks"]

MOST = 200_000_000
"""Maximum number of values (cells times columns) that can be compared cell by cell."""

_NUMBERS = ("statistic", "p", "fdr", "effect", "effect_low", "effect_high")


def compare(
    columns: str | Sequence[str],
    by: str,
    db: str | os.PathLike[str] | None = None,
    *,
    where: str | None = None,
    sample: str | None = None,
    test: Test = "welch",
    unit: Unit = "samples",
    mixed: bool = False,
) -> Result:
    """Compare columns of cells between groups of samples.

    Parameters
    ----------
    columns, db, where, sample
        As in `variation`.
    by : str
        Property of samples that gives their group (``cellgraph annotate --samples``), or a column of cells.
    test : {'welch', 'ranks'}
        A test of means with unequal variances (Welch's t for two groups, Welch's analysis of variance for more), or
        of ranks (Mann-Whitney, Kruskal-Wallis).
    unit : {'samples', 'cells'}
        The unit of observation: the mean of a sample, or each cell, which treats cells of one sample as independent.
    mixed : bool
        Instead, fit a linear mixed model of the cells with a random intercept for each sample (statsmodels).

    Returns
    -------
    Result
        One row per column: phenotype, test, statistic, p (two-sided), fdr (Benjamini and Hochberg over the rows),
        effect with its 95 % interval and its name, and the mean and number of the observations of each group.

    Raises
    ------
    ParameterError
        If a column or the groups do not exist, or cells of one sample are in several groups without `mixed` or
        ``unit="cells"``.
    InputError
        If a group has fewer than two samples.
    MissingExtraError
        If `mixed` and statsmodels is not installed.
    """
    import pyarrow as pa

    _one_of("test", test, get_args(Test))
    _one_of("unit", unit, get_args(Unit))
    if mixed and (unit == "cells" or test == "ranks"):
        raise ParameterError(
            "a mixed model has cells as observations and samples as random effects, and its own test; leave out "
            "--unit and --test (unit=, test=)."
        )
    if mixed:
        mixed_model.require()
    with open_store(db, read_only=True) as store:
        read = read_columns(store, columns, where=where, sample=sample)
        groups = find_groups(store, by, read.facts, where, sample)
        say_lacking(read)
        say_angles(read)
        _check_groups(read, groups, by, unit, mixed)
        rows, observed = (_by_cells if mixed or unit == "cells" else _by_samples)(read, groups, by, test, mixed)
    _adjust(rows)
    notes = read.notes
    if unit == "cells":
        notes.append(
            "pseudo-replication: each cell was treated as an independent observation (--unit cells), but cells of one "
            "sample are not independent, so p is too small; leave out --unit to use samples as the unit, or use "
            "--mixed."
        )
    elif not mixed:
        notes.append("samples are the unit: each counts once, with the mean of its cells.")
    of = {f"mean of {name}": pa.float64() for name in groups.names}
    of |= {f"{'cells' if mixed or unit == 'cells' else 'samples'} of {name}": pa.int64() for name in groups.names}
    schema = [("phenotype", pa.string()), ("test", pa.string()), *((name, pa.float64()) for name in _NUMBERS)]

    def picture() -> Any:
        from cellgraph.phenotypes.pictures import MOST_PANELS, violins_of_groups, violins_of_samples

        of_samples = groups.of_samples
        if mixed or unit == "cells" or of_samples is None or (of_samples >= 0).sum() > MOST_SAMPLES:
            return violins_of_groups(read.names, observed)
        shown = read.names[:MOST_PANELS]
        cells = cells_of_samples(columns, shown, db, where, sample)
        own = {name: [read.samples[k] for k in np.flatnonzero(of_samples == g)] for g, name in enumerate(groups.names)}
        means = {each: mean for name, listed in own.items() for each, mean in zip(listed, observed[name], strict=True)}
        return violins_of_samples(shown, cells, means, own)

    return Result(
        pa.Table.from_pylist(rows, pa.schema([*schema, ("effect_is", pa.string()), *of.items()])), tuple(notes), picture
    )


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ParameterError(f"{name} must be one of {', '.join(known)}, not {value!r}.{near(value, known)}")


def _check_groups(read: CellColumns, groups: Grouping, by: str, unit: Unit, mixed: bool) -> None:
    """Reject groups that cannot be compared in this way."""
    if groups.of_samples is None:
        read_again = any(name == groups.column for name in read.names)
        if read_again:
            raise ParameterError(f"the column {by!r} defines the groups, so it cannot be compared between them.")
        if not mixed and unit == "samples":
            raise ParameterError(
                f"{by!r} differs between cells of one sample, so samples do not belong to one group each; compare "
                "cells with a random effect of their sample with --mixed (mixed=True)."
            )
        return
    if ungrouped := int((groups.of_samples < 0).sum()):
        read.notes.append(left_out(ungrouped, "sample", f"without a value of {by!r}"))
    number = np.bincount(groups.of_samples[groups.of_samples >= 0], minlength=len(groups.names))
    if unit == "cells":
        return
    for name, samples in zip(groups.names, number, strict=True):
        if samples < 2:
            raise InputError(
                f"each group needs at least two samples, as samples are the unit, but group {name!r} of {by!r} has "
                f"{samples}; load more samples, or compare other samples with --where \"sample in ('…', '…')\"."
            )


def _by_samples(
    read: CellColumns, groups: Grouping, by: str, test: Test, mixed: bool
) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Return the rows, and the sample means of each group."""
    moments = moments_of(read)
    _say_missing(read, moments)
    read.notes.extend(other_units(moments, read.names, read.samples))
    assert groups.of_samples is not None
    means = np.where(moments.count > 0, moments.mean, np.nan)
    observed = {name: means[groups.of_samples == number] for number, name in enumerate(groups.names)}
    rows = []
    for place, name in enumerate(read.names):
        parts = [own[np.isfinite(own[:, place]), place] for own in observed.values()]
        for group, part in zip(groups.names, parts, strict=True):
            if len(part) < 2:
                raise InputError(
                    f"each group needs at least two samples with numbers in {name!r}, but group {group!r} of {by!r} "
                    f"has {len(part)}; leave the column out."
                )
        rows.append(_row(name, groups, parts, test, "samples", read.notes))
    return rows, observed


def _by_cells(
    read: CellColumns, groups: Grouping, by: str, test: Test, mixed: bool
) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Return the rows, and the values of the cells of each group."""
    if read.total * len(read.names) > MOST or (mixed and read.total > mixed_model.MOST_CELLS):
        most = mixed_model.MOST_CELLS if mixed else MOST // len(read.names)
        raise ParameterError(
            f"cannot compare {read.total:,} cells one by one, the limit is {most:,}; leave out --mixed or --unit "
            "cells, or name fewer columns."
        )
    again = read if groups.column is None else _with(read, groups.column)
    parts = [(block.samples, groups.of(block), block.numbers(read.names)) for block in again.blocks()]
    samples, codes, values = (np.concatenate([part[k] for part in parts]) for k in range(3))
    if groups.of_samples is None and (without := int((codes < 0).sum())):
        read.notes.append(left_out(without, "cell", f"without a value of {by!r}"))
    rows = []
    for place, name in enumerate(read.names):
        known = np.isfinite(values[:, place]) & (codes >= 0)
        if missing := int(((codes >= 0) & ~known).sum()):
            read.notes.append(left_out(missing, "cell", f"without a finite number in {name!r}"))
        own = [values[known & (codes == number), place] for number in range(len(groups.names))]
        for group, part in zip(groups.names, own, strict=True):
            if len(part) < 2:
                raise InputError(
                    f"each group needs two cells or more with numbers in {name!r}, but group {group!r} of {by!r} has "
                    f"{len(part)}; leave its cells out with --where, or leave the column out."
                )
        if mixed:
            row = _empty(name, groups, own, "cells")
            row |= mixed_model.fit(values[known, place], codes[known], samples[known], groups.names, name, read.notes)
            number = len(np.unique(samples[known]))
            if groups.of_samples is not None and number < mixed_model.FEW_SAMPLES and row["p"] is not None:
                read.notes.append(
                    f"{name}: p tends to be too small, and the interval too narrow, for as few as {number} samples, as "
                    "Wald's test supposes many; without --mixed, the means of the samples are tested."
                )
        else:
            row = _row(name, groups, own, test, "cells", read.notes)
        rows.append(row)
    return rows, {name: values[codes == number] for number, name in enumerate(groups.names)}


def _with(read: CellColumns, column: str) -> CellColumns:
    kind = next(own.type for fact in read.facts for own in fact.of_cells if own.name == column)
    return replace(read, names=[*read.names, column], kinds={**read.kinds, column: kind})


def _say_missing(read: CellColumns, moments: Moments) -> None:
    for place, name in enumerate(read.names):
        if missing := int(moments.missing[:, place].sum()):
            read.notes.append(left_out(missing, "cell", f"without a finite number in {name!r}"))


def _empty(name: str, groups: Grouping, parts: Sequence[Array], unit: str) -> dict[str, Any]:
    row: dict[str, Any] = {"phenotype": name, "test": None, **dict.fromkeys(_NUMBERS), "effect_is": None}
    for group, part in zip(groups.names, parts, strict=True):
        row |= {f"mean of {group}": float(part.mean()), f"{unit} of {group}": len(part)}
    return row


def _row(
    name: str, groups: Grouping, parts: Sequence[Array], test: Test, unit: str, notes: list[str]
) -> dict[str, Any]:
    row = _empty(name, groups, parts, unit)
    if all(np.ptp(part) == 0 for part in parts):
        notes.append(f"{name}: all {unit} within each group have the same value, so there is no test.")
        return row
    row["test"], statistic, p = test_of(parts, test)
    row |= {"statistic": null_if_nan(statistic), "p": null_if_nan(p)}
    if len(parts) == 2:
        effect, row["effect_is"] = hedges_g(*parts), f"Hedges' g, {groups.names[0]} - {groups.names[1]}"
    else:
        effect, row["effect_is"] = eta_squared(parts), "eta squared"
    if row["p"] is None:
        notes.append(
            f"{name}: all {unit} in one group have the same value, so Welch's analysis of variance is undefined; use "
            "--test ranks."
        )
    if effect[0] > effect[2]:
        notes.append(
            f"{name}: eta squared is above its interval, as it is too large on average where groups are many and "
            f"{unit} few; go by the interval."
        )
    if np.isfinite(effect[0]) and not np.isfinite(effect[1:]).all():
        notes.append(f"{name}: the effect is too large for an interval by the noncentral F distribution.")
    row |= dict(zip(("effect", "effect_low", "effect_high"), map(null_if_nan, effect), strict=True))
    return row


def _adjust(rows: list[dict[str, Any]]) -> None:
    """Add p adjusted over all rows that have one."""
    from scipy.stats import false_discovery_control

    known = [row for row in rows if row["p"] is not None]
    if known:
        for row, fdr in zip(known, false_discovery_control([row["p"] for row in known]), strict=True):
            row["fdr"] = float(fdr)
