"""Voxel values as labels: which stored types can be labels, and how a stored block is converted."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellgraph.errors import LabelError, VolumeReadError
from cellgraph.volumes.volume import Header, Index

Array = np.ndarray[Any, Any]

# The first integers that a float type cannot distinguish from their neighbours: labels from here on were merged when
# they were stored.
_EXACT_BELOW = {2: 2**11, 4: 2**24, 8: 2**53}


def label_dtype(stored: np.dtype[Any], what: str) -> tuple[np.dtype[Any], tuple[str, ...]]:
    """Return the label type for a stored type, and notes for the user.

    Booleans and integers stay as they are, in native byte order; floats become int64 and are checked as they are read.

    Raises
    ------
    LabelError
        For any other type: complex numbers, records, text, times.
    """
    if stored.kind in "bui" and stored.itemsize <= 8:
        return stored.newbyteorder("="), ()
    if stored.kind == "f" and stored.itemsize in _EXACT_BELOW:
        note = f"labels are stored as {stored.name}; each is checked to be a whole number and read as int64"
        return np.dtype(np.int64), (note,)
    raise LabelError(
        f"{what}: expected labels (whole numbers or booleans), but the voxels are of type {stored}; "
        "segment the image first, or export the labels as an integer type"
    )


def empty_block(header: Header, start: Index, stop: Index) -> Array:
    """Return an array for the labels of ``[start, stop)``.

    Raises
    ------
    VolumeReadError
        If there is no memory for it, for example if a damaged header claims a gigantic image.
    """
    shape = tuple(b - a for a, b in zip(start, stop, strict=True))
    try:
        return np.empty(shape, header.dtype)
    except (MemoryError, ValueError) as error:  # numpy counts no further than 2**63 bytes
        raise VolumeReadError(
            f"{header.source}: expected to read {' x '.join(map(str, shape))} voxels (z, y, x) of type "
            f"{header.dtype.name} at once, but there is no memory for them; if the image is not as large as that, "
            "the file is damaged: copy or export it again"
        ) from error


def as_labels(block: Array, start: Index, header: Header) -> Array:
    """Return a stored block (z, y, x), which begins at `start`, as labels: a view if nothing has to change.

    Raises
    ------
    LabelError
        If a float is not a whole number, or is too large for its type to distinguish it from its neighbour.
    """
    if block.dtype.kind != "f":
        return block.astype(header.dtype, copy=False)
    limit = _EXACT_BELOW[block.dtype.itemsize]
    floats = block.astype(block.dtype.newbyteorder("="), copy=False)
    # Values that int64 cannot hold become some other number, which then differs; NaN differs from everything.
    with np.errstate(invalid="ignore"):
        labels = floats.astype(np.int64)
        wrong = labels != floats
        wrong |= np.abs(floats) >= limit
    if wrong.any():
        _refuse(floats, wrong, start, limit, header.source)
    return labels


def _refuse(block: Array, wrong: Array, start: tuple[int, ...], limit: int, what: str) -> None:
    first = np.unravel_index(int(np.argmax(wrong)), block.shape)
    value = float(block[first])
    place = ", ".join(str(int(s + f)) for s, f in zip(start, first, strict=True))
    if np.isfinite(value) and value == np.floor(value):
        raise LabelError(
            f"{what}: the label {value:.0f} at (z, y, x) = ({place}) is stored as {block.dtype.name}, which "
            f"cannot tell whole numbers from {limit} on from each other; export the labels as an integer type"
        )
    raise LabelError(
        f"{what}: expected labels, but the value {value:g} at (z, y, x) = ({place}) is no whole number; "
        "segment the image first, or round it and save it as an integer type"
    )
