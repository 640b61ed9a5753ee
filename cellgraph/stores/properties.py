"""Data written to samples after the load: cell properties, such as annotations and metrics, and near cells.

The sample node lists them beside the columns from the load (``cell_properties``), so that queries, estimates and copies
see no difference, and records in ``written`` what each was computed from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cellgraph.errors import ExistsError, InputError, NotFoundError, near
from cellgraph.stores.contract import Store
from cellgraph.stores.tables import CELL_TYPES, PASSING, SAMPLE_TYPES, check_names, column_types, type_of, typed

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_CELLS_OWN = ("id", "sample", *CELL_TYPES)
_SAMPLES_OWN = (*SAMPLE_TYPES, *PASSING, "directed")
_SHOWN = 5

NEAR_WITHIN = "near_within"
"""The property of a sample that has ``NEAR`` relationships: their maximum distance, in the unit of the sample."""


@dataclass(frozen=True)
class Properties:
    """Properties for one complete sample and its cells.

    Attributes
    ----------
    sample : str
        Name of the sample.
    cells : pyarrow.Table or None
        ``label`` (int64, each once, in any order) and columns of int64, double, bool or string.  A cell that is missing
        or null does not get the property.
    of_sample : mapping
        Properties of the sample itself: integers, floats, strings or booleans.
    made_from : mapping of str to mapping
        What each property, by name, was computed from: the metric, its parameters, a file; JSON-compatible.
    near : pyarrow.Table or None
        Pairs of cells that are near each other, each once: ``a``, ``b`` (int64, labels) and ``distance`` (double);
        requires ``near_within`` in `of_sample`.
    """

    sample: str
    cells: pa.Table | None = None
    of_sample: Mapping[str, Any] = field(default_factory=dict)
    made_from: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    near: pa.Table | None = None


@dataclass(frozen=True)
class State:
    """What a database holds about a complete sample, before something is written.

    Attributes
    ----------
    id, first_id, cells : int
        Its id, the id of its first cell (the others follow in order of label), and its number of cells.
    cell_properties : tuple of str
        ``name type`` of the columns of its cells.
    written : dict
        ``{"cells": {name: {…}}, "sample": {name: {…}}}``: what was written after the load, and what it was computed
        from.
    own : frozenset of str
        Names of all properties of the sample node.
    """

    name: str
    id: int
    first_id: int
    cells: int
    cell_properties: tuple[str, ...]
    written: dict[str, dict[str, Any]]
    own: frozenset[str]

    @property
    def has_near(self) -> bool:
        """Whether the sample has ``NEAR`` relationships."""
        return NEAR_WITHIN in self.written["sample"]


@dataclass(frozen=True)
class Change:
    """The change to make to one sample.

    Attributes
    ----------
    state : State
    cells : pyarrow.Table
        Columns to write, a row for each cell in order of id; no columns if there is nothing to write.
    removed : tuple of str
        Cell properties to remove.
    of_sample : dict
        Sample properties to set; None removes one.
    cell_properties, written
        As in `State`, afterwards.
    near : pyarrow.Table or None
        ``NEAR`` relationships to write: ``a``, ``b`` (int64, ids of cells) and ``distance``.
    without_near : bool
        Whether to remove the existing ones.
    """

    state: State
    cells: pa.Table
    removed: tuple[str, ...]
    of_sample: dict[str, Any]
    cell_properties: tuple[str, ...]
    written: dict[str, dict[str, Any]]
    near: pa.Table | None = None
    without_near: bool = False

    @property
    def node(self) -> dict[str, Any]:
        """Properties to set on the sample node at the end."""
        written = json.dumps(self.written, ensure_ascii=False) if any(self.written.values()) else None
        return {**self.of_sample, "cell_properties": list(self.cell_properties), "written": written}


def written_of(store: Store) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what was written after the load, for each complete sample.

    Returns
    -------
    dict
        For each sample, ``{"cells": {name: {"type": …, "version": …, "created": …, …}}, "sample": {…}}``.
    """
    rows = store.run("MATCH (s:Sample {status: 'complete'}) RETURN s AS node, s.name AS name ORDER BY name")
    return {state.name: state.written for state in map(state_of, map(json.loads, rows["node"].to_pylist()))}


