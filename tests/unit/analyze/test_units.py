"""Samples with other units of length, compared with one number by a condition."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cellgraph
from cellgraph.analyze.rows import note_of


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("units") / "u.db"
    tissue = np.repeat(np.repeat(np.arange(1, 10).reshape(3, 3), 4, 0), 4, 1)
    cellgraph.load(tissue, path, sample="one", spacing=(0.5, 0.5), unit="um")
    cellgraph.load(tissue, path, sample="two", spacing=(500, 500), unit="nm")
    return path


def said(column: str) -> str:
    return f"in the condition, the column {column!r} has different units: micrometer of 2D images in the sample 'one'"


@pytest.mark.parametrize(
    ("condition", "column"), [({"where": "degree > 1 and volume > 5"}, "volume"), ({"min_area": 3}, "area")]
)
def test_a_question_tells_them(db: Path, condition: dict[str, object], column: str) -> None:
    with cellgraph.open(db) as opened:
        assert note_of(opened.query("degree", **condition)).startswith(said(column))
        assert not note_of(opened.query("degree", sample="one", **condition))
        assert not note_of(opened.query("degree", where="sample = 'one' and volume > 5"))
        assert not note_of(opened.query("degree", where="degree > 2"))


def test_metrics_and_statistics_tell_them(db: Path) -> None:
    assert said("volume") in cellgraph.metrics("degree", db, where="volume > 5").notes[-1]
    assert said("volume") in cellgraph.metrics("assortativity", db, where="volume > 5").notes[-1]
    with cellgraph.open(db) as opened:
        found = opened.autocorrelation("degree", where="volume > 5", permutations=9)
    assert said("volume") in note_of(found)
    assert not cellgraph.metrics("degree", db, where="degree > 1").notes
