"""The commands on phenotypes: `cellgraph variation`, `correlate`, `pca`, `cluster`, `compare`, `report`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellgraph.cli.conditions import WhereOption
from cellgraph.cli.options import DbOption, OverwriteOption
from cellgraph.cli.output import FormatOption, OutputOption, check_output, render
from cellgraph.cli.plot import check_plot, save
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.query import SampleOption
from cellgraph.cli.streams import say
from cellgraph.errors import ParameterError

if TYPE_CHECKING:
    from cellgraph.cli.output import Format
    from cellgraph.phenotypes.parts import OnSpark
    from cellgraph.phenotypes.result import Result


class ByChoice(StrEnum):
    """Groups within which columns are correlated."""

    sample = "sample"


class MethodChoice(StrEnum):
    """How columns are correlated."""

    pearson = "pearson"
    spearman = "spearman"


class TestChoice(StrEnum):
    """How groups are tested."""

    welch = "welch"
    ranks = "ranks"


class UnitChoice(StrEnum):
    """The unit of observation."""

    samples = "samples"
    cells = "cells"


class ScaleChoice(StrEnum):
    """How columns are scaled."""

    robust = "robust"
    standard = "standard"
    none = "none"


class EngineChoice(StrEnum):
    """Where cells are processed."""

    threads = "threads"
    spark = "spark"


ColumnsOption = Annotated[
    str,
    typer.Option(
        "--columns", metavar="A,B,…", help="Columns of cells, khop(2), or a set: shape, size.", show_default=False
    ),
]
ScaleOption = Annotated[
    ScaleChoice, typer.Option(help="Scale by median and quartiles, by mean and standard deviation, or not at all.")
]
WriteOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Write the group of each cell as a property of this name.", show_default=False),
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="With --write: replace an earlier property of this name.")
]
PictureOption = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw the rows: .png or .svg.", show_default=False)
]
EngineOption = Annotated[
    EngineChoice, typer.Option(help="Where to process the cells: in this process, or in Spark here or on a cluster.")
]
MasterOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Spark: URL of a running master, such as spark://host:7077 or yarn.", show_default=False
    ),
]
WorkOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Spark: a folder for the cells that all its workers can access.", show_default=False
    ),
]
ProcessesOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        metavar="N",
        help="Spark: number of processes here, or largest number of cores of a master.",
        show_default=False,
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the random numbers.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(variation)
    app.command()(correlate)
    app.command()(pca)
    groups = typer.Typer(no_args_is_help=True, help="Group cells with similar phenotypes: kmeans, or density.")
    groups.command()(kmeans)
    groups.command()(density)
    app.add_typer(groups, name="cluster")
    app.command()(compare)
    app.command()(report)


def variation(
    columns: Annotated[
        list[str],
        typer.Argument(
            metavar="COLUMN", help="Numeric columns of cells, khop(2), or a set: shape.", show_default=False
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
        typer.Option(metavar="COLUMN", help="A column that is an angle; repeatable.", show_default=False),
    ] = None,
    plain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="A column that is not an angle, whatever its name; repeatable.", show_default=False
        ),
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
    check_output(output, fmt)
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


def correlate(
    columns: ColumnsOption,
    by: Annotated[
        ByChoice | None,
        typer.Option(help="Correlate within each sample; by default over the cells of all.", show_default=False),
    ] = None,
    method: Annotated[MethodChoice, typer.Option(help="Correlate values, or their ranks.")] = MethodChoice.pearson,
    where: WhereOption = None,
    sample: SampleOption = None,
    db: DbOption = None,
    plot: PictureOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Correlate columns of cells, pair by pair.

    Example:  cellgraph correlate --columns volume,degree,stretch --by sample
    """
    from cellgraph.phenotypes.correlation import correlate as library

    check_plot(plot)
    check_output(output, fmt)
    done = library(columns, db, by=None if by is None else by.value, method=method.value, where=where, sample=sample)
    _show(done, plot, fmt, output)


def pca(
    columns: ColumnsOption,
    components: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Number of components; by default all.", show_default=False)
    ] = None,
    scale: ScaleOption = ScaleChoice.robust,
    where: WhereOption = None,
    sample: SampleOption = None,
    write: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="Write the scores as properties PREFIX1, PREFIX2, …", show_default=False),
    ] = None,
    replace: ReplaceOption = False,
    engine: EngineOption = EngineChoice.threads,
    master: MasterOption = None,
    workers: ProcessesOption = None,
    work: WorkOption = None,
    db: DbOption = None,
    plot: PictureOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> None:
    """Find the principal components of columns of cells.

    Example:  cellgraph pca --columns shape --write pc
    """
    from cellgraph.phenotypes.components import pca as library

    check_plot(plot)
    check_output(output, fmt)
    _check_replace(replace, write)
    spark = _spark(engine, master, workers, work)
    with progress(quiet) as report:
        done = library(
            columns,
            db,
            where=where,
            sample=sample,
            scale=scale.value,
            components=components,
            write_as=write,
            replace=replace,
            report=report,
            spark=spark,
        )
    _show(done, plot, fmt, output)


