"""Voxel sizes in the places where tools write them around an array, and folders that hold volumes."""

from __future__ import annotations

import json
import re
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


def _xarray_hdf5(path: Path, along: dict[str, Any], unit: str, **attributes: Any) -> Path:
    """Write labels as xarray does with `to_netcdf`: the coordinates are scales of the dimensions."""
    with h5py.File(path, "w") as file:
        labels = file.create_dataset("labels", data=LABELS)
        labels.attrs.update(attributes)
        for axis, (name, values) in enumerate(along.items()):
            file[name] = values
            file[name].attrs["units"] = unit
            file[name].make_scale(name)
            labels.dims[axis].attach_scale(file[name])
    return path


def _xarray_zarr(path: Path, along: dict[str, Any], unit: str, version: int, **attributes: Any) -> Path:
    """Write labels as xarray does with `to_zarr`."""
    top = zarr.create_group(path, zarr_format=version)
    for name, values, names in [("labels", LABELS, [*along]), *((k, np.asarray(v), [k]) for k, v in along.items())]:
        named = {"dimension_names": names} if version == 3 else {"attributes": {"_ARRAY_DIMENSIONS": names}}
        top.create_array(name, data=values, chunks=tuple(min(3, n) for n in values.shape), **named)
        top[name].attrs.update({"units": unit} if name != "labels" else attributes)
    return path


def _xarray(folder: Path, kind: str, along: dict[str, Any], unit: str, **attributes: Any) -> Path:
    if kind == "netCDF":
        return _xarray_hdf5(folder / "a.nc", along, unit, **attributes)
    return _xarray_zarr(folder / "a.zarr", along, unit, int(kind[-1]), **attributes)


KINDS = ["netCDF", "zarr 2", "zarr 3"]


def _even(z: float = 0.5, xy: float = 0.2) -> dict[str, Any]:
    return {k: 3 + np.arange(n) * s for k, n, s in zip("zyx", LABELS.shape, (z, -xy, xy), strict=True)}


@pytest.mark.parametrize("kind", KINDS)
def test_coordinates_of_xarray_are_a_size(tmp_path: Path, kind: str) -> None:
    volume = open_volume(_xarray(tmp_path, kind, _even(), "um"))
    assert (volume.header.spacing, volume.header.unit) == ((0.5, 0.2, 0.2), "micrometer")
    assert "(coordinates)" in volume.header.axes.parts[-1].words()
    volume.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("along", "unit", "told"),
    [
        (_even() | {"z": [0, 0.5, 1, 5]}, "um", r"axis z are not evenly spaced \(0, 0.5, 1, 5\).*--spacing"),
        (_even(), "seconds", "axis z have units 'seconds', which is no unit of length.*--spacing"),
        (_even() | {"z": [0, 0, 0, 0]}, "um", "coordinates is known along some axes only.*--spacing"),
    ],
)
def test_coordinates_that_are_no_size_are_told(tmp_path: Path, kind: str, along: Any, unit: str, told: str) -> None:
    along = {k: np.asarray(v, float) for k, v in along.items()}
    volume = open_volume(_xarray(tmp_path, kind, along, unit))
    assert volume.header.spacing is None
    assert re.search(told, " ".join(volume.header.notes))
    volume.close()


@pytest.mark.parametrize("kind", KINDS)
def test_coordinates_that_count_voxels_are_no_size(tmp_path: Path, kind: str) -> None:
    volume = open_volume(_xarray(tmp_path, kind, _even(1, 1), ""))
    assert (volume.header.spacing, volume.header.notes) == (None, ())
    volume.close()


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_that_scale_labels_are_told(tmp_path: Path, kind: str) -> None:
    volume = open_volume(_xarray(tmp_path, kind, _even(), "um", scale_factor=2.0, add_offset=0.0))
    assert "its attributes say scale_factor = 2.0, by which" in " ".join(volume.header.notes)
    volume.close()


def _system(name: str, scale: float, unit: str) -> dict[str, Any]:
    axes = [{"name": axis, "type": "space", "unit": unit} for axis in "yx"]
    return {"type": "scale", "scale": [scale] * 2, "input": {"name": "yx"}, "output": {"name": name, "axes": axes}}


def _ome(path: Path, **image: Any) -> Path:
    axes = [{"name": axis, "type": "space"} for axis in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}]
    attributes = {"multiscales": [{"axes": axes, "datasets": datasets, **image}]}
    zarr.create_group(path, zarr_format=2, attributes=attributes).create_array("0", data=LABELS[0])
    return path


