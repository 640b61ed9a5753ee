"""Which array of a container is meant: names, links, what is incomplete, and what is no label image."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import skimage.data
import tifffile
import zarr
from numpy.testing import assert_array_equal

from cellgraph.errors import CellgraphError
from cellgraph.volumes import open_volume
from cellgraph.volumes.choosing import named_labels
from cellgraph.volumes.objects import Folder
from tests.command import cellgraph

Array = np.ndarray[Any, Any]
L: Array = np.kron(np.arange(1, 13).reshape(2, 2, 3), np.ones((3, 8, 8), int)).astype("u2")  # (6, 16, 24)
G: Array = np.random.default_rng(0).integers(0, 200, L.shape).astype("u1")
SPACE = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"]


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def group(path: Path, attributes: dict[str, Any]) -> None:
    write(path / ".zgroup", {"zarr_format": 2})
    write(path / ".zattrs", attributes)


def ome(path: Path, array: Array) -> None:
    scale = [{"type": "scale", "scale": [0.5, 0.2, 0.2]}]
    group(path, {"multiscales": [{"version": "0.4", "axes": SPACE, "datasets": [
        {"path": "0", "coordinateTransformations": scale}]}]})  # fmt: skip
    zarr.create_array(path / "0", data=array, zarr_format=2)


def n5(path: Path, array: Array, **attributes: Any) -> None:
    sizes = list(array.shape[::-1])
    own = {"dimensions": sizes, "blockSize": sizes, "dataType": str(array.dtype), "compression": {"type": "raw"}}
    write(path / "attributes.json", own | attributes)
    (path / "0" / "0").mkdir(parents=True)
    head = struct.pack(">HH3I", 0, 3, *sizes)
    (path / "0" / "0" / "0").write_bytes(head + array.astype(array.dtype.newbyteorder(">")).tobytes())


def h5(path: Path, **arrays: Array) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name.replace("__", "/")] = array
    return path


def stale(path: Path) -> None:
    top = zarr.open_group(path, mode="w", zarr_format=2)
    top.create_array("raw", data=G)
    zarr.consolidate_metadata(path, zarr_format=2)
    zarr.open_group(path, mode="a", use_consolidated=False).create_array("labels", data=L)


def array_of_labels(path: Path) -> None:
    ome(path, G)
    zarr.create_array(path / "labels", data=L, zarr_format=2)


def image_in_a_group(path: Path) -> None:
    group(path, {})
    ome(path / "img", G)
    group(path / "img" / "labels", {"labels": ["cells"]})
    ome(path / "img" / "labels" / "cells", L)


def labels_below(path: Path) -> None:
    ome(path, G)
    ome(path / "segmentation", L)


def resolutions_below(path: Path) -> None:
    ome(path, G)
    ome(path / "segmentation", L)
    metadata = json.loads((path / "segmentation" / ".zattrs").read_text())
    metadata["multiscales"][0]["datasets"].append({"path": "1"})
    write(path / "segmentation" / ".zattrs", metadata)
    zarr.create_array(path / "segmentation" / "1", data=np.ascontiguousarray(L[::2, ::2, ::2]), zarr_format=2)


def foreign_beside(path: Path) -> None:
    top = zarr.open_group(path, mode="w")
    top.create_array("labels", data=L)
    with pytest.warns(zarr.errors.UnstableSpecificationWarning):
        top.create_array("names", data=np.array(["a", "b"]))


def in_n5(path: Path) -> None:
    write(path / "attributes.json", {"n5": "2.5.1"})
    n5(path / "s0", G)
    n5(path / "seg", L)


def foreign_in_n5(path: Path) -> None:
    write(path / "attributes.json", {"n5": "2.5.1"})
    n5(path / "seg", L)
    write(path / "names" / "attributes.json", {"dimensions": [2], "blockSize": [2], "dataType": "string"})


def external(path: Path) -> None:
    h5(path.with_name("other.h5"), lab=L)
    with h5py.File(h5(path, raw=G), "a") as file:
        file["labels"] = h5py.ExternalLink("other.h5", "lab")


def soft(path: Path) -> None:
    with h5py.File(h5(path, raw=G, stuff__values=L), "a") as file:
        file["circle"] = file["stuff"]
        file["stuff/round"] = file["/"]
        file["stuff/labels"] = h5py.SoftLink("/stuff/values")


FOUND: dict[str, tuple[str, Callable[[Path], object]]] = {
    "metadata that are out of date": ("a.zarr", stale),
    "an array called labels in an image": ("a.zarr", array_of_labels),
    "labels of an image in a group": ("a.zarr", image_in_a_group),
    "labels below an image": ("a.zarr", labels_below),
    "resolutions of labels below an image": ("a.zarr", resolutions_below),
    "texts beside labels": ("a.zarr", foreign_beside),
    "labels beside s0": ("a.n5", in_n5),
    "texts beside labels in N5": ("a.n5", foreign_in_n5),
    "a link to another file": ("a.h5", external),
    "links round in circles": ("a.h5", soft),
    "a channel in the folder of labels": ("a.h5", lambda path: h5(path, images__a=G, labels__dapi=L)),
    "a table of positions": ("a.h5", lambda path: h5(path, found=L, places=np.zeros((900, 3)))),
    "channels of floats": ("a.h5", lambda path: h5(path, found=L, classes=np.zeros((2, *L.shape)))),
    "probabilities": ("a.h5", lambda path: h5(path, found=L, probabilities=G.astype("f4"), raw=G.astype("f4"))),
    "floats that are named": ("a.h5", lambda path: h5(path, labels=L.astype("f8"), vol=G)),
    "floats beside an image of floats": ("a.h5", lambda path: h5(path, raw=G.astype("f4"), gt=L.astype("f8"))),
    "a table of cells": ("a.h5", lambda path: h5(path, image=G, seg=L, cells=np.arange(84).reshape(12, 7))),
}  # fmt: skip


@pytest.mark.parametrize(("name", "make"), FOUND.values(), ids=FOUND)
def test_labels_are_found(tmp_path: Path, name: str, make: Callable[[Path], object]) -> None:
    make(tmp_path / name)
    volume = open_volume(tmp_path / name)
    assert_array_equal(volume.read((0, 0, 0), volume.header.shape), L)
    volume.close()


def matlab(path: Path, **arrays: tuple[Array, str]) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, (array, kind) in arrays.items():
            file[name] = array
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
        file["#refs#/a"] = G.astype("f8")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")


@pytest.mark.parametrize("mask", ["BW", "mask"])
def test_labels_of_matlab_are_asked_about_beside_a_mask(tmp_path: Path, mask: str) -> None:
    labels = np.kron(np.arange(1, 10).reshape(3, 3), np.ones((10, 10)))
    matlab(tmp_path / "w.mat", **{mask: ((labels != 5).astype("u1"), "logical"), "L": (labels, "double")})
    with pytest.raises(CellgraphError, match=r"it has 2; choose one") as error:
        open_volume(tmp_path / "w.mat")
    assert f"{mask} (30, 30) bool" in str(error.value)
    assert "L (30, 30) float64" in str(error.value)
    assert "#refs#" not in str(error.value)
    volume = open_volume(tmp_path / "w.mat", dataset="L")
    assert_array_equal(np.unique(volume.read((0, 0, 0), volume.header.shape)), np.arange(1, 10))
    volume.close()
    matlab(tmp_path / "l.mat", L=(labels, "double"))  # what lies in #refs# is nothing to choose from
    open_volume(tmp_path / "l.mat").close()


def test_a_link_is_the_source_by_its_own_name(tmp_path: Path) -> None:
    external(tmp_path / "a.h5")
    volume = open_volume(tmp_path / "a.h5")
    assert volume.header.source == f"{tmp_path}/a.h5:labels"  # where it can be found again
    volume.close()


def listed_only(path: Path) -> None:
    ome(path, G)
    group(path / "labels", {"labels": ["cells"]})


def without_metadata(path: Path) -> None:
    top = zarr.open_group(path, mode="w")
    top.create_array("raw", data=G)
    top.create_array("labels", data=L)
    (path / "labels" / "zarr.json").unlink()


def n5_without_metadata(path: Path) -> None:
    write(path / "attributes.json", {"n5": "2.5.1"})
    n5(path / "raw", G)
    n5(path / "seg", L)
    (path / "seg" / "attributes.json").unlink()


def broken(path: Path) -> None:
    with h5py.File(h5(path, raw=G), "a") as file:
        file["labels"] = h5py.ExternalLink("gone.h5", "labels")


def broken_soft(path: Path) -> None:
    with h5py.File(h5(path, raw=G), "a") as file:
        file["labels"] = h5py.SoftLink("/gone")


def two_of_which_one_is_listed(path: Path) -> None:
    ome(path, G)
    group(path / "labels", {"labels": ["cells"]})
    ome(path / "labels" / "cells", L)
    ome(path / "labels" / "nuclei", L)


def in_zarr(path: Path, **arrays: Array) -> None:
    top = zarr.open_group(path, mode="w")
    for name, array in arrays.items():
        top.create_array(name, data=array)


def floats_in_n5(path: Path) -> None:
    write(path / "attributes.json", {"n5": "2.5.1"})
    n5(path / "vol", G)
    n5(path / "pred", L.astype("f4"))


REFUSED: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "listed and not there": ("a.zarr", listed_only, "label image 'labels/cells', but .* was not copied completely"),
    "chunks alone": ("a.zarr", without_metadata, "was not copied completely"),
    "chunks of N5 alone": ("a.n5", n5_without_metadata, "not copied completely"),
    "a link to nothing": ("a.h5", broken, r"gone\.h5, which is not there"),
    "a soft link to nothing": ("a.h5", broken_soft, "leads to '/gone', which is not there"),
    "labels of fractions": ("a.h5", lambda path: h5(path, raw=G, gt=L.astype("f4")), "choose one"),
    "labels with another axis": ("a.h5", lambda path: h5(path, raw=G, gt=np.stack([L, L])), "choose one"),
    "two that may be": ("a.h5", lambda path: h5(path, cells_image=G, stardist=L), "choose one"),
    "a folder of images": ("a.h5", lambda path: h5(path, images__cells=G, stardist=L), "choose one"),
    "a mask and labels": ("a.h5", lambda path: h5(path, raw=G, mask=L > 0, stardist=L), "choose one"),
    "floats beside a mask in NumPy": (
        "a.npz", lambda path: np.savez(path, tissue=G, lab=L.astype("f8")), "has 2.*tissue.*lab"),
    "floats beside integers": ("a.h5", lambda path: h5(path, vol=G, pred=L.astype("f4")), "has 2.*pred.*vol"),
    "floats beside a mask that is named": ("a.h5", lambda path: h5(path, mask=L > 0, lab=L.astype("f8")), "mask.*lab"),
    "floats beside booleans": ("a.h5", lambda path: h5(path, BW=L > 0, L=L.astype("f4")), "BW.*bool, L .*float32"),
    "floats in Zarr": ("a.zarr", lambda path: in_zarr(path, vol=G, pred=L.astype("f4")), "has 2.*pred.*vol"),
    "floats in N5": ("a.n5", floats_in_n5, "has 2.*pred.*vol"),
    "one label image that is not listed": ("a.zarr", two_of_which_one_is_listed, "choose one.*cells.*nuclei"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "make", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_clear_is_asked(tmp_path: Path, name: str, make: Callable[[Path], object], why: str) -> None:
    make(tmp_path / name)
    with pytest.raises(CellgraphError, match=why):
        open_volume(tmp_path / name)


def test_a_group_of_labels_is_asked_as_its_image_is(tmp_path: Path) -> None:
    two_of_which_one_is_listed(tmp_path / "a.zarr")
    with pytest.raises(CellgraphError, match=r"choose one.*cells.*nuclei"):
        open_volume(tmp_path / "a.zarr" / "labels")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("labels", True),
        ("volumes/labels/neuron_ids", True),
        ("labels/data", True),
        ("labels/data/s0", True),
        ("labels/dapi/0", True),
        ("t0/cells", True),
        ("data/segmentation", True),
        ("nuclei", True),
        ("nuclei_dapi", None),
        ("cell_channel", None),
        ("images/cells", None),
        ("DataContainers/Data/CellData/EulerAngles", None),
        ("DataContainers/Data/CellData/FeatureIds", True),
        ("labels/unique-labels/s0", False),
        ("raw/s0", False),
        ("image/0", False),
        ("segmentation_probabilities", False),
        ("exported_data", True),
        ("volume", None),
    ],
)
def test_what_a_name_says(name: str, said: bool | None) -> None:
    assert named_labels(name) is said


@pytest.mark.parametrize("name", ["camera", "coins", "moon", "page", "text"])
def test_grey_images_are_no_labels(tmp_path: Path, name: str) -> None:
    tifffile.imwrite(tmp_path / "grey.tif", getattr(skimage.data, name)())
    done = cellgraph("load", "grey.tif", cwd=tmp_path, ok=False)
    assert done.returncode == 1
    assert "scattered over the image, as in an unsegmented image" in done.stderr
    assert not (tmp_path / "cellgraph.db").exists()
    cellgraph("load", "grey.tif", "--any-labels", cwd=tmp_path)


def test_small_made_arrays_load(tmp_path: Path) -> None:
    np.save(tmp_path / "small.npy", np.random.default_rng(0).integers(0, 200, (30, 30, 30)))
    cellgraph("load", "small.npy", cwd=tmp_path)


@pytest.mark.parametrize("ending", [".partial", " (1)", ".tmp", ".__lock", "~"])
def test_a_chunk_under_the_name_of_a_copy_is_not_background(tmp_path: Path, ending: str) -> None:
    zarr.create_array(tmp_path / "a.zarr", data=L, chunks=(3, 8, 8), zarr_format=2, compressors=None)
    chunk = tmp_path / "a.zarr" / "1.1.2"
    chunk.rename(chunk.with_name("1.1.2" + ending))
    volume = open_volume(tmp_path / "a.zarr")
    with pytest.raises(CellgraphError, match="so as background; give such files their right names"):
        volume.read((0, 0, 0), L.shape)
    volume.close()


def test_chunks_that_are_not_stored_are_looked_for_in_one_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = zarr.create_array(tmp_path / "a.zarr", shape=(6, 64, 64), chunks=(3, 8, 8), dtype="u2", zarr_format=2)
    array[:3, :8, :8] = 1
    listings = []
    files = Folder.files
    monkeypatch.setattr(Folder, "files", lambda self, path: listings.append(path) or files(self, path))
    volume = open_volume(tmp_path / "a.zarr")
    listings.clear()  # of opening it
    assert volume.read((0, 0, 0), (6, 64, 64)).sum() == 3 * 8 * 8
    assert len(listings) == 1
    volume.close()


def test_a_precomputed_image_is_told(tmp_path: Path) -> None:
    z, y, x = G.shape
    scale = {"key": "s", "size": [x, y, z], "resolution": [8, 0, 40], "chunk_sizes": [[x, y, z]], "encoding": "raw"}
    info = {"type": "image", "data_type": "uint8", "num_channels": 1, "scales": [scale]}
    write(tmp_path / "p" / "info", info)
    (tmp_path / "p" / "s").mkdir()
    (tmp_path / "p" / "s" / f"0-{x}_0-{y}_0-{z}").write_bytes(G.tobytes())
    volume = open_volume(tmp_path / "p")
    assert "says that it is an image, not a segmentation" in " ".join(volume.header.notes)
    assert volume.header.spacing is None
    volume.close()


def _scale(scale: list[float], output: str, source: str = "physical") -> dict[str, Any]:
    return {"type": "scale", "scale": scale, "input": source, "output": output}


def _system(name: str, unit: str = "micrometer", order: str = "zyx") -> dict[str, Any]:
    return {"name": name, "axes": [{"name": axis, "type": "space", "unit": unit} for axis in order]}


@pytest.mark.parametrize(
    ("systems", "more"),
    [
        ([_system("physical"), _system("world", "millimeter")], [_scale([0.001] * 3, "world")]),
        ([_system("physical"), _system("A"), _system("B")], [_scale([2] * 3, "A"), _scale([3] * 3, "B")]),
        ([_system("world", "millimeter", "xyz"), _system("physical")], []),
    ],
)
def test_the_size_in_ome_zarr_06_is_that_of_the_system_of_the_datasets(
    tmp_path: Path, systems: list[Any], more: list[Any]
) -> None:
    datasets = [{"path": "0", "coordinateTransformations": [_scale([0.5, 0.2, 0.2], "physical", "0")]}]
    image = {"datasets": datasets, "coordinateSystems": systems} | ({"coordinateTransformations": more} if more else {})
    attributes = {"ome": {"version": "0.6", "multiscales": [image]}}
    write(tmp_path / "a.zarr" / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": attributes})
    zarr.create_array(tmp_path / "a.zarr" / "0", data=L)
    volume = open_volume(tmp_path / "a.zarr")
    assert (volume.header.shape, volume.header.spacing, volume.header.unit) == (L.shape, (0.5, 0.2, 0.2), "micrometer")
    volume.close()


def test_sizes_in_n5_as_tools_write_them(tmp_path: Path) -> None:
    write(tmp_path / "a.n5" / "attributes.json", {"n5": "2.5.1"})
    resolution = {"unit": "um", "dimensions": [0.2, 0.2, 0.5]}
    n5(tmp_path / "a.n5" / "s1", L, pixelResolution=resolution, downsamplingFactors=[2, 2, 2])
    n5(tmp_path / "a.n5" / "ij", L, pixelWidth=0.2, pixelHeight=0.2, pixelDepth=0.5, pixelUnit="micron")
    n5(tmp_path / "a.n5" / "funlib", L, voxel_size=[500, 200, 200], units=["nm"] * 3)
    found = {}
    for name in ("s1", "ij", "funlib"):
        volume = open_volume(tmp_path / "a.n5" / name)
        found[name] = (volume.header.spacing, volume.header.unit)
        volume.close()
    assert found == {
        "s1": ((1, 0.4, 0.4), "micrometer"), "ij": ((0.5, 0.2, 0.2), "micrometer"),
        "funlib": ((500, 200, 200), "nanometer"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "spacing", "note"),
    [
        ({"metadata": {"axes": "ZYX", "spacing": 0.5, "unit": "um"}, "resolution": (5, 5)}, (0.5, 0.2, 0.2), ""),
        ({"imagej": True, "metadata": {"axes": "ZYX", "spacing": "0,5", "unit": "um"}, "resolution": (5, 5)},
         (0.5, 0.2, 0.2), ""),
        ({"imagej": True, "metadata": {"axes": "ZYX", "spacing": 0, "unit": "um"}, "resolution": (5, 5)},
         None, "a distance of slices of 0"),
        ({"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeX": 0.2, "PhysicalSizeXUnit": "pixel",
          "PhysicalSizeY": 0.2, "PhysicalSizeYUnit": "pixel"}}, None,
         "OME says PhysicalSizeY 0.2 pixel, PhysicalSizeX 0.2 pixel, which is not understood"),
    ],
    ids=["tifffile", "decimal comma", "zero", "unit of OME"],
)  # fmt: skip
def test_sizes_in_tiff_as_tools_write_them(
    tmp_path: Path, options: dict[str, Any], spacing: tuple[float, ...] | None, note: str
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", L, **options)
    volume = open_volume(tmp_path / "a.tif")
    assert volume.header.spacing == spacing
    assert note in " ".join(volume.header.notes)
    volume.close()


def test_a_resolution_without_a_distance_of_slices_is_noted(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", L, resolution=(50000, 50000), resolutionunit="CENTIMETER")
    volume = open_volume(tmp_path / "a.tif")
    assert volume.header.spacing is None
    assert "the voxel size of TIFF is known along some axes only" in " ".join(volume.header.notes)
    volume.close()


def test_a_resolution_in_inches_that_is_too_fine_for_printing_is_one_of_pixels(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", L[0], resolution=(127000, 127000), resolutionunit="INCH")
    volume = open_volume(tmp_path / "a.tif")
    assert volume.header.spacing == pytest.approx((1, 0.2, 0.2))
    volume.close()


@pytest.mark.parametrize("scale", [[-0.5, 0.2, 0.2], [0, 0.2, 0.2], [0.2, 0.2]])
def test_a_scale_that_is_none_is_quoted(tmp_path: Path, scale: list[float]) -> None:
    ome(tmp_path / "a.zarr", L)
    text = (tmp_path / "a.zarr" / ".zattrs").read_text()
    (tmp_path / "a.zarr" / ".zattrs").write_text(text.replace("[0.5, 0.2, 0.2]", json.dumps(scale)))
    volume = open_volume(tmp_path / "a.zarr")
    assert volume.header.spacing is None
    assert "--spacing" in " ".join(volume.header.notes)
    volume.close()


def test_a_size_in_the_attributes_of_a_group_around_an_hdf5_dataset(tmp_path: Path) -> None:
    with h5py.File(h5(tmp_path / "a.h5", volumes__labels__ids=L), "a") as file:
        file["volumes/labels"].attrs["resolution"] = [40, 8, 8]
        file["volumes/labels"].attrs["units"] = "nm"
    volume = open_volume(tmp_path / "a.h5")
    assert (volume.header.spacing, volume.header.unit) == ((40, 8, 8), "nanometer")
    volume.close()


def test_a_layer_of_webknossos_by_its_name(tmp_path: Path) -> None:
    layers = []
    for name in ("seg_a", "seg_b"):
        mags = [
            {"mag": [n] * 3, "path": f"./{name}/{n}", "axisOrder": {"c": 0, "x": 1, "y": 2, "z": 3}} for n in (1, 2)
        ]
        layers.append({"name": name, "category": "segmentation", "dataFormat": "zarr", "mags": mags})
        for n in (1, 2):
            data = np.ascontiguousarray(L.T[np.newaxis, ::n, ::n, ::n])
            zarr.create_array(tmp_path / "w" / name / str(n), data=data, zarr_format=2)
    scale = {"factor": [8, 8, 40], "unit": "nanometer"}
    write(tmp_path / "w" / "datasource-properties.json", {"dataLayers": layers, "scale": scale})
    with pytest.raises(CellgraphError, match="seg_a, seg_b; choose with --dataset NAME"):
        open_volume(tmp_path / "w")
    volume = open_volume(tmp_path / "w", dataset="seg_b")
    assert_array_equal(volume.read((0, 0, 0), volume.header.shape), L)
    assert volume.header.spacing == (40, 8, 8)
    volume.close()


def test_a_signed_label_that_may_be_an_unsigned_one_is_told(tmp_path: Path) -> None:
    h5(tmp_path / "a.h5", labels=np.where(L == 12, 40000, L).astype("u2").view("i2"))
    done = cellgraph("load", "a.h5", cwd=tmp_path, ok=False)
    assert "-25536 may stand for 40000: convert the labels to an unsigned type" in done.stderr
