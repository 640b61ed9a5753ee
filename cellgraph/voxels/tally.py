"""The tally: what a sweep knows about any part of a volume. Tallies of disjoint parts merge into the tally of both.

`merge` is associative and commutative, and an empty tally is its identity; every number is an integer, so any division
of a volume, in any order, on any engine, gives the same tally bit for bit.
"""

from __future__ import annotations

import io
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numba import njit

from cellgraph.errors import CellgraphError
from cellgraph.voxels.kernels import (
    CELL_WIDTH,
    PAIR_WIDTH,
    SITES,
    VOXELS,
    X_MAX,
    X_MIN,
    Z_MAX,
    Z_MIN,
    ZX,
    ZY,
    ZZ,
    X,
    Y,
    Z,
)
from cellgraph.voxels.patches import OPEN_WIDTH
from cellgraph.voxels.sites import add_sites, in_order, merge_open

Array = np.ndarray[Any, Any]

_MAGIC = b"cellgraph tally 2\n"


class DamagedTally(CellgraphError, ValueError):
    """A stored tally whose bytes differ from those written."""


@dataclass(frozen=True)
class Tally:
    """Sums over some voxels of a volume.

    Attributes
    ----------
    labels : numpy.ndarray of int64, shape (n,)
        Sorted and distinct. A cell with only a face seen so far has 0 voxels.
    cells : numpy.ndarray of int64, shape (n, CELL_WIDTH)
        Columns as in `kernels`: voxels, moments, bounding box, faces to the background and on the border.
    pairs : numpy.ndarray of int64, shape (m, 2)
        Labels of touching cells, the smaller first; sorted and distinct.
    counts : numpy.ndarray of int64, shape (m, PAIR_WIDTH)
        Faces along z, y, x; edges; corners; complete patches; faces of grown cells; edges and corners of these.
    opened : numpy.ndarray of int64, shape (k, OPEN_WIDTH)
        Faces that other parts see too, sorted by position, with the number of their patch; see `patches`.
    patches : numpy.ndarray of int64, shape (p, 2)
        Labels of the pair of each patch that is not complete yet, in the order of their first open faces.
    near : numpy.ndarray of int64, shape (q, 2)
        Labels of pairs of cells with a known distance, sorted and distinct.
    squares : numpy.ndarray of float64, shape (q,)
        The smallest squared distance of each pair, as in `Metric`.
    """

    labels: Array
    cells: Array
    pairs: Array
    counts: Array
    opened: Array = field(default_factory=lambda: np.zeros((0, OPEN_WIDTH), np.int64))
    patches: Array = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    near: Array = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    squares: Array = field(default_factory=lambda: np.zeros(0))

    @staticmethod
    def empty() -> Tally:
        """Return the identity of `merge`."""
        shapes = ((0,), (0, CELL_WIDTH), (0, 2), (0, PAIR_WIDTH))
        return Tally(*(np.zeros(shape, np.int64) for shape in shapes))

    @property
    def nbytes(self) -> int:
        """Size of the arrays in bytes."""
        return sum(array.nbytes for array in self._arrays())

    @property
    def sites(self) -> Array:
        """Number of patches of each pair, shape (m,): complete ones, and the present parts of others."""
        counts = self.counts.copy()
        add_sites(self.pairs, counts, self.patches)
        return np.asarray(counts[:, SITES])

    def merge(self, other: Tally) -> Tally:
        """Return the tally of both parts together."""
        if not other.nbytes:
            return self
        if not self.nbytes:
            return other
        n = len(self.labels) + len(other.labels)
        labels, cells = np.empty((n, 1), np.int64), np.empty((n, CELL_WIDTH), np.int64)
        n = _merge(self.labels[:, None], self.cells, other.labels[:, None], other.cells, True, labels, cells)
        m = len(self.pairs) + len(other.pairs)
        pairs, counts = np.empty((m, 2), np.int64), np.empty((m, PAIR_WIDTH), np.int64)
        m = _merge(self.pairs, self.counts, other.pairs, other.counts, False, pairs, counts)
        # Shrunk in place: a copy would need the memory twice. Nothing else refers to these arrays yet.
        for array, rows in ((labels, n), (cells, n), (pairs, m), (counts, m)):
            array.resize((rows, array.shape[1]), refcheck=False)
        opened, patches, ended = merge_open(self.opened, self.patches, other.opened, other.patches)
        add_sites(pairs, counts, ended)
        near, squares = _nearest(self, other)
        return Tally(labels[:, 0], cells, pairs, counts, opened, patches, near, squares)

    def with_patches(self, ended: Array, opened: Array, pairs: Array) -> Tally:
        """Return the tally with its patches: the pairs of complete ones, open faces, and the pairs of these."""
        add_sites(self.pairs, self.counts, ended)
        return replace(self, **dict(zip(("opened", "patches"), in_order(opened, pairs), strict=True)))

    def shifted(self, z: int) -> Tally:
        """Return the tally of the same voxels shifted by `z` slices."""
        cells = self.cells.copy()
        voxels, first = self.cells[:, VOXELS], self.cells[:, Z]
        cells[:, Z] += z * voxels
        cells[:, ZZ] += z * (2 * first + z * voxels)
        cells[:, ZY] += z * self.cells[:, Y]
        cells[:, ZX] += z * self.cells[:, X]
        seen = voxels > 0
        cells[seen, Z_MIN] += z
        cells[seen, Z_MAX] += z
        opened = self.opened.copy()
        opened[:, 0] += z
        return replace(self, cells=cells, opened=opened)

    def _arrays(self) -> tuple[Array, ...]:
        return (self.labels, self.cells, self.pairs, self.counts, self.opened, self.patches, self.near, self.squares)

    def to_bytes(self) -> bytes:
        """Return the tally as bytes with a checksum, for a file or another process."""
        buffer = io.BytesIO()
        for array in self._arrays():
            np.save(buffer, array, allow_pickle=False)
        body = buffer.getvalue()
        return _MAGIC + zlib.crc32(body).to_bytes(4, "little") + body

    @staticmethod
    def from_bytes(data: bytes) -> Tally:
        """Return the tally that `to_bytes` wrote.

        Raises
        ------
        DamagedTally
            If the bytes differ from those written.
        """
        head = len(_MAGIC) + 4
        body = data[head:]
        if data[: len(_MAGIC)] != _MAGIC or zlib.crc32(body).to_bytes(4, "little") != data[len(_MAGIC) : head]:
            raise DamagedTally("expected a stored tally, but its checksum does not match: the file is damaged")
        buffer = io.BytesIO(body)
        return Tally(*(np.load(buffer, allow_pickle=False) for _ in range(8)))


