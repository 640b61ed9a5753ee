"""The store over LadybugDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from cellgraph.errors import NotFoundError, StoreError, near
from cellgraph.model import Column, Network
from cellgraph.stores.base import Report, Topology
from cellgraph.stores.embedded import schema
from cellgraph.stores.embedded.access import PATIENCE, DatabaseFile, execute
from cellgraph.stores.embedded.errors import translated
from cellgraph.stores.embedded.load import append, remove, transaction
from cellgraph.stores.embedded.results import table_of
from cellgraph.stores.embedded.rewrite import arrow, carry_over
from cellgraph.stores.tables import Tables, listed, prepare, refuse_existing
from cellgraph.stores.topology import bare
from cellgraph.stores.values import plain, require_parameters

if TYPE_CHECKING:
    import ladybug
    import pyarrow as pa

SMALL = 20_000
"""Cells up to which samples are deleted where they stand; without larger ones the file is written anew."""

_SAMPLES = "MATCH (s:Sample {status: 'complete'})"


class LadybugStore:
    """A `Store` in one file; a killed load is taken back by the next opening of the file."""

    dialect = "ladybug"
    typed_properties = True

    def __init__(self, path: Path, *, read_only: bool = False, patience: float = PATIENCE) -> None:
        self._path = path
        self._file = DatabaseFile(path, patience)
        self.read_only = read_only

    def __repr__(self) -> str:
        return f"<LadybugStore {str(self._path)!r}>"

    def write(self, network: Network, *, replace: bool = False, report: Report | None = None) -> None:
        """Write a network in one transaction; see `Store.write`."""
        self._require_writable()
        tables = prepare(network)
        with self._writing() as connection:
            schema.create(connection)
            doomed = self._doomed(connection, tables, replace)
            in_place = _is_small(connection, doomed)
            if in_place:
                remove(connection, doomed)
                schema.extend(connection, tables)
                append(connection, tables, report)
        if in_place:
            return
        with self._rewriting() as (old, new):
            carry_over(old, new, without=self._doomed(old, tables, replace))
            schema.extend(new, tables)
            append(new, tables, report)

    def delete(self, sample: str) -> None:
        """Remove a sample; see `Store.delete`."""
        self._require_writable()
        self._file.require()
        with self._writing() as connection:
            self._require_sample(connection, sample)
            in_place = _is_small(connection, [sample])
            if in_place:
                remove(connection, [sample])
        if in_place:
            return
        with self._rewriting() as (old, new):
            self._require_sample(old, sample)
            carry_over(old, new, without=[sample])

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
        with self._reading(query=name, parameters=values, timeout=timeout) as connection:
            if timeout is not None:
                connection.set_query_timeout(max(1, round(timeout * 1000)))
            result = execute(connection, cypher, values)
            if isinstance(result, list):
                raise StoreError("a query is one statement; leave out what follows the ';'.")
            return table_of(result)

    def sample_names(self) -> list[str]:
        """Return the names of the complete samples, sorted; none for a file that is still to be made."""
        if not self._path.exists():
            return []
        with self._reading() as connection:
            return _names(connection) if "Sample" in schema.tables(connection) else []

    def columns(self, of: Literal["cells", "contacts"], sample: str | None = None) -> tuple[Column, ...]:
        """Return the columns that came with cells or contacts; see `Store.columns`."""
        kind = {"cells": "cell_properties", "contacts": "contact_properties"}[of]
        with self._reading() as connection:
            if sample is not None:
                self._require_sample(connection, sample)
            of_sample, values = _of(sample)
            found = schema.rows(connection, f"{_SAMPLES} {of_sample} RETURN s.{kind} ORDER BY s.id", **values)
        return listed(dict.fromkeys(entry for row in found for entry in row[0]), of)

    def topology(self, sample: str | None = None) -> Topology:
        """Return the bare graph; see `Store.topology`."""
        of_sample, values = _of(sample)
        cells = f"{_SAMPLES}-[:HAS_CELL]->(c:Cell) {of_sample}"
        with self._reading() as connection:
            if sample is not None:
                self._require_sample(connection, sample)
            return bare(
                arrow(connection, f"{cells} RETURN c.id AS id, s.name AS sample, c.label AS label", **values),
                arrow(
                    connection,
                    f"{cells} MATCH (c)-[:TOUCHES]->(d:Cell) RETURN c.id AS a, d.id AS b",
                    **values,
                ),
            )

    def check(self, *, create: bool) -> None:
        """Raise `NotFoundError` if there is no file and none is to be made, `StoreError` if it is no database."""
        if not create or self._path.exists():
            with self._reading():
                return
        if not self._path.parent.is_dir():
            raise StoreError(f"there is no folder {self._path.parent} for the database {self._path}; make it first.")

    def close(self) -> None:
        """Do nothing: the file is open only while something is done with it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _reading(self, **what: Any) -> Iterator[ladybug.Connection]:
        with translated(self._path, **what), self._file.reading() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[ladybug.Connection]:
        with (
            translated(self._path, query="load"),
            self._file.writing() as connection,
            transaction(connection),
        ):
            yield connection

    @contextmanager
    def _rewriting(self) -> Iterator[tuple[ladybug.Connection, ladybug.Connection]]:
        with translated(self._path, query="load"), self._file.rewriting() as (old, new), transaction(new):
            yield old, new

    def _require_writable(self) -> None:
        if self.read_only:
            raise StoreError(f"the database {self._path} was opened to read only; open it to write.")

    def _doomed(self, connection: ladybug.Connection, tables: Tables, replace: bool) -> list[str]:
        """Return the samples that a network replaces."""
        there = _names(connection)
        if not replace:
            refuse_existing(tables.names, there, str(self._path))
        return sorted(set(tables.names) & set(there))

    def _require_sample(self, connection: ladybug.Connection, sample: str) -> None:
        names = _names(connection)
        if sample not in names:
            raise NotFoundError(f"there is no sample {sample!r} in {self._path}.{near(sample, names)}")


def _names(connection: ladybug.Connection) -> list[str]:
    return sorted(row[0] for row in schema.rows(connection, f"{_SAMPLES} RETURN s.name"))


def _of(sample: str | None) -> tuple[str, dict[str, str]]:
    """Return the condition that keeps one sample, or none for all, and its parameters."""
    return ("", {}) if sample is None else ("WHERE s.name = $sample", {"sample": sample})


def _is_small(connection: ladybug.Connection, samples: list[str]) -> bool:
    found = schema.rows(
        connection, f"{_SAMPLES} WHERE list_contains($names, s.name) RETURN sum(s.cells)", names=samples
    )
    return (found[0][0] or 0) <= SMALL
