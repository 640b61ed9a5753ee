"""The territory of each cell: what is nearer to it than to any other cell; properties onto a sample that is loaded."""

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
"""Blocks are cubes of about this many voxels an axis, so that what is read around them stays small."""
_FIRST_MARGIN = 16
_BYTES_A_VOXEL = 32
"""Labels, their ranks, and what growth needs for them."""


@dataclass(frozen=True)
class TerritoryReport:
    """What was written.

    Attributes
    ----------
    sample : str
    cells : int
    volume : float
        Of all territories together, in the unit of the sample to the power of its dimensions.
    cut : int
        How many territories reach the border of the image, beyond which there may be other cells.
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
        """Return it in a sentence."""
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
    """Write the volume of the territory of each cell of a sample: its Voronoi region, itself included.

    A voxel belongs to the territory of the cell to which it is nearest, by the smallest distance between its centre and
    that of a voxel of the cell (exact, Euclidean, with the voxel size; of two cells at one distance the smaller label
    wins).  ``territory_volume`` is the number of these voxels times the volume of a voxel; in two dimensions an area.
    ``territory_on_border`` says whether one of them lies on the border of the image: beyond it there may be nearer
    cells, so such a territory is too large or too small, and averages are better taken without it.

    Parameters
    ----------
    db : str or path, optional
        As for `load`.
    mask : str or path, optional
        An image of the shape and voxel size of the sample: only voxels that are not 0, and those of cells, belong to
        territories.  By default all voxels do.
    within : float or str, optional
        The farthest that a voxel may be from its cell: a number in the unit of the sample, or a text as ``20um``.  By
        default there is no limit.
    sample : str, optional
        Name of the sample; may be left out where the database holds one only.
    source : str or path, optional
        The volume; by default the one from which the sample was loaded.  It must have its shape, cells and voxels.
    replace : bool
        Replace these properties where they were written before.
    workers : int, optional
        Number of threads; by default one per core.
    report : callable, optional
        Called with what is done, how much of it, of how much.
    **options
        How the volume is read, see `ScanOptions`.

    Raises
    ------
    ParameterError
        If `within` is no length above 0, or is longer than the volume.
    NotFoundError
        If there is no such sample, or its volume is gone.
    InputError
        If the volume is not that of the sample, the mask is of another shape or voxel size, or some voxels are so far
        from any cell that what lies between does not fit into the memory.
    ExistsError
        If the properties are there, and `replace` is false.

    Notes
    -----
    The lacunar territory volume (Lc.Te.V) of work on osteocyte lacunae is this with the bone as the mask.
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
    """The territories of all cells, block by block: each is read with a margin that doubles until it is wide enough."""

    def __init__(self, scan: Scan, mask: Scan | None, limit: float | None) -> None:
        self.cells, self.sizes = Counted(), Counted()
        self.cut: list[Array] = []
        self._scan, self._mask, self._limit = scan, mask, limit
        self._reading = Lock()
        self._metric = Metric.of(scan.voxel)

    def measure(self, engine: ThreadsEngine, report: Report | None) -> None:
        """Fill in what is known of the cells."""
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
                f"looking for the nearest cell up to {distance:.4g} {unit} around each block takes "
                f"{needed / 1e9:.3g} GB of memory, and {free_memory() / 1e9:.3g} GB are free; name the tissue with "
                "--mask, limit the distance with --within, or use fewer --workers"
            )