def kmeans(
    columns: ColumnsOption,
    k: Annotated[
        str, typer.Option("--k", metavar="K|A..B", help="Number of groups, or a range to choose the best from.")
    ],
    scale: ScaleOption = ScaleChoice.robust,
    where: WhereOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    write: WriteOption = None,
    replace: ReplaceOption = False,
    engine: EngineOption = EngineChoice.threads,
    master: MasterOption = None,
    workers: ProcessesOption = None,
    work: WorkOption = None,
    db: DbOption = None,
    plot: PictureOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> None:
    """Group cells by k-means of their columns.

    Example:  cellgraph cluster kmeans --k 2..8 --columns shape --write niche
    """
    from cellgraph.phenotypes.groups import kmeans as library

    check_plot(plot)
    check_output(output, fmt)
    _check_replace(replace, write)
    spark = _spark(engine, master, workers, work)
    with progress(quiet) as report:
        done = library(
            columns,
            k,
            db,
            where=where,
            sample=sample,
            scale=scale.value,
            seed=seed,
            write_as=write,
            replace=replace,
            report=report,
            spark=spark,
        )
    _show(done, plot, fmt, output)


def density(
    columns: ColumnsOption,
    min_cells: Annotated[
        int | None,
        typer.Option(
            min=2, metavar="N", help="Smallest number of cells in a group; by default 1 % of all.", show_default=False
        ),
    ] = None,
    scale: ScaleOption = ScaleChoice.robust,
    where: WhereOption = None,
    sample: SampleOption = None,
    write: WriteOption = None,
    replace: ReplaceOption = False,
    db: DbOption = None,
    plot: PictureOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
    quiet: QuietOption = False,
) -> None:
    """Group cells by density (HDBSCAN); cells in no group are in group 0.

    Example:  cellgraph cluster density --columns shape --min-cells 50 --write dense
    """
    from cellgraph.phenotypes.groups import density as library

    check_plot(plot)
    check_output(output, fmt)
    _check_replace(replace, write)
    with progress(quiet) as report:
        done = library(
            columns,
            db,
            min_cells=min_cells,
            where=where,
            sample=sample,
            scale=scale.value,
            write_as=write,
            replace=replace,
            report=report,
        )
    _show(done, plot, fmt, output)


def compare(
    columns: Annotated[
        list[str],
        typer.Argument(
            metavar="COLUMN", help="Numeric columns of cells, khop(2), or a set: shape.", show_default=False
        ),
    ],
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="NAME", help="Property of samples with their group, or column of cells.", show_default=False
        ),
    ],
    test: Annotated[
        TestChoice, typer.Option(help="Test means, with unequal variances, or ranks: Mann-Whitney, Kruskal-Wallis.")
    ] = TestChoice.welch,
    unit: Annotated[
        UnitChoice, typer.Option(help="What counts once: the mean of a sample, or a cell, which is pseudo-replication.")
    ] = UnitChoice.samples,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Fit a mixed model of the cells, with samples as random effects.")
    ] = False,
    where: WhereOption = None,
    sample: SampleOption = None,
    db: DbOption = None,
    plot: PictureOption = None,
    fmt: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Compare groups of samples: tests, effect sizes and false discovery rates.

    Example:  cellgraph compare --by genotype volume degree "khop(2)"
    """
    from cellgraph.phenotypes.comparison import compare as library

    check_plot(plot)
    check_output(output, fmt)
    done = library(columns, by, db, where=where, sample=sample, test=test.value, unit=unit.value, mixed=mixed)
    _show(done, plot, fmt, output)


def report(
    target: Annotated[Path, typer.Argument(metavar="OUT.html", help="The page to write.", show_default=False)],
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns", metavar="A,B,…", help="Columns of cells; by default shape and degree.", show_default=False
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="NAME", help="Also compare groups of samples, by this property.", show_default=False
        ),
    ] = None,
    k: Annotated[
        str, typer.Option("--k", metavar="K|A..B", help="Number of groups, or a range to choose the best from.")
    ] = "2..6",
    where: WhereOption = None,
    sample: SampleOption = None,
    db: DbOption = None,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a page with painted slices, tables and charts: variation, correlation, components, groups, comparison.

    Example:  cellgraph report phenotypes.html --by genotype
    """
    from cellgraph.pictures.report import write_page

    with progress(quiet) as told:
        missing = write_page(
            target, db, columns=columns, by=by, k=k, where=where, sample=sample, overwrite=overwrite, report=told
        )
    for sentence in missing:
        say(f"cellgraph: left out: {sentence}")
    if not quiet:
        say(f"wrote {target}")


def _check_replace(replace: bool, write: str | None) -> None:
    if replace and write is None:
        raise ParameterError("--replace needs --write; add it, or leave --replace out.")


def _spark(engine: EngineChoice, master: str | None, workers: int | None, work: Path | None) -> OnSpark | None:
    if engine is EngineChoice.spark:
        from cellgraph.phenotypes.parts import OnSpark

        return OnSpark(master, workers, work)
    for option, given in (("--master", master), ("--workers", workers), ("--work", work)):
        if given is not None:
            raise ParameterError(f"{option} is for --engine spark; add it, or leave {option} out.")
    return None


def _show(done: Result, plot: Path | None, fmt: Format | None, output: Path | None) -> None:
    """Draw and print rows, and then their notes."""
    if plot is not None:
        save(done.picture(), plot)
    render(done.rows, fmt, output)
    for note in done.notes:
        say(f"cellgraph: {note}")
