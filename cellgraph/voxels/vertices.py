"""Find where three or more cells meet: vertices in an image, and lines along voxel edges in a volume.

Strategy
--------
1. The pixels around a pixel corner, and the voxels around a voxel edge, form a window of 2 x 2.  It belongs to the
   block that contains its highest voxel, so a halo of one on the low sides covers all of it.
2. Edges with the same set of cells that share an end form one line.  An end on the faces of a block may also be an end
   of edges of other blocks, so it is kept, and lines with a common end are joined when blocks are merged.
3. Lengths and positions are sums of integers, so every division into blocks gives the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]
Index = tuple[int, int, int]

MOST = 4
"""Maximum number of cells around a pixel corner or a voxel edge."""

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Vertices:
    """Vertices of a part of an image.

    Attributes
    ----------
    cells : numpy.ndarray of int64, shape (n, 4)
        Labels that meet, ascending; -1 after the last.
    edges : numpy.ndarray of int64, shape (n, 3)
        Number of voxel edges of a line along z, y and x; zero in a 2D image.
    places : numpy.ndarray of int64, shape (n, 3)
        Twice the sum of the positions (z, y, x) of its parts: midpoints of voxel edges, or pixel corners; voxel centres
        are at integers.
    ends : numpy.ndarray of int64, shape (k,)
        Ends of edges that other parts may share, as flat indices in the lattice of the whole volume.
    owners : numpy.ndarray of int64, shape (k,)
        The vertex of each end.
    """

    cells: Array
    edges: Array
    places: Array
    ends: Array
    owners: Array


def find_vertices(
    labels: Array, names: Array, block: tuple[Index, Index], halo: Index, shape: Index, *, flat: bool = False
) -> Vertices:
    """Return the vertices of a block.

    Parameters
    ----------
    labels : numpy.ndarray of int32, shape (nz, ny, nx)
        Ranks of the labels, 0 for the background; with a halo on the low sides.
    names : numpy.ndarray of int64
        The label of each rank, ascending after the first.
    block : tuple
        Start and stop of the block in the volume.
    halo : tuple of int
        0 or 1 along each axis.
    shape : tuple of int
        Shape of the volume.
    flat : bool
        Whether it is a 2D image, of one slice.
    """
    start, stop = block
    found = _meetings(labels, np.array(halo), flat)
    at, axis = found[:, :3] + (np.array(start) - np.array(halo)), found[:, 3]
    cells = np.where(found[:, 4:] > 0, names[found[:, 4:]], -1)
    along = np.zeros((len(at), 3), np.int64)
    if flat:
        return Vertices(cells, along, 2 * at - np.array([0, 1, 1]), _NONE, _NONE)
    along[np.arange(len(at)), axis] = 1
    lattice = np.array(shape) + 1
    tips = np.concatenate([at, at + along])
    ends = np.ravel_multi_index(tuple(tips.T), tuple(lattice))
    lines = _joined(cells, along, 2 * at - 1 + along, ends, np.tile(np.arange(len(at)), 2))
    at_ends = np.stack(np.unravel_index(lines.ends, lattice), axis=1)
    outer = ((at_ends == np.array(start)) | (at_ends == np.array(stop))).any(axis=1)
    return Vertices(lines.cells, lines.edges, lines.places, lines.ends[outer], lines.owners[outer])


def merge_vertices(parts: Sequence[Vertices]) -> Vertices:
    """Return the vertices of all parts together, sorted by cells and position."""
    counts = np.cumsum([0, *(len(part.cells) for part in parts)])
    owners = [part.owners + first for part, first in zip(parts, counts, strict=False)]
    cells, edges, places, ends = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("cells", "edges", "places", "ends")
    )
    whole = _joined(cells, edges, places, ends, np.concatenate(owners))
    order = np.lexsort((*whole.places.T[::-1], *whole.cells.T[::-1]))
    return Vertices(whole.cells[order], whole.edges[order], whole.places[order], _NONE, _NONE)


def _joined(cells: Array, edges: Array, places: Array, ends: Array, owners: Array) -> Vertices:
    """Join edges with the same cells and a common end."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(cells)
    order = np.lexsort((ends, *cells[owners].T))
    same = ends[order[1:]] == ends[order[:-1]]
    same &= (cells[owners[order[1:]]] == cells[owners[order[:-1]]]).all(axis=1)
    a, b = owners[order[1:]][same], owners[order[:-1]][same]
    count, whole = connected_components(coo_array((np.ones(len(a), bool), (a, b)), shape=(n, n)), directed=False)
    all_edges, all_places = np.zeros((count, 3), np.int64), np.zeros((count, 3), np.int64)
    np.add.at(all_edges, whole, edges)
    np.add.at(all_places, whole, places)
    first = np.empty((count, MOST), np.int64)
    first[whole] = cells
    return Vertices(first, all_edges, all_places, ends, whole[owners].astype(np.int64))


@njit(nogil=True, cache=True)
def _meetings(labels, halo, flat):  # type: ignore[no-untyped-def]
    """Find the 2 x 2 windows with three or four cells.

    Returns
    -------
    int64, shape (n, 8)
        z, y, x of the highest voxel, the axis normal to the window, and the ranks, ascending, then 0.
    """
    nz, ny, nx = labels.shape
    found = np.empty((1 << 10, 8), np.int64)
    n = 0
    around = np.empty(4, np.int64)
    for z in range(halo[0], nz):
        for y in range(halo[1], ny):
            for x in range(halo[2], nx):
                own = labels[z, y, x]
                for axis in range(1 if flat else 3):
                    if axis == 0:
                        if y == 0 or x == 0:
                            continue
                        b, c, d = labels[z, y - 1, x], labels[z, y, x - 1], labels[z, y - 1, x - 1]
                    elif axis == 1:
                        if z == 0 or x == 0:
                            continue
                        b, c, d = labels[z - 1, y, x], labels[z, y, x - 1], labels[z - 1, y, x - 1]
                    else:
                        if z == 0 or y == 0:
                            continue
                        b, c, d = labels[z - 1, y, x], labels[z, y - 1, x], labels[z - 1, y - 1, x]
                    if (own == b and (c in (d, own) or d == own)) or (own == c and d in (b, own)):
                        continue  # the usual case: within one cell, or between two
                    around[0], around[1], around[2], around[3] = own, b, c, d
                    around.sort()
                    cells = 0
                    for k in range(4):
                        if around[k] and (k == 0 or around[k] != around[k - 1]):
                            cells += 1
                    if cells < 3:
                        continue
                    if n == len(found):
                        found = np.concatenate((found, np.empty_like(found)))
                    found[n, 0], found[n, 1], found[n, 2], found[n, 3] = z, y, x, axis
                    cells = 0
                    for k in range(4):
                        found[n, 4 + k] = 0
                        if around[k] and (k == 0 or around[k] != around[k - 1]):
                            found[n, 4 + cells] = around[k]
                            cells += 1
                    n += 1
    return found[:n]
