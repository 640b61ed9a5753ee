"""Checking what a person says of voxels: which are no cell, which are neighbours, and how large one is."""

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
    """What is a cell and what is a contact: the same for all blocks of a volume.

    Attributes
    ----------
    background : int or None
        The label that is no cell, given in any integer type; None where every label is one.
    connectivity : int
        6, 18, 26 for three dimensions; 4, 8 for two.
    sites : bool
        Whether the sites of contacts are counted, which takes about as long as all else.
    reach : Reach, optional
        How far cells are grown, and distances between them are looked for; see `sweep_around`.

    Raises
    ------
    ParameterError
        If the background is no whole number, or none that a voxel can have.
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
        """How many voxels (z, y, x) around each block are read; none where a halo of one is enough."""
        return self.reach.margin if self.reach is not None else (0, 0, 0)


def resolve_background(background: int | None) -> int | None:
    """Return the label that is no cell as a Python integer; None where every label is one.

    Raises
    ------
    ParameterError
        If it is no whole number, or none that a voxel can have.
    """
    if background is None:
        return None
    try:
        if isinstance(background, bool):
            raise TypeError
        label = int(operator.index(background))
    except TypeError:
        raise ParameterError(
            f"expected the background to be a label (a whole number), or None where every label is a cell, "
            f"got {background!r}"
        ) from None
    if not -(2**63) <= label < 2**64:
        raise ParameterError(
            f"expected the background to be a label that a voxel can have, from -2**63 to 2**64-1, or none, got {label}"
        )
    return label


def resolve_connectivity(connectivity: int, ndim: int) -> int:
    """Return the connectivity for an image of `ndim` dimensions: in 2D, 6 is 4, and 18 and 26 are 8.

    Raises
    ------
    ParameterError
        If it is none of 6, 18, 26 (3D) or 4, 8 (2D).
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
    """Return the size of a voxel, of length `ndim`; 1 where none is given.

    Raises
    ------
    ParameterError
        If it is no sequence of numbers, has another length, or a number that is not finite and above 0.
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
        raise ParameterError(f"expected a spacing of {ndim} numbers ({order}), as {example}, got {spacing!r}")
    if len(values) != ndim:
        raise ParameterError(
            f"expected a spacing of {ndim} numbers ({order}) for a {ndim}D image, got {len(values)}: {list(values)}"
        )
    if not all(math.isfinite(value) and value > 0 for value in values):
        raise ParameterError(f"expected a spacing ({order}) of numbers above 0, got {list(values)}")
    return values


def _length(value: float) -> float:
    """Return a length as a Python float; a truth value or a text is none."""
    if isinstance(value, bool | str | bytes):
        raise TypeError
    return float(value)
