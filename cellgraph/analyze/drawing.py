"""What Neo4j Browser draws: the graph form of a query with its values, and its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.queries.query import GRAPH

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question

_COUNTED = """\
CALL () {{
{text}
}}
WITH collect(p) AS paths
CALL (paths) {{ UNWIND paths AS p UNWIND nodes(p) AS n RETURN count(DISTINCT n) AS cells }}
CALL (paths) {{ UNWIND paths AS p UNWIND relationships(p) AS r RETURN count(DISTINCT r) AS contacts }}
RETURN size(paths) AS paths, cells, contacts
"""


@dataclass(frozen=True)
class Drawing:
    """The graph form of a query, ready to be drawn.

    Attributes
    ----------
    query : str
        Name of the query.
    cypher : str
        The Cypher that Neo4j Browser runs.
    note : str
        What is drawn, and its limits.
    paths, cells, contacts : int
        Numbers of rows in its result, and of distinct cells and contacts in them.
    """

    query: str
    cypher: str
    note: str
    paths: int
    cells: int
    contacts: int


def draw(question: Question, limit: int | None = None) -> Drawing:
    """Return the drawing of a question, with its size counted by the database.

    Raises
    ------
    ParameterError
        If the database is not a Neo4j.
    NotFoundError
        If there is nothing to draw.
    """
    query, store = question.query, question.store
    if store.dialect != "neo4j":
        raise ParameterError(
            f"Neo4j Browser can draw only a Neo4j database, but {store!r} is not one; copy its samples: cellgraph copy "
            "FILE neo4j"
        )
    conditions = question.asked.conditions
    statement = query.statement(GRAPH, question.bound, limit=limit, conditions=conditions)
    counted = store.run(_COUNTED.format(text=statement.text.rstrip()), statement.parameters, name=query.name)
    (found,) = counted.to_pylist()
    if not found["cells"]:
        raise NotFoundError(f"there is nothing to draw: the query {query.name!r} finds no cells with these values.")
    cypher = query.shown(GRAPH, question.bound, limit=limit, conditions=conditions)
    return Drawing(query.name, cypher, query.graph_note, **found)
