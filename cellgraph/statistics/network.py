"""The contacts of one sample as a weighted sparse matrix, with columns of its cells."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cellgraph.errors import InputError, ParameterError, near
from cellgraph.estimation.catalogue import SampleFact, catalogue_of, meeting, named, read_samples
from cellgraph.estimation.conditions import units_note
from cellgraph.estimation.filters import parse_filter
from cellgraph.estimation.restricted import read_restricted

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from cellgraph.estimation.conditions import ConditionOptions
    from cellgraph.stores import Store

    Array = np.ndarray[Any, Any]

Weight = Literal["contacts", "junctions", "area"]


@dataclass(frozen=True)
class SampleNetwork:
    """Cells of a sample and their contacts, each pair once in each direction, sorted by label.

    Attributes
    ----------
    name : str
        Name of the sample.
    labels : numpy.ndarray of int64, shape (n,)
    matrix : scipy.sparse.csr_array of float64, shape (n, n)
        Symmetric, with a zero diagonal: 1 for each touching pair, or its junctions or area, summed over all its
        relationships.
    columns : mapping of str to pyarrow.Array
        Values of the n cells.
    """

    name: str
    labels: Array
    matrix: Any
    columns: Mapping[str, pa.Array]

    def only(self, kept: Array) -> SampleNetwork:
        """Return the cells selected by a boolean array, with the contacts among them."""
        import pyarrow as pa

        chosen = pa.array(kept)
        columns = {name: column.filter(chosen) for name, column in self.columns.items()}
        return SampleNetwork(self.name, self.labels[kept], self.matrix[kept][:, kept], columns)


def read_networks(
    store: Store,
    columns: Sequence[str],
    sample: str | None,
    weight: Weight,
    notes: list[str],
    conditions: ConditionOptions,
) -> Iterator[SampleNetwork]:
    """Read the samples that have some columns, one at a time.

    Parameters
    ----------
    store : Store
    columns : sequence of str
        Columns of cells.
    sample : str or None
        One sample; None is all.
    weight : {'contacts', 'junctions', 'area'}
        The weight of a pair.
    notes : list of str
        Notes on samples without the columns and contacts with other samples are appended to it.
    conditions : ConditionOptions
        Cells and contacts that do not meet them are left out.

    Raises
    ------
    NotFoundError
        If there is no such sample.
    ParameterError
        If no sample has the columns.
    InputError
        If contacts have no junctions or no area.
    """
    every = read_samples(store)
    facts = every if sample is None else named(every, [sample])
    known = {column.name: column.type for fact in facts for column in fact.of_cells}
    for name in columns:
        if name not in known:
            hint = near(name, known) or " cellgraph query cells shows the columns of cells; annotate adds one."
            raise ParameterError(f"cells have no column {name!r}.{hint}")
    where = conditions.get("where")
    condition = None if where is None else parse_filter(where, catalogue_of(facts), "cells")
    facts = meeting(facts, every, condition)
    if different := units_note(facts, condition, area=conditions.get("min_area") is not None):
        notes.append(different)
    there = [fact for fact in facts if set(columns) <= {column.name for column in fact.of_cells}]
    if not there:
        raise ParameterError(
            f"no sample has all of the columns {', '.join(map(repr, columns))}; ask for one at a time."
        )
    if len(there) < len(facts):
        missing = [fact.name for fact in facts if fact not in there]
        notes.append(f"{_listed(missing)} left out: no column {' or '.join(map(repr, columns))}.")
    cells = 0
    for fact in there:
        network = _read(store, fact, columns, weight, notes, conditions)
        cells += len(network.labels)
        if len(network.labels):
            yield network
    if not cells:
        raise ParameterError("no cell meets the conditions; relax them.")


def _listed(names: Sequence[str]) -> str:
    """Return `the sample 'a' was` or `the samples 'a', 'b' were`, as the beginning of a sentence."""
    shown = ", ".join(map(repr, names[:5])) + (", …" if len(names) > 5 else "")
    return f"the sample{'s' if len(names) > 1 else ''} {shown} {'were' if len(names) > 1 else 'was'}"


def _read(
    store: Store,
    fact: SampleFact,
    columns: Sequence[str],
    weight: Weight,
    notes: list[str],
    conditions: ConditionOptions,
) -> SampleNetwork:
    import numpy as np
    from scipy.sparse import coo_array

    wanted = () if weight == "contacts" else (weight,)
    if wanted and weight not in {column.name for column in fact.of_contacts}:
        raise InputError(f"the contacts of the sample {fact.name!r} have no {weight}; count contacts instead.")
    restricted = read_restricted(store, fact.name, conditions, cells=columns, contacts=wanted)
    graph = restricted.alone()
    outside = fact.contacts - restricted.before
    if outside > 0:
        notes.append(left_out(outside, "contact", f"of the sample {fact.name!r} with other samples"))
    if less := len(restricted.kept) - len(graph.labels):
        notes.append(left_out(less, "cell", f"of the sample {fact.name!r} that do not meet the conditions"))
    apart = graph.a != graph.b
    a, b = graph.a[apart], graph.b[apart]
    values = np.ones(len(a))
    if wanted:
        values = as_floats(graph.of_contacts[weight], weight)[apart]
        if missing := int((~np.isfinite(values) | (values < 0)).sum()):
            raise InputError(
                f"{missing:,} of {len(values):,} contacts of the sample {fact.name!r} have no {weight}, or one below "
                "0; count contacts instead."
            )
    n = len(graph.labels)
    matrix = coo_array((np.r_[values, values], (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
    matrix.sum_duplicates()
    if not wanted:
        matrix.data[:] = 1.0  # a pair given more than once is one contact
    return SampleNetwork(fact.name, graph.labels, matrix, {name: graph.of_cells[name] for name in columns})


def left_out(number: int, what: str, of: str) -> str:
    """Return the sentence that some cells or contacts were left out."""
    return f"{number:,} {what}{'' if number == 1 else 's'} {of} {'was' if number == 1 else 'were'} left out."


def as_floats(column: pa.Array, name: str) -> Array:
    """Return numbers as floats, true as 1, null as NaN; integers above 2^53 as the nearest float.

    Raises
    ------
    ParameterError
        If the column holds text.
    """
    import numpy as np
    import pyarrow as pa

    if pa.types.is_string(column.type):
        raise ParameterError(
            f"the column {name!r} holds text, but a number is needed; for types, use: cellgraph "
            f"enrichment --by {shlex.quote(name)}."
        )
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int64())
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
