"""The local Neo4j of `cellgraph.server`: its files are accessible, so a large first load is imported in bulk."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from cellgraph.errors import InputError
from cellgraph.model import Network, Report
from cellgraph.server import credentials, offline
from cellgraph.server.home import Home
from cellgraph.stores.bolt import schema
from cellgraph.stores.bolt.address import Address
from cellgraph.stores.bolt.connection import Connection
from cellgraph.stores.bolt.importfiles import AFTERWARDS, ImportFiles
from cellgraph.stores.bolt.store import Neo4jStore
from cellgraph.stores.tables import prepare

MANY = 3_000_000
"""Number of cells and contacts from which an import is faster; it restarts the server, which takes 15 s."""


class LocalNeo4jStore(Neo4jStore):
    """A `Store` in the local Neo4j."""

    def __init__(self, home: Home, *, read_only: bool = False) -> None:
        self._home = home
        super().__init__(Address(*credentials(home.path)), read_only=read_only)

    def write_all(
        self, names: Sequence[str], networks: Iterable[Network], *, replace: bool = False, report: Report | None = None
    ) -> None:
        """Write networks, visible all at once; see `Store.write_all`.

        A single large network goes through files if the database is empty and nobody else uses it: see `offline`.
        """
        coming = iter(networks)
        first = list(itertools.islice(coming, 2))
        if len(first) == 1 and first[0].cells.num_rows + first[0].contacts.num_rows >= MANY:
            self._require_writable()
            if self._is_free() and self._import(first[0], report):
                return
        super().write_all(names, itertools.chain(first, coming), replace=replace, report=report)

    def _import(self, network: Network, report: Report | None) -> bool:
        """Import a network in bulk; return False, with nothing changed, if that is not possible."""
        tables = prepare(network)
        with tempfile.TemporaryDirectory(dir=self._home.path / "run", prefix="import-") as folder:
            files = ImportFiles(Path(folder))
            try:
                files.add(tables, time.time_ns() // 1_000_000)
            except InputError:  # a name that only Bolt can carry
                return False
            if report is not None:
                report("contacts", 0, tables.contacts.num_rows)
            done = offline.replace_empty(self._home, Path(folder), files.arguments(), self._is_free)
        self._connection.close()
        address = Address(*credentials(self._home.path))
        self._uri, self._connection = address.uri, Connection(address)
        if done:
            schema.ensure(self._connection)
            self._connection.write(AFTERWARDS)
            if report is not None:
                report("contacts", tables.contacts.num_rows, tables.contacts.num_rows)
        return done

    def _is_free(self) -> bool:
        """Whether the database is empty, and nobody else is connected."""
        (nodes,) = self._connection.read("MATCH (n) RETURN count(n)")[0]
        indexes = self._connection.read("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name")
        foreign = {name for (name,) in indexes} - {*schema.CONSTRAINTS, *schema.INDEXES}
        clients = self._connection.read("CALL dbms.listConnections() YIELD userAgent RETURN DISTINCT userAgent")
        others = [agent for (agent,) in clients if agent != self._connection.agent]
        return not (nodes or foreign or others)
