"""Queries that compiled code can answer, and when it is the faster way.

A question about every cell makes a database search once a cell; here the bare graph is read once, and all searches
run on it (see `kernels`). The rows are those of the Cypher, which tests check on both databases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cellgraph.adjacency.matrix import rows_of

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.question import Question

FEW_STEPS = 20_000
"""Steps that a database has taken before numba is loaded (0.5 s)."""


def _khop(question: Question) -> pa.Table | None:
    k = question.bound["k"]
    if _is_for_the_database(question, steps=k**3):
        return None
    import numpy as np

    from cellgraph.analyze.khop import khop

    graph = question.graph()
    cell = question.cells.get("cell")
    rows = rows_of(graph, question.sample) if cell is None else np.array([graph.row(cell.sample, cell.label)])
    return khop(graph, rows, k)


def _khop_summary(question: Question) -> pa.Table | None:
    k = question.bound["k"]
    if _is_for_the_database(question, steps=k**3):
        return None
    from cellgraph.analyze.khop import khop_summary

    graph = question.graph()
    return khop_summary(graph, rows_of(graph, question.sample), k)


def _contacts(question: Question) -> pa.Table | None:
    from cellgraph.analyze.contacts import contacts, directed_samples

    # Only as they are stored do relationships tell their direction.
    if _is_for_the_database(question) and not directed_samples(question):
        return None

    return contacts(question)


def _degree(question: Question) -> pa.Table | None:
    if _is_for_the_database(question):
        return None
    from cellgraph.analyze.degree import degree

    graph = question.graph()
    return degree(graph, rows_of(graph, question.sample))


def _hubs(question: Question) -> pa.Table | None:
    if _is_for_the_database(question):
        return None
    from cellgraph.analyze.degree import hubs

    graph = question.graph()
    return hubs(graph, rows_of(graph, question.sample), question.bound["limit"])


def _connection_count(question: Question) -> pa.Table | None:
    if _is_for_the_database(question):
        return None
    from cellgraph.analyze.degree import connection_count

    topology = question.topology()
    return connection_count(topology, rows_of(topology, question.sample))


def _components(question: Question) -> pa.Table | None:
    if question.method == "cypher":  # never chosen: the embedded database looks no farther than 30 contacts
        return None
    from cellgraph.analyze.components import components

    graph = question.graph()
    return components(graph, rows_of(graph, question.sample))


def _path(question: Question) -> pa.Table:
    from cellgraph.analyze.path import path

    return path(question, question.cells["source"], question.cells["target"])


def _is_for_the_database(question: Question, steps: int = 1) -> bool:
    """Tell whether the database answers: where it is told to, for one cell, and where few steps a cell do."""
    if question.method != "auto" or "cell" in question.cells:
        return question.method != "compiled"
    return question.size()["cells"] * steps <= FEW_STEPS


ANSWERS: dict[str, Callable[[Question], pa.Table | None]] = {
    "components": _components,
    "connection-count": _connection_count,
    "contacts": _contacts,
    "degree": _degree,
    "hubs": _hubs,
    "khop": _khop,
    "khop-summary": _khop_summary,
    "path": _path,
}
"""Each returns the rows, or None where the database is to answer."""
