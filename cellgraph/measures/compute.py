"""Compute metrics by name on the graph of each sample, and write them to its cells."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from cellgraph.adjacency.weights import parse_weight
from cellgraph.errors import ExistsError, NotFoundError, ParameterError, near
from cellgraph.estimation.conditions import require_directed
from cellgraph.estimation.restricted import read_restricted
from cellgraph.measures import ofcells, ofsamples
from cellgraph.measures.graph import Array, Graph, graphs
from cellgraph.model import METRIC_COLUMNS, Report
from cellgraph.queries.conditions import check_direction
from cellgraph.stores import Store, Topology, open_store
from cellgraph.stores.properties import Properties, written_of

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.estimation.conditions import ConditionOptions
    from cellgraph.queries.conditions import Direction

ALL = ("degree", "strength", "pagerank", "clustering", "core_number", "components", "community", "articulation")
"""Metrics that take seconds for a million cells."""

OF_CELLS = {column.name: column for column in METRIC_COLUMNS}
OF_SAMPLES = ("diameter", "assortativity", "hop_plot", "polygon_classes", "lewis", "aboav_weaire")
METRICS = (*OF_CELLS, *OF_SAMPLES)
SAME = {"component": "components", "leiden": "community", "core": "core_number", "articulation_cells": "articulation"}

_WEIGHTED = (
    *("strength", "pagerank", "eigenvector", "betweenness", "closeness", "harmonic", "community"),
    "current_flow_betweenness",
)
_DIRECTED = ("degree", "strength", "pagerank", "betweenness", "closeness", "harmonic")
_MOST_QUADRATIC = 100_000
_QUADRATIC = ("betweenness", "closeness", "harmonic", "eccentricity")


@dataclass(frozen=True)
class Metrics:
    """Rows, and sentences for the user."""

    rows: pa.Table
    notes: tuple[str, ...]


def metrics(
    names: str | Sequence[str],
    db: str | os.PathLike[str] | None = None,
    *,
    sample: str | None = None,
    weight: str | None = None,
    error: float | None = None,
    direction: Direction = "both",
    write: bool = False,
    report: Report | None = None,
    **conditions: Unpack[ConditionOptions],
) -> Metrics:
    """Compute metrics of the network, each sample on its own; relationships are followed in both directions.

    Parameters
    ----------
    names : str or sequence of str
        Names in `METRICS`, or ``all``: the fast ones.  Metrics of cells can be combined; one of samples must be alone.
    db : str or path, optional
        The database, as in `cellgraph.open`.
    sample : str, optional
        Name of one sample; None is all.
    weight : str, optional
        Weight of a contact: an expression of its columns, such as ``1/junctions``.  It is a strength for strength,
        pagerank, eigenvector, current_flow_betweenness and community, and the length of a step for betweenness,
        closeness and harmonic.  Without it, every contact is 1, and ``strength`` sums the junctions.
    error : float, optional
        For betweenness: sampled, so that in 9 of 10 runs every cell is within this error.  For current-flow
        betweenness the largest standard error.
    direction : {'both', 'out', 'in'}
        For samples whose contacts have a direction, as of synapses: follow them from source to target, the other way,
        or either way. For degree, strength, pagerank, betweenness, closeness and harmonic.
    write : bool
        Write them as properties of the cells.
    report : callable, optional
        Called with what is being processed, the number done, and the total.
    **conditions
        `min_junctions`, `min_area`, `min_fraction`, `where`, `inside`: cells and contacts that do not meet them are
        left out of the network; `buffer`: only cells this far from the border have rows.

    Returns
    -------
    Metrics
        ``rows`` with ``sample``, ``cell`` and a column for each metric of cells; for a metric of samples, ``sample``
        and its columns.

    Raises
    ------
    ParameterError
        For an unknown metric, a weight that is not a valid expression or not above 0, or options that do not fit.
    NotFoundError
        If there is no such sample.
    MissingExtraError
        If networkit is needed but not installed.
    """
    wanted = resolve(names)
    _check(wanted, weight, error, write)
    if check_direction(direction) != "both" and (other := [name for name in wanted if name not in _DIRECTED]):
        raise ParameterError(
            f"--direction {direction} (direction=) can be used only with {', '.join(_DIRECTED)}, not with "
            f"{', '.join(other)}."
        )
    with open_store(db, read_only=not write) as store:
        if not store.sample_names():
            raise NotFoundError(f"there is no sample in {store!r}; load one with: cellgraph load IMAGE")
        if direction != "both":
            require_directed(store, sample, direction)
        columns = {column.name: column.type for column in store.columns("contacts", sample)}
        if weight is None and "strength" in wanted and "junctions" in columns:
            weights = {"strength": "junctions"}
        else:
            weights = {}
        parsed = {text: parse_weight(text, columns) for text in {*weights.values(), *([weight] if weight else [])}}
        of_cells = ["volume", "on_border"] if wanted[0] in OF_SAMPLES else []
        known = {column.name for column in store.columns("cells", sample)}
        restricted = read_restricted(
            store,
            sample,
            conditions,
            cells=[name for name in of_cells if name in known],
            contacts=[name for read in parsed.values() for name in read.columns],
        )
        said = [restricted.note] if restricted.note else []
        topology = restricted.alone()
        if not len(topology.labels):
            raise ParameterError("no cell meets the conditions; relax them.")
        if wanted[0] in OF_SAMPLES:
            if conditions.get("buffer") is not None:
                raise ParameterError(
                    f"{wanted[0]} is a measure of whole samples, without rows of cells; leave out --buffer (buffer=)."
                )
            of_samples = _of_samples(wanted[0], topology)
            return replace(of_samples, notes=(*of_samples.notes, *said))
        values = {text: _weights(topology, read, text) for text, read in parsed.items()}
        made, notes = _of_cells(wanted, topology, values, weight, weights, error, direction, report)
        notes += said
        reported = np.zeros(len(restricted.kept), bool)
        reported[restricted.reported] = True
        reported = reported[restricted.kept]
        if not reported.any():
            raise ParameterError("no cell is that far from the border; use a smaller --buffer (buffer=).")
        if write:
            given: dict[str, Any] = {name: value for name, value in conditions.items() if value not in (None, False)}
            given |= {} if direction == "both" else {"direction": direction}
            notes += _write(store, wanted, topology, made, reported, weight, weights, error, given, report)
    return Metrics(made.filter(reported), tuple(notes))


def remove(
    names: str | Sequence[str], db: str | os.PathLike[str] | None = None, *, sample: str | None = None
) -> tuple[str, ...]:
    """Delete metrics that were written from the cells of one sample, or of all samples that have them.

    Returns
    -------
    tuple of str
        Names of the deleted metrics.

    Raises
    ------
    NotFoundError
        If no sample has one of these metrics.
    """
    every = names in ("all", ["all"], ("all",))
    wanted = list(METRICS) if every else resolve(names)
    with open_store(db) as store:
        written = {name: _metrics_in(of) for name, of in written_of(store).items() if sample in (None, name)}
        if sample is not None and sample not in written:
            raise NotFoundError(f"there is no sample {sample!r} in the database.{near(sample, store.sample_names())}")
        there = {name for of in written.values() for name in of}
        missing = [name for name in wanted if name not in there]
        if (missing and not every) or not there:
            listed = f" There are: {', '.join(sorted(there))}." if there else ""
            what = "metric" if every else f"metric {missing[0]!r}"
            raise NotFoundError(f"no {what} was written with cellgraph metrics --write, so none is removed.{listed}")
        by_names: dict[tuple[str, ...], list[str]] = {}
        for name, of in written.items():
            own = tuple(metric for metric in wanted if metric in of)
            if own:
                by_names.setdefault(own, []).append(name)
        for own, samples in by_names.items():
            store.remove_properties(own, samples)
    return tuple(name for name in wanted if name in there)


def resolve(names: str | Sequence[str]) -> list[str]:
    """Return the names of metrics as used here, without duplicates.

    Raises
    ------
    ParameterError
        If one is unknown, or there are none.
    """
    wanted: dict[str, None] = {}
    for given in [names] if isinstance(names, str) else names:
        name = given.lower().replace("-", "_") if isinstance(given, str) else given
        for each in ALL if name == "all" else [SAME.get(name, name)]:
            if each not in METRICS:
                raise ParameterError(
                    f"there is no metric {given!r}; the metrics are: all, "
                    f"{', '.join(METRICS)}.{near(name, ('all', *METRICS))}"
                )
            wanted[each] = None
    if not wanted:
        raise ParameterError(f"name at least one metric: all, {', '.join(METRICS)}.")
    of_samples = [name for name in wanted if name in OF_SAMPLES]
    if of_samples and len(wanted) > 1:
        raise ParameterError(
            f"{of_samples[0]} is a measure of whole samples, with rows of its own; compute it on its own."
        )
    return list(wanted)


def _check(wanted: list[str], weight: str | None, error: float | None, write: bool) -> None:
    if weight is not None and not any(name in _WEIGHTED for name in wanted):
        raise ParameterError(
            f"--weight (weight=…) can be used only with {', '.join(_WEIGHTED)}, not with {', '.join(wanted)}."
        )
    if write and wanted[0] in OF_SAMPLES:
        raise ParameterError(
            f"{wanted[0]} is a measure of whole samples, which cannot be written to cells; leave out --write."
        )
    if error is None:
        return
    if not {"betweenness", "current_flow_betweenness"} & set(wanted):
        raise ParameterError("--error (error=…) can be used only with betweenness and current_flow_betweenness.")
    if isinstance(error, bool) or not isinstance(error, int | float) or not 0.0005 <= error < 1:
        raise ParameterError(f"--error (error=…) must be from 0.0005 to below 1, such as 0.01, not {error!r}.")


def _weights(topology: Topology, read: Any, text: str) -> Array:
    columns = {name: _numbers(topology.of_contacts[name]) for name in read.columns}
    values: Array = read(columns, len(topology.a))
    wrong = np.flatnonzero(~((values > 0) & np.isfinite(values)))
    if wrong.size and text != "junctions":
        at = int(wrong[0])
        a, b = topology.a[at], topology.b[at]
        raise ParameterError(
            f"the weight {text!r} must be a number above 0 for every contact, but is {values[at]:g} between the cells "
            f"{topology.labels[a]} and {topology.labels[b]} of the sample {topology.samples[a]!r} "
            f"(contacts: {wrong.size:,}); use another one."
        )
    return np.nan_to_num(values, nan=0.0)


def _numbers(column: Any) -> Array:
    import pyarrow as pa

    numbers: Array = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def _of_cells(
    wanted: list[str],
    topology: Topology,
    values: dict[str, Array],
    weight: str | None,
    weights: dict[str, str],
    error: float | None,
    direction: Direction,
    report: Report | None,
) -> tuple[pa.Table, list[str]]:
    import pyarrow as pa

    n = len(topology.labels)
    kinds: dict[str, Any] = {"int": np.int64, "float": np.float64, "bool": np.bool_}
    made = {name: np.zeros(n, kinds[OF_CELLS[name].type]) for name in wanted}
    notes: list[str] = []
    for text in [weight, *weights.values()]:
        own = [name for name in wanted if (weights.get(name) or (weight if name in _WEIGHTED else None)) == text]
        if not own:
            continue
        for graph, elsewhere in graphs(topology, None if text is None else values[text], direction):
            notes += _remarks(graph, elsewhere, own)
            rows = slice(graph.first, graph.first + graph.n)
            for name in own:
                _tell(report, name, graph.first, n)
                made[name][rows] = _compute(name, graph, error)
                _tell(report, name, graph.first + graph.n, n)
    columns = {"sample": pa.array(topology.samples, pa.string()), "cell": topology.labels}
    return pa.table(columns | made), list(dict.fromkeys(notes))


def _compute(name: str, graph: Graph, error: float | None) -> Array:
    if name == "betweenness" and error is not None:
        return ofcells.sampled_betweenness(graph, error)
    if name == "current_flow_betweenness":
        return ofcells.current_flow_betweenness(graph, error)
    function: Callable[[Graph], Array] = getattr(ofcells, name)
    return function(graph)


def _remarks(graph: Graph, elsewhere: int, names: list[str]) -> list[str]:
    notes = []
    if elsewhere:
        notes.append(f"{elsewhere:,} contacts of {graph.sample!r} with other samples are left out")
    slow = [name for name in names if name in _QUADRATIC]
    if graph.n > _MOST_QUADRATIC and slow:
        notes.append(
            f"{slow[0]} searches from each of {graph.n:,} cells, which takes long"
            + ("; --error E samples it" if slow[0] == "betweenness" else "")
        )
    return notes


def _of_samples(name: str, topology: Topology) -> Metrics:
    import pyarrow as pa

    function = getattr(ofsamples, name)
    notes: list[str] = []
    tables = []
    n = len(topology.labels)
    properties = {
        key: _numbers(topology.of_cells[key]) if key in topology.of_cells else np.full(n, np.nan)
        for key in ("volume", "on_border")
    }
    for graph, elsewhere in graphs(topology, None):
        own = {key: values[graph.first : graph.first + graph.n] for key, values in properties.items()}
        rows, more = function(graph, own)
        notes += [*_remarks(graph, elsewhere, []), *more]
        length = len(next(iter(rows.values())))
        tables.append(pa.table({"sample": pa.array([graph.sample] * length, pa.string()), **rows}))
    return Metrics(pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({}), tuple(notes))


def _write(
    store: Store,
    wanted: list[str],
    topology: Topology,
    made: pa.Table,
    reported: Array,
    weight: str | None,
    weights: dict[str, str],
    error: float | None,
    conditions: dict[str, Any],
    report: Report | None,
) -> list[str]:
    written = written_of(store)
    notes = []
    listed = {
        sample: {column.name for column in store.columns("cells", sample)} - _metrics_in(written[sample])
        for sample in dict.fromkeys(topology.samples.tolist())
    }
    properties = []
    for graph, _ in graphs(topology, None):
        names = []
        for name in wanted:
            if name not in listed[graph.sample]:
                names.append(name)
            elif name == "degree":
                notes.append("degree was already stored by the load, for all contacts, and is not written again")
            else:
                raise ExistsError(
                    f"cells of {graph.sample!r} already have the property {name!r}, which was not written by cellgraph "
                    "metrics; nothing was written: load or annotate it under another name."
                )
        if not names:
            continue
        own = made.slice(graph.first, graph.n).filter(reported[graph.first : graph.first + graph.n])
        own = own.select(["cell", *names]).rename_columns(["label", *names])
        origin = {name: _origin(name, weights.get(name, weight), error, conditions) for name in names}
        properties.append(Properties(graph.sample, own, {}, origin))
    if properties:
        store.write_properties(*properties, replace=True, report=report)
    return list(dict.fromkeys(notes))


def _origin(name: str, weight: str | None, error: float | None, conditions: dict[str, Any]) -> dict[str, Any]:
    parameters = dict(conditions)
    if weight is not None and name in _WEIGHTED:
        parameters["weight"] = weight
    if error is not None and name in ("betweenness", "current_flow_betweenness"):
        parameters["error"] = error
    return {"metric": name, "parameters": parameters}


def _metrics_in(written: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, origin in written["cells"].items() if "metric" in origin}


def _tell(report: Report | None, what: str, done: int, total: int) -> None:
    if report is not None:
        report(what, done, total)
