"""Paint a value of each cell into its voxels: an image of any size for Fiji, napari and the like."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.analyze.database import open as open_database
from cellgraph.errors import InputError, ParameterError
from cellgraph.files import output_file
from cellgraph.loading.ownvolume import not_its
from cellgraph.model import Report
from cellgraph.pictures.values import CellValues, cell_values, its_volume, unknown_label
from cellgraph.volumes import plan_blocks
from cellgraph.volumes.blocks import Block
from cellgraph.volumes.scan import Scan, Scannable, ScanOptions
from cellgraph.volumes.volume import Header
from cellgraph.volumes.writing import label_format, require_image

Array = np.ndarray[Any, Any]

_MEMORY = 2**28
_EXACT = 2**24
"""Integers up to this are exact as float32."""


@dataclass(frozen=True)
class PaintReport:
    """What was painted.

    Attributes
    ----------
    path : str
    by : str
        The column.
    dtype : str
        Type of the voxels.
    low, high : float or None
        Smallest and largest value of a cell; None if no cell has one.
    categories : tuple of str
        Categories that the numbers 1, 2, … stand for.
    """

    path: str
    by: str
    dtype: str
    low: float | None
    high: float | None
    categories: tuple[str, ...]

    def summary(self) -> str:
        """Return the report in sentences."""
        reach = "no cell has a value" if self.low is None else f"from {self.low:g} to {self.high:g}"
        background = "NaN" if self.dtype.startswith("float") else "0"
        said = f"{self.path}: each cell has its {self.by}, {reach}, as {self.dtype}; the background is {background}"
        listed = ", ".join(f"{number} {name}" for number, name in enumerate(self.categories, start=1))
        return f"{said}\nvalues: {listed}" if listed else said


def paint(
    source: Scannable,
    output: str | os.PathLike[str],
    db: str | os.PathLike[str] | None = None,
    *,
    by: str,
    sample: str | None = None,
    rank: bool = False,
    overwrite: bool = False,
    report: Report | None = None,
    **options: Unpack[ScanOptions],
) -> PaintReport:
    """Write an image in which every voxel of a cell holds the cell's value, block by block.

    Parameters
    ----------
    source : str, path, numpy.ndarray or Scan
        The labelled volume from which the sample was loaded.
    output : str or path
        ``.tif`` (OME-TIFF), ``.zarr`` (OME-Zarr) or ``.npy``; it gets the voxel size of the sample.
    db : str or path, optional
        As for `load`.
    by : str
        A column of cells: a measure, ``degree``, a written metric or annotation.  Integers are written as uint8, uint16
        or int32 with a background of 0, all other numbers as float32 with a background of NaN.  Strings become the
        numbers 1, 2, … in alphabetical order.
    sample : str, optional
        Name of the sample; by default the one named like the volume, or the only one.
    rank : bool
        Write the rank of each cell by its value, 1 for the smallest; cells with equal values share a rank.
    overwrite : bool
        Replace `output`.
    report : callable, optional
        Called to report progress: the kind of work, how much is done, and the total.
    **options
        How the volume is read, see `ScanOptions`.

    Raises
    ------
    ParameterError
        If cells have no such column, or the file extension of the output is not supported.
    InputError
        If the volume does not match the sample.
    ExistsError
        If `output` exists and `overwrite` is false.
    """
    path = Path(output)
    target = label_format(path, "painted images are")
    require_image(path, overwrite)
    with open_database(db) as database, its_volume(database, source, sample, options) as (scan, name):
        found = cell_values(database, name, by)
        values = _ranked(found) if rank else found
        dtype = _type_of(values)
        header = Header(
            redacted(scan.header.source), scan.header.shape, scan.header.ndim, dtype,
            ((1.0,) * 3 + tuple(scan.spacing))[-3:],  # type: ignore[arg-type]
            None if scan.unit == "voxel" else scan.unit,
            (1,) * (3 - scan.header.ndim) + target.chunks[scan.header.ndim],  # type: ignore[arg-type]
        )  # fmt: skip
        with output_file(path) as part:
            voxels = cell_values(database, name, "voxels").values
            target.write(part, header, _painted(scan, name, header, values, voxels, report))
        known = values.values[np.isfinite(values.values)] if values.values.dtype.kind == "f" else values.values
        low, high = (float(known.min()), float(known.max())) if len(known) else (None, None)
    return PaintReport(str(path), f"rank by {by}" if rank else by, dtype.name, low, high, values.categories)


def _ranked(found: CellValues) -> CellValues:
    known = np.isfinite(found.values)
    _, rank = np.unique(found.values[known], return_inverse=True)
    values = np.zeros(len(found.values), np.int64)
    values[known] = rank + 1
    return CellValues(found.name, found.labels, values)


def _type_of(found: CellValues) -> np.dtype[Any]:
    values = found.values
    if values.dtype.kind == "f":
        if found.categories or (len(values) and np.all(np.isnan(values) | (values == np.floor(values)))):
            return np.dtype(np.float32 if np.nanmax(np.abs(values), initial=0) <= _EXACT else np.float64)
        return np.dtype(np.float32)
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    for kind in (np.uint8, np.uint16, np.int32, np.uint32, np.int64):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return np.dtype(kind)
    raise ParameterError(f"the values of {found.name!r} are too large to be painted.")


def _painted(
    scan: Scan, sample: str, header: Header, values: CellValues, voxels: Array, report: Report | None
) -> Iterator[tuple[Block, Array]]:
    blocks = plan_blocks(replace(header, chunks=header.chunks), _MEMORY)
    seen = np.zeros(len(values.labels), np.int64)
    missing = np.nan if header.dtype.kind == "f" else 0
    for number, block in enumerate(blocks, start=1):
        labels = scan.volume.read(block.start, block.stop).astype(np.int64)
        flat, place = np.unique(labels, return_inverse=True)
        painted, known = values.of(flat, missing)
        background = np.zeros(len(flat), bool) if scan.rules.background is None else flat == scan.rules.background
        if not (known | background).all():
            raise unknown_label(scan, sample, int(flat[~(known | background)][0]))
        painted[background & ~known] = missing
        seen[np.searchsorted(values.labels, flat[known])] += np.bincount(place.ravel())[known]
        if number == len(blocks) and (seen != voxels).any():  # a writer may not ask for anything after its last block
            cell = np.flatnonzero(seen != voxels)[0]
            label, own, its = values.labels[cell], seen[cell], int(voxels[cell])
            why = (
                f"its cell {label} has {own:,} voxels, but in the sample it has {its:,}"
                if own
                else f"the cell {label} is not in it"
            )
            raise InputError(f"{not_its(header.source, sample)}: {why}.")
        yield block, painted.astype(header.dtype)[place].reshape(labels.shape)
        if report is not None:
            report("blocks", number, len(blocks))
