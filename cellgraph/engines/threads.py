"""The engine of one machine: one thread reads ahead, the others sweep."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from cellgraph.engines.engine import Tallies, sweep_part
from cellgraph.errors import CellgraphError, EngineError, ParameterError
from cellgraph.machine import cores
from cellgraph.volumes import Block, HaloReader
from cellgraph.volumes.scan import Scan
from cellgraph.volumes.volume import Index
from cellgraph.voxels.tally import Tally

Array = np.ndarray[Any, Any]
Result = TypeVar("Result")
Work = Callable[[Block, Array, Index], Result]


def whole_workers(workers: int) -> int:
    """Return a number of workers of any integer type as a Python integer.

    Raises
    ------
    ParameterError
        If it is not a whole number of 1 or more.
    """
    try:
        number = 0 if isinstance(workers, bool) else int(operator.index(workers))
    except TypeError:
        number = 0
    if number < 1:
        raise ParameterError(f"expected at least 1 worker, a whole number, got {workers!r}")
    return number


class ThreadsEngine:
    """Sweeps blocks on the threads of this process; yields their tallies in the order of the blocks.

    At most ``workers + 2`` blocks are in memory: one per worker, one waiting, and one being read.  A block that cannot
    be read ends the sweep after all blocks before it.

    Parameters
    ----------
    workers : int, optional
        Number of sweeping threads; by default one per core.
    """

    local = True

    def __init__(self, workers: int | None = None) -> None:
        self.workers = cores() if workers is None else whole_workers(workers)

    def tallies(self, scan: Scan, blocks: Sequence[Block]) -> Tallies:
        """See `Engine.tallies`."""

        def work(block: Block, labels: Array, halo: Index) -> Tally:
            return sweep_part(scan, block, labels, halo)

        for block, tally in self.map(scan, blocks, work, scan.rules.margin):
            yield [block], tally

    def map(
        self, scan: Scan, blocks: Sequence[Block], work: Work[Result], margin: Index = (0, 0, 0)
    ) -> Generator[tuple[Block, Result], None, None]:
        """Yield each block with the result of a function for it, in the order of the blocks.

        Parameters
        ----------
        scan : Scan
        blocks : sequence of Block
            In raster order.
        work : callable
            Called in several threads with a block, its labels with the margin around them, and the width of that
            margin on their low sides (z, y, x).
        margin : tuple of int
            Number of voxels (z, y, x) to read around a block; by default the halo of one on its low sides.
        """
        with (
            ThreadPoolExecutor(1, "cellgraph-read") as ahead,
            ThreadPoolExecutor(self.workers, "cellgraph-sweep") as pool,
        ):
            try:
                yield from self._pipeline(blocks, HaloReader(scan.volume, blocks, margin=margin), work, ahead, pool)
            except MemoryError as error:
                raise EngineError(
                    f"there is not enough memory for {self.workers + 2} blocks of {blocks[0].shape} voxels at once; "
                    "give less with --memory, or use fewer workers with --workers"
                ) from error
            finally:
                # Also when the caller closes the generator: whatever has not started is cancelled.
                ahead.shutdown(wait=False, cancel_futures=True)
                pool.shutdown(wait=False, cancel_futures=True)

    def _pipeline(
        self,
        blocks: Sequence[Block],
        reader: HaloReader,
        work: Work[Result],
        ahead: ThreadPoolExecutor,
        pool: ThreadPoolExecutor,
    ) -> Generator[tuple[Block, Result], None, None]:
        running: deque[tuple[Block, Future[Result]]] = deque()
        unreadable: CellgraphError | None = None
        reads = deque(ahead.submit(reader.read, block) for block in blocks[:1])
        for number, block in enumerate(blocks):
            try:
                labels, halo = reads.popleft().result()
            except CellgraphError as error:
                unreadable = error
                break
            if number + 1 < len(blocks):
                reads.append(ahead.submit(reader.read, blocks[number + 1]))
            running.append((block, pool.submit(work, block, labels, halo)))
            del labels
            while len(running) > self.workers:
                done, result = running.popleft()
                yield done, result.result()
        while running:
            done, result = running.popleft()
            yield done, result.result()
        if unreadable is not None:
            raise unreadable

    def close(self) -> None:
        """Do nothing: threads end with each sweep."""
