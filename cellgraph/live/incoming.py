"""Slices that arrive in a folder: which are complete, and what is wrong with the others."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellgraph.errors import CellgraphError, NotFoundError
from cellgraph.volumes.numbering import gaps, number_in
from cellgraph.volumes.scan import ScanOptions, scanned
from cellgraph.volumes.volume import Header

Array = np.ndarray[Any, Any]
Stamp = tuple[int, int]
"""Size in bytes and time of modification in nanoseconds."""
_File = tuple[int, Path, Stamp]
_Slab = tuple[Header, Array]

_OLD_SECONDS = 2.0


@dataclass(frozen=True)
class Taken:
    """A file that was taken: its name, its number of slices, and its stamp at that time."""

    name: str
    depth: int
    stamp: Stamp


class Incoming:
    """A folder into which a microscope writes slices.

    A file is taken once it is unchanged between two checks, or a few seconds old, and can be read.  One that cannot be
    read is tried again when it changes.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files appear.
    pattern : str
        Pattern of their names, such as ``slice_*.tif``; the last number in a name gives the order.
    tell : callable
        Called with a sentence for each file with a problem, once.
    taken : dict
        The files that an earlier process has taken, by the number in the name.
    options : ScanOptions
        How to read each file.

    Attributes
    ----------
    header : Header or None
        Of the first slab that was taken, which determines how all are read.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    """

    def __init__(
        self, folder: Path, pattern: str, tell: Callable[[str], None], taken: dict[int, Taken], options: ScanOptions
    ) -> None:
        if not folder.is_dir():
            raise NotFoundError(f"expected a folder into which slices are written, but {str(folder)!r} is not a folder")
        self._folder = folder
        self._pattern = pattern
        self._tell = tell
        self.taken = taken
        self.header: Header | None = None
        self._options = options
        self._stamps: dict[str, Stamp] = {}
        self._unreadable: dict[str, tuple[Stamp, str]] = {}
        self._told: set[str] = set()

    @property
    def unreadable(self) -> list[str]:
        """A sentence for each file that was not taken, or that has changed since it was taken."""
        taken = [file for _, file in sorted(self.taken.items())]
        return [
            *(reason for _, reason in self._unreadable.values()),
            *(_written_again(file.name) for file in taken if self._has_changed(file)),
        ]

    @property
    def missing(self) -> list[range]:
        """The numbers of missing slices between the first and the last one; see `gaps`."""
        return gaps({number: file.depth for number, file in self.taken.items()})

    def arrived(self) -> Iterator[tuple[int, Array]]:
        """Check the folder once, and yield number and labels (z, y, x) of each slab that is complete and new.

        While one is processed, the next one is read.
        """
        for (number, path, stamp), slab in _read_ahead(self._complete(), self._options):
            if self._is_taken(number, path):  # by another file of that number, meanwhile
                continue
            if isinstance(slab, CellgraphError):
                self._unreadable[path.name] = (stamp, str(slab))
                continue
            header, labels = slab
            if self._stamp(path) != stamp:  # it was written to while it was read
                continue
            self._unreadable.pop(path.name, None)
            self.header = self.header or header
            self.taken[number] = Taken(path.name, len(labels), stamp)
            yield number, labels

    def _complete(self) -> Iterator[_File]:
        """Yield the files that are new, and do not seem to be still written."""
        for number, path in self._candidates():
            if self._is_taken(number, path):
                continue
            stamp = self._stamp(path)
            settled = stamp is not None and (
                self._stamps.get(path.name) == stamp or time.time() - stamp[1] / 1e9 > _OLD_SECONDS
            )
            if stamp is not None:
                self._stamps[path.name] = stamp
            if stamp is None or not settled or self._unreadable.get(path.name, (None, ""))[0] == stamp:
                continue
            yield number, path, stamp

    def refuse(self, number: int, reason: str) -> None:
        """Reject a slab from `arrived` that does not fit the others."""
        name = self.taken.pop(number).name
        self._unreadable[name] = (self._stamps[name], f"{name}: {reason}")
        self._once(f"{name} is left out: {reason}")

    def _candidates(self) -> list[tuple[int, Path]]:
        found = []
        for path in sorted(self._folder.glob(self._pattern)):
            number = number_in(path.name)
            if path.name.startswith(".") or not path.is_file():
                continue
            if number is None:
                self._once(f"{path.name} is left out: expected a number in its name that gives its position")
                continue
            found.append((number, path))
        return sorted(found)

    def _is_taken(self, number: int, path: Path) -> bool:
        holder = self.taken.get(number)
        if holder is not None and holder.name != path.name:
            self._once(f"{path.name} is left out: slice {number} was taken from {holder.name} already")
        elif holder is not None and self._has_changed(holder):
            self._once(_written_again(holder.name))
        return holder is not None

    def _has_changed(self, file: Taken) -> bool:
        """Return whether a file has changed since it was taken; a deleted file has not."""
        return self._stamp(self._folder / file.name) not in (None, file.stamp)

    def _once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)

    @staticmethod
    def _stamp(path: Path) -> Stamp | None:
        try:
            status = path.stat()
        except FileNotFoundError:  # renamed or removed since the folder was listed
            return None
        return (status.st_size, status.st_mtime_ns)


def _written_again(name: str) -> str:
    return (
        f"{name} was changed after it was read; the graph has its earlier contents, and --replace starts over with the "
        "present ones"
    )


def _read_ahead(files: Iterable[_File], options: ScanOptions) -> Iterator[tuple[_File, _Slab | CellgraphError]]:
    """Yield each file with its header and labels, or why it cannot be read, while the next one is being read."""
    with ThreadPoolExecutor(1, "cellgraph-read") as thread:
        reading: deque[tuple[_File, Future[_Slab | CellgraphError]]] = deque()
        for file in files:
            reading.append((file, thread.submit(_read, file[1], options)))
            if len(reading) > 1:
                before, slab = reading.popleft()
                yield before, slab.result()
        for file, slab in reading:
            yield file, slab.result()


def _read(path: Path, options: ScanOptions) -> _Slab | CellgraphError:
    try:
        with scanned(path, **options) as scan:
            return scan.header, np.array(scan.volume.read((0, 0, 0), scan.header.shape))
    except CellgraphError as error:
        return error
