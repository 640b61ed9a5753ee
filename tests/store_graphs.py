"""Questions that the tests of stores ask, and networks as table imports make them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cellgraph.model import Network, Sample
from cellgraph.stores import Store


@dataclass(frozen=True)
class Database:
    """An empty database, and the way to open it."""

    address: str
    open: Callable[..., Store]


CELLS = "MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) "
CONTACTS = CELLS + "MATCH (c)-[t:TOUCHES]->(d:Cell) "


def labels(store: Store) -> list[tuple[str, int]]:
    """Return sample and label of every visible cell, sorted."""
    rows = store.run(CELLS + "RETURN s.name AS sample, c.label AS label ORDER BY sample, label").to_pylist()
    return [(row["sample"], row["label"]) for row in rows]


def contacts(store: Store) -> list[tuple[str, int, str, int, int]]:
    """Return sample and label of both cells of every visible contact with its junctions, sorted."""
    rows = store.run(
        CONTACTS + "RETURN c.sample AS sample_a, c.label AS a, d.sample AS sample_b, d.label AS b, t.junctions AS j "
        "ORDER BY sample_a, a, sample_b, b, j"
    ).to_pylist()
    return [tuple(row.values()) for row in rows]


def everything(store: Store) -> dict[str, int]:
    """Return how many nodes and relationships there are at all, visible or not."""
    counted = {
        "Sample": "MATCH (n:Sample) RETURN count(*) AS n",
        "Cell": "MATCH (n:Cell) RETURN count(*) AS n",
        "HAS_CELL": "MATCH (:Sample)-[r:HAS_CELL]->(:Cell) RETURN count(*) AS n",
        "TOUCHES": "MATCH (:Cell)-[r:TOUCHES]->(:Cell) RETURN count(*) AS n",
    }
    return {what: store.run(cypher)["n"][0].as_py() for what, cypher in counted.items()}


SIX_LABELS = [("six", label) for label in range(1, 7)]
SIX_CONTACTS = [("six", a, "six", b, j) for a, b, j in [(1, 2, 2), (1, 3, 1), (2, 3, 2), (3, 4, 2), (4, 5, 1)]]
PAIR_LABELS = [("pair", 1), ("pair", 3)]
PAIR_CONTACTS = [("pair", 1, "pair", 3, 3)]


def table_network(
    cells: dict[str, Any],
    contacts: dict[str, Any] | None = None,
    samples: tuple[Sample, ...] = (Sample("table", connectivity=0),),
) -> Network:
    """Return a network of given columns; all cells belong to the first sample unless ``sample`` says otherwise."""
    count = len(next(iter(cells.values())))
    named = {"sample": [samples[0].name] * count} if "sample" not in cells else {}
    empty = {"a": pa.array([], pa.int64()), "b": pa.array([], pa.int64()), "junctions": pa.array([], pa.int64())}
    return Network(samples, pa.table(named | cells), pa.table(contacts or empty))


def grid(side: int, name: str = "grid") -> Network:
    """Return side³ cells, each touching its neighbours along the axes: a load that takes a moment."""
    number = np.arange(side**3).reshape(side, side, side)
    pairs = [(number[:-1], number[1:]), (number[:, :-1], number[:, 1:]), (number[:, :, :-1], number[:, :, 1:])]
    a, b = (np.concatenate([pair[end].ravel() for pair in pairs]) for end in (0, 1))
    order = np.lexsort((b, a))
    cells = {"label": number.ravel() + 1, "volume": np.linspace(1.0, 2.0, side**3)}
    links = {"a": a[order], "b": b[order], "junctions": np.ones(len(a), np.int64), "area": np.full(len(a), 0.5)}
    return table_network(cells, links, (Sample(name),))


@contextmanager
def child(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run code in another Python that can import the tests; it is killed at the end if it still runs."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
