"""Select columns and cells, and check them before anything is read."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cellgraph.errors import ParameterError, StoreError
from cellgraph.estimation.catalogue import (
    SampleFact,
    catalogue_of,
    meeting,
    mixed_units,
    named,
    read_samples,
    sample_nodes,
)
from cellgraph.estimation.columns import Reference
from cellgraph.estimation.filters import parse_filter
from cellgraph.phenotypes.names import ANGLE, find_columns, listed_items, with_computed
from cellgraph.phenotypes.reading import CellColumns
from cellgraph.queries.text import quoted
from cellgraph.stores import Store


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
    """Find columns of cells, and return a reader for them.

    Parameters
    ----------
    store : Store
    items : str or sequence of str
        Names of columns, ``khop(k)``, and sets of columns such as ``shape``.
    where : str, optional
        Only cells that meet this condition.
    sample : str, optional
        Name of one sample; None is all.
    numbers : bool
        Whether to reject text.
    one_unit : bool
        Whether to reject columns whose unit differs between samples.
    of : str
        What messages call the columns.

    Raises
    ------
    NotFoundError
        If there is no such sample.
    ParameterError
        If a column does not exist, holds text, or has another unit in some samples, or the condition does not parse.
    """
    every = read_samples(store)
    facts = every if sample is None else named(every, [sample])
    catalogue = with_computed(catalogue_of(facts))
    notes: list[str] = []
    found = find_columns(listed_items(items), catalogue, notes, of)
    condition = None if where is None else parse_filter(where, catalogue, "cells")
    facts = meeting(facts, every, condition)
    references = [reference for reference, _ in found.values()]
    if numbers:
        _refuse_text(store, references, facts)
    looked_at = condition.columns if condition else ()
    nodes = sample_nodes(store, "phenotypes")
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
    columns.facts = _that_pass(columns)
    if one_unit and (different := mixed_units(columns.facts, references, columns.has)):
        raise ParameterError(different)
    if different := mixed_units(columns.facts, looked_at, columns.has):
        notes.append(f"in the condition, {different}")
    return columns


def _that_pass(columns: CellColumns) -> list[SampleFact]:
    """Return the samples in which cells meet the condition, if the database can tell; all if no cell does."""
    where, facts = columns.where, columns.facts
    looked_at = {column.name for column in where.columns} - {"sample", "label"} if where else set()
    stored = [{column.name for column in fact.of_cells} for fact in facts]
    computed = any(
        columns.has(fact, name) and name not in there
        for fact, there in zip(facts, stored, strict=True)
        for name in looked_at
    )
    if where is None or not looked_at or computed or not looked_at <= set().union(*stored):
        return facts
    condition, values = where.cypher("c")
    rows = columns.store.run(
        f"MATCH (c:Cell) WHERE {condition} RETURN DISTINCT c.sample AS name", values, name="phenotypes"
    )
    there = set(rows["name"].to_pylist())
    return [fact for fact in facts if fact.name in there] or facts


def say_lacking(columns: CellColumns) -> None:
    """Add notes on which samples lack which columns."""
    for name, samples in columns.lacking().items():
        shown = ", ".join(map(repr, samples[:5])) + (", …" if len(samples) > 5 else "")
        columns.notes.append(
            f"{name}: the sample{'s' if len(samples) > 1 else ''} {shown} "
            f"{'do not have it and were' if len(samples) > 1 else 'does not have it and was'} left out."
        )


def say_angles(columns: CellColumns) -> None:
    """Add a note on columns that are angles, by their names: means and products of them are not those of directions."""
    if angles := [name for name in columns.names if ANGLE.search(name)]:
        columns.notes.append(
            f"{', '.join(angles)}: by the name an angle, whose mean and variance depend on the position of 0; "
            "here it is taken for a plain number."
        )


def _own_unit(fact: SampleFact, node: Mapping[str, Any]) -> str:
    """Return the unit of a sample; for table imports, the one given with their samples."""
    given = node.get("given_unit")
    return given if isinstance(given, str) and given and not fact.ndim else fact.unit


def _refuse_text(store: Store, references: Sequence[Reference], facts: Sequence[SampleFact]) -> None:
    for reference in references:
        texts = [fact.name for fact in facts for c in fact.of_cells if c.name == reference.name and c.type == "str"]
        if reference.type == "str" and reference.name != "sample" and _is_empty(store, reference.name):
            raise ParameterError(f"the column {reference.name!r} is empty: no cell has a value in it.")
        if reference.type == "str" or texts:
            where = f" in the sample {texts[0]!r}" if reference.type != "str" else ""
            raise ParameterError(
                f"the column {reference.name!r} holds text{where}, but a number is needed; text can define groups with "
                f"compare --by {shlex.quote(reference.name)}, or be used in --where."
            )


def _is_empty(store: Store, name: str) -> bool:
    """Return whether no cell has a value; table imports store such a column as text."""
    rows = store.run(f"MATCH (c:Cell) WHERE c.{quoted(name)} IS NOT NULL RETURN c.id AS id LIMIT 1")
    return not rows.num_rows
