"""Uncompressed voxels in one contiguous part of a file: mapped into memory, never copied."""

from __future__ import annotations

import math
import mmap
import threading
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.files import OpenFile, reading, stat_fingerprint
from cellgraph.volumes.pieces import Pieces, PiecesVolume
from cellgraph.volumes.units import NO_SIZE, Size

Array = np.ndarray[Any, Any]

# Pages of blocks read this many bytes ago are released, so that a large file does not fill the memory of the process.
_BEHIND = 256 << 20


def mapped_volume(
    path: Path,
    offset: int,
    dtype: np.dtype[Any],
    axes: Axes,
    source: str,
    size: Size = NO_SIZE,
    *,
    order: Literal["C", "F"] = "C",
    scale: tuple[float, float] | None = None,
    origin: Path | None = None,
    notes: tuple[str, ...] = (),
) -> PiecesVolume:
    """Open a labelled image stored uncompressed in one contiguous part of a file.

    Parameters
    ----------
    offset : int
        Offset of the first voxel, in bytes.
    dtype : numpy.dtype
        As stored, with its byte order.
    axes : Axes
        Axes of the stored array.
    order : {'C', 'F'}
        Whether the last ('C') or the first ('F') axis is contiguous.
    scale
        See `Pieces`.
    origin : pathlib.Path, optional
        The file that the user gave, if `path` is an unpacked copy of it.
    source, size, notes
        See `PiecesVolume`.

    Raises
    ------
    FormatError
        If the file is too short for the voxels.
    """
    mapped = _Map(path, offset, dtype, axes.stored, order, source)
    try:
        return PiecesVolume(
            Pieces(
                axes.stored,
                dtype,
                lambda _: mapped.array,
                partial(stat_fingerprint, origin or path),
                close=mapped.file.close,
                resident=True,
                touch=mapped.touch,
                scale=scale,
            ),
            axes,
            source,
            size,
            notes,
        )
    except BaseException:
        mapped.file.close()
        raise


class _Map:
    """A file mapped into memory; pages read long ago are released."""

    def __init__(
        self, path: Path, offset: int, dtype: np.dtype[Any], shape: tuple[int, ...], order: Literal["C", "F"], what: str
    ) -> None:
        self._what = what
        self.file = OpenFile(path, what)
        self._end = offset + math.prod(shape) * dtype.itemsize
        size = self.file.size()
        if size < self._end:
            self.file.close()
            raise FormatError(
                f"{what}: expected {self._end} bytes for {shape} voxels of type {dtype.name}, but the file has only "
                f"{size}; it was cut short, copy or export it again"
            )
        with reading(what):
            self._map = mmap.mmap(self.file.descriptor, self._end, access=mmap.ACCESS_READ)
        self.array: Array = np.ndarray(shape, dtype, self._map, offset, order=order)
        self._address = self.array.__array_interface__["data"][0] - offset
        self._wanted: deque[tuple[int, int]] = deque()
        self._wanted_bytes = 0
        self._lock = threading.Lock()

    def touch(self, part: Array) -> None:
        """Let the system read ahead what comes next, and drop what was read long ago."""
        if self.file.size() < self._end:  # touching the missing pages would kill the process
            raise VolumeReadError(
                f"{self._what}: the file has become shorter since it was opened; load it again when it is whole"
            )
        # No advice is given for parts scattered over the file, as in one with reversed axes.
        if not hasattr(self._map, "madvise") or list(part.strides) != sorted(part.strides, reverse=True):
            return
        low = part.__array_interface__["data"][0] - self._address
        length = sum((n - 1) * s for n, s in zip(part.shape, part.strides, strict=True)) + part.itemsize
        length += low % mmap.PAGESIZE
        low -= low % mmap.PAGESIZE
        self._map.madvise(mmap.MADV_WILLNEED, low, length)
        with self._lock:
            self._wanted.append((low, length))
            self._wanted_bytes += length
            while self._wanted_bytes > _BEHIND and len(self._wanted) > 8:
                old = self._wanted.popleft()
                self._wanted_bytes -= old[1]
                # Code still working on these pages finds them again in the page cache.
                self._map.madvise(mmap.MADV_DONTNEED, *old)
