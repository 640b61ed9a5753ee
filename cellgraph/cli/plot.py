"""Pictures of rows: ``--plot FILE.png`` or ``.svg``, the distribution of each measure (extra plot)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellgraph.cli.streams import say
from cellgraph.errors import NotFoundError, ParameterError
from cellgraph.files import output_file
from cellgraph.handover import needed

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

PlotOption = Annotated[
    Path | None,
    typer.Option(
        "--plot", metavar="FILE", help="Draw the distribution of each measure: .png or .svg.", show_default=False
    ),
]

_KEYS = ("cell", "hop", "neighbours")
_MOST_PANELS = 12
_MOST_LINES = 8


def check_plot(target: Path | None) -> None:
    """Reject a picture that cannot be drawn, before anything is computed.

    Raises
    ------
    ParameterError
        If its ending is neither .png nor .svg.
    NotFoundError
        If its folder does not exist.
    MissingExtraError
        If matplotlib is not installed.
    """
    if target is None:
        return
    if target.suffix.lower() not in (".png", ".svg"):
        raise ParameterError(f"--plot needs the name of a .png or .svg file, but got {str(target)!r}.")
    if not target.parent.is_dir():
        raise NotFoundError(f"the folder {str(target.parent)!r} of --plot does not exist; create it first.")
    needed("matplotlib", "--plot", "plot")


def draw(table: pa.Table, target: Path | None, columns: str | None = None) -> None:
    """Draw a histogram of each measure of cells, by hop if rows have one; else each measure over hops or neighbours.

    Of more measures than fit, the first are drawn; `columns` chooses, as in `render`.

    Raises
    ------
    ParameterError
        If there is nothing to draw.
    CellgraphError
        If the file cannot be written.
    """
    if target is None:
        return
    import pyarrow as pa
    from matplotlib.figure import Figure

    from cellgraph.phenotypes.pictures import plain

    chosen = table.column_names if columns is None else [name.strip() for name in columns.split(",")]
    every = [
        field.name
        for field in table.schema
        if field.name in chosen
        and field.name not in (*_KEYS, "component")
        and (pa.types.is_integer(field.type) or pa.types.is_floating(field.type))
    ]
    numbers = every[:_MOST_PANELS]
    key = next((name for name in _KEYS if name in table.column_names), None)
    if key is None or not numbers or not table.num_rows:
        raise ParameterError("--plot draws measures of cells, hops or numbers of neighbours, but these rows have none.")
    figure = Figure(figsize=(4.0 * min(len(numbers), 3), 3.0 * -(-len(numbers) // 3)), layout="constrained")
    axes = figure.subplots(-(-len(numbers) // 3), min(len(numbers), 3), squeeze=False).ravel()
    for panel, name in zip(axes, numbers, strict=False):
        panel.set_xlabel(plain(name) if key == "cell" else key)
        panel.set_ylabel("cells" if key == "cell" else plain(name))
        for label, values in _parts(table, name, key):
            if key == "cell":
                panel.hist(values[1], bins=_bins(values[1]), histtype="step", label=label)
            else:
                panel.plot(*values, marker="o", label=label)
        if panel.get_legend_handles_labels()[1]:
            panel.legend(fontsize="small")
    for panel in axes[len(numbers) :]:
        panel.remove()
    if len(every) > len(numbers):
        say(f"cellgraph: the picture has {len(numbers)} of {len(every)} measures; choose others with --columns A,B.")
    save(figure, target)


def save(figure: Figure, target: Path) -> None:
    """Write a figure to a file.

    Raises
    ------
    CellgraphError
        If that fails.
    """
    from cellgraph.phenotypes.pictures import save_figure

    with output_file(target) as part:
        letters = save_figure(figure, part, target.suffix[1:].lower())
    if letters:
        say(f"cellgraph: {letters}")


def _parts(table: pa.Table, name: str, key: str) -> list[tuple[str | None, tuple[Any, Any]]]:
    """Return label, keys and values of the lines of a panel: by hop for cells, else by sample."""
    import pyarrow.compute as pc

    from cellgraph.phenotypes.pictures import plain

    by = "hop" if key == "cell" and "hop" in table.column_names else "sample" if key != "cell" else None
    known = [None] if by is None or by not in table.column_names else table[by].unique().to_pylist()[:_MOST_LINES]
    parts: list[tuple[str | None, tuple[Any, Any]]] = []
    for one in known:
        rows = table if one is None else table.filter(pc.equal(table[by], one))
        rows = rows.filter(pc.is_valid(rows[name]))
        if endless := rows.num_rows - pc.sum(pc.is_finite(rows[name]), min_count=0).as_py():
            say(f"cellgraph: values of {name!r} that are infinite or NaN are not in the picture: {endless:,}.")
            rows = rows.filter(pc.is_finite(rows[name]))
        label = None if one is None else f"hop {one}" if by == "hop" else plain(str(one))
        parts.append((label, (rows[key].to_numpy(), rows[name].to_numpy())))
    return parts


def _bins(values: Any) -> Any:
    """Return the bins of a histogram: one per number for small whole numbers."""
    import numpy as np

    if not len(values) or values.dtype.kind == "f" or np.ptp(values) > 60:
        return 40
    return np.arange(values.min() - 0.5, values.max() + 1)
