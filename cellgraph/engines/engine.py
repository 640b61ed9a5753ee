"""The interface of engines, which map the blocks of a volume to tallies, anywhere, in any order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

from cellgraph.volumes import Block
from cellgraph.volumes.scan import Scan
from cellgraph.voxels.block import Place, sweep_around, sweep_block
from cellgraph.voxels.tally import Tally


def sweep_part(scan: Scan, block: Block, labels: Any, halo: tuple[int, int, int]) -> Tally:
    """Return the tally of a block of a scan that was read with its halo, or with the margin that the rules need."""
    shape = scan.header.shape
    around = Tally.empty()
    if any(scan.rules.margin):
        (z, y, x), (c, b, a) = halo, block.shape
        around = sweep_around(labels, scan.rules, (halo, (z + c, y + b, x + a)))
        low = halo
        z, y, x = halo = (min(z, 1), min(y, 1), min(x, 1))
        labels = labels[tuple(slice(n - h, n + m) for n, h, m in zip(low, halo, block.shape, strict=True))]
    z, y, x = (first - n for first, n in zip(block.start, halo, strict=True))
    i, j, k = (first == 0 for first in block.start)
    d, e, f = (last == size for last, size in zip(block.stop, shape, strict=True))
    return sweep_block(labels, scan.rules, Place((z, y, x), halo, (i, j, k), (d, e, f))).merge(around)


Tallies = Generator[tuple[list[Block], Tally], None, None]
"""Finished blocks and their tally; a generator, so that closing it stops the work."""


class Engine(Protocol):
    """Maps blocks to tallies. Every engine gives the same integers; see `tests/engines` for the contract.

    An engine starts what it needs (processes, a connection) on first use, may be used from several threads at once,
    and is closed by whoever created it.
    """

    @property
    def workers(self) -> int:
        """Number of blocks that are processed at the same time."""
        ...

    @property
    def local(self) -> bool:
        """Whether all workers share the memory of this machine."""
        ...

    def tallies(self, scan: Scan, blocks: Sequence[Block]) -> Tallies:
        """Yield the tallies of all blocks as they are done, each with its blocks.

        Parameters
        ----------
        scan : Scan
            The volume to sweep, and how it is read.
        blocks : sequence of Block
            In raster order; all of a volume, or the remaining ones.

        Raises
        ------
        VolumeReadError, LabelError
            From reading and sweeping a block, whichever comes first; what was yielded before remains valid.
        EngineError
            If the engine itself fails.
        """
        ...

    def close(self) -> None:
        """Stop what the engine started. It is not used afterwards; a second call does nothing."""
        ...
