"""Rows in the types that a query declares, the same for every database and every method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.question import Question
    from cellgraph.queries import Query


_NOTE = b"cellgraph.note"


def with_note(table: pa.Table, note: str) -> pa.Table:
    """Return the rows with one more note, kept in the metadata of the table; an empty note is ignored."""
    if not note:
        return table
    notes = "\n".join(filter(None, [note_of(table), note]))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _NOTE: notes.encode()})


def note_of(table: pa.Table) -> str:
    """Return the notes on some rows, such as why there are none, one per line; an empty text without notes."""
    note: bytes = (table.schema.metadata or {}).get(_NOTE, b"")
    return note.decode()


def with_direction(table: pa.Table, question: Question) -> pa.Table:
    """Return rows with the direction in which contacts were taken, for samples whose contacts have one.

    Rows of contacts already show it by their ends.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not question.directed or {"direction", "source"} & set(table.column_names):
        return table
    said = pa.repeat(pa.scalar(question.asked.conditions.direction), table.num_rows)
    if "sample" in table.column_names and question.sample not in question.directed:
        known = pc.is_in(table["sample"], pa.array(question.directed, pa.string()))
        said = pc.if_else(known, pa.chunked_array([said]), pa.scalar(None, pa.string()))
    return table.append_column("direction", said)


def as_declared(query: Query, table: pa.Table, further: Mapping[str, str | None] | None = None) -> pa.Table:
    """Return the rows with the declared columns first, in their types; an empty table has them too.

    ``further`` are the types of other columns, from `further_columns`: Neo4j gives no type to a column of nulls.
    """
    import pyarrow as pa

    columns = {column.name: table[column.name].cast(arrow_type(column.type)) for column in query.columns}
    for name in table.column_names:
        if name not in columns:
            kind = (further or {}).get(name)
            columns[name] = table[name].cast(arrow_type(kind)) if kind else table[name]
    return pa.table(columns).replace_schema_metadata(table.schema.metadata)


def arrow_type(kind: str) -> pa.DataType:
    """Return the Arrow type of a type that a header declares."""
    import pyarrow as pa

    if kind.endswith(" list"):
        return pa.list_(arrow_type(kind.removesuffix(" list")))
    return {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}[kind]
