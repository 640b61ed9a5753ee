"""Compute the patches of a block from its runs: the connected pieces of the interface between two cells.

Two faces of a pair belong to the same patch if they share a voxel edge (in 2D, a pixel corner), or are linked by faces
that do.  The four faces around an edge lie between the four voxels around it, so every such link is found in a window
of 2 x 2 voxels, in the block that contains its highest voxel; a halo of one voxel on the low sides covers the whole
window.

Strategy
--------
1. Faces come as strips along x: y and z faces of one pair of runs, and the single x face between two runs.  The four
   rows around an edge along x are walked together; the results of the last slice and the last row are kept in lists of
   one entry per strip, which advance with the runs that bound them.
2. A new strip takes the patch of a neighbour of the same pair, or else a new one; patches that meet later are merged
   (union-find).  There are few patches, so all this stays in cache.
3. Rows outside the block are one run of background, so the loop needs no special case for them.
4. Faces that other blocks see too are recorded with their patch: merging tallies joins patches that have the same face.
   The number of others that see it is counted, so that a face is dropped once all of them have been merged.

There are no bounds checks; the caller must ensure valid input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

Array = np.ndarray[Any, Any]

# Columns of the table of open faces: position of the upper of its two voxels, the last as 4 x + axis of the normal,
# then the patch, and how many others have yet to see the face.
PATCH, BALANCE = 3, 4
OPEN_WIDTH = 5
FOREIGN = -1
"""In the `seen` arrays of `patches`: planes that belong to another block."""


@njit(nogil=True, cache=True, inline="always")
def _key(a, b, none):  # type: ignore[no-untyped-def]
    """Return the pair of two ids, or `none` if there is no contact; `none` differs for each position compared."""
    low, high = np.int64(min(a, b)), np.int64(max(a, b))
    return (low << 32) | high if (low != high) & (low != 0) else np.int64(none)


@njit(nogil=True, cache=True)
def root_of(parent, patch):  # type: ignore[no-untyped-def]
    """Return the representative of all patches merged with a patch."""
    while parent[patch] != patch:
        parent[patch] = parent[parent[patch]]
        patch = parent[patch]
    return patch


@njit(nogil=True, cache=True)
def roots(parent):  # type: ignore[no-untyped-def]
    """Return the root of each patch."""
    found = np.empty(len(parent), np.int64)
    for patch in range(len(parent)):
        found[patch] = root_of(parent, patch)
    return found


@njit(nogil=True, cache=True)
def join(parent, patch, other):  # type: ignore[no-untyped-def]
    """Merge two patches, the first of which may not exist yet (-1); return one of them."""
    if patch < 0 or patch == other:
        return other
    a, b = root_of(parent, patch), root_of(parent, other)
    parent[max(a, b)] = min(a, b)
    return min(a, b)


@njit(nogil=True, cache=True)
def _walk(ends, ids, starts, nx, of_x, before, own, parent, keys, count):  # type: ignore[no-untyped-def]
    """Find the patches of the faces of one row: its x faces, and its y and z faces to the rows before.

    Parameters
    ----------
    starts : tuple of int
        First run of each of the rows (z - 1, y - 1), (z - 1, y), (z, y - 1), (z, y).
    of_x : int32, shape (n,)
        Patch of the x face at the start of each run; written for those of this row.
    before : (int32, int, int32)
        Patches of the y faces of row (z - 1, y), and where they start; patches of the z faces of row (z, y - 1).
    own : (int32, int, int32), outputs
        Patches of the y faces of this row, and where they start; patches of its z faces.
    parent, keys : int32, int64
        Patches, with room for those of this row.
    count : int
        Number of patches so far.

    Returns
    -------
    count : int
        Number of patches now.
    stop : int
        Where the y faces of this row end.
    """
    (above, at_above, beside), (below, at_below, behind) = before, own
    p, q, r, s = starts
    top, left, bottom, right = at_above, 0, at_below, 0
    a, b, c, d = ids[p], ids[q], ids[r], ids[s]
    before_b, before_c, before_d = b, c, d
    new_q = new_r = new_s = False
    key_top, key_left = _key(a, b, -1), _key(a, c, -2)
    key_bottom, key_right = np.int64(-3), np.int64(-4)
    patch_bottom = patch_right = -1
    x = 0
    while True:
        # Edges along z and y, where runs start at x: the x faces there, and the strips on both sides of them.
        last_bottom, last_right, key_last_bottom, key_last_right = patch_bottom, patch_right, key_bottom, key_right
        patch_x = -1
        key_x = np.int64(-5)
        if new_s:
            key_x = _key(before_d, d, -5)
        fresh_bottom = new_r or new_s or x == 0
        fresh_right = new_q or new_s or x == 0
        if fresh_bottom:
            patch_bottom = -1
            key_bottom = _key(c, d, -3)
            if new_r:
                key_other = _key(before_c, c, -6)
                if key_other > 0:
                    other = of_x[r]
                    if key_other == key_last_bottom:
                        join(parent, other, last_bottom)
                    if key_other == key_x:
                        patch_x = other
                    if key_other == key_bottom:
                        patch_bottom = other
            if key_last_bottom > 0:
                if key_last_bottom == key_x:
                    patch_x = join(parent, patch_x, last_bottom)
                if key_last_bottom == key_bottom:
                    patch_bottom = join(parent, patch_bottom, last_bottom)
        if fresh_right:
            patch_right = -1
            key_right = _key(b, d, -4)
            if new_q:
                key_other = _key(before_b, b, -7)
                if key_other > 0:
                    other = of_x[q]
                    if key_other == key_last_right:
                        join(parent, other, last_right)
                    if key_other == key_x:
                        patch_x = join(parent, patch_x, other)
                    if key_other == key_right:
                        patch_right = other
            if key_last_right > 0:
                if key_last_right == key_x:
                    patch_x = join(parent, patch_x, last_right)
                if key_last_right == key_right:
                    patch_right = join(parent, patch_right, last_right)
        # Edges along x: the strips of all four lists, each next to the others.
        if key_top > 0:
            patch = above[top]
            if key_top == key_left:
                join(parent, patch, beside[left])
            if key_top == key_bottom:
                patch_bottom = join(parent, patch_bottom, patch)
            if key_top == key_right:
                patch_right = join(parent, patch_right, patch)
        if key_left > 0:
            patch = beside[left]
            if key_left == key_bottom:
                patch_bottom = join(parent, patch_bottom, patch)
            if key_left == key_right:
                patch_right = join(parent, patch_right, patch)
        # Strips that found no patch start a new one.
        if new_s:
            if key_x > 0:
                if key_x == key_bottom and fresh_bottom:
                    patch_x = patch_bottom = _either(parent, patch_x, patch_bottom)
                if key_x == key_right and fresh_right:
                    patch_x = patch_right = _either(parent, patch_x, patch_right)
                if patch_x < 0:
                    parent[count], keys[count] = count, key_x
                    patch_x = count
                    count += 1
                    if key_x == key_bottom:
                        patch_bottom = patch_x
                    if key_x == key_right:
                        patch_right = patch_x
            of_x[s] = patch_x
        if key_bottom > 0:
            if key_bottom == key_right:
                patch_bottom = patch_right = _either(parent, patch_bottom, patch_right)
            if patch_bottom < 0:
                parent[count], keys[count] = count, key_bottom
                patch_bottom = count
                count += 1
                if key_bottom == key_right:
                    patch_right = patch_bottom
        if key_right > 0 and patch_right < 0:
            parent[count], keys[count] = count, key_right
            patch_right = count
            count += 1
        below[bottom], behind[right] = patch_bottom, patch_right
        end_p, end_q, end_r, end_s = ends[p], ends[q], ends[r], ends[s]
        x = min(min(end_p, end_q), min(end_r, end_s))
        if x == nx:
            return count, bottom + 1
        new_p, new_q, new_r, new_s = end_p == x, end_q == x, end_r == x, end_s == x
        before_b, before_c, before_d = b, c, d
        p += new_p
        q += new_q
        r += new_r
        s += new_s
        a, b, c, d = ids[p], ids[q], ids[r], ids[s]
        top += new_p or new_q
        left += new_p or new_r
        bottom += new_r or new_s
        right += new_q or new_s
        key_top, key_left = _key(a, b, -1), _key(a, c, -2)


@njit(nogil=True, cache=True)
def _either(parent, patch, other):  # type: ignore[no-untyped-def]
    """Merge two patches, either of which may not exist yet (-1); return the one that exists."""
    return patch if other < 0 else join(parent, patch, other)


@njit(nogil=True, cache=True)
def _open_strips(ends, i, j, labels, at, z, y, axis, sides, seen_x, opened, found):  # type: ignore[no-untyped-def]
    """Record the faces between two rows that other blocks see; return how many are recorded so far.

    `sides` is the value of `seen` for the row along the axis that is neither x nor the normal.  A strip is split where
    another block may see only a part of it.
    """
    nx = len(seen_x)
    x = 0
    while x < nx:
        end_i, end_j = ends[i], ends[j]
        end = min(end_i, end_j)
        patch = labels[at]
        if patch >= 0:
            start = x
            while start < end:
                stop = end
                if start == 0 and seen_x[0] != 0:
                    stop = 1
                elif start < nx - 1 and end == nx and seen_x[nx - 1] != 0:
                    stop = nx - 1
                found = _open(z, y, start, axis, sides, seen_x[start], patch, opened, found)
                start = stop
        at += 1
        x = end
        i += end_i == end
        j += end_j == end
    return found


@njit(nogil=True, cache=True)
def _open(z, y, x, axis, side, other, patch, opened, found):  # type: ignore[no-untyped-def]
    balance = FOREIGN if side == FOREIGN or other == FOREIGN else (1 + side) * (1 + other) - 1
    if balance:
        opened[found, 0] = z
        opened[found, 1] = y
        opened[found, 2] = 4 * x + axis
        opened[found, 3] = patch
        opened[found, 4] = balance
        found += 1
    return found


@njit(nogil=True, cache=True)
def patches(ends, ids, rows, shape, seen_z, seen_y, seen_x):  # type: ignore[no-untyped-def]
    """Find the patches of a block, and those of their faces that other blocks see too.

    Parameters
    ----------
    ends, ids, rows, shape
        The runs, see `runs.Runs`, with one more at the end: background, a whole row long.
    seen_z, seen_y, seen_x : int, shapes (nz,), (ny,), (nx,)
        For each plane, how many other blocks (or seams) along that axis also have it, or FOREIGN.

    Returns
    -------
    parent : int32, shape (n,)
        Union-find of the patches: those that are their own parents are patches.
    keys : int64, shape (n,)
        Their pairs: smaller id << 32 | larger id.
    opened : int64, shape (m, OPEN_WIDTH)
        Faces that others see: z, y, 4 x + axis of the upper voxel (in the block), patch, and how many others see it, or
        -1 if another block owns it.
    """
    nz, ny, nx = shape
    nothing = len(ends) - 1  # the run for rows outside the block
    most = 1  # runs of a slice
    widest = 1  # runs of a row
    for z in range(nz):
        most = max(most, rows[(z + 1) * ny] - rows[z * ny])
    for row in range(nz * ny):
        widest = max(widest, rows[row + 1] - rows[row])
    room = 2 * most + ny + 2
    above, below = np.full(room, -1, np.int32), np.full(room, -1, np.int32)
    at_above, at_below = np.zeros(ny + 1, np.int64), np.zeros(ny + 1, np.int64)
    beside, behind = np.full(2 * widest + 2, -1, np.int32), np.full(2 * widest + 2, -1, np.int32)
    of_x = np.full(len(ends), -1, np.int32)
    parent, keys = np.empty(1 << 10, np.int32), np.empty(1 << 10, np.int64)
    opened = np.empty((1 << 8, OPEN_WIDTH), np.int64)
    count = found = 0
    sides_x = seen_x[0] != 0 or seen_x[nx - 1] != 0
    for z in range(nz):
        for y in range(ny):
            row = z * ny + y
            s = rows[row]
            r = rows[row - 1] if y else nothing
            q = rows[row - ny] if z else nothing
            p = rows[row - ny - 1] if z and y else nothing
            if count + 12 * widest > len(parent):
                parent = np.concatenate((parent, np.empty(len(parent) + 12 * widest, np.int32)))
                keys = np.concatenate((keys, np.empty(len(keys) + 12 * widest, np.int64)))
            before, own = (above, at_above[y], beside), (below, at_below[y], behind)
            count, at_below[y + 1] = _walk(ends, ids, (p, q, r, s), nx, of_x, before, own, parent, keys, count)
            if sides_x or seen_z[z] != 0 or seen_y[y] != 0:
                if found + 16 * widest > len(opened):
                    opened = np.concatenate((opened, np.empty((len(opened) + 16 * widest, OPEN_WIDTH), np.int64)))
                found = _open_strips(ends, r, s, below, at_below[y], z, y, 1, seen_z[z], seen_x, opened, found)
                found = _open_strips(ends, q, s, behind, 0, z, y, 0, seen_y[y], seen_x, opened, found)
                for run in range(s + 1, rows[row + 1]):
                    if of_x[run] >= 0:
                        found = _open(z, y, ends[run - 1], 2, seen_z[z], seen_y[y], of_x[run], opened, found)
            beside, behind = behind, beside
        above, below = below, above
        at_above, at_below = at_below, at_above
        at_below[0] = 0
    return parent[:count], keys[:count], opened[:found]
