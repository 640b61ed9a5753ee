"""Enrichment: which types touch each other more or less often than expected by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cellgraph.errors import ParameterError
from cellgraph.statistics.network import SampleNetwork, Weight, left_out, read_networks
from cellgraph.statistics.permutations import generator, permuted, stand
from cellgraph.statistics.types import as_text, types_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.estimation.conditions import ConditionOptions
    from cellgraph.stores import Store

    Array = np.ndarray[Any, Any]

Null = Literal["labels", "degree"]
Convention = Literal["classic", "histocat", "patch"]

TRIES = 10
"""Exchanges tried per contact, so that none is left where it was."""

POOLED = "(pooled)"
MEASURES = ("count", "value", "expected", "sd", "z", "p_gt", "p_lt", "p", "fdr")


@dataclass(frozen=True)
class Comparison:
    """What to count, and what to compare it with; see `Database.enrichment`."""

    by: str
    null: Null
    count: Weight
    convention: Convention
    patch_size: float | None
    permutations: int
    seed: int


def enrichment(
    store: Store, asked: Comparison, sample: str | None, pool: bool, conditions: ConditionOptions
) -> tuple[pa.Table, list[str]]:
    """Return a row for each pair of types of each sample, and notes; see `Database.enrichment`."""
    import pyarrow as pa

    notes: list[str] = []
    networks = read_networks(store, [asked.by], sample, asked.count, notes, conditions)
    groups = [(POOLED, list(networks))] if pool else ((network.name, [network]) for network in networks)
    tables = []
    alone = []
    for name, group in groups:
        table = _of_group(name, group, asked, notes)
        if table is None:
            alone.append(name)
        else:
            tables.append(table)
    if not tables:
        raise ParameterError(
            f"the column {asked.by!r} has fewer than two types among the selected cells; enrichment needs two or more."
        )
    if alone:
        notes.append(f"samples with fewer than two types have no rows: {', '.join(map(repr, alone))}.")
    exchanged = "rewirings of the contacts" if asked.null == "degree" else f"permutations of {asked.by}"
    notes.append(f"{asked.permutations:,} {exchanged} within each sample, seed {asked.seed}.")
    if len({table["type_a"].type for table in tables}) > 1:  # Neo4j columns have no fixed type
        tables = [table.cast(_texts(table.schema)) for table in tables]
    return pa.concat_tables(tables), notes


def _texts(schema: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    for name in ("type_a", "type_b"):
        schema = schema.set(schema.get_field_index(name), pa.field(name, pa.string()))
    return schema


def _of_group(name: str, networks: Sequence[SampleNetwork], asked: Comparison, notes: list[str]) -> pa.Table | None:
    """Return the rows of one sample, or of several pooled; None if they have fewer than two types."""
    import numpy as np
    import pyarrow as pa

    types = types_of(networks, asked.by)
    kinds = len(types.names)
    if kinds < 2:
        return None
    typed = []
    for network, codes in zip(networks, types.codes, strict=True):
        if untyped := int((codes < 0).sum()):
            of = f"of the sample {network.name!r} without a value of {asked.by!r}"
            notes.append(left_out(untyped, "cell", of))
        typed.append((network.only(codes >= 0), codes[codes >= 0]))
    cells = np.bincount(np.concatenate([codes for _, codes in typed]), minlength=kinds).astype(np.float64)

    def summarised(counts: list[Array]) -> Array:
        totals, having, patches = sum(counts[1:], counts[0])
        number = {"classic": totals, "histocat": totals, "patch": patches}[asked.convention]
        of: Array = np.maximum(having, 1) if asked.convention == "histocat" else cells[:, None]
        value: Array = number / of
        return value

    def by_chance(number: int) -> Array:
        return summarised([_permutation(network, codes, kinds, asked, number) for network, codes in typed])

    counts = [_counts(network.matrix, codes, kinds, asked) for network, codes in typed]
    observed = summarised(counts)
    standing = stand(observed, permuted(by_chance, asked.permutations))
    measured = {"count": sum(counts[1:], counts[0])[0], "value": observed, **vars(standing)}
    one, other = (np.repeat(np.arange(kinds), kinds), np.tile(np.arange(kinds), kinds))
    return pa.table(
        {
            "sample": pa.array([name] * kinds**2, pa.string()),
            "type_a": types.names.take(pa.array(one)),
            "type_b": types.names.take(pa.array(other)),
            "cells": pa.array(cells[one].astype(np.int64)),
            **{measure: pa.array(measured[measure].ravel(), from_pandas=True) for measure in MEASURES},
        }
    )


def _counts(matrix: Any, codes: Array, kinds: int, asked: Comparison) -> Array:
    """Return the weights, the cells with any, and the cells with enough, for each pair of types; shape (3, t, t)."""
    import numpy as np

    from cellgraph.statistics.kernels import count_by_type

    counts = np.zeros((3, kinds, kinds))
    least = np.inf if asked.patch_size is None else float(asked.patch_size)
    count_by_type(matrix.indptr, matrix.indices, matrix.data, codes, least, *counts)
    return counts


def _permutation(network: SampleNetwork, codes: Array, kinds: int, asked: Comparison, number: int) -> Array:
    """Return the counts of one permutation, of the types over the cells or of the contacts."""
    import numpy as np

    from cellgraph.statistics.kernels import rewire

    random = generator(asked.seed, network.name, number)
    if asked.null == "labels":
        return _counts(network.matrix, random.permutation(codes), kinds, asked)
    matrix = network.matrix.copy()
    if matrix.nnz:
        owners = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        rewire(matrix.indptr, owners, matrix.indices, matrix.data, TRIES * matrix.nnz // 2, random)
    return _counts(matrix, codes, kinds, asked)


def as_matrix(rows: pa.Table, measure: str) -> pa.Table:
    """Return one measure as a matrix: a row for each first type, a column for each second type.

    Raises
    ------
    ParameterError
        If a type has the name of one of the first two columns.
    """
    import pyarrow as pa

    names = dict.fromkeys(zip(rows["type_b"].to_pylist(), as_text(rows["type_b"]), strict=True))
    heads = [text for _, text in sorted(names, key=lambda pair: (str(type(pair[0])), pair[0]))]
    if clash := {"sample", "type_a"} & set(heads):
        raise ParameterError(f"a type is called {clash.pop()!r}, like a column of the matrix; ask for rows instead.")
    lines: dict[tuple[Any, Any], dict[str, float | None]] = {}
    for sample, a, b, value in zip(
        rows["sample"].to_pylist(),
        rows["type_a"].to_pylist(),
        as_text(rows["type_b"]),
        rows[measure].to_pylist(),
        strict=True,
    ):
        lines.setdefault((sample, a), {})[b] = value
    return pa.table(
        {
            "sample": pa.array([sample for sample, _ in lines], pa.string()),
            "type_a": pa.array([a for _, a in lines], rows["type_a"].type),
            **{head: pa.array([line.get(head) for line in lines.values()], pa.float64()) for head in heads},
        }
    )
