"""What a volume is: a labelled image that is read by blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Header:
    """What is known of a volume without reading its voxels.

    Attributes
    ----------
    source : str
        Path or URL as the user gave it, with the dataset where there is one (``file.h5:labels``).
    shape : tuple of int
        (z, y, x); for 2D images (1, y, x).
    ndim : int
        2 or 3.
    dtype : numpy.dtype
        Of the blocks that `Volume.read` returns: bool, uint8..uint64 or int8..int64, native byte order.
    spacing : tuple of float or None
        Size of a voxel (z, y, x) from the format's metadata (z is 1.0 in 2D); None where it says nothing.
    unit : str or None
        Unit of the spacing: nanometer, micrometer, millimeter, …; None where the format does not say.
    chunks : tuple of int
        (z, y, x) extent of what the storage reads at once; a block is best a multiple of it.
    notes : tuple of str
        Sentences for the user, as "labels are stored as float32; all are whole numbers".
    """

    source: str
    shape: tuple[int, int, int]
    ndim: int
    dtype: np.dtype[Any]
    spacing: tuple[float, float, float] | None
    unit: str | None
    chunks: tuple[int, int, int]
    notes: tuple[str, ...] = ()


class Volume(Protocol):
    """A labelled image, opened for reading. Safe to read from several threads at once."""

    @property
    def header(self) -> Header: ...

    def read(self, start: tuple[int, int, int], stop: tuple[int, int, int]) -> np.ndarray[Any, Any]:
        """Return the labels of ``[start, stop)``: a C-contiguous array (z, y, x) of ``header.dtype``.

        Raises
        ------
        VolumeReadError
            If a part cannot be read or decoded; names the file or chunk.
        LabelError
            If stored floats are not whole numbers.
        """
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return what tells whether the source has changed: size and time of modification, JSON-ready."""
        ...

    def close(self) -> None: ...
