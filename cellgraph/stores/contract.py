"""The store protocol: a graph database that writes networks atomically and answers Cypher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from cellgraph.model import Column, Network, Report

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.stores.properties import Properties

OWN_CYPHER = "--cypher"
"""The query name (`Store.run`) for Cypher written by the user."""

Over = Literal["contacts", "near", "both"]
"""Which relationships a query follows: ``TOUCHES``, ``NEAR``, or both."""


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
        Row numbers of the two cells of each relationship, shape (m,); relationships are stored from a to b.
    of_cells, of_contacts : mapping of str to pyarrow.Array
        Requested properties of the n cells and m relationships; null where one is missing.
    """

    samples: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    a: np.ndarray[Any, Any]
    b: np.ndarray[Any, Any]
    of_cells: Mapping[str, pa.Array] = field(default_factory=dict)
    of_contacts: Mapping[str, pa.Array] = field(default_factory=dict)


class Store(Protocol):
    """An open graph database, and a context manager; every method raises only `CellgraphError`.

    Safe to use from several threads at once.  Rows are returned as `pyarrow.Table` with int64, double, bool, string and
    lists of these; nodes, relationships, paths and maps as JSON text, the same for every database.
    """

    dialect: str
    """``ladybug`` or ``neo4j``: which sibling file of a query is used if the portable one does not work."""

    typed_properties: bool
    """Whether a property has a single type throughout the database, so that a load with another type is refused."""

    relationships_once: bool
    """Whether a pattern uses each relationship at most once in a MATCH; otherwise a walk may take it twice."""

    copies_whole: bool
    """Whether every write copies the whole database, so that many samples are better written together."""

    read_only: bool
    """Whether `write` and `delete` are refused."""

    def write(self, network: Network, *, replace: bool = False, report: Report | None = None) -> None:
        """Write all samples of a network, which become visible at once when complete.

        Raises
        ------
        ExistsError
            If a sample of one of these names exists and `replace` is false.
        InputError
            If a property cannot be stored.
        StoreError
            If the database fails; then nothing of the network is visible, and the next load cleans up.
        """
        ...

    def write_all(
        self, names: Sequence[str], networks: Iterable[Network], *, replace: bool = False, report: Report | None = None
    ) -> None:
        """Write networks one by one, as `write` does, visible all at once; only one at a time is in memory.

        Parameters
        ----------
        names : sequence of str
            Names of all samples of the networks.
        networks : iterable of Network
            Any exception that it raises aborts the write, and nothing becomes visible.
        replace, report
            See `write`.
        """
        ...

    def write_properties(self, *properties: Properties, replace: bool = False, report: Report | None = None) -> None:
        """Write properties to complete samples and their cells; all are listed at once, when complete.

        From then on they are columns like those of the load, for queries, conditions, estimates and copies.  A sample
        that is replaced loses them.

        Parameters
        ----------
        *properties : Properties
            One for each sample; see `cellgraph.stores.properties`.
        replace : bool
            Whether to replace properties of these names that were written before; those from the load are never
            replaced.
        report : callable, optional
            See `write`.

        Raises
        ------
        NotFoundError
            If a sample or a cell does not exist; then nothing is written.
        ExistsError
            If a property already exists.
        InputError
            If a property cannot be stored, or a cell is given more than once.
        StoreError
            If the database fails; no incomplete property is listed.
        """
        ...

    def remove_properties(self, names: Sequence[str], samples: Sequence[str]) -> None:
        """Remove properties that were written after the load from samples and their cells.

        Raises
        ------
        NotFoundError
            If a sample does not exist, or one of them has no such property; then nothing is removed.
        """
        ...

    def run(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        timeout: float | None = None,
    ) -> pa.Table:
        """Run a read-only query and return its rows; the database itself refuses writes.

        Parameters
        ----------
        cypher : str
            One statement.
        parameters : mapping, optional
            Values of its ``$names``.
        name : str
            Name of the query, for error messages.
        timeout : float, optional
            Seconds after which to give up with a `StoreError`; partial results are never returned.
        """
        ...

    def kept_open(self) -> AbstractContextManager[None]:
        """Keep a database file open for this thread's reads until the end, so that all see one version."""
        ...

    def sample_names(self) -> list[str]:
        """Return the names of the complete samples, sorted."""
        ...

    def unfinished(self) -> int:
        """Return the number of incomplete samples in the database, which the user's own Cypher may count."""
        ...

    def columns(self, of: Literal["cells", "contacts"], sample: str | None = None) -> tuple[Column, ...]:
        """Return the columns of the cells or contacts of one sample, or of any, in their order.

        Raises
        ------
        NotFoundError
            If there is no such sample.
        """
        ...

    def topology(
        self,
        sample: str | None = None,
        *,
        cells: Sequence[str] = (),
        contacts: Sequence[str] = (),
        over: Over = "contacts",
    ) -> Topology:
        """Return the bare graph of one sample or of all, with some properties of its cells and relationships.

        Parameters
        ----------
        sample : str, optional
            Name of one sample; None means all.
        cells, contacts : sequence of str
            Names of properties, as listed by `columns`.
        over : {'contacts', 'near', 'both'}
            Which relationships to return: ``TOUCHES``, ``NEAR`` with the property ``distance``, or both; each has null
            for the properties of the other.

        Raises
        ------
        NotFoundError
            If there is no such sample.
        """
        ...

    def delete(self, *samples: str) -> None:
        """Delete samples with their cells and relationships, all at once.

        Raises
        ------
        NotFoundError
            If one of them does not exist; then none is deleted.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
