"""Zarr and OME-Zarr, versions 2 and 3."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from volume_reading import assert_reads, cells
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

from cellgraph.errors import FormatError, LabelError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import HaloReader, grid, open_volume, plan_blocks, stamps

Array = np.ndarray[Any, Any]


def saved(path: Path, array: Array, **options: Any) -> Path:
    stored = zarr.create_array(path, shape=array.shape, dtype=array.dtype, **{"chunks": (4, 5, 6), **options})
    stored[...] = array
    return path


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("dtype", ["bool", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
def test_types(tmp_path: Path, version: Any, dtype: str) -> None:
    array = cells((9, 11, 13), dtype)
    volume = open_volume(saved(tmp_path / "cells.zarr", array, zarr_format=version))
    assert volume.header.dtype == array.dtype
    assert volume.header.chunks == (4, 5, 6)
    assert_reads(volume, array)


@pytest.mark.parametrize(
    "compressor",
    [
        None,
        numcodecs.Blosc(),
        numcodecs.Blosc("zstd", 5, numcodecs.Blosc.BITSHUFFLE),
        numcodecs.Zlib(),
        numcodecs.GZip(),
        numcodecs.Zstd(),
        numcodecs.LZ4(),
        numcodecs.BZ2(),
        numcodecs.LZMA(),
    ],
)
@pytest.mark.parametrize("filters", [None, [numcodecs.Delta("<u2")], [numcodecs.Shuffle(2)]])
def test_codecs_of_version_2(tmp_path: Path, compressor: Any, filters: Any) -> None:
    array = cells((9, 11, 13))
    path = saved(tmp_path / "cells.zarr", array, zarr_format=2, compressors=compressor, filters=filters)
    assert_reads(open_volume(path), array)


@pytest.mark.parametrize("options", [{"order": "F"}, {"dtype": ">u2"}, {"separator": "/"}])
def test_layouts_of_version_2(tmp_path: Path, options: dict[str, Any]) -> None:
    array = cells((9, 11, 13)).astype(options.get("dtype", "u2"))
    more: dict[str, Any] = {}
    if "order" in options:
        more["order"] = "F"
    if "separator" in options:
        more["chunk_key_encoding"] = {"name": "v2", "separator": "/"}
    assert_reads(open_volume(saved(tmp_path / "cells.zarr", array, zarr_format=2, **more)), array)


@pytest.mark.parametrize(
    "compressors",
    [None, BloscCodec(), ZstdCodec(), GzipCodec(), [ZstdCodec(), Crc32cCodec()], [BloscCodec(), GzipCodec()]],
)
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("shards", [None, (8, 10, 12)])
def test_codecs_of_version_3(tmp_path: Path, compressors: Any, transpose: bool, shards: Any) -> None:
    array = cells((9, 11, 13), "u4")
    filters = [TransposeCodec(order=(2, 0, 1))] if transpose else []
    path = saved(tmp_path / "cells.zarr", array, compressors=compressors, filters=filters, shards=shards)
    volume = open_volume(path)
    assert volume.header.chunks == (4, 5, 6)
    assert_reads(volume, array)


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("encoding", [{"name": "v2", "separator": "."}, {"name": "default", "separator": "."}])
def test_layouts_of_version_3(tmp_path: Path, endian: str, encoding: Any) -> None:
    array = cells((9, 11, 13))
    path = saved(
        tmp_path / "cells.zarr", array, serializer=zarr.codecs.BytesCodec(endian=endian), chunk_key_encoding=encoding
    )
    assert_reads(open_volume(path), array)


def test_codecs_that_only_zarr_python_knows(tmp_path: Path) -> None:
    array = cells((9, 11, 13))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Numcodecs codecs are not", UserWarning)  # newer ones say nothing
        path = saved(tmp_path / "cells.zarr", array, compressors=[zarr.codecs.numcodecs.BZ2()], fill_value=0)
        volume = open_volume(path)
    assert_reads(volume, array)


def test_unknown_codecs_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.zarr", cells((9, 11, 13)))
    document = json.loads((path / "zarr.json").read_text())
    document["codecs"][1]["name"] = "no-such-codec"
    (path / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(FormatError, match="no-such-codec"):
        open_volume(path)


@pytest.mark.parametrize(("version", "shards"), [(2, None), (3, None), (3, (8, 10, 12))])
@pytest.mark.parametrize("fill", [0, 7])
def test_missing_chunks_are_the_fill_value(tmp_path: Path, version: Any, shards: Any, fill: int) -> None:
    array = np.full((9, 11, 13), fill, "u2")
    options = {"fill_value": fill, "zarr_format": version, "shards": shards}
    path = tmp_path / "cells.zarr"
    stored = zarr.create_array(path, shape=array.shape, dtype=array.dtype, chunks=(4, 5, 6), **options)
    array[:4, :5, :6] = stored[:4, :5, :6] = 3
    assert_reads(open_volume(path), array)


def test_no_fill_value_is_zero(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.zarr", cells((9, 11, 13)), zarr_format=2)
    document = json.loads((path / ".zarray").read_text())
    (path / ".zarray").write_text(json.dumps({**document, "fill_value": None}))
    (path / "1.1.1").unlink()
    assert not open_volume(path).read((4, 5, 6), (8, 10, 12)).any()


@pytest.mark.parametrize("left", [0.5, 0.01, 0])
@pytest.mark.parametrize("options", [{"zarr_format": 2}, {}, {"shards": (8, 10, 12)}, {"compressors": None}])
def test_a_chunk_that_does_not_decode_is_named(tmp_path: Path, options: dict[str, Any], left: float) -> None:
    path = saved(tmp_path / "cells.zarr", cells((9, 11, 13), "u4"), **options)
    name = "0.1.1" if options.get("zarr_format") == 2 else ("c/0/0/0" if "shards" in options else "c/0/1/1")
    data = (path / name).read_bytes()
    (path / name).write_bytes(data[: int(len(data) * left)])
    volume = open_volume(path)
    with pytest.raises(VolumeReadError, match=rf"cells\.zarr.*{name} (does not decode|.*cut short)"):
        volume.read((0, 5, 6), (4, 10, 12))


def test_a_damaged_chunk_of_a_shard_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.zarr", cells((9, 11, 13), "u4"), shards=(8, 10, 12))
    data = bytearray((path / "c/0/0/0").read_bytes())
    data[:8] = b"\xff" * 8
    (path / "c/0/0/0").write_bytes(data)
    volume = open_volume(path)
    with pytest.raises(VolumeReadError, match="c/0/0/0 does not decode"):
        volume.read((0, 0, 0), (8, 10, 12))


def scale(ndim: int, level: int) -> dict[str, Any]:
    sizes = [1.0, 1.0, 2.0, 0.5 * 2**level, 0.25 * 2**level]
    return {"type": "scale", "scale": sizes[-ndim:]}


def ome(path: Path, array: Array, *, version: int = 2, levels: int = 2, **changes: Any) -> Path:
    axes = {3: "zyx", 2: "yx", 5: "tczyx", 4: "czyx"}[array.ndim]
    group = zarr.create_group(path, zarr_format=version)
    chunks = (1,) * (array.ndim - 2) + (16, 16)
    for level in range(levels):
        scaled = array[..., :: 2**level, :: 2**level]
        stored = group.create_array(str(level), shape=scaled.shape, dtype=scaled.dtype, chunks=chunks)
        stored[...] = scaled
    spatial = {"type": "space", "unit": "micrometer"}
    image = {
        "axes": [{"name": a, **(spatial if a in "zyx" else {"type": "channel"})} for a in axes],
        "datasets": [{"path": str(n), "coordinateTransformations": [scale(array.ndim, n)]} for n in range(levels)],
        **changes,
    }
    if version == 2:
        group.attrs["multiscales"] = [{"version": "0.4", **image}]
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
    return path


@pytest.mark.parametrize("version", [2, 3])
def test_ome_zarr(tmp_path: Path, version: int) -> None:
    array = cells((5, 40, 50))
    path = ome(tmp_path / "cells.zarr", array, version=version)
    volume = open_volume(path)
    assert (volume.header.spacing, volume.header.unit) == ((2.0, 0.5, 0.25), "micrometer")
    assert volume.header.source == f"{path}/0"
    assert_reads(volume, array)
    for source in (f"{path}/1", f"{path}:1", f"{path}/1/"):
        coarse = open_volume(source)
        assert coarse.header.spacing == (2.0, 1.0, 0.5)
        assert_reads(coarse, array[:, ::2, ::2])


def test_time_and_channel_of_length_one_are_dropped(tmp_path: Path) -> None:
    array = cells((1, 1, 5, 40, 50))
    volume = open_volume(ome(tmp_path / "cells.zarr", array))
    assert volume.header.spacing == (2.0, 0.5, 0.25)
    assert_reads(volume, array[0, 0])


def test_2d_ome_zarr(tmp_path: Path) -> None:
    array = cells((40, 50))
    volume = open_volume(ome(tmp_path / "cells.zarr", array))
    assert (volume.header.spacing, volume.header.ndim) == ((1.0, 0.5, 0.25), 2)
    assert_reads(volume, array[np.newaxis])


def test_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="2 channels"):
        open_volume(ome(tmp_path / "cells.zarr", cells((2, 5, 40, 50))))


def test_scale_of_the_whole_image_multiplies(tmp_path: Path) -> None:
    whole = [{"type": "scale", "scale": [1.0, 3.0, 3.0]}]
    path = ome(tmp_path / "cells.zarr", cells((5, 40, 50)), coordinateTransformations=whole)
    assert open_volume(path).header.spacing == (2.0, 1.5, 0.75)


def test_units_differ(tmp_path: Path) -> None:
    axes = [
        {"name": a, "type": "space", "unit": u}
        for a, u in zip("zyx", ("micrometer", "nanometer", "nanometer"), strict=True)
    ]
    header = open_volume(ome(tmp_path / "cells.zarr", cells((5, 40, 50)), axes=axes)).header
    assert header.spacing == pytest.approx((2000.0, 0.5, 0.25))
    assert header.unit == "nanometer"


def test_axes_in_another_order(tmp_path: Path) -> None:
    array = cells((5, 40, 50))
    axes = [{"name": a, "type": "space", "unit": "nanometer"} for a in "xyz"]
    volume = open_volume(ome(tmp_path / "cells.zarr", array, axes=axes))
    assert volume.header.spacing == (0.25, 0.5, 2.0)
    assert_reads(volume, array.transpose())


@pytest.mark.parametrize("axes", [["z", "y", "x"], [{"name": a} for a in "zyx"]])
def test_axes_without_units(tmp_path: Path, axes: Any) -> None:
    header = open_volume(ome(tmp_path / "cells.zarr", cells((5, 40, 50)), axes=axes)).header
    assert (header.spacing, header.unit) == ((2.0, 0.5, 0.25), None)


def test_scales_of_one_without_a_unit_say_nothing(tmp_path: Path) -> None:
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]}]
    path = ome(tmp_path / "cells.zarr", cells((5, 40, 50)), axes=["z", "y", "x"], datasets=datasets)
    assert open_volume(path).header.spacing is None


@pytest.mark.parametrize("version", [2, 3])
def test_labels_inside_an_image(tmp_path: Path, version: int) -> None:
    path = ome(tmp_path / "image.zarr", np.zeros((2, 5, 40, 50), "u2"), version=version)
    labels, other = cells((5, 40, 50), "u4"), cells((5, 40, 50), "i4", seed=1)
    ome(path / "labels" / "cells", labels, version=version)
    group = zarr.create_group(path / "labels", zarr_format=version)
    listed = {"labels": ["cells"]}
    group.attrs.update(listed if version == 2 else {"ome": listed})
    volume = open_volume(path)
    assert volume.header.axes is not None
    assert volume.header.axes.parts[0].value == '"labels/cells"'
    assert volume.header.spacing == (2.0, 0.5, 0.25)
    assert_reads(volume, labels)
    for source in (f"{path}/labels/cells", f"{path}:labels/cells", f"{path}/labels", f"{path}/labels/cells/0"):
        assert_reads(open_volume(source), labels)
    ome(path / "labels" / "nuclei", other, version=version)
    listed = {"labels": ["cells", "nuclei"]}
    group.attrs.update(listed if version == 2 else {"ome": listed})
    with pytest.raises(ParameterError, match="labels/cells, labels/nuclei"):
        open_volume(path)
    assert_reads(open_volume(f"{path}/labels/nuclei"), other)
    with pytest.raises(NotFoundError, match="Did you mean 'nuclei'"):
        open_volume(f"{path}/labels/nucleus")
    with pytest.raises(NotFoundError, match="Did you mean 'nuclei'"):
        open_volume(f"{path}:labels/nucleus")


@pytest.mark.parametrize("version", [2, 3])
def test_the_only_integer_array_of_a_group_is_found(tmp_path: Path, version: Any) -> None:
    group = zarr.create_group(tmp_path / "data.zarr", zarr_format=version)
    array = cells((9, 11, 13))
    group.create_array("volumes/labels", shape=array.shape, dtype=array.dtype, chunks=(4, 5, 6))[...] = array
    group.create_array("volumes/raw", shape=array.shape, dtype="f4", chunks=(4, 5, 6))
    volume = open_volume(tmp_path / "data.zarr")
    assert volume.header.source.endswith("data.zarr/volumes/labels")
    assert_reads(volume, array)
    group.create_array("more/masks", shape=array.shape, dtype="u8", chunks=(4, 5, 6))
    with pytest.raises(ParameterError, match=r"more/masks \(9, 11, 13\) uint64.*volumes/labels \(9, 11, 13\) uint16"):
        open_volume(tmp_path / "data.zarr")


def test_an_empty_group(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "data.zarr")
    with pytest.raises(FormatError, match="none was found"):
        open_volume(tmp_path / "data.zarr")


@pytest.mark.parametrize("version", [2, 3])
def test_voxel_size_in_attributes(tmp_path: Path, version: Any) -> None:
    path = saved(
        tmp_path / "cells.zarr", cells((9, 11, 13)), zarr_format=version, attributes={"element_size_um": [3, 2, 1]}
    )
    assert open_volume(path).header.spacing == (3.0, 2.0, 1.0)
    assert open_volume(path).header.unit == "micrometer"


def test_named_dimensions(tmp_path: Path) -> None:
    array = cells((9, 11, 13))
    path = saved(tmp_path / "cells.zarr", array, dimension_names=["x", "y", "z"])
    assert_reads(open_volume(path), array.transpose())


def test_floats(tmp_path: Path) -> None:
    array = cells((9, 11, 13)).astype("f4")
    path = saved(tmp_path / "cells.zarr", array, fill_value=np.nan)
    assert_reads(open_volume(path), array.astype("i8"))
    shutil.rmtree(path / "c" / "1")
    with pytest.raises(LabelError, match=r"nan at \(z, y, x\) = \(4, \d+, \d+\)"):  # whichever of its chunks is first
        open_volume(path).read((0, 0, 0), (9, 11, 13))


@pytest.mark.parametrize("shape", [(20,), (2, 3, 4, 5)])
def test_other_shapes_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = saved(tmp_path / "cells.zarr", np.zeros(shape, "u2"), chunks=shape)
    with pytest.raises(FormatError, match="expected a 2D or 3D"):
        open_volume(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"node_type": "array", "shape": 3}'])
def test_damaged_metadata(tmp_path: Path, text: str) -> None:
    path = saved(tmp_path / "cells.zarr", cells((9, 11, 13)))
    (path / "zarr.json").write_text(text)
    with pytest.raises(FormatError, match=r"zarr\.json|damaged"):
        open_volume(path)


def test_metadata_that_was_not_copied(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.zarr", cells((9, 11, 13)))
    (path / "zarr.json").unlink()
    with pytest.raises(FormatError, match="no metadata"):
        open_volume(path)


def test_a_level_that_was_not_copied(tmp_path: Path) -> None:
    path = ome(tmp_path / "cells.zarr", cells((5, 40, 50)))
    shutil.rmtree(path / "0")
    with pytest.raises(FormatError, match="names the array '0', but there is none"):
        open_volume(path)


@pytest.mark.parametrize("shards", [None, (8, 8, 8)])
def test_the_stamps_follow_chunks_and_the_fingerprint_the_metadata(tmp_path: Path, shards: Any) -> None:
    path = saved(tmp_path / "cells.zarr", cells((16, 24, 32)), chunks=(4, 4, 4), shards=shards)
    volume = open_volume(path)
    blocks = grid((16, 24, 32), (8, 8, 8))
    before, document = stamps(volume, blocks), volume.fingerprint()
    os.utime(path / ("c/1/1/1" if shards else "c/2/3/2"), (1, 1))
    after = stamps(volume, blocks)
    changed = [block.start for block, one, other in zip(blocks, before, after, strict=True) if one != other]
    # Its own block, and those behind it that have a halo in it.
    assert changed == ([(8, y, x) for y in (8, 16) for x in (8, 16)] if shards else [(8, 8, 8), (8, 16, 8)])
    assert volume.fingerprint() == document
    (path / "zarr.json").write_text((path / "zarr.json").read_text() + " ")
    assert volume.fingerprint() != document


def test_halos_of_a_larger_volume(tmp_path: Path) -> None:
    array = cells((70, 80, 90), "u4")
    volume = open_volume(saved(tmp_path / "cells.zarr", array, chunks=(16, 16, 16)))
    reader = HaloReader(volume)
    for block in plan_blocks(volume.header, 400_000, 2):
        labels, halo = reader.read(block)
        index = tuple(slice(a - h, b) for a, b, h in zip(block.start, block.stop, halo, strict=True))
        np.testing.assert_array_equal(labels, array[index])
