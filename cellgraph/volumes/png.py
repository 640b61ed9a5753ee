"""PNG: a single 2D labelled image in grey, palette, or black and white."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, ParameterError, VolumeReadError
from cellgraph.volumes.axes import COLOUR_WAYS, EXPECTED, NO_ALPHA, colour_labels
from cellgraph.volumes.files import begins_with, ends_with, reading
from cellgraph.volumes.units import Size

Array = np.ndarray[Any, Any]

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_GREY, _RGB, _PALETTE, _RGBA = 0, 2, 3, 6
_COLOURS = {_RGB: "RGB", 4: "grey with transparency", _RGBA: "RGBA"}


def png_layout(
    path: Path, source: str, rgb: bool = False
) -> tuple[tuple[int, int], np.dtype[Any], Size, tuple[str, ...]]:
    """Return shape (y, x), label type, voxel size and notes of a PNG file from its header.

    Raises
    ------
    FormatError
        If it is damaged, or is a colour image and `rgb` is false, so colours are not labels.
    ParameterError
        If it is not a colour image although `rgb` is true.
    """
    head = begins_with(path, 1 << 16)
    begins_well = len(head) > 32 and head.startswith(SIGNATURE) and head[12:16] == b"IHDR"
    if not begins_well or zlib.crc32(head[12:29]) != struct.unpack(">I", head[29:33])[0]:
        raise FormatError(f"{source}: expected a PNG image, but its header is damaged or cut short")
    if b"IEND" not in ends_with(path, 1024):
        raise FormatError(f"{source}: expected a PNG image, but it is cut short; copy or export it again")
    width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
    if rgb and (colour not in (_RGB, _RGBA) or depth != 8):
        raise ParameterError(
            f"{source}: expected an image of red, green and blue, 8 bits each, for --rgb, but came one of {depth} bits "
            f"that is {_COLOURS.get(colour, 'grey or has a palette')}; leave --rgb out"
        )
    if rgb:
        return (height, width), np.dtype(np.uint32), Size(), (NO_ALPHA,) if colour == _RGBA else ()
    if colour in _COLOURS:
        raise FormatError(f"{source}: {EXPECTED}, but it is a colour image ({_COLOURS[colour]}); {COLOUR_WAYS}")
    if colour not in (_GREY, _PALETTE) or depth not in (1, 2, 4, 8, 16):
        raise FormatError(f"{source}: expected a PNG image, but one of {depth} bits and colour type {colour} is none")
    animated = ("its first frame is read; it has several (APNG)",) if b"acTL" in head.partition(b"IDAT")[0] else ()
    dtype = np.dtype(bool if (depth, colour) == (1, _GREY) else f"u{max(1, depth // 8)}")
    return (height, width), dtype, Size(), animated


def read_png(path: Path, source: str) -> Array:
    """Decode a PNG file: grey values, palette indices, or colour numbers, shape (y, x)."""
    # Image.open is not used, since it refuses images above 179 megapixels.
    from PIL.PngImagePlugin import PngImageFile

    with reading(source):
        data = path.read_bytes()
    try:
        with PngImageFile(io.BytesIO(data)) as image:
            image.verify()  # the checksums of the pixels, which are not checked during decoding
        with PngImageFile(io.BytesIO(data)) as image:
            pixels = np.asarray(image)
    except Exception as error:  # damage makes Pillow raise almost anything
        raise VolumeReadError(
            f"{source}: {path.name} does not decode ({error}); it is damaged or cut short, export it again"
        ) from error
    depth, colour = data[24], data[25]
    if colour in (_RGB, _RGBA):
        return colour_labels(pixels)
    if colour == _GREY and depth in (2, 4):
        # The decoder stretches these to the full range of a byte.
        pixels = pixels // (255 // ((1 << depth) - 1))
    return pixels.astype(np.uint16) if depth == 16 and pixels.dtype != np.uint16 else pixels
