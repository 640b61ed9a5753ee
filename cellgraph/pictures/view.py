"""A web page that shows a graph in 3D: one file, usable offline."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.analyze.database import Database
from cellgraph.analyze.database import open as open_database
from cellgraph.analyze.show import show
from cellgraph.errors import InputError, ParameterError
from cellgraph.files import is_own_page, output_file, require_target
from cellgraph.model import CELL_COLUMNS
from cellgraph.pictures.values import CellValues, as_values, cell_values, sample_of

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]

MOST_CELLS = 200_000
"""Maximum cells on a page; of larger samples it shows this many, drawn at random."""

_ALL_COLUMNS = 20_000
"""Maximum cells for a page to have all columns."""

MOST_ELLIPSOIDS = 20_000
"""Maximum cells for a page to offer ellipsoids."""

_FLAT = 0.05
"""Minimum thickness of a drawn ellipsoid, as a fraction of its length."""

_FARTHEST = 6
_STANDIN, _OTHER = 987_654_321_012_345_671, 987_654_321_012_345_673
_SEED = 1


@dataclass(frozen=True)
class View:
    """A page that was written.

    Attributes
    ----------
    path : Path
    sample : str
    cells, contacts : int
        Numbers shown.
    note : str
        What it leaves out; empty if nothing.
    """

    path: Path
    sample: str
    cells: int
    contacts: int
    note: str

    @property
    def address(self) -> str:
        """The address to open in a web browser."""
        return self.path.resolve().as_uri()


def view(
    output: str | os.PathLike[str],
    db: str | os.PathLike[str] | None = None,
    *,
    sample: str | None = None,
    color: str | None = None,
    overwrite: bool = False,
) -> View:
    """Write a page with the cells of a sample as points at their centroids and their contacts as lines.

    Parameters
    ----------
    output : str or path
        An ``.html`` file.
    db : str or path, optional
        As for `load`.
    sample : str, optional
        Name of the sample; may be omitted if there is only one.
    color : str, optional
        The column that cells are initially coloured by; ``degree`` by default.
    overwrite : bool
        Replace `output`; a page from an earlier call is always replaced.

    Raises
    ------
    ParameterError
        If cells have no such column, or the name does not end in ``.html``.
    InputError
        If the cells have no centroids.
    ExistsError
        If `output` exists and is not to be replaced.
    """
    path = Path(output)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"expected an .html file for a page, but got {str(path)!r}.")
    require_target(path, overwrite or is_own_page(path))
    with open_database(db) as database:
        name = sample_of(database, sample)
        data = _data(database, name, color)
    text = files("cellgraph.pictures").joinpath("page/view.html").read_text("utf-8")
    # Inside a script element, "<" could end it or begin a comment.
    shown = json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    for mark, part in (("VIEW_JS", _file("view.js")), ("THREE_JS", _file("three.min.js")), ("DATA", shown)):
        before, _, after = text.partition(mark)
        text = before + part + after
    with output_file(path) as page:
        page.write_text(text, "utf-8")
    return View(path, name, len(data["labels"]), len(base64.b64decode(data["a"])) // 4, data["note"])


def _file(name: str) -> str:
    return files("cellgraph.pictures").joinpath(f"page/{name}").read_text("utf-8")


def _data(db: Database, sample: str, color: str | None) -> dict[str, Any]:
    """Return the data of the page, ready for JSON; arrays as base64, little endian."""
    rows = db.query("cells", sample=sample)
    if color is not None:
        cell_values(db, sample, color)  # raises if there is no such column
    axes = [axis for axis in "xyz" if axis in rows.column_names and rows[axis].null_count < rows.num_rows]
    if len(axes) < 2:
        raise InputError(
            f"the cells of the sample {sample!r} have no centroids (columns y and x), so they cannot be drawn."
        )
    if "z" in axes and len(rows["z"].drop_null().unique()) == 1:
        axes.remove("z")  # a 2D image
    note = ""
    if rows.num_rows > MOST_CELLS:
        chosen = np.sort(np.random.default_rng(_SEED).choice(rows.num_rows, MOST_CELLS, replace=False))
        note = (
            f"These are {MOST_CELLS:,} of {rows.num_rows:,} cells, chosen at random, and the contacts between them: "
            "rings and paths here differ from those in the tissue."
        )
        rows = rows.take(chosen)
    places = np.zeros((rows.num_rows, 3))
    for number, axis in enumerate("xyz"):
        if axis in axes:
            places[:, number] = np.nan_to_num(rows[axis].to_numpy(zero_copy_only=False).astype(float))
    labels = rows["cell"].to_numpy()
    a, b = _contacts(db, sample, labels)
    names = rows["name"].to_pylist() if "name" in rows.column_names else None
    values = {"cell": _STANDIN, "sample": sample}
    volume = float(np.prod(np.maximum(np.ptp(places[:, : len(axes)], axis=0), 1e-9)))
    return {
        "sample": sample,
        "note": note,
        "flat": len(axes) == 2,
        "radius": 0.3 * (volume / max(len(labels), 1)) ** (1 / len(axes)),
        "labels": list(map(str, labels.tolist())),
        "names": None if names is None else [name or "" for name in names],
        "places": _packed(places, "<f4"),
        "axes": _axes(rows, len(axes)),
        "a": _packed(a, "<u4"),
        "b": _packed(b, "<u4"),
        "columns": [_column(found) for found in _columns(rows, color)],
        "color": color or "degree",
        "within": [show("within", graph=True, k=k, **values) for k in range(1, _FARTHEST + 1)],  # type: ignore[arg-type]
        "path": show("path", graph=True, source=_STANDIN, target=_OTHER, sample=sample),
        "standin": str(_STANDIN),
        "other": str(_OTHER),
    }


def _axes(rows: pa.Table, ndim: int) -> str | None:
    """Return the half axes of the cells' ellipsoids, (x, y, z) one after the other; None if they are not known."""
    names = ("length", "width", "height")
    needed = {f"{name}_axis_{axis}" for name in names for axis in "zyx"} | set(names)
    if not needed <= set(rows.column_names) or rows.num_rows > MOST_ELLIPSOIDS:
        return None
    columns = {name: rows[name].to_numpy(zero_copy_only=False).astype(float) for name in needed}
    if ndim == 2:
        columns |= {"height": np.zeros(rows.num_rows)} | {f"height_axis_{axis}": 1.0 * (axis == "z") for axis in "zyx"}
        columns |= {f"{name}_axis_z": np.zeros(rows.num_rows) for name in names[:2]}
    longest = np.where(columns["length"] > 0, columns["length"], np.nan)  # a cell of one voxel has no axes
    half = np.empty((rows.num_rows, 3, 3))
    for number, name in enumerate(names):
        size = np.maximum(columns[name], _FLAT * longest) / 2
        for place, axis in enumerate("xyz"):
            half[:, number, place] = size * columns[f"{name}_axis_{axis}"]
    return _packed(half, "<f4") if np.isfinite(half).any() else None


