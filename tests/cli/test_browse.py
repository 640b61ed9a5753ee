"""The command `cellgraph browse`, where there is nothing that it could show, and where a browser is missing."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import neo4j
import pytest
from command import cellgraph, refused
from six_cells import SAMPLE, pair, six_cells

from cellgraph import server
from cellgraph.browser import open_page
from cellgraph.stores import open_store


@pytest.fixture
def home(local_neo4j: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a running local server, which is empty."""
    monkeypatch.setenv("CELLGRAPH_NEO4J_HOME", str(local_neo4j))
    server.start(local_neo4j)
    with _driver(local_neo4j) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return local_neo4j


def _driver(home: Path) -> neo4j.Driver:
    uri, user, password = server.credentials(home)
    return neo4j.GraphDatabase.driver(uri, auth=(user, password))


def test_an_empty_neo4j_proposes_what_could_be_copied(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELLGRAPH_DB", raising=False)
    assert "load one: cellgraph load IMAGE --db neo4j" in refused("browse", "--no-open", cwd=tmp_path)
    for place in ("cellgraph.db", "my cells.db"):
        with open_store(tmp_path / place, create=True) as store:
            store.write(six_cells().network())
    assert "cellgraph copy cellgraph.db neo4j" in refused("browse", "--no-open", cwd=tmp_path)
    monkeypatch.setenv("CELLGRAPH_DB", "my cells.db")
    assert "cellgraph copy 'my cells.db' neo4j" in refused("browse", "--no-open", cwd=tmp_path)
    cellgraph("copy", "my cells.db", "neo4j", cwd=tmp_path)
    assert cellgraph("browse", "--no-open", cwd=tmp_path).stdout.splitlines()[-1].startswith("file:///")


def test_what_cannot_be_drawn_is_told(home: Path, tmp_path: Path) -> None:
    with open_store("neo4j") as store:
        store.write(six_cells().network())
        store.write(pair().network())
    for arguments, status, sentence in (
        ("--sample sixx", 1, "there is no sample 'sixx' in the database. Did you mean 'six'?"),
        ("within --cell 7", 1, "there is no cell 7 in any of the 2 samples"),
        ("within --cell 3", 2, "the cell 3 is in 2 samples"),
        ("within", 2, "needs the parameter 'cell'"),
        ("cells", 1, "cannot be drawn; queries that can be drawn: "),
        ("withn --cell 3", 1, "Did you mean 'within'?"),
        ("--cell 3", 2, "parameters need a query, but none is named"),
        ("path --from 1 --to 6 --sample six", 1, "there is nothing to draw"),
        ("within --cell 5 --db cells.db", 2, "cellgraph copy cells.db neo4j"),
        ("within --cell 5 --db bolt://127.0.0.1:1", 1, "127.0.0.1:1"),
    ):
        assert sentence in refused("browse", *arguments.split(), "--no-open", status=status, cwd=tmp_path), arguments


def test_another_server_gets_a_link_and_no_password_is_written(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "50% & more # 1+1"
    with open_store("neo4j") as store:
        store.write(six_cells(name).network())
    uri, user, password = server.credentials(home)
    launcher = home / "run" / "launch.html"
    launcher.unlink(missing_ok=True)
    monkeypatch.setenv("NEO4J_USERNAME", user)
    monkeypatch.setenv("NEO4J_PASSWORD", password)
    done = cellgraph("browse", "within", "--cell", 5, "--sample", name, "--db", uri, "--no-open", cwd=tmp_path)
    link = done.stdout.splitlines()[-1]
    assert link.startswith("http://127.0.0.1:7474/browser/?dbms=")
    assert password not in done.stdout + done.stderr
    assert "is assumed to be at" in done.stderr
    assert not launcher.exists()
    assert list(tmp_path.iterdir()) == []
    given = parse_qs(urlsplit(link).query)
    assert given["dbms"] == [uri.replace("://", f"://{user}@")]
    assert given["cmd"] == ["edit"]
    (cypher,) = given["arg"]
    assert not {"&", "#"} & set(cypher), "Neo4j Browser would end the query there"
    with _driver(home) as driver:
        paths = driver.execute_query(cypher).records
    assert {node["label"] for (path,) in paths for node in path.nodes} == {5, 4, 3}
    assert SAMPLE.name != name


def test_limits_are_told_and_data_is_served_under_a_name_that_nobody_can_guess(home: Path) -> None:
    with open_store("neo4j") as store:
        store.write(six_cells("secret-project").network())
    done = cellgraph("browse", "contacts", "--no-open")
    assert "contacts: 5 cells and 5 contacts are drawn" in done.stdout
    assert "note: the drawing is limited: the 300 with the most junctions" in done.stderr
    files = [path for path in (home / "pages" / "browser" / "cellgraph").rglob("*") if path.is_file()]
    telling = [path for path in files if "secret-project" in path.read_text()]
    assert {path.name for path in telling} <= {"guide.html", "launch.json"}
    assert telling
    assert all(len(bytes.fromhex(path.parent.name)) == 16 for path in telling)
    assert [path for path in files if server.credentials(home)[2] in path.read_text()] == []


def test_classes_are_labels_that_can_be_taken_away(home: Path) -> None:
    with open_store("neo4j") as store:
        store.write(six_cells().network())

    def labelled() -> dict[str, list[int]]:
        with _driver(home) as driver:
            rows = driver.execute_query(
                "MATCH (c:Cell) UNWIND labels(c) AS l WITH * WHERE l <> 'Cell' RETURN l, collect(c.label)"
            ).records
        return {name: sorted(labels) for name, labels in rows}

    rows = cellgraph("query", "cells", "--db", "neo4j", "--format", "csv").stdout
    for _ in range(2):
        cellgraph("browse", "--classes", "--no-open")
        assert labelled() == {"Border": [1, 2, 4, 5, 6], "Large": [1, 2, 3], "Small": [4, 5, 6]}
    assert cellgraph("query", "cells", "--db", "neo4j", "--format", "csv").stdout == rows
    cellgraph("browse", "--no-classes", "--no-open")
    assert labelled() == {}


def test_stop_takes_the_launcher_away(home: Path) -> None:
    with open_store("neo4j") as store:
        store.write(six_cells().network())
    cellgraph("browse", "--no-open")
    assert (home / "run" / "launch.html").exists()
    server.stop(home)
    assert not (home / "run" / "launch.html").exists()


def test_without_a_window_no_browser_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not open_page("file:///nowhere/launch.html")
    monkeypatch.setenv("BROWSER", "/bin/true")
