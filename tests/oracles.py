"""What a sweep must find, by loops over every voxel that a person can follow. Slow: for small arrays only.

Labels are arrays (z, y, x) or (y, x) of any integer type; numbers come back as Python's own, so nothing wraps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import prod, sqrt
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Voxel = tuple[int, int, int]

OFFSETS = [offset for offset in product((-1, 0, 1), repeat=3) if offset > (0, 0, 0)]
"""Half of the 26 neighbours of a voxel: each pair of voxels is met once."""

SHARED = {4: 1, 6: 1, 8: 2, 18: 2, 26: 3}
"""Along how many axes neighbours may differ, by connectivity."""


@dataclass
class Contact:
    """How two cells touch: faces with normal z, y, x; voxel pairs that meet in an edge only, in a corner only."""

    faces: list[int] = field(default_factory=lambda: [0, 0, 0])
    edges: int = 0
    corners: int = 0


@dataclass
class Cell:
    """A cell: its voxels, and its faces with normal z, y, x to other cells, the background and the border."""

    voxels: list[Voxel] = field(default_factory=list)
    shared: list[int] = field(default_factory=lambda: [0, 0, 0])
    background: list[int] = field(default_factory=lambda: [0, 0, 0])
    border: list[int] = field(default_factory=lambda: [0, 0, 0])


def contacts(labels: Array, background: int | None = 0, connectivity: int = 6) -> dict[tuple[int, int], Contact]:
    """Return how each pair of cells touches, the smaller label first, by visiting all neighbours of all voxels."""
    volume = _volume(labels)
    found: dict[tuple[int, int], Contact] = defaultdict(Contact)
    for voxel, offset in product(volume, OFFSETS):
        other = (voxel[0] + offset[0], voxel[1] + offset[1], voxel[2] + offset[2])
        differing = sum(step != 0 for step in offset)
        if other not in volume or differing > SHARED[connectivity]:
            continue
        a, b = sorted((volume[voxel], volume[other]))
        if a == b or background in (a, b):
            continue
        contact = found[a, b]
        if differing == 1:
            contact.faces[[abs(step) for step in offset].index(1)] += 1
        elif differing == 2 and labels.ndim == 3:
            contact.edges += 1
        else:  # in 2D pixels that differ along both axes meet in a corner
            contact.corners += 1
    return dict(found)


def cells(labels: Array, background: int | None = 0) -> dict[int, Cell]:
    """Return the voxels of each cell and what its faces look at, by visiting the six faces of all voxels."""
    volume = _volume(labels)
    found: dict[int, Cell] = defaultdict(Cell)
    for voxel, label in volume.items():
        if label == background:
            continue
        cell = found[label]
        cell.voxels.append(voxel)
        for axis, step in product(range(3 - labels.ndim, 3), (-1, 1)):
            other = tuple(n + step * (i == axis) for i, n in enumerate(voxel))
            if other not in volume:
                cell.border[axis] += 1
            elif volume[other] == background:
                cell.background[axis] += 1
            elif volume[other] != label:
                cell.shared[axis] += 1
    return dict(found)


def sites(labels: Array, background: int | None = 0) -> dict[tuple[int, int], int]:
    """Return into how many patches the faces of each pair fall, by joining faces that have an edge in common.

    Places are doubled, so that voxels, faces and edges all have whole ones: voxel (z, y, x) is at (2z, 2y, 2x), its
    faces one step from it along one axis, and the edges of these one step further along another.
    """
    volume = _volume(labels)
    patch: dict[tuple[Voxel, tuple[int, int]], int] = {}
    around: dict[tuple[Voxel, tuple[int, int]], list[Voxel]] = defaultdict(list)
    for voxel, axis in product(volume, range(3)):
        other = _step(voxel, axis, 1)
        pair = (min(volume[voxel], volume.get(other, 0)), max(volume[voxel], volume.get(other, 0)))
        if other not in volume or pair[0] == pair[1] or background in pair:
            continue
        z, y, x = voxel
        face = _step((2 * z, 2 * y, 2 * x), axis, 1)
        patch[face, pair] = len(patch)
        for along, step in product({0, 1, 2} - {axis}, (-1, 1)):
            around[_step(face, along, step), pair].append(face)
    for (_, pair), faces in around.items():
        joined = {patch[face, pair] for face in faces}
        for face in patch:
            if patch[face] in joined:
                patch[face] = min(joined)
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    for (_, pair), number in patch.items():
        found[pair].add(number)
    return {pair: len(numbers) for pair, numbers in found.items()}


def _step(place: Voxel, axis: int, step: int) -> Voxel:
    """Return the place some steps away along an axis."""
    z, y, x = (n + step * (k == axis) for k, n in enumerate(place))
    return z, y, x


def contact_rows(
    labels: Array, background: int | None, spacing: tuple[float, ...], connectivity: int
) -> list[dict[str, Any]]:
    """Return the contacts table."""
    face = face_areas(spacing)
    found = sites(labels, background)
    return [
        {
            "cell_a": a,
            "cell_b": b,
            "junctions": sum(contact.faces),
            "area": _dot(contact.faces, face),
            "junctions_z": contact.faces[0],
            "junctions_y": contact.faces[1],
            "junctions_x": contact.faces[2],
            "touching_edges": contact.edges,
            "touching_corners": contact.corners,
            "sites": found.get((a, b), 0),
        }
        for (a, b), contact in sorted(contacts(labels, background, connectivity).items())
    ]


def cell_rows(
    labels: Array, background: int | None, spacing: tuple[float, ...], connectivity: int
) -> list[dict[str, Any]]:
    """Return the cells table, without the directions of the axes."""
    face = face_areas(spacing)
    size = (1.0,) * (3 - labels.ndim) + tuple(spacing)
    pairs = contacts(labels, background, connectivity)
    rows = []
    for label, cell in sorted(cells(labels, background).items()):
        indices = list(zip(*cell.voxels, strict=True))
        row: dict[str, Any] = {
            "label": label,
            "voxels": len(cell.voxels),
            "volume": len(cell.voxels) * prod(spacing),
            "degree": sum(label in pair for pair in pairs),
            "junctions": sum(cell.shared),
            "surface_area": _dot(cell.shared, face) + _dot(cell.background, face) + _dot(cell.border, face),
            "background_faces": sum(cell.background),
            "border_faces": sum(cell.border),
            "background_area": _dot(cell.background, face),
            "border_area": _dot(cell.border, face),
            "on_border": sum(cell.border) > 0,
        }
        for axis, name in enumerate("zyx"):
            row[name] = sum(indices[axis]) / len(cell.voxels) * size[axis]
            row[f"{name}_start"] = min(indices[axis])
            row[f"{name}_stop"] = max(indices[axis]) + 1
        rows.append(row | shape(cell.voxels, spacing))
    return rows


def shape(voxels: list[Voxel], spacing: tuple[float, ...]) -> dict[str, float | None]:
    """Return the full axes of the ellipsoid (2D: ellipse) with the same second moments, and what follows."""
    ndim = len(spacing)
    values = sorted(np.linalg.eigvalsh(covariance(voxels, spacing)), reverse=True)
    # Rounding leaves about 1e-16 of the largest where nothing is.
    values = [float(value) if value > 1e-12 * values[0] else 0.0 for value in values]
    extents = [2 * sqrt(5 * value) if ndim == 3 else 4 * sqrt(value) for value in values]
    longest, shortest = extents[0], extents[-1]
    round_ = longest - shortest <= 1e-6 * longest
    return {
        "length": longest,
        "width": extents[1],
        "height": extents[2] if ndim == 3 else None,
        "stretch": (longest - shortest) / longest if longest else None,
        "oblateness": None if ndim == 2 or round_ else 2 * (extents[1] - shortest) / (longest - shortest) - 1,
    }


def covariance(voxels: list[Voxel], spacing: tuple[float, ...]) -> Array:
    """Return the population covariance of voxel centres in physical units, shape (3, 3) or (2, 2)."""
    ndim = len(spacing)
    points = np.array([voxel[3 - ndim :] for voxel in voxels]) * np.array(spacing)
    centred = points - points.mean(axis=0)
    return np.asarray(centred.T @ centred / len(points))


def face_areas(spacing: tuple[float, ...]) -> tuple[float, float, float]:
    """Return the area of a voxel face with normal z, y, x (2D: the length of a pixel edge; none has normal z)."""
    if len(spacing) == 2:
        return (0.0, spacing[1], spacing[0])
    z, y, x = spacing
    return (y * x, z * x, z * y)


def _volume(labels: Array) -> dict[Voxel, int]:
    """Return the label of each voxel."""
    array = labels if labels.ndim == 3 else labels[np.newaxis]
    return {(z, y, x): int(array[z, y, x]) for z, y, x in _indices(array.shape)}


def _indices(extent: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return product(*(range(n) for n in extent))


def _dot(counts: list[int], areas: tuple[float, float, float]) -> float:
    return sum(count * area for count, area in zip(counts, areas, strict=True))