def _nearest(a: Tally, b: Tally) -> tuple[Array, Array]:
    """Return the pairs of either tally, with the smaller distance for pairs in both."""
    if not len(b.near) or not len(a.near):
        return (a.near, a.squares) if len(a.near) else (b.near, b.squares)
    near, squares = np.concatenate([a.near, b.near]), np.concatenate([a.squares, b.squares])
    order = np.lexsort((squares, near[:, 1], near[:, 0]))
    near, squares = near[order], squares[order]
    first = np.append(True, (near[1:] != near[:-1]).any(1))
    return near[first], squares[first]


def merge(tallies: Iterable[Tally]) -> Tally:
    """Return the tally of all parts together, merged in pairs so that each row is moved only a few times.

    Parts that the caller no longer references are freed as soon as they are merged.
    """
    waiting = deque(tallies)
    del tallies
    while len(waiting) > 1:
        waiting.append(waiting.popleft().merge(waiting.popleft()))
    return waiting[0] if waiting else Tally.empty()


@njit(nogil=True, cache=True)
def _merge(keys_a, rows_a, keys_b, rows_b, boxes, keys, rows):  # type: ignore[no-untyped-def]
    """Merge two sorted tables, adding rows of equal key; with `boxes`, their bounds are min and max instead.

    Parameters
    ----------
    keys_a, keys_b : int64, shape (n, k)
    rows_a, rows_b : int64, shape (n, width)
    keys, rows : outputs with room for both

    Returns
    -------
    int
        Number of rows written.
    """
    i = j = n = 0
    width = rows.shape[1]
    while i < len(keys_a) or j < len(keys_b):
        order = 0
        if i == len(keys_a):
            order = 1
        elif j == len(keys_b):
            order = -1
        else:
            for k in range(keys.shape[1]):
                if keys_a[i, k] != keys_b[j, k]:
                    order = -1 if keys_a[i, k] < keys_b[j, k] else 1
                    break
        source_keys, source, at = (keys_a, rows_a, i) if order <= 0 else (keys_b, rows_b, j)
        for k in range(keys.shape[1]):
            keys[n, k] = source_keys[at, k]
        for column in range(width):
            rows[n, column] = source[at, column]
        if order == 0:
            for column in range(width):
                if boxes and Z_MIN <= column <= X_MIN:
                    rows[n, column] = min(rows[n, column], rows_b[j, column])
                elif boxes and Z_MAX <= column <= X_MAX:
                    rows[n, column] = max(rows[n, column], rows_b[j, column])
                else:
                    rows[n, column] += rows_b[j, column]
        i += order <= 0
        j += order >= 0
        n += 1
    return n
