"""Columns of the cells of some samples, read block by block from either database.

Cells of a sample have consecutive ids in the order of their labels, so a block is a range of ids.  Databases find it
without looking at other cells, and the sample of a cell follows from its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import InputError, StoreError
from cellgraph.estimation.catalogue import SampleFact
from cellgraph.estimation.filters import Filter
from cellgraph.estimation.totals import LARGEST, require_sums
from cellgraph.phenotypes.computed import WholeSamples, formula_for, has_area
from cellgraph.phenotypes.names import CONTACT_AREA, Formula
from cellgraph.queries.text import quoted
from cellgraph.statistics.network import as_floats

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.stores import Store

Array = np.ndarray[Any, Any]

BLOCK = 1_000_000
"""Maximum number of cells that are read at once."""


def require_squares(top: float, name: str) -> None:
    """Reject values that cannot be squared.

    Parameters
    ----------
    top : float
        The largest absolute value of a column.

    Raises
    ------
    InputError
        If it is above `LARGEST`, or below 1 / `LARGEST` and not 0.
    """
    require_sums(top, name)
    if 0 < top < 1 / LARGEST:
        raise InputError(
            f"the column {name!r} has no values above {1 / LARGEST:g}, and smaller ones become 0 when they are "
            "squared; convert it to a smaller unit."
        )


@dataclass(frozen=True)
class Block:
    """Some cells, in the order of samples and labels.

    Attributes
    ----------
    samples : numpy.ndarray of int64, shape (n,)
        Number of the sample of each cell in `CellColumns.samples`; ascending.
    labels : numpy.ndarray of int64, shape (n,)
        Empty if they were not requested.
    table : pyarrow.Table
        Columns as stored or computed, by name.
    """

    samples: Array
    labels: Array
    table: pa.Table

    def numbers(self, names: Sequence[str]) -> Array:
        """Return columns as float64, shape (n, p); true is 1, and anything but a finite number is NaN.

        Raises
        ------
        InputError
            If values cannot be squared.
        """
        found = np.empty((len(self.samples), len(names)), order="F")  # written and read one column at a time
        for place, name in enumerate(names):
            found[:, place] = as_floats(self.table[name].combine_chunks(), name)
        found[~np.isfinite(found)] = np.nan
        for place, name in enumerate(names):
            require_squares(float(np.fmax.reduce(np.abs(found[:, place]), initial=0.0)), name)
        return found


@dataclass
class CellColumns:
    """Columns of the cells of some samples that meet a condition.

    Attributes
    ----------
    store : Store
    facts : list of SampleFact
        The samples, sorted by the ids of their cells.
    names : list of str
        Names of the columns.
    kinds : dict of str to str
        Types of the columns.
    sets : dict of str to str
        The set that each column comes from, if any.
    where : Filter or None
    notes : list of str
        Notes for the user.
    first : dict of str to int
        Id of the first cell of each sample.
    hops : dict of str to int
        Columns that count cells within a number of contacts, and that number.
    """

    store: Store
    facts: list[SampleFact]
    names: list[str]
    kinds: dict[str, str]
    sets: dict[str, str]
    where: Filter | None
    notes: list[str]
    first: dict[str, int]
    hops: dict[str, int]

    def __post_init__(self) -> None:
        self._whole = WholeSamples(self.store, self.hops, self.notes)

    @property
    def samples(self) -> list[str]:
        """Names of the samples."""
        return [fact.name for fact in self.facts]

    @property
    def total(self) -> int:
        """Number of cells in the samples, before the condition."""
        return sum(fact.cells for fact in self.facts)

    def has(self, fact: SampleFact, name: str) -> bool:
        """Return whether a sample has a column, stored or computed."""
        there = {column.name: column for column in fact.of_cells}
        if name in there or name in ("label", "sample") or name in self.hops or name == "degree":
            return True
        if name == CONTACT_AREA.name:
            return has_area(fact)
        return formula_for(fact, name) is not None

    def lacking(self, names: Sequence[str] | None = None) -> dict[str, list[str]]:
        """Return the names of the samples that do not have a column, by column."""
        found = {name: [fact.name for fact in self.facts if not self.has(fact, name)] for name in names or self.names}
        return {name: samples for name, samples in found.items() if samples}

    def blocks(self, names: Sequence[str] | None = None, *, labels: bool = False) -> Iterator[Block]:
        """Read the cells that meet the condition.

        Parameters
        ----------
        names : sequence of str, optional
            Some of the columns; all by default.
        labels : bool
            Whether to read labels too.
        """
        wanted = list(self.names if names is None else names)
        looked_at = [column.name for column in self.where.columns] if self.where else []
        needed = list(dict.fromkeys([*wanted, *looked_at]))
        with self.store.kept_open():
            for facts, first, stop in self._ranges():
                block = self._read(facts, first, stop, needed, labels=labels or "label" in needed)
                if self.where is not None:
                    kept = self.where(block.table)
                    block = Block(
                        block.samples[kept],
                        block.labels[kept] if len(block.labels) else block.labels,
                        block.table.filter(kept),
                    )
                yield Block(block.samples, block.labels, block.table.select(wanted))

    def spans(self) -> Iterator[tuple[int, int]]:
        """Yield the ranges of ids of the cells of all samples, before the condition."""
        first = stop = 0
        for fact in self.facts:
            begin = self.first[fact.name]
            if stop > first and begin != stop:
                yield first, stop
                first = begin
            elif stop == first:
                first = begin
            stop = begin + fact.cells
        if stop > first:
            yield first, stop

    def _ranges(self) -> Iterator[tuple[list[int], int, int]]:
        """Yield the numbers of samples with adjacent ids, and their range of ids; large samples come in parts."""
        group: list[int] = []
        first = stop = 0
        for number, fact in enumerate(self.facts):
            begin = self.first[fact.name]
            if group and (begin != stop or stop - first + fact.cells > BLOCK):
                yield group, first, stop
                group = []
            if not fact.cells:
                continue
            if not group:
                first = stop = begin
            group.append(number)
            stop = begin + fact.cells
            if stop - first > BLOCK:  # one sample alone
                for start in range(first, stop, BLOCK):
                    yield group, start, min(start + BLOCK, stop)
                group = []
        if group:
            yield group, first, stop

    def _read(self, numbers: list[int], first: int, stop: int, needed: list[str], *, labels: bool) -> Block:
        import pyarrow as pa

        facts = [self.facts[number] for number in numbers]
        self._whole.keep([fact.name for fact in facts])
        listed = {column.name: column.type for fact in facts for column in fact.of_cells}
        formulas = {name: [formula_for(fact, name) for fact in facts] for name in needed}
        sources = {name for name in needed if name in listed}
        sources |= {need for each in formulas.values() for f in each if f and not f.by_sample for need in f.needs}
        stored = sorted(sources - {"label", "sample"})
        returned = ["c.id AS id", *(["c.label AS label"] if labels else [])]
        returned += [f"c.{quoted(name)} AS p{number}" for number, name in enumerate(stored)]
        # Numbers instead of parameters: only with them does Ladybug skip the cells outside the range.
        rows = self.store.run(
            f"MATCH (c:Cell) WHERE c.id >= {first} AND c.id < {stop} RETURN {', '.join(returned)}", name="phenotypes"
        )
        ids = rows["id"].to_numpy()
        if len(ids) != stop - first:
            raise StoreError("samples of the database changed while their cells were read; run the command again.")
        if len(ids) > 1 and not (np.diff(ids) == 1).all():
            order = np.empty(len(ids), np.int64)
            order[ids - first] = np.arange(len(ids))
            rows = rows.take(pa.array(order))
        starts = np.array([max(self.first[fact.name], first) for fact in facts] + [stop])
        lengths = np.diff(starts)
        values = {name: rows[f"p{number}"].cast(_arrow(listed[name])) for number, name in enumerate(stored)}
        columns = {
            name: self._column(name, facts, formulas[name], values, starts, listed, rows if labels else None)
            for name in needed
        }
        return Block(
            np.repeat(numbers, lengths),
            rows["label"].to_numpy() if labels else np.empty(0, np.int64),
            pa.table({**columns, " ": pa.array(np.zeros(stop - first, np.int8))}),
        )

    def _column(
        self,
        name: str,
        facts: list[SampleFact],
        formulas: list[Formula | None],
        values: Mapping[str, Any],
        starts: Array,
        listed: Mapping[str, str],
        rows: pa.Table | None,
    ) -> Any:
        """Return a column of a block: stored if a sample has it, else computed, else null."""
        import pyarrow as pa

        if name == "label":
            assert rows is not None
            return rows["label"]
        if name == "sample":
            codes = pa.array(np.repeat(np.arange(len(facts)), np.diff(starts)))
            return pa.array([fact.name for fact in facts], pa.string()).take(codes)
        own = [name in {column.name for column in fact.of_cells} for fact in facts]
        if all(own):
            return values[name]
        parts = []
        kind = _arrow(listed[name] if any(own) else self.kinds.get(name, "float"))
        for place, fact in enumerate(facts):
            part = slice(int(starts[place] - starts[0]), int(starts[place + 1] - starts[0]))
            if own[place]:
                found = values[name].slice(part.start, part.stop - part.start).combine_chunks()
            else:
                made = self._computed(name, fact, formulas[place], values, part, int(starts[place]))
                found = pa.nulls(part.stop - part.start, kind) if made is None else pa.array(made, from_pandas=True)
            parts.append(found)
        kinds = {part.type for part in parts}
        if len(kinds) > 1:
            parts = [part.cast(pa.float64(), safe=False) for part in parts]
        return pa.chunked_array(parts)

    def _computed(
        self,
        name: str,
        fact: SampleFact,
        formula: Formula | None,
        values: Mapping[str, Any],
        part: slice,
        start: int,
    ) -> Array | None:
        """Return a computed column of the cells of one sample from id `start`; None if it cannot be computed."""
        length = part.stop - part.start
        if formula is not None and not formula.by_sample:
            needed = (
                as_floats(values[need].slice(part.start, length).combine_chunks(), need) for need in formula.needs
            )
            made: Array = formula.of(*needed)
            return made
        whole = self._whole.column(fact, name)
        begin = start - self.first[fact.name]
        return None if whole is None else whole[begin : begin + length]


def _arrow(kind: str) -> Any:
    import pyarrow as pa

    return {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}[kind]
