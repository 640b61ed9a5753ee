"""Show the Cypher of a query, to be pasted elsewhere, without opening a database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.estimation.conditions import shown_conditions, shown_target
from cellgraph.queries import Catalogue, Query
from cellgraph.queries.query import GRAPH
from cellgraph.stores import dialect_of


def show(
    name: str,
    db: str | None = None,
    *,
    graph: bool = False,
    sample: str | None = None,
    limit: int | None = None,
    **parameters: Any,
) -> str:
    """Return the Cypher of a named query for the chosen database, with the values of its parameters.

    Parameters
    ----------
    name : str
        Name of the query.
    db : str, optional
        The database, as in `cellgraph.open`.
    graph : bool
        Show the form that Neo4j Browser draws, whatever the database.
    sample, limit, **parameters
        As in `Database.query`; missing ones are shown as null.

    Raises
    ------
    NotFoundError
        If there is no such query, or it has no graph form.
    ParameterError
        For an unknown or ill-typed parameter.
    """
    catalogue = Catalogue.load()
    query = catalogue[name]
    if graph:
        require_graph(catalogue, query)
    given = dict(parameters) | ({} if sample is None else {"sample": sample})
    if query.takes("limit") and limit is not None:
        given, limit = given | {"limit": limit}, None
    for parameter in query.parameters:
        value = given.get(parameter.name)
        if parameter.cell and value is not None:
            items = value if isinstance(value, list | tuple) else [value]
            parts = [part for item in items for part in (item.split(",") if isinstance(item, str) else [item])]
            labels = [_label(parameter.name, part) if isinstance(part, str) else part for part in parts]
            given[parameter.name] = labels if parameter.type == "int list" else labels[0]
    bound = {p.name: given[p.name] for p in query.all_parameters if given.get(p.name) is not None}
    conditions = shown_conditions(bound)
    for parameter in query.parameters:
        if parameter.target:
            conditions = replace(conditions, **shown_target(given.pop(parameter.name, None), conditions.values))
    return query.shown(GRAPH if graph else dialect_of(db), given, limit=limit, conditions=conditions)


def require_graph(catalogue: Catalogue, query: Query) -> None:
    """Reject a query that cannot be drawn."""
    if not query.has_graph:
        there = ", ".join(other.name for other in catalogue.listed() if other.has_graph)
        raise NotFoundError(
            f"the query {query.name!r} returns a table, which cannot be drawn; queries that can be drawn: {there}."
        )


def _label(parameter: str, text: str) -> int:
    """Return the label of a cell from text; a name would need a database."""
    try:
        return int(text)
    except ValueError:
        raise ParameterError(
            f"no database is opened to show the Cypher, so {parameter!r} must be the label of a cell, a whole number, "
            f"not {text!r}."
        ) from None
