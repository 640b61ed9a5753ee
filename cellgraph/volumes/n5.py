"""N5: arrays of gzip, zlib, bzip2, xz, Blosc, Zstandard or plain blocks; (x, y, z) in the files, (z, y, x) here."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, NotFoundError
from cellgraph.volumes.attributes import refuse_multisets
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.bounded import Decompress, decompressor, room_for
from cellgraph.volumes.choosing import Candidate, choose, listed_near, named_labels
from cellgraph.volumes.documents import parse_document, sizes, why
from cellgraph.volumes.files import parsing
from cellgraph.volumes.n5_metadata import n5_axes, n5_size
from cellgraph.volumes.objects import Folder, Objects
from cellgraph.volumes.pieces import Number, Pieces, PiecesVolume
from cellgraph.volumes.reading import Part, Reading
from cellgraph.volumes.stored import stored_pieces
from cellgraph.volumes.volume import Volume
from cellgraph.volumes.zarr_metadata import join

Array = np.ndarray[Any, Any]

DOCUMENT = "attributes.json"

# numcodecs' names for the compressions of N5.
_CODECS = {"gzip": "gzip", "bzip2": "bz2", "xz": "lzma", "blosc": "blosc", "zstd": "zstd"}
_DEEPEST = 5


@dataclass(frozen=True)
class N5Array:
    """What ``attributes.json`` says about an array; sizes in the order (x, y, z) of the file."""

    path: str
    attributes: Mapping[str, Any]
    dimensions: tuple[int, ...]
    block: tuple[int, ...]
    dtype: np.dtype[Any]


def open_n5(folder: Path, dataset: str | None, source: str, reading: Reading) -> Volume:
    """Open an array of a local N5 hierarchy; `dataset` is its path below the folder."""
    root = folder.resolve()
    # The voxel size of an array may be in the attributes of the groups around it.
    while (root.parent / DOCUMENT).is_file():
        root = root.parent
    inside = folder.resolve().relative_to(root).as_posix()
    path = "/".join(part for part in (inside.strip("."), (dataset or "").strip("/")) if part)
    return open_node(Folder(root), path, source, reading)


def open_node(objects: Objects, path: str, source: str, reading: Reading) -> Volume:
    """Open the array or group at a path of an N5 hierarchy in any store."""
    with parsing(source, "an N5 array"):
        array, parts = _array_at(objects, path, source)
        if not parts:
            parts = (Part("dataset", f'"{path}"', "user"),) if path else ()
        else:
            source = f"{source.rstrip('/')}/{array.path.removeprefix(path).strip('/')}"
        names, said = n5_axes(array.attributes, len(array.dimensions))
        axes = find_axes(array.dimensions[::-1], names, array.dtype, source, reading, said).told(*parts)
        factors = array.attributes.get("downsamplingFactors")
        size = n5_size(array.attributes, axes, factors=factors)
        at = array.path
        while size.spacing is None and at:
            at, _, name = at.rpartition("/")
            size = size.otherwise(n5_size(read_attributes(objects, at, source) or {}, axes, name, factors))
        return PiecesVolume(_blocks(objects, array, source), axes, source, size)


def _array_at(objects: Objects, path: str, source: str) -> tuple[N5Array, tuple[Part, ...]]:
    """Return the array at a path, or the one chosen from the group there, and why."""
    attributes = read_attributes(objects, path, source)
    if attributes is not None and "dimensions" in attributes:
        return _array(path, attributes, source), ()
    if attributes is None and not objects.children(path):
        parent, _, name = path.rpartition("/")
        known = sorted(objects.children(parent))
        raise NotFoundError(f"{source}: no N5 array or group {path!r} in it{listed_near(name, known)}")
    arrays = {a.path.removeprefix(path).strip("/"): a for a in _arrays(objects, path, source, _DEEPEST)}
    if not arrays:
        raise FormatError(f"{source}: expected an N5 array, but it is a group in which none was found")
    candidates = [Candidate(name, a.dimensions[::-1], a.dtype) for name, a in arrays.items()]
    found, part = choose(candidates, None, source, "/")
    if found.name.split("/")[-1] == "s0":
        part = replace(part, why=f"{part.why}; the finest resolution")
    return arrays[found.name], (part,)


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
    refuse_multisets(attributes, f"{source}: {path}" if path else source)
    return N5Array(path, attributes, dimensions, block, dtype)


def _arrays(objects: Objects, path: str, source: str, depth: int) -> Iterator[N5Array]:
    """Yield the arrays below a group; of several resolutions (s0, s1, …), only the finest."""
    children = sorted(objects.children(path))
    if "s0" in children:
        children = [name for name in children if not re.fullmatch(r"s[1-9]\d*", name)]
    for name in children:
        inner = join(path, name)
        attributes = read_attributes(objects, inner, source)
        found: list[N5Array] = []
        if attributes is not None and "dimensions" in attributes:
            try:
                found = [_array(inner, attributes, source)]
            except FormatError:  # of texts, or of several labels a voxel: only what is named labels has to be read
                if named_labels(inner):
                    raise
                continue
        elif depth:
            found = [*_arrays(objects, inner, source, depth - 1)]
        if not found and named_labels(name) and objects.children(inner):
            raise FormatError(
                f"{source}: expected the labels {inner!r}, but there is no {DOCUMENT} with their dimensions; they were "
                "not copied completely, so copy them again, or name another array with --dataset"
            )
        yield from found


def _blocks(objects: Objects, array: N5Array, source: str) -> Pieces:
    """Return the blocks of an array."""
    decompress = _decompression(array.attributes, source)
    most = room_for(math.prod(array.block) * array.dtype.itemsize)

    def key(number: Number) -> str:
        return join(array.path, "/".join(str(i) for i in reversed(number)))

    def decode(data: bytes, number: Number) -> Array:
        mode, ndim = struct.unpack_from(">HH", data)
        if mode not in (0, 1) or ndim != len(array.dimensions):
            raise ValueError(f"a block of mode {mode} with {ndim} dimensions is none of labels")
        shape = struct.unpack_from(f">{ndim}I", data, 4)
        # Blocks at the upper border may be truncated to the extent of the array.
        sizes = zip(shape, number[::-1], array.block, array.dimensions, strict=True)
        if not all(min(block, whole - at * block) <= n <= block for n, at, block, whole in sizes):
            raise ValueError(f"its size {shape} is not the block size {array.block} of the array")
        begin = 4 + 4 * ndim + (4 if mode == 1 else 0)
        voxels = np.frombuffer(decompress(data[begin:], most), np.uint8).view(array.dtype)
        return voxels[: math.prod(shape)].reshape(shape[::-1])

    return stored_pieces(
        objects, array.path, join(array.path, DOCUMENT), array.block[::-1], array.dtype, key, decode, source
    )


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
