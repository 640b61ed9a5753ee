"""A plane of a volume: one slice, or a projection along an axis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.errors import ParameterError
from cellgraph.volumes.scan import Scan

Array = np.ndarray[Any, Any]

_SLICE = re.compile(r"\s*([zyx])\s*=\s*(\d+)\s*")
_VOXELS_AT_ONCE = 2**26


@dataclass(frozen=True)
class Plane:
    """Labels of a plane.

    Attributes
    ----------
    labels : numpy.ndarray, shape (down, across)
    axes : tuple of str
        The vertical axis (down), and the horizontal one (across).
    spacing : tuple of float
        Size of a pixel along them, in the unit of the sample.
    what : str
        Which plane it is, such as ``z = 12``; empty for a 2D image.
    """

    labels: Array
    axes: tuple[str, str]
    spacing: tuple[float, float]
    what: str


def read_plane(scan: Scan, at: str | None = None, project: str | None = None) -> Plane:
    """Read a slice of a volume (by default the middle one along z), or a projection.

    Parameters
    ----------
    scan : Scan
    at : str, optional
        Axis and index, such as ``z=120``.
    project : str, optional
        An axis to project along: each line of voxels gives its first label that is not background.

    Raises
    ------
    ParameterError
        If there is no such slice or axis.
    """
    shape, ndim = scan.header.shape, scan.header.ndim
    sizes = dict(zip("zyx", shape, strict=True))
    steps = dict(zip("zyx", ((1.0,) * 3 + tuple(scan.spacing))[-3:], strict=True))
    if at is not None and project is not None:
        raise ParameterError("a slice (--slice) and a projection (--project) exclude each other; give only one.")
    if project is not None and project not in "zyx"[-ndim:]:
        known = ", ".join("zyx"[-ndim:])
        raise ParameterError(f"expected project (--project) to be one of the axes {known}, got {project!r}.")
    if ndim == 2:
        if at is not None or project is not None:
            raise ParameterError("the image is 2D, so there is no slice or projection to choose.")
        return Plane(scan.volume.read((0, 0, 0), shape)[0], ("y", "x"), (steps["y"], steps["x"]), "")
    axis, index = ("z", shape[0] // 2) if at is None else _place(at, sizes)
    axis = project or axis
    down, across = (name for name in "zyx" if name != axis)
    spacing = (steps[down], steps[across])
    number = "zyx".index(axis)
    if project is None:
        start, stop = [0, 0, 0], list(shape)
        start[number], stop[number] = index, index + 1
        labels = scan.volume.read(tuple(start), tuple(stop))  # type: ignore[arg-type]
        return Plane(np.squeeze(labels, number), (down, across), spacing, f"{axis} = {index}")
    seen = None
    step = max(1, _VOXELS_AT_ONCE * shape[number] // max(1, int(np.prod(shape))))
    background = scan.rules.background
    for first in range(0, shape[number], step):
        start, stop = [0, 0, 0], list(shape)
        start[number], stop[number] = first, min(first + step, shape[number])
        labels = scan.volume.read(tuple(start), tuple(stop))  # type: ignore[arg-type]
        cells = labels != (background if background is not None else -1)
        depth = np.expand_dims(cells.argmax(number), number)
        found = np.squeeze(np.take_along_axis(labels, depth, number), number)
        seen = found.copy() if seen is None else np.where(seen == background, found, seen)
    assert seen is not None
    return Plane(seen, (down, across), spacing, f"seen along {axis}")


def _place(at: str, sizes: dict[str, int]) -> tuple[str, int]:
    found = _SLICE.fullmatch(at)
    if found is None:
        raise ParameterError(f"expected slice (--slice) to be an axis and a number, such as z=120, got {at!r}.")
    axis, index = found[1], int(found[2])
    if index >= sizes[axis]:
        raise ParameterError(f"the volume has slices {axis}=0 to {axis}={sizes[axis] - 1}, but not {at.strip()}.")
    return axis, index
