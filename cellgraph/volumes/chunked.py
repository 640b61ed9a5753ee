"""Volumes whose storage is a regular grid of chunks, decoded on all cores."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, Protocol

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.machine import total_memory
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.fetching import Fetchers, decoding_threads
from cellgraph.volumes.labels import as_labels, empty_block, label_dtype
from cellgraph.volumes.volume import Header, Index

Array = np.ndarray[Any, Any]


class ChunkSource(Protocol):
    """A storage of chunks. Safe to read from several threads at once."""

    def chunk(self, index: tuple[int, ...]) -> Array | None:
        """Return the decoded chunk at a position of the stored grid; None where it is not stored.

        Chunks at the upper border may be cut to the extent of the array, or not.

        Raises
        ------
        VolumeReadError
            If it cannot be read or decoded; names source, chunk and cause.
        """
        ...

    def any_stored(self) -> bool:
        """Tell whether any chunk is stored; true where that is costly to tell."""
        ...

    def fingerprint(self) -> dict[str, Any]: ...

    def stamps(self, groups: Iterable[Iterable[tuple[int, ...]]]) -> list[int]:
        """Return for each group of chunks what tells whether they have changed; see `Stamped.stamps`."""
        ...

    def close(self) -> None: ...


def refuse_large_chunks(extent: tuple[int, ...], stored: np.dtype[Any], source: str) -> None:
    """Refuse chunks of which one alone is larger than the memory: each is decoded as a whole.

    Raises
    ------
    FormatError
        If they are.
    """
    size = math.prod(extent) * stored.itemsize
    if size > total_memory():
        raise FormatError(
            f"{source}: its chunks of {extent} voxels take {size:,} bytes each, more than there is memory; "
            "write it with smaller chunks"
        )


def nothing_stored(shape: Index, source: str) -> FormatError:
    """Return the error for a volume of which the metadata is there, but no voxel."""
    size = " x ".join(f"{n:,}" for n in shape)
    return FormatError(
        f"{source}: expected labels of {size} voxels by its metadata, but no chunk of it is stored; "
        "it was not copied completely, or nothing was written to it"
    )


class ChunkedVolume:
    """A labelled image in a regular grid of chunks.

    Parameters
    ----------
    chunks : ChunkSource
        Where they come from.
    axes : Axes
        Of the stored array.
    extent : tuple of int
        Of a chunk, along the stored axes.
    stored : numpy.dtype
        Type of the voxels as they are decoded.
    fill : object
        Value of chunks that are not stored.
    source, spacing, unit, notes
        As in `Header`.
    parallel : int, optional
        How many chunks of a block are fetched at once: by default one a core; more where they come over a network.

    Raises
    ------
    LabelError
        If the stored type holds no labels.
    FormatError
        If one chunk is larger than the memory, or no chunk is stored, so that all is background.
    """

    def __init__(
        self,
        chunks: ChunkSource,
        axes: Axes,
        extent: tuple[int, ...],
        stored: np.dtype[Any],
        fill: object,
        source: str,
        *,
        spacing: tuple[float, float, float] | None = None,
        unit: str | None = None,
        notes: tuple[str, ...] = (),
        parallel: int | None = None,
    ) -> None:
        dtype, type_notes = label_dtype(stored, source)
        refuse_large_chunks(extent, stored, source)
        self._chunks = chunks
        extent = tuple(extent)
        fixed = axes.fixed
        self._axes = replace(axes, at=tuple(i % n for i, n in zip(fixed, extent, strict=True)))
        self._fixed = tuple(i // n for i, n in zip(fixed, extent, strict=True))
        self._extent: Index = axes.pick(extent)
        self._fill = np.full((1, 1, 1), fill, stored)
        if not self._fill.any() and not chunks.any_stored():
            raise nothing_stored(axes.shape, source)
        self._fetchers = Fetchers(parallel or decoding_threads())
        z, y, x = (min(n, m) for n, m in zip(self._extent, axes.shape, strict=True))
        self._header = Header(
            source,
            axes.shape,
            axes.ndim,
            dtype,
            spacing,
            unit,
            (z, y, x),
            axes.notes + type_notes + notes,
            axes=axes,
        )

    @property
    def header(self) -> Header:
        return self._header

    def read(self, start: Index, stop: Index, out: Array | None = None) -> Array:
        """Decode the chunks that a block touches."""
        if out is None:
            out = empty_block(self._header, start, stop)
        self._fetchers.run(partial(self._place, start, out), list(self._touched(start, stop)))
        return out

    def _place(self, start: Index, out: Array, touched: tuple[Index, Index, Index]) -> None:
        """Put the part of a chunk that a block touches into the block."""
        number, low, high = touched
        place = out[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))]
        chunk = self._chunks.chunk(self._stored(number))
        if chunk is None:
            part = self._fill
        else:
            z, y, x = (n * m for n, m in zip(number, self._extent, strict=True))
            inside = self._axes.selection((low[0] - z, low[1] - y, low[2] - x), (high[0] - z, high[1] - y, high[2] - x))
            part = self._axes.block(chunk[inside])
        place[...] = as_labels(part, low, self._header.dtype, self._header.source)

    def _stored(self, number: Index) -> tuple[int, ...]:
        """Return the position in the stored grid of a chunk with a number (z, y, x)."""
        stored = list(self._fixed)
        for axis, n in zip(self._axes.order, number, strict=True):
            if axis is not None:
                stored[axis] = n
        return tuple(stored)

    def _touched(self, start: Index, stop: Index) -> Iterator[tuple[Index, Index, Index]]:
        """Yield the chunks that a block touches: number in the grid, and corners of what is shared."""
        z, y, x = (range(a // n, -(-b // n)) for a, b, n in zip(start, stop, self._extent, strict=True))
        c, b, a = self._extent
        for k, j, i in product(z, y, x):
            low = (max(k * c, start[0]), max(j * b, start[1]), max(i * a, start[2]))
            high = (min((k + 1) * c, stop[0]), min((j + 1) * b, stop[1]), min((i + 1) * a, stop[2]))
            yield (k, j, i), low, high

    def fingerprint(self) -> dict[str, Any]:
        """Return what the storage knows of its changes."""
        return self._chunks.fingerprint()

    def stamps(self, parts: Iterable[tuple[Index, Index]]) -> list[int]:
        """Return what the storage knows of the changes of parts; see `Stamped`."""
        return self._chunks.stamps((self._stored(n) for n, _, _ in self._touched(*part)) for part in parts)

    def close(self) -> None:
        """Close the storage."""
        self._fetchers.close()
        self._chunks.close()
