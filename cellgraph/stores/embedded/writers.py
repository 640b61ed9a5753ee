"""Who is writing a database file at the moment, for those who wait.

The lock itself (see `locks`) ends with the process that holds it, but does not reveal who that is.  So the writer
identifies itself in a small file beside the database.  A note left by a killed writer is never read: notes are read
only while another writer holds the lock, which has written its own.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE = 1.0
"""Seconds to wait before telling the user, since most writes take less."""

_log = logging.getLogger("cellgraph")


@contextmanager
def signed(note: Path) -> Iterator[None]:
    """Note until the end that this process is writing; the caller holds the lock."""
    with suppress(OSError):  # a full disk: others learn less
        note.write_text(f"{os.getpid()} {socket.gethostname()} {time.strftime('%Y-%m-%d %H:%M:%S')}")
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


class Queue:
    """Waits for other writers of a database, reporting each once on stderr."""

    def __init__(self, path: Path, note: Path) -> None:
        self._path = path
        self._note = note
        self._begun = time.monotonic()
        self._told: str | None = None

    def waiting(self) -> None:
        """Report whom this process is waiting for, after a moment, if that has changed."""
        if time.monotonic() - self._begun < _PATIENCE:
            return
        writer = self._writer()
        if writer is not None and writer != self._told:
            self._told = writer
            _log.warning("cellgraph: waiting for %s to finish before writing into %s", writer, self._path)

    def _writer(self) -> str | None:
        """Return who is writing; None while that is changing, or if it is this process itself."""
        try:
            pid, host, since = self._note.read_text().split(" ", 2)
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return "another process"
        if host != socket.gethostname():
            return f"process {pid} on {host} (writing since {since})"
        return None if int(pid) == os.getpid() else f"process {pid} (writing since {since})"
