"""The graph forms of queries, as Neo4j Browser runs them: what they draw is what the tables say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import neo4j
import pytest
from six_cells import pair, six_cells

import cellgraph
from cellgraph.analyze.show import show
from cellgraph.errors import NotFoundError
from cellgraph.queries import Catalogue
from cellgraph.stores import open_store

Drawn = tuple[set[tuple[str, int]], set[str]]


@pytest.fixture
def tissue(empty_neo4j: str, tmp_path: Path) -> str:
    """Two samples: six cells, and a phantom of sixty."""
    with open_store(empty_neo4j, create=True) as store:
        store.write(six_cells().network())
        store.write(pair().network())
    cellgraph.phantom(tmp_path / "sixty.npy", cells=60, shape=(12, 40, 40), seed=1)
    cellgraph.load(tmp_path / "sixty.npy", empty_neo4j)
    return empty_neo4j


def drawn(uri: str, credentials: tuple[str, str, str], name: str, **values: object) -> Drawn:
    """Run the printed Cypher with the driver alone; return the cells (sample, label) and contacts of all paths."""
    with neo4j.GraphDatabase.driver(uri, auth=credentials[1:]) as driver:
        paths = driver.execute_query(show(name, uri, graph=True, **values)).records  # type: ignore[arg-type]
    assert all(len(record) == 1 for record in paths)
    nodes = {(node["sample"], node["label"]) for (path,) in paths for node in path.nodes}
    return nodes, {contact.element_id for (path,) in paths for contact in path.relationships}


def test_a_picture_has_the_numbers_of_its_table(tissue: str, neo4j_server: tuple[str, str, str]) -> None:
    def cells(name: str, **values: object) -> set[tuple[str, int]]:
        return drawn(tissue, neo4j_server, name, **values)[0]

    def contacts(name: str, **values: object) -> int:
        return len(drawn(tissue, neo4j_server, name, **values)[1])

    with cellgraph.open(tissue) as db:
        for sample, cell in (("six", 5), ("six", 3), ("six", 6), ("sixty", 30)):
            at = {"sample": sample, "cell": cell}
            rows = db.query("neighbours", **at).to_pylist()
            assert cells("neighbours", **at) == {(sample, cell)} | {(sample, row["neighbour"]) for row in rows}
            assert contacts("neighbours", **at) == len(rows)
            for k in (1, 2, 3):
                rows = db.query("within", k=k, **at).to_pylist()
                expected = {(sample, cell)} | {(sample, row["reached"]) for row in rows}
                assert cells("within", k=k, **at) == cells("khop", k=k, **at) == expected
                (last,) = db.query("khop", k=k, **at).to_pylist()[-1:]
                assert last["within"] == len(expected) - 1
        ends = {"source": 1, "target": 60, "sample": "sixty"}
        steps = db.query("path", **ends)["cell"].to_pylist()
        assert cells("path", **ends) == {("sixty", cell) for cell in steps}
        assert len(cells("path", longest=1, **ends)) == contacts("path", longest=1, **ends) + 1 == len(steps) > 2
        for sample in ("six", "pair", "sixty"):
            rows = db.query("contacts", sample=sample).to_pylist()
            assert contacts("contacts", sample=sample) == min(len(rows), 300)
            hubs = db.query("hubs", sample=sample, limit=2).to_pylist()
            assert cells("hubs", sample=sample, limit=2) >= {(sample, row["cell"]) for row in hubs}
            pieces = db.query("components", sample=sample).to_pylist()
            assert cells("components", sample=sample) == {(sample, row["cell"]) for row in pieces if row["size"] <= 20}
            for least, most in ((1, 1), (2, 2), (2, 5), (3, 60)):
                of = {"sample": sample, "min_cells": least, "max_cells": most}
                pieces = db.query("components", **of).to_pylist()  # type: ignore[arg-type]
                assert all(least <= row["size"] <= most for row in pieces)
                assert cells("components", **of) == {(sample, row["cell"]) for row in pieces}
        for row in db.query("hubs", sample="sixty", limit=1).to_pylist():
            assert contacts("hubs", sample="sixty", limit=1) == row["degree"]
            assert cells("khop", sample="sixty", k=1) == cells("within", sample="sixty", k=1, cell=row["cell"])


@pytest.mark.parametrize(
    "conditions", [{"min_junctions": 15}, {"min_fraction": 0.08}, {"where": "volume > 300", "min_area": 10.0}]
)
def test_a_picture_keeps_to_conditions(
    conditions: dict[str, object], tissue: str, neo4j_server: tuple[str, str, str]
) -> None:
    asked: dict[str, Any] = {"sample": "sixty", **conditions}

    def draws(name: str, **values: object) -> tuple[set[int], int]:
        cells, contacts = drawn(tissue, neo4j_server, name, **asked, **values)
        return {label for _, label in cells}, len(contacts)

    with cellgraph.open(tissue) as db:
        degree = {row["cell"]: row["degree"] for row in db.query("degree", **asked).to_pylist()}
        cell = max(degree, key=lambda label: degree[label])
        assert 0 < degree[cell] < max(row["degree"] for row in db.query("degree", sample="sixty").to_pylist())
        assert draws("contacts")[1] == db.query("contacts", **asked).num_rows
        around = {row["neighbour"] for row in db.query("neighbours", cell=cell, **asked).to_pylist()}
        assert draws("neighbours", cell=cell) == ({cell} | around, degree[cell])
        rows = db.query("within", cell=cell, k=3, **asked).to_pylist()
        within = {cell} | {row["reached"] for row in rows}
        assert draws("within", cell=cell, k=3)[0] == draws("khop", cell=cell, k=3)[0] == within
        far = max(rows, key=lambda row: row["hop"])
        steps = db.query("path", source=cell, target=far["reached"], **asked)["cell"].to_pylist()
        for longest in (1, 8):
            assert draws("path", source=cell, target=far["reached"], longest=longest)[1] == far["hop"]
        assert draws("path", source=cell, target=far["reached"])[0] == set(steps)
        assert draws("hubs", limit=1)[1] == max(degree.values())
        pieces = db.query("components", max_cells=5, **asked).to_pylist()
        assert draws("components", max_cells=5)[0] == {row["cell"] for row in pieces}


def test_what_has_no_end_limits_itself_and_says_so() -> None:
    for query in Catalogue.load().listed():
        if query.has_graph:
            everything = not any(parameter.required for parameter in query.parameters)
            bounded = query.takes("limit")
            assert ("Limit: " in query.graph_note) == (everything and not bounded), query.name
            assert query.graph_note in show(query.name, graph=True).replace("// ", "")


def test_a_query_without_a_graph_form_is_refused() -> None:
    with pytest.raises(NotFoundError, match=r"cannot be drawn; queries that can be drawn: .*within"):
        show("samples", graph=True)
