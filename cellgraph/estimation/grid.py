"""The blocks to draw from: small enough to read many in time, large enough to read little around them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import ceil, prod

from cellgraph.volumes.blocks import Block, grid_block, grid_size
from cellgraph.volumes.volume import Header, Index

MARGIN = 24
"""Voxels read around a block to complete the cells that begin in it, before any cell has been seen."""

FEW_VOXELS = 2**26
"""A volume up to this size is swept as a whole instead of sampled, which takes a fraction of a second."""

_SLOW = 50_000_000  # voxels swept per second at least: a volume that is finished in time at this rate is not sampled
_BLOCK_VOXELS = (2**24, 2**27)  # to decode for a block, at least and at most
_VOXELS_A_SECOND = 20_000_000  # of the given time, to decode for a block: this allows about ten blocks
_ENOUGH = 64  # blocks, so that an interval has degrees of freedom
_SMALLEST = 32  # edge


@dataclass(frozen=True)
class Plan:
    """How a volume is sampled: the blocks to draw from, which together make up the volume.

    They are created on access, since there may be a million.

    Attributes
    ----------
    volume, block : tuple of int
        Shapes (z, y, x); blocks at the high sides may be smaller.
    at_once : bool
        Whether it is better to sweep the whole volume.
    """

    volume: Index
    block: Index
    at_once: bool = False

    def __len__(self) -> int:
        return grid_size(self.volume, self.block)

    def __getitem__(self, number: int) -> Block:
        return grid_block(self.volume, self.block, number)


def plan_sample(header: Header, seconds: float | None) -> Plan:
    """Return how to sample a volume in the given time; None is no limit."""
    least, most = _BLOCK_VOXELS
    wanted = most if seconds is None else min(max(least, int(_VOXELS_A_SECOND * seconds)), most)
    plan = Plan(header.shape, block_shape(header, wanted))
    quick = max(FEW_VOXELS, _SLOW * (seconds or 0))
    return replace(plan, at_once=prod(header.shape) <= quick or len(plan) < 4)


def block_shape(header: Header, most: int) -> Index:
    """Return the best shape (z, y, x) of blocks for sampling a volume.

    Reading a block with its margin decodes whole chunks of the storage.  Candidates are blocks whose edges are chunks
    divided or multiplied by powers of two.  The best one decodes no more than `most` voxels, then gives at least
    `_ENOUGH` blocks, and then is the largest share of the voxels decoded for it.

    Parameters
    ----------
    header : Header
        Of the volume.
    most : int
        Maximum number of voxels to decode for a block.
    """
    chunks = [1 if header.resident else min(c, n) for c, n in zip(header.chunks, header.shape, strict=True)]
    axes = [
        [(edge, _decoded(axis, edge, chunk, extent)) for edge in _edges(chunk, extent)]
        for axis, (chunk, extent) in enumerate(zip(chunks, header.shape, strict=True))
    ]

    def cost(block: tuple[tuple[int, float], ...]) -> tuple[float, bool, float]:
        decoded = prod(length for _, length in block)
        count = prod(ceil(n / edge) for n, (edge, _) in zip(header.shape, block, strict=True))
        return max(decoded, most), count < _ENOUGH, decoded / prod(edge for edge, _ in block)

    (z, _), (y, _), (x, _) = min(product(*axes), key=cost)
    return (z, y, x)


def _edges(chunk: int, extent: int) -> list[int]:
    """Return the chunk divided and multiplied by powers of two, and the whole extent."""
    edge = chunk
    while edge % 2 == 0 and edge // 2 >= _SMALLEST:
        edge //= 2
    while edge < _SMALLEST:
        edge += chunk
    found = []
    while edge < extent:
        found.append(edge)
        edge *= 2
    return [*found, extent]


def _decoded(axis: int, edge: int, chunk: int, extent: int) -> float:
    """Return how many voxels along an axis are decoded for a block with its margin, averaged over its positions."""
    low = 1 if axis == 0 else MARGIN
    lengths = []
    for start in range(0, max(chunk, edge), edge):
        first, last = (start - low) // chunk, ceil((start + edge + MARGIN) / chunk)
        lengths.append(min((last - first) * chunk, extent))
    return sum(lengths) / len(lengths)
