"""The command `cellgraph load`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cellgraph.cli.options import DbOption, numbers, read_background
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.errors import CellgraphError, ParameterError

RESUME = "the blocks that are done are kept: the same command with --resume goes on from there"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(load)


def load(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="VOLUME...",
            help="Labelled images: TIFF, NumPy, Zarr, OME-Zarr, HDF5 (file.h5:dataset), NIfTI, "
            "a folder of slices, or a URL.",
            show_default=False,
        ),
    ],
    db: DbOption = None,
    sample: Annotated[
        str | None, typer.Option(help="Name of the sample; by default that of the file.", show_default=False)
    ] = None,
    background: Annotated[
        str, typer.Option(metavar="N|none", help="Label that is no cell; none: every label is one.")
    ] = "0",
    connectivity: Annotated[
        int,
        typer.Option(metavar="6|18|26", help="Voxels are neighbours by a face, an edge, a corner; 2D: 4 or 8."),
    ] = 6,
    spacing: Annotated[
        str | None,
        typer.Option(metavar="Z,Y,X", help="Size of a voxel; by default what the file says.", show_default=False),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the spacing, as micrometer.", show_default=False)] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a sample of that name.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted load of this volume stopped.")
    ] = False,
    work: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where unfinished work is kept; by default beside the database."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Memory for blocks, as 512MB; by default a quarter of what is free."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Threads or processes; by default one a core.", show_default=False),
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="How many volumes are loaded at the same time.")] = 1,
    quiet: QuietOption = False,
) -> None:
    """Turn labelled images into graphs of cells, in a database."""
    from cellgraph.build.parameters import parse_bytes

    options: dict[str, Any] = {
        "background": read_background(background),
        "connectivity": connectivity,
        "spacing": None if spacing is None else numbers("--spacing", spacing, float),
        "unit": unit,
        "replace": replace,
        "resume": resume,
        "work": work,
        "memory": None if memory is None else parse_bytes(memory),
        "workers": workers,
    }
    try:
        if len(sources) == 1:
            _one(sources[0], db, sample, options, quiet)
        else:
            _many(sources, db, sample, options, parallel, quiet)
    except KeyboardInterrupt:
        print(f"cellgraph: interrupted; nothing half done is visible; {RESUME}", file=sys.stderr)
        raise typer.Exit(130) from None


def _one(source: str, db: str | None, sample: str | None, options: dict[str, Any], quiet: bool) -> None:
    from cellgraph.build.load import load as library

    with progress(quiet) as report:
        done = library(source, db, sample=sample, report=report, **options)
    if not quiet:
        print(done.summary(), file=sys.stderr)


def _many(
    sources: list[str],
    db: str | None,
    sample: str | None,
    options: dict[str, Any],
    parallel: int,
    quiet: bool,
) -> None:
    from cellgraph.build.many import load_many

    if sample is not None or options["work"] is not None:
        raise ParameterError(f"--sample and --work are for one volume, but {len(sources)} were given")
    failed = 0
    for outcome in load_many(sources, db, parallel=parallel, **options):
        if outcome.error is not None:
            failed += 1
            print(f"cellgraph: error: {outcome.error}", file=sys.stderr)
        elif outcome.report is not None and not quiet:
            print(outcome.report.summary(), file=sys.stderr)
    if failed:
        raise CellgraphError(
            f"{failed} of {len(sources)} volumes were not loaded, for the reasons above; "
            "the others are in the database: run the command for the failed ones again"
        )
