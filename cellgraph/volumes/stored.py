"""Pieces that are objects of a store, one or many in each: chunks and shards of Zarr, blocks of N5, precomputed."""

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

# Endings of files that were packed after they had been written.
_PACKED = ("gz", "br", "zst", "zstd", "bz2", "xz", "lz4")
# How many files are looked at for the way in which they are named.
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

    A piece that is not stored stands for the fill value, usually background.  One that was packed afterwards
    (``0.0.0.gz``), or lies in nested folders though the metadata does not say so, is stored, and would be background
    all the same; these are refused.

    Parameters
    ----------
    document : str
        Key of what describes it.
    extent, dtype, fill
        See `Pieces`.
    key : callable
        Gives the name of the object that holds a piece.
    decode : callable
        Makes an array of the bytes of a piece; whatever it raises is taken for damage.
    fetch : callable, optional
        Gives the bytes of a piece from the name of its object, where that holds more: None if there is no such object,
        false if it does not hold the piece.
    packed : bool
        Whether ``.gz`` behind the name of an object belongs to the format.
    """
    example = key((0,) * len(extent)).removeprefix(path).strip("/")
    endings = [ending for ending in _PACKED if not (packed and ending == "gz")]
    tail = "(\\.gz)?" if packed else ""
    right = re.compile(re.sub(r"\d+", r"\\d+", re.escape(example)) + tail)
    others = len(re.findall(r"\d+", example)) - 1
    like_one = re.compile(rf"(c[./])?-?\d+([./_-]-?\d+){{{others}}}(\.({'|'.join(_PACKED)}))?")

    @cache
    def misnamed() -> str | None:
        """Return an object that is named like a piece, but in another way."""
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
        """Make sure that an object which was not found does not lie there under another name."""
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
        except Exception as error:  # each codec has errors of its own
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
