"""The volume protocol: a labelled image that is read in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from cellgraph.volumes.axes import Axes

Index = tuple[int, int, int]
"""A voxel position or an extent, (z, y, x)."""


@dataclass(frozen=True)
class Header:
    """What is known about a volume without reading its voxels.

    Attributes
    ----------
    source : str
        Path or URL as the user gave it, with the dataset if there is one (``file.h5:labels``).
    shape : tuple of int
        (z, y, x); for 2D images (1, y, x).
    ndim : int
        2 or 3.
    dtype : numpy.dtype
        Type of the blocks that `Volume.read` returns: bool, uint8..uint64 or int8..int64, native byte order.
    spacing : tuple of float or None
        Size of a voxel (z, y, x) from the format's metadata (z is 1.0 in 2D); None if it gives none.
    unit : str or None
        Unit of the spacing: nanometer, micrometer, millimeter, …; None if the format does not say.
    chunks : tuple of int
        (z, y, x) extent of what the storage reads at once; ideally a block is a multiple of it.
    notes : tuple of str
        Sentences for the user, such as "labels are stored as float32; all are whole numbers".
    resident : bool
        Whether any part can be read at no cost beyond its own voxels: arrays and memory-mapped files, where a block is
        a view.  `chunks` is then a single row.
    axes : Axes or None
        Which of the stored axes are z, y and x, and how the rest is read.
    """

    source: str
    shape: Index
    ndim: int
    dtype: np.dtype[Any]
    spacing: tuple[float, float, float] | None
    unit: str | None
    chunks: Index
    notes: tuple[str, ...] = ()
    resident: bool = False
    axes: Axes | None = None


class Volume(Protocol):
    """A labelled image, opened for reading. Safe to read from several threads at once."""

    @property
    def header(self) -> Header: ...

    def read(self, start: Index, stop: Index, out: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any]:
        """Return the labels of ``[start, stop)``: an array (z, y, x) of ``header.dtype``, contiguous along x.

        The strides along z and y may be larger than the extent of the block: volumes in memory return a view, which is
        read-only by convention.

        Parameters
        ----------
        start, stop : tuple of int
            (z, y, x), within the volume, ``start < stop``.
        out : numpy.ndarray, optional
            Where to put the labels, with the shape of the block, of ``header.dtype`` and contiguous along x; this array
            is returned.

        Raises
        ------
        VolumeReadError
            If a part cannot be read or decoded; names the file or chunk.
        LabelError
            If stored floats are not whole numbers.
        """
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return values that show whether the source has changed: size and modification time, JSON-ready.

        For a `Stamped` volume, they are those of the file that describes it.
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class Stamped(Protocol):
    """A volume in many files, some of which may change while others do not."""

    def stamps(self, parts: Iterable[tuple[Index, Index]]) -> list[int]:
        """Return stamps that show whether parts have changed.

        Parameters
        ----------
        parts : iterable of (start, stop)
            As in `Volume.read`.

        Returns
        -------
        list of int
            For each part, a checksum of the sizes and modification times of its files; empty if these are not known, at
            a URL, or if `Volume.fingerprint` suffices.
        """
        ...
