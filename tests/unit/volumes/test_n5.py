"""N5, written by tensorstore and by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
from volume_reading import assert_reads, cells

from cellgraph.errors import FormatError, NotFoundError, ParameterError, VolumeReadError
from cellgraph.volumes import open_volume, plan_blocks, stamps

Array = np.ndarray[Any, Any]


def saved(path: Path, zyx: Array, compression: dict[str, Any] | None = None, **attributes: Any) -> Path:
    store = tensorstore.open(
        {
            "driver": "n5",
            "kvstore": {"driver": "file", "path": f"{path}/"},
            "metadata": {
                "dimensions": zyx.shape[::-1],
                "blockSize": [6, 5, 4][: zyx.ndim],
                "dataType": zyx.dtype.name,
                "compression": compression or {"type": "gzip"},
            },
            "create": True,
        }
    ).result()
    store[...].write(np.ascontiguousarray(zyx.transpose())).result()
    document = json.loads((path / "attributes.json").read_text())
    (path / "attributes.json").write_text(json.dumps({**document, **attributes}))
    return path


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"])
@pytest.mark.parametrize("shape", [(9, 11, 13), (11, 13)])
def test_types_and_shapes(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    array = cells(shape, dtype)
    volume = open_volume(saved(tmp_path / "cells.n5", array))
    assert volume.header.dtype == array.dtype
    assert volume.header.chunks == ((4, 5, 6) if len(shape) == 3 else (1, 5, 6))
    assert volume.header.spacing is None
    assert_reads(volume, array if array.ndim == 3 else array[np.newaxis])


@pytest.mark.parametrize(
    "compression",
    [
        {"type": "raw"},
        {"type": "gzip"},
        {"type": "gzip", "useZlib": True},
        {"type": "bzip2"},
        {"type": "xz"},
        {"type": "zstd"},
        {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
    ],
)
def test_compressions(tmp_path: Path, compression: dict[str, Any]) -> None:
    array = cells((9, 11, 13), "u4")
    assert_reads(open_volume(saved(tmp_path / "cells.n5", array, compression)), array)


def test_missing_blocks_are_zero(tmp_path: Path) -> None:
    array = cells((9, 11, 13))
    path = saved(tmp_path / "cells.n5", array)
    (path / "1/0/2").unlink()  # x, y, z
    array[8:, 0:5, 6:12] = 0
    assert_reads(open_volume(path), array)


@pytest.mark.parametrize(
    ("attributes", "spacing", "unit"),
    [
        ({"resolution": [1.0, 2.0, 3.0]}, (3.0, 2.0, 1.0), None),
        ({"resolution": [1.0, 2.0, 3.0], "units": ["nm"] * 3}, (3.0, 2.0, 1.0), "nanometer"),
        ({"pixelResolution": {"dimensions": [1.0, 2.0, 3.0], "unit": "um"}}, (3.0, 2.0, 1.0), "micrometer"),
        ({"pixelResolution": [1.0, 2.0, 3.0]}, (3.0, 2.0, 1.0), None),
        (
            {"transform": {"axes": ["z", "y", "x"], "scale": [3.0, 2.0, 1.0], "units": ["nm"] * 3}},
            (3.0, 2.0, 1.0),
            "nanometer",
        ),
        ({"transform": {"axes": ["z", "y", "x"], "scale": [3.0, 2.0]}}, None, None),
        ({"resolution": [1.0, 0.0, 3.0]}, None, None),
        ({"resolution": "fine"}, None, None),
    ],
)
def test_voxel_size(tmp_path: Path, attributes: dict[str, Any], spacing: Any, unit: str | None) -> None:
    header = open_volume(saved(tmp_path / "cells.n5", cells((9, 11, 13)), **attributes)).header
    assert (header.spacing, header.unit) == (spacing, unit)


def test_resolutions_of_a_group(tmp_path: Path) -> None:
    array = cells((9, 11, 13))
    root = tmp_path / "data.n5"
    saved(root / "labels/s0", array)
    saved(root / "labels/s1", array[:, ::2, ::2], downsamplingFactors=[2, 2, 1])
    (root / "attributes.json").write_text('{"n5": "2.0.0"}')
    (root / "labels/attributes.json").write_text(json.dumps({"resolution": [4.0, 4.0, 40.0], "units": ["nm"] * 3}))
    for source in (root, root / "labels", f"{root}:labels", f"{root}/labels/s0"):
        volume = open_volume(source)
        assert (volume.header.spacing, volume.header.unit) == ((40.0, 4.0, 4.0), "nanometer")
        assert_reads(volume, array)
    coarse = open_volume(f"{root}:labels/s1")
    assert coarse.header.spacing == (40.0, 8.0, 8.0)
    assert_reads(coarse, array[:, ::2, ::2])


def test_multiscales_of_a_group(tmp_path: Path) -> None:
    saved(tmp_path / "data.n5/s0", cells((9, 11, 13)))
    transform = {"axes": ["z", "y", "x"], "scale": [5.0, 4.0, 4.0], "units": ["nm"] * 3}
    multiscales = [{"datasets": [{"path": "s0", "transform": transform}]}]
    (tmp_path / "data.n5/attributes.json").write_text(json.dumps({"multiscales": multiscales}))
    header = open_volume(tmp_path / "data.n5").header
    assert (header.spacing, header.unit) == ((5.0, 4.0, 4.0), "nanometer")


def test_several_arrays_are_told_apart_by_name_or_listed(tmp_path: Path) -> None:
    root = tmp_path / "data.n5"
    saved(root / "labels", cells((9, 11, 13)))
    saved(root / "raw", cells((9, 11, 13), "u1"))
    (root / "attributes.json").write_text("{}")
    assert_reads(open_volume(root), cells((9, 11, 13)))
    assert '"raw" left out' in open_volume(root).header.axes.parts[0].words()
    saved(root / "cells", cells((9, 11, 13), seed=1))
    with pytest.raises(ParameterError, match=r"one label image.*cells \(9, 11, 13\) uint16, labels"):
        open_volume(root)
    assert_reads(open_volume(f"{root}:labels"), cells((9, 11, 13)))
    with pytest.raises(NotFoundError, match="Did you mean 'labels'"):
        open_volume(f"{root}:label")


def test_a_block_that_does_not_decode_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.n5", cells((9, 11, 13)))
    block = path / "1/0/2"
    for data in (block.read_bytes()[:-20], b"", b"\0\2" + block.read_bytes()[2:]):
        block.write_bytes(data)
        with pytest.raises(VolumeReadError, match=r"1/0/2 does not decode"):
            open_volume(path).read((8, 0, 6), (9, 5, 12))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"compression": {"type": "lz4"}}, FormatError, "lz4"),
        ({"dataType": "float64"}, None, ""),
        ({"dataType": "string"}, FormatError, "string"),
        ({"blockSize": [4, 4]}, FormatError, "blockSize"),
        ({"blockSize": None}, FormatError, "incomplete"),
        ({"dimensions": [13, 11, 9, 2], "blockSize": [6, 5, 4, 1]}, FormatError, "4 dimensions"),
    ],
)
def test_other_attributes(tmp_path: Path, change: dict[str, Any], error: Any, words: str) -> None:
    path = saved(tmp_path / "cells.n5", cells((9, 11, 13)))
    document = json.loads((path / "attributes.json").read_text())
    (path / "attributes.json").write_text(json.dumps({**document, **change}))
    if error is None:
        assert open_volume(path).header.dtype == np.int64
        return
    with pytest.raises(error, match=words):
        open_volume(path)


def test_damaged_attributes(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells.n5", cells((9, 11, 13)))
    for text in ("{", "[]"):
        (path / "attributes.json").write_text(text)
        with pytest.raises(FormatError, match=r"attributes\.json"):
            open_volume(path)
    (path / "attributes.json").write_text("{}")
    with pytest.raises(FormatError, match="none was found"):
        open_volume(path)


def test_the_stamps_follow_blocks(tmp_path: Path) -> None:
    volume = open_volume(saved(tmp_path / "cells.n5", cells((9, 11, 13))))
    parts = plan_blocks(volume.header, 1)
    before = stamps(volume, parts)
    assert len(before) == len(parts) > 1
    (tmp_path / "cells.n5/0/0/0").unlink()
    after = stamps(volume, parts)
    assert after[0] != before[0]
    assert after[-1] == before[-1]