@pytest.mark.parametrize(
    ("systems", "size", "unit", "told"),
    [
        ([_system("microns", 0.25, "micrometer"), _system("global", 4, "unit")], 0.25, "micrometer",
         r'"microns" \(scale 0.25 x 0.25, micrometer\) is taken, and not "global" \(scale 4 x 4, unit\)'),
        ([_system("nm", 250, "nanometer"), _system("global", 0.25, "micrometer")], 0.25, "micrometer",
         r'"global" .* is taken, and not "nm" \(scale 250 x 250, nanometer\)'),
        ([_system("a", 2, "unit"), _system("global", 4, "unit")], 4, None, "names the unit 'unit'.*not \"a\""),
        ([_system("global", 0.25, "micrometer")], 0.25, "micrometer", "^$"),
        ([_system("global", 1, "micrometer") | {"type": "identity"}], 1, "micrometer", "^$"),
        ([_system("global", 1, "unit")], None, None, "^$"),
        ([_system("global", 1, "micrometer") | {"type": "affine", "affine": [[0.2, 0.1, 0], [0.1, 0.2, 0]]}], None,
         None, r'"global" \(affine, micrometer\), which is not understood as a voxel size'),
    ],
)  # fmt: skip
def test_the_coordinate_systems_of_spatialdata(tmp_path: Path, systems: Any, size: Any, unit: Any, told: str) -> None:
    volume = open_volume(_ome(tmp_path / "a.zarr", coordinateTransformations=systems))
    assert (volume.header.spacing, volume.header.unit) == (size and (1, size, size), unit)
    assert re.search(told, " ".join(volume.header.notes))
    volume.close()


@pytest.mark.parametrize("scale", [1, 0.25])
def test_an_unknown_unit_of_ome_zarr_is_quoted(tmp_path: Path, scale: float) -> None:
    axes = [{"name": axis, "type": "space", "unit": "furlong"} for axis in "yx"]
    outer = [{"type": "scale", "scale": [scale] * 2}]
    volume = open_volume(_ome(tmp_path / "a.zarr", axes=axes, coordinateTransformations=outer))
    assert (volume.header.spacing, volume.header.unit) == ((1, scale, scale), None)
    assert "OME names the unit 'furlong'" in " ".join(volume.header.notes)
    volume.close()


def _nrrd(path: Path, *fields: str) -> Path:
    head = "\n".join(["NRRD0004", "type: ushort", "dimension: 3", "sizes: 7 5 4", "endian: little", "encoding: raw"])
    path.write_bytes(f"{head}\n{chr(10).join(fields)}\n\n".encode() + LABELS.tobytes())
    return path


@pytest.mark.parametrize(
    ("centers", "spacing"),
    [("cell cell cell", (0.5, 0.2, 0.2)), ("node node node", (2 / 3, 0.25, 1.4 / 6)), ("cell ??? cell", None)],
)
def test_the_ends_of_the_axes_of_nrrd(tmp_path: Path, centers: str, spacing: Any) -> None:
    ends = ("axis mins: 1 1 1", "axis maxs: 2.4 2 3", f"centers: {centers}", 'units: "um" "um" "um"')
    volume = open_volume(_nrrd(tmp_path / "a.nrrd", *ends))
    assert volume.header.spacing == (spacing and pytest.approx(spacing))
    told = "axis mins: 1 1 1, axis maxs: 2.4 2 3, centers: cell ??? cell, which is not understood"
    assert (told in " ".join(volume.header.notes)) == (spacing is None)
    volume.close()


def test_axes_that_are_not_perpendicular_are_told(tmp_path: Path) -> None:
    sheared = "space directions: (0.2,0,0) (0,0.2,0) (0.3,0,0.4)"
    _nrrd(tmp_path / "a.nrrd", "space dimension: 3", sheared, 'space units: "um" "um" "um"')
    head = "ObjectType = Image\nNDims = 3\nDimSize = 7 5 4\nElementType = MET_USHORT\nElementSpacing = 0.2 0.2 0.5\n"
    matrix = "TransformMatrix = 1 0 0 0 1 0 0.6 0 0.8\nElementDataFile = LOCAL\n"
    (tmp_path / "a.mha").write_bytes((head + matrix).encode() + LABELS.tobytes())
    for name in ("a.nrrd", "a.mha"):
        volume = open_volume(tmp_path / name)
        assert volume.header.spacing == (0.5, 0.2, 0.2)
        assert "axes are not perpendicular" in " ".join(volume.header.notes)
        volume.close()
    (tmp_path / "b.mha").write_bytes((head + matrix.replace("0.6 0 0.8", "0 0 1")).encode() + LABELS.tobytes())
    volume = open_volume(tmp_path / "b.mha")
    assert "perpendicular" not in " ".join(volume.header.notes)
    volume.close()


def test_the_description_by_bigdataviewer_names_the_file_of_the_voxels(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?>\n<SpimData version="0.2">{}</SpimData>'
    (tmp_path / "a.xml").write_text(text.format(""))
    with pytest.raises(CellgraphError, match=r"BigDataViewer; load the voxels that it describes, as .*/a\.h5$"):
        open_volume(tmp_path / "a.xml")
    (tmp_path / "a.xml").write_text(text.format('<hdf5 type="relative">b.h5</hdf5>'))
    with pytest.raises(CellgraphError, match=r"/b\.h5$"):
        open_volume(tmp_path / "a.xml")
