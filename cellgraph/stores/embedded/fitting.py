"""Whole numbers that go into columns of floats, which the embedded database would refuse: they are cast."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cellgraph.errors import InputError
from cellgraph.stores.embedded import schema
from cellgraph.stores.properties import Change
from cellgraph.stores.tables import Tables, type_of

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa

_FLOAT = "DOUBLE"


def fitted(connection: ladybug.Connection, network: Tables) -> Tables:
    """Return a network with floats where the database has columns of floats.

    Raises
    ------
    InputError
        If a whole number is no float.
    """
    cells, of_cells = _cast(network.cells, schema.columns(connection, "Cell"), "cells")
    contacts, of_contacts = _cast(network.contacts, schema.columns(connection, "TOUCHES"), "contacts")
    there = schema.columns(connection, "Sample")
    samples = [
        {
            **_values(sample, there),
            "cell_properties": _listed(sample["cell_properties"], of_cells),
            "contact_properties": _listed(sample["contact_properties"], of_contacts),
        }
        for sample in network.samples
    ]
    return replace(network, samples=samples, cells=cells, contacts=contacts)


def fitted_change(connection: ladybug.Connection, change: Change, dropped: Container[str]) -> Change:
    """Return a change with floats where the database has columns of floats that are not dropped; see `fitted`."""
    there = {name: kind for name, kind in schema.columns(connection, "Cell").items() if name not in dropped}
    cells, names = _cast(change.cells, there, "cells")
    of_sample = _values(change.of_sample, schema.columns(connection, "Sample"))
    listed = tuple(_listed(change.cell_properties, names))
    return replace(change, cells=cells, cell_properties=listed, of_sample=of_sample)


def _cast(table: pa.Table, there: Mapping[str, str], where: str) -> tuple[pa.Table, list[str]]:
    """Return the table with the columns that were cast, and their names."""
    import pyarrow as pa

    names = [n for n in table.column_names if there.get(n) == _FLOAT and pa.types.is_integer(table[n].type)]
    for name in names:
        try:
            column = table[name].cast(pa.float64())
        except pa.ArrowInvalid:
            raise _inexact(name, where) from None
        table = table.set_column(table.column_names.index(name), name, column)
    return table, names


def _values(values: Mapping[str, Any], there: Mapping[str, str]) -> dict[str, Any]:
    """Return properties of a sample, cast in the same way."""
    made = dict(values)
    for name, value in values.items():
        if there.get(name) == _FLOAT and type_of(value) == "int":
            made[name] = float(value)
            if int(made[name]) != value:
                raise _inexact(name, "samples")
    return made


def _listed(entries: Sequence[str], names: Container[str]) -> list[str]:
    """Return a list of ``name type`` with the new types."""
    split = [entry.rpartition(" ") for entry in entries]
    return [f"{name} {'float' if name in names else kind}" for name, _, kind in split]


def _inexact(name: str, where: str) -> InputError:
    return InputError(
        f"the column {name!r} of {where} holds whole numbers beyond {2**53}, but is {_FLOAT} in this database, which "
        "would round them; rename it or load into another database."
    )
