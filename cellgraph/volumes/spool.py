"""Compressed voxels without random access: unpacked once into a temporary file, then mapped."""

from __future__ import annotations

import bz2
import gzip
import math
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.axes import Axes
from cellgraph.volumes.mapped import mapped_volume
from cellgraph.volumes.pieces import PiecesVolume
from cellgraph.volumes.units import Size

_PART_BYTES = 1 << 20

# Some writers append something after the voxels.
_SLACK_BYTES = 1 << 20


def parts_of(stream: IO[bytes] | gzip.GzipFile | bz2.BZ2File) -> Iterator[bytes]:
    """Yield the contents of a stream in parts."""
    return iter(lambda: stream.read(_PART_BYTES), b"")


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    while not inflater.eof:
        data = inflater.unconsumed_tail or file.read(_PART_BYTES)
        if not data:
            raise EOFError("the compressed voxels end too early")
        yield inflater.decompress(data, _PART_BYTES)


UNPACKERS: dict[str, Callable[[IO[bytes]], Iterator[bytes]]] = {
    "gzip": lambda file: parts_of(gzip.GzipFile(fileobj=file)),
    "bzip2": lambda file: parts_of(bz2.BZ2File(file)),
    "zlib": _inflated,
}  # fmt: skip


def voxel_file(
    path: Path,
    packing: str,
    begin: int,
    offset: int,
    dtype: np.dtype[Any],
    axes: Axes,
    source: str,
    size: Size,
    *,
    scale: tuple[float, float] | None = None,
) -> PiecesVolume:
    """Open voxels in one contiguous part of a file, plain (`packing` is ``raw``) or compressed (a key of `UNPACKERS`).

    The compressed data starts at byte `begin` of the file, and the voxels at byte `offset` of the unpacked data; see
    `mapped_volume` for the rest.
    """
    if packing == "raw":
        return mapped_volume(path, begin + offset, dtype, axes, source, size, scale=scale)
    with path.open("rb") as file:
        file.seek(begin)
        with unpacked(UNPACKERS[packing](file), offset + math.prod(axes.stored) * dtype.itemsize, source) as plain:
            return mapped_volume(plain, offset, dtype, axes, source, size, scale=scale, origin=path)


def beside(path: Path, named: str, source: str) -> Path:
    """Return the voxel file named in a header, which must be beside it.

    Raises
    ------
    FormatError
        If the header names several files, or one elsewhere.
    """
    if Path(named).name != named.removeprefix("./") or "%" in named or named.upper().startswith("LIST"):
        raise FormatError(f"{source}: expected its voxels in one file beside it, but it names {named!r}")
    return path.with_name(Path(named).name)


@contextmanager
def unpacked(parts: Iterable[bytes], size: int, source: str) -> Iterator[Path]:
    """Unpack data to a temporary file that exists only within the ``with`` statement.

    A reader that opens it there can read it for as long as it is kept open, and nothing is left behind. According to
    its header there are `size` bytes; much more is not unpacked.

    Raises
    ------
    FormatError
        If it is damaged, or continues far beyond its stated size.
    VolumeReadError
        If there is not enough disk space.
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
            _copy(iter(parts), file, size + _SLACK_BYTES, source)
        yield path
    finally:
        path.unlink()


def _copy(parts: Iterator[bytes], file: IO[bytes], most: int, source: str) -> None:
    written = 0
    while True:
        try:
            part = next(parts, None)
        except Exception as error:  # zlib.error, EOFError, BadZipFile, OSError: each stream type has its own
            raise FormatError(
                f"{source}: its compressed contents are damaged or cut short ({error}); copy or export it again"
            ) from error
        if part is None:
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
