"""Find and reopen the volume from which a sample was loaded, and check that it is the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.errors import InputError, NotFoundError, ParameterError
from cellgraph.errors import near as similar
from cellgraph.stores import Store
from cellgraph.volumes.scan import Scan, ScanOptions, scanned
from cellgraph.volumes.units import symbol

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


def one_sample(store: Store, name: str | None) -> dict[str, Any]:
    """Return the properties of the sample in the database."""
    names = store.sample_names()
    if name is None and len(names) != 1:
        listed = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
        what = f"the database holds {len(names)} samples ({listed})" if names else "there is no sample in the database"
        raise (ParameterError if names else NotFoundError)(f"{what}; name one with sample (--sample)")
    if name is not None and name not in names:
        raise NotFoundError(f"there is no sample {name!r} in the database.{similar(name, names)}")
    rows = store.run(
        "MATCH (s:Sample {status: 'complete'}) WHERE s.name = $name RETURN s AS node", {"name": name or names[0]}
    )
    node: dict[str, Any] = json.loads(rows["node"][0].as_py())
    return dict.fromkeys(("source", "shape", "background", "connectivity", "spacing", "expand")) | node


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
    """Open the volume of a sample, with the background, connectivity and voxel size it was loaded with.

    Parameters
    ----------
    row : dict
        The sample, as returned by `one_sample`.
    source : str or path, optional
        By default the volume from which it was loaded.
    options : ScanOptions
        How it is read.
    otherwise : str
        Alternative to suggest if there is no volume.

    Raises
    ------
    ParameterError
        If the volume is not known.
    InputError
        If it has a different shape.
    """
    volume = os.fspath(source if source is not None else row["source"] or "")
    if row["shape"] and not volume:
        raise ParameterError(
            f"the sample {row['name']!r} was loaded from an array; name its volume with source (--source){otherwise}"
        )
    if not row["shape"]:
        raise _without_volume(row["name"], otherwise)
    with scanned(volume, row["name"], **options) as scan:
        yield as_loaded(scan, row)


def as_loaded(scan: Scan, row: dict[str, Any]) -> Scan:
    """Return the scan with the background, connectivity and voxel size that the sample was loaded with.

    Raises
    ------
    InputError
        If it has a different shape, or the sample has none.
    """
    if not row["shape"]:
        raise _without_volume(row["name"])
    if tuple(scan.shape) != tuple(row["shape"]):
        raise InputError(
            f"{not_its(scan.header.source, row['name'])}: it has {by(scan.shape)} voxels, but the sample has "
            f"{by(row['shape'])}"
        )
    rules = replace(scan.rules, background=row["background"])
    if row["connectivity"]:
        rules = replace(rules, connectivity=row["connectivity"])
    return replace(scan, rules=rules, spacing=tuple(row["spacing"]), unit=row["unit"])


def _without_volume(sample: str, otherwise: str = "") -> InputError:
    what = f"the sample {sample!r} was loaded from tables, so its volume is not known"
    return InputError(f"{what}; load the volume itself with cellgraph load{otherwise}")


@contextmanager
def own_mask(mask: str | os.PathLike[str], row: dict[str, Any]) -> Iterator[Scan]:
    """Open a mask with the shape of a sample, in which nonzero voxels belong to something.

    Raises
    ------
    InputError
        If it has a different shape, or states a different voxel size.
    """
    with scanned(os.fspath(mask), "mask") as scan:
        what = f"the mask {redacted(os.fspath(mask))}"
        if tuple(scan.shape) != tuple(row["shape"]):
            raise InputError(
                f"{what} has {by(scan.shape)} voxels, but the sample {row['name']!r} has {by(row['shape'])}; both must "
                "have the same shape"
            )
        said = scan.header.spacing is not None and scan.header.unit == row["unit"]
        if said and not np.allclose(scan.spacing, row["spacing"], rtol=1e-3):
            raise InputError(
                f"{what} has voxels of {by(scan.spacing)}, but the sample {row['name']!r} has voxels of "
                f"{by(row['spacing'])} {symbol(row['unit'])}"
            )
        yield scan


class Counted:
    """Number of voxels of each cell, summed over blocks processed by several threads."""

    def __init__(self) -> None:
        self._parts: list[tuple[Array, Array]] = []

    def add(self, names: Array, ranks: Array) -> None:
        """Add the voxels of a block, given by their ranks among labels; rank 0 is not a cell."""
        count = np.bincount(ranks.ravel(), minlength=len(names))[1:]
        present = np.flatnonzero(count)
        self._parts.append((names[1:][present], count[present]))

    def total(self) -> tuple[Array, Array]:
        """Return the labels of all cells, ascending, and their voxel counts."""
        if not self._parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        labels, place = np.unique(np.concatenate([labels for labels, _ in self._parts]), return_inverse=True)
        sums = np.zeros(len(labels), np.int64)
        np.add.at(sums, place, np.concatenate([count for _, count in self._parts]))
        self._parts = [(labels, sums)]
        return labels, sums


def require_cells(store: Store, row: dict[str, Any], scan: Scan, there: Array, counted: Array) -> None:
    """Raise `InputError` if the labels of a volume or their voxel counts differ from those of the sample."""
    cells = cells_of(store, row["name"], "c.voxels AS voxels")
    labels, voxels = cells["label"].to_numpy(), cells["voxels"].to_numpy(zero_copy_only=False)
    no = not_its(scan.source, row["name"])
    if len(there) != len(labels) or not np.array_equal(there, labels):
        lost, more = np.setdiff1d(labels, there), np.setdiff1d(there, labels)
        which = f"the cell {lost[0]} is not in it" if lost.size else f"its label {more[0]} is not a cell of the sample"
        raise InputError(f"{no}: it has {len(there):,} cells, but the sample has {len(labels):,}; {which}")
    other = np.flatnonzero(counted != voxels)
    if other.size:
        first = other[0]
        raise InputError(
            f"{no}: its cell {labels[first]} has {counted[first]:,} voxels, but in the sample it has {voxels[first]:,}"
        )


def not_its(volume: str, sample: str) -> str:
    return f"{redacted(volume)} is not the volume of the sample {sample!r}"


def by(numbers: Sequence[int | float]) -> str:
    return " x ".join(f"{number:,}" if isinstance(number, int) else f"{number:g}" for number in numbers)
