"""Layers for napari: their shapes, places and features; what the manifest of the plugin names."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml

import cellgraph
from cellgraph.errors import InputError
from cellgraph.napari import layers, read


def test_layers_of_a_volume(tmp_path: Path) -> None:
    cellgraph.phantom(tmp_path / "cells.npy", cells=30, shape=(10, 20, 30), seed=1)
    image = np.load(tmp_path / "cells.npy")
    graph = cellgraph.sweep(image, spacing=(2.0, 0.5, 0.5), unit="micrometer")
    (labels, of_labels, first), (points, of_points, second), (vectors, of_vectors, third) = layers(graph, image)
    assert (first, second, third) == ("labels", "points", "vectors")
    assert labels is image
    assert of_labels["scale"] == (2.0, 0.5, 0.5)
    assert of_labels["units"] == ("micrometer",) * 3
    assert of_labels["features"]["index"].tolist() == list(range(1, 31))
    for cell in (1, 30):
        inside = np.argwhere(image == cell).mean(axis=0) * (2.0, 0.5, 0.5)
        assert points[cell - 1] == pytest.approx(inside)
        assert of_points["features"]["voxels"][cell - 1] == (image == cell).sum()
    assert vectors.shape == (graph.contacts.num_rows, 2, 3)
    row = graph.contacts.to_pylist()[5]
    assert vectors[5, 0] == pytest.approx(points[row["cell_a"] - 1])
    assert vectors[5].sum(axis=0) == pytest.approx(points[row["cell_b"] - 1])
    assert of_vectors["features"]["junctions"][5] == row["junctions"]
    with pytest.raises(InputError, match=r"shape \(20, 30\)"):
        layers(graph, image[0])


def test_the_reader_opens_databases(tmp_path: Path) -> None:
    image = np.array([[1, 1, 2], [3, 3, 2]])
    cellgraph.load(image, tmp_path / "cells.db", sample="flat")
    reader = read(str(tmp_path / "cells.db"))
    assert reader is not None
    (points, _, kind), (vectors, _, _) = reader(str(tmp_path / "cells.db"))
    assert (points.shape, kind, vectors.shape) == ((3, 2), "points", (3, 2, 2))
    assert read(str(tmp_path / "cells.tif")) is None


def test_the_manifest_names_what_is_there() -> None:
    folder = Path(cellgraph.__file__).parent
    manifest = yaml.safe_load((folder / "napari.yaml").read_text("utf-8"))
    (command,) = manifest["contributions"]["commands"]
    (reader,) = manifest["contributions"]["readers"]
    assert reader["command"] == command["id"] == "cellgraph.read"
    module, _, name = command["python_name"].partition(":")
    assert getattr(importlib.import_module(module), name) is read
    entry = tomllib.loads((folder.parent / "pyproject.toml").read_text())["project"]["entry-points"]["napari.manifest"]
    assert entry == {"cellgraph": "cellgraph:napari.yaml"}
