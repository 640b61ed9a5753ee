"""Layers for napari: their shapes, places and features; what the manifest of the plugin names."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from npe2 import PluginManifest

import cellgraph
from cellgraph.errors import InputError, NotFoundError
from cellgraph.napari import layers, read
from cellgraph.napari.widget import ask, cell_at, colour, queries


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
    manifest = PluginManifest.from_file(folder / "napari" / "napari.yaml")
    manifest.validate_imports()
    assert [reader.command for reader in manifest.contributions.readers or ()] == ["cellgraph.read"]
    assert [widget.command for widget in manifest.contributions.widgets or ()] == ["cellgraph.widget"]
    entry = tomllib.loads((folder.parent / "pyproject.toml").read_text())["project"]["entry-points"]["napari.manifest"]
    assert entry == {"cellgraph": "cellgraph.napari:napari.yaml"}
    assert PluginManifest.from_distribution("cellgraph").name == "cellgraph"


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Path, Any, Any]:
    """A database, and its points and the labels in napari."""
    cellgraph.phantom(tmp_path / "cells.npy", cells=30, shape=(10, 20, 30), seed=1)
    cellgraph.load(tmp_path / "cells.npy", tmp_path / "cells.db", spacing=(2.0, 0.5, 0.5))
    (tmp_path / "kinds.csv").write_text("label,kind\n" + "".join(f"{n},{'ab'[n % 2]}\n" for n in range(1, 25)))
    cellgraph.annotate(tmp_path / "kinds.csv", db=tmp_path / "cells.db")
    reader = read(str(tmp_path / "cells.db"))
    assert reader is not None
    points, _ = (Layer.create(*layer) for layer in reader(str(tmp_path / "cells.db")))
    return tmp_path / "cells.db", points, Labels(np.load(tmp_path / "cells.npy"), scale=(2.0, 0.5, 0.5))


def colours_of(points: Any, labels: Any) -> dict[int, tuple[float, ...]]:
    """The colour of each cell, which is the same in both layers."""
    cells = points.features["index"].tolist()
    table = labels.colormap.color_dict
    assert np.allclose([table[cell] for cell in cells], points.face_color)
    assert table[None][3] == 0
    return {cell: tuple(table[cell].tolist()) for cell in cells}


@pytest.mark.parametrize("column", ["degree", "volume", "kind", "on_border"])
def test_cells_of_one_value_have_one_colour(column: str, opened: tuple[Path, Any, Any]) -> None:
    _, points, labels = opened
    colour(column, points, labels)
    drawn = colours_of(points, labels)
    values = dict(zip(points.features["index"], points.features[column], strict=True))
    for a, b in itertools.combinations(drawn, 2):
        same = values[a] == values[b] or (values[a] is None and values[b] is None)
        assert (drawn[a] == drawn[b]) == same


def test_a_query_about_a_cell_colours_what_it_finds(opened: tuple[Path, Any, Any]) -> None:
    db, points, labels = opened
    assert queries() == {"neighbours": False, "within": True}
    said = ask("within", 7, points, labels, k=2)
    drawn = colours_of(points, labels)
    with cellgraph.open(db) as database:
        rows = database.query("within", cell=7, k=2).to_pylist()
    hops = {row["reached"]: row["hop"] for row in rows} | {7: 0}
    assert said == f"Cell 7: {len(rows)} cells, coloured by hop."
    grey = {drawn[cell] for cell in drawn if cell not in hops}
    assert len(grey) == 1
    for a, b in itertools.combinations(hops, 2):
        assert (drawn[a] == drawn[b]) == (hops[a] == hops[b])
        assert drawn[a] not in grey
    with pytest.raises(NotFoundError, match="no cell 700"):
        ask("within", 700, points, labels, k=1)
    graph = cellgraph.sweep(labels.data)
    with pytest.raises(InputError, match="open the database"):
        ask("within", 7, Layer.create(*layers(graph)[0]), None, k=1)


def test_the_cell_at_a_place(opened: tuple[Path, Any, Any]) -> None:
    _, points, labels = opened
    where = {"view_direction": None, "dims_displayed": [1, 2]}
    inside = tuple(np.argwhere(labels.data == 9)[4] * (2.0, 0.5, 0.5))
    assert cell_at(points, labels, position=inside, **where) == 9
    assert cell_at(points, labels, position=(0.0, -50.0, 0.0), **where) is None
    viewer = ViewerModel()
    viewer.add_layer(points)
    viewer.dims.set_point(0, points.data[4, 0])
    assert cell_at(points, None, position=tuple(points.data[4]), **where) == 5
    assert cell_at(points, None, position=tuple(points.data[4] + 50), **where) is None
