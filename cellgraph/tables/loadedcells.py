"""The loaded cells that the rows of a table are about, by their labels or their names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, NotFoundError, near
from cellgraph.stores import Store
from cellgraph.tables import roles
from cellgraph.tables.cellkeys import as_ids, as_texts, some
from cellgraph.tables.tablefile import TableFile

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

_WHOLE = r"^-?[0-9]{1,18}$"


@dataclass(frozen=True)
class Keys:
    """A column with the labels or names of cells of one sample.

    Attributes
    ----------
    sample : str
        Name of the sample.
    table : TableFile
        The table, and
    texts : TableFile
        the same with the column as the text in the file.
    column : str
    rows : numpy.ndarray of int64
        Row numbers, from 0, of the rows that are about cells of the sample.
    """

    sample: str
    table: TableFile
    texts: TableFile
    column: str
    rows: Array

    def own(self, table: TableFile) -> TableFile:
        """Return the rows that are about cells of the sample."""
        return replace(table, table=table.table.take(self.rows), csv=None)

    def where(self, place: int) -> str:
        """Return as part of a sentence in which row and column of the file a key is."""
        return f"in row {self.rows[place] + 1} of the column {self.column!r} of {self.table.name}"


def labels(store: Store, keys: Keys, *, told: bool) -> pa.Array:
    """Return the label of the cell in each row, from its label or its name.

    Parameters
    ----------
    told : bool
        Whether the user named the column, so that ``label`` and ``name`` mean what they say.

    Raises
    ------
    InputError
        If a cell occurs twice, or it cannot be known whether the column holds labels or names.
    NotFoundError
        If there is no such cell.
    """
    import pyarrow as pa

    sample, column = keys.sample, keys.column
    if not any(known.name == "name" and known.type == "str" for known in store.columns("cells", sample)):
        return _of_unnamed(keys)
    if told and roles.folded(column) in ("label", "labelid"):
        own = keys.own(keys.table)
        return refuse_twice(own, column, pa.array(as_ids(own, column, rows=keys.rows)), sample)
    own = keys.own(keys.texts)
    cells = store.run(
        "MATCH (s:Sample {status: 'complete'})-[:HAS_CELL]->(c:Cell) WHERE s.name = $name "
        "RETURN c.name AS name, c.label AS label",
        {"name": sample},
    )
    known = cells["name"].drop_null().combine_chunks()
    given = refuse_twice(own, column, as_texts(own, column, known=known), sample)
    by_name = _by_name(given, cells)
    by_label = None if roles.folded(column) in roles.NAME.names else _by_label(given, cells)
    if by_name is None and by_label is not None:
        return by_label
    if by_name is not None and by_label is not None and not by_name.equals(by_label):
        place = int(np.flatnonzero(by_name.to_numpy() != by_label.to_numpy())[0])
        raise InputError(
            f"{given[place].as_py()!r} {keys.where(place)} is the name of the cell {by_name[place]} of the sample "
            f"{sample!r} and the label of another one; call the column name or label, and say so with --on name or "
            "--on label"
        )
    _refuse_several(given, cells, sample)
    if by_name is None:
        _refuse_unknown(given, cells, sample)
    return by_name


def _of_unnamed(keys: Keys) -> pa.Array:
    """Return the labels in a column, if cells have no names."""
    import pyarrow as pa
    import pyarrow.compute as pc

    own, column = keys.own(keys.table), keys.column
    values = own.table[column]
    if pa.types.is_string(values.type):
        text = pc.fill_null(pc.invert(pc.match_substring_regex(values, _WHOLE)), False).to_numpy()
        if text.any():
            place = int(np.flatnonzero(text)[0])
            raise InputError(
                f"{values[place].as_py()!r} {keys.where(place)} is no label: cells of the sample {keys.sample!r} have "
                "labels and no names; give a column with labels, or say which with --on"
            )
    return refuse_twice(own, column, pa.array(as_ids(own, column, rows=keys.rows)), keys.sample)


def _by_name(keys: pa.Array, cells: pa.Table) -> pa.Array | None:
    """Return the labels of the cells with these names, or None if one is the name of no cell."""
    import pyarrow.compute as pc

    place = pc.index_in(keys, value_set=cells["name"].combine_chunks())
    return None if place.null_count else cells["label"].take(place).combine_chunks()


def _by_label(keys: pa.Array, cells: pa.Table) -> pa.Array | None:
    """Return these labels as numbers, or None if one is no label."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.all(pc.match_substring_regex(keys, _WHOLE)).as_py():
        return None
    found = keys.cast(pa.int64())
    return found if pc.all(pc.is_in(found, cells["label"].combine_chunks())).as_py() else None


def _refuse_several(keys: pa.Array, cells: pa.Table, sample: str) -> None:
    """Refuse a name of several cells."""
    import pyarrow.compute as pc

    counts = cells["name"].value_counts()
    several = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").drop_null()
    if pc.any(pc.is_in(keys, several), min_count=0).as_py():
        twice = keys.filter(pc.is_in(keys, several))[0].as_py()
        raise InputError(f"the name {twice!r} is that of several cells of the sample {sample!r}; give their labels")


def _refuse_unknown(keys: pa.Array, cells: pa.Table, sample: str) -> None:
    import pyarrow.compute as pc

    unknown = keys.filter(pc.invert(pc.is_in(keys, cells["name"].combine_chunks()))).to_pylist()
    which = "is no cell" if len(unknown) == 1 else "are no cells"
    raise NotFoundError(
        f"there {which} {some(unknown)} in the sample {sample!r}; nothing was written."
        f"{near(unknown[0], cells['name'].drop_null().to_pylist())}"
    )


def refuse_twice(table: TableFile, column: str, keys: pa.Array, of: str) -> pa.Array:
    """Return the keys of rows, each of which must occur once."""
    counts = keys.value_counts()
    twice = counts.filter(np.asarray(counts.field("counts")) > 1).field("values").to_pylist()
    if twice:
        where = f" for the sample {of!r}" if of else ""
        raise InputError(f"the column {column!r} of {table.name} has {some(twice)} more than once{where}; give one row")
    return keys
