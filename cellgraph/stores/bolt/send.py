"""Send Arrow tables to Neo4j in several sessions, each with its own part of the rows, in batches of bounded size."""

from __future__ import annotations

import threading
from collections.abc import Callable
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
        Returns one row.
    parameters : callable
        Maps a slice of `rows` to the parameters of `cypher`.
    received : callable
        Maps the returned row to the number of rows written; called before they are committed.
    """

    rows: pa.Table
    cypher: str
    parameters: Callable[[pa.Table], dict[str, Any]]
    received: Callable[[list[Any]], int]


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
        Creates the error for a batch that did not find its samples or cells.
    alive : callable
        Called by this thread with the number of rows written, at least every `every` seconds.
    every : float
    """
    total = stream.rows.num_rows
    size = _rows_a_batch(stream.rows)
    parts = [total * part // SESSIONS for part in range(SESSIONS + 1)]
    done = [0] * SESSIONS
    stopped = threading.Event()

    def work(part: int) -> None:
        for start in range(parts[part], parts[part + 1], size):
            if stopped.is_set():
                return
            batch = stream.rows.slice(start, min(size, parts[part + 1] - start))
            _write(connection, stream, batch, lost)
            done[part] += batch.num_rows

    with ThreadPoolExecutor(SESSIONS, thread_name_prefix="neo4j") as threads:
        running = {threads.submit(work, part) for part in range(SESSIONS)}
        try:
            while running:
                finished, running = wait(running, timeout=every)
                for future in finished:
                    future.result()
                alive(sum(done))
        finally:
            stopped.set()


def waiting(work: Callable[[], None], alive: Callable[[], object], every: float) -> None:
    """Do work that may take long, calling `alive` meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="neo4j") as thread:
        running = thread.submit(work)
        while wait([running], timeout=every).not_done:
            alive()
        running.result()


def _write(connection: Connection, stream: Stream, batch: pa.Table, lost: Callable[[], Exception]) -> None:
    """Write a batch in one transaction, or in two halves if it is too large for the server."""
    from neo4j.exceptions import Neo4jError

    parameters = stream.parameters(batch)

    def work(transaction: neo4j.Transaction) -> None:
        answer = transaction.run(stream.cypher, parameters).single()
        if answer is None or stream.received(list(answer.values())) != batch.num_rows:
            raise lost()

    try:
        connection.transact(work)
    except Neo4jError as error:
        half = batch.num_rows // 2
        if not half or not is_out_of_memory(error):
            raise
        _write(connection, stream, batch.slice(0, half), lost)
        _write(connection, stream, batch.slice(half), lost)


def _rows_a_batch(rows: pa.Table) -> int:
    by_values: int = _VALUES_A_BATCH // max(1, rows.num_columns)
    by_bytes: int = _BYTES_A_BATCH * rows.num_rows // max(1, rows.nbytes)
    return max(1, min(by_values, by_bytes))
