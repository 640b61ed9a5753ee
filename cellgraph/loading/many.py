"""Load many volumes in one go: a failed one does not stop the rest."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Unpack

from cellgraph.addresses import redacted
from cellgraph.engines import Engine, using_engine
from cellgraph.errors import CellgraphError, ParameterError
from cellgraph.loading.group import Group, Outcome, Waiting
from cellgraph.loading.load import LoadOptions, LoadReport, divided, tallied
from cellgraph.loading.parameters import require_path, resolve_whole
from cellgraph.loading.target import names_in
from cellgraph.stores import address_of
from cellgraph.volumes.naming import sample_name
from cellgraph.volumes.scan import Scan, ScanOptions, scanned


@dataclass(frozen=True)
class _Asked:
    """One of the loads: its name in messages, its volume and sample, and its own reading options."""

    told: str
    source: str
    sample: str
    own: ScanOptions


def load_many(
    sources: Sequence[str],
    db: str | os.PathLike[str] | None = None,
    *,
    parallel: int = 1,
    workers: int | None = None,
    engine: Engine | str = "threads",
    **options: Unpack[LoadOptions],
) -> Iterator[Outcome]:
    """Load several volumes into one database, each as a sample; yield the outcome of each, in order.

    Samples become visible in groups, since every write into a database file copies it: a group is written once it is as
    large as the file.  Until then, its tallies are safe in the work folders.

    Parameters
    ----------
    sources : sequence of str
        The volumes.  Samples are named after the part of the path that distinguishes them.
    db : str or path, optional
        See `load`.
    parallel : int
        How many to load at the same time.
    workers, engine
        See `load`; all share one engine.
    **options
        Further arguments of `load`, the same for all.

    Raises
    ------
    ParameterError
        If `parallel` is not at least 1.
    """
    if isinstance(sources, str | bytes) or not isinstance(sources, Sequence):
        raise ParameterError(f"expected a list of volumes, got {sources!r}; use load for a single volume")
    require_path(**{f"volume {number}": source for number, source in enumerate(sources, 1)})
    names = sample_names([os.fspath(source) for source in sources])
    at_once = resolve_whole("how many volumes are loaded at the same time", parallel, least=1)
    asked = [_Asked(redacted(source), source, name, {}) for source, name in names.items()]
    with using_engine(engine, workers) as shared:
        yield from _load_each(asked, db, shared, at_once, options)


def load_frames(
    source: str,
    db: str | os.PathLike[str] | None = None,
    *,
    sample: str | None = None,
    engine: Engine | str = "threads",
    workers: int | None = None,
    **options: Unpack[LoadOptions],
) -> Iterator[Outcome]:
    """Load each frame of a time series as a sample, named ``NAME_t0000`` and so on; yield the outcome of each.

    Parameters
    ----------
    source : str
        A volume with a time axis.
    db, engine, workers
        See `load`.
    sample : str, optional
        Prefix of the sample names; by default the name of the file.
    **options
        Further arguments of `load`, the same for all.

    Raises
    ------
    CellgraphError
        If the volume cannot be opened, or has no time axis.
    """
    reading, _ = divided({**options, "time": 0})
    with scanned(source, sample, **reading) as scan:
        axes, name = scan.header.axes, scan.sample
    require_frames(source, scan)
    frames = axes.frames if axes is not None else 1
    asked = [
        _Asked(f"{redacted(source)} frame {frame}", source, f"{name}_t{frame:04d}", {"time": frame})
        for frame in range(frames)
    ]
    with using_engine(engine, workers) as shared:
        yield from _load_each(asked, db, shared, 1, options)


def require_frames(source: str, scan: Scan) -> None:
    """Raise `ParameterError` if a volume, of which a frame was chosen, has no axis of time."""
    if scan.part("time") is None:
        raise ParameterError(f"{source}: --time each needs a time axis, but there is none; name it with --axes")


def _load_each(
    asked: Sequence[_Asked], db: str | os.PathLike[str] | None, engine: Engine, at_once: int, options: LoadOptions
) -> Iterator[Outcome]:
    """Load volumes, several at the same time, and write their graphs in groups."""
    stop = threading.Event()

    def report(what: str, done: int, total: int) -> None:
        if stop.is_set():  # Ctrl-C reaches only the main thread, but has to stop the loads too
            raise KeyboardInterrupt

    target = address_of(db)
    reading, own = divided(options)
    own["report"] = report
    group = Group(target, replace=bool(options.get("replace", False)), report=report)
    try:
        there = names_in(target)
    except CellgraphError as error:
        yield from (Outcome(one.told, None, error) for one in asked)
        return

    def load(one: _Asked) -> Outcome | Waiting:
        stack = ExitStack()
        try:
            with scanned(one.source, one.sample, **{**reading, **one.own}) as scan:
                found = tallied(stack, scan, target, engine, there=there, **own)
        except BaseException as error:
            stack.close()
            if isinstance(error, CellgraphError):
                return Outcome(one.told, None, error)
            raise
        if isinstance(found, LoadReport):
            stack.close()
            return Outcome(one.told, found, None)
        return group.keep(Waiting(one.told, found, stack))

    with group, ThreadPoolExecutor(at_once) as pool:
        try:
            for ended in pool.map(load, asked):
                yield from group.add(ended)
            yield from group.write()
        finally:
            stop.set()


def sample_names(sources: Sequence[str]) -> dict[str, str]:
    """Return a distinct sample name for each path: the file name, preceded by as many folders as needed."""
    names = {source: sample_name(redacted(source)) for source in sources}
    for depth in range(2, 2 + max((len(_folders(source)) for source in sources), default=0)):
        for source in _double(names):
            names[source] = "_".join([*_folders(source)[1 - depth :], sample_name(redacted(source))])
    for source in _double(names):  # several datasets of one file
        names[source] = ":".join([names[source], *redacted(source).rpartition(":")[2:]])
    return names


def _double(names: dict[str, str]) -> list[str]:
    taken = Counter(names.values())
    return [source for source, name in names.items() if taken[name] > 1]


def _folders(source: str) -> list[str]:
    return [part for part in redacted(source).rstrip("/").split("/")[:-1] if part and part != "."]
