"""Where the work of an unfinished load is kept, and opening it again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cellgraph.engines import Job, Ledger
from cellgraph.engines.manifest import has_work, read_manifest
from cellgraph.errors import ResumeError, StoreError
from cellgraph.volumes import Block, Header, grid, plan_blocks


def work_folder(db: str, sample: str) -> Path:
    """Return the work folder of a sample: beside a database file, in this folder for a server."""
    name = quote(sample, safe=" +=,@()") or "_"
    base = Path("cellgraph-work") if "://" in db or db == "neo4j" else Path(db + "-work")
    return base / name


def grid_of(ledger: Ledger, header: Header) -> list[Block]:
    """Return the blocks of the grid that a ledger was begun with."""
    z, y, x = ledger.identity["grid"]
    return grid(header.shape, (z, y, x))


@contextmanager
def open_ledger(
    folder: Path, job: Job, memory: int, workers: int, *, resume: bool, notes: list[str]
) -> Iterator[Ledger]:
    """Open the ledger of a load: one that goes on, if there is one of the same load, or a new one.

    Parameters
    ----------
    folder : pathlib.Path
        Work folder.
    job : Job
        What is swept.
    memory, workers : int
        See `plan_blocks`; a load that goes on keeps the blocks that it was begun with.
    resume : bool
        Whether work of another load is an error, or is begun anew.
    notes : list of str
        Gets sentences for the user.

    Raises
    ------
    ResumeError
        See `Ledger.resume`; or if another process is working in the folder.
    """
    with locked(folder):
        yield _open(folder, job, memory, workers, resume, notes)


def _open(folder: Path, job: Job, memory: int, workers: int, resume: bool, notes: list[str]) -> Ledger:
    first = plan_blocks(job.volume.header, memory, workers)[0]
    identity = _identity(job, first.shape)
    if has_work(folder):
        try:
            identity["grid"] = read_manifest(folder).get("grid")
            ledger = Ledger.resume(folder, identity)
        except ResumeError as error:
            if resume:
                raise
            notes.append(f"unfinished work in {folder} was of another load and is begun anew ({error})")
        else:
            notes.append(f"went on where an earlier load had stopped: {len(ledger.done):,} blocks were done already")
            if ledger.redone:
                notes.append(f"damaged files of the work folder were done again: {', '.join(ledger.redone)}")
            return ledger
        identity["grid"] = list(first.shape)
    elif resume:
        notes.append(f"there was no unfinished work in {folder}; loaded from the beginning")
    return Ledger(folder, identity)


def _identity(job: Job, block: tuple[int, int, int]) -> dict[str, Any]:
    from cellgraph import __version__

    header = job.volume.header
    return {
        "source": os.path.abspath(job.source) if job.source and "://" not in job.source else job.source,
        "dataset": job.dataset,
        "fingerprint": job.volume.fingerprint(),
        "shape": list(header.shape),
        "dtype": str(header.dtype),
        "background": job.rules.background,
        "connectivity": job.rules.connectivity,
        "grid": list(block),
        "version": __version__,
    }


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep two processes that load one sample out of each other's work folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StoreError(
            f"the work folder {folder} cannot be made: {error.strerror}; name another one with --work"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ResumeError(
                f"another process is loading this sample at the moment (it works in {folder}); "
                "wait for it, or give this load another name with --sample"
            ) from error
        yield
    finally:
        for empty in (folder, folder.parent):
            with suppress(OSError):  # not empty: work that can be resumed, or other samples' work
                empty.rmdir()
        os.close(handle)
