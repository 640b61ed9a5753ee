"""Find which column of a table holds what, by a name that the user gives or by common names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cellgraph.errors import InputError, ParameterError, near
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS
from cellgraph.tables.roles import CELLGRAPH, DIRECTED, PAIRS, SAMPLE_PAIRS, Role, folded
from cellgraph.tables.tablefile import TableFile

if TYPE_CHECKING:
    import pyarrow as pa

NONE = "none"
"""Given as the name of a column to say that there is none."""


GIVEN = "given_"
"""Prefix for a property name that the database reserves."""


def find(table: TableFile, named: str | None, role: Role, option: str = "") -> str | None:
    """Return the column that the user names, or one with a common name for the role, or None.

    Raises
    ------
    ParameterError
        If the user names a column that does not exist.
    InputError
        If several columns have common names, and none has the role's own name.
    """
    option = option or role.option
    if named is not None and named.lower() == NONE and NONE not in table.columns:
        return None
    if named is not None:
        return _require(table, named, option)
    spelled = _spelled(table)
    found = [column for name in role.names for column in spelled.get(name, ())]
    if len(found) > 1 and len(spelled.get(role.names[0], ())) != 1:
        raise InputError(
            f"{table.name} has {len(found)} columns that may hold {role.meaning}: {quoted(found)}; "
            f"say which with {role.option} (or {NONE})"
        )
    return found[0] if found else None


def find_pair(table: TableFile, a: str | None, b: str | None, *, directed: bool = False) -> tuple[str, str]:
    """Return the two columns with the cells of each relationship.

    Raises
    ------
    ParameterError
        If the user names a column that does not exist, or only one of the two.
    InputError
        If the table has no columns with common names, or several such pairs.
    """
    if (a is None) != (b is None):
        raise ParameterError("--a-column and --b-column belong together; give both")
    if a is not None and b is not None:
        pair = _require(table, a, "--a-column"), _require(table, b, "--b-column")
        refuse_shared(table, {"--a-column": pair[0], "--b-column": pair[1]})
        return pair
    if not table.headed and len(table.columns) in (2, 3):
        return table.columns[0], table.columns[1]
    usual = DIRECTED if directed else CELLGRAPH
    found = _one_pair(table, PAIRS, usual, "cells of each relationship", "say which with --a-column and --b-column")
    if found is None:
        header = ", or add a header if its first line is a row" if table.headed else ""
        raise InputError(
            f"{table.name} needs two columns with the cells of each relationship, as id1,id2 or cell_a,cell_b or "
            f"source,target, but it has {_listed(table)}; name them with --a-column and --b-column{header}"
        )
    return found


def find_sample_pair(table: TableFile) -> tuple[str, str] | None:
    """Return the two columns with the samples of the two cells of each relationship, if there are any.

    Raises
    ------
    InputError
        If there are several such pairs, and none has the usual names.
    """
    what, out = "samples of the two cells", "rename the right ones to sample_a and sample_b"
    return _one_pair(table, SAMPLE_PAIRS, SAMPLE_PAIRS[0], what, out)


def refuse_shared(table: TableFile, of: Mapping[str, str | None]) -> None:
    """Refuse a column that holds two things.

    Parameters
    ----------
    of : mapping of str to str or None
        The column that each option names, or that was found in its place.

    Raises
    ------
    ParameterError
        If two are the same.
    """
    seen: dict[str, str] = {}
    for option, column in of.items():
        other = option if column is None else seen.setdefault(column, option)
        if other != option:
            raise ParameterError(
                f"the column {column!r} of {table.name} cannot be both {other} and {option}; give each its own column"
            )


def quoted(names: Sequence[str]) -> str:
    """Return column names as shown in messages."""
    return ", ".join(f'"{name}"' for name in names)


def with_values(table: TableFile, used: set[str | None]) -> TableFile:
    """Leave out unused columns without a value in any row, with a note: nothing tells what they hold."""
    import pyarrow as pa

    empty = [n for n in table.columns if n not in used and pa.types.is_null(table.table[n].type)]
    if not empty:
        return table
    what, have, are = ("column", "has", "is") if len(empty) == 1 else ("columns", "have", "are")
    note = f"The {what} {quoted(empty)} of {table.name} {have} no value in any row, and {are} left out."
    return replace(table, table=table.table.drop_columns(empty), notes=(*table.notes, note))


def properties(table: TableFile, used: set[str | None], reserved: frozenset[str]) -> pa.Table:
    """Return the columns that are not used yet, with names allowed in the database.

    Names of the model are written as in the model (``volume`` for ``Volume``); `reserved` names, given in lower case,
    and names that begin with an underscore get the prefix ``given_``.
    """
    rest = table.table.drop_columns([name for name in table.columns if name in used])
    return rest.rename_columns(_allowed(rest.column_names, reserved))


def renamed(table: TableFile, used: set[str | None], reserved: frozenset[str]) -> list[str]:
    """Return a note on the columns to which `properties` gives a prefix, if there are any."""
    names = [name for name in table.columns if name not in used]
    found = [
        f'"{name}" as {new!r}'
        for name, new in zip(names, _allowed(names, reserved), strict=True)
        if new.startswith(GIVEN) and not name.startswith(GIVEN)
    ]
    what = "column" if len(found) == 1 else "columns"
    return [f"cellgraph uses such names itself, so {table.name} keeps the {what} {', '.join(found)}."] if found else []


def _allowed(columns: Sequence[str], reserved: frozenset[str]) -> list[str]:
    model = {name: name for name in (*(column.name for column in (*CELL_COLUMNS, *CONTACT_COLUMNS)), "name")}
    taken = {name.lower() for name in columns}
    names = []
    for name in columns:
        new = model.get(name.lower(), name)
        if new.lower() in reserved or new.startswith("_"):
            new = GIVEN + new.lstrip("_")
            while new.lower() in taken:
                new = GIVEN + new
        taken.add(new.lower())
        names.append(new)
    return names


def _one_pair(
    table: TableFile, known: Sequence[tuple[str, str]], usual: tuple[str, str], what: str, out: str
) -> tuple[str, str] | None:
    """Return the pair of columns that has known names: the only one, or the only one with the usual names."""
    spelled = _spelled(table)
    pairs = ((a, b) for one, two in known for a in spelled.get(one, ()) for b in spelled.get(two, ()))
    found = list(dict.fromkeys(pairs))
    own = [pair for pair in found if (folded(pair[0]), folded(pair[1])) == usual]
    if len(found) > 1 and len(own) != 1:
        listed = " or ".join(quoted(pair) for pair in found)
        raise InputError(f"{table.name} has several pairs of columns that may hold the {what}: {listed}; {out}")
    return next(iter(own or found), None)


def _spelled(table: TableFile) -> dict[str, list[str]]:
    """Return the columns by their folded names, of which there may be several."""
    found: dict[str, list[str]] = {}
    for column in table.columns:
        found.setdefault(folded(column), []).append(column)
    return found


def called(table: TableFile, name: str | None) -> str | None:
    """Return the column of a name, in any case, or None."""
    return next((column for column in table.columns if name is not None and column.lower() == name.lower()), None)


def _require(table: TableFile, name: str, option: str) -> str:
    column = called(table, name)
    if column is not None:
        return column
    raise ParameterError(
        f"{option}: {table.name} has no column {name!r}.{near(name, table.columns)} It has {_listed(table)}"
    )


def _listed(table: TableFile) -> str:
    return ", ".join(" ".join(name.split()) for name in table.columns)
