"""Local files: open them with clear errors, read at an offset from any thread, take fingerprints."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cellgraph.errors import CellgraphError, FormatError, VolumeReadError


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Translate errors of the operating system while a file is opened or read."""
    try:
        yield
    except FileNotFoundError as error:
        raise VolumeReadError(f"{what}: the file has gone: {error.filename or what}") from error
    except PermissionError as error:
        raise VolumeReadError(
            f"{what}: no permission to read it; ask its owner, or copy it to where you can read"
        ) from error
    except IsADirectoryError as error:
        raise FormatError(f"{what}: expected a file, but it is a folder") from error
    except CellgraphError:
        raise
    except OSError as error:
        raise VolumeReadError(f"{what}: could not be read: {error.strerror or error}") from error


@contextmanager
def parsing(what: str, kind: str) -> Iterator[None]:
    """Translate what a library raises on opening `what`, which should be `kind`; a damaged file may raise anything.

    Raises
    ------
    FormatError
        If it is damaged.
    VolumeReadError
        If the system cannot read it, or lacks the memory for the size it claims.
    """
    try:
        with reading(what):
            yield
    except CellgraphError:
        raise
    except MemoryError as error:
        raise VolumeReadError(
            f"{what}: there is no memory to open it; if it is not as large as that, it is damaged: "
            "copy or export it again"
        ) from error
    except Exception as error:
        raise FormatError(
            f"{what}: expected {kind}, but it is damaged or cut short ({str(error) or type(error).__name__}); "
            "copy or export it again"
        ) from error


GIT_LFS = b"version https://git-lfs"
POINTER = "a Git LFS pointer, which stands for the file; fetch the file itself with: git lfs pull"

_NO_FILES = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def refuse_pipes(path: Path) -> None:
    """Refuse anything that is neither a file nor a folder: it can be read only once, and may block a reader forever.

    Raises
    ------
    FormatError
        If `path` is a pipe, a socket or a device; a missing file is left to whoever opens it.
    """
    if not path.exists():
        return
    what = _NO_FILES.get(stat.S_IFMT(path.stat().st_mode))
    if what is not None:
        raise FormatError(f"{path}: expected a file, but it is {what}; write what it holds to a file first")


def stat_fingerprint(path: Path) -> dict[str, Any]:
    """Return the size and modification time of a file."""
    with reading(str(path)):
        status = path.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}


def begins_with(path: Path, length: int) -> bytes:
    """Return the first bytes of a file, fewer if it is shorter."""
    with reading(str(path)), path.open("rb") as file:
        return file.read(length)


def ends_with(path: Path, length: int) -> bytes:
    """Return the last bytes of a file, fewer if it is shorter."""
    with reading(str(path)), path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - length))
        return file.read(length)


class OpenFile:
    """A file opened for reading at any offset, from several threads at once."""

    def __init__(self, path: Path, what: str) -> None:
        self._what = what
        self._descriptor = -1
        with reading(what):
            self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    @property
    def descriptor(self) -> int:
        return self._descriptor

    def size(self) -> int:
        """Return the present size of the file in bytes."""
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes, starting at `offset`.

        Raises
        ------
        VolumeReadError
            If the file has fewer, or the system cannot read them.
        """
        parts = []
        left = length
        while left:
            try:
                part = os.pread(self._descriptor, min(left, 1 << 30), offset)
            except OSError as error:
                raise VolumeReadError(f"{self._what}: could not read at byte {offset}: {error.strerror}") from error
            except OverflowError:  # a damaged file may give positions that no file has
                part = b""
            if not part:
                raise VolumeReadError(
                    f"{self._what}: expected {left} more bytes at byte {offset}, but the file ends there; "
                    "it was cut short, copy or export it again"
                )
            parts.append(part)
            offset += len(part)
            left -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()
