"""A question to a database: a named query with checked parameters, conditions, and the cells that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from cellgraph.analyze.further import further_columns
from cellgraph.analyze.rows import as_declared
from cellgraph.errors import StoreError
from cellgraph.estimation.conditions import Asked
from cellgraph.model import Cell
from cellgraph.queries import CannotSay

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.nearest import Target
    from cellgraph.estimation.restricted import Restricted
    from cellgraph.queries import Catalogue, Conditions, Query
    from cellgraph.stores import Store, Topology

Method = Literal["auto", "cypher", "compiled", "estimated"]


@dataclass(frozen=True)
class Question:
    """A named query, and what it is about.

    Attributes
    ----------
    store : Store
    catalogue : Catalogue
    query : Query
    bound : mapping
        Value of every parameter.
    given : frozenset of str
        The parameters that were given a value.
    cells : mapping of str to tuple of Cell
        The existing cells that parameters name.
    method : {'auto', 'cypher', 'compiled', 'estimated'}
    asked : Asked
        The conditions.
    directed : tuple of str
        Names of the requested samples whose relationships have a direction.
    timeout : float, optional
        Maximum time for the answer, in seconds.
    target : Target, optional
        The target cells.
    began : float
        The `time.monotonic` at the start.
    """

    store: Store
    catalogue: Catalogue
    query: Query
    bound: Mapping[str, Any]
    given: frozenset[str]
    cells: Mapping[str, tuple[Cell, ...]]
    method: Method
    asked: Asked
    directed: tuple[str, ...] = ()
    timeout: float | None = None
    target: Target | None = None
    began: float = field(default_factory=monotonic)

    @property
    def sample(self) -> str | None:
        """Name of the one requested sample."""
        return self.bound.get("sample")

    def left(self) -> float | None:
        """Return how many seconds are left; None is no limit.

        Raises
        ------
        StoreError
            If no time is left.
        """
        if self.timeout is None:
            return None
        left = self.timeout - (monotonic() - self.began)
        if left <= 0:
            raise StoreError(
                f"the query {self.query.name!r} did not finish within {self.timeout:g} seconds, so there is no result. "
                "Allow more time with --timeout (timeout=…), or ask about fewer cells."
            )
        return left

    def left_out(self) -> str:
        """Return a note on named cells that do not meet the conditions; empty if all do."""
        conditions, named = self.asked.conditions, {cell for cells in self.cells.values() for cell in cells}
        if not named or not (conditions.of_cells or conditions.buffer):
            return ""
        if self.unsaid:
            asked = self.restricted(of_cells=False)
            found = {Cell(asked.topology.samples[row], int(asked.topology.labels[row])) for row in asked.rows}
        else:
            samples, labels = sorted({cell.sample for cell in named}), sorted({cell.label for cell in named})
            rows = self.lookup("meeting", conditions=conditions, samples=samples, labels=labels).to_pylist()
            found = {Cell(**row) for row in rows}
        missing = [str(cell.label) for cell in sorted(named - found)]
        listed = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        if not missing:
            return ""
        subject, them = ("the cell {} does", "it") if len(missing) == 1 else ("the cells {} do", "them")
        return f"{subject.format(listed)} not meet the conditions, so there are no rows about {them}."

    @cached_property
    def unsaid(self) -> str:
        """Why the Cypher of the query cannot express the conditions; empty if it can."""
        try:
            self._statement(self.bound)
        except CannotSay as why:
            return str(why).rstrip(".")
        return ""

    @cached_property
    def further(self) -> dict[str, str | None]:
        """Columns that came with the data, with their types, from `further_columns`."""
        return further_columns(self.store, self.catalogue, self.query, self.sample)

    def lookup(
        self,
        name: str,
        *,
        further: Mapping[str, str | None] | None = None,
        conditions: Conditions | None = None,
        **values: object,
    ) -> pa.Table:
        """Run another query in the database, with further properties as columns if it takes them."""
        query = self.catalogue[name]
        statement = query.statement(self.store.dialect, values, further=list(further or ()), conditions=conditions)
        rows = self.store.run(statement.text, statement.parameters, name=name, timeout=self.left())
        return as_declared(query, rows, further)

    def in_cypher(self, limit: int | None = None) -> pa.Table:
        """Run the query in the database; for cells in several samples, one sample after the other."""
        import pyarrow as pa

        listed = [p.name for p in self.query.parameters if p.cell and p.type == "int list" and p.name in self.cells]
        samples = sorted({cell.sample for cell in self.cells[listed[0]]}) if listed else []
        if len(samples) < 2:
            return self._run(self.bound, limit)
        parts = []
        for sample in samples:
            labels = {name: [cell.label for cell in self.cells[name] if cell.sample == sample] for name in listed}
            parts.append(self._run({**self.bound, **labels, "sample": sample}, limit))
        return pa.concat_tables(parts, promote_options="default")

    def _run(self, bound: Mapping[str, Any], limit: int | None) -> pa.Table:
        statement = self._statement(bound, limit)
        rows = self.store.run(statement.text, statement.parameters, name=self.query.name, timeout=self.left())
        return as_declared(self.query, rows, self.further)

    def _statement(self, bound: Mapping[str, Any], limit: int | None = None) -> Any:
        return self.query.statement(
            self.store.dialect, bound, further=list(self.further), limit=limit, conditions=self.asked.conditions
        )

    def topology(self, cells: Sequence[str] = (), contacts: Sequence[str] = ()) -> Topology:
        """Read the bare graph of the sample, with properties; that of all samples if its cells touch others."""
        over = self.asked.conditions.over
        own = self.store.topology(self.sample, cells=cells, contacts=contacts, over=over)
        if over != "contacts":  # within each sample
            return own
        if self.sample is not None and self.size()["contacts"] > len(own.a):
            return self.store.topology(cells=cells, contacts=contacts)
        return own

    def size(self) -> dict[str, int]:
        """Return the numbers of cells and contacts of the sample, or of all samples."""
        return {name: number or 0 for name, number in self.lookup("size", sample=self.sample).to_pylist()[0].items()}

    def restricted(
        self, cells: Sequence[str] = (), contacts: Sequence[str] = (), *, of_cells: bool = True
    ) -> Restricted:
        """Read the graph that meets the conditions, with properties of its cells and contacts.

        Unless `of_cells` is false, its rows are only about the cells that parameters name, and those of the sample.
        """
        from cellgraph.estimation.restricted import columns_for, restrict

        named, sample = (self.cells.get("cell"), self.sample) if of_cells else (None, None)
        needed = columns_for(self.asked)
        topology = self.topology(sorted({*needed[0], *cells}), sorted({*needed[1], *contacts}))
        self.left()
        return restrict(topology, self.asked, sample, named)
