"""TIFF: single and multi-page, ImageJ, OME, tiled, pyramids."""

from __future__ import annotations

import logging
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cellgraph.errors import FormatError, NotFoundError, ParameterError
from cellgraph.volumes.axes import EXPECTED, Axes, find_axes
from cellgraph.volumes.files import parsing
from cellgraph.volumes.labels import label_dtype
from cellgraph.volumes.mapped import MappedVolume
from cellgraph.volumes.reading import PLAIN, Reading
from cellgraph.volumes.tiff_directories import check_directories
from cellgraph.volumes.tiff_metadata import voxel_size
from cellgraph.volumes.tiff_pages import Page, PagedVolume
from cellgraph.volumes.volume import Volume

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

_JPEG = {6, 7, 33007, 34892}

# tifffile logs what it finds odd in a file; what matters of it becomes an error here.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def open_tiff(path: Path, dataset: str | None, source: str, reading: Reading = PLAIN) -> Volume:
    """Open the labelled image of a TIFF file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    dataset : str or None
        Number of the image in it, from 0 on; needed only where there are several that could be labels.
    source : str
        What to call it in messages and in the graph.
    """
    import tifffile

    check_directories(path, source)
    with parsing(source, "a TIFF image"), tifffile.TiffFile(path) as tif:
        if dataset is None and _are_slices(tif.series):
            return _open_slices(tif, source, reading)
        number = _choose_series(list(tif.series), dataset, source)
        return _open_series(tif, number, path, source, reading)


def _are_slices(series: list[TiffPageSeries]) -> bool:
    """Tell whether several images are the slices of one volume: tifffile writes it so, if it is given them singly."""
    first = series[0]
    return len(series) > 1 and all(
        each.kind == "shaped"
        and each.axes == "YX"
        and not each.is_pyramidal
        and (each.shape, each.dtype) == (first.shape, first.dtype)
        for each in series
    )


def _open_slices(tif: TiffFile, source: str, reading: Reading) -> Volume:
    """Open a file whose images are the slices of one volume, in their order."""
    first = tif.series[0]
    key = first.keyframe
    _refuse_jpeg(key, source)
    axes = find_axes((len(tif.series), *first.shape), None, first.dtype, source, reading)
    spacing, unit, size_notes = voxel_size(tif, key, 0, axes.ndim)
    dtype, type_notes = label_dtype(np.dtype(first.dtype), source)
    pages = [plane for series in tif.series for page in series for plane in _planes(page, key, source)]
    note = f"its {len(pages)} images of one size and type are taken as slices; {source}:0 is the first alone"
    notes = axes.notes + type_notes + (note, *size_notes)
    return PagedVolume(key, pages, axes, dtype, source, spacing, unit, notes)


def _choose_series(series: list[TiffPageSeries], dataset: str | None, source: str) -> int:
    listed = ", ".join(f"{i}: {s.shape} {s.dtype}" for i, s in enumerate(series))
    if dataset is not None:
        if dataset.isdecimal() and int(dataset) < len(series):
            return int(dataset)
        raise NotFoundError(f"{source}: no image {dataset!r} in it; it has {listed}")
    if len(series) == 1:
        return 0
    usable = [i for i, s in enumerate(series) if _could_be_labels(s)]
    if len(usable) == 1:
        return usable[0]
    raise ParameterError(
        f"{source}: expected one labelled image, but it holds {len(series)}; choose one by its number, "
        f"as {source}:0, of {listed}"
    )


def _could_be_labels(series: TiffPageSeries) -> bool:
    long = [axis for axis, n in zip(series.axes, series.shape, strict=True) if n > 1]
    return len(long) in (2, 3) and not {"S", "C"} & set(long) and series.dtype.kind in "bui"


