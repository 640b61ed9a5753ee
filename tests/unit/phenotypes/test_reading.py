"""What is read of random samples, some without some columns, some deleted again, is what was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cellgraph.model import Network, Sample
from cellgraph.phenotypes import aggregates, reading
from cellgraph.phenotypes.moments import Moments
from cellgraph.phenotypes.selection import read_columns
from cellgraph.stores import open_store

Rows = dict[str, np.ndarray]
COLUMNS = ("u", "v", "whole")


def random_sample(name: str, random: np.random.Generator) -> tuple[Network, Rows]:
    """Return a chain of cells with some of the columns, with nulls, and with or without its degrees."""
    n = int(random.integers(1, 30))
    rows: Rows = {"sample": np.full(n, name), "label": np.sort(random.choice(1000, n, replace=False))}
    cells = {"sample": pa.array([name] * n), "label": pa.array(rows["label"])}
    for column in COLUMNS:
        values = random.normal(5, 2, n).round(0 if column == "whole" else 6)
        absent = random.random(n) < (0.2 if random.random() < 0.75 else 2)
        rows[column] = np.where(absent, np.nan, values)
        if not absent.all():
            kind = pa.int64() if column == "whole" else pa.float64()
            cells[column] = pa.array(values.astype(kind.to_pandas_dtype()), mask=absent)
    rows["degree"] = np.bincount(np.r_[: n - 1, 1:n], minlength=n)
    if random.random() < 0.5:
        cells["degree"] = pa.array(rows["degree"], pa.int64())
    ends = np.arange(n - 1)
    contacts = pa.table({"a": ends, "b": ends + 1, "junctions": np.ones(n - 1, np.int64)})
    return Network((Sample(name),), pa.table(cells), contacts), rows


@pytest.mark.parametrize("seed", range(5))
def test_columns_of_random_samples(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    written: dict[str, Rows] = {}
    with open_store(tmp_path / "cells.db", create=True) as store:
        for number in range(int(random.integers(2, 6))):
            network, written[f"s{number}"] = random_sample(f"s{number}", random)
            store.write(network)
        if len(written) > 2:
            store.delete("s1")
            del written["s1"]
    rows = {name: np.concatenate([own[name] for own in written.values()]) for name in next(iter(written.values()))}
    there = [name for name in COLUMNS if np.isfinite(rows[name]).any()]
    conditions = {None: rows["label"] >= 0, "label > 300": rows["label"] > 300, "degree = 2": rows["degree"] == 2}
    for block in (7, 1_000_000):
        monkeypatch.setattr(reading, "BLOCK", block)
        for where, kept in conditions.items():
            with open_store(tmp_path / "cells.db", read_only=True) as store:
                read = read_columns(store, [*there, "degree"], where=where)
                blocks = list(read.blocks(labels=True))
                added = aggregates._by_database(read_columns(store, there, where=where)) if there else None
            values = np.concatenate([each.numbers(read.names) for each in blocks])
            samples = np.array(read.samples)[np.concatenate([each.samples for each in blocks])]
            labels = np.concatenate([each.labels for each in blocks])
            found, expected = np.lexsort((labels, samples)), np.lexsort((rows["label"][kept], rows["sample"][kept]))
            wanted = np.stack([rows[name][kept] for name in read.names], axis=1)
            assert np.allclose(values[found], wanted[expected], equal_nan=True)
            if added is not None:
                moments = Moments(len(read.facts), len(there))
                for each in blocks:
                    moments.add(each.samples, each.numbers(there))
                for name in ("count", "mean", "squares", "missing", "low", "high"):
                    assert np.allclose(getattr(added, name), getattr(moments, name)), name
