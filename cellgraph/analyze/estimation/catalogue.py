"""What a database says of its samples and of the columns of their cells and contacts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellgraph.analyze.estimation.columns import Catalogue
from cellgraph.errors import NotFoundError, near
from cellgraph.model import Column

if TYPE_CHECKING:
    from cellgraph.stores.base import Store

_SAMPLES = (
    "MATCH (s:Sample {status: 'complete'}) RETURN s.name AS name, s.cells AS cells, s.contacts AS contacts, "
    "s.unit AS unit, size(s.shape) AS ndim ORDER BY name"
)


@dataclass(frozen=True)
class SampleFact:
    """What a sample node says of its sample.

    Attributes
    ----------
    name : str
    cells, contacts : int
        How many it has.
    unit : str
        Of length; empty where it says none.
    ndim : int
        2 or 3; 0 where there was no volume.
    """

    name: str
    cells: int
    contacts: int
    unit: str
    ndim: int


def read_samples(store: Store) -> list[SampleFact]:
    """Return what all complete samples say, by name.

    Raises
    ------
    NotFoundError
        If there are none.
    """
    if not store.sample_names():
        raise NotFoundError("there is no sample in the database; load one with: cellgraph load IMAGE")
    return [
        SampleFact(row["name"], row["cells"] or 0, row["contacts"] or 0, row["unit"] or "", row["ndim"] or 0)
        for row in store.run(_SAMPLES, name="estimate").to_pylist()
    ]


def named(samples: list[SampleFact], names: Collection[str] | None) -> list[SampleFact]:
    """Return those samples that have one of the names; None is all.

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


def read_catalogue(store: Store, sample: str | None) -> Catalogue:
    """Return the columns of cells and contacts, of one sample or of any."""
    name = Column("sample", "str", "", "name of the sample")
    ends = [Column(end, "int", "", "label of the cell") for end in ("cell_a", "cell_b")]
    cells = [Column("label", "int", "", "label of the cell"), *store.columns("cells", sample), name]
    contacts = [*ends, *store.columns("contacts", sample), name]
    return Catalogue({column.name: column for column in cells}, {column.name: column for column in contacts})
