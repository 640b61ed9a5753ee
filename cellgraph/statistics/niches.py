"""Niches: cells clustered by their surroundings, the types within k contacts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING, Any

from cellgraph.errors import MissingExtraError, ParameterError
from cellgraph.machine import cores
from cellgraph.statistics.network import SampleNetwork, read_networks
from cellgraph.statistics.types import Types, as_text, types_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.estimation.conditions import ConditionOptions
    from cellgraph.stores import Store

    Array = np.ndarray[Any, Any]

STARTS = 10
"""Number of k-means initialisations (k-means++), of which the best is used."""

_PART = 16_384


@dataclass(frozen=True)
class Clustering:
    """Arguments; see `Database.niches`."""

    by: str
    k: int
    niches: int
    seed: int


def niches(
    store: Store, asked: Clustering, sample: str | None, pool: bool, summary: bool, conditions: ConditionOptions
) -> tuple[pa.Table, list[str]]:
    """Return a row for each cell, or for each niche, and notes; see `Database.niches`."""
    import pyarrow as pa

    notes: list[str] = []
    networks = list(read_networks(store, [asked.by], sample, "contacts", notes, conditions))
    types = types_of(networks, asked.by)
    if len(types.names) < 2:
        raise ParameterError(
            f"the column {asked.by!r} has fewer than two types among the selected cells; niches need two or more."
        )
    around = [
        _types_around(network, codes, types, asked.k) for network, codes in zip(networks, types.codes, strict=True)
    ]
    groups = [list(range(len(networks)))] if pool else [[number] for number in range(len(networks))]
    tables = []
    for group in groups:
        name = "the pooled samples" if pool else f"the sample {networks[group[0]].name!r}"
        numbers = _clustered([around[number] for number in group], asked, name, notes)
        tables += [
            _rows(networks[number], around[number], niche, types) for number, niche in zip(group, numbers, strict=True)
        ]
    rows = pa.concat_tables(tables)
    if len(networks) > 1 and not pool:
        notes.append(
            "each sample has its own niches: niche 1 of one is not niche 1 of another (for common niches: --pool, "
            "pool=True)."
        )
    notes.append(f"k-means of the shares of types within {asked.k} contacts, seed {asked.seed}.")
    return summary_of(rows, pool) if summary else rows, notes


def write_niches(
    rows: pa.Table,
    name: str,
    db: str | os.PathLike[str] | None = None,
    *,
    made_from: Mapping[str, Any] | None = None,
    replace: bool = False,
) -> None:
    """Store the niches of cells as a property, from then on a column like any other.

    Parameters
    ----------
    rows : pyarrow.Table
        Result of `Database.niches`, a row for each cell.
    name : str
        Name of the property.
    db : str or path, optional
        The database; see `cellgraph.open`.
    made_from : mapping, optional
        What to record about how they were computed.
    replace : bool
        Whether to replace an existing property of this name.

    Raises
    ------
    ExistsError
        If there is a property of this name and `replace` is false.
    InputError
        If a property cannot have this name.
    """
    import pyarrow.compute as pc

    from cellgraph.stores import open_store
    from cellgraph.stores.properties import Properties

    every = []
    for sample in rows["sample"].unique().to_pylist():
        of_sample = rows.filter(pc.equal(rows["sample"], sample))
        cells = of_sample.select(["cell", "niche"]).rename_columns(["label", name])
        every.append(Properties(sample, cells, made_from={name: {"metric": "niche", **(made_from or {})}}))
    with open_store(db) as store:
        store.write_properties(*every, replace=replace)


def _types_around(network: SampleNetwork, codes: Array, types: Types, k: int) -> Array:
    """Count the cells of each type within k contacts of each cell, excluding itself, on all cores; shape (n, t)."""
    import numpy as np

    from cellgraph.statistics.kernels import count_types_within

    n, matrix = len(codes), network.matrix
    counts = np.zeros((n, len(types.names)), np.int64)
    cells = np.arange(n)
    own = local()

    def count(start: int) -> None:
        if not hasattr(own, "seen"):
            own.seen, own.queue = np.full(n, -1, np.int64), np.empty(n, np.int64)
        part = slice(start, start + _PART)
        count_types_within(matrix.indptr, matrix.indices, codes, k, cells[part], own.seen, own.queue, counts[part])

    with ThreadPoolExecutor(cores()) as threads:
        for _ in threads.map(count, range(0, n, _PART)):
            pass
    return counts


def _clustered(around: Sequence[Array], asked: Clustering, name: str, notes: list[str]) -> list[Array]:
    """Return the niche of each cell, numbered from 1, the largest first; 0 if no typed cell is around."""
    import numpy as np

    every = np.concatenate(around)
    sums = every.sum(axis=1)
    known = sums > 0
    shares = every[known] / sums[known, None]
    if alone := int((~known).sum()):
        cells = f"1 cell of {name} has" if alone == 1 else f"{alone:,} cells of {name} have"
        notes.append(f"{cells} no niche, because no cell with a type is within {asked.k} contacts.")
    different = len(np.unique(shares, axis=0))
    if different < asked.niches:
        raise ParameterError(
            f"{name} cannot have {asked.niches} niches: there are only {different} different surroundings within "
            f"{asked.k} contacts; ask for fewer (--niches, niches=)."
        )
    numbers = np.zeros(len(every), np.int64)
    numbers[known] = _k_means(shares, asked)
    return list(np.split(numbers, np.cumsum([len(part) for part in around])[:-1]))


def _k_means(shares: Array, asked: Clustering) -> Array:
    """Return the cluster of each row, numbered from 1, the largest first."""
    import numpy as np

    try:
        from sklearn.cluster import KMeans
    except ImportError:
        raise MissingExtraError("finding niches", "niches", "scikit-learn") from None
    found = KMeans(asked.niches, n_init=STARTS, random_state=asked.seed).fit(shares)
    sizes = np.bincount(found.labels_, minlength=asked.niches)
    order = np.lexsort((*found.cluster_centers_.T, -sizes))
    numbers: Array = np.argsort(order)[found.labels_] + 1
    return numbers


def _rows(network: SampleNetwork, around: Array, niche: Array, types: Types) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    sums = around.sum(axis=1)
    shares = np.divide(around, sums[:, None], out=np.full(around.shape, np.nan), where=sums[:, None] > 0)
    return pa.table(
        {
            "sample": pa.array([network.name] * len(niche), pa.string()),
            "cell": network.labels,
            "niche": pa.array(niche, mask=niche == 0),
            "around": sums,
            **{
                f"share of {name}": pa.array(shares[:, number], from_pandas=True)
                for number, name in enumerate(as_text(types.names))
            },
        }
    )


def summary_of(rows: pa.Table, pool: bool) -> pa.Table:
    """Return the number of cells of each niche and the mean shares around them; pooled samples are taken together."""
    shares = [name for name in rows.column_names if name.startswith("share of ")]
    keys = ["niche"] if pool else ["sample", "niche"]
    measured = [("cell", "count"), *((name, "mean") for name in shares)]
    found = rows.filter(rows["niche"].is_valid()).group_by(keys, use_threads=False).aggregate(measured)
    found = found.select([*keys, "cell_count", *(f"{name}_mean" for name in shares)])
    found = found.rename_columns([*keys, "cells", *shares])
    return found.sort_by([(key, "ascending") for key in keys])
