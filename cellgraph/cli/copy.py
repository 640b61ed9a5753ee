"""The command `cellgraph copy`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cellgraph.cli.progress import QuietOption, progress
from cellgraph.errors import ParameterError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(copy)


def copy(
    databases: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... TARGET",
            help="Database files, or bolt:// or neo4j:// URLs, or neo4j for the local one; the last is written.",
            show_default=False,
        ),
    ],
    sample: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A sample to copy; repeatable. By default all.", show_default=False),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace samples of these names.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Copy samples from databases into one, with all that belongs to them; all become visible at once, or none."""
    from cellgraph.loading.copy import copy as library

    if len(databases) < 2:
        raise ParameterError("expected at least one SOURCE and a TARGET, got only one database")
    with progress(quiet) as report:
        done = library(databases[:-1], databases[-1], samples=sample or None, replace=replace, report=report)
    for line in done.notes if quiet else (done.summary(),):
        print(line, file=sys.stderr)
