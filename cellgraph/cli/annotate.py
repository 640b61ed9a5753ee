"""The command `cellgraph annotate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellgraph.cli.options import DbOption
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(annotate)


def annotate(
    cells: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV or Parquet: label or name of each cell, and its properties."),
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(metavar="FILE", help="CSV or Parquet: name of each sample, and its properties.")
    ] = None,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose cells they are, where the table does not tell.")
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column with the label or name; by default a usual name.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace properties of these names that were written before.")
    ] = False,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Remove a property that was written after the load; repeatable."),
    ] = None,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write properties from tables onto cells and samples that are loaded, as cell types or genotypes.

    They are then columns of query cells, of conditions and of estimates. A sample that is replaced loses them.
    """
    from cellgraph.tables.annotating import annotate as library
    from cellgraph.tables.annotating import remove as remove_written

    if remove:
        if cells is not None or samples is not None or on is not None or replace:
            raise ParameterError("--remove goes with --sample and --db only.")
        holders = remove_written(remove, db, sample=sample)
        if not quiet:
            say(f"removed {', '.join(remove)} from {', '.join(holders)}")
        return
    with progress(quiet) as report:
        done = library(cells, samples, db=db, sample=sample, on=on, replace=replace, report=report)
    for line in done.notes if quiet else done.summary().splitlines():
        say(line)
