"""Databases for the contract suite: an empty one of each kind, opened as often as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from store_graphs import Database

from cellgraph.stores import Store, open_store

DATABASES = ("ladybug", "neo4j")


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An empty database of each kind; all stores that a test opens on it are closed at its end."""
    if request.param == "neo4j":
        address = request.getfixturevalue("empty_neo4j")
    else:
        address = str(tmp_path / "cells.db")
    with ExitStack() as opened:

        def open_it(**options: bool) -> Store:
            return opened.enter_context(open_store(address, **{"create": True, **options}))

        yield Database(address, open_it)


@pytest.fixture
def store(database: Database) -> Store:
    """An empty database, opened to write."""
    return database.open()


@pytest.fixture
def empty_neo4j(neo4j_server: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of the Neo4j of the session, whose credentials are in the environment, emptied before and after."""
    uri, user, password = neo4j_server
    monkeypatch.setenv("NEO4J_USERNAME", user)
    monkeypatch.setenv("NEO4J_PASSWORD", password)
    with driver_session(neo4j_server) as session:
        _empty(session)
        yield uri
        _empty(session)


@contextmanager
def driver_session(credentials: tuple[str, str, str]) -> Iterator[object]:
    """A session of the driver itself, to look at a Neo4j from outside."""
    import neo4j

    uri, user, password = credentials
    with (
        neo4j.GraphDatabase.driver(uri, auth=(user, password), notifications_min_severity="OFF") as driver,
        driver.session() as session,
    ):
        yield session


def _empty(session: object) -> None:
    for cypher in ("MATCH ()-[r]->() WITH r LIMIT 50000 DELETE r", "MATCH (n) WITH n LIMIT 50000 DELETE n"):
        while session.run(cypher).consume().counters.contains_updates:  # type: ignore[attr-defined]
            pass
