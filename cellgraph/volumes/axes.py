"""How the axes of a stored array become (z, y, x)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.volume import Index

Array = np.ndarray[Any, Any]

EXPECTED = "expected a 2D or 3D labelled image"

# Smaller arrays, as tests draw them, are never taken for colour images.
_COLOUR_MIN_EXTENT = 16


@dataclass(frozen=True)
class Axes:
    """Where z, y and x are among the axes of a stored array; all other axes have length 1.

    Attributes
    ----------
    order : tuple of int or None
        Stored axis of z, y and x; None where there is none (z of 2D images).
    stored : tuple of int
        The stored shape.
    notes : tuple of str
        What the user should know of it.
    """

    order: tuple[int | None, int, int]
    stored: tuple[int, ...]
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> Index:
        """Shape (z, y, x)."""
        z, y, x = (1 if axis is None else self.stored[axis] for axis in self.order)
        return (z, y, x)

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return 2 if self.shape[0] == 1 else 3

    def pick(self, values: tuple[float, ...] | tuple[int, ...], missing: float = 1) -> tuple[Any, Any, Any]:
        """Return those of one value an axis that belong to z, y and x; `missing` for a missing z."""
        z, y, x = (missing if axis is None else values[axis] for axis in self.order)
        return (z, y, x)

    def view(self, array: Array) -> Array:
        """Return a stored array as (z, y, x), without a copy."""
        others = tuple(i for i in range(array.ndim) if i not in self.order)
        kept = [i for i in range(array.ndim) if i not in others]
        flat = array.reshape([array.shape[i] for i in kept]) if others else array
        axes = [kept.index(axis) for axis in self.order if axis is not None]
        moved = flat.transpose(axes)
        return moved[np.newaxis] if self.order[0] is None else moved

    def selection(self, start: Index, stop: Index) -> tuple[slice | int, ...]:
        """Return the index of a block in the stored array, which keeps the stored order of its axes."""
        index: list[slice | int] = [0] * len(self.stored)
        for axis, low, high in zip(self.order, start, stop, strict=True):
            if axis is not None:
                index[axis] = slice(low, high)
        return tuple(index)

    def block(self, part: Array) -> Array:
        """Return what `selection` has read as (z, y, x)."""
        present = [axis for axis in self.order if axis is not None]
        rank = {axis: i for i, axis in enumerate(sorted(present))}
        moved = part.transpose([rank[axis] for axis in present])
        return moved[np.newaxis] if self.order[0] is None else moved


def find_axes(shape: tuple[int, ...], names: str | None, dtype: np.dtype[Any], what: str) -> Axes:
    """Find z, y and x among the axes of a stored array.

    Parameters
    ----------
    shape : tuple of int
        The stored shape.
    names : str or None
        One letter an axis, as ``tczyx``, or None where the format does not name them: the last axes are then
        (z, y, x) or (y, x).  Axes of any name and length 1 in front are dropped.
    dtype : numpy.dtype
        The stored type: colour images are known by it.
    what : str
        The source, for messages.

    Raises
    ------
    FormatError
        For anything but a 2D or 3D image: 1D, 4D and more, several channels, colour, no voxels.
    """
    if min(shape, default=1) < 1:
        raise FormatError(f"{what}: {EXPECTED}, but its shape {shape} holds no voxels")
    if len(shape) < 2:
        raise FormatError(f"{what}: {EXPECTED}, but came an array of {len(shape)} dimension(s), shape {shape}")
    return _unnamed(shape, dtype, what) if names is None else _named(shape, names.lower(), what)


def _unnamed(shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> Axes:
    leading = 0
    while len(shape) - leading > 3 and shape[leading] == 1:
        leading += 1
    left = len(shape) - leading
    if left > 3:
        raise FormatError(
            f"{what}: {EXPECTED}, but came an array of {len(shape)} dimensions, shape {shape}; "
            "export one time point and one channel as a label image"
        )
    _refuse_colour(shape[leading:], dtype, what)
    if left == 2:
        return Axes((None, leading, leading + 1), shape)
    notes = (_flat_note(shape),) if shape[leading] == 1 else ()
    return Axes((leading, leading + 1, leading + 2), shape, notes)


def _refuse_colour(shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> None:
    colour = len(shape) == 3 and shape[-1] in (3, 4) and dtype == np.uint8
    if colour and min(shape[:2]) >= _COLOUR_MIN_EXTENT:
        raise FormatError(
            f"{what}: {EXPECTED}, but the shape {shape} of type uint8 is that of a colour image; export one "
            "channel "
            f"as a label image (or, if it is a volume that is {shape[-1]} voxels wide, save it as uint16)"
        )


def _named(shape: tuple[int, ...], names: str, what: str) -> Axes:
    if "x" not in names or "y" not in names:
        return _unnamed(shape, np.dtype(np.int64), what)
    long = [(name, n) for name, n in zip(names, shape, strict=True) if n > 1]
    for name, n in long:
        if name in "sc":
            kind = "colour samples" if name == "s" else "channels"
            raise FormatError(
                f"{what}: {EXPECTED}, but it has {n} {kind} (axes {names}, shape {shape}); "
                "export one channel as a label image"
            )
    others = [name for name, _ in long if name not in "zyx"]
    if len(others) == 1 and "z" not in dict(long):
        return _other_as_z(shape, names, others[0])
    if others:
        raise FormatError(
            f"{what}: {EXPECTED}, but it has more axes than (z, y, x): {names}, shape {shape}; "
            "export one time point and one channel as a label image"
        )
    z = names.index("z") if "z" in names else None
    notes = (_flat_note(shape),) if z is not None and shape[z] == 1 else ()
    return Axes((z, names.index("y"), names.index("x")), shape, notes)


def _other_as_z(shape: tuple[int, ...], names: str, other: str) -> Axes:
    """Take a stack of pages whose axis is not named z (``t`` by many exporters) as a volume."""
    axis = next(i for i, name in enumerate(names) if name == other and shape[i] > 1)
    notes: tuple[str, ...] = ()
    if other == "t":
        notes = (f"the axis t (time) of length {shape[axis]} is taken as z",)
    return Axes((axis, names.index("y"), names.index("x")), shape, notes)


def _flat_note(shape: tuple[int, ...]) -> str:
    return f"the shape {shape} has one slice in z: treated as a 2D image"
