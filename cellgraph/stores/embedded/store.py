"""The store over LadybugDB."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from cellgraph.errors import NotFoundError, StoreError, near
from cellgraph.model import Column, Network, Report
from cellgraph.queries.text import parameters_in, quoted
from cellgraph.stores.contract import OWN_CYPHER, Over, Topology
from cellgraph.stores.embedded import schema
from cellgraph.stores.embedded.access import PATIENCE, DatabaseFile, Draft, execute
from cellgraph.stores.embedded.append import First, append, create_samples, next_ids, remove
from cellgraph.stores.embedded.changing import apply_changes, labels_of, nodes
from cellgraph.stores.embedded.closed import refuse_closed
from cellgraph.stores.embedded.distinct import refuse_lost_aggregates
from cellgraph.stores.embedded.errors import translated
from cellgraph.stores.embedded.fitting import fitted
from cellgraph.stores.embedded.fractions import look_at_all_rows, refuse_rounded
from cellgraph.stores.embedded.names import as_written
from cellgraph.stores.embedded.own import as_meant
from cellgraph.stores.embedded.questions import can_be_asked, require_question, sorts
from cellgraph.stores.embedded.reaching import reach_far, refuse_unreached, without_crash
from cellgraph.stores.embedded.results import table_of
from cellgraph.stores.embedded.rewrite import arrow, carry_cells, carry_samples
from cellgraph.stores.embedded.smallest import brings_smallest, holds_smallest
from cellgraph.stores.embedded.sorting import KEPT, refuse_inner, take_apart
from cellgraph.stores.embedded.unlike import refuse_same_names
from cellgraph.stores.properties import Change, Properties, State, chosen_states, prepare_change, prepare_removal
from cellgraph.stores.tables import Tables, listed, prepare, refuse_existing
from cellgraph.stores.topology import PROPERTY, bare, relationship_types, together
from cellgraph.stores.values import plain, require_parameters

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa

SMALL = 20_000
"""Number of cells up to which samples are deleted from a copy of the file; beyond it, all others are copied."""

_names_of: dict[tuple[int, ...], list[str]] = {}
"""Names of the samples by version of the file; they never change within one version."""

_MOST_KNOWN = 64

_SAMPLES = "MATCH (s:Sample {status: 'complete'})"


class LadybugStore:
    """A `Store` in one file; every write makes a new version of it; see `access`."""

    dialect = "ladybug"
    typed_properties = True
    relationships_once = False
    copies_whole = True

    def __init__(self, path: Path, *, read_only: bool = False, patience: float = PATIENCE) -> None:
        self._path = path
        self._file = DatabaseFile(path, patience)
        self.read_only = read_only
        self._kept = threading.local()

    def __repr__(self) -> str:
        return f"<LadybugStore {str(self._path)!r}>"

    def write(self, network: Network, *, replace: bool = False, report: Report | None = None) -> None:
        """Write a network into a new version of the file; see `Store.write`."""
        names = [sample.name for sample in network.samples]
        self.write_all(names, [network], replace=replace, report=report)

    def write_all(
        self, names: Sequence[str], networks: Iterable[Network], *, replace: bool = False, report: Report | None = None
    ) -> None:
        """Write networks into one new version of the file; see `Store.write_all`."""
        self._require_writable()

        def replaced(there: list[str]) -> set[str]:
            if not replace:
                refuse_existing(names, there, str(self._path))
            return set(names) & set(there)

        with self._drafting() as draft:
            _write(draft, (prepare(network) for network in networks), leaving=replaced, report=report)

    def delete(self, *samples: str) -> None:
        """Delete samples; see `Store.delete`."""
        self._require_writable()
        self._file.require()

        def deleted(there: list[str]) -> set[str]:
            for sample in samples:
                self._require_sample(there, sample)
            return set(samples)

        with self._drafting() as draft:
            _write(draft, (), leaving=deleted, report=None)

    def write_properties(self, *properties: Properties, replace: bool = False, report: Report | None = None) -> None:
        """Write properties into a new version of the file; see `Store.write_properties`."""
        names = [given.sample for given in properties]
        self._change(
            names,
            lambda old, states: [
                prepare_change(given, state, labels_of(old, state), replace=replace)
                for given, state in zip(properties, states, strict=True)
            ],
            report,
        )

    def remove_properties(self, names: Sequence[str], samples: Sequence[str]) -> None:
        """Remove written properties; see `Store.remove_properties`."""
        self._change(samples, lambda _, states: [prepare_removal(names, state) for state in states], None)

    def _change(
        self,
        samples: Sequence[str],
        prepare: Callable[[ladybug.Connection, list[State]], list[Change]],
        report: Report | None,
    ) -> None:
        self._require_writable()
        self._file.require()
        with self._drafting("properties") as draft:
            with draft.old() as old:
                assert old is not None  # the file was required
                changes = prepare(old, chosen_states(nodes(old), samples))
            apply_changes(draft, changes, report)

    def run(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        name: str = "",
        timeout: float | None = None,
    ) -> pa.Table:
        """Run a read-only query; see `Store.run`."""
        values = plain(parameters)
        require_parameters(cypher, values)
        # These change settings of the connection.
        alone = timeout is not None or sorts(cypher)
        with self._reading(alone=alone, query=name, parameters=values, timeout=timeout) as connection:
            asked = cypher = schema.without_later(connection, cypher)
            reach_far(connection, cypher)
            require_question(connection, cypher)
            if name == OWN_CYPHER:
                cypher = as_meant(connection, cypher, values)
            refuse_unreached(cypher)
            if timeout is not None:
                connection.set_query_timeout(max(1, round(timeout * 1000)))
            if name == OWN_CYPHER:
                cypher = without_crash(connection, cypher, values)
            refuse_lost_aggregates(cypher)
            refuse_rounded(connection, cypher, values)
            look_at_all_rows(connection, cypher, own=name == OWN_CYPHER)
            refuse_closed(connection, cypher, values)
            if sorts(cypher):
                connection.set_max_threads_for_exec(1)
                rows = _sorted(connection, cypher, values)
            else:
                rows = table_of(execute(connection, cypher, values))
            rows = rows.drop_columns([column for column in rows.column_names if column.startswith(KEPT)])
            names = as_written(asked, rows.column_names)
            if name == OWN_CYPHER:
                refuse_same_names(names)
            return rows.rename_columns(names)

    def sample_names(self) -> list[str]:
        """Return the names of the complete samples, sorted; none if the file does not exist yet."""
        if not self._file.exists():
            return []
        version = self._file.version()
        names = None if version is None else _names_of.get(version)
        if names is None:
            with self._reading() as connection:
                names = _names(connection)
            if version is not None:
                while len(_names_of) >= _MOST_KNOWN:
                    _names_of.pop(next(iter(_names_of)), None)
                _names_of[version] = names
        return list(names)

    def unfinished(self) -> int:
        """Return 0: writes to the file are atomic."""
        return 0

    def columns(self, of: Literal["cells", "contacts"], sample: str | None = None) -> tuple[Column, ...]:
        """Return the columns of cells or contacts; see `Store.columns`."""
        kind = {"cells": "cell_properties", "contacts": "contact_properties"}[of]
        with self._reading() as connection:
            if sample is not None:
                self._require_sample(_names(connection), sample)
            found = schema.rows(connection, f"{_SAMPLES} RETURN s.name, s.{kind} ORDER BY s.id")
        kept = (entries for name, entries in found if sample in (None, name))
        return listed(dict.fromkeys(entry for entries in kept for entry in entries), of)

    def topology(
        self,
        sample: str | None = None,
        *,
        cells: Sequence[str] = (),
        contacts: Sequence[str] = (),
        over: Over = "contacts",
    ) -> Topology:
        """Return the bare graph; see `Store.topology`."""
        # By table rows rather than through the sample: a quarter of the time. All samples here are complete.
        values = {} if sample is None else {"sample": sample}
        of_sample = "" if sample is None else "WHERE c.sample = $sample"
        with self._reading() as connection:
            if sample is not None:
                self._require_sample(_names(connection), sample)
            return bare(
                arrow(
                    connection,
                    f"MATCH (c:Cell) {of_sample} RETURN offset(id(c)) AS id, c.sample AS sample, c.label AS label"
                    + _properties("c", cells),
                    **values,
                ),
                together(
                    [
                        arrow(
                            connection,
                            f"MATCH (c:Cell)-[r:{kind}]->(d:Cell) {of_sample} "
                            "RETURN offset(id(c)) AS a, offset(id(d)) AS b"
                            + _properties("r", contacts, schema.columns(connection, kind)),
                            **values,
                        )
                        for kind in relationship_types(over)
                    ]
                ),
                cells,
                contacts,
            )

    def check(self, *, create: bool) -> None:
        """Raise `NotFoundError` if there is no file, or no folder for a new one, `StoreError` if it is no database."""
        if create:
            with translated(self._path):
                self._file.repair()
        if not create:
            self._file.require()
        if self._file.exists():
            self.sample_names()
            return
        if not self._path.parent.is_dir():
            raise NotFoundError(
                f"the folder {str(self._path.parent)!r} for the database {self._path} does not exist; create it first."
            )

    def close(self) -> None:
        """Do nothing: the file is open only while in use."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keep the file open: reopening a file of 9 GB takes 0.15 s, and loses what was cached."""
        if getattr(self._kept, "connection", None) is not None:
            yield
            return
        with ExitStack() as stack:
            with translated(self._path):
                self._kept.connection = stack.enter_context(self._file.reading())
            try:
                yield
            finally:
                self._kept.connection = None

    @contextmanager
    def _reading(self, *, alone: bool = False, **what: Any) -> Iterator[ladybug.Connection]:
        kept = None if alone else getattr(self._kept, "connection", None)
        with translated(self._path, **what):
            if kept is not None:
                yield kept
                return
            with self._file.reading() as connection:
                yield connection

    @contextmanager
    def _drafting(self, what: str = "load") -> Iterator[Draft]:
        with translated(self._path, query=what), self._file.writing() as draft:
            yield draft

    def _require_writable(self) -> None:
        if self.read_only:
            raise StoreError(f"the database {self._path} was opened read-only; open it for writing.")

    def _require_sample(self, names: list[str], sample: str) -> None:
        if sample not in names:
            raise NotFoundError(f"there is no sample {sample!r} in {self._path}.{near(sample, names)}")


