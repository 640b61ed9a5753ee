"""All contacts in order: the compiled form of ``contacts``.

A database sorts millions of rows in a multiple of the time and memory of this: 7.3 million took Ladybug (0.22) 25 s and
4.2 GB, and with 2 GB it refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from cellgraph.analyze.further import further_columns

if TYPE_CHECKING:
    import numpy as np

    from cellgraph.analyze.question import Question


def contacts(question: Question) -> pa.Table:
    """Return the rows of the query ``contacts``: those of ``contacts-unsorted``, turned and sorted."""
    further = further_columns(question.store, question.catalogue, question.query, question.sample)
    rows = _turned(question.lookup("contacts-unsorted", further=further, sample=question.sample))
    return rows.take(pa.array(_order(rows)))


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


def _order(rows: pa.Table) -> np.ndarray[Any, Any]:
    """Return the order by sample, cells, other sample; of contacts given more than once, the largest first."""
    import numpy as np

    names = np.array(sorted({*pc.unique(rows["sample"]).to_pylist(), *pc.unique(rows["sample_b"]).to_pylist()}))
    own, other = (_ranks(rows[name], names) for name in ("sample", "sample_b"))
    a, b = rows["cell_a"].to_numpy(), rows["cell_b"].to_numpy()
    keys = [a, b] if len(names) < 2 else [own, a, b, other]
    order = np.lexsort(keys[::-1])
    same = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    if not same.any():
        return order
    # Null is larger than any number, in Cypher.
    largest = [-pc.fill_null(rows[name].cast(pa.float64()), np.inf).to_numpy() for name in ("junctions", "area")]
    return np.lexsort([*largest[::-1], *keys[::-1]])


def _ranks(samples: pa.ChunkedArray, names: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the place of each sample among the sorted names."""
    return pc.index_in(samples, pa.array(names.tolist(), samples.type)).to_numpy()  # type: ignore[no-any-return]
