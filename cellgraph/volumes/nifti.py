"""NIfTI-1 and -2, NIfTI and Analyze pairs, and FreeSurfer: (x, y, z) in the file, (z, y, x) here."""

from __future__ import annotations

import math
import zlib
from functools import partial
from pathlib import Path
from typing import Any

from cellgraph.errors import FormatError, MissingExtraError
from cellgraph.volumes.axes import Axes, find_axes
from cellgraph.volumes.files import begins_with, parsing
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.spool import voxel_file
from cellgraph.volumes.units import Size, skew, unit_name, valid_size
from cellgraph.volumes.volume import Volume

_GZIP = b"\x1f\x8b"


def is_nifti(_: Path, head: bytes) -> bool:
    """Tell from the first bytes whether a file is NIfTI, gzipped or not."""
    head = _plain(head)
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


def is_pair(path: Path, _: bytes) -> bool:
    """Tell whether a file is one of a NIfTI or Analyze pair: a header of 348 bytes beside the voxels."""
    name = path.name.removesuffix(".gz")
    if name.lower().endswith((".hdr", ".img")):
        for header in (path.with_name(name[:-4] + suffix) for suffix in (".hdr", ".hdr.gz", ".HDR")):
            if header.is_file():
                return _plain(begins_with(header, 1024))[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c")
    return False


def is_mgh(path: Path, head: bytes) -> bool:
    """Tell whether a file is a FreeSurfer image, gzipped or not."""
    return path.name.lower().endswith((".mgz", ".mgh", ".mgh.gz")) and _plain(head)[:4] == b"\0\0\0\1"


def _plain(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head) if head.startswith(_GZIP) else head
    except zlib.error:
        return b""


def open_nifti(path: Path, source: str, reading: Reading) -> Volume:
    """Open a NIfTI file; a gzipped one is unpacked into a temporary file, since it has no random access."""
    try:
        import nibabel
    except ImportError as error:
        raise MissingExtraError("reading NIfTI", "nifti", "nibabel") from error
    with parsing(source, "a NIfTI, Analyze or FreeSurfer image"):
        name = path.name.lower()
        if is_nifti(path, head := begins_with(path, 1024)) and path.name.endswith(".gz") != head.startswith(_GZIP):
            right = "a gzipped one ends in .nii.gz" if head.startswith(_GZIP) else "one that is not packed ends in .nii"
            raise FormatError(f"{source}: its name does not go with its contents; rename it: {right}")
        if is_nifti(path, head) and not name.endswith((".nii", ".nii.gz")):
            raise FormatError(f"{source}: it is a NIfTI image, so rename it to end in .nii or, if gzipped, .nii.gz")
        image: Any = nibabel.load(path)
        path = Path(image.file_map["image"].filename or path)
        packing = "gzip" if begins_with(path, 2) == _GZIP else "raw"
        header, voxels = image.header, image.dataobj  # nibabel clears offset and scale in the header it returns
        shape = tuple(int(n) for n in reversed(voxels.shape))
        axes = find_axes(shape, None, voxels.dtype, source, reading)
        scale = (float(voxels.slope), float(voxels.inter))
        return voxel_file(
            path, packing, 0, int(voxels.offset), voxels.dtype, axes, source, _voxel_size(header, axes),
            scale=scale if scale != (1.0, 0.0) else None,
        )  # fmt: skip


def _voxel_size(header: Any, axes: Axes) -> Size:
    """Return the voxel size; none where nothing in the header was set."""
    zooms, notes = _zooms(header)
    steps = (math.nan,) * (len(axes.stored) - len(zooms))
    spacing = valid_size(axes.pick((*steps, *reversed(zooms))), axes.ndim)
    nifti = hasattr(header, "get_xyzt_units")
    unit = unit_name(header.get_xyzt_units()[0]) if nifti else None
    # Sizes in Analyze and FreeSurfer files are in millimeters by definition.
    placed = not nifti or int(header["qform_code"]) > 0 or int(header["sform_code"]) > 0
    if spacing is None or (unit is None and not placed and set(zooms) == {1.0}):
        return Size(notes=notes)
    if unit is None and placed:
        # The spaces in which images are placed (scanner, Talairach, MNI) are measured in millimeters.
        note = "the header names no unit; millimeter, the usual one, is taken, and --unit overrides it"
        return Size(spacing, "millimeter", "header", (*notes, note))
    return Size(spacing, unit, "header", notes)


def _zooms(header: Any) -> tuple[list[float], tuple[str, ...]]:
    """Return the sizes along x, y and z, and notes: where pixdim and the sform disagree, and on axes that are skew.

    The standard (nifti1.h, "3D image orientation and location in space") places voxels by the sform alone where its
    code is above 0. Where there is a qform too, the sform may lead to a template (codes 3 to 5), which is stretched:
    then pixdim, by which the qform places voxels, is the size in the body.
    """
    zooms = [float(f"{n:.7g}") for n in header.get_zooms()[:3]]  # stored as float32; the fourth is a time
    if "sform_code" not in header or not int(header["sform_code"]):
        return zooms, ()
    matrix = header.get_sform()[:3, :3].T[: len(zooms)]
    placed = [float(f"{math.hypot(*vector):.6g}") for vector in matrix]
    notes = skew([[float(v) for v in vector] for vector in matrix])
    if not all(0 < n < math.inf for n in placed) or all(map(partial(math.isclose, rel_tol=1e-3), zooms, placed)):
        return zooms, notes
    template = int(header["qform_code"]) > 0 and int(header["sform_code"]) > 2
    said = f"says a voxel size (x, y, z) of {_times(zooms)} in pixdim and of {_times(placed)} in its sform"
    taken = "pixdim is taken, since the sform leads to a template" if template else "the sform is taken, which applies"
    note = f"the header {said}; {taken}; see --spacing Z,Y,X"
    return zooms if template else placed, (note, *notes)


def _times(sizes: list[float]) -> str:
    return " x ".join(f"{n:g}" for n in sizes)
