"""Find the cells that a query gives by label or name, or suggest which exist instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.model import Cell
from cellgraph.queries.values import check

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.queries import Catalogue, Query
    from cellgraph.stores import Store


@dataclass(frozen=True)
class Finder:
    """Finds cells in some samples of a database.

    Attributes
    ----------
    store : Store
    catalogue : Catalogue
    samples : sequence of str
        Names of the samples to look in.
    """

    store: Store
    catalogue: Catalogue
    samples: Sequence[str]

    def ask(self, query: str, **values: Any) -> pa.Table:
        """Run a lookup query in the database."""
        statement = self.catalogue[query].statement(self.store.dialect, values)
        return self.store.run(statement.text, statement.parameters, name=query)

    @property
    def where(self) -> str:
        """Which samples are searched, as part of a sentence."""
        many = f"in any of the {len(self.samples)} samples"
        return f"in the sample {self.samples[0]!r}" if len(self.samples) == 1 else many

    def of_labels(self, labels: Sequence[int]) -> tuple[Cell, ...]:
        """Find the one cell with each label, in ascending order, without duplicates.

        Raises
        ------
        NotFoundError
            If no cell in the samples has such a label.
        ParameterError
            If several cells have it.
        """
        found: dict[int, list[str]] = {label: [] for label in sorted(labels)}
        for row in self.ask("locate", labels=list(found), samples=list(self.samples)).to_pylist():
            found[row["label"]].append(row["sample"])
        for label, samples in found.items():
            if not samples:
                raise NotFoundError(f"there is no cell {label} {self.where}.{self._next_labels(label)}")
            if len(samples) > 1:
                listed = ", ".join(map(repr, samples[:5])) + (", …" if len(samples) > 5 else "")
                raise ParameterError(
                    f"the cell {label} is in {len(samples)} samples ({listed}); choose one with --sample NAME "
                    "(sample=…)."
                )
        return tuple(Cell(samples[0], label) for label, samples in found.items())

    def _next_labels(self, label: int) -> str:
        """Name the labels next to one that does not exist, as the end of a message."""
        sample = self.samples[0] if len(self.samples) == 1 else None
        row = self.ask("near-labels", label=label, sample=sample).to_pylist()[0]
        labels = [str(row[side]) for side in ("below", "above") if row[side] is not None]
        if len(labels) == 1:
            return f" The next label is {labels[0]}."
        return f" The next labels are {' and '.join(labels)}." if labels else ""


def find_cells(finder: Finder, query: Query, given: Mapping[str, Any]) -> dict[str, tuple[Cell, ...]]:
    """Find the cells that the parameters of a query give, by parameter, sorted.

    A cell is given by its label, or as text by its name or label; several cells as a list or comma-separated text.

    Raises
    ------
    NotFoundError
        If there is no such cell in the samples.
    ParameterError
        If several cells match one of them, or none are given.
    """
    from cellgraph.analyze.names import of_text

    found = {}
    for parameter in query.parameters:
        value = given.get(parameter.name)
        if not parameter.cell or value is None:
            continue
        of = f"the parameter {parameter.name!r} of the query {query.name!r}"
        many = parameter.type == "int list"
        items = list(value) if many and isinstance(value, list | tuple) else [value]
        if not items:
            raise ParameterError(f"{of} must name at least one cell, but the list is empty.")
        cells = {
            cell for item in items if isinstance(item, str) for cell in of_text(finder, parameter.name, item, many)
        }
        labels = [check(item, "int", of=of) for item in items if not isinstance(item, str)]
        found[parameter.name] = tuple(sorted({*cells, *(finder.of_labels(labels) if labels else ())}))  # type: ignore[arg-type]
    return found
