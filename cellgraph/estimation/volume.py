"""Random blocks of a volume that is not loaded, and the cells or contacts that begin in them.

A contact belongs to the cell with the smaller label, and with it to a block.  Sums that add up over voxels and faces
need no complete cells: blocks are swept as they are, and every face belongs to one block (see `cellgraph.voxels`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.engines import Ledger, ThreadsEngine
from cellgraph.engines.engine import sweep_part
from cellgraph.estimation.additive import adds_up, sums
from cellgraph.estimation.answer import Sampled
from cellgraph.estimation.columns import Catalogue, Reference
from cellgraph.estimation.completing import cells_of
from cellgraph.estimation.expression import Expression
from cellgraph.estimation.filters import Filter
from cellgraph.estimation.grid import MARGIN, Plan
from cellgraph.estimation.intervals import Frame
from cellgraph.estimation.population import Pieces
from cellgraph.estimation.totals import Draw
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS, CellGraph, Column, Sample
from cellgraph.volumes import Block, plan_blocks
from cellgraph.volumes.scan import Scan
from cellgraph.voxels.block import Place, sweep_block
from cellgraph.voxels.measures import cell_graph
from cellgraph.voxels.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

_FIRST = 12  # blocks: fewer say too little about how blocks differ
_WIDEST = 2.0  # times the usual margin, to read at first: a few long cells are no reason to read much for all

_NAME = Column("sample", "str", "", "name of the sample, as a load would give it")

CATALOGUE = Catalogue(
    {column.name: column for column in (*CELL_COLUMNS, _NAME)},
    {column.name: column for column in (*CONTACT_COLUMNS, _NAME)},
    hops=1,
    why="blocks of a volume show only the direct neighbours of a cell; load it first with: cellgraph load",
)


class VolumePopulation:
    """The cells of a volume, or their contacts, as a `Population`.

    Parameters
    ----------
    scan : Scan
        The volume, and how it is read.
    expression : Expression
        The statistic.
    where : Filter, optional
        Which cells or contacts count.
    plan : Plan
        The blocks to draw from.
    seed : int
        Another seed draws other blocks.
    """

    sampled: Sampled = "blocks"

    def __init__(
        self,
        scan: Scan,
        expression: Expression,
        where: Filter | None,
        plan: Plan,
        seed: int,
    ) -> None:
        self._image = Sample(scan.sample, spacing=scan.spacing, unit=scan.unit)
        self._of = expression.of
        columns = (*expression.columns, *(where.columns if where else ()))
        self._columns = {column.name: "degree" if column.hops else column.name for column in columns}
        self._scan = replace(scan, rules=replace(scan.rules, sites="sites" in self._columns.values()))
        self._adds_up = where is None and adds_up(expression)
        self._engine = ThreadsEngine()
        self._plan = plan
        self._order = np.random.default_rng(seed).permutation(len(plan))
        self._reach: list[Array] = []
        self.frame = Frame(len(plan), float(prod(scan.header.shape)), single=False)
        # So that compiling the kernels does not count towards the time of a block.
        sweep_block(np.zeros((1, 1, 1), scan.header.dtype), self._scan.rules, Place())

    @property
    def length_unit(self) -> tuple[str, int]:
        """See `Population`."""
        return self._image.unit, self._scan.rules.ndim

    @property
    def at_once(self) -> bool:
        """See `Population`."""
        return self._plan.at_once

    @property
    def first(self) -> int:
        """See `Population`."""
        return max(_FIRST, self._engine.workers)

    def limits(self, column: Reference) -> None:
        """See `Population`; unknown for a volume."""

    def draw(self, count: int) -> Draw:
        """See `Population`."""
        import pyarrow as pa

        numbers, self._order = self._order[:count], self._order[count:]
        blocks = [self._plan[number] for number in numbers.tolist()]
        if not blocks:
            return Draw.none()
        margin = self._margin()
        with ThreadPoolExecutor(self._engine.workers, "cellgraph-estimate") as pool:
            if self._adds_up:
                parts = list(pool.map(self._sums, blocks))
            else:
                begun = list(pool.map(lambda block: self._whole_cells(block, margin), blocks))
                parts = [rows for rows, _ in begun]
                self._reach += [reach for _, reach in begun]
        sizes = np.array([float(prod(block.shape)) for block in blocks])
        unit = np.repeat(np.arange(len(parts)), [part.num_rows for part in parts])
        return Draw(sizes, unit, pa.concat_tables(parts))

    def census(self) -> Pieces:
        """See `Population`."""
        ledger = Ledger(None, {})
        seen = 0
        header = self._scan.header
        for blocks, tally in self._engine.tallies(self._scan, plan_blocks(header, None, self._engine.workers)):
            ledger.add([block.index for block in blocks], tally)
            seen += sum(prod(block.shape) for block in blocks)
            yield 0.99 * seen / self.frame.size, Draw.none()  # the rest is for the tables of the graph
        yield 1.0, Draw.one(self._rows(self._graph(ledger.total())))

    def _graph(self, tally: Tally) -> CellGraph:
        return cell_graph(tally, self._image, self._scan.rules)

    def _rows(self, graph: CellGraph) -> pa.Table:
        """Return the needed columns."""
        import pyarrow as pa

        table = graph.cells if self._of == "cells" else graph.contacts
        table = table.append_column("sample", pa.repeat(pa.scalar(graph.sample.name), table.num_rows))
        # One column is always present, or a table would have no rows.
        return pa.table({**{name: table[source] for name, source in self._columns.items()}, " ": table[0]})

    def _whole_cells(self, block: Block, margin: Array) -> tuple[pa.Table, Array]:
        """Return the cells that begin in a block, or the contacts whose smaller label does, and their reach."""
        begun = cells_of(self._scan.volume, block, self._scan.rules, margin)
        graph = self._graph(begun.tally)
        of = graph.cells["label"] if self._of == "cells" else graph.contacts["cell_a"]
        return self._rows(graph).filter(np.isin(of.to_numpy(), begun.labels)), begun.reach

    def _sums(self, block: Block) -> pa.Table:
        """Return the sums over a block alone, as one row."""
        import pyarrow as pa

        z, y, x = (min(1, first) for first in block.start)
        start = (block.start[0] - z, block.start[1] - y, block.start[2] - x)
        labels = self._scan.volume.read(start, block.stop)
        ndim = self._scan.rules.ndim
        spacing = np.array((1.0,) * (3 - ndim) + self._image.spacing)
        found = sums(sweep_part(self._scan, block, labels, (z, y, x)), spacing, self._of)
        return pa.table({name: [found[name]] for name in self._columns})

    def _margin(self) -> Array:
        """Return the margin to read around a block at first: what the cells of all blocks so far needed."""
        margin = np.full((3, 2), MARGIN)
        if self._reach:
            reach = np.maximum(self._reach, 0).max(axis=2)  # over both sides, which are alike
            widest = np.minimum(reach.max(axis=0), _WIDEST * np.median(reach, axis=0))
            margin = np.ceil(widest).astype(np.int64)[:, None].repeat(2, axis=1) + 1
        margin[0, 0] = 1
        return margin
