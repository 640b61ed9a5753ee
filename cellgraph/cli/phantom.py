"""The command `cellgraph phantom`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellgraph.cli.options import numbers
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.streams import say


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(phantom)


def phantom(
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write: .zarr (OME-Zarr), .tif (OME-TIFF) or .npy.")
    ],
    cells: Annotated[int, typer.Option(help="Number of cells.")],
    shape: Annotated[str, typer.Option(metavar="Z,Y,X", help="Voxels along each axis; Y,X for an image.")],
    gap: Annotated[bool, typer.Option("--gap", help="Leave background between the cells.")] = False,
    gap_width: Annotated[
        int | None, typer.Option(metavar="VOXELS", help="Thickness of that background; 1 with --gap alone.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers; another one makes another tissue.")] = 0,
    spacing: Annotated[str | None, typer.Option(metavar="Z,Y,X", help="Voxel size, stored if it can be.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of the spacing: nanometer, micrometer, millimeter.")] = "micrometer",
    chunks: Annotated[str | None, typer.Option(metavar="Z,Y,X", help="Shape of the chunks of a .zarr.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Write synthetic labelled tissue of any size to try things on: cells of natural shapes, dense or with gaps."""
    from cellgraph.phantoms import phantom as library

    with progress(quiet) as report:
        made = library.phantom(
            out,
            cells,
            numbers("--shape", shape, int),
            gap=gap if gap_width is None else gap_width,
            seed=seed,
            spacing=None if spacing is None else numbers("--spacing", spacing, float),
            unit=unit,
            chunks=None if chunks is None else numbers("--chunks", chunks, int),
            overwrite=overwrite,
            report=report,
        )
    extent = " x ".join(str(n) for n in made.shape)
    say(f"Wrote {made.path}: {made.cells:,} cells in {extent} voxels.")
    if made.missing:
        some = ", ".join(str(label) for label in made.missing[:5])
        say(
            f"The gaps left no voxel for {len(made.missing):,} cells, whose labels are missing: {some}"
            f"{', …' if len(made.missing) > 5 else ''}.",
        )
