"""Voxel size from N5 attributes, following the conventions of several tools, in the form that other arrays use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellgraph.volumes.attributes import attribute_spacing
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.units import Size


def n5_size(attributes: Mapping[str, Any], axes: Axes, name: str = "", factors: object = None) -> Size:
    """Return the voxel size of an array, if its attributes or those of its group give it.

    Supported are ``transform`` and ``multiscales`` (COSEM, which refers to the `name` of the array in its group),
    ``pixelResolution`` (n5-viewer) and ``resolution`` (Paintera, n5-ij). The resolution of a group is multiplied by the
    downsampling `factors` (x, y, z) of the array.
    """
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
        found = [along.get(axis, (1.0 if axis == "z" else None, None)) for axis in "zyx"]
        return attribute_spacing({"resolution": [n for n, _ in found], "units": [u for _, u in found]}, axes)
    value: object = attributes.get("pixelResolution", attributes.get("resolution"))
    units: object = attributes.get("units", attributes.get("unit"))
    if isinstance(value, Mapping):
        units, value = value.get("unit"), value.get("dimensions")
    if not isinstance(value, list):
        return Size()
    if isinstance(factors, list) and len(factors) == len(value):
        value = [a * b for a, b in zip(value, factors, strict=True)]
    units = units[::-1] if isinstance(units, list) else units
    return attribute_spacing({"resolution": value[::-1], "units": units}, axes)
