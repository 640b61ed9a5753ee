"""What the library's `load` takes and refuses; the command line is tested in tests/cli."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellgraph
from cellgraph.errors import ParameterError

LABELS = np.array([[1, 1, 2, 0], [1, 1, 2, 0]], np.uint8)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    done = cellgraph.load(
        LABELS,
        tmp_path / "a.db",
        background=np.int64(1),
        spacing=np.array([2, 0.5], np.float32),
        memory=np.int64(10**8),
    )
    assert (done.cells, done.sample.background, done.sample.spacing) == (2, 1, (2.0, 0.5))


def test_memory_is_also_text(tmp_path: Path) -> None:
    assert cellgraph.load(LABELS, tmp_path / "a.db", memory="512MB").cells == 2


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"background": 1.5}, "expected the background to be a label"),
        ({"spacing": 2.0}, r"expected a spacing of 2 numbers \(Y,X\), such as \(0.5, 0.5\), got 2.0"),
        ({"sample": 5}, "expected the name of the sample to be a string, got 5"),
        ({"sample": "a" * 300}, "the name of the sample is too long for its work folder: it takes 300 bytes"),
        ({"unit": 5}, "expected unit to be a string, got 5"),
        ({"memory": 0}, "expected a size in bytes such as 512MB or 2GiB, got 0"),
        ({"memory": -5}, "got -5"),
        ({"memory": "much"}, "got 'much'"),
        ({"db": 5}, "expected a database: a path or an address as text, got 5"),
    ],
)
def test_arguments_that_cannot_be_are_refused(tmp_path: Path, argument: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        cellgraph.load(LABELS, **{"db": tmp_path / "a.db"} | argument)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("parallel", [0, -1, 1.5, "2"])
def test_at_least_one_volume_is_loaded_at_a_time(tmp_path: Path, parallel: Any) -> None:
    with pytest.raises(ParameterError, match="a whole number of 1 or more, got"):
        list(cellgraph.load_many(["a.npy"], tmp_path / "a.db", parallel=parallel))


def test_a_database_is_text_or_a_path() -> None:
    with pytest.raises(ParameterError, match="expected a database: a path or an address as text, got 5"):
        cellgraph.open(5)  # type: ignore[arg-type]


def test_an_array_is_swept_as_it_is_loaded_also_with_grown_cells(tmp_path: Path) -> None:
    image = np.zeros((3, 12, 12), np.int32)
    image[:, 1:4, 1:4], image[:, 1:4, 6:9], image[:, 8:10, 2:9] = 1, 2, 3
    cellgraph.load(image, tmp_path / "cells.db", sample="gaps", expand=2)
    graph = cellgraph.sweep(image, name="gaps", expand=2)
    with cellgraph.open(tmp_path / "cells.db") as db:
        loaded = db.graph("gaps")
    assert graph.contacts.num_rows == 3
    assert (graph.cells, graph.contacts) == (loaded.cells, loaded.contacts)
