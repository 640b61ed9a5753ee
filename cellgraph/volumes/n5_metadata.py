"""Voxel size from N5 attributes, following the conventions of several tools, in the form that other arrays use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cellgraph.volumes.attributes import attribute_axes, attribute_spacing
from cellgraph.volumes.axes import Axes, axis_letter
from cellgraph.volumes.units import Size


def n5_axes(attributes: Mapping[str, Any], ndim: int) -> tuple[Sequence[str] | None, str]:
    """Return the names of the axes of an array, slowest first, and which attribute says so.

    ``axistags`` (ilastik) stand in this order. ``axes``, also of ``transform``, stand in it or in that of the file,
    fastest first: where they end in x or begin with it, as COSEM and n5-ij write them, they tell so.
    """
    transform = attributes.get("transform")
    listed = (transform if isinstance(transform, Mapping) else attributes).get("axes")
    if isinstance(listed, list) and len(listed) == ndim:
        names = [str(name) for name in listed]
        ordering = transform.get("ordering") if isinstance(transform, Mapping) else None
        fastest_first = ordering == "F" or (ordering is None and axis_letter(names[0]) == "x")
        return names[::-1] if fastest_first else names, "axes"
    counts = [attributes.get(f"num{name}") for name in ("Frames", "Slices", "Channels")]
    if None not in counts:  # n5-ij
        letters = "".join(letter for letter, n in zip("tzc", counts, strict=True) if n != 1) + "yx"
        if len(letters) == ndim:
            return [*letters], "n5-ij"
    return attribute_axes(attributes, ndim)


def n5_size(attributes: Mapping[str, Any], axes: Axes, name: str = "", factors: object = None) -> Size:
    """Return the voxel size of an array, if its attributes or those of its group give it.

    Supported are ``transform`` and ``multiscales`` (COSEM, which refers to the `name` of the array in its group),
    ``pixelResolution`` (n5-viewer) and ``resolution`` (Paintera, n5-ij). The resolution of a group is multiplied by the
    downsampling `factors` (x, y, z) of the array.
    """
    if "axistags" in attributes:
        return attribute_spacing(attributes, axes)
    transform = attributes.get("transform")
    multiscales = attributes.get("multiscales")
    if isinstance(multiscales, list) and multiscales and isinstance(multiscales[0], Mapping):
        for dataset in multiscales[0].get("datasets", ()):
            if isinstance(dataset, Mapping) and dataset.get("path") == name:
                transform = dataset.get("transform")
    if isinstance(transform, Mapping):  # axes, scale and units, each in the same order
        named = [transform.get(key) for key in ("axes", "scale", "units")]
        rows = [each if isinstance(each, list) else [None] * 3 for each in named]
        along = {str(axis): (scale, unit) for axis, scale, unit in zip(*rows, strict=False)}
        found = [along.get(axis, (1.0 if axis == "z" and axes.ndim == 2 else None, None)) for axis in "zyx"]
        return attribute_spacing({"resolution": [n for n, _ in found], "units": [u for _, u in found]}, axes)
    value: object = attributes.get("pixelResolution", attributes.get("resolution"))
    units: object = attributes.get("units", attributes.get("unit"))
    if isinstance(value, Mapping):
        units, value = value.get("unit"), value.get("dimensions")
    if value is None and "pixelWidth" in attributes:  # n5-ij
        value = [attributes.get(f"pixel{side}", 1.0) for side in ("Width", "Height", "Depth")]
        units = attributes.get("pixelUnit")
    if not isinstance(value, list):
        return attribute_spacing(attributes, axes)
    if isinstance(factors, list) and len(factors) == len(value):
        value = [a * b for a, b in zip(value, factors, strict=True)]
    units = units[::-1] if isinstance(units, list) else units
    return attribute_spacing({"resolution": value[::-1], "units": units}, axes)
