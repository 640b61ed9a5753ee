"""Write results as properties of cells, which are then columns like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from typing import Any

import numpy as np

from cellgraph.errors import ExistsError, ParameterError
from cellgraph.model import Report
from cellgraph.phenotypes.names import LITERATURE
from cellgraph.phenotypes.reading import CellColumns
from cellgraph.stores.properties import Properties, written_of
from cellgraph.tables.reserved import OF_CELLS

Array = np.ndarray[Any, Any]

_HOPS = re.compile(r"khop\s*\(\s*\d+\s*\)")


def refuse_existing(read: CellColumns, names: Sequence[str], replace: bool) -> None:
    """Reject names of properties that cells already have, before anything is computed.

    Raises
    ------
    ExistsError
        If a column came with the load, or was written before and `replace` is false.
    """
    for name in names:
        if name.lower() in OF_CELLS or name in LITERATURE or _HOPS.fullmatch(name.lower()):
            raise ParameterError(
                f"a property cannot be called {name!r}, which stands for something else; choose another name."
            )
    written = written_of(read.store)
    for fact in read.facts:
        there = {column.name.lower(): column.name for column in fact.of_cells}
        for name in names:
            same = there.get(name.lower())
            if same is None:
                continue
            if same not in written.get(fact.name, {}).get("cells", {}) or same != name:
                raise ExistsError(
                    f"cells of {fact.name!r} already have the property {same!r} from the load; choose another name."
                )
            if not replace:
                raise ExistsError(
                    f"cells of {fact.name!r} already have the property {name!r}; replace it with --replace."
                )


def further_components(read: CellColumns, prefix: str, number: int) -> dict[str, tuple[str, ...]]:
    """Return the properties by which an earlier `pca` numbered its components beyond `number`, by sample."""
    written = written_of(read.store)
    found = {}
    for fact in read.facts:
        there = {name for name, made in written[fact.name]["cells"].items() if made.get("metric") == "pca"}
        names = takewhile(there.__contains__, (f"{prefix}{k}" for k in count(number + 1)))
        found[fact.name] = tuple(names)
    return {sample: names for sample, names in found.items() if names}


def remove_further(read: CellColumns, prefix: str, number: int) -> None:
    """Remove the components of an earlier `pca` that this one, with fewer, did not replace."""
    samples: dict[tuple[str, ...], list[str]] = {}
    for sample, names in further_components(read, prefix, number).items():
        samples.setdefault(names, []).append(sample)
    for names, own in samples.items():
        read.store.remove_properties(names, own)
    if samples:
        gone = max(samples, key=len)
        read.notes.append(f"the properties {', '.join(gone)} of an earlier pca with more components were removed.")


def write(
    read: CellColumns,
    samples: Array,
    labels: Array,
    values: Mapping[str, Array],
    made_from: Mapping[str, Any],
    *,
    replace: bool,
    report: Report | None,
) -> None:
    """Write properties of the cells of all samples; cells that are not listed get no value.

    Parameters
    ----------
    read : CellColumns
        From a store that is open for writing.
    samples, labels : numpy.ndarray of int64, shape (n,)
        As in `Block`.
    values : mapping of str to numpy.ndarray, shape (n,)
        By name.
    made_from : mapping
        Stored as the provenance of the values.
    replace, report
        As in `Store.write_properties`.
    """
    import pyarrow as pa

    ends = np.searchsorted(samples, np.arange(len(read.facts) + 1))
    every = []
    for number, fact in enumerate(read.facts):
        part = slice(ends[number], ends[number + 1])
        cells = pa.table({"label": labels[part], **{name: column[part] for name, column in values.items()}})
        every.append(Properties(fact.name, cells, made_from=dict.fromkeys(values, made_from)))
    read.store.write_properties(*every, replace=replace, report=report)
    _say_others(read, list(values))


def _say_others(read: CellColumns, names: Sequence[str]) -> None:
    """Add a note on samples with properties of these names that were not among those written to."""
    written = written_of(read.store)
    others = [sample for sample, of in written.items() if sample not in read.samples and set(names) & set(of["cells"])]
    if others:
        shown = ", ".join(map(repr, others[:5])) + (", …" if len(others) > 5 else "")
        which = f"the samples {shown} keep" if len(others) > 1 else f"the sample {shown} keeps"
        read.notes.append(
            f"{names[0]}: {which} the values of an earlier call, which cannot be compared with these; annotate "
            "--remove removes them."
        )
