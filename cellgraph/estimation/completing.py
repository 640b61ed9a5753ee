"""Find the cells that begin in a block, complete, although blocks cut cells.

A cell belongs to the block that contains its *first voxel* (lowest z, then lowest y, then lowest x).  Every cell has
exactly one, so every cell belongs to exactly one block, and sums over random blocks are unbiased.  To find this voxel,
and to measure the cell, the block is read with a margin:

- One plane below (z).  A cell with voxels there begins there or farther down, and does not belong to the block.
- Some voxels to the sides (y, x) and above.  A cell that seems to begin in the block but reaches the outermost layer
  that was read may continue outside, and might even begin there: the margin on that side is doubled, and the region
  read again, until no such cell is left or the volume ends.

A cell that does not reach the outermost layer is complete, with all its neighbours, so all its measures and contacts
are those that a sweep of the whole volume gives.  This assumes that cells are connected: a label in several pieces
counts as one cell per piece, unless a region happens to contain them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from cellgraph.estimation.population import CannotDraw
from cellgraph.volumes.blocks import Block
from cellgraph.volumes.volume import Index, Volume
from cellgraph.voxels import kernels as k
from cellgraph.voxels.block import Place, first_voxels, sweep_block
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import Tally

Array = np.ndarray[Any, Any]

MOST_BYTES = 2**29
"""Maximum size of a region around a block."""


@dataclass(frozen=True)
class Begun:
    """The cells that begin in a block.

    Attributes
    ----------
    tally : Tally
        Of the region that was read.
    labels : numpy.ndarray of int64
        The cells that begin in the block, sorted; the tally has all of them.
    reach : numpy.ndarray of int64, shape (3, 2)
        Number of voxels beyond the block that had to be read at the low and the high side of each axis.
    """

    tally: Tally
    labels: Array
    reach: Array


def cells_of(volume: Volume, block: Block, rules: Rules, margin: Array) -> Begun:
    """Read a block with as much around it as its cells need.

    Parameters
    ----------
    margin : numpy.ndarray of int64, shape (3, 2)
        Voxels to read at first at the low and the high side of each axis; at the low side of z, one is always enough.

    Raises
    ------
    CannotDraw
        If a region would take more than `MOST_BYTES`.
    VolumeReadError, LabelError
        From reading and sweeping.
    """
    shape = np.array(volume.header.shape)
    core = np.array([block.start, block.stop])
    margin = margin.copy()
    while True:
        start = np.maximum(core[0] - margin[:, 0], 0)
        stop = np.minimum(core[1] + margin[:, 1], shape)
        if prod((stop - start).tolist()) * volume.header.dtype.itemsize > MOST_BYTES:
            raise CannotDraw(
                f"cells of {volume.header.source} are too large for an estimate from blocks: one that begins in the "
                f"block from {block.start} to {block.stop} (z, y, x) does not fit into {MOST_BYTES >> 20} MB around "
                "it; load the volume, or give the estimate enough time to read all of it"
            )
        labels = volume.read(_index(start), _index(stop))
        low, high = start == 0, stop == shape
        tally = sweep_block(labels, rules, Place(_index(start), (0, 0, 0), _flags(low), _flags(high)))
        begun = _begun(labels, rules, start, core)
        boxes = tally.cells[np.isin(tally.labels, begun, assume_unique=True)]
        first = boxes[:, k.Z_MIN : k.X_MIN + 1].min(axis=0, initial=k.FAR)
        last = boxes[:, k.Z_MAX : k.X_MAX + 1].max(axis=0, initial=-1)
        cut = np.stack([(first <= start) & ~low, (last >= stop - 1) & ~high], axis=1)
        if not cut.any():
            return Begun(tally, begun, np.stack([core[0] - first, last + 1 - core[1]], axis=1) + 1)
        margin[cut] = np.maximum(2 * margin[cut], 8)


def _begun(labels: Array, rules: Rules, start: Array, core: Array) -> Array:
    """Return the labels of the cells whose first voxel among those read is in the block."""
    names, places = first_voxels(labels, rules)
    places += start
    begun: Array = names[((places >= core[0]) & (places < core[1])).all(axis=1)]
    return begun


def _index(place: Array) -> Index:
    z, y, x = place.tolist()
    return (z, y, x)


def _flags(sides: Array) -> tuple[bool, bool, bool]:
    z, y, x = sides.tolist()
    return (z, y, x)
