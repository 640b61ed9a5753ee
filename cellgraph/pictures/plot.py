"""Draw cells coloured by a value, with the graph of their contacts, with matplotlib."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellgraph.analyze.database import Database
from cellgraph.analyze.database import open as open_database
from cellgraph.errors import InputError, ParameterError, near
from cellgraph.files import output_file, require_target
from cellgraph.handover import needed
from cellgraph.loading.ownvolume import as_loaded
from cellgraph.phenotypes.pictures import plain
from cellgraph.pictures.colours import Colours, Shown, shown_cells
from cellgraph.pictures.plane import Plane, read_plane
from cellgraph.pictures.values import as_values, its_volume, sample_of, unknown_label
from cellgraph.volumes.scan import Scan, Scannable, ScanOptions, scanned
from cellgraph.volumes.units import symbol

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes

    from cellgraph.model import CellGraph

Array = np.ndarray[Any, Any]

ENDINGS = (".png", ".svg", ".pdf")
_BEHIND = (1.0, 1.0, 1.0, 1.0)
_MOST_PIXELS = 3000
_LEAST_PIXELS = 900
_MOST_CELLS = 200_000


def check_target(output: Path, overwrite: bool) -> None:
    """Refuse a picture that cannot be written, before anything is read.

    Raises
    ------
    ParameterError
        If its file extension is not supported.
    ExistsError, NotFoundError
        If it exists, or its folder does not.
    MissingExtraError
        If matplotlib is not installed.
    """
    if output.suffix.lower() not in ENDINGS:
        raise ParameterError(f"expected a .png, .svg or .pdf file for a picture, but got {str(output)!r}.")
    require_target(output, overwrite)
    needed("matplotlib", "a picture", "plot")


def plot(
    volume: Scannable | None = None,
    query: str | None = None,
    /,
    *,
    db: str | os.PathLike[str] | Database | None = None,
    output: str | os.PathLike[str] | None = None,
    sample: str | None = None,
    color: str | None = None,
    at: str | None = None,
    project: str | None = None,
    contacts: bool = True,
    limit: int | None = None,
    overwrite: bool = False,
    ax: Axes | None = None,
    options: ScanOptions | None = None,
    **parameters: Any,
) -> Axes:
    """Draw the cells of a slice, coloured by a column or a query result, and the contacts between them.

    Parameters
    ----------
    volume : str, path, numpy.ndarray or Scan, optional
        The labelled volume from which the sample was loaded; without it, cells are drawn at their centroids (y down, x
        across).
    query : str, optional
        A named query with its `parameters` (and `limit`): cells in its rows are coloured, all others are plain.
    db : str, path or Database, optional
        As for `load`; or an open database.
    output : str or path, optional
        A ``.png``, ``.svg`` or ``.pdf`` file to write.
    sample : str, optional
        Name of the sample; by default the one named like the volume, or the only one.
    color : str, optional
        A column of cells, or of the query's rows; by default hops, steps or the first measure of the query.  Without a
        query, repeating colours tell the cells apart.
    at : str, optional
        The slice, such as ``z=120``; by default the middle one.
    project : {'z', 'y', 'x'}, optional
        Draw a projection along this axis instead.
    contacts : bool
        Draw contacts as lines between cells, thicker with more junctions.
    overwrite : bool
        Replace `output`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    options : mapping, optional
        How the volume is read, see `ScanOptions`.
    **parameters
        Parameters of the query.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        If there is no such column or slice, or the file extension of the output is not supported.
    InputError
        If the volume does not match the sample.
    """
    needed("matplotlib", "a picture", "plot")
    if output is not None:
        check_target(Path(output), overwrite)
    if query is None and (parameters or limit is not None):
        raise ParameterError(f"{', '.join(parameters) or 'limit'} can be given only with a query, but none was named.")
    with nullcontext(db) if isinstance(db, Database) else open_database(db) as database:
        if volume is None:
            if at is not None or project is not None or options:
                raise ParameterError(
                    "slices, projections and reading options need a volume; name it, or leave them out."
                )
            name = sample_of(database, sample)
            shown = shown_cells(database, name, query, color, limit, parameters)
            axes = _centroids(_Tissue.of(database, name), shown, contacts, ax)
        else:
            with its_volume(database, volume, sample, options or {}) as (scan, name):
                shown = shown_cells(database, name, query, color, limit, parameters)
                axes = _slice(_Tissue.of(database, name), scan, read_plane(scan, at, project), shown, contacts, ax)
    if output is not None:
        path = Path(output)
        with output_file(path) as part:
            axes.figure.savefig(part, dpi=150, format=path.suffix[1:].lower())  # type: ignore[union-attr]
    return axes


def plot_graph(
    graph: CellGraph,
    labels: Scannable | None = None,
    *,
    color: str | None = None,
    at: str | None = None,
    project: str | None = None,
    contacts: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a graph that is not in a database; see `plot`.

    Parameters
    ----------
    graph : CellGraph
    labels : str, path, numpy.ndarray or Scan, optional
        The labelled volume it was made from, (z, y, x) or (y, x).
    color, at, project, contacts, ax
        As for `plot`; `color` is a column of `graph.cells`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ParameterError
        If cells have no such column, or there is no such slice.
    InputError
        If the volume does not match the graph.
    """
    needed("matplotlib", "a picture", "plot")
    sample = graph.sample
    names = [name for name in graph.cells.column_names if name != "label"]
    if color is not None and color not in (*names, "label"):
        raise ParameterError(f"cells of the sample {sample.name!r} have no column {color!r}.{near(color, names)}")
    values = None if color is None else as_values(color, graph.cells["label"], graph.cells[color])
    tissue = _Tissue(sample.name, sample.unit, graph.cells.rename_columns({"label": "cell"}), lambda: graph.contacts)
    if labels is None:
        if at is not None or project is not None:
            raise ParameterError("slices and projections need a volume; give its labels, or leave them out.")
        return _centroids(tissue, Shown(values, False), contacts, ax)
    with scanned(labels) as scan:
        scan = as_loaded(scan, vars(sample))
        return _slice(tissue, scan, read_plane(scan, at, project), Shown(values, False), contacts, ax)


