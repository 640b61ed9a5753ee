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
    notes: tuple[str, ...] = ()  # On its size


def levels(attributes: Attributes) -> list[Level]:
    """Return the resolutions of the first image of a group, finest first; empty if it has none."""
    ome = attributes.get("ome")
    found = (ome if isinstance(ome, Mapping) else attributes).get("multiscales")
    if not isinstance(found, list) or not found or not isinstance(found[0], Mapping):
        return []
    image = found[0]
    listed = image.get("axes", _system_axes(image))
    # Those of version 0.6 lead from the system that the datasets are brought into to others.
    outer = None if "coordinateSystems" in image else image.get("coordinateTransformations")
    system, others = _system(outer)
    common = _scale([system] if system else outer)
    listed = system["output"].get("axes", listed) if system else listed
    axes, units = _axes(listed)
    result = []
    for dataset in image.get("datasets", ()):
        scale = _scale(dataset.get("coordinateTransformations"))
        if scale is not None and common is not None and len(common) == len(scale):
            scale = tuple(a * b for a, b in zip(scale, common, strict=True))
        scale = scale if scale is not None else common
        notes = _unknown_units(listed, scale) + others
        if system and common is None and not _keeps_size(system):
            notes = (f"OME gives {_in_words(system)}, which is not understood as a voxel size; see --spacing", *others)
            scale = None
        result.append(Level(str(dataset["path"]), axes, _spatial(axes, scale), units, notes=notes))
    return result


def _system(transformations: object) -> tuple[Attributes | None, tuple[str, ...]]:
    """Return the transformation into the coordinate system that gives the voxel size, and a note on other systems.

    SpatialData writes one transformation for each system. Taken is ``global``, the one that it always writes, if its
    unit is one of length or that of no system is; else the first system in a unit of length.
    """
    listed = transformations if isinstance(transformations, list) else []
    named = [t for t in listed if isinstance(t, Mapping) and isinstance(t.get("output"), Mapping)]
    named.sort(key=lambda t: (not any(_axes(t["output"].get("axes"))[1]), t["output"].get("name") != "global"))
    if len(named) < 2:
        return (named[0] if named else None), ()
    taken, *others = (_in_words(each) for each in named)
    return named[0], (f"of its coordinate systems, {taken} is taken, and not {' or '.join(others)}; see --spacing",)


def _in_words(transformation: Attributes) -> str:
    """Return the name of the coordinate system that a transformation leads to, and the size of a voxel there."""
    output = transformation["output"]
    scale = _factors(transformation)
    size = f"scale {' x '.join(f'{n:g}' for n in scale)}" if scale else str(transformation.get("type"))
    axes = output.get("axes")
    units = [str(axis["unit"]) for axis in axes if isinstance(axis, Mapping) and axis.get("unit")] if axes else []
    return " ".join([f'"{output.get("name")}"', f"({', '.join([size, *dict.fromkeys(units)])})"])


def _keeps_size(transformation: Attributes) -> bool:
    """Whether a transformation leaves the size of a voxel as it is."""
    parts = transformation.get("transformations", ())
    steady = transformation.get("type") in ("identity", "translation")
    return steady or (transformation.get("type") == "sequence" and all(map(_keeps_size, parts)))


def _unknown_units(axes: object, scale: tuple[float, ...] | None) -> tuple[str, ...]:
    """Return a note that quotes the units along axes of space that are no units of length.

    A scale of 1 in pixels is what writers put if the size is unknown.
    """
    listed = [axis for axis in axes if isinstance(axis, Mapping)] if isinstance(axes, list) else []
    units = [str(axis["unit"]) for axis in listed if axis.get("unit") and axis.get("type", "space") == "space"]
    unknown = dict.fromkeys(repr(unit) for unit in units if unit_name(unit) is None)
    if set(scale or (1.0,)) == {1.0} and unknown.keys() <= {"'unit'", "'pixel'", "'voxel'"}:
        return ()
    said = ", ".join(unknown)
    return (f"OME names the unit {said}, which is no known unit of length; see --unit",) if unknown else ()


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
        return Size(notes=level.notes)
    if len(level.scale) != len(axes.stored):
        return Size(notes=(_quoted(level), *level.notes))
    units = (*level.units, *[None] * len(level.scale))
    size = size_of(axes.pick(level.scale, 1.0), axes.pick(units, None), 3, level.why)
    if size.spacing is None and not any(math.isnan(n) for n in level.scale):
        return Size(notes=(_quoted(level), *level.notes))
    if size.unit is None and set(size.spacing or ()) == {1.0} and not level.notes:
        return Size()  # what writers put if the size is unknown
    return size._replace(notes=size.notes + level.notes)


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
    for each in transformations:
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
