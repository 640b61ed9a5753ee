"""WEBKNOSSOS datasets: axes, voxel size and the box of the image come from its properties."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from volume_reading import assert_reads, cells

from cellgraph.volumes import open_volume
from cellgraph.volumes.naming import sample_name

LABELS = cells((6, 16, 24), np.uint32)  # (z, y, x)


def saved(path: Path, labels: np.ndarray[Any, Any], box: dict[str, Any], mag: int = 1) -> Path:
    path.mkdir()
    stored = np.ascontiguousarray(labels.T)[np.newaxis]
    zarr.create_array(path / f"segmentation/{mag}", data=stored, chunks=(1, 8, 8, 4), zarr_format=2)
    layer = {
        "name": "segmentation", "category": "segmentation", "dataFormat": "zarr", "boundingBox": box,
        "mags": [{
            "mag": [mag] * 3, "path": f"./segmentation/{mag}", "axisOrder": {"c": 0, "x": 1, "y": 2, "z": 3},
        }],
    }  # fmt: skip
    properties = {"scale": {"factor": [8, 8, 40], "unit": "nanometer"}, "dataLayers": [layer]}
    (path / "datasource-properties.json").write_text(json.dumps(properties))
    return path


@pytest.mark.parametrize("low", [(0, 0, 0), (2, 5, 1), (8, 8, 4)])
@pytest.mark.parametrize("high", [(24, 16, 6), (20, 13, 6), (100, 100, 100)])
def test_the_box_limits_the_volume(tmp_path: Path, low: tuple[int, ...], high: tuple[int, ...]) -> None:
    width, height, depth = (b - a for a, b in zip(low, high, strict=True))
    box = {"topLeft": list(low), "width": width, "height": height, "depth": depth}
    part = LABELS[tuple(slice(a, b) for a, b in zip(low[::-1], high[::-1], strict=True))]
    with closing(open_volume(saved(tmp_path / "x", LABELS, box))) as volume:
        assert_reads(volume, part)
        assert volume.header.spacing == (40.0, 8.0, 8.0)
        told = [p.words() for p in volume.header.axes.parts if p.what == "part"]
    assert len(told) == (part.shape != LABELS.shape)


def test_the_box_of_a_coarser_array(tmp_path: Path) -> None:
    box = {"topLeft": [4, 4, 4], "width": 40, "height": 20, "depth": 5}
    with closing(open_volume(saved(tmp_path / "x", LABELS, box, mag=2))) as volume:
        assert_reads(volume, LABELS[2:5, 2:12, 2:22])
        assert volume.header.spacing == (80.0, 16.0, 16.0)


@pytest.mark.parametrize("box", [{}, {"topLeft": [0, 0]}, {"topLeft": [50, 0, 0], "width": 1, "height": 1, "depth": 1}])
def test_a_box_that_makes_no_sense_is_no_box(tmp_path: Path, box: dict[str, Any]) -> None:
    with closing(open_volume(saved(tmp_path / "x", LABELS, box))) as volume:
        assert_reads(volume, LABELS)
        assert any("outside" in note for note in volume.header.notes) == ("width" in box)


@pytest.mark.parametrize("inner", ["", "segmentation", "segmentation/2-2-1"])
def test_a_dataset_its_layer_and_its_magnification(tmp_path: Path, inner: str) -> None:
    zarr.create_array(tmp_path / "ds/segmentation/2-2-1", data=LABELS.T[np.newaxis], zarr_format=2)
    mags = [{"mag": [2, 2, 1], "axisOrder": {"c": 0, "x": 1, "y": 2, "z": 3}}]
    layer = {"name": "segmentation", "category": "segmentation", "dataFormat": "zarr", "mags": mags}
    properties = {"scale": {"factor": [11.24, 11.24, 28], "unit": "nanometer"}, "dataLayers": [layer]}
    (tmp_path / "ds" / "datasource-properties.json").write_text(json.dumps(properties))
    with closing(open_volume(tmp_path / "ds" / inner)) as volume:
        assert_reads(volume, LABELS)
        assert (volume.header.spacing, volume.header.unit) == ((28, 22.48, 22.48), "nanometer")
    assert sample_name(str(tmp_path / "ds" / inner)) == "ds"
