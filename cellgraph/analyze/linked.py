"""Pairs of cells that touch: relationships of the same two cells summed, with weights, and as sparse matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cellgraph.adjacency.weights import Weight, parse_weight
from cellgraph.errors import ParameterError
from cellgraph.estimation.restricted import numbers

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question
    from cellgraph.estimation.restricted import Restricted

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Linked:
    """Pairs of cells that touch, each seen from one cell, sorted by both; a pair has two rows unless directed.

    Attributes
    ----------
    a, b : numpy.ndarray of int64, shape (p,)
        Row numbers of the cell and of the other cell.
    sums : mapping of str to pyarrow.Array
        Columns of contacts, summed over the relationships of the pair; null if none has a value.
    """

    a: Array
    b: Array
    sums: dict[str, pa.Array]

    def of(self, name: str) -> Array:
        """Return a column as float64, NaN for null."""
        return numbers(self.sums[name])


def linked(asked: Restricted, *names: str) -> Linked:
    """Return the pairs of the cells that a question is about."""
    a, b, number = ends_of(asked)
    other = a != b
    rows = {"a": a[other], "b": b[other]}
    for name in names:
        column = asked.topology.of_contacts[name]
        column = column.cast(pa.int64()) if pa.types.is_null(column.type) else column
        rows[name] = column.take(pa.array(number[other]))
    found = pa.table(rows).group_by(["a", "b"]).aggregate([(name, "sum") for name in names])
    found = found.sort_by([("a", "ascending"), ("b", "ascending")])
    sums = {name: found[f"{name}_sum"].combine_chunks() for name in names}
    sums = {name: c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for name, c in sums.items()}
    return Linked(found["a"].to_numpy(), found["b"].to_numpy(), sums)


def ends_of(asked: Restricted) -> tuple[Array, Array, Array]:
    """Return each contact as seen from a cell: the numbers of the cell, the other cell and the relationship."""
    a, b, number = asked.topology.a, asked.topology.b, np.arange(len(asked.topology.a))
    ways = {"out": [(a, b)], "in": [(b, a)], "both": [(a, b), (b, a)]}[asked.direction]
    first, second = (np.concatenate([way[end] for way in ways]) for end in (0, 1))
    return first, second, np.tile(number, len(ways))


def matrix(asked: Restricted, pairs: Linked, values: Array | None = None) -> Any:
    """Return a `scipy.sparse.csr_array` of the pairs, with ones or given values; its rows are the cells."""
    from scipy.sparse import csr_array

    n = len(asked.kept)
    data = np.ones(len(pairs.a), np.int64) if values is None else values
    return csr_array((data, (pairs.a, pairs.b)), shape=(n, n))


def read_weight(question: Question, text: str) -> Weight:
    """Parse an expression of the columns of the contacts of a question."""
    columns = question.store.columns("contacts", question.sample)
    return parse_weight(text, {"junctions": "int", **{column.name: column.type for column in columns}})


def weights_of(weight: Weight, asked: Restricted, pairs: Linked) -> Array:
    """Return the weight of each pair, from the sums over its relationships.

    Raises
    ------
    ParameterError
        If a weight is not above zero, as paths would be meaningless.
    """
    values = weight({name: pairs.of(name) for name in weight.columns}, len(pairs.a))
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(wrong):
        a, b = pairs.a[wrong], pairs.b[wrong]
        of = _these(asked, a, b, len(wrong) if asked.direction != "both" else len(wrong) // 2)
        raise ParameterError(
            f"a weight must be above 0, but {weight.text} is missing, infinite or not above 0 for {of}; "
            f"{_without(asked, a, b, weight)}use another --weight (weight=…)."
        )
    return values


def _these(asked: Restricted, a: Array, b: Array, count: int) -> str:
    """Return what to call so many contacts, given the rows of cells that these join, first ones first."""
    labels = asked.topology.labels
    of = f"{count:,} contacts, the first" if count > 1 else "the contact"
    return f"{of} between {labels[a[0]]} and {labels[b[0]]}"


def _without(asked: Restricted, a: Array, b: Array, weight: Weight) -> str:
    """Return the advice to leave out the contacts of some pairs, if a condition leaves out these and no others."""
    first, second, number = ends_of(asked)
    n = len(asked.kept)
    wrong = np.isin(first * n + second, a * n + b)
    right = (first != second) & ~wrong
    for name in ("junctions", *({"area"} & set(weight.columns))):
        values = numbers(asked.topology.of_contacts[name])[number]
        worst, least = np.nanmax(values[wrong], initial=-np.inf), np.min(values[right], initial=np.inf)
        if not worst < least < np.inf:
            continue
        whole = worst + 1 if np.isfinite(worst) else least
        between = f"{whole:.0f}" if name == "junctions" else repr(float(least))
        return f"leave these out with --min-{name} {between} (min_{name}={between}), or "
    return ""


def note_on_shares(asked: Restricted, name: str, cells: Array, without: str) -> str:
    """Return a note on contacts of some cells that have no value in a column of which shares are taken.

    Parameters
    ----------
    asked : Restricted
    name : str
        The column of contacts.
    cells : numpy.ndarray of int64
        Row numbers of the cells.
    without : str
        What it means for the rows if contacts have no value.

    Raises
    ------
    ParameterError
        If a value is below 0 or infinite, as shares would be meaningless.
    """
    a, b, number = ends_of(asked)
    mine = np.unique(number[(a != b) & np.isin(a, cells)])
    values = numbers(asked.topology.of_contacts[name])[mine]
    wrong = (values < 0) | np.isinf(values)
    if wrong.any():
        value, which = float(values[wrong][0]), mine[wrong]
        of = _these(asked, asked.topology.a[which], asked.topology.b[which], len(which))
        least = (
            "leave these out with --min-area 0 (min_area=0), or "
            if name == "area" and not np.isinf(values).any()
            else ""
        )
        raise ParameterError(
            f"{name} of contacts must be 0 or more to be divided or compared, but is {value:g} for {of}; {least}name "
            "another column with --of (of=…)."
        )
    missing = int(np.isnan(values).sum())
    if not missing:
        return ""
    have = "1 contact has" if missing == 1 else f"{missing:,} contacts have"
    return f"{have} no {name}: {without}"


def require_column(question: Question, of: str, name: str, kinds: Sequence[str]) -> str:
    """Return the name of an existing column of cells or contacts, of one of some types.

    Raises
    ------
    ParameterError
        If there is no such column (with similar names), or it has another type.
    """
    from cellgraph.errors import near

    known = {column.name: column.type for column in question.store.columns(of, question.sample)}  # type: ignore[arg-type]
    name = "label" if name == "cell" and "cell" not in known else name
    if name not in known:
        hint = near(name, known) or f" There are: {', '.join(sorted(known)[:12])}{', …' if len(known) > 12 else ''}."
        raise ParameterError(f"{of} have no column {name!r}.{hint}")
    if known[name] not in kinds:
        words = {"int": "whole numbers", "float": "numbers", "bool": "true or false", "str": "text"}
        wanted = " or ".join(words[kind] for kind in kinds)
        raise ParameterError(f"the column {name!r} of {of} holds {words[known[name]]}, but {wanted} are needed.")
    return name
