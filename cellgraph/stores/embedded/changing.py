"""Write properties to cells and samples of the embedded database after their load.

``SET`` takes 9 µs per value and requires copying the file first; a new file takes 1.5 µs per row of cells and contacts,
whatever is written (0.20).  ``ALTER TABLE … DROP`` crashes the process after a ``SET`` (0.20), so columns are dropped
only by making a new file.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.model import Report
from cellgraph.stores.embedded import schema
from cellgraph.stores.embedded.access import Draft, execute
from cellgraph.stores.embedded.append import copy
from cellgraph.stores.embedded.fitting import fitted_change
from cellgraph.stores.embedded.rewrite import arrow, carry_cells, carry_samples
from cellgraph.stores.embedded.smallest import brings_smallest, holds_smallest
from cellgraph.stores.properties import Change, State
from cellgraph.stores.tables import CELL_TYPES, column_types, quoted, type_of

if TYPE_CHECKING:
    import ladybug
    import numpy as np
    import pyarrow as pa

SMALL = 100_000
"""Number of values up to which they are always set in a copy of the file."""

_ROWS_A_VALUE = 6
_numbers = itertools.count()


def nodes(connection: ladybug.Connection | None) -> list[dict[str, Any]]:
    """Return the nodes of the samples with all their properties; none if there is no database."""
    if connection is None or "Sample" not in schema.tables(connection):
        return []
    return [row[0] for row in schema.rows(connection, "MATCH (s:Sample {status: 'complete'}) RETURN s ORDER BY s.id")]


def labels_of(connection: ladybug.Connection, state: State) -> np.ndarray[Any, Any]:
    """Return the labels of the cells of a sample, in order of id."""
    labels: np.ndarray[Any, Any] = _cells(connection, state, ["label"])["p0"].to_numpy()
    return labels


def apply_changes(draft: Draft, changes: Sequence[Change], report: Report | None) -> None:
    """Write the next version of a file, with some properties added or removed."""
    cells = sum(change.cells.num_rows for change in changes)
    if not cells:
        report = None
    if report is not None:
        report("properties", 0, cells)
    with draft.old() as old:
        assert old is not None
        dropped = _unlisted(old, changes)
        changes = [fitted_change(old, change, dropped) for change in changes]
        smallest = holds_smallest(old)
        compression = not (smallest or brings_smallest(*(change.cells for change in changes)))
        without_near = {change.state.id for change in changes if change.without_near}
        anew = bool(without_near) or _is_large(old, changes) or _is_in_the_way(old, changes, dropped)
        anew = anew or not (smallest or compression)
        if anew:
            with draft.opened(compression=False) as connection:
                schema.create(connection)
                carry_samples(old, connection, dropped=dropped)
                _extend(connection, changes)
            with draft.opened(compression=compression) as connection:
                carry_cells(
                    old,
                    connection,
                    dropped=dropped,
                    changed=lambda cells: _changed(cells, changes),
                    without_near=without_near,
                )
        else:
            draft.copy()
            with draft.opened(compression=False) as connection:
                schema.create(connection)
                _extend(connection, changes)
            with draft.opened(compression=compression) as connection:
                for change in changes:
                    _set(connection, change)
    with draft.opened(compression=compression) as connection:
        for change in changes:
            if change.near is not None:
                copy(connection, "NEAR", change.near, ends=2)
    with draft.opened(compression=False) as connection:
        for change in changes:
            _set_node(connection, change)
            _verify(connection, change)
    if report is not None:
        report("properties", cells, cells)


def _unlisted(old: ladybug.Connection, changes: Sequence[Change]) -> set[str]:
    """Return the cell columns whose present values will no longer be listed by any sample."""
    listed = {node["id"]: {entry.rpartition(" ")[0] for entry in node["cell_properties"]} for node in nodes(old)}
    for change in changes:
        listed[change.state.id] -= {*change.cells.column_names, *change.removed}
    return set(schema.columns(old, "Cell")) - {"id", "sample", *CELL_TYPES}.union(*listed.values())


def _is_large(old: ladybug.Connection, changes: Sequence[Change]) -> bool:
    values = sum(change.state.cells * (change.cells.num_columns + len(change.removed)) for change in changes)
    rows = int(schema.rows(old, "MATCH (s:Sample) RETURN sum(s.cells + s.contacts)")[0][0])
    return bool(values > SMALL and values * _ROWS_A_VALUE > rows)


def _is_in_the_way(old: ladybug.Connection, changes: Sequence[Change], dropped: set[str]) -> bool:
    """Whether a column that is no longer listed has the name of a new one, but another type or case."""
    there = {name.lower(): (name, kind) for name, kind in schema.columns(old, "Cell").items() if name in dropped}
    wanted = {name: kind for change in changes for name, kind in column_types(change.cells).items()}
    ours = {name.lower(): (name, schema.LADYBUG_TYPES[kind]) for name, kind in wanted.items()}
    return any(there.get(name, own) != own for name, own in ours.items())


def _extend(connection: ladybug.Connection, changes: Sequence[Change]) -> None:
    for change in changes:
        schema.add(connection, "Cell", column_types(change.cells), "cells")
        kinds = {name: type_of(value) for name, value in change.of_sample.items()}
        schema.add(connection, "Sample", {name: kind for name, kind in kinds.items() if kind}, "samples")


def _set(connection: ladybug.Connection, change: Change) -> None:
    """Set values on existing cells; the columns exist."""
    import numpy as np
    import pyarrow as pa

    state = change.state
    if change.cells.num_columns and state.cells:
        # Names of parameters and columns: see `append.copy`.
        rows = f"values{next(_numbers)}"
        names = change.cells.column_names
        ids = pa.array(np.arange(state.first_id, state.first_id + state.cells))
        data = pa.table([ids, *change.cells.columns], [f"c{number}" for number in range(len(names) + 1)])
        sets = ", ".join(f"c.{quoted(name)} = c{number + 1}" for number, name in enumerate(names))
        execute(connection, f"LOAD FROM ${rows} MATCH (c:Cell {{id: c0}}) SET {sets}", {rows: data})
    if change.removed:
        sets = ", ".join(f"c.{quoted(name)} = NULL" for name in change.removed)
        span = {"low": state.first_id, "high": state.first_id + state.cells}
        execute(connection, f"MATCH (c:Cell) WHERE c.id >= $low AND c.id < $high SET {sets}", span)


def _changed(cells: pa.Table, changes: Sequence[Change]) -> pa.Table:
    """Return cells of some samples, sorted by id, with the changes that apply to them."""
    import numpy as np
    import pyarrow as pa

    ids = cells["id"].to_numpy()
    for change in changes:
        state = change.state
        place = ids - state.first_id
        own = (place >= 0) & (place < state.cells)
        if not own.any():
            continue
        rows = pa.array(np.where(own, place, 0), mask=~own)
        for field in change.cells.schema:
            cells = _merged(cells, field, own, change.cells[field.name].take(rows))
        for name in change.removed:
            if name in cells.column_names:  # otherwise all samples lose it
                field = cells.schema.field(name)
                cells = _merged(cells, field, own, pa.nulls(len(own), field.type))
    return cells


def _merged(cells: pa.Table, field: pa.Field, own: np.ndarray[Any, Any], values: Any) -> pa.Table:
    """Return cells with new values in the `own` rows; the others keep theirs, or have none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if field.name not in cells.column_names:
        return cells.append_column(field, values)
    merged = pc.if_else(pa.array(own), values, cells[field.name])
    return cells.set_column(cells.column_names.index(field.name), field, merged)


