"""Small motifs of contacts: the compiled forms of triangles, squares, T1 candidates, reciprocal pairs, similar cells.

All are products of the sparse matrix of contacts with itself, some rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cellgraph.analyze.linked import Linked, linked, matrix, note_on_shares, require_column
from cellgraph.analyze.rows import with_note
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question
    from cellgraph.estimation.restricted import Restricted

Array = np.ndarray[Any, Any]
_PART = 16_384
"""Rows of a matrix that are multiplied at a time."""


def triangle_counts(links: Any, rows: Array) -> Array:
    """Return the number of triangles that each of some cells is in.

    Parameters
    ----------
    links : scipy.sparse.csr_array, shape (n, n)
        Symmetric, of ones.
    rows : numpy.ndarray of int64
    """
    found = np.zeros(len(rows), np.int64)
    for part in _parts(len(rows)):
        mine = links[rows[part]]
        found[part] = (mine @ links).multiply(mine).sum(axis=1) // 2
    return found


def triangles(question: Question) -> pa.Table:
    """Return the rows of the query ``triangles``: sample, cell, degree, triangles, clustering."""
    asked = question.restricted()
    links = matrix(asked, linked(asked))
    degree = np.diff(links.indptr)[asked.rows].astype(np.int64)
    found = triangle_counts(links, asked.rows)
    pairs = degree * (degree - 1)
    clustering = np.divide(2.0 * found, pairs, out=np.zeros(len(pairs)), where=pairs > 0)
    return pa.table(_cells(asked, asked.rows) | {"degree": degree, "triangles": found, "clustering": clustering})


def squares(question: Question) -> pa.Table:
    """Return the rows of the query ``squares``: sample, cell, squares."""
    asked = question.restricted()
    links = matrix(asked, linked(asked))
    found = np.zeros(len(asked.rows), np.int64)
    for part in _parts(len(asked.rows)):
        rows = asked.rows[part]
        common = (links[rows] @ links).tocoo()
        other = common.col != rows[common.row]
        ways = common.data[other]
        found[part] = np.bincount(common.row[other], ways * (ways - 1) // 2, len(rows)).astype(np.int64)
    return pa.table(_cells(asked, asked.rows) | {"squares": found})


def t1_candidates(question: Question) -> pa.Table:
    """Return the rows of the query ``t1-candidates``, shortest contacts first."""
    asked = question.restricted(contacts=["junctions", "area"])
    topology, pairs = asked.topology, linked(asked, "junctions", "area")
    links, everything = matrix(asked, pairs), _touching(question, asked)
    wanted = _in_order(asked, pairs)
    for name, most in (("junctions", question.bound["max_junctions"]), ("area", question.bound["max_area"])):
        if most is not None:
            wanted &= pairs.of(name) <= most
    if question.sample is not None:
        wanted &= (topology.samples[pairs.a] == question.sample) | (topology.samples[pairs.b] == question.sample)
    candidates, gains = [], []
    for place in np.flatnonzero(wanted):
        question.left()
        a, b = pairs.a[place], pairs.b[place]
        common = np.intersect1d(_row(links, a), _row(links, b), assume_unique=True)
        if len(common) == 2 and common[1] not in _row(everything, common[0]):
            candidates.append(place)
            gains.append(np.sort(topology.labels[common]))
    places, gained = np.array(candidates, np.int64), np.array(gains, np.int64).reshape(-1, 2)
    a, b = pairs.a[places], pairs.b[places]
    rows = pa.table(
        {"sample": pa.array(topology.samples[a], pa.string()), "cell_a": topology.labels[a]}
        | {"cell_b": topology.labels[b], "junctions": pairs.sums["junctions"].take(pa.array(places))}
        | {"area": pairs.sums["area"].take(pa.array(places)).cast(pa.float64())}
        | {"gain_a": gained[:, 0], "gain_b": gained[:, 1], "sample_b": pa.array(topology.samples[b], pa.string())}
    )
    keys = ("area", "junctions", "sample", "cell_a", "cell_b", "sample_b")
    return rows.sort_by([(key, "ascending") for key in keys])


def _touching(question: Question, asked: Restricted) -> Any:
    """Return the matrix of all contacts, whatever the conditions."""
    from scipy.sparse import csr_array

    whole = question.topology()
    n = len(asked.kept)
    a, b = np.r_[whole.a, whole.b], np.r_[whole.b, whole.a]
    return csr_array((np.ones(len(a), np.int64), (a, b)), shape=(n, n))


def require_directions(question: Question) -> None:
    """Reject a question about directions if no sample has any.

    Raises
    ------
    ParameterError
    """
    if not question.directed:
        these = f"the sample {question.sample!r}" if question.sample else "these samples"
        raise ParameterError(
            f"reciprocal pairs need contacts with a direction, but those of {these} have none; load the table with "
            "--directed."
        )


def reciprocal(question: Question) -> pa.Table:
    """Return the rows of the query ``reciprocal``."""
    asked = question.restricted(contacts=["junctions"])
    topology, n = asked.topology, len(asked.kept)
    directed = np.isin(topology.samples.astype(str), question.directed)
    mine = directed[topology.a] & (topology.a != topology.b)
    a, b = topology.a[mine], topology.b[mine]
    junctions = topology.of_contacts["junctions"].filter(pa.array(mine))
    found = pa.table({"a": a, "b": b, "junctions": junctions}).group_by(["a", "b"])
    ways = found.aggregate([("junctions", "sum"), ("junctions", "count")])
    keys = {name: ways[name].to_numpy() for name in ("a", "b")}
    forward, back = keys["a"] * n + keys["b"], keys["b"] * n + keys["a"]
    order = np.argsort(forward)
    place = order[np.minimum(np.searchsorted(forward, back, sorter=order), max(len(order) - 1, 0))] if n else order
    both = (forward[place] == back) & _ordered(asked, keys["a"], keys["b"]) if len(order) else np.zeros(0, bool)
    if question.sample is not None:
        both &= (topology.samples[keys["a"]] == question.sample) | (topology.samples[keys["b"]] == question.sample)
    there, reverse = ways.filter(pa.array(both)), ways.take(pa.array(place[both]))
    i, j = there["a"].to_numpy(), there["b"].to_numpy()
    rows = pa.table(
        {"sample": pa.array(topology.samples[i], pa.string()), "cell_a": topology.labels[i]}
        | {"cell_b": topology.labels[j], "contacts_ab": there["junctions_count"]}
        | {"contacts_ba": reverse["junctions_count"], "junctions_ab": there["junctions_sum"]}
        | {"junctions_ba": reverse["junctions_sum"], "sample_b": pa.array(topology.samples[j], pa.string())}
    )
    return rows.sort_by([(key, "ascending") for key in ("sample", "cell_a", "cell_b", "sample_b")])


def common_neighbours(question: Question) -> pa.Table:
    """Return the rows of the query ``common-neighbours``."""
    asked = question.restricted(contacts=["junctions"])
    topology, pairs = asked.topology, linked(asked, "junctions")
    ends = [asked.row(question.cells[end][0]) for end in ("source", "target")]
    found = []
    for end in ends:
        mine = pairs.a == (-1 if end is None or end not in asked.rows else end)
        found.append(dict(zip(pairs.b[mine].tolist(), pairs.sums["junctions"].filter(pa.array(mine)), strict=True)))
    both = [row for row in found[0] if row in found[1]]
    both.sort(key=lambda row: (int(topology.labels[row]), row))
    return pa.table(
        {"neighbour": pa.array([int(topology.labels[row]) for row in both], pa.int64())}
        | {
            f"junctions_{end}": pa.array([found[n][row].as_py() for row in both], pa.int64())
            for n, end in enumerate(("source", "target"))
        }
        | {"neighbour_sample": pa.array([topology.samples[row] for row in both], pa.string())}
    )


def similar(question: Question) -> pa.Table:
    """Return the rows of the query ``similar``: Jaccard and Ruzicka indices, the most similar first."""
    name = require_column(question, "contacts", question.bound["of"], ("int", "float"))
    asked = question.restricted(contacts=[name])
    topology, pairs = asked.topology, linked(asked, name)
    common = pairs.b[np.isin(pairs.a, asked.rows)]
    note = note_on_shares(
        asked, name, pairs.a[np.isin(pairs.b, common)], "such a contact counts as 0 in the column weighted."
    )
    if question.method == "cypher":
        return with_note(question.in_cypher(), note)
    values = np.nan_to_num(pairs.of(name))
    links, weights = matrix(asked, pairs), matrix(asked, pairs, values)
    degree, whole = np.diff(links.indptr), weights.sum(axis=1)
    rows: list[dict[str, Any]] = []
    for cell in asked.rows.tolist():
        question.left()
        mine = _row(links, cell)
        own = dict(
            zip(mine.tolist(), weights.data[weights.indptr[cell] : weights.indptr[cell + 1]].tolist(), strict=True)
        )
        common = np.asarray((links @ _column(links, mine)).ravel(), np.int64)
        for other in np.flatnonzero(common).tolist():
            if other == cell:
                continue
            theirs = zip(
                _row(links, other).tolist(),
                weights.data[weights.indptr[other] : weights.indptr[other + 1]].tolist(),
                strict=True,
            )
            least = sum(min(own[at], value) for at, value in theirs if at in own)
            most, either = whole[cell] + whole[other] - least, int(degree[cell] + degree[other] - common[other])
            rows.append(
                {"sample": topology.samples[cell], "cell": int(topology.labels[cell])}
                | {"other": int(topology.labels[other]), "common": int(common[other]), "either": either}
                | {"jaccard": common[other] / either, "weighted": least / most if most > 0 else None}
                | {"other_sample": topology.samples[other]}
            )
    kinds = {"sample": "string", "cell": "int64", "other": "int64", "common": "int64", "either": "int64"}
    kinds |= {"jaccard": "float64", "weighted": "float64", "other_sample": "string"}
    table = pa.Table.from_pylist(rows, pa.schema(kinds.items()))
    down = {"jaccard", "weighted"}
    keys = ("jaccard", "weighted", "sample", "cell", "other", "other_sample")
    order = [(key, "descending" if key in down else "ascending") for key in keys]
    return with_note(table.sort_by(order).slice(0, question.bound["limit"]), note)


def _column(links: Any, rows: Array) -> Array:
    """Return a column of ones at some rows."""
    column = np.zeros(links.shape[0], np.int64)
    column[rows] = 1
    return column


def _row(links: Any, row: int) -> Array:
    return np.asarray(links.indices[links.indptr[row] : links.indptr[row + 1]])


def _in_order(asked: Restricted, pairs: Linked) -> Array:
    """Return which pairs have the smaller cell first and consist of requested cells."""
    reported = np.zeros(len(asked.kept), bool)
    reported[asked.reported] = True
    return _ordered(asked, pairs.a, pairs.b) & reported[pairs.a] & reported[pairs.b]


def _ordered(asked: Restricted, a: Array, b: Array) -> Array:
    labels = asked.topology.labels
    return np.asarray((labels[a] < labels[b]) | ((labels[a] == labels[b]) & (a < b)))


def _cells(asked: Restricted, rows: Array) -> dict[str, Any]:
    topology = asked.topology
    return {"sample": pa.array(topology.samples[rows], pa.string()), "cell": topology.labels[rows]}


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, _PART):
        yield slice(start, min(start + _PART, count))
