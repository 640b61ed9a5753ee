"""Volumes that are arrays: in memory, or files mapped into it."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from cellgraph.volumes.axes import Axes, find_axes
from cellgraph.volumes.labels import as_labels, label_dtype
from cellgraph.volumes.reading import PLAIN, Reading
from cellgraph.volumes.volume import Header, Index

Array = np.ndarray[Any, Any]


class ArrayVolume:
    """A labelled image that is an array in memory.

    Parameters
    ----------
    array : numpy.ndarray
        2D (y, x) or 3D (z, y, x); leading axes of length 1 are dropped. It is not copied.
    source : str
        What to call it in messages and in the graph.
    names : str, optional
        One letter an axis, as ``tczyx``, where a format names them.
    axes : Axes, optional
        Where they are known already, instead of `names`.
    reading : Reading
        What the user says of them.
    spacing, unit, notes
        As in `Header`, where they are known.
    scale : tuple of float, optional
        Slope and intercept by which stored values become labels; the results are checked to be whole numbers.

    Raises
    ------
    FormatError, LabelError
        If it is no labelled image.
    """

    def __init__(
        self,
        array: Array,
        source: str = "array",
        *,
        names: str | None = None,
        axes: Axes | None = None,
        reading: Reading = PLAIN,
        spacing: tuple[float, float, float] | None = None,
        unit: str | None = None,
        notes: tuple[str, ...] = (),
        scale: tuple[float, float] | None = None,
    ) -> None:
        axes = axes or find_axes(array.shape, names, array.dtype, source, reading)
        label_dtype(array.dtype, source)
        dtype, type_notes = label_dtype(np.dtype(float) if scale else array.dtype, source)
        self._scale = scale
        self._array = axes.view(array)
        self._header = Header(
            source=source,
            shape=axes.shape,
            ndim=axes.ndim,
            dtype=dtype,
            spacing=spacing,
            unit=unit,
            chunks=(1, 1, axes.shape[2]),
            notes=axes.notes + type_notes + notes,
            resident=True,
            axes=axes,
        )

    @property
    def header(self) -> Header:
        return self._header

    def stored(self, start: Index, stop: Index) -> Array:
        """Return a view of the voxels as they are stored."""
        return self._array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]

    def read(self, start: Index, stop: Index, out: Array | None = None) -> Array:
        """Return a view of the array, or a copy where its type or strides are not those of a block."""
        part = self.stored(start, stop)
        if self._scale is not None:
            part = part * self._scale[0] + self._scale[1]
        labels = as_labels(part, start, self._header.dtype, self._header.source)
        if out is not None:
            out[...] = labels
            return out
        if labels.strides[2] != labels.itemsize and labels.shape[2] > 1:
            return np.ascontiguousarray(labels)
        return labels

    def fingerprint(self) -> dict[str, Any]:
        """Return shape, type and a checksum of a sample of the voxels: an array has no modification time."""
        z, y, x = (max(1, n // 64) for n in self._array.shape)
        sample = np.ascontiguousarray(self._array[::z, ::y, ::x])
        return {
            "shape": list(self._header.shape),
            "dtype": self._header.dtype.name,
            "sample": zlib.crc32(sample.tobytes()),
        }

    def close(self) -> None:
        """Do nothing: the array belongs to the caller."""
