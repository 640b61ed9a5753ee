"""All contacts in order: the compiled form of ``contacts``.

A database needs several times as much time and memory to sort millions of rows: 7.3 million took Ladybug (0.22) 25 s
and 4.2 GB, and with 2 GB it refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question
    from cellgraph.model import Cell


def contacts(question: Question) -> pa.Table:
    """Return the rows of the query ``contacts``: those of ``contacts-unsorted``, with ends ordered, and sorted."""
    rows = _read(question, "contacts-unsorted")
    if question.directed:
        rows = _with_ends(rows, question.directed)
    if "cell" in question.cells:
        rows = _of_cells(rows, question.cells["cell"], question.asked.conditions.direction)
    if question.asked.conditions.unsaid:
        rows = meeting(meeting(rows, question, "sample", "cell_a"), question, "sample_b", "cell_b")
    return in_order(rows)


def in_order(rows: pa.Table) -> pa.Table:
    """Return stored contacts in the form and order of the query ``contacts``."""
    rows = _turned(rows)
    return rows.take(_order(rows))


def cells(question: Question) -> pa.Table:
    """Return the rows of the query ``cells``, with conditions that Cypher cannot express."""
    rows = meeting(_read(question, "cells"), question, "sample", "cell")
    return rows.sort_by([("sample", "ascending"), ("cell", "ascending")])


def meeting(rows: pa.Table, question: Question, sample: str, cell: str) -> pa.Table:
    """Return the rows whose cell meets the conditions of a question, in any order."""
    asked = question.restricted(of_cells=False)
    topology = asked.topology
    known = pa.table({sample: pa.array(topology.samples[asked.rows], pa.string()), cell: topology.labels[asked.rows]})
    return rows.join(known, keys=[sample, cell], join_type="left semi")


def _read(question: Question, query: str) -> pa.Table:
    """Read rows that meet the conditions that Cypher can express."""
    conditions = replace(question.asked.conditions, direction="both")
    if conditions.unsaid:
        conditions = replace(conditions, where=None, unsaid="")
    return question.lookup(query, further=question.further, conditions=conditions, sample=question.sample)


def _of_cells(rows: pa.Table, wanted: Sequence[Cell], direction: str) -> pa.Table:
    """Return the stored contacts that touch, begin at, or end at one of some cells."""
    known = pa.array([f"{cell.label} {cell.sample}" for cell in wanted])
    found = []
    for cell, sample, way in (("cell_a", "sample", "out"), ("cell_b", "sample_b", "in")):
        if direction in ("both", way):
            keys = pc.binary_join_element_wise(rows[cell].cast(pa.string()), rows[sample], " ")
            found.append(pc.is_in(keys, known))
    return rows.filter(found[0] if len(found) == 1 else pc.or_(*found))


def _with_ends(rows: pa.Table, directed: Sequence[str]) -> pa.Table:
    """Add the source and target of each relationship as stored; null for samples without directions."""
    known = pc.is_in(rows["sample"], pa.array(directed, pa.string()))
    place = rows.column_names.index("cell_b") + 1
    for number, (end, cell) in enumerate((("source", "cell_a"), ("target", "cell_b"))):
        if end not in rows.column_names:
            rows = rows.add_column(place + number, end, pc.if_else(known, rows[cell], pa.scalar(None, rows[cell].type)))
    return rows


def _turned(rows: pa.Table) -> pa.Table:
    """Return contacts with the smaller label first; of equal labels, the cell of the first sample."""
    if not rows.num_rows:
        return rows  # without rows, Neo4j gives no types
    a, b, own, other = (rows[name] for name in ("cell_a", "cell_b", "sample", "sample_b"))
    turn = pc.or_(pc.greater(a, b), pc.and_(pc.equal(a, b), pc.greater(own, other)))
    if not pc.any(turn, min_count=0).as_py():
        return rows
    ends = {"cell_a": (b, a), "cell_b": (a, b), "sample": (other, own), "sample_b": (own, other)}
    for name, (turned, kept) in ends.items():
        rows = rows.set_column(rows.column_names.index(name), name, pc.if_else(turn, turned, kept))
    return rows


def _order(rows: pa.Table) -> pa.Array:
    """Return the order by sample, cells and other sample; of contacts given more than once, the largest first."""
    keys = [(name, "ascending") for name in ("sample", "cell_a", "cell_b", "sample_b")]
    by = rows.select([name for name, _ in keys])
    for name in ("junctions", "area"):
        # In Cypher, null is larger than any number.
        by = by.append_column(f"{name}?", pc.is_null(rows[name])).append_column(name, rows[name])
        keys += [(f"{name}?", "descending"), (name, "descending")]
    return pc.sort_indices(by, sort_keys=keys)
