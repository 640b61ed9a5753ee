"""The chunks of an HDF5 dataset, decompressed outside the lock of the HDF5 library where that is possible."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import VolumeReadError
from cellgraph.volumes.bounded import Decompress, inflate, room_for
from cellgraph.volumes.files import OpenFile, stat_fingerprint

if TYPE_CHECKING:
    from h5py import Dataset, File

Array = np.ndarray[Any, Any]

# Numbers of the filters that are part of the format (H5Zpublic.h).
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3
# Datasets without chunks that cannot be mapped are read in parts of about this many bytes.
_PART_BYTES = 16 << 20


class Hdf5Chunks:
    """The chunks of an HDF5 dataset.

    The library decompresses one chunk at a time for the whole process. Chunks that are compressed with
    deflate, with or without shuffling and checksums, are therefore read from the file and decompressed here, in the
    calling thread, and no further than a chunk can be; the library itself unpacks whatever comes out.

    Parameters
    ----------
    file : h5py.File
        The open file, closed by `close`.
    dataset : h5py.Dataset
        What to read.
    path : pathlib.Path
        Of the file that holds the dataset.
    source : str
        What to call it in messages.
    others : tuple of pathlib.Path
        Further files that hold its voxels.
    """

    def __init__(self, file: File, dataset: Dataset, path: Path, source: str, others: tuple[Path, ...] = ()) -> None:
        self._others = others
        self._file = file
        self._dataset = dataset
        self._path = path
        self._source = source
        self._dtype = np.dtype(dataset.dtype)
        self._shape = tuple(dataset.shape)
        self.extent: tuple[int, ...] = dataset.chunks or _parts(self._shape, self._dtype.itemsize)
        self._steps = None if dataset.chunks is None else self._filters()
        # Places in files with a block of the user's own are counted from behind it.
        here = self._steps is not None and not dataset.file.userblock_size
        self._bytes = OpenFile(path, source) if here else None
        self._lock = threading.Lock()

    def _filters(self) -> list[Decompress] | None:
        """Return what undoes the filters, the last one first; None if one is not known here."""
        if self._dtype.kind not in "uif":
            return None
        properties = self._dataset.id.get_create_plist()
        steps: list[Decompress] = []
        for number in range(properties.get_nfilters()):
            kind = properties.get_filter(number)[0]
            if kind == _DEFLATE:
                steps.insert(0, inflate)
            elif kind == _SHUFFLE:
                steps.insert(0, self._unshuffle)
            elif kind == _FLETCHER32 and (check := _checksum()):
                steps.insert(0, check)
            else:
                return None
        return steps

    def _unshuffle(self, data: bytes, _: int) -> bytes:
        planes = np.frombuffer(data, np.uint8).reshape(self._dtype.itemsize, -1)
        return planes.T.tobytes()

    def chunk(self, index: tuple[int, ...]) -> Array | None:
        start = tuple(i * n for i, n in zip(index, self.extent, strict=True))
        try:
            if self._steps is not None:
                return self._directly(start, self._steps)
            stop = (min(s + n, m) for s, n, m in zip(start, self.extent, self._shape, strict=True))
            return np.asarray(self._dataset[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))])
        except VolumeReadError:
            raise
        except Exception as error:  # each filter has errors of its own
            raise VolumeReadError(
                f"{self._source}: the chunk at {start} does not decode ({error}); the file is damaged there, "
                "or needs a compression plugin (pip install hdf5plugin)"
            ) from error

    def _directly(self, start: tuple[int, ...], steps: list[Decompress]) -> Array | None:
        with self._lock:
            info = self._dataset.id.get_chunk_info_by_coord(start)
            if info.byte_offset is None:
                return None
            skipped = info.filter_mask
            if self._bytes is None:
                skipped, data = self._dataset.id.read_direct_chunk(start)
        if self._bytes is not None:
            data = self._bytes.read(info.byte_offset, info.size)
        count = len(steps)
        most = room_for(math.prod(self.extent) * self._dtype.itemsize)
        for position, step in enumerate(steps):
            # Bit i of the mask is set where filter i, in the order of writing, was left out.
            if not skipped >> (count - 1 - position) & 1:
                data = step(data, most)
        return np.frombuffer(data, self._dtype).reshape(self.extent)

    def any_stored(self) -> bool:
        """See `ChunkSource.any_stored`."""
        dataset = self._dataset
        return bool(dataset.is_virtual or dataset.external or dataset.id.get_storage_size())

    def fingerprint(self) -> dict[str, Any]:
        """Return size and time of modification of the file, and of others that hold its voxels."""
        found = stat_fingerprint(self._path)
        return found | {"others": [stat_fingerprint(path) for path in self._others]} if self._others else found

    def stamps(self, groups: Iterable[Iterable[tuple[int, ...]]]) -> list[int]:
        """Return nothing: all is in one file."""
        return []

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._bytes is not None:
            self._bytes.close()


def _checksum() -> Decompress | None:
    """Return what checks and removes the checksum of HDF5; None where numcodecs is not installed."""
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
        rest = int(np.prod(extent)) // extent[axis] * itemsize
        extent[axis] = max(1, min(shape[axis], _PART_BYTES // max(rest, 1)))
        if extent[axis] > 1:
            break
    return tuple(extent)
