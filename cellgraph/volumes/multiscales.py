"""OME-Zarr metadata: which array of a group is the image, its axes, and the size of its voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellgraph.volumes.units import METERS, convert, unit_name

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Level:
    """One resolution of an OME-Zarr image.

    Attributes
    ----------
    path : str
        Of its array, within the group.
    axes : str
        One letter an axis.
    scale : tuple of float or None
        Size of a voxel along each axis.
    units : tuple
        Unit along each axis, None where there is none.
    """

    path: str
    axes: str | None
    scale: tuple[float, ...] | None
    units: tuple[str | None, ...]


def levels(attributes: Attributes) -> list[Level]:
    """Return the resolutions of the first image of a group, finest first; empty if it has none."""
    ome = attributes.get("ome")
    found = (ome if isinstance(ome, Mapping) else attributes).get("multiscales")
    if not isinstance(found, list) or not found or not isinstance(found[0], Mapping):
        return []
    image = found[0]
    axes, units = _axes(image.get("axes"))
    common = _scale(image.get("coordinateTransformations"))
    result = []
    for dataset in image.get("datasets", ()):
        scale = _scale(dataset.get("coordinateTransformations"))
        if scale is not None and common is not None and len(common) == len(scale):
            scale = tuple(a * b for a, b in zip(scale, common, strict=True))
        result.append(Level(str(dataset["path"]), axes, scale, units))
    return result


def label_names(attributes: Attributes) -> list[str]:
    """Return the names of the label images that a ``labels`` group lists."""
    ome = attributes.get("ome")
    names = (ome if isinstance(ome, Mapping) else attributes).get("labels")
    return [str(name) for name in names] if isinstance(names, list) else []


def spacing(level: Level, order: tuple[int | None, int, int]) -> tuple[tuple[float, float, float] | None, str | None]:
    """Return voxel size (z, y, x) and unit of a level.

    Parameters
    ----------
    level : Level
        Whose scale is wanted.
    order : tuple of int or None
        Which of its axes are z, y and x.
    """
    if level.scale is None or len(level.scale) <= max(order[1:]):
        return None, None
    sizes = [1.0 if axis is None else level.scale[axis] for axis in order]
    units = [None if axis is None or axis >= len(level.units) else level.units[axis] for axis in order]
    if any(not 0 < size < float("inf") for size in sizes):
        return None, None
    unit = units[2] or units[1] or units[0]
    if unit is None and set(sizes) == {1.0}:
        return None, None  # what writers put where they know nothing
    if unit is not None:
        sizes = [convert(size, own or unit, unit) for size, own in zip(sizes, units, strict=True)]
    z, y, x = sizes
    return (z, y, x), unit


def _axes(axes: object) -> tuple[str | None, tuple[str | None, ...]]:
    """Return axes and units: a list of objects since version 0.4, of names in 0.3, five fixed axes before."""
    if not isinstance(axes, list):
        return None, ()
    names, units = [], []
    for axis in axes:
        named = axis if isinstance(axis, Mapping) else {"name": axis}
        names.append(str(named.get("name", "?")))
        unit = unit_name(named.get("unit"))
        units.append(unit if unit in METERS else None)
    if any(len(name) != 1 for name in names):
        return None, tuple(units)
    return "".join(names), tuple(units)


def _scale(transformations: object) -> tuple[float, ...] | None:
    if not isinstance(transformations, list):
        return None
    for transformation in transformations:
        if isinstance(transformation, Mapping) and transformation.get("type") == "scale":
            values = transformation.get("scale")
            return tuple(float(v) for v in values) if isinstance(values, list) else None
    return None
