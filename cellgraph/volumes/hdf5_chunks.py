"""The chunks of an HDF5 dataset, decompressed outside the lock of the HDF5 library if possible."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import VolumeReadError
from cellgraph.volumes.bounded import Decompress, inflate, room_for
from cellgraph.volumes.files import OpenFile, stat_fingerprint
from cellgraph.volumes.pieces import Pieces

if TYPE_CHECKING:
    from h5py import Dataset, File

Array = np.ndarray[Any, Any]

# Filter numbers defined by the format (H5Zpublic.h).
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
# Datasets without chunks that cannot be mapped are read in parts of about this many bytes.
_PART_BYTES = 16 << 20


def hdf5_pieces(
    file: File, dataset: Dataset, dtype: np.dtype[Any], path: Path, source: str, others: tuple[Path, ...] = ()
) -> Pieces:
    """Return the chunks of an HDF5 dataset with voxels of type `dtype`; `file` is closed with them.

    The library decompresses one chunk at a time for the whole process. So chunks compressed with deflate, with or
    without shuffling and checksums, are read from the file at `path` and decompressed here, in the calling thread, up
    to the size of a chunk; the library itself does not limit the output. `others` are further files that hold voxels.
    """
    shape = tuple(dataset.shape)
    extent: tuple[int, ...] = dataset.chunks or _parts(shape, dtype.itemsize)
    steps = None if dataset.chunks is None else _filters(dataset)
    # In files with a user block, offsets are counted from its end.
    raw = OpenFile(path, source) if steps is not None and not dataset.file.userblock_size else None
    lock = threading.Lock()
    most = room_for(math.prod(extent) * dtype.itemsize)

    def piece(number: tuple[int, ...]) -> Array | None:
        start = tuple(i * n for i, n in zip(number, extent, strict=True))
        try:
            if steps is not None:
                return directly(start, steps)
            stop = (min(s + n, m) for s, n, m in zip(start, extent, shape, strict=True))
            return np.asarray(dataset[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]).view(dtype)
        except VolumeReadError:
            raise
        except Exception as error:  # each filter has its own errors
            raise VolumeReadError(
                f"{source}: the chunk at {start} does not decode ({error}); the file is damaged there, "
                "or needs a compression plugin (pip install hdf5plugin)"
            ) from error

    def directly(start: tuple[int, ...], steps: list[Decompress]) -> Array | None:
        with lock:
            info = dataset.id.get_chunk_info_by_coord(start)
            if info.byte_offset is None:
                return None
            skipped = info.filter_mask
            if raw is None:
                skipped, data = dataset.id.read_direct_chunk(start)
        if raw is not None:
            data = raw.read(info.byte_offset, info.size)
        for position, step in zip(reversed(range(len(steps))), steps, strict=True):
            # Bit i of the mask is set if filter i, in writing order, was skipped.
            if not skipped >> position & 1:
                data = step(data, most)
        return np.frombuffer(data, dtype).reshape(extent)

    def fingerprint() -> dict[str, Any]:
        found = stat_fingerprint(path)
        return found | {"others": [stat_fingerprint(other) for other in others]} if others else found

    def close() -> None:
        file.close()
        if raw is not None:
            raw.close()

    stored = bool(dataset.is_virtual or dataset.external or dataset.id.get_storage_size())
    fill = np.asarray(dataset.fillvalue, dataset.dtype).view(dtype)
    return Pieces(extent, dtype, piece, fingerprint, close=close, fill=fill, any_stored=lambda: stored)


def _filters(dataset: Dataset) -> list[Decompress] | None:
    """Return the functions that undo the filters, last one first; None if one is unknown here."""
    if dataset.dtype.kind not in "uif":
        return None
    properties = dataset.id.get_create_plist()
    known = {_DEFLATE: inflate, _SHUFFLE: _unshuffle(dataset.dtype.itemsize), _FLETCHER32: _checksum()}
    steps = [known.get(properties.get_filter(number)[0]) for number in range(properties.get_nfilters())]
    found = [step for step in reversed(steps) if step is not None]
    return found if len(found) == len(steps) else None


def _unshuffle(itemsize: int) -> Decompress:
    return lambda data, _: np.frombuffer(data, np.uint8).reshape(itemsize, -1).T.tobytes()


def _checksum() -> Decompress | None:
    """Return a function that verifies and removes the HDF5 checksum; None if numcodecs is not installed."""
    try:
        from numcodecs.fletcher32 import Fletcher32
    except ImportError:
        return None
    decode = Fletcher32().decode
    return lambda data, _: decode(data)


def _parts(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Return the extent of parts of a dataset without chunks: whole along the last axes."""
    extent = list(shape)
    for axis in range(len(shape)):
        rest = math.prod(extent) // extent[axis] * itemsize
        extent[axis] = max(1, min(shape[axis], _PART_BYTES // max(rest, 1)))
        if extent[axis] > 1:
            break
    return tuple(extent)
