"""Voxel size and axis names from conventional attributes of HDF5, Zarr and N5 arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.units import Size, size_of, unit_name

Attributes = Mapping[str, Any]


def attribute_axes(attributes: Attributes, ndim: int) -> tuple[Sequence[str] | None, str]:
    """Return the axis names of an array, and the attribute that gives them.

    Supported are ``axistags`` (ilastik, vigra: JSON with one key per axis), ``axis_names`` (funlib),
    ``_ARRAY_DIMENSIONS`` (xarray), and ``MATLAB_class``, which indicates that MATLAB's axes (y, x, z) are stored in
    reverse.
    """
    with suppress(KeyError, TypeError, ValueError):
        names = [str(axis["key"]) for axis in json.loads(attributes["axistags"])["axes"]]
        if len(names) == ndim:
            return names, "axistags"
    for key in ("axis_names", "_ARRAY_DIMENSIONS", "dimension_names", "axes"):
        value = attributes.get(key)
        if isinstance(value, list | tuple | np.ndarray | str) and len(value) == ndim:
            return [_text(v) for v in value], key
    if "MATLAB_class" in attributes and ndim in (2, 3, 4):  # four axes are (y, x, z, t) in MATLAB
        return ("t", "z", "x", "y")[4 - ndim :], "MATLAB stores its axes in reverse"
    return None, ""


def refuse_multisets(attributes: Attributes, what: str) -> None:
    """Refuse an array in which each voxel holds several labels."""
    if attributes.get("isLabelMultiset"):
        raise FormatError(
            f"{what}: expected a label in each voxel, but it holds label multisets (isLabelMultiset), as Paintera "
            "writes them; export it with one label a voxel"
        )


def attribute_spacing(attributes: Attributes, axes: Axes) -> Size:
    """Return the voxel size from the attributes of an array, or a note that quotes what was not understood.

    Supported are ``element_size_um``, the ``resolution`` of ``axistags`` with ``axis_units`` (ilastik), ``voxel_size``
    and ``resolution`` with ``units`` (funlib, N5).
    """
    micrometers = _each(attributes.get("element_size_um"), axes)
    found = size_of(micrometers, ["micrometer"] * 3, axes.ndim, "element_size_um")
    if found.spacing is None:
        found = _axistags(attributes, axes)
    for key in ("voxel_size", "resolution"):
        if found.spacing is None and key in attributes:
            units, notes = _units(attributes.get("units", attributes.get("unit")), axes)
            found = size_of(_each(attributes[key], axes), units, axes.ndim, key)._replace(notes=notes)
    for key in ("element_size_um", "voxel_size", "resolution", "pixel_size", "spacing"):
        if found.spacing is None and key in attributes:
            text = str(attributes[key])[:80]
            return Size(
                notes=(f"the file says {key} = {text}, which is not understood as a voxel size; see --spacing",)
            )
    return found


def _axistags(attributes: Attributes, axes: Axes) -> Size:
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        tags = json.loads(attributes["axistags"])["axes"]
        units = json.loads(attributes["axis_units"]) if "axis_units" in attributes else {}
        if len(tags) == len(axes.stored):
            sizes = axes.pick(tuple(float(tag.get("resolution") or 0) for tag in tags), 1.0)
            named = axes.pick(tuple(unit_name(units.get(str(tag["key"]))) for tag in tags), None)
            return size_of(sizes, named, axes.ndim, "axistags")
    return Size()


def _units(units: object, axes: Axes) -> tuple[Sequence[str | None], tuple[str, ...]]:
    """Return the units along z, y and x, and notes; given is one unit for all, or one per axis in stored order."""
    listed = [units] if isinstance(units, str | bytes) else units
    if not isinstance(listed, Sequence | np.ndarray) or not len(listed):
        return [None] * 3, ()
    names = [unit_name(unit) for unit in listed]
    own = _each(names, axes, None)
    own = [names[0]] * 3 if own[2] is None and own[1] is None else own
    understood = own[2] or own[1]
    return own, () if understood else (f"the file says units = {list(listed)}, which is not understood; see --unit",)


def _each(values: object, axes: Axes, missing: Any = 1.0) -> Sequence[Any]:
    """Return the values for z, y and x from a list with one per stored axis, or one for each of these three."""
    nothing = (None,) * 3
    try:
        listed: list[Any] = list(values) if missing is None else [float(v) for v in np.atleast_1d(values)]  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return nothing
    spatial = sorted(axis for axis in axes.order if axis is not None)
    if len(listed) == len(axes.stored):
        return axes.pick(tuple(listed), missing)
    if len(listed) == len(spatial):
        return [missing if axis is None else listed[spatial.index(axis)] for axis in axes.order]
    return listed if len(listed) == 3 else nothing


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
