"""All contacts in order: the compiled form of ``contacts``.

A database sorts millions of rows in a multiple of the time and memory of this: 7.3 million took Ladybug (0.22) 25 s and
4.2 GB, and with 2 GB it refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cellgraph.analyze.further import further_columns

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question


def contacts(question: Question) -> pa.Table:
    """Return the rows of the query ``contacts``: those of ``contacts-unsorted``, turned and sorted."""
    further = further_columns(question.store, question.catalogue, question.query, question.sample)
    rows = question.lookup("contacts-unsorted", further=further, sample=question.sample)
    if names := directed_samples(question):
        rows = _with_ends(rows, names)
    return in_order(rows)


def in_order(rows: pa.Table) -> pa.Table:
    """Return contacts as they are stored in the form and the order of the query ``contacts``."""
    rows = _turned(rows)
    return rows.take(_order(rows))


def directed_samples(question: Question) -> list[str]:
    """Return the names of the samples whose relationships have a direction, of those that are asked about."""
    nodes = question.lookup("sample-nodes").to_pylist()
    names = [node["name"] for node in nodes if json.loads(node["node"]).get("directed") is True]
    return [name for name in names if question.sample in (None, name)]


def _with_ends(rows: pa.Table, directed: list[str]) -> pa.Table:
    """Add where relationships begin and end, as they are stored; null for samples without directions."""
    known = pc.is_in(rows["sample"], pa.array(directed, pa.string()))
    place = rows.column_names.index("cell_b") + 1
    for number, (end, cell) in enumerate((("source", "cell_a"), ("target", "cell_b"))):
        if end not in rows.column_names:
            rows = rows.add_column(place + number, end, pc.if_else(known, rows[cell], pa.scalar(None, rows[cell].type)))
    return rows


def _turned(rows: pa.Table) -> pa.Table:
    """Return contacts with the cell of the smaller label first; of two samples, then that of the first sample."""
    a, b, own, other = (rows[name] for name in ("cell_a", "cell_b", "sample", "sample_b"))
    turn = pc.or_(pc.greater(a, b), pc.and_(pc.equal(a, b), pc.greater(own, other)))
    if not pc.any(turn, min_count=0).as_py():
        return rows
    ends = {"cell_a": (b, a), "cell_b": (a, b), "sample": (other, own), "sample_b": (own, other)}
    for name, (turned, kept) in ends.items():
        rows = rows.set_column(rows.column_names.index(name), name, pc.if_else(turn, turned, kept))
    return rows


def _order(rows: pa.Table) -> pa.Array:
    """Return the order by sample, cells, other sample; of contacts given more than once, the largest first."""
    keys = [(name, "ascending") for name in ("sample", "cell_a", "cell_b", "sample_b")]
    by = rows.select([name for name, _ in keys])
    for name in ("junctions", "area"):
        # Null is larger than any number, in Cypher.
        by = by.append_column(f"{name}?", pc.is_null(rows[name])).append_column(name, rows[name])
        keys += [(f"{name}?", "descending"), (name, "descending")]
    return pc.sort_indices(by, sort_keys=keys)
