"""What a store is: a graph database that takes networks whole and answers Cypher."""

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
"""The name of a query (`Store.run`) that a person has written."""

Over = Literal["contacts", "near", "both"]
"""Over which relationships a question leads: ``TOUCHES``, ``NEAR``, or both."""


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
        Row numbers of the two cells of each relationship, shape (m,); it is stored from a to b.
    of_cells, of_contacts : mapping of str to pyarrow.Array
        Properties that were asked for, of n cells and of m relationships; null where one has none.
    """

    samples: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    a: np.ndarray[Any, Any]
    b: np.ndarray[Any, Any]
    of_cells: Mapping[str, pa.Array] = field(default_factory=dict)
    of_contacts: Mapping[str, pa.Array] = field(default_factory=dict)


class Store(Protocol):
    """A graph database, opened. A context manager; every method raises only `CellgraphError`.

    Safe to use from several threads at once.  Rows come as `pyarrow.Table` with int64, double, bool, string
    and lists of these; nodes, relationships, paths and maps come as JSON text, the same from every
    database.
    """

    dialect: str
    """``ladybug`` or ``neo4j``: which sibling file of a query is taken where the portable one does not do."""

    typed_properties: bool
    """Whether a property has one type in the whole database, so that a load with another type is refused."""

    relationships_once: bool
    """Whether a pattern uses each relationship once in a MATCH; else a walk may take it twice."""

    copies_whole: bool
    """Whether every write copies all that is there, so that many samples are better written together."""

    read_only: bool
    """Whether `write` and `delete` are refused."""

    def write(self, network: Network, *, replace: bool = False, report: Report | None = None) -> None:
        """Write all samples of a network, visible all at once when they are complete.

        Raises
        ------
        ExistsError
            If a sample of one of the names is there and `replace` is false.
        InputError
            If a property cannot be stored.
        StoreError
            If the database fails; nothing of the network is visible then, and the next load repairs it.
        """
        ...

    def write_all(
        self, names: Sequence[str], networks: Iterable[Network], *, replace: bool = False, report: Report | None = None
    ) -> None:
        """Write networks one after the other as `write` does one, visible all at once; memory holds one at a time.

        Parameters
        ----------
        names : sequence of str
            Of all samples that the networks have.
        networks : iterable of Network
            Whatever it raises ends the write, and nothing of it is visible.
        replace, report
            See `write`.
        """
        ...

    def write_properties(self, *properties: Properties, replace: bool = False, report: Report | None = None) -> None:
        """Write properties onto complete samples and their cells; all of them are listed at once, when they are whole.

        They are then columns as those that came with the load: of queries, conditions, estimates and copies.  A sample
        that is replaced loses them.

        Parameters
        ----------
        *properties : Properties
            One for each sample; see `cellgraph.stores.properties`.
        replace : bool
            Whether properties of these names that were written before are replaced; those that came with the load
            never are.
        report : callable, optional
            See `write`.

        Raises
        ------
        NotFoundError
            If a sample or a cell does not exist; nothing is written then.
        ExistsError
            If a property is there already.
        InputError
            If a property cannot be stored, or a cell is given twice.
        StoreError
            If the database fails; no property is listed that is not whole.
        """
        ...

    def remove_properties(self, names: Sequence[str], samples: Sequence[str]) -> None:
        """Take properties that were written after the load away from samples and their cells.

        Raises
        ------
        NotFoundError
            If a sample does not exist, or one of them has no such property; nothing is removed then.
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
        """Run a read-only query and return its rows; a write is refused by the database itself.

        Parameters
        ----------
        cypher : str
            One statement.
        parameters : mapping, optional
            Values of its ``$names``.
        name : str
            Of the query, for error messages.
        timeout : float, optional
            Seconds after which to give up: a `StoreError`, never a part of the rows.
        """
        ...

    def kept_open(self) -> AbstractContextManager[None]:
        """Keep a database file open for what this thread reads until the end; all of it is of one version."""
        ...

    def sample_names(self) -> list[str]:
        """Return the names of the complete samples, sorted."""
        ...

    def unfinished(self) -> int:
        """Return how many samples the database holds that are not complete, which Cypher of a user's own may count."""
        ...

    def columns(self, of: Literal["cells", "contacts"], sample: str | None = None) -> tuple[Column, ...]:
        """Return the columns that came with the cells or contacts of one sample, or of any, in their order.

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
            Name of one; None is all.
        cells, contacts : sequence of str
            Names of properties that `columns` lists.
        over : {'contacts', 'near', 'both'}
            Which relationships are taken: ``TOUCHES``, ``NEAR`` with the property ``distance``, or all of them; each
            has null for the properties of the others.

        Raises
        ------
        NotFoundError
            If there is no such sample.
        """
        ...

    def delete(self, *samples: str) -> None:
        """Remove samples with their cells and the relationships of these, all at once.

        Raises
        ------
        NotFoundError
            If one of them does not exist; none is removed then.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
