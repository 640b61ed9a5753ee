"""Pieces that are objects of a store, one or more per object: Zarr chunks and shards, N5 blocks, precomputed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np

from cellgraph.errors import CellgraphError, VolumeReadError
from cellgraph.volumes.objects import Objects
from cellgraph.volumes.pieces import Number, Pieces
from cellgraph.volumes.zarr_metadata import join

Array = np.ndarray[Any, Any]

# Extensions of files that were compressed after writing.
_PACKED = ("gz", "br", "zst", "zstd", "bz2", "xz", "lz4")
# How many files to check for their naming scheme.
_LOOKED_AT = 20_000


def stored_pieces(
    objects: Objects,
    path: str,
    document: str,
    extent: Number,
    dtype: np.dtype[Any],
    key: Callable[[Number], str],
    decode: Callable[[bytes, Number], Array],
    source: str,
    *,
    fill: object = 0,
    fetch: Callable[[str, Number], bytes | bool | None] | None = None,
    packed: bool = False,
) -> Pieces:
    """Return pieces that are objects of a store.

    A piece that is not stored has the fill value, usually background.  A piece that was compressed afterwards
    (``0.0.0.gz``), or is in nested folders contrary to the metadata, is stored but would be read as background; such
    pieces are refused.

    Parameters
    ----------
    document : str
        Key of the document that describes the array.
    extent, dtype, fill
        See `Pieces`.
    key : callable
        Returns the name of the object that holds a piece.
    decode : callable
        Converts the bytes of a piece to an array; any exception it raises is treated as damage.
    fetch : callable, optional
        Returns the bytes of a piece from the name of its object, if an object holds more than one: None if there is no
        such object, false if it does not hold the piece.
    packed : bool
        Whether the format allows ``.gz`` after the name of an object.
    """
    example = key((0,) * len(extent)).removeprefix(path).strip("/")
    endings = [ending for ending in _PACKED if not (packed and ending == "gz")]
    tail = "(\\.gz)?" if packed else ""
    scheme = re.sub(r"\d+", r"\\d+", re.escape(example))
    right = re.compile(scheme + tail)
    right_and_more = re.compile(rf"({scheme})[^\w/-].*")
    others = len(re.findall(r"\d+", example)) - 1
    like_one = re.compile(rf"(c[./])?-?\d+([./_-]-?\d+){{{others}}}(\.({'|'.join(_PACKED)}))?")

    listing = Lock()

    @cache
    def strange() -> tuple[str | None, dict[str, str]]:
        """Return an object that is named like a piece by another scheme, and those with more behind a right name."""
        longer: dict[str, str] = {}
        for found in islice(objects.files(path) or (), _LOOKED_AT):
            if right.fullmatch(found):
                continue
            if like_one.fullmatch(found):
                return join(path, found), longer
            if more := right_and_more.fullmatch(found):  # a copy, or one that was not finished
                longer.setdefault(join(path, more[1]), join(path, found))
        return None, longer

    def check_missing(name: str) -> None:
        """Make sure that an object that was not found does not exist under another name."""
        with listing:  # `cache` lets two threads that ask at once list twice
            misnamed, longer = strange()
        packed_again = (f"{name}.{each}" for each in endings if objects.has(f"{name}.{each}"))
        found = misnamed or next(packed_again, None) or longer.get(name)
        if found is not None:
            ending = found.rpartition(".")[2]
            if ending in _PACKED:
                out = f"unpack such files (.{ending})"
            elif found == longer.get(name):
                out = "give such files their right names"
            else:
                out = "correct the separator in its metadata"
            raise VolumeReadError(
                f"{source}: expected chunks with names like {example}, but found {objects.place(found)}, "
                f"which would count as not stored, so as background; {out}, or export it again"
            )

    def piece(number: Number) -> Array | None:
        name = key(number)
        try:
            data = objects.get(name) if fetch is None else fetch(name, number)
            if isinstance(data, bytes):
                return decode(data, number)
        except CellgraphError:
            raise
        except Exception as error:  # each codec has its own errors
            raise VolumeReadError(
                f"{source}: the chunk {objects.place(name)} does not decode ({error}); "
                "it is damaged, copy or export it again"
            ) from error
        if data is None:
            check_missing(name)
        return None

    def any_stored() -> bool:
        listed = objects.files(path)
        return listed is None or any(like_one.fullmatch(name) for name in listed)

    def stamps(groups: Iterable[Iterable[Number]]) -> list[int]:
        return objects.stamps((key(number) for number in group) for group in groups)

    return Pieces(
        extent, dtype, piece, partial(objects.fingerprint, document), stamps, objects.close, fill, any_stored,
        objects.parallel,
    )  # fmt: skip
