"""The chunks of a Zarr array: fetched and decoded by the thread that asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np

from cellgraph.errors import CellgraphError, FormatError, VolumeReadError
from cellgraph.volumes.chunk_names import ChunkNames
from cellgraph.volumes.objects import Objects
from cellgraph.volumes.zarr_codecs import Decoder, Shards
from cellgraph.volumes.zarr_metadata import ZarrArray

Array = np.ndarray[Any, Any]

_SHARD_INDEXES = 64
_LARGEST_INDEX = 256 << 20
_NOT_STORED = 2**64 - 1


class ZarrChunks:
    """The chunks of a Zarr array whose codecs are known; missing ones are None.

    Parameters
    ----------
    objects : Objects
        The store.
    array : ZarrArray
        What to read.
    source : str
        What to call it in messages.
    """

    def __init__(self, objects: Objects, array: ZarrArray, source: str) -> None:
        self._objects = objects
        self._array = array
        self._source = source
        self._indexes: OrderedDict[str, Array | None] = OrderedDict()
        self._lock = threading.Lock()
        example = array.key((0,) * len(array.shape)).removeprefix(array.path).strip("/")
        self._names = ChunkNames(objects, array.path, example, source)
        if isinstance(array.decoder, Shards) and array.decoder.index_bytes > _LARGEST_INDEX:
            raise FormatError(
                f"{source}: its shards of {array.chunks} hold chunks of {array.decoder.inner.shape}, so that the index "
                f"of one takes {array.decoder.index_bytes:,} bytes; at most {_LARGEST_INDEX:,} are read: write it "
                "with larger chunks or smaller shards"
            )

    @property
    def extent(self) -> tuple[int, ...]:
        """Extent of what is decoded at once."""
        decoder = self._array.decoder
        return decoder.inner.shape if isinstance(decoder, Shards) else self._array.chunks

    def chunk(self, index: tuple[int, ...]) -> Array | None:
        decoder = self._array.decoder
        if isinstance(decoder, Shards):
            return self._in_shard(decoder, index)
        assert decoder is not None
        key = self._key(index)
        data = self._objects.get(key)
        if data is None:
            self._names.check_missing(key)
            return None
        return self._decode(decoder, data, key)

    def any_stored(self) -> bool:
        """See `ChunkSource.any_stored`."""
        return self._names.any_stored()

    def _key(self, index: tuple[int, ...]) -> str:
        """Return the name of what holds a chunk: itself, or a shard."""
        decoder = self._array.decoder
        if isinstance(decoder, Shards):
            index = tuple(i // n for i, n in zip(index, decoder.grid, strict=True))
        return self._array.key(index)

    def _in_shard(self, shards: Shards, index: tuple[int, ...]) -> Array | None:
        key = self._key(index)
        entries = self._index(shards, key)
        if entries is None:
            return None
        offset, length = (int(n) for n in entries[tuple(i % n for i, n in zip(index, shards.grid, strict=True))])
        if offset == _NOT_STORED:
            return None
        data = self._objects.get(key, offset, length)
        if data is None or len(data) < length:
            raise VolumeReadError(
                f"{self._source}: expected {length} bytes at byte {offset} of {self._objects.place(key)}, "
                "but it is cut short; copy or export it again"
            )
        return self._decode(shards.inner, data, key)

    def _index(self, shards: Shards, key: str) -> Array | None:
        """Return offsets and lengths of the chunks of a shard, those of the last shards from memory."""
        with self._lock:
            if key in self._indexes:
                self._indexes.move_to_end(key)
                return self._indexes[key]
        size = shards.index_bytes
        data = self._objects.get(key, -size if shards.index_at_end else 0, size)
        try:
            if data is None:
                self._names.check_missing(key)
            entries = None if data is None else shards.index(data)
        except ValueError as error:
            raise self._damaged(key, error) from error
        with self._lock:
            self._indexes[key] = entries
            while len(self._indexes) > _SHARD_INDEXES:
                self._indexes.popitem(last=False)
        return entries

    def _decode(self, decoder: Decoder, data: bytes, key: str) -> Array:
        try:
            return decoder.decode(data)
        except Exception as error:  # each codec has errors of its own
            raise self._damaged(key, error) from error

    def _damaged(self, key: str, error: Exception) -> CellgraphError:
        return VolumeReadError(
            f"{self._source}: the chunk {self._objects.place(key)} does not decode ({error}); "
            "it is damaged, copy or export it again"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Return what the store knows of the metadata document."""
        return self._objects.fingerprint(self._array.document)

    def stamps(self, groups: Iterable[Iterable[tuple[int, ...]]]) -> list[int]:
        """Return what the store knows of groups of chunks."""
        return self._objects.stamps((self._key(index) for index in group) for group in groups)

    def close(self) -> None:
        """Close the store."""
        self._objects.close()
