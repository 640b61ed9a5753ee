"""A question put to a database: a named query with checked parameters, and the cells that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cellgraph.adjacency.matrix import Adjacency

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.cells import Cell
    from cellgraph.queries import Catalogue, Query
    from cellgraph.stores import Store, Topology

Method = Literal["auto", "cypher", "compiled"]


@dataclass(frozen=True)
class Question:
    """What is asked, of what.

    Attributes
    ----------
    store : Store
    catalogue : Catalogue
    query : Query
    bound : mapping
        Value of every parameter.
    given : frozenset of str
        The parameters that did not take their default.
    cells : mapping of str to Cell
        The cells that parameters name; they exist.
    method : {'auto', 'cypher', 'compiled'}
    """

    store: Store
    catalogue: Catalogue
    query: Query
    bound: Mapping[str, Any]
    given: frozenset[str]
    cells: Mapping[str, Cell]
    method: Method

    @property
    def sample(self) -> str | None:
        """Name of the one sample that is asked about."""
        return self.bound.get("sample")

    def lookup(self, name: str, *, further: Sequence[str] = (), **values: object) -> pa.Table:
        """Let the database answer another query, with further properties as columns if it takes them."""
        statement = self.catalogue[name].statement(self.store.dialect, values, further=further)
        return self.store.run(statement.text, statement.parameters, name=name)

    def topology(self) -> Topology:
        """Read the bare graph of the sample; that of all where its cells touch those of others."""
        own = self.store.topology(self.sample)
        if self.sample is not None and self.size()["contacts"] > len(own.a):
            return self.store.topology()
        return own

    def size(self) -> dict[str, int]:
        """Return the numbers of cells and of contacts of the sample or of all."""
        return {name: number or 0 for name, number in self.lookup("size", sample=self.sample).to_pylist()[0].items()}

    def graph(self) -> Adjacency:
        """Read the same in rows."""
        return Adjacency.build(self.topology())
