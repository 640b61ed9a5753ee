"""HDF5 files."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from volume_reading import assert_reads, cells

from cellgraph.errors import FormatError, LabelError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import open_volume
from cellgraph.volumes.reading import Reading


def saved(path: Path, **datasets: Any) -> Path:
    with h5py.File(path, "w") as file:
        for name, (array, options) in datasets.items():
            attributes = options.pop("attrs", {})
            file.create_dataset(name, data=array, **options).attrs.update(attributes)
    return path


LAYOUTS: list[dict[str, Any]] = [
    {},
    {"chunks": (4, 5, 6)},
    {"chunks": (4, 5, 6), "compression": "gzip"},
    {"chunks": (4, 5, 6), "compression": "gzip", "shuffle": True},
    {"chunks": (4, 5, 6), "shuffle": True},
    {"chunks": (4, 5, 6), "compression": "lzf"},
    {"chunks": (4, 5, 6), "compression": "gzip", "fletcher32": True},
    {"chunks": (4, 5, 6), "scaleoffset": 0},
    {"chunks": (4, 5, 6), "compression": "gzip", "maxshape": (None, None, None)},
]


@pytest.mark.parametrize("options", LAYOUTS)
@pytest.mark.parametrize("dtype", ["u1", ">u2", "u4", "i8"])
def test_layouts(tmp_path: Path, options: dict[str, Any], dtype: str) -> None:
    array = cells((9, 11, 13), dtype)
    volume = open_volume(saved(tmp_path / "cells.h5", labels=(array, dict(options))))
    assert volume.header.resident == (not options)
    assert volume.header.chunks == ((4, 5, 6) if options else (1, 1, 13))
    assert volume.header.source.endswith("cells.h5:labels")
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize("options", [{}, {"chunks": (4, 5, 6), "compression": "gzip"}])
def test_booleans(tmp_path: Path, options: dict[str, Any]) -> None:
    array = cells((9, 11, 13), "bool")
    volume = open_volume(saved(tmp_path / "cells.h5", labels=(array, options)))
    assert volume.header.dtype == bool
    assert_reads(volume, array)
    volume.close()


def test_chunks_that_are_not_stored_are_the_fill_value(tmp_path: Path) -> None:
    expected = np.full((9, 11, 13), 5, "u2")
    expected[:4, :5, :6] = 3
    with h5py.File(tmp_path / "cells.h5", "w") as file:
        labels = file.create_dataset("labels", expected.shape, "u2", chunks=(4, 5, 6), fillvalue=5, compression="gzip")
        labels[:4, :5, :6] = 3
        file.create_dataset("raw", (4, 4, 4), "f4")
    volume = open_volume(tmp_path / "cells.h5")
    assert_reads(volume, expected)
    volume.close()


def test_a_dataset_that_was_never_written(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cells.h5", "w") as file:
        file.create_dataset("labels", (9, 11, 13), "u2", fillvalue=4)
    volume = open_volume(tmp_path / "cells.h5")
    assert_reads(volume, np.full((9, 11, 13), 4, "u2"))
    volume.close()


def test_a_chunk_that_left_a_filter_out(tmp_path: Path) -> None:
    array = cells((4, 5, 6), "u4")
    with h5py.File(tmp_path / "cells.h5", "w") as file:
        labels = file.create_dataset("labels", (8, 5, 6), "u4", chunks=(4, 5, 6), compression="gzip", shuffle=True)
        labels.id.write_direct_chunk((0, 0, 0), array.tobytes(), filter_mask=0b11)  # no shuffling, no deflation
        labels[4:] = array
    volume = open_volume(tmp_path / "cells.h5")
    assert_reads(volume, np.concatenate([array, array]))
    volume.close()


def test_a_user_block(tmp_path: Path) -> None:
    array = cells((9, 11, 13))
    for options in ({}, {"chunks": (4, 5, 6), "compression": "gzip"}):
        with h5py.File(tmp_path / "cells.h5", "w", userblock_size=512) as file:
            file.create_dataset("labels", data=array, **options)
        data = (tmp_path / "cells.h5").read_bytes()
        assert data[512:516] == b"\x89HDF"
        volume = open_volume(tmp_path / "cells.h5")
        assert_reads(volume, array)
        volume.close()


def test_voxel_size(tmp_path: Path) -> None:
    sizes = {"element_size_um": np.array([0.235, 0.15, 0.1])}
    volume = open_volume(saved(tmp_path / "cells.h5", labels=(cells((9, 11, 13)), {"attrs": sizes})))
    assert (volume.header.spacing, volume.header.unit) == ((0.235, 0.15, 0.1), "micrometer")
    volume.close()


@pytest.mark.parametrize("value", [[0.1, 0.2], [1.0, 0.0, 1.0], [np.nan] * 3, "unknown", [-1.0, 1.0, 1.0]])
def test_a_voxel_size_that_makes_no_sense_is_none(tmp_path: Path, value: Any) -> None:
    path = saved(tmp_path / "cells.h5", labels=(cells((9, 11, 13)), {"attrs": {"element_size_um": value}}))
    volume = open_volume(path)
    assert volume.header.spacing is None
    volume.close()


def test_2d_voxel_size(tmp_path: Path) -> None:
    sizes = {"element_size_um": [0.5, 0.2, 0.1]}
    volume = open_volume(saved(tmp_path / "cells.h5", labels=(cells((11, 13)), {"attrs": sizes})))
    assert volume.header.spacing == (1.0, 0.2, 0.1)
    volume.close()


def test_axes_of_ilastik(tmp_path: Path) -> None:
    array = cells((13, 11, 9, 1))
    tags = '{"axes": [{"key": "x"}, {"key": "y"}, {"key": "z"}, {"key": "c"}]}'
    volume = open_volume(saved(tmp_path / "cells.h5", exported_data=(array, {"attrs": {"axistags": tags}})))
    assert_reads(volume, array[..., 0].transpose())
    volume.close()


def test_several_integer_datasets_are_listed(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.h5", label=(cells((9, 11, 13)), {}), masks=(cells((9, 11, 13), "u1"), {}))
    with pytest.raises(ParameterError, match=r"label \(9, 11, 13\) uint16, masks \(9, 11, 13\) uint8") as caught:
        open_volume(path)
    assert f"{path}:label" in str(caught.value)
    for source, dataset in ((f"{path}:label", None), (path, "label"), (f"{path}:/label", None)):
        volume = open_volume(source, dataset=dataset)
        assert_reads(volume, cells((9, 11, 13)))
        volume.close()


def test_the_only_integer_dataset_is_found(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cells.h5", "w") as file:
        file["volumes/labels/cells"] = cells((9, 11, 13))
        file["volumes/raw"] = np.zeros((9, 11, 13), "f4")
        file["volumes/ids"] = np.arange(100)
        file["name"] = "text"
        file["nothing"] = h5py.Empty("i4")
    for source in (tmp_path / "cells.h5", f"{tmp_path}/cells.h5:volumes", f"{tmp_path}/cells.h5:volumes/labels"):
        volume = open_volume(source)
        assert_reads(volume, cells((9, 11, 13)))
        volume.close()


def test_a_table_beside_the_only_volume_is_no_rival(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.h5", stack=(cells((9, 11, 13)), {}), transforms=(cells((40, 2), "u8"), {}))
    volume = open_volume(path)
    assert volume.header.axes is not None
    assert "only 3D integer dataset" in volume.header.axes.parts[0].why
    assert_reads(volume, cells((9, 11, 13)))
    volume.close()


def test_the_only_float_dataset_is_tried(tmp_path: Path) -> None:
    array = cells((9, 11, 13)).astype("f4")
    volume = open_volume(saved(tmp_path / "cells.h5", labels=(array, {"chunks": (4, 5, 6), "compression": "gzip"})))
    assert_reads(volume, array.astype("i8"))
    volume.close()


def test_unknown_datasets(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.h5", labels=(cells((9, 11, 13)), {}), other=(cells((4,)), {}))
    with pytest.raises(NotFoundError, match="Did you mean 'labels'"):
        open_volume(f"{path}:label")
    with pytest.raises(NotFoundError, match="it has labels, other"):
        open_volume(f"{path}:zzz")


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.zeros(5, "u2"), FormatError),
        (np.zeros((2, 3, 4, 5), "u2"), FormatError),
        (np.zeros((4, 4), "c8"), LabelError),
    ],
)
def test_what_holds_no_labels(tmp_path: Path, array: Any, error: type[Exception]) -> None:
    path = saved(tmp_path / "cells.h5", labels=(array, {}))
    with pytest.raises(error, match="expected"):
        open_volume(f"{path}:labels")
    if array.dtype.kind != "c":
        with pytest.raises(FormatError, match="2D or 3D labelled image"):
            open_volume(path)


def test_a_file_without_datasets(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no datasets"):
        open_volume(saved(tmp_path / "cells.h5"))


@pytest.mark.parametrize("left", [20, 0.3, 0.9])
@pytest.mark.parametrize("options", [{}, {"chunks": (4, 5, 6), "compression": "gzip"}])
def test_truncated(tmp_path: Path, left: float, options: dict[str, Any]) -> None:
    path = saved(tmp_path / "cells.h5", labels=(cells((9, 11, 13)), dict(options)))
    data = path.read_bytes()
    path.write_bytes(data[: left if isinstance(left, int) else int(left * len(data))])
    with pytest.raises(FormatError, match="damaged or cut short"):
        open_volume(path)


@pytest.mark.parametrize("compression", ["gzip", "lzf"])
def test_a_damaged_chunk_is_named(tmp_path: Path, compression: str) -> None:
    path = saved(
        tmp_path / "cells.h5", labels=(cells((8, 40, 50)) // 20, {"chunks": (4, 40, 50), "compression": compression})
    )
    with h5py.File(path) as file:
        info = file["labels"].id.get_chunk_info_by_coord((4, 0, 0))
    data = bytearray(path.read_bytes())
    data[info.byte_offset : info.byte_offset + info.size] = b"\xff" * info.size
    path.write_bytes(data)
    volume = open_volume(path)
    volume.read((0, 0, 0), (4, 40, 50))
    with pytest.raises(VolumeReadError, match=r"chunk at \(4, 0, 0\) does not decode"):
        volume.read((3, 0, 0), (8, 40, 50))
    volume.close()


@pytest.mark.parametrize("options", [{}, {"chunks": (2, 8, 8)}, {"chunks": (2, 8, 8), "compression": "gzip"}])
def test_bigdataviewer_stores_uint16_as_int16(tmp_path: Path, options: dict[str, Any]) -> None:
    labels = cells((5, 16, 17), "u2") + np.uint16(39_950)
    with h5py.File(tmp_path / "bdv.h5", "w") as file:
        file.create_dataset("t00000/s00/0/cells", data=labels.view("i2"), **options)
        file.create_dataset("t00000/s00/1/cells", data=labels[:, ::2, ::2].view("i2"))
        file["s00/resolutions"] = np.ones((2, 3))
    with closing(open_volume(tmp_path / "bdv.h5")) as volume:
        assert_reads(volume, labels)
        told = [part.words() for part in volume.header.axes.parts if part.what == "labels"]
    assert told == ["labels uint16 (BigDataViewer stores them as int16)"]


def test_int16_of_others_stays_as_it_is(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cells.h5", "w") as file:
        file["cells"] = np.full((4, 4, 4), -3, "i2")
    with closing(open_volume(tmp_path / "cells.h5")) as volume:
        assert volume.header.dtype == np.int16


def test_four_axes_of_matlab_are_asked_for_a_time(tmp_path: Path) -> None:
    labels = cells((3, 4, 5, 6), "u2")  # (t, z, y, x)
    with h5py.File(tmp_path / "cells.mat", "w") as file:
        data = file.create_dataset("L", data=labels.transpose(0, 1, 3, 2))
        data.attrs["MATLAB_class"] = np.bytes_("uint16")
    with pytest.raises(FormatError, match=r"3 frames.*--time N"):
        open_volume(tmp_path / "cells.mat")
    with closing(open_volume(tmp_path / "cells.mat", reading=Reading(time=1))) as volume:
        assert_reads(volume, labels[1])
