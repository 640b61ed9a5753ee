"""N5: arrays of gzip, zlib, bzip2, xz, Blosc, Zstandard or plain blocks; (x, y, z) in the files, (z, y, x) here."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError, VolumeReadError, near
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.bounded import Decompress, decompressor, room_for
from cellgraph.volumes.chunk_names import ChunkNames
from cellgraph.volumes.chunked import ChunkedVolume
from cellgraph.volumes.documents import parse_document, sizes, why
from cellgraph.volumes.files import parsing
from cellgraph.volumes.n5_metadata import voxel_size
from cellgraph.volumes.objects import Folder, Objects
from cellgraph.volumes.reading import PLAIN, Reading
from cellgraph.volumes.volume import Volume
from cellgraph.volumes.zarr_metadata import join

Array = np.ndarray[Any, Any]

DOCUMENT = "attributes.json"

# numcodecs' names for the compressions of N5.
_CODECS = {"gzip": "gzip", "bzip2": "bz2", "xz": "lzma", "blosc": "blosc", "zstd": "zstd"}
_DEEPEST = 5


@dataclass(frozen=True)
class N5Array:
    """What ``attributes.json`` says of an array; sizes in the order (x, y, z) of the file."""

    path: str
    attributes: Mapping[str, Any]
    dimensions: tuple[int, ...]
    block: tuple[int, ...]
    dtype: np.dtype[Any]


def open_n5(folder: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open an array of a local N5 hierarchy.

    Parameters
    ----------
    folder : pathlib.Path
        Of an array or a group.
    dataset : str or None
        Path below the folder.
    source : str
        What to call it in messages and in the graph.
    """
    root = folder.resolve()
    # The voxel size of an array may be in the attributes of the groups around it.
    while (root.parent / DOCUMENT).is_file():
        root = root.parent
    inside = folder.resolve().relative_to(root).as_posix()
    path = "/".join(part for part in (inside.strip("."), (dataset or "").strip("/")) if part)
    return open_node(Folder(root), path, source, reading)


def open_node(objects: Objects, path: str, source: str, reading: Reading = PLAIN) -> Volume:
    """Open what is at a path of an N5 hierarchy in any store."""
    with parsing(source, "an N5 array"):
        return _open_node(objects, path, source, reading)


def _open_node(objects: Objects, path: str, source: str, reading: Reading) -> Volume:
    attributes = read_attributes(objects, path, source)
    known = objects.children(path)
    if attributes is None and not known:
        parent, _, name = path.rpartition("/")
        siblings = objects.children(parent)
        raise NotFoundError(f"{source}: no N5 array or group {path!r} in it.{near(name, siblings)}")
    notes: tuple[str, ...] = ()
    if attributes is not None and "dimensions" in attributes:
        array = _array(path, attributes, source)
    else:
        array, notes = _only_array(objects, path, source)
        source = f"{source.rstrip('/')}/{array.path.removeprefix(path).strip('/')}"
    axes = find_axes(array.dimensions[::-1], None, array.dtype, source, reading)
    spacing, unit = voxel_size(array.attributes, axes)
    if spacing is None:
        parent, _, _ = array.path.rpartition("/")
        above = read_attributes(objects, parent, source) if array.path else None
        factors = array.attributes.get("downsamplingFactors")
        spacing, unit = voxel_size(above or {}, axes, array.path.rpartition("/")[2], factors)
    blocks = N5Blocks(objects, array, source)
    return ChunkedVolume(
        blocks, axes, array.block[::-1], array.dtype, 0, source,
        spacing=spacing, unit=unit, notes=notes, parallel=objects.parallel,
    )  # fmt: skip


def read_attributes(objects: Objects, path: str, source: str) -> dict[str, Any] | None:
    """Return the attributes of a group or array, None if it has none."""
    data = objects.get(join(path, DOCUMENT))
    if data is None:
        return None
    return parse_document(data, objects.place(join(path, DOCUMENT)), source)


def _array(path: str, attributes: Mapping[str, Any], source: str) -> N5Array:
    try:
        dimensions = sizes(attributes, "dimensions", 0)
        block = sizes(attributes, "blockSize", 1, len(dimensions))
        dtype = np.dtype(str(attributes["dataType"])).newbyteorder(">")
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{source}: the N5 attributes of {path!r} are incomplete or damaged: {why(error)}") from error
    if attributes.get("isLabelMultiset"):
        raise FormatError(
            f"{source}: expected a label in each voxel, but {path!r} holds label multisets (isLabelMultiset), as "
            "Paintera writes them; export it with one label a voxel"
        )
    return N5Array(path, attributes, dimensions, block, dtype)


