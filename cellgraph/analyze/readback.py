"""Read a graph back from a database, in the form in which a sweep made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, CellGraph, Sample
from cellgraph.stores.properties import NEAR_WITHIN

if TYPE_CHECKING:
    import pyarrow as pa

_SAMPLE_FIELDS = ("source", "shape", "spacing", "unit", "background", "connectivity", "version", "created")


def read_graph(query: Callable[..., pa.Table], name: str) -> CellGraph:
    """Return one sample with its cells and the contacts among them; contacts with other samples are left out.

    ``query`` is `Database.query`.
    """
    import pyarrow.compute as pc

    cells = query("cells", sample=name).rename_columns({"cell": "label"}).drop_columns("sample")
    contacts = query("contacts", sample=name)
    inside = pc.and_(pc.equal(contacts["sample"], name), pc.equal(contacts["sample_b"], name))
    names = {"name_a", "name_b", "source_name", "target_name"} & set(contacts.column_names)
    contacts = contacts.filter(inside).drop_columns(["sample", "sample_b", *names])
    return CellGraph(
        _sample(query, name),
        _in_order(cells, [column.name for column in CELL_COLUMNS]),
        _in_order(contacts, [column.name for column in CONTACT_COLUMNS]),
    )


def _sample(query: Callable[..., pa.Table], name: str) -> Sample:
    row = query("samples", sample=name).to_pylist()[0]
    known = {field: row[field] for field in _SAMPLE_FIELDS}
    known |= {"shape": tuple(known["shape"] or ()), "spacing": tuple(known["spacing"] or ())}
    known["reading"] = row["read"] or ""
    counted = {"sample", "cells", "contacts", "read", NEAR_WITHIN}
    extra = {key: value for key, value in row.items() if key not in counted | set(known) and value is not None}
    return Sample(name, **known, extra=extra)


def _in_order(table: pa.Table, names: list[str]) -> pa.Table:
    """Return the columns of the model that the sample has, in the order of the model, and then all others."""
    further = [name for name in table.column_names if name not in names]
    return table.select([*(name for name in names if name in table.column_names), *further])
