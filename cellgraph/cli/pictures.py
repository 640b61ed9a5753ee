"""The commands `cellgraph plot`, `cellgraph paint` and `cellgraph view`."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from cellgraph.cli import query as asking
from cellgraph.cli.browse import OF_TABLES
from cellgraph.cli.options import DbOption, OverwriteOption, SampleOption, scan_options
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.stdout import show_text
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(scan_options(_with_question(plot), voxels=False))
    app.command()(scan_options(paint, voxels=False))
    app.command()(view)


def _with_question(command: Any) -> Any:
    """Give a command the options of `cellgraph query` for parameters of a query."""
    own = signature(command, eval_str=True)
    skipped = OF_TABLES | {"cells"}
    shared = [p for p in signature(asking.query, eval_str=True).parameters.values() if p.name not in skipped]
    parameters = [p for p in own.parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    every = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in (*parameters, *shared)]

    def run(**given: Any) -> None:
        command(**given)

    run.__doc__, run.__name__ = command.__doc__, command.__name__
    run.__signature__ = own.replace(parameters=every)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in every}
    return run


def plot(
    scan: dict[str, Any],
    things: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[VOLUME] [QUERY] [CELL]...",
            help="The labelled image (without one, cells are drawn at their centroids), and a query to be drawn.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The picture: .png, .svg or .pdf.")
    ] = None,
    color: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Colour cells by this column of cells, or of the query.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--slice", metavar="AXIS=N", help="The slice, such as z=120; by default the middle one."),
    ] = None,
    project: Annotated[str | None, typer.Option(metavar="z|y|x", help="Draw the view along this axis.")] = None,
    contacts: Annotated[
        bool, typer.Option("--contacts/--no-contacts", help="Draw contacts as lines, as thick as their junctions.")
    ] = True,
    overwrite: OverwriteOption = False,
    db: DbOption = None,
    **question: Any,
) -> None:
    """Draw a slice of the cells, coloured by a column or by the result of a query, with their contacts.

    Examples:  cellgraph plot cells.tif --color degree -o degree.png ·
    cellgraph plot cells.tif within --cell 42 --k 2 -o rings.png · cellgraph plot path 1 80 -o path.svg
    """
    from cellgraph.pictures.plot import plot as library

    if output is None:
        raise ParameterError("plot needs --output FILE (-o), the name of a .png, .svg or .pdf file.")
    volume, name, cells = _told(things or [])
    limit = question.pop("limit")
    question["inside"] = question.get("inside") or None
    sample = question.pop("sample")
    parameters = asking.read_parameters(name, bare=cells, **question)
    library(
        volume, name, db=db, output=output, sample=sample, color=color, at=at, project=project, contacts=contacts,
        limit=limit, overwrite=overwrite, options=scan, **parameters,  # type: ignore[arg-type]
    )  # fmt: skip
    say(f"drew {output}")


def paint(
    scan: dict[str, Any],
    volume: Annotated[str, typer.Argument(metavar="VOLUME", help="The labelled image of the sample.")],
    by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="A column of cells: a measure, a metric, a type.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The image: .tif, .zarr or .npy.")
    ] = None,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="The sample; by default the one with the name of the volume.")
    ] = None,
    rank: Annotated[bool, typer.Option("--rank", help="Paint ranks, 1 for the smallest value.")] = False,
    overwrite: OverwriteOption = False,
    db: DbOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write an image in which every voxel of a cell has the value of the cell, for Fiji and napari.

    Example:  cellgraph paint cells.tif --by degree -o degree.tif
    """
    from cellgraph.pictures.paint import paint as library

    if by is None or output is None:
        raise ParameterError("paint needs --by COLUMN and --output FILE (-o).")
    with progress(quiet) as report:
        done = library(volume, output, db, by=by, sample=sample, rank=rank, overwrite=overwrite, report=report, **scan)
    if not quiet:
        say(done.summary())


def view(
    sample: SampleOption = None,
    color: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column to colour cells by at first; by default degree.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The page; by default SAMPLE.html here.")
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open a web browser; the last line printed is the address to open.")
    ] = False,
    overwrite: OverwriteOption = False,
    db: DbOption = None,
) -> None:
    """Show a sample in 3D in the web browser: rotate, click a cell, see its rings and paths; one page, no network.

    Example:  cellgraph view --sample cells --color volume
    """
    from cellgraph.analyze.database import open as open_database
    from cellgraph.browser.opening import open_page
    from cellgraph.pictures.values import sample_of
    from cellgraph.pictures.view import view as library

    if output is None:
        with open_database(db) as database:
            sample = sample_of(database, sample)
        output = Path(re.sub(r"[^\w.-]", "_", sample) + ".html")
    done = library(output, db, sample=sample, color=color, overwrite=overwrite)
    say(f"{done.sample}: {done.cells:,} cells and {done.contacts:,} contacts are in {done.path}")
    if done.note:
        say(f"cellgraph: {done.note}")
    if not no_open and not open_page(done.address):
        say("cellgraph: no web browser with a window was found; open the address in the last line")
    show_text(done.address)


def _told(things: list[str]) -> tuple[str | None, str | None, list[str]]:
    """Return volume, query and cells: an argument with the name of a query is the query."""
    from cellgraph.queries import Catalogue

    catalogue = Catalogue.load()
    volume = things[0] if things and things[0] not in catalogue else None
    rest = things[1:] if volume is not None else things
    if not rest:
        return volume, None, []
    return volume, catalogue[rest[0]].name, rest[1:]
