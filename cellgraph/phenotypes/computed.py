"""Columns that are computed from a whole sample: from its contacts, or from the positions of its cells."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from cellgraph.estimation.catalogue import SampleFact
from cellgraph.phenotypes.names import CONTACT_AREA, Formula, formula_of
from cellgraph.statistics.network import as_floats, left_out
from cellgraph.stores import Store

Array = np.ndarray[Any, Any]


def formula_for(fact: SampleFact, name: str) -> Formula | None:
    """Return the formula of a column for the cells of a sample; None if it is stored or cannot be computed."""
    stored = [column.name for column in fact.of_cells]
    if name in stored or (name == "sphericity" and fact.ndim == 2):
        return None
    return formula_of(name, stored)


def has_area(fact: SampleFact) -> bool:
    """Return whether the contacts of a sample have an area."""
    return "area" in {column.name for column in fact.of_contacts}


class WholeSamples:
    """Columns of all cells of a sample, in the order of labels, kept in memory until released.

    Parameters
    ----------
    store : Store
    hops : mapping of str to int
        Columns that count cells within a number of contacts, and that number.
    notes : list of str
        Notes on what was left out are added here.
    """

    def __init__(self, store: Store, hops: Mapping[str, int], notes: list[str]) -> None:
        self._store = store
        self._hops = dict(hops)
        self._most = max([1, *hops.values()])
        self._notes = notes
        self._kept: dict[str, dict[str, Array | None]] = {}
        self._graph: Any = None

    def keep(self, samples: Collection[str]) -> None:
        """Release all other samples."""
        self._kept = {name: kept for name, kept in self._kept.items() if name in samples}

    def column(self, fact: SampleFact, name: str) -> Array | None:
        """Return a column of a sample; None if it cannot be computed."""
        kept = self._kept.setdefault(fact.name, {})
        hops = 1 if name == "degree" else self._hops.get(name, 0)
        if hops:
            counts = kept.get(" counts")
            if counts is None:
                counts = kept[" counts"] = self._counts(fact)
            found: Array = counts[:, hops - 1]
            return found
        if name not in kept:
            kept[name] = self._computed(fact, name)
        return kept[name]

    def _computed(self, fact: SampleFact, name: str) -> Array | None:
        if name == CONTACT_AREA.name:
            return self._contact_area(fact) if has_area(fact) else None
        formula = formula_for(fact, name)
        if formula is None:
            return None
        graph = self._store.topology(fact.name, cells=formula.needs)
        made: Array = formula.of(*(as_floats(graph.of_cells[need], need) for need in formula.needs))
        return made

    def _contact_area(self, fact: SampleFact) -> Array:
        graph = self._store.topology(fact.name, contacts=["area"])
        if outside := fact.contacts - len(graph.a):
            note = left_out(outside, "contact", f"of the sample {fact.name!r} with other samples")
            self._notes.append(f"contact_area: {note}")
        apart = graph.a != graph.b
        areas = as_floats(graph.of_contacts["area"], "area")[apart]
        ends = np.concatenate([graph.a[apart], graph.b[apart]])
        return np.bincount(ends, np.concatenate([areas, areas]), minlength=len(graph.labels))

    def _counts(self, fact: SampleFact) -> Array:
        """Return how many cells are within 1, 2, … contacts of each cell of a sample."""
        from cellgraph.estimation.neighbourhood import count_within, whole_graph

        if self._graph is None:
            graph, rows = whole_graph(self._store, [fact.name])
            if len(rows) < len(graph.labels):  # the graph of all samples, as some touch
                self._graph = graph
        else:
            graph, rows = self._graph, np.flatnonzero(self._graph.samples == fact.name)
        return count_within(graph, rows, self._most)
