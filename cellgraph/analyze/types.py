"""Properties and types of neighbours: the compiled forms of the queries in ``cypher/types``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cellgraph.analyze.linked import linked, matrix, note_on_shares, require_column
from cellgraph.analyze.rows import with_note
from cellgraph.errors import ParameterError
from cellgraph.estimation.restricted import numbers

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question
    from cellgraph.estimation.restricted import Restricted

Array = np.ndarray[Any, Any]
NUMBERS = ("int", "float")
TYPES = ("str", "int", "bool")
MOST_TYPES = 1000
_PART = 8192
"""Cells whose neighbourhoods are processed at a time."""


def neighbours_mean(question: Question) -> pa.Table:
    """Return the rows of the query ``neighbours-mean``: sample, cell, value, neighbours, mean."""
    name = require_column(question, "cells", question.bound["of"], NUMBERS)
    asked = question.restricted(cells=[name])
    own = _numbers(asked, name)
    links = matrix(asked, linked(asked))
    known = ~np.isnan(own)
    count = (links @ known.astype(np.int64))[asked.rows]
    total = (links @ np.where(known, own, 0.0))[asked.rows]
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    return pa.table(
        _cells(asked, asked.rows) | {"value": _or_null(own[asked.rows]), "neighbours": count, "mean": _or_null(mean)}
    )


def contact_fraction(question: Question) -> pa.Table:
    """Return the rows of the query ``contact-fraction``: sample, cell, neighbour, value, fraction, neighbour_sample."""
    name = require_column(question, "contacts", question.bound["of"], NUMBERS)
    asked = question.restricted(contacts=[name])
    note = note_on_shares(asked, name, asked.rows, "the fractions of a cell are of its other contacts.")
    if question.method == "cypher":
        return with_note(question.in_cypher(), note)
    pairs = linked(asked, name)
    value, n = pairs.of(name), len(asked.kept)
    whole = np.bincount(pairs.a, np.nan_to_num(value), n)[pairs.a]
    fraction = np.divide(value, whole, out=np.full(len(value), np.nan), where=whole > 0)
    mine = np.isin(pairs.a, asked.rows)
    labels, samples = asked.topology.labels, asked.topology.samples
    rows = pa.table(
        _cells(asked, pairs.a[mine])
        | {"neighbour": labels[pairs.b[mine]], "value": _or_null(value[mine]), "fraction": _or_null(fraction[mine])}
        | {"neighbour_sample": pa.array(samples[pairs.b[mine]], pa.string())}
    )
    rows = rows.sort_by([(key, "ascending") for key in ("sample", "cell", "neighbour", "neighbour_sample")])
    return with_note(rows, note)


def contacts_by(question: Question) -> pa.Table:
    """Return the rows of the query ``contacts-by``, with a note if the column has only one type."""
    name = require_column(question, "cells", question.bound["by"], TYPES)
    asked = question.restricted(cells=[name], contacts=["junctions", "area"])
    codes, names = _types(asked, name)
    topology, one_way = asked.topology, asked.direction != "both"
    found = [
        row
        for sample in dict.fromkeys(topology.samples[asked.rows].tolist())
        for row in _between(asked, codes, names, sample, one_way)
    ]
    kinds = {"sample": "string", "type_a": "string", "type_b": "string", "contacts": "int64", "junctions": "int64"}
    kinds |= {"area": "float64", "expected": "float64", "ratio": "float64"}
    rows = pa.Table.from_pylist(found, pa.schema(kinds.items()))
    without = int((codes[asked.rows] < 0).sum())
    notes = [
        f"the column {name!r} has only one type, {names[0]!r}: every contact is within it." if len(names) == 1 else "",
        f"{without:,} cells have no {name}; they and their contacts are left out." if without else "",
    ]
    return with_note(rows, "\n".join(filter(None, notes)))


def _between(asked: Restricted, codes: Array, names: list[str], sample: str, one_way: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of one sample."""
    topology = asked.topology
    reported = np.zeros(len(asked.kept), bool)
    reported[asked.rows] = True
    inside = reported & (topology.samples == sample) & (codes >= 0)
    a, b = (topology.a, topology.b) if asked.direction != "in" else (topology.b, topology.a)
    here = inside[a] & inside[b] & (a != b)
    first, second = codes[a[here]], codes[b[here]]
    if not one_way:
        first, second = np.minimum(first, second), np.maximum(first, second)
    types = len(names)
    key = first * types + second
    counted = np.bincount(key, minlength=types * types)
    junctions = np.bincount(key, _filled(topology.of_contacts["junctions"], here), types * types)
    areas = numbers(topology.of_contacts["area"])[here]
    area = np.bincount(key, np.nan_to_num(areas), types * types)
    with_area = np.bincount(key, ~np.isnan(areas), types * types)
    size = np.bincount(codes[inside], minlength=types)
    n, m = int(size.sum()), len(key)
    for i in range(types):
        for j in range(0 if one_way else i, types):
            if not size[i] or not size[j]:
                continue
            place = i * types + j
            pairs = size[i] * (size[i] - 1.0) if i == j else (1.0 if one_way else 2.0) * size[i] * size[j]
            expected = m * pairs / (n * (n - 1.0)) if n > 1 else 0.0
            yield {
                "sample": sample,
                "type_a": names[i],
                "type_b": names[j],
                "contacts": int(counted[place]),
                "junctions": int(junctions[place]),
                "area": float(area[place]) if with_area[place] or not counted[place] else None,
                "expected": float(expected),
                "ratio": float(counted[place] / expected) if expected > 0 else None,
            }


