"""Locks on a database file, between processes and between threads of one process.

Ladybug locks the whole file to write and does not lock it to read (0.22).  Here a writer locks one byte far beyond the
end and a reader another, so that writers exclude each other but not readers, who keep the file they have opened when it
is replaced; and Ladybug's own lock, in any program, excludes both.  The locks belong to an open file description
(Linux): closing another descriptor of the file does not release them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_FLOCK = "hhqqi"
"""``struct flock``: type, whence, start, length, pid."""

_WRITERS = 2**62
_READERS = _WRITERS + 1


class LockedError(Exception):
    """Someone else holds the lock; the pid is None if the system does not report it."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid


@contextmanager
def reading(path: Path, patience: float) -> Iterator[None]:
    """Lock out programs that write to the file itself.

    Raises
    ------
    LockedError
        If one is still writing after `patience` seconds.
    OSError
        If the file cannot be opened.
    """
    descriptor = _lock(path, fcntl.F_RDLCK, _READERS, os.O_RDONLY, time.monotonic() + patience)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writing(path: Path, patience: float, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the exclusive right to make a new version of the file, which is created empty if it does not exist.

    Another writer is waited for as long as it lives, with `waiting` called meanwhile.

    Raises
    ------
    LockedError
        If another program is still writing to the file itself after `patience` seconds.
    OSError
        If the file cannot be opened.
    """
    mode = os.O_RDWR | os.O_CREAT
    descriptor = _lock(path, fcntl.F_WRLCK, _WRITERS, mode, time.monotonic() + patience, waiting)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path, kind: int, byte: int, mode: int, end: float, waiting: Callable[[], None] | None = None) -> int:
    """Return a descriptor of the file that `path` names, locked."""
    while True:
        descriptor = os.open(path, mode | os.O_CLOEXEC, 0o666)
        try:
            if _set(descriptor, kind, byte):
                if _is_file(descriptor, path):
                    return descriptor
            else:
                holder = _holder(descriptor, kind, byte)
                if waiting is not None and holder is None:
                    waiting()
                elif time.monotonic() > end:
                    raise LockedError(holder)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(0.02)


def _set(descriptor: int, kind: int, byte: int) -> bool:
    """Try to take the lock; False if someone holds a conflicting one."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, byte, 1, 0))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _is_file(descriptor: int, path: Path) -> bool:
    """Whether the path still names this file, and not a replacement."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(descriptor: int, kind: int, byte: int) -> int | None:
    """Return the process that holds Ladybug's lock; locks of open file descriptions report none."""
    answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, byte, 1, 0))
    pid = int(struct.unpack(_FLOCK, answer)[4])
    return pid if pid > 0 else None