def state_of(node: Mapping[str, Any]) -> State:
    """Return the state of a sample from its node, given with all its properties."""
    written = {"cells": {}, "sample": {}} | json.loads(node.get("written") or "{}")
    own = frozenset(name for name, value in node.items() if value is not None and not name.startswith("_"))
    properties = tuple(node["cell_properties"] or ())
    return State(node["name"], node["id"], node["first_id"], node["cells"], properties, written, own)


def chosen_states(nodes: Iterable[Mapping[str, Any]], names: Sequence[str]) -> list[State]:
    """Return the states of the named samples from their nodes.

    Raises
    ------
    NotFoundError
        If there is no sample of a name.
    InputError
        If one is named twice.
    """
    found = {state.name: state for state in map(state_of, nodes)}
    for name in names:
        if name not in found:
            raise NotFoundError(f"there is no sample {name!r} in the database.{near(name, found)}")
    if len(set(names)) < len(names):
        raise InputError("properties of one sample were given twice; combine them.")
    return [found[name] for name in names]


def prepare_change(given: Properties, state: State, labels: np.ndarray[Any, Any], *, replace: bool = False) -> Change:
    """Check properties, and sort those of cells by id.

    Parameters
    ----------
    given : Properties
    state : State
        State of its sample.
    labels : numpy.ndarray of int64
        Labels of all cells of the sample, ascending, which is also the order of their ids.
    replace : bool
        Whether to replace properties of these names that were written before.

    Raises
    ------
    InputError
        If a name or a type cannot be stored, or a cell is given twice.
    NotFoundError
        If there is no cell with a given label.
    ExistsError
        If a property came with the load, or was written before and `replace` is false.
    """
    import pyarrow as pa

    cells = pa.table({}) if given.cells is None else _aligned(given, labels)
    of_sample = dict(given.of_sample)
    check_names(list(of_sample), "samples", reserved=_SAMPLES_OWN)
    for name, value in of_sample.items():
        if value is not None and type_of(value) is None:
            raise InputError(f"the property {name!r} of the sample {given.sample!r} is {value!r}; it must be a number,"
                             " text, true or false.")  # fmt: skip
    there = {entry.rpartition(" ")[0]: entry for entry in state.cell_properties}
    _refuse_there(cells.column_names, there, state.written["cells"], "cells of", "have", state.name, replace=replace)
    _refuse_there(of_sample, state.own, state.written["sample"], "the sample", "has", state.name, replace=replace)
    types = column_types(cells)
    kept = [entry for name, entry in there.items() if name not in types]
    listed = (*kept, *(f"{name} {kind}" for name, kind in types.items()))
    origin = _origins(given, types)
    if (given.near is None) != (NEAR_WITHIN not in of_sample):
        raise InputError(
            f"the property {NEAR_WITHIN!r} of a sample is reserved for cellgraph near; choose another name."
        )
    near = None if given.near is None else _by_ids(given.near, labels, state)
    sample_origin = _origins(given, {name: str(type_of(value)) for name, value in of_sample.items()})
    written = {"cells": state.written["cells"] | origin, "sample": state.written["sample"] | sample_origin}
    return Change(state, cells, (), of_sample, listed, written, near, near is not None and state.has_near)


