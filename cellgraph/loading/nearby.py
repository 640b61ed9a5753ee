"""Find cells that are near each other: ``NEAR`` relationships added to loaded samples."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.engines import Ledger, ThreadsEngine
from cellgraph.errors import InputError, NotFoundError, ParameterError
from cellgraph.errors import near as similar
from cellgraph.loading.lengths import resolve_length
from cellgraph.loading.ownvolume import cells_of, one_sample, own_volume, require_cells
from cellgraph.model import Report
from cellgraph.stores import Store, address_of, open_store
from cellgraph.stores.properties import NEAR_WITHIN, Properties, written_of
from cellgraph.volumes import plan_blocks
from cellgraph.volumes.scan import Scan, ScanOptions
from cellgraph.volumes.units import symbol
from cellgraph.voxels.kernels import VOXELS
from cellgraph.voxels.metric import Reach
from cellgraph.voxels.parameters import Rules
from cellgraph.voxels.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


_OR_CENTROIDS = ", or take distances between centroids: centroids=True (--centroids)"


@dataclass(frozen=True)
class NearReport:
    """What a call of `near` wrote.

    Attributes
    ----------
    sample : str
        Name of the sample.
    pairs : int
        Number of pairs of cells that are near each other.
    within : float
        Largest distance, in `unit`.
    unit : str
        Unit of the sample.
    centroids : bool
        Whether distances are between centroids rather than between nearest voxels.
    """

    sample: str
    pairs: int
    within: float
    unit: str
    centroids: bool

    def summary(self) -> str:
        """Return the report as a sentence."""
        unit = "voxels" if self.unit == "voxel" else symbol(self.unit)
        between = "their centroids" if self.centroids else "their nearest voxels"
        return (
            f"{self.sample}: {self.pairs:,} pairs of cells are within {self.within:g} {unit} of each other, measured "
            f"between {between}"
        )


def near(
    within: float | str,
    db: str | os.PathLike[str] | None = None,
    *,
    sample: str | None = None,
    source: str | os.PathLike[str] | None = None,
    centroids: bool = False,
    workers: int | None = None,
    report: Report | None = None,
    **options: Unpack[ScanOptions],
) -> NearReport:
    """Write ``(:Cell)-[:NEAR {distance}]->(:Cell)`` for all pairs of cells of a sample that are near each other.

    The distance is the smallest distance between a voxel centre of one cell and a voxel centre of the other, in the
    unit of the sample, as `scipy.ndimage.distance_transform_edt` with ``sampling`` computes it: two cells that share a
    face are one voxel apart.  Relationships from an earlier call are replaced.

    Parameters
    ----------
    within : float or str
        The largest distance: a number in the unit of the sample, or text such as ``10um``.
    db : str or path, optional
        As for `load`.
    sample : str, optional
        Name of the sample; may be omitted if the database holds only one.
    source : str or path, optional
        The volume; by default the one from which the sample was loaded.  Its shape, cells and voxel counts must match.
    centroids : bool
        Measure between the centroids stored in the database; no volume is read.
    workers : int, optional
        Number of threads; by default one per core.
    report : callable, optional
        Called to report progress: the kind of work, how much is done, and the total.
    **options
        How the volume is read, see `ScanOptions`: `dataset`, `axes`, `time`, `channel`, `slices`, `rgb`.

    Raises
    ------
    ParameterError
        If `within` is not a length above 0, or is longer than the volume.
    NotFoundError
        If there is no such sample, or its volume no longer exists.
    InputError
        If the volume does not match the sample.
    """
    if centroids and (source is not None or any(value is not None for value in options.values())):
        raise ParameterError(
            "centroids (--centroids) are those in the database; leave out the volume and reading options"
        )
    address = address_of(db)
    with open_store(address) as store:
        row = one_sample(store, sample)
        size = [n * s for n, s in zip(row["shape"] or (), row["spacing"] or (), strict=True)]
        length = resolve_length("within (--within)", within, row["unit"], size)
        if centroids:
            pairs, made = _between_centroids(store, row, length), "centroids"
        else:
            pairs, made = _between_voxels(store, row, length, source, workers, report, options)
        origin = {"command": "near", "between": "centroids" if centroids else "voxels", "source": made}
        store.write_properties(
            Properties(row["name"], of_sample={NEAR_WITHIN: length}, made_from={NEAR_WITHIN: origin}, near=pairs),
            replace=True,
            report=report,
        )
    return NearReport(row["name"], pairs.num_rows, length, row["unit"], centroids)


def remove_near(db: str | os.PathLike[str] | None = None, *, sample: str | None = None) -> list[str]:
    """Delete the ``NEAR`` relationships of one sample, or of every sample that has them; return the sample names.

    Raises
    ------
    NotFoundError
        If there is no such sample, or no sample has such relationships.
    """
    with open_store(address_of(db)) as store:
        written = written_of(store)
        if sample is not None and sample not in written:
            raise NotFoundError(f"there is no sample {sample!r} in the database.{similar(sample, written)}")
        names = [name for name, own in written.items() if NEAR_WITHIN in own["sample"] and sample in (None, name)]
        if not names:
            raise NotFoundError("there are no NEAR relationships to remove")
        store.remove_properties([NEAR_WITHIN], names)
    return names


def _between_centroids(store: Store, row: dict[str, Any], length: float) -> pa.Table:
    import pyarrow as pa
    from scipy.spatial import cKDTree

    there = {entry.rpartition(" ")[0] for entry in row["cell_properties"]}
    axes = [axis for axis in "zyx" if axis in there]
    if len(axes) < 2:
        raise InputError(f"the cells of the sample {row['name']!r} have no centroids (columns z, y, x)")
    cells = cells_of(store, row["name"], ", ".join(f"c.{axis} AS {axis}" for axis in axes))
    places = [cells[axis] for axis in axes]
    known = np.flatnonzero(np.logical_and.reduce([axis.is_valid().to_numpy() for axis in places]))
    points = np.stack([axis.to_numpy(zero_copy_only=False) for axis in places], axis=1)[known].astype(float)
    pairs = cKDTree(points).query_pairs(length, output_type="ndarray") if len(points) else np.empty((0, 2), np.int64)
    labels = cells["label"].to_numpy()[known]
    distances = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    return pa.table({"a": labels[pairs[:, 0]], "b": labels[pairs[:, 1]], "distance": distances})


def _between_voxels(
    store: Store,
    row: dict[str, Any],
    length: float,
    source: str | os.PathLike[str] | None,
    workers: int | None,
    report: Report | None,
    options: ScanOptions,
) -> tuple[pa.Table, str]:
    import pyarrow as pa

    with own_volume(row, source, options, _OR_CENTROIDS) as scan:
        rules = Rules(scan.rules.background, scan.rules.connectivity, sites=False, reach=Reach(length, scan.voxel))
        tally = _swept(scan, rules, workers, report)
        assert rules.reach is not None
        own = tally.cells[:, VOXELS] > 0
        require_cells(store, row, scan, tally.labels[own], tally.cells[own, VOXELS])
        distances = rules.reach.metric.length(tally.squares)
    return pa.table({"a": tally.near[:, 0], "b": tally.near[:, 1], "distance": distances}), redacted(scan.source)


def _swept(scan: Scan, rules: Rules, workers: int | None, report: Report | None) -> Tally:
    scan = replace(scan, rules=rules)
    engine = ThreadsEngine(workers)
    blocks = plan_blocks(scan.header, None, engine.workers)
    ledger = Ledger(None, {})
    done = 0
    for finished, tally in engine.tallies(scan, blocks):
        ledger.add([block.index for block in finished], tally)
        done += len(finished)
        if report is not None:
            report("blocks", done, len(blocks))
    return ledger.total()
