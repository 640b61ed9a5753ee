"""Assign samples or cells to groups, by a property of samples or a column of cells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellgraph.errors import InputError, ParameterError, near
from cellgraph.estimation.catalogue import SampleFact
from cellgraph.phenotypes.reading import Block, CellColumns
from cellgraph.phenotypes.selection import read_columns
from cellgraph.stores import Store

Array = np.ndarray[Any, Any]

MOST_GROUPS = 50


@dataclass(frozen=True)
class Grouping:
    """Groups of cells.

    Attributes
    ----------
    names : list of str
        Names of the groups, sorted.
    of_samples : numpy.ndarray of int64, shape (s,) or None
        Group number of each sample, -1 without one; None if cells of one sample are in several groups.
    column : str or None
        The column of cells that gives the group, if samples do not.
    values : list
        The values of the groups.
    """

    names: list[str]
    of_samples: Array | None
    column: str | None
    values: list[Any]

    def of(self, block: Block) -> Array:
        """Return the group number of each cell, -1 without one."""
        if self.of_samples is not None:
            found: Array = self.of_samples[block.samples]
            return found
        import pyarrow as pa
        import pyarrow.compute as pc

        column = block.table[str(self.column)]
        codes = pc.index_in(column, value_set=pa.array(self.values, column.type))
        return np.asarray(pc.fill_null(codes, -1).to_numpy(), np.int64)


def find_groups(store: Store, by: str, facts: Sequence[SampleFact], where: str | None, sample: str | None) -> Grouping:
    """Return the groups defined by a property of samples, or else by a column of cells.

    Raises
    ------
    ParameterError
        If there is no such property or column, or it has too many values.
    InputError
        If it has fewer than two values.
    """
    nodes = {
        node["name"]: node
        for node in map(
            json.loads, store.run("MATCH (s:Sample {status: 'complete'}) RETURN s AS node")["node"].to_pylist()
        )
    }
    of_samples = [nodes.get(fact.name, {}).get(by) for fact in facts]
    if any(value is not None for value in of_samples):
        return _by_samples(by, of_samples)
    of_cells = {column.name: column for fact in facts for column in fact.of_cells}
    if by not in of_cells:
        properties = {name for node in nodes.values() for name, value in node.items() if value is not None}
        hint = near(by, {*of_cells, *properties}) or " cellgraph annotate --samples FILE adds one."
        raise ParameterError(f"there is no property {by!r} of samples, and no column of cells of this name.{hint}")
    read = read_columns(store, [f"`{by}`"], where=where, sample=sample, numbers=False, one_unit=False)
    return _by_cells(by, read)


def _by_samples(by: str, values: Sequence[Any]) -> Grouping:
    if any(isinstance(value, list) for value in values):
        raise ParameterError(f"the property {by!r} of samples is a list, which cannot define groups; name another one.")
    known = _checked(by, {value for value in values if value is not None})
    codes = np.array([known.index(value) if value is not None else -1 for value in values])
    return Grouping([_text(value) for value in known], codes, None, known)


def _by_cells(by: str, read: CellColumns) -> Grouping:
    found: list[set[Any]] = [set() for _ in read.facts]
    for block in read.blocks():
        column = block.table[by]
        starts = np.r_[0, np.flatnonzero(np.diff(block.samples)) + 1] if len(block.samples) else []
        for start, stop in zip(starts, [*starts[1:], len(block.samples)], strict=True):
            own = column.slice(start, stop - start).unique().drop_null().to_pylist()
            found[block.samples[start]].update(value for value in own if value == value)
    known = _checked(by, set().union(*found))
    if all(len(own) < 2 for own in found):
        codes = np.array([known.index(next(iter(own))) if own else -1 for own in found])
        return Grouping([_text(value) for value in known], codes, None, known)
    return Grouping([_text(value) for value in known], None, by, known)


def _checked(by: str, values: set[Any]) -> list[Any]:
    known = sorted(values, key=lambda value: (str(type(value)), value))
    if len(known) > MOST_GROUPS:
        raise ParameterError(
            f"{by!r} has {len(known):,} different values, but at most {MOST_GROUPS} groups are allowed; name another "
            "property, or annotate the samples with classes of it."
        )
    if len(known) < 2:
        there = f"only {_text(known[0])!r}" if known else "none"
        raise InputError(f"a comparison needs at least two groups, but {by!r} has {there} in the selection.")
    return known


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
