"""The network of each sample in some twenty numbers: the query ``summary``.

Conventions: a pair of cells counts once, however many relationships it has; contacts between samples are left out.
``mean_path`` is over the ordered pairs of cells that are connected.  ``clustering`` is the mean of the local
coefficients, 0 for cells with fewer than two neighbours; ``transitivity`` is three times the triangles over the
connected triples; ``assortativity`` is Pearson's correlation of the degrees at the two ends of a pair.  All are defined
as in networkx.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cellgraph.adjacency.rings import counts_by_distance
from cellgraph.analyze.components import pieces
from cellgraph.analyze.linked import linked, matrix
from cellgraph.analyze.rows import with_note
from cellgraph.analyze.shapes import triangle_counts
from cellgraph.errors import ParameterError
from cellgraph.estimation.answer import name_unit
from cellgraph.estimation.catalogue import read_samples
from cellgraph.estimation.restricted import Restricted, numbers, only

if TYPE_CHECKING:
    from cellgraph.analyze.question import Question

Array = np.ndarray[Any, Any]
EXACT = 4_000
"""Number of cells up to which all distances are found; for more, only those from `SOURCES` random cells."""
SOURCES = 500
_MEASURED = (("volume", "unit^3"), ("surface_area", "unit^2"))


def summary(question: Question) -> pa.Table:
    """Return the rows of the query ``summary``: sample, measure, value, unit."""
    if question.method == "cypher":
        raise ParameterError(
            "the Cypher of the query 'summary' computes only the first of its measures; leave out --method cypher "
            "(method='cypher'), or run what --show prints with --cypher."
        )
    known = {column.name for column in question.store.columns("cells", question.sample)}
    cells = [name for name in ("volume", "surface_area", "on_border") if name in known]
    asked = question.restricted(cells=cells, contacts=["junctions", "area"])
    facts = {fact.name: fact for fact in read_samples(question.store)}
    rows, estimated = [], False
    for name in dict.fromkeys(asked.topology.samples.tolist()):
        if question.sample in (None, name):
            found = list(_measures(_of_sample(asked, name)))
            estimated |= any(measure == "mean_path_estimate" for measure, _, _ in found)
            rows += [
                {"sample": name, "measure": measure, "value": value, "unit": name_unit(unit, *facts[name].length_unit)}
                for measure, value, unit in found
            ]
    kinds = {"sample": "string", "measure": "string", "value": "float64", "unit": "string"}
    note = (
        f"mean_path_estimate and diameter_at_least are computed from {SOURCES} random cells; in samples of up to "
        f"{EXACT:,} cells, all distances are computed."
    )
    return with_note(pa.Table.from_pylist(rows, pa.schema(kinds.items())), note if estimated else "")


def _of_sample(asked: Restricted, sample: str) -> Restricted:
    """Return the kept cells of one sample and the contacts among them, with row numbers of their own."""
    own = only(asked.topology, (asked.topology.samples == sample) & asked.kept)
    every = np.arange(len(own.labels))
    return Restricted(own, np.ones(len(every), bool), every, every, "both")


def _measures(own: Restricted) -> Iterator[tuple[str, float | None, str]]:
    """Yield measure, value and unit for the cells of one sample."""
    topology, pairs = own.topology, linked(own)
    links = matrix(own, pairs)
    degree = np.diff(links.indptr).astype(np.int64)
    n, m = len(degree), len(pairs.a) // 2
    piece = pieces(own.graph)
    sizes = np.bincount(piece) if n else np.zeros(0, int)
    between = topology.a != topology.b
    yield "cells", n, "cells"
    yield "contacts", int(between.sum()), "contacts"
    yield "pairs", m, "pairs"
    yield "isolated", int((degree == 0).sum()), "cells"
    yield "degree_mean", degree.mean() if n else None, "cells"
    yield "degree_max", degree.max() if n else None, "cells"
    yield "degree_min", degree.min() if n else None, "cells"
    yield "degree_sd", degree.std() if n else None, "cells"
    yield "components", len(sizes), "components"
    yield "largest_component", sizes.max() if n else 0, "cells"
    yield "density", 2 * m / (n * (n - 1)) if n > 1 else None, ""
    yield from _distances(own, n)
    triangles = triangle_counts(links, np.arange(n))
    triples = degree * (degree - 1)
    local = np.divide(2.0 * triangles, triples, out=np.zeros(n), where=triples > 0)
    yield "transitivity", 2.0 * triangles.sum() / triples.sum() if triples.sum() else 0.0, ""
    yield "clustering", local.mean() if n else None, ""
    yield "triangles", triangles.sum() / 3, "triangles"
    yield "assortativity", _correlation(degree[pairs.a], degree[pairs.b]), ""
    if "on_border" in topology.of_cells:
        border = numbers(topology.of_cells["on_border"].cast(pa.int8()))
        yield "border_share", _mean(border), ""
    for name, unit in _MEASURED:
        if name in topology.of_cells:
            yield f"{name}_mean", _mean(numbers(topology.of_cells[name])), unit
    junctions, area = (numbers(topology.of_contacts[name])[between] for name in ("junctions", "area"))
    yield "junctions_mean", _mean(junctions), "faces"
    if not np.isnan(area).all():
        yield "contact_area_mean", _mean(area), "unit^2"
        yield "contact_area_total", float(np.nansum(area)), "unit^2"


def _distances(own: Restricted, n: int) -> Iterator[tuple[str, float | None, str]]:
    """Yield mean path length and diameter, or estimates of these."""
    exact = n <= EXACT
    starts = np.arange(n) if exact else np.sort(np.random.default_rng(0).choice(n, SOURCES, replace=False))
    hops, reached, reach = 0.0, 0, 0
    k = 32
    while len(starts):
        counts = counts_by_distance(own.graph, starts, k).astype(np.int64)
        if not counts[:, -1].any() or k > n:
            break
        k *= 4
    if len(starts):
        per_hop = counts.sum(axis=0)
        reached = int(per_hop.sum())
        hops = float((per_hop * np.arange(1, k + 1)).sum())
        reach = int(np.flatnonzero(per_hop).max(initial=-1)) + 1
    mean = hops / reached if reached else None
    yield "mean_path" if exact else "mean_path_estimate", mean, "contacts"
    yield "diameter" if exact else "diameter_at_least", reach if reached else None, "contacts"


def _mean(values: Array) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _correlation(x: Array, y: Array) -> float | None:
    """Return Pearson's correlation; None if one of the two does not vary."""
    if not len(x) or x.std() == 0 or y.std() == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])
