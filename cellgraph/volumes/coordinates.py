"""Voxel size from the coordinates of axes, as xarray writes them to netCDF, HDF5 and Zarr beside an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cellgraph.volumes.attributes import text_of
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.units import Size, size_of, unit_name

# Coordinates may be rounded, by this part of a voxel.
_ROUNDED = 0.02
_NO_UNIT = ("", "1", "pixel", "pixels", "voxel", "voxels", "px")


class Coordinates(NamedTuple):
    """The coordinates of the voxels along one axis."""

    name: str
    values: np.ndarray[Any, Any]
    unit: str


def coordinates(name: str, values: np.ndarray[Any, Any], attributes: Mapping[str, Any]) -> Coordinates | None:
    """Return the coordinates of an axis; None if they are no numbers, or were never set."""
    if values.dtype.kind not in "iuf" or not values.any():
        return None
    return Coordinates(name, values.astype(float), text_of(attributes.get("units", "")).strip())


def coordinate_size(along: Sequence[Coordinates | None], axes: Axes) -> Size:
    """Return the voxel size from the coordinates of each stored axis, or a note on those that give none."""
    told = [each for each in axes.pick(along, None) if each is not None and len(each.values) > 1]
    steps, notes = [], []
    for each in told:
        with np.errstate(invalid="ignore", over="ignore"):
            step = (each.values[-1] - each.values[0]) / (len(each.values) - 1)
            even = each.values[0] + step * np.arange(len(each.values))
            is_even = step != 0 and np.all(np.abs(each.values - even) <= _ROUNDED * abs(step))
        if each.unit.lower() not in _NO_UNIT and unit_name(each.unit) is None:
            notes.append(f"the coordinates of axis {each.name} have units {each.unit!r}, which is no unit of length")
        elif not is_even:
            listed = ", ".join(f"{value:g}" for value in each.values[:6]) + (", …" if len(each.values) > 6 else "")
            notes.append(f"the coordinates of axis {each.name} are not evenly spaced ({listed})")
        steps.append(float(f"{abs(step):.7g}"))
    if notes:
        return Size(notes=(f"{'; '.join(notes)}: they give no voxel size; see --spacing Z,Y,X",))
    if all(step == 1 and unit_name(each.unit) is None for step, each in zip(steps, told, strict=True)):
        return Size()  # they count voxels
    size = {each.name: step for each, step in zip(told, steps, strict=True)}
    names = axes.pick([each and each.name for each in along], None)
    units = axes.pick([each and unit_name(each.unit) for each in along], None)
    return size_of([size.get(name) for name in names], units, axes.ndim, "coordinates")
