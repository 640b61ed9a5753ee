"""The bulk import of Neo4j, by its real tool: what it makes is what Bolt makes, and nobody's data are lost by it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from six_cells import pair, six_cells
from store_graphs import SIX_LABELS, everything, grid, labels, table_network

import cellgraph
from cellgraph import server
from cellgraph.model import Network, Sample
from cellgraph.server import exchange
from cellgraph.server.home import Home
from cellgraph.stores import open_store
from cellgraph.stores.bolt import local


def odd() -> Network:
    """Return two samples with a contact between them, and values and names of every kind."""
    large = 2**63 - 1
    cells = {
        "sample": ["a", "a", "b"],
        "label": [-(2**63), large, 7],
        "order": [1, None, large],
        "MATCH, all": [0.325, float("inf"), float("nan")],
        "alive": [True, None, False],
        "größe n": ['é "x", y\nz', "", None],
        "nothing": pa.nulls(3, pa.int64()),
    }
    links = {"a": [0, 0, 1, 1], "b": [1, 1, 2, 1], "junctions": [1, 2, None, 4], "kind": ["x", None, "y", ""]}
    extra = {"note": "p;q\x1e", "weight": 0.1, "alive": False}
    return table_network(
        cells, links, (Sample("a", connectivity=0, background=None, extra=extra), Sample("b", connectivity=0))
    )


def whole(address: str) -> tuple[list[Any], ...]:
    """Return every node and relationship as Neo4j has it, but for the time of loading."""
    from neo4j import GraphDatabase

    uri, user, password = server.credentials() if address == "neo4j" else ("", "", "")
    with GraphDatabase.driver(uri, auth=(user, password), notifications_min_severity="OFF") as driver:

        def rows(cypher: str) -> list[str]:
            found = driver.execute_query(cypher).records
            return sorted(json.dumps(list(record.values()), sort_keys=True, default=repr) for record in found)

        nodes = rows("MATCH (n) RETURN labels(n), n.id, n {.*, loaded: null}")
        links = rows("MATCH (a)-[r]->(b) RETURN labels(a), a.id, type(r), properties(r), labels(b), b.id")
        types = rows("MATCH (n) UNWIND keys(n) AS k RETURN DISTINCT labels(n), n.id, k, valueType(n[k])")
        indexes = rows("SHOW INDEXES YIELD name, state, labelsOrTypes, properties")
    return nodes, links, types, indexes


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Home of a server that is imported into; it starts with an empty database."""
    place = tmp_path_factory.mktemp("neo4j") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CELLGRAPH_NEO4J_HOME", str(place))
        server.start()
        try:
            yield place
        finally:
            server.stop()


def delete_all() -> None:
    with open_store("neo4j") as store:
        store.delete(*store.sample_names())


def test_an_import_equals_a_load_and_is_taken_only_where_nothing_is_lost(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with open_store("neo4j") as store:
        store.write(odd())
    loaded = whole("neo4j")
    before = server.status().pid
    delete_all()
    monkeypatch.setattr(local, "MANY", 0)
    with open_store("neo4j") as store:
        store.write(odd())
        assert store.sample_names() == ["a", "b"]
        assert server.status().pid != before, "it was imported"
        assert whole("neo4j") == loaded
        # A database that is not empty is added to, through Bolt.
        before = server.status().pid
        store.write(six_cells().network())
        assert server.status().pid == before
        assert store.sample_names() == ["a", "b", "six"]
    assert not list((home / "data").glob("import-*"))


def test_somebody_else_is_at_the_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from neo4j import GraphDatabase

    delete_all()
    monkeypatch.setattr(local, "MANY", 0)
    uri, user, password = server.credentials()
    before = server.status().pid
    with GraphDatabase.driver(uri, auth=(user, password)) as driver:
        driver.verify_connectivity()
        with open_store("neo4j") as store:
            store.write(pair().network())
            assert store.sample_names() == ["pair"]
    assert server.status().pid == before


def test_somebody_writes_while_the_import_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from neo4j import GraphDatabase

    delete_all()
    monkeypatch.setattr(local, "MANY", 0)
    stop = server.control.stop

    def write_and_stop(*arguments: Any) -> bool:
        uri, user, password = server.credentials()
        with GraphDatabase.driver(uri, auth=(user, password)) as driver:
            driver.execute_query("CREATE (:Note {text: 'mine'})")
        return stop(*arguments)

    monkeypatch.setattr(server.control, "stop", write_and_stop)
    with open_store("neo4j") as store:
        store.write(six_cells().network())
        assert labels(store) == SIX_LABELS
        assert store.run("MATCH (n:Note) RETURN n.text AS text").to_pylist() == [{"text": "mine"}]
        monkeypatch.undo()


def test_a_start_finishes_an_exchange_or_throws_an_import_away(home: Path) -> None:
    server.stop()
    where = Home(home)
    for part in ("databases", "transactions"):
        shutil.copytree(home / "data" / part / "neo4j", exchange.complete(where) / part / "neo4j")
        shutil.rmtree(home / "data" / part / "neo4j")
    (exchange.staging(where) / "data").mkdir(parents=True)
    server.start()
    assert not list((home / "data").glob("import-*"))
    with open_store("neo4j") as store:
        assert labels(store) == SIX_LABELS


def test_the_folder_of_an_export_is_imported_by_its_command(home: Path, tmp_path: Path) -> None:
    with open_store(tmp_path / "cells.db", create=True) as store:
        store.write(grid(4))
        store.write(six_cells().network())
    cellgraph.export(tmp_path / "out", tmp_path / "cells.db", format="neo4j-admin")
    server.stop()
    for part in ("databases", "transactions"):
        shutil.rmtree(home / "data" / part / "neo4j")
    server.offline.admin(
        Home(home), home / "conf", "database", "import", "full", "neo4j", "@import.options", cwd=tmp_path / "out"
    )
    server.start()
    with open_store("neo4j") as store:
        assert store.sample_names() == ["grid", "six"]
        assert everything(store) == {"Sample": 2, "Cell": 70, "HAS_CELL": 70, "TOUCHES": 149}
        store.write(pair().network())
        assert store.sample_names() == ["grid", "pair", "six"]
