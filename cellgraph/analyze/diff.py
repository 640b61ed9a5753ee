"""Contacts lost and gained between two samples: the compiled form of ``diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cellgraph.analyze.linked import linked
from cellgraph.errors import NotFoundError, ParameterError, near

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question


def require_samples(question: Question) -> None:
    """Reject names that are not samples, and a sample compared with itself.

    Raises
    ------
    NotFoundError, ParameterError
    """
    names = question.store.sample_names()
    for end in ("source", "target"):
        name = question.bound[end]
        if name not in names:
            hint = near(name, names) or f" There are: {', '.join(map(repr, names[:10]))}."
            raise NotFoundError(f"there is no sample {name!r} in the database.{hint}")
    if question.bound["source"] == question.bound["target"]:
        raise ParameterError(
            f"a comparison needs two different samples, but both are {question.bound['source']!r}; name another with "
            "--to."
        )


def diff(question: Question) -> pa.Table:
    """Return the rows of the query ``diff``: change, cell_a, cell_b, junctions, area, both; the lost ones first."""
    asked = question.restricted(contacts=["junctions", "area"])
    topology, pairs = asked.topology, linked(asked, "junctions", "area")
    before, after = (question.bound[end] for end in ("source", "target"))
    of = {}
    for sample in (before, after):
        mine = (topology.samples[pairs.a] == sample) & (topology.samples[pairs.b] == sample)
        mine &= topology.labels[pairs.a] < topology.labels[pairs.b]
        ends = zip(topology.labels[pairs.a[mine]].tolist(), topology.labels[pairs.b[mine]].tolist(), strict=True)
        of[sample] = dict(zip(ends, np.flatnonzero(mine).tolist(), strict=True))
    cells = {name: set(topology.labels[asked.kept & (topology.samples == name)].tolist()) for name in of}
    rows = []
    for change, here, there in (("lost", before, after), ("gained", after, before)):
        for pair in sorted(of[here].keys() - of[there].keys()):
            rows.append((change, *pair, of[here][pair], set(pair) <= cells[there]))
    place = pa.array([row[3] for row in rows], pa.int64())
    return pa.table(
        {
            "change": pa.array([row[0] for row in rows], pa.string()),
            "cell_a": pa.array([row[1] for row in rows], pa.int64()),
            "cell_b": pa.array([row[2] for row in rows], pa.int64()),
            "junctions": pairs.sums["junctions"].take(place),
            "area": pairs.sums["area"].take(place).cast(pa.float64()),
            "both": pa.array([row[4] for row in rows], pa.bool_()),
        }
    )
