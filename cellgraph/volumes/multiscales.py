"""OME-Zarr metadata: which array of a group is the image, its axes, and its voxel size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellgraph.volumes.axes import NO_SPACE, Axes, axis_letter
from cellgraph.volumes.units import METERS, Size, size_of, unit_name
from cellgraph.volumes.volume import Index

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Level:
    """One resolution of an OME-Zarr image."""

    path: str  # Path of its array within the group
    axes: tuple[str, ...] | None  # Their names
    scale: tuple[float, ...] | None  # Size of a voxel along each axis
    units: tuple[str | None, ...]  # Unit along each axis, None if there is none
    why: str = "OME"  # Source of the metadata
    box: tuple[Index, Index] | None = None  # Start and stop of the image in its array, (z, y, x)


def levels(attributes: Attributes) -> list[Level]:
    """Return the resolutions of the first image of a group, finest first; empty if it has none."""
    ome = attributes.get("ome")
    found = (ome if isinstance(ome, Mapping) else attributes).get("multiscales")
    if not isinstance(found, list) or not found or not isinstance(found[0], Mapping):
        return []
    image = found[0]
    axes, units = _axes(image.get("axes", _system_axes(image)))
    # Those of version 0.6 lead from the system that the datasets are brought into to others.
    common = None if "coordinateSystems" in image else _scale(image.get("coordinateTransformations"))
    result = []
    for dataset in image.get("datasets", ()):
        scale = _scale(dataset.get("coordinateTransformations"))
        if scale is not None and common is not None and len(common) == len(scale):
            scale = tuple(a * b for a, b in zip(scale, common, strict=True))
        scale = scale if scale is not None else common
        result.append(Level(str(dataset["path"]), axes, _spatial(axes, scale), units))
    return result


def _system_axes(image: Attributes) -> object:
    """Return the axes of OME-Zarr 0.6: those of the coordinate system that the datasets are brought into."""
    systems = image.get("coordinateSystems")
    listed = [system for system in systems if isinstance(system, Mapping)] if isinstance(systems, list) else []
    datasets = image.get("datasets")
    first = datasets[0].get("coordinateTransformations") if datasets else None
    output = first[0].get("output") if isinstance(first, list) and first and isinstance(first[0], Mapping) else None
    named = [system for system in listed if system.get("name") == output] or listed
    return named[0].get("axes") if named else None


def label_names(attributes: Attributes) -> list[str]:
    """Return the names of the label images listed in a ``labels`` group."""
    ome = attributes.get("ome")
    names = (ome if isinstance(ome, Mapping) else attributes).get("labels")
    return [str(name) for name in names] if isinstance(names, list) else []


def level_size(level: Level, axes: Axes) -> Size:
    """Return the voxel size of a level whose array has axes."""
    if level.scale is None:
        return Size()
    if len(level.scale) != len(axes.stored):
        return Size(notes=(_quoted(level),))
    units = (*level.units, *[None] * len(level.scale))
    size = size_of(axes.pick(level.scale, 1.0), axes.pick(units, None), 3, level.why)
    if size.spacing is None and not any(math.isnan(n) for n in level.scale):
        return Size(notes=(_quoted(level),))
    if size.unit is None and set(size.spacing or ()) == {1.0}:
        return Size()  # what writers put if the size is unknown
    return size


def _quoted(level: Level) -> str:
    told = ", ".join(f"{n:g}" for n in level.scale or ())
    return f"{level.why} says a scale of {told}, which is not understood as a voxel size; see --spacing"


def _axes(axes: object) -> tuple[tuple[str, ...] | None, tuple[str | None, ...]]:
    """Return axes and units: a list of objects since version 0.4, names in 0.3, five fixed axes before."""
    if not isinstance(axes, list):
        return None, ()
    names, units = [], []
    for axis in axes:
        named = axis if isinstance(axis, Mapping) else {"name": axis}
        name = str(named.get("name", "?"))
        kind = str(named.get("type", "space"))
        names.append({"space": name, "time": "time", "channel": "channel"}.get(kind, f"other {name}"))
        unit = unit_name(named.get("unit"))
        units.append(unit if unit in METERS else None)
    return tuple(names), tuple(units)


def _spatial(names: tuple[str, ...] | None, scale: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """Return a scale in which time and channel axes have no size: a time step is not a voxel size."""
    if names is None or scale is None or len(names) != len(scale):
        return scale
    return tuple(math.nan if axis_letter(name) in NO_SPACE else n for name, n in zip(names, scale, strict=True))


def _scale(transformations: object) -> tuple[float, ...] | None:
    """Return the scale of consecutive transformations: scales, diagonal affines, and sequences of these."""
    if not isinstance(transformations, list):
        return None
    total: tuple[float, ...] | None = None
    named = [t for t in transformations if isinstance(t, Mapping) and isinstance(t.get("output"), Mapping)]
    systems = [t for t in named if t["output"].get("name") == "global"]  # SpatialData: one of several systems
    for each in systems[:1] or named[:1] or transformations:
        scale = _factors(each) if isinstance(each, Mapping) else None
        if scale is not None:
            total = scale if total is None or len(total) != len(scale) else tuple(
                a * b for a, b in zip(total, scale, strict=True)
            )  # fmt: skip
    return total


def _factors(each: Mapping[str, Any]) -> tuple[float, ...] | None:
    kind = each.get("type")
    if kind == "scale" and isinstance(each.get("scale"), list):
        return tuple(float(v) for v in each["scale"])
    if kind == "sequence":
        return _scale([dict(t, output=None) for t in each.get("transformations", ()) if isinstance(t, Mapping)])
    matrix = each.get("affine")
    if kind == "affine" and isinstance(matrix, list):
        rows = [[float(v) for v in row] for row in matrix if isinstance(row, list)]
        if len(rows) > 1 and not any(rows[-1][:-1]):
            rows = rows[:-1]  # of a homogeneous matrix
        if all(v == 0 for i, row in enumerate(rows) for j, v in enumerate(row[: len(rows)]) if i != j):
            return tuple(abs(row[i]) for i, row in enumerate(rows))
    return None
