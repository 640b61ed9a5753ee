"""Voxel size from the attributes that HDF5, Zarr and N5 arrays carry by custom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cellgraph.volumes.axes import Axes
from cellgraph.volumes.units import unit_name

Spacing = tuple[float, float, float]


def attribute_spacing(attributes: Mapping[str, Any], axes: Axes) -> tuple[Spacing | None, str | None]:
    """Return spacing (z, y, x) and unit from ``element_size_um``, or from ``resolution`` and ``unit``.

    Parameters
    ----------
    attributes : mapping
        Of the array.
    axes : Axes
        Of the array: sizes are in the order in which it is stored.
    """
    size = _sizes(attributes.get("element_size_um"), axes)
    if size is not None:
        return size, "micrometer"
    unit = unit_name(_first(attributes.get("unit", attributes.get("units"))))
    size = _sizes(attributes.get("resolution"), axes)
    return size, unit if size is not None else None


def _sizes(value: object, axes: Axes) -> Spacing | None:
    """Return a list of sizes as (z, y, x): one a stored axis, or one for each of z, y, x."""
    try:
        sizes = [float(v) for v in np.atleast_1d(np.asarray(value, dtype=float))]
    except (TypeError, ValueError):
        return None
    if not all(0 < size < float("inf") for size in sizes):
        return None
    if len(sizes) == len(axes.stored):
        z, y, x = axes.pick(tuple(sizes), 1.0)
    elif len(sizes) == 3:
        z, y, x = sizes
    else:
        return None
    return (1.0 if axes.ndim == 2 else z), y, x


def _first(value: object) -> object:
    return value[0] if isinstance(value, (list, tuple, np.ndarray)) and len(value) else value
