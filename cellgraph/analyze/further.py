"""Columns that came with the data, such as those of a table import, which no query file can know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cellgraph.stores.tables import PASSING, SAMPLE_TYPES

if TYPE_CHECKING:
    from cellgraph.queries import Catalogue, Query
    from cellgraph.stores import Store

_OF = {"c": "cells", "r": "contacts"}


def further_columns(store: Store, catalogue: Catalogue, query: Query, sample: str | None) -> dict[str, str | None]:
    """Return the properties that an extendable query shows after its own columns, in order, with their types.

    The type of a property of samples is None, as it may be any.

    Parameters
    ----------
    query : Query
        Its text names the variable: ``s`` for samples, ``c`` for cells, ``r`` for contacts.
    sample : str or None
        Only the properties that came with this sample.
    """
    if not query.extendable:
        return {}
    if query.extendable == "s":
        found: dict[str, str | None] = dict.fromkeys(_of_samples(store, catalogue))
    else:
        found = {column.name: column.type for column in store.columns(_OF[query.extendable], sample)}  # type: ignore[arg-type]
    shown = {column.name for column in query.columns} | {"label"}  # the label is shown as the cell
    return {name: kind for name, kind in found.items() if name not in shown}


def _of_samples(store: Store, catalogue: Catalogue) -> list[str]:
    """Return the names of all properties of sample nodes except the database's own."""
    statement = catalogue["sample-nodes"].statement(store.dialect, {})
    nodes = store.run(statement.text, statement.parameters, name="sample-nodes")["node"].to_pylist()
    names = dict.fromkeys(name for node in nodes for name in json.loads(node))
    return [name for name in names if name not in (*SAMPLE_TYPES, *PASSING) and not name.startswith("_")]
