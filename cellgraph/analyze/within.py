"""The cells around some cells: the compiled forms of ``within`` and ``neighbours``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cellgraph.adjacency.kernels import distances_from
from cellgraph.analyze.linked import linked

if TYPE_CHECKING:
    from cellgraph.estimation.restricted import Restricted

Array = np.ndarray[Any, Any]


def within(asked: Restricted, k: int) -> pa.Table:
    """Return the rows of the query ``within``: sample, cell, hop, reached, reached_sample; nearest first."""
    graph, n = asked.graph, len(asked.kept)
    queue = np.empty(n, np.int32)
    parts: list[tuple[Array, ...]] = []
    for row in asked.rows:
        distance = np.full(n, -1, np.int32)
        distances_from(graph.indptr, graph.indices, np.array([row]), k, distance, queue)
        reached = np.flatnonzero(distance > 0)
        parts.append((np.full(len(reached), row), reached, distance[reached]))
    a, b, hop = _joined(parts, 3)
    order = np.lexsort((b, graph.labels[b], hop, a))
    a, b, hop = a[order], b[order], hop[order]
    return pa.table(
        {
            "sample": pa.array(graph.samples[a], pa.string()),
            "cell": graph.labels[a],
            "hop": hop,
            "reached": graph.labels[b],
            "reached_sample": pa.array(graph.samples[b], pa.string()),
        }
    )


def neighbours(asked: Restricted) -> pa.Table:
    """Return the rows of the query ``neighbours``, most junctions first; parallel relationships are summed."""
    topology, pairs = asked.topology, linked(asked, "junctions", "area")
    mine = np.isin(pairs.a, asked.rows)
    a, b = pairs.a[mine], pairs.b[mine]
    rows = pa.table(
        {
            "sample": pa.array(topology.samples[a], pa.string()),
            "cell": topology.labels[a],
            "neighbour": topology.labels[b],
            "junctions": pairs.sums["junctions"].filter(pa.array(mine)),
            "area": pairs.sums["area"].filter(pa.array(mine)).cast(pa.float64()),
            "neighbour_sample": pa.array(topology.samples[b], pa.string()),
        }
    )
    keys = ("sample", "cell", "junctions", "neighbour", "neighbour_sample")
    return rows.sort_by([(key, "descending" if key == "junctions" else "ascending") for key in keys])


def with_distance(rows: pa.Table, asked: Restricted) -> pa.Table:
    """Return the rows of ``neighbours`` with the distances of near pairs; null for all others."""
    topology = asked.topology
    column = topology.of_contacts["distance"]
    near = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    known: dict[tuple[str, int, int], float] = {}
    for place, distance in zip(near.tolist(), column.take(pa.array(near)).to_pylist(), strict=True):
        a, b = int(topology.a[place]), int(topology.b[place])
        known[topology.samples[a], topology.labels[a], topology.labels[b]] = distance
        known[topology.samples[a], topology.labels[b], topology.labels[a]] = distance
    keys = zip(*(rows[name].to_pylist() for name in ("sample", "cell", "neighbour")), strict=True)
    return rows.append_column("distance", pa.array([known.get(key) for key in keys], pa.float64()))


def _joined(parts: list[tuple[Array, ...]], columns: int) -> list[Array]:
    empty = tuple(np.empty(0, np.int64) for _ in range(columns))
    return [np.concatenate([part[column] for part in [empty, *parts]]).astype(np.int64) for column in range(columns)]
