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
    from cellgraph.analyze.question import Question
    from cellgraph.estimation.restricted import Restricted
    from cellgraph.model import Cell

    Array = np.ndarray[Any, Any]


def path(question: Question, source: Cell, target: Cell) -> pa.Table:
    """Return the rows of the query ``path``: step, cell, junctions; none if the cells are not connected.

    The database searches first, up to ``longest`` contacts: most requested paths are short, and then the whole graph
    need not be read.
    """
    if source == target and question.left_out():
        return _table([], [])
    if source == target:
        alone = _table([source.label], [None])
        return alone if question.bound["weight"] is None else alone.append_column("cost", [[0.0]])
    if question.bound["weight"] is not None:
        from cellgraph.analyze.paths import cheapest_path

        return cheapest_path(question)
    longest = question.bound["longest"]
    near = question.asked.conditions.over != "contacts"  # has no junctions, which the Cypher needs
    if near and question.method == "cypher":
        raise ParameterError("a path over NEAR cannot be found in Cypher; leave out --method cypher (method='cypher').")
    if question.method != "compiled" and not near and not question.unsaid and _labels_tell(question, source, target):
        found = question.in_cypher()
        if found.num_rows:
            return found
        if question.method == "cypher" or "longest" in question.given:
            return with_note(found, none_within(source.label, target.label, longest))
    restricted = question.restricted(contacts=["junctions"])
    graph, ends = restricted.graph, (restricted.row(source), restricted.row(target))
    way = [] if None in ends else fewest_contacts(graph, *ends, backward=restricted.backward)  # type: ignore[arg-type]
    if "longest" in question.given and len(way) > longest + 1:
        return with_note(_table([], []), none_within(source.label, target.label, longest))
    if not way:
        return with_note(_table([], []), not_connected(restricted, source, target))
    return _table(graph.labels[way].tolist(), _junctions(restricted, way))


def _labels_tell(question: Question, source: Cell, target: Cell) -> bool:
    """Return whether the Cypher, which has labels and at most one sample, identifies these two cells uniquely."""
    if source.sample == target.sample:
        return True
    samples = question.store.sample_names()
    alone = all(
        question.lookup("locate", labels=[cell.label], samples=samples).num_rows == 1 for cell in (source, target)
    )
    if not alone and question.method == "cypher":
        raise ParameterError(
            "the two cells are in different samples, and other samples have the same labels, which the Cypher cannot "
            "tell apart; leave out --method cypher (method='cypher')."
        )
    return alone


def _table(cells: list[int], junctions: list[int | None]) -> pa.Table:
    import pyarrow as pa

    columns = {"step": list(range(len(cells))), "cell": cells, "junctions": junctions}
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})


def distances_to(backward: Adjacency, target: int, source: int) -> Array:
    """Return the distances of cells to a target, in contacts, until that of the source is known; -1 where not known.

    Parameters
    ----------
    backward : Adjacency
        The graph with its contacts reversed, if they have a direction.
    target, source : int
        Row numbers.
    """
    import numpy as np

    from cellgraph.adjacency.kernels import distances_from

    n = len(backward.labels)
    distance = np.full(n, -1, np.int32)
    distances_from(backward.indptr, backward.indices, np.array([target]), n, source, distance, np.empty(n, np.int32))
    return distance


def none_within(source: int, target: int, longest: int) -> str:
    """Return a note on two cells, given by label, that no path of at most so many contacts joins."""
    return f"there is no path from {source} to {target} within {longest} contacts."


def not_connected(restricted: Restricted, source: Cell, target: Cell) -> str:
    """Return a note on two cells that are not connected, with the sizes of their components."""
    import numpy as np

    from cellgraph.adjacency.kernels import distances_from

    sizes = []
    for cell, graph in ((source, restricted.graph), (target, restricted.backward)):
        row = restricted.row(cell)
        if row is None:
            return ""  # covered by another note
        n = len(graph.labels)
        distance = np.full(n, -1, np.int32)
        distances_from(graph.indptr, graph.indices, np.array([row]), n, -1, distance, np.empty(n, np.int32))
        sizes.append(int((distance >= 0).sum()))
    if restricted.direction != "both":
        return (
            f"no path leads from {source.label} to {target.label} in the direction {restricted.direction}: cells that "
            f"can be reached from {source.label}: {sizes[0] - 1:,}; cells from which {target.label} can be reached: "
            f"{sizes[1] - 1:,}."
        )
    return (
        f"the cells {source.label} and {target.label} are not connected: {source.label} is in a component of "
        f"{sizes[0]:,} and {target.label} in one of {sizes[1]:,} cells."
    )


def fewest_contacts(graph: Adjacency, source: int, target: int, backward: Adjacency | None = None) -> list[int]:
    """Return the cells on a shortest path (with the fewest contacts).

    Among several shortest paths, it is the one whose cells have the smallest labels (then samples), compared from the
    start: distances to the target are found first, then each step goes to the smallest cell that is one nearer.

    Parameters
    ----------
    graph : Adjacency
    source, target : int
        Row numbers of the first and the last cell.
    backward : Adjacency, optional
        The graph with its contacts reversed, if they have a direction.

    Returns
    -------
    list of int
        Row numbers of the cells, from source to target; empty if the two are not connected.
    """
    distance = distances_to(backward or graph, target, source)
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
    """Return the cell with the smallest label; of several, the one in the first sample."""
    return min(cells, key=lambda cell: (int(graph.labels[cell]), cell))


def samples_of(question: Question, labels: list[int], source: Cell, target: Cell) -> list[str]:
    """Return the sample of each cell on a path of labels; of several, the first by name at each step."""
    samples = question.store.sample_names()
    if len(samples) == 1 or len(labels) < 2:
        return [source.sample] * len(labels)
    found = question.lookup("junctions-among", samples=samples, labels=labels).to_pylist()
    touching = {(row["sample_a"], row["cell_a"], row["sample_b"], row["cell_b"]) for row in found}
    possible = [{target.sample}]  # from the end: the samples from which the path can continue
    for label, following in reversed(list(pairwise(labels))):
        ends = possible[-1]
        possible.append({name for name in samples if any((name, label, end, following) in touching for end in ends)})
    possible.reverse()
    path = [source.sample]
    for (label, following), names in zip(pairwise(labels), possible[1:], strict=True):
        path.append(min(name for name in names if (path[-1], label, name, following) in touching))
    return path


def _junctions(restricted: Restricted, way: list[int]) -> list[int | None]:
    """Return the junctions of each cell with the previous one; None for the first."""
    import numpy as np
    import pyarrow.compute as pc

    topology = restricted.topology
    found: list[int | None] = [None]
    for before, this in pairwise(way):
        between = np.zeros(len(topology.a), bool)
        if restricted.direction != "in":
            between |= (topology.a == before) & (topology.b == this)
        if restricted.direction != "out":
            between |= (topology.b == before) & (topology.a == this)
        found.append(pc.sum(topology.of_contacts["junctions"].filter(between)).as_py())
    return found
