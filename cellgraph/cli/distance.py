"""The command `cellgraph distance`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cellgraph.cli.options import DbOption, SampleOption, SourceOption, scan_options
from cellgraph.cli.progress import QuietOption
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(scan_options(distance, voxels=False))


def distance(
    scan: dict[str, Any],
    to: Annotated[
        str | None, typer.Option(metavar="MASK", help="An image of the structure: voxels that are not 0 belong to it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the properties: canal gives canal_distance.")
    ] = None,
    label: Annotated[
        int | None,
        typer.Option(metavar="N", help="Only this label of the mask; without --to, of the volume itself."),
    ] = None,
    sample: SampleOption = None,
    source: SourceOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace properties of these names that were written before.")
    ] = False,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write the distance and direction from each cell to a structure, such as a vessel, a canal or a wound.

    Example:  cellgraph distance --to canal.tif --name canal
    """
    from cellgraph.loading.structure import distance as library

    if name is None:
        raise ParameterError("distance needs --name NAME, such as canal, and --to MASK or --label N")
    done = library(to, db, name=name, label=label, sample=sample, source=source, replace=replace, **scan)
    if not quiet:
        say(done.summary())
