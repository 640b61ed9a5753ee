"""The command `cellgraph check`."""

from __future__ import annotations

import typer

from cellgraph.cli.options import DbOption
from cellgraph.cli.stdout import show_text


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(check)


def check(db: DbOption = None) -> None:
    """Check a database file for damage."""
    from cellgraph.loading.check import check as library

    show_text(library(db))
