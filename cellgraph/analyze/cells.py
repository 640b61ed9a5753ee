"""Cells that a question names by their labels: found, or told what there is instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import NotFoundError, ParameterError

if TYPE_CHECKING:
    from cellgraph.queries import Catalogue, Query
    from cellgraph.stores import Store


@dataclass(frozen=True)
class Cell:
    """A cell that exists, by the name of its sample and its label."""

    sample: str
    label: int


def require_cells(
    store: Store, catalogue: Catalogue, query: Query, bound: Mapping[str, Any], samples: Sequence[str]
) -> dict[str, Cell]:
    """Find the cells that the parameters of a query name, by parameter.

    Raises
    ------
    NotFoundError
        If there is no cell of such a label in the samples.
    ParameterError
        If there are several.
    """
    return {
        parameter.name: require_cell(store, catalogue, bound[parameter.name], samples)
        for parameter in query.parameters
        if parameter.cell and bound[parameter.name] is not None
    }


def require_cell(store: Store, catalogue: Catalogue, label: int, samples: Sequence[str]) -> Cell:
    """Find the one cell of a label in some samples."""
    found = samples_with(store, catalogue, label, samples)
    if len(found) == 1:
        return Cell(found[0], label)
    where = f"in the sample {samples[0]!r}" if len(samples) == 1 else f"in any of the {len(samples)} samples"
    if not found:
        raise NotFoundError(f"there is no cell {label} {where}.{_next_labels(store, catalogue, label, samples)}")
    listed = ", ".join(map(repr, found[:5])) + (", …" if len(found) > 5 else "")
    raise ParameterError(
        f"the cell {label} is in {len(found)} samples ({listed}); say in which with --sample NAME (sample=…)."
    )


def samples_with(store: Store, catalogue: Catalogue, label: int, samples: Sequence[str]) -> list[str]:
    """Return those of some samples that have a cell of a label."""
    statement = catalogue["locate"].statement(store.dialect, {"label": label, "samples": list(samples)})
    found: list[str] = store.run(statement.text, statement.parameters, name="locate")["sample"].to_pylist()
    return found


def _next_labels(store: Store, catalogue: Catalogue, label: int, samples: Sequence[str]) -> str:
    """Tell which labels are next to one that does not exist, as the end of a message."""
    sample = samples[0] if len(samples) == 1 else None
    statement = catalogue["near-labels"].statement(store.dialect, {"label": label, "sample": sample})
    row = store.run(statement.text, statement.parameters, name="near-labels").to_pylist()[0]
    labels = [str(row[side]) for side in ("below", "above") if row[side] is not None]
    if len(labels) == 1:
        return f" The next label is {labels[0]}."
    return f" The next labels are {' and '.join(labels)}." if labels else ""
