"""Uncompressed voxels that lie in one piece of a file: mapped into memory, never copied."""

from __future__ import annotations

import math
import mmap
import threading
from collections import deque
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.array import ArrayVolume
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.files import OpenFile, reading, stat_fingerprint
from cellgraph.volumes.reading import PLAIN, Reading
from cellgraph.volumes.volume import Header, Index

Array = np.ndarray[Any, Any]

# Pages of blocks read this long ago are given back, so that a large file does not fill the memory of the
# process.
_BEHIND = 256 << 20


class MappedVolume:
    """A labelled image that lies uncompressed in one piece of a file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    offset : int
        Where the first voxel begins, in bytes.
    dtype : numpy.dtype
        As stored, with its byte order.
    shape : tuple of int
        As stored.
    order : {'C', 'F'}
        Whether the last or the first axis lies together.
    source, names, axes, reading, spacing, unit, notes, scale
        As for `ArrayVolume`.
    origin : pathlib.Path, optional
        The file that the user gave, where `path` is an unpacked copy of it.

    Raises
    ------
    FormatError
        If the file is shorter than the voxels.
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        source: str,
        *,
        order: Literal["C", "F"] = "C",
        names: str | None = None,
        axes: Axes | None = None,
        reading: Reading = PLAIN,
        spacing: tuple[float, float, float] | None = None,
        unit: str | None = None,
        notes: tuple[str, ...] = (),
        scale: tuple[float, float] | None = None,
        origin: Path | None = None,
    ) -> None:
        self._path = origin or path
        self._file = OpenFile(path, source)
        self._end = offset + math.prod(shape) * dtype.itemsize
        self._map, array = self._mapped(offset, dtype, shape, order, source)
        self._inner = ArrayVolume(
            array, source, names=names, axes=axes, reading=reading, spacing=spacing, unit=unit, notes=notes, scale=scale
        )
        self._address = array.__array_interface__["data"][0] - offset
        self._wanted: deque[tuple[int, int]] = deque()
        self._wanted_bytes = 0
        self._lock = threading.Lock()

    def _mapped(
        self, offset: int, dtype: np.dtype[Any], shape: tuple[int, ...], order: Literal["C", "F"], source: str
    ) -> tuple[mmap.mmap, Array]:
        size = self._file.size()
        if size < self._end:
            self._file.close()
            raise FormatError(
                f"{source}: expected {self._end} bytes for {shape} voxels of type {dtype.name}, but the file "
                "has only "
                f"{size}; it was cut short, copy or export it again"
            )
        with reading(source):
            mapped = mmap.mmap(self._file.descriptor, self._end, access=mmap.ACCESS_READ)
        return mapped, np.ndarray(shape, dtype, mapped, offset, order=order)

    @property
    def header(self) -> Header:
        return self._inner.header

    def read(self, start: Index, stop: Index, out: Array | None = None) -> Array:
        """Return a view of the file where its type is that of the labels, else a copy."""
        if self._file.size() < self._end:  # touching the missing pages would kill the process
            raise VolumeReadError(
                f"{self.header.source}: the file has become shorter since it was opened; load it again when it is whole"
            )
        part = self._inner.stored(start, stop)
        if part.strides[0] >= part.strides[1] >= part.strides[2] > 0:
            low = part.__array_interface__["data"][0] - self._address
            high = low + sum((n - 1) * s for n, s in zip(part.shape, part.strides, strict=True)) + part.itemsize
            self._advise(low, high)
        return self._inner.read(start, stop, out)

    def _advise(self, low: int, high: int) -> None:
        """Let the system read ahead what comes now, and drop what was read long ago."""
        if not hasattr(self._map, "madvise"):
            return
        low -= low % mmap.PAGESIZE
        self._map.madvise(mmap.MADV_WILLNEED, low, high - low)
        with self._lock:
            self._wanted.append((low, high - low))
            self._wanted_bytes += high - low
            while self._wanted_bytes > _BEHIND and len(self._wanted) > 8:
                old = self._wanted.popleft()
                self._wanted_bytes -= old[1]
                # Whoever still works on these pages finds them again in the page cache.
                self._map.madvise(mmap.MADV_DONTNEED, *old)

    def fingerprint(self) -> dict[str, Any]:
        """Return size and time of modification of the file."""
        return stat_fingerprint(self._path)

    def close(self) -> None:
        """Close the file; views that are still in use stay valid."""
        self._file.close()
