"""Do the many small parts of one read in parallel: fetching and decoding chunks, strips, tiles and slices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from cellgraph.machine import cores

T = TypeVar("T")

# With more threads than this, decoding outpaces the sweep.
_MOST = 8


def decoding_threads() -> int:
    """Return the number of decoding threads: one per core that this process may use, up to a limit."""
    return min(cores(), _MOST)


class Fetchers:
    """Threads that help the reading thread, which works along with them.

    Blocks are often read by a single thread ahead of many that sweep. Decoding must not be limited to that thread.

    Parameters
    ----------
    threads : int
        Number of parts that one reader works on at once, itself included.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def run(self, work: Callable[[T], None], parts: Sequence[T]) -> None:
        """Do all parts, in any order; the first error stops it, and is raised once no part is still being worked on."""
        todo = iter(parts)  # taking from it is atomic
        errors: list[BaseException] = []

        def drain() -> None:
            for part in todo:
                if errors:
                    return
                try:
                    work(part)
                except BaseException as error:
                    errors.append(error)
                    return

        helpers = min(self._threads, len(parts)) - 1
        if helpers < 1:
            drain()
        else:
            pool = self._started()
            futures = [pool.submit(drain) for _ in range(helpers)]
            drain()
            # Helpers still busy for another reader need not start here any more.
            wait([future for future in futures if not future.cancel()])
        if errors:
            raise errors[0]

    def _started(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads - 1, "cellgraph-fetch")
            return self._pool

    def close(self) -> None:
        """End the threads; a later `run` starts them again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()
