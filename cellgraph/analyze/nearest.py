"""The distance of each cell to the nearest target cell: the compiled form of ``nearest``, and parsing the target."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cellgraph.analyze.cells import Finder
from cellgraph.analyze.rows import with_note
from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.estimation.catalogue import catalogue_of, named, read_samples
from cellgraph.estimation.filters import Filter, parse_filter
from cellgraph.model import Cell
from cellgraph.queries.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellgraph.analyze.question import Question
    from cellgraph.estimation.restricted import Restricted

Array = np.ndarray[Any, Any]
_CONDITION = re.compile(r"[=<>]|\b(in|is|not|and|or)\b", re.IGNORECASE)


class Target:
    """The target cells.

    Parameters
    ----------
    text : str
        ``border``, comma-separated labels or names of cells, or a condition on cells.
    question : Question
    """

    def __init__(self, text: str, question: Question) -> None:
        from cellgraph.analyze.names import of_text

        self.text = text
        self.cells: tuple[Cell, ...] = ()
        self.filter: Filter | None = None
        samples = read_samples(question.store)
        samples = samples if question.sample is None else named(samples, [question.sample])
        catalogue = catalogue_of(samples)
        if text.strip().lower() == "border":
            for sample in samples:
                if "on_border" not in {column.name for column in sample.of_cells}:
                    raise ParameterError(
                        f"the sample {sample.name!r} has no column on_border, so its border cells are unknown; choose "
                        "another target with --to (to=…)."
                    )
            self.filter = parse_filter("on_border", catalogue, "cells")
        elif _CONDITION.search(text) or text.strip() in catalogue.cells:
            self.filter = parse_filter(text, catalogue, "cells")
        else:
            names = [sample.name for sample in samples]
            self.cells = of_text(Finder(question.store, question.catalogue, names), "to", text, True)

    @property
    def columns(self) -> list[str]:
        """The stored properties of cells that it needs."""
        columns = self.filter.columns if self.filter else ()
        return [c.name for c in columns if not c.hops and c.name not in ("label", "sample")]

    @property
    def unsaid(self) -> str:
        """The part of it that Cypher cannot express."""
        return next((c.name for c in (self.filter.columns if self.filter else ()) if c.hops), "")

    def cypher(self) -> tuple[Callable[[str], str], dict[str, Any]]:
        """Return a function that gives its Cypher for a variable, and the values of its parameters."""
        if self.filter is not None:
            read, own = self.filter, self.filter.cypher("c")[1]
            values = {name.replace("where", "to"): value for name, value in own.items()}
            return lambda variable: read.cypher(variable)[0].replace("$where_", "$to_"), values
        samples = sorted({cell.sample for cell in self.cells})
        values = {f"to_{n}": [c.label for c in self.cells if c.sample == name] for n, name in enumerate(samples)}
        values |= {f"to_sample_{n}": name for n, name in enumerate(samples)}
        label, sample = quoted("label"), quoted("sample")

        def about(variable: str) -> str:
            ways = (
                f"({variable}.{sample} = $to_sample_{n} AND {variable}.{label} IN $to_{n})" for n in range(len(samples))
            )
            return f"({' OR '.join(ways)})"

        return about, values


def nearest(question: Question, target: Target) -> pa.Table:
    """Return the rows of the query ``nearest``: sample, cell, hops, nearest, nearest_sample."""
    if question.method == "cypher":
        found = question.in_cypher()
        if found["hops"].null_count == found.num_rows:
            _targets(question, target)  # raises if there are none
        return _within(found, question.bound["longest"])
    asked, starts = _targets(question, target)
    topology, n = asked.topology, len(asked.kept)
    longest = question.bound["longest"] if "longest" in question.given else n
    order = np.lexsort((np.arange(n), topology.labels))
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    hops, owner = _spread(asked.backward.indptr, asked.backward.indices, starts, rank, longest)
    rows = asked.rows
    known = hops[rows] >= 0
    at = order[np.where(known, owner[rows], 0)]
    found = pa.table(
        {
            "sample": pa.array(topology.samples[rows], pa.string()),
            "cell": topology.labels[rows],
            "hops": pa.array(hops[rows].astype(np.int64), mask=~known),
            "nearest": pa.array(topology.labels[at], mask=~known),
            "nearest_sample": pa.array(topology.samples[at], pa.string(), mask=~known),
        }
    )
    return found if longest == n else _within(found, longest)


def _targets(question: Question, target: Target) -> tuple[Restricted, Array]:
    """Return the graph that meets the conditions, and the row numbers of the target cells in it, at least one."""
    from cellgraph.estimation.restricted import among, filtered

    asked = question.restricted(cells=target.columns)
    topology = asked.topology
    wanted = among(topology, target.cells) if target.filter is None else filtered(topology, target.filter)
    starts = np.flatnonzero(asked.kept & wanted)
    if not len(starts):
        raise NotFoundError(f"no cell is {target.text!r} and meets the conditions, so there is no nearest one.")
    return asked, starts


def _within(found: pa.Table, longest: int) -> pa.Table:
    """Return the rows with a note on the cells that have no target cell within so many contacts."""
    without = found["hops"].null_count
    if not without:
        return found
    cells = "1 cell has" if without == 1 else f"{without:,} cells have"
    return with_note(
        found,
        f"{cells} no target cell within {longest} contacts; one may be farther away: look farther with "
        f"--param longest={4 * longest} (longest={4 * longest}).",
    )


def _spread(indptr: Array, indices: Array, starts: Array, rank: Array, longest: int) -> tuple[Array, Array]:
    """Return the distance of each cell to the nearest start, -1 for none, and the smallest rank of the nearest ones."""
    n = len(indptr) - 1
    hops, owner = np.full(n, -1), np.full(n, n)
    hops[starts], owner[starts] = 0, rank[starts]
    front, hop = starts, 0
    while len(front) and hop < longest:
        hop += 1
        count = np.diff(indptr)[front]
        of = np.repeat(front, count)
        place = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count) + np.repeat(indptr[front], count)
        reached = indices[place]
        new = hops[reached] < 0
        reached, of = reached[new], of[new]
        np.minimum.at(owner, reached, owner[of])
        front = np.unique(reached)
        hops[front] = hop
    return hops, owner
