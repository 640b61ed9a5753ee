"""The work folder of an unfinished load, and how it is reopened."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cellgraph.addresses import redacted
from cellgraph.engines import Ledger
from cellgraph.engines.manifest import MANIFEST, has_work, is_manifest, read_manifest, require_volume
from cellgraph.errors import ParameterError, ResumeError, StoreError
from cellgraph.volumes import Block, grid, plan_blocks, stamps
from cellgraph.volumes.reading import PLAIN
from cellgraph.volumes.scan import Scan

STATE = "watch.npz"
"""File in which a watch saves its state."""

_LONGEST_NAME = 255
"""Maximum length of a file name, in bytes."""

_OURS = re.compile(rf"({re.escape(MANIFEST)}|tally-\d{{6,}}\.bin|{re.escape(STATE)})(\.part)?")


@dataclass(frozen=True)
class WorkFolder:
    """Where the work of an unfinished load or watch is kept.

    Attributes
    ----------
    path : pathlib.Path
        The folder.
    named : bool
        Whether the user named it; if not, its parent folder is cellgraph's own too.
    """

    path: Path
    named: bool

    @staticmethod
    def of(work: str | os.PathLike[str] | None, db: str, sample: str) -> WorkFolder:
        """Return the named folder, or the default for a sample: beside a database file, or here for a server.

        Raises
        ------
        ParameterError
            If the sample name is too long for a folder name.
        """
        if work is not None:
            return WorkFolder(Path(work), named=True)
        name = quote(sample, safe=" +=,@()") or "_"
        if len(name) > _LONGEST_NAME:
            raise ParameterError(
                f"the name of the sample is too long for its work folder: it takes {len(name)} bytes there, and at "
                f"most {_LONGEST_NAME} are possible; give a shorter one with --sample, or a folder with --work"
            )
        base = Path("cellgraph-work") if "://" in db or db == "neo4j" else Path(db + "-work")
        return WorkFolder(base / name, named=False)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Create the folder and lock it against other processes; on exit, remove it if it is empty.

        Raises
        ------
        StoreError
            If it cannot be created.
        ResumeError
            If another process is working in it, or it holds anything that is not cellgraph's.
        """
        try:
            parents = (folder for folder in (self.path, *self.path.parents) if not folder.exists())
            made = [*parents] if self.named else [self.path, self.path.parent]
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDONLY)
        except OSError as error:
            raise StoreError(
                f"the work folder {self.path} cannot be created: {error.strerror}; name another one with --work"
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ResumeError(
                    f"another process is loading this sample right now (it is working in {self.path}); "
                    "wait for it, or give this load another name with --sample"
                ) from error
            self._require_ours()
            yield
        finally:
            for empty in made:
                with suppress(OSError):  # not empty: work that can be resumed, or other samples' work
                    empty.rmdir()
            os.close(handle)

    def _require_ours(self) -> None:
        """Raise `ResumeError` if the folder holds anything not written by a load or watch."""
        strange = sorted(entry.name for entry in self.path.iterdir() if not _OURS.fullmatch(entry.name))
        if not strange and has_work(self.path) and not is_manifest(self.path / MANIFEST):
            strange = [MANIFEST]
        if strange:
            raise ResumeError(
                f"the work folder {self.path} is used for something else: it must be empty or hold an unfinished "
                f"load, but {strange[0]!r} is not a file of cellgraph; name another folder with --work"
            )


def grid_of(identity: dict[str, Any]) -> list[Block]:
    """Return the blocks of the grid that a load with this identity started with."""
    (c, b, a), (z, y, x) = identity["shape"], identity["grid"]
    return grid((c, b, a), (z, y, x))


@contextmanager
def open_ledger(
    folder: WorkFolder, scan: Scan, memory: int, workers: int, *, resume: bool, notes: list[str]
) -> Iterator[Ledger]:
    """Open the ledger of a load: resume an unfinished one of the same load, or start a new one.

    Parameters
    ----------
    folder : WorkFolder
        Where it is.
    scan : Scan
        What to sweep.
    memory, workers : int
        See `plan_blocks`; a resumed load keeps its original blocks.
    resume : bool
        Whether unfinished work of another load is an error; otherwise it is discarded.
    notes : list of str
        Sentences for the user are appended to it.

    Raises
    ------
    ResumeError
        See `Ledger.resume` and `WorkFolder.locked`; also if the folder holds unfinished work of another volume.
    """
    with folder.locked():
        yield _open(folder.path, scan, memory, workers, resume, notes)


def _open(folder: Path, scan: Scan, memory: int, workers: int, resume: bool, notes: list[str]) -> Ledger:
    first = plan_blocks(scan.header, memory, workers)[0]
    identity = _identity(scan, first.shape)
    if has_work(folder):
        require_volume(folder, identity)
        try:
            identity["grid"] = read_manifest(folder).get("grid")
            ledger = Ledger.resume(folder, identity, stamps(scan.volume, grid_of(identity), scan.rules.margin))
        except ResumeError as error:
            if resume:
                raise
            notes.append(f"unfinished work in {folder} belonged to another load and was discarded ({error})")
        else:
            notes.append(f"resumed an earlier load: {len(ledger.done):,} blocks were already done")
            if ledger.redone:
                notes.append(f"damaged files in the work folder were redone: {', '.join(ledger.redone)}")
            if prod(identity["grid"]) > prod(first.shape):
                notes.append(
                    "its original blocks are kept, which take more memory than --memory and --workers "
                    f"now allow; to start over with smaller ones, delete {folder}"
                )
            return ledger
        identity["grid"] = list(first.shape)
    elif resume:
        notes.append(f"there was no unfinished work in {folder}; loaded from the beginning")
    return Ledger(folder, identity, stamps(scan.volume, grid_of(identity), scan.rules.margin))


def _identity(scan: Scan, block: tuple[int, int, int]) -> dict[str, Any]:
    from cellgraph import __version__

    header = scan.header
    return {
        "source": os.path.abspath(scan.source) if scan.source and "://" not in scan.source else redacted(scan.source),
        "dataset": scan.dataset,
        **({} if scan.reading == PLAIN else {"reading": asdict(scan.reading)}),
        "fingerprint": scan.volume.fingerprint(),
        "shape": list(header.shape),
        "dtype": str(header.dtype),
        "background": scan.rules.background,
        "connectivity": scan.rules.connectivity,
        "sites": scan.rules.sites,
        **({} if scan.rules.reach is None else {"expand": scan.rules.reach.growth}),
        "grid": list(block),
        "version": __version__,
    }
