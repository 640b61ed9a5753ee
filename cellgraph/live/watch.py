"""A live scan: the graph in the database grows while slices arrive."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    resolve_connectivity,
    resolve_number,
    resolve_whole,
)
from cellgraph.loading.target import check_target
from cellgraph.loading.workfolder import STATE, WorkFolder
from cellgraph.model import check_sample_name
from cellgraph.stores import address_of, open_store
from cellgraph.volumes.blocks import BLOCK_BYTES
from cellgraph.volumes.naming import sample_name
from cellgraph.voxels.parameters import resolve_background

Array = np.ndarray[Any, Any]

_LOOK_MILLISECONDS = 250
# An update writes the whole graph; it may take this part of the time, or updates become rarer than `every`.
_WRITING_SHARE = 0.2


@dataclass(frozen=True)
class WatchReport:
    """How a live scan ended.

    Attributes
    ----------
    name, db : str
        The sample, and the database that it is in.
    slices, cells, contacts : int
        How many there are in the database now.
    missing : tuple of range
        Numbers between the first and the last slice that did not arrive; none where the names are not counted.
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
    background: int | None = 0,
    connectivity: int = 6,
    spacing: Sequence[float] | None = None,
    unit: str | None = None,
    replace: bool = False,
    work: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> WatchReport:
    """Keep the graph of a scan that is being written up to date in a database.

    At every update the graph is that of the slices that are there, in the order of the numbers in their names, as
    `load` would make it of the folder.  What was taken is kept in a work folder, so that another call goes on after a
    crash, or after `idle` seconds or Ctrl-C, even if the files are gone by then.

    Parameters
    ----------
    folder : path
        Where slices (2D images) or slabs (3D) appear, in any format that `open_volume` reads as one file.
    pattern : str
        Of their names, as ``slice_*.tif``.
    db, sample, background, connectivity, spacing, unit, work
        See `load`.
    replace : bool
        Begin anew, whatever an earlier watch has taken, and replace a sample of that name.
    until : int, optional
        End when so many files have been taken.
    idle : float, optional
        End when none has come for so many seconds.
    every : float
        Seconds between updates of the database, at least.
    tell : callable
        Gets a sentence for each update and each odd file.

    Raises
    ------
    NotFoundError
        If there is no such folder, or nothing came in time.
    InputError
        If there was no cell in what came; the database is as it was before.
    CellgraphError
        As for `load`.
    """
    from cellgraph import __version__

    if until is not None:
        until = resolve_whole("until", until, least=1)
    idle = None if idle is None else resolve_number("idle", idle)
    every = resolve_number("every", every)
    background = resolve_background(background)
    require_kind("str", pattern=pattern, sample=sample, unit=unit)
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
        raise ParameterError(f"expected a pattern of file names, as slice_*.tif, got {pattern!r} ({error})") from error
    name = check_sample_name(sample_name(str(path.resolve())) if sample is None else sample)
    target = address_of(db)
    place = WorkFolder.of(work, target, name)
    state = place.path / STATE
    sweep = Sweep(
        background=background, connectivity=connectivity, spacing=spacing, unit=unit, name=name, source=str(folder)
    )
    identity = {
        "folder": str(path.resolve()),
        "pattern": pattern,
        "background": background,
        "connectivity": resolve_connectivity(connectivity, 3),
        "spacing": None if spacing is None else [float(size) for size in spacing],
        "unit": unit,
        "version": __version__,
    }
    with place.locked(), interrupts_noted() as interrupted:
        resumed = state.is_file() and not replace
        taken = restore(state, identity, sweep) if resumed else {}
        check_target(target, name, replace or resumed)
        incoming = Incoming(path, pattern, tell, taken)
        if resumed:
            tell(f"went on with the {len(taken):,} slices that were taken before")
        live = _Live(sweep, incoming, target, state, identity, tell)
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
            tell("interrupted: the last slices go into the database, then the watch ends")
        if not taken:
            raise NotFoundError(
                f"no slice came: expected files like {pattern!r} in {path}"
                + "".join(f"; {reason}" for reason in incoming.unreadable)
            )
        live.update()
        if ended == "until":
            state.unlink(missing_ok=True)
        if not live.cells:
            raise InputError(
                f"{path}: no cells came in {sweep.depth:,} slices: {only_background(background)}"
                + ("" if ended == "until" else "; with --replace, to begin anew")
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
    """Return why the watch ends now; nothing if it goes on."""
    if until is not None and taken >= until:
        return "until"
    if interrupted.is_set():
        return "interrupted"
    return "idle" if idle is not None and quiet > idle else ""


def _go_together(slabs: list[tuple[int, Array]], number: int, labels: Array) -> bool:
    """Tell whether a slab is the next slice after some, alike, and together they are no larger than a block."""
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
    ) -> None:
        self.sweep = sweep
        self.incoming = incoming
        self.cells = self.contacts = 0
        self.last_arrival = time.monotonic()
        self._target, self._state, self._identity, self._tell = target, state, identity, tell
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
                if is_enough():  # those that were refused do not count
                    return
        self._feed(slabs)

    def _feed(self, slabs: list[tuple[int, Array]]) -> None:
        """Feed slabs that go together as one, which is quicker, or one by one if there is anything wrong with them."""
        if not slabs:
            return
        number, labels = slabs[0]
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

    def due(self, every: float) -> bool:
        """Tell whether the database should be brought up to date now."""
        since = time.monotonic() - self._updated
        return self._changed and since > max(every, self._cost / _WRITING_SHARE)

    def update(self) -> None:
        """Bring the database up to date, and make what was taken safe before."""
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
