"""Locks of a database file between processes.

Ladybug takes a lock on the file where it writes, but none where it only reads (measured with 0.22), so that
a reader would see pages change under it.  A reader therefore holds a shared lock here, of the kind that
works against Ladybug's own: the lock of an open file description (Linux), which other descriptors of this
process do not end. Where a system has none, an ordinary shared lock has to do.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLOCK = "hhqqi"
"""``struct flock``: type, whence, start, length, pid."""


class LockedError(Exception):
    """Another process holds the file; its pid is None where the system does not tell."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid


@contextmanager
def shared(path: Path, patience: float) -> Iterator[None]:
    """Hold off writers of other processes.

    Raises
    ------
    LockedError
        If one is still writing after `patience` seconds.
    OSError
        If the file cannot be opened.
    """
    with _locked(path, fcntl.F_RDLCK, os.O_RDONLY, patience):
        yield


@contextmanager
def exclusive(path: Path, patience: float) -> Iterator[None]:
    """Hold off writers and readers of other processes; raises as `shared`."""
    with _locked(path, fcntl.F_WRLCK, os.O_RDWR, patience):
        yield


@contextmanager
def _locked(path: Path, kind: int, mode: int, patience: float) -> Iterator[None]:
    descriptor = _lock(path, kind, mode, time.monotonic() + patience)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path, kind: int, mode: int, end: float) -> int:
    """Return a descriptor of the file that `path` names, locked."""
    while True:
        descriptor = os.open(path, mode | os.O_CLOEXEC)
        try:
            if _set(descriptor, kind):
                if _is_file(descriptor, path):
                    return descriptor
            elif time.monotonic() > end:
                raise LockedError(_holder(descriptor, kind))
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        time.sleep(0.02)


def _set(descriptor: int, kind: int) -> bool:
    """Try to take the lock; False if another process has one against it."""
    command = getattr(fcntl, "F_OFD_SETLK", None)
    try:
        if command is None:
            how = fcntl.LOCK_SH if kind == fcntl.F_RDLCK else fcntl.LOCK_EX
            fcntl.lockf(descriptor, how | fcntl.LOCK_NB)
        else:
            fcntl.fcntl(descriptor, command, struct.pack(_FLOCK, kind, os.SEEK_SET, 0, 0, 0))
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True


def _is_file(descriptor: int, path: Path) -> bool:
    """Whether the path still names this file: a rewritten database takes its place by a rename."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(descriptor: int, kind: int) -> int | None:
    answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, 0, 0, 0))
    pid = int(struct.unpack(_FLOCK, answer)[4])
    return pid if pid > 0 else None
