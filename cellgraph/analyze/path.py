"""A shortest path between two cells, of any length: the compiled form of ``path``."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cellgraph.analyze.rows import with_note
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.adjacency.matrix import Adjacency
    from cellgraph.analyze.cells import Cell
    from cellgraph.analyze.question import Question


def path(question: Question, source: Cell, target: Cell) -> pa.Table:
    """Return the rows of the query ``path``: step, cell, junctions; none if the cells are not connected.

    The database looks first, as far as ``longest``: most ways that people ask for are short, and then it need not
    give away the whole graph.
    """
    if source == target:
        return _table([source.label], [None])
    longest = question.bound["longest"]
    if question.method != "compiled" and _labels_tell(question, source, target):
        near = question.lookup("path", **question.bound)
        if near.num_rows:
            return near
        if question.method == "cypher" or "longest" in question.given:
            return with_note(near, f"there is no path from {source.label} to {target.label} in {longest} contacts.")
    graph = question.graph()
    way = fewest_contacts(graph, graph.row(source.sample, source.label), graph.row(target.sample, target.label))
    if "longest" in question.given and len(way) > longest + 1:
        return with_note(
            _table([], []), f"there is no way from {source.label} to {target.label} in {longest} contacts."
        )
    if not way:
        return with_note(_table([], []), f"the cells {source.label} and {target.label} are not connected.")
    return _table(graph.labels[way].tolist(), _junctions(question, graph, way))


def _labels_tell(question: Question, source: Cell, target: Cell) -> bool:
    """Tell whether the Cypher, which knows cells by label and one sample at most, can mean these two cells only."""
    if source.sample == target.sample:
        return True
    samples = question.store.sample_names()
    alone = all(question.lookup("locate", label=cell.label, samples=samples).num_rows == 1 for cell in (source, target))
    if not alone and question.method == "cypher":
        raise ParameterError(
            "the two cells are of different samples, and their labels are in others too, which the Cypher cannot tell "
            "apart; leave out --method cypher (method='cypher')."
        )
    return alone


def _table(cells: list[int], junctions: list[int | None]) -> pa.Table:
    import pyarrow as pa

    columns = {"step": list(range(len(cells))), "cell": cells, "junctions": junctions}
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})


def fewest_contacts(graph: Adjacency, source: int, target: int) -> list[int]:
    """Return the cells on a way with the fewest contacts.

    Of several such ways it is the one whose cells have the smallest labels (then samples), compared from the
    start: the way back is searched first, then each step goes to the smallest cell that is one nearer.

    Parameters
    ----------
    graph : Adjacency
    source, target : int
        Numbers of the first and the last cell.

    Returns
    -------
    list of int
        Numbers of the cells, from source to target; empty if the two are not connected.
    """
    import numpy as np

    from cellgraph.adjacency.kernels import distances_to

    n = len(graph.labels)
    distance = np.full(n, -1, np.int32)
    distances_to(graph.indptr, graph.indices, target, source, distance, np.empty(n, np.int32))
    if distance[source] < 0:
        return []
    way = [source]
    while way[-1] != target:
        way.append(_smallest(graph, _nearer(graph, distance, way[-1])))
    return way


def _nearer(graph: Adjacency, distance: np.ndarray[Any, Any], cell: int) -> list[int]:
    """Return the neighbours of a cell that are one contact nearer to the target."""
    neighbours = graph.indices[graph.indptr[cell] : graph.indptr[cell + 1]].tolist()
    return [neighbour for neighbour in neighbours if distance[neighbour] == distance[cell] - 1]


def _smallest(graph: Adjacency, cells: list[int]) -> int:
    """Return the cell with the smallest label, of several the one in the first sample."""
    return min(cells, key=lambda cell: (int(graph.labels[cell]), cell))


def samples_of(question: Question, labels: list[int], source: Cell, target: Cell) -> list[str]:
    """Return the sample of each cell on a path of labels: of several, the first by name at each step."""
    samples = question.store.sample_names()
    if len(samples) == 1 or len(labels) < 2:
        return [source.sample] * len(labels)
    found = question.lookup("junctions-among", samples=samples, labels=labels).to_pylist()
    touching = {(row["sample_a"], row["cell_a"], row["sample_b"], row["cell_b"]) for row in found}
    possible = [{target.sample}]  # from the end: the samples from which the rest of the path goes on
    for label, following in reversed(list(pairwise(labels))):
        ends = possible[-1]
        possible.append({name for name in samples if any((name, label, end, following) in touching for end in ends)})
    possible.reverse()
    path = [source.sample]
    for (label, following), names in zip(pairwise(labels), possible[1:], strict=True):
        path.append(min(name for name in names if (path[-1], label, name, following) in touching))
    return path


def _junctions(question: Question, graph: Adjacency, way: list[int]) -> list[int | None]:
    """Return the junctions of each cell with the one before; None for the first."""
    keys = [(graph.samples[cell], int(graph.labels[cell])) for cell in way]
    samples, labels = sorted({sample for sample, _ in keys}), [label for _, label in keys]
    found = question.lookup("junctions-among", samples=samples, labels=labels)
    known = {
        (row["sample_a"], row["cell_a"], row["sample_b"], row["cell_b"]): row["junctions"] for row in found.to_pylist()
    }
    return [None, *(known[before + this] for before, this in pairwise(keys))]
