"""PNG: one 2D labelled image, grey, palette or black and white."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.axes import EXPECTED
from cellgraph.volumes.files import begins_with, ends_with, reading

Array = np.ndarray[Any, Any]

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_GREY, _PALETTE = 0, 3
_COLOURS = {2: "RGB", 4: "grey with transparency", 6: "RGBA"}


def png_layout(path: Path, source: str) -> tuple[tuple[int, int], np.dtype[Any]]:
    """Return shape (y, x) and type of a PNG file from its header.

    Raises
    ------
    FormatError
        If it is a colour image, or damaged.
    """
    head = begins_with(path, 33)
    begins_well = len(head) == 33 and head.startswith(SIGNATURE) and head[12:16] == b"IHDR"
    if not begins_well or zlib.crc32(head[12:29]) != struct.unpack(">I", head[29:])[0]:
        raise FormatError(f"{source}: expected a PNG image, but its header is damaged or cut short")
    if b"IEND" not in ends_with(path, 1024):
        raise FormatError(f"{source}: expected a PNG image, but it is cut short; copy or export it again")
    width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
    if colour in _COLOURS:
        raise FormatError(
            f"{source}: {EXPECTED}, but it is a colour image ({_COLOURS[colour]}); export the labels as a grey image"
        )
    if colour not in (_GREY, _PALETTE) or depth not in (1, 2, 4, 8, 16):
        raise FormatError(f"{source}: expected a PNG image, but one of {depth} bits and colour type {colour} is none")
    return (height, width), np.dtype(bool if (depth, colour) == (1, _GREY) else f"u{max(1, depth // 8)}")


def read_png(path: Path, source: str) -> Array:
    """Decode a PNG file: grey values or palette numbers as they are stored, shape (y, x)."""
    # Not through Image.open, which refuses images above 179 megapixels.
    from PIL.PngImagePlugin import PngImageFile

    with reading(source):
        data = path.read_bytes()
    try:
        _check_parts(data)
        with PngImageFile(io.BytesIO(data)) as image:
            pixels = np.asarray(image)
    except Exception as error:  # a damaged part makes Pillow raise nearly anything
        raise VolumeReadError(
            f"{source}: {path.name} does not decode ({error}); it is damaged or cut short, export it again"
        ) from error
    depth, colour = data[24], data[25]
    if colour == _GREY and depth in (2, 4):
        # The decoder stretches these to the full range of a byte.
        pixels = pixels // (255 // ((1 << depth) - 1))
    return pixels.astype(np.uint16) if depth == 16 and pixels.dtype != np.uint16 else pixels


def _check_parts(data: bytes) -> None:
    """Check the checksums of all parts: Pillow ignores those of the pixels, and gives wrong ones for damaged files."""
    at = len(SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        (checksum,) = struct.unpack_from(">I", data, end)
        if zlib.crc32(memoryview(data)[at + 4 : end]) != checksum:
            raise ValueError(f"the checksum of its part {kind.decode('latin-1')} is wrong")
        if kind == b"IEND":
            return
        at = end + 4
