"""Build the bare graph from two tables of a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.stores.contract import Over, Topology
from cellgraph.stores.tables import CONTACT_TYPES

PROPERTY = "of_"
"""Prefix of numbered table columns that hold properties, in order."""

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def relationship_types(over: Over) -> tuple[str, ...]:
    """Return the relationship types to follow."""
    return {"contacts": ("TOUCHES",), "near": ("NEAR",), "both": ("TOUCHES", "NEAR")}[over]


def together(parts: Sequence[pa.Table]) -> pa.Table:
    """Concatenate tables of relationships of several types; all-null columns take the type of the others."""
    import pyarrow as pa

    if len(parts) == 1:
        return parts[0]
    columns = {}
    for name in parts[0].column_names:
        known = [part[name].type for part in parts if part[name].null_count < part.num_rows]
        kind = known[0] if known else parts[0][name].type
        of_nulls = [part[name].null_count == part.num_rows for part in parts]
        chunks = [
            pa.nulls(part.num_rows, kind) if nothing else part[name].combine_chunks()
            for part, nothing in zip(parts, of_nulls, strict=True)
        ]
        columns[name] = pa.concat_arrays(chunks)
    return pa.table(columns)


def bare(
    cells: pa.Table, contacts: pa.Table, of_cells: Sequence[str] = (), of_contacts: Sequence[str] = ()
) -> Topology:
    """Return cells sorted by (sample, label), and the contacts with both cells among them.

    Parameters
    ----------
    cells : pyarrow.Table
        Columns ``id``, ``sample`` (string) and ``label``, and ``of_0``, ``of_1``, … for properties.
    contacts : pyarrow.Table
        Columns ``a`` and ``b``: ids of cells; and ``of_0``, … for properties.
    of_cells, of_contacts : sequence of str
        Names of these properties.
    """
    import numpy as np

    ids, labels = cells["id"].to_numpy(), cells["label"].to_numpy()
    names, codes = _coded(cells["sample"])
    order = np.lexsort((labels, codes))
    row_of = _rows(ids[order])
    a, b = row_of(contacts["a"].to_numpy()), row_of(contacts["b"].to_numpy())
    known = (a >= 0) & (b >= 0)
    if not known.all():
        a, b, contacts = a[known], b[known], contacts.filter(known)
    return Topology(
        names[codes[order]], labels[order], a, b,
        {name: _whole(cells[f"{PROPERTY}{n}"]).take(order) for n, name in enumerate(of_cells)},
        {name: _typed(_whole(contacts[f"{PROPERTY}{n}"]), name) for n, name in enumerate(of_contacts)},
    )  # fmt: skip


def _typed(column: pa.Array, name: str) -> pa.Array:
    """Return a column of contacts; an all-null one gets the type from the model, since no database reports it."""
    import pyarrow as pa

    kind = {"int": pa.int64(), "float": pa.float64()}.get(CONTACT_TYPES.get(name, ""))
    return pa.nulls(len(column), kind) if kind is not None and column.null_count == len(column) else column


def _whole(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    whole = column.combine_chunks()
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _coded(samples: pa.ChunkedArray) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the sorted names, and for each cell the index of its name."""
    import numpy as np
    import pyarrow as pa

    encoded = samples.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    names = np.array(encoded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(names) if len(names) else np.empty(0, np.int64)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return names[order], rank[encoded.indices.to_numpy()]


def _rows(ids: np.ndarray[Any, Any]) -> Any:
    """Return a function from ids to row numbers, -1 for an unknown id."""
    import numpy as np

    if not len(ids):
        return lambda wanted: np.full(len(wanted), -1)
    first, span = int(ids.min()), int(ids.max() - ids.min()) + 1
    if span <= 4 * len(ids) + 1_000_000:  # ids of one load are consecutive
        row = np.full(span + 1, -1)
        row[ids - first] = np.arange(len(ids))
        return lambda wanted: row[np.where((wanted < first) | (wanted >= first + span), span, wanted - first)]
    order = np.argsort(ids)

    def find(wanted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        place = order[np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)]
        return np.where(ids[place] == wanted, place, -1)

    return find
