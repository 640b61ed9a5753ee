"""A tested driver connection, with transactions that are retried where that is safe."""

from __future__ import annotations

import logging
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from cellgraph import __version__
from cellgraph.errors import ConnectError
from cellgraph.stores.bolt.address import Address
from cellgraph.stores.bolt.errors import is_out_of_memory, is_rate_limited, is_starting, translated

if TYPE_CHECKING:
    import neo4j

T = TypeVar("T")

_SECONDS_TO_CONNECT = 15.0
_SECONDS_OF_RETRIES = 60.0
_SECONDS_TO_COME_BACK = 60.0
_SECONDS_TO_START = 180.0  # once it answers at all
_SECONDS_AFTER_REFUSAL = 6.0
_ROWS_A_FETCH = 5000


class Connection:
    """Access to one database of one server; safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        import neo4j

        # The user gets the driver's log messages as errors; without a handler, Python would print them too.
        logging.getLogger("neo4j").addHandler(logging.NullHandler())
        self.uri = address.uri
        self.agent = f"cellgraph/{__version__} (process {os.getpid()})"
        auth = None if address.password is None else (address.user, address.password)
        with translated(self.uri):
            # Notifications (hints about unknown labels, …) would be printed by the driver's logging.
            self._driver = neo4j.GraphDatabase.driver(
                address.uri,
                auth=auth,
                user_agent=self.agent,
                connection_timeout=_SECONDS_TO_CONNECT,
                notifications_min_severity="OFF",
            )
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        self._database = address.database
        try:
            with translated(self.uri):
                try:
                    self.read("RETURN 1")
                except neo4j.exceptions.ServiceUnavailable:
                    if self.uri.startswith("neo4j+s://"):
                        # A routing driver does not report that the certificate failed; a direct one does.
                        direct = self.uri.replace("neo4j+s://", "bolt+s://", 1)
                        with neo4j.GraphDatabase.driver(
                            direct, auth=auth, connection_timeout=_SECONDS_TO_CONNECT
                        ) as one:
                            one.verify_connectivity()
                    raise
        except BaseException:
            self._driver.close()
            raise

    @cached_property
    def dialect(self) -> str:
        """Prefix of a statement that needs ``id()``: later servers may default to Cypher 25, which lacks it."""
        with self.session(read_only=True) as session:
            version = session.run("RETURN 1").consume().server.agent.partition("/")[2]
        numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
        return "CYPHER 5 " if numbers >= [5, 21] else ""

    def close(self) -> None:
        """Close all connections to the server."""
        self._driver.close()

    @contextmanager
    def session(self, *, read_only: bool) -> Iterator[neo4j.Session]:
        """Open a session whose reads see this program's writes; the server refuses writes in a read-only one."""
        import neo4j

        mode = neo4j.READ_ACCESS if read_only else neo4j.WRITE_ACCESS
        with self._driver.session(
            database=self._database,
            default_access_mode=mode,
            bookmark_manager=self._bookmarks,
            fetch_size=_ROWS_A_FETCH,
        ) as session:
            yield session

    def read(self, cypher: str, **parameters: Any) -> list[list[Any]]:
        """Return the rows of a small query."""
        with self.session(read_only=True) as session:
            return [list(record.values()) for record in session.run(cypher, parameters)]

    def reads_again(self, work: Callable[[], T]) -> T:
        """Return what `work` reads; if the server goes away meanwhile, wait for it and retry.

        Raises
        ------
        ConnectError
            If it does not come back, or goes away again.
        """
        from neo4j.exceptions import AuthError, DriverError, Neo4jError, ServiceUnavailable, SessionExpired

        def is_away(error: Exception) -> bool:
            # A server that is stopping reports the same as one that is starting.
            return isinstance(error, ServiceUnavailable | SessionExpired | OSError) or is_starting(error)

        try:
            return work()
        except (DriverError, Neo4jError, OSError) as error:
            if not is_away(error):
                raise
            began = time.monotonic()
        while True:
            try:
                self._driver.verify_connectivity()
                return work()
            except (DriverError, Neo4jError, OSError) as error:
                # A starting server refuses a valid password until it has read its users.
                refused = isinstance(error, AuthError) or is_rate_limited(error)
                patience = _SECONDS_TO_START if is_starting(error) else _SECONDS_TO_COME_BACK
                late = time.monotonic() > began + patience
                if late and is_away(error):
                    raise ConnectError(
                        f"Neo4j at {self.uri} went away during the query and was not back after {patience:g} seconds; "
                        "start it (the local one with: cellgraph neo4j start), and run the query again."
                    ) from error
                if late or not (refused or is_away(error)):
                    raise
            # Three refusals within some seconds lock the user out, maybe of another server that has taken the port.
            time.sleep(_SECONDS_AFTER_REFUSAL if refused else 0.5)

    def write(self, cypher: str, **parameters: Any) -> neo4j.ResultSummary:
        """Run one statement in its own transaction."""
        return self.transact(lambda transaction: transaction.run(cypher, parameters).consume())

    def transact(self, work: Callable[[neo4j.Transaction], T], *, timeout: float | None = None) -> T:
        """Run `work` in one transaction of at most `timeout` seconds, and retry if it was certainly rolled back.

        The driver's own `execute_write` also retries when the connection breaks, so a transaction whose commit was not
        confirmed may run twice and duplicate relationships.
        """
        from neo4j.exceptions import SessionExpired, TransientError

        end, pause = time.monotonic() + _SECONDS_OF_RETRIES, 0.05
        while True:
            committing = False
            try:
                with (
                    self.session(read_only=False) as session,
                    session.begin_transaction(timeout=timeout) as transaction,
                ):
                    result = work(transaction)
                    if not transaction.closed():  # `work` did not roll back
                        committing = True
                        transaction.commit()
                return result
            except SessionExpired:  # in a cluster: another member is now the leader
                if committing or timeout is not None or time.monotonic() > end:
                    raise
            except TransientError as error:
                if timeout is not None or is_out_of_memory(error) or time.monotonic() > end:
                    raise
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, 2.0)
