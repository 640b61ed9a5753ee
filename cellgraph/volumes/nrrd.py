"""NRRD, with voxels in the same file or beside it, and Slicer segmentations (``.seg.nrrd``)."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import IO

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.axes import Axes, axis_letter, find_axes
from cellgraph.volumes.files import parsing
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.spool import beside, voxel_file
from cellgraph.volumes.units import Size, size_of, skew, unit_name
from cellgraph.volumes.volume import Volume

_LONGEST = 1 << 20
_ENDS = ("axis mins", "axis maxs", "centers", "centerings")
_TIMES = {"s", "sec", "second", "seconds", "ms", "us", "ns", "min", "minutes", "h", "hours"}
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
        names, why = _names(fields, len(shape))
        axes = find_axes(shape, names, dtype, source, reading, why)
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


def _names(fields: dict[str, str], ndim: int) -> tuple[list[str] | None, str]:
    """Return names of axes, slowest first, and the field that says so: labels, or what is no space by its kind."""
    labels = _quoted(fields, "labels")[::-1]
    if len(labels) == ndim and any(axis_letter(label) in "tczyxp" for label in labels):
        return labels, "labels"
    kinds = [kind.lower() for kind in reversed(fields.get("kinds", "").split())] or ["domain"] * ndim
    units = _quoted(fields, "units")[::-1]
    if len(units) == len(kinds):
        kinds = ["time" if unit.lower() in _TIMES else kind for kind, unit in zip(kinds, units, strict=True)]
    spatial = [kind in ("domain", "space", "???", "none") for kind in kinds]
    vectors = _vectors(fields)[::-1]
    if len(vectors) == len(spatial) == ndim:
        spatial = [space and vector != "none" for space, vector in zip(spatial, vectors, strict=True)]
    if len(spatial) != ndim or all(spatial) or sum(spatial) not in (2, 3):
        return None, ""
    space = iter("zyx"[3 - sum(spatial) :])
    return [next(space) if s else "t" if k == "time" else "c" for k, s in zip(kinds, spatial, strict=True)], "kinds"


def _quoted(fields: dict[str, str], name: str) -> list[str]:
    """Return the texts of a field that has one an axis, fastest first."""
    return re.findall(r'"([^"]*)"', fields.get(name, ""))


def _vectors(fields: dict[str, str]) -> list[str]:
    return re.findall(r"\([^)]*\)|none", fields.get("space directions", ""))


def _numbers(vector: str) -> list[float]:
    return [float(v) for v in vector.strip("()").split(",")]


def _from_ends(fields: dict[str, str]) -> list[float]:
    """Return the sizes of voxels from where axes begin and end, at the border or the center of the outermost voxels.

    Empty where one of these is not known. An axis that has none, as one of channels, is NaN.
    """
    rows = [fields.get(key, "").split() for key in ("sizes", "axis mins", "axis maxs", "centers")]
    rows[3] = rows[3] or fields.get("centerings", "").split()
    if len({len(row) for row in rows}) > 1:
        return []
    sizes = []
    for count, low, high, center in zip(*rows, strict=True):
        steps = {"cell": int(count), "node": int(count) - 1}.get(center.lower(), 0)
        length = abs(float(high) - float(low))
        if math.isfinite(length) and not steps:
            return []
        sizes.append(float(f"{length / steps:.9g}") if steps else math.nan)
    return sizes


def _size(fields: dict[str, str], axes: Axes) -> Size:
    sizes: list[float] = []
    if "space directions" in fields:
        for vector in _vectors(fields):
            values = [math.nan] if vector == "none" else _numbers(vector)
            sizes.append(float(f"{math.hypot(*values):.9g}"))
    elif "spacings" in fields:
        sizes = [float(f"{abs(float(v)):.9g}") for v in fields["spacings"].split()]
    elif "axis mins" in fields or "axis maxs" in fields:
        sizes = _from_ends(fields)
        if not sizes:
            said = ", ".join(f"{key}: {fields[key]}" for key in _ENDS if key in fields)
            note = f"the NRRD header says {said}, which is not understood as a voxel size; see --spacing Z,Y,X"
            return Size(notes=(note,))
    if len(sizes) != len(axes.stored):
        return Size()
    told = _quoted(fields, "units")
    units: list[str | None] = [unit_name(text) for text in told]
    of_space = [name for name in map(unit_name, _quoted(fields, "space units")) if name]
    if of_space or len(units) != len(sizes):
        units = [next(iter(of_space), None)] * len(sizes)
    if len(told) == len(sizes):
        sizes = [math.nan if text.lower() in _TIMES else n for n, text in zip(sizes, told, strict=True)]
    size = size_of(axes.pick(sizes[::-1]), axes.pick(units[::-1], None), axes.ndim, "NRRD")
    size = size._replace(notes=size.notes + skew(_numbers(vector) for vector in _vectors(fields) if vector != "none"))
    if size.spacing is not None and size.unit is None and "space" in fields:
        note = "the NRRD header names no unit; millimeter, the usual one, is taken, and --unit overrides it"
        return size._replace(unit="millimeter", notes=(note, *size.notes))
    return size
