"""Cells that are farther apart than 30 contacts, where Ladybug ends a search unasked, on both databases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cellgraph
from cellgraph.analyze.database import Database
from cellgraph.analyze.rows import note_of
from cellgraph.errors import StoreError
from cellgraph.stores import Store

N = 50


@pytest.fixture
def row(store: Store) -> Database:
    """A row of cells, each touching the next."""
    store.write(cellgraph.sweep(np.arange(1, N + 1)[None, :], name="row").network())
    return Database(store)


@pytest.fixture
def embedded(tmp_path: Path) -> Database:
    cellgraph.load(np.arange(1, N + 1)[None, :], tmp_path / "row.db", sample="row")
    return cellgraph.open(tmp_path / "row.db")


@pytest.mark.parametrize("name", ["components", "patches"])
def test_a_long_component_is_one(row: Database, name: str) -> None:
    found = row.query(name, method="cypher")
    assert found.equals(row.query(name, method="compiled"))
    assert {"components": "component", "patches": "patch"}[name] in found.column_names
    assert found.column(1 if name == "patches" else 2).unique().to_pylist() == [1]


@pytest.mark.parametrize("longest", [8, 40])
def test_nearest_says_which_cells_it_did_not_reach(row: Database, longest: int) -> None:
    found = row.query("nearest", to="1", method="cypher", longest=longest)
    assert found["hops"].to_pylist() == [n if n <= longest else None for n in range(N)]
    note = (
        f"{N - 1 - longest} cells have no target cell within {longest} contacts; one may be farther away: look farther"
    )
    assert note in note_of(found)
    compiled = row.query("nearest", to="1", longest=longest)
    assert compiled.equals(found)
    assert note in note_of(compiled)
    every = row.query("nearest", to="1")
    assert every["hops"].to_pylist() == list(range(N))
    assert not note_of(every)


def test_one_cell_that_was_not_reached(row: Database) -> None:
    found = row.query("nearest", to="1", cell=[40], method="cypher")
    assert note_of(found).startswith("1 cell has no target cell within 8 contacts")


@pytest.mark.parametrize("name", ["path", "paths"])
def test_paths_say_how_far_they_looked(row: Database, name: str) -> None:
    ends = {"source": 1, "target": N}
    none = row.query(name, method="cypher", **ends)
    assert none.num_rows == 0
    assert note_of(none) == f"there is no path from 1 to {N} within 8 contacts."
    found = row.query(name, method="cypher", longest=60, **ends)
    assert found["cell"].to_pylist() == list(range(1, N + 1))
    assert found.equals(row.query(name, **ends))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("-[:TOUCHES* SHORTEST]-", N - 1),
        ("-[:TOUCHES* ALL SHORTEST]-", N - 1),
        ("-[:TOUCHES* SHORTEST 1..40]-", 40),
        ("-[r:TOUCHES* shortest 1..40 (r, n | WHERE n.voxels > 0)]-", 40),
        ("-[:TOUCHES*]->", N - 1),
        ("-[:TOUCHES*40..]->", N - 40),
        ("-[:TOUCHES*..35]->", 35),
        ("-[:TOUCHES*35]->", 1),
        ("-[:TOUCHES*1..3]-", 4),  # the cell itself too
        ("-[:TOUCHES* TRAIL 1..3]-", 3),
        ("-[:TOUCHES*0..1]-", 2),
        ("-[:TOUCHES*0..40]->", 41),
    ],
)
def test_patterns_of_ones_own_reach_as_far_as_they_say(embedded: Database, pattern: str, expected: int) -> None:
    rows = embedded.cypher(f"MATCH (a:Cell {{label: 1}}){pattern}(b) RETURN count(DISTINCT b.label) AS n")
    assert rows["n"].to_pylist() == [expected]


@pytest.mark.parametrize(
    "pattern",
    [
        "-[:TOUCHES*]-",
        "-[*]-",
        "- [ r :TOUCHES * 2.. ] -",
        "<-[:TOUCHES*]->",
        "-[:TOUCHES*1..]-",
        "-[:TOUCHES* (r, n | WHERE n.voxels < 30)]-",
        "-[:TOUCHES* {junctions: 1}]-",
        "-[:TOUCHES* TRAIL]-",
    ],
)
def test_walks_without_an_end_are_refused(embedded: Database, pattern: str) -> None:
    with pytest.raises(StoreError, match=r"has no upper bound.* write \* SHORTEST .* or a bound as in"):
        embedded.cypher(f"MATCH (a:Cell {{label: 1}}){pattern}(b) RETURN count(DISTINCT b.label) AS n")


@pytest.mark.parametrize("pattern", ["-[:TOUCHES*0..2]-", "-[:TOUCHES * TRAIL 0..2]->", "-[:TOUCHES*0..]-"])
def test_undirected_walks_from_no_contact_on_are_refused(embedded: Database, pattern: str) -> None:
    with pytest.raises(StoreError, match="begins at 0 contacts"):
        embedded.cypher(f"MATCH (a:Cell {{label: 1}}){pattern}(b) RETURN count(DISTINCT b.label) AS n")


def test_acyclic_walks_are_refused_with_what_to_write(embedded: Database) -> None:
    with pytest.raises(StoreError, match=r"in spite of ACYCLIC.* WHERE is_acyclic\(p\)"):
        embedded.cypher("MATCH (a:Cell {label: 1})-[:TOUCHES* ACYCLIC 1..3]-(b) RETURN count(*) AS n")
    text = "MATCH p = (a:Cell {label: 2})-[:TOUCHES* TRAIL 1..3]-(b) WHERE is_acyclic(p) RETURN count(*) AS n"
    assert embedded.cypher(text)["n"].to_pylist() == [4]


@pytest.mark.parametrize("returned", ["b.label AS l", "count(*) AS l", "count(b.label) AS l"])
@pytest.mark.parametrize(
    "pattern",
    [
        "MATCH (a:Cell {label: 1})-[r:TOUCHES* ALL SHORTEST 1..3]-(b:Cell) WHERE b.label > 1000",
        "MATCH (b:Cell) WHERE b.label > 1000 MATCH (a:Cell {label: 1})-[r:TOUCHES* ALL SHORTEST 1..3]-(b)",
    ],
)
def test_shortest_paths_to_no_cell(embedded: Database, pattern: str, returned: str) -> None:  # crashed
    found = embedded.cypher(f"{pattern} RETURN {returned}")
    assert found["l"].to_pylist() == ([0] if "count" in returned else [])


@pytest.mark.parametrize(
    ("cypher", "expected"),
    [
        (
            "MATCH (a:Cell {label: 1}) OPTIONAL MATCH (a)-[r:TOUCHES* ALL SHORTEST 1..3]-(b:Cell) WHERE b.label > 1000 "
            "RETURN a.label AS l, b.label AS m",
            [(1, None)],
        ),
        (
            "MATCH (a:Cell {label: 1})-[:TOUCHES* ALL SHORTEST 1..3]-(b:Cell) WHERE b.label > $least "
            "RETURN b.label AS l, 0 AS m UNION ALL "
            "MATCH (a:Cell {label: 5})-[r:TOUCHES * all shortest 1..2]-(b:Cell) WHERE b.label > 5 "
            "RETURN b.label AS l, length(r) AS m",
            [(6, 1), (7, 2)],
        ),
        (
            "MATCH (a:Cell {label: 1})-[:TOUCHES* ALL SHORTEST 1..3]-(b:Cell) WHERE b.label = 3 "
            "MATCH (b)-[:TOUCHES* ALL SHORTEST 1..3]-(c:Cell) WHERE c.label > $least RETURN b.label AS l, c.label AS m",
            [],
        ),
    ],
)
def test_shortest_paths_among_other_clauses(
    embedded: Database, cypher: str, expected: list[tuple[int, int | None]]
) -> None:
    found = embedded.cypher(cypher, **({"least": 1000} if "$" in cypher else {}))
    assert sorted(zip(found["l"].to_pylist(), found["m"].to_pylist(), strict=True)) == expected


def test_products_are_no_patterns(embedded: Database) -> None:
    text = "MATCH (a:Cell)-[r:TOUCHES]-(b:Cell) WHERE a.label - [7][1] * 2 < 0 RETURN count(*) AS n, '-[*]-' AS t"
    assert embedded.cypher(text)["n"].to_pylist() == [2 * 13 - 1]
