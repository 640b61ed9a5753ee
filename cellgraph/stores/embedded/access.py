"""One database file: opened to read, to write, or to be written anew beside itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellgraph.errors import NotFoundError
from cellgraph.stores.embedded import locks
from cellgraph.stores.embedded.errors import is_locked
from cellgraph.stores.embedded.gate import gate

if TYPE_CHECKING:
    import ladybug

PATIENCE = 5.0
"""Seconds to wait for others that use the file."""

_POOL = 2**30
"""Bytes that Ladybug may keep of the file; it takes 80 % of the memory by default."""

_COMPANIONS = (".wal", ".shadow", ".checkpoint.intent.lock", ".checkpoint.apply.lock")


class DatabaseFile:
    """A Ladybug database file and who may open it.

    It is open only while something is done with it, so that an idle program is in nobody's way and always
    sees the newest state; opening takes 6 ms (700 MB file).  Readers and a writer keep out of each other's
    way by `gate` among threads and by `locks` among processes.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._gate = gate(path)

    def require(self) -> None:
        """Raise `NotFoundError` if there is no file."""
        if not self.path.exists():
            raise NotFoundError(
                f"there is no database {self.path}; make one with: cellgraph load IMAGE --db {self.path}"
            )

    @contextmanager
    def reading(self) -> Iterator[ladybug.Connection]:
        """Open read-only: Ladybug itself refuses writes."""
        with self._gate.shared(self._patience):
            self.require()
            with (
                locks.shared(self.path, self._patience),
                _connected(_opened(self.path, read_only=True)) as connection,
            ):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[ladybug.Connection]:
        """Open to write; a file that this has made goes again if an error ends it."""
        with self._gate.exclusive(self._patience):
            new = not self.path.exists()
            try:
                with _connected(self._opened_to_write()) as connection:
                    yield connection
            except BaseException:
                if new:
                    _remove(self.path)
                raise
            _remove(self._next)

    @contextmanager
    def rewriting(self) -> Iterator[tuple[ladybug.Connection, ladybug.Connection]]:
        """Open read-only, and an empty database beside it that takes its place at the end.

        A reader finds either the old file or the new one.  Ladybug deletes one by one, in a time that grows
        with the square of the cells of a sample (520 s for a million `HAS_CELL`), and does not shrink the
        file.
        """
        with self._gate.exclusive(self._patience), ExitStack() as stack:
            stack.enter_context(self._locked_without_log())
            _remove(self._next)
            try:
                old = stack.enter_context(_connected(_opened(self.path, read_only=True)))
                with _connected(_opened(self._next, read_only=False)) as new:
                    yield old, new
                _synchronise(self._next)
                self._next.chmod(self.path.stat().st_mode)
                os.replace(self._next, self.path)
                _synchronise(self.path.parent)
            except BaseException:
                _remove(self._next)
                raise

    @property
    def _next(self) -> Path:
        """Where the file is written anew."""
        return self.path.with_name(self.path.name + ".next")

    @contextmanager
    def _locked_without_log(self) -> Iterator[None]:
        """Hold off all other processes, when no killed writer has left a log that is not in the file yet."""
        while True:
            with _connected(self._opened_to_write()) as connection:
                connection.execute("CHECKPOINT")
            with locks.exclusive(self.path, self._patience):
                if not self.path.with_name(self.path.name + ".wal").exists():
                    yield
                    return

    def _opened_to_write(self) -> ladybug.Database:
        end = time.monotonic() + self._patience
        while True:
            try:
                return _opened(self.path, read_only=False)
            except RuntimeError as error:
                if not is_locked(error) or time.monotonic() > end:
                    raise
            time.sleep(0.02)


def _opened(path: Path, *, read_only: bool) -> ladybug.Database:
    import ladybug

    return ladybug.Database(str(path), read_only=read_only, buffer_pool_size=_POOL)


@contextmanager
def _connected(database: ladybug.Database) -> Iterator[ladybug.Connection]:
    """Connect, and close both at the end."""
    import ladybug

    with database, ladybug.Connection(database) as connection:
        yield connection


def _remove(path: Path) -> None:
    for name in (path.name, *(path.name + suffix for suffix in _COMPANIONS)):
        with suppress(FileNotFoundError):
            path.with_name(name).unlink()


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def execute(connection: Any, cypher: str, parameters: dict[str, Any] | None = None) -> Any:
    """Run one statement so that Ctrl-C ends it: Python sees the signal only between its own instructions."""
    from concurrent.futures import ThreadPoolExecutor, wait

    with ThreadPoolExecutor(1, thread_name_prefix="ladybug") as thread:
        running = thread.submit(connection.execute, cypher, parameters or {})
        try:
            return running.result()
        except KeyboardInterrupt:
            while not running.done():
                connection.interrupt()  # one that comes while a statement is compiled is lost
                wait([running], 0.05)
            raise
