"""Random cells of a database, and the contacts that begin at them.

Cells are drawn by their ids: random numbers up to the largest id, of which only ids of cells in the requested samples
are used.  So every cell is equally likely, whatever gaps deleted and half-written samples have left.  Nothing has to be
listed first, and a draw takes as long in a database of a billion cells as in a small one.
If the requested samples are a small part of the database, their ids are listed.

A contact is drawn with the cell at which it begins (it is stored once) or, if that cell is in no requested sample, with
the one at which it ends; so contacts are a cluster sample by cells.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.estimation.answer import Sampled
from cellgraph.estimation.catalogue import SampleFact
from cellgraph.estimation.columns import Of, Reference
from cellgraph.estimation.draws import RandomIds
from cellgraph.estimation.intervals import Frame
from cellgraph.estimation.neighbourhood import count_around, count_within, whole_graph
from cellgraph.estimation.population import Pieces
from cellgraph.estimation.reading import CellReader, Found
from cellgraph.estimation.totals import Draw

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.stores.contract import Store

Array = np.ndarray[Any, Any]

FEW_CELLS = 50_000
FEW_CONTACTS = 200_000
"""Numbers up to which everything is read instead of sampled, which takes a fraction of a second."""

_FIRST = 2_048  # a skewed column needs this many
_FIRST_HOPS = (256, 48)  # for up to 2 contacts, and for more
_QUICK_LIMITS = 2_000_000  # cells whose smallest and largest value are found in less than a second
_MOST = 16_384  # ids per query
_PIECE = 65_536  # ids that a census reads at once
_TRIED = 8_192  # ids whose contacts are read to measure how fast that is
_SEARCH = 3.0  # how much longer it takes to read and search the bare graph than to scan its contacts
_LABEL = Reference("label", "int", "")
_SAMPLE = Reference("sample", "str", "")


class DatabasePopulation:
    """The cells of some samples, or their contacts, as a `Population`.

    Parameters
    ----------
    store : Store
        An open store.
    samples : sequence of SampleFact
        The samples to draw from.
    of : str
        ``cells`` or ``contacts``.
    columns : sequence of Reference
        The columns that are needed.
    seed : int
        Another seed draws other cells.
    alone : bool
        Whether there are no other samples that contacts could lead to.
    """

    sampled: Sampled = "cells"

    def __init__(
        self,
        store: Store,
        samples: Sequence[SampleFact],
        of: Of,
        columns: Sequence[Reference],
        seed: int,
        *,
        alone: bool = False,
    ) -> None:
        self._store = store
        self._samples = samples
        self._names = [fact.name for fact in samples]
        self._of = of
        self._hops = {column.name: column.hops for column in columns if column.hops}
        self._most_hops = max(self._hops.values(), default=0)
        self._reader = CellReader(store, self._names, of, columns, alone=alone)
        self._labelled = CellReader(store, self._names, of, [*columns, _LABEL, _SAMPLE])
        cells = sum(fact.cells for fact in samples)
        self.frame = Frame(cells, float(cells), single=of == "cells")
        self._ids = RandomIds(store, self._names, cells, seed)

    @property
    def length_unit(self) -> tuple[str, int]:
        """See `Population`."""
        kinds = {fact.length_unit for fact in self._samples}
        return kinds.pop() if len(kinds) == 1 else ("", 3)

    @property
    def at_once(self) -> bool:
        """See `Population`."""
        return self.frame.units <= FEW_CELLS and self._contacts <= FEW_CONTACTS

    @property
    def first(self) -> int:
        """See `Population`."""
        return _FIRST_HOPS[self._most_hops > 2] if self._hops else _FIRST

    @property
    def _contacts(self) -> int:
        """Number of contacts that a census reads."""
        return sum(fact.contacts for fact in self._samples) if self._hops or self._of == "contacts" else 0

    def draw(self, count: int) -> Draw:
        """See `Population`."""
        while len(ids := self._ids.take(min(count, _MOST))):
            found = self._reader.look_up(ids)
            if not len(found.cells):
                continue
            rows, unit = found.rows, np.searchsorted(found.cells, found.of)
            if self._hops:
                rows = self._with_hops(rows, count_around(self._store, found.cells, self._most_hops)[unit])
            return Draw(np.ones(len(found.cells)), unit, rows)
        return Draw.none()

    def limits(self, column: Reference) -> tuple[float, float] | None:
        """See `Population`; unfinished samples of the same names may make the limits wider, which does no harm."""
        if column.hops or self._of == "contacts" or self.frame.units > _QUICK_LIMITS:
            return None
        return self._reader.limits(column)

    def census(self) -> Pieces:
        """See `Population`."""
        if self._hops:
            yield from self._census_of_hops()
        else:
            for done, found in self._scan(self._reader):
                yield done, Draw.one(found.rows)

    def _scan(self, reader: CellReader) -> Generator[tuple[float, Found], None, None]:
        first, stop = self._ids.bounds
        for start in range(first, stop, _PIECE):
            yield min((start + _PIECE - first) / (stop - first), 1.0), reader.scan(start, min(start + _PIECE, stop))

    def _census_of_hops(self) -> Pieces:
        """Measure how fast contacts are read, and then read all at once, as a search may lead anywhere."""
        began = time.monotonic()
        stop = self._ids.bounds[1]
        tried = CellReader(self._store, self._names, "contacts", []).scan(stop - _TRIED, stop)
        seconds = time.monotonic() - began
        ahead = _SEARCH * seconds / max(len(tried.of), 1) * (self._contacts + self.frame.units)
        yield seconds / (seconds + ahead), Draw.none()
        graph, rows = whole_graph(self._store, self._names)
        counts = count_within(graph, rows, self._most_hops)
        yield 1.0, Draw.one(self._with_hops(self._in_order(), counts))

    def _in_order(self) -> pa.Table:
        """Read the stored columns of all cells, sorted by sample and label like those of a graph."""
        import pyarrow as pa

        tables = [found.rows for _, found in self._scan(self._labelled)]
        return pa.concat_tables(tables).sort_by([("sample", "ascending"), ("label", "ascending")])

    def _with_hops(self, rows: pa.Table, counts: Array) -> pa.Table:
        """Add the columns of counts; `counts` has one row per row and one column per distance."""
        import pyarrow as pa

        for name, hops in self._hops.items():
            rows = rows.append_column(name, pa.array(counts[:, hops - 1]))
        return rows