def _open_series(tif: TiffFile, number: int, path: Path, source: str, reading: Reading) -> Volume:
    series = tif.series[number]
    key = series.keyframe
    names = series.axes.replace("S", "C") if series.axes.strip("IQYX") else None
    shape = series.shape
    notes: tuple[str, ...] = ()
    if _is_stack_of_planes(series):
        names = series.axes.replace("S", "Z")
        notes = (f"its {key.samplesperpixel} planes are taken as slices, as tifffile stores them",)
    elif key.samplesperpixel > 1:
        raise FormatError(
            f"{source}: {EXPECTED}, but it is a colour image with {key.samplesperpixel} samples a pixel, "
            f"shape {series.shape}; export one channel as a label image"
        )
    _refuse_jpeg(key, source)
    why = "OME" if tif.is_ome else "ImageJ" if tif.is_imagej else "TIFF"
    axes = find_axes(shape, names, series.dtype, source, reading, why)
    spacing, unit, size_notes = voxel_size(tif, key, number, axes.ndim)
    notes += size_notes
    if series.is_pyramidal:
        notes += (f"the image has {len(series.levels)} resolutions; the finest is read",)
    place = _file_of(key)
    in_one = all(page is None or _file_of(page) == place for page in series)
    if series.dataoffset is not None and in_one:
        _refuse_outside(place, path, source)
        dtype = series.dtype.newbyteorder(tif.byteorder)
        return MappedVolume(
            place, series.dataoffset, dtype, series.shape, source,
            axes=axes, spacing=spacing, unit=unit, notes=notes,
        )  # fmt: skip
    dtype, type_notes = label_dtype(np.dtype(series.dtype), source)
    pages = [plane for page in series for plane in _planes(page, key, source)]
    for place in {page.path for page in pages}:
        _refuse_outside(place, path, source)
    depth = max(1, key.imagedepth)
    if len(pages) * depth * key.imagelength * key.imagewidth != int(np.prod(series.shape)):
        raise FormatError(
            f"{source}: expected {series.shape} voxels, but its {len(pages)} pages are of "
            f"{key.imagelength} x {key.imagewidth}; it was cut short, copy or export it again"
        )
    _refuse_reordered(axes, source)
    pages = _pages_of(axes, pages)
    return PagedVolume(key, pages, axes, dtype, source, spacing, unit, axes.notes + type_notes + notes)


def _refuse_jpeg(key: TiffPage, source: str) -> None:
    if key.compression in _JPEG:
        raise FormatError(
            f"{source}: expected labels, but its pages are JPEG compressed, which changes the values of "
            "voxels; export the labels with LZW, deflate or no compression"
        )


def _is_stack_of_planes(series: TiffPageSeries) -> bool:
    """Tell whether colour planes are really slices: tifffile writes stacks of three or four of them like that.

    Planes of one byte may as well be red, green and blue.
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
    count = len(offsets) // key.samplesperpixel
    firsts = range(0, count * key.samplesperpixel, count) if count else [0] * key.samplesperpixel
    return [Page(path, decode, tuple(offsets[i : i + count]), tuple(lengths[i : i + count]), i) for i in firsts]


def _file_of(page: TiffPage | TiffFrame) -> Path:
    return Path(page.parent.filehandle.path)


def _refuse_outside(place: Path, path: Path, source: str) -> None:
    """Refuse pages of a file that OME metadata name, if it does not lie beside the one that names it, or below."""
    # tifffile names files without links, which people may have put where they like.
    folders = (Path(os.path.abspath(path)).parent, path.resolve().parent)
    if not any(
        where.is_relative_to(folder) for folder in folders for where in (Path(os.path.abspath(place)), place.resolve())
    ):
        raise FormatError(
            f"{source}: some of its pages lie in {place}, out of its folder; put the files that belong together into "
            "one folder, or load that file by itself"
        )


def _pages_of(axes: Axes, pages: list[Page]) -> list[Page]:
    """Return the pages of one frame and channel, in the order of z; all where there is one of each."""
    lengths = axes.stored[:-2]
    if not any(axes.fixed) or math.prod(lengths) != len(pages):
        return pages
    numbers = np.arange(len(pages)).reshape(lengths)
    index = tuple(slice(None) if axis in axes.order else i for axis, i in enumerate(axes.fixed[:-2]))
    return [pages[number] for number in np.ravel(numbers[index])]


def _refuse_reordered(axes: Axes, source: str) -> None:
    order = [axis for axis in axes.order if axis is not None]
    if order != sorted(order):
        raise FormatError(f"{source}: expected pages of (y, x), but its axes have another order; export it again")
