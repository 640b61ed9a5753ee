"""The commands `cellgraph enrichment`, `cellgraph autocorrelation` and `cellgraph niches`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cellgraph.cli.conditions import (
    InsideOption,
    MinAreaOption,
    MinFractionOption,
    MinJunctionsOption,
    WhereOption,
    given,
)
from cellgraph.cli.options import DbOption
from cellgraph.cli.output import FormatOption, OutputOption, check_output, render
from cellgraph.cli.query import SampleOption
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from cellgraph.cli.output import Format


class NullChoice(StrEnum):
    """The null model."""

    labels = "labels"
    degree = "degree"


class WeightChoice(StrEnum):
    """The weight of a contact."""

    contacts = "contacts"
    junctions = "junctions"
    area = "area"


class ConventionChoice(StrEnum):
    """How counts of cells are summarised."""

    classic = "classic"
    histocat = "histocat"
    patch = "patch"


class MeasureChoice(StrEnum):
    """The measure that a matrix shows."""

    counted = "count"
    value = "value"
    expected = "expected"
    z = "z"
    p = "p"
    fdr = "fdr"


class CorrelationChoice(StrEnum):
    """The autocorrelation statistic."""

    moran = "moran"
    geary = "geary"


ByOption = Annotated[
    str, typer.Option("--by", metavar="COLUMN", help="Column of cells with their types.", show_default=False)
]
PermutationsOption = Annotated[int, typer.Option("--permutations", min=1, help="Permutations within each sample.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the random numbers.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(enrichment)
    app.command()(autocorrelation)
    app.command()(niches)


def enrichment(
    by: ByOption,
    sample: SampleOption = None,
    pool: Annotated[bool, typer.Option("--pool", help="Pool the samples; permutations stay within each.")] = False,
    null: Annotated[
        NullChoice,
        typer.Option(
            help="Null model: permute the types of cells, or rewire the contacts, where each cell keeps its degree."
        ),
    ] = NullChoice.labels,
    count: Annotated[WeightChoice, typer.Option(help="What to sum over neighbours.")] = WeightChoice.contacts,
    convention: Annotated[
        ConventionChoice,
        typer.Option(
            help="Mean per cell, mean per cell that has any, or the share of cells with at least --patch-size."
        ),
    ] = ConventionChoice.classic,
    patch_size: Annotated[
        float | None, typer.Option(metavar="N", help="Threshold of the convention patch.", show_default=False)
    ] = None,
    permutations: PermutationsOption = 1000,
    seed: SeedOption = 0,
    matrix: Annotated[
        MeasureChoice | None,
        typer.Option(help="Print one measure as a matrix of types by types.", show_default=False),
    ] = None,
    min_junctions: MinJunctionsOption = None,
    min_area: MinAreaOption = None,
    min_fraction: MinFractionOption = None,
    where: WhereOption = None,
    inside: InsideOption = False,
    db: DbOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Test which types of cells touch each other more or less than by chance.

    Example:  cellgraph enrichment --by cell_type --count area --matrix z
    """
    from cellgraph.analyze.database import open as open_database

    check_output(output, fmt)
    conditions = given(
        min_junctions=min_junctions, min_area=min_area, min_fraction=min_fraction, where=where, inside=inside
    )
    with open_database(db) as database:
        rows = database.enrichment(
            by,
            sample=sample,
            pool=pool,
            null=null.value,
            count=count.value,
            convention=convention.value,
            patch_size=patch_size,
            permutations=permutations,
            seed=seed,
            **conditions,
        )
    if matrix is None:
        _show(rows, rows, fmt, output)
        return
    from cellgraph.statistics.enrichment import as_matrix

    _show(as_matrix(rows, matrix.value), rows, fmt, output)


def autocorrelation(
    columns: Annotated[
        list[str], typer.Argument(metavar="COLUMN", help="Columns of cells with numbers.", show_default=False)
    ],
    sample: SampleOption = None,
    method: Annotated[CorrelationChoice, typer.Option(help="Moran's I or Geary's C.")] = CorrelationChoice.moran,
    weight: Annotated[WeightChoice, typer.Option(help="Weight of a contact.")] = WeightChoice.contacts,
    row_standardized: Annotated[
        bool,
        typer.Option(
            "--row-standardized/--raw-weights", help="Divide the weights of each cell by their sum, or leave them."
        ),
    ] = True,
    permutations: PermutationsOption = 1000,
    seed: SeedOption = 0,
    min_junctions: MinJunctionsOption = None,
    min_area: MinAreaOption = None,
    min_fraction: MinFractionOption = None,
    where: WhereOption = None,
    inside: InsideOption = False,
    db: DbOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Test whether cells that touch have similar values: Moran's I, Geary's C.

    Example:  cellgraph autocorrelation volume degree --method geary
    """
    from cellgraph.analyze.database import open as open_database

    check_output(output, fmt)
    conditions = given(
        min_junctions=min_junctions, min_area=min_area, min_fraction=min_fraction, where=where, inside=inside
    )
    with open_database(db) as database:
        rows = database.autocorrelation(
            columns,
            sample=sample,
            method=method.value,
            weight=weight.value,
            row_standardized=row_standardized,
            permutations=permutations,
            seed=seed,
            **conditions,
        )
    _show(rows, rows, fmt, output)


def niches(
    by: ByOption,
    k: Annotated[int, typer.Option("--k", min=1, max=30, help="Number of contacts around a cell.")] = 1,
    niches: Annotated[int, typer.Option("--niches", min=2, max=1000, help="Number of niches.")] = 5,
    sample: SampleOption = None,
    pool: Annotated[bool, typer.Option("--pool", help="Group the cells of all samples together.")] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Print a row for each niche instead of each cell.")
    ] = False,
    seed: SeedOption = 0,
    write: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Write the niche of each cell as a property of this name.", show_default=False
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --write: replace an earlier property of this name.")
    ] = False,
    min_junctions: MinJunctionsOption = None,
    min_area: MinAreaOption = None,
    min_fraction: MinFractionOption = None,
    where: WhereOption = None,
    inside: InsideOption = False,
    db: DbOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Group cells by the types around them: k-means of the shares of types within k contacts.

    Example:  cellgraph niches --by cell_type --k 2 --niches 5 --summary
    """
    from cellgraph.analyze.database import open as open_database
    from cellgraph.statistics.niches import summary_of, write_niches

    if replace and write is None:
        raise ParameterError("--replace needs --write NAME; add it, or leave --replace out.")
    check_output(output, fmt)
    conditions = given(
        min_junctions=min_junctions, min_area=min_area, min_fraction=min_fraction, where=where, inside=inside
    )
    with open_database(db) as database:
        rows = database.niches(by, k=k, niches=niches, sample=sample, pool=pool, seed=seed, **conditions)
    if write is not None:
        made_from = {"by": by, "k": k, "niches": niches, "pool": pool, "seed": seed, **conditions}
        write_niches(rows, write, db, made_from=made_from, replace=replace)
    _show(summary_of(rows, pool) if summary else rows, rows, fmt, output)


def _show(shown: pa.Table, rows: pa.Table, fmt: Format | None, output: Path | None) -> None:
    """Print rows, and then their notes."""
    from cellgraph.analyze.rows import note_of

    render(shown, fmt, output)
    for note in note_of(rows).splitlines():
        say(f"cellgraph: {note}")
