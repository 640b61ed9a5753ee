"""Check and convert what a store writes: properties of samples, cells and contacts.

It is the same for every database, so that a table means the same in each.  Property names come from users' files: they
are checked here, and quoted with `quoted` wherever they appear in Cypher; values are passed only as parameters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cellgraph.errors import ExistsError, InputError
from cellgraph.model import (
    CELL_COLUMNS,
    CONTACT_COLUMNS,
    EXPANDED_COLUMNS,
    Column,
    Network,
    Sample,
    Type,
    check_sample_name,
    signed,
)
from cellgraph.queries.text import is_quotable
from cellgraph.queries.text import quoted as quoted  # part of what this module offers

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

CELL_TYPES: dict[str, Type] = {column.name: column.type for column in CELL_COLUMNS}
CONTACT_TYPES: dict[str, Type] = {
    column.name: column.type for column in CONTACT_COLUMNS if column.name not in ("cell_a", "cell_b")
}

SAMPLE_TYPES: dict[str, str] = {
    "id": "int",
    "first_id": "int",
    "name": "str",
    "source": "str",
    "shape": "int list",
    "spacing": "float list",
    "unit": "str",
    "background": "int",
    "connectivity": "int",
    "status": "str",
    "loaded": "int",
    "created": "str",
    "version": "str",
    "reading": "str",
    "cells": "int",
    "contacts": "int",
    "cell_properties": "str list",
    "contact_properties": "str list",
    "written": "str",
}
"""Properties of every sample node.

The ids of its cells start at ``first_id``, in order of label; ``loaded`` is when it became visible (milliseconds since
1970, UTC); ``*_properties`` list ``name type`` of the columns; ``written`` is JSON of those written later, and what
they were computed from (see `properties`).
"""

PASSING = ("load", "beat", "checked", "writing")
"""Properties of a sample node in Neo4j while it is being written."""

LONGEST_NAME = 200

ENGINE = frozenset({"rowid"})
"""Property names, in lower case, that the embedded database takes for its own number of a row."""


@dataclass(frozen=True)
class Tables:
    """A network, ready to write.

    Attributes
    ----------
    samples : list of dict
        Properties of the sample nodes, without ``id`` and ``status``; ``first_id`` counts from the first cell.
    sample_of_cell : pyarrow.Array of int64
        Row number in `samples` of each cell.
    cells : pyarrow.Table
        ``sample``, ``label`` and further properties of types int64, double, bool or string.
    contacts : pyarrow.Table
        ``a``, ``b`` (row numbers of cells) and properties.
    """

    samples: list[dict[str, Any]]
    sample_of_cell: pa.Array
    cells: pa.Table
    contacts: pa.Table

    @property
    def names(self) -> list[str]:
        """Names of the samples."""
        return [sample["name"] for sample in self.samples]


def prepare(network: Network) -> Tables:
    """Check a network and convert it to the types that databases store.

    Raises
    ------
    InputError
        For a property whose name or type cannot be stored, cells that are duplicates or in an unknown sample, or
        contacts of cells that do not exist.
    """
    for sample in network.samples:
        check_sample_name(sample.name)
    cells = typed(network.cells, {"sample": "str", **CELL_TYPES}, "cells", reserved=("id",))
    contacts = typed(network.contacts, {"a": "int", "b": "int", **CONTACT_TYPES}, "contacts", reserved=("from", "to"))
    contacts = contacts.select(["a", "b", *(name for name in contacts.column_names if name not in ("a", "b"))])
    sample_of_cell = _sample_of_cell(network.samples, cells)
    _check_labels(sample_of_cell, cells)
    _check_ends(contacts, cells.num_rows)
    cells = _with_totals(cells, contacts)
    return Tables(_sample_rows(network.samples, sample_of_cell, cells, contacts), sample_of_cell, cells, contacts)


def refuse_existing(names: Iterable[str], existing: Iterable[str], database: str) -> None:
    """Raise `ExistsError` if one of the names is among those of the database."""
    there = sorted(set(names) & set(existing))
    if there:
        raise ExistsError(
            f"the sample {there[0]!r} is already in {database}; replace it with --replace, or give the new "
            "one another name with --sample NAME."
        )


def type_of(value: object) -> Type | None:
    """Return the type of a property value, None if it cannot be one."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -(2**63) <= value < 2**63 else None
    if isinstance(value, float):
        return "float"
    return "str" if isinstance(value, str) else None


