"""Reading some cells of a database, or the contacts that begin at them: the Cypher of early answers.

It is put together here, and is no file among the queries, since its columns are those that a user names; their names
are quoted, and values are parameters.
"""

from __future__ import annotations

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

_LOOK_UP = "UNWIND $ids AS i MATCH (c:Cell {id: i}) OPTIONAL MATCH (c)<-[:HAS_CELL]-(s:Sample {status: 'complete'})"
_SCAN = "MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) WHERE c.id >= $first AND c.id < $stop"
_CONTACTS = "MATCH (c)-[t:TOUCHES]->(d:Cell)"


@dataclass(frozen=True)
class Found:
    """What was read.

    Attributes
    ----------
    cells : numpy.ndarray of int64, shape (n,)
        Ids of the cells that were looked up, sorted, each once; of a scan for contacts only those that have some.
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
        Of the samples whose cells are wanted.
    of : str
        ``cells`` or ``contacts``.
    columns : iterable of Reference
        What is read; those that are counted by hops are left out.
    """

    def __init__(self, store: Store, names: Sequence[str], of: Of, columns: Iterable[Reference]) -> None:
        self._store = store
        self._names = list(names)
        self._of = of
        self._columns = {column.name: column for column in columns if not column.hops}
        wanted = [f"{self._source(name)} AS p{number}" for number, name in enumerate(self._columns)]
        cells = ["c.id AS id", "s.name AS sample", *wanted]
        if of == "cells":
            self._look_up = f"{_LOOK_UP} RETURN {', '.join(cells)}"
            self._scan = f"{_SCAN} RETURN {', '.join(cells)}"
            return
        # OPTIONAL in a look-up, as a cell without contacts counts too.  It also makes Ladybug (0.22) read the contacts
        # of these cells only; without it, it scans all as soon as a property of the other cell is wanted.
        optional = f"OPTIONAL {_CONTACTS} RETURN {', '.join([*cells, 'd.id AS other'])}"
        self._look_up = f"{_LOOK_UP} {optional}"
        self._scan = f"{_SCAN} {optional if 'cell_b' in self._columns else f'{_CONTACTS} RETURN ' + ', '.join(cells)}"

    def look_up(self, ids: Array) -> Found:
        """Read the cells of some ids; those that are no cells of the samples are left out."""
        return self._found(self._look_up, {"ids": ids.tolist()})

    def scan(self, first: int, stop: int) -> Found:
        """Read all cells of the samples with ids in ``[first, stop)``, or their contacts."""
        return self._found(self._scan, {"first": first, "stop": stop})

    def _source(self, name: str) -> str:
        """Return where a column is found."""
        if name == "sample":
            return "s.name"
        if self._of == "contacts":
            return {"cell_a": "c.label", "cell_b": "d.label"}.get(name, f"t.{quoted(name)}")
        return f"c.{quoted(name)}"

    def _found(self, statement: str, parameters: dict[str, Any]) -> Found:
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self._store.run(statement, parameters, name="estimate")
        table = table.filter(pc.is_in(table["sample"], value_set=pa.array(self._names, pa.string())))
        cells = np.unique(table["id"].to_numpy())
        if "other" in table.column_names:
            table = table.filter(pc.is_valid(table["other"]))
        kinds = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}
        rows = {
            name: table[f"p{number}"].cast(kinds[column.type])
            for number, (name, column) in enumerate(self._columns.items())
        }
        # One column is always there, or a table would have no rows.
        return Found(cells, table["id"].to_numpy(), pa.table({**rows, " ": table["id"]}))
