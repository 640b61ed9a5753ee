"""`cellgraph browse`, as a user sees it: cells on the screen without a click or a password."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from command import cellgraph
from six_cells import six_cells

import cellgraph as library
from cellgraph import server
from cellgraph.stores import open_store

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture
def tissue(local_neo4j: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a local server with a phantom of eighty cells, and the six cells."""
    monkeypatch.setenv("CELLGRAPH_NEO4J_HOME", str(local_neo4j))
    server.start(local_neo4j)
    library.phantom(tmp_path / "eighty.npy", cells=80, shape=(16, 40, 40), seed=2)
    library.load(tmp_path / "eighty.npy", "neo4j", replace=True)
    with open_store("neo4j") as store:
        store.write(six_cells().network(), replace=True)
    return local_neo4j


def browse(*arguments: object) -> str:
    """Run the command, and return the address of the launcher that it writes."""
    printed = cellgraph("browse", *arguments, "--no-open").stdout
    return printed.splitlines()[-1]


def saved(page: playwright.Page, key: str) -> object:
    return json.loads(page.evaluate(f"localStorage.getItem('neo4j.{key}')"))


def frame(page: playwright.Page, text: str) -> playwright.Locator:
    return page.get_by_test_id("frame").filter(has_text=text)


def test_cells_stand_on_the_screen_and_what_the_user_has_stays(tissue: Path, page: playwright.Page) -> None:
    launcher = browse("within", "--cell", 40, "--k", 2, "--sample", "eighty")
    assert launcher.startswith("file:///")
    file = Path(unquote(urlsplit(launcher).path))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(launcher)

    with library.open("neo4j") as db:
        reached = db.query("within", cell=40, k=2, sample="eighty")["reached"].to_pylist()
        touched = db.query("hubs", sample="eighty", limit=1)["degree"].to_pylist()[0]
        favourites = [query.name for query in db.queries]
    drawn = frame(page, "The cells within k contacts")
    playwright.expect(drawn.locator("g.node")).to_have_count(1 + len(reached))
    labels = [int(text) for text in drawn.locator("g.node").all_text_contents()]
    assert sorted(labels) == sorted([40, *reached])
    _, _, password = server.credentials(tissue)
    assert [url for url in asked if password in url.partition("#")[0]] == []

    # A card of the guide runs by a click on its arrow.
    page.get_by_text("Your tissue as a graph").first.wait_for()
    page.get_by_text("Next").click()
    page.locator("pre.runnable i").first.click()
    card = frame(page, "(c)-[r:TOUCHES]-(d:Cell)")
    playwright.expect(card.locator("g.node")).to_have_count(1 + touched)

    settings = saved(page, "settings")
    assert settings.get("initCmd") in (None, ":play start"), "the query would run again at every visit"
    ours = [document for document in saved(page, "documents") if document.get("folder") == "cellgraph"]
    assert [document["id"] for document in ours] == [f"cellgraph-{name}" for name in favourites]

    # The user makes it their own: a favourite, a change to one of ours, one deleted, a style, and settings.
    page.evaluate(
        """() => {
            const get = (key) => JSON.parse(localStorage.getItem("neo4j." + key));
            const set = (key, value) => localStorage.setItem("neo4j." + key, JSON.stringify(value));
            const documents = get("documents").filter(({ id }) => id !== "cellgraph-cells");
            documents.find(({ id }) => id === "cellgraph-hubs").content = "// my hubs";
            set("documents", [...documents, { id: "mine", content: "// mine" }]);
            const grass = get("grass");
            grass["node.Cell"].color = "#123456";
            set("grass", { ...grass, "node.Mine": { color: "red" } });
            set("settings", { ...get("settings"), initCmd: ":sysinfo", maxFrames: 7 });
        }"""
    )
    page.goto("about:blank")
    page.goto(browse("path", "--from", 5, "--to", 2, "--sample", "six"))
    playwright.expect(frame(page, "A shortest path").locator("g.node")).to_have_count(4)
    own = [document for document in saved(page, "documents") if not document.get("isStatic")]
    documents = {document["id"]: document["content"] for document in own}
    assert documents["mine"] == "// mine"
    assert documents["cellgraph-hubs"] == "// my hubs"
    assert "cellgraph-cells" not in documents
    assert len(documents) == len(own)
    assert {f"cellgraph-{name}" for name in favourites} - set(documents) == {"cellgraph-cells"}
    grass, settings = saved(page, "grass"), saved(page, "settings")
    assert grass["node.Cell"]["color"] == "#123456"
    assert grass["node.Mine"] == {"color": "red"}
    assert (settings["initCmd"], settings["maxFrames"]) == (":sysinfo", 7)


def test_the_start_page_lets_in_nobody_without_the_password(tissue: Path, page: playwright.Page) -> None:
    address, _, fragment = _leads_to(browse("neighbours", "--cell", 3, "--sample", "six")).partition("#")
    token = fragment.partition("&")[0]
    for wrong, told in (
        ("", "opened by the launcher"),
        (f"#{token}", "opened by the launcher"),
        (f"#{'0' * 32}&secret", "of another server"),
        (f"#{token}&secret", "does not accept the password"),
    ):
        page.goto("about:blank")
        page.goto(address + wrong)
        page.get_by_text(told).wait_for()
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        assert page.url.endswith("start.html")


def _leads_to(launcher: str) -> str:
    text = Path(unquote(urlsplit(launcher).path)).read_text()
    return text.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
