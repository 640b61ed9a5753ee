"""What `cellgraph neo4j start` is told: version, procedures, who may reach it, and jars; procedures in a server."""

from __future__ import annotations

from pathlib import Path

import neo4j
import numpy as np
import pytest
from command import cellgraph, refused

from cellgraph import metrics, server, sweep
from cellgraph.errors import ServerError
from cellgraph.server import access, jars
from cellgraph.server.home import Home
from cellgraph.server.jars import PLUGINS, VERSIONS, read_lock
from cellgraph.server.program import choose, settings
from cellgraph.stores import open_store

START = ("neo4j", "start", "--home")


def test_locks_name_every_file_once() -> None:
    for version in VERSIONS:
        locked = read_lock(f"neo4j-{version}")
        assert f"org.neo4j:neo4j:{version}" in {str(jar) for jar in locked}
        for plugin in PLUGINS.values():
            both = [*locked, *read_lock(plugin.lock)] if version == jars.VERSION else locked
            assert len({jar.filename for jar in both}) == len(both)


def test_what_is_refused_makes_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    home = tmp_path / "home"
    assert "--version must be one of 5.26.30, 2026.08.1" in refused(*START, home, "--version", "5.26.3", status=2)
    assert "--with takes gds and apoc, not 'gdz'" in refused(*START, home, "--with", "gdz", status=2)
    wrong = refused(*START, home, "--version", "2026.08.1", "--with", "apoc", status=2)
    assert "--with needs Neo4j 5.26.30" in wrong
    assert "a password of your own" in refused(*START, home, "--listen", "0.0.0.0", status=2)
    monkeypatch.setenv("NEO4J_PASSWORD", "short")
    assert "8 characters" in refused(*START, home, "--listen", "0.0.0.0", status=2)
    assert "--listen takes 127.0.0.1" in refused(*START, home, "--listen", "example.org", status=2)
    assert not home.exists()


def test_a_password_of_ones_own_is_that_of_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "correct horse")
    own = access.require_password("0.0.0.0")
    home = Home(tmp_path / "home")
    home.prepare()
    home.ensure_password(own)
    assert home.password() == "correct horse"
    assert home.password_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ServerError, match="must be the password of the databases"):
        home.ensure_password("another one")


def test_an_older_version_does_not_open_later_databases(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    (home.path / "data" / "databases" / "system").mkdir(parents=True)
    assert choose(home, None, (), VERSIONS[1]).version == VERSIONS[1]
    with pytest.raises(ServerError, match=r"are from Neo4j 2026\.08\.1, and 5\.26\.30 cannot read them"):
        choose(home, VERSIONS[0], (), VERSIONS[1])


def test_procedures_of_files_and_addresses_are_not_allowed(tmp_path: Path) -> None:
    chosen = choose(Home(tmp_path), None, ["gds", "apoc"], None)
    allowed = settings(Home(tmp_path), chosen)["dbms.security.procedures.allowlist"].split(",")
    assert "gds.*" in allowed
    assert not [name for name in allowed if name.startswith(("apoc.load", "apoc.import", "apoc.export", "apoc.*"))]


METRICS = {
    "degree": ("gds.degree.stream('cells')", "score"),
    "pagerank": ("gds.pageRank.stream('cells', {maxIterations: 500, tolerance: 1e-14})", "score"),
    "clustering": ("gds.localClusteringCoefficient.stream('cells')", "localClusteringCoefficient"),
    "core_number": ("gds.kcore.stream('cells')", "coreValue"),
    "closeness": ("gds.closeness.stream('cells', {useWassermanFaust: true})", "score"),
    "harmonic": ("gds.closeness.harmonic.stream('cells')", "score"),
    "betweenness": ("gds.betweenness.stream('cells')", "score"),
    "eigenvector": ("gds.eigenvector.stream('cells', {maxIterations: 5000, tolerance: 1e-14})", "score"),
    "components": ("gds.wcc.stream('cells')", "componentId"),
}
"""How Neo4j's library computes the metrics of cellgraph."""


def metrics_are_those_of_gds(driver: neo4j.Driver) -> None:
    """Load a tissue in two pieces, and compare each metric of its cells."""
    labels = np.random.default_rng(4).integers(1, 200, (6, 8, 14)).astype(np.uint16)
    labels[:, :, 9] = 0
    labels[:, :, 10:] += 200  # nothing of them is on the other side
    with open_store("neo4j", create=True) as store:
        store.write(sweep(labels, name="tissue").network())
    ours = metrics([*METRICS], "neo4j").rows
    cells = ours["cell"].to_pylist()
    n = len(cells)
    driver.execute_query("CALL gds.graph.project('cells', 'Cell', {TOUCHES: {orientation: 'UNDIRECTED'}})")
    # Each library has a scale of its own.
    scales = {"harmonic": n - 1, "betweenness": 2 / ((n - 1) * (n - 2))}
    for name, (call, column) in METRICS.items():
        statement = f"CALL {call} YIELD nodeId, {column} AS value RETURN gds.util.asNode(nodeId).label AS cell, value"
        found = {record["cell"]: record["value"] for record in driver.execute_query(statement).records}
        theirs, own = np.array([found[cell] for cell in cells], float), ours[name].to_numpy()
        if name == "components":
            assert len(set(zip(theirs, own, strict=True))) == len(set(theirs)) == len(set(own)) > 1
            continue
        if name in ("pagerank", "eigenvector"):
            theirs = theirs / (theirs.sum() if name == "pagerank" else np.linalg.norm(theirs))
        np.testing.assert_allclose(own, theirs * scales.get(name, 1), rtol=1e-5, atol=1e-8, err_msg=name)


def test_gds_and_apoc_in_a_real_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("CELLGRAPH_NEO4J_HOME", str(home))
    done = cellgraph(*START, home, "--with", "gds,apoc", "--timeout", "500")
    try:
        assert "GPL-3.0" in done.stdout
        uri, user, password = server.credentials(home)
        with neo4j.GraphDatabase.driver(uri, auth=(user, password), notifications_min_severity="OFF") as driver:
            row = driver.execute_query("RETURN gds.version() AS gds, apoc.text.capitalize('cell') AS apoc").records[0]
            assert row.data() == {"gds": PLUGINS["gds"].version, "apoc": "Cell"}
            driver.execute_query(
                "UNWIND [[1, 2], [2, 3]] AS p MERGE (a:C {i: p[0]}) MERGE (b:C {i: p[1]}) MERGE (a)-[:T]->(b)"
            )
            driver.execute_query("CALL gds.graph.project('g', 'C', {T: {orientation: 'UNDIRECTED'}})")
            degrees = driver.execute_query(
                "CALL gds.degree.stream('g') YIELD score RETURN score ORDER BY score"
            ).records
            assert [record["score"] for record in degrees] == [1.0, 1.0, 2.0]
            with pytest.raises(neo4j.exceptions.ClientError, match=r"no procedure|not found|unavailable"):
                driver.execute_query("CALL apoc.load.json('http://127.0.0.1:9/x') YIELD value RETURN value")
            metrics_are_those_of_gds(driver)
    finally:
        server.stop(home)
