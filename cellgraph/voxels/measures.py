"""Compute the tables of a graph from the tally of a whole volume, with physical units and shape.

Shape is that of the ellipsoid with the same second moments as the voxel centres of the cell, following scikit-image's
``regionprops`` (``axis_major_length`` etc.): full axes are ``2 sqrt(5 e)`` in 3D and ``4 sqrt(e)`` in 2D for
eigenvalues ``e`` of the population covariance, without the 1/12 of a voxel's own extent.  So a cell one voxel thick has
height 0.

Stretch and oblateness are as in the osteocyte-lacunae literature, for the extents l1 >= l2 >= l3: St = (l1 - l3) / l1
and Ob = 2 (l2 - l3) / (l1 - l3) - 1, so that a disc is 1 and a rod is -1; Mader, Schneider, Müller, Stampanoni, "A
quantitative framework for the 3D characterization of the osteocyte lacunar system", Bone 57 (2013) 142-154, gives the
measures (there on the spread along the principal axes).  They are null where the denominator is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.model import CellGraph, Sample
from cellgraph.voxels import kernels as k
from cellgraph.voxels.metric import Metric
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


def cell_graph(tally: Tally, sample: Sample, rules: Rules) -> CellGraph:
    """Return the graph of a volume from its tally.

    Parameters
    ----------
    tally : Tally
        Tally of the whole volume.
    sample : Sample
        Its `spacing` has length `ndim`.
    rules : Rules
        The rules of the sweep.
    """
    ndim = rules.ndim
    spacing = np.array((1.0,) * (3 - ndim) + tuple(sample.spacing), np.float64)
    face = np.prod(spacing) / spacing  # area of a face by its normal; in 2D, the length of an edge
    return CellGraph(sample, _cells(tally, spacing, face, ndim), _contacts(tally, face, rules))


def _contacts(tally: Tally, face: Array, rules: Rules) -> pa.Table:
    import pyarrow as pa

    counts = tally.counts
    faces = counts[:, k.FACES_Z : k.FACES_X + 1]
    return pa.table(
        {
            "cell_a": tally.pairs[:, 0],
            "cell_b": tally.pairs[:, 1],
            "junctions": faces.sum(1),
            "area": faces @ face,
            "junctions_z": counts[:, k.FACES_Z],
            "junctions_y": counts[:, k.FACES_Y],
            "junctions_x": counts[:, k.FACES_X],
            "touching_edges": counts[:, k.EDGES],
            "touching_corners": counts[:, k.CORNERS],
            **({"sites": tally.sites} if rules.sites else {}),
            **(_across_gaps(tally, rules.reach.metric) if rules.reach is not None else {}),
        }
    )


def _rows_of(tally: Tally, *pairs: Array) -> list[Array]:
    """Return the row in `labels` of each label of some pairs."""
    return [np.searchsorted(tally.labels, ends) for ends in pairs]


def _across_gaps(tally: Tally, metric: Metric) -> dict[str, pa.Array]:
    """Return the extra columns of contacts between grown cells."""
    import pyarrow as pa

    # Both tables are sorted, and so are these numbers that encode their pairs.
    near, wanted = (ends[:, 0] * len(tally.labels) + ends[:, 1] for ends in _rows_of(tally, tally.near, tally.pairs))
    place = np.searchsorted(near, wanted)
    known = np.append(near, -1)[place] == wanted
    distance = np.where(known, np.append(metric.length(tally.squares), np.nan)[place], np.nan)
    return {"expanded_junctions": tally.counts[:, k.EXPANDED], "distance": pa.array(distance, from_pandas=True)}


def _cells(tally: Tally, spacing: Array, face: Array, ndim: int) -> pa.Table:
    import pyarrow as pa

    cells = tally.cells
    voxels = cells[:, k.VOXELS]
    ends = np.searchsorted(tally.labels, tally.pairs)
    n = len(cells)
    shared = np.zeros((n, 3), np.int64)
    for axis in range(3):
        for side in range(2):
            # Weights are float64 in bincount, exact below 2**53 faces; add.at keeps integers.
            np.add.at(shared[:, axis], ends[:, side], tally.counts[:, axis])
    background = cells[:, k.BACKGROUND_Z : k.BACKGROUND_X + 1]
    border = cells[:, k.BORDER_Z : k.BORDER_X + 1]
    centroid = cells[:, k.Z : k.X + 1] / voxels[:, None] * spacing
    columns: dict[str, Any] = {
        "label": tally.labels,
        "voxels": voxels,
        "volume": voxels * np.prod(spacing),
        "z": centroid[:, 0],
        "y": centroid[:, 1],
        "x": centroid[:, 2],
        "degree": np.bincount(ends.ravel(), minlength=n).astype(np.int64),
        "junctions": shared.sum(1),
        "surface_area": (shared + background + border) @ face,
        "background_faces": background.sum(1),
        "border_faces": border.sum(1),
        "background_area": background @ face,
        "border_area": border @ face,
        "on_border": border.any(1),
    }
    for axis, name in enumerate("zyx"):
        columns[f"{name}_start"] = cells[:, k.Z_MIN + axis]
    for axis, name in enumerate("zyx"):
        columns[f"{name}_stop"] = cells[:, k.Z_MAX + axis] + 1
    columns.update(_shape(cells, spacing, ndim))
    # NaN marks undefined values, and becomes null.
    return pa.table(
        {name: pa.array(np.ascontiguousarray(values), from_pandas=True) for name, values in columns.items()}
    )


def covariance(cells: Array, spacing: Array) -> Array:
    """Return the population covariance of the voxel centres of each cell, in squared units; shape (n, 3, 3).

    The sums are relative to the volume's origin, so they are large and may have wrapped around modulo 2**64; relative
    to a voxel near the centroid they are small, and the shift uses the same integer arithmetic, so nothing is lost.
    """
    n = cells[:, k.VOXELS]
    first = cells[:, k.Z : k.X + 1]
    near = first // n[:, None]
    rest = (first - near * n[:, None]) / n[:, None]  # centroid minus `near`, in [0, 1)
    matrix = np.empty((len(cells), 3, 3))
    pairs = ((0, 0, k.ZZ), (1, 1, k.YY), (2, 2, k.XX), (0, 1, k.ZY), (0, 2, k.ZX), (1, 2, k.YX))
    for i, j, column in pairs:
        about = cells[:, column] - near[:, i] * first[:, j] - near[:, j] * first[:, i] + n * near[:, i] * near[:, j]
        matrix[:, i, j] = matrix[:, j, i] = (about / n - rest[:, i] * rest[:, j]) * spacing[i] * spacing[j]
    return matrix


def _shape(cells: Array, spacing: Array, ndim: int) -> dict[str, Array]:
    matrix = covariance(cells, spacing)[:, 3 - ndim :, 3 - ndim :]
    values, vectors = np.linalg.eigh(matrix)  # ascending
    values = np.where(values > values[:, -1:] * 1e-12, values, 0.0)  # rounding residue is not an extent
    extents = (2 * np.sqrt(5 * values) if ndim == 3 else 4 * np.sqrt(values))[:, ::-1]
    axes = vectors[:, :, ::-1].transpose(0, 2, 1)  # axes[cell, rank] is a unit vector
    sign = np.take_along_axis(axes, np.abs(axes).argmax(2)[:, :, None], 2)
    axes = axes * np.where(sign < 0, -1.0, 1.0)  # the largest component is positive, so that equal cells get equal axes
    none = np.full(len(cells), np.nan)
    longest, shortest = extents[:, 0], extents[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        stretch = (longest - shortest) / longest
    shape = {
        "length": longest,
        "width": extents[:, 1],
        "height": extents[:, 2] if ndim == 3 else none,
        "stretch": stretch,
        "oblateness": oblateness(extents) if ndim == 3 else none,
    }
    for rank, name in enumerate(("length", "width", "height")):
        for axis, letter in enumerate("zyx"):
            given = rank < ndim and axis >= 3 - ndim
            shape[f"{name}_axis_{letter}"] = axes[:, rank, axis - 3 + ndim] if given else none
    return shape


def oblateness(extents: Array) -> Array:
    """Return 2 (l2 - l3) / (l1 - l3) - 1: 1 is a disc, -1 a rod; NaN for a ball, where l1 is l3.

    Parameters
    ----------
    extents : numpy.ndarray of float64, shape (n, 3)
        Extents along the axes of each cell, longest first; in any unit, as only their ratios count.
    """
    longest, middle, shortest = extents.T
    spread = np.where(longest - shortest > 1e-9 * longest, longest - shortest, np.nan)
    return np.asarray(2 * (middle - shortest) / spread - 1)
