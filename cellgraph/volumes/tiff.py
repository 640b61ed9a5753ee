"""TIFF: single and multi-page, ImageJ, OME, tiled, pyramids."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cellgraph.errors import FormatError
from cellgraph.volumes.axes import Axes, find_axes
from cellgraph.volumes.choosing import Candidate, choose
from cellgraph.volumes.files import parsing
from cellgraph.volumes.mapped import mapped_volume
from cellgraph.volumes.pieces import PiecesVolume
from cellgraph.volumes.reading import PLAIN, Part, Reading
from cellgraph.volumes.tiff_directories import check_directories
from cellgraph.volumes.tiff_metadata import voxel_size
from cellgraph.volumes.tiff_pages import Page, page_pieces, zero_is_white
from cellgraph.volumes.volume import Volume

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

_JPEG = {6, 7, 33007, 34892}
_LOSSY = dict.fromkeys((33003, 33004, 33005, 34712), "JPEG 2000") | {
    22610: "JPEG XR", 34934: "JPEG XR", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL", 34887: "LERC",
}  # fmt: skip

# tifffile logs oddities in a file; those that matter become errors here.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def open_tiff(path: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open the labelled image of a TIFF file; `dataset` is its number, if there are several."""
    import tifffile

    with parsing(source, "a TIFF image"), tifffile.TiffFile(path) as tif:
        check_directories(tif, source)
        series = list(tif.series)
        if dataset is None and _are_slices(series):
            return _open_slices(tif, series, path, source, reading)
        candidates = [
            Candidate(str(i), tuple(s.shape), np.dtype(s.dtype), i, reading.rgb or not _is_coloured(s))
            for i, s in enumerate(series)
        ]
        found, part = choose(candidates, dataset, source, ":")
        parts = (part,) if len(series) > 1 else ()
        return _open_series(tif, int(found.name), path, source, reading, parts)


def _are_slices(series: list[TiffPageSeries]) -> bool:
    """Tell whether several images are the slices of one volume, as tifffile writes slices given one by one."""
    first = series[0]
    return len(series) > 1 and all(
        each.kind == "shaped"
        and each.axes == "YX"
        and not each.is_pyramidal
        and (each.shape, each.dtype) == (first.shape, first.dtype)
        for each in series
    )


def _open_slices(tif: TiffFile, series: list[TiffPageSeries], path: Path, source: str, reading: Reading) -> Volume:
    """Open a file whose images are the slices of one volume, in order."""
    note = f"its {len(series)} images of one size and type are taken as slices; {source}:0 is the first alone"
    axes = find_axes((len(series), *series[0].shape), None, series[0].dtype, source, reading)
    return _open_pages(tif, 0, [page for each in series for page in each], axes, path, source, (note,))


def _is_coloured(series: TiffPageSeries) -> bool:
    return any(axis in "SC" and n > 1 for axis, n in zip(series.axes, series.shape, strict=True))


def _open_series(
    tif: TiffFile, number: int, path: Path, source: str, reading: Reading, parts: tuple[Part, ...]
) -> Volume:
    series = tif.series[number]
    key = series.keyframe
    unnamed = series.axes.endswith("YX") and not series.axes.strip("IQYX")
    names = None if unnamed else series.axes.replace("S", "C")
    notes: tuple[str, ...] = ()
    if _is_stack_of_planes(series):
        names = series.axes.replace("S", "Z")
        notes = (f"its {key.samplesperpixel} planes are taken as slices, as tifffile stores them",)
    _refuse_jpeg(key, source)
    why = "OME" if tif.is_ome else "ImageJ" if tif.is_imagej else "TIFF"
    axes = find_axes(series.shape, names, series.dtype, source, reading, why).told(*parts)
    if series.is_pyramidal:
        notes += (f"the image has {len(series.levels)} resolutions; the finest is read",)
    place = _file_of(key)
    if series.dataoffset is not None and all(page is None or _file_of(page) == place for page in series):
        _refuse_outside(place, path, source)
        dtype = series.dtype.newbyteorder(tif.byteorder)
        size = voxel_size(tif, key, number, axes)
        return mapped_volume(place, series.dataoffset, dtype, axes, source, size, notes=notes)
    return _open_pages(tif, number, list(series), axes, path, source, notes)


def _open_pages(
    tif: TiffFile,
    number: int,
    stored: list[TiffPage | TiffFrame | None],
    axes: Axes,
    path: Path,
    source: str,
    notes: tuple[str, ...],
) -> Volume:
    key = tif.series[number].keyframe
    _refuse_jpeg(key, source)
    size = voxel_size(tif, key, number, axes)
    if name := _LOSSY.get(int(key.compression)):
        notes += (f"its pages are compressed with {name}, which may change labels; if some look wrong, export it anew",)
    if zero_is_white(key):
        notes += (
            "0 is white in this image of one bit (MinIsWhite): its white pixels are label 1 "
            "(--background 1 takes the black ones)",
        )
    pages = [plane for page in stored for plane in _planes(page, key, source)]
    for place in {page.path for page in pages}:
        _refuse_outside(place, path, source)
    pieces = page_pieces(key, pages, axes.stored, source)
    try:
        return PiecesVolume(pieces, axes, source, size, notes)
    except BaseException:
        pieces.close()
        raise


def _refuse_jpeg(key: TiffPage, source: str) -> None:
    if key.compression in _JPEG:
        raise FormatError(
            f"{source}: expected labels, but its pages are JPEG compressed, which changes the values of "
            "voxels; export the labels with LZW, deflate or no compression"
        )


def _is_stack_of_planes(series: TiffPageSeries) -> bool:
    """Tell whether colour planes are actually slices, as tifffile writes stacks of three or four slices.

    8-bit planes may well be red, green and blue.
    """
    separate = series.keyframe.planarconfig == 2 and series.axes.startswith("S")
    return separate and series.kind == "shaped" and series.dtype != np.uint8


def _planes(page: TiffPage | TiffFrame | None, key: TiffPage, source: str) -> list[Page]:
    if page is None:
        raise FormatError(
            f"{source}: some of its planes are missing; if it is one of several files that belong together, "
            "keep them in one folder"
        )
    if page.hash != key.hash:
        raise FormatError(
            f"{source}: expected pages of one size, type and compression, but they differ; export it again"
        )
    path, decode = _file_of(page), page.decode
    offsets, lengths = page.dataoffsets, page.databytecounts
    planes = 1 if key.planarconfig == 1 else key.samplesperpixel
    count = len(offsets) // planes
    firsts = range(0, count * planes, count) if count else [0] * planes
    return [Page(path, decode, tuple(offsets[i : i + count]), tuple(lengths[i : i + count]), i) for i in firsts]


def _file_of(page: TiffPage | TiffFrame) -> Path:
    return Path(page.parent.filehandle.path)


def _refuse_outside(place: Path, path: Path, source: str) -> None:
    """Refuse pages in a file named by OME metadata, unless it is in or below the folder of the naming file."""
    # tifffile resolves links in file names, and users may have put links anywhere.
    folders = (Path(os.path.abspath(path)).parent, path.resolve().parent)
    if not any(
        where.is_relative_to(folder) for folder in folders for where in (Path(os.path.abspath(place)), place.resolve())
    ):
        raise FormatError(
            f"{source}: some of its pages lie in {place}, out of its folder; put the files that belong together into "
            "one folder, or load that file by itself"
        )
