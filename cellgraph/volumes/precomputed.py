"""Neuroglancer precomputed volumes: raw, compressed_segmentation, sharded or not; (x, y, z) there, (z, y, x) here."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, MissingExtraError, NotFoundError, VolumeReadError
from cellgraph.volumes.axes import EXPECTED, find_axes
from cellgraph.volumes.bounded import inflate, room_for
from cellgraph.volumes.choosing import Candidate, choose
from cellgraph.volumes.documents import parse_document, sizes, why
from cellgraph.volumes.objects import Folder, Objects, refuse_outside
from cellgraph.volumes.pieces import Number, Pieces, PiecesVolume
from cellgraph.volumes.reading import Reading
from cellgraph.volumes.remote_objects import TRIES
from cellgraph.volumes.stored import stored_pieces
from cellgraph.volumes.units import Spacing, size_of
from cellgraph.volumes.volume import Index, Volume
from cellgraph.volumes.zarr_metadata import join

Array = np.ndarray[Any, Any]

DOCUMENT = "info"

_RETRIES = {"max_retries": TRIES - 1, "initial_delay": "200ms", "max_delay": "5s"}
_CONTEXT = {f"{kind}_request_retries": _RETRIES for kind in ("http", "gcs", "s3")}
_INDEX_BYTES = 64 << 20  # of cached shard indexes
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class _Scale:
    """One resolution, in the order (z, y, x)."""

    number: int
    key: str
    shape: Index
    offset: Index
    chunk: Index
    resolution_nm: Spacing
    encoding: str
    sharded: bool

    def corners(self, number: Number) -> tuple[tuple[int, int], ...]:
        """Return the start and stop of a chunk along z, y and x of the whole volume."""
        axes = zip(number, self.chunk, self.shape, self.offset, strict=True)
        return tuple((n * size + first, min((n + 1) * size, whole) + first) for n, size, whole, first in axes)

    def name(self, number: Number) -> str:
        """Return the name of a chunk."""
        return join(self.key, "_".join(f"{low}-{high}" for low, high in reversed(self.corners(number))))


def is_precomputed(folder: Path, _: bytes) -> bool:
    """Tell whether a folder holds a precomputed volume."""
    try:
        info = json.loads((folder / DOCUMENT).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(info, dict) and "scales" in info


def open_precomputed(folder: Path, dataset: str | None, source: str, reading: Reading) -> Volume:
    """Open a local precomputed volume; `dataset` is the key or the number of a scale, the finest by default."""
    return open_at(Folder(folder), {"driver": "file", "path": f"{folder.resolve()}/"}, dataset, source, reading)


def open_at(objects: Objects, kvstore: Mapping[str, Any], dataset: str | None, source: str, reading: Reading) -> Volume:
    """Open a precomputed volume in any store.

    Parameters
    ----------
    kvstore : mapping
        The same store for tensorstore, to read voxels in shards.
    dataset, source, reading
        See `open_precomputed`.
    """
    data = objects.get(DOCUMENT)
    if data is None:
        raise NotFoundError(f"{source}: expected a precomputed volume, but there is no {objects.place(DOCUMENT)}")
    info = parse_document(data, objects.place(DOCUMENT), source)
    try:
        scales = {str(scale["key"]): _scale(i, scale) for i, scale in enumerate(info["scales"])}
        stored, channels = np.dtype(info["data_type"]), int(info.get("num_channels", 1))
    except Exception as error:  # values of unexpected types may raise anything
        raise FormatError(
            f"{source}: {objects.place(DOCUMENT)} is no info of a precomputed volume: {why(error)}"
        ) from error
    if channels != 1 or not scales:
        raise FormatError(f"{source}: {EXPECTED}, but it has {channels} channels and {len(scales)} scales")
    candidates = [Candidate(scale.key, scale.shape, stored, scale.number) for scale in scales.values()]
    found, part = choose(candidates, dataset, source, ":", levels=True)
    scale = scales[found.name]
    axes = find_axes(scale.shape, "zyx", stored, source, reading, DOCUMENT).told(part)
    size = size_of(scale.resolution_nm, ["nanometer"] * 3, axes.ndim, "resolution in its info")
    notes: list[str] = []
    if any(scale.offset):
        notes.append(f"voxel (0, 0, 0) is at (z, y, x) = {scale.offset} of the whole volume")
    if info.get("type") == "image":
        notes.append("its info says that it is an image, not a segmentation; if that is so, load the segmentation")
    refuse_outside(scale.key, source)
    if scale.sharded:
        pieces = _sharded(objects, kvstore, scale, stored, source)
    else:
        decode = _raw(scale, stored) if scale.encoding == "raw" else _Decoder(data, scale, source).decode
        pieces = _chunks(objects, scale, stored, decode, source)
    return PiecesVolume(pieces, axes, source, size, tuple(notes))


def _scale(number: int, scale: Mapping[str, Any]) -> _Scale:
    x, y, z = sizes(scale, "size", 0, 3)
    a, b, c = sizes({"chunk_sizes": scale["chunk_sizes"][0]}, "chunk_sizes", 1, 3)
    u, v, w = sizes(scale, "voxel_offset", -(2**63), 3) if "voxel_offset" in scale else (0, 0, 0)
    rz, ry, rx = (float(n) for n in reversed(scale["resolution"]))
    return _Scale(
        number, str(scale["key"]), (z, y, x), (w, v, u), (c, b, a), (rz, ry, rx), str(scale.get("encoding", "raw")),
        bool(scale.get("sharding")),
    )  # fmt: skip


def _chunks(objects: Objects, scale: _Scale, stored: np.dtype[Any], decode: Any, source: str) -> Pieces:
    """Return chunks that are objects; CloudVolume gzips them on disk (``.gz``) unless told not to."""
    raw = math.prod(scale.chunk) * stored.itemsize

    def fetch(key: str, number: Number) -> bytes | None:
        data = objects.get(key)
        if data is None and objects.has(f"{key}.gz"):
            data = objects.get(f"{key}.gz")
        if (
            data is not None
            and data.startswith(_GZIP)
            and (scale.encoding != "raw" or len(data) != _bytes(scale, stored, number))
        ):
            # A compressed segmentation of noise is larger than the raw data.
            return inflate(data, room_for(2 * raw))
        return data

    return stored_pieces(
        objects, scale.key, DOCUMENT, scale.chunk, stored, scale.name, decode, source, fetch=fetch, packed=True
    )


def _bytes(scale: _Scale, stored: np.dtype[Any], number: Number) -> int:
    return math.prod(high - low for low, high in scale.corners(number)) * stored.itemsize


def _raw(scale: _Scale, stored: np.dtype[Any]) -> Any:
    little = stored.newbyteorder("<")
    return lambda data, number: np.frombuffer(data, little).reshape([b - a for a, b in scale.corners(number)])


class _Decoder:
    """Decodes chunks with tensorstore, each thread in its own in-memory store."""

    def __init__(self, info: bytes, scale: _Scale, source: str) -> None:
        self._info, self._scale, self._source = info, scale, source
        self._own = threading.local()
        self._stores()  # refuses an unknown encoding

    def _stores(self) -> tuple[Any, Any]:
        if not hasattr(self._own, "stores"):
            tensorstore = _tensorstore()
            context = tensorstore.Context()
            bytes_of = tensorstore.KvStore.open({"driver": "memory"}, context=context).result()
            bytes_of[DOCUMENT] = self._info
            self._own.stores = bytes_of, _open_store({"driver": "memory"}, self._scale.number, self._source, context)
        stores: tuple[Any, Any] = self._own.stores
        return stores

    def decode(self, data: bytes, number: Number) -> Array:
        """Return a chunk, (z, y, x)."""
        key = self._scale.name(number)
        bytes_of, store = self._stores()
        bytes_of[key] = data
        try:
            return _read(store, self._scale, number)
        except ValueError as error:
            raise ValueError(_words(error)) from error
        finally:
            del bytes_of[key]


def _sharded(objects: Objects, kvstore: Mapping[str, Any], scale: _Scale, stored: np.dtype[Any], source: str) -> Pieces:
    """Return chunks stored in shards."""
    context = _tensorstore().Context({**_CONTEXT, "cache_pool": {"total_bytes_limit": _INDEX_BYTES}})
    store = _open_store(kvstore, scale.number, source, context, recheck_cached_data="open")

    def piece(number: Number) -> Array:
        try:
            return _read(store, scale, number)
        except ValueError as error:
            text = _words(error)
            start = tuple(n * size for n, size in zip(number, scale.chunk, strict=True))
            what = f"{source}: the chunk at {start}"
            if text.startswith(("FAILED_PRECONDITION", "DATA_LOSS", "INVALID_ARGUMENT")):
                raise VolumeReadError(
                    f"{what} does not decode ({text}); it is damaged, copy or export it again"
                ) from error
            raise VolumeReadError(
                f"{what} could not be read ({text}); a load that was under way goes on with --resume when the network "
                "is back"
            ) from error

    def any_stored() -> bool:
        listed = objects.files(scale.key)
        return listed is None or next(listed, None) is not None

    return Pieces(
        scale.chunk, stored, piece, lambda: objects.fingerprint(DOCUMENT), close=objects.close, any_stored=any_stored,
        parallel=objects.parallel,
    )  # fmt: skip


def _read(store: Any, scale: _Scale, number: Number) -> Array:
    z, y, x = (slice(low, high) for low, high in scale.corners(number))
    voxels: Array = store[x, y, z, 0].read().result().transpose()
    return voxels


def _tensorstore() -> Any:
    try:
        import tensorstore
    except ImportError as error:
        raise MissingExtraError("reading compressed or sharded precomputed volumes", "remote", "tensorstore") from error
    return tensorstore


def _open_store(kvstore: Mapping[str, Any], scale: int, source: str, context: Any, **options: Any) -> Any:
    spec = {"driver": "neuroglancer_precomputed", "kvstore": dict(kvstore), "scale_index": scale, **options}
    try:
        return _tensorstore().open(spec, context=context, read=True).result()
    except ValueError as error:
        raise FormatError(
            f"{source}: expected a precomputed volume, but it cannot be opened: {_words(error)}"
        ) from error


def _words(error: Exception) -> str:
    return str(error).split("[source locations=")[0].strip().replace("\n", " ")


def kvstore_of(url: str) -> dict[str, Any]:
    """Return the tensorstore spec of a URL, with endpoint and region from the usual environment variables."""
    scheme, _, rest = url.partition("://")
    if scheme in ("http", "https"):
        base, _, path = rest.partition("/")
        return {"driver": "http", "base_url": f"{scheme}://{base}", "path": f"/{path.strip('/')}/"}
    bucket, _, path = rest.partition("/")
    kvstore: dict[str, Any] = {
        "driver": "gcs" if scheme == "gs" else "s3",
        "bucket": bucket,
        "path": f"{path.strip('/')}/",
    }
    if scheme == "s3":
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if endpoint:
            kvstore["endpoint"] = endpoint.rstrip("/")
            kvstore["aws_region"] = region or "us-east-1"
        elif region:
            kvstore["aws_region"] = region
    return kvstore
