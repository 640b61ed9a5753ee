"""The page of `cellgraph view` in a real Chromium: what is on the screen, a click, a ring, a path."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow.csv
import pytest
from command import cellgraph as command

import cellgraph
from cellgraph.errors import CellgraphError, ExistsError, InputError, NotFoundError, ParameterError

STRANGE = "</script><img src=x onerror=\"document.title='broken'\"> $'\\ & ü"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view")
    cellgraph.phantom(folder / "cells.npy", cells=300, shape=(30, 60, 60), seed=2)
    cellgraph.load(folder / "cells.npy", folder / "cells.db")
    kinds = ["nerve", STRANGE, "bone"]
    (folder / "types.csv").write_text(
        "label,kind\n" + "".join(f'{c},"{kinds[c % 3].replace(chr(34), chr(34) * 2)}"\n' for c in range(1, 301))
    )
    cellgraph.annotate(folder / "types.csv", db=folder / "cells.db")
    return folder / "cells.db"


def test_cells_rings_and_paths(db: Path, page: Any, tmp_path: Path) -> None:
    done = command("view", "--db", db, "--no-open", "-o", tmp_path / "cells.html", "--color", "kind")
    address = done.stdout.splitlines()[-1]
    assert address == (tmp_path / "cells.html").as_uri()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    with cellgraph.open(db) as database:
        rows = database.query("contacts").to_pylist()
        graph = nx.Graph([(row["cell_a"], row["cell_b"]) for row in rows])
        assert page.evaluate("view.cells") == 300 == graph.number_of_nodes()
        assert page.evaluate("view.contacts") == len(rows)
        assert page.inner_text("#count") == f"300 cells, {len(rows):,} contacts"
        assert page.title() == "cells – cellgraph"
        assert STRANGE in page.inner_text("#types")
        blank = page.screenshot()

        # The cell that is nearest to the eye, so that a click meets it.
        places = {cell: page.evaluate(f"view.screen({cell})") for cell in graph}
        cell = min(places, key=lambda c: places[c][2])
        page.mouse.click(*places[cell][:2])
        assert page.inner_text("#answer").startswith(f"Cell {cell}: {graph.degree[cell]} cells within 1 contact")
        assert f"Touches {graph.degree[cell]}" in page.inner_text("#neighbours")
        assert page.screenshot() != blank
        for k in (2, 3):
            page.fill("#k", str(k))
            (ring,) = database.query("khop", cell=cell, k=k).to_pylist()[-1:]
            assert f"{ring['within']} cells within {k} contacts" in page.inner_text("#answer")
        assert f"c.label IN [{cell}]" in page.inner_text("#cypher")
        volume = database.query("cells", where=f"label = {cell}")["volume"][0].as_py()
        assert f"{volume:g}" in page.inner_text("#measures")

        far = max(graph, key=lambda c: nx.shortest_path_length(graph, cell, c))
        steps = [int(label) for label in page.evaluate(f"view.path({far})")]
        assert len(steps) == database.query("path", source=cell, target=far).num_rows
        assert all(graph.has_edge(a, b) for a, b in pairwise(steps))
        page.fill("#search", "77")
        page.press("#search", "Enter")
        assert page.inner_text("#answer").startswith("Cell 77:")
        page.fill("#search", "7777")
        page.press("#search", "Enter")
        assert page.inner_text("#answer") == "There is no cell 7777 here."
    page.select_option("#column", label="volume")
    assert float(page.inner_text("#low")) < float(page.inner_text("#high"))
    if picture := os.environ.get("CELLGRAPH_TEST_PICTURE"):
        page.evaluate(f"view.select({cell})")
        page.screenshot(path=picture)
    assert errors == []
    assert requests == [address]


def test_ellipsoids_are_where_the_cells_are(page: Any, tmp_path: Path) -> None:
    labels = np.zeros((20, 40, 60), np.uint8)
    labels[8:12, 18:22, 5:35], labels[2:18, 19:21, 40:58], labels[10, 20, 36] = 1, 2, 3  # a rod, a disc, one voxel
    np.save(tmp_path / "cells.npy", labels)
    cellgraph.load(tmp_path / "cells.npy", tmp_path / "cells.db")
    page.goto(cellgraph.view(tmp_path / "page.html", tmp_path / "cells.db").address)
    assert page.evaluate("view.ellipsoids") == 3
    points = page.screenshot()
    page.check("#ellipsoids")
    assert page.screenshot() != points
    x, y, _ = page.evaluate("view.screen(1)")
    for away, said in ((0, "Cell 1:"), (40, "Cell 1:"), (-60, "Cell 1:")):  # far from its centroid, on the rod
        page.mouse.click(x + away, y + 1)
        assert page.inner_text("#answer").startswith(said)
    page.mouse.click(x, y + 150)
    assert page.inner_text("#answer") == ""
    page.evaluate("view.select(3)")
    assert page.inner_text("#answer").startswith("Cell 3:")


@pytest.mark.parametrize(("shape", "shown"), [((40, 50), 12), ((10, 20, 20), 12)])
def test_ellipsoids_up_to_a_number_of_cells(
    shape: tuple[int, ...], shown: int, page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cellgraph.phantom(tmp_path / "cells.npy", cells=12, shape=shape, seed=1)
    cellgraph.load(tmp_path / "cells.npy", tmp_path / "cells.db")
    page.goto(cellgraph.view(tmp_path / "page.html", tmp_path / "cells.db").address)
    assert page.evaluate("view.ellipsoids") == shown
    assert page.evaluate("JSON.parse(document.getElementById('data').textContent).flat") == (len(shape) == 2)
    page.check("#ellipsoids")
    x, y, _ = page.evaluate("view.screen(5)")
    page.mouse.click(x, y)
    assert page.inner_text("#answer").startswith("Cell ")
    monkeypatch.setattr("cellgraph.pictures.view.MOST_ELLIPSOIDS", 11)
    page.goto(cellgraph.view(tmp_path / "page.html", tmp_path / "cells.db").address)
    assert page.evaluate("view.ellipsoids") == 0
    assert page.query_selector("#ellipsoids") is None


def test_a_large_sample_is_drawn_in_part_and_says_so(db: Path, page: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("cellgraph.pictures.view.MOST_CELLS", 100)
    done = cellgraph.view(tmp_path / "cells.html", db)
    assert "These are 100 of 300 cells, chosen at random" in done.note
    page.goto(done.address)
    assert page.evaluate("view.cells") == 100
    assert page.inner_text("#note") == done.note


def test_two_dimensions_and_names(page: Any, tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("cell,x,y\nAVAL,1,2\nASHL,3,4\nAVBR,5,1\n")
    (tmp_path / "network.csv").write_text("source,target,weight\nAVAL,ASHL,2\nASHL,AVBR,1\n")
    cellgraph.load_tables(tmp_path / "cells.csv", tmp_path / "network.csv", db=tmp_path / "cells.db", sample="worm")
    page.goto(cellgraph.view(tmp_path / "worm.html", tmp_path / "cells.db").address)
    page.fill("#search", "AVAL")
    page.press("#search", "Enter")
    assert "AVAL: 1 cells within 1 contact" in page.inner_text("#answer")


def test_what_is_refused(db: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("<html>mine")
    pyarrow.csv.write_csv(pyarrow.table({"cell": np.arange(3)}), tmp_path / "cells.csv")
    cellgraph.load_tables(tmp_path / "cells.csv", db=tmp_path / "bare.db", sample="bare")
    wrong: list[tuple[Path, str, dict[str, Any], type[CellgraphError], str]] = [
        (db, "mine.html", {}, ExistsError, "already there"),
        (db, "page.pdf", {}, ParameterError, "an .html file"),
        (db, "none/page.html", {}, NotFoundError, "does not exist"),
        (db, "page.html", {"color": "volum"}, ParameterError, "Did you mean 'volume'"),
        (db, "page.html", {"sample": "cell"}, NotFoundError, "no sample 'cell'"),
        (tmp_path / "bare.db", "page.html", {}, InputError, "no centroids"),
    ]
    for database, output, named, kind, sentence in wrong:
        with pytest.raises(kind, match=sentence):
            cellgraph.view(tmp_path / output, database, **named)
    cellgraph.view(tmp_path / "page.html", db)
    cellgraph.view(tmp_path / "page.html", db, color="volume")  # a page of ours is replaced
