"""Check that there is enough memory for the cells of a volume."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellgraph.errors import InputError
from cellgraph.machine import free_memory
from cellgraph.voxels.kernels import CELL_WIDTH, PAIR_WIDTH

# Less than this is not checked.
_LARGE_BYTES = 256 << 20
# A cell of a few voxels has about three contacts; rows are kept, and sorted into a copy.
_BYTES_A_CELL = 2 * 8 * (CELL_WIDTH + 3 * (PAIR_WIDTH + 2))

_SMALL_VOXELS = 3


class TooManyCellsError(InputError):
    """There are more cells than fit in memory."""


def require_room(cells: int, size: int, voxels: np.ndarray[Any, Any]) -> None:
    """Make sure that cells and their contacts fit in memory.

    Parameters
    ----------
    cells : int
        Number of cells so far.
    size : int
        Additional bytes needed to process them.
    voxels : numpy.ndarray
        Number of voxels of each cell, for all or some of them.

    Raises
    ------
    TooManyCellsError
        If they do not fit.
    """
    if size < _LARGE_BYTES or size < (free := free_memory()):
        return
    small = len(voxels) > 0 and 2 * int((voxels <= _SMALL_VOXELS).sum()) > len(voxels)
    out = (
        f"most of them have 1 to {_SMALL_VOXELS} voxels, so this is probably not a label image: check which dataset "
        "is read, or segment it first"
        if small
        else "load a part of it, or use a machine or container with more memory"
    )
    raise TooManyCellsError(
        f"the volume has more cells than fit in memory: {cells:,} so far, and continuing takes about "
        f"{size / 1e9:.1f} GB more, but only {free / 1e9:.1f} GB are free; {out}"
    )


def require_room_for_block(ids: np.ndarray[Any, Any], cells: int) -> None:
    """Make sure that the cells of one block fit in memory, before they are measured.

    Parameters
    ----------
    ids : numpy.ndarray of int32
        The cell of each run of voxels.
    cells : int
        Number of cells.
    """
    size = cells * _BYTES_A_CELL
    if size >= _LARGE_BYTES:
        require_room(cells, size, np.bincount(ids[:100_000])[1:])
