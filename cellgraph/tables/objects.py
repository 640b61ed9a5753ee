"""Tables of related objects, as CellProfiler writes them: only objects of one kind are cells of one tissue."""

from __future__ import annotations

from cellgraph.errors import InputError
from cellgraph.tables.columns import quoted
from cellgraph.tables.roles import folded
from cellgraph.tables.tablefile import TableFile

_OBJECTS = ("firstobjectname", "secondobjectname")


def refuse_mixed(table: TableFile) -> None:
    """Refuse a table of several relationships, or of several kinds of objects, whose numbers mean different things.

    Raises
    ------
    InputError
        With the kinds that are mixed.
    """
    by_name = {folded(column): column for column in table.columns}
    if not all(name in by_name for name in _OBJECTS):
        return
    objects = [by_name[name] for name in _OBJECTS]
    kinds_of = [by_name["relationship"]] if "relationship" in by_name else []
    for names in (kinds_of, objects):
        values = {value for name in names for value in table.table[name].unique().to_pylist()}
        if len(values) > 1:
            kinds = ", ".join(sorted(map(str, values)))
            raise InputError(
                f"the columns {quoted(names)} of {table.name} mix {kinds}: one number stands for several objects; "
                "keep the rows of one relationship between objects of one name, as Neighbors of Cells and Cells"
            )
