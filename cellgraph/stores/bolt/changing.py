"""Write properties to cells and samples in Neo4j after their load.

Values are written in many transactions, as cells are.  Before the first, the sample stops listing the properties that
change, and records their names (``writing``) and the owner of the write; the last transaction lists the result.
Leftovers of a killed write are not listed, and the next write removes them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.errors import StoreError
from cellgraph.model import Report
from cellgraph.stores.bolt import owner
from cellgraph.stores.bolt.claim import beat
from cellgraph.stores.bolt.foreign import SAMPLE
from cellgraph.stores.bolt.send import Stream, send
from cellgraph.stores.properties import NEAR_WITHIN, Change, State, chosen_states, without_near
from cellgraph.stores.tables import quoted

if TYPE_CHECKING:
    import neo4j
    import numpy as np
    import pyarrow as pa

    from cellgraph.stores.bolt.connection import Connection

_CELLS_AT_ONCE = 10_000
_NEAR = "*"
"""Stands for ``NEAR`` relationships among the names being written; no property can have this name."""
_COMPLETE = f"MATCH (s:Sample {{status: 'complete'}}) WHERE {SAMPLE}"
_OURS = "MATCH (s:Sample {id: $sample, status: 'complete'}) WHERE s.load = $load"


def states(connection: Connection, samples: Sequence[str]) -> list[State]:
    """Return the states of samples; see `chosen_states`."""
    rows = connection.read(f"{_COMPLETE} RETURN properties(s)")
    return chosen_states((row[0] for row in rows), samples)


def labels_of(connection: Connection, state: State) -> np.ndarray[Any, Any]:
    """Return the labels of the cells of a sample, in order of id."""
    import numpy as np

    found = np.empty((2, 0), np.int64)
    for start, end in _spans(state):
        rows = connection.read(
            "MATCH (c:Cell) WHERE $start <= c.id < $end RETURN collect(c.id), collect(c.label)", start=start, end=end
        )
        found = np.concatenate([found, np.array(rows[0], np.int64)], axis=1)
    labels: np.ndarray[Any, Any] = found[1][np.argsort(found[0])]
    return labels


def apply_changes(connection: Connection, changes: Sequence[Change], load: str, report: Report | None) -> None:
    """Write values of cells, and finally list them."""
    connection.transact(lambda transaction: _begin(transaction, connection.uri, changes, load))
    for change in changes:
        _write(connection, change, load, report)
    connection.transact(lambda transaction: _finish(transaction, connection.uri, changes, load))


def abandon(connection: Connection, load: str) -> None:
    """Abandon what a write has written so far; the next writer removes it."""
    connection.write("MATCH (s:Sample) WHERE s.load = $load AND s.writing IS NOT NULL REMOVE s.load, s.beat", load=load)


def remove_unlisted(connection: Connection, load: str) -> None:
    """Remove the values that dead writes left on cells."""
    rows = connection.read(
        f"{_COMPLETE} AND s.writing IS NOT NULL "
        "RETURN properties(s), s.writing, s.load, coalesce((timestamp() - s.beat) / 1000.0, 0.0)"
    )
    for node, names, writer, silent in rows:
        if owner.is_alive(writer, silent):
            continue
        state = chosen_states([node], [node["name"]])[0]
        taken = connection.write(
            "MATCH (s:Sample {id: $sample, status: 'complete'}) WHERE coalesce(s.load, '') = $writer "
            "SET s.load = $load, s.beat = timestamp()",
            sample=state.id,
            writer=writer or "",
            load=load,
        )
        if taken.counters.properties_set:
            _remove(connection, state, names, load)
            connection.write(f"{_OURS} REMOVE s.writing, s.load, s.beat", sample=state.id, load=load)


def _begin(transaction: neo4j.Transaction, uri: str, changes: Sequence[Change], load: str) -> None:
    """Take over the samples: stop listing what changes, and record it."""
    for change in changes:
        state = change.state
        row = transaction.run(
            f"{_COMPLETE} AND s.id = $sample SET s.checked = true REMOVE s.checked "  # locks it before it is read
            "RETURN s.cell_properties AS listed, s.load AS load, "
            "coalesce((timestamp() - s.beat) / 1000.0, 0.0) AS silent",
            sample=state.id,
        ).single()
        if row is not None and row["load"] and owner.is_alive(row["load"], row["silent"]):
            raise StoreError(
                f"properties of the sample {state.name!r} are being written in {uri} right now by "
                f"{owner.shown(row['load'])}; wait for it, and run this again."
            )
        if row is None or tuple(row["listed"]) != state.cell_properties:
            raise StoreError(f"the sample {state.name!r} in {uri} has changed in the meantime; run this again.")
        names = [*change.cells.column_names, *change.removed, *([_NEAR] if _touches_near(change) else [])]
        if change.near is not None and not state.has_near:
            _refuse_near(transaction, uri, state)
        listed = [entry for entry in state.cell_properties if entry.rpartition(" ")[0] not in names]
        transaction.run(
            "MATCH (s:Sample {id: $sample}) SET s.cell_properties = $listed, s.writing = $names, s.load = $load, "
            "s.beat = timestamp(), s.loaded = timestamp()"
            + (f", s.written = $written REMOVE s.{NEAR_WITHIN}" if _touches_near(change) else ""),
            written=json.dumps(without_near(state.written)),
            sample=state.id,
            listed=listed,
            names=names,
            load=load,
        ).consume()


def _finish(transaction: neo4j.Transaction, uri: str, changes: Sequence[Change], load: str) -> None:
    for change in changes:
        row = transaction.run(
            f"{_OURS} SET s += $node, s.loaded = timestamp() REMOVE s.writing, s.load, s.beat RETURN s.id",
            sample=change.state.id,
            load=load,
            node=change.node,
        ).single()
        if row is None:
            raise lost(uri, change.state)


def lost(uri: str, state: State) -> StoreError:
    """Return the error for a write whose sample someone else has replaced, deleted or taken over."""
    return StoreError(
        f"the sample {state.name!r} in {uri} was replaced or deleted while its properties were being written, or the "
        "write was silent for too long and was presumed dead; none of these properties are visible: run this again."
    )


def _write(connection: Connection, change: Change, load: str, report: Report | None) -> None:
    state = change.state
    _remove(connection, state, [*change.removed, *([_NEAR] if change.without_near else [])], load)

    def write(stream: Stream, what: str) -> None:
        def alive(done: int) -> None:
            beat(connection, load)
            if report is not None:
                report(what, done, stream.rows.num_rows)

        alive(0)
        send(connection, stream, lost=lambda: lost(connection.uri, state), alive=alive, every=owner.BEAT)

    if change.cells.num_columns and state.cells:
        write(_stream(change, load), "properties")
    if change.near is not None and change.near.num_rows:
        write(_near_stream(change.near, state, load), "near")


def _stream(change: Change, load: str) -> Stream:
    import numpy as np
    import pyarrow as pa

    state, names = change.state, change.cells.column_names
    ids = pa.array(np.arange(state.first_id, state.first_id + state.cells))
    parameters = ["id", *(f"c{number}" for number in range(len(names)))]
    sets = ", ".join(f"c.{quoted(name)} = $c{number}[i]" for number, name in enumerate(names))
    return Stream(
        pa.table([ids, *change.cells.columns], parameters),
        f"{_OURS} UNWIND range(0, size($id) - 1) AS i MATCH (c:Cell {{id: $id[i]}}) SET {sets} RETURN count(c)",
        lambda rows: {
            "sample": state.id,
            "load": load,
            **{name: rows[name].to_pylist() for name in rows.column_names},
        },
        lambda answer: int(answer[0]),
    )


def _touches_near(change: Change) -> bool:
    return change.near is not None or change.without_near


def _refuse_near(transaction: neo4j.Transaction, uri: str, state: State) -> None:
    """Refuse ``NEAR`` relationships that cellgraph did not write."""
    row = transaction.run(
        "MATCH (s:Sample {id: $sample}) WHERE s.writing IS NULL "
        "MATCH (s)-[:HAS_CELL]->(:Cell)-[r:NEAR]-() RETURN type(r) LIMIT 1",
        sample=state.id,
    ).single()
    if row is not None:
        raise StoreError(
            f"cells of the sample {state.name!r} in {uri} have relationships :NEAR that cellgraph did not write; "
            "rename or delete these first. Nothing was written."
        )


def _near_stream(near: pa.Table, state: State, load: str) -> Stream:
    return Stream(
        near,
        f"{_OURS} UNWIND range(0, size($a) - 1) AS i MATCH (c:Cell {{id: $a[i]}}) MATCH (d:Cell {{id: $b[i]}}) "
        "CREATE (c)-[:NEAR {distance: $distance[i]}]->(d) RETURN count(c)",
        lambda rows: {
            "sample": state.id,
            "load": load,
            **{name: rows[name].to_pylist() for name in rows.column_names},
        },
        lambda answer: int(answer[0]),
    )


def _remove(connection: Connection, state: State, names: Sequence[str], load: str) -> None:
    """Remove properties from the cells of a sample, and ``NEAR`` relationships."""
    if _NEAR in names:
        for start, end in _spans(state):
            connection.write(
                f"{_OURS} MATCH (c:Cell)-[r:NEAR]->(:Cell) WHERE $start <= c.id < $end DELETE r",
                sample=state.id,
                load=load,
                start=start,
                end=end,
            )
            beat(connection, load)
    names = [name for name in names if name != _NEAR]
    if not names:
        return
    removed = ", ".join(f"c.{quoted(name)}" for name in names)
    for start, end in _spans(state):
        connection.write(
            f"{_OURS} MATCH (c:Cell) WHERE $start <= c.id < $end REMOVE {removed}",
            sample=state.id,
            load=load,
            start=start,
            end=end,
        )
        beat(connection, load)


def _spans(state: State) -> list[tuple[int, int]]:
    end = state.first_id + state.cells
    return [(start, min(start + _CELLS_AT_ONCE, end)) for start in range(state.first_id, end, _CELLS_AT_ONCE)]
