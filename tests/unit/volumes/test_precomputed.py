"""Neuroglancer precomputed volumes, written by tensorstore."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore
from volume_reading import assert_reads, cells

from cellgraph.errors import FormatError, LabelError, NotFoundError, VolumeReadError
from cellgraph.volumes import open_volume

Array = np.ndarray[Any, Any]

SHARDING = {
    "@type": "neuroglancer_uint64_sharded_v1",
    "preshift_bits": 1,
    "minishard_bits": 1,
    "shard_bits": 2,
    "hash": "murmurhash3_x86_128",
    "minishard_index_encoding": "gzip",
    "data_encoding": "gzip",
}


def saved(path: Path, zyx: Array, *, scale: int = 0, factor: int = 1, encoding: str = "raw", **more: Any) -> Path:
    metadata: dict[str, Any] = {
        "size": zyx.shape[::-1],
        "chunk_size": [16, 8, 8],
        "encoding": encoding,
        "resolution": [8 * factor, 8 * factor, 40],
        "voxel_offset": [5, 6, 7],
        **more,
    }
    if encoding == "compressed_segmentation":
        metadata["compressed_segmentation_block_size"] = [8, 8, 8]
    store = tensorstore.open(
        {
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": f"{path}/"},
            "multiscale_metadata": {"type": "segmentation", "data_type": zyx.dtype.name, "num_channels": 1},
            "scale_metadata": metadata,
            "create": True,
        }
    ).result()
    store[..., 0].write(np.ascontiguousarray(zyx.transpose())).result()
    return path


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_raw(tmp_path: Path, dtype: str) -> None:
    array = cells((20, 30, 40), dtype)
    path = saved(tmp_path / "cells", array)
    volume = open_volume(path)
    assert volume.header.dtype == array.dtype
    assert volume.header.chunks == (8, 8, 16)
    assert (volume.header.spacing, volume.header.unit) == ((40.0, 8.0, 8.0), "nanometer")
    assert "(7, 6, 5)" in volume.header.notes[0]
    assert_reads(volume, array)
    volume.close()


@pytest.mark.parametrize("dtype", ["uint32", "uint64"])
@pytest.mark.parametrize("sharding", [{}, {"sharding": SHARDING}])
def test_compressed_segmentation(tmp_path: Path, dtype: str, sharding: dict[str, Any]) -> None:
    array = cells((20, 30, 40), dtype) + (1 << 20)
    path = saved(tmp_path / "cells", array, encoding="compressed_segmentation", voxel_offset=[0, 0, 0], **sharding)
    volume = open_volume(path)
    assert not volume.header.notes
    assert_reads(volume, array)
    volume.close()


def test_scales(tmp_path: Path) -> None:
    array = cells((20, 30, 40), "uint32")
    path = saved(tmp_path / "cells", array)
    saved(path, array[:, ::2, ::2], factor=2)
    volume = open_volume(path)
    assert volume.header.axes.parts[0].words() == 'dataset "8_8_40" (the finest of 2 resolutions)'
    assert_reads(volume, array)
    for source in (f"{path}:16_16_40", f"{path}:1", f"precomputed://file://{path}:1"):
        coarse = open_volume(source)
        assert coarse.header.spacing == (40.0, 16.0, 16.0)
        assert_reads(coarse, array[:, ::2, ::2])
    with pytest.raises(NotFoundError, match=r"8_8_40, 16_16_40\. Did you mean '16_16_40'"):
        open_volume(f"{path}:16_16_4")


def test_missing_chunks_are_zero(tmp_path: Path) -> None:
    array = cells((20, 30, 40), "uint32")
    path = saved(tmp_path / "cells", array)
    next((path / "8_8_40").glob("5-21_6-14_7-15")).unlink()
    array[:8, :8, :16] = 0
    volume = open_volume(path)
    assert_reads(volume, array)


def test_a_damaged_chunk_is_reported(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells", cells((20, 30, 40), "uint32"))
    chunk = path / "8_8_40/5-21_6-14_7-15"
    chunk.write_bytes(chunk.read_bytes()[:100])
    volume = open_volume(path)
    with pytest.raises(VolumeReadError, match=r"the chunk .*/8_8_40/5-21_6-14_7-15 does not decode"):
        volume.read((0, 0, 0), (8, 8, 8))


@pytest.mark.parametrize(
    "change", [{"data_type": "letters"}, {"scales": [{}]}, {"num_channels": 3}, {"scales": []}, {"scales": 3}]
)
def test_other_infos(tmp_path: Path, change: dict[str, Any]) -> None:
    path = saved(tmp_path / "cells", cells((20, 30, 40), "uint32"))
    info = json.loads((path / "info").read_text())
    (path / "info").write_text(json.dumps({**info, **change}))
    with pytest.raises(FormatError, match=r"info|channels"):
        open_volume(path)


def test_floats(tmp_path: Path) -> None:
    array = cells((20, 30, 40)).astype("f4")
    array[3, 4, 5] = 0.5
    volume = open_volume(saved(tmp_path / "cells", array, voxel_offset=[0, 0, 0]))
    np.testing.assert_array_equal(volume.read((4, 0, 0), (20, 30, 40)), array[4:])
    with pytest.raises(LabelError, match=r"0\.5 at \(z, y, x\) = \(3, 4, 5\)"):
        volume.read((2, 2, 2), (20, 30, 40))


def test_unknown_encodings(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells", cells((20, 30, 40), "uint32"))
    info = json.loads((path / "info").read_text())
    info["scales"][0]["encoding"] = "no-such-encoding"
    (path / "info").write_text(json.dumps(info))
    with pytest.raises(FormatError, match="no-such-encoding") as caught:
        open_volume(path)
    assert "\n" not in str(caught.value)


def test_the_fingerprint_follows_the_info(tmp_path: Path) -> None:
    path = saved(tmp_path / "cells", cells((20, 30, 40), "uint32"))
    volume = open_volume(path)
    before = volume.fingerprint()
    (path / "info").write_text((path / "info").read_text() + " ")
    assert volume.fingerprint() != before


def packed(path: Path, keep: int = 0) -> list[Path]:
    """Pack all chunks but some, as CloudVolume does on disk; return the packed ones."""
    chunks = sorted(path.glob("*_*_*/*_*_*"))
    for chunk in chunks[keep:]:
        Path(f"{chunk}.gz").write_bytes(gzip.compress(chunk.read_bytes()))
        chunk.unlink()
    return [Path(f"{chunk}.gz") for chunk in chunks[keep:]]


@pytest.mark.parametrize("encoding", ["raw", "compressed_segmentation"])
@pytest.mark.parametrize("keep", [0, 3])
def test_packed_chunks(tmp_path: Path, encoding: str, keep: int) -> None:
    array = cells((11, 13, 20), "u4")
    assert packed(saved(tmp_path / "x", array, encoding=encoding), keep)
    with closing(open_volume(tmp_path / "x")) as volume:
        assert_reads(volume, array)


@pytest.mark.parametrize("encoding", ["raw", "compressed_segmentation"])
@pytest.mark.parametrize("change", ["cut", "bomb", "short"])
def test_a_damaged_packed_chunk_is_reported(tmp_path: Path, encoding: str, change: str) -> None:
    chunk = packed(saved(tmp_path / "x", cells((8, 8, 16), "u4"), encoding=encoding))[0]
    data = chunk.read_bytes()
    chunk.write_bytes(
        {"cut": data[:-20], "bomb": gzip.compress(bytes(64 << 20)), "short": gzip.compress(bytes(5))}[change]
    )
    with closing(open_volume(tmp_path / "x")) as volume:
        with pytest.raises(VolumeReadError, match=r"chunk .*5-21_6-14_7-15 does not decode") as caught:
            volume.read((0, 0, 0), (8, 8, 16))
        assert ("more comes out" in str(caught.value)) == (change == "bomb")


def test_chunks_packed_in_another_way_are_refused(tmp_path: Path) -> None:
    for chunk in packed(saved(tmp_path / "x", cells((8, 8, 16), "u4"))):
        chunk.rename(chunk.with_suffix(".br"))
    with closing(open_volume(tmp_path / "x")) as volume, pytest.raises(VolumeReadError, match=r"names like .*\.br"):
        volume.read((0, 0, 0), (8, 8, 16))
