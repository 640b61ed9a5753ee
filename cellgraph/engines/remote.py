"""What engines with several processes share: the task of a worker, the sweep there, and its result.

Errors that a user can cause are returned as values, with the tallies of the blocks before them, so that an engine
neither retries nor wraps them.  All others are raised, so that the engine retries on another worker.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from cellgraph.engines.groups import group_blocks
from cellgraph.engines.shelf import Shelf
from cellgraph.engines.threads import ThreadsEngine
from cellgraph.errors import CellgraphError, EngineError, ParameterError
from cellgraph.volumes import Block, Volume, open_volume
from cellgraph.volumes.scan import Scan
from cellgraph.voxels.tally import Tally, merge

KEPT = "finished work is kept: once this is fixed, run the same load with --resume"


@dataclass(frozen=True)
class Task:
    """Some blocks of a volume for one worker.

    Attributes
    ----------
    sweep : str
        The sweep that it belongs to: tasks of one sweep share an open volume in each process.
    scan : Scan
        What to sweep, without its open volume; its source is an absolute path or a URL.  The worker must see a volume
        of the same shape and type.
    version : str
        Version of cellgraph where the sweep was started.
    blocks : tuple of Block
        In raster order.
    """

    sweep: str
    scan: Scan = field(repr=False)  # its source may contain a password, and schedulers log what fails
    version: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Failure:
    """A `CellgraphError` on its way from a worker: names of its classes, most specific first, and its message."""

    kinds: tuple[str, ...]
    message: str

    @staticmethod
    def of(error: CellgraphError) -> Failure:
        """Return the failure from which another process can restore the error."""
        return Failure(tuple(kind.__name__ for kind in type(error).__mro__), str(error))

    def error(self) -> CellgraphError:
        """Return the error, of the same class if this process knows it, else of its nearest base."""
        known = {kind.__name__: kind for kind in _all_kinds(CellgraphError)}
        kind = next(known[name] for name in self.kinds if name in known)
        # Not by calling the class: some take other arguments.  An OSError has memory that only its own __new__ sets up.
        error = (OSError if issubclass(kind, OSError) else kind).__new__(kind, self.message)
        error.args = (self.message,)
        return error


def _all_kinds(base: type[CellgraphError]) -> Iterator[type[CellgraphError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _all_kinds(kind)


@dataclass(frozen=True)
class Swept:
    """The result of a task: the tally of the finished blocks, and why the others are not finished.

    Attributes
    ----------
    blocks : tuple of int
        Numbers of the finished blocks.
    tally : Tally
        Their tally.
    failure : Failure or None
        None if all are done.
    """

    blocks: tuple[int, ...]
    tally: Tally
    failure: Failure | None = None

    def merge(self, other: Swept) -> Swept:
        """Return both results together; of two failures, one is enough."""
        return Swept(self.blocks + other.blocks, self.tally.merge(other.tally), self.failure or other.failure)

    def deliver(self, blocks: Mapping[int, Block]) -> Iterator[tuple[list[Block], Tally]]:
        """Yield what is done, then raise the failure; `blocks` are those of the sweep, by number."""
        if self.blocks:
            yield [blocks[number] for number in self.blocks], self.tally
        if self.failure is not None:
            raise self.failure.error()


def plan_tasks(scan: Scan, blocks: Sequence[Block], workers: int, engine: str) -> list[Task]:
    """Divide a sweep into tasks.

    Raises
    ------
    ParameterError
        If other processes cannot open the volume, since it is an array in memory.
    """
    from cellgraph import __version__

    if not scan.source:
        raise ParameterError(
            f"the engine {engine!r} sweeps volumes that its workers can open, but this is an array in memory; "
            "sweep it with the engine 'threads', or save it first, for example with numpy.save"
        )
    sweep = uuid.uuid4().hex
    sent = scan.sent()
    return [Task(sweep, sent, __version__, tuple(group)) for group in group_blocks(blocks, scan.header, workers)]


def sweep_task(task: Task) -> Swept:
    """Sweep the blocks of a task. This runs in the workers."""
    done: list[int] = []
    tallies: list[Tally] = []
    failure = None
    try:
        _check_version(task)
        with _shelf.borrow(task.sweep, partial(_open, task.scan)) as volume:
            # One thread reads ahead, one sweeps.
            for blocks, tally in ThreadsEngine(1).tallies(task.scan.of(volume), task.blocks):
                done += [block.index for block in blocks]
                tallies.append(tally)
    except CellgraphError as error:
        failure = Failure.of(error)
    return Swept(tuple(done), merge(tallies), failure)


def _check_version(task: Task) -> None:
    from cellgraph import __version__

    if task.version != __version__:
        raise EngineError(
            f"the worker {_here()} runs cellgraph {__version__}, but the load was started by {task.version}; "
            f"install the same version everywhere; {KEPT}"
        )


def _here() -> str:
    return f"on {socket.gethostname()} (process {os.getpid()})"


def _open(scan: Scan) -> Volume:
    try:
        volume = open_volume(scan.source, dataset=scan.dataset, reading=scan.reading)
    except CellgraphError as error:
        raise EngineError(
            f"the worker {_here()} cannot open the volume ({error}); it must be readable by all workers under "
            f"the same path or URL, and with the same libraries; {KEPT}"
        ) from error
    here, there = volume.header, scan.header
    if (here.shape, here.dtype) != (there.shape, there.dtype):
        volume.close()
        raise EngineError(
            f"the worker {_here()} sees another volume under {scan.source}: expected {there.shape} voxels of "
            f"{there.dtype}, got {here.shape} of {here.dtype}; it must be the same file for all workers"
        )
    return volume


_shelf = Shelf()


def first_line(error: BaseException) -> str:
    """Return the first line of the message of another library's error."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def end_sweep(sweep: str) -> None:
    """Close the volume of a sweep in this process, as soon as none of its tasks runs any more."""
    _shelf.end(sweep)
