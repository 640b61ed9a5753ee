"""The command `cellgraph load`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellgraph.cli.options import DbOption, DryRunOption, scan_options
from cellgraph.cli.output import FormatOption
from cellgraph.cli.progress import QuietOption, progress
from cellgraph.cli.reading import show_reading
from cellgraph.cli.streams import say
from cellgraph.errors import CellgraphError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellgraph.loading.group import Outcome
    from cellgraph.loading.load import LoadReport

RESUME = "finished blocks are kept: run the same command with --resume to continue"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(scan_options(load, each=True))


def load(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="VOLUME",
            help="Labelled images: TIFF, NumPy, Zarr, OME-Zarr, HDF5 (file.h5:dataset), NIfTI, "
            "a folder of slices, or a URL.",
            show_default=False,
        ),
    ],
    db: DbOption = None,
    sample: Annotated[
        str | None, typer.Option(help="Name of the sample; by default that of the file.", show_default=False)
    ] = None,
    dry_run: DryRunOption = False,
    expand: Annotated[
        str | None,
        typer.Option(
            metavar="D",
            help="Grow cells into the background by at most D, such as 3um, before counting contacts; measures stay "
            "unchanged.",
            show_default=False,
        ),
    ] = None,
    no_sites: Annotated[
        bool, typer.Option("--no-sites", help="Leave out the sites of contacts: the sweep takes half the time.")
    ] = False,
    any_labels: Annotated[
        bool, typer.Option("--any-labels", help="Also load volumes that look like unsegmented images.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a sample of that name.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted load of this volume.")] = False,
    work: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where unfinished work is kept; by default beside the database."),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Memory for blocks, as 512MB; by default a quarter of the free memory."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Threads or processes; by default one per core.", show_default=False),
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, help="Number of volumes to load at the same time.")] = 1,
    engine: Annotated[
        str,
        typer.Option(
            metavar="threads|dask|spark",
            help="What processes the blocks: threads, or processes here or on a cluster (see docs).",
        ),
    ] = "threads",
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask: address of a running scheduler, as tcp://host:8786.")
    ] = None,
    jobqueue: Annotated[
        str | None,
        typer.Option(metavar="sge|htcondor|slurm", help="Dask: submit the workers to this queue system."),
    ] = None,
    jobqueue_option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Dask: an option of the jobs, as queue=long, memory=8GB; repeatable."),
    ] = None,
    master: Annotated[
        str | None, typer.Option(metavar="URL", help="Spark: URL of a running master, as spark://host:7077 or yarn.")
    ] = None,
    save_every: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="How often finished work is saved to disk, for --resume."),
    ] = 2.0,
    fmt: FormatOption = None,
    quiet: QuietOption = False,
    *,
    scan: dict[str, Any],
) -> None:
    """Load labelled images into a database, as graphs of cells."""
    if dry_run:
        for source in sources:
            show_reading(source, scan, fmt, sample)
        return
    if fmt is not None:
        raise ParameterError("--format applies only to --dry-run; a load prints its summary on stderr")
    options: dict[str, Any] = {
        **scan,
        "expand": expand,
        "sites": not no_sites,
        "any_labels": any_labels,
        "replace": replace,
        "resume": resume,
        "work": work,
        "save_every": save_every,
    }
    where: dict[str, Any] = {
        "workers": workers,
        "cluster": cluster,
        "jobqueue": jobqueue,
        "jobqueue_options": _job_options(jobqueue_option or []),
        "master": master,
    }
    try:
        from cellgraph.engines import open_engine
        from cellgraph.loading.parameters import parse_bytes

        options["memory"] = None if memory is None else parse_bytes(memory)
        if not quiet:
            _say_compiling()
        with closing(open_engine(engine, **where)) as options["engine"]:
            if options.get("time") == "each":
                _frames(sources, db, sample, options, quiet)
            elif len(sources) == 1:
                _one(sources[0], db, sample, options, quiet)
            else:
                _many(sources, db, sample, options, parallel, quiet)
    except KeyboardInterrupt:
        say(f"cellgraph: interrupted; nothing incomplete is visible; {RESUME}")
        raise typer.Exit(130) from None


def _say_compiling() -> None:
    """Explain why the very first load takes longer."""
    from cellgraph.voxels.compiled import is_compiled

    if not is_compiled():
        say("compiling the code that measures cells: once per installation, about 10 seconds")


def _one(source: str, db: str | None, sample: str | None, options: dict[str, Any], quiet: bool) -> None:
    from cellgraph.loading.load import load as library

    with progress(quiet) as report:
        done = library(source, db, sample=sample, report=report, **options)
    _tell(done, quiet)


def _tell(done: LoadReport, quiet: bool) -> None:
    """Print what was loaded; with `quiet`, only its notes."""
    if not quiet:
        say(done.summary())
        return
    for note in done.notes:
        say(f"{done.sample.name}: note: {note}")


def _many(
    sources: list[str],
    db: str | None,
    sample: str | None,
    options: dict[str, Any],
    parallel: int,
    quiet: bool,
) -> None:
    from cellgraph.loading.many import load_many

    if sample is not None or options["work"] is not None:
        raise ParameterError(f"--sample and --work are for one volume, but {len(sources)} were given")
    _tell_all(load_many(sources, db, parallel=parallel, **options), quiet)


def _frames(sources: list[str], db: str | None, sample: str | None, options: dict[str, Any], quiet: bool) -> None:
    from cellgraph.loading.many import load_frames

    if len(sources) > 1 or options["work"] is not None:
        raise ParameterError("--time each works with one volume and without --work; load the volumes one after another")
    del options["time"]
    _tell_all(load_frames(sources[0], db, sample=sample, **options), quiet)


def _tell_all(outcomes: Iterator[Outcome], quiet: bool) -> None:
    """Print how each load ended; raise an error if one failed."""
    failed = total = 0
    for outcome in outcomes:
        total += 1
        if outcome.error is not None:
            failed += 1
            say(f"cellgraph: error: {outcome.error}")
        elif outcome.report is not None:
            _tell(outcome.report, quiet)
    if failed:
        raise CellgraphError(
            f"{failed} of {total} volumes were not loaded, for the reasons above; "
            "the others are in the database: run the command for the failed ones again"
        )


def _job_options(texts: list[str]) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise ParameterError(f"expected --jobqueue-option NAME=VALUE, as queue=long, got {text!r}")
        options.setdefault(name, []).append(value)
    return options
