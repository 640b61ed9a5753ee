"""Neuroglancer precomputed volumes, read through tensorstore: raw, compressed_segmentation, sharded or not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, MissingExtraError, NotFoundError, VolumeReadError, near
from cellgraph.volumes.axes import EXPECTED
from cellgraph.volumes.chunk_names import ChunkNames
from cellgraph.volumes.chunked import nothing_stored, refuse_large_chunks
from cellgraph.volumes.documents import parse_document, sizes, why
from cellgraph.volumes.labels import as_labels, label_dtype
from cellgraph.volumes.objects import Folder, Objects, refuse_outside
from cellgraph.volumes.reading import PLAIN, Reading
from cellgraph.volumes.remote_objects import TRIES
from cellgraph.volumes.volume import Header, Index, Volume
from cellgraph.volumes.zarr_metadata import join

Array = np.ndarray[Any, Any]

DOCUMENT = "info"

_RETRIES = {"max_retries": TRIES - 1, "initial_delay": "200ms", "max_delay": "5s"}


@dataclass(frozen=True)
class _Scale:
    """One resolution, in the order (z, y, x)."""

    number: int
    key: str
    shape: Index
    offset: Index
    chunk: Index
    resolution_nm: tuple[float, float, float]
    sharded: bool

    def keys(self, start: Index, stop: Index) -> Iterator[str]:
        """Yield the names of the chunks that ``[start, stop)`` touches."""
        axes = list(zip(start, stop, self.chunk, self.shape, self.offset, strict=True))
        spans = [
            [f"{n * size + first}-{min((n + 1) * size, whole) + first}" for n in range(low // size, -(-high // size))]
            for low, high, size, whole, first in axes
        ]
        for z, y, x in product(*spans):
            yield join(self.key, f"{x}_{y}_{z}")


def is_precomputed(folder: Path) -> bool:
    """Tell whether a folder holds a precomputed volume."""
    try:
        info = json.loads((folder / DOCUMENT).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(info, dict) and "scales" in info


def open_precomputed(folder: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open a local precomputed volume; `dataset` is the key or the number of a scale, the finest by default."""
    return open_at(Folder(folder), {"driver": "file", "path": f"{folder.resolve()}/"}, dataset, source)


def open_at(objects: Objects, kvstore: Mapping[str, Any], dataset: str | None, source: str) -> Volume:
    """Open a precomputed volume in any store.

    Parameters
    ----------
    objects : Objects
        The store, for the metadata.
    kvstore : mapping
        The same for tensorstore, for the voxels.
    dataset : str or None
        Key or number of a scale.
    source : str
        What to call it in messages and in the graph.
    """
    data = objects.get(DOCUMENT)
    if data is None:
        raise NotFoundError(f"{source}: expected a precomputed volume, but there is no {objects.place(DOCUMENT)}")
    info = parse_document(data, objects.place(DOCUMENT), source)
    try:
        scales = [_scale(i, scale) for i, scale in enumerate(info["scales"])]
        stored, channels = np.dtype(info["data_type"]), int(info.get("num_channels", 1))
    except Exception as error:  # whatever comes of values of another type than expected
        raise FormatError(
            f"{source}: {objects.place(DOCUMENT)} is no info of a precomputed volume: {why(error)}"
        ) from error
    if channels != 1 or not scales:
        raise FormatError(f"{source}: {EXPECTED}, but it has {channels} channels and {len(scales)} scales")
    chosen = _choose(scales, dataset, source)
    if 0 in chosen.shape:
        raise FormatError(f"{source}: {EXPECTED}, but its size {chosen.shape} holds no voxels")
    return PrecomputedVolume(objects, kvstore, chosen, stored, len(scales), source)


def _scale(number: int, scale: Mapping[str, Any]) -> _Scale:
    x, y, z = sizes(scale, "size", 0, 3)
    a, b, c = sizes({"chunk_sizes": scale["chunk_sizes"][0]}, "chunk_sizes", 1, 3)
    u, v, w = sizes(scale, "voxel_offset", -(2**63), 3) if "voxel_offset" in scale else (0, 0, 0)
    rz, ry, rx = (float(n) for n in reversed(scale["resolution"]))
    return _Scale(number, str(scale["key"]), (z, y, x), (w, v, u), (c, b, a), (rz, ry, rx), bool(scale.get("sharding")))


