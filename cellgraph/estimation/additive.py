"""Sums over cells or contacts that are also sums over voxels and faces, so that each block gives its own part."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellgraph.estimation.columns import Of
from cellgraph.estimation.expression import Expression
from cellgraph.voxels import kernels as k
from cellgraph.voxels.tally import Tally

Array = np.ndarray[Any, Any]

ADDITIVE: dict[Of, frozenset[str]] = {
    "cells": frozenset(
        {
            *("voxels", "volume", "junctions", "surface_area"),
            *("background_faces", "border_faces", "background_area", "border_area"),
        }
    ),
    "contacts": frozenset(
        ("junctions", "area", "junctions_z", "junctions_y", "junctions_x", "touching_edges", "touching_corners")
    ),
}


def adds_up(expression: Expression) -> bool:
    """Return whether an expression without a filter needs only such sums."""
    names = {column.name for column in expression.columns}
    return expression.kind in ("sum", "ratio") and names <= ADDITIVE[expression.of]


def sums(tally: Tally, spacing: Array, of: Of) -> dict[str, float]:
    """Return the part of each sum that lies in a block, as in `cellgraph.voxels.measures` for whole cells.

    Parameters
    ----------
    tally : Tally
        Of the block.
    spacing : numpy.ndarray of float64, shape (3,)
        Size of a voxel (z, y, x); 1 for z in 2D.
    of : str
        ``cells`` or ``contacts``.
    """
    voxel = float(np.prod(spacing))
    face = voxel / spacing
    counts = tally.counts.sum(axis=0)
    shared = counts[k.FACES_Z : k.FACES_X + 1]
    if of == "contacts":
        z, y, x, edges, corners = (float(count) for count in counts[: k.CORNERS + 1])
        return {
            "junctions": z + y + x,
            "area": float(shared @ face),
            "junctions_z": z,
            "junctions_y": y,
            "junctions_x": x,
            "touching_edges": edges,
            "touching_corners": corners,
        }
    cells = tally.cells.sum(axis=0)
    background = cells[k.BACKGROUND_Z : k.BACKGROUND_X + 1]
    border = cells[k.BORDER_Z : k.BORDER_X + 1]
    return {
        "voxels": float(cells[k.VOXELS]),
        "volume": float(cells[k.VOXELS] * voxel),
        "junctions": float(2 * shared.sum()),  # a face belongs to two cells
        "surface_area": float((2 * shared + background + border) @ face),
        "background_faces": float(background.sum()),
        "border_faces": float(border.sum()),
        "background_area": float(background @ face),
        "border_area": float(border @ face),
    }
