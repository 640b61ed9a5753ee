"""The engine of one machine: one thread reads ahead, the others sweep."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from cellgraph.engines.base import Job
from cellgraph.volumes import Block, HaloReader
from cellgraph.voxels.tally import Tally


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ThreadsEngine:
    """Sweeps blocks on the threads of this process.

    At most ``workers + 2`` blocks are in memory: one a worker, one that waits, and the one that is being read.

    Parameters
    ----------
    workers : int, optional
        Number of sweeping threads; by default one a core.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or available_cores()

    def tallies(self, job: Job, blocks: Sequence[Block]) -> Iterator[tuple[list[Block], Tally]]:
        """See `Engine.tallies`."""
        reader = HaloReader(job.volume)
        running: deque[tuple[Block, Future[Tally]]] = deque()
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(self.workers) as pool:
            try:
                reads = deque(ahead.submit(reader.read, block) for block in blocks[:1])
                for number, block in enumerate(blocks):
                    labels, halo = reads.popleft().result()
                    if number + 1 < len(blocks):
                        reads.append(ahead.submit(reader.read, blocks[number + 1]))
                    running.append((block, pool.submit(job.sweep, block, labels, halo)))
                    del labels
                    while len(running) > self.workers:
                        done, tally = running.popleft()
                        yield [done], tally.result()
                while running:
                    done, tally = running.popleft()
                    yield [done], tally.result()
            except BaseException:
                # Also when the caller closes the generator: whatever has not begun is not done any more.
                ahead.shutdown(wait=False, cancel_futures=True)
                pool.shutdown(wait=False, cancel_futures=True)
                raise
