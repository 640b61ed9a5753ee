"""The command `cellgraph metrics`."""

from __future__ import annotations

from typing import Annotated

import typer

from cellgraph.cli.conditions import (
    BufferOption,
    DirectionOption,
    InsideOption,
    MinAreaOption,
    MinFractionOption,
    MinJunctionsOption,
    WhereOption,
    given,
)
from cellgraph.cli.options import DbOption
from cellgraph.cli.output import ColumnsOption, FormatOption, OutputOption, check_output, render
from cellgraph.cli.plot import PlotOption, check_plot, draw
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(metrics)


def metrics(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME...",
            help="degree, strength, pagerank, eigenvector, betweenness, current_flow_betweenness, closeness, "
            "harmonic, clustering, core_number, components, community, articulation, eccentricity; all: the fast "
            "ones. Or one of whole samples: diameter, assortativity, hop_plot, polygon_classes, lewis, "
            "aboav_weaire.",
            show_default=False,
        ),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write them as properties of the cells.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove metrics that were written earlier.")] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="List the properties written after the load, and what each was made from.")
    ] = False,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="One sample; by default all, each on its own.")
    ] = None,
    weight: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="Weight of a contact, such as area or 1/junctions; by default each is 1."),
    ] = None,
    error: Annotated[
        float | None,
        typer.Option(metavar="E", help="Estimate betweenness by sampling, within this error, such as 0.01."),
    ] = None,
    min_junctions: MinJunctionsOption = None,
    min_area: MinAreaOption = None,
    min_fraction: MinFractionOption = None,
    where: WhereOption = None,
    inside: InsideOption = False,
    buffer: BufferOption = None,
    direction: DirectionOption = None,
    db: DbOption = None,
    columns: ColumnsOption = None,
    plot: PlotOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compute measures of the network: centralities, cores, communities, topology of the tissue.

    Example:  cellgraph metrics all --write
    """
    from cellgraph.measures import metrics as library
    from cellgraph.measures import remove as remove_written

    chosen = list(names or ())
    conditions = given(
        min_junctions=min_junctions,
        min_area=min_area,
        min_fraction=min_fraction,
        where=where,
        inside=inside,
        buffer=buffer,
        direction=direction,
    )
    if sum((write, remove, listing)) > 1:
        raise ParameterError("--write, --remove and --list exclude each other; give only one of them")
    check_plot(plot)
    check_output(output, fmt)
    if listing:
        from cellgraph.measures.listing import written

        if chosen or conditions:
            raise ParameterError("--list lists everything that was written; leave out names and conditions")
        render(written(db, sample=sample), fmt, output, columns=columns, whole=True)
    elif remove:
        if conditions or weight is not None or error is not None or fmt is not None or output is not None:
            raise ParameterError("--remove can be combined only with names and --sample")
        gone = remove_written(chosen, db, sample=sample)
        if not quiet:
            say(f"removed {', '.join(gone)}")
    else:
        with progress(quiet) as report:
            done = library(
                chosen,
                db,
                sample=sample,
                weight=weight,
                error=error,
                write=write,
                report=report,
                **conditions,
            )
        draw(done.rows, plot, columns)
        render(done.rows, fmt, output, columns=columns)
        for note in done.notes:
            say(f"cellgraph: {note}")