def _only_array(objects: Objects, path: str, source: str) -> tuple[N5Array, tuple[str, ...]]:
    arrays = list(_arrays(objects, path, source, _DEEPEST))
    usable = [a for a in arrays if a.dtype.kind in "ui" and sum(n > 1 for n in a.dimensions) in (2, 3)]
    if len(usable) == 1 or len(arrays) == 1:
        array = usable[0] if usable else arrays[0]
        return array, (("the finest resolution is read",) if array.path.endswith("s0") else ())
    if not arrays:
        raise FormatError(f"{source}: expected an N5 array, but it is a group in which none was found")
    listed = ", ".join(f"{a.path.removeprefix(path).strip('/')} {a.dimensions} {a.dtype.name}" for a in arrays)
    raise ParameterError(
        f"{source}: expected one integer array, but it has {len(arrays)}; choose one, as "
        f"{source.rstrip('/')}/NAME, of {listed}"
    )


def _arrays(objects: Objects, path: str, source: str, depth: int) -> Iterator[N5Array]:
    """Yield the arrays below a group; of several resolutions (s0, s1, …) the finest."""
    children = sorted(objects.children(path))
    for name in ["s0"] if "s0" in children else children:
        attributes = read_attributes(objects, join(path, name), source)
        if attributes is not None and "dimensions" in attributes:
            yield _array(join(path, name), attributes, source)
        elif depth:
            yield from _arrays(objects, join(path, name), source, depth - 1)


class N5Blocks:
    """The blocks of an N5 array; missing ones are None, which stands for 0."""

    def __init__(self, objects: Objects, array: N5Array, source: str) -> None:
        self._objects = objects
        self._array = array
        self._source = source
        self._decompress = _decompression(array.attributes, source)
        self._names = ChunkNames(objects, array.path, "/".join("0" * len(array.dimensions)), source)

    def chunk(self, index: tuple[int, ...]) -> Array | None:
        key = self._key(index)
        data = self._objects.get(key)
        if data is None:
            self._names.check_missing(key)
            return None
        try:
            return self._decode(data, index[::-1])
        except Exception as error:  # each codec has errors of its own
            raise VolumeReadError(
                f"{self._source}: the block {self._objects.place(key)} does not decode ({error}); it is damaged, copy "
                "or export it again"
            ) from error

    def any_stored(self) -> bool:
        """See `ChunkSource.any_stored`."""
        return self._names.any_stored()

    def _key(self, index: tuple[int, ...]) -> str:
        return join(self._array.path, "/".join(str(i) for i in reversed(index)))

    def _decode(self, data: bytes, position: tuple[int, ...]) -> Array:
        mode, ndim = struct.unpack_from(">HH", data)
        if mode not in (0, 1) or ndim != len(self._array.dimensions):
            raise ValueError(f"a block of mode {mode} with {ndim} dimensions is none of labels")
        shape = struct.unpack_from(f">{ndim}I", data, 4)
        # Those at the upper border may be cut to the extent of the array.
        sizes = zip(shape, position, self._array.block, self._array.dimensions, strict=True)
        if not all(min(block, whole - at * block) <= n <= block for n, at, block, whole in sizes):
            raise ValueError(f"its size {shape} is not the block size {self._array.block} of the array")
        most = math.prod(self._array.block) * self._array.dtype.itemsize
        begin = 4 + 4 * ndim + (4 if mode == 1 else 0)
        voxels = np.frombuffer(self._decompress(data[begin:], room_for(most)), np.uint8).view(self._array.dtype)
        return voxels[: int(np.prod(shape))].reshape(shape[::-1])

    def fingerprint(self) -> dict[str, Any]:
        """Return what the store knows of the attributes."""
        return self._objects.fingerprint(join(self._array.path, DOCUMENT))

    def stamps(self, groups: Iterable[Iterable[tuple[int, ...]]]) -> list[int]:
        """Return what the store knows of groups of blocks."""
        return self._objects.stamps((self._key(index) for index in group) for group in groups)

    def close(self) -> None:
        """Close the store."""
        self._objects.close()


def _decompression(attributes: Mapping[str, Any], source: str) -> Decompress:
    compression = attributes.get("compression", {"type": attributes.get("compressionType", "raw")})
    kind = compression.get("type") if isinstance(compression, Mapping) else compression
    if kind == "raw":
        return lambda data, _: data
    if kind == "gzip" and isinstance(compression, Mapping) and compression.get("useZlib"):
        kind = "zlib"
    decompress = decompressor(_CODECS.get(str(kind), "zlib" if kind == "zlib" else ""))
    if decompress is None:
        raise FormatError(
            f"{source}: expected blocks compressed with {', '.join(_CODECS)} or raw, but came {kind!r}; convert it"
        )
    return decompress
