"""The territory of each cell (the space nearest to it), written as properties of a loaded sample."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from math import hypot, prod
from threading import Lock
from typing import Any, Unpack

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.engines import ThreadsEngine
from cellgraph.errors import InputError
from cellgraph.loading.lengths import resolve_length
from cellgraph.loading.ownvolume import Counted, one_sample, own_mask, own_volume, require_cells
from cellgraph.machine import free_memory
from cellgraph.model import Report
from cellgraph.stores import address_of, open_store
from cellgraph.stores.properties import Properties
from cellgraph.volumes import Block
from cellgraph.volumes.blocks import grid
from cellgraph.volumes.scan import Scan, ScanOptions
from cellgraph.volumes.units import symbol
from cellgraph.volumes.volume import Index
from cellgraph.voxels.expansion import grown, ranked
from cellgraph.voxels.metric import Metric

Array = np.ndarray[Any, Any]

VOLUME, CUT = "territory_volume", "territory_on_border"
_EDGE = 160
"""Blocks are cubes of about this many voxels per axis, so that the margin read around them stays small."""
_FIRST_MARGIN = 16
_BYTES_A_VOXEL = 32
"""For labels, their ranks, and growing them."""


@dataclass(frozen=True)
class TerritoryReport:
    """What a call of `territory` wrote.

    Attributes
    ----------
    sample : str
    cells : int
    volume : float
        Total volume of all territories, in the unit of the sample to the power of `ndim`.
    cut : int
        Number of territories that reach the border of the image, beyond which there may be other cells.
    unit : str
    ndim : int
    """

    sample: str
    cells: int
    volume: float
    cut: int
    unit: str
    ndim: int

    def summary(self) -> str:
        """Return the report as a sentence."""
        unit = "voxels" if self.unit == "voxel" else f"{symbol(self.unit)}^{self.ndim}"
        return (
            f"{self.sample}: wrote {VOLUME} of {self.cells:,} cells, {self.volume / self.cells:.4g} {unit} on average, "
            f"and {CUT}: {self.cut:,} of them reach the border of the image"
        )


def territory(
    db: str | os.PathLike[str] | None = None,
    *,
    mask: str | os.PathLike[str] | None = None,
    within: float | str | None = None,
    sample: str | None = None,
    source: str | os.PathLike[str] | None = None,
    replace: bool = False,
    workers: int | None = None,
    report: Report | None = None,
    **options: Unpack[ScanOptions],
) -> TerritoryReport:
    """Write the volume of the territory of each cell of a sample: its Voronoi region, including the cell itself.

    A voxel belongs to the territory of the nearest cell, by the smallest distance between its centre and a voxel centre
    of the cell (exact, Euclidean, using the voxel size; ties go to the smaller label).  ``territory_volume`` is the
    number of these voxels times the volume of a voxel (in 2D, an area).  ``territory_on_border`` says whether any of
    them lies on the border of the image.  There may be nearer cells beyond the border, so such a territory may be too
    large or too small, and is best left out of averages.

    Parameters
    ----------
    db : str or path, optional
        As for `load`.
    mask : str or path, optional
        A mask with the shape and voxel size of the sample: only nonzero voxels and voxels of cells belong to
        territories.  By default all voxels do.
    within : float or str, optional
        The largest distance of a voxel from its cell: a number in the unit of the sample, or text such as ``20um``.  By
        default there is no limit.
    sample : str, optional
        Name of the sample; may be omitted if the database holds only one.
    source : str or path, optional
        The volume; by default the one from which the sample was loaded.  Its shape, cells and voxel counts must match.
    replace : bool
        Replace these properties if they exist.
    workers : int, optional
        Number of threads; by default one per core.
    report : callable, optional
        Called to report progress: the kind of work, how much is done, and the total.
    **options
        How the volume is read, see `ScanOptions`.

    Raises
    ------
    ParameterError
        If `within` is not a length above 0, or is longer than the volume.
    NotFoundError
        If there is no such sample, or its volume no longer exists.
    InputError
        If the volume does not match the sample, the mask has a different shape or voxel size, or some voxels are so far
        from any cell that the space between does not fit in memory.
    ExistsError
        If the properties exist and `replace` is false.

    Notes
    -----
    With the bone as the mask, this is the lacunar territory volume (Lc.Te.V) of the osteocyte literature.
    """
    with open_store(address_of(db)) as store:
        row = one_sample(store, sample)
        with own_volume(row, source, options) as scan, nullcontext() if mask is None else own_mask(mask, row) as inside:
            limit = None if within is None else resolve_length("within (--within)", within, scan.unit, scan.extent)
            found = _Territories(scan, inside, limit)
            found.measure(ThreadsEngine(workers), report)
            require_cells(store, row, scan, *found.cells.total())
            labels, voxels = found.sizes.total()
            if not len(labels):
                raise InputError(f"the sample {row['name']!r} has no cells, so there are no territories")
            import pyarrow as pa

            cut = np.isin(labels, np.concatenate([*found.cut, np.zeros(0, np.int64)]))
            volumes = voxels * prod(scan.spacing)
            origin = {"command": "territory", "within": limit, "mask": None if mask is None else redacted(str(mask))}
            table = pa.table({"label": labels, VOLUME: volumes, CUT: cut})
            written = Properties(row["name"], table, made_from=dict.fromkeys((VOLUME, CUT), origin))
            store.write_properties(written, replace=replace)
    return TerritoryReport(
        row["name"], len(labels), float(volumes.sum()), int(cut.sum()), row["unit"], len(row["shape"])
    )


class _Territories:
    """The territories of all cells; each block is read with a margin that doubles until it is wide enough."""

    def __init__(self, scan: Scan, mask: Scan | None, limit: float | None) -> None:
        self.cells, self.sizes = Counted(), Counted()
        self.cut: list[Array] = []
        self._scan, self._mask, self._limit = scan, mask, limit
        self._reading = Lock()
        self._metric = Metric.of(scan.voxel)

    def measure(self, engine: ThreadsEngine, report: Report | None) -> None:
        """Measure all blocks, filling in `cells`, `sizes` and `cut`."""
        shape = self._scan.header.shape
        todo = grid(shape, (1, 8 * _EDGE, 8 * _EDGE) if shape[0] == 1 else (_EDGE, _EDGE, _EDGE))
        count, done = len(todo), 0
        distance = _FIRST_MARGIN * max(self._scan.voxel)
        while todo:
            whole = distance >= hypot(*(n * s for n, s in zip(shape, self._scan.voxel, strict=True)))
            if self._limit is not None and distance >= self._limit:
                distance, whole = self._limit, True
            margin = self._metric.reach(self._metric.square(distance))
            self._require_memory(todo, margin, engine.workers, distance)
            again = []
            for block, reached in engine.map(self._scan, todo, self._work(distance, whole), margin):
                if not reached:
                    again.append(block)
                    continue
                done += 1
                if report is not None:
                    report("blocks", done, count)
            todo, distance = again, 2 * distance

    def _work(self, distance: float, whole: bool) -> Any:
        shape = self._scan.header.shape

        def work(block: Block, labels: Array, around: Index) -> bool:
            ranks, names = ranked(labels, self._scan.rules)
            core = tuple(slice(n, n + m) for n, m in zip(around, block.shape, strict=True))
            given = ranks[core].copy()
            own = grown(ranks, self._metric, distance)[core]
            wanted = self._wanted(block, given)
            if not whole and (wanted & (own == 0)).any():
                return False
            own = np.where(wanted, own, 0)
            self.cells.add(names, given)
            self.sizes.add(names, own)
            for axis in range(3 - self._scan.header.ndim, 3):
                for at_border, plane in ((block.start[axis] == 0, 0), (block.stop[axis] == shape[axis], -1)):
                    if at_border:
                        ranks_there = np.unique(np.take(own, plane, axis))
                        self.cut.append(names[ranks_there[ranks_there > 0]])
            return True

        return work

    def _wanted(self, block: Block, given: Array) -> Array:
        if self._mask is None:
            return np.ones(given.shape, bool)
        with self._reading:
            return np.asarray(self._mask.volume.read(block.start, block.stop) != 0) | (given > 0)

    def _require_memory(self, blocks: list[Block], margin: Index, workers: int, distance: float) -> None:
        shape = self._scan.header.shape
        voxels = max(
            prod(min(n, m + 2 * r) for n, m, r in zip(shape, block.shape, margin, strict=True)) for block in blocks
        )
        needed = voxels * (_BYTES_A_VOXEL + self._scan.header.dtype.itemsize) * (workers + 1)
        if needed > free_memory():
            unit = "voxels" if self._scan.unit == "voxel" else symbol(self._scan.unit)
            raise InputError(
                f"searching for the nearest cell up to {distance:.4g} {unit} around each block takes "
                f"{needed / 1e9:.3g} GB of memory, but only {free_memory() / 1e9:.3g} GB are free; mark the tissue "
                "with --mask, limit the distance with --within, or use fewer --workers"
            )
