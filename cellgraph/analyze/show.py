"""The Cypher of a query, shown to be pasted elsewhere; no database is opened for it."""

from __future__ import annotations

from typing import Any

from cellgraph.queries import Catalogue
from cellgraph.stores import dialect_of


def show(
    name: str, db: str | None = None, *, sample: str | None = None, limit: int | None = None, **parameters: Any
) -> str:
    """Return the Cypher of a named query as the chosen database takes it, with the values of its parameters.

    Parameters
    ----------
    name : str
        Of the query.
    db : str, optional
        The database, as for `cellgraph.open`.
    sample, limit, **parameters
        As for `Database.query`; those that are missing are shown as null.

    Raises
    ------
    NotFoundError
        If there is no such query.
    ParameterError
        For an unknown or ill-typed parameter.
    """
    query = Catalogue.load()[name]
    given = dict(parameters) | ({} if sample is None else {"sample": sample})
    if query.takes("limit") and limit is not None:
        given, limit = given | {"limit": limit}, None
    return query.shown(dialect_of(db), given, limit=limit)
