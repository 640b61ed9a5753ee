"""Voxel size from N5 attributes, by the customs of several tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellgraph.volumes.axes import Axes
from cellgraph.volumes.units import convert, unit_name

Spacing = tuple[float, float, float]
Size = tuple[Spacing | None, str | None]


def voxel_size(attributes: Mapping[str, Any], axes: Axes, name: str = "", factors: object = None) -> Size:
    """Return spacing (z, y, x) and unit of an array; None where its attributes say nothing.

    Known are ``transform`` and ``multiscales`` (COSEM), ``pixelResolution`` (n5-viewer) and ``resolution`` (Paintera,
    n5-ij).

    Parameters
    ----------
    attributes : mapping
        Of the array, or of the group around it.
    axes : Axes
        Of the array.
    name : str
        Of the array in the group, which ``multiscales`` refers to.
    factors : list, optional
        Downsampling of the array (x, y, z), against which the group's resolution is meant.
    """
    multiscales = attributes.get("multiscales")
    if isinstance(multiscales, list) and multiscales and isinstance(multiscales[0], Mapping):
        for dataset in multiscales[0].get("datasets", ()):
            if isinstance(dataset, Mapping) and dataset.get("path") == name:
                return _from_transform(dataset.get("transform"))
    if "transform" in attributes:
        return _from_transform(attributes["transform"])
    value: object = attributes.get("pixelResolution", attributes.get("resolution"))
    unit: object = attributes.get("units", attributes.get("unit"))
    if isinstance(value, Mapping):
        unit = value.get("unit")
        value = value.get("dimensions")
    sizes = _numbers(value)
    if sizes is None or len(sizes) not in (3, len(axes.stored)):
        return None, None
    scale = _numbers(factors)
    if scale is not None and len(scale) == len(sizes):
        sizes = [a * b for a, b in zip(sizes, scale, strict=True)]
    x, y = sizes[:2]
    z = sizes[2] if len(sizes) > 2 and axes.ndim == 3 else 1.0
    return (z, y, x), unit_name(unit[0] if isinstance(unit, list) and unit else unit)


def _from_transform(transform: object) -> Size:
    """Read a COSEM transform: axes, scale and units, each in the same order."""
    if not isinstance(transform, Mapping):
        return None, None
    scale, axes = _numbers(transform.get("scale")), transform.get("axes")
    if scale is None or not isinstance(axes, list) or len(axes) != len(scale):
        return None, None
    size = dict(zip((str(axis) for axis in axes), scale, strict=True))
    if not {"x", "y"} <= set(size):
        return None, None
    units = transform.get("units")
    named = dict(zip(axes, (unit_name(unit) for unit in units), strict=False)) if isinstance(units, list) else {}
    unit = named.get("x")
    if unit is not None:
        size = {axis: convert(value, named.get(axis) or unit, unit) for axis, value in size.items()}
    return (size.get("z", 1.0), size["y"], size["x"]), unit


def _numbers(value: object) -> list[float] | None:
    if not isinstance(value, list) or not value:
        return None
    try:
        numbers = [float(v) for v in value]
    except (TypeError, ValueError):
        return None
    return numbers if all(0 < n < float("inf") for n in numbers) else None
