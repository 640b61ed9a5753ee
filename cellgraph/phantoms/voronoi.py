"""Exact Voronoi cells of points on a voxel grid, computed block by block.

Strategy
--------
Along a row of voxels the squared distance to each point is a parabola of the same width, so the nearest
points are their lower envelope (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions,
2012): one pass over the points sorted by x with a stack.  The work is proportional to the points near the
row, not to its voxels.

Points lie on voxel centres and the voxel size is a ratio of whole numbers, so all squared distances are
integers and every comparison is exact; ties go to the lower label.  The labels are therefore the same for any division
into blocks.

Only points within a radius of a row are considered.  If every voxel of the row turns out to be nearer to its point than
that radius, no point outside can matter; otherwise the rows are done again with a larger radius.

Membranes: a voxel p of cell i is background where, for some other point j,
``|p - j|^2 - |p - i|^2 <= width * sum_k s_k^2 |i_k - j_k|`` (k over axes, s the voxel size, i_k and j_k in
voxels). That is a slab about the plane between i and j that no step to one of the 26 neighbours can cross (a standard
digital plane; width 1), so cells never touch, whatever the voxel size.  What is left of a cell is convex: one run per
row.

The kernels do no bounds checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from cellgraph.volumes.volume import Index

Array = np.ndarray[Any, Any]

_TILE = (8, 16)  # rows (z, y) that share one list of near points
_FAR = 1 << 60


@dataclass(frozen=True)
class Tessellation:
    """Points whose Voronoi cells are the cells; the label of a cell is the row number of its point, from 1.

    Attributes
    ----------
    shape : tuple of int
        Shape of the volume, (z, y, x).
    points : numpy.ndarray of int64, shape (n, 3)
        Distinct voxels (z, y, x), sorted by z.
    square : numpy.ndarray of int64, shape (3,)
        Squared voxel size (z, y, x), up to a common factor.
    radius : float
        First guess of how far a voxel is from its point, in units of the square root of `square`.
    """

    shape: Index
    points: Array
    square: Array
    radius: float

    def near(self, start: Index, stop: Index, radius: float) -> Array:
        """Return the points within `radius` of a block, sorted by x: int64 (m, 4), z, y, x from `start`, and label."""
        reach = np.floor(radius / np.sqrt(self.square)).astype(np.int64)
        low, high = np.array(start) - reach, np.array(stop) + reach
        first, last = np.searchsorted(self.points[:, 0], (low[0], high[0]))
        some = self.points[first:last]
        y, x = some[:, 1], some[:, 2]
        inside = np.flatnonzero((y >= low[1]) & (y < high[1]) & (x >= low[2]) & (x < high[2]))
        near = np.column_stack((some[inside] - start, inside + first + 1))
        return near[np.argsort(near[:, 2], kind="stable")]

    def labels(self, start: Index, stop: Index, width: int = 0, present: Array | None = None) -> Array:
        """Label the voxels of a block.

        Parameters
        ----------
        start, stop : tuple of int
            The block ``[start, stop)``, (z, y, x).
        width : int
            Thickness of the membranes in voxels; 0 for none.
        present : numpy.ndarray of bool, shape (n + 1,), optional
            Set to True for each label assigned to a voxel.

        Returns
        -------
        numpy.ndarray of uint32, C-contiguous (z, y, x)
        """
        if present is None:
            present = np.zeros(len(self.points) + 1, np.bool_)
        out = np.empty(tuple(b - a for a, b in zip(start, stop, strict=True)), np.uint32)
        usual = self.radius + width * float(np.sqrt(self.square.sum()))
        radius = 2 * usual
        while not _fill(self.near(start, stop, radius), self.square, usual, radius, width, out, present):
            radius *= 2
        return out

    def moments(self, start: Index, stop: Index, step: tuple[int, int]) -> tuple[Array, Array]:
        """Sum the voxels of each cell in every `step`-th row, (z, y), of a block.

        Returns
        -------
        rows : numpy.ndarray of int64, shape (m,)
            Row numbers in `points` of the nearby points.
        sums : numpy.ndarray of int64, shape (m, 4)
            Number of voxels, and the sums of their z, y and x.
        """
        size = tuple(b - a for a, b in zip(start, stop, strict=True))
        radius = 2 * self.radius
        while True:
            near = self.near(start, stop, radius)
            sums = np.zeros((len(near), 4), np.int64)
            if _sum(near, self.square, self.radius, radius, size, step, sums):
                break
            radius *= 2
        sums[:, 1:] += sums[:, :1] * np.array(start)
        return near[:, 3] - 1, sums


@njit(cache=True, nogil=True, error_model="numpy")
def _overtakes(xi: int, hi: int, i: int, xj: int, hj: int, j: int, weight: int) -> int:
    """Return the first x from which the point labelled j is nearer than the point labelled i, where xi <= xj."""
    if xi == xj:
        return -_FAR if hj < hi or (hj == hi and j < i) else _FAR
    above = weight * (xj * xj - xi * xi) + hj - hi
    below = 2 * weight * (xj - xi)
    x = above // below
    return x if j < i and x * below == above else x + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _near_tile(points: Array, square: Array, radius: float, start: Any, stop: Any) -> Array:
    """Return the indices of the points within `radius` of the rows [start, stop), (z, y)."""
    indices = np.empty(len(points), np.int64)
    n = 0
    for j in range(len(points)):
        dz = max(start[0] - points[j, 0], points[j, 0] - stop[0] + 1, 0)
        dy = max(start[1] - points[j, 1], points[j, 1] - stop[1] + 1, 0)
        if square[0] * dz * dz + square[1] * dy * dy <= radius * radius:
            indices[n] = j
            n += 1
    return indices[:n]


@njit(cache=True, nogil=True, error_model="numpy")
def _row_runs(
    z: int,
    y: int,
    size: int,
    points: Array,
    square: Array,
    radius: float,
    height: Array,
    owner: Array,
    first: Array,
) -> tuple[int, float]:
    """Cut the row (z, y, 0..size) into the runs of its nearest points.

    Parameters
    ----------
    points : int64 (m, 4), sorted by x
    height, owner, first : int64 (m,), (m,), (m + 1,)
        Out: squared distance of each point from the row (-1: beyond `radius`); index of the point of each
        run; first x of each run, and `size` after the last.

    Returns
    -------
    runs : int
    reached : float
        Largest distance of a voxel of the row from its point; infinite if no point is near.
    """
    runs = 0
    limit = radius * radius
    for j in range(len(points)):
        dz, dy = points[j, 0] - z, points[j, 1] - y
        h = square[0] * dz * dz + square[1] * dy * dy
        height[j] = h if h <= limit else -1
        if h > limit:
            continue
        begin = 0
        while runs > 0:
            i = owner[runs - 1]
            begin = _overtakes(points[i, 2], height[i], points[i, 3], points[j, 2], h, points[j, 3], square[2])
            if begin > first[runs - 1]:
                break
            runs -= 1
            begin = 0
        if begin < size:
            owner[runs] = j
            first[runs] = begin
            runs += 1
    first[runs] = size
    farthest = 0
    for k in range(runs):
        i = owner[k]
        before, after = first[k] - points[i, 2], first[k + 1] - 1 - points[i, 2]
        farthest = max(farthest, height[i] + square[2] * max(before * before, after * after))
    return runs, np.sqrt(farthest) if runs > 0 else np.inf


@njit(cache=True, nogil=True, error_model="numpy")
def _shrink(
    low: int,
    high: int,
    i: int,
    points: Array,
    square: Array,
    height: Array,
    near: int,
    reach: int,
    width: int,
) -> tuple[int, int, int]:
    """Remove the membranes from the run [low, high) of point i; `near` is the first point that may matter."""
    while points[near, 2] < low - reach:
        near += 1
    stop = high + reach
    j = near
    while j < len(points) and points[j, 2] < stop and low < high:
        if height[j] >= 0 and j != i:
            slab = 0
            for axis in range(3):
                slab += square[axis] * abs(points[j, axis] - points[i, axis])
            xi, xj = points[i, 2], points[j, 2]
            # x is inside the cell where x * below < above.
            above = square[2] * (xj * xj - xi * xi) + height[j] - height[i] - width * slab
            below = 2 * square[2] * (xj - xi)
            if below > 0 and (high - 1) * below >= above:
                high = -(-above // below)
            elif below < 0 and low * below >= above:
                low = -above // -below + 1
            elif below == 0 and above <= 0:
                high = low
        j += 1
    return low, max(low, high), near


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_tile(
    points: Array, square: Array, radius: float, width: int, start: Any, stop: Any, out: Array, present: Array
) -> bool:
    """Label the rows [start, stop), (z, y), of a block; return whether `radius` was large enough."""
    height = np.empty(len(points), np.int64)
    owner = np.empty(len(points), np.int64)
    first = np.empty(len(points) + 1, np.int64)
    slack = width * np.sqrt(float(square[0] + square[1] + square[2]))
    reach = int(radius / np.sqrt(square[2])) + 1
    size = out.shape[2]
    for z in range(start[0], stop[0]):
        for y in range(start[1], stop[1]):
            runs, reached = _row_runs(z, y, size, points, square, radius, height, owner, first)
            if reached + slack > radius:
                return False
            row = out[z, y]
            near = 0
            for k in range(runs):
                i = owner[k]
                low, high = first[k], first[k + 1]
                if width > 0:
                    row[low:high] = 0
                    low, high, near = _shrink(low, high, i, points, square, height, near, reach, width)
                if low < high:
                    row[low:high] = points[i, 3]
                    present[points[i, 3]] = True
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _fill(points: Array, square: Array, radius: float, largest: float, width: int, out: Array, present: Array) -> bool:
    """Label a block from the points within `largest` of it; return whether that was large enough."""
    for z in range(0, out.shape[0], _TILE[0]):
        for y in range(0, out.shape[1], _TILE[1]):
            start = (z, y)
            stop = (min(z + _TILE[0], out.shape[0]), min(y + _TILE[1], out.shape[1]))
            within = radius
            while True:
                near = points[_near_tile(points, square, within, start, stop)]
                if _fill_tile(near, square, within, width, start, stop, out, present):
                    break
                if within == largest:
                    return False
                within = min(1.25 * within, largest)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _sum_row(z: int, y: int, size: int, points: Array, square: Array, radius: float, near: Array, sums: Array) -> bool:
    """Add the voxels of a row to `sums`, at index `near` of each point; return whether `radius` was large enough."""
    height = np.empty(len(points), np.int64)
    owner = np.empty(len(points), np.int64)
    first = np.empty(len(points) + 1, np.int64)
    runs, reached = _row_runs(z, y, size, points, square, radius, height, owner, first)
    if reached > radius:
        return False
    for k in range(runs):
        i = near[owner[k]]
        low, high = first[k], first[k + 1]
        sums[i, 0] += high - low
        sums[i, 1] += (high - low) * z
        sums[i, 2] += (high - low) * y
        sums[i, 3] += (low + high - 1) * (high - low) // 2
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _sum(points: Array, square: Array, radius: float, largest: float, size: Any, step: Any, sums: Array) -> bool:
    """Add the voxels of every `step`-th row of a block to `sums`; return whether `largest` was large enough."""
    for z in range(step[0] // 2, size[0], step[0]):
        # The rows at this z share one list of the points that any of them may need.
        every = _near_tile(points, square, largest, (z, 0), (z + 1, size[1]))
        shared = points[every]
        for y in range(step[1] // 2, size[1], step[1]):
            within = radius
            while True:
                near = _near_tile(shared, square, within, (z, y), (z + 1, y + 1))
                if _sum_row(z, y, size[2], shared[near], square, within, every[near], sums):
                    break
                if within == largest:
                    return False
                within = min(1.25 * within, largest)
    return True
