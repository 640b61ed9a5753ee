"""Correlation of columns of cells, over all cells or within each sample."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np

from cellgraph.errors import ParameterError, near
from cellgraph.phenotypes.reading import CellColumns
from cellgraph.phenotypes.result import Result, null_if_nan
from cellgraph.phenotypes.selection import read_columns, say_angles, say_lacking
from cellgraph.stores import open_store

Array = np.ndarray[Any, Any]

Method = Literal["pearson", "spearman"]

ALL = "all samples"


def correlate(
    columns: str | Sequence[str],
    db: str | os.PathLike[str] | None = None,
    *,
    by: str | None = None,
    method: Method = "pearson",
    where: str | None = None,
    sample: str | None = None,
) -> Result:
    """Correlate columns of cells, pair by pair.

    Parameters
    ----------
    columns : str or sequence of str
        Two or more; as in `variation`.
    db : str or path, optional
        The database, as in `cellgraph.open`.
    by : str, optional
        ``sample`` correlates within each sample; None pools the cells of all samples.
    method : {'pearson', 'spearman'}
        Correlate the values, or their ranks (ties get their mean rank).
    where, sample
        As in `variation`.

    Returns
    -------
    Result
        One row per pair: column_a, column_b, r (null if a column is constant), n (cells that have both), p (two-sided,
        from Student's t with n - 2 degrees of freedom), and with `by` the sample.

    Raises
    ------
    ParameterError
        For fewer than two columns, or one that does not exist or holds text.
    """
    import pyarrow as pa

    if method not in get_args(Method):
        raise ParameterError(f"method must be pearson or spearman, not {method!r}.{near(method, get_args(Method))}")
    if by not in (None, "sample"):
        raise ParameterError(f"by must be 'sample' or nothing, not {by!r}.")
    with open_store(db, read_only=True) as store:
        read = read_columns(store, columns, where=where, sample=sample, one_unit=by is None)
        if len(read.names) < 2:
            raise ParameterError(f"a correlation needs at least two columns, got one: {read.names[0]}.")
        say_lacking(read)
        say_angles(read)
        groups = _pearson(read, by) if method == "pearson" else dict(_spearman(read, by))
    rows: list[dict[str, Any]] = []
    matrices: dict[str, Array] = {}
    for name, (r, n) in groups.items():
        matrices[name] = r
        for a, b in combinations(range(len(read.names)), 2):
            row = {"column_a": read.names[a], "column_b": read.names[b], "r": null_if_nan(r[a, b])}
            row |= {"n": int(n[a, b]), "p": null_if_nan(_p(r[a, b], n[a, b]))}
            rows.append(row | ({"sample": name} if by else {}))
    if all(row["n"] == 0 for row in rows):
        raise ParameterError("none of the selected cells has numbers in two of these columns.")
    notes = list(read.notes)
    if constant := [row for row in rows if row["r"] is None and row["n"] > 0]:
        first = constant[0]
        notes.append(
            f"r is null in {len(constant):,} of {len(rows):,} rows, because one of the two columns is constant or "
            f"fewer than two cells have both; the first such pair is {first['column_a']} and {first['column_b']}"
            + (f" in the sample {first['sample']!r}." if by else ".")
        )
    notes.append("cells without a finite number in one of two columns are left out of that pair; n counts the others.")
    if by is None and len(read.facts) > 1:
        notes.append(
            f"the cells of {len(read.facts):,} samples are pooled, so r mixes variation within and between samples, "
            "and p assumes independent cells, which cells of one sample are not; use --by sample to separate them."
        )
    schema = [("column_a", pa.string()), ("column_b", pa.string()), ("r", pa.float64()), ("n", pa.int64())]
    schema += [("p", pa.float64()), *([("sample", pa.string())] if by else [])]

    def picture() -> Any:
        from cellgraph.phenotypes.pictures import heat_maps

        return heat_maps(read.names, matrices)

    return Result(pa.Table.from_pylist(rows, pa.schema(schema)), tuple(notes), picture)


def _p(r: float, n: float) -> float:
    from scipy.stats import t

    if not np.isfinite(r) or n < 3:
        return float("nan")
    below = 1 - r * r
    return float(2 * t.sf(abs(r) * np.sqrt((n - 2) / below), n - 2)) if below > 0 else 0.0


def _pearson(read: CellColumns, by: str | None) -> dict[str, tuple[Array, Array]]:
    """Return r and n of all pairs by group, accumulated block by block: memory holds one block."""
    sums: dict[str, Array] = {}
    frames: dict[str, tuple[Array, Array]] = {}
    for block in read.blocks():
        values = block.numbers(read.names)
        known = np.isfinite(values)
        for name, part in _parts(read, block.samples, by):
            mask = known[part].astype(np.float64)
            shift, scale = frames.setdefault(name, (np.full(len(read.names), np.nan), np.ones(len(read.names))))
            _place(shift, scale, values[part], known[part])
            x = np.where(known[part], (values[part] - shift) / scale, 0.0)
            added = np.stack([mask.T @ mask, x.T @ mask, (x * x).T @ mask, x.T @ x])
            sums[name] = sums[name] + added if name in sums else added
    found = {}
    for name, (n, s, q, xy) in sums.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            above, squares = xy - s * s.T / n, q - s * s / n
            squares[squares <= 1e-12 * q] = np.nan  # rounding error of a constant
            found[name] = np.clip(above / np.sqrt(squares * squares.T), -1, 1), n
    return found


def _place(shift: Array, scale: Array, values: Array, known: Array) -> None:
    """Set shift and scale of columns that have numbers for the first time, so that squares keep their digits."""
    fresh = np.isnan(shift) & known.any(axis=0)
    values, known = values[:, fresh], known[:, fresh]
    number = known.sum(axis=0)
    shift[fresh] = np.where(known, values, 0).sum(axis=0) / number
    apart = np.where(known, values - shift[fresh], 0)
    spread = np.sqrt((apart * apart).sum(axis=0) / number)
    scale[fresh] = np.where(spread > 0, spread, 1.0)


def _parts(read: CellColumns, samples: Array, by: str | None) -> Iterator[tuple[str, slice]]:
    """Yield the groups of a block: each sample, or all cells."""
    if by is None:
        yield ALL, slice(None)
        return
    starts = np.r_[0, np.flatnonzero(np.diff(samples)) + 1] if len(samples) else []
    for start, stop in zip(starts, [*starts[1:], len(samples)], strict=True):
        yield read.facts[samples[start]].name, slice(start, stop)


def _spearman(read: CellColumns, by: str | None) -> Iterator[tuple[str, tuple[Array, Array]]]:
    """Yield r and n of all pairs by group; memory holds the columns of one group."""
    from scipy.stats import rankdata

    p = len(read.names)
    for name, values in _whole(read, by):
        known = np.isfinite(values)
        r, n = np.full((p, p), np.nan), np.zeros((p, p))
        full = known.all()
        ranks = rankdata(values, axis=0) if full and len(values) else None
        for a, b in combinations(range(p), 2):
            both = known[:, a] & known[:, b]
            n[a, b] = n[b, a] = both.sum()
            if both.sum() < 2:
                continue
            pair = ranks[:, [a, b]] if ranks is not None else rankdata(values[both][:, [a, b]], axis=0)
            pair = pair - pair.mean(axis=0)
            squares = (pair * pair).sum(axis=0)
            if (squares > 0).all():
                r[a, b] = r[b, a] = np.clip((pair[:, 0] * pair[:, 1]).sum() / np.sqrt(squares.prod()), -1, 1)
        np.fill_diagonal(r, 1.0)
        yield name, (r, n)


def _whole(read: CellColumns, by: str | None) -> Iterator[tuple[str, Array]]:
    """Yield the complete columns of each group."""
    parts: list[Array] = []
    current = ""
    for block in read.blocks():
        values = block.numbers(read.names)
        for name, part in _parts(read, block.samples, by):
            if name != current and parts:
                yield current, np.concatenate(parts)
                parts = []
            current = name
            parts.append(values[part])
    if parts:
        yield current, np.concatenate(parts)