def check_name(name: str, where: str) -> None:
    """Raise `InputError` for a name that a property cannot have in both databases."""
    if name in ("", "*") or len(name) > LONGEST_NAME or not is_quotable(name) or not name.isprintable():
        raise InputError(
            f"the column {name!r} of {where} cannot be a property: a name must have 1 to {LONGEST_NAME} printable "
            "characters, no backtick and no \\u, and must not be *; rename it."
        )


def typed(table: pa.Table, known: dict[str, Type], where: str, *, reserved: tuple[str, ...]) -> pa.Table:
    """Return a table converted to the types that are stored; `reserved` names are in lower case.

    NaN is stored as null: it is no value, and the embedded database stores another one in place of it.

    Raises
    ------
    InputError
        If a name or a type cannot be stored.
    """
    import pyarrow as pa

    check_names(table.column_names, where, reserved)
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        wanted = known.get(name) or _type_of_column(column.type)
        try:
            if wanted is None:
                raise pa.ArrowInvalid("no such property type")
            columns[name] = _without_nan(column.cast(_arrow_type(wanted)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            expected = {"int": "whole numbers", "float": "numbers", "bool": "true and false", "str": "text"}
            raise InputError(
                f"the column {name!r} of {where} holds {column.type}, but "
                + (f"it must hold {expected[wanted]}." if wanted else f"must hold {', '.join(expected.values())}.")
            ) from None
    return pa.table(columns)


def _without_nan(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return column
    nan = pc.is_nan(column)
    return pc.if_else(nan, pa.scalar(None, column.type), column) if pc.any(nan).as_py() else column


def check_names(names: list[str], where: str, reserved: tuple[str, ...]) -> None:
    """Raise `InputError` for names that properties cannot have, or that a database cannot tell apart."""
    seen: dict[str, str] = {}
    for name in names:
        check_name(name, where)
        if name.lower() in reserved or name.lower() in ENGINE or name.startswith("_"):
            raise InputError(f"the column {name!r} of {where} has a name reserved by the database; rename it.")
        # The embedded database ignores case in names.
        other = seen.setdefault(name.lower(), name)
        if other is not name:
            raise InputError(f"the columns {other!r} and {name!r} of {where} have the same name; rename one of them.")


def _type_of_column(arrow_type: pa.DataType) -> Type | None:
    from pyarrow import types

    if types.is_dictionary(arrow_type):
        arrow_type = arrow_type.value_type
    if types.is_boolean(arrow_type):
        return "bool"
    if types.is_integer(arrow_type):
        return "int"
    if types.is_floating(arrow_type):
        return "float"
    if types.is_string(arrow_type) or types.is_large_string(arrow_type) or types.is_null(arrow_type):
        return "str"
    return None


def _arrow_type(name: Type) -> pa.DataType:
    import pyarrow as pa

    return {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}[name]


def column_types(table: pa.Table) -> dict[str, Type]:
    """Return the name and type of each column of a prepared table."""
    return {field.name: _type_of_column(field.type) or "str" for field in table.schema}


def listed(columns: Iterable[str], of: Literal["cells", "contacts"]) -> tuple[Column, ...]:
    """Return the columns that a sample node lists as ``name type``."""
    columns_of = CELL_COLUMNS if of == "cells" else (*CONTACT_COLUMNS, *EXPANDED_COLUMNS)
    known = {column.name: column for column in columns_of}
    found = []
    for entry in columns:
        name, _, kind = entry.rpartition(" ")
        found.append(known.get(name) or Column(name, kind, "", ""))  # type: ignore[arg-type]
    return tuple(found)


def _sample_of_cell(samples: tuple[Sample, ...], cells: pa.Table) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    names = [sample.name for sample in samples]
    if len(set(names)) != len(names):
        raise InputError("two samples in one load have the same name; give each its own name.")
    rows = pc.index_in(cells["sample"].combine_chunks(), value_set=pa.array(names, pa.string()))
    if rows.null_count:
        unknown = cells["sample"][rows.to_pylist().index(None)].as_py()
        raise InputError(f"a cell belongs to the sample {unknown!r}, which is not among the samples.")
    return rows.cast(pa.int64())


def _check_labels(sample_of_cell: pa.Array, cells: pa.Table) -> None:
    import numpy as np

    if cells["label"].null_count:
        raise InputError("a cell has no label; every cell needs a whole number as its label.")
    samples, labels = sample_of_cell.to_numpy(), cells["label"].to_numpy()
    same = samples[1:] == samples[:-1]
    if np.any(samples[1:] < samples[:-1]) or np.any(same & (labels[1:] < labels[:-1])):
        raise InputError("cells must be sorted by sample and label.")
    twice = np.flatnonzero(same & (labels[1:] == labels[:-1]))
    if twice.size:
        row = int(twice[0])
        name = cells["sample"][row].as_py()
        raise InputError(f"the cell {labels[row]} of the sample {name!r} occurs twice; labels must be unique.")


def _check_ends(contacts: pa.Table, cells: int) -> None:
    import pyarrow.compute as pc

    for end in ("a", "b"):
        column = contacts[end]
        limits = pc.min_max(column).as_py()
        if column.null_count or (len(column) and not 0 <= limits["min"] <= limits["max"] < cells):
            raise InputError(f"the column {end!r} of contacts must hold row numbers of the {cells} cells.")


def _with_totals(cells: pa.Table, contacts: pa.Table) -> pa.Table:
    """Add the degree and the junctions of each cell if the network lacks them.

    As for volumes, a cell counts each neighbour once, regardless of the number and direction of relationships, and its
    junctions are summed over all of them; a relationship to itself counts in neither.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    there = {name.lower() for name in cells.column_names}
    n = cells.num_rows
    a, b = (contacts[end].to_numpy() for end in ("a", "b"))
    other = a != b
    a, b = a[other], b[other]
    if "degree" not in there:
        pairs = np.sort(np.minimum(a, b) * n + np.maximum(a, b))
        pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
        degree = np.bincount(pairs // max(n, 1), minlength=n) + np.bincount(pairs % max(n, 1), minlength=n)
        cells = cells.append_column("degree", pa.array(degree.astype(np.int64)))
    if "junctions" not in there and "junctions" in contacts.column_names:
        each = pc.fill_null(contacts["junctions"], 0).to_numpy()[other]
        total = np.zeros(n, np.int64)
        np.add.at(total, a, each)
        np.add.at(total, b, each)
        _refuse_overflow(cells, total, np.bincount(a, each, n) + np.bincount(b, each, n))
        cells = cells.append_column("junctions", pa.array(total))
    return cells


def _refuse_overflow(cells: pa.Table, total: Array, about: Array) -> None:
    """Refuse sums of 64 bits that have overflowed, which are then far from the sums of floats."""
    import numpy as np

    wrong = np.flatnonzero(np.abs(total - about) > 2.0**62)
    if wrong.size:
        row = int(wrong[0])
        raise InputError(
            f"the junctions of the cell {cells['label'][row]} of the sample {cells['sample'][row].as_py()!r} come to "
            f"about {about[row]:.3g}, but sums go up to {2**63 - 1}; give smaller numbers of junctions."
        )


def _sample_rows(
    samples: tuple[Sample, ...], sample_of_cell: pa.Array, cells: pa.Table, contacts: pa.Table
) -> list[dict[str, Any]]:
    """Return the properties of the sample nodes; a contact between two samples counts in both."""
    import numpy as np

    of_cell = sample_of_cell.to_numpy()
    a, b = (of_cell[contacts[end].to_numpy()] for end in ("a", "b"))
    n = len(samples)
    totals = np.bincount(a, minlength=n) + np.bincount(b[a != b], minlength=n)
    cell_totals = np.bincount(of_cell, minlength=n)
    first = np.cumsum(cell_totals) - cell_totals
    lists = {
        "cell_properties": [f"{name} {kind}" for name, kind in column_types(cells).items() if name != "sample"],
        "contact_properties": [
            f"{name} {kind}" for name, kind in column_types(contacts).items() if name not in ("a", "b")
        ],
    }
    return [
        {
            "first_id": int(first[i]),
            **_sample_row(sample),
            "cells": int(cell_totals[i]),
            "contacts": int(totals[i]),
            **lists,
        }
        for i, sample in enumerate(samples)
    ]


def _sample_row(sample: Sample) -> dict[str, Any]:
    extra = {name: value for name, value in sample.extra.items() if value is not None}
    check_names([*extra], "samples", reserved=tuple(SAMPLE_TYPES))
    for name, value in extra.items():
        if type_of(value) is None:
            raise InputError(f"the column {name!r} of samples holds {value!r}, which cannot be a property.")
    if not sample.name:
        raise InputError("a sample needs a name.")
    return {
        "name": sample.name,
        "source": sample.source,
        "shape": list(sample.shape),
        "spacing": [float(length) for length in sample.spacing],
        "unit": sample.unit,
        "background": None if sample.background is None else signed(sample.background),
        "connectivity": sample.connectivity,
        "created": sample.created,
        "version": sample.version,
        "written": json.dumps(sample.written, ensure_ascii=False) if any(sample.written.values()) else None,
        "reading": sample.reading or None,
        **extra,
    }