def _properties(variable: str, names: Sequence[str], there: Collection[str] | None = None) -> str:
    """Return properties as columns, null for those that do not exist."""
    listed = (f"{variable}.{quoted(name)}" if there is None or name in there else "NULL" for name in names)
    return "".join(f", {value} AS {PROPERTY}{n}" for n, value in enumerate(listed))


def _sorted(connection: ladybug.Connection, cypher: str, values: dict[str, Any]) -> pa.Table:
    """Run a statement that sorts, sorting its rows in Arrow if Ladybug might fail to; see `sorting`."""
    sorting = take_apart(cypher, values)
    if sorting is not None:
        for statement, places in sorting.statements():
            used = {name: value for name, value in values.items() if name in parameters_in(statement)}
            if can_be_asked(connection, statement, used):
                refuse_inner(statement, lambda: _contacts(connection))
                rows = table_of(execute(connection, statement, used))
                added = len({place for place in places if isinstance(place, str)})
                return sorting.apply(rows, places, rows.num_columns - added)
    refuse_inner(cypher, lambda: _contacts(connection))
    return table_of(execute(connection, cypher, values))


def _contacts(connection: ladybug.Connection) -> int:
    """Return the number of relationships between cells."""
    return int(schema.rows(connection, "MATCH (:Cell)-[t:TOUCHES]->(:Cell) RETURN count(t)")[0][0])


