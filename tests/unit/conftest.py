"""Databases of each kind to ask, filled once for all tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cellgraph.model import Network
from cellgraph.stores import open_store


@pytest.fixture(scope="module", params=["ladybug", "neo4j"])
def fill(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Write networks into a database of each kind and return its address; they are gone after the module."""
    with pytest.MonkeyPatch.context() as environment:
        if request.param == "neo4j":
            address, user, password = request.getfixturevalue("neo4j_server")
            environment.setenv("NEO4J_USERNAME", user)
            environment.setenv("NEO4J_PASSWORD", password)
        else:
            address = str(tmp_path_factory.mktemp("asked") / "cells.db")
        written: list[str] = []

        def write(*networks: Network) -> str:
            with open_store(address, create=True) as store:
                for network in networks:
                    store.write(network)
                    written.extend(sample.name for sample in network.samples)
            return address

        try:
            yield write
        finally:
            with open_store(address, create=True) as store:
                for name in written:
                    store.delete(name)
