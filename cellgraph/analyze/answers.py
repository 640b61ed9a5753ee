"""Queries that compiled code can answer, and when that is faster.

For a query about every cell, a database would search once per cell.  Here, the bare graph is read once, and all
searches run on it (see `kernels`).  The rows equal those of the Cypher, which tests check on both databases.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from cellgraph.adjacency.matrix import rows_of

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.question import Question

FEW_STEPS = 20_000
"""Steps that a database takes in the time it takes to load numba (0.5 s)."""


def _khop(question: Question) -> pa.Table | None:
    k = question.bound["k"]
    if _is_for_the_database(question, steps=k**3):
        return None
    from cellgraph.analyze.khop import khop

    asked = question.restricted()
    return khop(asked.graph, asked.rows, k, question.left, estimated=question.method == "estimated")


def _khop_summary(question: Question) -> pa.Table | None:
    k = question.bound["k"]
    if _is_for_the_database(question, steps=k**3):
        return None
    from cellgraph.analyze.khop import khop_summary

    asked = question.restricted()
    return khop_summary(asked.graph, asked.rows, k, question.left, estimated=question.method == "estimated")


def _within(question: Question) -> pa.Table | None:
    if _is_for_the_database(question):
        return None
    from cellgraph.analyze.within import within

    return within(question.restricted(), question.bound["k"])


def _neighbours(question: Question) -> pa.Table | None:
    near = question.asked.conditions.over != "contacts"
    if _is_for_the_database(question) and (question.method == "cypher" or not near):
        return None
    from cellgraph.analyze.within import neighbours, with_distance

    asked = question.restricted(contacts=["junctions", "area", *(["distance"] if near else [])])
    return with_distance(neighbours(asked), asked) if near else neighbours(asked)


def _cells(question: Question) -> pa.Table | None:
    if not question.unsaid:
        return None
    from cellgraph.analyze.contacts import cells

    return cells(question)


def _contacts(question: Question) -> pa.Table | None:
    from cellgraph.analyze.contacts import contacts

    # Only relationships as stored have a direction.
    if _is_for_the_database(question) and not question.directed:
        return None

    return contacts(question)


def _degree(question: Question) -> pa.Table | None:
    if _is_for_the_database(question):
        return None
    from cellgraph.analyze.degree import degree

    asked = question.restricted()
    return degree(asked.graph, asked.rows)


def _hubs(question: Question) -> pa.Table | None:
    if _is_for_the_database(question):
        return None
    from cellgraph.analyze.degree import hubs

    asked = question.restricted()
    return hubs(asked.graph, asked.rows, question.bound["limit"])


def _connection_count(question: Question) -> pa.Table | None:
    if _is_for_the_database(question):
        return None
    from cellgraph.analyze.degree import connection_count

    topology = question.topology()
    return connection_count(topology, rows_of(topology, question.sample))


def _components(question: Question) -> pa.Table | None:
    if question.method == "cypher":  # never chosen: a search from each cell of a component
        return None
    from cellgraph.analyze.components import components

    return components(question.restricted(), question.bound["min_cells"], question.bound["max_cells"])


def _path(question: Question) -> pa.Table:
    from cellgraph.analyze.path import path

    return path(question, question.cells["source"][0], question.cells["target"][0])


def _function(module: str, name: str) -> Callable[[Question], pa.Table]:
    """Return an answer by a function that knows itself when to ask the database."""

    def answer(question: Question) -> pa.Table:
        found: pa.Table = getattr(import_module(f"cellgraph.analyze.{module}"), name)(question)
        return found

    return answer


def _compiled(module: str, name: str) -> Callable[[Question], pa.Table | None]:
    """Return an answer by a compiled function, unless Cypher is requested."""
    compiled = _function(module, name)
    return lambda question: None if question.method == "cypher" else compiled(question)


def _patches(question: Question) -> pa.Table | None:
    if question.method == "cypher":
        return None
    from cellgraph.analyze.components import patches

    return patches(question.restricted(), question.bound["min_cells"])


def _nearest(question: Question) -> pa.Table | None:
    if question.target is None:
        return None
    from cellgraph.analyze.nearest import nearest

    return nearest(question, question.target)


def _reciprocal(question: Question) -> pa.Table | None:
    from cellgraph.analyze.shapes import reciprocal, require_directions

    require_directions(question)
    return None if question.method == "cypher" else reciprocal(question)


def _diff(question: Question) -> pa.Table | None:
    from cellgraph.analyze.diff import diff, require_samples

    require_samples(question)
    return None if question.method == "cypher" else diff(question)


def _is_for_the_database(question: Question, steps: int = 1) -> bool:
    """Return whether the database answers: if requested, for a single cell, or if few steps are enough."""
    if question.unsaid:
        return False
    if question.method != "auto":
        return question.method == "cypher"
    asked = question.cells.get("cell")
    cells = question.size()["cells"] if asked is None else len(asked)
    return cells == 1 or cells * steps <= FEW_STEPS


ANSWERS: dict[str, Callable[[Question], pa.Table | None]] = {
    "cells": _cells,
    "common-neighbours": _compiled("shapes", "common_neighbours"),
    "components": _components,
    "connection-count": _connection_count,
    "contact-fraction": _function("types", "contact_fraction"),
    "contacts": _contacts,
    "contacts-by": _compiled("types", "contacts_by"),
    "degree": _degree,
    "diff": _diff,
    "hubs": _hubs,
    "khop": _khop,
    "khop-profile": _compiled("types", "khop_profile"),
    "khop-summary": _khop_summary,
    "khop-types": _compiled("types", "khop_types"),
    "nearest": _nearest,
    "neighbours": _neighbours,
    "neighbours-mean": _compiled("types", "neighbours_mean"),
    "patches": _patches,
    "path": _path,
    "paths": _function("paths", "paths"),
    "reciprocal": _reciprocal,
    "similar": _function("shapes", "similar"),
    "squares": _compiled("shapes", "squares"),
    "summary": _function("summary", "summary"),
    "t1-candidates": _compiled("shapes", "t1_candidates"),
    "triangles": _compiled("shapes", "triangles"),
    "within": _within,
}
"""Each returns the rows, or None if the database is to answer."""

ESTIMATED = ("khop", "khop-summary")
"""Queries that can be estimated on request."""

COMPILED = tuple(name for name in ANSWERS if name != "cells")
"""Queries with a compiled form on request; ``cells`` has one only for conditions that Cypher cannot express."""
