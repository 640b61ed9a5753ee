"""Compute cells and contacts from the runs of a block; none of these kernels depends on the dtype of the labels.

Strategy
--------
1. Labels become dense local ids, once per run; id 0 is the background.  All tables are only as large as the contents of
   one block, so they stay in cache.
2. Volume, moments and bounding box of a run have closed forms.  What is constant in a slice is added once per slice and
   label, not once per run.
3. Faces along x are the boundaries of runs; faces along y and z are overlaps of a row's runs with those of the previous
   row and of the same row in the previous slice: a merge of two sorted lists.
4. Background is id 0 in the pairs too, so the inner loops need no special case for it.
5. Unequal neighbours are first recorded and later counted, some thousands at a time: both loops are then free of
   unpredictable branches, and of numba's overhead for arrays that are replaced when they grow.

All sums are int64 and relative to the volume's origin.  Sums beyond 2**63 wrap around, which is harmless: central
moments are computed from them in the same arithmetic (see `measures`), and addition modulo 2**64 is exact.

There are no bounds checks; the caller must ensure valid input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]

# Columns of the table of cells.
VOXELS, Z, Y, X, ZZ, YY, XX, ZY, ZX, YX = range(10)
Z_MIN, Y_MIN, X_MIN, Z_MAX, Y_MAX, X_MAX = range(10, 16)
BACKGROUND_Z, BACKGROUND_Y, BACKGROUND_X, BORDER_Z, BORDER_Y, BORDER_X = range(16, 22)
CELL_WIDTH = 22
FAR = np.iinfo(np.int64).max

# Columns of the table of pairs, after the two ids.
FACES_Z, FACES_Y, FACES_X, EDGES, CORNERS, SITES, EXPANDED, EXPANDED_BESIDE = range(8)
PAIR_WIDTH = 8
COUNTED = 5
"""How many of these columns `contacts` counts; `patches` finds the sites, and `expansion` the faces (and edges and
corners) of grown cells."""


def passes_of(connectivity: int) -> Array:
    """List the pairs of rows that `contacts` overlays: i = (z, y + i_y) and j = (z + j_z, y + j_y), shifted along x.

    Each pair of neighbouring voxels is visited once, in the block that contains the upper corner of the box around the
    two; so a halo of one voxel on the low sides is enough for all connectivities.

    Parameters
    ----------
    connectivity : {6, 18, 26, 4, 8}

    Returns
    -------
    numpy.ndarray of int64, shape (n, 6)
        i_y, j_z, j_y, then how far ahead i and j are read along x, then the table column that counts them.
    """
    along_y, along_z = (0, 0, -1), (0, -1, 0)
    across = [(0, -1, -1), (-1, -1, 0)]
    shifts = [(1, 0), (0, 1)]
    faces = [(*along_y, 0, 0, 1 + FACES_Y)]
    if connectivity == 8:
        faces += [(*along_y, *shift, 1 + CORNERS) for shift in shifts]
    if connectivity >= 6 and connectivity != 8:
        faces += [(*along_z, 0, 0, 1 + FACES_Z)]
    if connectivity in (18, 26):
        faces += [(*rows, *shift, 1 + EDGES) for rows in (along_y, along_z) for shift in shifts]
        faces += [(*rows, 0, 0, 1 + EDGES) for rows in across]
    if connectivity == 26:
        faces += [(*rows, *shift, 1 + CORNERS) for rows in across for shift in shifts]
    return np.array(faces, np.int64)


_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Fibonacci hashing (Knuth, TAOCP 3, 6.4)


@njit(nogil=True, cache=True)
def _names(table, count, background):  # type: ignore[no-untyped-def]
    names = np.zeros(count, np.int64)
    names[0] = background
    for k in range(len(table)):
        if table[k, 1]:
            names[table[k, 1]] = table[k, 0]
    return names


@njit(nogil=True, cache=True)
def number_labels(labels, has_background, background, ids):  # type: ignore[no-untyped-def]
    """Give each label a dense id starting at 1, in order of appearance; background is 0.

    Parameters
    ----------
    labels : int64, shape (n,)
    ids : int32, shape (n,), output

    Returns
    -------
    names : int64, shape (count,)
        Label of each id, with that of the background at 0.
    wrong : int
        The first run whose label is negative and not background, or -1.
    """
    bits = 10
    shift = np.uint64(64 - bits)
    table = np.zeros((1 << bits, 2), np.int64)  # label, id; id 0 is a free slot
    count = 1
    for run in range(len(labels)):
        label = labels[run]
        if has_background and label == background:
            ids[run] = 0
            continue
        place = np.int64((np.uint64(label) * _MULTIPLIER) >> shift)
        while table[place, 0] != label and table[place, 1] != 0:
            place = (place + 1) & (len(table) - 1)
        if table[place, 1] == 0:
            if label < 0:
                return _names(table, count, background), run
            table[place, 0] = label
            table[place, 1] = count
            ids[run] = count
            count += 1
            if 4 * count > len(table):
                bits += 2
                shift = np.uint64(64 - bits)
                smaller, table = table, np.zeros((1 << bits, 2), np.int64)
                for k in range(len(smaller)):
                    if smaller[k, 1]:
                        place = np.int64((np.uint64(smaller[k, 0]) * _MULTIPLIER) >> shift)
                        while table[place, 1] != 0:
                            place = (place + 1) & (len(table) - 1)
                        table[place, 0] = smaller[k, 0]
                        table[place, 1] = smaller[k, 1]
        else:
            ids[run] = table[place, 1]
    return _names(table, count, background), -1


@njit(nogil=True, cache=True)
def no_cells(count):  # type: ignore[no-untyped-def]
    """Return the initial sums of `count` cells without voxels."""
    cells = np.zeros((count, CELL_WIDTH), np.int64)
    for cell in range(count):
        for axis in range(3):
            cells[cell, Z_MIN + axis] = FAR
            cells[cell, Z_MAX + axis] = -1
    return cells


@njit(nogil=True, cache=True)
def measure(ends, ids, rows, shape, halo, origin, border, count):  # type: ignore[no-untyped-def]
    """Sum up the cells of a block: voxels, moments, bounding boxes, faces on the border of the volume.

    Parameters
    ----------
    ends, ids, rows, shape
        The runs, see `runs.Runs`.
    halo : (3,) int
        Number of planes (0 or 1) on the low side of each axis that belong to another block.
    origin : (3,) int
        Index in the volume of the first voxel of the block, including the halo.
    border : (3, 2) int
        1 if the block is at the low, high border of the volume.
    count : int
        Number of ids, including the background.

    Returns
    -------
    int64, shape (count, CELL_WIDTH)
    """
    nz, ny, nx = shape
    cells = no_cells(count)
    sum_x = np.zeros(nx + 1, np.int64)
    sum_xx = np.zeros(nx + 1, np.int64)
    for x in range(nx):
        sum_x[x + 1] = sum_x[x] + origin[2] + x
        sum_xx[x + 1] = sum_xx[x] + (origin[2] + x) ** 2
    # One slice: voxels, x, xx, y, yy, yx, x_min, x_max, y_min, y_max of each id, zeros if it has no voxel.
    plane = np.zeros((count, 10), np.int64)
    seen = np.empty(count, np.int64)
    for z in range(halo[0], nz):
        seen_count = 0
        for y in range(halo[1], ny):
            row = z * ny + y
            global_y = origin[1] + y
            start = halo[2]
            first = rows[row]
            while ends[first] <= start:
                first += 1
            for run in range(first, rows[row + 1]):
                end = ends[run]
                cell = ids[run]
                n = np.int64(end - start)
                sx = sum_x[end] - sum_x[start]
                sums = plane[cell]
                if sums[0] == 0:
                    seen[seen_count] = cell
                    seen_count += 1
                    sums[6] = start
                    sums[7] = end
                    sums[8] = y
                sums[0] += n
                sums[1] += sx
                sums[2] += sum_xx[end] - sum_xx[start]
                sums[3] += n * global_y
                sums[4] += n * global_y * global_y
                sums[5] += sx * global_y
                sums[6] = min(sums[6], start)
                sums[7] = max(sums[7], end)
                sums[9] = y
                start = end
            if border[2, 0]:
                cells[ids[first], BORDER_X] += 1
            if border[2, 1]:
                cells[ids[rows[row + 1] - 1], BORDER_X] += 1
            faces = (border[1, 0] if y == halo[1] else 0) + (border[1, 1] if y == ny - 1 else 0)
            if faces:
                start = halo[2]
                for run in range(first, rows[row + 1]):
                    cells[ids[run], BORDER_Y] += faces * (ends[run] - start)
                    start = ends[run]
        global_z = origin[0] + z
        faces = (border[0, 0] if z == halo[0] else 0) + (border[0, 1] if z == nz - 1 else 0)
        for k in range(seen_count):
            cell = seen[k]
            sums = plane[cell]
            total = cells[cell]
            n = sums[0]
            total[VOXELS] += n
            total[Z] += n * global_z
            total[Y] += sums[3]
            total[X] += sums[1]
            total[ZZ] += n * global_z * global_z
            total[YY] += sums[4]
            total[XX] += sums[2]
            total[ZY] += global_z * sums[3]
            total[ZX] += global_z * sums[1]
            total[YX] += sums[5]
            total[Z_MIN] = min(total[Z_MIN], global_z)
            total[Y_MIN] = min(total[Y_MIN], origin[1] + sums[8])
            total[X_MIN] = min(total[X_MIN], origin[2] + sums[6])
            total[Z_MAX] = max(total[Z_MAX], global_z)
            total[Y_MAX] = max(total[Y_MAX], origin[1] + sums[9])
            total[X_MAX] = max(total[X_MAX], origin[2] + sums[7] - 1)
            total[BORDER_Z] += faces * n
            for column in range(10):
                sums[column] = 0
    return cells


@njit(nogil=True, cache=True)
def _count(table, shift, keys, columns, lengths, found):  # type: ignore[no-untyped-def]
    """Add what was found to the table, which has enough room; return the number of new keys."""
    mask = len(table) - 1
    new = 0
    for k in range(found):
        key = keys[k]
        place = np.int64((np.uint64(key) * _MULTIPLIER) >> shift)
        while table[place, 0] != key:
            if table[place, 0] == 0:
                table[place, 0] = key
                new += 1
                break
            place = (place + 1) & mask
        table[place, columns[k]] += lengths[k]
    return new


@njit(nogil=True, cache=True)
def _grown(table, most):  # type: ignore[no-untyped-def]
    """Return the table, or a larger one, in which `most` keys leave half of the slots free."""
    if 2 * most <= len(table):
        return table
    bits = 2
    while (1 << bits) < 4 * most:
        bits += 1
    shift = np.uint64(64 - bits)
    mask = (1 << bits) - 1
    larger = np.zeros((1 << bits, table.shape[1]), np.int64)
    for k in range(len(table)):
        if table[k, 0]:
            place = np.int64((np.uint64(table[k, 0]) * _MULTIPLIER) >> shift)
            while larger[place, 0] != 0:
                place = (place + 1) & mask
            for column in range(table.shape[1]):
                larger[place, column] = table[k, column]
    return larger


@njit(nogil=True, cache=True)
def _shift(table):  # type: ignore[no-untyped-def]
    """Return the shift that turns a hash into a slot of the table."""
    bits = 0
    while (1 << bits) < len(table):
        bits += 1
    return np.uint64(64 - bits)


@njit(nogil=True, cache=True)
def _boundaries(ids, first, stop, keys, columns, lengths, found):  # type: ignore[no-untyped-def]
    """Record the faces along x between the runs of a row; return how many are recorded so far."""
    for run in range(first + 1, stop):
        a, b = np.int64(ids[run - 1]), np.int64(ids[run])
        keys[found] = (min(a, b) << 32) | max(a, b)
        columns[found] = 1 + FACES_X
        lengths[found] = 1
        found += 1
    return found


@njit(nogil=True, cache=True)
def _overlaps(ends, ids, i, j, ahead_i, ahead_j, x, stop, column, keys, columns, lengths, found):  # type: ignore[no-untyped-def]
    """Record where in [x, stop) rows i (at x + ahead_i) and j (at x + ahead_j) have unequal ids.

    Nothing branches on the ids, which no processor can predict: equal pairs are recorded too, then overwritten.
    """
    while ends[i] - ahead_i <= x:
        i += 1
    while ends[j] - ahead_j <= x:
        j += 1
    while x < stop:
        end_i = ends[i] - ahead_i
        end_j = ends[j] - ahead_j
        end = min(end_i, end_j, stop)
        a, b = np.int64(ids[i]), np.int64(ids[j])
        keys[found] = (min(a, b) << 32) | max(a, b)
        columns[found] = column
        lengths[found] = end - x
        found += a != b
        x = end
        i += end_i == end
        j += end_j == end
    return found


@njit(nogil=True, cache=True)
def contacts(ends, ids, rows, shape, halo, passes, within, width):  # type: ignore[no-untyped-def]
    """Count the neighbouring voxels with unequal ids, each pair in the block that contains its highest corner.

    Parameters
    ----------
    ends, ids, rows, shape, halo
        As in `measure`.
    passes : int, shape (n, 6)
        Which rows to overlay for each row (z, y), from `passes_of`.
    within : bool
        Whether to count the faces along x too.
    width : int
        1 plus the number of columns counted.

    Returns
    -------
    int64, shape (places, width)
        Key (smaller id << 32 | larger id; 0 in a free slot), then the counts; the background is id 0.
    """
    nz, ny, nx = shape
    table = np.zeros((1 << 10, width), np.int64)
    taken = 0
    most = (1 + 2 * len(passes)) * nx + 1  # that one row can add
    keys = np.empty(max(4 * most, 1 << 12), np.int64)
    columns = np.empty(len(keys), np.uint8)
    lengths = np.empty(len(keys), np.int32)
    found = 0
    for z in range(halo[0], nz):
        for y in range(halo[1], ny):
            if found + most > len(keys):
                table = _grown(table, taken + found)
                taken += _count(table, _shift(table), keys, columns, lengths, found)
                found = 0
            row = z * ny + y
            if within:
                found = _boundaries(ids, rows[row], rows[row + 1], keys, columns, lengths, found)
            for k in range(len(passes)):
                i_y, j_z, j_y, ahead_i, ahead_j, column = passes[k]
                if z + j_z < 0 or y + min(i_y, j_y) < 0:
                    continue
                i = rows[row + i_y]
                j = rows[row + j_z * ny + j_y]
                beside = ahead_i + ahead_j
                x = 0 if beside else halo[2]
                found = _overlaps(
                    ends, ids, i, j, ahead_i, ahead_j, x, nx - beside, column, keys, columns, lengths, found
                )
    table = _grown(table, taken + found)
    _count(table, _shift(table), keys, columns, lengths, found)
    return table
