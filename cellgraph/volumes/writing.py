"""Write an image to a file, block by block: OME-Zarr, OME-TIFF and NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import ExistsError, ParameterError
from cellgraph.files import require_target
from cellgraph.volumes.blocks import Block
from cellgraph.volumes.formats import named_format
from cellgraph.volumes.units import symbol
from cellgraph.volumes.volume import Header

Array = np.ndarray[Any, Any]
Blocks = Iterable[tuple[Block, Array]]

_TILE = 256  # edge of a TIFF tile


@dataclass(frozen=True)
class LabelFormat:
    """A format in which labels can be written.

    Attributes
    ----------
    name : str
        Name of the format in the table of formats (`cellgraph.volumes.formats`).
    chunks : dict of int to tuple of int
        Default chunk shape for images with 2 axes (y, x) and 3 axes (z, y, x).
    chooses_chunks : bool
        Whether the user may choose another.
    write : callable
        Takes path, header and blocks as `plan_blocks` makes them, in raster order.
    """

    name: str
    chunks: dict[int, tuple[int, ...]]
    chooses_chunks: bool
    write: Callable[[Path, Header, Blocks], None]


def _write_zarr(path: Path, header: Header, blocks: Blocks) -> None:
    """Write OME-Zarr 0.5 (Zarr format 3) with one resolution level."""
    import zarr
    from zarr.codecs import BloscCodec

    names = "zyx"[-header.ndim :]
    group = zarr.open_group(path, mode="w", zarr_format=3)
    array = group.create_array(
        "0",
        shape=header.shape[-header.ndim :],
        chunks=header.chunks[-header.ndim :],
        dtype=header.dtype,
        # For labels, byte shuffling is slower and compresses worse, and higher levels save little.
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="noshuffle"),
        dimension_names=tuple(names),
        fill_value=0,
    )
    unit = {"unit": header.unit} if header.unit else {}
    scale = list((header.spacing or (1.0, 1.0, 1.0))[-header.ndim :])
    level: dict[str, Any] = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}
    group.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [
            {
                "name": Path(header.source).name,
                "axes": [{"name": name, "type": "space", **unit} for name in names],
                "datasets": [level],
            }
        ],
    }
    for block, labels in blocks:
        array[_selection(block, header)] = labels.reshape(labels.shape[-header.ndim :])


def _write_tiff(path: Path, header: Header, blocks: Blocks) -> None:
    """Write a tiled OME-TIFF, deflated."""
    import tifffile

    names = "ZYX"[-header.ndim :]
    metadata: dict[str, Any] = {"axes": names, "Name": Path(header.source).name}
    if header.spacing:
        for name, length in zip(names, header.spacing[-header.ndim :], strict=True):
            metadata[f"PhysicalSize{name}"] = length
            if header.unit:
                metadata[f"PhysicalSize{name}Unit"] = symbol(header.unit)
    size = header.dtype.itemsize * int(np.prod(header.shape))
    y, x = (min(_TILE, -(-n // 16) * 16) for n in header.shape[1:])
    with tifffile.TiffWriter(path, ome=True, bigtiff=size > 3 << 30) as tif:
        tif.write(
            _tiles(blocks, (y, x)),
            shape=header.shape[-header.ndim :],
            dtype=header.dtype,
            tile=(y, x),
            compression="zlib",
            compressionargs={"level": 1},
            photometric="minisblack",
            metadata=metadata,
        )


def _tiles(blocks: Blocks, tile: tuple[int, int]) -> Iterator[Array]:
    """Cut blocks into tiles, all of the same size."""
    for _, labels in blocks:
        for plane in labels:
            for y in range(0, plane.shape[0], tile[0]):
                for x in range(0, plane.shape[1], tile[1]):
                    part = plane[y : y + tile[0], x : x + tile[1]]
                    rest = [(0, full - n) for full, n in zip(tile, part.shape, strict=True)]
                    yield np.pad(part, rest) if any(after for _, after in rest) else part


def _write_npy(path: Path, header: Header, blocks: Blocks) -> None:
    """Write an npy file, which cannot store a voxel size."""
    shape = header.shape[-header.ndim :]
    with path.open("wb") as file:
        np.lib.format.write_array_header_2_0(file, {"descr": header.dtype.str, "fortran_order": False, "shape": shape})
        offset = file.tell()
        # A full disk must be detected here: a write to the mapped file would kill the process.
        os.posix_fallocate(file.fileno(), 0, offset + header.dtype.itemsize * int(np.prod(shape)))
    for block, labels in blocks:
        # Mapped again for each block, so that written pages do not stay in this process.
        array = np.memmap(path, header.dtype, "r+", offset, shape)
        array[_selection(block, header)] = labels.reshape(labels.shape[-header.ndim :])


def _selection(block: Block, header: Header) -> tuple[slice, ...]:
    return tuple(slice(a, b) for a, b in zip(block.start, block.stop, strict=True))[-header.ndim :]


_CHUNKS: dict[int, tuple[int, ...]] = {3: (64, 256, 256), 2: (1024, 1024)}
FORMATS = (
    LabelFormat("Zarr", _CHUNKS, True, _write_zarr),
    LabelFormat("TIFF", {3: (1, _TILE, _TILE), 2: (_TILE, _TILE)}, False, _write_tiff),
    LabelFormat("NumPy", {3: (64, 64, 64), 2: (1024, 1024)}, False, _write_npy),
)


_INSTEAD = "name a .zarr, .tif or .npy instead"


def label_format(path: Path, what: str = "phantoms are") -> LabelFormat:
    """Return the format for a file name; `what` is the thing written, for messages.

    Raises
    ------
    ParameterError
        If the file extension is not supported.
    """
    named = named_format(path.name)
    for known in FORMATS:
        if named is not None and named.name == known.name:
            return known
    if named is not None:
        raise ParameterError(f"{what} not written as {named.name} ({str(path)!r}); {_INSTEAD}")
    raise ParameterError(f"expected a name that ends in one of .zarr, .tif, .npy, but got {str(path)!r}; {_INSTEAD}")


def require_image(path: Path, overwrite: bool) -> None:
    """Refuse an image that could not be written; a folder is only overwritten if it is Zarr.

    Raises
    ------
    NotFoundError
        If its folder does not exist.
    ExistsError
        If there is something at `path`, and it may not or cannot be overwritten.
    """
    require_target(path, overwrite)
    named = named_format(path.name)
    if path.is_dir() and (named is None or named.name != "Zarr" or not named.recognise(path, b"")):
        raise ExistsError(f"{str(path)!r} is a folder, but no Zarr, and is not overwritten; choose another name")
