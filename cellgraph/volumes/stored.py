"""Pieces that are objects of a store, one or more per object: Zarr chunks and shards, N5 blocks, precomputed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from itertools import islice
from typing import Any

import numpy as np

from cellgraph.errors import CellgraphError, VolumeReadError
from cellgraph.volumes.objects import Objects
from cellgraph.volumes.pieces import Number, Pieces

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
    right = re.compile(re.sub(r"\d+", r"\\d+", re.escape(example)) + tail)
    others = len(re.findall(r"\d+", example)) - 1
    like_one = re.compile(rf"(c[./])?-?\d+([./_-]-?\d+){{{others}}}(\.({'|'.join(_PACKED)}))?")

    @cache
    def misnamed() -> str | None:
        """Return an object that is named like a piece, but by another scheme."""
        for found in islice(objects.files(path) or (), _LOOKED_AT):
            if like_one.fullmatch(found) and not right.fullmatch(found):
                return f"{path}/{found}" if path else found
        return None

    def unfinished(name: str) -> str | None:
        """Return an object with more behind the name of a piece: a copy of it, or one that was not finished."""
        longer = re.compile(rf"{re.escape(name.removeprefix(path).strip('/'))}[^\w/-].*")
        found = next(filter(longer.fullmatch, islice(objects.files(path) or (), _LOOKED_AT)), None)
        return found if found is None or not path else f"{path}/{found}"

    def check_missing(name: str) -> None:
        """Make sure that an object that was not found does not exist under another name."""
        found = misnamed() or next((f"{name}.{each}" for each in endings if objects.has(f"{name}.{each}")), None)
        found = found or unfinished(name)
        if found is not None:
            ending = found.rpartition(".")[2]
            out = "correct the separator in its metadata"
            if found.startswith(name):
                out = f"unpack such files (.{ending})" if ending in _PACKED else "give such files their right names"
            elif ending in _PACKED:
                out = f"unpack such files (.{ending})"
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
