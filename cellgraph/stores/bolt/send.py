"""Arrow tables to Neo4j: by several sessions, in batches of bounded size.

What was tried (50,653 cells of 34 properties, 386,316 contacts of 7; processor seconds per 100,000 contacts on client
and server, since the machine was shared):

====================================================== ======= =======
one session, ``UNWIND $rows`` of maps, 20,000 a batch    2.0     3.4
rows as lists instead of maps                            1.0     2.9
one list a column                                        0.8     2.8
one list a column, grouped by the first cell             0.75    2.1
the same, nodes by internal id instead of ``Cell.id``    0.75    2.3
====================================================== ======= =======

Sessions beside each other do not wait: relationships of one node from several transactions met no lock and no
deadlock, neither sorted nor shuffled.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellgraph.machine import cores
from cellgraph.stores.bolt.errors import is_out_of_memory

if TYPE_CHECKING:
    import neo4j
    import pyarrow as pa

    from cellgraph.stores.bolt.connection import Connection

SESSIONS = min(4, max(2, cores()))

_VALUES_A_BATCH = 200_000
_BYTES_A_BATCH = 2**23


@dataclass(frozen=True)
class Stream:
    """Rows and the statement that writes them.

    Attributes
    ----------
    rows : pyarrow.Table
    cypher : str
    parameters : callable
        From a slice of `rows` to the parameters of `cypher`.
    created : str
        Counter of the summary that must grow by the number of rows: ``nodes_created``, ``relationships_created``;
        empty where the statement returns that number.
    """

    rows: pa.Table
    cypher: str
    parameters: Callable[[pa.Table], dict[str, Any]]
    created: str


def send(
    connection: Connection,
    stream: Stream,
    *,
    lost: Callable[[], Exception],
    alive: Callable[[int], None],
    every: float,
) -> None:
    """Write all rows.

    Parameters
    ----------
    connection : Connection
    stream : Stream
    lost : callable
        Makes the error for a batch that did not find its samples or cells.
    alive : callable
        Called with the number of rows written, by this thread, at least `every` seconds.
    every : float
    """
    batches = _Batches(stream.rows)
    done = _Count()

    def work() -> None:
        for batch in batches:
            _write(connection, stream, batch, lost)
            done.add(batch.num_rows)

    with ThreadPoolExecutor(SESSIONS, thread_name_prefix="neo4j") as threads:
        running = {threads.submit(work) for _ in range(SESSIONS)}
        try:
            while running:
                finished, running = wait(running, timeout=every)
                for future in finished:
                    future.result()
                alive(done.value)
        finally:
            batches.stop()


def _write(connection: Connection, stream: Stream, batch: pa.Table, lost: Callable[[], Exception]) -> None:
    """Write a batch in one transaction, or in two halves where that is too large for the server."""
    from neo4j.exceptions import Neo4jError

    parameters = stream.parameters(batch)

    def work(transaction: neo4j.Transaction) -> None:
        result = transaction.run(stream.cypher, parameters)
        if stream.created:
            written = getattr(result.consume().counters, stream.created)
        else:
            written = result.single(strict=True)[0]
        if written != batch.num_rows:
            raise lost()

    try:
        connection.transact(work)
    except Neo4jError as error:
        half = batch.num_rows // 2
        if not half or not is_out_of_memory(error):
            raise
        _write(connection, stream, batch.slice(0, half), lost)
        _write(connection, stream, batch.slice(half), lost)


class _Batches:
    """Slices of a table, for several threads."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows
        by_values = _VALUES_A_BATCH // max(1, rows.num_columns)
        by_bytes = _BYTES_A_BATCH * rows.num_rows // max(1, rows.nbytes)
        self._size = max(1, min(by_values, by_bytes))
        self._next = 0
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[pa.Table]:
        while True:
            with self._lock:
                start, self._next = self._next, self._next + self._size
            if start >= self._rows.num_rows:
                return
            yield self._rows.slice(start, self._size)

    def stop(self) -> None:
        """Give out no more."""
        with self._lock:
            self._next = self._rows.num_rows


class _Count:
    """A sum that several threads add to."""

    def __init__(self) -> None:
        self.value = 0
        self._lock = threading.Lock()

    def add(self, number: int) -> None:
        with self._lock:
            self.value += number
