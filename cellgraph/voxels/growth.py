"""Grow cells into the background, and find distances between cells: exact, Euclidean, anisotropic, within a limit.

Strategy
--------
1. Squared distances are separable: the nearest cell along z, then the smallest sum over neighbouring rows along y, then
   along x.  (Saito and Toriwaki, Pattern Recognition 27 (1994) 1551-1565.)  Each pass takes the smaller of (square,
   label), so of two cells at the same distance the smaller label wins, whatever is read around a voxel.
2. A voxel searches along an axis only as far as its nearest cell so far, and no farther than the limit; voxels of cells
   are skipped.  Small growth costs little.

Labels here are dense ids in label order; 0 is the background.  There are no bounds checks; the caller must ensure valid
input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]


@njit(nogil=True, cache=True)
def paint(ends, ids, rows, shape):  # type: ignore[no-untyped-def]
    """Return the id of each voxel; see `runs.Runs`."""
    out = np.empty(shape, np.int32)
    for z in range(shape[0]):
        for y in range(shape[1]):
            start = 0
            row = z * shape[1] + y
            for run in range(rows[row], rows[row + 1]):
                for x in range(start, ends[run]):
                    out[z, y, x] = ids[run]
                start = ends[run]
    return out


@njit(nogil=True, cache=True)
def _along_z(labels, only, step, reach, squares, nearest):  # type: ignore[no-untyped-def]
    """Find the nearest cell along z of each voxel; with `only`, the nearest voxel of that cell."""
    nz, ny, nx = labels.shape
    far = squares.dtype.type(1 << 60)
    count = np.full((ny, nx), nz + reach + 1, np.int32)
    label = np.zeros((ny, nx), np.int32)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                own = labels[z, y, x]
                if (own == only) if only else (own != 0):
                    count[y, x] = 0
                    label[y, x] = own
                else:
                    count[y, x] += 1
                squares[z, y, x] = count[y, x]
                nearest[z, y, x] = label[y, x]
    count[:] = nz + reach + 1
    label[:] = 0
    for z in range(nz - 1, -1, -1):
        for y in range(ny):
            for x in range(nx):
                own = labels[z, y, x]
                if (own == only) if only else (own != 0):
                    count[y, x] = 0
                    label[y, x] = own
                else:
                    count[y, x] += 1
                steps = np.int64(squares[z, y, x])
                if count[y, x] < steps or (count[y, x] == steps and label[y, x] < nearest[z, y, x]):
                    steps = count[y, x]
                    nearest[z, y, x] = label[y, x]
                if steps > reach:
                    squares[z, y, x] = far
                    nearest[z, y, x] = 0
                else:
                    squares[z, y, x] = steps * step * (steps * step)


@njit(nogil=True, cache=True)
def _along_row(squares, nearest, stride, start, stop, place, step, reach):  # type: ignore[no-untyped-def]
    """Return the smallest (square, label) of a position and its neighbours along an axis of flat arrays."""
    best, label = squares[place], nearest[place]
    for k in range(1, reach + 1):
        square = k * step * (k * step)
        if square > best:
            break
        if place - k * stride >= start:
            other = squares[place - k * stride] + square
            if other < best or (other == best and nearest[place - k * stride] < label):
                best, label = other, nearest[place - k * stride]
        if place + k * stride < stop:
            other = squares[place + k * stride] + square
            if other < best or (other == best and nearest[place + k * stride] < label):
                best, label = other, nearest[place + k * stride]
    return best, label


@njit(nogil=True, cache=True)
def grow(labels, steps, limit, reach):  # type: ignore[no-untyped-def]
    """Give each background voxel the label of the nearest cell within the limit, in place.

    Parameters
    ----------
    labels : int32, shape (nz, ny, nx)
        Modified in place.
    steps : int64 or float64, shape (3,)
        See `Metric`.
    limit : of the type of `steps`
        Largest squared distance.
    reach : tuple of int
        Number of voxels along each axis within the limit.
    """
    nz, ny, nx = labels.shape
    squares = np.empty(labels.shape, steps.dtype)
    nearest = np.empty(labels.shape, np.int32)
    _along_z(labels, 0, steps[0], reach[0], squares, nearest)
    for z in range(nz):
        plane, ids = squares[z].copy().ravel(), nearest[z].copy().ravel()
        row, row_ids = np.empty(nx, steps.dtype), np.empty(nx, np.int32)
        for y in range(ny):
            for x in range(nx):
                place = y * nx + x
                if labels[z, y, x]:
                    row[x], row_ids[x] = 0, labels[z, y, x]
                else:
                    row[x], row_ids[x] = _along_row(plane, ids, nx, 0, ny * nx, place, steps[1], reach[1])
            for x in range(nx):
                if not labels[z, y, x]:
                    best, label = _along_row(row, row_ids, 1, 0, nx, x, steps[2], reach[2])
                    if best <= limit:
                        labels[z, y, x] = label


@njit(nogil=True, cache=True)
def _is_inner(labels, z, y, x):  # type: ignore[no-untyped-def]
    """Tell whether all six neighbours are of the same cell, so that one of them is nearer to anything outside."""
    nz, ny, nx = labels.shape
    if not (0 < x < nx - 1 and 0 < y < ny - 1 and 0 < z < nz - 1):
        return False
    own = labels[z, y, x]
    if labels[z, y, x - 1] != own or labels[z, y, x + 1] != own:
        return False
    if labels[z, y - 1, x] != own or labels[z, y + 1, x] != own:
        return False
    return labels[z - 1, y, x] == own and labels[z + 1, y, x] == own


@njit(nogil=True, cache=True)
def gaps(labels, start, stop, count, steps, limit, reach):  # type: ignore[no-untyped-def]
    """Find the smallest squared distance of each pair of cells, from core voxels of the one with the smaller id.

    Parameters
    ----------
    labels : int32, shape (nz, ny, nx)
        With `reach` voxels around the core, within the volume.
    start, stop : tuple of int
        The core in it.
    count : int
        Number of ids, including the background.
    steps, limit, reach
        As in `grow`.

    Returns
    -------
    pairs : int64, shape (n, 2)
        Smaller and larger id.
    squares : as `steps`, shape (n,)
    """
    nz, ny, nx = labels.shape
    low = np.full((count, 3), 1 << 30, np.int64)
    high = np.full((count, 3), -1, np.int64)
    for z in range(start[0], stop[0]):
        for y in range(start[1], stop[1]):
            for x in range(start[2], stop[2]):
                label = labels[z, y, x]
                if label:
                    low[label, 0], high[label, 0] = min(low[label, 0], z), max(high[label, 0], z)
                    low[label, 1], high[label, 1] = min(low[label, 1], y), max(high[label, 1], y)
                    low[label, 2], high[label, 2] = min(low[label, 2], x), max(high[label, 2], x)
    far = steps.dtype.type(1 << 60)
    best = np.full(count, far, steps.dtype)
    seen = np.empty(count, np.int64)
    pairs, found = np.empty((1 << 10, 2), np.int64), np.empty(1 << 10, steps.dtype)
    n = 0
    for label in range(1, count):
        if high[label, 0] < 0:
            continue
        z0, z1 = max(low[label, 0] - reach[0], 0), min(high[label, 0] + reach[0] + 1, nz)
        y0, y1 = max(low[label, 1] - reach[1], 0), min(high[label, 1] + reach[1] + 1, ny)
        x0, x1 = max(low[label, 2] - reach[2], 0), min(high[label, 2] + reach[2] + 1, nx)
        a, b = low[label], high[label]
        own = labels[a[0] : b[0] + 1, y0:y1, x0:x1]
        # Only voxels in the core count for this cell: each of its voxels is in exactly one core.
        width = x1 - x0
        row, ids = np.empty(width, steps.dtype), np.zeros(width, np.int32)
        inside = np.zeros((z1 - z0, b[1] - a[1] + 1, width), np.int32)
        for z in range(a[0], b[0] + 1):
            for y in range(a[1], b[1] + 1):
                for x in range(a[2], b[2] + 1):
                    if own[z - a[0], y - y0, x - x0] == label:
                        inside[z - z0, y - a[1], x - x0] = label
        squares, nearest = np.empty(inside.shape, steps.dtype), np.empty(inside.shape, np.int32)
        _along_z(inside, label, steps[0], reach[0], squares, nearest)
        touched = 0
        for z in range(z0, z1):
            plane = squares[z - z0]
            for y in range(y0, y1):
                others = False
                for x in range(x0, x1):
                    others = others or labels[z, y, x] > label
                if not others:
                    continue
                for x in range(width):
                    row[x] = far
                for own_y in range(a[1], b[1] + 1):
                    away = abs(y - own_y) * steps[1]
                    square = away * away
                    if square <= limit:
                        for x in range(a[2] - x0, b[2] - x0 + 1):
                            row[x] = min(row[x], plane[own_y - a[1], x] + square)
                for x in range(x0, x1):
                    other = labels[z, y, x]
                    if other <= label or _is_inner(labels, z, y, x):
                        continue
                    square, _ = _along_row(row, ids, 1, 0, width, x - x0, steps[2], reach[2])
                    if square <= limit:
                        if best[other] == far:
                            seen[touched] = other
                            touched += 1
                        best[other] = min(best[other], square)
        for k in range(touched):
            if n == len(pairs):
                pairs = np.concatenate((pairs, np.empty_like(pairs)))
                found = np.concatenate((found, np.empty_like(found)))
            pairs[n, 0], pairs[n, 1], found[n] = label, seen[k], best[seen[k]]
            best[seen[k]] = far
            n += 1
    return pairs[:n], found[:n]
