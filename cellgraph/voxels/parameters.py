"""Check the user's options for voxels: background, connectivity, and spacing."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

from cellgraph.errors import ParameterError
from cellgraph.voxels.metric import Reach

_FLAT = {4: 4, 6: 4, 8: 8, 18: 8, 26: 8}


@dataclass(frozen=True)
class Rules:
    """What counts as a cell and as a contact, the same for all blocks of a volume.

    Attributes
    ----------
    background : int or None
        The label that is not a cell, given in any integer type; None if every label is a cell.
    connectivity : int
        6, 18 or 26 in 3D; 4 or 8 in 2D.
    sites : bool
        Whether to count the sites of contacts, which takes about as long as everything else.
    reach : Reach, optional
        How far to grow cells and to search for distances between them; see `sweep_around`.

    Raises
    ------
    ParameterError
        If the background is not a whole number, or not one that a voxel can have.
    """

    background: int | None = 0
    connectivity: int = 6
    sites: bool = True
    reach: Reach | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "background", resolve_background(self.background))

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return 2 if self.connectivity in (4, 8) else 3

    @property
    def margin(self) -> tuple[int, int, int]:
        """Number of voxels (z, y, x) to read around each block; zero if a halo of one is enough."""
        return self.reach.margin if self.reach is not None else (0, 0, 0)


def resolve_background(background: int | None) -> int | None:
    """Return the background label as a Python integer; None if every label is a cell.

    Raises
    ------
    ParameterError
        If it is not a whole number, or not one that a voxel can have.
    """
    if background is None:
        return None
    try:
        if isinstance(background, bool):
            raise TypeError
        label = int(operator.index(background))
    except TypeError:
        raise ParameterError(
            f"expected the background to be a label (a whole number), or None if every label is a cell, "
            f"got {background!r}"
        ) from None
    if not -(2**63) <= label < 2**64:
        raise ParameterError(
            f"expected the background to be a label that a voxel can have, from -2**63 to 2**64-1, or none, got {label}"
        )
    return label


def resolve_connectivity(connectivity: int, ndim: int) -> int:
    """Return the connectivity for an image of `ndim` dimensions: in 2D, 6 means 4, and 18 and 26 mean 8.

    Raises
    ------
    ParameterError
        If it is not one of 6, 18, 26 (3D) or 4, 8 (2D).
    """
    try:
        known = -1 if isinstance(connectivity, bool) else int(operator.index(connectivity))
    except TypeError:
        known = -1
    if ndim == 2 and known in _FLAT:
        return _FLAT[known]
    if ndim == 3 and known in (6, 18, 26):
        return known
    expected = "6, 18 or 26 for a 3D volume" if ndim == 3 else "4 or 8 for a 2D image"
    raise ParameterError(f"expected a connectivity of {expected}, got {connectivity!r}")


def resolve_spacing(spacing: Sequence[float] | str | None, ndim: int) -> tuple[float, ...]:
    """Return the voxel size, of length `ndim`; 1 if none is given.

    Raises
    ------
    ParameterError
        If it is not a sequence of numbers, has the wrong length, or has a number that is not finite and above 0.
    """
    if spacing is None:
        return (1.0,) * ndim
    order = "Z,Y,X" if ndim == 3 else "Y,X"
    try:
        values = () if isinstance(spacing, str | bytes | dict | set) else tuple(map(_length, spacing))
    except (TypeError, ValueError, OverflowError):
        values = ()
    if not values:
        example = (2.0, 0.5, 0.5)[-ndim:]
        raise ParameterError(f"expected a spacing of {ndim} numbers ({order}), such as {example}, got {spacing!r}")
    if len(values) != ndim:
        raise ParameterError(
            f"expected a spacing of {ndim} numbers ({order}) for a {ndim}D image, got {len(values)}: {list(values)}"
        )
    if not all(math.isfinite(value) and value > 0 for value in values):
        raise ParameterError(f"expected a spacing ({order}) of numbers above 0, got {list(values)}")
    return values


def _length(value: float) -> float:
    """Return a length as a Python float; booleans and strings are refused."""
    if isinstance(value, bool | str | bytes):
        raise TypeError
    return float(value)
