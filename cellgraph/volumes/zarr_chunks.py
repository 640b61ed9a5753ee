"""The chunks of a Zarr array, fetched and decoded by the calling thread.

Decoding is done here. The codec pipeline of zarrs was benchmarked and is about as fast (docs/scale.md), but it unpacks
whatever a chunk holds before it checks the size: 4 GB for a bomb of 2 MB.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.objects import Folder, Objects
from cellgraph.volumes.pieces import Number, Pieces
from cellgraph.volumes.stored import stored_pieces
from cellgraph.volumes.zarr_codecs import Shards
from cellgraph.volumes.zarr_metadata import ZarrArray

Array = np.ndarray[Any, Any]

_SHARD_INDEXES = 64
_LARGEST_INDEX = 256 << 20
_NOT_STORED = 2**64 - 1


def zarr_pieces(objects: Objects, array: ZarrArray, source: str) -> Pieces:
    """Return the chunks of a Zarr array, including those within shards.

    Parameters
    ----------
    array : ZarrArray
        What to read.
    """
    decoder = array.decoder
    if decoder is None:
        return _by_zarr_python(objects, array, source)
    where = (objects, array.path, array.document)
    if isinstance(decoder, Shards):
        shards, inner = decoder, decoder.inner
        return stored_pieces(
            *where, inner.shape, array.dtype,
            lambda number: array.key(tuple(i // n for i, n in zip(number, shards.grid, strict=True))),
            lambda data, _: inner.decode(data), source, fill=array.fill, fetch=_Indexes(objects, shards, source).fetch,
        )  # fmt: skip
    whole = decoder
    return stored_pieces(
        *where, array.chunks, array.dtype, array.key, lambda data, _: whole.decode(data), source, fill=array.fill
    )


class _Indexes:
    """The indexes of shards; the most recent ones are kept in memory."""

    def __init__(self, objects: Objects, shards: Shards, source: str) -> None:
        if shards.index_bytes > _LARGEST_INDEX:
            raise FormatError(
                f"{source}: its shards of {shards.shape} hold chunks of {shards.inner.shape}, so that the index of one "
                f"takes {shards.index_bytes:,} bytes; at most {_LARGEST_INDEX:,} are read: write it with larger chunks "
                "or smaller shards"
            )
        self._objects, self._shards, self._source = objects, shards, source
        self._known: OrderedDict[str, Array | None] = OrderedDict()
        self._lock = threading.Lock()

    def fetch(self, key: str, number: Number) -> bytes | bool | None:
        """Return the bytes of a chunk of a shard; false if it has none, None if there is no shard."""
        entries = self._index(key)
        if entries is None:
            return None
        offset, length = (int(n) for n in entries[tuple(i % n for i, n in zip(number, self._shards.grid, strict=True))])
        if offset == _NOT_STORED:
            return False
        data = self._objects.get(key, offset, length)
        if data is None or len(data) < length:
            raise VolumeReadError(
                f"{self._source}: expected {length} bytes at byte {offset} of {self._objects.place(key)}, "
                "but it is cut short; copy or export it again"
            )
        return data

    def _index(self, key: str) -> Array | None:
        """Return the offsets and lengths of the chunks of a shard."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        size = self._shards.index_bytes
        data = self._objects.get(key, -size if self._shards.index_at_end else 0, size)
        entries = None if data is None else self._shards.index(data)
        with self._lock:
            self._known[key] = entries
            while len(self._known) > _SHARD_INDEXES:
                self._known.popitem(last=False)
        return entries


def _by_zarr_python(objects: Objects, array: ZarrArray, source: str) -> Pieces:
    """Return the chunks of an array with codecs that only zarr-python knows, in a local folder."""
    if not isinstance(objects, Folder):
        raise FormatError(f"{source}: its codecs are read from local files only; copy it to a local folder")
    import zarr

    try:
        opened: Any = zarr.open_array(objects.place(array.path), mode="r")
    except Exception as error:  # a plugin or the format version may raise anything
        raise FormatError(f"{source}: its codecs are not known: {error}") from error
    extent = tuple(opened.chunks)

    def key(number: Number) -> str:
        return array.key(tuple(i * n // m for i, n, m in zip(number, extent, array.chunks, strict=True)))

    def decode(_: bytes, number: Number) -> Array:
        return np.asarray(
            opened[
                tuple(slice(i * n, min((i + 1) * n, m)) for i, n, m in zip(number, extent, array.shape, strict=True))
            ]
        )

    # The library locates and decodes chunks; it is asked only for those whose object exists.
    return stored_pieces(
        objects, array.path, array.document, extent, array.dtype, key, decode, source, fill=array.fill,
        fetch=lambda name, _: None if objects.get(name, 0, 1) is None else b"",
    )  # fmt: skip
