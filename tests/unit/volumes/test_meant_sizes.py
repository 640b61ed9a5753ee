"""Voxel sizes in the places where tools write them around an array, and folders that hold volumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from cellgraph.errors import CellgraphError
from cellgraph.volumes import open_volume

LABELS = np.arange(4 * 5 * 7, dtype="u2").reshape(4, 5, 7)


def _zarr(path: Path, own: dict[str, Any], above: dict[str, Any]) -> Path:
    top = zarr.create_group(path, zarr_format=2, attributes=above)
    top.create_array("labels", data=LABELS).attrs.update(own)
    return path / "labels"


@pytest.mark.parametrize(
    ("own", "above"),
    [
        ({}, {"voxel_size": [40, 8, 8], "units": ["nm"] * 3}),
        ({"pixelResolution": {"dimensions": [8, 8, 40], "unit": "nm"}}, {}),
        ({"transform": {"axes": ["z", "y", "x"], "scale": [40, 8, 8], "units": ["nm"] * 3}}, {}),
    ],
    ids=["group", "n5-zarr", "COSEM"],
)
def test_sizes_around_a_zarr_array(tmp_path: Path, own: dict[str, Any], above: dict[str, Any]) -> None:
    volume = open_volume(_zarr(tmp_path / "a.zarr", own, above))
    assert (volume.header.spacing, volume.header.unit) == ((40, 8, 8), "nanometer")
    volume.close()


def test_the_geometry_of_dream3d(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.dream3d", "w") as file:
        container = file.create_group("DataContainers/Image")
        container["CellData/FeatureIds"] = LABELS[..., np.newaxis].astype("i4")
        container["CellData/EulerAngles"] = np.zeros((4, 5, 7, 3), "f4")
        container["_SIMPL_GEOMETRY/SPACING"] = np.array([0.25, 0.5, 2], "f4")
    volume = open_volume(tmp_path / "a.dream3d")
    assert (volume.header.shape, volume.header.spacing) == ((4, 5, 7), (2, 0.5, 0.25))
    volume.close()


def test_a_folder_of_volumes_names_one(tmp_path: Path) -> None:
    for name in ("image", "seg"):
        (tmp_path / "layers" / name).mkdir(parents=True)
        (tmp_path / "layers" / name / "info").write_text(json.dumps({"scales": [], "data_type": "uint8"}))
    with pytest.raises(CellgraphError, match=r"it holds image, seg; load one of these, as .*layers/seg"):
        open_volume(tmp_path / "layers")
