"""Columns of the cells of some samples, read block by block from either database.

Cells of a sample have consecutive ids in the order of their labels, so a block is a range of ids: databases find one
without looking at other cells, and the sample of a cell follows from its id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.errors import ParameterError, StoreError
from cellgraph.estimation.catalogue import SampleFact, catalogue_of, named, read_samples
from cellgraph.estimation.columns import Reference
from cellgraph.estimation.filters import Filter, parse_filter
from cellgraph.phenotypes.names import CONTACT_AREA, Formula, find_columns, formula_of, listed_items, with_computed
from cellgraph.queries.text import quoted
from cellgraph.statistics.network import as_floats, left_out

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.stores import Store

Array = np.ndarray[Any, Any]

BLOCK = 1_000_000
"""Cells that are read at once."""

_NODES = "MATCH (s:Sample {status: 'complete'}) RETURN s AS node"


@dataclass(frozen=True)
class Block:
    """Some cells, in the order of samples and labels.

    Attributes
    ----------
    samples : numpy.ndarray of int64, shape (n,)
        Number of the sample of each cell in `CellColumns.samples`; ascending.
    labels : numpy.ndarray of int64, shape (n,)
        Empty where they were not asked for.
    table : pyarrow.Table
        Columns as they are stored or computed, by name.
    """

    samples: Array
    labels: Array
    table: pa.Table

    def numbers(self, names: Sequence[str]) -> Array:
        """Return columns as float64, shape (n, p); true is 1, and what is not a finite number is NaN."""
        found = np.empty((len(self.samples), len(names)), order="F")  # a column at a time is read, and looked at
        for place, name in enumerate(names):
            found[:, place] = as_floats(self.table[name].combine_chunks(), name)
        found[~np.isfinite(found)] = np.nan
        return found


@dataclass
class CellColumns:
    """Columns of the cells of some samples that meet a condition.

    Attributes
    ----------
    store : Store
    facts : list of SampleFact
        Of the samples, by the ids of their cells.
    names : list of str
        Of the columns.
    kinds : dict of str to str
        Their types.
    sets : dict of str to str
        The set that a column comes from, for those that come from one.
    where : Filter or None
    notes : list of str
        What a user should know.
    """

    store: Store
    facts: list[SampleFact]
    names: list[str]
    kinds: dict[str, str]
    sets: dict[str, str]
    where: Filter | None
    notes: list[str]
    _first: dict[str, int]
    _hops: dict[str, int]
    _cache: dict[str, Any] = field(default_factory=dict)

    @property
    def samples(self) -> list[str]:
        """Names of the samples."""
        return [fact.name for fact in self.facts]

    @property
    def total(self) -> int:
        """Number of their cells, before the condition."""
        return sum(fact.cells for fact in self.facts)

    def has(self, fact: SampleFact, name: str) -> bool:
        """Tell whether a sample has a column, or it can be computed for it."""
        there = {column.name: column for column in fact.of_cells}
        if name in there or name in ("label", "sample") or name in self._hops or name == "degree":
            return True
        if name == CONTACT_AREA.name:
            return "area" in {column.name for column in fact.of_contacts}
        return _formula(fact, name) is not None

    def lacking(self, names: Sequence[str] | None = None) -> dict[str, list[str]]:
        """Return by column the names of the samples that do not have it."""
        found = {name: [fact.name for fact in self.facts if not self.has(fact, name)] for name in names or self.names}
        return {name: samples for name, samples in found.items() if samples}

    def blocks(self, names: Sequence[str] | None = None, *, labels: bool = False) -> Iterator[Block]:
        """Read the cells that meet the condition.

        Parameters
        ----------
        names : sequence of str, optional
            Some of the columns; by default all.
        labels : bool
            Whether labels are read too.
        """
        wanted = list(self.names if names is None else names)
        looked_at = [column.name for column in self.where.columns] if self.where else []
        needed = list(dict.fromkeys([*wanted, *looked_at]))
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
        """Yield the ranges of ids that the cells of all samples have, before the condition."""
        first = stop = 0
        for fact in self.facts:
            begin = self._first[fact.name]
            if stop > first and begin != stop:
                yield first, stop
                first = begin
            elif stop == first:
                first = begin
            stop = begin + fact.cells
        if stop > first:
            yield first, stop

    def _ranges(self) -> Iterator[tuple[list[int], int, int]]:
        """Yield numbers of samples whose cells follow each other, and a range of ids; large samples come in parts."""
        group: list[int] = []
        first = stop = 0
        for number, fact in enumerate(self.facts):
            begin = self._first[fact.name]
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
        listed = {column.name: column.type for fact in facts for column in fact.of_cells}
        formulas = {name: [_formula(fact, name) for fact in facts] for name in needed}
        sources = {name for name in needed if name in listed}
        sources |= {need for each in formulas.values() for f in each if f and not f.by_sample for need in f.needs}
        stored = sorted(sources - {"label", "sample"})
        returned = ["c.id AS id", *(["c.label AS label"] if labels else [])]
        returned += [f"c.{quoted(name)} AS p{number}" for number, name in enumerate(stored)]
        rows = self.store.run(
            f"MATCH (c:Cell) WHERE c.id >= $first AND c.id < $stop RETURN {', '.join(returned)}",
            {"first": first, "stop": stop},
            name="phenotypes",
        )
        ids = rows["id"].to_numpy()
        if len(ids) != stop - first:
            raise StoreError("samples of the database changed while their cells were read; run the command again.")
        if len(ids) > 1 and not (np.diff(ids) == 1).all():
            order = np.empty(len(ids), np.int64)
            order[ids - first] = np.arange(len(ids))
            rows = rows.take(pa.array(order))
        starts = np.array([max(self._first[fact.name], first) for fact in facts] + [stop])
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
        """Return a column of a block: stored where a sample has it, else computed, else null."""
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
            parts = [part.cast(pa.float64()) for part in parts]
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
        """Return a computed column of the cells of one sample from the id `start` on; None where it cannot be."""
        if formula is not None and not formula.by_sample:
            needed = [
                as_floats(values[need].slice(part.start, part.stop - part.start).combine_chunks(), need)
                for need in formula.needs
            ]
            made: Array = formula.of(*needed)
            return made
        whole = self._of_sample(name, fact, formula)
        if whole is None:
            return None
        begin = start - self._first[fact.name]
        return whole[begin : begin + part.stop - part.start]

    def _of_sample(self, name: str, fact: SampleFact, formula: Formula | None) -> Array | None:
        """Return what is computed from a sample as a whole, a value a cell; kept until another sample is asked for."""
        if self._cache.get("sample") != fact.name:
            self._cache = {key: self._cache[key] for key in ("whole",) if key in self._cache} | {"sample": fact.name}
        if name not in self._cache:
            self._cache[name] = self._compute(name, fact, formula)
        made: Array | None = self._cache[name]
        return made

    def _compute(self, name: str, fact: SampleFact, formula: Formula | None) -> Array | None:
        hops = 1 if name == "degree" else self._hops.get(name, 0)
        if hops:
            return self._counts(fact)[:, hops - 1]
        if name == CONTACT_AREA.name and self.has(fact, name):
            graph = self.store.topology(fact.name, contacts=["area"])
            if fact.contacts > len(graph.a):
                note = left_out(
                    fact.contacts - len(graph.a), "contact", f"of the sample {fact.name!r} with other samples"
                )
                self._note(f"contact_area: {note}")
            apart = graph.a != graph.b
            areas = as_floats(graph.of_contacts["area"], "area")[apart]
            ends = np.concatenate([graph.a[apart], graph.b[apart]])
            return np.bincount(ends, np.concatenate([areas, areas]), minlength=len(graph.labels))
        if formula is None:
            return None
        graph = self.store.topology(fact.name, cells=formula.needs)
        made: Array = formula.of(*(as_floats(graph.of_cells[need], need) for need in formula.needs))
        return made

    def _counts(self, fact: SampleFact) -> Array:
        """Return how many cells are within 1, 2, … contacts of each cell of a sample."""
        from cellgraph.estimation.neighbourhood import count_within, whole_graph

        if "counts" not in self._cache:
            whole = self._cache.get("whole")
            if whole is None:
                graph, rows = whole_graph(self.store, [fact.name])
                if len(rows) < len(graph.labels):
                    self._cache["whole"] = graph
            else:
                graph, rows = whole, np.flatnonzero(whole.samples == fact.name)
            most = max([1, *self._hops.values()])
            self._cache["counts"] = count_within(graph, rows, most)
        counts: Array = self._cache["counts"]
        return counts

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def read_columns(
    store: Store,
    items: str | Sequence[str],
    *,
    where: str | None = None,
    sample: str | None = None,
    numbers: bool = True,
    one_unit: bool = True,
    of: str = "columns",
) -> CellColumns:
    """Find columns of cells, and return what reads them.

    Parameters
    ----------
    store : Store
    items : str or sequence of str
        Names of columns, ``khop(k)``, and sets of them as ``shape``.
    where : str, optional
        Only cells that meet this condition.
    sample : str, optional
        Name of one; None is all.
    numbers : bool
        Whether text is refused.
    one_unit : bool
        Whether columns are refused that samples have in different units.
    of : str
        What the columns are called in messages.

    Raises
    ------
    NotFoundError
        If there is no such sample.
    ParameterError
        If a column does not exist, holds text, or has another unit in some samples; or the condition does not parse.
    """
    every = read_samples(store)
    facts = every if sample is None else named(every, [sample])
    catalogue = with_computed(catalogue_of(facts))
    notes: list[str] = []
    found = find_columns(listed_items(items), catalogue, notes, of)
    condition = None if where is None else parse_filter(where, catalogue, "cells")
    if condition is not None and condition.samples is not None:
        named(every, condition.samples)
        facts = [fact for fact in facts if fact.name in condition.samples]
    references = [reference for reference, _ in found.values()]
    if numbers:
        _refuse_text(references, facts)
    looked_at = condition.columns if condition else ()
    nodes = {node["name"]: node for node in map(json.loads, store.run(_NODES, name="phenotypes")["node"].to_pylist())}
    if missing := [fact.name for fact in facts if fact.name not in nodes]:
        raise StoreError(f"the sample {missing[0]!r} changed while it was read; run the command again.")
    first = {name: int(node["first_id"]) for name, node in nodes.items()}
    facts = [replace(fact, unit=_own_unit(fact, nodes[fact.name])) for fact in facts]
    facts = sorted(facts, key=lambda fact: (first[fact.name], fact.cells))
    columns = CellColumns(
        store,
        facts,
        [reference.name for reference in references],
        {reference.name: reference.type for reference in (*references, *looked_at)},
        {name: origin for name, (_, origin) in found.items() if origin},
        condition,
        notes,
        first,
        {reference.name: reference.hops for reference in (*references, *looked_at) if reference.hops},
    )
    if one_unit:
        _refuse_other_units(columns, references)
    return columns


def say_lacking(columns: CellColumns) -> None:
    """Tell which samples do not have which columns."""
    for name, samples in columns.lacking().items():
        shown = ", ".join(map(repr, samples[:5])) + (", …" if len(samples) > 5 else "")
        columns.notes.append(f"{name}: the sample{'s' if len(samples) > 1 else ''} {shown} without it left out.")


def _formula(fact: SampleFact, name: str) -> Formula | None:
    if name == "sphericity" and fact.ndim == 2:
        return None
    stored = [column.name for column in fact.of_cells]
    return None if name in stored else formula_of(name, stored)


def _arrow(kind: str) -> Any:
    import pyarrow as pa

    return {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string()}[kind]


def _own_unit(fact: SampleFact, node: Mapping[str, Any]) -> str:
    """Return the unit of a sample; for tables the one that came with their samples."""
    given = node.get("given_unit")
    return given if isinstance(given, str) and given and not fact.ndim else fact.unit


def _refuse_text(references: Sequence[Reference], facts: Sequence[SampleFact]) -> None:
    for reference in references:
        texts = [fact.name for fact in facts for c in fact.of_cells if c.name == reference.name and c.type == "str"]
        if reference.type == "str" or texts:
            where = f" in the sample {texts[0]!r}" if reference.type != "str" else ""
            raise ParameterError(
                f"the column {reference.name!r} holds text{where}, and a number is needed; groups of text are what "
                f"compare --by {reference.name} and --where take."
            )


def _refuse_other_units(columns: CellColumns, references: Sequence[Reference]) -> None:
    """Refuse a length, area or volume that some samples have in another unit, or in 2D."""
    for reference in references:
        if "unit" not in reference.unit:
            continue
        units: dict[tuple[str, int], str] = {}
        for fact in columns.facts:
            if columns.has(fact, reference.name):
                flat = 2 if fact.ndim == 2 and "^" in reference.unit else 3
                units.setdefault((fact.unit or "voxel", flat), fact.name)
        if len(units) > 1:
            (one, a), (other, b) = list(units.items())[:2]
            raise ParameterError(
                f"the column {reference.name!r} has not one unit: it is in {_unit(one)} in the sample {a!r} and in "
                f"{_unit(other)} in {b!r}; name samples of one unit with --sample or --where \"sample in ('…')\"."
            )


def _unit(unit: tuple[str, int]) -> str:
    return unit[0] if unit[1] == 3 else f"{unit[0]} of 2D images"
