"""From an array of labels to its graph, on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cellgraph.engines import Job, Ledger, ThreadsEngine
from cellgraph.errors import FormatError
from cellgraph.loading.parameters import resolve_connectivity, resolve_spacing
from cellgraph.loading.provenance import new_sample
from cellgraph.model import CellGraph
from cellgraph.volumes import plan_blocks
from cellgraph.volumes.array import ArrayVolume
from cellgraph.voxels.block import Rules
from cellgraph.voxels.measures import cell_graph


def sweep(
    labels: Any,
    *,
    background: int | None = 0,
    spacing: Sequence[float] | None = None,
    connectivity: int = 6,
    unit: str | None = None,
    name: str = "sample",
    workers: int | None = None,
) -> CellGraph:
    """Return the cell adjacency graph of a labelled array.

    Parameters
    ----------
    labels : array_like of bool, integers, or floats that are whole numbers, shape (z, y, x) or (y, x)
        The number of the cell of each voxel, at most 2**63-1.
    background : int or None
        The label that is no cell; None where every label is one.
    spacing : sequence of float, optional
        Size of a voxel, (z, y, x) or (y, x), in `unit`; 1 by default.
    connectivity : {6, 18, 26} or {4, 8}
        Which voxels are neighbours.  For 2D arrays 6 means 4, and 18 and 26 mean 8.
    unit : str, optional
        Unit of `spacing`, as micrometer.
    name : str
        Name of the sample.
    workers : int, optional
        Number of threads; by default one a core.

    Returns
    -------
    CellGraph
        Its tables are described in `cellgraph.model`.

    Raises
    ------
    LabelError
        If a label other than the background is negative, above 2**63-1 or no whole number.
    FormatError
        If the array is not 2D or 3D, or empty.
    ParameterError
        If spacing or connectivity do not fit the array.
    """
    try:
        array = np.asarray(labels)
    except ValueError as error:  # nested lists of unequal lengths
        raise FormatError(f"expected a labelled array (z, y, x) or (y, x): {error}") from error
    if array.ndim not in (2, 3):
        raise FormatError(
            f"expected a labelled array (z, y, x) or (y, x), got {array.ndim} dimension(s), shape {array.shape}"
        )
    volume = ArrayVolume(array, names="zyx"[3 - array.ndim :])
    rules = Rules(background, resolve_connectivity(connectivity, array.ndim))
    sample = new_sample(
        name=name,
        source="array",
        shape=array.shape,
        spacing=resolve_spacing(spacing, array.ndim),
        unit=unit,
        rules=rules,
    )
    engine = ThreadsEngine(workers)
    ledger = Ledger(None, {})
    for blocks, tally in engine.tallies(Job(volume, rules), plan_blocks(volume.header, None, engine.workers)):
        ledger.add([block.index for block in blocks], tally)
    return cell_graph(ledger.total(), sample, array.ndim)
