"""Parse the conditions of a question, and check them against the columns of its samples."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from cellgraph.errors import ParameterError, near
from cellgraph.estimation.catalogue import (
    SampleFact,
    catalogue_of,
    directed_samples,
    meeting,
    mixed_units,
    named,
    read_samples,
)
from cellgraph.estimation.columns import Catalogue
from cellgraph.estimation.filters import Filter, parse_filter
from cellgraph.model import CELL_COLUMNS, CONTACT_COLUMNS
from cellgraph.queries.conditions import OPTIONS, Conditions, check_direction, check_over
from cellgraph.queries.values import check
from cellgraph.stores.properties import NEAR_WITHIN, written_of

if TYPE_CHECKING:
    from cellgraph.stores import Store

_NEEDS = {
    "min_area": ("area",),
    "min_fraction": ("area", "surface_area"),
    "inside": ("on_border",),
    "buffer": ("on_border",),
}
"""The columns that a condition needs, of cells or contacts."""


class ConditionOptions(TypedDict, total=False):
    """Conditions as arguments of functions; `cellgraph.queries.conditions` defines each."""

    min_junctions: int | None
    min_area: float | None
    min_fraction: float | None
    where: str | None
    inside: bool
    buffer: int | None


@dataclass(frozen=True)
class Asked:
    """The conditions of a question, for Cypher and for compiled code.

    Attributes
    ----------
    conditions : Conditions
    filter : Filter, optional
        The condition on cells in `where`.
    note : str
        What is to be said of the answer: that samples have lengths of a condition in different units.
    """

    conditions: Conditions
    filter: Filter | None = None
    note: str = ""

    def __bool__(self) -> bool:
        """Return whether there are any conditions."""
        return self.conditions.of_cells or self.conditions.of_contacts or self.conditions.buffer is not None


def checked_options(options: ConditionOptions) -> dict[str, Any]:
    """Check the types of the given conditions, and return them.

    Raises
    ------
    ParameterError
        If one is unknown, of another type or out of its range.
    """
    checked = {}
    for name, value in options.items():
        if name not in OPTIONS:
            raise ParameterError(
                f"there is no condition {name!r}; there are {', '.join(OPTIONS)}.{near(name, OPTIONS)}"
            )
        if value is not None:
            kind, low, high = OPTIONS[name].type, OPTIONS[name].minimum, OPTIONS[name].maximum
            checked[name] = check(value, kind, of=name, minimum=low, maximum=high)
    return checked


def read_conditions(store: Store, values: Mapping[str, Any], sample: str | None, directed: Iterable[str]) -> Asked:
    """Parse the conditions among the values of the parameters of a query.

    Parameters
    ----------
    store : Store
    values : mapping of str to value
        With checked types.
    sample : str, optional
        Name of the one requested sample.
    directed : iterable of str
        Names of the samples whose contacts have a direction.

    Raises
    ------
    ParameterError
        If one does not parse, or a sample lacks a column that it needs.
    """
    given = _given(values)
    if not given:
        return Asked(Conditions())
    _check_ranges(given)
    every = read_samples(store)
    samples = every if sample is None else named(every, [sample])
    where = given.pop("where", None)
    condition = None if where is None else parse_filter(where, catalogue_of(samples), "cells")
    samples = meeting(samples, every, condition)
    note = units_note(samples, condition, area="min_area" in given)
    for name in given:
        _require_columns(name, samples)
    if "over" in given:
        _require_near(store, samples)
    if "direction" in given:
        _require_directed(given["direction"], samples, directed)
    return replace(_asked(given, condition), note=note)


def units_note(samples: list[SampleFact], condition: Filter | None, *, area: bool) -> str:
    """Return a sentence on a length that conditions compare with one number although samples have other units."""
    of_cells = mixed_units(
        samples,
        () if condition is None else condition.columns,
        lambda fact, name: any(column.name == name for column in fact.of_cells),
    )
    of_contacts = mixed_units(
        samples,
        [column for column in CONTACT_COLUMNS if area and column.name == "area"],
        lambda fact, name: any(column.name == name for column in fact.of_contacts),
    )
    different = of_cells or of_contacts
    return f"in the condition, {different}" if different else ""


def shown_conditions(values: Mapping[str, Any]) -> Conditions:
    """Return conditions to be shown as Cypher, without a database to tell which columns exist."""
    given = _given(values)
    _check_ranges(given)
    known = {of: {c.name: c for c in columns} for of, columns in _MODEL.items()}
    where = given.pop("where", None)
    catalogue = Catalogue(known["cells"], known["contacts"], complete=False)
    return _asked(given, None if where is None else parse_filter(where, catalogue, "cells")).conditions


def shown_target(text: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the target cells, to be shown as Cypher: attributes of `Conditions`; ``$to`` if there is no value.

    Raises
    ------
    ParameterError
        If it names cells, as no database is opened to find them.
    """
    if text is None:
        return {"target": lambda variable: "$to"}
    parts = [part.strip() for part in text.split(",")]
    if all(part.lstrip("-").isdecimal() for part in parts):
        return {"target": lambda c: f"{c}.label IN $to_1", "values": {**values, "to_1": [int(part) for part in parts]}}
    catalogue = Catalogue({column.name: column for column in CELL_COLUMNS}, {}, complete=False)
    read = parse_filter("on_border" if text.strip().lower() == "border" else text, catalogue, "cells")
    own = {name.replace("where", "to"): value for name, value in read.cypher("c")[1].items()}
    return {"target": lambda c: read.cypher(c)[0].replace("$where_", "$to_"), "values": {**values, **own}}


