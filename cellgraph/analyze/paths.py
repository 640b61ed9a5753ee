"""Several paths between two cells, and the cheapest by a weight: the compiled forms of ``paths`` and ``path``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cellgraph.adjacency.matrix import Adjacency
from cellgraph.adjacency.shortest import ROUNDING, Weighted, all_cheapest, cheapest_paths, fewest
from cellgraph.analyze.linked import Linked, linked, read_weight, weights_of
from cellgraph.analyze.path import distances_to, none_within, not_connected
from cellgraph.analyze.rows import with_note
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question
    from cellgraph.estimation.restricted import Restricted

Array = np.ndarray[Any, Any]
MOST_PATHS = 10_000
_TRIED = 10_000  # of the cheapest paths, for one that is not longer than asked


def paths(question: Question) -> pa.Table:
    """Return the rows of the query ``paths``: path, step, cell, junctions, and cost if there is a weight.

    Raises
    ------
    ParameterError
        If there are more than `MOST_PATHS` shortest paths, or cheapest ones.
    """
    bound, weight = question.bound, question.bound["weight"]
    source, target = (question.cells[end][0] for end in ("source", "target"))
    if source == target:
        raise ParameterError(f"a path needs two different cells, but both ends are {source.label}.")
    if question.method == "cypher":
        rows = question.in_cypher()
        return rows if rows.num_rows else with_note(rows, none_within(source.label, target.label, bound["longest"]))
    read = None if weight is None else read_weight(question, weight)
    asked = question.restricted(contacts=sorted({"junctions", *(read.columns if read else ())}))
    pairs = linked(asked, *sorted({"junctions", *(read.columns if read else ())}))
    costs = np.ones(len(pairs.a)) if read is None else weights_of(read, asked, pairs)
    ends = [asked.row(cell) for cell in (source, target)]
    found: list[tuple[float, list[int]]] = []
    why = ""
    if None not in ends and set(ends) <= set(asked.reported.tolist()):
        longest = bound["longest"] if "longest" in question.given else None
        graph = _weighted(asked, pairs, costs)
        found, why = _search(question, asked, graph, ends[0], ends[1], longest)  # type: ignore[arg-type]
    rows = _table(asked, pairs, found, None if read is None else costs)
    return with_note(rows, why or ("" if found else not_connected(asked, source, target)))


def _search(
    question: Question, asked: Restricted, graph: Weighted, source: int, target: int, longest: int | None
) -> tuple[list[tuple[float, list[int]]], str]:
    """Return the paths that are asked for, and why there are none, or fewer, although the two cells are connected."""
    start, end = asked.topology.labels[[source, target]].tolist()
    distance = distances_to(asked.backward, target, source)
    if distance[source] < 0:
        return [], ""
    if longest is not None and distance[source] > longest:
        return [], none_within(start, end, longest)
    if question.bound["weight"] is not None:
        return _cheapest(question, graph, source, target, longest)
    k = question.bound["k"]
    if k is None:
        return _all_shortest(distance, asked, graph.rank, source, target), ""
    return _next_cheapest(question, graph, source, target, longest, k, [])


def _cheapest(
    question: Question, graph: Weighted, source: int, target: int, longest: int | None
) -> tuple[list[tuple[float, list[int]]], str]:
    """Return the cheapest paths by a weight: k of them, or all of the smallest cost; and what to say about these."""
    k = 1 if question.query.name == "path" else question.bound["k"]
    alike = list(islice(all_cheapest(graph, source, target, question.left), k or MOST_PATHS + 1))
    if len(alike) > MOST_PATHS:
        raise _too_many(f"cheapest paths, each of cost {alike[0][0]:.6g}")
    found = [way for way in alike if longest is None or len(way[1]) <= longest + 1]
    if len(found) == k or (k is None and found):
        return found, ""
    return _next_cheapest(question, graph, source, target, longest, k, found)


def _next_cheapest(
    question: Question,
    graph: Weighted,
    source: int,
    target: int,
    longest: int | None,
    k: int | None,
    found: list[tuple[float, list[int]]],
) -> tuple[list[tuple[float, list[int]]], str]:
    """Add paths in the order of their costs until there are k, or all of the smallest cost."""
    known = {tuple(way) for _, way in found}
    for number, (cost, way) in enumerate(cheapest_paths(graph, source, target)):
        question.left()
        if k is None and found and cost > found[0][0] * (1 + ROUNDING):
            break
        if number == _TRIED:
            start, end = (str(cell) for cell in graph.forward.labels[[source, target]].tolist())
            few = f"only {len(found):,}" if found else "none"
            has = "have" if len(found) > 1 else "has"
            return found, (
                f"{few} of the {_TRIED:,} cheapest paths from {start} to {end} {has} at most {longest} contacts."
            )
        if tuple(way) not in known and (longest is None or len(way) <= longest + 1):
            found.append((cost, way))
        if len(found) == k:
            break
    return found, ""


def cheapest_path(question: Question) -> pa.Table:
    """Return the rows of the query ``path`` with a weight: step, cell, junctions, cost."""
    return paths(question).drop_columns(["path"])


def _all_shortest(
    distance: Array, asked: Restricted, rank: Array, source: int, target: int
) -> list[tuple[float, list[int]]]:
    found = list(islice(fewest(distance, asked.graph, rank, source, target), MOST_PATHS + 1))
    if len(found) > MOST_PATHS:
        raise _too_many(f"shortest paths, each of {distance[source]} contacts")
    return [(float(len(path) - 1), path) for path in found]


def _too_many(paths: str) -> ParameterError:
    return ParameterError(
        f"there are more than {MOST_PATHS:,} {paths}; limit their number with --k (k=…), such as --k 10."
    )


def _weighted(asked: Restricted, pairs: Linked, costs: Array) -> Weighted:
    topology, n = asked.topology, len(asked.kept)
    order = np.lexsort((np.arange(n), topology.labels))
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)

    def rows(first: Array, second: Array, values: Array) -> tuple[Adjacency, Array]:
        by = np.argsort(first, kind="stable")
        indptr = np.r_[0, np.bincount(first, minlength=n).cumsum()].astype(np.int64)
        return Adjacency(topology.samples, topology.labels, indptr, second[by].astype(np.int32)), values[by]

    forward, there = rows(pairs.a, pairs.b, np.asarray(costs, np.float64))
    backward, back = rows(pairs.b, pairs.a, np.asarray(costs, np.float64))
    return Weighted(forward, backward, there, back, rank)


def _table(asked: Restricted, pairs: Linked, found: list[tuple[float, list[int]]], costs: Array | None) -> pa.Table:
    n = len(asked.kept)
    keys = pairs.a * n + pairs.b  # sorted
    number: list[int] = []
    step: list[int] = []
    cell: list[int] = []
    junctions: list[int | None] = []
    cost: list[float] = []
    for path, (_, way) in enumerate(found, start=1):
        cells = np.array(way)
        places = np.searchsorted(keys, cells[:-1] * n + cells[1:])
        number += [path] * len(way)
        step += range(len(way))
        cell += asked.topology.labels[cells].tolist()
        junctions += [None, *pairs.sums["junctions"].take(pa.array(places)).to_pylist()]
        cost += [0.0, *(np.cumsum(costs[places]).tolist() if costs is not None else [0.0] * len(places))]
    columns = {"path": number, "step": step, "cell": cell, "junctions": junctions}
    table = pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})
    return table if costs is None else table.append_column("cost", pa.array(cost, pa.float64()))
