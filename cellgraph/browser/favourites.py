"""The named queries as favourites of Neo4j Browser, in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cellgraph.queries.query import GRAPH

if TYPE_CHECKING:
    from cellgraph.browser.guide import Example
    from cellgraph.queries import Query

FOLDER = {"id": "cellgraph", "name": "cellgraph"}


def favourites(queries: Iterable[Query], chosen: Example | None) -> list[dict[str, str]]:
    """Return a favourite for each query, in its graph form if there is one; its first line is the displayed name.

    A query that needs a cell names an existing one, to be replaced.  Favourites contain no names of samples, as they
    are served to anybody on this machine.
    """
    cells = {} if chosen is None else {"cell": chosen.cell, "source": chosen.cell, "target": chosen.far}
    return [{"id": f"cellgraph-{query.name}", "content": _content(query, cells)} for query in queries]


def _content(query: Query, cells: dict[str, int]) -> str:
    values: dict[str, Any] = {p.name: cells[p.name] for p in query.parameters if p.cell and p.name in cells}
    return f"// {query.name}\n" + query.shown(GRAPH if query.has_graph else "neo4j", values)
