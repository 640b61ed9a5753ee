"""What files say of their axes, in words and in places of many kinds, and what a person says instead."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import pytest
import tifffile
import zarr
from numpy.testing import assert_array_equal

from cellgraph.errors import CellgraphError
from cellgraph.volumes import open_volume
from cellgraph.volumes.reading import Reading
from tests.command import cellgraph

Array = np.ndarray[Any, Any]
V: Array = np.random.default_rng(3).integers(0, 50, (4, 5, 7)).astype("u2")  # z, y, x
Maker = Callable[[Path], Path]


def _hdf5(labels: list[str] | None = None, scales: list[str] | None = None, **attributes: Any) -> Maker:
    def make(folder: Path) -> Path:
        with h5py.File(folder / "f.h5", "w") as file:
            dataset = file.create_dataset("labels", data=V)
            for axis, label in enumerate(labels or ()):
                dataset.dims[axis].label = label
            for axis, name in enumerate(scales or ()):
                file[name] = np.arange(float(V.shape[axis]))
                file[name].make_scale(name)
                dataset.dims[axis].attach_scale(file[name])
            dataset.attrs.update(attributes)
        return folder / "f.h5"

    return make


def _zarr(names: list[str | None] | None = None, **attributes: Any) -> Maker:
    def make(folder: Path) -> Path:
        array = zarr.create_array(folder / "a.zarr", data=V, dimension_names=names, zarr_format=3 if names else 2)
        array.attrs.update(attributes)
        return folder / "a.zarr"

    return make


def _ome(*axes: dict[str, str], scale: tuple[float, ...] = (30.0, 0.2, 0.1)) -> Maker:
    def make(folder: Path) -> Path:
        group = zarr.create_group(folder / "o.zarr", zarr_format=2)
        transformations = [{"type": "scale", "scale": scale}]
        datasets = [{"path": "0", "coordinateTransformations": transformations}]
        group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": datasets}]
        zarr.create_array(folder / "o.zarr" / "0", data=V, zarr_format=2)
        return folder / "o.zarr"

    return make


def _n5(array: Array = V, **attributes: Any) -> Maker:
    def make(folder: Path) -> Path:
        sizes = list(array.shape[::-1])
        block = folder / "a.n5" / "d" / Path(*["0"] * array.ndim)
        block.parent.mkdir(parents=True)
        (folder / "a.n5" / "attributes.json").write_text(json.dumps({"n5": "2.0.0"}))
        own = {"dimensions": sizes, "blockSize": sizes, "dataType": "uint16", "compression": {"type": "raw"}}
        (folder / "a.n5" / "d" / "attributes.json").write_text(json.dumps(own | attributes))
        head = struct.pack(f">HH{array.ndim}I", 0, array.ndim, *sizes)
        block.write_bytes(head + array.astype(">u2").tobytes())
        return folder / "a.n5"

    return make


def _nrrd(*fields: str, array: Array = V) -> Maker:
    def make(folder: Path) -> Path:
        sizes = " ".join(map(str, array.shape[::-1]))
        lines = ["NRRD0005", "type: unsigned short", "dimension: 3", *fields, f"sizes: {sizes}"]
        head = "\n".join([*lines, "endian: little", "encoding: raw"]) + "\n\n"
        (folder / "a.nrrd").write_bytes(head.encode() + array.tobytes())
        return folder / "a.nrrd"

    return make


def _tiff(axes: str, array: Array = V) -> Maker:
    def make(folder: Path) -> Path:
        tifffile.imwrite(folder / "a.tif", array, metadata={"axes": axes}, photometric="minisblack")
        return folder / "a.tif"

    return make


def _imagej(folder: Path) -> Path:
    metadata = {"axes": "ZYX", "spacing": 3.0, "unit": "um"}
    tifffile.imwrite(folder / "ij.tif", V, imagej=True, resolution=(5, 2), metadata=metadata)
    return folder / "ij.tif"


def _nifti(array: Array, sizes: tuple[float, float, float], name: str = "n.nii") -> Maker:
    """Write an array (z, y, x) with sizes (x, y, z), as NIfTI has them."""

    def make(folder: Path) -> Path:
        image = nibabel.Nifti1Image(np.ascontiguousarray(array.T), np.diag([*sizes, 1]))
        image.header.set_xyzt_units("mm")
        nibabel.save(image, folder / name)
        return folder / name

    return make


def _tags(keys: str, sizes: tuple[float, ...] = (30, 0.2, 0.2)) -> str:
    pairs = zip(keys, sizes, strict=True)
    return json.dumps({"axes": [{"key": k, "typeFlags": 2, "resolution": n, "description": ""} for k, n in pairs]})


SPACE = {"type": "space"}
TIMES: dict[str, Maker] = {
    "one label of a dimension": _hdf5(labels=["time"]),
    "scales of dimensions": _hdf5(scales=["time", "y", "x"]),
    "plain axistags": _hdf5(axistags="tyx"),
    "names in one text": _hdf5(axis_order="t, y, x"),
    "dims": _hdf5(dims=["frame", "dim_1", "dim_2"]),
    "names beside none": _zarr(["time", None, None]),
    "degrees": _zarr(["time", "lat", "lon"]),
    "latitudes": _zarr(["time", "latitude", "longitude"]),
    "rows and columns": _zarr(["time", "r", "c"]),
    "other letters": _zarr(["t", "i", "j"]),
    "units in the names": _zarr(["time_s", "y_um", "x_um"]),
    "index": _zarr(["T_index", "Y (µm)", "X (µm)"]),
    "a plane in time": _zarr(["t", "z", "y"]),
    "xarray": _zarr(_ARRAY_DIMENSIONS=["t", "lat", "lon"]),
    "the type of OME": _ome({"name": "0", "type": "time"}, {"name": "1", **SPACE}, {"name": "2", **SPACE}),
    "names of OME": _ome({"name": "T"}, {"name": "Y_um"}, {"name": "X_um"}),
    "axistags in N5": _n5(axistags=_tags("tyx")),
    "transform in N5": _n5(transform={"axes": ["t", "y", "x"], "scale": [30, 8, 8], "units": ["s", "nm", "nm"]}),
    "axes in N5": _n5(axes=["x", "y", "t"]),
    "labels of NRRD": _nrrd('labels: "x" "y" "t"'),
    "units of NRRD": _nrrd("spacings: 0.2 0.2 30", 'units: "um" "um" "s"'),
}
OTHERS: dict[str, tuple[Maker, str]] = {
    "a phase": (
        _ome({"name": "phase", "type": "other"}, {"name": "lat"}, {"name": "lon"}),
        "4 along an axis 'other phase'",
    ),
    "a word": (_zarr(["phase", "y", "x"]), "4 along an axis 'phase'"),
    "a position": (_zarr(["position", "y", "x"]), "4 positions"),
    "a list of NRRD": (_nrrd("space dimension: 2", "space directions: (0.2,0) (0,0.2) none"), "4 channels"),
}


@pytest.mark.parametrize("make", TIMES.values(), ids=TIMES)
def test_time_is_never_z(tmp_path: Path, make: Maker) -> None:
    path = make(tmp_path)
    with pytest.raises(CellgraphError, match=r"4 frames.*--time N, or each as a sample with --time each"):
        open_volume(path)
    volume = open_volume(path, reading=Reading(time=2))
    assert_array_equal(volume.read((0, 0, 0), volume.header.shape)[0], V[2])
    volume.close()


@pytest.mark.parametrize(("make", "why"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_space_is_never_z(tmp_path: Path, make: Maker, why: str) -> None:
    with pytest.raises(CellgraphError, match=why):
        open_volume(make(tmp_path))


READ: dict[str, tuple[Maker, str | None, Array, tuple[float, float, float] | None]] = {
    "words with ends": (_zarr(["zpos", "ypos", "xpos"]), None, V, None),
    "words with ends, reversed": (_zarr(["xc", "yc", "zc"]), None, V.transpose(2, 1, 0), None),
    "words that are not known": (_zarr(["u", "v", "w"]), None, V, None),
    "TIFF in other order": (_tiff("XY", V[0]), None, V[0].T[np.newaxis], None),
    "TIFF with an axis of no name": (_tiff("QYX"), None, V, None),
    "ImageJ as it is": (_imagej, None, V, (3, 0.5, 0.2)),
    "ImageJ in other order": (_imagej, "xyz", V.transpose(2, 1, 0), (0.2, 0.5, 3)),
    "NIfTI as it is": (_nifti(V, (0.1, 0.2, 0.3)), None, V, (0.3, 0.2, 0.1)),
    "NIfTI in other order": (_nifti(V, (0.1, 0.2, 0.3)), "xyz", V.transpose(2, 1, 0), (0.1, 0.2, 0.3)),
    "a sagittal slice": (_nifti(V[:, :, 3:4], (5, 0.2, 0.3)), None, V[np.newaxis, :, :, 3], (1, 0.3, 0.2)),
    "axistags in N5, reversed": (_n5(axistags=_tags("xyz", (1, 2, 3))), None, V.transpose(2, 1, 0), (3, 2, 1)),
    "axistags in N5, a channel": (_n5(V[..., np.newaxis], axistags=_tags("zyxc", (3, 2, 1, 0))), None, V, (3, 2, 1)),
    "N5 in the order of the file": (
        _n5(transform={"axes": ["x", "y", "z"], "scale": [1, 2, 3], "units": ["nm"] * 3}), None, V, (3, 2, 1),
    ),
    "N5 in the order of C": (
        _n5(transform={"axes": ["z", "y", "x"], "scale": [3, 2, 1], "units": ["nm"] * 3}), None, V, (3, 2, 1),
    ),
    "labels of NRRD, reversed": (
        _nrrd('labels: "z" "y" "x"', "spacings: 3 2 1"), None, V.transpose(2, 1, 0), (3, 2, 1),
    ),
    "units of NRRD that differ": (
        _nrrd("spacings: 0.2 0.2 0.003", 'units: "um" "um" "mm"'), None, V, (3, 0.2, 0.2),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "axes", "expected", "spacing"), READ.values(), ids=READ)
def test_voxels_and_their_size_turn_together(
    tmp_path: Path, make: Maker, axes: str | None, expected: Array, spacing: tuple[float, ...] | None
) -> None:
    volume = open_volume(make(tmp_path), reading=Reading(axes=axes))
    assert_array_equal(volume.read((0, 0, 0), volume.header.shape), expected)
    assert volume.header.spacing == (None if spacing is None else pytest.approx(spacing))
    volume.close()


@pytest.mark.parametrize(
    "make",
    [
        _hdf5(axistags=_tags("tyx"), axis_units=json.dumps({"t": "s", "y": "um", "x": "um"})),
        _zarr(axis_names=["t", "y", "x"], voxel_size=[30, 8, 8], units=["s", "nm", "nm"]),
        _ome({"name": "T"}, {"name": "Y"}, {"name": "X"}),
        _ome({"name": "position", **SPACE}, {"name": "y", **SPACE}, {"name": "x", **SPACE}),
    ],
    ids=["axistags", "voxel_size", "OME", "position"],
)
def test_a_step_in_time_is_no_depth_even_of_an_axis_that_is_called_z(tmp_path: Path, make: Maker) -> None:
    volume = open_volume(make(tmp_path), reading=Reading(axes="zyx"))
    assert volume.header.spacing is None
    volume.close()


def test_two_names_that_say_too_little_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CellgraphError, match=r"its axes are named t, c, x .*name them with --axes"):
        open_volume(_zarr(["t", "c", "x"])(tmp_path))


def test_words_that_are_not_understood_are_told(tmp_path: Path) -> None:
    volume = open_volume(_zarr(["u", "v", "w"])(tmp_path))
    assert volume.header.axes is not None
    (part,) = [part for part in volume.header.axes.parts if part.what == "axes"]
    assert (part.value, part.origin, part.why) == ("z y x", "assumed", "named u v w in the file")
    volume.close()


def _imaris(path: Path) -> None:
    def letters(value: object) -> Array:
        return np.array([letter.encode() for letter in str(value)], "S1")

    with h5py.File(path, "w") as file:
        for time in range(3):
            channel = file.create_group(f"DataSet/ResolutionLevel 0/TimePoint {time}/Channel 0")
            channel["Data"] = V + time
            for axis, n in zip("XYZ", (7, 5, 4), strict=True):
                channel.attrs[f"ImageSize{axis}"] = letters(n)
        image = file.create_group("DataSetInfo/Image")
        for at, (axis, n) in enumerate((("X", 7), ("Y", 5), ("Z", 4))):
            image.attrs[axis], image.attrs[f"ExtMin{at}"] = letters(n), letters(0)
            image.attrs[f"ExtMax{at}"] = letters(n * (at + 1) / 2)


def test_each_frame_of_imaris_is_a_sample(tmp_path: Path) -> None:
    _imaris(tmp_path / "f.ims")
    with pytest.raises(CellgraphError, match=r"has 3; choose one with --time N, or load each as a sample"):
        open_volume(tmp_path / "f.ims")
    cellgraph("load", "f.ims", "--time", "each", "--any-labels", cwd=tmp_path)
    rows = cellgraph("query", "samples", "--format", "csv", "--columns", "sample", cwd=tmp_path).stdout.split()
    assert rows == ["sample", "f_t0000", "f_t0001", "f_t0002"]
    volume = open_volume(tmp_path / "f.ims", reading=Reading(time=1, axes="xyz"))
    assert volume.header.spacing == (0.5, 1, 1.5)
    volume.close()


def test_each_frame_of_what_has_none_is_refused_by_a_dry_run_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", V)
    done = cellgraph("load", "a.npy", "--time", "each", "--dry-run", cwd=tmp_path, ok=False)
    assert (done.returncode, "needs a time axis, but there is none" in done.stderr) == (2, True)


def _metaimage(path: Path, *fields: str, body: bytes) -> None:
    lines = ["ObjectType = Image", "NDims = 3", *fields, "DimSize = 7 5 4", "ElementType = MET_UCHAR"]
    path.write_bytes("\n".join([*lines, "ElementDataFile = LOCAL\n"]).encode() + body)


def test_metaimage_that_is_text_is_refused_and_a_short_true_is_true(tmp_path: Path) -> None:
    import zlib

    small = V.astype("u1")
    _metaimage(tmp_path / "text.mha", "BinaryData = False", body=" ".join(map(str, small.ravel())).encode())
    with pytest.raises(CellgraphError, match="but they are text"):
        open_volume(tmp_path / "text.mha")
    packed = zlib.compress(small.tobytes())
    _metaimage(tmp_path / "t.mha", "BinaryData = T", "CompressedData = T", body=packed)
    volume = open_volume(tmp_path / "t.mha")
    assert_array_equal(volume.read((0, 0, 0), (4, 5, 7)), small)
    volume.close()


def test_compression_that_may_change_labels_is_told(tmp_path: Path) -> None:
    big = np.kron(V[0], np.ones((8, 8))).astype("u2")
    tifffile.imwrite(tmp_path / "j2k.tif", big, compression="jpeg2000")
    volume = open_volume(tmp_path / "j2k.tif")
    assert "compressed with JPEG 2000, which may change labels" in volume.header.notes[0]
    volume.close()


@pytest.mark.parametrize(
    ("name", "right"), [("n.nii", "n.nii.gz"), ("n.nii.gz", "n.nii")], ids=["gzipped", "not gzipped"]
)
def test_nifti_whose_name_is_wrong_is_told_so(tmp_path: Path, name: str, right: str) -> None:
    _nifti(V, (1, 1, 1), right)(tmp_path).rename(tmp_path / name)
    with pytest.raises(CellgraphError, match="does not go with its contents; rename it"):
        open_volume(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "head", "why"),
    [
        ("a.mat", b"MATLAB 5.0 MAT-file" + bytes(200), "save.*-v7.3"),
        ("a.czi", b"ZISRAWFILE" + bytes(200), "export the label image as OME-TIFF"),
        ("a.bmp", b"BM" + bytes(200), "export the labels as PNG or TIFF"),
        ("a.dcm", bytes(128) + b"DICM" + bytes(100), "dcm2niix"),
        ("a.nc", b"CDF\1" + bytes(100), "netCDF 4"),
    ],
)
def test_formats_that_are_not_read_name_the_way_out(tmp_path: Path, name: str, head: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(head)
    with pytest.raises(CellgraphError, match=why):
        open_volume(tmp_path / name)


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "link.tif").symlink_to(tmp_path / "gone.tif")
    with pytest.raises(CellgraphError, match=r"a link to '.*gone\.tif', which does not exist"):
        open_volume(tmp_path / "link.tif")
