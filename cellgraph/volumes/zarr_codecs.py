"""Decode the chunks of Zarr arrays in the calling thread.

zarr-python decodes through one event loop for all threads, which costs more than the decompression itself.
So the usual codecs are called here directly, for both versions of the format; arrays with any other codec are left to
zarr-python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.volumes.bounded import Decompress, decompressor, room_for
from cellgraph.volumes.documents import sizes

Array = np.ndarray[Any, Any]
Metadata = Mapping[str, Any]

# numcodecs names of the bytes-to-bytes codecs of version 3.
_V3_CODECS = {
    "gzip": "gzip",
    "zstd": "zstd",
    "blosc": "blosc",
    "numcodecs.zlib": "zlib",
    "numcodecs.lz4": "lz4",
}


@dataclass(frozen=True)
class Decoder:
    """How the bytes of a chunk are decoded to an array."""

    shape: tuple[int, ...]  # Shape of a chunk, which is always stored whole
    dtype: np.dtype[Any]  # As stored, with its byte order
    # Steps from the stored bytes to those of the array; each takes the maximum size of its output.
    steps: tuple[Decompress, ...]
    transposed: tuple[int, ...] | None = None  # Order of the axes in the bytes, if it differs
    widest: int = 1  # Maximum size of the bytes between steps, as a multiple of the array size

    @property
    def nbytes(self) -> int:
        """Size of a decoded chunk."""
        return math.prod(self.shape) * self.dtype.itemsize

    def decode(self, data: bytes) -> Array:
        """Return a chunk.

        Raises
        ------
        Exception
            Of any kind, as raised by the codecs, if the bytes are damaged.
        """
        decoded: Any = data
        most = room_for(self.nbytes * self.widest)
        for step in self.steps:
            decoded = step(decoded, most)
        order = self.transposed or tuple(range(len(self.shape)))
        stored = np.frombuffer(decoded, np.uint8).view(self.dtype).reshape([self.shape[axis] for axis in order])
        return stored.transpose(np.argsort(order))


@dataclass(frozen=True)
class Shards:
    """How chunks are stored in shards: one object holds many, with an index at its end or beginning."""

    shape: tuple[int, ...]
    inner: Decoder
    index_at_end: bool

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of chunks in a shard along each axis."""
        return tuple(n // m for n, m in zip(self.shape, self.inner.shape, strict=True))

    @property
    def index_bytes(self) -> int:
        """Length of the index: offset and length of each chunk, and a checksum."""
        return 16 * math.prod(self.grid) + 4

    def index(self, data: bytes) -> Array:
        """Return the offsets and lengths, uint64 (*grid, 2); both 2**64 - 1 if a chunk is not stored."""
        entries = _check_crc32c(data)
        return np.frombuffer(entries, "<u8").reshape(*self.grid, 2)


def v2_decoder(metadata: Metadata) -> Decoder | None:
    """Return the decoder of a version 2 array, or None if it has an object or structured type."""
    import numcodecs

    dtype = np.dtype(metadata["dtype"]) if isinstance(metadata["dtype"], str) else None
    if dtype is None or dtype.hasobject:
        return None
    configs = [config for config in (metadata["compressor"], *reversed(metadata["filters"] or ())) if config]
    codecs = [numcodecs.get_codec(dict(config)) for config in configs]
    # Compressors are bounded; filters are not.
    steps = tuple(
        decompressor(config["id"], config) or _unbounded(codec.decode)
        for config, codec in zip(configs, codecs, strict=True)
    )
    # Filters may have packed or widened each voxel, at most to eight bytes.
    widest = 8 if metadata["filters"] else 1
    chunks = tuple(metadata["chunks"])
    transposed = tuple(reversed(range(len(chunks)))) if metadata["order"] == "F" else None
    return Decoder(chunks, dtype, steps, transposed, widest)


def _unbounded(decode: Callable[[Any], Any]) -> Decompress:
    return lambda data, _: decode(data)


def v3_decoder(metadata: Metadata, shape: tuple[int, ...]) -> Decoder | Shards | None:
    """Return the chunk decoder of a version 3 array, or None if it has codecs unknown here."""
    codecs = list(metadata["codecs"])
    if len(codecs) == 1 and codecs[0]["name"] == "sharding_indexed":
        return _shards(shape, metadata["data_type"], codecs[0]["configuration"])
    return _chain(shape, metadata["data_type"], codecs)


def _shards(shape: tuple[int, ...], dtype: str, config: Metadata) -> Shards | None:
    inside = sizes(config, "chunk_shape", 1, len(shape))
    if any(n % m for n, m in zip(shape, inside, strict=True)):
        raise ValueError(f"expected shards of {shape} to hold whole chunks, but these are of {inside}")
    inner = _chain(inside, dtype, config["codecs"])
    usual_index = [codec["name"] for codec in config["index_codecs"]] == ["bytes", "crc32c"]
    little = config["index_codecs"][0].get("configuration", {}).get("endian") == "little"
    if inner is None or not usual_index or not little:
        return None
    return Shards(shape, inner, config.get("index_location", "end") == "end")


def _chain(shape: tuple[int, ...], data_type: str, codecs: list[Metadata]) -> Decoder | None:
    try:
        dtype = np.dtype(data_type)
    except TypeError:
        return None
    steps: list[Decompress] = []
    transposed = None
    seen_bytes = False
    for codec in codecs:
        name, config = codec["name"], codec.get("configuration", {})
        if name == "transpose" and not seen_bytes and transposed is None:
            transposed = sizes(config, "order", 0, len(shape))
            if sorted(transposed) != list(range(len(shape))):
                raise ValueError(f"expected the order of transpose to name each axis once, but it is {transposed}")
        elif name == "bytes" and not seen_bytes:
            seen_bytes = True
            dtype = dtype.newbyteorder(">" if config.get("endian") == "big" else "<")
        elif name == "crc32c" and seen_bytes:
            steps.insert(0, _unbounded(_check_crc32c))
        elif name in _V3_CODECS and seen_bytes and (step := decompressor(_V3_CODECS[name])):
            steps.insert(0, step)
        else:
            return None
    return Decoder(shape, dtype, tuple(steps), transposed=transposed) if seen_bytes else None


def _check_crc32c(data: Any) -> Any:
    import google_crc32c

    body = memoryview(data)[:-4]
    if google_crc32c.value(bytes(body)) != int.from_bytes(memoryview(data)[-4:], "little"):
        raise ValueError("its checksum is wrong")
    return body
