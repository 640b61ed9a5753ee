"""Voxel size and axis names from conventional attributes of HDF5, Zarr and N5 arrays."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.axes import NO_SPACE, Axes, axis_letters
from cellgraph.volumes.units import Size, size_of, unit_name

Attributes = Mapping[str, Any]

_AXIS_NAMES = (
    "axis_names", "_ARRAY_DIMENSIONS", "dimension_names", "axes", "axis_order", "axis_labels", "dims", "axistags",
)  # fmt: skip


def attribute_axes(attributes: Attributes, ndim: int) -> tuple[Sequence[str] | None, str]:
    """Return the axis names of an array, and the attribute that gives them.

    Known are ``axistags`` (ilastik, vigra: JSON with one key an axis), ``axis_names`` (funlib), ``_ARRAY_DIMENSIONS``
    (xarray) and others of that kind, and ``MATLAB_class``, which tells that the axes (y, x, z) of MATLAB are stored in
    reverse.
    """
    with suppress(KeyError, TypeError, ValueError):
        names = [str(axis["key"]) for axis in json.loads(attributes["axistags"])["axes"]]
        if len(names) == ndim:
            return names, "axistags"
    for key in _AXIS_NAMES:
        value = attributes.get(key)
        value = re.sub(r"[\s,]", "", text_of(value)) if isinstance(value, str | bytes) else value
        if isinstance(value, list | tuple | np.ndarray | str) and len(value) == ndim:
            return [text_of(v.get("name", "?") if isinstance(v, Mapping) else v) for v in value], key
    if "MATLAB_class" in attributes and ndim in (2, 3, 4):  # of four, (y, x, z, t) in MATLAB
        return ("t", "z", "x", "y")[4 - ndim :], "MATLAB stores its axes in reverse"
    return None, ""


def refuse_multisets(attributes: Attributes, what: str) -> None:
    """Refuse an array in which each voxel holds several labels."""
    if attributes.get("isLabelMultiset"):
        raise FormatError(
            f"{what}: expected a label in each voxel, but it holds label multisets (isLabelMultiset), as Paintera "
            "writes them; export it with one label a voxel"
        )


def scaled_values(attributes: Attributes) -> tuple[str, ...]:
    """Return a note if the values that are meant are others than those that are stored (CF conventions of netCDF)."""
    told = {key: attributes[key] for key in ("scale_factor", "add_offset") if key in attributes}
    changed = {key: value for key, value in told.items() if not np.all(np.equal(value, float(key == "scale_factor")))}
    if not changed:
        return ()
    said = " and ".join(f"{key} = {', '.join(map(str, np.ravel(value)))}" for key, value in changed.items())
    return (
        f"its attributes say {said}, by which other programs change the values that they read; labels are those that "
        "are stored, and so is the label of the background (--background)",
    )


def attribute_spacing(attributes: Attributes, axes: Axes) -> Size:
    """Return the voxel size from the attributes of an array, or a note that quotes what was not understood.

    Supported are ``element_size_um``, the ``resolution`` of ``axistags`` with ``axis_units`` (ilastik), ``voxel_size``
    and ``resolution`` with ``units`` (funlib, N5).
    """
    names, _ = attribute_axes(attributes, len(axes.stored))
    letters = axis_letters(names, len(axes.stored)) or ""
    steps = {n for n, letter in enumerate(letters) if letter in NO_SPACE}  # whatever the user says they are
    micrometers = _each(attributes.get("element_size_um"), axes, steps=steps)
    found = size_of(micrometers, ["micrometer"] * 3, axes.ndim, "element_size_um")
    if found.spacing is None:
        found = _axistags(attributes, axes, steps)
    for key in ("voxel_size", "resolution"):
        if found.spacing is None and key in attributes:
            units, notes = _units(attributes.get("units", attributes.get("unit")), axes)
            found = size_of(_each(attributes[key], axes, steps=steps), units, axes.ndim, key)
            found = found._replace(notes=notes + found.notes)
    for key in ("element_size_um", "voxel_size", "resolution", "pixel_size", "spacing"):
        if found.spacing is None and key in attributes:
            text = str(attributes[key])[:80]
            return Size(
                notes=(f"the file says {key} = {text}, which is not understood as a voxel size; see --spacing",)
            )
    return found


def _axistags(attributes: Attributes, axes: Axes, steps: Collection[int]) -> Size:
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        tags = json.loads(attributes["axistags"])["axes"]
        units = json.loads(attributes["axis_units"]) if "axis_units" in attributes else {}
        if len(tags) == len(axes.stored):
            sizes = _each([tag.get("resolution") or 0 for tag in tags], axes, steps=steps)
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


def _each(values: object, axes: Axes, missing: Any = 1.0, steps: Collection[int] = ()) -> Sequence[Any]:
    """Return those of a list that belong to z, y and x: it has one a stored axis, or one for each of these.

    What is given for the stored axes `steps` is no length: the time between frames, or a number of channels.
    """
    nothing = (None,) * 3
    try:
        listed: list[Any] = list(values) if missing is None else [float(v) for v in np.atleast_1d(values)]  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return nothing
    spatial = sorted(axis for axis in axes.order if axis is not None)
    if len(listed) == len(axes.stored):
        return axes.pick(tuple(math.nan if n in steps else value for n, value in enumerate(listed)), missing)
    if len(listed) == len(spatial):
        return [missing if axis is None else listed[spatial.index(axis)] for axis in axes.order]
    return listed if len(listed) == 3 else nothing


def text_of(value: object) -> str:
    """Return an attribute as text, which HDF5 may store as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
