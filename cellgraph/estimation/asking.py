"""The public function: an estimate from a database, or from a volume that is not loaded."""

from __future__ import annotations

import os
from dataclasses import replace
from time import monotonic
from typing import Unpack

from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.estimation.answer import Estimate
from cellgraph.estimation.catalogue import SampleFact, catalogue_of, meeting, mixed_units, named, read_samples
from cellgraph.estimation.database import DatabasePopulation
from cellgraph.estimation.expression import parse_expression
from cellgraph.estimation.filters import parse_filter
from cellgraph.estimation.goals import Goal, make_goal
from cellgraph.estimation.run import run
from cellgraph.loading.parameters import require_kind, resolve_whole
from cellgraph.queries.values import check
from cellgraph.stores import Store, earlier, open_store
from cellgraph.volumes.scan import Scannable, ScanOptions, scanned


def estimate(
    expression: str,
    db: str | os.PathLike[str] | None = None,
    *,
    source: Scannable | None = None,
    within_time: float | str | None = None,
    within_ci: float | str | None = None,
    error: float | str | None = None,
    absolute_error: float | None = None,
    confidence: float | str | None = None,
    where: str | None = None,
    sample: str | None = None,
    seed: int = 0,
    **options: Unpack[ScanOptions],
) -> Estimate:
    """Estimate a statistic over all cells or contacts from a random sample, with its confidence interval.

    Parameters
    ----------
    expression : str
        ``mean(x)``, ``sum(x)``, ``median(x)``, ``quantile(x, q)``, ``ratio(x, y)`` (sum of x over sum of y),
        ``count(cells)`` or ``count(contacts)``.  x and y are columns of the cells (``volume``, ``degree``, …), of the
        contacts (``area``; ``contacts.junctions`` if the cells have a column of that name too), or ``khop(k)``: the
        number of other cells within k contacts.
    db : str or path, optional
        The database, as in `cellgraph.open`.
    source : str, path, numpy.ndarray or Scan, optional
        A volume that is not loaded, instead of a database.
    within_time : float or str, optional
        Time limit in seconds, or as ``500ms``, ``5s``, ``2m``: answer then from what was seen, or earlier if that is
        everything.  A first small draw is always completed, and more is drawn as long as nothing passes the filter.
    within_ci : float or str, optional
        Confidence level, such as 0.95: answer once the half-width of its interval is at most `error` or
        `absolute_error`.  Together with `within_time`, whichever comes first.
    error : float or str, optional
        Half-width relative to the estimate: 0.01 or ``1%``.
    absolute_error : float, optional
        Half-width in the unit of the estimate.
    confidence : float or str, optional
        Confidence level of the interval with `within_time`; 0.95 by default.
    where : str, optional
        A filter, such as ``sample = 'a' and not on_border and volume > 10``.
    sample : str, optional
        Only cells of this sample, or contacts that touch one of them.
    seed : int
        The same seed draws the same units; another seed draws others.
    **options
        How to read the volume of `source`: `dataset`, `axes`, `time`, `channel`, `slices`, `background`,
        `connectivity`, `spacing` and `unit`, as in `ScanOptions`.

    Returns
    -------
    Estimate
        With `low` and `high`, the `fraction` that was seen, and whether it is `exact`.

    Raises
    ------
    ParameterError
        If the expression or filter does not parse, the goal cannot be reached, or the source lacks what is needed.
    NotFoundError
        If there is no such database, volume or sample, or no cell passes the filter.
    InputError
        If cells of a volume are too large to be sampled, and reading all of it takes longer than the time given.
    """
    began = monotonic()
    check(expression, "str", of="the expression")
    require_kind("str", where=where, sample=sample)
    seed = resolve_whole("a seed", seed, least=0)
    goal = make_goal(within_time, within_ci, error, absolute_error, confidence)
    if source is None:
        if options:
            given = ", ".join(sorted(options))
            raise ParameterError(f"{given} can be used only when a volume is read; add source (--source VOLUME)")
        with open_store(db, read_only=True) as store, store.kept_open():
            return estimate_from_store(store, expression, where, sample, goal, seed, began)
    if db is not None or sample is not None:
        raise ParameterError(
            "source is a volume that is not loaded, so --db and --sample (db=…, sample=…) do not apply; leave them out"
        )
    # The sweep takes long to import, and estimates from a database do not need it.
    from cellgraph.estimation.grid import plan_sample
    from cellgraph.estimation.volume import CATALOGUE, VolumePopulation

    with scanned(source, **options) as scan:
        asked = parse_expression(expression, CATALOGUE)
        condition = None if where is None else parse_filter(where, CATALOGUE, asked.of)
        if condition and not condition.may_hold_in(scan.sample):
            raise NotFoundError(
                f"the filter leaves out every cell, since this volume would be loaded as the sample {scan.sample!r}"
            )
        population = VolumePopulation(scan, asked, condition, plan_sample(scan.header, goal.seconds), seed)
        return run(population, asked, condition, goal, began)


def _has(fact: SampleFact, of: str, name: str) -> bool:
    return any(column.name == name for column in (fact.of_cells if of == "cells" else fact.of_contacts))


def estimate_from_store(
    store: Store, expression: str, where: str | None, sample: str | None, goal: Goal, seed: int, began: float
) -> Estimate:
    """Estimate from an open database, as in `estimate`; `began` is the `time.monotonic` at the start."""
    samples = everyone = read_samples(store)
    if sample is not None:
        samples = named(samples, [sample])
    catalogue = catalogue_of(samples)
    asked = parse_expression(expression, catalogue)
    condition = None if where is None else parse_filter(where, catalogue, asked.of)
    samples = meeting(samples, everyone, condition)
    columns = [*asked.columns, *(condition.columns if condition else ())]
    different = mixed_units(samples, asked.columns, lambda fact, name: _has(fact, asked.of, name))
    alone = len(samples) == len(everyone)
    population = DatabasePopulation(store, samples, asked.of, columns, seed, alone=alone)
    answer = run(population, asked, condition, goal, began)
    if different:
        answer = replace(answer, note="; ".join(filter(None, [answer.note, different.rstrip(".")])))
    if any(column.name == earlier.COLUMN for column in columns):
        notes = filter(None, [answer.note, earlier.note_on_earlier(store, sample)])
        answer = replace(answer, note="; ".join(notes))
    return answer
