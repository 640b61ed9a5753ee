"""What a store is: a graph database that takes networks whole and answers Cypher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cellgraph.model import Network

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Report = Callable[[str, int, int], None]
"""Called with what is being written (``cells``, ``contacts``), how many are done, and of how many."""


@dataclass(frozen=True)
class Topology:
    """The bare graph, for analyses over every cell.

    Attributes
    ----------
    samples : numpy.ndarray of object
        Name of the sample of each cell, shape (n,), sorted by (sample, label).
    labels : numpy.ndarray of int64
        Label of each cell, shape (n,).
    a, b : numpy.ndarray of int64
        Row numbers of the two cells of each relationship, shape (m,).
    """

    samples: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    a: np.ndarray[Any, Any]
    b: np.ndarray[Any, Any]


class Store(Protocol):
    """A graph database, opened. A context manager; every method raises only `CellgraphError`."""

    dialect: str
    """``ladybug`` or ``neo4j``: which sibling file of a query is taken where the portable one does not do."""

    def write(self, network: Network, *, replace: bool = False, report: Report | None = None) -> None:
        """Write all samples of a network, visible all at once when they are complete.

        Raises
        ------
        ExistsError
            If a sample of one of the names is there and `replace` is false.
        """
        ...

    def run(self, cypher: str, parameters: Mapping[str, Any] | None = None, *, name: str = "") -> pa.Table:
        """Run a read-only query and return its rows; a write is refused by the database itself.

        `name` of the query, for error messages.
        """
        ...

    def sample_names(self) -> list[str]:
        """Return the names of the complete samples, sorted."""
        ...

    def topology(self, sample: str | None = None) -> Topology:
        """Return the bare graph of one sample or of all."""
        ...

    def delete(self, sample: str) -> None:
        """Remove a sample with its cells and their relationships."""
        ...

    def close(self) -> None: ...
