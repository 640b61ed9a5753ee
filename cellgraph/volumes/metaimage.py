"""MetaImage (``.mha``, and ``.mhd`` with its voxels beside it), as ITK and elastix write it."""

from __future__ import annotations

import io
import math
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from cellgraph.errors import FormatError, ParameterError
from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.files import parsing
from cellgraph.volumes.mapped import MappedVolume
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.spool import unpacked
from cellgraph.volumes.volume import Volume

_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip
_NOTE = "MetaImage names no unit; millimeter, the usual one, is taken, and --unit overrides it"


def open_metaimage(path: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open a MetaImage file; one that is compressed is unpacked into a temporary file."""
    if dataset is not None:
        raise ParameterError(f"{source}: a MetaImage file holds one image, so {dataset!r} cannot be chosen in it")
    with parsing(source, "a MetaImage file"), path.open("rb") as file:
        fields: dict[str, str] = {}
        while "ElementDataFile" not in fields:
            line = file.readline(1 << 20)
            if not line:
                raise ValueError("no ElementDataFile in its header")
            name, _, value = line.decode("utf-8", "replace").partition("=")
            fields[name.strip()] = value.strip()
        shape = tuple(int(n) for n in reversed(fields["DimSize"].split()))
        if fields["ElementType"] not in _TYPES:
            raise FormatError(f"{source}: expected whole numbers, but the type is {fields['ElementType']!r}")
        big = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False")).lower() == "true"
        dtype = np.dtype(_TYPES[fields["ElementType"]]).newbyteorder(">" if big else "<")
        names = None
        if int(fields.get("ElementNumberOfChannels", "1")) > 1:
            shape, names = (*shape, int(fields["ElementNumberOfChannels"])), (*"zyx"[3 - len(shape) :], "c")
        axes = find_axes(shape, names, dtype, source, reading, "MetaImage")
        sizes = [float(v) for v in reversed(fields.get("ElementSpacing", fields.get("ElementSize", "")).split())]
        spacing = None
        if len(sizes) in (len(shape), len(shape) - (names is not None)) and sizes:
            z, y, x = (1.0 if axis is None else sizes[axis] for axis in axes.order)
            if all(0 < n < math.inf for n in (z, y, x)):
                spacing = (1.0 if axes.ndim == 2 else z, y, x)
                axes = axes.told(Part("voxel", "", "file", "ElementSpacing"))
        unit, notes = (None, ()) if spacing is None else ("millimeter", (_NOTE,))
        beside = fields["ElementDataFile"]
        body, offset = path, file.tell()
        if beside.upper() != "LOCAL":
            if Path(beside).name != beside or "%" in beside or beside.upper().startswith("LIST"):
                raise FormatError(f"{source}: expected its voxels in one file beside it, but it names {beside!r}")
            body, offset = path.with_name(beside), 0
        if fields.get("CompressedData", "False").lower() != "true":
            skip = int(fields.get("HeaderSize", "0"))
            if skip < 0:  # the voxels are the end of the file
                skip = body.stat().st_size - math.prod(shape) * dtype.itemsize - offset
            return MappedVolume(
                body, offset + skip, dtype, shape, source, axes=axes, spacing=spacing, unit=unit, notes=notes
            )
        size = math.prod(shape) * dtype.itemsize
        with body.open("rb") as packed:
            packed.seek(offset)
            with unpacked(cast(IO[bytes], io.BufferedReader(_Inflated(packed))), size, source) as plain:
                return MappedVolume(
                    plain, 0, dtype, shape, source,
                    axes=axes, spacing=spacing, unit=unit, notes=notes, origin=body,
                )  # fmt: skip


class _Inflated(io.RawIOBase):
    """A zlib stream as a file."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._inflater = zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._inflater.eof:
            data = self._inflater.unconsumed_tail or self._packed.read(1 << 16)
            part = self._inflater.decompress(data, len(buffer))
            if part:
                buffer[: len(part)] = part
                return len(part)
            if not data:
                raise EOFError("the compressed voxels end too early")
        return 0
