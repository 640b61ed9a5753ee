"""The volume from which a sample was loaded, read again: found, and checked to be the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.errors import InputError, NotFoundError, ParameterError
from cellgraph.errors import near as similar
from cellgraph.stores import Store
from cellgraph.volumes.scan import Scan, ScanOptions, scanned

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


def one_sample(store: Store, name: str | None) -> dict[str, Any]:
    """Return what the database says of the sample."""
    names = store.sample_names()
    if name is None and len(names) != 1:
        listed = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
        what = f"the database holds {len(names)} samples ({listed})" if names else "there is no sample in the database"
        raise (ParameterError if names else NotFoundError)(f"{what}; name one with sample (--sample)")
    if name is not None and name not in names:
        raise NotFoundError(f"there is no sample {name!r} in the database.{similar(name, names)}")
    rows = store.run(
        "MATCH (s:Sample {status: 'complete'}) WHERE s.name = $name RETURN s.name AS name, s.source AS source, "
        "s.shape AS shape, s.spacing AS spacing, s.unit AS unit, s.background AS background, "
        "s.connectivity AS connectivity, s.cell_properties AS properties",
        {"name": name or names[0]},
    ).to_pylist()
    row: dict[str, Any] = rows[0]
    return row


def cells_of(store: Store, name: str, columns: str) -> pa.Table:
    return store.run(
        f"MATCH (s:Sample {{status: 'complete'}})-[:HAS_CELL]->(c:Cell) WHERE s.name = $name AND c.sample = s.name "
        f"RETURN c.label AS label, {columns} ORDER BY label",
        {"name": name},
    )


@contextmanager
def own_volume(
    row: dict[str, Any], source: str | os.PathLike[str] | None, options: ScanOptions, otherwise: str = ""
) -> Iterator[Scan]:
    """Open the volume of a sample, read as it was when it was loaded.

    Parameters
    ----------
    row : dict
        What `one_sample` says of the sample.
    source : str or path, optional
        By default the volume from which it was loaded.
    options : ScanOptions
        How it is read.
    otherwise : str
        What else can be done where there is none.

    Raises
    ------
    ParameterError
        If it is not known which volume that is.
    InputError
        If it has another shape.
    """
    volume = os.fspath(source if source is not None else row["source"] or "")
    if not row["shape"] or not volume:
        raise ParameterError(
            f"the sample {row['name']!r} was loaded {'from tables' if not row['shape'] else 'from an array'}; name its "
            f"volume with source (--source){otherwise}"
        )
    known: dict[str, Any] = {"background": row["background"], "connectivity": row["connectivity"] or None}
    known |= {"spacing": tuple(row["spacing"]), "unit": row["unit"]}
    with scanned(volume, row["name"], **known, **options) as scan:
        if tuple(scan.shape) != tuple(row["shape"]):
            raise InputError(
                f"{not_its(volume, row['name'])}: it has {by(scan.shape)} voxels, the sample {by(row['shape'])}"
            )
        yield scan


def require_cells(store: Store, row: dict[str, Any], scan: Scan, there: Array, counted: Array) -> None:
    """Raise `InputError` if the labels of a volume and their numbers of voxels are not those of the sample."""
    cells = cells_of(store, row["name"], "c.voxels AS voxels")
    labels, voxels = cells["label"].to_numpy(), cells["voxels"].to_numpy(zero_copy_only=False)
    no = not_its(scan.source, row["name"])
    if len(there) != len(labels) or not np.array_equal(there, labels):
        lost, more = np.setdiff1d(labels, there), np.setdiff1d(there, labels)
        which = f"the cell {lost[0]} is not in it" if lost.size else f"its label {more[0]} is no cell of the sample"
        raise InputError(f"{no}: it has {len(there):,} cells, the sample {len(labels):,}; {which}")
    other = np.flatnonzero(counted != voxels)
    if other.size:
        first = other[0]
        raise InputError(
            f"{no}: its cell {labels[first]} has {counted[first]:,} voxels, that of the sample {voxels[first]:,}"
        )


def not_its(volume: str, sample: str) -> str:
    return f"{redacted(volume)} is not the volume of the sample {sample!r}"


def by(numbers: Sequence[int | float]) -> str:
    return " x ".join(f"{number:,}" if isinstance(number, int) else f"{number:g}" for number in numbers)
