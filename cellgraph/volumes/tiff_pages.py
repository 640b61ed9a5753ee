"""Compressed or scattered TIFF pages: strips and tiles, decoded by tifffile from any thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.files import OpenFile, stat_fingerprint
from cellgraph.volumes.pieces import Pieces

if TYPE_CHECKING:
    from tifffile import TiffPage

Array = np.ndarray[Any, Any]

_OPEN_FILES = 64


@dataclass(frozen=True)
class Page:
    """Location of the strips or tiles of a page, or of one plane of it."""

    path: Path
    # Takes the bytes of a strip or tile and its number; returns its voxels, their position and their extent.
    decode: Callable[..., Any]
    offsets: tuple[int, ...]  # Offset of each, in bytes
    counts: tuple[int, ...]  # Length of each, in bytes (0: not stored)
    first: int = 0  # Number of the first one within the page


def page_pieces(key: TiffPage, pages: Sequence[Page], shape: tuple[int, ...], source: str) -> Pieces:
    """Return the strips or tiles of pages as pieces of an array.

    Parameters
    ----------
    key : tifffile.TiffPage
        The page that describes the layout and compression of all pages.
    pages : sequence of Page
        The pages, in array order.
    shape : tuple of int
        Shape of the array: (…, y, x), followed by the samples of a pixel if they are stored together.

    Raises
    ------
    FormatError
        If the pages do not fill the array, or one extends beyond the end of its file or has too few strips or tiles.
    """
    samples = key.samplesperpixel if key.planarconfig == 1 else 1
    plane = 3 if samples > 1 else 2  # number of axes of a plane
    before = shape[: len(shape) - plane]
    depth = max(1, key.imagedepth)
    height, width = key.imagelength, key.imagewidth
    step = (max(1, key.tiledepth), key.tilelength, key.tilewidth) if key.is_tiled else (1, key.rowsperstrip, width)
    thick, high, wide = (min(n, m) for n, m in zip(step, (depth, height, width), strict=True))
    planes = math.prod(before)
    if planes != len(pages) * depth or math.prod(shape[len(before) :]) != height * width * samples:
        raise FormatError(
            f"{source}: expected {shape} voxels, but its {len(pages)} pages are of {height} x {width}; "
            "it was cut short, copy or export it again"
        )
    rows, columns = -(-height // high), -(-width // wide)
    _check_extent(pages, -(-depth // thick) * rows * columns, source)
    # Tiles of several planes are used as pieces directly if the axis of planes divides evenly.
    slab = thick if thick > 1 and (before[-1] == depth or depth % thick == before[-1] % depth == 0) else 1
    tail = (high, wide, samples)[:plane]
    extent = ((1,) * (len(before) - 1) + (slab,) if before else ()) + tail
    paths = sorted({page.path for page in pages})
    # Files beyond the number that may be open at once are opened for every strip or tile.
    files = {path: OpenFile(path, source) for path in paths[:_OPEN_FILES]}
    # As Pillow, ImageJ and libtiff show it; in numeric images, 0 stays 0.
    inverted = zero_is_white(key)

    def stored(page: Page, index: int) -> bytes | None:
        offset, length = page.offsets[index], page.counts[index]
        if not length:
            return None
        if page.path in files:
            return files[page.path].read(offset, length)
        with closing(OpenFile(page.path, source)) as file:
            return file.read(offset, length)

    def piece(number: tuple[int, ...]) -> Array | None:
        place = [n * size for n, size in zip(number, extent, strict=True)][: len(before)]
        at = int(np.ravel_multi_index(place, before)) if before else 0
        page, inside = divmod(at, depth)
        index = (inside // thick * rows + number[len(before)]) * columns + number[len(before) + 1]
        data = stored(pages[page], index)
        try:
            segment = pages[page].decode(data, pages[page].first + index)[0]
        except Exception as error:  # each codec has its own errors
            raise VolumeReadError(
                f"{source}: page {page + 1}, {'tile' if key.is_tiled else 'strip'} {index + 1} does not decode "
                f"({error}); the file is damaged there, copy or export it again"
            ) from error
        if segment is None:
            return None
        voxels: Array = segment[inside % thick :][:slab]
        voxels = voxels if samples > 1 else voxels[..., 0]
        voxels = voxels.reshape((1,) * (len(before) - 1) + voxels.shape) if before else voxels[0]
        return ~voxels if inverted else voxels

    def fingerprint() -> dict[str, Any]:
        if len(paths) == 1:
            return stat_fingerprint(paths[0])
        return {path.name: stat_fingerprint(path) for path in paths}

    def close() -> None:
        for file in files.values():
            file.close()

    dtype = np.dtype(key.dtype)
    return Pieces(extent, dtype, piece, fingerprint, close=close, fill=key.nodata)


def zero_is_white(key: TiffPage) -> bool:
    """Tell whether the image is 1-bit with 0 as white."""
    return bool(key.photometric == 0 and key.dtype == np.bool_)


def _check_extent(pages: Sequence[Page], needed: int, source: str) -> None:
    sizes = {path: stat_fingerprint(path)["size"] for path in {page.path for page in pages}}
    for number, page in enumerate(pages):
        if len(page.offsets) < needed:
            raise FormatError(
                f"{source}: expected page {number + 1} of {len(pages)} to have {needed} strips or tiles by its size, "
                f"but it has {len(page.offsets)}; it is damaged, copy or export it again"
            )
        end = max((o + n for o, n in zip(page.offsets, page.counts, strict=True)), default=0)
        if end > sizes[page.path]:
            raise FormatError(
                f"{source}: expected page {number + 1} of {len(pages)} to end at byte {end}, but the file has only "
                f"{sizes[page.path]}; it was cut short, copy or export it again"
            )