def khop_profile(question: Question) -> pa.Table:
    """Return the rows of the query ``khop-profile``: sample, cell, hop, cells, sum, mean."""
    name = require_column(question, "cells", question.bound["of"], NUMBERS)
    asked = question.restricted(cells=[name])
    own, k = _numbers(asked, name), question.bound["k"]
    known, filled = (~np.isnan(own)).astype(np.int64), np.nan_to_num(own)
    parts = []
    for rows, rings in _rings(asked, k):
        count = np.stack([ring @ known for ring in rings], axis=1)
        total = np.stack([ring @ filled for ring in rings], axis=1)
        mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
        columns = {"hop": np.tile(np.arange(1, k + 1), len(rows)), "cells": count.ravel(), "sum": total.ravel()}
        parts.append(pa.table(_cells(asked, np.repeat(rows, k)) | columns | {"mean": _or_null(mean.ravel())}))
    return pa.concat_tables(parts)


def khop_types(question: Question) -> pa.Table:
    """Return the rows of the query ``khop-types``: sample, cell, hop, type, cells, share."""
    from scipy.sparse import csr_array

    name = require_column(question, "cells", question.bound["by"], TYPES)
    asked = question.restricted(cells=[name])
    codes, names = _types(asked, name)
    typed = np.flatnonzero(codes >= 0)
    ones = np.ones(len(typed), np.int64)
    of_type = csr_array((ones, (typed, codes[typed])), shape=(len(codes), max(len(names), 1)))
    parts = []
    for rows, rings in _rings(asked, question.bound["k"]):
        for hop, ring in enumerate(rings, start=1):
            count = (ring @ of_type).tocoo()
            whole = np.bincount(count.row, count.data, len(rows))
            columns = {"hop": np.full(count.nnz, hop), "type": pa.array([names[i] for i in count.col], pa.string())}
            columns |= {"cells": count.data, "share": count.data / whole[count.row]}
            parts.append(pa.table(_cells(asked, rows[count.row]) | columns))
    return pa.concat_tables(parts).sort_by([(key, "ascending") for key in ("sample", "cell", "hop", "type")])


def _rings(asked: Restricted, k: int) -> Iterator[tuple[Array, list[Any]]]:
    """Yield some of the requested cells, and the cells at 1, 2, … k contacts from each, as matrices."""
    from scipy.sparse import csr_array

    links, n = matrix(asked, linked(asked)), len(asked.kept)
    for start in range(0, max(len(asked.rows), 1), _PART):
        rows = asked.rows[start : start + _PART]
        ring = csr_array((np.ones(len(rows), np.int64), (np.arange(len(rows)), rows)), shape=(len(rows), n))
        seen, rings = ring, []
        for _ in range(k):
            ring = ring @ links
            ring.data[:] = 1
            ring = ring - ring.multiply(seen)
            ring.eliminate_zeros()
            seen = seen + ring
            rings.append(ring.tocsr())
        yield rows, rings


def _types(asked: Restricted, name: str) -> tuple[Array, list[str]]:
    """Return the type number of each cell, -1 for none, and the types in order."""
    column = asked.topology.of_cells[name].cast(pa.string())
    asked_about = column.filter(pa.array(asked.kept))
    names = sorted(asked_about.drop_null().unique().to_pylist())
    if len(names) > MOST_TYPES:
        raise ParameterError(
            f"the column {name!r} of cells has {len(names):,} different values, but at most {MOST_TYPES:,} types are "
            "allowed."
        )
    codes = pc.fill_null(pc.index_in(column, pa.array(names, pa.string())), -1)
    return np.where(asked.kept, codes.to_numpy(zero_copy_only=False), -1).astype(np.int64), names


def _numbers(asked: Restricted, name: str) -> Array:
    """Return a column of cells, or their labels, as float64, NaN for null."""
    return asked.topology.labels.astype(float) if name == "label" else numbers(asked.topology.of_cells[name])


def _filled(column: pa.Array, where: Array) -> Array:
    return np.nan_to_num(numbers(column))[where]


def _cells(asked: Restricted, rows: Array) -> dict[str, Any]:
    topology = asked.topology
    return {"sample": pa.array(topology.samples[rows], pa.string()), "cell": topology.labels[rows]}


def _or_null(values: Array) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
