"""The command `cellgraph export`; formats are those of `cellgraph.exporting.FORMATS`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cellgraph.cli.options import DbOption
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.stdout import show_text
from cellgraph.errors import ParameterError, near


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(export)


def export(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET", help="The folder or file to create, depending on the format.", show_default=False
        ),
    ],
    fmt: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="csv, parquet, graphml, gexf, h5ad, geff, or neo4j-admin: a folder for a bulk import into Neo4j.",
        ),
    ],
    sample: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A sample to export; repeatable. By default all.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write samples of a database as files for other programs.

    Example:  cellgraph export --format neo4j-admin for-neo4j
    """
    from cellgraph.exporting import FORMATS
    from cellgraph.exporting import export as library

    if fmt not in FORMATS:
        raise ParameterError(f"--format must be one of {', '.join(FORMATS)}, not {fmt!r}.{near(fmt, FORMATS)}")
    with progress(quiet) as report:
        done = library(target, db, format=fmt, samples=sample or None, overwrite=overwrite, report=report)
    if not quiet:
        print(done.summary().partition("\n")[0], file=sys.stderr)
    show_text("\n".join(done.notes))
