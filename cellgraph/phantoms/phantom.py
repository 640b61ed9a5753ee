"""Phantoms: realistic labelled tissue of any size, for trying things out, testing and benchmarking."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import ParameterError
from cellgraph.files import output_file
from cellgraph.machine import cores
from cellgraph.model import Report
from cellgraph.queries.values import check
from cellgraph.volumes.blocks import Block, plan_blocks
from cellgraph.volumes.units import unit_name
from cellgraph.volumes.volume import Header
from cellgraph.volumes.writing import LabelFormat, label_format, require_image

if TYPE_CHECKING:
    from cellgraph.phantoms.voronoi import Tessellation

Array = np.ndarray[Any, Any]

UNITS = ("nanometer", "micrometer", "millimeter")

_MOST_CELLS = 2**32 - 1  # labels are uint32
_FLATTEST = 1000  # keeps squared distances far from the limit of 64 bits
_WIDEST = 1000


@dataclass(frozen=True)
class Phantom:
    """What a call of `phantom` wrote.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    shape : tuple of int
        (z, y, x) or (y, x).
    cells : int
        Labels that have at least one voxel.
    missing : tuple of int
        Labels left without a voxel by the membranes; always empty without a gap.
    """

    path: Path
    shape: tuple[int, ...]
    cells: int
    missing: tuple[int, ...]


def phantom(
    out: str | os.PathLike[str],
    cells: int,
    shape: Sequence[int],
    *,
    gap: bool | int = False,
    seed: int = 0,
    spacing: Sequence[float] | None = None,
    unit: str = "micrometer",
    chunks: Sequence[int] | None = None,
    relax: int = 1,
    overwrite: bool = False,
    workers: int | None = None,
    report: Report | None = None,
) -> Phantom:
    """Write realistic labelled tissue: relaxed Voronoi cells, dense or with membranes between them.

    Labels are 1 to `cells`, uint32, in the order of the cells' points in the volume.  The volume is computed
    and written block by block on all cores, so it may be larger than memory; memory use grows with the number of cells
    (about 100 bytes each).  The same arguments give the same labels, regardless of `chunks`, `workers` and format.

    Parameters
    ----------
    out : str or path
        ``.zarr`` (OME-Zarr 0.5), ``.tif`` (OME-TIFF) or ``.npy``.
    cells : int
        Number of cells.
    shape : sequence of int
        (z, y, x) or (y, x), voxels.
    gap : bool or int
        Thickness of the background between cells in voxels; True is 1.  Cells then touch nowhere, not even at a corner.
    seed : int
        Different seeds give different tissues.
    spacing : sequence of float, optional
        Voxel size in the order of `shape`.  Cells are round in physical space, so they span fewer voxels along an axis
        with larger voxels.  It is stored if the format can store it.
    unit : str
        Unit of `spacing`: nanometer, micrometer or millimeter.
    chunks : sequence of int, optional
        Chunk size of a Zarr array.
    relax : int
        Steps of Lloyd's relaxation; more steps make the cells more equal.
    overwrite : bool
        Replace an existing file of that name.
    workers : int, optional
        Number of threads; by default one per core.
    report : callable, optional
        Called to report progress: the kind of work (``cells``, ``voxels``), how much is done, and the total.

    Returns
    -------
    Phantom

    Raises
    ------
    ParameterError
        If an argument is invalid.
    ExistsError
        If that name exists and `overwrite` is false.
    NotFoundError
        If its folder does not exist.
    CellgraphError
        If the file cannot be written; no partial file is left.
    """
    if not isinstance(out, str | os.PathLike):
        raise ParameterError(f"expected out to be the path of a file, but got {out!r}")
    check(overwrite, "bool", of="overwrite")
    check(unit, "str", of="unit")
    if report is not None and not callable(report):
        raise ParameterError(f"expected report to be a function, but got {report!r}")
    seed, relax = (_whole(name, value) for name, value in (("seed", seed), ("relax", relax)))
    path = Path(out)
    target = label_format(path)
    header = _header(path, target, shape, spacing, unit, chunks)
    width = _checked_width(gap)
    _check_cells(cells, header)
    threads = cores() if workers is None else _whole("workers", workers, least=1)
    from cellgraph.phantoms.seeds import tessellation  # imports numba

    require_image(path, overwrite)
    with output_file(path) as part:
        tissue = tessellation(
            cells,
            header.shape,
            header.spacing or (1.0, 1.0, 1.0),
            seed=seed,
            relax=relax,
            workers=threads,
            report=None if report is None else lambda done, of: report("cells", cells * done // of, cells),
        )
        present = np.zeros(cells + 1, np.bool_)
        target.write(part, header, _labelled(tissue, header, width, present, threads, report))
    missing = np.flatnonzero(~present[1:]) + 1
    return Phantom(path, tuple(shape), cells - len(missing), tuple(missing.tolist()))


def _labelled(
    tissue: Tessellation, header: Header, width: int, present: Array, workers: int, report: Report | None
) -> Iterator[tuple[Block, Array]]:
    """Label blocks in raster order, a few ahead of the one being consumed."""
    waiting: deque[tuple[Block, Future[Array]]] = deque()
    total, done = prod(header.shape), 0
    with ThreadPoolExecutor(workers) as pool:
        todo = iter(plan_blocks(header, workers=workers))
        for block in todo:
            waiting.append((block, pool.submit(tissue.labels, block.start, block.stop, width, present)))
            if len(waiting) > workers:
                break
        while waiting:
            block, future = waiting.popleft()
            labels = future.result()
            following = next(todo, None)
            if following:
                task = pool.submit(tissue.labels, following.start, following.stop, width, present)
                waiting.append((following, task))
            done += labels.size
            if report:
                report("voxels", done, total)
            yield block, labels


def _header(
    path: Path,
    target: LabelFormat,
    shape: Sequence[int],
    spacing: Sequence[float] | None,
    unit: str,
    chunks: Sequence[int] | None,
) -> Header:
    """Check the description of the volume, and build its header."""
    for name, values in (("shape", shape), ("spacing", spacing), ("chunks", chunks)):
        sized = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str | bytes)
        if values is not None and not (sized and np.shape(values)):
            raise ParameterError(f"expected {name} to be a list of numbers, such as (64, 64, 64), but got {values!r}")
    ndim = len(shape)
    if ndim not in (2, 3):
        raise ParameterError(f"expected a shape of 3 numbers (z, y, x), or 2 (y, x), but got {_text(shape)}")
    _check_counts("shape", shape, ndim)
    known = unit_name(unit)
    if known not in UNITS:
        raise ParameterError(f"expected one of the units {', '.join(UNITS)}, but got {unit!r}")
    if spacing is not None:
        _check_spacing(spacing, ndim)
    if chunks is not None:
        _check_counts("chunks", chunks, ndim)
        if not target.chooses_chunks:
            raise ParameterError(f"chunks apply only to .zarr, but the file is {path.name!r}; leave them out")
    stored = [min(n, c) for n, c in zip(shape, chunks or target.chunks[ndim], strict=True)]
    return Header(
        source=str(path),
        shape=_zyx([int(n) for n in shape], 1),
        ndim=ndim,
        dtype=np.dtype(np.uint32),
        spacing=None if spacing is None else _zyx([float(n) for n in spacing], 1.0),
        unit=None if spacing is None else known,
        chunks=_zyx(stored, 1),
    )


def _check_counts(name: str, values: Sequence[int], ndim: int) -> None:
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 1 for n in values)
    if len(values) != ndim or not whole:
        raise ParameterError(f"expected {name} of {ndim} positive whole numbers, but got {_text(values)}")


def _check_spacing(spacing: Sequence[float], ndim: int) -> None:
    numbers = all(isinstance(n, int | float | np.number) and not isinstance(n, bool) for n in spacing)
    if len(spacing) != ndim or not numbers or not all(0 < n < np.inf for n in spacing):
        raise ParameterError(
            f"expected spacing to be {ndim} positive numbers, one per axis of the shape, but got {_text(spacing)}"
        )
    if max(spacing) > _FLATTEST * min(spacing):
        raise ParameterError(
            f"expected voxel sizes that differ by a factor of at most {_FLATTEST}, but got spacing {_text(spacing)}"
        )


def _checked_width(gap: bool | int) -> int:
    """Return the thickness of the membranes."""
    if not isinstance(gap, int | np.integer | np.bool_) or not 0 <= gap <= _WIDEST:
        raise ParameterError(f"expected a gap of 0 to {_WIDEST} whole voxels, but got {gap!r}")
    return int(gap)


def _check_cells(cells: int, header: Header) -> None:
    if isinstance(cells, bool) or not isinstance(cells, int | np.integer) or not 1 <= cells <= _MOST_CELLS:
        raise ParameterError(f"expected 1 to {_MOST_CELLS} cells, but got {cells!r}")
    voxels = prod(header.shape)
    if cells > voxels:
        raise ParameterError(
            f"expected at most one cell per voxel, but got {cells} cells for {voxels} voxels; "
            "ask for fewer cells or a larger shape"
        )


def _whole(name: str, value: int, least: int = 0) -> int:
    """Return a whole number, of any integer type, as a Python integer."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(f"expected {name} to be a whole number of {least} or more, but got {value!r}")
    return int(value)


def _zyx(values: list[Any], missing: Any) -> tuple[Any, Any, Any]:
    """Return values for (z, y, x) from those for (y, x) or (z, y, x)."""
    z, y, x = values if len(values) == 3 else (missing, *values)
    return (z, y, x)


def _text(values: Sequence[float]) -> str:
    return ",".join(str(n) for n in values)
