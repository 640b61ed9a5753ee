"""Real segmentations, against what is known of them and what other tools have published of them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import pytest
import tifffile
from skimage.measure import regionprops

from cellgraph.errors import LabelError
from cellgraph.loading.arrays import sweep

Array = np.ndarray[Any, Any]


def read(path: Path, dataset: str = "") -> Array:
    """Read labels with the format's own library, so that a wrong reader cannot hide a wrong sweep."""
    if path.suffix == ".npy":
        return np.asarray(np.load(path))
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            return np.asarray(file[dataset][:])
    if path.suffix == ".gz":
        return np.asarray(nibabel.load(path).dataobj).transpose(2, 1, 0)
    return np.asarray(tifffile.imread(path))


@pytest.mark.parametrize(
    ("name", "dataset", "background", "cells", "pairs"),
    [
        ("meristem_100.tif", "", None, 254, {6: 1384, 18: 1405, 26: 1411}),
        ("ovule_sample.h5", "label", 0, 50, {6: 202}),
        ("neuroproof_labels.h5", "stack", 0, 164, {6: 618}),
        ("epithelium.ome.tif", "", 0, 94, {}),
        ("nuclei_3d.tif", "", 0, 51, {6: 41, 18: 45, 26: 46}),
        ("nuclei_2d.tif", "", 0, 125, {4: 21}),
        ("brain_atlas.nii.gz", "", 0, 83, {6: 246, 18: 256, 26: 261}),
        ("imc_gapped.tif", "", 0, 113, {4: 0}),
        ("grains.npy", "", 0, 141, {4: 312}),
        ("grains_negative_sentinel.npy", "", -2, 109, {}),
        ("float_labels.tif", "", 0, 64, {}),
    ],
)
def test_known_numbers_of_cells_and_pairs(
    data_dir: Path, name: str, dataset: str, background: int | None, cells: int, pairs: dict[int, int]
) -> None:
    labels = read(data_dir / name, dataset)
    for connectivity, number in (pairs or {6: None}).items():
        graph = sweep(labels, background=background, connectivity=connectivity)
        assert graph.cells.num_rows == cells
        assert number is None or graph.contacts.num_rows == number
        is_cell = labels != background  # all, where there is no background
        assert sum(graph.cells["voxels"].to_pylist()) == np.count_nonzero(is_cell)


def test_connectomics(data_dir: Path) -> None:
    labels = read(data_dir / "connectomics_512.ome.tif")
    graph = sweep(labels, spacing=(40, 32, 32), unit="nanometer")
    assert (graph.cells.num_rows, graph.contacts.num_rows) == (2523, 39062)
    ids, counts = np.unique(labels, return_counts=True)
    assert ids[0] == 0
    assert counts[0] / labels.size == pytest.approx(0.008, abs=0.0005)
    np.testing.assert_array_equal(graph.cells["label"].to_numpy(), ids[1:])
    np.testing.assert_array_equal(graph.cells["voxels"].to_numpy(), counts[1:])


def test_the_meristem_has_label_1_as_background(data_dir: Path) -> None:
    labels = read(data_dir / "meristem_100.tif")
    graph = sweep(labels, background=1, spacing=(0.40049,) * 3)
    assert graph.cells.num_rows == 253
    with_it = sweep(labels, background=None)
    assert graph.contacts.num_rows == with_it.contacts.num_rows - with_it.cells["degree"].to_pylist()[0]


def test_neuroproof_published_the_same_adjacencies(data_dir: Path) -> None:
    published = json.loads((data_dir / "neuroproof_published_rag.json").read_text())
    graph = sweep(read(data_dir / "neuroproof_labels.h5", "stack"))
    edges = {tuple(sorted((edge["node1"], edge["node2"]))) for edge in published["edge_list"]}
    sizes = {edge[f"node{i}"]: edge[f"size{i}"] for edge in published["edge_list"] for i in (1, 2)}
    cells = graph.cells.to_pylist()
    assert set(zip(graph.contacts["cell_a"].to_pylist(), graph.contacts["cell_b"].to_pylist(), strict=True)) == edges
    assert {row["label"]: row["voxels"] for row in cells} == sizes
    assert {row["label"] for row in cells if not row["on_border"]} == set(published["orphan_bodies"])


def test_epitools_published_the_same_neighbours_and_areas(data_dir: Path) -> None:
    with (data_dir / "epithelium_published.csv").open(newline="") as file:
        published = {int(row["label"]): row for row in csv.DictReader(file)}
    graph = sweep(read(data_dir / "epithelium.ome.tif"), connectivity=4)
    assert {row["label"]: row["degree"] for row in graph.cells.to_pylist()} == {
        label: int(row["neighbours"]) for label, row in published.items()
    }
    for row in graph.cells.to_pylist():
        assert row["volume"] == pytest.approx(float(published[row["label"]]["area"]))


def test_a_negative_sentinel_is_refused_unless_it_is_the_background(data_dir: Path) -> None:
    labels = read(data_dir / "grains_negative_sentinel.npy")
    with pytest.raises(LabelError, match=r"-2.*background=-2"):
        sweep(labels)


@pytest.mark.parametrize(
    ("name", "dataset", "spacing"),
    [
        ("ovule_sample.h5", "label", (0.235, 0.15, 0.15)),
        ("nuclei_3d.tif", "", (2.0, 1.0, 0.5)),
        ("meristem_100.tif", "", (0.40049,) * 3),
        ("epithelium.ome.tif", "", (0.7, 0.3)),
        ("nuclei_2d.tif", "", (1.0, 1.0)),
    ],
)
def test_scikit_image_measures_the_same(data_dir: Path, name: str, dataset: str, spacing: tuple[float, ...]) -> None:
    labels = read(data_dir / name, dataset)
    ndim = labels.ndim
    cells = {row["label"]: row for row in sweep(labels, spacing=spacing).cells.to_pylist()}
    regions = regionprops(labels, spacing=spacing)
    assert len(regions) == len(cells)
    for region in regions:
        cell = cells[region.label]
        assert cell["voxels"] == region.num_pixels
        assert cell["volume"] == pytest.approx(region.area)
        assert [cell[axis] for axis in "zyx"[-ndim:]] == pytest.approx(region.centroid)
        starts, stops = ([cell[f"{axis}_{end}"] for axis in "zyx"[-ndim:]] for end in ("start", "stop"))
        assert tuple(starts + stops) == region.bbox
        shortest = cell["height"] if ndim == 3 else cell["width"]
        # The inertia tensor, from which scikit-image takes the axes, loses half of the digits of flat cells.
        assert cell["length"] == pytest.approx(region.axis_major_length, rel=1e-6)
        assert shortest == pytest.approx(region.axis_minor_length, rel=1e-6, abs=1e-5)
