"""The commands `cellgraph vertices` and `cellgraph territory`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cellgraph.cli.options import DbOption, SampleOption, SourceOption, WorkersOption, scan_options
from cellgraph.cli.output import ColumnsOption, FormatOption, OutputOption, check_output, render
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.streams import say


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(scan_options(vertices, voxels=False))
    app.command()(scan_options(territory, voxels=False))


def vertices(
    scan: dict[str, Any],
    sample: SampleOption = None,
    source: SourceOption = None,
    expand: Annotated[
        str | None,
        typer.Option(
            metavar="D", help="Grow cells by D first, like load --expand; by default as when the sample was loaded."
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the number of vertices of each cell as the property vertices.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace that property.")] = False,
    workers: WorkersOption = None,
    output: OutputOption = None,
    fmt: FormatOption = None,
    columns: ColumnsOption = None,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """List the places where three or more cells meet (tricellular junctions): vertices in 2D, lines in 3D.

    Example:  cellgraph vertices -o vertices.csv; cellgraph vertices --write
    """
    from cellgraph.loading.vertices import vertices as library

    check_output(output, fmt)
    with progress(quiet) as report:
        rows = library(
            db, sample=sample, source=source, expand=expand, write=write, replace=replace, workers=workers,
            report=report, **scan,
        )  # fmt: skip
    if write and not quiet:
        say(f"three or more cells meet at {rows.num_rows:,} places; wrote the number of these of each cell as vertices")
    if not rows.num_rows and expand is None:
        say("cellgraph: no three cells meet; if background separates cells, grow them first with --expand D")
    if not write or output is not None or fmt is not None or columns is not None:
        render(rows, fmt, output, columns=columns)


def territory(
    scan: dict[str, Any],
    mask: Annotated[
        str | None, typer.Option(metavar="MASK", help="An image of the tissue: only voxels that are not 0 count.")
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            metavar="D", help="Largest distance from the cell, such as 20 in the unit of the sample, or 20um."
        ),
    ] = None,
    sample: SampleOption = None,
    source: SourceOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace values that were written earlier.")] = False,
    workers: WorkersOption = None,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write the volume of tissue nearest to each cell (Voronoi, Lc.Te.V), as territory_volume.

    Example:  cellgraph territory --mask bone.tif
    """
    from cellgraph.loading.territory import territory as library

    with progress(quiet) as report:
        done = library(
            db, mask=mask, within=within, sample=sample, source=source, replace=replace, workers=workers,
            report=report, **scan,
        )  # fmt: skip
    if not quiet:
        say(done.summary())
