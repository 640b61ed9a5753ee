"""Count the cells within k contacts of each cell: the compiled forms of ``khop`` and ``khop-summary``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cellgraph.adjacency.rings import counts_by_distance
from cellgraph.analyze.rows import with_note

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.adjacency.matrix import Adjacency

_TABLE_PART = 2**20
"""Cells whose rows are made at a time, so that intermediate results stay small."""


def khop(
    graph: Adjacency,
    rows: np.ndarray[Any, Any],
    k: int,
    check: Callable[[], object] | None = None,
    *,
    estimated: bool = False,
) -> pa.Table:
    """Return the rows of the query ``khop``: sample, cell, hop, cells, within; one per cell and hop."""
    import numpy as np
    import pyarrow as pa

    counts, note = _counts(graph, rows, k, check, estimated)
    hops = np.arange(1, k + 1)
    parts = []
    for part in _parts(len(rows)):
        cells, numbers = rows[part], counts[part].astype(np.int64)
        parts.append(
            pa.table(
                {
                    "sample": pa.array(np.repeat(graph.samples[cells], k), pa.string()),
                    "cell": np.repeat(graph.labels[cells], k),
                    "hop": np.tile(hops, len(cells)),
                    "cells": numbers.ravel(),
                    "within": numbers.cumsum(axis=1).ravel(),
                }
            )
        )
    return with_note(pa.concat_tables(parts), note)


def khop_summary(
    graph: Adjacency,
    rows: np.ndarray[Any, Any],
    k: int,
    check: Callable[[], object] | None = None,
    *,
    estimated: bool = False,
) -> pa.Table:
    """Return the rows of the query ``khop-summary``: distributions over the cells of each sample, one per hop."""
    import numpy as np
    import pyarrow as pa

    counts, note = _counts(graph, rows, k, check, estimated)
    names = graph.samples[rows]
    summaries = []
    for name in np.unique(names.astype(object)) if len(names) else []:
        numbers = counts[names == name].astype(np.int64)
        for hop in range(k):
            summaries.append(
                {"sample": name, "hop": hop + 1, "counted": len(numbers)}
                | _distribution("cells", numbers[:, hop])
                | _distribution("within", numbers[:, : hop + 1].sum(axis=1))
            )
    kinds = {"sample": pa.string()} | {
        f"{of}_{what}": pa.float64() if what == "mean" else pa.int64()
        for of in ("cells", "within")
        for what in ("mean", "min", "median", "max")
    }
    first = {"sample": kinds.pop("sample"), "hop": pa.int64(), "counted": pa.int64()}
    return with_note(pa.Table.from_pylist(summaries, pa.schema((first | kinds).items())), note)


def _counts(
    graph: Adjacency, rows: np.ndarray[Any, Any], k: int, check: Callable[[], object] | None, estimated: bool
) -> tuple[np.ndarray[Any, Any], str]:
    """Return how many cells are at each distance, and a note on the accuracy."""
    import numpy as np

    from cellgraph.adjacency.hyperloglog import estimated_within, registers_for, standard_error

    if not estimated:
        return counts_by_distance(graph, rows, k, check=check), ""
    registers = registers_for(len(graph.labels))
    within = np.rint(estimated_within(graph, k, registers=registers, check=check)[rows]).astype(np.int64)
    return np.diff(within, axis=1, prepend=0), (
        f"estimated with {registers:,} registers per cell (HyperLogLog): within has a standard error of "
        f"{100 * standard_error(registers):.1f} %; cells is its difference from the previous hop, so its error is that "
        "of within."
    )


def _distribution(of: str, numbers: np.ndarray[Any, Any]) -> dict[str, float | int]:
    """Return mean, smallest, lower median and largest of some numbers, at least one."""
    import numpy as np

    middle = (len(numbers) - 1) // 2
    return {
        f"{of}_mean": float(numbers.mean()),
        f"{of}_min": int(numbers.min()),
        f"{of}_median": int(np.partition(numbers, middle)[middle]),
        f"{of}_max": int(numbers.max()),
    }


def _parts(count: int) -> Iterator[slice]:
    """Yield slices of this many rows, at least one slice."""
    for start in range(0, max(count, 1), _TABLE_PART):
        yield slice(start, min(start + _TABLE_PART, count))
