"""Compressed streams without random access: unpacked once into a temporary file, then mapped."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cellgraph.errors import FormatError, VolumeReadError

_PART_BYTES = 1 << 20


@contextmanager
def unpacked(stream: IO[bytes], source: str) -> Iterator[Path]:
    """Unpack a stream into a temporary file that is there only within the ``with`` statement.

    Whoever opens it there can read it for as long as it is kept open, and nothing is left behind.

    Raises
    ------
    FormatError
        If the stream ends too early or is damaged.
    VolumeReadError
        If there is no space for it.
    """
    descriptor, name = tempfile.mkstemp(prefix="cellgraph-", suffix=".raw")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            _copy(stream, file, source)
        yield path
    finally:
        path.unlink()


def _copy(stream: IO[bytes], file: IO[bytes], source: str) -> None:
    while True:
        try:
            part = stream.read(_PART_BYTES)
        except Exception as error:  # zlib.error, EOFError, BadZipFile, OSError: each stream has its own
            raise FormatError(
                f"{source}: its compressed contents are damaged or cut short ({error}); copy or export it again"
            ) from error
        if not part:
            return
        try:
            file.write(part)
        except OSError as error:
            raise VolumeReadError(
                f"{source}: no space to unpack it in {tempfile.gettempdir()} ({error.strerror}); free some, "
                "or set TMPDIR to a folder with more"
            ) from error