def _write(
    draft: Draft, networks: Iterable[Tables], *, leaving: Callable[[list[str]], set[str]], report: Report | None
) -> None:
    """Write the next version of a file: all samples of the old one except some, plus networks.

    `leaving` receives the names of the existing samples, and returns those to leave out, or raises.

    Ladybug deletes one by one, in time quadratic in the number of cells of a sample (520 s for the `HAS_CELL` of a
    million), and does not shrink the file; so instead of being deleted, large samples are not copied.  There is no
    transaction, which Ladybug would keep entirely in memory: an error discards the whole version.
    """
    with draft.old() as old:
        without = sorted(leaving(_names(old)))
        compression = not holds_smallest(old)
        carried = old if old is not None and _cells(old, without) > SMALL else None
        if carried is None:
            draft.copy()
            if without:
                with draft.opened(compression=compression) as connection:
                    remove(connection, without)
        with draft.opened(compression=False) as connection:
            schema.create(connection)
            if carried is not None:
                carry_samples(carried, connection, without=without)
        if carried is not None:
            with draft.opened(compression=compression) as connection:
                carry_cells(carried, connection, without=without)
        first = next_ids(old)
    for tables in networks:
        if compression and brings_smallest(tables.cells, tables.contacts):
            compression = False
            _decompress(draft)
        with draft.opened(compression=False) as connection:
            tables = fitted(connection, tables)
            schema.extend(connection, tables)
            create_samples(connection, tables, first)
        with draft.opened(compression=compression) as connection:
            append(connection, tables, first, report)
        first = First(first.sample + len(tables.samples), first.cell + tables.cells.num_rows)


def _decompress(draft: Draft) -> None:
    """Rewrite everything without compression: values added to a compressed column are misread too (0.20)."""
    with draft.again() as again, again.old() as written:
        assert written is not None
        with again.opened(compression=False) as connection:
            schema.create(connection)
            carry_samples(written, connection)
        with again.opened(compression=False) as connection:
            carry_cells(written, connection)


def _names(connection: ladybug.Connection | None) -> list[str]:
    """Return the names of the samples; none if there is no database."""
    if connection is None or "Sample" not in schema.tables(connection):
        return []
    return sorted(row[0] for row in schema.rows(connection, f"{_SAMPLES} RETURN s.name"))


def _cells(connection: ladybug.Connection, samples: list[str]) -> int:
    """Return the number of cells of samples."""
    if not samples:
        return 0
    total = f"{_SAMPLES} WHERE list_contains($names, s.name) RETURN sum(s.cells)"
    return int(schema.rows(connection, total, names=samples)[0][0])
