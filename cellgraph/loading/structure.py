"""Distance of each cell from a structure, such as a vessel or a wound, written as properties of a loaded sample."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.errors import InputError, ParameterError
from cellgraph.loading.ownvolume import by, cells_of, not_its, one_sample, own_mask, own_volume
from cellgraph.machine import free_memory
from cellgraph.stores import address_of, open_store
from cellgraph.stores.properties import Properties
from cellgraph.volumes.scan import Scan, ScanOptions
from cellgraph.volumes.units import symbol

Array = np.ndarray[Any, Any]

_BYTES_A_VOXEL = 40
"""For labels, mask and distances, and what scipy needs to compute them."""


@dataclass(frozen=True)
class DistanceReport:
    """What a call of `distance` wrote.

    Attributes
    ----------
    sample : str
    properties : tuple of str
        Names of the columns of cells.
    cells : int
    nearest, mean, farthest : float
        Minimum, mean and maximum of the cells' smallest distances, in `unit`.
    unit : str
    """

    sample: str
    properties: tuple[str, ...]
    cells: int
    nearest: float
    mean: float
    farthest: float
    unit: str

    def summary(self) -> str:
        """Return the report as a sentence."""
        unit = "voxels" if self.unit == "voxel" else symbol(self.unit)
        return (
            f"{self.sample}: wrote {', '.join(self.properties)} of {self.cells:,} cells; {self.properties[0]} is "
            f"{self.mean:.4g} {unit} on average, from {self.nearest:.4g} to {self.farthest:.4g}"
        )


def distance(
    to: str | os.PathLike[str] | None = None,
    db: str | os.PathLike[str] | None = None,
    *,
    name: str,
    label: int | None = None,
    sample: str | None = None,
    source: str | os.PathLike[str] | None = None,
    replace: bool = False,
    **options: Unpack[ScanOptions],
) -> DistanceReport:
    """Write each cell's distance to a structure, and the direction towards it.

    ``NAME_distance`` is the smallest distance between a voxel centre of the cell and a voxel centre of the structure
    (exact, Euclidean, using the voxel size; 0 for a cell with a voxel in the structure).  ``NAME_distance_mean`` is the
    mean of that distance over the voxels of the cell.  Both are in the unit of the sample.  ``NAME_direction_z``,
    ``_y`` and ``_x`` are the unit vector from the cell's voxel nearest to the structure to the nearest voxel of the
    structure; they are null where the distance is 0.

    Parameters
    ----------
    to : str or path, optional
        A mask with the shape and voxel size of the sample; nonzero voxels belong to the structure.  If None, the
        structure is label `label` of the sample's own volume.
    db : str or path, optional
        As for `load`.
    name : str
        Prefix of the property names, such as ``canal``.
    label : int, optional
        Use only this label of the mask as the structure.
    sample : str, optional
        Name of the sample; may be omitted if the database holds only one.
    source : str or path, optional
        The volume of the sample; by default the one from which it was loaded.
    replace : bool
        Replace existing properties of these names.
    **options
        How the volume of the sample is read, see `ScanOptions`.

    Raises
    ------
    ParameterError
        If neither a mask nor a label is given.
    InputError
        If the mask has a different shape or voxel size or is empty, if the volume does not match the sample, or if the
        distance transform does not fit in memory.
    ExistsError
        If properties of these names exist and `replace` is false.
    """
    if to is None and label is None:
        raise ParameterError("name the structure: a mask with to (--to MASK), or a label of the volume (--label N)")
    with open_store(address_of(db)) as store:
        row = one_sample(store, sample)
        labels, spacing = _labels(row, source, options)
        cells = cells_of(store, row["name"], "c.voxels AS voxels")["label"].to_numpy()
        mask = labels == label if to is None else _mask(to, row, label)
        if not mask.any():
            where = f"the label {label} is not" if label is not None else "nothing is"
            raise InputError(
                f"{where} in {redacted(os.fspath(to or source or row['source']))}, so there is no structure"
            )
        columns = {f"{name}_{key}": values for key, values in _measured(labels, mask, spacing, cells).items()}
        if not np.isfinite(columns[f"{name}_distance"]).all():
            lost = cells[~np.isfinite(columns[f"{name}_distance"])][0]
            raise InputError(
                f"{not_its(os.fspath(source or row['source']), row['name'])}: the cell {lost} is not in it"
            )
        import pyarrow as pa

        table = pa.table({"label": cells} | {n: pa.array(v, from_pandas=True) for n, v in columns.items()})
        origin = {"command": "distance", "to": redacted(os.fspath(to)) if to is not None else "", "label": label}
        written = Properties(row["name"], table, made_from=dict.fromkeys(columns, origin))
        store.write_properties(written, replace=replace)
    near = columns[f"{name}_distance"]
    return DistanceReport(
        row["name"], tuple(columns), len(cells), float(near.min()), float(near.mean()), float(near.max()), row["unit"]
    )


def _labels(row: dict[str, Any], source: str | os.PathLike[str] | None, options: ScanOptions) -> tuple[Array, Array]:
    """Return the labels of the volume of a sample, and the voxel size."""
    with own_volume(row, source, options) as scan:
        _require_memory(scan)
        return _read(scan), np.array(row["spacing"], float)


def _mask(to: str | os.PathLike[str], row: dict[str, Any], label: int | None) -> Array:
    with own_mask(to, row) as scan:
        labels = _read(scan)
    return np.asarray(labels != 0 if label is None else labels == label)


def _read(scan: Scan) -> Array:
    labels = scan.volume.read((0, 0, 0), scan.header.shape)
    return labels if scan.header.ndim == 3 else labels[0]


def _require_memory(scan: Scan) -> None:
    needed = int(np.prod(scan.shape)) * _BYTES_A_VOXEL
    if needed > free_memory():
        raise InputError(
            f"distances in {by(scan.shape)} voxels take {needed / 1e9:.3g} GB of memory, but only "
            f"{free_memory() / 1e9:.3g} GB are free; downsample the labels and the mask, or use a machine with more "
            "memory"
        )


def _measured(labels: Array, mask: Array, spacing: Array, cells: Array) -> dict[str, Array]:
    """Return the measured columns, in the order of `cells`; distances are infinite for cells not in the volume."""
    from scipy.ndimage import binary_erosion, distance_transform_edt
    from scipy.spatial import cKDTree

    away = distance_transform_edt(~mask, sampling=spacing).ravel()
    present, place = np.unique(labels, return_inverse=True)
    place = place.ravel()
    mean = np.bincount(place, away) / np.bincount(place)
    order = np.lexsort((away, place))
    nearest = order[np.searchsorted(place[order], np.arange(len(present)))]
    row = np.searchsorted(present, cells)
    row = np.where((row < len(present)) & (present[np.minimum(row, len(present) - 1)] == cells), row, -1)
    smallest = np.where(row >= 0, away[nearest[row]], np.inf)
    start = np.stack(np.unravel_index(nearest[row], labels.shape), axis=1) * spacing
    surface = np.argwhere(mask & ~binary_erosion(mask)) * spacing
    end = surface[cKDTree(surface).query(start)[1]]
    way = end - start
    with np.errstate(invalid="ignore", divide="ignore"):
        direction = np.where(smallest[:, None] > 0, way / np.linalg.norm(way, axis=1, keepdims=True), np.nan)
    found = {"distance": smallest, "distance_mean": np.where(row >= 0, mean[row], np.inf)}
    return found | {f"direction_{axis}": direction[:, n] for n, axis in enumerate("zyx"[-labels.ndim :])}
