"""A sweep that is fed slab by slab, in any order: the same object for a stored volume and a live scan."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Unpack

import numpy as np

from cellgraph.errors import InputError, ParameterError
from cellgraph.loading.parameters import require_kind, resolve_whole
from cellgraph.loading.provenance import new_sample
from cellgraph.model import CellGraph, check_sample_name
from cellgraph.volumes.array import array_volume
from cellgraph.volumes.scan import VoxelOptions, settle
from cellgraph.volumes.volume import Header
from cellgraph.voxels.block import Place, sweep_block, sweep_border, sweep_seam
from cellgraph.voxels.measures import cell_graph
from cellgraph.voxels.tally import Tally, merge

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class _Segment:
    """Slabs [start, stop) without a gap: number of slices, their tally with the first at z = 0, and the end slices."""

    start: int
    stop: int
    depth: int
    tally: Tally
    first: Array
    last: Array


def _alike(below: _Segment, above: _Segment) -> bool:
    sizes = (below.depth, above.depth)
    return below.stop == above.start and max(sizes) < 2 * min(sizes)


class Sweep:
    """The sweep of a volume that arrives in slabs.

    Parameters
    ----------
    name, source : str
        For the `Sample` of the graph.
    **options
        `background`, `connectivity`, `spacing` and `unit`, as in `VoxelOptions`; a slab is always 3D.

    Examples
    --------
    >>> import numpy as np
    >>> from cellgraph import Sweep
    >>> sweep = Sweep()
    >>> for z in range(3):
    ...     _ = sweep.feed(np.array([[1, 1, 2, 2]]))
    >>> sweep.result().contacts["junctions"].to_pylist()
    [3]
    """

    def __init__(self, *, name: str = "sample", source: str = "", **options: Unpack[VoxelOptions]) -> None:
        require_kind("str", source=source)
        awaited = Header(source, (0, 0, 0), 3, np.dtype(np.int64), None, None, (1, 1, 1))
        self.scan = settle(awaited, sample=check_sample_name(name), **options)
        self._segments: list[_Segment] = []

    @property
    def fed(self) -> list[tuple[int, int]]:
        """The ranges [start, stop) of slice numbers that have been fed."""
        ranges: list[tuple[int, int]] = []
        for segment in self._segments:
            if ranges and ranges[-1][1] == segment.start:
                ranges[-1] = (ranges[-1][0], segment.stop)
            else:
                ranges.append((segment.start, segment.stop))
        return ranges

    @property
    def depth(self) -> int:
        """Number of slices that have been fed."""
        return sum(segment.depth for segment in self._segments)

    def feed(self, slab: Any, z: int | None = None, *, number: int | None = None) -> Sweep:
        """Add a slab of the volume.

        Parameters
        ----------
        slab : array_like of integers, shape (nz, ny, nx) or (ny, nx)
            Labels.
        z : int, optional
            Index of its first slice; by default the one after the highest that was fed.
        number : int, optional
            Instead of `z`, if only the order of slabs is known: its position among them, where each slab counts as
            one, however many slices it has.

        Returns
        -------
        Sweep
            Itself.

        Raises
        ------
        InputError
            If the slab has another shape than those before, or a slice was fed before.
        ParameterError
            If `z` or `number` is not a whole number of 0 or more, or both are given.
        LabelError
            If a label is not valid for a cell; the sweep is then unchanged.
        """
        try:
            array = np.asarray(slab)
        except ValueError as error:  # nested lists of unequal lengths
            raise InputError(f"expected a slab (z, y, x) or a slice (y, x): {error}") from error
        if array.ndim == 2:
            array = array[None]
        if array.ndim != 3 or not array.size:
            raise InputError(f"expected a slab (z, y, x) or a slice (y, x) that is not empty, got shape {array.shape}")
        depth, ny, nx = array.shape
        labels = array_volume(array, names="zyx").read((0, 0, 0), (depth, ny, nx))
        start, stop = self._range(depth, z, number)
        inner = (False, True, True)
        tally = sweep_block(labels, self.scan.rules, Place(low=inner, high=inner))
        self._add(_Segment(start, stop, depth, tally, labels[0].copy(), labels[-1].copy()))
        return self

    def _range(self, depth: int, z: int | None, number: int | None) -> tuple[int, int]:
        """Return the slice numbers [start, stop) of a slab."""
        if z is not None and number is not None:
            raise ParameterError(f"expected z or number, not both, got z={z!r} and number={number!r}")
        if number is not None:
            start = resolve_whole("the number of a slab", number, least=0)
            return start, start + 1
        start = (
            max((segment.stop for segment in self._segments), default=0)
            if z is None
            else resolve_whole("the z of a slice", z, least=0)
        )
        return start, start + depth

    def merge(self, other: Sweep) -> Sweep:
        """Add everything that was fed to another sweep of the same volume, and return this one.

        Raises
        ------
        ParameterError
            If the other is not a sweep, or has another background or connectivity.
        InputError
            If both were fed the same slice, or slices of different shapes.
        """
        if not isinstance(other, Sweep):
            raise ParameterError(f"expected a Sweep to merge, got {other!r}")
        if other.scan.rules != self.scan.rules:
            raise ParameterError(f"expected a sweep with {self.scan.rules}, got one with {other.scan.rules}")
        for segment in other._segments:
            self._check(segment)
        for segment in other._segments:
            self._add(segment)
        return self

    def _check(self, new: _Segment) -> None:
        for segment in self._segments:
            if segment.first.shape != new.first.shape:
                raise InputError(
                    f"expected slices of shape {segment.first.shape} (y, x) as before, got {new.first.shape}"
                )
            if new.start < segment.stop and segment.start < new.stop:
                raise InputError(f"slice {max(new.start, segment.start)} was already fed")

    def _add(self, new: _Segment) -> None:
        """Insert a segment, and join neighbours of similar size, so that a row is merged about log2(n) times."""
        self._check(new)
        segments: list[_Segment] = []
        for segment in sorted([*self._segments, new], key=lambda s: s.start):
            segments.append(segment)
            while len(segments) > 1 and _alike(*segments[-2:]):
                above, below = segments.pop(), segments.pop()
                segments.append(self._join([below, above]))
        self._segments = segments

    def _join(self, segments: Sequence[_Segment]) -> _Segment:
        """Join consecutive segments into one."""
        tallies = [segments[0].tally]
        depth = segments[0].depth
        for below, above in pairwise(segments):
            tallies += [sweep_seam(below.last, above.first, self.scan.rules, depth), above.tally.shifted(depth)]
            depth += above.depth
        first, last = segments[0], segments[-1]
        return _Segment(first.start, last.stop, depth, merge(tallies), first.first, last.last)

    def result(self, *, close_gaps: bool = False) -> CellGraph:
        """Return the graph of what was fed; more may be fed afterwards.

        Parameters
        ----------
        close_gaps : bool
            Treat what was fed as the whole volume, with the slices on both sides of a gap as neighbours.

        Raises
        ------
        InputError
            If nothing was fed, or slices are missing and `close_gaps` is false.
        """
        if not self._segments:
            raise InputError("expected at least one slab before the result; feed one first")
        if not close_gaps and (len(self.fed) > 1 or self._segments[0].start):
            ranges = ", ".join(f"{a} to {b - 1}" for a, b in self.fed)
            raise InputError(f"expected all slices from 0 on, but only {ranges} were fed")
        whole = self._join(self._segments)
        borders = [sweep_border(plane, self.scan.rules) for plane in (whole.first, whole.last)]
        sample = replace(new_sample(self.scan), shape=(whole.depth, *whole.first.shape))
        return cell_graph(merge([whole.tally, *borders]), sample, self.scan.rules)

    def to_bytes(self) -> bytes:
        """Return what was fed as bytes, for `restore` in another process."""
        # As text: times in file names are numbers above 2**63.
        arrays: dict[str, Array] = {"ranges": np.array([(s.start, s.stop, s.depth) for s in self._segments], str)}
        for n, segment in enumerate(self._segments):
            tally = np.frombuffer(segment.tally.to_bytes(), np.uint8)
            arrays |= {f"tally{n}": tally, f"first{n}": segment.first, f"last{n}": segment.last}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    def restore(self, data: bytes) -> Sweep:
        """Restore what `to_bytes` returned into this sweep, which has the same rules and is empty; return it.

        Raises
        ------
        DamagedTally, ValueError
            If the bytes are not those that were written.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            for n, row in enumerate(arrays["ranges"].tolist()):
                start, stop, depth = map(int, row)
                tally = Tally.from_bytes(arrays[f"tally{n}"].tobytes())
                self._add(_Segment(start, stop, depth, tally, arrays[f"first{n}"], arrays[f"last{n}"]))
        return self
