"""napari layers: labels with their measures, centroids, and contacts as vectors; and a reader of databases.

napari itself is not needed for the layers: they are tuples of data, keyword arguments and type, as plugins return them
(``viewer._add_layer_from_data(*layer)``, or ``napari.layers.Layer.create(*layer)``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError

if TYPE_CHECKING:
    from cellgraph.model import CellGraph

MADE_FROM = "cellgraph"
"""Key in the metadata of layers: the sample and the database that they were made from."""

Layer = tuple[Any, dict[str, Any], str]


def layers(graph: CellGraph, labels: Any = None, db: str | os.PathLike[str] | None = None) -> list[Layer]:
    """Return the layers that show a graph in napari, in the unit of the sample.

    Parameters
    ----------
    graph : CellGraph
        As returned by `cellgraph.sweep` or `Database.graph`.
    labels : array_like, optional
        The labelled image, of the shape of the sample: (z, y, x) or (y, x).
    db : str or path, optional
        The database that holds the graph, for the panel that queries it.

    Returns
    -------
    list of (data, dict, str)
        ``labels`` (with an image): the image, its voxel size as ``scale``, and all columns of cells as ``features``
        with the label as ``index``.  ``points``: the centroids, with the same features.  ``vectors``: from one centroid
        to the other for each contact, with the columns of contacts as features.

    Raises
    ------
    InputError
        If the cells have no centroids, or the image does not have the shape of the sample.
    """
    sample, cells = graph.sample, graph.cells
    metadata = {MADE_FROM: {"sample": sample.name, "db": None if db is None else os.fspath(db)}}
    flat = len(sample.shape) == 2
    axes = ["y", "x"] if flat else ["z", "y", "x"]
    axes = [axis for axis in axes if axis in cells.column_names]
    if len(axes) < 2 or cells[axes[-1]].null_count == cells.num_rows:
        raise InputError(f"the cells of the sample {sample.name!r} have no centroids (columns y and x)")
    units = ("pixel" if sample.unit == "voxel" else sample.unit,) * len(axes)
    centroids = np.stack([cells[axis].to_numpy(zero_copy_only=False).astype(float) for axis in axes], axis=1)
    features = {"index": cells["label"].to_numpy(), **_features(cells)}
    found: list[Layer] = []
    if labels is not None:
        image = np.asarray(labels)
        if image.shape != tuple(sample.shape):
            raise InputError(
                f"the image has the shape {image.shape}, but the sample {sample.name!r} has {tuple(sample.shape)}"
            )
        shown = {"name": sample.name, "scale": tuple(sample.spacing), "units": units, "features": features}
        shown["metadata"] = metadata
        found.append((image, shown, "labels"))
    size = 0.2 * float(np.prod(np.ptp(centroids, axis=0) + 1e-9) / max(len(centroids), 1)) ** (1 / len(axes))
    points = {"name": f"{sample.name} centroids", "features": features, "size": size, "units": units}
    points["metadata"] = metadata
    found.append((centroids, points, "points"))
    rows = [np.searchsorted(cells["label"].to_numpy(), graph.contacts[end].to_numpy()) for end in ("cell_a", "cell_b")]
    start, end = (centroids[row] for row in rows)
    ways = {
        "name": f"{sample.name} contacts",
        "features": _features(graph.contacts),
        "edge_width": size / 5,
        "vector_style": "line",
        "units": units,
    }
    found.append((np.stack([start, end - start], axis=1), ways, "vectors"))
    return found


def read(path: str | list[str]) -> Callable[[str | list[str]], list[Layer]] | None:
    """Return a reader of embedded databases, for npe2; None for anything else."""
    first = Path(path[0] if isinstance(path, list) else path)
    return _layers_of_databases if first.suffix == ".db" and first.is_file() else None


def _layers_of_databases(path: str | list[str]) -> list[Layer]:
    from cellgraph.analyze.database import open as open_database

    found = []
    for one in [path] if isinstance(path, str) else path:
        with open_database(os.fspath(one)) as db:
            for name in db.query("samples")["sample"].to_pylist():
                found += layers(db.graph(name), db=one)
    return found


def _features(table: Any) -> dict[str, Any]:
    """Return the columns as arrays; nulls among numbers become NaN."""
    return {
        name: np.asarray(table[name].to_pylist(), object)
        if table[name].null_count and not _is_number(table[name].type)
        else table[name].to_numpy(zero_copy_only=False)
        for name in table.column_names
        if not str(table[name].type).startswith("list")
    }


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
