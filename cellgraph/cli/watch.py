"""The command `cellgraph watch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cellgraph.cli.options import DbOption, scan_options
from cellgraph.cli.progress import QuietOption
from cellgraph.cli.streams import say


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(scan_options(watch, slices=False))


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the slices appear.", show_default=False)],
    pattern: Annotated[
        str,
        typer.Option(
            metavar="GLOB",
            help="Pattern of the file names, such as 'slice_*.tif'; numbers in the names give the order.",
        ),
    ] = "*",
    until: Annotated[
        int | None, typer.Option(metavar="N", help="Stop once N files have been read.", show_default=False)
    ] = None,
    idle: Annotated[
        float | None, typer.Option(metavar="S", help="Stop when no file has arrived for S seconds.", show_default=False)
    ] = None,
    every: Annotated[float, typer.Option(metavar="S", help="Seconds between updates of the database.")] = 10.0,
    db: DbOption = None,
    sample: Annotated[
        str | None, typer.Option(help="Name of the sample; by default that of the folder.", show_default=False)
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Start over, and replace a sample of that name.")] = False,
    work: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where progress is kept; by default beside the database.")
    ] = None,
    quiet: QuietOption = False,
    *,
    scan: dict[str, Any],
) -> None:
    """Follow a live scan: the graph in the database grows while slices arrive; Ctrl-C stops it."""
    from cellgraph.live.watch import watch as library
    from cellgraph.stores import db_option
    from cellgraph.volumes.numbering import listed

    def tell(sentence: str) -> None:
        if not quiet:
            say(sentence)

    done = library(
        folder,
        pattern,
        db,
        until=until,
        idle=idle,
        every=every,
        sample=sample,
        replace=replace,
        work=work,
        tell=tell,
        **scan,
    )
    for sentence in done.unreadable:
        say(f"not in the graph: {sentence}")
    if done.missing:
        say(f"missing slices: {listed(done.missing, 10)}")
    following = f"cellgraph query khop --k 2{db_option(done.db)}"
    tell(f"{done.slices:,} slices are in {done.db} as sample {done.name!r}; next: {following}")
