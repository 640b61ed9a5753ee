"""The command `cellgraph delete`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cellgraph.cli.options import DbOption
from cellgraph.cli.progress import QuietOption


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(delete)


def delete(
    samples: Annotated[list[str], typer.Argument(metavar="SAMPLE", help="Names of samples.", show_default=False)],
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Delete samples from a database: all that are named, or none if one of them does not exist."""
    from cellgraph.loading.delete import delete as library

    names = library(samples, db)
    if not quiet:
        what = f"the sample {names[0]!r}" if len(names) == 1 else f"{len(names):,} samples"
        print(f"deleted {what}", file=sys.stderr)
