"""Find where three or more cells of a sample meet, from its volume."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from cellgraph.engines import ThreadsEngine
from cellgraph.loading.lengths import resolve_length
from cellgraph.loading.ownvolume import Counted, one_sample, own_volume, require_cells
from cellgraph.model import Report
from cellgraph.stores import address_of, open_store
from cellgraph.stores.properties import Properties
from cellgraph.volumes import Block, plan_blocks
from cellgraph.volumes.scan import Scan, ScanOptions
from cellgraph.volumes.volume import Index
from cellgraph.voxels.expansion import grown, ranked
from cellgraph.voxels.metric import Metric
from cellgraph.voxels.vertices import MOST, Vertices, find_vertices, merge_vertices

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

PROPERTY = "vertices"
_VOXELS_AT_ONCE = 8_000_000


def vertices(
    db: str | os.PathLike[str] | None = None,
    *,
    sample: str | None = None,
    source: str | os.PathLike[str] | None = None,
    expand: float | str | None = None,
    write: bool = False,
    replace: bool = False,
    workers: int | None = None,
    report: Report | None = None,
    **options: Unpack[ScanOptions],
) -> pa.Table:
    """Return the places where three or more cells of a sample meet: vertices of an image, lines in a volume.

    In a 2D image, a pixel corner is a vertex if there are three or four cells among the four pixels around it.  In a
    volume, the same holds for voxel edges, each of which has four voxels around it; edges that have the same cells and
    share an end form one line.  The background is not a cell: cells separated by it do not meet unless they are grown.

    Parameters
    ----------
    db : str or path, optional
        As for `load`.
    sample : str, optional
        Name of the sample; may be omitted if the database holds only one.
    source : str or path, optional
        The volume; by default the one from which the sample was loaded.  Its shape, cells and voxel counts must match.
    expand : float or str, optional
        How far to grow cells first, as for `load`; by default as far as when the sample was loaded, 0 for no growth.
    write : bool
        Write the number of these places of each cell as the property ``vertices``.
    replace : bool
        Replace that property if it exists.
    workers : int, optional
        Number of threads; by default one per core.
    report : callable, optional
        Called to report progress: the kind of work, how much is done, and the total.
    **options
        How the volume is read, see `ScanOptions`.

    Returns
    -------
    pyarrow.Table
        One row per place, ordered by cells and position: ``cells`` (3 or 4); ``cell_1`` to ``cell_4`` (labels,
        ascending; null after the last); ``z``, ``y``, ``x`` (for a line, the mean of its edge midpoints); and for
        volumes ``length`` (the total length of its edges).  Positions and lengths are in the unit of the sample; voxel
        centres lie at multiples of the voxel size.

    Raises
    ------
    ParameterError
        If `expand` is not a length, or is longer than the volume.
    NotFoundError
        If there is no such sample, or its volume no longer exists.
    InputError
        If the volume does not match the sample.
    ExistsError
        If the property exists and `replace` is false.
    """
    with open_store(address_of(db)) as store:
        row = one_sample(store, sample)
        with own_volume(row, source, options) as scan:
            distance = _growth(row, scan, expand)
            found, counted = _found(scan, distance, workers, report)
            require_cells(store, row, scan, *counted.total())
            table = _table(found, scan)
        if write:
            labels, _ = counted.total()
            ends = found.cells[found.cells >= 0]
            count = np.bincount(np.searchsorted(labels, ends), minlength=len(labels))
            import pyarrow as pa

            origin = {"command": "vertices", "expand": distance}
            cells = pa.table({"label": labels, PROPERTY: count})
            store.write_properties(Properties(row["name"], cells, made_from={PROPERTY: origin}), replace=replace)
    return table


def _growth(row: dict[str, Any], scan: Scan, expand: float | str | None) -> float:
    if expand is None:
        return float(row["expand"] or 0)
    if str(expand).strip() in ("0", "0.0"):
        return 0.0
    return resolve_length("expand (--expand)", expand, scan.unit, scan.extent)


def _found(scan: Scan, distance: float, workers: int | None, report: Report | None) -> tuple[Vertices, Counted]:
    metric = Metric.of(scan.voxel)
    c, b, a = metric.reach(metric.square(distance)) if distance else (0, 0, 0)
    margin = (c + 1, b + 1, a + 1) if distance else (0, 0, 0)
    counted = Counted()

    def work(block: Block, labels: Array, around: Index) -> Vertices:
        ranks, names = ranked(labels, scan.rules)
        core = tuple(slice(n, n + m) for n, m in zip(around, block.shape, strict=True))
        counted.add(names, ranks[core])
        halo = tuple(min(1, n) for n in around)
        if distance:
            ranks = grown(ranks, metric, distance)
        own = ranks[tuple(slice(n - h, n + m) for n, h, m in zip(around, halo, block.shape, strict=True))]
        place, flat = (block.start, block.stop), scan.header.ndim == 2
        return find_vertices(own, names, place, halo, scan.header.shape, flat=flat)  # type: ignore[arg-type]

    engine = ThreadsEngine(workers)
    share = 3 * engine.workers * _VOXELS_AT_ONCE * scan.header.dtype.itemsize
    blocks = plan_blocks(scan.header, share, engine.workers)
    parts = []
    for _, part in engine.map(scan, blocks, work, margin):
        parts.append(part)
        if report is not None:
            report("blocks", len(parts), len(blocks))
    return merge_vertices(parts), counted


def _table(found: Vertices, scan: Scan) -> pa.Table:
    import pyarrow as pa

    spacing = np.array(scan.spacing)
    ndim = len(spacing)
    steps = np.maximum(found.edges.sum(axis=1), 1)
    places = found.places[:, 3 - ndim :] / (2 * steps[:, None]) * spacing
    columns: dict[str, Any] = {"cells": (found.cells >= 0).sum(axis=1)}
    for k in range(MOST):
        columns[f"cell_{k + 1}"] = pa.array(found.cells[:, k], mask=found.cells[:, k] < 0)
    columns |= {axis: places[:, n] for n, axis in enumerate("zyx"[3 - ndim :])}
    if ndim == 3:
        columns["length"] = found.edges @ spacing
    return pa.table(columns)
