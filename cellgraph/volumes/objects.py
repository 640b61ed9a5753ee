"""Stored objects by key: chunks and metadata documents of chunked formats, in a local folder."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.machine import free_memory

_NO_WAIT = getattr(os, "O_NONBLOCK", 0)

# Larger files are read only if there is enough memory.
_LARGE_BYTES = 256 << 20


class Objects(Protocol):
    """A read-only store of named objects. Safe to read from several threads at once.

    Attributes
    ----------
    parallel : int or None
        How many objects one caller should read at once: many if each takes a network round trip; None for one per core,
        to decode them.
    """

    @property
    def parallel(self) -> int | None: ...

    def get(self, key: str, start: int | None = None, length: int | None = None) -> bytes | None:
        """Return an object or part of it, counted from the end if `start` is negative; None if it does not exist.

        Raises
        ------
        VolumeReadError
            If it exists but cannot be read.
        """
        ...

    def children(self, path: str) -> list[str]:
        """Return the names directly below a path; empty if the store cannot list them."""
        ...

    def files(self, path: str) -> Iterator[str] | None:
        """Return the names of all objects below a path, relative to it; None if listing is costly."""
        ...

    def has(self, key: str) -> bool:
        """Tell whether there is an object of that name; false if checking is costly."""
        ...

    def fingerprint(self, key: str) -> dict[str, Any]:
        """Return values that show whether an object has changed, JSON-ready."""
        ...

    def stamps(self, groups: Iterable[Iterable[str]]) -> list[int]:
        """Return a stamp per group of keys that shows whether its objects have changed; empty if that is costly."""
        ...

    def place(self, key: str) -> str:
        """Return the path or URL of an object, for messages."""
        ...

    def close(self) -> None: ...


class Folder:
    """Objects that are files below a folder."""

    parallel: int | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, key: str, start: int | None = None, length: int | None = None) -> bytes | None:
        try:
            with _opened(self._below(key)) as file:
                if start is not None:
                    size = file.seek(0, 2) if start < 0 else 0
                    file.seek(max(0, size + start))  # a shorter file is returned whole
                return _read(file, length, self.place(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise VolumeReadError(f"{self.place(key)}: could not be read: {error.strerror or error}") from error

    def _below(self, key: str) -> Path:
        """Return the file of a key, which is often a name given in another file."""
        refuse_outside(key, str(self._path))
        return self._path / key

    def children(self, path: str) -> list[str]:
        try:
            return [child.name for child in (self._path / path).iterdir() if child.is_dir()]
        except OSError:
            return []

    def files(self, path: str) -> Iterator[str] | None:
        top = self._path / path
        return (
            os.path.relpath(os.path.join(folder, name), top).replace(os.sep, "/")
            for folder, _, names in os.walk(top)
            for name in names
        )

    def has(self, key: str) -> bool:
        return os.path.exists(self._path / key)

    def fingerprint(self, key: str) -> dict[str, Any]:
        """Return the size and modification time of a file."""
        size, mtime_ns = self._state(key)
        return {"size": size, "mtime_ns": mtime_ns}

    def stamps(self, groups: Iterable[Iterable[str]]) -> list[int]:
        """Return checksums of sizes and modification times."""
        state = cache(self._state)  # neighbours share files
        return [zlib.crc32(repr([state(key) for key in dict.fromkeys(keys)]).encode()) for keys in groups]

    def _state(self, key: str) -> tuple[int, int]:
        try:
            status = (self._path / key).stat()
        except OSError:  # a chunk that is not stored, or not accessible: reading it reports that
            return -1, -1
        return status.st_size, status.st_mtime_ns

    def place(self, key: str) -> str:
        return str(self._path / key) if key else str(self._path)

    def close(self) -> None:
        """Do nothing: no file is kept open."""


def refuse_outside(key: str, place: str) -> None:
    """Refuse a key that leads outside its store.

    Raises
    ------
    FormatError
        If it is absolute, or contains ``..``.
    """
    if key.startswith("/") or ".." in key.replace("\\", "/").split("/"):
        raise FormatError(
            f"{place}: expected the name of something in it, but {key!r} leads elsewhere; load what it names by itself"
        )


def _opened(path: Path) -> FileIO:
    """Open a file; a pipe is opened without waiting for a writer."""
    return open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | _NO_WAIT))


def _read(file: FileIO, length: int | None, place: str) -> bytes:
    status = os.fstat(file.fileno())
    left = status.st_size - file.tell() if stat.S_ISREG(status.st_mode) else 0
    length = left if length is None else min(length, left)
    if not stat.S_ISREG(status.st_mode):
        raise VolumeReadError(f"{place}: expected a file, but it is a pipe or a device; copy or export it again")
    if length > _LARGE_BYTES and length > free_memory() // 2:
        raise VolumeReadError(
            f"{place}: expected a part that fits into memory, but it has {length:,} bytes; if it is not as large as "
            "that, it is damaged: copy or export it again"
        )
    parts = []
    while length > 0 and (part := file.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