def _choose(scales: list[_Scale], dataset: str | None, source: str) -> _Scale:
    if dataset is None:
        return scales[0]
    for scale in scales:
        if dataset.strip("/") in (scale.key, str(scale.number)):
            return scale
    keys = [scale.key for scale in scales]
    raise NotFoundError(f"{source}: no scale {dataset!r} in it; it has {', '.join(keys)}.{near(dataset, keys)}")


class PrecomputedVolume:
    """One scale of a precomputed volume."""

    def __init__(
        self,
        objects: Objects,
        kvstore: Mapping[str, Any],
        scale: _Scale,
        stored: np.dtype[Any],
        scales: int,
        source: str,
    ) -> None:
        dtype, notes = label_dtype(stored, source)
        if scales > 1:
            notes += (f"the volume has {scales} resolutions; {scale.key} is read",)
        if any(scale.offset):
            notes += (f"voxel (0, 0, 0) is at (z, y, x) = {scale.offset} of the whole volume",)
        ndim = 2 if scale.shape[0] == 1 else 3
        z, y, x = scale.resolution_nm
        chunk = tuple(min(n, m) for n, m in zip(scale.chunk, scale.shape, strict=True))
        self._header = Header(
            source,
            scale.shape,
            ndim,
            dtype,
            ((1.0 if ndim == 2 else z), y, x),
            "nanometer",
            (chunk[0], chunk[1], chunk[2]),
            notes,
        )
        refuse_large_chunks(scale.chunk, stored, source)
        refuse_outside(scale.key, source)
        listed = objects.files(scale.key)
        if listed is not None and next(listed, None) is None:
            raise nothing_stored(scale.shape, source)
        self._scale = scale
        self._objects = objects
        example = next(scale.keys((0, 0, 0), (1, 1, 1))).removeprefix(scale.key).strip("/")
        self._names = ChunkNames(objects, scale.key, example, source)
        self._store = _open_store(kvstore, scale.number, source)

    @property
    def header(self) -> Header:
        return self._header

    def read(self, start: Index, stop: Index, out: Array | None = None) -> Array:
        """Read the chunks that a block touches, all at once."""
        self._check_files(start, stop)
        z, y, x = (slice(a + o, b + o) for a, b, o in zip(start, stop, self._scale.offset, strict=True))
        try:
            voxels = self._store[x, y, z, 0].read().result()
        except ValueError as error:
            raise self._unread(error, start, stop) from error
        labels = as_labels(voxels.transpose(), start, self._header.dtype, self._header.source)
        if out is None:
            return np.ascontiguousarray(labels)
        out[...] = labels
        return out

    def _check_files(self, start: Index, stop: Index) -> None:
        """Refuse what tensorstore would wait for, read without end, or take for background."""
        if self._scale.sharded:
            return
        for key in self._scale.keys(start, stop):
            if not self._objects.check_file(key):
                self._names.check_missing(key)

    def _unread(self, error: Exception, start: Index, stop: Index) -> VolumeReadError:
        text = str(error).split("[source locations=")[0].strip().replace("\n", " ")
        block = f"{self._header.source}: the block from {start} to {stop}"
        if text.startswith(("FAILED_PRECONDITION", "DATA_LOSS", "INVALID_ARGUMENT")):
            return VolumeReadError(f"{block} does not decode ({text}); it is damaged, copy or export it again")
        return VolumeReadError(
            f"{block} could not be read ({text}); a load that was under way goes on with --resume when the network is "
            "back"
        )

    def fingerprint(self) -> dict[str, Any]:
        """Return what the store knows of the info document."""
        return self._objects.fingerprint(DOCUMENT)

    def close(self) -> None:
        """Close the store."""
        self._store = None
        self._objects.close()


def _open_store(kvstore: Mapping[str, Any], scale: int, source: str) -> Any:
    try:
        import tensorstore
    except ImportError as error:
        raise MissingExtraError("reading precomputed volumes", "remote", "tensorstore") from error
    context = tensorstore.Context(
        {"http_request_retries": _RETRIES, "gcs_request_retries": _RETRIES, "s3_request_retries": _RETRIES}
    )
    spec = {"driver": "neuroglancer_precomputed", "kvstore": dict(kvstore), "scale_index": scale}
    try:
        return tensorstore.open(spec, context=context, read=True).result()
    except ValueError as error:
        text = str(error).split("[source locations=")[0].strip().replace("\n", " ")
        raise FormatError(f"{source}: expected a precomputed volume, but it cannot be opened: {text}") from error


def kvstore_of(url: str) -> dict[str, Any]:
    """Return how tensorstore is told of a URL, with endpoint and region from the usual variables."""
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
