"""The block grid of a volume, and a reader for its blocks with a halo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from typing import Any

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.volume import Header, Index, Stamped, Volume

Array = np.ndarray[Any, Any]

# Decoded size of a block, unless memory or the need for more blocks requires a smaller one.
BLOCK_BYTES = 32 << 20
# Volumes up to this size are one block; larger ones give each worker a few, so that none waits long for the last.
_SINGLE_BYTES = 8 << 20
_BLOCKS_PER_WORKER = 4
_SMALLEST_BYTES = 1 << 20
# Memory a worker needs at the same time: the block, the next one read ahead, and what the kernel keeps of it.
_BLOCKS_IN_MEMORY = 3
# With blocks of the usual size, that is 128 TB.
_MOST_BLOCKS = 4_000_000


@dataclass(frozen=True)
class Block:
    """A part of a volume, ``[start, stop)`` in (z, y, x), and its number in raster order."""

    index: int
    start: Index
    stop: Index

    @property
    def shape(self) -> Index:
        """Extent (z, y, x)."""
        (z, y, x), (c, b, a) = self.start, self.stop
        return (c - z, b - y, a - x)


def stamps(volume: Volume, blocks: Sequence[Block], margin: Index = (0, 0, 0)) -> list[int]:
    """Return a stamp for each block that shows whether its labels, halo or margin have changed; see `Stamped`."""
    if not isinstance(volume, Stamped):
        return []
    return volume.stamps(_around(block, margin, volume.header.shape) for block in blocks)


def plan_blocks(header: Header, memory: int | None = None, workers: int = 1) -> list[Block]:
    """Divide a volume into blocks that are multiples of what its storage reads at once.

    Blocks come in raster order (x fastest, then y, then z) and are grown in that order too: whole rows first, then
    whole planes, so that halos are few and the planes kept for them are small.

    Parameters
    ----------
    header : Header
        Header of the volume.
    memory : int, optional
        Bytes for all blocks in memory at once. One block takes at most a third of a worker's share, but never less than
        one chunk of the storage, which is decoded as a whole.
    workers : int
        Number of blocks processed at once.

    Returns
    -------
    list of Block
        They cover the volume without overlap.
    """
    return grid(header.shape, _block_shape(header, _target_voxels(header, memory, workers)))


def grid(volume: Index, block: Index) -> list[Block]:
    """Divide a volume of shape (z, y, x) into blocks of a given shape; those at the upper sides may be smaller.

    Raises
    ------
    FormatError
        If there are too many to list: the volume is far too large, or its metadata is damaged.
    """
    count = grid_size(volume, block)
    if count > _MOST_BLOCKS:
        size = " x ".join(f"{n:,}" for n in volume)
        raise FormatError(
            f"the volume has {size} voxels by its metadata, which is {count:,} blocks of {block}; "
            f"at most {_MOST_BLOCKS:,} can be worked on: if it is not as large as that, its metadata is damaged; else "
            "give more memory with --memory, or cut it into parts"
        )
    return [grid_block(volume, block, number) for number in range(count)]


def grid_size(volume: Index, block: Index) -> int:
    """Return the number of blocks into which `grid` divides a volume."""
    return prod(ceil(n / edge) for n, edge in zip(volume, block, strict=True))


def grid_block(volume: Index, block: Index, number: int) -> Block:
    """Return one of the blocks into which `grid` divides a volume."""
    (nz, ny, nx), (bz, by, bx) = volume, block
    above, column = divmod(number, ceil(nx / bx))
    layer, row = divmod(above, ceil(ny / by))
    z, y, x = layer * bz, row * by, column * bx
    return Block(number, (z, y, x), (min(z + bz, nz), min(y + by, ny), min(x + bx, nx)))


def _target_voxels(header: Header, memory: int | None, workers: int) -> int:
    z, y, x = header.shape
    itemsize = header.dtype.itemsize
    total = z * y * x * itemsize
    target = total if total <= _SINGLE_BYTES else BLOCK_BYTES
    if total > _SINGLE_BYTES:
        target = min(target, max(_SMALLEST_BYTES, total // (_BLOCKS_PER_WORKER * max(workers, 1))))
    if memory is not None:
        target = min(target, memory // (max(workers, 1) * _BLOCKS_IN_MEMORY))
    return max(1, target // itemsize)


def _block_shape(header: Header, target: int) -> Index:
    """Grow one chunk to about `target` voxels, along x first, then y, then z."""
    block = [min(c, n) for c, n in zip(header.chunks, header.shape, strict=True)]
    if header.resident and block[2] > target:
        block[2] = ceil(block[2] / ceil(block[2] / target))
    for axis in (2, 1, 0):
        extent = header.shape[axis]
        chunks = ceil(extent / block[axis])
        fit = max(1, target // (block[0] * block[1] * block[2]))
        # Use the same number of blocks in equal parts, rather than full ones and a small remainder.
        parts = ceil(chunks / fit)
        block[axis] = min(extent, block[axis] * ceil(chunks / parts))
        if parts > 1:
            break
    return (block[0], block[1], block[2])


@dataclass(frozen=True)
class _Face:
    """A plane of labels, one voxel thick: the last one of a block along an axis, or the one below a box."""

    start: Index
    labels: Array


class HaloReader:
    """Reads blocks with a one-voxel halo on the low side, decoding nothing twice.

    The last planes of each block are kept until the following blocks have taken their halo from them.  That works for
    blocks in raster order; in any other order, the halo is read from the volume.  If the blocks form a box, the planes
    below it are read at once before the first block: block by block, a storage chunk there would be decoded for a face,
    again for its edges, and again for the neighbouring blocks.  Volumes in memory provide halos at no cost and are read
    directly.

    It is used by one thread at a time, the one that reads ahead.

    Parameters
    ----------
    volume : Volume
        What to read.
    blocks : sequence of Block
        Blocks that will be read, if known.
    keep : int
        Maximum bytes of planes to keep; what does not fit is read again.
    margin : tuple of int
        Voxels (z, y, x) to read around each block instead of a one-voxel halo, within the volume; they are read from
        the volume for each block.
    """

    def __init__(
        self, volume: Volume, blocks: Sequence[Block] = (), keep: int = 512 << 20, margin: Index = (0, 0, 0)
    ) -> None:
        self._volume = volume
        self._margin = margin
        self._keep = keep
        self._box = _box_of(blocks)
        # Planes below the box along z, y and x; a position below it along several axes is searched in that order.
        self._below: list[_Face | None] | None = None
        self._kept = 0
        # For each axis, the faces with that normal, by the stop corner of their block, in reading order.
        self._faces: tuple[dict[Index, _Face], ...] = ({}, {}, {})

    @property
    def kept_bytes(self) -> int:
        """Bytes of planes currently kept."""
        return self._kept

    def read(self, block: Block) -> tuple[Array, Index]:
        """Return the labels of ``[start - halo, stop)`` and the halo (z, y, x), 1 wherever ``start > 0``.

        With a margin, the halo is the margin below, and an equal margin follows above.

        The array is contiguous along x; see `Volume.read` for its strides and its errors.
        """
        start, stop = block.start, block.stop
        if any(self._margin):
            low, high = _around(block, self._margin, self._volume.header.shape)
            return self._volume.read(low, high), _minus(start, low)
        halo = _halo(block)
        low = _minus(start, halo)
        if self._volume.header.resident:
            return self._volume.read(low, stop), halo
        out = np.empty(_minus(stop, low), self._volume.header.dtype)
        core = out[halo[0] :, halo[1] :, halo[2] :]
        self._volume.read(start, stop, core)
        for offset in product(*(range(h + 1) for h in halo)):
            if any(offset):
                self._fill(out, low, block, offset)
        self._forget_before(start)
        self._remember(block, core)
        return out, halo

    def _fill(self, out: Array, low: Index, block: Block, offset: tuple[int, ...]) -> None:
        """Fill the part of the halo that lies on the low side along the axes where `offset` is 1."""
        sides = list(zip(offset, block.start, block.stop, strict=True))
        z, y, x = (first - 1 if side else first for side, first, _ in sides)
        c, b, a = (first if side else last for side, first, last in sides)
        start, stop = (z, y, x), (c, b, a)
        place = out[tuple(slice(i - n, j - n) for i, j, n in zip(start, stop, low, strict=True))]
        # If blocks form a grid, the neighbour on that side ends exactly where this part ends.
        face = self._below_box(start) or self._faces[offset.index(1)].get(stop)
        if face is None or any(f > s for f, s in zip(face.start, start, strict=True)):
            self._volume.read(start, stop, place)
            return
        place[...] = face.labels[tuple(slice(i - n, j - n) for i, j, n in zip(start, stop, face.start, strict=True))]

    def _below_box(self, start: Index) -> _Face | None:
        """Return the plane below the box that contains a part starting there; None if there is none."""
        if self._box is None:
            return None
        first, last = self._box
        for axis in range(3):
            if start[axis] < first[axis]:
                if self._below is None:
                    self._below = [self._read_below(first, last, axis) for axis in range(3)]
                return self._below[axis]
        return None

    def _read_below(self, first: Index, last: Index, axis: int) -> _Face | None:
        """Read the plane below a box along an axis, with its edges along the later axes; None if it is too large."""
        if not first[axis]:
            return None
        start = [n if k < axis else max(n - 1, 0) for k, n in enumerate(first)]
        stop = [n if k == axis else last[k] for k, n in enumerate(first)]
        low, high = (start[0], start[1], start[2]), (stop[0], stop[1], stop[2])
        size = prod(_minus(high, low)) * self._volume.header.dtype.itemsize
        if self._kept + size > self._keep // 4:
            return None
        self._kept += size
        return _Face(low, np.array(self._volume.read(low, high)))

    def _forget_before(self, start: Index) -> None:
        """Drop the faces whose last user in raster order has been read."""
        for axis, faces in enumerate(self._faces):
            while faces:
                stop = next(iter(faces))
                face = faces[stop]
                # A face along y or x serves blocks of its own z (and y); its last user starts at its far corner.
                user = (
                    stop[0] if axis == 0 else face.start[0],
                    stop[1] if axis < 2 else face.start[1],
                    stop[2],
                )
                if user > start:
                    break
                self._kept -= faces.pop(stop).labels.nbytes

    def _remember(self, block: Block, core: Array) -> None:
        shape = self._volume.header.shape
        for axis, faces in enumerate(self._faces):
            size = core.nbytes // core.shape[axis]
            if block.stop[axis] == shape[axis] or block.stop in faces or self._kept + size > self._keep:
                continue
            last = (slice(None),) * axis + (slice(-1, None),)
            start = list(block.start)
            start[axis] = block.stop[axis] - 1
            faces[block.stop] = _Face((start[0], start[1], start[2]), core[last].copy())
            self._kept += size


def _box_of(blocks: Sequence[Block]) -> tuple[Index, Index] | None:
    """Return the corners of the box that blocks fill; None if they do not fill one."""
    if not blocks:
        return None
    z, y, x = (min(block.start[axis] for block in blocks) for axis in range(3))
    c, b, a = (max(block.stop[axis] for block in blocks) for axis in range(3))
    if (c - z) * (b - y) * (a - x) != sum(prod(block.shape) for block in blocks):
        return None
    return (z, y, x), (c, b, a)


def _halo(block: Block) -> Index:
    z, y, x = block.start
    return (int(z > 0), int(y > 0), int(x > 0))


def _around(block: Block, margin: Index, shape: Index) -> tuple[Index, Index]:
    """Return the start and stop of a block with its halo or margin."""
    if not any(margin):
        return _minus(block.start, _halo(block)), block.stop
    z, y, x = (max(0, first - m) for first, m in zip(block.start, margin, strict=True))
    c, b, a = (min(last + m, n) for last, m, n in zip(block.stop, margin, shape, strict=True))
    return (z, y, x), (c, b, a)


def _minus(a: Index, b: Index) -> Index:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])
