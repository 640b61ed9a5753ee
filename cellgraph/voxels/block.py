"""The sweep of one block: compute the tally of an array of labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.errors import LabelError
from cellgraph.model import signed
from cellgraph.voxels import kernels
from cellgraph.voxels.expansion import sweep_expanded
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.patches import FOREIGN, PATCH, patches, roots
from cellgraph.voxels.room import require_room_for_block
from cellgraph.voxels.runs import Runs, find_runs
from cellgraph.voxels.tally import Tally

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Place:
    """The location of a block in its volume.

    Attributes
    ----------
    origin : tuple of int
        Index (z, y, x) in the volume of the first voxel of the array, including the halo.
    halo : tuple of int
        1 for each axis on whose low side the array has a plane that belongs to another block, otherwise 0.
    low, high : tuple of bool
        For each axis, whether the block is at the low and the high border of the volume.
    """

    origin: tuple[int, int, int] = (0, 0, 0)
    halo: tuple[int, int, int] = (0, 0, 0)
    low: tuple[bool, bool, bool] = (True, True, True)
    high: tuple[bool, bool, bool] = (True, True, True)


def sweep_block(labels: Array, rules: Rules, place: Place) -> Tally:
    """Return the tally of one block.

    Parameters
    ----------
    labels : numpy.ndarray of bool, int8..int64 or uint8..uint64, shape (nz, ny, nx)
        Including the halo, in native byte order; preferably contiguous along x; fewer than 2**31 voxels.

    Raises
    ------
    LabelError
        If a label other than the background is negative or above 2**63-1.
    TooManyCellsError
        If there is not enough memory for its cells.
    """
    if 0 in (size - halo for size, halo in zip(labels.shape, place.halo, strict=True)):
        return Tally.empty()
    runs, ids, names = _numbered(labels, rules)
    require_room_for_block(ids, len(names))
    halo = np.array(place.halo, np.int64)
    border = np.array([place.low, place.high], np.int64).T.copy()
    if rules.ndim == 2:
        border[0] = 0
    origin = np.array(place.origin, np.int64)
    cells = kernels.measure(runs.ends, ids, runs.rows, runs.shape, halo, origin, border, len(names))
    table = count_contacts(runs, ids, halo, rules, kernels.passes_of(rules.connectivity), within=True)
    tally = _tally(names, cells, table)
    if not rules.sites:
        return tally
    seen = [np.zeros(size, np.int64) for size in runs.shape]
    for axis in range(3 - rules.ndim, 3):
        if place.halo[axis]:
            seen[axis][0] = FOREIGN
        elif not place.low[axis]:
            seen[axis][0] += 1
        if not place.high[axis]:
            seen[axis][-1] += 1
    return _with_sites(tally, runs, ids, names, seen, place.origin)


def sweep_around(labels: Array, rules: Rules, core: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Tally:
    """Return what depends on the voxels around a block: contacts of grown cells, and distances.

    Parameters
    ----------
    labels : numpy.ndarray, shape (nz, ny, nx)
        The block with `Reach.margin` voxels around it, within the volume.
    rules : Rules
        With `reach`.
    core : tuple
        Start and stop of the block in the array, (z, y, x).
    """
    return sweep_expanded(*_numbered(labels, rules), core, rules)


def sweep_seam(below: Array, above: Array, rules: Rules, z: int) -> Tally:
    """Return the tally of the seam between two adjacent slices: the contacts across it, and no cells.

    Parameters
    ----------
    below, above : numpy.ndarray, shape (ny, nx)
        Slices z - 1 and z, of the same dtype.
    z : int
        Index in the volume of the upper slice.
    """
    runs, ids, names = _numbered(np.stack([below, above]), rules)
    passes = kernels.passes_of(rules.connectivity)
    across = passes[passes[:, 1] == -1]
    table = count_contacts(runs, ids, np.array([1, 0, 0], np.int64), rules, across, within=False)
    tally = _tally(names, kernels.no_cells(len(names)), table)
    if not rules.sites:
        return tally
    seen = [np.full(2, FOREIGN), *(np.zeros(size, np.int64) for size in below.shape)]
    return _with_sites(tally, runs, ids, names, seen, (z - 1, 0, 0))


def sweep_border(plane: Array, rules: Rules) -> Tally:
    """Return the tally of the faces of one slice on the low or high border of the volume along z.

    Parameters
    ----------
    plane : numpy.ndarray, shape (ny, nx)
    """
    runs, ids, names = _numbered(plane[None], rules)
    cells = kernels.no_cells(len(names))
    starts = np.concatenate([[0], runs.ends[:-1]])
    starts[runs.rows[:-1]] = 0
    np.add.at(cells[:, kernels.BORDER_Z], ids, runs.ends - starts)
    return _tally(names, cells, np.zeros((0, 4), np.int64))


def first_voxels(labels: Array, rules: Rules) -> tuple[Array, Array]:
    """Find the first voxel of each cell of a block in raster order: lowest z, then lowest y, then lowest x.

    Parameters
    ----------
    labels : numpy.ndarray, shape (nz, ny, nx)
        As in `sweep_block`; all of it is searched.

    Returns
    -------
    names : numpy.ndarray of int64, shape (n,)
        Labels of the cells, sorted.
    places : numpy.ndarray of int64, shape (n, 3)
        Index (z, y, x) in the block of the first voxel of each.
    """
    runs, ids, names = _numbered(labels, rules)
    first = np.full(len(names), -1)
    first[ids[::-1]] = np.arange(len(ids) - 1, -1, -1)  # the last write wins
    cells = np.flatnonzero(first[1:] >= 0) + 1
    cells = cells[np.argsort(names[cells])]
    first = first[cells]
    row = np.searchsorted(runs.rows, first, side="right") - 1
    begins = np.where(first == runs.rows[row], 0, runs.ends[first - 1])
    ny = runs.shape[1]
    return names[cells], np.stack([row // ny, row % ny, begins], axis=1).astype(np.int64)


def _numbered(labels: Array, rules: Rules) -> tuple[Runs, Array, Array]:
    return number_runs(find_runs(labels), labels.dtype, rules)


def number_runs(runs: Runs, dtype: np.dtype[Any], rules: Rules) -> tuple[Runs, Array, Array]:
    """Return the runs of labels of a dtype, the id of each run, and the label of each id.

    Raises
    ------
    LabelError
        If a label other than the background is negative or above 2**63-1.
    """
    ids = np.empty(len(runs.labels), np.int32)
    background = rules.background
    has_background = background is not None and _fits(background, dtype)
    label = signed(background) if background is not None and has_background else 0
    names, wrong = kernels.number_labels(runs.labels, has_background, label, ids)
    if wrong >= 0:
        raise LabelError(_refusal(int(runs.labels[wrong]), dtype))
    return runs, ids, names


def count_contacts(runs: Runs, ids: Array, halo: Array, rules: Rules, passes: Array, *, within: bool) -> Array:
    """Return the table of `kernels.contacts`, without its free slots."""
    width = 1 + (3 if rules.connectivity in (4, 6) else kernels.COUNTED)
    table = kernels.contacts(runs.ends, ids, runs.rows, runs.shape, halo, passes, within, width)
    return np.asarray(table[table[:, 0] != 0])


def _tally(names: Array, cells: Array, table: Array) -> Tally:
    """Replace ids by labels, add faces to the background (id 0) to the cells, and sort everything."""
    a, b = table[:, 0] >> 32, table[:, 0] & 0xFFFFFFFF
    to_background = a == 0
    faces = table[to_background, 1:4]
    cells[b[to_background], kernels.BACKGROUND_Z : kernels.BACKGROUND_X + 1] += faces
    present = (cells[:, kernels.VOXELS] > 0) | cells[:, kernels.BACKGROUND_Z :].any(1)
    between = table[~to_background]
    pairs = np.stack([names[a[~to_background]], names[b[~to_background]]], axis=1)
    pairs.sort(axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    counts = np.zeros((len(pairs), kernels.PAIR_WIDTH), np.int64)
    counts[:, : between.shape[1] - 1] = between[order, 1:]
    present[0] = False
    rows = np.flatnonzero(present)
    rows = rows[np.argsort(names[rows])]
    return Tally(names[rows], cells[rows], pairs[order], counts)


def _with_sites(
    tally: Tally, runs: Runs, ids: Array, names: Array, seen: list[Array], origin: tuple[int, int, int]
) -> Tally:
    """Return a tally with its contact patches: those that end in the block as sites, the others as open patches."""
    ends, ids = np.append(runs.ends, np.int32(runs.shape[2])), np.append(ids, np.int32(0))
    parent, keys, opened = patches(ends, ids, runs.rows, runs.shape, *seen)
    root = roots(parent)
    pairs = np.stack([names[keys >> 32], names[keys & 0xFFFFFFFF]], axis=1)
    pairs.sort(axis=1)
    opened += np.array([*origin[:2], 4 * origin[2], 0, 0])
    opened[:, PATCH] = root[opened[:, PATCH]]
    ended = root == np.arange(len(root))
    ended[opened[:, PATCH]] = False
    return tally.with_patches(pairs[ended], opened, pairs)


def _fits(background: int, dtype: np.dtype[Any]) -> bool:
    if dtype.kind == "b":
        return background in (0, 1)
    limits = np.iinfo(dtype)
    return int(limits.min) <= background <= int(limits.max)


def _refusal(label: int, dtype: np.dtype[Any]) -> str:
    if dtype.kind == "u":
        return (
            f"labels must be at most 2**63-1 = {2**63 - 1}, but the label {label + 2**64} occurs; "
            "renumber the labels, for example with skimage.segmentation.relabel_sequential, "
            f"or if it marks the background, use background={label + 2**64} (--background={label + 2**64})"
        )
    unsigned = ""
    if label < -1:
        unsigned = f"; if the program that wrote it has only signed types, {label} may stand for "
        unsigned += f"{label + 2 ** (8 * dtype.itemsize)}: convert the labels to an unsigned type"
    return (
        f"labels of cells must not be negative, but the label {label} occurs; if it marks the background, "
        f"use background={label} (--background={label}); otherwise renumber the labels{unsigned}"
    )
