"""The command `cellgraph near`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cellgraph.cli.options import DbOption, SampleOption, SourceOption, WorkersOption, scan_options
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(scan_options(near, voxels=False))


def near(
    scan: dict[str, Any],
    within: Annotated[
        str | None, typer.Option(metavar="D", help="Largest distance, such as 10 in the unit of the sample, or 10um.")
    ] = None,
    sample: SampleOption = None,
    source: SourceOption = None,
    centroids: Annotated[
        bool, typer.Option("--centroids", help="Use distances between centroids, without the volume.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the relationships NEAR.")] = False,
    workers: WorkersOption = None,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Find cells that are near each other, also across gaps, and write them as relationships NEAR with their distance.

    The distance is the smallest one between voxel centres of two cells. Queries follow these relationships with
    --over near.

    Example:  cellgraph near --within 10um; cellgraph query khop --k 2 --over near
    """
    from cellgraph.loading.nearby import near as library
    from cellgraph.loading.nearby import remove_near

    if remove:
        if within is not None or source is not None or centroids or scan:
            raise ParameterError("--remove goes with --sample and --db only")
        gone = remove_near(db, sample=sample)
        if not quiet:
            say(f"deleted the relationships NEAR of {', '.join(gone)}")
        return
    if within is None:
        raise ParameterError("near needs --within D, the largest distance, such as 10 or 10um (or --remove)")
    with progress(quiet) as report:
        done = library(
            within, db, sample=sample, source=source, centroids=centroids, workers=workers, report=report, **scan
        )
    if not quiet:
        say(done.summary())
