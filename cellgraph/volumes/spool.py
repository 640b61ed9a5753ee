"""Compressed streams without random access: unpacked once into a temporary file, then mapped."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cellgraph.errors import FormatError, VolumeReadError

_PART_BYTES = 1 << 20

# Some writers put something behind the voxels.
_SLACK_BYTES = 1 << 20


@contextmanager
def unpacked(stream: IO[bytes], size: int, source: str) -> Iterator[Path]:
    """Unpack a stream into a temporary file that is there only within the ``with`` statement.

    Whoever opens it there can read it for as long as it is kept open, and nothing is left behind.

    Parameters
    ----------
    stream : binary file
        What to unpack.
    size : int
        How many bytes there are by its header.  What comes behind them is not unpacked.
    source : str
        What to call it in messages.

    Raises
    ------
    FormatError
        If the stream ends too early or is damaged, or goes on far behind its end.
    VolumeReadError
        If there is no space for it.
    """
    room = shutil.disk_usage(tempfile.gettempdir()).free
    if size > room:
        raise VolumeReadError(
            f"{source}: unpacked it takes {size:,} bytes by its header, but {tempfile.gettempdir()} has only "
            f"{room:,} left; free some, or set TMPDIR to a folder with more; if it is not as large as that, "
            "it is damaged"
        )
    descriptor, name = tempfile.mkstemp(prefix="cellgraph-", suffix=".raw")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            _copy(stream, file, size + _SLACK_BYTES, source)
        yield path
    finally:
        path.unlink()


def _copy(stream: IO[bytes], file: IO[bytes], most: int, source: str) -> None:
    written = 0
    while True:
        try:
            part = stream.read(_PART_BYTES)
        except Exception as error:  # zlib.error, EOFError, BadZipFile, OSError: each stream has its own
            raise FormatError(
                f"{source}: its compressed contents are damaged or cut short ({error}); copy or export it again"
            ) from error
        if not part:
            return
        written += len(part)
        if written > most:
            raise FormatError(
                f"{source}: expected {most - _SLACK_BYTES:,} bytes by its header, but more come out of it; it is "
                "damaged, copy or export it again"
            )
        try:
            file.write(part)
        except OSError as error:
            raise VolumeReadError(
                f"{source}: no space to unpack it in {tempfile.gettempdir()} ({error.strerror}); free some, "
                "or set TMPDIR to a folder with more"
            ) from error