def _contacts(db: Database, sample: str, labels: Array) -> tuple[Array, Array]:
    """Return the row numbers of the cells of contacts within the sample, each pair once."""
    rows = db.query("contacts", sample=sample)
    own = np.array(rows["sample"]) == np.array(rows["sample_b"])
    ends = [rows[name].to_numpy()[own] for name in ("cell_a", "cell_b")]
    held = np.isin(ends[0], labels) & np.isin(ends[1], labels)
    order = np.argsort(labels)
    a, b = (order[np.searchsorted(labels, end[held], sorter=order)] for end in ends)
    pairs = np.unique(np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _columns(rows: pa.Table, color: str | None) -> list[CellValues]:
    import pyarrow as pa

    came = {column.name for column in CELL_COLUMNS} - {"degree", "volume", "surface_area", "on_border"}
    found = []
    for field in rows.schema:
        scalar = any(test(field.type) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean))
        few = rows.num_rows <= _ALL_COLUMNS or field.name not in came or field.name == color
        if field.name in ("sample", "cell", "name") or not (scalar or pa.types.is_string(field.type)) or not few:
            continue
        if rows[field.name].null_count < rows.num_rows:
            found.append(as_values(field.name, rows["cell"], rows[field.name]))
    return [one for one in found if len(one.categories) < 2**16]


def _column(found: CellValues) -> dict[str, Any]:
    if not found.categories:
        return {"name": found.name, "values": _packed(found.values, "<f8")}
    codes = np.nan_to_num(found.values.astype(float))
    return {"name": found.name, "values": _packed(codes, "<u2"), "categories": list(found.categories)}


def _packed(values: Array, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()
