"""The command `cellgraph load-tables`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellgraph.cli.options import DbOption
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.streams import say
from cellgraph.errors import CellgraphError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("load-tables")(load_tables)


def load_tables(
    cells: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="CSV or Parquet: sample, id and properties of each cell; by default those of the network. "
            "A pattern in quotes ('scans/*.csv') or a repeated option: one sample per file.",
            show_default=False,
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="CSV or Parquet: the two cells of each relationship, junctions; without it there are no contacts. "
            "Several files are matched to those of --cells by their names.",
            show_default=False,
        ),
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="CSV or Parquet: id, name and properties of each sample.")
    ] = None,
    db: DbOption = None,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the sample, if the cells are of one.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace samples of these names.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="With many files: skip those that an earlier call has loaded.")
    ] = False,
    symmetric: Annotated[
        bool, typer.Option("--symmetric", help="Each pair is listed in both directions: count it once.")
    ] = False,
    directed: Annotated[
        bool, typer.Option("--directed", help="Relationships have a direction, from the first cell to the second.")
    ] = False,
    sample_column: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column with the sample of each cell; none: there is no such column."),
    ] = None,
    cell_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with the id of each cell; none: number cells by rows.")
    ] = None,
    a_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with the first cell of each relationship.")
    ] = None,
    b_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with the second cell of each relationship.")
    ] = None,
    junctions_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column with the junctions of each relationship; none: 1 each.")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Load a network from tables; relationships are kept as given.

    Columns are recognised by their usual names: sample or animal; cell, label, bodyId or id (without one,
    cells are numbered by their rows, from 1); id1,id2 or cell_a,cell_b or source,target; junctions, weight
    or count (without one, 1 each). All others become properties. Ids may be names, such as AVAL, which --cell takes.
    """
    from cellgraph.tables.importing import load_tables as library

    with progress(quiet) as report:
        done = library(
            _one_or_many(cells),
            _one_or_many(network),
            samples,
            db=db,
            sample=sample,
            replace=replace,
            resume=resume,
            symmetric=symmetric,
            directed=directed,
            sample_column=sample_column,
            cell_column=cell_column,
            a_column=a_column,
            b_column=b_column,
            junctions_column=junctions_column,
            report=report,
        )
    for line in done.notes if quiet else (done.summary(),):
        say(line)
    for sentence in done.failed:
        say(f"cellgraph: error: {sentence}")
    if done.failed:
        total = len(done.failed) + len(done.samples)
        raise CellgraphError(
            f"{len(done.failed)} of {total} files were not loaded, for the reasons above; the others are in the "
            "database: run the command again with --resume once they are fixed"
        )


def _one_or_many(files: list[str] | None) -> str | list[str] | None:
    return files[0] if files and len(files) == 1 else files or None
