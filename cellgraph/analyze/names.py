"""Names of cells, which tables may provide: find a cell by its name, and add names beside the labels in rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.analyze.cells import Finder
from cellgraph.errors import NotFoundError, ParameterError, near
from cellgraph.model import Cell

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.question import Question
    from cellgraph.queries import Catalogue
    from cellgraph.stores import Store

_PLACES = {
    "cell": ("sample", "name"),
    "cell_a": ("sample", "name_a"),
    "cell_b": ("sample_b", "name_b"),
    "neighbour": ("neighbour_sample", "neighbour_name"),
    "reached": ("reached_sample", "reached_name"),
}
"""For each column of labels of cells, the columns of their samples and names."""

_ENDS = {"source": "source_name", "target": "target_name"}
_FEW = 1000
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")


def have_names(store: Store, sample: str | None) -> bool:
    """Return whether cells have a name, as text."""
    return any(column.name == "name" and column.type == "str" for column in store.columns("cells", sample))


def of_text(finder: Finder, parameter: str, text: str, many: bool) -> tuple[Cell, ...]:
    """Find the cell that a text gives by name or label; with `many`, the text may list several, separated by commas.

    Raises
    ------
    NotFoundError
        If no cell in the samples has such a name.
    ParameterError
        If several cells have it, or the cells have no names.
    """
    sample = finder.samples[0] if len(finder.samples) == 1 else None
    names = have_names(finder.store, sample)
    parts = [part.strip() for part in text.split(",")] if many else [text]
    if len(parts) > 1 and names and _of_name(finder, text):
        parts = [text]  # a name with a comma
    if not all(parts):
        raise ParameterError(
            f"the parameter {parameter!r} takes comma-separated cells, such as 5,6,77, but got {text!r}."
        )
    if all(_WHOLE.fullmatch(part) for part in parts) and not names:
        return finder.of_labels([_checked(parameter, int(part)) for part in parts])
    return tuple(_cell(finder, parameter, part, names) for part in parts)


def _cell(finder: Finder, parameter: str, text: str, names: bool) -> Cell:
    label = int(text) if _WHOLE.fullmatch(text.strip()) else None
    found = _of_name(finder, text) if names else []
    if label is not None and (not found or any(cell.label == label for cell in found)):
        return finder.of_labels([_checked(parameter, label)])[0]
    if not names:
        raise ParameterError(
            f"the parameter {parameter!r} must be the label of a cell, a whole number, not {text!r}; the cells in "
            "this database have no names."
        )
    if label is not None and finder.ask("locate", labels=[label], samples=list(finder.samples)).num_rows:
        raise ParameterError(
            f"{text!r} is the name of the cell {found[0].label} and the label of another one; give the label with "
            f"--param {parameter}={found[0].label} or --param {parameter}={label}."
        )
    if len(found) == 1:
        return found[0]
    if not found:
        known = _names(finder.store, finder.catalogue, finder.samples, None)["name"].unique().to_pylist()
        raise NotFoundError(f"there is no cell named {text!r} {finder.where}.{near(text, known)}")
    of = list(dict.fromkeys(cell.sample for cell in found))
    if len(of) == 1:
        labels = ", ".join(str(cell.label) for cell in found[:5])
        raise ParameterError(f"{len(found)} cells of the sample {of[0]!r} are named {text!r}; give a label: {labels}.")
    listed = ", ".join(map(repr, of[:5])) + (", …" if len(of) > 5 else "")
    raise ParameterError(
        f"a cell named {text!r} is in {len(of)} samples ({listed}); choose one with --sample NAME (sample=…)."
    )


def _checked(parameter: str, label: int) -> int:
    if not -(2**63) <= label < 2**63:
        raise ParameterError(f"the parameter {parameter!r} must be from {-(2**63)} to {2**63 - 1}, not {label}.")
    return label


def _of_name(finder: Finder, name: str) -> list[Cell]:
    rows = finder.ask("locate-name", name=name, samples=list(finder.samples)).to_pylist()
    return [Cell(row["sample"], row["label"]) for row in rows]


def _names(store: Store, catalogue: Catalogue, samples: Sequence[str], labels: list[int] | None) -> pa.Table:
    values = {"samples": list(samples), "labels": labels}
    statement = catalogue["cell-names"].statement(store.dialect, values)
    return store.run(statement.text, statement.parameters, name="cell-names")


def with_names(question: Question, rows: pa.Table) -> pa.Table:
    """Return rows with a column of names beside each column of cells, if cells have names.

    A column of cells without a column of their samples gets no names.
    """
    import pyarrow as pa

    store, catalogue = question.store, question.catalogue
    rows, of_path = _with_samples(question, rows)
    places = {
        cell: (of, name)
        for cell, (of, name) in _PLACES.items()
        if {cell, of} <= set(rows.column_names) and pa.types.is_integer(rows[cell].type)
    }
    if not places or not have_names(store, question.sample):
        return rows
    samples = pa.chunked_array([chunk for of, _ in places.values() for chunk in rows[of].chunks], pa.string()).unique()
    labels = pa.chunked_array([chunk for cell in places for chunk in rows[cell].chunks], pa.int64()).unique()
    few = labels.to_pylist() if len(labels) <= _FEW else None
    known = _names(store, catalogue, samples.drop_null().to_pylist(), few)
    for cell, (of, name) in places.items():
        if name not in rows.column_names:
            rows = _beside(rows, cell, name, _looked_up(rows[of], rows[cell], known))
        else:
            rows = _beside(rows.drop_columns([name]), cell, name, rows[name])
    return rows.drop_columns(["sample"]) if of_path else _with_ends(rows)


def _with_samples(question: Question, rows: pa.Table) -> tuple[pa.Table, bool]:
    """Add the samples of the cells of a path, which its rows leave out; return whether they were added."""
    import pyarrow as pa

    if question.query.name != "path" or "sample" in rows.column_names:
        return rows, False
    from cellgraph.analyze.path import samples_of

    if not have_names(question.store, question.sample):
        return rows, False
    found = samples_of(question, rows["cell"].to_pylist(), question.cells["source"][0], question.cells["target"][0])
    return rows.append_column("sample", pa.array(found, pa.string())), True


def _with_ends(rows: pa.Table) -> pa.Table:
    """Add the names of the sources and targets of directed contacts, from the names of their cells."""
    import pyarrow.compute as pc

    for end, name in _ENDS.items():
        if {end, "cell_a", "name_a", "name_b"} <= set(rows.column_names) and name not in rows.column_names:
            own = pc.equal(rows[end], rows["cell_a"])
            rows = _beside(rows, end, name, pc.if_else(own, rows["name_a"], rows["name_b"]))
    return rows


def _beside(rows: pa.Table, column: str, name: str, values: Any) -> pa.Table:
    return rows.add_column(rows.column_names.index(column) + 1, name, values)


def _looked_up(samples: pa.ChunkedArray, labels: pa.ChunkedArray, known: pa.Table) -> pa.ChunkedArray:
    """Return the name of each cell, null if it has none."""
    import numpy as np
    import pyarrow as pa

    schema = pa.schema({"sample": pa.string(), "label": pa.int64(), "name": pa.string()}.items())
    wanted = pa.table({"sample": samples.cast(pa.string()), "label": labels.cast(pa.int64())})
    wanted = wanted.append_column("row", pa.array(np.arange(wanted.num_rows)))
    joined = wanted.join(known.cast(schema), keys=["sample", "label"], join_type="left outer")
    return joined.sort_by("row")["name"]
