"""Chunks that are there under another name than the one by which they are looked for.

A chunk that is not stored stands for background.  One that was packed afterwards (``0.0.0.gz``), or lies in nested
folders though the metadata does not say so, is stored, and would be background all the same.
"""

from __future__ import annotations

import re
import threading
from itertools import islice

from cellgraph.errors import VolumeReadError
from cellgraph.volumes.objects import Objects

PACKED = ("gz", "br", "zst", "zstd", "bz2", "xz", "lz4")
"""Endings of files that were packed afterwards."""

# How many files are looked at for the way in which they are named.
_LOOKED_AT = 20_000


class ChunkNames:
    """The names of the chunks of one array.

    Parameters
    ----------
    objects : Objects
        The store.
    path : str
        Of the array.
    example : str
        The name of any chunk below it, as it should be.
    source : str
        What to call the array in messages.
    """

    def __init__(self, objects: Objects, path: str, example: str, source: str) -> None:
        self._objects = objects
        self._path = path
        self._example = example
        self._source = source
        self._right = re.compile(re.sub(r"\d+", r"\\d+", re.escape(example)))
        others = len(re.findall(r"\d+", example)) - 1
        self._like_one = re.compile(rf"(c[./])?\d+([./_-]-?\d+){{{others}}}(\.({'|'.join(PACKED)}))?")
        self._looked = False
        self._lock = threading.Lock()

    def any_stored(self) -> bool:
        """Tell whether anything is stored that may be a chunk; true where the store cannot tell."""
        listed = self._objects.files(self._path)
        return listed is None or any(self._like_one.fullmatch(name) for name in listed)

    def check_missing(self, key: str) -> None:
        """Make sure that a chunk which was not found does not lie there under another name.

        Raises
        ------
        VolumeReadError
            If it does, or another chunk of the array does.
        """
        with self._lock:
            looked, self._looked = self._looked, True
        if not looked:
            for name in islice(self._objects.files(self._path) or (), _LOOKED_AT):
                if self._like_one.fullmatch(name) and not self._right.fullmatch(name):
                    raise self._refusal(f"{self._path}/{name}" if self._path else name)
        for ending in PACKED:
            if self._objects.has(f"{key}.{ending}"):
                raise self._refusal(f"{key}.{ending}")

    def _refusal(self, found: str) -> VolumeReadError:
        ending = found.rpartition(".")[2]
        out = f"unpack such files (.{ending})" if ending in PACKED else "correct the separator of names in its metadata"
        return VolumeReadError(
            f"{self._source}: expected chunks with names like {self._example}, but found {self._objects.place(found)}, "
            f"which would count as not stored, so as background; {out}, or export it again"
        )
