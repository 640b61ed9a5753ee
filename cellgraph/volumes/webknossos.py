"""WEBKNOSSOS datasets: ``datasource-properties.json`` gives the layers, axis order and voxel size."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cellgraph.errors import FormatError, ParameterError
from cellgraph.volumes.multiscales import Level
from cellgraph.volumes.objects import Objects
from cellgraph.volumes.units import unit_name
from cellgraph.volumes.volume import Index

WEBKNOSSOS = "datasource-properties.json"

# How deep magnifications lie in a dataset: in the folder of their layer.
_LAYERS_BELOW = 2


def dataset_above(path: Path) -> Path | None:
    """Return the folder of the dataset that a folder of a layer or of a magnification is in."""
    with suppress(OSError, ValueError):
        above = path.resolve().parents[:_LAYERS_BELOW]
        return next((folder for folder in above if os.path.isfile(folder / WEBKNOSSOS)), None)
    return None


def is_layer(path: Path, _: bytes = b"") -> bool:
    """Tell whether a folder is that of a layer, whose arrays are stored as Zarr."""
    if not path.is_dir() or dataset_above(path) is None:
        return False
    return any((inner / name).is_file() for inner in path.iterdir() for name in (".zarray", "zarr.json"))


def _layers(objects: Objects, source: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    data = objects.get(WEBKNOSSOS)
    if data is None:
        return {}, []
    try:
        properties = json.loads(data)
        return properties, [layer for layer in properties["dataLayers"] if isinstance(layer, dict)]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{source}: {WEBKNOSSOS} is damaged: {error!r}") from error


def segmentation_layer(objects: Objects, source: str) -> str | None:
    """Return the path of the finest array of the only segmentation; None if this is not a WEBKNOSSOS dataset."""
    _, layers = _layers(objects, source)
    found = [layer for layer in layers if layer.get("category") == "segmentation"]
    if not layers:
        return None
    if len(found) != 1:
        names = ", ".join(str(layer.get("name")) for layer in found or layers)
        raise ParameterError(f"{source}: expected one segmentation layer, but came {names}; choose with --dataset NAME")
    if str(found[0].get("dataFormat", "")).startswith("wkw"):
        raise FormatError(f"{source}: the layer {found[0].get('name')!r} is stored as wkw; convert it to Zarr")
    return _finest(found[0])


def finest_of(objects: Objects, name: str, source: str) -> str | None:
    """Return the path of the finest array of a layer; None where there is no layer of that name."""
    return next((_finest(layer) for layer in _layers(objects, source)[1] if layer.get("name") == name), None)


def _finest(layer: Mapping[str, Any]) -> str | None:
    mags = sorted(layer.get("mags", ()), key=lambda mag: _factors(mag))
    return _path(layer, mags[0]) if mags else None


def webknossos_level(objects: Objects, path: str, ndim: int, source: str) -> Level | None:
    """Return the axes and voxel size of an array from the properties of the dataset."""
    properties, layers = _layers(objects, source)
    for layer in layers:
        for mag in layer.get("mags", ()):
            if _path(layer, mag) != path or ndim not in (3, 4):
                continue
            order = mag.get("axisOrder")
            order = order if isinstance(order, Mapping) else {n: i for i, n in enumerate("cxyz"[4 - ndim :])}
            names = [""] * ndim
            for name, axis in order.items():
                if isinstance(axis, int) and 0 <= axis < ndim:
                    names[axis] = str(name)
            scale = properties.get("scale")
            factor = scale.get("factor") if isinstance(scale, Mapping) else scale
            unit = unit_name(scale.get("unit", "nanometer") if isinstance(scale, Mapping) else "nanometer")
            box = _box(layer.get("boundingBox"), _factors(mag))
            if not isinstance(factor, list) or len(factor) != 3:
                return Level(path, tuple(names), None, (), WEBKNOSSOS, box)
            size = {axis: float(f) * m for axis, f, m in zip("xyz", factor, _factors(mag), strict=True)}
            return Level(path, tuple(names), tuple(size.get(n, 1.0) for n in names), (unit,) * ndim, WEBKNOSSOS, box)
    return None


def _box(box: object, factors: list[int]) -> tuple[Index, Index] | None:
    """Return the corners of the image in an array downsampled by factors (x, y, z)."""
    try:
        low = [int(n) for n in box["topLeft"]]  # type: ignore[index]
        high = [n + int(box[key]) for n, key in zip(low, ("width", "height", "depth"), strict=True)]  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None
    (x, y, z), (a, b, c) = (
        [n // f for n, f in zip(low, factors, strict=True)],
        [-(-n // f) for n, f in zip(high, factors, strict=True)],
    )
    return (z, y, x), (c, b, a)


def _path(layer: Mapping[str, Any], mag: Mapping[str, Any]) -> str:
    numbers = _factors(mag)
    name = str(numbers[0]) if len(set(numbers)) == 1 else "-".join(map(str, numbers))
    path = str(mag.get("path", f"{layer.get('name')}/{name}")).strip("/")
    return path.removeprefix("./")


def _factors(mag: Mapping[str, Any]) -> list[int]:
    value = mag.get("mag", [1, 1, 1])
    return [int(v) for v in value] if isinstance(value, list) and len(value) == 3 else [1, 1, 1]
