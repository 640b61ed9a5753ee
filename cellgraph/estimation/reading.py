"""Read some cells of a database, or the contacts that come with them: the Cypher of estimates.

Contacts are those of the query `contacts`: every relationship between two different cells, once; for some samples,
those that touch one of their cells.  `cell_a` is the smaller label, and `sample` that of `cell_a`, whatever the
direction in which a contact is stored.  A contact comes with the cell at which it begins or, if that cell is in no
requested sample, with the one at which it ends.

The Cypher is built here instead of in a query file, since its columns are those that a user names; their names are
quoted, and values are parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.estimation.columns import Of, Reference
from cellgraph.stores.tables import quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.stores.contract import Store

Array = np.ndarray[Any, Any]

# An embedded database has no cells of unfinished samples.  There, a match through the sample takes 2 s for 2,000 of 55
# million cells, and one without it 0.05 s (Ladybug 0.20).  Only with numbers in the text, not with parameters, does it
# skip the cells outside the range.
_LOOK_UP = {
    "neo4j": "UNWIND $ids AS i MATCH (c:Cell {id: i}) OPTIONAL MATCH (c)<-[:HAS_CELL]-(s:Sample {status: 'complete'})",
    "ladybug": "UNWIND $ids AS i MATCH (c:Cell {id: i})",
}
_SCAN = {
    "neo4j": "MATCH (s:Sample {{status: 'complete'}})-[:HAS_CELL]->(c:Cell) WHERE c.id >= {first} AND c.id < {stop}",
    "ladybug": "MATCH (c:Cell) WHERE c.id >= {first} AND c.id < {stop}",
}
_OWN = {"neo4j": "s.name", "ladybug": "c.sample"}
_CONTACTS = "MATCH (c)-[t:TOUCHES]->(d:Cell)"
_ARRIVING = "MATCH (c)<-[t:TOUCHES]-(d:Cell)"


@dataclass(frozen=True)
class Found:
    """What was read.

    Attributes
    ----------
    cells : numpy.ndarray of int64, shape (n,)
        Ids of the cells that were looked up, sorted, without duplicates; for a scan for contacts, only cells with some.
    of : numpy.ndarray of int64, shape (m,)
        Id of the cell of each row.
    rows : pyarrow.Table
        m rows: the cells themselves, or their contacts; the columns have the names that the user gave.
    """

    cells: Array
    of: Array
    rows: pa.Table


class CellReader:
    """Reads columns of cells or contacts.

    Parameters
    ----------
    store : Store
    names : sequence of str
        Names of the samples whose cells are wanted.
    of : str
        ``cells`` or ``contacts``.
    columns : iterable of Reference
        The columns to read; those that are counted by hops are left out.
    alone : bool
        Whether these are all samples, so that no contact can begin in another one.
    """

    def __init__(
        self, store: Store, names: Sequence[str], of: Of, columns: Iterable[Reference], *, alone: bool = True
    ) -> None:
        self._store = store
        self._names = list(names)
        self._of = of
        self._columns = {column.name: column for column in columns if not column.hops}
        look_up, self._scan = _LOOK_UP[store.dialect], _SCAN[store.dialect]
        returned = ["c.id AS id", f"{_OWN[store.dialect]} AS own"]
        if of == "contacts":
            returned.append("d.id AS other")
            if self._ENDS & set(self._columns):
                returned += ["c.label AS label", "d.label AS other_label"]
            if self._ENDS & set(self._columns) or not alone:
                returned.append("d.sample AS other_sample")
        returned += [
            f"{self._source(name)} AS p{number}"
            for number, name in enumerate(self._columns)
            if name != "sample" and not (of == "contacts" and name in self._ENDS)
        ]
        told = f"RETURN {', '.join(returned)}"
        if of == "cells":
            self._looked_up = [f"{look_up} {told}"]
            self._scanned = [told]
            return
        # OPTIONAL in a look-up, as a cell without contacts counts too.  It also makes Ladybug (0.22) read only the
        # contacts of these cells; without it, it scans all as soon as a property of the other cell is needed.
        ways = (_CONTACTS,) if alone else (_CONTACTS, _ARRIVING)
        self._looked_up = [f"{look_up} OPTIONAL {way} {told}" for way in ways]
        self._scanned = [f"{way} {told}" for way in ways]

    _ENDS = frozenset({"cell_a", "cell_b", "sample"})

    def look_up(self, ids: Array) -> Found:
        """Read the cells with some ids; ids that are not of cells in the samples are left out."""
        return self._found(self._looked_up, {"ids": ids.tolist()})

    def scan(self, first: int, stop: int) -> Found:
        """Read all cells of the samples with ids in ``[first, stop)``, or their contacts."""
        scan = self._scan.format(first=first, stop=stop)
        return self._found([f"{scan} {told}" for told in self._scanned], {})

    def limits(self, column: Reference) -> tuple[float, float] | None:
        """Return the smallest and largest value of a column of cells; None if there are no numbers."""
        source = self._source(column.name)
        statement = f"MATCH (c:Cell) WHERE c.sample IN $names RETURN min({source}) AS low, max({source}) AS high"
        found = self._store.run(statement, {"names": self._names}, name="estimate").to_pylist()[0]
        low, high = found["low"], found["high"]
        if low is None or not (math.isfinite(low) and math.isfinite(high)):
            return None
        return float(low), float(high)

    def _source(self, name: str) -> str:
        """Return the Cypher that gives a column."""
        return f"{'t' if self._of == 'contacts' else 'c'}.{quoted(name)}"

    def _found(self, statements: list[str], parameters: dict[str, Any]) -> Found:
        import pyarrow as pa

        tables = [self._read(statement, parameters, arriving=n > 0) for n, statement in enumerate(statements)]
        cells = np.unique(np.concatenate([table["id"].to_numpy() for table in tables]))
        if self._of == "contacts":
            tables = [_between_two(table) for table in tables]
        table = pa.concat_tables(tables, promote_options="permissive") if len(tables) > 1 else tables[0]
        kinds = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}
        ends = _ends(table) if "label" in table.column_names else {"sample": table["own"]}
        rows = {
            name: (ends[name] if name in ends else table[f"p{number}"]).cast(kinds[column.type])
            for number, (name, column) in enumerate(self._columns.items())
        }
        # One column is always present, or a table would have no rows.
        return Found(cells, table["id"].to_numpy(), pa.table({**rows, " ": table["id"]}))

    def _read(self, statement: str, parameters: dict[str, Any], *, arriving: bool) -> pa.Table:
        """Return the rows of a statement at cells of the samples; of arriving contacts, those from other samples."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names = pa.array(self._names, pa.string())
        table = self._store.run(statement, parameters, name="estimate")
        table = table.filter(pc.is_in(table["own"], value_set=names))
        if arriving:
            table = table.filter(pc.invert(pc.is_in(table["other_sample"], value_set=names)))
        return table


def _between_two(table: pa.Table) -> pa.Table:
    """Return the rows that are contacts between two different cells."""
    import pyarrow.compute as pc

    return table.filter(pc.and_(pc.is_valid(table["other"]), pc.not_equal(table["id"], table["other"])))


def _ends(table: pa.Table) -> dict[str, Any]:
    """Return the ends of contacts in the order of the query `contacts`, and the sample of the first."""
    import pyarrow.compute as pc

    label, other = table["label"], table["other_label"]
    same = pc.equal(label, other)
    first = pc.or_(pc.less(label, other), pc.and_(same, pc.less(table["own"], table["other_sample"])))
    return {
        "cell_a": pc.if_else(first, label, other),
        "cell_b": pc.if_else(first, other, label),
        "sample": pc.if_else(first, table["own"], table["other_sample"]),
    }
