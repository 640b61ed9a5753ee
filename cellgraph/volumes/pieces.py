"""Volumes as grids of decodable pieces (arrays, chunks, strips, tiles, slices), all read by one block reader."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.machine import total_memory
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.fetching import Fetchers, decoding_threads
from cellgraph.volumes.labels import as_labels, empty_block, label_dtype
from cellgraph.volumes.reading import Part
from cellgraph.volumes.units import NO_SIZE, Size
from cellgraph.volumes.volume import Header, Index

Array = np.ndarray[Any, Any]
Number = tuple[int, ...]
"""Position of a piece in the grid, along the stored axes."""


@dataclass(frozen=True)
class Pieces:
    """A grid of decodable pieces. Its functions are safe to call from several threads at once."""

    extent: Number  # Extent of a piece, along the stored axes
    dtype: np.dtype[Any]  # Type of the decoded voxels
    # Returns the decoded piece at a grid position; None if it is not stored. Pieces at the upper border may be
    # truncated to the extent of the array, or not. Raises `VolumeReadError` with source, piece and cause.
    piece: Callable[[Number], Array | None]
    fingerprint: Callable[[], dict[str, Any]]  # See `Volume.fingerprint`
    # Returns a stamp for each group of pieces that shows whether they have changed; see `Stamped.stamps`.
    stamps: Callable[[Iterable[Iterable[Number]]], list[int]] = lambda groups: []
    close: Callable[[], None] = lambda: None  # Closes what is open
    fill: object = 0  # Value of pieces that are not stored
    # Tells whether any piece is stored; true if checking is costly.
    any_stored: Callable[[], bool] = lambda: True
    # How many pieces of a block are fetched at once: by default one per core; more if they come over a network.
    parallel: int | None = None
    # Whether there is a single piece, any part of which can be read at no cost beyond its own voxels
    resident: bool = False
    touch: Callable[[Array], None] = lambda part: None  # Called with a part of a resident piece before it is read
    # Slope and intercept that convert stored values to labels; the results are checked to be whole numbers.
    scale: tuple[float, float] | None = None


class PiecesVolume:
    """A labelled image made of a grid of pieces.

    Parameters
    ----------
    pieces : Pieces
        Where its voxels come from.
    axes : Axes
        Axes of the stored array.
    size : Size
        Voxel size.
    notes : tuple of str
        Further notes for the user.

    Raises
    ------
    LabelError
        If the stored type cannot hold labels.
    FormatError
        If one piece is larger than memory, or none is stored, so that everything is background.
    """

    def __init__(
        self, pieces: Pieces, axes: Axes, source: str, size: Size = NO_SIZE, notes: tuple[str, ...] = ()
    ) -> None:
        if axes.colour is not None:
            pieces = _whole(pieces, axes.colour, axes.stored[axes.colour])
        extent = pieces.extent
        label_dtype(pieces.dtype, source)
        dtype, type_notes = label_dtype(axes.label_type(np.dtype(float) if pieces.scale else pieces.dtype), source)
        if not pieces.resident:
            _refuse_large(extent, pieces.dtype, source)
        fill = np.array(pieces.fill, pieces.dtype)
        self._fill = np.broadcast_to(fill, extent)
        if not fill.any() and not pieces.any_stored():
            raise _nothing_stored(axes.shape, source)
        self._pieces = pieces
        self._axes = replace(axes, at=tuple(i % n for i, n in zip(axes.fixed, extent, strict=True)))
        self._fixed = tuple(i // n for i, n in zip(axes.fixed, extent, strict=True))
        self._extent: Index = axes.pick(extent)
        self._fetchers = Fetchers(pieces.parallel or decoding_threads())
        z, y, x = (min(n, m) for n, m in zip(self._extent, axes.shape, strict=True))
        spacing = size.spacing
        if spacing is not None:
            axes = replace(axes, parts=(*axes.parts, Part("voxel", "", "file", size.why)))
            spacing = (1.0, *spacing[1:]) if axes.ndim == 2 else spacing
        self._header = Header(
            source,
            axes.shape,
            axes.ndim,
            dtype,
            spacing,
            size.unit,
            (1, 1, x) if pieces.resident else (z, y, x),
            axes.notes + type_notes + size.notes + notes,
            pieces.resident,
            axes,
        )

    @property
    def header(self) -> Header:
        return self._header

    def read(self, start: Index, stop: Index, out: Array | None = None) -> Array:
        """Decode the pieces that a block overlaps; for a resident piece, return a view if it already holds labels."""
        if self._header.resident:
            labels = self._labels((0, 0, 0), self._moved(start), self._moved(stop))
            if out is None:
                flat = labels.shape[2] == 1 or labels.strides[2] == labels.itemsize
                return labels if flat else np.ascontiguousarray(labels)
            out[...] = labels
            return out
        if out is None:
            out = empty_block(self._header, start, stop)
        self._fetchers.run(partial(self._place, self._moved(start), out), list(self._touched(start, stop)))
        return out

    def _moved(self, position: Index) -> Index:
        """Return the position in the stored array of a position in the volume."""
        (z, y, x), (c, b, a) = position, self._axes.origin
        return z + c, y + b, x + a

    def _place(self, start: Index, out: Array, touched: tuple[Index, Index, Index]) -> None:
        """Copy the part of a piece that a block overlaps into the block."""
        number, low, high = touched
        place = out[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))]
        place[...] = self._labels(number, low, high)

    def _labels(self, number: Index, low: Index, high: Index) -> Array:
        """Return the labels of a part of the stored array that is within one piece."""
        piece = self._pieces.piece(self._stored(number))
        z, y, x = (n * m for n, m in zip(number, self._extent, strict=True))
        inside = self._axes.selection((low[0] - z, low[1] - y, low[2] - x), (high[0] - z, high[1] - y, high[2] - x))
        part = self._axes.arranged((self._fill if piece is None else piece)[inside])
        self._pieces.touch(part)
        part = self._axes.labels(part)
        if self._pieces.scale is not None:
            part = part * self._pieces.scale[0] + self._pieces.scale[1]
        return as_labels(part, low, self._header)

    def _stored(self, number: Index) -> Number:
        """Return the position in the stored grid of the piece with number (z, y, x)."""
        stored = list(self._fixed)
        for axis, n in zip(self._axes.order, number, strict=True):
            if axis is not None:
                stored[axis] = n
        return tuple(stored)

    def _touched(self, start: Index, stop: Index) -> Iterator[tuple[Index, Index, Index]]:
        """Yield the pieces that a block overlaps: grid number, and corners of the overlap in the stored array."""
        start, stop = self._moved(start), self._moved(stop)
        z, y, x = (range(a // n, -(-b // n)) for a, b, n in zip(start, stop, self._extent, strict=True))
        c, b, a = self._extent
        for k, j, i in product(z, y, x):
            low = (max(k * c, start[0]), max(j * b, start[1]), max(i * a, start[2]))
            high = (min((k + 1) * c, stop[0]), min((j + 1) * b, stop[1]), min((i + 1) * a, stop[2]))
            yield (k, j, i), low, high

    def fingerprint(self) -> dict[str, Any]:
        """Return values by which the storage detects changes."""
        return self._pieces.fingerprint()

    def stamps(self, parts: Iterable[tuple[Index, Index]]) -> list[int]:
        """Return stamps by which the storage detects changes of parts; see `Stamped`."""
        return self._pieces.stamps((self._stored(n) for n, _, _ in self._touched(*part)) for part in parts)

    def close(self) -> None:
        """Close the storage; views that are still in use stay valid."""
        self._fetchers.close()
        self._pieces.close()


def _whole(pieces: Pieces, axis: int, length: int) -> Pieces:
    """Return pieces that span a short axis of the array."""
    count = -(-length // pieces.extent[axis])
    if count == 1:
        return pieces

    def along(number: Number) -> list[Number]:
        return [(*number[:axis], i, *number[axis + 1 :]) for i in range(count)]

    def piece(number: Number) -> Array | None:
        parts = [pieces.piece(each) for each in along(number)]
        known = next((part for part in parts if part is not None), None)
        if known is None:
            return None
        return np.concatenate([np.full_like(known, pieces.fill) if part is None else part for part in parts], axis)

    def stamps(groups: Iterable[Iterable[Number]]) -> list[int]:
        return pieces.stamps([each for number in group for each in along(number)] for group in groups)

    extent = (*pieces.extent[:axis], length, *pieces.extent[axis + 1 :])
    return replace(pieces, extent=extent, piece=piece, stamps=stamps)


def _refuse_large(extent: Number, stored: np.dtype[Any], source: str) -> None:
    """Refuse pieces that are each larger than memory, since a piece is decoded as a whole."""
    size = math.prod(extent) * stored.itemsize
    if size > total_memory():
        raise FormatError(
            f"{source}: its chunks of {extent} voxels take {size:,} bytes each, more than there is memory; "
            "write it with smaller chunks; if it is not as large as that, it is damaged: copy or export it again"
        )


def _nothing_stored(shape: Index, source: str) -> FormatError:
    size = " x ".join(f"{n:,}" for n in shape)
    return FormatError(
        f"{source}: expected labels of {size} voxels by its metadata, but no chunk of it is stored; "
        "it was not copied completely, or nothing was written to it"
    )
