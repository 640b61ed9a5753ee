"""What files claim and hide: sizes that nothing stores, and chunks that unpack to any number of gigabytes."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import h5py
import numcodecs
import numpy as np
import pyarrow as pa
import pytest
import tifffile
from PIL import Image

import cellgraph
from cellgraph.errors import CellgraphError, FormatError, InputError, VolumeReadError
from cellgraph.volumes import open_volume
from cellgraph.volumes.blocks import grid
from cellgraph.volumes.bounded import decompressor

MIB = 2**20
BOMB = 512 * MIB

V2: dict[str, Any] = {
    "zarr_format": 2,
    "shape": [8, 8, 8],
    "chunks": [8, 8, 8],
    "dtype": "<u2",
    "compressor": None,
    "fill_value": 0,
    "order": "C",
    "filters": None,
    "dimension_separator": ".",
}
V3: dict[str, Any] = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [8, 8, 8],
    "data_type": "uint16",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8, 8]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
}
N5: dict[str, Any] = {
    "dimensions": [8, 8, 8],
    "blockSize": [8, 8, 8],
    "dataType": "uint16",
    "compression": {"type": "raw"},
}
INFO: dict[str, Any] = {
    "type": "segmentation",
    "data_type": "uint32",
    "num_channels": 1,
    "scales": [
        {
            "key": "8_8_8",
            "size": [8, 8, 8],
            "resolution": [8, 8, 8],
            "voxel_offset": [0, 0, 0],
            "chunk_sizes": [[8, 8, 8]],
            "encoding": "raw",
        }
    ],
}
# Name of the metadata, the metadata, and the name of the only chunk.
FORMATS = {
    "a.zarr": (".zarray", V2, "0.0.0"),
    "b.zarr": ("zarr.json", V3, "c/0/0/0"),
    "c.n5": ("attributes.json", N5, "0/0/0"),
    "d.precomputed": ("info", INFO, "8_8_8/0-8_0-8_0-8"),
}
LABELS = np.arange(512, dtype="<u2").reshape(8, 8, 8)


def chunk_of(name: str) -> bytes:
    """Return the bytes of the only chunk of a format, without compression."""
    if name == "c.n5":
        return struct.pack(">HH3I", 0, 3, 8, 8, 8) + LABELS.astype(">u2").tobytes()
    return LABELS.astype("<u4" if name == "d.precomputed" else "<u2").tobytes()


def saved(folder: Path, name: str, change: Callable[[Any], Any] = lambda document: document) -> Path:
    """Write a volume of one chunk, with a change in its metadata; return the path of the chunk."""
    document, metadata, chunk = FORMATS[name]
    (folder / name / chunk).parent.mkdir(parents=True, exist_ok=True)
    (folder / name / chunk).write_bytes(chunk_of(name))
    (folder / name / document).write_text(json.dumps(change(json.loads(json.dumps(metadata)))))
    return folder / name / chunk


def read(path: Path | str) -> np.ndarray[Any, Any]:
    with closing(open_volume(path)) as volume:
        return volume.read((0, 0, 0), volume.header.shape)


def peak_of_reading(path: Path) -> tuple[str, int]:
    """Return the error of reading a volume in a process of its own, and how many bytes of memory that took."""
    code = (
        "import re, sys\n"
        "from contextlib import closing\n"
        "from cellgraph.errors import CellgraphError\n"
        "from cellgraph.volumes import open_volume\n"
        "try:\n"
        "    with closing(open_volume(sys.argv[1])) as volume:\n"
        "        volume.read((0, 0, 0), volume.header.shape)\n"
        "except CellgraphError as error:\n"
        "    print(error)\n"
        # Not ru_maxrss, in which the parent of a process counts too.
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    told = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout
    *words, peak = told.splitlines()
    return " ".join(words), int(peak) * 1024


def zeros(wbits: int) -> bytes:
    """Return `BOMB` zeros, compressed with deflate."""
    packer = zlib.compressobj(9, wbits=wbits)
    return b"".join([*(packer.compress(bytes(MIB)) for _ in range(BOMB // MIB)), packer.flush()])


@pytest.mark.parametrize("name", ["zlib", "gzip", "bz2", "lzma", "zstd", "blosc", "lz4"])
def test_a_decompressor_gives_what_was_packed_and_no_more_than_allowed(name: str) -> None:
    data = np.random.default_rng(0).integers(0, 3, 100_000).astype("u1").tobytes()
    packed = bytes(numcodecs.get_codec({"id": name}).encode(np.frombuffer(data, "u1")))
    decompress = decompressor(name)
    assert decompress is not None
    assert bytes(decompress(packed, len(data))) == data
    for most in (len(data) - 1, 10, 0):
        with pytest.raises(ValueError, match="more comes out of it"):
            decompress(packed, most)
    with pytest.raises(Exception):  # noqa: B017, PT011  each library has an error of its own
        decompress(packed[:-20], len(data))


def test_streams_that_lie_one_behind_the_other_count_together() -> None:
    for name, pack in (("gzip", gzip.compress), ("bz2", bz2.compress), ("lzma", lzma.compress)):
        decompress = decompressor(name)
        assert decompress is not None
        assert decompress(pack(b"ab") + pack(b"cd"), 4) == b"abcd"
        with pytest.raises(ValueError, match="more comes out of it"):
            decompress(pack(b"ab") + pack(b"cd"), 3)


def bomb_v2(folder: Path) -> Path:
    saved(folder, "a.zarr", lambda d: {**d, "compressor": {"id": "gzip", "level": 9}}).write_bytes(zeros(31))
    return folder / "a.zarr"


def bomb_v3(folder: Path) -> Path:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:  # which does not say how much there is
        for _ in range(BOMB // MIB):
            stream.write(bytes(MIB))
    codecs = [*V3["codecs"], {"name": "zstd", "configuration": {"level": 3, "checksum": False}}]
    saved(folder, "b.zarr", lambda d: {**d, "codecs": codecs}).write_bytes(sink.getvalue().to_pybytes())
    return folder / "b.zarr"


def bomb_n5(folder: Path) -> Path:
    chunk = saved(folder, "c.n5", lambda d: {**d, "compression": {"type": "gzip", "level": 9}})
    chunk.write_bytes(struct.pack(">HH3I", 0, 3, 8, 8, 8) + zeros(31))
    return folder / "c.n5"


def bomb_hdf5(folder: Path, **options: Any) -> Path:
    path = folder / "cells.h5"
    with h5py.File(path, "w", userblock_size=options.pop("userblock_size", 0)) as file:
        dataset = file.create_dataset("labels", (8, 8, 8), "u2", chunks=(8, 8, 8), compression="gzip", **options)
        dataset.id.write_direct_chunk((0, 0, 0), zeros(15), 0)
    return path


def bomb_nifti(folder: Path) -> Path:
    import nibabel

    nibabel.save(nibabel.Nifti1Image(LABELS, np.eye(4)), folder / "a.nii")
    path = folder / "cells.nii.gz"
    path.write_bytes(gzip.compress((folder / "a.nii").read_bytes()) + zeros(31))
    return path


def bomb_npz(folder: Path) -> Path:
    np.save(folder / "labels.npy", LABELS)
    path = folder / "cells.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("labels.npy", "w") as file:
        file.write((folder / "labels.npy").read_bytes())
        for _ in range(BOMB // MIB):
            file.write(bytes(MIB))
    return path


def bomb_tiff(folder: Path) -> Path:
    path = folder / "cells.tif"
    tifffile.imwrite(path, LABELS[0], compression="zlib", metadata=None)
    with tifffile.TiffFile(path, mode="r+") as tif:
        data = zeros(15)
        offset = path.stat().st_size
        tif.pages[0].tags["StripOffsets"].overwrite(offset)
        tif.pages[0].tags["StripByteCounts"].overwrite(len(data))
    with path.open("ab") as file:
        file.write(data)
    return path


BOMBS: dict[str, Callable[[Path], Path]] = {
    "zarr 2 gzip": bomb_v2,
    "zarr 3 zstd": bomb_v3,
    "n5 gzip": bomb_n5,
    "hdf5 deflate": bomb_hdf5,
    "hdf5 deflate with checksum": lambda folder: bomb_hdf5(folder, fletcher32=True),
    "hdf5 deflate behind a user block": lambda folder: bomb_hdf5(folder, userblock_size=512),
    "nifti": bomb_nifti,
    "npz": bomb_npz,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_chunk_that_unpacks_to_more_than_its_shape_says_is_refused_while_it_unpacks(
    tmp_path: Path, kind: str
) -> None:
    path = BOMBS[kind](tmp_path)
    assert path.is_dir() or path.stat().st_size < 2 * MIB
    words, peak = peak_of_reading(path)
    assert path.name in words
    assert peak < 400 * MIB  # with all that is imported


def test_a_strip_of_a_tiff_file_that_unpacks_to_more(tmp_path: Path) -> None:
    assert peak_of_reading(bomb_tiff(tmp_path))[1] < 400 * MIB


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", ["device", "pipe", "sparse"])
def test_what_is_no_file_or_larger_than_memory_is_no_chunk(tmp_path: Path, name: str, kind: str) -> None:
    chunk = saved(tmp_path, name)
    chunk.unlink()
    if kind == "device":
        chunk.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(chunk)
    else:
        chunk.touch()
        os.truncate(chunk, 2**41)
    with pytest.raises(VolumeReadError, match=rf"{name}.*(expected a file|expected a part that fits)"):
        read(tmp_path / name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_volume_of_which_nothing_is_stored_is_refused(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name).unlink()
    with pytest.raises(FormatError, match=rf"{name}.*no chunk of it is stored"):
        open_volume(tmp_path / name)


def test_an_hdf5_dataset_of_which_nothing_is_stored_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "cells.h5", "w") as file:
        file.create_dataset("labels", (10**6, 10**6, 10**6), "u4", chunks=(64, 64, 64))
    with pytest.raises(FormatError, match=r"cells\.h5.*no chunk of it is stored"):
        open_volume(tmp_path / "cells.h5")


def larger(document: dict[str, Any]) -> dict[str, Any]:
    sizes = next(
        part for part in (document, *document.get("scales", [])) if {"shape", "dimensions", "size"} & set(part)
    )
    for name in ("shape", "dimensions", "size"):
        if name in sizes:
            sizes[name] = [10**6, 10**6, 10**6]
    return document


@pytest.mark.parametrize("name", FORMATS)
def test_a_volume_of_more_blocks_than_can_be_listed_is_refused_at_once(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name, larger)
    with pytest.raises(InputError, match="1,000,000 x 1,000,000 x 1,000,000 voxels by its metadata"):
        cellgraph.load(tmp_path / name, tmp_path / "a.db")
    assert not (tmp_path / "a.db").exists()


def test_shards_with_more_chunks_than_can_be_listed(tmp_path: Path) -> None:
    inner = {"chunk_shape": [1, 1, 1], "codecs": V3["codecs"], "index_codecs": [*V3["codecs"], {"name": "crc32c"}]}
    huge = {"name": "regular", "configuration": {"chunk_shape": [10**6, 10**6, 10**6]}}
    codecs = [{"name": "sharding_indexed", "configuration": inner}]
    saved(tmp_path, "b.zarr", lambda d: {**d, "shape": [10**6] * 3, "chunk_grid": huge, "codecs": codecs})
    with pytest.raises(FormatError, match=r"b\.zarr.*the index of one takes 16,000,000,000,000,000,004 bytes"):
        open_volume(tmp_path / "b.zarr")


def test_a_chunk_larger_than_the_memory(tmp_path: Path) -> None:
    saved(tmp_path, "a.zarr", lambda d: {**d, "shape": [10**5] * 3, "chunks": [10**5] * 3})
    with pytest.raises(FormatError, match=r"a\.zarr.*more than there is memory"):
        open_volume(tmp_path / "a.zarr")


def test_blocks_up_to_the_limit_are_listed() -> None:
    assert len(grid((100, 100, 10), (1, 1, 1))) == 100_000
    with pytest.raises(FormatError, match="at most 4,000,000"):
        grid((10**9, 1, 1), (1, 1, 1))


def test_an_image_that_is_decoded_as_a_whole_and_takes_more_than_the_memory_given(tmp_path: Path) -> None:
    path = tmp_path / "cells.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(InputError, match=r"parts of 1 x 20,000 x 20,000, which takes 0\.8 GB .* allowed; raise --m"):
        cellgraph.load(path, tmp_path / "a.db", memory="256MB")


@pytest.mark.parametrize(("found", "named"), [("0.0.0.gz", "0.0.0.gz"), ("0/0/0", "0/0/0"), ("c/0/0/0", "c/0/0/0")])
def test_a_chunk_under_another_name_is_not_background(tmp_path: Path, found: str, named: str) -> None:
    chunk = saved(tmp_path, "a.zarr")
    other = tmp_path / "a.zarr" / found
    other.parent.mkdir(parents=True, exist_ok=True)
    chunk.rename(other)
    with closing(open_volume(tmp_path / "a.zarr")) as volume:
        for _ in range(2):
            with pytest.raises(VolumeReadError, match=f"names like 0.0.0, but found .*{named}"):
                volume.read((0, 0, 0), volume.header.shape)


def test_label_multisets_are_named(tmp_path: Path) -> None:
    saved(tmp_path, "c.n5", lambda d: {**d, "isLabelMultiset": True})
    with pytest.raises(FormatError, match="isLabelMultiset"):
        open_volume(tmp_path / "c.n5")


def test_an_n5_block_of_another_size_than_its_place_is_damaged(tmp_path: Path) -> None:
    saved(tmp_path, "c.n5").write_bytes(struct.pack(">HH3I", 0, 3, 1, 8, 8) + bytes(128))
    with pytest.raises(VolumeReadError, match=r"its size \(1, 8, 8\) is not the block size"):
        read(tmp_path / "c.n5")


STRANGE: list[Any] = [
    0, -1, 4.5, "4", "NaN", None, True, [], {}, [0, 0, 0], [4.5, 8, 8], ["4", 8, 8], [-8, 8, 8], [8, 8], [2**70, 8, 8],
    [None] * 3, 2**40, 10**400, "x" * 100, {"name": 1}, [[8]], [{}],
]  # fmt: skip


def changes(document: Any) -> list[Any]:
    """Return the document with each of its values replaced by each strange one, and without each."""
    found = []
    for key in list(document) if isinstance(document, dict) else range(len(document)):
        value = document[key]
        for strange in STRANGE:
            copy = json.loads(json.dumps(document))
            copy[key] = strange
            found.append(copy)
        if isinstance(document, dict):
            found.append({name: other for name, other in document.items() if name != key})
        if isinstance(value, dict | list):
            for inner in changes(value):
                copy = json.loads(json.dumps(document))
                copy[key] = inner
                found.append(copy)
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_stands_in_the_metadata_is_read_or_a_sentence(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name)
    document, metadata, _ = FORMATS[name]
    for changed in [*changes(metadata), [], 4, "text", None]:
        try:
            text = json.dumps(changed)
        except ValueError:  # a number of more digits than Python writes
            continue
        (tmp_path / name / document).write_text(text)
        try:
            with closing(open_volume(tmp_path / name)) as volume:
                if np.prod([float(n) for n in volume.header.shape]) < 10**7:
                    volume.read((0, 0, 0), volume.header.shape)
        except CellgraphError as error:
            told = str(error)
            unnamed = [] if name in told else [text, told]
            if unnamed:
                pytest.fail(f"expected the name of the file: {unnamed}")


@pytest.mark.parametrize("name", FORMATS)
def test_a_hundred_thousand_lists_in_each_other(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name)
    (tmp_path / name / FORMATS[name][0]).write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(CellgraphError, match=name):
        open_volume(tmp_path / name)


@pytest.mark.parametrize(
    ("fill", "dtype", "right"),
    [(2**40, "|u1", False), (-1, "|u1", False), ("NaN", "<u2", False), (7, "<u2", True), (None, "<u2", True)],
)
def test_the_value_of_what_is_not_stored_is_one_that_the_type_has(
    tmp_path: Path, fill: Any, dtype: str, right: bool
) -> None:
    saved(tmp_path, "a.zarr", lambda d: {**d, "shape": [16, 8, 8], "dtype": "<u2", "fill_value": fill})
    if not right:
        saved(tmp_path, "a.zarr", lambda d: {**d, "dtype": dtype, "fill_value": fill})
        with pytest.raises(FormatError, match="expected fill_value to be one of type"):
            open_volume(tmp_path / "a.zarr")
        return
    labels = read(tmp_path / "a.zarr")
    assert (labels[:8] == LABELS).all()
    assert (labels[8:] == (fill or 0)).all()
