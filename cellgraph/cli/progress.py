"""Progress on stderr: a bar on a terminal, an occasional plain line elsewhere, nothing with ``--quiet``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cellgraph.cli.streams import say
from cellgraph.model import Report

QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show no progress and no summary; notes are still shown.")
]

_SECONDS_BETWEEN_LINES = 10


@contextmanager
def progress(quiet: bool = False) -> Iterator[Report | None]:
    """Yield the ``report`` for library functions; None if nothing is to be shown."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[Report]:
    """Show one bar for each kind of work; bars disappear when all is done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
    )
    tasks: dict[str, TaskID] = {}
    begun: dict[str, tuple[float, int]] = {}
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as shown:

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, rate="")
                begun[what] = (time.monotonic(), done)
            rate, _ = _speed(what, begun[what], done, total)
            shown.update(tasks[what], completed=done, total=total, rate=rate)

        yield report


def _lines() -> Report:
    """Print a line when a kind of work is done, and every ten seconds until then."""
    last: dict[str, float] = {}
    begun: dict[str, tuple[float, int]] = {}

    def report(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        before = last.setdefault(what, now)
        begun.setdefault(what, (now, done))
        if done >= total or now - before >= _SECONDS_BETWEEN_LINES:
            last[what] = now
            rate, left = _speed(what, begun[what], done, total)
            more = "".join(f", {part}" for part in (rate, left) if part)
            say(f"{what}: {done:,} of {total:,} ({100 * done // max(total, 1)} %){more}")

    return report


def _speed(what: str, begun: tuple[float, int], done: int, total: int) -> tuple[str, str]:
    """Return the rate of work on voxels, and the remaining time; empty if unknown."""
    since, before = begun
    seconds = time.monotonic() - since
    if done <= before or seconds <= 0:
        return "", ""
    rate = (done - before) / seconds
    left = (total - done) / rate
    return (f"{rate / 1e9:.3g} GVoxel/s" if what == "voxels" else ""), (f"{left:.0f} s left" if left else "")
