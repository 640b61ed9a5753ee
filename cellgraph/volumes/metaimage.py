"""MetaImage (``.mha``, and ``.mhd`` with its voxels beside it), as written by ITK and elastix."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.axes import Axes, find_axes
from cellgraph.volumes.files import parsing
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.spool import beside, voxel_file
from cellgraph.volumes.units import Size, skew, valid_size
from cellgraph.volumes.volume import Volume

_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip
_NOTE = "MetaImage names no unit; millimeter, the usual one, is taken, and --unit overrides it"


def open_metaimage(path: Path, source: str, reading: Reading) -> Volume:
    """Open a MetaImage file; a compressed one is unpacked into a temporary file."""
    with parsing(source, "a MetaImage file"), path.open("rb") as file:
        fields = _header(file)
        shape = tuple(int(n) for n in reversed(fields["DimSize"].split()))
        if fields["ElementType"] not in _TYPES:
            raise FormatError(f"{source}: expected whole numbers, but the type is {fields['ElementType']!r}")
        if not _says(fields.get("BinaryData", "True")):
            raise FormatError(
                f"{source}: expected its voxels as binary data, but they are text (BinaryData); convert it"
            )
        big = _says(fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False")))
        dtype = np.dtype(_TYPES[fields["ElementType"]]).newbyteorder(">" if big else "<")
        names = None
        if (channels := int(fields.get("ElementNumberOfChannels", "1"))) > 1:
            shape, names = (*shape, channels), (*"zyx"[3 - len(shape) :], "c")
        axes = find_axes(shape, names, dtype, source, reading, "MetaImage")
        named = fields["ElementDataFile"]
        body, begin = (path, file.tell()) if named.upper() == "LOCAL" else (beside(path, named, source), 0)
        if _says(fields.get("CompressedData", "False")):
            return voxel_file(body, "zlib", begin, 0, dtype, axes, source, _size(fields, axes, names))
        skip = int(fields.get("HeaderSize", "0"))
        if skip < 0:  # the voxels are the end of the file
            skip = body.stat().st_size - math.prod(shape) * dtype.itemsize - begin
        return voxel_file(body, "raw", begin, skip, dtype, axes, source, _size(fields, axes, names))


def _header(file: IO[bytes]) -> dict[str, str]:
    fields: dict[str, str] = {}
    while "ElementDataFile" not in fields:
        line = file.readline(1 << 20)
        if not line:
            raise ValueError("no ElementDataFile in its header")
        name, _, value = line.decode("utf-8", "replace").partition("=")
        fields[name.strip()] = value.strip()
    return fields


def _says(value: str) -> bool:
    """Whether a field is true, as MetaIO reads it: by its first letter."""
    return value[:1] in ("T", "t", "1")


def _size(fields: dict[str, str], axes: Axes, names: tuple[str, ...] | None) -> Size:
    sizes = [float(v) for v in reversed(fields.get("ElementSpacing", fields.get("ElementSize", "")).split())]
    if not sizes or len(sizes) != len(axes.stored) - (names is not None):
        return Size()
    spacing = valid_size(axes.pick(tuple(sizes), 1.0), axes.ndim)
    if spacing is None:
        said = fields.get("ElementSpacing", fields.get("ElementSize"))
        note = f"the file says ElementSpacing = {said}, which is not understood as a voxel size; see --spacing"
        return Size(notes=(note,))
    return Size(spacing, "millimeter", "ElementSpacing", (_NOTE, *_skew(fields)))


def _skew(fields: dict[str, str]) -> tuple[str, ...]:
    """Return a note if the directions of the axes are not perpendicular; they have three names in MetaIO."""
    named = (fields[key] for key in ("TransformMatrix", "Orientation", "Rotation") if key in fields)
    with suppress(ValueError):
        values = [float(v) for v in next(named, "").split()]
        n = math.isqrt(len(values))
        return skew(values[i : i + n] for i in range(0, n * n, n))
    return ()
