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
        str | None, typer.Option(metavar="NAME", help="The sample of the cells, if the table does not name it.")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column with the label or name; by default one with a usual name."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace properties of these names that were written earlier.")
    ] = False,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Remove a property that was written after the load; repeatable."),
    ] = None,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Add properties from tables, such as cell types or genotypes, to loaded cells and samples.

    They are then columns in query cells, in conditions and in estimates. Replacing a sample removes them.
    """
    from cellgraph.tables.annotating import annotate as library
    from cellgraph.tables.annotating import remove as remove_written

    if remove:
        if cells is not None or samples is not None or on is not None or replace:
            raise ParameterError("--remove can be combined only with --sample and --db.")
        holders = remove_written(remove, db, sample=sample)
        if not quiet:
            say(f"removed {', '.join(remove)} from {', '.join(holders)}")
        return
    with progress(quiet) as report:
        done = library(cells, samples, db=db, sample=sample, on=on, replace=replace, report=report)
    for line in done.notes if quiet else done.summary().splitlines():
        say(line)