_READ = frozenset({"min_junctions", "min_area", "min_fraction", "over", "direction", "where", "inside", "buffer"})
_DEFAULTS = {"direction": "both", "over": "contacts"}
_MODEL = {"cells": CELL_COLUMNS, "contacts": CONTACT_COLUMNS}


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions among the values of parameters, without those at their defaults."""
    known = {name: value for name, value in values.items() if name in _READ and value not in (None, False)}
    return {name: value for name, value in known.items() if value != _DEFAULTS.get(name)}


def _asked(given: Mapping[str, Any], condition: Filter | None) -> Asked:
    if condition is None:
        return Asked(Conditions(**given))
    values = condition.cypher("c")[1]
    hops = next((column.name for column in condition.columns if column.hops), "")
    return Asked(
        Conditions(**given, where=lambda variable: condition.cypher(variable)[0], values=values, unsaid=hops),
        condition,
    )


def _check_ranges(given: Mapping[str, Any]) -> None:
    check_direction(given.get("direction", "both"))
    over = check_over(given.get("over", "contacts"))
    for name in ("min_junctions", "min_area", "min_fraction", "direction"):
        if over != "contacts" and name in given:
            raise ParameterError(
                f"{name} (--{name.replace('_', '-')}) is a condition on contacts, which near cells do not have; leave "
                f"it out, or leave out over={over!r} (--over {over})."
            )
    fraction, area = given.get("min_fraction"), given.get("min_area")
    if fraction is not None and not 0 <= fraction <= 1:
        raise ParameterError(f"min_fraction (--min-fraction) must be from 0 to 1, not {fraction}.")
    if area is not None and not area >= 0:
        raise ParameterError(f"min_area (--min-area) must be 0 or more, not {area}.")


def _require_columns(name: str, samples: Iterable[SampleFact]) -> None:
    """Reject a condition on a column that a sample lacks."""
    columns = _NEEDS.get(name, ())
    for sample in samples:
        there = {column.name for column in (*sample.of_cells, *sample.of_contacts)}
        for column in columns:
            if column not in there:
                option = name.replace("_", "-")
                raise ParameterError(
                    f"{name} (--{option}) needs the column {column!r}, but the sample {sample.name!r} was loaded from "
                    f"tables without it; leave out {name}, or name another --sample."
                )


def _require_near(store: Store, samples: Iterable[SampleFact]) -> None:
    """Reject samples for which it was not computed which cells are near each other."""
    written = written_of(store)
    for sample in samples:
        if NEAR_WITHIN not in written.get(sample.name, {"sample": {}})["sample"]:
            raise ParameterError(
                f"the sample {sample.name!r} has no relationships NEAR; compute them with: cellgraph near --within D "
                f"--sample {shlex.quote(sample.name)}, or name another --sample."
            )


def require_directed(store: Store, sample: str | None, direction: str) -> None:
    """Raise `ParameterError` if the contacts of a sample, or of one of all, have no direction to be followed."""
    every = read_samples(store)
    _require_directed(direction, every if sample is None else named(every, [sample]), directed_samples(store))


def _require_directed(direction: str, samples: Iterable[SampleFact], directed: Iterable[str]) -> None:
    known = set(directed)
    for sample in samples:
        if sample.name not in known:
            raise ParameterError(
                f"the contacts of the sample {sample.name!r} have no direction, so direction={direction!r} cannot be "
                "applied; leave out direction (--direction), or load its table with --directed."
            )
