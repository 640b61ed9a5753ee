"""The store over Neo4j."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from cellgraph.errors import CellgraphError, NotFoundError, StoreError, near
from cellgraph.model import Column, Network, Report
from cellgraph.stores.bolt import changing, claim, classes, owner, schema
from cellgraph.stores.bolt.address import Address
from cellgraph.stores.bolt.append import append
from cellgraph.stores.bolt.connection import Connection
from cellgraph.stores.bolt.errors import translated, while_loading
from cellgraph.stores.bolt.foreign import (
    SAMPLE,
    foreign_samples,
    hidden_samples,
    refuse_attached,
    refuse_clashes,
)
from cellgraph.stores.bolt.interrupt import interruptible
from cellgraph.stores.bolt.questions import require_question
from cellgraph.stores.bolt.remove import remove_remains
from cellgraph.stores.bolt.results import table_of
from cellgraph.stores.bolt.topology import cells_and_contacts
from cellgraph.stores.contract import Over, Topology
from cellgraph.stores.properties import Change, Properties, State, prepare_change, prepare_removal
from cellgraph.stores.tables import listed, prepare
from cellgraph.stores.topology import bare
from cellgraph.stores.values import plain

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

_COMPLETE = re.compile(r":\s*Sample\b")

_CHANGES = 5
"""How often to run a query because samples were replaced during it."""


class Neo4jStore:
    """A `Store` in a Neo4j database; see `claim` for how a sample becomes visible atomically."""

    dialect = "neo4j"
    typed_properties = False
    relationships_once = True
    copies_whole = False

    def __init__(self, address: Address, *, read_only: bool = False) -> None:
        self._uri = address.uri
        self._connection = Connection(address)
        self.read_only = read_only

    def __repr__(self) -> str:
        return f"<Neo4jStore {self._uri!r}>"

    def write(self, network: Network, *, replace: bool = False, report: Report | None = None) -> None:
        """Write a network; see `Store.write`."""
        names = [sample.name for sample in network.samples]
        self.write_all(names, [network], replace=replace, report=report)

    def write_all(
        self, names: Sequence[str], networks: Iterable[Network], *, replace: bool = False, report: Report | None = None
    ) -> None:
        """Write networks, visible all at once; see `Store.write_all`."""
        self._require_writable()
        with self._loading() as load:
            refuse_clashes(self._connection)
            if replace:
                refuse_attached(self._connection, names)
            schema.begin(self._connection)
            remove_remains(self._connection, load)
            changing.remove_unlisted(self._connection, load)
            claimed: list[claim.Claim] = []
            try:
                claim.require_free(self._connection, names, replace=replace)
                for network in networks:
                    tables = prepare(network)
                    claimed.append(claim.claim(self._connection, tables, load, replace=replace))
                    append(self._connection, tables, claimed[-1], report)
                claim.finish(self._connection, names, claimed, load, replace=replace)
            except BaseException:
                self._abandon(load)
                raise
            remove_remains(self._connection, load)

    def delete(self, *samples: str) -> None:
        """Delete samples; see `Store.delete`."""
        self._require_writable()
        with self._loading() as load:
            refuse_attached(self._connection, samples)
            unknown = claim.retire(self._connection, samples, load)
            if unknown is not None:
                raise self._unknown(unknown)
            remove_remains(self._connection, load)

    def write_properties(self, *properties: Properties, replace: bool = False, report: Report | None = None) -> None:
        """Write properties; see `Store.write_properties`."""
        self._change(
            [given.sample for given in properties],
            lambda states: [
                prepare_change(given, state, changing.labels_of(self._connection, state), replace=replace)
                for given, state in zip(properties, states, strict=True)
            ],
            report,
        )

    def remove_properties(self, names: Sequence[str], samples: Sequence[str]) -> None:
        """Remove written properties; see `Store.remove_properties`."""
        self._change(samples, lambda states: [prepare_removal(names, state) for state in states], None)

    def _change(
        self, samples: Sequence[str], prepare: Callable[[list[State]], list[Change]], report: Report | None
    ) -> None:
        self._require_writable()
        with self._loading("properties") as load:
            changing.remove_unlisted(self._connection, load)
            changes = prepare(changing.states(self._connection, samples))
            try:
                changing.apply_changes(self._connection, changes, load, report)
            except BaseException:
                with suppress(CellgraphError), translated(self._uri):
                    changing.abandon(self._connection, load)
                raise

    def set_classes(self, samples: Sequence[str], wanted: bool) -> int:
        """Add the cell labels by which Neo4j Browser shows classes, or remove them; return the number of labels."""
        self._require_writable()
        with translated(self._uri):
            if wanted:
                return sum(classes.add(self._connection, sample) for sample in samples)
            for sample in samples:
                classes.remove(self._connection, sample)
        return 0

    def run(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        timeout: float | None = None,
    ) -> pa.Table:
        """Run a read-only query; see `Store.run`."""
        require_question(cypher)
        self._require_own_samples(cypher)
        values = plain(parameters)
        metadata = {"query": name, "cellgraph": uuid.uuid4().hex}
        with translated(self._uri, query=name, parameters=values, timeout=timeout):
            return interruptible(
                lambda: self._connection.reads_again(
                    lambda: self._unchanged(lambda: self._rows(cypher, values, metadata, timeout))
                ),
                lambda: self._stop(metadata["cellgraph"]),
            )

    def _rows(self, cypher: str, values: dict[str, Any], metadata: dict[str, str], timeout: float | None) -> pa.Table:
        with (
            self._connection.session(read_only=True) as session,
            session.begin_transaction(metadata=metadata, timeout=timeout) as transaction,
        ):
            return table_of(transaction.run(cypher, values))

    def _stop(self, key: str) -> None:
        """End the transaction of a query, found by its metadata."""
        self._connection.read(
            "SHOW TRANSACTIONS YIELD transactionId AS id, metaData WHERE metaData.cellgraph = $key "
            "TERMINATE TRANSACTIONS id YIELD message RETURN message",
            key=key,
        )

    def check(self) -> None:
        """Refuse a database whose existing graph conflicts with samples and cells; see `foreign`."""
        with translated(self._uri):
            refuse_clashes(self._connection)

    def unfinished(self) -> int:
        """Return the number of samples that are being loaded or were never finished; see `Store.unfinished`."""
        with translated(self._uri):
            return hidden_samples(self._connection)[1]

    def sample_names(self) -> list[str]:
        """Return the names of the complete samples, sorted."""
        with translated(self._uri):
            rows = self._connection.read(f"MATCH (s:Sample {{status: 'complete'}}) WHERE {SAMPLE} RETURN s.name")
        return sorted(row[0] for row in rows)

    def columns(self, of: Literal["cells", "contacts"], sample: str | None = None) -> tuple[Column, ...]:
        """Return the columns of cells or contacts; see `Store.columns`."""
        kind = {"cells": "cell_properties", "contacts": "contact_properties"}[of]
        with translated(self._uri):
            found = self._connection.read(
                f"MATCH (s:Sample {{status: 'complete'}}) WHERE ($sample IS NULL OR s.name = $sample) AND {SAMPLE} "
                f"RETURN s.{kind} ORDER BY s.id",
                sample=sample,
            )
        if not found and sample is not None:
            raise self._unknown(sample)
        return listed(dict.fromkeys(entry for row in found for entry in row[0]), of)

    def topology(
        self,
        sample: str | None = None,
        *,
        cells: Sequence[str] = (),
        contacts: Sequence[str] = (),
        over: Over = "contacts",
    ) -> Topology:
        """Return the bare graph; see `Store.topology`."""
        with translated(self._uri):
            found = self._unchanged(lambda: cells_and_contacts(self._connection, sample, cells, contacts, over))
        if found is None:
            raise self._unknown(str(sample))
        return bare(*found, cells, contacts)

    def kept_open(self) -> AbstractContextManager[None]:
        """Do nothing: connections to the server stay open anyway."""
        return nullcontext()

    def close(self) -> None:
        """Close the connections to the server."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _loading(self, what: str = "load") -> Iterator[str]:
        """Name the following work, so that others can see that it is alive."""
        load = owner.begin()
        try:
            with translated(self._uri, query=what), while_loading(self._uri):
                yield load
        finally:
            owner.end(load)

    def _abandon(self, load: str) -> None:
        # If the server itself is gone, the next load finds what is left: this one is dead by then.
        with suppress(CellgraphError), translated(self._uri):
            claim.abandon(self._connection, load)

    def _unchanged(self, work: Callable[[], T]) -> T:
        """Return what `work` reads, making sure no sample was replaced meanwhile.

        A Neo4j transaction sees what others commit while it runs: a long query could see one sample in its old version
        and another in its new one, or miss cells of an old one that are being deleted.
        """
        for _ in range(_CHANGES):
            before = self._versions()
            found = work()
            if self._versions() == before:
                return found
        raise StoreError(f"samples in {self._uri} kept changing during the query; run it again later.")

    def _versions(self) -> list[list[Any]]:
        """Return a value that shows whether the visible samples have changed."""
        return self._connection.read(
            f"MATCH (s:Sample {{status: 'complete'}}) WHERE {SAMPLE} "
            "WITH s ORDER BY s.id RETURN collect([s.id, s.loaded])"
        )

    def _require_own_samples(self, cypher: str) -> None:
        """Refuse a query on complete samples if there are such foreign nodes: it would count them."""
        if _COMPLETE.search(cypher):
            with translated(self._uri):
                foreign, _ = hidden_samples(self._connection)
            if foreign:
                raise foreign_samples(self._uri, foreign)

    def _require_writable(self) -> None:
        if self.read_only:
            raise StoreError(f"the database {self._uri} was opened read-only; open it for writing.")

    def _unknown(self, sample: str) -> NotFoundError:
        return NotFoundError(f"there is no sample {sample!r} in {self._uri}.{near(sample, self.sample_names())}")
