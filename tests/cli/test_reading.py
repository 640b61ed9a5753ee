"""How a volume is read: what the file says, what the user says, what is assumed, and how that is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from command import cellgraph, refused
from skimage import measure

import cellgraph as package
from cellgraph.errors import ParameterError
from cellgraph.stores import open_store
from cellgraph.volumes.scan import scanned

LABELS = np.arange(1, 25, dtype=np.uint16).reshape(2, 3, 4).repeat(3, 0).repeat(2, 1).repeat(2, 2)  # (6, 6, 8)
MOVES = np.zeros((2, 4, 8), np.uint16)
MOVES[0, 1:3, 0:4] = MOVES[1, 1:3, 4:8] = 1
MOVES[0, 1:3, 5:8] = MOVES[1, 1:3, 0:3] = 2


def reading(*arguments: object) -> dict[str, Any]:
    done = cellgraph("load", *arguments, "--dry-run", "--format", "json")
    fields: dict[str, Any] = json.loads(done.stdout)
    return fields


def part(fields: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in fields["read"] if p["part"] == name)
    return found


def contacts(db: Path) -> dict[str, int]:
    query = "MATCH (s:Sample {status: 'complete'}) RETURN s.name AS sample, s.contacts AS n ORDER BY sample"
    with open_store(db, read_only=True) as store:
        return {row["sample"]: row["n"] for row in store.run(query).to_pylist()}


def test_the_summary_tells_how_it_was_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"] = LABELS[::-1]
        file["label"] = LABELS
        file["label"].attrs["element_size_um"] = (0.5, 0.2, 0.2)
    done = cellgraph("load", tmp_path / "a.h5", "--db", tmp_path / "a.db")
    assert (
        'read: dataset "label" (named so; "raw" left out) · axes z y x (assumed) · voxel 0.5 x 0.2 x 0.2 µm '
        "(element_size_um) · background 0 (assumed)" in done.stderr
    )


def test_the_reading_is_kept_with_the_sample(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", LABELS)
    db = tmp_path / "a.db"
    said = cellgraph("load", tmp_path / "a.npy", "--db", db, "--spacing", "3,1,1", "--unit", "um").stderr
    (row,) = json.loads(cellgraph("query", "samples", "--db", db, "--format", "json").stdout)
    assert f"read: {row['read']}\n" in said
    assert (row["shape"], row["spacing"], row["unit"], row["background"]) == ([6, 6, 8], [3, 1, 1], "micrometer", 0)
    again = cellgraph("load", tmp_path / "a.npy", "--db", db, "--spacing", "3,1,1", "--unit", "um", "--resume").stderr
    assert "already loaded" in again
    assert f"read: {row['read']}\n" in again


def test_a_volume_and_its_estimate_are_read_alike(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", LABELS)
    asked = (tmp_path / "a.npy", "--axes", "xyz", "--spacing", "3,1,1", "--dry-run")
    shown = cellgraph("load", *asked).stdout
    assert cellgraph("estimate", "mean(volume)", "--source", *asked).stdout == shown
    useless = ("estimate", "mean(volume)", "--within-time", "1s", "--axes", "xyz")
    assert "axes can be used only when a volume is read; add source (--source VOLUME)" in refused(*useless, status=2)
    assert "--source" in refused("estimate", "mean(volume)", "--dry-run", status=2)


def test_a_scan_is_opened_once_and_loaded_as_it_was_shown(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", LABELS)
    with scanned(tmp_path / "a.npy", "mine", axes="xyz", background=1) as scan:
        done = package.load(scan, tmp_path / "a.db")
        assert (done.sample.name, done.read) == ("mine", scan.sentence())
        assert package.estimate("count()", source=scan, within_time=60).estimate == done.cells
        with pytest.raises(ParameterError, match="pass background to open_scan"):
            package.load(scan, tmp_path / "a.db", background=0)
    with pytest.raises(TypeError, match="'axis'"):
        package.load(tmp_path / "a.npy", tmp_path / "a.db", axis="xyz")  # type: ignore[call-arg]


def test_a_dry_run_prints_the_reading_and_loads_nothing(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", LABELS)
    done = cellgraph("load", tmp_path / "a.npy", "--dry-run", "--spacing", "3,1,1", "--unit", "um", cwd=tmp_path)
    assert "read: axes z y x (assumed) · voxel 3 x 1 x 1 µm (as you said) · background 0 (assumed)" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
    fields = reading(tmp_path / "a.npy", "--background", "0", "--unit", "micron", "--spacing", "3,1,1")
    assert (fields["shape"], fields["spacing"], fields["unit"]) == ([6, 6, 8], [3, 1, 1], "micrometer")
    assert part(fields, "background")["origin"] == "user"


@pytest.mark.parametrize(
    ("raw", "label"), [("raw", "label"), ("image", "masks"), ("data", "seg/nuclei"), ("X", "Y_labels")]
)
@pytest.mark.parametrize("kind", ["h5", "npz", "zarr"])
def test_names_decide_which_array_is_the_labels(tmp_path: Path, raw: str, label: str, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    image = LABELS[:, ::-1]
    if kind == "h5":
        with h5py.File(path, "w") as file:
            file[raw], file[label] = image, LABELS.astype("f4")
    elif kind == "npz":
        label = label.replace("/", "_")
        np.savez(path, **{raw: image, label: LABELS.astype("f4")})
    else:
        group = zarr.create_group(path)
        for name, array in ((raw, image), (label, LABELS)):
            group.create_array(name, shape=array.shape, dtype=array.dtype, chunks=array.shape)[...] = array
    assert part(reading(path), "dataset")["value"] == f'"{label}"'


def test_labels_that_cannot_be_used_are_not_replaced(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"], file["label"] = LABELS, np.stack([LABELS, LABELS])
    assert "a.h5:label" in refused("load", tmp_path / "a.h5", "--dry-run")
    assert reading(tmp_path / "a.h5", "--dataset", "label", "--axes", "czyx", "--channel", "1")["shape"] == [6, 6, 8]


def test_several_labels_are_all_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", cells=LABELS, nuclei=LABELS, raw=LABELS)
    message = refused("load", tmp_path / "a.npz", status=2)
    assert "cells (6, 6, 8) uint16, nuclei (6, 6, 8) uint16" in message
    assert "--dataset" in message


def test_frames_are_asked_about_and_can_be_loaded_each(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", MOVES, imagej=True, metadata={"axes": "TYX"})
    message = refused("load", tmp_path / "a.tif", "--db", tmp_path / "a.db")
    assert all(way in message for way in ("--time N", "--time each", "--axes zyx"))
    cellgraph("load", tmp_path / "a.tif", "--db", tmp_path / "a.db", "--time", "each")
    assert contacts(tmp_path / "a.db") == {"a_t0000": 0, "a_t0001": 0}
    cellgraph("load", tmp_path / "a.tif", "--db", tmp_path / "z.db", "--axes", "zyx")
    assert contacts(tmp_path / "z.db") == {"a": 1}
    assert "0 to 1" in refused("load", tmp_path / "a.tif", "--time", "2", "--dry-run", status=2)


@pytest.mark.parametrize("kind", ["npy", "tif", "compressed.tif", "h5", "zarr"])
def test_a_frame_is_that_frame(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    frames = np.stack([LABELS, np.where(LABELS == 1, 99, LABELS)])
    if kind == "npy":
        np.save(path, frames)
    elif kind.endswith("tif"):
        packed = "zlib" if kind == "compressed.tif" else None
        tifffile.imwrite(path, frames, imagej=not packed, metadata={"axes": "TZYX"}, compression=packed)
    elif kind == "h5":
        with h5py.File(path, "w") as file:
            file.create_dataset("labels", data=frames, chunks=(1, 2, 3, 4))
    else:
        zarr.create_array(path, data=frames, chunks=(2, 2, 3, 4))
    for time, label in ((0, 1), (1, 99)):
        db = tmp_path / f"{time}.db"
        cellgraph("load", path, "--db", db, "--axes", "tzyx", "--time", time)
        with open_store(db, read_only=True) as store:
            labels = {row["n"] for row in store.run("MATCH (c:Cell) RETURN c.label AS n").to_pylist()}
        assert labels == {label, *range(2, 25)}


@pytest.mark.parametrize("names", [("x", "y", "z"), ("width", "height", "depth"), ("X", "Y", "Z")])
def test_axes_are_read_where_they_are_named(tmp_path: Path, names: tuple[str, ...]) -> None:
    zarr.create_array(tmp_path / "a.zarr", data=LABELS.T.copy(), dimension_names=names)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["labels"] = LABELS.T
        for dimension, name in zip(file["labels"].dims, names, strict=True):
            dimension.label = name
    for kind in ("zarr", "h5"):
        assert reading(tmp_path / f"a.{kind}")["shape"] == [6, 6, 8]


def test_a_last_axis_of_length_one_goes(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", LABELS[0][..., None])
    assert reading(tmp_path / "a.npy")["shape"] == [6, 8]


def test_an_image_is_no_label_image(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(1).integers(1, 5000, (20, 20, 20)))
    message = refused("load", tmp_path / "a.npy", "--db", tmp_path / "a.db")
    assert "--any-labels" in message
    assert not (tmp_path / "a.db").exists()
    cellgraph("load", tmp_path / "a.npy", "--db", tmp_path / "a.db", "--any-labels")


def test_a_label_around_all_others_may_be_the_background(tmp_path: Path) -> None:
    image = np.ones((10, 10), np.uint8)
    image[3:5, 3:5], image[5:7, 3:5] = 2, 3
    np.save(tmp_path / "a.npy", image)
    assert "--background 1" in cellgraph("load", tmp_path / "a.npy", "--db", tmp_path / "a.db").stderr
    quiet = cellgraph("load", tmp_path / "a.npy", "--db", tmp_path / "b.db", "--background", "1")
    assert "may be the background" not in quiet.stderr


def test_a_background_that_no_voxel_has_is_told(tmp_path: Path) -> None:
    image = np.array([[0, 0, 1, 1], [2, 2, 1, 1]], np.uint8)
    np.save(tmp_path / "a.npy", image)
    words = ["load", tmp_path / "a.npy", "--db", tmp_path / "a.db", "--replace", "--background"]
    said = cellgraph(*words, 255).stderr
    assert "no voxel is 255, which --background names; there are voxels of 0, which were loaded as the cell 0" in said
    assert "no voxel is" not in cellgraph(*words, 0).stderr
    np.save(tmp_path / "a.npy", image + 1)
    assert "no voxel is 255, which --background names\n" in cellgraph(*words, 255).stderr


def test_a_mask_of_classes_is_told(tmp_path: Path) -> None:
    classes = np.zeros((60, 60), np.uint8)
    for row, column in np.ndindex(4, 4):
        classes[15 * row + 2 : 15 * row + 12, 15 * column + 2 : 15 * column + 12] = 1 + (row + column) % 2
    np.save(tmp_path / "a.npy", classes)
    said = cellgraph("load", tmp_path / "a.npy", "--db", tmp_path / "a.db", "--replace").stderr
    assert "the 2 labels are in 16 separate pieces, as in a mask of classes" in said
    assert "--expand" not in said
    np.save(tmp_path / "a.npy", measure.label(classes > 0))
    said = cellgraph("load", tmp_path / "a.npy", "--db", tmp_path / "a.db", "--replace").stderr
    assert "separate pieces" not in said
    assert "--expand" in said


@pytest.mark.parametrize("name", ["man_seg{:03}", "mask{}", "t{}", "patient{}_001", "pos{}"])
def test_images_of_times_and_fields_are_no_slices(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").mkdir()
    for i, image in enumerate(LABELS):
        tifffile.imwrite(tmp_path / "a" / f"{name.format(i)}.tif", image)
    assert "--slices" in refused("load", tmp_path / "a", "--dry-run", status=2)
    assert reading(tmp_path / "a", "--slices")["shape"] == [6, 6, 8]


def test_slices_of_several_types_are_widened(tmp_path: Path) -> None:
    for i, image in enumerate(LABELS):
        tifffile.imwrite(tmp_path / f"z{i}.tif", image.astype("u1" if i else "u2"))
    fields = reading(tmp_path)
    assert fields["dtype"] == "uint16"
    assert "different types" in " ".join(fields["notes"])


def test_a_pointer_of_git_lfs_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "git lfs pull" in refused("load", tmp_path / "a.tif")


def test_a_pickled_file_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a_seg.npy", np.array({"masks": LABELS}), allow_pickle=True)
    assert "masks" in refused("load", tmp_path / "a_seg.npy")


@pytest.mark.parametrize("packed", [False, True])
def test_nrrd_and_metaimage(tmp_path: Path, packed: bool) -> None:
    import gzip
    import zlib

    body = LABELS.tobytes()
    nrrd = (
        "NRRD0004\ntype: uint16\ndimension: 3\nspace: left-posterior-superior\nsizes: 8 6 6\n"
        "space directions: (0.2,0,0) (0,0.2,0) (0,0,0.5)\nendian: little\n"
        f"encoding: {'gzip' if packed else 'raw'}\n\n"
    )
    (tmp_path / "a.seg.nrrd").write_bytes(nrrd.encode() + (gzip.compress(body) if packed else body))
    meta = (
        f"ObjectType = Image\nNDims = 3\nBinaryDataByteOrderMSB = False\nCompressedData = {packed}\nDimSize = 8 6 6\n"
        "ElementSpacing = 0.2 0.2 0.5\nElementType = MET_USHORT\nElementDataFile = LOCAL\n"
    )
    (tmp_path / "b.mha").write_bytes(meta.encode() + (zlib.compress(body) if packed else body))
    for name in ("a.seg.nrrd", "b.mha"):
        fields = reading(tmp_path / name)
        assert (fields["shape"], fields["spacing"], fields["unit"]) == ([6, 6, 8], [0.5, 0.2, 0.2], "millimeter")
        cellgraph("load", tmp_path / name, "--db", tmp_path / "a.db")
    found = contacts(tmp_path / "a.db")
    assert found["a"] == found["b"] == 46


def test_colours_are_labels_where_the_user_says_so(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([LABELS[0], LABELS[0] * 0, LABELS[0] * 0], -1).astype("u1"), photometric="rgb"
    )
    assert "--rgb" in refused("load", tmp_path / "a.tif", "--dry-run")
    loaded = cellgraph("load", tmp_path / "a.tif", "--rgb", "--db", tmp_path / "a.db").stderr
    assert "each colour is one label" in loaded
    assert f"{len(np.unique(LABELS[0][LABELS[0] > 0]))} colours besides black" in loaded