def _set_node(connection: ladybug.Connection, change: Change) -> None:
    node = change.node
    sets = ", ".join(
        f"s.{quoted(name)} = " + ("NULL" if value is None else f"$p{number}")
        for number, (name, value) in enumerate(node.items())
    )
    values = {f"p{number}": value for number, value in enumerate(node.values()) if value is not None}
    connection.execute(f"MATCH (s:Sample) WHERE s.id = $id SET {sets}", {"id": change.state.id, **values})


def _verify(connection: ladybug.Connection, change: Change) -> None:
    """Raise `StoreError` if the values read back differ from those written."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if change.near is not None:
        span = {"low": change.state.first_id, "high": change.state.first_id + change.state.cells}
        every = "MATCH (c:Cell)-[n:NEAR]->(:Cell) WHERE c.id >= $low AND c.id < $high RETURN count(n)"
        if schema.rows(connection, every, **span)[0][0] != change.near.num_rows:
            raise StoreError(
                "the database returned another number of NEAR relationships than were written; nothing was changed."
            )
    names = change.cells.column_names
    if not names:
        return
    found = _cells(connection, change.state, names)
    for number, name in enumerate(names):
        wanted, there = change.cells[name].combine_chunks(), found[f"p{number}"].combine_chunks()
        same = wanted.is_null().equals(there.is_null())
        wanted, there = pc.drop_null(wanted), pc.drop_null(there)
        if same and pa.types.is_floating(wanted.type):
            same = np.array_equal(wanted.to_numpy(), there.to_numpy(), equal_nan=True)
        elif same:
            same = wanted.equals(there.cast(wanted.type))
        if not same:
            raise StoreError(f"the database returned other values of {name!r} than were written; nothing was changed.")


def _cells(connection: ladybug.Connection, state: State, names: Sequence[str]) -> pa.Table:
    """Return columns p0, p1, … of the cells of a sample, in order of id."""
    listed = ", ".join(f"c.{quoted(name)} AS p{number}" for number, name in enumerate(names))
    return arrow(
        connection,
        f"MATCH (c:Cell) WHERE c.id >= $low AND c.id < $high RETURN c.id AS id, {listed} ORDER BY c.id",
        low=state.first_id,
        high=state.first_id + state.cells,
    )
