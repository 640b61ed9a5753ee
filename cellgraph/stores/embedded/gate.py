"""Who may use a database file when, among the threads of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Gate:
    """Lets in either any number of readers, or one writer; readers wait behind a writer who waits."""

    def __init__(self) -> None:
        self._readers = 0
        self._writers = 0  # inside or waiting
        self._writing = False
        self._changed = threading.Condition()

    @contextmanager
    def shared(self, patience: float) -> Iterator[None]:
        """Enter as a reader; `TimeoutError` after `patience` seconds behind a writer."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._writers, patience):
                raise TimeoutError
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @contextmanager
    def exclusive(self, patience: float) -> Iterator[None]:
        """Enter as the writer; `TimeoutError` after `patience` seconds behind others."""
        with self._changed:
            self._writers += 1
        try:
            self._enter(patience)
            try:
                yield
            finally:
                self._writing = False
        finally:
            with self._changed:
                self._writers -= 1
                self._changed.notify_all()

    def _enter(self, patience: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._writing and not self._readers, patience):
                raise TimeoutError
            self._writing = True


_gates: dict[Path, Gate] = {}
_gates_lock = threading.Lock()


def gate(path: Path) -> Gate:
    """Return the gate of a file: one for all stores of this process on it."""
    with _gates_lock:
        return _gates.setdefault(path.resolve(), Gate())
