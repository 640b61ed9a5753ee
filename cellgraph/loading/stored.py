"""Read samples back from a database as networks, with every property and its type."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.model import Column, Network, Sample
from cellgraph.stores import Store
from cellgraph.stores.properties import NEAR_WITHIN, without_near
from cellgraph.stores.tables import PASSING, SAMPLE_TYPES, check_name, listed, quoted

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_AT_ONCE = 2_000_000

_COMPLETE = "MATCH (s:Sample {status: 'complete'})"
_NOT_KEPT = {*SAMPLE_TYPES, *PASSING, NEAR_WITHIN}


@dataclass(frozen=True)
class Entry:
    """What a database says about one sample."""

    id: int
    loaded: int | None
    rows: int
    columns: tuple[tuple[str, ...], tuple[str, ...]]
    sample: Sample
    has_near: bool = False


@dataclass(frozen=True)
class Stored:
    """Some samples of a database."""

    store: Store
    entries: tuple[Entry, ...]

    @property
    def names(self) -> list[str]:
        """Names of the samples."""
        return [entry.sample.name for entry in self.entries]

    def networks(self) -> Iterator[tuple[Network, int]]:
        """Yield the samples as networks; samples with contacts between them share a network.

        Each comes with the number of contacts left out because they end in a sample that is not among these.
        """
        for group in _groups(self.entries, _linked(self.store, self.entries)):
            yield _network(self.store, group)

    def has_changed(self) -> bool:
        """Whether a sample has been replaced or deleted since."""
        now = {row["id"]: row["loaded"] for row in _versions(self.store)}
        return any(entry.id not in now or now[entry.id] != entry.loaded for entry in self.entries)


def stored_samples(store: Store, names: Sequence[str]) -> Stored:
    """Return samples of a database, given their names."""
    wanted = set(names)
    rows = [row for row in _versions(store) if row["name"] in wanted]
    return Stored(store, tuple(_entry(store, row["id"], row["loaded"]) for row in rows))


def _versions(store: Store) -> list[dict[str, Any]]:
    cypher = f"{_COMPLETE} RETURN s.id AS id, s.name AS name, s.loaded AS loaded ORDER BY id"
    rows: list[dict[str, Any]] = store.run(cypher, name="copy").to_pylist()
    return rows


def _entry(store: Store, sample: int, loaded: int | None) -> Entry:
    match = f"{_COMPLETE} WHERE s.id = $id RETURN"
    node = store.run(f"{match} s AS node", {"id": sample}, name="copy")["node"][0].as_py()
    names = [name for name in json.loads(node) if not name.startswith("_")]
    for name in names:
        check_name(name, "samples")
    # One by one, since JSON cannot represent every number.
    listing = ", ".join(f"s.{quoted(name)} AS p{number}" for number, name in enumerate(names))
    row = store.run(f"{match} {listing}", {"id": sample}, name="copy").to_pylist()[0]
    values = dict(zip(names, row.values(), strict=True))
    made = Sample(
        name=values["name"],
        source=values.get("source") or "",
        shape=tuple(values.get("shape") or ()),
        spacing=tuple(values.get("spacing") or ()),
        unit=values.get("unit") or "voxel",
        background=values.get("background"),
        connectivity=values.get("connectivity") or 0,
        version=values.get("version") or "",
        created=values.get("created") or "",
        reading=values.get("reading") or "",
        extra={name: value for name, value in values.items() if name not in _NOT_KEPT},
        written=without_near(json.loads(values.get("written") or "{}")),
    )
    columns = (tuple(values.get("cell_properties") or ()), tuple(values.get("contact_properties") or ()))
    return Entry(sample, loaded, values["cells"] + values["contacts"], columns, made, NEAR_WITHIN in values)


def _linked(store: Store, entries: Sequence[Entry]) -> dict[int, int]:
    """Map the id of each sample to one that represents all samples linked to it by contacts."""
    root = {entry.id: entry.id for entry in entries}
    given = [entry.id for entry in entries if entry.sample.connectivity == 0]  # the rest are unlinked
    if len(given) < 2:
        return root

    def find(sample: int) -> int:
        while root[sample] != sample:
            sample = root[sample]
        return sample

    links = store.run(
        "MATCH (s:Sample)-[:HAS_CELL]->(:Cell)-[:TOUCHES]->(:Cell)<-[:HAS_CELL]-(o:Sample) "
        "WHERE s.connectivity = 0 AND s.id <> o.id RETURN DISTINCT s.id AS a, o.id AS b",
        name="copy",
    ).to_pylist()
    for link in links:
        if link["a"] in root and link["b"] in root:
            root[find(link["a"])] = find(link["b"])
    return {sample: find(sample) for sample in root}


def _groups(entries: Sequence[Entry], linked: dict[int, int]) -> Iterator[list[Entry]]:
    """Yield groups of samples to read together: linked ones, and small ones with the same columns."""
    together: dict[int, list[Entry]] = {}
    for entry in entries:
        together.setdefault(linked[entry.id], []).append(entry)
    group: list[Entry] = []
    rows = 0
    for part in together.values():
        size = sum(entry.rows for entry in part)
        if group and (rows + size > _ROWS_AT_ONCE or group[0].columns != part[0].columns):
            yield group
            group, rows = [], 0
        group, rows = [*group, *part], rows + size
    if group:
        yield group


def _network(store: Store, group: Sequence[Entry]) -> tuple[Network, int]:
    import numpy as np
    import pyarrow as pa

    ids = [entry.id for entry in group]
    cell_columns = listed(dict.fromkeys(text for entry in group for text in entry.columns[0]), "cells")
    contact_columns = listed(dict.fromkeys(text for entry in group for text in entry.columns[1]), "contacts")
    own = "MATCH (s:Sample)-[:HAS_CELL]->(c:Cell) WHERE s.id IN $ids"
    found = _ask(store, f"{own} RETURN s.id AS s, c.id AS id", "c", cell_columns, ids)
    position = np.empty(max(ids) + 1, np.int64)
    position[ids] = np.arange(len(ids))
    of_cell = position[found["s"].to_numpy()]
    order = np.lexsort((found["label"].to_numpy(), of_cell))
    cells = found.select([column.name for column in cell_columns]).take(order)
    names = pa.array([entry.sample.name for entry in group], pa.string())
    cells = cells.add_column(0, "sample", names.take(pa.array(of_cell[order])))
    by_id = np.argsort(found["id"].to_numpy()[order])
    sorted_ids = found["id"].to_numpy()[order][by_id]
    links = _ask(
        store,
        "MATCH (s:Sample)-[:HAS_CELL]->(c:Cell)-[t:TOUCHES]->(d:Cell) WHERE s.id IN $ids RETURN c.id AS a, d.id AS b",
        "t",
        contact_columns,
        ids,
    )
    a, b = links["a"].to_numpy(), links["b"].to_numpy()
    place = np.minimum(np.searchsorted(sorted_ids, b), max(len(sorted_ids) - 1, 0))
    known = sorted_ids[place] == b if len(sorted_ids) else np.zeros(len(b), bool)
    start, end = by_id[np.searchsorted(sorted_ids, a[known])], by_id[place[known]]
    rows = np.flatnonzero(known)
    sequence = np.lexsort((end, start))
    contacts = links.select([column.name for column in contact_columns]).take(rows[sequence])
    contacts = contacts.add_column(0, "b", pa.array(end[sequence])).add_column(0, "a", pa.array(start[sequence]))
    return Network(tuple(entry.sample for entry in group), cells, contacts), int(len(b) - known.sum())


def _ask(store: Store, cypher: str, variable: str, columns: Sequence[Column], ids: list[int]) -> pa.Table:
    """Return rows of two ids, and of columns cast to the types they are listed with."""
    import pyarrow as pa

    for column in columns:
        check_name(column.name, "the database")
    further = "".join(f", {variable}.{quoted(column.name)} AS p{number}" for number, column in enumerate(columns))
    rows = store.run(cypher + further, {"ids": ids}, name="copy")
    kinds = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}
    first = rows.column_names[:2]
    made = {name: rows[name].cast(pa.int64()) for name in first}
    for number, column in enumerate(columns):
        made[column.name] = rows[f"p{number}"].cast(kinds[column.type])
    return pa.table(made)
