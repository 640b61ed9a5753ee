"""What an engine is: something that maps the blocks of a volume to tallies, anywhere, in any order."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

from cellgraph.volumes import Block
from cellgraph.volumes.scan import Scan
from cellgraph.voxels.block import Place, sweep_around, sweep_block
from cellgraph.voxels.tally import Tally


def sweep_part(scan: Scan, block: Block, labels: Any, halo: tuple[int, int, int]) -> Tally:
    """Return the tally of a block of a scan that was read with its halo, or with the margin that the rules want."""
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
"""Blocks that are done, and the tally of these; a generator, so that closing it stops the work."""


class Engine(Protocol):
    """Maps blocks to tallies. Every engine gives the same integers; see `tests/engines` for the contract.

    An engine begins what it needs (processes, a connection) when it is first asked for something, may be used from
    several threads at once, and is closed by whoever made it.
    """

    @property
    def workers(self) -> int:
        """How many blocks are worked on at the same time."""
        ...

    @property
    def local(self) -> bool:
        """Whether all workers share the memory of this machine."""
        ...

    def tallies(self, scan: Scan, blocks: Sequence[Block]) -> Tallies:
        """Yield the tallies of all blocks, each with the blocks that it is of, as they are done.

        Parameters
        ----------
        scan : Scan
            The volume to sweep, and how it is read.
        blocks : sequence of Block
            In raster order; all of a volume, or those that are left of it.

        Raises
        ------
        VolumeReadError, LabelError
            From reading and sweeping a block, whichever is met first; what was yielded before stands.
        EngineError
            If the engine itself fails.
        """
        ...

    def close(self) -> None:
        """End what the engine began. It is not used afterwards; a second time does nothing."""
        ...
