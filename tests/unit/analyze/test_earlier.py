"""Samples of an earlier version, in which oblateness has the opposite sign: who asks for it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from command import cellgraph as run

import cellgraph
from cellgraph.analyze.rows import note_of
from cellgraph.model import CellGraph


@pytest.fixture(scope="module")
def address(fill: Callable[..., str]) -> str:
    """A database with a rod of this version, of the one before, and in 2D, where there is no oblateness."""
    rod = cellgraph.sweep(np.ones((5, 1, 1), np.uint8), name="now")
    image = cellgraph.sweep(np.ones((5, 2), np.uint8), name="image")

    def before(graph: CellGraph, name: str, version: str) -> CellGraph:
        return replace(graph, sample=replace(graph.sample, name=name, version=version))

    graphs = [rod, before(rod, "then", "0.1.0"), before(image, "image", "0.1.0"), before(rod, "later", "0.10.1")]
    return fill(*(graph.network() for graph in graphs))


def test_a_rod_is_minus_1_and_samples_of_earlier_versions_are_named(address: str) -> None:
    with cellgraph.open(address) as db:
        cells = db.query("cells")
        assert cells["oblateness"].to_pylist() == [None, -1.0, -1.0, -1.0]
        assert "the sample 'then' was loaded by cellgraph before 0.2" in note_of(cells)
        assert "'now'" not in note_of(cells)
        assert note_of(db.query("cells", sample="now")) == ""
        assert note_of(db.query("degree")) == ""
        own = "MATCH (c:Cell) RETURN c.`oblateness` AS o ORDER BY o"
        assert "'then'" in note_of(db.cypher(own))
        assert note_of(db.cypher("MATCH (c:Cell) RETURN count(c) AS n")) == ""


def test_the_note_goes_to_stderr(address: str) -> None:
    shown = run("query", "cells", "--sample", "then", "--db", address, "--format", "csv")
    assert "oblateness has the opposite sign" in shown.stderr
    assert "opposite" not in shown.stdout
    assert "opposite" not in run("query", "cells", "--sample", "now", "--db", address, "--format", "csv").stderr


def test_an_estimate_names_them_too(address: str) -> None:
    told = cellgraph.estimate("mean(oblateness)", address, within_time=10)
    assert "the sample 'then' was loaded by cellgraph before 0.2" in told.note
    assert "opposite" not in cellgraph.estimate("mean(oblateness)", address, within_time=10, sample="now").note
    assert "opposite" not in cellgraph.estimate("mean(volume)", address, within_time=10).note
