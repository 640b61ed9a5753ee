"""The commands on phenotypes: `cellgraph variation`, `correlate`, `pca`, `cluster`, `compare`, `report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellgraph.cli.options import DbOption
from cellgraph.cli.output import FormatOption, OutputOption, render
from cellgraph.cli.plot import check_plot, save
from cellgraph.cli.query import SampleOption
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    from cellgraph.cli.output import Format
    from cellgraph.phenotypes.result import Result

WhereOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help='Only cells that meet this: "volume > 10 and not on_border".', show_default=False
    ),
]
PictureOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw the rows: .png or .svg.", show_default=False)
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Another seed draws others.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(variation)


def variation(
    columns: Annotated[
        list[str],
        typer.Argument(
            metavar="COLUMN...", help="Columns of cells with numbers, khop(2), or a set: shape.", show_default=False
        ),
    ],
    where: WhereOption = None,
    sample: SampleOption = None,
    bootstrap: Annotated[
        int, typer.Option(min=0, metavar="N", help="Bootstraps of the samples for 95 % intervals; 0: none.")
    ] = 1000,
    seed: SeedOption = 0,
    angle: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="This column is an angle; repeat it.", show_default=False),
    ] = None,
    plain: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="This column is no angle, whatever its name.", show_default=False),
    ] = None,
    condensed: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Instead of a database: a table of samples with X and X_CV.", show_default=False
        ),
    ] = None,
    db: DbOption = None,
    plot: PictureOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Compare the variation of cells within samples with that between samples, in percent of the mean.

    Example:  cellgraph variation volume stretch degree --where "not on_border"
    """
    from cellgraph.phenotypes.variation import condensed_variation
    from cellgraph.phenotypes.variation import variation as library

    check_plot(plot)
    if condensed is not None:
        if any(given is not None for given in (where, sample, db, angle, plain)):
            raise ParameterError("--condensed reads a table, without --where, --sample, --db, --angle and --plain.")
        _show(condensed_variation(columns, condensed, bootstrap=bootstrap, seed=seed), plot, fmt, output)
        return
    done = library(
        columns,
        db,
        where=where,
        sample=sample,
        bootstrap=bootstrap,
        seed=seed,
        angles=angle or (),
        plain=plain or (),
    )
    _show(done, plot, fmt, output)


def _show(done: Result, plot: Path | None, fmt: Format | None, output: Path | None) -> None:
    """Draw and print rows, and then what there is to know about them."""
    if plot is not None:
        save(done.picture(), plot)
    render(done.rows, fmt, output)
    for note in done.notes:
        say(f"cellgraph: {note}")
