"""Names of cells, which tables may bring: a cell found by its name, and names beside the labels of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellgraph.analyze.cells import Cell, require_cell, samples_with
from cellgraph.errors import NotFoundError, ParameterError, near

if TYPE_CHECKING:
    import pyarrow as pa

    from cellgraph.analyze.question import Question
    from cellgraph.queries import Catalogue, Query
    from cellgraph.stores import Store

_PLACES = {
    "cell": ("sample", "name"),
    "cell_a": ("sample", "name_a"),
    "cell_b": ("sample_b", "name_b"),
    "neighbour": ("neighbour_sample", "neighbour_name"),
    "reached": ("reached_sample", "reached_name"),
}
"""Columns with labels of cells; the column with their sample, and that for their name."""

_ENDS = {"source": "source_name", "target": "target_name"}
_FEW = 1000
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")


def have_names(store: Store, sample: str | None) -> bool:
    """Tell whether cells have a name, as text."""
    return any(column.name == "name" and column.type == "str" for column in store.columns("cells", sample))


def named_cells(
    store: Store, catalogue: Catalogue, query: Query, given: Mapping[str, Any], samples: Sequence[str]
) -> dict[str, Cell]:
    """Find the cells that parameters name by text: by their name, or by a label written as text.

    Raises
    ------
    NotFoundError
        If there is no cell of such a name in the samples.
    ParameterError
        If there are several, or the cells have no names.
    """
    texts = {p.name: given[p.name] for p in query.parameters if p.cell and isinstance(given.get(p.name), str)}
    sample = samples[0] if len(samples) == 1 else None
    names = bool(texts) and have_names(store, sample)
    return {name: _cell(store, catalogue, name, text, samples, names) for name, text in texts.items()}


def _cell(store: Store, catalogue: Catalogue, parameter: str, text: str, samples: Sequence[str], names: bool) -> Cell:
    label = int(text) if _WHOLE.fullmatch(text.strip()) else None
    found = _of_name(store, catalogue, text, samples) if names else []
    if label is not None and (not found or any(cell.label == label for cell in found)):
        return require_cell(store, catalogue, _checked(parameter, label), samples)
    if not names:
        raise ParameterError(
            f"the parameter {parameter!r} must be the label of a cell, a whole number, not {text!r}; the cells in "
            "this database have no names."
        )
    if label is not None and samples_with(store, catalogue, label, samples):
        raise ParameterError(
            f"{text!r} is the name of the cell {found[0].label} and the label of another one; give the label with "
            f"--param {parameter}={found[0].label} or --param {parameter}={label}."
        )
    if len(found) == 1:
        return found[0]
    where = f"in the sample {samples[0]!r}" if len(samples) == 1 else f"in any of the {len(samples)} samples"
    if not found:
        known = _names(store, catalogue, samples, None)["name"].unique().to_pylist()
        raise NotFoundError(f"there is no cell named {text!r} {where}.{near(text, known)}")
    of = list(dict.fromkeys(cell.sample for cell in found))
    if len(of) == 1:
        labels = ", ".join(str(cell.label) for cell in found[:5])
        raise ParameterError(f"{len(found)} cells of the sample {of[0]!r} are named {text!r}; give a label: {labels}.")
    listed = ", ".join(map(repr, of[:5])) + (", …" if len(of) > 5 else "")
    raise ParameterError(
        f"a cell named {text!r} is in {len(of)} samples ({listed}); say in which with --sample NAME (sample=…)."
    )


def _checked(parameter: str, label: int) -> int:
    if not -(2**63) <= label < 2**63:
        raise ParameterError(f"the parameter {parameter!r} must be from {-(2**63)} to {2**63 - 1}, not {label}.")
    return label


def _of_name(store: Store, catalogue: Catalogue, name: str, samples: Sequence[str]) -> list[Cell]:
    statement = catalogue["locate-name"].statement(store.dialect, {"name": name, "samples": list(samples)})
    rows = store.run(statement.text, statement.parameters, name="locate-name").to_pylist()
    return [Cell(row["sample"], row["label"]) for row in rows]


def _names(store: Store, catalogue: Catalogue, samples: Sequence[str], labels: list[int] | None) -> pa.Table:
    values = {"samples": list(samples), "labels": labels}
    statement = catalogue["cell-names"].statement(store.dialect, values)
    return store.run(statement.text, statement.parameters, name="cell-names")


def with_names(question: Question, rows: pa.Table) -> pa.Table:
    """Return rows with a column of names beside each column of cells, if cells have names.

    A column of cells without one of their samples stays alone.
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
    """Add the samples of the cells of a path, which its rows leave out; tell whether they were added."""
    import pyarrow as pa

    if question.query.name != "path" or "sample" in rows.column_names:
        return rows, False
    from cellgraph.analyze.path import samples_of

    if not have_names(question.store, question.sample):
        return rows, False
    found = samples_of(question, rows["cell"].to_pylist(), question.cells["source"], question.cells["target"])
    return rows.append_column("sample", pa.array(found, pa.string())), True


def _with_ends(rows: pa.Table) -> pa.Table:
    """Add the names of the ends of directed contacts, which are those of their cells."""
    import pyarrow.compute as pc

    for end, name in _ENDS.items():
        if {end, "cell_a", "name_a", "name_b"} <= set(rows.column_names) and name not in rows.column_names:
            own = pc.equal(rows[end], rows["cell_a"])
            rows = _beside(rows, end, name, pc.if_else(own, rows["name_a"], rows["name_b"]))
    return rows


def _beside(rows: pa.Table, column: str, name: str, values: Any) -> pa.Table:
    return rows.add_column(rows.column_names.index(column) + 1, name, values)


def _looked_up(samples: pa.ChunkedArray, labels: pa.ChunkedArray, known: pa.Table) -> pa.ChunkedArray:
    """Return the name of each cell, null where it has none."""
    import numpy as np
    import pyarrow as pa

    schema = pa.schema({"sample": pa.string(), "label": pa.int64(), "name": pa.string()}.items())
    wanted = pa.table({"sample": samples.cast(pa.string()), "label": labels.cast(pa.int64())})
    wanted = wanted.append_column("row", pa.array(np.arange(wanted.num_rows)))
    joined = wanted.join(known.cast(schema), keys=["sample", "label"], join_type="left outer")
    return joined.sort_by("row")["name"]
