"""Compressed or scattered TIFF pages, read strip by strip and tile by tile from any thread."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.fetching import Fetchers, decoding_threads
from cellgraph.volumes.files import OpenFile, stat_fingerprint
from cellgraph.volumes.labels import as_labels, empty_block
from cellgraph.volumes.volume import Header, Index

if TYPE_CHECKING:
    from tifffile import TiffPage

Array = np.ndarray[Any, Any]

_OPEN_FILES = 64


@dataclass(frozen=True)
class Page:
    """Where the strips or tiles of a page, or of one plane of it, are.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    decode : callable
        Takes the bytes of a strip or tile and its number; gives its voxels, their position and their extent.
    offsets, counts : tuple of int
        Where each begins, and its length in bytes (0: not stored).
    first : int
        Number of the first one among those of the page.
    """

    path: Path
    decode: Callable[..., Any]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    first: int = 0


class PagedVolume:
    """A labelled image in the pages of one or several TIFF files.

    Parameters
    ----------
    key : tifffile.TiffPage
        The page that describes the layout and the compression of all.
    pages : list of Page
        In the order of z.
    axes : Axes
        Of the image.
    dtype : numpy.dtype
        Of the labels.
    source, spacing, unit, notes
        As in `Header`.

    Raises
    ------
    FormatError
        If a page lies beyond the end of its file, or has too few strips or tiles.
    """

    def __init__(
        self,
        key: TiffPage,
        pages: list[Page],
        axes: Axes,
        dtype: np.dtype[Any],
        source: str,
        spacing: tuple[float, float, float] | None,
        unit: str | None,
        notes: tuple[str, ...],
    ) -> None:
        self._pages = pages
        self._key = key
        self._depth = max(1, key.imagedepth)
        # As Pillow, ImageJ and libtiff show it; in images of numbers 0 is 0.
        self._zero_is_white = key.photometric == 0 and key.dtype == np.bool_
        if self._zero_is_white:
            notes += ("0 is white in this image of one bit (MinIsWhite): its white pixels are label 1",)
        if key.is_tiled:
            self._segment = (max(1, key.tiledepth), key.tilelength, key.tilewidth)
        else:
            self._segment = (1, min(key.rowsperstrip, key.imagelength), key.imagewidth)
        chunks = tuple(min(n, m) for n, m in zip(self._segment, axes.shape, strict=True))
        self._header = Header(
            source,
            axes.shape,
            axes.ndim,
            dtype,
            spacing,
            unit,
            (chunks[0], chunks[1], chunks[2]),
            notes,
            axes=axes,
        )
        self._paths = sorted({page.path for page in pages})
        # Of more files than may be open at once each is opened for every strip or tile.
        self._files = {path: OpenFile(path, source) for path in self._paths[:_OPEN_FILES]}
        self._fetchers = Fetchers(decoding_threads())
        self._check_extent()

    def _check_extent(self) -> None:
        sizes = {path: stat_fingerprint(path)["size"] for path in self._paths}
        extent = (self._depth, *self._header.shape[1:])
        needed = math.prod(-(-n // step) for n, step in zip(extent, self._segment, strict=True))
        for number, page in enumerate(self._pages):
            if len(page.offsets) < needed:
                self.close()
                raise FormatError(
                    f"{self._header.source}: expected page {number + 1} of {len(self._pages)} to have {needed} strips "
                    f"or tiles by its size, but it has {len(page.offsets)}; it is damaged, copy or export it again"
                )
            end = max((o + n for o, n in zip(page.offsets, page.counts, strict=True)), default=0)
            if end > sizes[page.path]:
                self.close()
                raise FormatError(
                    f"{self._header.source}: expected page {number + 1} of {len(self._pages)} to end at byte "
                    f"{end}, but the file has only {sizes[page.path]}; it was cut short, copy or export it "
                    "again"
                )

    @property
    def header(self) -> Header:
        return self._header

    def read(self, start: Index, stop: Index, out: Array | None = None) -> Array:
        """Decode the strips or tiles that a block touches."""
        if out is None:
            out = empty_block(self._header, start, stop)
        segments = [
            (number, index)
            for number in range(start[0] // self._depth, -(-stop[0] // self._depth))
            for index in self._segments(start, stop, number * self._depth)
        ]
        self._fetchers.run(partial(self._place, start, stop, out), segments)
        return out

    def _segments(self, start: Index, stop: Index, first: int) -> Iterator[int]:
        """Yield the numbers of those segments of the page that begins at z = `first` that a block touches."""
        extent = (self._depth, self._header.shape[1], self._header.shape[2])
        grid = [-(-n // step) for n, step in zip(extent, self._segment, strict=True)]
        low = [max(0, start[0] - first), start[1], start[2]]
        high = [min(self._depth, stop[0] - first), stop[1], stop[2]]
        z, y, x = (range(a // n, -(-b // n)) for a, b, n in zip(low, high, self._segment, strict=True))
        return ((i * grid[1] + j) * grid[2] + k for i in z for j in y for k in x)

    def _place(self, start: Index, stop: Index, out: Array, segment_of_page: tuple[int, int]) -> None:
        """Decode one strip or tile into the part of a block that it covers."""
        number, index = segment_of_page
        first = number * self._depth
        page = self._pages[number]
        data = None
        if page.counts[index]:
            data = self._bytes(page.path, page.offsets[index], page.counts[index])
        try:
            segment, position, extent = page.decode(data, page.first + index)
        except Exception as error:  # each codec has errors of its own
            raise VolumeReadError(
                f"{self._header.source}: page {number + 1}, {'tile' if self._key.is_tiled else 'strip'} "
                f"{index + 1} does not decode ({error}); the file is damaged there, copy or export it again"
            ) from error
        at = (first + position[1], position[2], position[3])
        low = [max(a, b) for a, b in zip(at, start, strict=True)]
        high = [min(a + n, b) for a, n, b in zip(at, extent, stop, strict=False)]
        place = out[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))]
        if segment is None:
            place[...] = self._key.nodata
            return
        part = segment[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, at, strict=True))][..., 0]
        if self._zero_is_white:
            part = ~part
        place[...] = as_labels(part, (low[0], low[1], low[2]), self._header.dtype, self._header.source)

    def _bytes(self, path: Path, offset: int, length: int) -> bytes:
        if path in self._files:
            return self._files[path].read(offset, length)
        with closing(OpenFile(path, self._header.source)) as file:
            return file.read(offset, length)

    def fingerprint(self) -> dict[str, Any]:
        """Return sizes and times of modification of the files."""
        if len(self._paths) == 1:
            return stat_fingerprint(self._paths[0])
        return {path.name: stat_fingerprint(path) for path in self._paths}

    def close(self) -> None:
        """Close the files."""
        self._fetchers.close()
        for file in self._files.values():
            file.close()
