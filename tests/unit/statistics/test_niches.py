"""Niches: surroundings beside networkx, groups that are there by construction, and what is refused."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pyarrow as pa
import pytest
from typed_tissue import edges_of, typed_tissue

import cellgraph
from cellgraph.analyze.rows import note_of
from cellgraph.errors import MissingExtraError, ParameterError
from cellgraph.model import Network, Sample
from cellgraph.stores import open_store


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    return fill(typed_tissue())


@pytest.fixture
def db(address: str) -> Iterator[cellgraph.Database]:
    with cellgraph.open(address) as opened:
        yield opened


@pytest.mark.parametrize("k", [1, 3])
def test_surroundings_are_those_of_networkx(db: cellgraph.Database, k: int) -> None:
    found = {(row["sample"], row["cell"]): row for row in db.niches("cell_type", k=k, niches=2).to_pylist()}
    network = typed_tissue()
    for sample, shift in (("left", 0), ("right", 36)):
        types, _ = edges_of(network, sample, "contacts", "cell_type")
        labels, edges = edges_of(network, sample, "contacts", "label")
        graph = nx.Graph(list(edges))
        for cell in labels:
            near = set(nx.single_source_shortest_path_length(graph, cell, k)) - {cell}
            counts = Counter(types[other] for other in near if other in types)
            row = found[sample, cell - shift + 1]
            assert row["around"] == counts.total()
            assert {name: row[f"share of {name}"] for name in "BMT"} == pytest.approx(
                {name: counts[name] / counts.total() for name in "BMT"}
            )


def test_samples_have_niches_of_their_own_unless_pooled(db: cellgraph.Database) -> None:
    apart = db.niches("cell_type", niches=2)
    assert "each sample has its own niches" in note_of(apart)
    for sample in ("left", "right"):
        assert db.niches("cell_type", niches=2, sample=sample)["niche"].to_pylist() == [
            row["niche"] for row in apart.to_pylist() if row["sample"] == sample
        ]
    pooled = db.niches("cell_type", niches=2, pool=True)
    assert "of its own" not in note_of(pooled)
    summary = db.niches("cell_type", niches=2, pool=True, summary=True)
    assert summary.column_names == ["niche", "cells", "share of B", "share of M", "share of T"]
    sizes = Counter(pooled["niche"].to_pylist())
    assert summary.select(["niche", "cells"]).to_pylist() == [{"niche": n, "cells": sizes[n]} for n in (1, 2)]
    assert sizes[1] >= sizes[2]


def write(path: Path, types: list[str | None], pairs: list[tuple[int, int]]) -> Path:
    """Write one sample with types and contacts."""
    cells = pa.table({"sample": ["one"] * len(types), "label": [*range(len(types))], "kind": pa.array(types)})
    contacts = pa.table({"a": [a for a, _ in pairs], "b": [b for _, b in pairs]})
    with open_store(path, create=True) as store:
        store.write(Network((Sample("one"),), cells, contacts))
    return path


def test_groups_that_are_there_are_found(tmp_path: Path) -> None:
    # A ring of 10 x, a ring of 6 y, and a cell that touches none.
    pairs = [*((i, (i + 1) % 10) for i in range(10)), *((10 + i, 10 + (i + 1) % 6) for i in range(6))]
    path = write(tmp_path / "rings.db", ["x"] * 10 + ["y"] * 6 + ["y"], pairs)
    with cellgraph.open(path) as opened:
        rows = opened.niches("kind", niches=2)
        assert rows["niche"].to_pylist() == [1] * 10 + [2] * 6 + [None]
        assert rows["share of x"].to_pylist() == [1.0] * 10 + [0.0] * 6 + [None]
        assert "1 cell of the sample 'one' has no niche, because no cell with a type is within 1 contacts." in note_of(
            rows
        )
        with pytest.raises(ParameterError, match="cannot have 3 niches: there are only 2 different surroundings"):
            opened.niches("kind", niches=3)


def test_without_scikit_learn_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "pair.db", ["x", "y"], [(0, 1)])
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with cellgraph.open(path) as opened, pytest.raises(MissingExtraError, match=r"pip install '.\[niches\]'"):
        opened.niches("kind", niches=2)


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("no column 'cell_typ'", {"by": "cell_typ"}),
        ("'one_type' has fewer than two types", {"by": "one_type"}),
        ("k must be from 1 to 30, not 0", {"k": 0}),
        ("niches must be from 2 to 1000, not 1", {"niches": 1}),
        ("summary must be true or false", {"summary": 1}),
        ("different surroundings within 1 contacts; ask for fewer", {"niches": 40}),
    ],
)
def test_questions_without_an_answer(db: cellgraph.Database, message: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as refused:
        db.niches(**{"by": "cell_type", **arguments})
    assert message in str(refused.value)
