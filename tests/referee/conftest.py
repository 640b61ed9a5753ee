"""Databases of each kind that take random tissues, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from referee_conditions import Tissue

import cellgraph
from cellgraph.stores import open_store


@pytest.fixture(params=("ladybug", "neo4j"))
def tissues(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Put tissues into a database of each kind, one after the other, and open it."""
    address = str(tmp_path / "cells.db")
    if request.param == "neo4j":
        address, user, password = request.getfixturevalue("neo4j_server")
        monkeypatch.setenv("NEO4J_USERNAME", user)
        monkeypatch.setenv("NEO4J_PASSWORD", password)

    @contextmanager
    def opened(tissue: Tissue) -> Iterator[cellgraph.Database]:
        with open_store(address, create=True) as store:
            store.write(tissue.network(), replace=True)
        with cellgraph.open(address) as db:
            yield db
        with open_store(address) as store:
            store.delete(*store.sample_names())

    return opened
