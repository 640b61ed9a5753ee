"""One database file: read in place, and written by replacing it with a new file.

A Ladybug transaction is not enough to load a sample atomically: `COPY` is not logged, so if a process is killed or the
disk fills up between the commit and the end of the checkpoint (seconds for a million cells), the sample is left without
its cells, and the one it replaces is deleted (measured with 0.22).  So the user's file is never written in place: a new
one is made beside it, checked, and renamed.  Readers are not disturbed: they keep the file they have opened.
"""

from __future__ import annotations

import os
import shlex
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fcntl import ioctl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellgraph.errors import NotFoundError, StoreError
from cellgraph.machine import total_memory
from cellgraph.stores.embedded import checksum, locks, writers
from cellgraph.stores.embedded.errors import is_full

if TYPE_CHECKING:
    import ladybug

PATIENCE = 5.0
"""Seconds to wait for other programs that write to the file itself; loads wait for each other indefinitely."""

_POOL = max(min(2**30, total_memory() // 2), total_memory() // 4)
"""Bytes of memory Ladybug may use to read: a quarter of the memory (of the container, if there is one); its default is
80 %. 1 GB is too little for a query with 7 million rows."""

_POOL_TO_WRITE = min(max(640 * 2**20, total_memory() // 12), 2 * 2**30)
"""Bytes of memory Ladybug may use to write; it spills the rest to disk beside the file. 1 million cells with 7.3
million contacts took 13 to 16 s at 0.45 GB, and 12 s at 6 GB; 4 million with 29 million took 64 s at 0.5 GB and 59 s at
2 GB; less than 0.4 GB is an error (0.22). Adding 4 million cells to 36 million took 35 s at 0.64 GB and 15 s at 1.3
GB."""

_FICLONE = 0x40049409  # linux/fs.h

_FIRST = threading.Lock()
"""Held while Ladybug is imported and loads its library: a thread that imports it meanwhile is told that there is none
(0.22, `get_pybind_module`)."""


class DatabaseFile:
    """A Ladybug database file; it is open only while in use.

    So an idle program blocks nobody and always sees the latest state; opening takes 6 ms (file of 700 MB).
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._file = path.resolve()
        self._next = self._file.with_name(self._file.name + ".next")
        self._log = self._file.with_name(self._file.name + ".wal")
        self._writer = self._file.with_name(self._file.name + ".writer")
        self._patience = patience

    def exists(self) -> bool:
        """Whether the file exists; an empty one is left by a first load that did not complete."""
        return self._file.exists() and (self._file.is_dir() or self._file.stat().st_size > 0)

    def version(self) -> tuple[int, ...] | None:
        """Return an identifier of this version of the file; None while another program is writing to it."""
        if self._log.exists():
            return None
        status = self._file.stat()
        return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)

    def require(self) -> None:
        """Raise `NotFoundError` if there is no file."""
        if not self.exists():
            raise NotFoundError(
                f"there is no database {self.path}; create one with: cellgraph load IMAGE --db "
                f"{shlex.quote(str(self.path))}"
            )

    @contextmanager
    def reading(self) -> Iterator[ladybug.Connection]:
        """Open read-only: Ladybug itself refuses writes."""
        self.require()
        with locks.reading(self._file, self._patience):
            if not self._log.exists():
                checksum.require_sound(self._file, self.path, up_to=checksum.ALWAYS)
            with _connected(self._file, read_only=True) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Draft]:
        """Make a new version of the file, which replaces it at the end, or is deleted after an error."""
        with ExitStack() as stack:
            self._lock_to_write(stack)
            stack.enter_context(writers.signed(self._writer))
            new = not self.exists()
            if not new:
                checksum.require_sound(self._file, self.path)
            draft = Draft(self._next, None if new else self._file)
            try:
                _remove(self._next)
                yield draft
                draft.check()
                checksum.seal(self._next)
                if not new:
                    self._next.chmod(self._file.stat().st_mode)
                os.replace(self._next, self._file)
                _synchronise(self._file.parent)
            except BaseException:
                _remove(self._next)
                if new:
                    self._file.unlink(missing_ok=True)
                raise

    def repair(self) -> None:
        """Apply what another program left in a log beside the file."""
        if self._log.exists():
            with _connected(self._file, read_only=False) as connection:
                connection.execute("CHECKPOINT")

    def _lock_to_write(self, stack: ExitStack) -> None:
        """Take the writers' lock, once no unapplied log of another program is left."""
        queue = writers.Queue(self.path, self._writer)
        while True:
            self.repair()
            lock = stack.enter_context(ExitStack())
            lock.enter_context(locks.writing(self._file, self._patience, queue.waiting))
            if not self._log.exists():
                return
            lock.close()


class Draft:
    """The next version of a database file."""

    def __init__(self, path: Path, old: Path | None) -> None:
        self._path = path
        self._old = old
        self._counts: dict[str, int] = {}

    @contextmanager
    def old(self) -> Iterator[ladybug.Connection | None]:
        """Open the present version, read-only; None if there is none."""
        if self._old is None:
            yield None
        else:
            with _connected(self._old, read_only=True) as connection:
                yield connection

    def copy(self) -> None:
        """Begin with a copy of the present version, if there is one."""
        if self._old is not None:
            _copy(self._old, self._path)
            checksum.unseal(self._path)

    @contextmanager
    def again(self) -> Iterator[Draft]:
        """Make a draft from this one, which replaces it at the end."""
        other = Draft(self._path.with_name(f"{self._path.name}.again"), self._path)
        yield other
        os.replace(other._path, self._path)

    @contextmanager
    def opened(self, *, compression: bool = True) -> Iterator[ladybug.Connection]:
        """Open the draft to write.

        Lists of floats must be written without compression: if Ladybug (0.22) compresses them, those of one session
        damage those of earlier ones (0.325 is read as 0.4).  Other types are not affected.
        """
        with ExitStack() as stack:
            connection = stack.enter_context(_connected(self._path, read_only=False, compression=compression))
            try:
                yield connection
                self._counts = _counts(connection)
                execute(connection, "CHECKPOINT")
            except RuntimeError as error:
                if is_full(str(error)):
                    _never_close(stack, connection, self._path)
                raise

    def check(self) -> None:
        """Raise `StoreError` if the file on disk is not what was written."""
        _synchronise(self._path)
        with _connected(self._path, read_only=True) as connection:
            found = _counts(connection)
        if found != self._counts or self._path.with_name(self._path.name + ".wal").exists():
            raise StoreError(f"the disk holds {found} instead of {self._counts}; nothing was changed: load again.")


def execute(connection: Any, cypher: str, parameters: dict[str, Any] | None = None) -> Any:
    """Run one statement so that Ctrl-C ends it: Python handles the signal only between its own instructions."""
    from concurrent.futures import ThreadPoolExecutor, wait

    with ThreadPoolExecutor(1, thread_name_prefix="ladybug") as thread:
        running = thread.submit(connection.execute, cypher, parameters or {})
        try:
            return running.result()
        except KeyboardInterrupt:
            while not running.done():
                connection.interrupt()  # an interrupt during compilation of a statement is lost
                wait([running], 0.05)
            raise


def _never_close(stack: ExitStack, connection: Any, path: Path) -> None:
    """Leave a database open permanently: on a full disk, Ladybug (0.22) kills the whole process when it is closed."""
    import ctypes

    for kept in (stack.pop_all(), connection, connection.database):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
    os.truncate(path, 0)  # still frees its space


@contextmanager
def _connected(path: Path, *, read_only: bool, compression: bool = True) -> Iterator[ladybug.Connection]:
    """Open a file, and close it at the end."""
    with _FIRST:
        import ladybug

        ladybug.Database.get_version()  # loads its library
    pool = _POOL if read_only else _POOL_TO_WRITE
    with (
        ladybug.Database(str(path), read_only=read_only, buffer_pool_size=pool, compression=compression) as database,
        ladybug.Connection(database) as connection,
    ):
        yield connection


def _counts(connection: Any) -> dict[str, int]:
    """Return the number of nodes or relationships of each table."""
    counts = {}
    for _, table, kind, *_ in connection.execute("CALL show_tables() RETURN *").get_all():
        pattern = f"(:`{table}`)" if kind == "NODE" else f"()-[:`{table}`]->()"
        counts[table] = int(connection.execute(f"MATCH {pattern} RETURN count(*)").get_all()[0][0])
    return counts


def _copy(source: Path, target: Path) -> None:
    """Copy a file, instantly if the file system shares blocks between copies (Btrfs, XFS)."""
    with source.open("rb") as read, target.open("xb") as written:
        try:
            ioctl(written.fileno(), _FICLONE, read.fileno())
        except OSError:
            shutil.copyfileobj(read, written, 2**24)


def _remove(path: Path) -> None:
    """Delete a file and what Ladybug puts beside it: its log, its shadow file, …"""
    for entry in path.parent.iterdir():
        if entry.name == path.name or entry.name.startswith(f"{path.name}."):
            entry.unlink(missing_ok=True)


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
