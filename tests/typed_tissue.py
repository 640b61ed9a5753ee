"""Two small tissues whose cells have types and numbers, and slow obvious forms of statistics on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np
import pyarrow as pa

from cellgraph.model import Network, Sample

SIDE = 6
TYPES = ("B", "M", "T")
Edges = dict[tuple[int, int], float]


def typed_tissue() -> Network:
    """Return samples ``left`` and ``right``: 6 x 6 cells each that touch along a grid, left and right half unlike.

    Cell 7 of ``left`` has no type and no marker.  A pair is there twice, a cell touches itself, and one contact leads
    from sample to sample.  ``flag`` is a bool, ``same`` constant, ``half`` constant in ``left`` only, ``late`` there
    in ``right`` only.
    """
    random = np.random.default_rng(5)
    n = SIDE * SIDE
    x = np.tile(np.arange(SIDE), 2 * SIDE)
    types = np.where(random.random(2 * n) < np.where(x < SIDE / 2, 0.8, 0.2), "T", random.choice(["B", "M"], 2 * n))
    marker = x + random.random(2 * n)
    untyped = np.arange(2 * n) == 6
    pairs = [
        (row * SIDE + column + shift, row * SIDE + column + step + shift)
        for shift in (0, n)
        for row in range(SIDE)
        for column in range(SIDE)
        for step, there in ((1, column + 1 < SIDE), (SIDE, row + 1 < SIDE))
        if there
    ]
    pairs += [(1, 0), (3, 3), (n - 1, n)]
    cells = pa.table(
        {
            "sample": ["left"] * n + ["right"] * n,
            "label": pa.array([*range(1, n + 1)] * 2, pa.int64()),
            "cell_type": pa.array(types.tolist(), mask=untyped),
            "marker": pa.array(marker, mask=untyped),
            "flag": pa.array(marker > SIDE / 2),
            "same": pa.array([1.0] * 2 * n),
            "half": pa.array([1.0] * n + marker[n:].tolist()),
            "one_type": pa.array(["only"] * 2 * n),
            "empty": pa.array([None] * 2 * n, pa.float64()),
        }
    )
    contacts = pa.table(
        {
            "a": pa.array([a for a, _ in pairs], pa.int64()),
            "b": pa.array([b for _, b in pairs], pa.int64()),
            "junctions": pa.array(random.integers(1, 50, len(pairs)), pa.int64()),
            "area": pa.array(random.random(len(pairs)) * 10),
        }
    )
    return Network((Sample("left"), Sample("right")), cells, contacts)


def edges_of(network: Network, sample: str, weight: str, column: str) -> tuple[dict[int, object], Edges]:
    """Return the values of a column by cell, where there is one, and the weights of pairs among these cells."""
    rows = network.cells.to_pylist()
    values = {k: row[column] for k, row in enumerate(rows) if row["sample"] == sample and row[column] is not None}
    edges: Edges = {}
    for row in network.contacts.to_pylist():
        a, b = row["a"], row["b"]
        if a != b and a in values and b in values:
            for pair in ((a, b), (b, a)):
                edges[pair] = 1.0 if weight == "contacts" else edges.get(pair, 0.0) + row[weight]
    return values, edges


def naive_enrichment(
    types: dict[int, object], edges: Edges, convention: str, least: float
) -> dict[tuple[object, object], float]:
    """Return what imcRtools describes for `testInteractions`, cell by cell."""
    found = {}
    for a in set(types.values()):
        of_a = [cell for cell, kind in types.items() if kind == a]
        for b in set(types.values()):
            each = [sum(w for (i, j), w in edges.items() if i == cell and types[j] == b) for cell in of_a]
            if convention == "classic":
                found[a, b] = sum(each) / len(of_a)
            elif convention == "histocat":
                having = [number for number in each if number > 0]
                found[a, b] = sum(having) / len(having) if having else 0.0
            else:
                found[a, b] = sum(number >= least for number in each) / len(of_a)
    return found


def naive_autocorrelation(values: dict[int, float], edges: Edges, method: str, row_standardized: bool) -> float:
    """Return Moran's I or Geary's C by its formula (Cliff and Ord 1981)."""
    if row_standardized:
        sums = {cell: sum(w for (i, _), w in edges.items() if i == cell) for cell in values}
        edges = {(i, j): w / sums[i] for (i, j), w in edges.items()}
    n, total = len(values), sum(edges.values())
    mean = sum(values.values()) / n
    variance = sum((x - mean) ** 2 for x in values.values())
    if method == "moran":
        return n / total * sum(w * (values[i] - mean) * (values[j] - mean) for (i, j), w in edges.items()) / variance
    squares = sum(w * (values[i] - values[j]) ** 2 for (i, j), w in edges.items())
    return (n - 1) / (2 * total) * squares / variance


def all_arrangements(values: list[object], measure: Callable[[dict[int, object]], float]) -> Iterator[float]:
    """Yield a measure for every way to give some values to as many cells: the exact null."""
    for arrangement in permutations(values):
        yield measure(dict(enumerate(arrangement)))
