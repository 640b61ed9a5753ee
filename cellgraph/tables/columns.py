"""Which column of a table holds what: by the name that the user gives, or by the names that are usual."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from cellgraph.errors import InputError, ParameterError, near
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS
from cellgraph.tables.tablefile import TableFile

if TYPE_CHECKING:
    import pyarrow as pa

# In lower case, without spaces, dots, hyphens and underscores. The first that is there is taken.
SAMPLE = (
    *("sample", "sampleid", "samplename", "animal", "animalid", "libraryid", "specimen", "specimenid"),
    *("imageid", "imagenumber", "image"),
)
CELL = ("cell", "cellid", "label", "bodyid", "object", "objectid", "objectnumber", "id")
PAIRS = (
    ("id1", "id2"),
    ("cella", "cellb"),
    ("cell1", "cell2"),
    ("label1", "label2"),
    ("a", "b"),
    ("source", "target"),
    ("from", "to"),
    ("bodyidpre", "bodyidpost"),
    ("pre", "post"),
    ("firstobjectnumber", "secondobjectnumber"),
    ("firstobjectid", "secondobjectid"),
    ("object", "neighbor"),
    ("cell", "neighbour"),
    ("cell", "neighbor"),
    ("node1", "node2"),
)
JUNCTIONS = ("junctions", "junctioncount", "njunctions", "weight", "count", "n")
NAME = ("name",)

NONE = "none"
"""Given as the name of a column: there is no such column."""


GIVEN = "given_"
"""Put before the name of a property that the database needs for itself."""


def find(table: TableFile, named: str | None, usual: Sequence[str], option: str) -> str | None:
    """Return the column that the user names, or the first of the usual ones, or None.

    Raises
    ------
    ParameterError
        If the user names a column that does not exist.
    """
    if named is not None and named.lower() == NONE and NONE not in table.columns:
        return None
    if named is not None:
        return _require(table, named, option)
    by_name = {_folded(column): column for column in reversed(table.columns)}
    return next((by_name[name] for name in usual if name in by_name), None)


def find_pair(table: TableFile, a: str | None, b: str | None) -> tuple[str, str]:
    """Return the two columns with the cells of each relationship.

    Raises
    ------
    ParameterError
        If the user names a column that does not exist, or one of two.
    InputError
        If the table has no columns of the usual names.
    """
    if (a is None) != (b is None):
        raise ParameterError("--a-column and --b-column belong together; give both")
    if a is not None and b is not None:
        return _require(table, a, "--a-column"), _require(table, b, "--b-column")
    found = _first_pair(table, PAIRS)
    if found is None:
        raise InputError(
            f"{table.name} needs two columns with the cells of each relationship, as id1,id2 or cell_a,cell_b or "
            f"source,target, but it has {_listed(table)}; name them with --a-column and --b-column"
        )
    return found


def find_sample_pair(table: TableFile) -> tuple[str, str] | None:
    """Return the two columns that tell the samples of the two cells of each relationship, if there are."""
    endings = (("a", "b"), ("1", "2"), ("source", "target"), ("pre", "post"))
    pairs = chain.from_iterable(((name + a, name + b), (a + name, b + name)) for name in SAMPLE for a, b in endings)
    return _first_pair(table, [*pairs, ("firstimagenumber", "secondimagenumber")])


def properties(table: TableFile, used: set[str | None], reserved: frozenset[str]) -> pa.Table:
    """Return the columns that are not used yet, with names that they can have in the database.

    Names of the model are written as there (``volume`` for ``Volume``); `reserved` names, in lower case, and
    names that begin with an underscore get ``given_`` before them.
    """
    model = {column.name: column.name for column in (*CELL_COLUMNS, *CONTACT_COLUMNS)}
    rest = table.table.drop_columns([name for name in table.columns if name in used])
    taken = {name.lower() for name in rest.column_names}
    names = []
    for name in rest.column_names:
        new = model.get(name.lower(), name)
        if new.lower() in reserved or new.startswith("_"):
            new = GIVEN + new.lstrip("_")
            while new.lower() in taken:
                new = GIVEN + new
        taken.add(new.lower())
        names.append(new)
    return rest.rename_columns(names)


def _first_pair(table: TableFile, pairs: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    by_name = {_folded(column): column for column in reversed(table.columns)}
    return next(((by_name[a], by_name[b]) for a, b in pairs if a in by_name and b in by_name), None)


def _require(table: TableFile, name: str, option: str) -> str:
    if name in table.columns:
        return name
    other_case = [column for column in table.columns if column.lower() == name.lower()]
    if other_case:
        return other_case[0]
    raise ParameterError(
        f"{option}: {table.name} has no column {name!r}.{near(name, table.columns)} It has {_listed(table)}"
    )


def _listed(table: TableFile) -> str:
    return ", ".join(table.columns)


def _folded(name: str) -> str:
    return "".join(char for char in name.lower() if char not in " ._-")
