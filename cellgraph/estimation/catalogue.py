"""What a database says about its samples and the columns of their cells and contacts."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.errors import NotFoundError, StoreError, near
from cellgraph.estimation.columns import Catalogue, Reference
from cellgraph.model import Column
from cellgraph.stores.tables import listed

if TYPE_CHECKING:
    from cellgraph.estimation.filters import Filter
    from cellgraph.stores.contract import Store

_SAMPLES = (
    "MATCH (s:Sample {status: 'complete'}) RETURN s.name AS name, s.cells AS cells, s.contacts AS contacts, "
    "s.unit AS unit, size(s.shape) AS ndim, s.cell_properties AS of_cells, s.contact_properties AS of_contacts "
    "ORDER BY name"
)
_NODES = "MATCH (s:Sample {status: 'complete'}) RETURN s AS node, s.name AS name ORDER BY name"


@dataclass(frozen=True)
class SampleFact:
    """What a sample node says about its sample.

    Attributes
    ----------
    name : str
    cells, contacts : int
        Their numbers.
    unit : str
        Unit of length; empty if there is none.
    ndim : int
        2 or 3; 0 if there was no volume.
    of_cells, of_contacts : tuple of Column
        The columns that came with it.
    """

    name: str
    cells: int
    contacts: int
    unit: str
    ndim: int
    of_cells: tuple[Column, ...]
    of_contacts: tuple[Column, ...]

    @property
    def length_unit(self) -> tuple[str, int]:
        """Its unit of length and its number of axes; no unit where there was no volume."""
        return (self.unit, self.ndim) if self.ndim else ("", 3)


def read_samples(store: Store) -> list[SampleFact]:
    """Return the facts of all complete samples, sorted by name.

    Raises
    ------
    NotFoundError
        If there are none.
    """
    try:
        rows = store.run(_SAMPLES, name="estimate").to_pylist()
    except StoreError:  # a database that was never written to does not know samples at all
        if store.sample_names():
            raise
        rows = []
    if not rows:
        raise NotFoundError("there is no sample in the database; load one with: cellgraph load IMAGE")
    return [
        SampleFact(
            row["name"],
            row["cells"] or 0,
            row["contacts"] or 0,
            row["unit"] or "",
            row["ndim"] or 0,
            listed(row["of_cells"] or (), "cells"),
            listed(row["of_contacts"] or (), "contacts"),
        )
        for row in rows
    ]


def sample_nodes(store: Store, name: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the nodes of all complete samples, by name; `name` is that of the query in errors."""
    return {row["name"]: json.loads(row["node"]) for row in store.run(_NODES, name=name).to_pylist()}


def directed_samples(store: Store) -> tuple[str, ...]:
    """Return the names of the samples whose relationships have a direction."""
    nodes = sample_nodes(store, "sample-nodes")
    return tuple(name for name, node in nodes.items() if node.get("directed") is True)


def named(samples: list[SampleFact], names: Collection[str] | None) -> list[SampleFact]:
    """Return the samples with one of the names; None is all.

    Raises
    ------
    NotFoundError
        If a name is unknown.
    """
    if names is None:
        return samples
    there = [fact.name for fact in samples]
    for name in sorted(names):
        if name not in there:
            hint = near(name, there) or f" There are: {', '.join(map(repr, there[:10]))}."
            raise NotFoundError(f"there is no sample {name!r} in the database.{hint}")
    return [fact for fact in samples if fact.name in names]


def meeting(samples: list[SampleFact], every: list[SampleFact], condition: Filter | None) -> list[SampleFact]:
    """Return those of some samples in which a condition can be true, as far as their names tell; all if there is none.

    Raises
    ------
    NotFoundError
        If the condition names a sample that there is not among `every`.
    """
    if condition is None:
        return samples
    named(every, condition.names)
    return [fact for fact in samples if condition.may_hold_in(fact.name)] or samples


def catalogue_of(samples: Sequence[SampleFact]) -> Catalogue:
    """Return the columns of cells and contacts in any of the samples."""
    name = Column("sample", "str", "", "name of the sample")
    ends = [Column(end, "int", "", "label of the cell") for end in ("cell_a", "cell_b")]
    label = Column("label", "int", "", "label of the cell")
    cells = [label, *(column for fact in samples for column in fact.of_cells), name]
    contacts = [*ends, *(column for fact in samples for column in fact.of_contacts), name]
    return Catalogue({column.name: column for column in cells}, {column.name: column for column in contacts})


def mixed_units(
    samples: Iterable[SampleFact], references: Iterable[Reference | Column], has: Callable[[SampleFact, str], bool]
) -> str | None:
    """Return a sentence on a length, area or volume that some samples have in another unit, or in 2D; None if none has.

    Parameters
    ----------
    samples : iterable of SampleFact
    references : iterable of Reference or Column
        The columns that are asked about.
    has : callable
        Tells whether a sample has a column.
    """
    for reference in references:
        if "unit" not in reference.unit:
            continue
        units: dict[tuple[str, int], str] = {}
        for fact in samples:
            if has(fact, reference.name):
                flat = 2 if fact.ndim == 2 and "^" in reference.unit else 3
                units.setdefault((fact.unit or "voxel", flat), fact.name)
        if len(units) > 1:
            (one, a), (other, b) = list(units.items())[:2]
            return (
                f"the column {reference.name!r} has different units: {_unit(one)} in the sample {a!r}, {_unit(other)} "
                f"in {b!r}; select samples with one unit with --sample or --where \"sample in ('…')\"."
            )
    return None


def _unit(unit: tuple[str, int]) -> str:
    return unit[0] if unit[1] == 3 else f"{unit[0]} of 2D images"
