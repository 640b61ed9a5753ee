"""Autocorrelation (whether touching cells have similar values): Moran's I and Geary's C."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cellgraph.errors import ParameterError
from cellgraph.statistics.network import SampleNetwork, Weight, as_floats, left_out, read_networks
from cellgraph.statistics.permutations import Standing, generator, permuted, stand

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.estimation.conditions import ConditionOptions
    from cellgraph.stores import Store

    Array = np.ndarray[Any, Any]

Method = Literal["moran", "geary"]


@dataclass(frozen=True)
class Correlation:
    """Arguments; see `Database.autocorrelation`."""

    columns: tuple[str, ...]
    method: Method
    weight: Weight
    row_standardized: bool
    permutations: int
    seed: int


def autocorrelation(
    store: Store, asked: Correlation, sample: str | None, conditions: ConditionOptions
) -> tuple[pa.Table, list[str]]:
    """Return a row for each column of each sample, and notes; see `Database.autocorrelation`."""
    import pyarrow as pa

    notes: list[str] = []
    rows: list[dict[str, Any]] = []
    why: list[str] = []
    for network in read_networks(store, asked.columns, sample, asked.weight, notes, conditions):
        found = [_of_column(network, column, asked, notes, why) for column in asked.columns]
        known = [row for row in found if row["p"] is not None]
        if known:
            from scipy.stats import false_discovery_control

            for row, fdr in zip(known, false_discovery_control([row["p"] for row in known]), strict=True):
                row["fdr"] = float(fdr)
        rows += found
    if len(why) == len(rows):
        raise ParameterError(" ".join(why))
    notes += why
    notes.append(f"{asked.permutations:,} permutations of the values within each sample, seed {asked.seed}.")
    names = ("value", "expected", "sd", "z", "p_gt", "p_lt", "p", "fdr")
    schema = [("sample", pa.string()), ("column", pa.string()), ("method", pa.string()), ("cells", pa.int64())]
    return pa.Table.from_pylist(rows, pa.schema([*schema, *((name, pa.float64()) for name in names)])), notes


def _of_column(
    network: SampleNetwork, column: str, asked: Correlation, notes: list[str], why: list[str]
) -> dict[str, Any]:
    """Return the row of one column; if there is no result, its numbers are None and a sentence is added to `why`."""
    import numpy as np

    values = as_floats(network.columns[column], column)
    known = np.isfinite(values)
    row: dict[str, Any] = {"sample": network.name, "column": column, "method": asked.method, "cells": int(known.sum())}
    row |= dict.fromkeys(("value", "expected", "sd", "z", "p_gt", "p_lt", "p", "fdr"))
    if not known.all() and known.any():
        of = f"of the sample {network.name!r} without a number in {column!r}"
        notes.append(left_out(int((~known).sum()), "cell", of))
        network, values = network.only(known), values[known]
    if reason := _why_not(network, values, known):
        why.append(f"the column {column!r} of the sample {network.name!r} has no autocorrelation: {reason}.")
        return row
    standing, observed = _tested(network, values, asked)
    measures = {"value": observed, **vars(standing)}
    row |= {name: None if np.isnan(array[0]) else float(array[0]) for name, array in measures.items()}
    return row


def _why_not(network: SampleNetwork, values: Array, known: Array) -> str:
    """Return why there is no result, as the end of a sentence; empty if there is one."""
    if not known.any():
        return "no cell has a number in it"
    if values.min() == values.max():
        return "all cells have the same value"
    return "" if network.matrix.data.any() else "none of its cells touch"


def _tested(network: SampleNetwork, values: Array, asked: Correlation) -> tuple[Standing, Array]:
    import numpy as np

    from cellgraph.statistics.kernels import sum_over_contacts

    matrix = network.matrix
    weights = matrix.data
    if asked.row_standardized:
        sums = matrix.sum(axis=1)
        weights = weights / np.repeat(np.where(sums > 0, sums, 1.0), np.diff(matrix.indptr))
    n, total = len(values), weights.sum()
    apart = (values - values.mean()) / values.std()

    def measure(values: Array) -> Array:
        products, squares = sum_over_contacts(matrix.indptr, matrix.indices, weights, values)
        if asked.method == "moran":  # n / S0 * sum w x x / sum x x, where sum x x is n
            return np.array([products / total])
        return np.array([(n - 1) / (2 * total) * squares / n])

    def by_chance(number: int) -> Array:
        return measure(generator(asked.seed, network.name, number).permutation(apart))

    observed = measure(apart)
    return stand(observed, permuted(by_chance, asked.permutations)), observed
