"""Volumes that are arrays in memory."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from cellgraph.volumes.axes import find_axes
from cellgraph.volumes.pieces import Pieces, PiecesVolume
from cellgraph.volumes.reading import PLAIN, Reading

Array = np.ndarray[Any, Any]


def array_volume(
    array: Array, source: str = "array", *, names: str | None = None, reading: Reading = PLAIN
) -> PiecesVolume:
    """Return an array, 2D (y, x) or 3D (z, y, x), as a volume; it is not copied.

    `names` has one letter per axis, such as ``tczyx``; without it, leading axes of length 1 are dropped.

    Raises
    ------
    FormatError, LabelError
        If it is not a labelled image.
    """
    axes = find_axes(array.shape, names, array.dtype, source, reading)

    def fingerprint() -> dict[str, Any]:
        # An array has no modification time, so use shape, type and a checksum of a sample of the voxels.
        volume = axes.arranged(array[axes.selection((0, 0, 0), axes.shape)])
        z, y, x = (max(1, n // 64) for n in axes.shape)
        sample = np.ascontiguousarray(volume[::z, ::y, ::x])
        return {"shape": list(axes.shape), "dtype": sample.dtype.name, "sample": zlib.crc32(sample.tobytes())}

    return PiecesVolume(Pieces(array.shape, array.dtype, lambda _: array, fingerprint, resident=True), axes, source)
