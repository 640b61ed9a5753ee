"""Volumes that have been read and are written to the database together.

Every write to a database file copies it.  So graphs wait until together they are as large as the file, which keeps the
total copied below twice the final file.  Meanwhile, their tallies are safe in their work folders.
"""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from cellgraph.errors import CellgraphError, ExistsError, InputError
from cellgraph.loading.load import LoadReport, Tallied
from cellgraph.loading.together import together
from cellgraph.machine import free_memory
from cellgraph.model import Network, Report
from cellgraph.stores import Store, dialect_of, open_store

LEAST_BYTES = 32 * 2**20
"""Minimum bytes of graphs to write together: copying this much takes a fraction of a second."""


@dataclass(frozen=True)
class Outcome:
    """How the load of one volume ended: with a report or with an error."""

    source: str
    report: LoadReport | None
    error: CellgraphError | None


@dataclass(frozen=True)
class Waiting:
    """A volume whose graph is still to be written; `stack` holds its work folder."""

    source: str
    tallied: Tallied
    stack: ExitStack

    def written(self) -> Outcome:
        """Remove the work folder, since the graph is in the database."""
        with self.stack:
            self.tallied.ledger.remove()
        return Outcome(self.source, self.tallied.done, None)

    def failed(self, error: CellgraphError) -> Outcome:
        """Give up, but keep the work folder."""
        self.stack.close()
        return Outcome(self.source, None, error)


class Group:
    """Graphs waiting to be written together; used by one thread only, except for `keep`."""

    def __init__(self, target: str, *, replace: bool, report: Report) -> None:
        self._target = target
        self._replace = replace
        self._report = report
        self._together = dialect_of(target) == "ladybug"
        self._ended: list[Outcome | Waiting] = []
        self._room = free_memory() // 4
        self._most = max(16, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)  # each holds its work folder open
        self._lock = threading.Lock()

    def keep(self, waiting: Waiting) -> Waiting:
        """Keep the graph in memory if there is room; otherwise read it from its work folder when it is written."""
        with self._lock:
            if waiting.tallied.bytes > self._room:
                waiting.tallied.network = None
            else:
                self._room -= waiting.tallied.bytes
        return waiting

    def add(self, ended: Outcome | Waiting) -> Iterator[Outcome]:
        """Add a volume that was read or failed; yield the outcomes of this and earlier ones once they are certain."""
        self._ended.append(ended)
        waiting = self._waiting()
        size = sum(one.tallied.bytes for one in waiting)
        if not waiting or not self._together or len(waiting) >= self._most or size >= max(LEAST_BYTES, self._size()):
            yield from self.write()

    def write(self) -> Iterator[Outcome]:
        """Write all waiting graphs, and yield their outcomes."""
        waiting, ended = self._waiting(), self._ended
        done: dict[int, Outcome] = {}
        if waiting:
            try:
                with open_store(self._target, create=True) as store:
                    self._write(store, waiting, done)
            except CellgraphError as error:  # it can no longer be opened
                done.update({id(one): one.failed(error) for one in waiting})
        self._ended = []
        for one in ended:
            yield done[id(one)] if isinstance(one, Waiting) else one

    def _write(self, store: Store, waiting: Sequence[Waiting], done: dict[int, Outcome]) -> None:
        """Write some volumes at once; if one of them fails, write each alone."""
        names = [one.tallied.done.sample.name for one in waiting]
        try:
            store.write_all(names, together(self._networks(waiting)), replace=self._replace, report=self._report)
        except CellgraphError as error:
            if len(waiting) > 1 and isinstance(error, InputError | ExistsError | OSError):
                for one in waiting:
                    self._write(store, [one], done)
            else:
                done.update({id(one): one.failed(error) for one in waiting})
        else:
            done.update({id(one): one.written() for one in waiting})

    def _networks(self, waiting: Sequence[Waiting]) -> Iterator[Network]:
        """Yield the graphs."""
        for one in waiting:
            had = one.tallied.network is not None
            yield one.tallied.take()
            with self._lock:
                self._room += one.tallied.bytes if had else 0

    def _waiting(self) -> list[Waiting]:
        return [one for one in self._ended if isinstance(one, Waiting)]

    def _size(self) -> int:
        try:
            return os.stat(os.path.expanduser(self._target)).st_size
        except OSError:
            return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._waiting():
            one.stack.close()
