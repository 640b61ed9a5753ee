"""NIfTI-1 and -2, plain and gzipped: (x, y, z) in the file, (z, y, x) here."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from cellgraph.errors import MissingExtraError, ParameterError
from cellgraph.volumes.files import parsing
from cellgraph.volumes.files import reading as opening
from cellgraph.volumes.mapped import MappedVolume
from cellgraph.volumes.reading import PLAIN, Reading
from cellgraph.volumes.spool import unpacked
from cellgraph.volumes.units import unit_name
from cellgraph.volumes.volume import Volume

_GZIP = b"\x1f\x8b"


def is_nifti(head: bytes) -> bool:
    """Tell from the first bytes whether a file is NIfTI, gzipped or not."""
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head)
        except zlib.error:
            return False
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


def is_pair(path: Path) -> bool:
    """Tell whether a file is one of a NIfTI or Analyze pair: a header of 348 bytes beside the voxels."""
    name = path.name.removesuffix(".gz")
    if not name.lower().endswith((".hdr", ".img")):
        return False
    stem = path.with_name(name[:-4])
    for suffix in (".hdr", ".hdr.gz", ".HDR"):
        header = stem.with_name(stem.name + suffix)
        if header.is_file():
            with header.open("rb") as file:
                head = file.read(1024)
            if head.startswith(_GZIP):
                head = zlib.decompressobj(wbits=31).decompress(head)
            return head[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c")
    return False


def is_mgh(path: Path, head: bytes) -> bool:
    """Tell whether a file is an image of FreeSurfer, gzipped or not."""
    if not path.name.lower().endswith((".mgz", ".mgh", ".mgh.gz")):
        return False
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head)
        except zlib.error:
            return False
    return head[:4] == b"\0\0\0\1"


def open_nifti(path: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open a NIfTI file; a gzipped one is unpacked into a temporary file, since it has no random access."""
    if dataset is not None:
        raise ParameterError(f"{source}: a NIfTI file holds one image, so {dataset!r} cannot be chosen in it")
    try:
        import nibabel
    except ImportError as error:
        raise MissingExtraError("reading NIfTI", "nifti", "nibabel") from error
    with parsing(source, "a NIfTI, Analyze or FreeSurfer image"):
        image: Any = nibabel.load(path)
        path = Path(image.file_map["image"].filename or path)
        with opening(source), path.open("rb") as file:
            packed = file.read(2) == _GZIP
        header, voxels = image.header, image.dataobj  # nibabel clears offset and scale in the header it gives
        shape = tuple(int(n) for n in reversed(voxels.shape))
        spacing, unit, notes = _voxel_size(header, shape)
        options: dict[str, Any] = {"spacing": spacing, "unit": unit, "notes": notes, "reading": reading}
        scale = (float(voxels.slope), float(voxels.inter))
        if scale != (1.0, 0.0):
            options["scale"] = scale
        if not packed:
            return MappedVolume(path, voxels.offset, voxels.dtype, shape, source, **options)
        size = int(voxels.offset) + math.prod(shape) * voxels.dtype.itemsize
        with gzip.open(path) as stream, unpacked(cast(IO[bytes], stream), size, source) as plain:
            return MappedVolume(plain, voxels.offset, voxels.dtype, shape, source, origin=path, **options)


def _voxel_size(
    header: Any, shape: tuple[int, ...]
) -> tuple[tuple[float, float, float] | None, str | None, tuple[str, ...]]:
    """Return spacing (z, y, x), unit and notes; no spacing where nothing in the header was set."""
    zooms = [float(f"{n:.7g}") for n in header.get_zooms()[:3]]  # stored as float32
    sizes = zooms + [1.0] * (3 - len(zooms))
    nifti = hasattr(header, "get_xyzt_units")
    unit = unit_name(header.get_xyzt_units()[0]) if nifti else None
    # Sizes of Analyze and FreeSurfer are millimeters by definition.
    placed = not nifti or int(header["qform_code"]) > 0 or int(header["sform_code"]) > 0
    if not all(0 < size < float("inf") for size in sizes):
        return None, None, ()
    if unit is None and not placed and set(sizes) == {1.0}:
        return None, None, ()
    flat = int(np.prod(shape[:-2])) == 1
    x, y, z = sizes
    notes: tuple[str, ...] = ()
    if unit is None and placed:
        # The spaces that images are placed in (scanner, Talairach, MNI) are measured in millimeters.
        unit = "millimeter"
        notes = ("the header names no unit; millimeter, the usual one, is taken, and --unit overrides it",)
    return ((1.0 if flat else z), y, x), unit, notes