@dataclass(frozen=True)
class _Tissue:
    """The parts of a sample to draw: its cells (``cell``, ``y``, ``x``, …), and its contacts, read when needed."""

    sample: str
    unit: str
    cells: pa.Table
    contacts: Callable[[], pa.Table]

    @staticmethod
    def of(db: Database, sample: str) -> _Tissue:
        unit = db.query("samples", sample=sample)["unit"][0].as_py() or "voxel"
        return _Tissue(sample, unit, db.query("cells", sample=sample), lambda: db.query("contacts", sample=sample))


def _slice(tissue: _Tissue, scan: Scan, plane: Plane, shown: Shown, contacts: bool, ax: Axes | None) -> Axes:
    step = -(-max(plane.labels.shape) // _MOST_PIXELS)
    larger = max(1, _LEAST_PIXELS // max(plane.labels.shape))  # so that the borders of cells are thin lines
    labels = plane.labels[::step, ::step].repeat(larger, 0).repeat(larger, 1).astype(np.int64)
    every = tissue.cells["cell"].to_numpy()
    flat, place = np.unique(labels, return_inverse=True)
    place = place.reshape(labels.shape)
    background = flat == scan.rules.background if scan.rules.background is not None else np.zeros(len(flat), bool)
    unknown = ~background & ~np.isin(flat, every)
    if unknown.any():
        raise unknown_label(scan, tissue.sample, int(flat[unknown][0]))
    colours = Colours(shown)
    table = colours.of(flat)
    table[background] = _BEHIND
    image = table[place]
    edge = np.zeros(labels.shape, bool)
    edge[:-1] |= labels[:-1] != labels[1:]
    edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    image[edge, :3] *= 0.6
    height, width = (n * s for n, s in zip(plane.labels.shape, plane.spacing, strict=True))
    axes = _axes(ax, width, height)
    axes.imshow(image, extent=(0, width, height, 0), interpolation="nearest", aspect="equal")
    if contacts:
        count = np.bincount(place.ravel(), minlength=len(flat))
        rows, columns = np.indices(labels.shape)
        down, across = (size * step / larger for size in plane.spacing)
        middle = np.stack(
            [
                (np.bincount(place.ravel(), columns.ravel(), len(flat)) / count + 0.5) * across,
                (np.bincount(place.ravel(), rows.ravel(), len(flat)) / count + 0.5) * down,
            ],
            axis=1,
        )
        _lines(axes, tissue, flat[~background], middle[~background], shown)
    _finish(axes, f"{tissue.sample}  {plane.what}".strip(), scan.unit, width, height, plane.axes)
    colours.explain(axes)
    return axes


def _centroids(tissue: _Tissue, shown: Shown, contacts: bool, ax: Axes | None) -> Axes:
    rows, sample = tissue.cells, tissue.sample
    if not {"x", "y"} <= set(rows.column_names) or rows["x"].null_count == rows.num_rows:
        raise InputError(
            f"the cells of the sample {sample!r} have no centroids (columns y and x), so they cannot be drawn."
        )
    if rows.num_rows > _MOST_CELLS:
        raise InputError(
            f"the sample {sample!r} has {rows.num_rows:,} cells, but a picture shows at most {_MOST_CELLS:,}; give "
            "its volume to draw a slice of it."
        )
    labels = rows["cell"].to_numpy()
    places = np.stack([rows[axis].to_numpy(zero_copy_only=False).astype(float) for axis in "xy"], axis=1)
    known = np.isfinite(places).all(axis=1)
    labels, places = labels[known], places[known]
    low, high = places.min(axis=0), places.max(axis=0)
    width, height = np.maximum(high - low, 1e-9)
    axes = _axes(ax, float(width), float(height))
    if contacts:
        _lines(axes, tissue, labels, places, shown, colour="0.6")
    colours = Colours(shown)
    size = float(np.clip(40_000 / len(labels), 2, 80))
    axes.scatter(places[:, 0], places[:, 1], s=size, c=colours.of(labels), edgecolors="0.3", linewidths=0.3, zorder=3)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    _finish(axes, sample, tissue.unit, float(width), float(height), ("y", "x"))
    colours.explain(axes)
    return axes


def _lines(axes: Axes, tissue: _Tissue, labels: Array, places: Array, shown: Shown, colour: str = "black") -> None:
    """Draw the contacts between some cells; for a query, only those between cells in its rows."""
    from matplotlib.collections import LineCollection

    rows = tissue.contacts()
    a, b = rows["cell_a"].to_numpy(), rows["cell_b"].to_numpy()
    wanted = labels if not shown.only or shown.values is None else np.intersect1d(labels, shown.values.labels)
    junctions = np.nan_to_num(rows["junctions"].to_numpy(zero_copy_only=False).astype(float), nan=1.0)
    held = np.isin(a, wanted) & np.isin(b, wanted)
    a, b, junctions = a[held], b[held], junctions[held]
    if not len(a):
        return
    order = np.argsort(labels)
    ends = [places[order[np.searchsorted(labels, end, sorter=order)]] for end in (a, b)]
    widths = 0.2 + 2.3 * np.sqrt(junctions / max(junctions.max(), 1.0))
    axes.add_collection(
        LineCollection(list(np.stack(ends, axis=1)), linewidths=widths, colors=colour, alpha=0.7, zorder=2)
    )


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    scale = 7.0 / max(width, height)
    figure = Figure(figsize=(max(width * scale, 2.5) + 1.8, max(height * scale, 2.5) + 0.6), layout="constrained")
    return figure.subplots()


def _finish(axes: Axes, title: str, unit: str, width: float, height: float, names: Sequence[str]) -> None:
    """Add title and scale bar."""
    axes.set_title(plain(title))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_ylabel(names[0])
    length = _round(width / 4)
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    base = bottom - 0.04 * (bottom - top)
    start = left + 0.04 * (right - left)
    axes.plot([start, start + length], [base, base], color="white", linewidth=5, solid_capstyle="butt", zorder=5)
    axes.plot([start, start + length], [base, base], color="black", linewidth=3, solid_capstyle="butt", zorder=6)
    box = {"facecolor": "white", "alpha": 0.7, "pad": 1, "linewidth": 0}
    said = f"{length:g} {'voxels' if unit == 'voxel' else symbol(unit)}"
    middle, above = start + length / 2, base - 0.02 * (bottom - top)
    axes.text(middle, above, said, ha="center", va="bottom", zorder=6, fontsize="small", bbox=box)
    axes.set_xlabel(names[1])
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


def _round(length: float) -> float:
    """Round a length down to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(power * max(step for step in (1, 2, 5) if step * power <= length * (1 + 1e-9)))
