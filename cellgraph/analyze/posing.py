"""Pose a question to an open database: check what is given, and find the samples and cells that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from cellgraph.analyze.answers import COMPILED, ESTIMATED
from cellgraph.analyze.cells import Finder, find_cells
from cellgraph.analyze.question import Method, Question
from cellgraph.errors import NotFoundError, ParameterError, near
from cellgraph.estimation.catalogue import directed_samples
from cellgraph.estimation.conditions import read_conditions
from cellgraph.model import Cell
from cellgraph.queries import Catalogue, Query
from cellgraph.queries.values import check

if TYPE_CHECKING:
    from cellgraph.stores import Store

METHODS: tuple[Method, ...] = get_args(Method)
_LONGEST_SECONDS = 1e9


def pose(
    store: Store, catalogue: Catalogue, query: Query, given: dict[str, Any], method: Method, timeout: float | None
) -> Question:
    """Check the parameters, and that the sample and the cells of a question exist."""
    unplaced = {p.name: 0 if p.type == "int" else [0] for p in query.parameters if p.cell and given.get(p.name)}
    sample = _named(query.bind(given | unplaced))
    cells: dict[str, tuple[Cell, ...]] = {}
    if query.name != "samples" or sample is not None:
        names = require_samples(store, sample)
        cells = find_cells(Finder(store, catalogue, [sample] if sample else names), query, given)
    labels = {
        p.name: [cell.label for cell in cells[p.name]] if p.type == "int list" else cells[p.name][0].label
        for p in query.parameters
        if p.name in cells
    }
    bound = query.bind(given | labels)
    samples = {cell.sample for found in cells.values() for cell in found}
    if len(samples) == 1:
        bound["sample"] = samples.pop()
    sample = _named(bound)
    directed: tuple[str, ...] = ()
    if "direction" in bound or query.name == "reciprocal":
        directed = tuple(name for name in directed_samples(store) if sample in (None, name))
    asked = read_conditions(store, bound, sample, directed)
    question = Question(store, catalogue, query, bound, frozenset(given), cells, method, asked, directed, timeout)
    for text in (bound[parameter.name] for parameter in query.parameters if parameter.target):
        question = _with_target(question, str(text))
    return question


def require_samples(store: Store, sample: str | None) -> list[str]:
    """Return the names of the samples; raise an error if there are none, or not the requested one."""
    names = store.sample_names()
    if not names:
        raise NotFoundError(f"there is no sample in {store!r}; load one with: cellgraph load IMAGE")
    if sample is not None and sample not in names:
        hint = near(sample, names) or f" There are: {', '.join(map(repr, names[:10]))}."
        raise NotFoundError(f"there is no sample {sample!r} in the database.{hint}")
    return names


def _with_target(question: Question, text: str) -> Question:
    """Add the target cells to a question."""
    from cellgraph.analyze.nearest import Target

    target, asked = Target(text, question), question.asked
    about, values = target.cypher()
    conditions = replace(
        asked.conditions,
        target=about,
        values={**asked.conditions.values, **values},
        unsaid=asked.conditions.unsaid or target.unsaid,
    )
    return replace(question, asked=replace(asked, conditions=conditions), target=target)


def _named(bound: Mapping[str, Any]) -> str | None:
    """Return the name of the one requested sample."""
    return bound.get("sample")


def check_method(name: str, method: str) -> None:
    """Check how a query is to be answered."""
    if not isinstance(method, str) or method not in METHODS:
        raise ParameterError(f"method must be one of {', '.join(METHODS)}, not {method!r}.{near(method, METHODS)}")
    if method == "estimated" and name not in ESTIMATED:
        raise ParameterError(f"the query {name!r} cannot be estimated; {' and '.join(ESTIMATED)} can.")
    if method == "compiled" and name not in COMPILED:
        raise ParameterError(f"the query {name!r} has no compiled form; these have one: {', '.join(COMPILED)}.")


def check_call(text: str, timeout: float | None) -> None:
    """Check the name of a query, or a statement, and its timeout."""
    check(text, "str", of="the query")
    if timeout is None:
        return
    seconds = check(timeout, "float", of="timeout")
    if not isinstance(seconds, float) or not 0 < seconds <= _LONGEST_SECONDS:
        raise ParameterError(
            f"timeout must be a number of seconds above 0, not {timeout!r}; leave it out for no limit."
        )


def check_value(name: str, value: Any) -> None:
    """Check the texts in a parameter, and that the items of a list have one type, as databases require."""
    if isinstance(value, str):
        check(value, "str", of=f"${name}")
    elif isinstance(value, list | tuple):
        kinds = {type(item).__name__ for item in value if item is not None}
        if len(kinds) > 1 and kinds != {"int", "float"}:
            raise ParameterError(f"${name} must be a list of values of one type, not of {', '.join(sorted(kinds))}.")
        for item in value:
            check_value(name, item)
