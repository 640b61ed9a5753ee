"""Zarr arrays with codecs that only zarr-python knows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from cellgraph.errors import FormatError, VolumeReadError
from cellgraph.volumes.objects import Folder, Objects
from cellgraph.volumes.zarr_metadata import ZarrArray

Array = np.ndarray[Any, Any]


class ZarrPython:
    """The chunks of a Zarr array, decoded by zarr-python.

    Parameters
    ----------
    objects : Objects
        The store; a local folder.
    array : ZarrArray
        What to read.
    source : str
        What to call it in messages.
    """

    def __init__(self, objects: Objects, array: ZarrArray, source: str) -> None:
        if not isinstance(objects, Folder):
            raise FormatError(f"{source}: its codecs are read from local files only; copy it to a local folder")
        import zarr

        self._objects = objects
        self._description = array
        self._source = source
        try:
            self._array: Any = zarr.open_array(objects.place(array.path), mode="r")
        except Exception as error:  # whatever a plugin or the format's version makes it raise
            raise FormatError(f"{source}: its codecs are not known: {error}") from error

    @property
    def extent(self) -> tuple[int, ...]:
        """Extent of what is decoded at once."""
        return tuple(self._array.chunks)

    def chunk(self, index: tuple[int, ...]) -> Array | None:
        starts = [i * n for i, n in zip(index, self.extent, strict=True)]
        stops = [min(s + n, m) for s, n, m in zip(starts, self.extent, self._array.shape, strict=True)]
        try:
            return np.asarray(self._array[tuple(slice(a, b) for a, b in zip(starts, stops, strict=True))])
        except Exception as error:  # each codec has errors of its own
            place = self._objects.place(self._key(index))
            raise VolumeReadError(
                f"{self._source}: the chunk {place} does not decode ({error}); it is damaged, copy or export it again"
            ) from error

    def any_stored(self) -> bool:
        """See `ChunkSource.any_stored`."""
        listed = self._objects.files(self._description.path)
        return listed is None or any(re.search(r"(^|/)[^/]*\d+$", name) for name in listed)

    def fingerprint(self) -> dict[str, Any]:
        """Return what the store knows of the metadata document."""
        return self._objects.fingerprint(self._description.document)

    def stamps(self, groups: Iterable[Iterable[tuple[int, ...]]]) -> list[int]:
        """Return what the store knows of groups of chunks."""
        return self._objects.stamps((self._key(index) for index in group) for group in groups)

    def _key(self, index: tuple[int, ...]) -> str:
        """Return the name of what holds a chunk: itself, or a shard."""
        sizes = zip(index, self.extent, self._description.chunks, strict=True)
        return self._description.key(tuple(i * n // m for i, n, m in sizes))

    def close(self) -> None:
        """Do nothing: zarr-python keeps no file open."""
