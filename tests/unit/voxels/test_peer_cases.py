"""Small arrays from the tests of other tools, with what those tools expect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellgraph.loading.arrays import sweep
from cellgraph.model import CellGraph

IDS = [
    *(f"cc3d_surface_area_aniso_({spacing})" for spacing in ("1, 1, 1", "2, 2, 2", "1.5, 10, 10")),
    *("cc3d_core_voxel_6faces", "cc3d_2d_core_pixel_conn4", "cc3d_2d_core_pixel_conn8"),
    *(f"cc3d_{what}_conn{n}" for what in ("corners", "edges", "faces") for n in (26, 18, 6)),
    *("cc3d_2d_conn4", "cc3d_2d_conn8", "openalea_2d"),
    *("cle_touch_matrix", "cle_count_touching", "cle_touch_count", "ilastikrag_two_bands"),
]

BY_DISTANCE = ["cp_within_2", "cp_345_within5"]
"""CellProfiler counts cells within a distance as neighbours: no contacts, so not for a sweep."""

DESCRIPTION = {"id", "source", "note", "shape", "labels", "connectivity", "spacing", "background_is_node"}
EXPECTED = {"edges", "contact_area", "contact_area_subset", "sizes", "centroids", "faces_per_axis"} | {
    "degrees",
    "degrees_with_background",
}


@pytest.fixture(scope="module")
def peer_cases(data_dir: Path) -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads((data_dir / "peer_cases.json").read_text())}


def pairs(graph: CellGraph) -> list[list[int]]:
    """Return the pairs that touch."""
    return [[row["cell_a"], row["cell_b"]] for row in graph.contacts.to_pylist()]


def areas(graph: CellGraph) -> dict[str, float]:
    """Return the area of each contact, by the labels as the cases write them."""
    return {f"{row['cell_a']}-{row['cell_b']}": row["area"] for row in graph.contacts.to_pylist()}


def by_label(graph: CellGraph, *columns: str) -> dict[str, Any]:
    """Return a column, or several, of the cells by label."""
    return {
        str(row["label"]): row[columns[0]] if len(columns) == 1 else [row[name] for name in columns]
        for row in graph.cells.to_pylist()
    }


def test_every_case_is_known(peer_cases: dict[str, dict[str, Any]]) -> None:
    assert sorted(peer_cases) == sorted([*IDS, *BY_DISTANCE])
    assert [name for name, case in peer_cases.items() if isinstance(case["connectivity"], str)] == BY_DISTANCE
    for name in IDS:
        assert peer_cases[name].keys() <= DESCRIPTION | EXPECTED
        assert peer_cases[name].keys() & EXPECTED


@pytest.mark.parametrize("name", IDS)
def test_what_the_other_tool_expects(peer_cases: dict[str, dict[str, Any]], name: str) -> None:
    case = peer_cases[name]
    labels = np.array(case["labels"])
    options = {"connectivity": case["connectivity"], "spacing": case.get("spacing")}
    graph = sweep(labels, background=None if case.get("background_is_node") else 0, **options)
    if "edges" in case:
        assert pairs(graph) == sorted(case["edges"])
    if "contact_area" in case:
        assert areas(graph) == pytest.approx(case["contact_area"])
    for pair, area in case.get("contact_area_subset", {}).items():
        assert areas(graph)[pair] == pytest.approx(area)
    if "sizes" in case:
        assert by_label(graph, "voxels") == case["sizes"]
    for label, centroid in case.get("centroids", {}).items():
        assert by_label(graph, *"zyx"[-labels.ndim :])[label] == pytest.approx(centroid)
    for axis, faces in case.get("faces_per_axis", {}).items():
        assert sum(graph.contacts[f"junctions_{axis}"].to_pylist()) == faces
    if "degrees" in case:
        assert by_label(graph, "degree") == case["degrees"]
    if "degrees_with_background" in case:
        assert by_label(sweep(labels, background=None, **options), "degree") == case["degrees_with_background"]
