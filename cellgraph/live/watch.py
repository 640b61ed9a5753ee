"""A live scan: the graph in the database grows while slices arrive."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from cellgraph.addresses import redacted
from cellgraph.engines.interrupts import interrupts_noted
from cellgraph.errors import (
    CellgraphError,
    InputError,
    MissingExtraError,
    NotFoundError,
    ParameterError,
    only_background,
)
from cellgraph.live.incoming import Incoming
from cellgraph.live.slabs import Sweep
from cellgraph.live.watchstate import keep, restore
from cellgraph.loading.parameters import (
    require_calls,
    require_kind,
    require_path,
    resolve_number,
    resolve_whole,
)
from cellgraph.loading.target import check_target
from cellgraph.loading.workfolder import STATE, WorkFolder
from cellgraph.model import check_sample_name
from cellgraph.stores import address_of, open_store
from cellgraph.volumes.blocks import BLOCK_BYTES
from cellgraph.volumes.naming import sample_name
from cellgraph.volumes.scan import ScanOptions, VoxelOptions, settle
from cellgraph.volumes.volume import Header

Array = np.ndarray[Any, Any]

_LOOK_MILLISECONDS = 250
# An update writes the whole graph; it may take this share of the time, or else updates become rarer than `every`.
_WRITING_SHARE = 0.2


@dataclass(frozen=True)
class WatchReport:
    """How a live scan ended.

    Attributes
    ----------
    name, db : str
        The sample, and the database that it is in.
    slices, cells, contacts : int
        Their numbers in the database now.
    missing : tuple of range
        Numbers of slices between the first and the last one that did not arrive; none if names are not consecutive.
    unreadable : tuple of str
        A sentence for each file that could not be taken, or was written again afterwards.
    ended : str
        ``until``, ``idle`` or ``interrupted``.
    """

    name: str
    db: str
    slices: int
    cells: int
    contacts: int
    missing: tuple[range, ...]
    unreadable: tuple[str, ...]
    ended: str


def watch(
    folder: str | os.PathLike[str],
    pattern: str = "*",
    db: str | os.PathLike[str] | None = None,
    *,
    until: int | None = None,
    idle: float | None = None,
    every: float = 10.0,
    sample: str | None = None,
    replace: bool = False,
    work: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
    **options: Unpack[ScanOptions],
) -> WatchReport:
    """Keep the graph of a scan up to date in a database while the scan is being written.

    At every update, the graph is that of the slices that have arrived, in the order of the numbers in their names, as
    `load` would make it from the folder.  What was taken is kept in a work folder, so that another call resumes after a
    crash, or after `idle` seconds or Ctrl-C, even if the files are gone by then.

    Parameters
    ----------
    folder : path
        Where slices (2D images) or slabs (3D) appear, in any format that `open_volume` reads as one file.
    pattern : str
        Pattern of their names, such as ``slice_*.tif``.
    db, sample, work
        As in `load`.
    replace : bool
        Start over, ignoring what an earlier watch has taken, and replace a sample of that name.
    until : int, optional
        Stop once this many files have been taken.
    idle : float, optional
        Stop when no file has arrived for this many seconds.
    every : float
        Minimum number of seconds between updates of the database.
    tell : callable
        Called with a sentence for each update and each file with a problem, and on how the first slab was read, as all
        others are.
    **options
        How to read each file: `dataset`, `axes`, `time`, `channel`, `background`, `connectivity`, `spacing` and `unit`,
        as in `ScanOptions`.  The voxel size is (z, y, x); 2D images do not say how far apart they are.

    Raises
    ------
    NotFoundError
        If there is no such folder, or nothing arrived in time.
    InputError
        If there was no cell in what arrived; the database is unchanged.
    CellgraphError
        As in `load`.
    """
    from cellgraph import __version__

    if until is not None:
        until = resolve_whole("until", until, least=1)
    idle = None if idle is None else resolve_number("idle", idle)
    every = resolve_number("every", every)
    require_kind("str", pattern=pattern, sample=sample)
    require_kind("bool", replace=replace)
    require_path(folder=folder, work=work)
    require_calls(tell=tell)
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError("watching a folder", "watch", "watchfiles") from error
    path = Path(folder)
    try:
        next(iter(path.glob(pattern)), None)
    except (ValueError, NotImplementedError, OSError) as error:
        raise ParameterError(
            f"expected a pattern of file names, such as slice_*.tif, got {pattern!r} ({error})"
        ) from error
    name = check_sample_name(sample_name(str(path.resolve())) if sample is None else sample)
    target = address_of(db)
    place = WorkFolder.of(work, target, name)
    state = place.path / STATE
    how = dict(options)
    voxels: dict[str, Any] = {name: how.pop(name) for name in VoxelOptions.__annotations__ if name in how}
    sweep = Sweep(name=name, source=str(folder), **voxels)
    identity = {
        "folder": str(path.resolve()),
        "pattern": pattern,
        **how,
        "background": sweep.scan.rules.background,
        "connectivity": sweep.scan.rules.connectivity,
        "spacing": None if options.get("spacing") is None else list(sweep.scan.spacing),
        "unit": options.get("unit"),
        "version": __version__,
    }
    with place.locked(), interrupts_noted() as interrupted:
        resumed = state.is_file() and not replace
        taken = restore(state, identity, sweep) if resumed else {}
        check_target(target, name, replace or resumed)
        incoming = Incoming(path, pattern, tell, taken, ScanOptions(**how))  # type: ignore[typeddict-item]
        if resumed:
            tell(f"resumed with the {len(taken):,} slices that were taken before")
            tell(sweep.scan.sentence())
        live = _Live(sweep, incoming, target, state, identity, tell, voxels)
        looks = watchfiles.watch(path, rust_timeout=_LOOK_MILLISECONDS, yield_on_timeout=True, step=50, debounce=100)
        try:
            while True:
                live.take(until, interrupted)
                if ended := _end(len(taken), until, time.monotonic() - live.last_arrival, idle, interrupted):
                    break
                if live.due(every):
                    live.update()
                next(looks)
        finally:
            looks.close()
        if ended == "interrupted":
            tell("interrupted: writing the last slices to the database before stopping")
        if not taken:
            raise NotFoundError(
                f"no slice arrived: expected files like {pattern!r} in {path}"
                + "".join(f"; {reason}" for reason in incoming.unreadable)
            )
        live.update()
        if ended == "until":
            state.unlink(missing_ok=True)
        if not live.cells:
            raise InputError(
                f"{path}: there are no cells in {sweep.depth:,} slices: {only_background(sweep.scan.rules.background)}"
                + ("" if ended == "until" else "; with --replace, to start over")
            )
    return WatchReport(
        name=name,
        db=redacted(target),
        slices=sweep.depth,
        cells=live.cells,
        contacts=live.contacts,
        missing=tuple(incoming.missing),
        unreadable=tuple(incoming.unreadable),
        ended=ended,
    )


def _end(taken: int, until: int | None, quiet: float, idle: float | None, interrupted: threading.Event) -> str:
    """Return why the watch ends now; empty if it continues."""
    if until is not None and taken >= until:
        return "until"
    if interrupted.is_set():
        return "interrupted"
    return "idle" if idle is not None and quiet > idle else ""


def _go_together(slabs: list[tuple[int, Array]], number: int, labels: Array) -> bool:
    """Return whether a slab is the next slice after some, of the same shape and type, and all fit into a block."""
    before, last = slabs[-1]
    alike = last.shape == labels.shape and last.dtype == labels.dtype and len(labels) == 1
    return alike and number == before + 1 and (len(slabs) + 1) * labels.nbytes <= BLOCK_BYTES


class _Live:
    """The sweep so far, and the graph in the database that follows it."""

    def __init__(
        self,
        sweep: Sweep,
        incoming: Incoming,
        target: str,
        state: Path,
        identity: dict[str, Any],
        tell: Callable[[str], None],
        voxels: dict[str, Any],
    ) -> None:
        self.sweep = sweep
        self.incoming = incoming
        self.cells = self.contacts = 0
        self.last_arrival = time.monotonic()
        self._target, self._state, self._identity, self._tell = target, state, identity, tell
        self._voxels = voxels
        self._changed = bool(incoming.taken)
        self._updated = float("-inf")
        self._cost = 0.0

    def take(self, until: int | None, interrupted: threading.Event) -> None:
        """Feed what has arrived, no more than `until` files in all, and none after Ctrl-C."""

        def is_enough() -> bool:
            return interrupted.is_set() or (until is not None and len(self.incoming.taken) >= until)

        slabs: list[tuple[int, Array]] = []
        for number, labels in self.incoming.arrived():
            if slabs and not _go_together(slabs, number, labels):
                self._feed(slabs)
                slabs = []
            slabs.append((number, labels))
            if is_enough():
                self._feed(slabs)
                slabs = []
                if is_enough():  # rejected files do not count
                    return
        self._feed(slabs)

    def _feed(self, slabs: list[tuple[int, Array]]) -> None:
        """Feed slabs that go together as one, which is faster, or one by one if anything is wrong with them."""
        if not slabs:
            return
        number, labels = slabs[0]
        if not self.sweep.depth and self.incoming.header is not None:
            self._settle(self.incoming.header)
        try:
            if len(slabs) == 1:
                self.sweep.feed(labels, number=number)
            else:
                self.sweep.feed(np.concatenate([labels for _, labels in slabs]), z=number)
        except CellgraphError as error:
            if len(slabs) == 1:
                self.incoming.refuse(number, str(error))
            else:
                for slab in slabs:
                    self._feed([slab])
            return
        self._changed = True
        self.last_arrival = time.monotonic()

    def _settle(self, first: Header) -> None:
        """Settle how all slabs are read, from the first one, and report it."""
        known = first.ndim == 3
        if first.spacing is not None and not known:
            size = f"{first.spacing[1]:g} x {first.spacing[2]:g} {first.unit or ''}".rstrip()
            self._tell(
                f"the slices have pixels of {size}, but no distance between slices; give it with --spacing Z,Y,X"
            )
        before = self.sweep.scan
        header = replace(
            first,
            source=before.header.source,
            ndim=3,
            spacing=first.spacing if known else None,
            unit=first.unit if known else None,
        )
        self.sweep.scan = settle(header, sample=before.sample, **self._voxels)
        self._tell(self.sweep.scan.sentence())

    def due(self, every: float) -> bool:
        """Return whether the database should be updated now."""
        since = time.monotonic() - self._updated
        return self._changed and since > max(every, self._cost / _WRITING_SHARE)

    def update(self) -> None:
        """Save what was taken, and then update the database."""
        if not self._changed:
            return
        begin = time.monotonic()
        keep(self._state, self._identity, self.incoming.taken, self.sweep)
        graph = self.sweep.result(close_gaps=True)
        if graph.cells.num_rows:
            with open_store(self._target, create=True) as store:
                store.write(graph.network(), replace=True)
        self.cells, self.contacts = graph.cells.num_rows, graph.contacts.num_rows
        self._changed = False
        self._updated = time.monotonic()
        self._cost = self._updated - begin
        self._tell(f"{self.sweep.depth:,} slices: {self.cells:,} cells and {self.contacts:,} contacts")
