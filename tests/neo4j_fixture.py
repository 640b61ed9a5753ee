"""A real Neo4j for the tests: one for the whole session, empty at its start.

``NEO4J_URI`` (with ``NEO4J_USERNAME`` and ``NEO4J_PASSWORD``) if it is set; else a container if a Docker
daemon answers; else the local server of `cellgraph.server` in a temporary home. None of them is a failure,
not a skip, unless ``CELLGRAPH_TEST_NO_NEO4J=1`` asks for it outside CI.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cellgraph import server
from cellgraph.errors import CellgraphError

Credentials = tuple[str, str, str]


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Credentials]:
    """URI, user and password of a running Neo4j."""
    if os.environ.get("CELLGRAPH_TEST_NO_NEO4J") == "1" and not os.environ.get("CI"):
        pytest.skip("CELLGRAPH_TEST_NO_NEO4J=1: no Neo4j is wanted")
    uri = os.environ.get("NEO4J_URI")
    if uri:
        yield uri, os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ.get("NEO4J_PASSWORD", "neo4j")
    elif _docker_answers():
        with _container() as credentials:
            yield credentials
    else:
        with _local(tmp_path_factory) as home:
            yield server.credentials(home)


@pytest.fixture(scope="session")
def local_neo4j(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Home of a local server that tests may stop and kill; they call `server.start`, which finds or starts it."""
    with _local(tmp_path_factory) as home:
        yield home


def _docker_answers() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@contextmanager
def _container() -> Iterator[Credentials]:
    from testcontainers.community.neo4j import Neo4jContainer

    with Neo4jContainer("neo4j:5.26", password="cellgraph-tests") as container:
        yield container.get_connection_url(), "neo4j", "cellgraph-tests"


@contextmanager
def _local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("neo4j") / "home of a server"
    try:
        server.start(home)
    except CellgraphError as error:
        pytest.fail(f"no Neo4j for the tests: {error}", pytrace=False)
    try:
        yield home
        last = server.status(home)
    finally:
        server.stop(home)
    assert not server.status(home).running
    if last.uri is not None:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(last.uri).port), timeout=5).close()
