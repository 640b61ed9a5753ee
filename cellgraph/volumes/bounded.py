"""Bounded decompression, which stops when the output exceeds what a chunk can hold.

A few megabytes can expand to any number of gigabytes (a "bomb"), and codecs by themselves unpack all of it.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

Decompress = Callable[[Any, int], Any]
"""Takes compressed bytes and the maximum size of the output; raises `ValueError` if it is exceeded."""


def room_for(size: int) -> int:
    """Return the maximum output, in bytes, of any step of decoding a chunk of `size` bytes.

    It is more than `size`, since data that is compressed twice or has checksums is larger between steps.
    """
    return size + size // 8 + 65536


def decompressor(name: str, config: Mapping[str, Any] | None = None) -> Decompress | None:
    """Return the decompressor with a given numcodecs name; None if it is not one that is bounded here.

    Parameters
    ----------
    name : str
        For example ``gzip``.
    config : mapping, optional
        Its parameters, as in numcodecs.
    """
    if name == "lzma" and config is not None:
        form, filters = config.get("format", lzma.FORMAT_XZ), config.get("filters")
        if form == lzma.FORMAT_RAW:
            return lambda data, most: _stream(lambda: lzma.LZMADecompressor(form, filters=filters), data, most)
    return _DECOMPRESSORS.get(name)


def inflate(data: Any, most: int) -> bytes:
    """Decompress zlib, or gzip with one or more members."""
    parts, left = [], most
    rest: Any = data
    while True:
        stream = zlib.decompressobj(wbits=47)
        parts.append(_checked(stream.decompress(rest, left + 1), left, most))
        left -= len(parts[-1])
        if not stream.eof:
            raise ValueError("it is cut short")
        rest = stream.unused_data.lstrip(b"\0")
        if not rest.startswith(b"\x1f\x8b"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _stream(new: Callable[[], Any], data: Any, most: int) -> bytes:
    """Decompress consecutive streams of bz2 or lzma."""
    parts, left = [], most
    rest: Any = data
    while rest:
        stream = new()
        parts.append(_checked(stream.decompress(rest, left + 1), left, most))
        left -= len(parts[-1])
        if not stream.eof:
            raise ValueError("it is cut short")
        rest = stream.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _zstd(data: Any, most: int) -> Any:
    import pyarrow as pa

    size = _zstd_size(bytes(memoryview(data)[:18]))
    if size is not None:
        if size > most:
            raise _too_much(most)
        with suppress(OSError):  # several frames, if the size is that of the first
            return pa.Codec("zstd").decompress(data, decompressed_size=size)
    with pa.CompressedInputStream(pa.BufferReader(pa.py_buffer(data)), "zstd") as stream:
        return _checked(stream.read(most + 1), most, most)


def _zstd_size(head: bytes) -> int | None:
    """Return the decompressed size in the header of a Zstandard frame, if it is given (RFC 8878, 3.1.1.1)."""
    if len(head) < 6 or head[:4] != b"\x28\xb5\x2f\xfd":
        return None
    single = head[4] >> 5 & 1
    length = (single, 2, 4, 8)[head[4] >> 6]
    begin = 5 + (1 - single) + (0, 1, 2, 4)[head[4] & 3]
    size = int.from_bytes(head[begin : begin + length], "little") + (256 if length == 2 else 0)
    return size if length else None


def _declared(name: str, begin: int) -> Decompress:
    """Return a numcodecs codec whose data gives its decompressed size in four bytes starting at `begin`."""

    def decompress(data: Any, most: int) -> Any:
        import numcodecs

        size = int.from_bytes(memoryview(data)[begin : begin + 4], "little")
        if size > most:
            raise _too_much(most)
        return numcodecs.get_codec({"id": name}).decode(data)

    return decompress


_DECOMPRESSORS: dict[str, Decompress] = {
    "gzip": inflate,
    "zlib": inflate,
    "bz2": partial(_stream, bz2.BZ2Decompressor),
    "lzma": partial(_stream, lzma.LZMADecompressor),
    "zstd": _zstd,
    "blosc": _declared("blosc", 4),
    "lz4": _declared("lz4", 0),
}


def _checked(part: Any, left: int, most: int) -> Any:
    if len(part) > left:
        raise _too_much(most)
    return part


def _too_much(most: int) -> ValueError:
    return ValueError(f"more comes out of it than the {most:,} bytes that it has room for")
