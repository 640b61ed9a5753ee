"""The command `cellgraph estimate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cellgraph.cli.options import DbOption, DryRunOption, scan_options
from cellgraph.cli.output import Format, FormatOption, render
from cellgraph.cli.progress import QuietOption
from cellgraph.cli.reading import show_reading
from cellgraph.cli.stdout import show_text
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError

SHOWN = ("estimate", "low", "high", "fraction", "exact", "n", "unit")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(scan_options(estimate))


def estimate(
    expression: Annotated[
        str,
        typer.Argument(
            metavar="EXPR",
            help="mean(x), sum(x), median(x), quantile(x, 0.9), ratio(x, y), count(cells) or count(contacts); x is a "
            "column of cells or contacts, or khop(2): the number of cells within 2 contacts.",
            show_default=False,
        ),
    ],
    within_time: Annotated[
        str | None,
        typer.Option(metavar="T", help="Answer after this time, such as 5s, 500ms or 2m.", show_default=False),
    ] = None,
    within_ci: Annotated[
        str | None,
        typer.Option(
            metavar="C",
            help="Answer once the interval of this confidence level, such as 0.95, is narrow enough.",
            show_default=False,
        ),
    ] = None,
    error: Annotated[
        str | None,
        typer.Option(
            metavar="E%", help="Half-width of the interval, relative to the estimate, such as 1%.", show_default=False
        ),
    ] = None,
    absolute_error: Annotated[
        float | None,
        typer.Option(metavar="E", help="Half width of the interval, in the unit of the estimate.", show_default=False),
    ] = None,
    confidence: Annotated[
        str | None,
        typer.Option(metavar="C", help="Confidence level with --within-time; by default 0.95.", show_default=False),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="FILTER",
            help="Only cells or contacts that match: \"sample = 'a' and not on_border and volume > 10\".",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="VOLUME", help="Estimate from a volume that is not loaded, from random blocks.", show_default=False
        ),
    ] = None,
    db: DbOption = None,
    sample: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only cells of this sample.", show_default=False)
    ] = None,
    dry_run: DryRunOption = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random sample.")] = 0,
    fmt: FormatOption = None,
    quiet: QuietOption = False,
    *,
    scan: dict[str, Any],
) -> None:
    """Estimate a statistic over all cells from a random sample, with its confidence interval."""
    from cellgraph.estimation import estimate as library

    if dry_run:
        if source is None:
            raise ParameterError("--dry-run shows how a volume would be read, so it needs --source VOLUME")
        show_reading(source, scan, fmt)
        return
    answer = library(
        expression,
        db,
        source=source,
        within_time=within_time,
        within_ci=within_ci,
        error=error,
        absolute_error=absolute_error,
        confidence=confidence,
        where=where,
        sample=sample,
        seed=seed,
        **scan,
    )
    fields = asdict(answer)
    if fmt is Format.json:
        show_text(json.dumps(fields, ensure_ascii=False, allow_nan=False))
    else:
        import pyarrow as pa

        names = SHOWN if fmt in (None, Format.table) else tuple(fields)
        render(pa.table({name: [fields[name]] for name in names}), fmt)
    if not quiet and fmt in (None, Format.table):
        say(answer.sentence())
