"""The volumes that tasks of one process share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cellgraph.volumes import Volume


@dataclass
class _Shared:
    volume: Volume
    users: int = 0
    ended: bool = False


class Shelf:
    """Keeps one open volume per sweep, since opening can take long (a compressed file is unpacked) and a task is short.

    A volume is closed when nobody uses it and its sweep has ended, or another sweep has begun here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shared: dict[str, _Shared] = {}

    @contextmanager
    def borrow(self, sweep: str, opener: Callable[[], Volume]) -> Iterator[Volume]:
        """Yield the volume of a sweep, opened by `opener` if it is not open."""
        with self._lock:
            self._close_idle(self._shared.keys() - {sweep})
            if sweep not in self._shared:
                self._shared[sweep] = _Shared(opener())
            shared = self._shared[sweep]
            shared.users += 1
        try:
            yield shared.volume
        finally:
            with self._lock:
                shared.users -= 1
                if shared.ended:
                    self._close_idle({sweep})

    def end(self, sweep: str) -> None:
        """Close the volume of a sweep as soon as nobody uses it any more."""
        with self._lock:
            if sweep in self._shared:
                self._shared[sweep].ended = True
                self._close_idle({sweep})

    def _close_idle(self, sweeps: set[str]) -> None:
        for sweep in sweeps:
            if not self._shared[sweep].users:
                self._shared.pop(sweep).volume.close()
