"""Neo4j Browser, as a user sees it: in Chromium, without any network but this machine's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import neo4j
import pytest

from cellgraph import server

playwright = pytest.importorskip("playwright.sync_api")

QUERY = "MATCH (n:Pictured) RETURN n LIMIT 5"


@pytest.fixture
def graph(local_neo4j: Path) -> Iterator[server.Server]:
    """A running server with three cells in a row."""
    running = server.start(local_neo4j)
    uri, user, password = server.credentials(local_neo4j)
    with neo4j.GraphDatabase.driver(uri, auth=(user, password)) as driver:
        driver.execute_query(
            "CREATE (:Pictured:Cell {label: 1})-[:TOUCHES {junctions: 5}]->(:Pictured:Cell {label: 2})"
            "-[:TOUCHES {junctions: 3}]->(:Pictured:Cell {label: 3})"
        )
        try:
            yield running
        finally:
            driver.execute_query("MATCH (n:Pictured) DETACH DELETE n")


def test_a_query_shows_cells_and_contacts(graph: server.Server, page: playwright.Page, tmp_path: Path) -> None:
    outside: list[str] = []
    blocked: list[str] = []
    page.on("requestfinished", lambda request: outside.append(request.url) if not _is_local(request.url) else None)
    page.on("requestfailed", lambda request: blocked.append(f"{request.failure} {request.url}"))
    assert graph.browser is not None
    page.goto(graph.browser)
    assert page.get_by_test_id("username").input_value() == "neo4j"
    page.get_by_test_id("password").fill(graph.password_file.read_text().strip())
    page.get_by_test_id("connect").click()
    page.get_by_test_id("frameCommand").filter(has_text=":play start").wait_for()
    page.get_by_text("cellgraph browse").first.wait_for()  # the guide, which a setting of the server opens

    page.get_by_test_id("activeEditor").click()
    page.keyboard.type(QUERY)
    page.get_by_test_id("editor-Run").click()
    frame = page.get_by_test_id("frame").filter(has_text=QUERY)
    nodes = frame.locator("g.node")
    playwright.expect(nodes).to_have_count(3)
    playwright.expect(frame.locator("g.relationship")).to_have_count(2)
    playwright.expect(frame.get_by_test_id("vizInspector")).to_contain_text("Pictured (3)")
    assert sorted(text.strip() for text in nodes.all_text_contents()) == ["1", "2", "3"]

    picture = tmp_path / "browser.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000
    assert outside == []
    asked = [line for line in blocked if not _is_local(line.split()[-1]) and not line.startswith("csp ")]
    assert asked == [], "the page asked for something elsewhere"


def _is_local(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in ("data", "blob") or address.hostname == "127.0.0.1"
