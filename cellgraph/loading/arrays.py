"""Compute the graph of an array of labels, on all cores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from cellgraph.engines import Ledger, ThreadsEngine
from cellgraph.errors import FormatError
from cellgraph.loading.lengths import expanded
from cellgraph.loading.provenance import new_sample
from cellgraph.model import CellGraph, check_sample_name
from cellgraph.volumes import plan_blocks
from cellgraph.volumes.array import array_volume
from cellgraph.volumes.scan import VoxelOptions, settle
from cellgraph.voxels.measures import cell_graph


def sweep(
    labels: Any,
    *,
    name: str = "sample",
    workers: int | None = None,
    expand: float | str | None = None,
    **options: Unpack[VoxelOptions],
) -> CellGraph:
    """Return the cell adjacency graph of a labelled array.

    Parameters
    ----------
    labels : array_like of bool, integers, or floats that are whole numbers, shape (z, y, x) or (y, x)
        The cell label of each voxel, at most 2**63-1.
    name : str
        Name of the sample.
    workers : int, optional
        Number of threads; by default one per core.
    expand : float or str, optional
        Grow cells into the background by at most this length before counting contacts; see `load`.
    **options
        `background`, `connectivity`, `spacing` and `unit`, see `VoxelOptions`.

    Returns
    -------
    CellGraph
        Its tables are described in `cellgraph.model`.

    Raises
    ------
    LabelError
        If a label other than the background is negative, above 2**63-1 or not a whole number.
    FormatError
        If the array is not 2D or 3D, or empty.
    ParameterError
        If the spacing or connectivity does not fit the array.
    """
    try:
        array = np.asarray(labels)
    except ValueError as error:  # nested lists of unequal lengths
        raise FormatError(f"expected a labelled array (z, y, x) or (y, x): {error}") from error
    if array.ndim not in (2, 3):
        raise FormatError(
            f"expected a labelled array (z, y, x) or (y, x), got {array.ndim} dimension(s), shape {array.shape}"
        )
    volume = array_volume(array, names="zyx"[3 - array.ndim :])
    header = replace(volume.header, ndim=array.ndim)  # a stack of one slice stays three-dimensional
    scan = settle(header, sample=check_sample_name(name), volume=volume, **options)
    if expand is not None:
        scan = expanded(scan, expand)
    sample = new_sample(scan)
    engine = ThreadsEngine(workers)
    ledger = Ledger(None, {})
    for blocks, tally in engine.tallies(scan, plan_blocks(scan.header, None, engine.workers)):
        ledger.add([block.index for block in blocks], tally)
    return cell_graph(ledger.total(), sample, scan.rules)
