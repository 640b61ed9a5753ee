"""Voxel size and names of axes from the attributes that HDF5, Zarr and N5 arrays carry by custom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from cellgraph.volumes.axes import Axes
from cellgraph.volumes.units import convert, unit_name

Spacing = tuple[float, float, float]
Attributes = Mapping[str, Any]


class Size(NamedTuple):
    """A voxel size (z, y, x), its unit, where it stands, and notes; no spacing where nothing is said."""

    spacing: Spacing | None = None
    unit: str | None = None
    why: str = ""
    notes: tuple[str, ...] = ()


def attribute_axes(attributes: Attributes, ndim: int) -> tuple[Sequence[str] | None, str]:
    """Return the names of the axes of an array, and which attribute says so.

    Known are ``axistags`` (ilastik, vigra: JSON with one key an axis), ``axis_names`` (funlib), ``_ARRAY_DIMENSIONS``
    (xarray), and ``MATLAB_class``, which tells that the axes (y, x, z) of MATLAB are stored in reverse.
    """
    with suppress(KeyError, TypeError, ValueError):
        names = [str(axis["key"]) for axis in json.loads(attributes["axistags"])["axes"]]
        if len(names) == ndim:
            return names, "axistags"
    for key in ("axis_names", "_ARRAY_DIMENSIONS", "dimension_names", "axes"):
        value = attributes.get(key)
        if isinstance(value, list | tuple | np.ndarray | str) and len(value) == ndim:
            return [_text(v) for v in value], key
    if "MATLAB_class" in attributes and ndim in (2, 3):
        return ("z", "x", "y")[3 - ndim :], "MATLAB stores its axes in reverse"
    return None, ""


def attribute_spacing(attributes: Attributes, axes: Axes) -> Size:
    """Return the voxel size that attributes give, or a note that quotes what was not understood.

    Known are ``element_size_um``, the ``resolution`` of ``axistags`` with ``axis_units`` (ilastik), ``voxel_size`` and
    ``resolution`` with ``units`` (funlib, N5).

    Parameters
    ----------
    attributes : mapping
        Of the array.
    axes : Axes
        Of the array: sizes are in the order in which it is stored.
    """
    size = _sizes(attributes.get("element_size_um"), axes)
    if size is not None:
        return Size(size, "micrometer", "element_size_um")
    found = _axistags(attributes, axes)
    if found is not None:
        return found
    units = attributes.get("units", attributes.get("unit"))
    for key in ("voxel_size", "resolution"):
        size = _sizes(attributes.get(key), axes)
        if size is not None:
            return _with_units(size, units, axes, key)
    for key in ("element_size_um", "voxel_size", "resolution", "pixel_size", "spacing"):
        if key in attributes:
            text = str(attributes[key])
            return Size(
                notes=(f"the file says {key} = {text[:80]}, which is not understood as a voxel size; see --spacing",)
            )
    return Size()


def _axistags(attributes: Attributes, axes: Axes) -> Size | None:
    try:
        tags = [float(axis.get("resolution") or 0) for axis in json.loads(attributes["axistags"])["axes"]]
        keys = [str(axis["key"]) for axis in json.loads(attributes["axistags"])["axes"]]
        units = json.loads(attributes["axis_units"]) if "axis_units" in attributes else {}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if len(tags) != len(axes.stored) or not isinstance(units, Mapping):
        return None
    sizes = axes.pick(tuple(tags), 1.0)
    if not all(0 < size < float("inf") for size in (sizes if axes.ndim == 3 else sizes[1:])):
        return None
    named = [None if axis is None else unit_name(units.get(keys[axis])) for axis in axes.order]
    unit = named[2] or named[1]
    if unit is not None:
        sizes = tuple(convert(s, own or unit, unit) for s, own in zip(sizes, named, strict=True))  # type: ignore[assignment]
    z, y, x = sizes
    return Size((1.0 if axes.ndim == 2 else z, y, x), unit, "axistags")


def _with_units(size: Spacing, units: object, axes: Axes, key: str) -> Size:
    """Apply a unit, or one an axis in the stored order."""
    listed = (
        [units] if isinstance(units, str | bytes) else list(units) if isinstance(units, Sequence | np.ndarray) else []
    )
    names = [unit_name(unit) for unit in listed]
    if not names:
        return Size(size, None, key)
    spatial = sorted(axis for axis in axes.order if axis is not None)
    if len(names) == len(axes.stored):
        own = [None if axis is None else names[axis] for axis in axes.order]
    elif len(names) == len(spatial):
        own = [None if axis is None else names[spatial.index(axis)] for axis in axes.order]
    else:
        own = [names[0]] * 3
    unit = own[2] or own[1]
    if unit is None:
        return Size(size, None, key, (f"the file says units = {listed}, which is not understood; see --unit",))
    z, y, x = (convert(s, u or unit, unit) for s, u in zip(size, own, strict=True))
    return Size((z, y, x), unit, key)


def _sizes(value: object, axes: Axes) -> Spacing | None:
    """Return a list of sizes as (z, y, x): one a stored axis, or one for each of the spatial ones."""
    if value is None:
        return None
    try:
        sizes = [float(v) for v in np.atleast_1d(np.asarray(value, dtype=float))]
    except (TypeError, ValueError):
        return None
    spatial = sorted(axis for axis in axes.order if axis is not None)
    if len(sizes) == len(axes.stored):
        z, y, x = axes.pick(tuple(sizes), 1.0)
    elif len(sizes) == len(spatial):
        z, y, x = (1.0 if axis is None else sizes[spatial.index(axis)] for axis in axes.order)
    elif len(sizes) == 3:
        z, y, x = sizes
    else:
        return None
    wanted = (y, x) if axes.ndim == 2 else (z, y, x)
    if not all(0 < size < float("inf") for size in wanted):
        return None
    return (1.0 if axes.ndim == 2 else z), y, x


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