def prepare_removal(names: Sequence[str], state: State) -> Change:
    """Return the change that removes written properties from a sample and its cells.

    Raises
    ------
    NotFoundError
        If no property of a name was written.
    """
    import pyarrow as pa

    cells, own = state.written["cells"], state.written["sample"]
    for name in names:
        if name not in cells and name not in own:
            hint = near(name, [*cells, *own])
            came = any(entry.rpartition(" ")[0] == name for entry in state.cell_properties) or name in state.own
            why = "came with the load and stays" if came else "was not written"
            raise NotFoundError(f"the property {name!r} of the sample {state.name!r} {why}; nothing was removed.{hint}")
    removed = tuple(name for name in names if name in cells)
    listed = tuple(entry for entry in state.cell_properties if entry.rpartition(" ")[0] not in removed)
    written = {of: {n: v for n, v in known.items() if n not in names} for of, known in state.written.items()}
    gone = {name: None for name in names if name in own}
    return Change(state, pa.table({}), removed, gone, listed, written, None, NEAR_WITHIN in gone)


def without_near(written: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what was written (`State.written`) without the ``NEAR`` relationships."""
    return {of: {name: made for name, made in known.items() if name != NEAR_WITHIN} for of, known in written.items()}


def _by_ids(near: pa.Table, labels: np.ndarray[Any, Any], state: State) -> pa.Table:
    """Convert pairs of cells from labels to ids, the smaller first, and sort them."""
    import numpy as np
    import pyarrow as pa

    ends = np.stack([np.searchsorted(labels, near[end].to_numpy()) for end in ("a", "b")])
    ends = np.sort(ends, axis=0) + state.first_id
    order = np.lexsort((ends[1], ends[0]))
    return pa.table({"a": ends[0][order], "b": ends[1][order], "distance": near["distance"].take(pa.array(order))})


def _aligned(given: Properties, labels: np.ndarray[Any, Any]) -> pa.Table:
    """Return the columns with a row for each cell, sorted by label."""
    import numpy as np
    import pyarrow as pa

    table = given.cells
    assert table is not None
    if "label" not in table.column_names:
        raise InputError("properties of cells need a column 'label' with the label of each cell.")
    rest = table.drop_columns(["label"])
    rest = typed(rest, {}, "cells", reserved=_CELLS_OWN)
    own = table["label"].cast(pa.int64()).to_numpy()
    order = np.argsort(own, kind="stable")
    twice = np.flatnonzero(own[order][1:] == own[order][:-1])
    if twice.size:
        raise InputError(f"the cell {own[order][twice[0]]} occurs twice; each cell may have only one row.")
    place = np.searchsorted(labels, own).clip(max=max(len(labels) - 1, 0))
    unknown = own[labels[place] != own] if len(labels) else own
    if unknown.size:
        shown = ", ".join(map(str, unknown[:_SHOWN].tolist())) + (", …" if unknown.size > _SHOWN else "")
        which = f"is no cell {shown}" if unknown.size == 1 else f"are no cells {shown}"
        raise NotFoundError(f"there {which} in the sample {given.sample!r}; nothing was written.")
    row = np.full(len(labels), -1)
    row[place] = np.arange(len(own))
    return rest.take(pa.array(row, mask=row < 0))


def _refuse_there(
    names: Sequence[str] | Mapping[str, Any],
    there: Mapping[str, Any] | frozenset[str],
    written: Mapping[str, Any],
    of: str,
    have: str,
    sample: str,
    *,
    replace: bool,
) -> None:
    known = {name.lower(): name for name in there}
    for name in names:
        same = known.get(name.lower())
        if same is None:
            continue
        if same != name and same in written:
            raise ExistsError(
                f"{of} {sample!r} already {have} the property {same!r}, whose name differs in case only; write it in "
                "the same case, with --replace, or give the new one another name."
            )
        if name not in written:
            raise ExistsError(
                f"{of} {sample!r} already {have} the property {same!r}, which came with the load; "
                "give the new one another name."
            )
        if not replace:
            raise ExistsError(f"{of} {sample!r} already {have} the property {name!r}; replace it with --replace.")


def _origins(given: Properties, types: Mapping[str, str]) -> dict[str, Any]:
    from cellgraph import __version__

    made = {"version": __version__, "created": datetime.now(UTC).isoformat(timespec="seconds")}
    return {name: {"type": kind, **given.made_from.get(name, {}), **made} for name, kind in types.items()}
