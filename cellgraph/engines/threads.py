"""The engine of one machine: one thread reads ahead, the others sweep."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from cellgraph.engines.engine import Tallies, sweep_part
from cellgraph.errors import CellgraphError, EngineError, ParameterError
from cellgraph.machine import cores
from cellgraph.volumes import Block, HaloReader
from cellgraph.volumes.scan import Scan
from cellgraph.voxels.tally import Tally


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

    At most ``workers + 2`` blocks are in memory: one a worker, one that waits, and the one that is being read.  A block
    that cannot be read ends the sweep after all blocks before it.

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
        with (
            ThreadPoolExecutor(1, "cellgraph-read") as ahead,
            ThreadPoolExecutor(self.workers, "cellgraph-sweep") as pool,
        ):
            try:
                yield from self._pipeline(scan, blocks, ahead, pool)
            except MemoryError as error:
                raise EngineError(
                    f"there is not enough memory for {self.workers + 2} blocks of {blocks[0].shape} voxels at once; "
                    "give less with --memory, or use fewer workers with --workers"
                ) from error
            finally:
                # Also when the caller closes the generator: whatever has not begun is not done any more.
                ahead.shutdown(wait=False, cancel_futures=True)
                pool.shutdown(wait=False, cancel_futures=True)

    def _pipeline(
        self, scan: Scan, blocks: Sequence[Block], ahead: ThreadPoolExecutor, pool: ThreadPoolExecutor
    ) -> Tallies:
        reader = HaloReader(scan.volume, blocks, margin=scan.rules.margin)
        running: deque[tuple[Block, Future[Tally]]] = deque()
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
            running.append((block, pool.submit(sweep_part, scan, block, labels, halo)))
            del labels
            while len(running) > self.workers:
                done, tally = running.popleft()
                yield [done], tally.result()
        while running:
            done, tally = running.popleft()
            yield [done], tally.result()
        if unreadable is not None:
            raise unreadable

    def close(self) -> None:
        """Do nothing: threads end with each sweep."""
