"""NRRD, with voxels in the same file or beside it, and Slicer segmentations (``.seg.nrrd``)."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import IO

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.axes import Axes, find_axes
from cellgraph.volumes.files import parsing
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.spool import beside, voxel_file
from cellgraph.volumes.units import Size, unit_name, valid_size
from cellgraph.volumes.volume import Volume

_LONGEST = 1 << 20
_TYPES = {
    "i1": ("signed char", "int8", "int8_t"), "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"), "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",), "f8": ("double",),
}  # fmt: skip


def open_nrrd(path: Path, source: str, reading: Reading) -> Volume:
    """Open a NRRD file; a compressed one is unpacked into a temporary file."""
    with parsing(source, "a NRRD image"), path.open("rb") as file:
        fields = _header(file)
        shape = tuple(int(n) for n in reversed(fields["sizes"].split()))
        if len(shape) != int(fields["dimension"]):
            raise ValueError(f"{len(shape)} sizes for {fields['dimension']} dimensions")
        code = next((c for c, names in _TYPES.items() if fields["type"].lower() in names), None)
        if code is None:
            raise FormatError(f"{source}: expected labels of a whole number type, but the type is {fields['type']!r}")
        dtype = np.dtype(code).newbyteorder(">" if fields.get("endian", "little").lower() == "big" else "<")
        kinds = [kind.lower() for kind in reversed(fields.get("kinds", "").split())]
        axes = find_axes(shape, _names(kinds, len(shape)), dtype, source, reading, "kinds")
        packing = fields["encoding"].lower()
        packing = {"gz": "gzip", "bz2": "bzip2"}.get(packing, packing)
        if packing not in ("raw", "gzip", "bzip2"):
            raise FormatError(f"{source}: expected its voxels raw, gzip or bzip2, but they are {packing!r}; convert it")
        if int(fields.get("line skip", "0")) or int(fields.get("byte skip", "0")):
            raise FormatError(f"{source}: it skips lines or bytes before its voxels; write it again without that")
        named = fields.get("data file", fields.get("datafile"))
        body, begin = (path, file.tell()) if named is None else (beside(path, named, source), 0)
        return voxel_file(body, packing, begin, 0, dtype, axes, source, _size(fields, axes))


def _header(file: IO[bytes]) -> dict[str, str]:
    """Read the fields up to the empty line, and leave the file at the first byte after it."""
    fields: dict[str, str] = {}
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b"")):
        text = line.decode("utf-8", "replace").strip()
        if not text:
            break
        name, colon, value = text.partition(": ")
        if number and colon and not text.startswith("#"):
            fields[name.strip().lower()] = value.strip()
    return fields


def _names(kinds: list[str], ndim: int) -> list[str] | None:
    """Return axis names if one of the axes is not spatial: a list of layers, colours, times."""
    spatial = [kind in ("domain", "space", "???", "none") for kind in kinds]
    if len(kinds) != ndim or all(spatial) or sum(spatial) not in (2, 3):
        return None
    space = iter("zyx"[3 - sum(spatial) :])
    return [next(space) if s else "t" if k == "time" else "c" for k, s in zip(kinds, spatial, strict=True)]


def _size(fields: dict[str, str], axes: Axes) -> Size:
    sizes: list[float] = []
    if "space directions" in fields:
        for vector in re.findall(r"\([^)]*\)|none", fields["space directions"]):
            values = [math.nan] if vector == "none" else [float(v) for v in vector.strip("()").split(",")]
            sizes.append(float(f"{math.hypot(*values):.9g}"))
    elif "spacings" in fields:
        sizes = [float(f"{abs(float(v)):.9g}") for v in fields["spacings"].split()]
    if len(sizes) != len(axes.stored):
        return Size()
    spacing = valid_size(axes.pick(tuple(reversed(sizes)), 1.0), axes.ndim)
    if spacing is None:
        return Size()
    units = re.findall(r'"([^"]*)"', fields.get("space units", fields.get("units", "")))
    unit = next((name for name in map(unit_name, units) if name), None)
    if unit is None and "space" in fields:
        note = "the NRRD header names no unit; millimeter, the usual one, is taken, and --unit overrides it"
        return Size(spacing, "millimeter", "NRRD", (note,))
    return Size(spacing, unit, "NRRD")
