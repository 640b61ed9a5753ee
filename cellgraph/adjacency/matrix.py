"""The graph of a database in compressed sparse rows (CSR), for queries about every cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from cellgraph.stores import Topology

MOST_CELLS = 2**31 - 1


@dataclass(frozen=True)
class Adjacency:
    """Cells, and the cells that each touches.

    Attributes
    ----------
    samples : numpy.ndarray of object, shape (n,)
        Name of the sample of each cell; the cells are sorted by (sample, label).
    labels : numpy.ndarray of int64, shape (n,)
    indptr : numpy.ndarray of int64, shape (n + 1,)
    indices : numpy.ndarray of int32
        The cells that cell i touches are ``indices[indptr[i] : indptr[i + 1]]``, one entry per relationship;
        never the cell itself.
    """

    samples: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    indptr: np.ndarray[Any, Any]
    indices: np.ndarray[Any, Any]

    @classmethod
    def build(cls, topology: Topology, *, direction: str = "both") -> Adjacency:
        """Build the rows from the two ends of each relationship.

        Parameters
        ----------
        topology : Topology
        direction : str
            ``both``; ``out`` for the cells that a cell leads to; ``in`` for the cells that lead to it.

        Raises
        ------
        InputError
            If there are more than 2**31 - 1 cells.
        """
        import numpy as np

        from cellgraph.adjacency.kernels import count_ends, fill_ends

        n = len(topology.labels)
        if n > MOST_CELLS:
            raise InputError(
                f"at most {MOST_CELLS:,} cells can be processed together, got {n:,}; choose one sample with --sample."
            )
        if direction != "both":
            ends = (topology.a, topology.b) if direction == "out" else (topology.b, topology.a)
            a, b = (end[topology.a != topology.b] for end in ends)
            indptr = np.r_[0, np.bincount(a, minlength=n).cumsum()].astype(np.int64)
            return cls(topology.samples, topology.labels, indptr, b[np.argsort(a, kind="stable")].astype(np.int32))
        indptr = np.zeros(n + 1, np.int64)
        count_ends(topology.a, topology.b, indptr)
        indices = np.empty(indptr[-1], np.int32)
        fill_ends(topology.a, topology.b, indptr[:-1].copy(), indices)
        return cls(topology.samples, topology.labels, indptr, indices)

    def row(self, sample: str, label: int) -> int:
        """Return the row number of an existing cell."""
        import numpy as np

        return int(np.flatnonzero((self.labels == label) & (self.samples == sample))[0])


def rows_of(cells: Adjacency | Topology, sample: str | None) -> np.ndarray[Any, Any]:
    """Return the row numbers of the cells of one sample, or of all."""
    import numpy as np

    if sample is None:
        return np.arange(len(cells.labels))
    return np.flatnonzero(cells.samples == sample)
