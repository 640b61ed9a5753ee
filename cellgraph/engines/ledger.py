"""What is done of a sweep: merged tallies in memory, and on disk so that a crash loses nothing.

A work folder holds a manifest and some tally files::

    manifest.json          what is swept and how; which file holds the tally of which blocks; checksums
    tally-000017.bin       see `Tally.to_bytes`

Both are written beside their name, flushed to the disk and renamed, files before the manifest that lists them.  So a
manifest, whenever the process dies, lists only files that are whole; files that it does not list are left-overs and
are removed.  Files are merged upward, eight to one, so a row is written about log8(flushes) times and there are never
more than a few dozen files.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellgraph.errors import ResumeError, StoreError
from cellgraph.voxels.tally import DamagedTally, Tally, merge

FORMAT = 1
_FAN = 8  # files of one level that are merged into one of the next
_FLUSH_SECONDS = 2.0
MANIFEST = "manifest.json"


@dataclass
class _Part:
    """A tally of some blocks, and its file."""

    level: int
    blocks: list[int]
    tally: Tally
    file: str = ""


@dataclass
class Ledger:
    """The tallies of the finished blocks of one volume.

    Attributes
    ----------
    folder : pathlib.Path or None
        Work folder; None keeps everything in memory only.
    identity : dict
        JSON-ready: source, fingerprint, shape, grid of blocks, parameters, version. A resumed sweep must have the same.
    done : set of int
        Numbers of the blocks that are in the ledger.
    redone : list of str
        Names of files whose contents were damaged, so that their blocks are done again.
    """

    folder: Path | None
    identity: dict[str, Any]
    done: set[int] = field(default_factory=set)
    redone: list[str] = field(default_factory=list)
    _parts: list[_Part] = field(default_factory=list)
    _pending: _Part = field(default_factory=lambda: _Part(0, [], Tally.empty()))
    _flushed: float = field(default_factory=time.monotonic)
    _number: int = 0

    def add(self, blocks: Iterable[int], tally: Tally) -> None:
        """Take in the tally of blocks that are done."""
        blocks = list(blocks)
        self.done.update(blocks)
        self._pending.blocks.extend(blocks)
        self._pending.tally = self._pending.tally.merge(tally)
        if time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Make everything that was added safe on disk."""
        if self._pending.blocks:
            self._parts.append(self._pending)
            self._pending = _Part(0, [], Tally.empty())
        new = [part for part in self._merged() if not part.file]
        if self.folder is not None and new:
            with _writing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                for part in new:
                    self._number += 1
                    part.file = f"tally-{self._number:06d}.bin"
                    write_atomically(self.folder / part.file, part.tally.to_bytes())
                self._write_manifest()
            self._remove_unlisted()
        self._flushed = time.monotonic()

    def _merged(self) -> list[_Part]:
        """Merge parts of one level while there are enough of them."""
        level = 0
        while level <= max((part.level for part in self._parts), default=-1):
            same = [part for part in self._parts if part.level == level]
            if len(same) >= _FAN:
                blocks = [number for part in same for number in part.blocks]
                one = _Part(level + 1, blocks, merge(part.tally for part in same))
                self._parts = [part for part in self._parts if part.level != level] + [one]
            level += 1
        return self._parts

    def total(self) -> Tally:
        """Return the tally of all blocks that are done."""
        parts = sorted([*self._parts, self._pending], key=lambda part: len(part.tally.pairs))
        return merge(part.tally for part in parts)

    def remove(self) -> None:
        """Delete the files of the work folder: the graph is safe in the database."""
        if self.folder is None or not self.folder.is_dir():
            return
        (self.folder / MANIFEST).unlink(missing_ok=True)
        for file in self.folder.glob("tally-*.bin*"):
            file.unlink(missing_ok=True)

    def _write_manifest(self) -> None:
        assert self.folder is not None
        files = {part.file: {"level": part.level, "blocks": _ranges(part.blocks)} for part in self._parts if part.file}
        text = json.dumps({"format": FORMAT, **self.identity, "files": files}, indent=1)
        write_atomically(self.folder / MANIFEST, text.encode())

    def _remove_unlisted(self) -> None:
        assert self.folder is not None
        listed = {part.file for part in self._parts}
        for file in self.folder.glob("tally-*.bin*"):
            if file.name not in listed:
                file.unlink(missing_ok=True)

    @classmethod
    def resume(cls, folder: Path, identity: dict[str, Any]) -> Ledger:
        """Return the ledger that a work folder holds.

        Parameters
        ----------
        folder : pathlib.Path
            With a manifest; see `has_work`.
        identity : dict
            Of the sweep that wants to go on.

        Raises
        ------
        ResumeError
            If the folder belongs to another volume or other parameters; the message says which.
        """
        manifest = read_manifest(folder)
        files = manifest.pop("files")
        manifest.pop("format")
        wanted = json.loads(json.dumps(identity))
        if manifest != wanted:
            raise ResumeError(_difference(folder, manifest, wanted))
        ledger = cls(folder, identity)
        for name, entry in files.items():
            ledger._number = max(ledger._number, int(name[len("tally-") : -len(".bin")]))
            try:
                tally = Tally.from_bytes((folder / name).read_bytes())
            except (DamagedTally, OSError):
                ledger.redone.append(name)
                continue
            blocks = [number for first, last in entry["blocks"] for number in range(first, last + 1)]
            ledger._parts.append(_Part(entry["level"], blocks, tally, name))
            ledger.done.update(blocks)
        return ledger


def has_work(folder: Path) -> bool:
    """Tell whether a work folder holds an unfinished sweep."""
    return (folder / MANIFEST).is_file()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a work folder.

    Raises
    ------
    ResumeError
        If it cannot be read, or is of another version of the format.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        known = isinstance(manifest["files"], dict) and manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResumeError(
            f"the work folder {folder} cannot be resumed, its {MANIFEST} is damaged ({error}); "
            "load without --resume to begin anew"
        ) from error
    if not known:
        raise ResumeError(
            f"the work folder {folder} was written in another format (expected {FORMAT}, "
            f"got {manifest.get('format')}); load without --resume to begin anew"
        )
    return dict(manifest)


def _difference(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> str:
    changed = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    what = "; ".join(f"{key} was {old.get(key)!r}, is {new.get(key)!r}" for key in changed)
    return (
        f"the work folder {folder} belongs to another load: {what}; "
        "resume with the volume and the options of then, or load without --resume to begin anew"
    )


def _ranges(numbers: Iterable[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, whenever the machine stops."""
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _writing:
    """Turns what the file system refuses into a sentence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            why = "there is no space left" if error.errno == errno.ENOSPC else (error.strerror or str(error))
            raise StoreError(
                f"the work folder {self.folder} cannot be written: {why}; what was written before is kept: "
                "make room and load again with --resume, or name another folder with --work"
            ) from error
