"""The finished part of a sweep: merged tallies in memory, and on disk so that a crash loses nothing.

A work folder holds a manifest and some tally files::

    manifest.json          what is swept and how; which file holds the tally of which blocks; checksums
    tally-000017.bin       from `Tally.to_bytes`

Both are written under a temporary name, flushed to disk and renamed, files before the manifest that lists them, and no
file ever takes the name of another.  So whenever the process dies, a manifest lists only complete files of its own;
files that it does not list are leftovers and are removed.  Files are merged upward, eight to one, so a row is written
about log8(flushes) times and there are never more than a few dozen files.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellgraph.engines.manifest import (
    CHANGED,
    MANIFEST,
    another_load,
    check_identity,
    read_manifest,
    to_ranges,
    write_manifest,
    writing,
)
from cellgraph.files import write_durably
from cellgraph.voxels.kernels import VOXELS
from cellgraph.voxels.room import require_room
from cellgraph.voxels.tally import Tally, merge

_FAN = 8  # files of one level that are merged into one of the next
_AGAIN = "load again with --resume"  # what to do when a write failed
SAVE_SECONDS = 2.0


@dataclass
class _Part:
    """A tally of some blocks, and its file."""

    level: int
    blocks: list[int]
    tally: Tally
    file: str = ""
    checksum: int = 0


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
    stamps : list of int
        For each block of the grid, a stamp from before the sweep that shows whether the block has changed (see
        `cellgraph.volumes.stamps`); empty if the fingerprint is enough. A resumed sweep must have the same stamps for
        the finished blocks.
    save_seconds : float
        Minimum time between saves to disk.
    """

    folder: Path | None
    identity: dict[str, Any]
    stamps: list[int] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    redone: list[str] = field(default_factory=list)
    save_seconds: float = SAVE_SECONDS
    _parts: list[_Part] = field(default_factory=list)
    _pending: list[tuple[list[int], Tally]] = field(default_factory=list)
    _flushed: float = field(default_factory=time.monotonic)
    _number: int = 0
    _cells: int = 0
    _bytes: int = 0

    def add(self, blocks: Iterable[int], tally: Tally) -> None:
        """Add the tally of finished blocks.

        Raises
        ------
        TooManyCellsError
            If there is not enough memory to merge what is in the ledger.
        """
        blocks = list(blocks)
        self.done.update(blocks)
        self._pending.append((blocks, tally))
        self._cells += len(tally.labels)
        self._bytes += tally.nbytes
        require_room(self._cells, 2 * self._bytes, tally.cells[:, VOXELS])
        if time.monotonic() - self._flushed >= self.save_seconds:
            self.flush()

    def flush(self) -> None:
        """Save everything that was added to disk.

        Raises
        ------
        StoreError
            If the work folder cannot be written; what was saved before is kept.
        """
        if self._pending:
            blocks = [number for numbers, _ in self._pending for number in numbers]
            self._parts.append(_Part(0, blocks, merge(tally for _, tally in self._pending)))
            self._pending.clear()
        self._merge_upward()
        # An upper bound until the next flush, as parts share cells.
        self._cells = sum(len(part.tally.labels) for part in self._parts)
        self._bytes = sum(part.tally.nbytes for part in self._parts)
        new = [part for part in self._parts if not part.file]
        if self.folder is not None and new:
            with writing(self.folder, _AGAIN):
                self.folder.mkdir(parents=True, exist_ok=True)
                for part in new:
                    self._write_part(self.folder, part)
                self._write_manifest(self.folder)
                self._remove_unlisted(self.folder)
        self._flushed = time.monotonic()

    def _write_part(self, folder: Path, part: _Part) -> None:
        """Write a tally under a name that no existing file has, not even one of an earlier load."""
        there = (_number(file.name) for file in folder.glob("tally-*.bin*"))
        self._number = max(self._number, *there, 0) + 1
        name, data = f"tally-{self._number:06d}.bin", part.tally.to_bytes()
        write_durably(folder / name, data)
        part.file, part.checksum = name, zlib.crc32(data)

    def _merge_upward(self) -> None:
        """Merge parts of one level while there are enough of them."""
        level = 0
        while level <= max((part.level for part in self._parts), default=-1):
            same = [part for part in self._parts if part.level == level]
            if len(same) >= _FAN:
                blocks = [number for part in same for number in part.blocks]
                one = _Part(level + 1, blocks, merge(part.tally for part in same))
                self._parts = [part for part in self._parts if part.level != level] + [one]
            level += 1

    def total(self) -> Tally:
        """Return the tally of all finished blocks."""
        return merge(self._tallies())

    def take(self) -> Tally:
        """Return the tally of all blocks, and release its parts, so that it is in memory only once."""
        tallies = self._tallies()
        self._parts.clear()
        self._pending.clear()
        return merge(_drained(tallies))

    def _tallies(self) -> list[Tally]:
        tallies = [*(part.tally for part in self._parts), *(tally for _, tally in self._pending)]
        return sorted(tallies, key=lambda tally: len(tally.pairs))

    def remove(self) -> None:
        """Delete the files of the work folder: the graph is safe in the database."""
        if self.folder is None or not self.folder.is_dir():
            return
        with writing(self.folder, _AGAIN):
            for file in (self.folder / MANIFEST, *self.folder.glob(MANIFEST + ".*"), *self.folder.glob("tally-*.bin*")):
                file.unlink(missing_ok=True)

    def _write_manifest(self, folder: Path) -> None:
        files = {
            part.file: {
                "level": part.level,
                "checksum": part.checksum,
                "blocks": to_ranges(part.blocks),
                "stamp": self._stamp(part.blocks),
            }
            for part in self._parts
        }
        write_manifest(folder, self.identity, files)

    def _stamp(self, blocks: Iterable[int]) -> int:
        """Return one stamp for some blocks."""
        return zlib.crc32(repr([self.stamps[number] for number in sorted(blocks)] if self.stamps else []).encode())

    def _remove_unlisted(self, folder: Path) -> None:
        listed = {part.file for part in self._parts}
        for file in folder.glob("tally-*.bin*"):
            if file.name not in listed:
                file.unlink(missing_ok=True)

    @classmethod
    def resume(cls, folder: Path, identity: dict[str, Any], stamps: list[int] | None = None) -> Ledger:
        """Resume the ledger in a work folder.

        Parameters
        ----------
        folder : pathlib.Path
            With a manifest; see `has_work`.
        identity : dict
            Of the sweep to resume.
        stamps : list of int, optional
            Of its blocks.

        Raises
        ------
        ResumeError
            If the folder belongs to another volume or other parameters, or finished blocks have changed; the message
            says which.
        """
        files = check_identity(folder, read_manifest(folder), identity)
        ledger = cls(folder, identity, stamps or [])
        for name, entry in files.items():
            data = _read(folder / name)
            if data is None or zlib.crc32(data) != entry["checksum"]:
                ledger.redone.append(name)
                continue
            blocks = [number for first, last in entry["blocks"] for number in range(first, last + 1)]
            if entry["stamp"] != ledger._stamp(blocks):
                raise another_load(folder, f"{CHANGED}, where it had been read already")
            ledger._parts.append(_Part(entry["level"], blocks, Tally.from_bytes(data), name, entry["checksum"]))
            ledger.done.update(blocks)
        return ledger


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # gone, or on a damaged part of the disk: its blocks are done again
        return None


def _number(name: str) -> int:
    digits = name.removeprefix("tally-").split(".")[0]
    return int(digits) if digits.isdecimal() else 0


def _drained(tallies: list[Tally]) -> Iterator[Tally]:
    """Yield all tallies, releasing each."""
    while tallies:
        yield tallies.pop(0)
